"""Rectangles side by side and below each other, so that they fill a page well and still read in order.

What is found is a slicing arrangement: rows of columns of rows, tops and left sides aligned, the order kept
from left to right and downwards. All such arrangements are tried, by dynamic programming over the stretches
of the order; of each stretch the sizes that no other beats are kept (Stockmeyer 1983, who turns the
rectangles of a given slicing, keeps them in the same way).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Size = tuple[float, float]
"""Width and height in points."""
Place = tuple[float, float]
"""The lower left corner in points, y upwards."""
_DEEPEST = 4
"""Rows in columns in rows in columns: what is nested deeper is not read any more."""
_NESTING = 0.1
"""The part of its area that an arrangement may be larger for one level of nesting less."""


@dataclass(frozen=True, slots=True)
class Packing:
    """Where everything is.

    Attributes:
        places: the lower left corner of each, in the order given.
        width: of all.
        height: of all.
        scale: what all is shrunk by to lie in the room; at most 1.
    """

    places: tuple[Place, ...]
    width: float
    height: float
    scale: float


@dataclass(frozen=True, slots=True)
class _Way:
    """An arrangement of a stretch: `parts` in turn, in the `direction`; no parts: one rectangle."""

    width: float
    height: float
    depth: int
    direction: Literal["across", "down", ""]
    parts: tuple[_Way, ...] = ()

    def beats(self, other: _Way) -> bool:
        """Whether it is nowhere worse."""
        return self.width <= other.width and self.height <= other.height and self.depth <= other.depth


def packed(sizes: Sequence[Size], room: Callable[[float, float], float], gap: Size) -> Packing:
    """The arrangement that is shrunk least; of several that of the smallest area, or nearly so and simpler.

    Args:
        sizes: of the rectangles; the first is the most important and stands at the upper left.
        room: what a width and a height are shrunk by to lie in the room; at most 1.
        gap: between columns, and between rows.
    """
    best = min(_ways(sizes, gap), key=lambda way: _cost(way, room(way.width, way.height)))
    places = tuple(_places(best, 0.0, best.height, gap))
    return Packing(places, best.width, best.height, room(best.width, best.height))


def _cost(way: _Way, scale: float) -> tuple[float, float]:
    """What is compared: the loss of size in steps that the eye sees, then the area, nesting paid for."""
    return round(1 - scale, 2), way.width * way.height * (1 + _NESTING * way.depth)


def _ways(sizes: Sequence[Size], gap: Size) -> list[_Way]:
    table: dict[tuple[int, int], list[_Way]] = {}
    for length in range(1, len(sizes) + 1):
        for start in range(len(sizes) - length + 1):
            end = start + length
            found = [_Way(*sizes[start], 0, "")] if length == 1 else []
            for cut in range(start + 1, end):
                for first in table[start, cut]:
                    for second in table[cut, end]:
                        found += _joined(first, second, gap)
            table[start, end] = _unbeaten(found)
    return table[0, len(sizes)]


def _joined(first: _Way, second: _Way, gap: Size) -> Iterator[_Way]:
    """Two stretches beside and below each other. `first` is no sequence of that direction itself: each
    sequence is built once, from its last part to its first.
    """
    for direction in ("across", "down"):
        if first.direction == direction:
            continue
        if direction == "across":
            width, height = first.width + gap[0] + second.width, max(first.height, second.height)
        else:
            width, height = max(first.width, second.width), first.height + gap[1] + second.height
        rest = second.parts if second.direction == direction else (second,)
        parts = (first, *rest)
        depth = 1 + max(part.depth for part in parts)
        if depth <= _DEEPEST:
            yield _Way(width, height, depth, direction, parts)


def _unbeaten(ways: list[_Way]) -> list[_Way]:
    kept: list[_Way] = []
    for way in sorted(ways, key=lambda w: (w.width, w.height, w.depth)):
        if not any(other.beats(way) for other in kept):
            kept.append(way)
    return kept


def _places(way: _Way, left: float, top: float, gap: Size) -> Iterator[Place]:
    if not way.parts:
        yield left, top - way.height
    for part in way.parts:
        yield from _places(part, left, top, gap)
        if way.direction == "across":
            left += part.width + gap[0]
        else:
            top -= part.height + gap[1]
