"""A scene while it is drawn: all is added where it belongs, and at the end moved to the origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.look import Paint
from ogive.backends.draw.curves import Curve, Inside, Point, box, circle, clipped, part, sampled
from ogive.backends.draw.measure import widest
from ogive.backends.draw.scene import About, Arrow, Frame, Line, Mark, Scene, line

HEAD = 10 * look.ARROW
"""The length of an arrow's head."""
_LEADING = 1.34
"""Of lines, to their size of type."""
_STEPS = 12
_POINT = 9.0
"""The width of a circle up to which nobody sees whether a thin line goes on below it."""
_SLACK, _SPLITS = 0.5, 5


def text_size(lines: Sequence[Line]) -> tuple[float, float]:
    """Width and height of lines of type."""
    return widest(lines), sum(max(run.size for run in each) * _LEADING for each in lines)


def outline(mark: Mark) -> Inside:
    """The shape at which an arrow to a mark ends."""
    if mark.shape == "circle":
        return circle(mark.centre, mark.width / 2)
    return box(mark.left, mark.bottom, mark.right, mark.top)


@dataclass
class Sketch:
    """What is drawn so far, painted by `colours`."""

    colours: Colours
    frames: list[Frame] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    # ------------------------------------------------------------------ marks

    def circle(
        self, id: str, text: str, at: Point, radius: float, paint: Paint,  # noqa: A002
        size: float = look.TYPE, about: About | None = None,
    ) -> Mark:  # fmt: skip
        """A circle with a word in it."""
        lines = (line(text, size),) if text else ()
        mark = Mark(
            id, at, 2 * radius, 2 * radius, lines, "circle", paint.fill, paint.stroke, paint.ink, about=about
        )
        self.marks.append(mark)
        return mark

    def box(
        self, id: str, at: Point, width: float, height: float, lines: Sequence[Line], paint: Paint,  # noqa: A002
        pen: float = look.PEN, about: About | None = None,
    ) -> Mark:  # fmt: skip
        """A box, round where the paint says so."""
        shape = "round" if "rounded" in paint.style else "box"
        mark = Mark(
            id, at, width, height, tuple(lines), shape, paint.fill, paint.stroke, paint.ink, pen,
            "dashed" in paint.style, about=about,
        )  # fmt: skip
        self.marks.append(mark)
        return mark

    def text(self, id: str, at: Point, lines: Sequence[Line], anchor: str = "centre") -> Mark:  # noqa: A002
        """Text alone.

        Args:
            id: unique in the drawing.
            at: where its middle is, or its left or right side, or (`top`, `top left`) its upper side.
            lines: from the top down.
            anchor: `centre`, `left`, `right`, `top`, `top left`.
        """
        width, height = text_size(lines)
        x, y = at
        x += width / 2 if "left" in anchor else -width / 2 if "right" in anchor else 0.0
        y -= height / 2 if "top" in anchor else 0.0
        align = "left" if "left" in anchor and len(lines) > 1 else "centre"
        mark = Mark(id, (x, y), width, height, tuple(lines), "bare", ink=look.INK_NOTE, align=align)
        self.marks.append(mark)
        return mark

    # ------------------------------------------------------------------ arrows

    def join(
        self, tail: Mark, head: Mark, curve: Curve, kind: str, stroke: str | None = None,
        dashed: bool = False, pen: float = look.PEN, headed: bool = True,
    ) -> Arrow:  # fmt: skip
        """An arrow along a curve from inside of one mark to inside of the other."""
        if headed or tail.width > _POINT:
            found, tip = clipped(curve, outline(tail), outline(head), HEAD if headed else 0.0)
        else:  # the marks lie on top of it
            found, tip = curve, None
        arrow = Arrow(
            found,
            tip if headed else None,
            tail.id,
            head.id,
            stroke or self.colours.edge(kind),
            pen,
            dashed,
            kind,
        )
        self.arrows.append(arrow)
        return arrow

    def line(
        self, points: Sequence[Point], kind: str = "flow", tail: str = "", end: str = "",
        headed: bool = True, pen: float = look.PEN, dashed: bool = False, corner: float = 4.0,
        stroke: str | None = None,
    ) -> Arrow:  # fmt: skip
        """An arrow through points, with rounded corners; its tip is the last of them."""
        points = list(points)
        tip = points[-1]
        if headed:
            points[-1] = _before(points[-2], tip, HEAD)
        arrow = Arrow(
            rounded(points, corner), tip if headed else None, tail, end,
            stroke or self.colours.edge(kind), pen, dashed, kind,
        )  # fmt: skip
        self.arrows.append(arrow)
        return arrow

    # ------------------------------------------------------------------ the whole

    def add(self, other: Sketch, dx: float, dy: float) -> None:
        """Takes over what another sketch holds, moved."""
        moved = Scene("", 0, 0, tuple(other.frames), tuple(other.arrows), tuple(other.marks)).moved(dx, dy)
        self.frames += moved.frames
        self.arrows += moved.arrows
        self.marks += moved.marks

    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of all that is drawn."""
        xs: list[float] = []
        ys: list[float] = []
        for mark in self.marks:
            xs += (mark.left, mark.right)
            ys += (mark.bottom, mark.top)
        for frame in self.frames:
            xs += (frame.left, frame.right)
            ys += (frame.bottom, frame.top)
        for arrow in self.arrows:
            for x, y in along(arrow):
                xs.append(x)
                ys.append(y)
        return min(xs, default=0.0), min(ys, default=0.0), max(xs, default=0.0), max(ys, default=0.0)

    def scene(self, name: str, alt: str) -> Scene:
        """All of it, from (0, 0) to its width and height."""
        left, bottom, right, top = self.bounds()
        edge = look.FOLDED_PEN / 2
        arrows = tuple(_within(arrow, box(left, bottom, right, top)) for arrow in self.arrows)
        scene = Scene(
            name, right - left + 2 * edge, top - bottom + 2 * edge,
            tuple(self.frames), arrows, tuple(self.marks), alt,
        )  # fmt: skip
        return scene.moved(edge - left, edge - bottom)


def along(arrow: Arrow, steps: int = _STEPS) -> list[Point]:
    """Points along all curves of an arrow, and its tip."""
    found: list[Point] = []
    for i in range(0, len(arrow.points) - 3, 3):
        a, b, c, d = arrow.points[i : i + 4]
        found += sampled((a, b, c, d), steps)
    return [*found, arrow.tip] if arrow.tip else found


def _within(arrow: Arrow, room: Inside) -> Arrow:
    """The same curves in so many pieces that their control points, too, lie in the drawing.

    Graphviz takes the size of a drawing from control points.
    """
    if all(room(point, _SLACK) for point in arrow.points):
        return arrow
    found = [arrow.points[0]]
    for i in range(0, len(arrow.points) - 3, 3):
        a, b, c, d = arrow.points[i : i + 4]
        for piece in _pieces((a, b, c, d), room, _SPLITS):
            found += piece[1:]
    return replace(arrow, points=tuple(found))


def _pieces(curve: Curve, room: Inside, splits: int) -> list[Curve]:
    if splits == 0 or all(room(point, _SLACK) for point in curve):
        return [curve]
    halves = part(curve, 0.0, 0.5), part(curve, 0.5, 1.0)
    return [piece for half in halves for piece in _pieces(half, room, splits - 1)]


def _before(a: Point, b: Point, by: float) -> Point:
    """The point so far before b on the way from a; `a` where that is nearer."""
    length = max(abs(b[0] - a[0]) + abs(b[1] - a[1]), 1e-9)  # the parts are horizontal or vertical
    t = min(by / length, 1.0)
    return b[0] + (a[0] - b[0]) * t, b[1] + (a[1] - b[1]) * t


def rounded(points: Sequence[Point], corner: float) -> tuple[Point, ...]:
    """The control points of a line of horizontal and vertical parts whose corners are round."""
    points = _plain(points)
    found: list[Point] = [points[0]]

    def to(point: Point) -> None:
        a = found[-1]
        found.extend(
            (a[0] + (point[0] - a[0]) * t, a[1] + (point[1] - a[1]) * t) for t in (1 / 3, 2 / 3, 1.0)
        )

    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(corner, _far(before, at) / 2, _far(at, after) / 2)
        start, end = _before(before, at, radius), _before(after, at, radius)
        to(start)
        found += [_before(start, at, radius * 0.45), _before(end, at, radius * 0.45), end]
    to(points[-1])
    return tuple(found)


def _far(a: Point, b: Point) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _plain(points: Sequence[Point]) -> list[Point]:
    """The points without those that change nothing."""
    found = [points[0]]
    for point in points[1:]:
        if _far(found[-1], point) > 1e-6:
            found.append(point)
    return found if len(found) > 1 else [*found, points[-1]]
