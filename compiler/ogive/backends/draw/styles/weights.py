"""Where the names of weights stand: each on its own arrow and, wherever that can be, on nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, hypot

from ogive.backends.draw.curves import Point
from ogive.backends.draw.scene import Arrow, Frame, Mark
from ogive.backends.draw.styles.sketch import along

_PARTS = 20
"""Straight parts of a curve, as others keep off it."""
_STEPS = 64
_PLACES = tuple(range(6, 59))
"""Which of the points along an arrow a name may stand at."""
_SHORT = 34.0
"""Arrows up to that length have their names beside them."""
_BESIDE, _ASIDE = 6.5, 2.2
"""From the middle of a name to its arrow: where it stands beside it, and where not quite in its middle."""
_ROUNDS = 6
_CIRCLE, _NAME, _LINE, _HEAD, _NEAR, _OFF = 1000.0, 300.0, 60.0, 30.0, 6.0, 3.0
"""What it costs to stand on a circle, on another name, on each line that is not one's own, on the head of the
own arrow, right beside another name, and not in the middle of the own arrow."""
_APART = 7.0
"""Names that are less far apart are beside one another."""
_CLEAR = 0.6
"""Points between a name and the lines that are not its own."""
_CELL = 12.0

Box = tuple[float, float, float, float]
"""Left, bottom, right and top."""
Line = Sequence[Point]


@dataclass(frozen=True, slots=True)
class Name:
    """The name of an arrow.

    Attributes:
        arrow: that has it.
        width: of the name; `height` likewise.
        best: how far along its arrow, from 0 to 1, it would stand were it alone.
        side: on which it would stand of an arrow that is too short for it: 1 at the left, -1 at the right.
    """

    arrow: Arrow
    width: float
    height: float
    best: float
    side: int = 1

    def box(self, at: Point, more: float = 0.0) -> Box:
        """What the name covers there, grown by so much on all sides."""
        wide, high = self.width / 2 + more, self.height / 2 + more
        return at[0] - wide, at[1] - high, at[0] + wide, at[1] + high


@dataclass(frozen=True, slots=True)
class Places:
    """Where names stand.

    Attributes:
        spots: the middle of each.
        met: how many lines, circles and other names they stand on, all together.
    """

    spots: tuple[Point, ...]
    met: int


@dataclass(frozen=True, slots=True)
class _Choice:
    """Where a name may stand, on how many things, and what that costs, other names aside."""

    at: Point
    cost: float
    met: int


def places(names: Sequence[Name], circles: Sequence[Mark], frames: Sequence[Frame]) -> Places:
    """The places of names, by trying and trying again.

    Args:
        names: of arrows; they keep off one another's arrows.
        circles: that no name may cover.
        frames: whose borders names keep off.
    """
    paths = [along(name.arrow, _STEPS) for name in names]
    lines = _Lines([*(along(name.arrow, _PARTS) for name in names), *map(_border, frames)])
    found = [
        sorted(_choices(own, names, paths, circles, lines), key=lambda choice: choice.cost)
        for own in range(len(names))
    ]
    chosen = [choices[0] for choices in found]
    for _ in range(_ROUNDS):
        before = list(chosen)
        for own, choices in enumerate(found):
            chosen[own] = _cheapest(own, choices, names, chosen)
        if chosen == before:
            break
    overlaps = sum(_crowding(own, each.at, names, chosen) >= _NAME for own, each in enumerate(chosen))
    return Places(tuple(each.at for each in chosen), sum(each.met for each in chosen) + overlaps)


def _border(frame: Frame) -> Line:
    left, bottom, right, top = frame.left, frame.bottom, frame.right, frame.top
    return [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]


def _cheapest(
    own: int, choices: Sequence[_Choice], names: Sequence[Name], chosen: Sequence[_Choice]
) -> _Choice:
    """The best of the choices, which are sorted by their costs, beside what the other names have chosen."""
    best, least = choices[0], float("inf")
    for choice in choices:
        if choice.cost >= least:
            break
        cost = choice.cost + _crowding(own, choice.at, names, chosen)
        if cost < least:
            best, least = choice, cost
    return best


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
    own: int, names: Sequence[Name], paths: Sequence[Line], circles: Sequence[Mark], lines: _Lines
) -> list[_Choice]:
    """On the arrow, or beside one that is too short for it."""
    name, path = names[own], paths[own]
    length = sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(path))
    found: list[_Choice] = []
    for i in _PLACES:
        along_it = 10 * abs(i / _STEPS - name.best)
        (x, y), (x0, y0), (x1, y1) = path[i], path[i - 1], path[i + 1]
        step = max(hypot(x1 - x0, y1 - y0), 1e-9)
        if length > _SHORT:
            sides = (0.0, _ASIDE, -_ASIDE)
        else:
            away = _BESIDE + abs(y1 - y0) / step * (name.width / 2 - 2)
            sides = (name.side * away, -name.side * away)
        for side in sides:
            at = x - side * (y1 - y0) / step, y + side * (x1 - x0) / step
            cost = along_it + _OFF * (side not in (0.0, sides[0]))
            box = name.box(at, _CLEAR)
            covered = sum(_touches(mark, at, name) for mark in circles)
            crossed = lines.meeting(box, own)
            head = meets(path[-2:], box)
            found.append(
                _Choice(at, cost + _CIRCLE * covered + _LINE * crossed + _HEAD * head, covered + crossed)
            )
    return found


def _touches(mark: Mark, at: Point, name: Name) -> bool:
    """Whether a name there would touch a circle."""
    reach = mark.width / 2 + 0.8
    dx = abs(mark.centre[0] - at[0]) - name.width / 2
    dy = abs(mark.centre[1] - at[1]) - name.height / 2
    return dx < reach and dy < reach and hypot(max(dx, 0.0), max(dy, 0.0)) < reach


# ---------------------------------------------------------------------- lines and boxes


def meets(line: Line, box: Box) -> bool:
    """Whether a line of straight parts has a point in a box."""
    return any(_part_meets(a, b, box) for a, b in pairwise(line))


def _part_meets(a: Point, b: Point, box: Box) -> bool:
    """By where on the part it is between the sides of the box, and where between its top and bottom.

    After Liang and Barsky 1984.
    """
    left, bottom, right, top = box
    if (a[0] < left and b[0] < left) or (a[0] > right and b[0] > right):
        return False
    if (a[1] < bottom and b[1] < bottom) or (a[1] > top and b[1] > top):
        return False
    low, high = 0.0, 1.0
    for axis in (0, 1):
        start, step = a[axis], b[axis] - a[axis]
        near, far = box[axis] - start, box[axis + 2] - start
        if abs(step) < 1e-12:  # it is in them as a whole
            continue
        first, last = sorted((near / step, far / step))
        low, high = max(low, first), min(high, last)
    return low <= high


class _Lines:
    """Lines, found by where they are: each part stands in all cells that it may touch."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.cells: dict[tuple[int, int], list[tuple[int, Point, Point]]] = defaultdict(list)
        for number, line in enumerate(lines):
            for a, b in pairwise(line):
                around = min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])
                for cell in _cells(around):
                    self.cells[cell].append((number, a, b))

    def meeting(self, box: Box, but: int) -> int:
        """How many of the lines meet a box, one of them aside."""
        parts = (part for cell in _cells(box) for part in self.cells.get(cell, ()))
        return len({number for number, a, b in parts if number != but and _part_meets(a, b, box)})


def _cells(box: Box) -> Iterator[tuple[int, int]]:
    left, bottom, right, top = (floor(value / _CELL) for value in box)
    return ((x, y) for x in range(left, right + 1) for y in range(bottom, top + 1))
