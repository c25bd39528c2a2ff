"""How large the boxes of a tensor figure are, and what stands at them: channels above, places below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2, sqrt

from ogive.backends.draw.measure import text_width
from ogive.backends.draw.styles.tensors_chain import Tensor
from ogive.backends.draw.styles.tensors_parts import places, side
from ogive.layers.base import Size, TensorType
from ogive.layers.order import magnitude
from ogive.layers.sizes import show

LABEL = 6.5
"""Points: the type of numbers at boxes and on arrows."""
LINE = 8.0
"""Points from one line of such type to the next."""
GAP = 1.5
"""Points between a box and what stands at it."""

_LOW, _SHAPE = 5.0, 0.62
"""The lowest map, and how heights grow: sides in proportion would leave nothing of a 7×7 map beside one of
224×224.
"""
_THIN, _GROWTH, _WIDEST = 2.2, 0.62, 30.0
"""Points: the width of no channels, for the root of each, and at most."""
_VECTOR = 4.0
_SHORT, _OCTAVE, _TALLEST_VECTOR = 8.0, 3.5, 60.0
"""Points: a vector of one number, more for each doubling, and at most."""
_WIDE_TEXT = 26.0
"""Points: longer sizes take a line for each axis."""


@dataclass(frozen=True, slots=True)
class Slab:
    """One of the maps that a box shows side by side: its width, and whether it is a copy."""

    width: float
    copied: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """The box of a tensor.

    Attributes:
        height: of all its slabs.
        slabs: from left to right; copies first.
        channels: the text above.
        sizes: the lines below; none for a vector.
    """

    height: float
    slabs: tuple[Slab, ...]
    channels: str
    sizes: tuple[str, ...]

    @property
    def width(self) -> float:
        """Of all slabs."""
        return sum(slab.width for slab in self.slabs)

    @property
    def own(self) -> float:
        """From the left side to the middle of what is no copy."""
        copied = sum(slab.width for slab in self.slabs if slab.copied)
        return copied + (self.width - copied) / 2


def is_vector(type_: TensorType) -> bool:
    """Whether a tensor has no places, or only one."""
    return all(size == 1 for size in places(type_))


def bodies(tensors: Sequence[Tensor], tallest: float, thick: float = 1.0) -> list[Body]:
    """The boxes of tensors.

    Args:
        tensors: all of a figure, for their heights are compared.
        tallest: points: the height of the one with most places.
        thick: how thick they are for their channels; 1 is usual.
    """
    most: dict[int, float] = {}  # by the number of axes: maps and sequences are not compared
    for tensor in tensors:
        axes = len(places(tensor.type))
        most[axes] = max(most.get(axes, 1.0), side(tensor.type))
    return [_body(tensor, tallest, most[len(places(tensor.type))], thick) for tensor in tensors]


def _body(tensor: Tensor, tallest: float, most: float, thick: float) -> Body:
    type_ = tensor.type
    if is_vector(type_):
        count = float(magnitude(type_.elements))
        height = min(_SHORT + _OCTAVE * log2(max(count, 1.0)), _TALLEST_VECTOR, tallest)
        sizes = [size for size in type_.sizes if size != 1] or [1]
        return Body(height, (Slab(_VECTOR),), show(sizes), ())
    height = max(_LOW, tallest * (side(type_) / most) ** _SHAPE)
    if not type_.spatial:  # indices
        return Body(height, (Slab(_VECTOR),), "", size_lines(type_))
    total = type_.channels
    copied = tuple(Slab(_width(c, thick), copied=True) for c in tensor.copied)
    own = tensor.together or (_without(total, tensor.copied),)
    slabs = (*copied, *(Slab(_width(c, thick)) for c in own))
    return Body(
        height, slabs, "+".join(show((c,)) for c in tensor.together) or show((total,)), size_lines(type_)
    )


def _without(total: Size, copied: Sequence[Size]) -> Size:
    for channels in copied:
        total = total - channels
    return total


def _width(channels: Size, thick: float) -> float:
    return min(_THIN + thick * _GROWTH * sqrt(max(float(magnitude(channels)), 1.0)), thick * _WIDEST)


def size_lines(type_: TensorType) -> tuple[str, ...]:
    """`572²`, `28×20`, `197`; a line for each axis where they are long."""
    sizes = places(type_)
    texts = [show((size,)) for size in sizes]
    if len(set(texts)) == 1 and len(texts) in (2, 3) and texts[0].isalnum():
        return (texts[0] + "  ²³"[len(texts)],)
    whole = show(sizes)
    if text_width(whole, LABEL) <= _WIDE_TEXT or len(texts) == 1:
        return (whole,)
    return (*(f"{text}×" for text in texts[:-1]), texts[-1])
