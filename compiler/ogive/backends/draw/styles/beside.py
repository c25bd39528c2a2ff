"""Several nets side by side, their stages aligned: figure 3 of "Deep Residual Learning" (He et al., 2015).

Each net is a column of boxes under its name; stages of one output size begin at the same height, and the
sizes stand in a gutter at the left, or at each column where they differ. Residuals are arcs at the right:
solid where the tensor stays what it is, dashed where a projection or padding changes it, and grey where what
goes past is no residual but passes a layer; the sum is where the arc ends. Norms, activations and dropout
are not drawn. What branches is one box, and so are dense blocks and cliques. Nothing is laid out by Graphviz.
"""

from __future__ import annotations

from collections.abc import Sequence

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.fold.text import clip
from ogive.backends.draw.measure import text_width, widest
from ogive.backends.draw.scene import Arrow, Frame, Line, Mark, Point, Scene, line, straight
from ogive.backends.draw.styles.beside_fit import Found, fitted
from ogive.backends.draw.styles.beside_parts import Part
from ogive.backends.draw.styles.beside_place import (
    FOLDED,
    INSET,
    Framed,
    Lane,
    Placed,
    fork_above,
    join_below,
    leaves_below,
    own_size,
    tail_below,
)
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.about import about

_TURN, _BEND = 4.0, 0.45
"""The radius of an arc's corners, and the part of it that their control points leave."""


def scene(
    subjects: Sequence[Subject], colours: Colours, *, fit: tuple[float, float] | None = None, key: float = 0.0
) -> tuple[Scene, tuple[str, ...]]:
    """The nets side by side, each as open as the space allows at 6 pt, and what a user should know of it.

    Args:
        subjects: the nets, from left to right.
        colours: what paints.
        fit: points that the drawing may be wide and high; a page's height, and any width, unless given.
        key: points below that, which a key takes: of the space that is given, and of what is needed.

    Raises:
        ArchError: E589, the space cannot hold them, however much is folded.
    """
    room = fit or (float("inf"), look.PAGE[1] * 72)
    found = fitted(subjects, colours, room, key)
    return _Drawing(subjects, colours, found).scene(), found.notes()


