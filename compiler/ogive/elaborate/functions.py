"""The functions of expressions: `max(16, k)`, `divisible(value, by)`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ogive.elaborate.values import describe, is_number


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
    if _number(value) < 0:
        raise ValueError(f"{value} is negative")
    return math.sqrt(value)


def _round(value: Any, digits: Any = None) -> Any:
    return round(_number(value)) if digits is None else round(_number(value), int(_number(digits)))


def _divisible(value: Any, by: Any) -> int:
    """The multiple of `by` nearest to value, at most a tenth smaller (`make_divisible` of MobileNet)."""
    if isinstance(by, bool) or not isinstance(by, int) or by < 1:
        raise TypeError(f"the divisor is an int of at least 1, and this is {describe(by)}")
    nearest = max(by, int(_number(value) + by / 2) // by * by)
    return nearest + by if nearest < 0.9 * value else nearest


FUNCTIONS: dict[str, _Function] = {
    "min": _Function("min(a, b, …) or min(list)", lambda *v: min(_numbers(v))),
    "max": _Function("max(a, b, …) or max(list)", lambda *v: max(_numbers(v))),
    "sum": _Function("sum(a, b, …) or sum(list)", lambda *v: sum(_numbers(v)) if v != ([],) else 0),
    "len": _Function("len(list)", _length),
    "round": _Function("round(number) or round(number, digits)", _round),
    "floor": _Function("floor(number)", lambda v: math.floor(_number(v))),
    "ceil": _Function("ceil(number)", lambda v: math.ceil(_number(v))),
    "abs": _Function("abs(number)", lambda v: abs(_number(v))),
    "sqrt": _Function("sqrt(number)", _sqrt),
    "divisible": _Function("divisible(value, by)", _divisible),
}


def call_function(name: str, values: Sequence[Any]) -> Any:
    """Calls one of `FUNCTIONS`.

    Raises:
        TypeError, ValueError, ArithmeticError: with a message that says what was wrong.
    """
    function = FUNCTIONS[name]
    try:
        return function.apply(*values)
    except TypeError as problem:
        if "positional argument" in str(problem):
            raise TypeError(f"is written {function.usage}") from None
        raise
