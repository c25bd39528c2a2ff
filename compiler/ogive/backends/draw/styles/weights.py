"""Where the names of weights stand: each on its own arrow, as far as possible on nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

from ogive.backends.draw.curves import Point
from ogive.backends.draw.scene import Arrow, Frame, Mark
from ogive.backends.draw.styles.sketch import along

_STEPS = 24
_PLACES = tuple(range(4, 21))
"""Which of the points along an arrow a name may stand at."""
_SHORT = 34.0
"""Arrows up to that length have their names beside them."""
_BESIDE = 6.5
_ROUNDS = 4
_CIRCLE, _NAME, _NEAR, _FRAME, _WIRE, _DASHED = 1000.0, 300.0, 12.0, 10.0, 4.0, 7.0
"""What it costs to stand on a circle, on another name, right beside one, on a frame, on an arrow's point; a
dashed arrow is the harder to follow where something lies on it."""
_APART = 7.0
"""Names that are less far apart are beside one another."""


@dataclass(frozen=True, slots=True)
class Name:
    """The name of an arrow.

    Attributes:
        arrow: that has it.
        width: of the name; `height` likewise.
        best: how far along its arrow, from 0 to 1, it would stand were it alone.
    """

    arrow: Arrow
    width: float
    height: float
    best: float


@dataclass(frozen=True, slots=True)
class _Choice:
    """Where a name may stand, and what that costs, other names aside."""

    at: Point
    cost: float


def places(names: Sequence[Name], circles: Sequence[Mark], frames: Sequence[Frame]) -> list[Point]:
    """The middles of names, by trying and trying again.

    Args:
        names: of arrows; they keep off one another's arrows.
        circles: that no name may cover.
        frames: whose borders names keep off.
    """
    paths = [along(name.arrow, _STEPS) for name in names]
    borders = [y for frame in frames for y in (frame.bottom, frame.top)]
    found = [_choices(own, names, paths, circles, borders) for own in range(len(names))]
    chosen = [min(choices, key=lambda choice: choice.cost) for choices in found]
    for _ in range(_ROUNDS):
        for own, choices in enumerate(found):
            costs = [choice.cost + _crowding(own, choice.at, names, chosen) for choice in choices]
            chosen[own] = choices[costs.index(min(costs))]
    return [choice.at for choice in chosen]


def _crowding(own: int, at: Point, names: Sequence[Name], chosen: Sequence[_Choice]) -> float:
    """What the other names, where they are now, cost one that stands there."""
    cost = 0.0
    for other, choice in enumerate(chosen):
        if other == own:
            continue
        aside = abs(at[0] - choice.at[0]) - (names[own].width + names[other].width) / 2
        above = abs(at[1] - choice.at[1]) - (names[own].height + names[other].height) / 2
        if aside < 1 and above < 0:
            cost += _NAME
        elif aside < _APART and above < -2:
            cost += _NEAR
    return cost


def _choices(
    own: int,
    names: Sequence[Name],
    paths: Sequence[Sequence[Point]],
    circles: Sequence[Mark],
    borders: Sequence[float],
) -> list[_Choice]:
    """On the arrow, or beside one that is too short for it."""
    name, path = names[own], paths[own]
    length = sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(path))
    found: list[_Choice] = []
    for i in _PLACES:
        cost = 10 * abs(i / _STEPS - name.best)
        if length > _SHORT:
            spots = [path[i]]
        else:
            (x, y), (x0, y0), (x1, y1) = path[i], path[i - 1], path[i + 1]
            step = max(hypot(x1 - x0, y1 - y0), 1e-9)
            away = _BESIDE + abs(y1 - y0) / step * (name.width / 2 - 2)
            spots = [(x - side * (y1 - y0) / step, y + side * (x1 - x0) / step) for side in (away, -away)]
        found += [_Choice(at, cost + _standing(own, at, names, paths, circles, borders)) for at in spots]
    return found


def _standing(
    own: int,
    at: Point,
    names: Sequence[Name],
    paths: Sequence[Sequence[Point]],
    circles: Sequence[Mark],
    borders: Sequence[float],
) -> float:
    """What circles, frames and other arrows cost a name that stands there."""
    name = names[own]
    wide, high = name.width / 2, name.height / 2
    cost = sum(_CIRCLE for mark in circles if _touches(mark, at, name))
    cost += sum(_FRAME for y in borders if abs(y - at[1]) < high)
    for other, path in enumerate(paths):
        if other != own:
            wire = _DASHED if names[other].arrow.dashed else _WIRE
            cost += wire * sum(abs(x - at[0]) < wide + 0.8 and abs(y - at[1]) < high + 0.4 for x, y in path)
    return cost


def _touches(mark: Mark, at: Point, name: Name) -> bool:
    """Whether a name there would touch a circle."""
    dx = max(abs(mark.centre[0] - at[0]) - name.width / 2, 0.0)
    dy = max(abs(mark.centre[1] - at[1]) - name.height / 2, 0.0)
    return hypot(dx, dy) < mark.width / 2 + 0.8
