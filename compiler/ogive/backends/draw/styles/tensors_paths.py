"""How the arrows of a tensor figure run: between neighbours, past some of them, and in from beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ogive.backends.draw.scene import Point, straight
from ogive.backends.draw.styles.tensors_boxes import LABEL, LINE
from ogive.backends.draw.styles.tensors_chain import Skip
from ogive.backends.draw.styles.tensors_place import Placed, Placing, Said

HEAD = 4.5
"""Points: the length of an arrow's head."""
_OFF = 1.0
"""Points between an arrow's end and a box."""
_RISE, _ROUND = 5.0, 5.0
"""Points from what an arc goes over up to it; the radius of its corners."""
_LEAST_RISE = 9.0
_ASIDE = 1.8
"""Points from the middle of a box where one arc ends and the next begins."""
_BESIDE = 4.0
_ELBOW = 6.0


@dataclass(frozen=True, slots=True)
class Path:
    """Control points of an arrow, and the point of its head."""

    points: tuple[Point, ...]
    tip: Point

    @classmethod
    def along(cls, *corners: Point) -> Path:
        """A line with corners; its head is at the last."""
        before, tip = corners[-2:]
        length = abs(tip[0] - before[0]) + abs(tip[1] - before[1])
        share = min(HEAD / length, 0.6) if length else 0.0
        base = (tip[0] + (before[0] - tip[0]) * share, tip[1] + (before[1] - tip[1]) * share)
        return cls(straight(*corners[:-1], base), tip)


def step_path(before: Placed, one: Placed, bottom: float, left: float) -> Path:
    """The arrow from a box to the next.

    Args:
        before, one: the boxes.
        bottom: the y below the row of the first; where the row is continued, the arrow goes back below it.
        left: the x where it then goes down.
    """
    match one.wish.turn:
        case "right":
            return Path.along((before.right + _OFF, one.y), (one.left - _OFF, one.y))
        case "wrap":
            out, back = before.right + _OFF + _ELBOW, left
            return Path.along(
                (before.right + _OFF, before.y), (out, before.y), (out, bottom), (back, bottom),
                (back, one.y), (one.left - _OFF, one.y),
            )  # fmt: skip
        case _:
            down = one.wish.turn == "down"
            if one.bent and down:
                return Path.along(
                    (before.x, before.bottom - _OFF), (before.x, one.y), (one.left - _OFF, one.y)
                )
            tip = (one.x, one.top + _OFF if down else one.bottom - _OFF)
            if one.bent:
                return Path.along((before.right + _OFF, before.y), (one.x, before.y), tip)
            return Path.along((one.x, before.bottom - _OFF if down else before.ceiling(one.x) + _OFF), tip)


def free(skip: Skip, placed: Sequence[Placed]) -> bool:
    """Whether nothing stands between the ends of a skip on the line of their row, as in a U."""
    start, end = placed[skip.start], placed[skip.end]
    if start.wish.row != end.wish.row or start.wish.leaves == "right" or end.wish.turn == "right":
        return False
    return not any(one.wish.row == start.wish.row for one in placed[skip.start + 1 : skip.end])


def target(skip: Skip, placed: Sequence[Placed]) -> tuple[float, float]:
    """The x of the left side and of the middle of what a skip reaches: the copy that it makes, or the box."""
    end = placed[skip.end]
    copies = [slab.width for slab in end.wish.body.slabs if slab.copied]
    if skip.copy is None or skip.copy >= len(copies):
        return end.left, end.x
    left = end.left + sum(copies[: skip.copy])
    return left, left + copies[skip.copy] / 2


