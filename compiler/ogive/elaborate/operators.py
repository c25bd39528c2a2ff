"""Operators on values, once both sides are known. A mistake is reported and the result is POISON."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable as Function
from collections.abc import Sequence
from fractions import Fraction

from ogive.elaborate.context import MAX_LIST, Context
from ogive.elaborate.limits import bounded, too_large
from ogive.elaborate.undecided import depends, fixed_input
from ogive.elaborate.values import POISON, Callable, Tensor, Value, describe, is_number, show
from ogive.layers.order import always
from ogive.layers.unknown import FINEST, SizeExpr, Undecided, symbols_of
from ogive.syntax import ast

_ARITHMETIC: dict[str, Function[[Value, Value], Value]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
_COMPARISONS: dict[str, Function[[Value, Value], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def arithmetic(ctx: Context, expr: ast.Binary, left: Value, right: Value) -> Value:
    """One operation on two values."""
    numbers = is_number(left) and is_number(right)
    joins = expr.op == "+" and type(left) is type(right) and isinstance(left, list | str)
    repeats = (
        expr.op == "*" and isinstance(left, list) and isinstance(right, int) and not isinstance(right, bool)
    )
    if not (numbers or joins or repeats):
        ctx.error(
            "E113",
            f"`{expr.op}` does not work on {describe(left)} and {describe(right)}",
            expr.span,
            f"{show(left)} {expr.op} {show(right)}",
        )
        return POISON
    if numbers and (isinstance(left, SizeExpr) or isinstance(right, SizeExpr)) and right != 0:
        return _unknown(ctx, expr, left, right)
    if (right == 0 and expr.op in ("/", "//", "%")) or (
        left == 0 and expr.op == "**" and numbers and right < 0
    ):
        ctx.error(
            "E113", f"`{show(left)} {expr.op} {show(right)}` divides by zero", expr.span, "divides by zero"
        )
        return POISON
    if (expr.op == "**" and _explodes(left, right)) or (repeats and _too_long(left, right)):
        what = f"{show(left)} {expr.op} {show(right)}"
        return too_large(
            ctx,
            f"`{what}` is larger than a network can need",
            f"ints reach 2**53, lists {MAX_LIST} items",
            expr.span,
        )
    try:
        value = _ARITHMETIC[expr.op](left, right)
    except OverflowError:
        return bounded(ctx, math.inf, expr.span)
    if isinstance(value, complex):
        ctx.error(
            "E113",
            f"`({show(left)}) ** {show(right)}` is a root of a negative number",
            expr.span,
            "no real number",
        )
        return POISON
    if isinstance(value, list | str):
        ctx.spend(len(value), expr.span)
    return bounded(ctx, value, expr.span)


def _unknown(ctx: Context, expr: ast.Binary, left: Value, right: Value) -> Value:
    """An operation on unknown sizes."""
    try:
        value = _ARITHMETIC[expr.op](_exact(left), _exact(right))
    except Undecided as problem:
        return depends(ctx, problem.what, problem.symbols, expr.span)
    except TypeError:
        symbols = symbols_of([left, right])
        if isinstance(left, float) or isinstance(right, float):
            help_ = "a quotient of ints is exact: `here.height * 3 // 10`"
            what = f"how `{show(left)} {expr.op} {show(right)}` is rounded"
            return depends(ctx, what, symbols, expr.span, help=help_)
        return depends(ctx, f"`{show(left)} {expr.op} {show(right)}`", symbols, expr.span)
    if isinstance(value, Fraction):
        value = float(value)
    return bounded(ctx, value, expr.span)


def _exact(number: Value) -> Value:
    """A float as a quotient, if it is one of small numbers: 0.5 of an unknown size is half of it.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(number, float):
        return number
    exact = Fraction(number)
    if exact.denominator > FINEST:
        raise TypeError
    return exact


def _too_long(items: Value, times: Value) -> bool:
    return len(items) * times > MAX_LIST


def _explodes(base: Value, exponent: Value) -> bool:
    return abs(base) > 1 and exponent > 0 and exponent * math.log2(abs(base)) > 1000


def compare(ctx: Context, expr: ast.Compare, values: Sequence[Value]) -> Value:
    """A chain of comparisons, `a < b <= c`."""
    if any(value is POISON for value in values):
        return POISON
    result = True
    for op, left, right in zip(expr.ops, values, values[1:], strict=False):
        if op in ("==", "!="):
            left, right = (_identity(left), _identity(right))
            if symbols := _symbols(left, right):
                equal = _always_equal(left, right)
                if equal is None:
                    what = f"whether `{show(left)} {op} {show(right)}`"
                    return depends(ctx, what, symbols, expr.span, help=_no_condition(ctx, symbols))
                result = result and equal == (op == "==")
                continue
        elif not (
            (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str))
        ):
            ctx.error(
                "E113",
                f"`{op}` does not compare {describe(left)} and {describe(right)}",
                expr.span,
                "compared here",
                help=_unquoted(left, right),
            )
            return POISON
        if isinstance(left, SizeExpr) or isinstance(right, SizeExpr):
            holds = always(op, _real(left), _real(right))  # pyright: ignore[reportArgumentType] - one of them
            if holds is None:
                what, symbols = f"whether `{show(left)} {op} {show(right)}`", symbols_of([left, right])
                return depends(ctx, what, symbols, expr.span, help=_no_condition(ctx, symbols))
            result = result and holds
            continue
        result = result and bool(_COMPARISONS[op](left, right))
    return result


def _unquoted(*sides: Value) -> str | None:
    """What to do about a number in quotes beside one without."""
    text = next((side for side in sides if isinstance(side, str)), None)
    if text is None or not any(is_number(side) for side in sides):
        return None
    try:
        float(text.removesuffix("k").removesuffix("M").removesuffix("G"))
    except ValueError:
        return "numbers are compared with numbers"
    return f"a number stands without quotes: `{text}`"


def _real(number: Value) -> Value:
    return Fraction(number) if isinstance(number, float) and math.isfinite(number) else number


def _symbols(*values: Value) -> tuple[str, ...]:
    """The unknown sizes in values and in the lists among them."""
    flat: list[Value] = []
    for value in values:
        flat += value if isinstance(value, list | tuple) else [value]
    return symbols_of(flat)


def _always_equal(left: Value, right: Value) -> bool | None:
    """Whether two values, or lists, are equal whatever is unknown; None where that depends on it."""
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return False
        each = [_always_equal(a, b) for a, b in zip(left, right, strict=True)]
        return False if False in each else None if None in each else True
    if is_number(left) and is_number(right):
        return always("==", _real(left), _real(right))
    return bool(left == right)


def _no_condition(ctx: Context, symbols: Sequence[str]) -> str | None:
    """What to do about a condition on unknown sizes."""
    fixed = fixed_input(ctx, symbols)
    if fixed is None:
        return None
    once = ", or check it at one size with `--input`" if len(ctx.declarations) == 1 else ""
    return f"a condition is decided before the net runs; {fixed}{once}"


def _identity(value: Value) -> Value:
    """What makes two layers or tensors the same: `unit == Basic`."""
    match value:
        case tuple():
            return list(value)  # `out.shape == 64x7x7`: a kernel and a list of ints are the same to a layer
        case Callable():
            return ("callable", value.name, len(value.positional), len(value.named))
        case Tensor():
            return ("tensor", value.ref)
        case _:
            return value
