"""The functions of expressions: `max(16, k)`, `divisible(value, by)`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ogive.elaborate.values import describe, is_number
from ogive.layers.order import Comparison, always
from ogive.layers.unknown import SizeExpr, Undecided


class _Function(NamedTuple):
    usage: str
    apply: Callable[..., Any]


def _number(value: Any) -> Any:
    if not is_number(value):
        raise TypeError(f"needs a number, and this is {describe(value)}")
    return value


def _numbers(values: Sequence[Any]) -> list[Any]:
    if len(values) == 1 and isinstance(values[0], list | tuple):
        values = list(values[0])
    if not values:
        raise ValueError("needs at least one number")
    return [_number(v) for v in values]


def _length(value: Any) -> int:
    if not isinstance(value, list | tuple | str):
        raise TypeError(f"needs a list, and this is {describe(value)}")
    return len(value)


def _sqrt(value: Any) -> float:
    if _known(value, "the root of {}") < 0:
        raise ValueError(f"{value} is negative")
    return math.sqrt(value)


def _round(value: Any, digits: Any = None) -> Any:
    number = _known(value, "how {} is rounded")
    return round(number) if digits is None else round(number, int(_known(digits, "{}")))


def _divisible(value: Any, by: Any) -> int:
    """The multiple of `by` nearest to value, at most a tenth smaller (`make_divisible` of MobileNet)."""
    if isinstance(by, bool) or not isinstance(by, int) or by < 1:
        raise TypeError(f"the divisor is an int of at least 1, and this is {describe(by)}")
    nearest = max(by, int(_known(value, "what is nearest to {}") + by / 2) // by * by)
    return nearest + by if nearest < 0.9 * value else nearest


def _extreme(op: Comparison, *values: Any) -> Any:
    """The least (`<=`) or the greatest (`>=`) of some numbers, of which unknown sizes may be some."""
    first, *others = _numbers(values)
    for other in others:
        if not isinstance(first, SizeExpr) and not isinstance(other, SizeExpr):
            first = min(first, other) if op == "<=" else max(first, other)
        elif always(op, other, first) is True:
            first = other
        elif always(op, first, other) is not True:
            raise Undecided(f"which of {first} and {other} is {_EXTREME[op]}", first, other)
    return first


_EXTREME = {"<=": "less", ">=": "greater"}


def _known(value: Any, what: str) -> Any:
    """A number that is known; `what` is asked of it."""
    if isinstance(value, SizeExpr):
        raise Undecided(what.format(value), value)
    return _number(value)


def _absolute(value: Any) -> Any:
    if not isinstance(value, SizeExpr):
        return abs(_number(value))
    if (negative := always("<", value, 0)) is None:
        raise Undecided(f"the sign of {value}", value)
    return -value if negative else value


FUNCTIONS: dict[str, _Function] = {
    "min": _Function("min(a, b, …) or min(list)", lambda *v: _extreme("<=", *v)),
    "max": _Function("max(a, b, …) or max(list)", lambda *v: _extreme(">=", *v)),
    "sum": _Function("sum(a, b, …) or sum(list)", lambda *v: sum(_numbers(v)) if v != ([],) else 0),
    "len": _Function("len(list)", _length),
    "round": _Function("round(number) or round(number, digits)", _round),
    "floor": _Function("floor(number)", lambda v: math.floor(_number(v))),
    "ceil": _Function("ceil(number)", lambda v: math.ceil(_number(v))),
    "abs": _Function("abs(number)", _absolute),
    "sqrt": _Function("sqrt(number)", _sqrt),
    "divisible": _Function("divisible(value, by)", _divisible),
}


def call_function(name: str, values: Sequence[Any]) -> Any:
    """Calls one of `FUNCTIONS`.

    Raises:
        TypeError, ValueError, ArithmeticError: with a message that says what was wrong.
        Undecided: the result depends on unknown sizes.
    """
    function = FUNCTIONS[name]
    try:
        return function.apply(*values)
    except TypeError as problem:
        if "positional argument" in str(problem):
            raise TypeError(f"is written `{function.usage.replace(' or ', '` or `')}`") from None
        raise
