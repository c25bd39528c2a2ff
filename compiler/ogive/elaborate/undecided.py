"""What is said where a number is needed, and only an expression of unknown sizes is there."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.diagnostics import Label
from ogive.elaborate.context import Context, Frame
from ogive.elaborate.values import POISON, Value
from ogive.layers.solve import solve, usual_shape
from ogive.layers.unknown import SizeExpr, substitute, symbols_of
from ogive.source import Span


def names(symbols: Sequence[str]) -> str:
    """`h`, `h and w`."""
    return " and ".join([", ".join(symbols[:-1]), symbols[-1]] if len(symbols) > 1 else symbols)


def declared(ctx: Context, symbols: Sequence[str], place: Span) -> tuple[Label, ...]:
    """Where unknown sizes were declared, if that is elsewhere."""
    spans = [ctx.unknowns[s].span for s in symbols if s in ctx.unknowns]
    inside = [span for span in spans if span.source is place.source and place.start <= span.start < place.end]
    return tuple(Label(span, "unknown") for span in spans if span not in inside)


def depends(
    ctx: Context,
    what: str,
    symbols: Sequence[str],
    span: Span,
    *,
    help: str | None = None,  # noqa: A002 - the word the user reads
    frame: Frame | None = None,
) -> Value:
    """Reports E211: what was asked depends on unknown sizes. It is POISON from then on.

    Args:
        what: a sentence without its end: `whether h > 7`, which is continued with `depends on h`.
        symbols: the unknown sizes.
        span: where.
        help: what to do, instead of giving the input a size.
    """
    ctx.error(
        "E211",
        f"{what} depends on {names(symbols)}",
        span,
        "not known before it runs",
        labels=declared(ctx, symbols, span),
        help=help or fixed_input(ctx, symbols),
        frame=frame,
    )
    return POISON


def needs_number(
    ctx: Context, what: str, value: SizeExpr, span: Span, *, frame: Frame | None = None
) -> Value:
    """Reports E211 for a number that is needed now, and is unknown."""
    symbols = value.symbols
    bare = len(symbols) == 1 and str(value) == symbols[0]
    why = f"{value} is not" if bare else f"`{value}` depends on {names(symbols)}"
    ctx.error(
        "E211",
        f"{what} must be known, and {why}",
        span,
        "not known before it runs",
        labels=declared(ctx, symbols, span),
        help=fixed_input(ctx, symbols),
        frame=frame,
    )
    return POISON


def fixed_input(ctx: Context, symbols: Sequence[str]) -> str | None:
    """How the input would be declared with numbers in the place of those sizes."""
    for declaration in ctx.declarations.values():
        if set(symbols) & set(symbols_of(declaration.sizes)):
            values, _ = solve(declaration.sizes, usual_shape(len(declaration.sizes)))
            sizes = [substitute(size, values) for size in declaration.sizes]
            return f"give the input its size: `{declaration.line(sizes)}`"
    return None
