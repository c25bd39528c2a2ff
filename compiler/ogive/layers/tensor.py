"""What is known about a tensor before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

Size = int
"""One size of a tensor. Shape rules use only `+ - * //` and the functions of `sizes`, so that an
expression of unknown sizes can stand here as well."""


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
        total = 1
        for size in self.sizes:
            total *= size
        return total

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
        text = "x".join(map(str, self.sizes))
        text = text if len(self.sizes) > 1 else f"[{text}]"
        return text if self.dtype == "float" else f"{self.dtype} {text}"


def map_of(channels: Size, *spatial: Size) -> TensorType:
    """A map: `map_of(3, 224, 224)`."""
    return TensorType((channels, *spatial), Layout.MAP)


def tokens_of(length: Size, features: Size) -> TensorType:
    """A sequence: `tokens_of(196, 768)`."""
    return TensorType((length, features), Layout.TOKENS)


def plain_of(*sizes: Size) -> TensorType:
    """A vector: `plain_of(1000)`."""
    return TensorType(sizes, Layout.PLAIN)
