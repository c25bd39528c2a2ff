"""What unknown sizes are, where the sizes that they are part of are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ogive.layers.unknown import Size, SizeExpr, substitute, symbols_of


def solve(declared: Sequence[Size], wanted: Sequence[int]) -> tuple[dict[str, int], bool]:
    """The unknown sizes with which a declared shape is the wanted one. Declared numbers are left out.

    Returns:
        What each unknown is, and whether that gives the wanted shape; if not, it gives one near to it.
    """
    values: dict[str, int] = {}
    fits = True
    pairs = zip(declared, wanted, strict=True)
    todo = [(size, number) for size, number in pairs if isinstance(size, SizeExpr)]
    while todo:
        # those with one unknown first: the others may be known then
        todo.sort(key=lambda pair: len(set(symbols_of(pair[:1])) - values.keys()))
        size, number = todo.pop(0)
        known = substitute(size, values)
        if isinstance(known, SizeExpr):
            first, *rest = known.symbols
            values.update(dict.fromkeys(rest, 1))
            values[first] = _nearest(substitute(known, values), first, number)
        fits = fits and substitute(size, values) == number
    return values, fits


def usual_shape(axes: int) -> list[int]:
    """A usual shape: an image of 3 channels and sides of 224; 128 along every axis of a sequence."""
    return [3, *[224] * (axes - 1)] if axes > 2 else [128] * axes


def at_least(values: Mapping[str, int], least: Mapping[str, int]) -> dict[str, int]:
    """Unknown sizes, none of them less than it may be."""
    return {name: max(value, least.get(name, 1)) for name, value in values.items()}


def _nearest(size: Size, symbol: str, wanted: int) -> int:
    """The value of its only unknown that brings a size nearest to a number, if it grows with it."""

    def at(value: int) -> int:
        found = substitute(size, {symbol: value})
        assert isinstance(found, int)
        return found

    low, high = 0, 1
    while at(high) < wanted and high < 2 * abs(wanted) + 2:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at(middle) < wanted else (low, middle)
    return min((value for value in (low, high) if value >= 1), key=lambda value: abs(at(value) - wanted))