class _Drawing:
    """A plan as a scene."""

    def __init__(self, subjects: Sequence[Subject], colours: Colours, found: Found) -> None:
        self.subjects = subjects
        self.colours = colours
        self.heads = found.heads
        self.plan = found.plan
        self.type = found.plan.type
        self.frames: list[Frame] = []
        self.arrows: list[Arrow] = []
        self.marks: list[Mark] = []

    def scene(self) -> Scene:
        self.bands()
        self.gutter()
        for number, subject in enumerate(self.subjects):
            self.title(number)
            self.column(number, subject)
        name = " | ".join(clip(subject.name) for subject in self.subjects)
        height = self.plan.height
        return Scene(
            name, self.plan.width, height, tuple(self.frames), tuple(self.arrows), tuple(self.marks),
            alt=self.alt(),
        )  # fmt: skip

    def up(self, y: float) -> float:
        """A height from the top as one from the bottom."""
        return self.plan.height - y

    def text(self, id: str, lines: tuple[Line, ...], at: Point, width: float, left: bool = True) -> None:  # noqa: A002
        """Text with the middle of its height at a point: its left side, or its middle."""
        height = sum(max((run.size for run in one), default=0.0) * 1.2 for one in lines)
        centre = (at[0] + width / 2, self.up(at[1])) if left else (at[0], self.up(at[1]))
        align = "left" if left else "centre"
        self.marks.append(Mark(id, centre, width, height, lines, "bare", align=align))

    # ------------------------------------------------------------------ around the columns

    def bands(self) -> None:
        """Every second row has a ground, from the gutter to the last column."""
        fill, _ = self.colours.frame
        for i, (top, bottom) in enumerate(self.plan.bands):
            if i % 2:
                self.frames.append(
                    Frame(
                        f"row{i}", 0.0, self.up(bottom), self.plan.width, self.up(top),
                        fill=fill, stroke=None, rounded=False,
                    )
                )  # fmt: skip

    def gutter(self) -> None:
        """The sizes, each beside the first boxes of its row."""
        small = self.type.small
        if not self.plan.gutter:
            return
        words = tuple(line(word, small, ink=look.INK_FADED) for word in ("output", "size"))
        width = self.plan.gutter - INSET
        self.text("gutter", words, (INSET, self.plan.titles / 2), width)
        for i, (size, row, top) in enumerate(
            zip(self.plan.sizes, self.plan.rows, self.plan.tops, strict=True)
        ):
            if size:
                height = min(self.plan.placed[c].heights[s.first] for c, s in row.items())
                self.text(f"size{i}", (line(size, small),), (INSET, top + height / 2), width)

    def title(self, number: int) -> None:
        """The name of a column, at the top of the drawing."""
        lines = self.heads[number].lines(self.type)
        middle = self.plan.placed[number].middle
        width = widest(lines)
        self.text(f"c{number}.title", lines, (middle, self.plan.titles / 2), width, left=False)

    def alt(self) -> str:
        """The drawing in words."""
        sizes = [size for size in self.plan.sizes if size]
        names = ", ".join(clip(subject.name) for subject in self.subjects)
        boxes = ", ".join(str(len(p.column.boxes)) for p in self.plan.placed)
        told = f" Sizes of outputs from the top down: {', '.join(sizes)}." if sizes else ""
        side = (
            "side by side, stages of one output size at one height"
            if len(self.subjects) > 1
            else "as a column"
        )
        return f"{names}, {side}: {boxes} boxes.{told}"

    # ------------------------------------------------------------------ a column

    def column(self, number: int, subject: Subject) -> None:
        placed = self.plan.placed[number]
        painted = self.colours.on(subject)
        boxes, x = placed.column.boxes, placed.middle
        for i, part in enumerate(boxes):
            self.box(f"c{number}.b{i}", placed, i, part, subject, painted)
            if i:
                ends = f"c{number}.b{i - 1}", f"c{number}.b{i}"
                self.flow(x, placed.bottom(i - 1), placed.tops[i], *ends)
        if leaves_below(placed):
            last = len(boxes) - 1
            self.flow(x, placed.bottom(last), tail_below(placed, self.type), f"c{number}.b{last}", "")
        for lane in placed.lanes:
            self.arc(number, placed, lane)
        for i, framed in enumerate(placed.frames):
            self.frame(f"c{number}.f{i}", placed, framed)
        self.own_sizes(number, placed)

    def box(self, id: str, placed: Placed, i: int, part: Part, subject: Subject, colours: Colours) -> None:  # noqa: A002
        """A layer, or what is folded into one box."""
        paint = colours.paint(part.kind, part.nodes)
        height = placed.heights[i]
        self.marks.append(
            Mark(
                id, (placed.middle, self.up(placed.tops[i] + height / 2)), placed.width, height,
                placed.lines[i], "round" if "rounded" in paint.style else "box",
                paint.fill, paint.stroke, paint.ink,
                pen=FOLDED if part.folded else look.PEN, dashed="dashed" in paint.style,
                about=about(subject, part.nodes, part.region),
            )
        )  # fmt: skip

    def flow(self, x: float, above: float, below: float, tail: str, end: str) -> None:
        """A straight arrow down, between two heights."""
        tip = self.up(below)
        self.arrow(straight((x, self.up(above)), (x, tip + self.type.head)), (x, tip), "flow", tail, end)

    def arrow(self, points: Sequence[Point], tip: Point, kind: str, tail: str, end: str) -> None:
        """An arrow along control points."""
        stroke = self.colours.line(kind)
        self.arrows.append(
            Arrow(tuple(points), tip, tail, end, stroke.colour, min(stroke.pen, FOLDED), stroke.dashed, kind)
        )

    def arc(self, number: int, placed: Placed, lane: Lane) -> None:
        """A tensor that goes past boxes: out, down and in, with round corners."""
        arc, x, into = lane.arc, placed.left + lane.x, lane.arc.into
        if into is None:
            end, low = placed.middle, join_below(placed, arc.last)
        else:
            end, low = placed.left + placed.width, placed.tops[into] + placed.heights[into] / 2
        top, bottom = self.up(fork_above(placed, arc.first, self.type)), self.up(low)
        turn = min(_TURN, (top - bottom) / 2)
        left, bend = x - turn, _BEND * turn
        curve = (
            *straight((placed.middle, top), (left, top)),
            (x - bend, top), (x, top - bend), *straight((x, top - turn), (x, bottom + turn)),
            (x, bottom + bend), (x - bend, bottom), *straight((left, bottom), (end + self.type.head, bottom)),
        )  # fmt: skip
        reached = arc.last + 1 if into is None else into
        ends = (f"c{number}.b{i}" if 0 <= i < len(placed.tops) else "" for i in (arc.first - 1, reached))
        self.arrow(curve, (end, bottom), arc.style, *ends)

    def frame(self, id: str, placed: Placed, framed: Framed) -> None:  # noqa: A002
        """Boxes that stand for several copies, and how many."""
        bracket = framed.bracket
        top = fork_above(placed, bracket.first, self.type) - framed.beyond + 1.0
        bottom = join_below(placed, bracket.last) + framed.beyond - 1.0
        right = placed.left + framed.right
        self.frames.append(
            Frame(
                id, placed.left - framed.beyond, self.up(bottom), right, self.up(top),
                fill=None, stroke=self.colours.frame[1],
            )
        )  # fmt: skip
        size = self.type.size
        count = line(f"×{bracket.count}", size, bold=True)
        self.text(
            f"{id}.n",
            (count,),
            (right + 2.0, (top + bottom) / 2),
            text_width(f"×{bracket.count}", size, True),
        )

    def own_sizes(self, number: int, placed: Placed) -> None:
        """The sizes of rows in which the columns differ, at the left of this one."""
        for row, size in zip(self.plan.rows, self.plan.own, strict=True):
            if size and number in row and row[number].text:
                first, small = row[number].first, self.type.small
                text = own_size(row[number], self.type)
                width = text_width(text, small)
                at = placed.left - placed.outside - width, placed.tops[first] + placed.heights[first] / 2
                self.text(f"c{number}.size{first}", (line(text, small, ink=look.INK_FADED),), at, width)
