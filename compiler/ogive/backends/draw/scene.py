"""A drawing in which everything has its place: what the writers turn into DOT and TikZ.

Lengths are points. The origin is the lower left corner and y grows upwards, as in PDF, Graphviz and TikZ.
Frames lie below arrows, arrows below marks; within each kind, what comes later lies on top.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from ogive.backends.draw.colours import look

Point = tuple[float, float]
Shape = Literal["round", "box", "circle", "bare"]
"""A box with round or square corners, a circle or ellipse, or text alone."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one type. `ink` None: that of the mark or frame."""

    text: str
    size: float = look.TYPE
    bold: bool = False
    italic: bool = False
    ink: str | None = None


Line = tuple[Run, ...]


def line(text: str, size: float = look.TYPE, bold: bool = False, ink: str | None = None) -> Line:
    """A line in one type."""
    return (Run(text, size, bold, ink=ink),)


@dataclass(frozen=True, slots=True)
class About:
    """What a reader is told who points at a mark.

    Attributes:
        name: the path of the layer or part.
        shape: its output, without the batch; empty where it has none.
        params: its trainable parameters; None where that is no question.
        place: `resnet.arch:23`; empty for what the compiler added.
        note: anything else, such as the multiply-accumulates.
    """

    name: str
    shape: str = ""
    params: int | None = None
    place: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """`conv2.1 · 256×56×56 · 70,400 parameters · resnet.arch:23`."""
        held = f"{self.params:,} parameters" if self.params is not None else ""
        return " · ".join(part for part in (self.name, self.shape, held, self.note, self.place) if part)


@dataclass(frozen=True, slots=True)
class Mark:
    """A box, a circle, or text alone.

    Attributes:
        id: unique in the drawing.
        centre: of the box.
        width: of the box; the text of a `bare` mark need not fill it.
        height: of the box.
        lines: from the top down, set in the middle of the box.
        shape: of its border.
        fill: `#rrggbb`; None: nothing is filled.
        stroke: the colour of its border; None: it has none.
        ink: the colour of its text.
        pen: the width of its border.
        dashed: whether the border is.
        align: where its lines begin.
        badge: `×3`, large and bold, at the right of all lines.
        about: what a reader is told who points at it.
    """

    id: str
    centre: Point
    width: float
    height: float
    lines: tuple[Line, ...] = ()
    shape: Shape = "round"
    fill: str | None = None
    stroke: str | None = None
    ink: str = "#111111"
    pen: float = look.PEN
    dashed: bool = False
    align: Literal["centre", "left"] = "centre"
    badge: str = ""
    about: About | None = None

    @property
    def left(self) -> float:
        """The x of its left side."""
        return self.centre[0] - self.width / 2

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.centre[0] + self.width / 2

    @property
    def top(self) -> float:
        """The y of its upper side."""
        return self.centre[1] + self.height / 2

    @property
    def bottom(self) -> float:
        """The y of its lower side."""
        return self.centre[1] - self.height / 2


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around other things: a stage, a block, a definition.

    Attributes:
        id: unique in the drawing.
        left: x of its left side; `bottom`, `right` and `top` likewise.
        lines: its title, from the top down.
        title_at: the middle of the title; None: at the left of the top.
        fill: `#rrggbb`; None: nothing is filled.
        stroke: the colour of its border; None: it has none.
        pen: the width of its border.
        dashed: whether the border is.
        rounded: whether its corners are.
        about: what a reader is told who points at it.
    """

    id: str
    left: float
    bottom: float
    right: float
    top: float
    lines: tuple[Line, ...] = ()
    title_at: Point | None = None
    fill: str | None = look.CLUSTER_FILL
    stroke: str | None = look.CLUSTER_STROKE
    ink: str = "#333333"
    pen: float = look.PEN
    dashed: bool = False
    rounded: bool = True
    about: About | None = None


@dataclass(frozen=True, slots=True)
class Arrow:
    """A line of cubic curves, with or without a head.

    Attributes:
        points: 1 + 3·n control points, from its beginning to where the head begins.
        tip: the point of the head; None: it has no head.
        tail: the id of the mark that it leaves, where there is one.
        end: the id of the mark that it reaches, where there is one.
        stroke: its colour.
        pen: its width.
        dashed: whether it is.
        kind: what it is: `flow`, `skip`, `projection`, `aux`, `source`, `forward`, `backward`, ….
    """

    points: tuple[Point, ...]
    tip: Point | None = None
    tail: str = ""
    end: str = ""
    stroke: str = look.FLOW
    pen: float = look.PEN
    dashed: bool = False
    kind: str = "flow"


@dataclass(frozen=True, slots=True)
class Scene:
    """All of a drawing. `name` is what it shows; `alt` says it in words, for those who cannot see it."""

    name: str
    width: float
    height: float
    frames: tuple[Frame, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    marks: tuple[Mark, ...] = ()
    alt: str = ""

    def moved(self, dx: float, dy: float) -> Scene:
        """The same, elsewhere; the size stays."""

        def by(point: Point) -> Point:
            return point[0] + dx, point[1] + dy

        frames = tuple(
            replace(
                f, left=f.left + dx, right=f.right + dx, bottom=f.bottom + dy, top=f.top + dy,
                title_at=by(f.title_at) if f.title_at else None,
            )
            for f in self.frames
        )  # fmt: skip
        arrows = tuple(
            replace(a, points=tuple(map(by, a.points)), tip=by(a.tip) if a.tip else None) for a in self.arrows
        )
        marks = tuple(replace(m, centre=by(m.centre)) for m in self.marks)
        return replace(self, frames=frames, arrows=arrows, marks=marks)


def straight(*points: Point) -> tuple[Point, ...]:
    """The control points of a line through these points."""
    found = [points[0]]
    for a, b in pairwise(points):
        found += [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for t in (1 / 3, 2 / 3, 1.0)]
    return tuple(found)


def joined(name: str, parts: Iterable[Scene], width: float, height: float) -> Scene:
    """Parts that have been moved to where they belong, as one drawing."""
    parts = tuple(parts)
    return Scene(
        name, width, height,
        tuple(f for p in parts for f in p.frames),
        tuple(a for p in parts for a in p.arrows),
        tuple(m for p in parts for m in p.marks),
    )  # fmt: skip
