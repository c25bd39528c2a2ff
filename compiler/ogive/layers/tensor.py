"""What is known about a tensor before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from math import prod

from ogive.layers.unknown import Size, SizeExpr, substitute, symbols_of

__all__ = ["Layout", "Size", "TensorType", "map_of", "plain_of", "shape_text", "tokens_of"]


class Layout(Enum):
    """How the sizes of a tensor are to be read."""

    MAP = "map"
    """Channels first, then one to three spatial sizes: what convolutions work on."""
    TOKENS = "tokens"
    """A length, then features last: what attention works on."""
    PLAIN = "plain"
    """A vector of features, or indices: no place of its own for channels."""


@dataclass(frozen=True, slots=True)
class TensorType:
    """Sizes without the batch, how to read them, and the type of the elements.

    Attributes:
        sizes: without the batch; `(64, 56, 56)` for a map of 64 channels.
        layout: which of the sizes are channels and which are places.
        dtype: `float`, `int` or `bool`.
    """

    sizes: tuple[Size, ...]
    layout: Layout
    dtype: str = "float"

    @property
    def channels(self) -> Size:
        """The size of the axis that holds features: the first of a map, the last of anything else."""
        return self.sizes[0] if self.layout is Layout.MAP else self.sizes[-1]

    @property
    def channel_axis(self) -> int:
        """The axis of the features as PyTorch counts, the batch being 0."""
        return 1 if self.layout is Layout.MAP else len(self.sizes)

    @property
    def spatial(self) -> tuple[Size, ...]:
        """The sizes that are places: height and width of a map, the length of tokens, nothing of a vector."""
        match self.layout:
            case Layout.MAP:
                return self.sizes[1:]
            case Layout.TOKENS:
                return self.sizes[:-1]
            case Layout.PLAIN:
                return ()

    @property
    def elements(self) -> Size:
        """How many numbers one image, or one sequence, has here."""
        return prod(self.sizes)

    @property
    def unknowns(self) -> tuple[str, ...]:
        """The names of the unknown sizes in it, sorted."""
        return symbols_of(self.sizes)

    def at(self, values: Mapping[str, Size]) -> TensorType:
        """The same tensor with numbers, or expressions, in the place of unknown sizes."""
        return replace(self, sizes=tuple(substitute(size, values) for size in self.sizes))

    def with_channels(self, channels: Size) -> TensorType:
        """The same tensor with another number of channels."""
        if self.layout is Layout.MAP:
            return replace(self, sizes=(channels, *self.sizes[1:]))
        return replace(self, sizes=(*self.sizes[:-1], channels))

    def with_spatial(self, *spatial: Size) -> TensorType:
        """The same channels over other places."""
        if self.layout is Layout.MAP:
            return replace(self, sizes=(self.sizes[0], *spatial))
        return replace(self, sizes=(*spatial, self.sizes[-1]))

    def __str__(self) -> str:
        text = shape_text(self.sizes) if len(self.sizes) > 1 else f"[{', '.join(map(str, self.sizes))}]"
        return text if self.dtype == "float" else f"{self.dtype} {text}"


def shape_text(sizes: Sequence[Size | str]) -> str:
    """`64x56x56`; with unknown sizes `[64, ceil(h / 4), ceil(w / 4)]`, as a program writes it."""
    if any(isinstance(size, SizeExpr) for size in sizes):
        return f"[{', '.join(map(str, sizes))}]"
    return "x".join(map(str, sizes))


def map_of(channels: Size, *spatial: Size) -> TensorType:
    """A map: `map_of(3, 224, 224)`."""
    return TensorType((channels, *spatial), Layout.MAP)


def tokens_of(length: Size, features: Size) -> TensorType:
    """A sequence: `tokens_of(196, 768)`."""
    return TensorType((length, features), Layout.TOKENS)


def plain_of(*sizes: Size) -> TensorType:
    """A vector: `plain_of(1000)`."""
    return TensorType(sizes, Layout.PLAIN)
