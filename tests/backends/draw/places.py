"""Where things of a scene are: what overlaps, what is inside of what, where arrows end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from math import hypot

from ogive.backends.draw.scene import Arrow, Frame, Mark, Scene
from ogive.backends.draw.styles.sketch import along

Point = tuple[float, float]


def named(scene: Scene) -> dict[str, Mark]:
    """The marks by id, each of which there is once."""
    found = {mark.id: mark for mark in scene.marks}
    assert len(found) == len(scene.marks)
    return found


def circles(scene: Scene) -> list[Mark]:
    return [mark for mark in scene.marks if mark.shape == "circle"]


def overlapping(marks: Iterable[Mark]) -> list[tuple[str, str]]:
    """Pairs that cover one another."""
    return [(a.id, b.id) for a, b in combinations(marks, 2) if _overlap(a, b)]


def _overlap(a: Mark, b: Mark) -> bool:
    if a.shape == b.shape == "circle":
        return hypot(a.centre[0] - b.centre[0], a.centre[1] - b.centre[1]) < (a.width + b.width) / 2 - 1e-6
    if a.shape == "circle" or b.shape == "circle":
        round_, other = (a, b) if a.shape == "circle" else (b, a)
        dx = max(abs(round_.centre[0] - other.centre[0]) - other.width / 2, 0.0)
        dy = max(abs(round_.centre[1] - other.centre[1]) - other.height / 2, 0.0)
        return hypot(dx, dy) < round_.width / 2 - 1e-6
    return a.left < b.right and b.left < a.right and a.bottom < b.top and b.bottom < a.top


def from_border(point: Point, mark: Mark) -> float:
    """How far outside of a mark a point is; less than 0 inside."""
    dx, dy = point[0] - mark.centre[0], point[1] - mark.centre[1]
    if mark.shape == "circle":
        return hypot(dx, dy) - mark.width / 2
    return max(abs(dx) - mark.width / 2, abs(dy) - mark.height / 2)


def crossed(arrow: Arrow, marks: Iterable[Mark], margin: float = 0.5) -> list[str]:
    """The marks through which an arrow goes, its own ends aside."""
    points = along(arrow, 40)
    return [
        mark.id
        for mark in marks
        if mark.id not in (arrow.tail, arrow.end) and any(from_border(p, mark) < -margin for p in points)
    ]


def outline_of(frame: Frame) -> Mark:
    """A frame as a box."""
    at = (frame.left + frame.right) / 2, (frame.bottom + frame.top) / 2
    return Mark(frame.id, at, frame.right - frame.left, frame.top - frame.bottom)


def outside(scene: Scene) -> list[str]:
    """What does not lie in the drawing, control points too: Graphviz takes its size from them."""
    found = [
        item.id
        for item in (*scene.marks, *map(outline_of, scene.frames))
        if item.left < -1e-6 or item.bottom < -1e-6
        or item.right > scene.width + 1e-6 or item.top > scene.height + 1e-6
    ]  # fmt: skip
    for arrow in scene.arrows:
        inside = (-1 < x < scene.width + 1 and -1 < y < scene.height + 1 for x, y in arrow.points)
        found += [] if all(inside) else [f"{arrow.tail} -> {arrow.end}"]
    return found


def sizes(scene: Scene) -> set[float]:
    """The sizes of type."""
    return {run.size for item in (*scene.marks, *scene.frames) for line in item.lines for run in line}


def texts(scene: Scene) -> list[str]:
    """All lines, in the order in which they were drawn."""
    return [
        "".join(run.text for run in line) for item in (*scene.frames, *scene.marks) for line in item.lines
    ]


def colours(scene: Scene) -> Iterator[str]:
    """Every colour of a scene."""
    for item in (*scene.marks, *scene.frames):
        yield from (c for c in (item.fill, item.stroke, item.ink) if c)
        yield from (run.ink for line in item.lines for run in line if run.ink)
    yield from (arrow.stroke for arrow in scene.arrows)
