"""Operators on values, once both sides are known. A mistake is reported and the result is POISON."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable as Function
from collections.abc import Sequence

from ogive.elaborate.context import MAX_LIST, Context
from ogive.elaborate.limits import bounded, too_large
from ogive.elaborate.values import POISON, Callable, Tensor, Value, describe, is_number, show
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
        elif not (
            (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str))
        ):
            ctx.error(
                "E113",
                f"`{op}` does not compare {describe(left)} and {describe(right)}",
                expr.span,
                "compared here",
            )
            return POISON
        result = result and bool(_COMPARISONS[op](left, right))
    return result


def _identity(value: Value) -> Value:
    """What makes two layers or tensors the same: `unit == Basic`."""
    match value:
        case Callable():
            return ("callable", value.name, len(value.positional), len(value.named))
        case Tensor():
            return ("tensor", value.ref)
        case _:
            return value
