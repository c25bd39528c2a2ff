"""How large a value may grow: enough for any network, and little enough to be walked through."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ogive.elaborate.context import MAX_INT, MAX_LIST, MAX_NESTING, MAX_STRING, Context
from ogive.elaborate.values import POISON, Value
from ogive.layers.tensor import TensorType
from ogive.layers.unknown import SizeExpr
from ogive.source import Span

MAX_TERMS = 100
"""How many terms an expression of unknown sizes may have, with those inside of its quotients: a quotient of
a sum of quotients may double at every layer.
"""


_TERM_WORK = 4
"""Steps of elaboration that a term of the product of some sizes takes."""


def size_work(types: Sequence[TensorType]) -> int:
    """The steps that a layer takes with expressions of unknown sizes: those of its MACs, or of places that
    `flatten` multiplies, are as many as the products of the terms. None where the sizes are numbers.
    """
    parts = [[size.parts for size in type_.sizes if isinstance(size, SizeExpr)] for type_ in types]
    return sum(_TERM_WORK * math.prod(of) for of in parts if of)


def bounded(ctx: Context, value: Value, span: Span) -> Value:
    """The value, unless it has grown beyond what a network can need."""
    match value:
        case int() if abs(value) > MAX_INT:
            return too_large(
                ctx, f"this int is larger than a network can need: {_digits(value)}", "ints reach 2**53", span
            )
        case SizeExpr() if any(abs(c) > MAX_INT for _, c in value.terms) or value.parts > MAX_TERMS:
            return too_large(
                ctx,
                "this expression is larger than a size can be",
                f"coefficients reach 2**53, and there are at most {MAX_TERMS} terms",
                span,
            )
        case float() if not math.isfinite(value):
            return too_large(ctx, "this number is larger than a float can be", "floats reach 1.8e308", span)
        case str() if len(value) > MAX_STRING:
            return too_large(
                ctx, f"this string has {len(value)} characters", f"strings have at most {MAX_STRING}", span
            )
        case list() if not _list_fits(ctx, value, span):
            limits = f"at most {MAX_LIST} items, counting those of the lists in it, {MAX_NESTING} lists deep"
            return too_large(ctx, "this list is larger than a network can need", limits, span)
        case _:
            return value


def too_large(ctx: Context, message: str, limit: str, span: Span) -> Value:
    """Reports a value beyond its limit; it is POISON from then on."""
    ctx.error("E403", message, span, "too large", notes=(("limit", limit),))
    return POISON


def _digits(value: int) -> str:
    return str(value) if abs(value) < 10**20 else f"about 2**{abs(value).bit_length()}"


def _list_fits(ctx: Context, value: list[Value], span: Span) -> bool:
    """Whether a list, with the lists in it, is small enough to be walked through."""
    items, level = 0, [value]
    for _ in range(MAX_NESTING):
        items += sum(map(len, level))
        if items > MAX_LIST:
            return False
        level = [inner for outer in level for inner in outer if isinstance(inner, list)]
        ctx.spend(len(level), span)
        if not level:
            return True
    return False
