"""What an unknown size would have to be a multiple of, where a layer cannot take it as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product

from ogive.diagnostics import Diagnostic
from ogive.elaborate.context import Context
from ogive.elaborate.declared import Declaration, changed
from ogive.elaborate.undecided import names
from ogive.layers.base import Layer, ShapeError, TensorType
from ogive.layers.unknown import Size, SizeExpr, Undecided, substitute, symbols_of, unknown

LARGEST = 64
"""The largest divisor that is tried."""
_LARGEST_WITH_REST = 32
_MOST_RESTS = 256
"""Combinations of remainders of several unknown sizes that are tried for one divisor."""
_MOST_PAIRS = 500_000
"""Pairs of terms of the sizes at a layer, over all candidates: to try one takes as long."""
_ROUNDS = 6
_MOST_WORK = 1_000_000
"""Steps of elaboration that may go into looking for one that fits the whole net."""

Sizes = Mapping[str, Size]
"""What stands for each unknown size: `{h: 32 * h}`."""


def fitting(
    symbols: Sequence[str],
    accepts: Callable[[Sizes], bool],
    same: Sizes | None = None,
    tries: int | None = None,
) -> Sizes | None:
    """The least that must be known about the unknown sizes for something to fit: that they are multiples of a
    number, or equal, or have a remainder.

    Args:
        symbols: the unknown sizes.
        accepts: whether it fits; it may raise what a shape rule raises.
        same: which of them may have been meant to be the same.
        tries: how many may be tried; None: all.
    """
    for sizes in islice(_candidates(symbols, same or {}), tries):
        try:
            if accepts(sizes):
                return sizes
        except (ShapeError, Undecided):
            continue
    return None


def fitting_operands(layer: Layer, types: Sequence[TensorType]) -> Sizes | None:
    """What must be known about the unknown sizes for a layer to take its operands."""

    def accepts(sizes: Sizes) -> bool:
        layer.at(sizes).infer([type_.at(sizes) for type_ in types])
        return True

    symbols = symbols_of(size for type_ in types for size in type_.sizes)
    return fitting(symbols, accepts, _beside(types), _tries(types)) if symbols else None


def _tries(types: Sequence[TensorType]) -> int:
    """How many candidates may be tried: the fewer, the longer the sizes."""
    return _MOST_PAIRS // sum(s.parts for t in types for s in t.sizes if isinstance(s, SizeExpr)) ** 2


def fitting_types(types: Sequence[TensorType], accepts: Callable[..., bool]) -> Sizes | None:
    """What must be known about the unknown sizes for types to be as they should.

    Args:
        types: the types.
        accepts: whether they are, of as many types.
    """
    symbols = symbols_of(size for type_ in types for size in type_.sizes)
    if not symbols:
        return None
    return fitting(
        symbols, lambda sizes: accepts(*(t.at(sizes) for t in types)), _beside(types), _tries(types)
    )


def _beside(types: Sequence[TensorType]) -> Sizes:
    """For unknown sizes of one tensor those that stand in their place in another: the same, maybe."""
    same: dict[str, Size] = {}
    for type_ in types[1:]:
        for size, other in zip(types[0].sizes, type_.sizes, strict=False):
            for symbol, first in zip(symbols_of([other]), symbols_of([size]), strict=False):
                if symbol != first and first not in same:
                    same[symbol] = unknown(first)
    return same


def note_misfit(ctx: Context, sizes: Sizes | None, before: int) -> None:
    """Remembers that the diagnostic behind the first `before` is about unknown sizes, and which would fit."""
    if sizes is not None and len(ctx.diagnostics) > before:
        ctx.misfits.append((before, sizes))


def _candidates(symbols: Sequence[str], same: Sizes) -> Iterator[Sizes]:
    first = unknown(symbols[0])
    groups = [[s] for s in symbols] + ([list(symbols)] if len(symbols) > 1 else [])
    if same:
        yield same
    for divisor in range(2, LARGEST + 1):
        for group in groups:
            yield {s: divisor * unknown(s) for s in group}
    if len(symbols) > 1:
        yield dict.fromkeys(symbols[1:], first)
        for divisor in range(2, LARGEST + 1):
            yield dict.fromkeys(symbols, divisor * first)
    for divisor in range(2, _LARGEST_WITH_REST + 1):
        for rest in range(1, divisor):
            for group in groups:
                yield {s: divisor * unknown(s) + rest for s in group}
        if 1 < divisor ** len(symbols) <= _MOST_RESTS:
            for rests in product(range(divisor), repeat=len(symbols)):
                yield {s: divisor * unknown(s) + rest for s, rest in zip(symbols, rests, strict=True)}


def explained(declarations: Mapping[str, Declaration], sizes: Sizes, where: str) -> str:
    """`it fits where h and w are multiples of 32: `input image: [3, 32 * ?h, 32 * ?w]``.

    Args:
        declarations: the inputs.
        sizes: what stands for the unknown sizes.
        where: what fits: `it`, `the whole net`.
    """
    groups: dict[str, list[str]] = {}
    for symbol, size in sizes.items():
        groups.setdefault(_condition(symbol, size), []).append(symbol)
    conditions = [
        f"{names(group)} {condition.replace('#', 'are' if len(group) > 1 else 'is')}"
        if len(group) == 1
        else f"{names(group)} {_plural(condition)}"
        for condition, group in groups.items()
    ]
    return f"{where} fits where {', and '.join(conditions)}: {changed(declarations, sizes)}"


def _condition(symbol: str, size: Size) -> str:
    if not isinstance(size, SizeExpr):
        return f"# {size}"
    (other,) = size.symbols
    rest = substitute(size, {other: 0})
    divisor = substitute(size, {other: 1}) - rest
    if other != symbol:
        return f"# equal to {other}" if divisor == 1 else f"# equal to {other}, a multiple of {divisor}"
    return f"# a multiple of {divisor}" if rest == 0 else f"# {rest} more than a multiple of {divisor}"


def _plural(condition: str) -> str:
    return condition.replace("# a multiple", "are multiples").replace("#", "are", 1)


def compose(outer: Sizes, inner: Sizes) -> Sizes:
    """What stands for the unknown sizes when, in what stood for them, others stand for theirs."""
    both = {symbol: substitute(size, inner) for symbol, size in outer.items()}
    return {**{symbol: size for symbol, size in inner.items() if symbol not in both}, **both}


Try = Callable[[Sizes], tuple[Sequence[Diagnostic], Sizes | None]]
"""Elaborates the net with something in the place of unknown sizes: what is wrong then, and what would make
that fit.
"""


def suggest_divisor(
    found: Sequence[Diagnostic],
    at: int,
    sizes: Sizes,
    work: int,
    declarations: Mapping[str, Declaration],
    attempt: Try,
) -> list[Diagnostic]:
    """Says with which unknown sizes the whole net fits, beside the first layer that does not.

    Args:
        found: what is wrong.
        at: which of it is about sizes that do not fit.
        sizes: what would make that layer fit.
        work: the steps that one elaboration takes.
        declarations: the inputs.
        attempt: elaborates the net with other sizes.
    """
    whole: Sizes | None = sizes
    for _ in range(min(_ROUNDS, _MOST_WORK // max(work, 1))):
        problems, more = attempt(sizes)
        if more is None:
            same = any(d.code == found[at].code and d.span == found[at].span for d in problems)
            whole = None if same or problems else sizes
            break
        sizes = compose(sizes, more)
    else:
        whole = None
    result = list(found)
    if whole is not None:
        result[at] = replace(found[at], help=explained(declarations, whole, "the whole net"))
    return result
