"""Inputs as they were declared, with unknown sizes in their shapes; and what a shape makes of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ogive.layers.notation import written
from ogive.layers.unknown import Size, SizeExpr, substitute, symbols_of
from ogive.source import Span


@dataclass(frozen=True, slots=True)
class Declaration:
    """`input image: [3, 32 * ?h, 32 * ?w]`.

    Attributes:
        name: of the input.
        dtype: `float`, `int` or `bool`.
        sizes: as written, without the batch.
        span: the shape in the program.
    """

    name: str
    dtype: str
    sizes: tuple[Size, ...]
    span: Span

    @property
    def form(self) -> str:
        """`[3, 32 * ?h, 32 * ?w]`."""
        return form(self.sizes)

    def line(self, sizes: Sequence[Size]) -> str:
        """The declaration with other sizes, as one would write it."""
        dtype = "" if self.dtype == "float" else f"{self.dtype} "
        return f"input {self.name}: {dtype}{form(sizes)}"


def form(sizes: Sequence[Size]) -> str:
    """A shape as a declaration has it: `3x224x224`, `[128]`, `[3, 32 * ?h, 32 * ?w]`."""
    if len(sizes) > 1 and not symbols_of(sizes):
        return "x".join(map(str, sizes))
    return f"[{', '.join(written(size, mark='?') for size in sizes)}]"


def changed(declarations: Mapping[str, Declaration], sizes: Mapping[str, Size]) -> str:
    """The declarations in which something stands for an unknown size, as code."""
    lines = [
        declaration.line([substitute(size, sizes) for size in declaration.sizes])
        for declaration in declarations.values()
        if set(symbols_of(declaration.sizes)) & sizes.keys()
    ]
    return " and ".join(f"`{line}`" for line in lines)


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