@dataclass(frozen=True, slots=True)
class Arc:
    """A skip above the row that it begins in: where it begins, its height, the x where it ends; its tag
    stands over it. Heights are relative to the row's line.
    """

    skip: Skip
    start: Point
    end: float
    height: float
    tag: Said | None = None

    def path(self, placed: Sequence[Placed]) -> Path:
        """Up, along, and down or further up to the box where it ends, with round corners."""
        begin, end = placed[self.skip.start], placed[self.skip.end]
        (x0, y0), x1, top = self.start, self.end, self.height + begin.y
        y0 += begin.y
        rises = end.bottom > top
        y1 = end.bottom - _OFF if rises else end.ceiling(x1) + _OFF
        turn = min(_ROUND, abs(x1 - x0) / 2, top - y0, abs(top - y1) - HEAD)
        bend, way, fall = turn * 0.45, 1.0 if x1 > x0 else -1.0, -1.0 if rises else 1.0
        first = straight((x0, y0), (x0, top - turn))
        over = ((x0, top - bend), (x0 + way * bend, top), (x0 + way * turn, top))
        along = straight((x0 + way * turn, top), (x1 - way * turn, top))[1:]
        down = ((x1 - way * bend, top), (x1, top - fall * bend), (x1, top - fall * turn))
        last = straight((x1, top - fall * turn), (x1, y1 + fall * HEAD))[1:]
        return Path((*first, *over, *along, *down, *last), (x1, y1))


def arcs(placing: Placing, skips: Sequence[Skip], tags: dict[Skip, str]) -> list[Arc]:
    """The skips that go over what stands in their row, the shorter ones below the longer.

    Rows have no places yet: heights are relative to their lines.
    """
    placed = placing.placed
    over = [skip for skip in skips if not free(skip, placed)]
    starts, ends = {s.start for s in over}, {s.end for s in over}
    found: list[Arc] = []
    for skip in sorted(over, key=lambda s: (s.end - s.start, s.start)):
        begin, end = placed[skip.start], placed[skip.end]
        level = begin.wish.row == end.wish.row
        _, x1 = target(skip, placed)
        x0 = begin.x + _aside(begin, begin.wish.turn == "down", skip.start in ends)
        if not level:
            x1 += _aside(end, True, False)
        elif not end.wish.body.slabs[0].copied:
            x1 -= _aside(end, end.wish.leaves_upwards, skip.end in starts)
        start = (x0, begin.ceiling(x0) + _OFF)
        rects = [r for r in placing.rows[begin.wish.row] if r.right > min(x0, x1) and r.left < max(x0, x1)]
        lowest = [start[1], *([end.ceiling(x1) + _OFF] if level else [])]
        height = max([*(y + _LEAST_RISE for y in lowest), *(r.top + _RISE for r in rects)])
        near = [
            (other.height, other.height + _RISE + (LINE if other.tag else 0.0))
            for other in found
            if placed[other.skip.start].wish.row == begin.wish.row
            and other.start[0] < x1 - 0.1
            and x0 < other.end - 0.1
        ]
        room = _RISE + (LINE if tags.get(skip) else 0.0)
        for low, high in sorted(near):  # the lowest place between them
            if height < high - 0.01 and low < height + room - 0.01:
                height = high
        tag = Said.around((x0 + x1) / 2, height + 1, [tags[skip]]) if tags.get(skip) else None
        found.append(Arc(skip, start, x1, height, tag))
    return found


def _aside(one: Placed, shaft: bool, arc: bool) -> float:
    """How far from the middle of a box an arc begins or ends: out of the way of an arrow above it, or of
    another arc.
    """
    return min(_BESIDE, one.wish.body.width / 2 - 0.5) if shaft else _ASIDE if arc else 0.0


def ceilings(placing: Placing, found: Sequence[Arc]) -> dict[int, float]:
    """By row: how far up its arcs reach."""
    heights: dict[int, float] = {}
    for arc in found:
        row = placing.placed[arc.skip.start].wish.row
        top = arc.height + 1 + (LABEL + 2 if arc.tag else 0.0)
        heights[row] = max(heights.get(row, top), top)
    return heights


def across(skip: Skip, placed: Sequence[Placed]) -> Path:
    """A skip along the free line of its row."""
    start, (left, _) = placed[skip.start], target(skip, placed)
    return Path.along((start.right + _OFF, start.y), (left - _OFF, start.y))


def from_beside(source: Placed, end: Placed, share: float) -> Path:
    """From an input below all rows to the box that it joins, so far along its width: along, and up."""
    x = end.left + share * end.wish.body.width
    under = min(
        [end.bottom, *(s.at.bottom for s in end.said if s.at.left < x < s.at.right and s.at.top <= end.y)]
    )
    return Path.along((source.right + _OFF, source.y), (x, source.y), (x, under - _OFF))
