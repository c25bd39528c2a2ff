"""Inputs as they were declared, with unknown sizes in their shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ogive.layers.notation import written
from ogive.layers.unknown import Size, substitute, symbols_of
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
