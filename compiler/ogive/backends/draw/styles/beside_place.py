"""Columns and rows to a scene: where every box, arc and size stands. Lengths are points.

Boxes of a row begin at one height. Between two boxes there is room for an arrow's head, and more where an arc
comes back (`join`, right below a box) or leaves (`fork`, right above one), and at the end of a block, whether
or not an arc is there: so the layers of a plain net stand beside those of the residual one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ogive.backends.draw.measure import text_width, widest
from ogive.backends.draw.scene import Line
from ogive.backends.draw.styles.beside_column import Arc, Bracket, Column
from ogive.backends.draw.styles.beside_rows import Row, Stretch
from ogive.backends.draw.styles.beside_type import Type

_JOIN, _FORK, _FRAME, _ROW = 2.2, 1.8, 3.0, 2.0
"""What the end of an arc adds between two boxes, and its start; a frame's side; the step to a new row."""
INSET = 3.0
"""Between the sizes in the gutter and the side of the drawing."""
FOLDED = 1.2
"""The pen of boxes that stand for several layers: less than in larger drawings, for boxes are small here."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Where an arc runs: the x of its lane, from the left side of its column's boxes."""

    arc: Arc
    x: float


@dataclass(frozen=True, slots=True)
class Framed:
    """Where a bracket's frame ends, from the left side of its column's boxes, and how much it goes beyond."""

    bracket: Bracket
    right: float
    beyond: float


@dataclass
class Placed:
    """A column with its places. y grows downwards from the top of the drawing.

    Attributes:
        column: what stands there.
        lines: the text of each box.
        width: of its boxes.
        left: the x of their left sides.
        tops: of its boxes; `heights` likewise.
        lanes: of its arcs.
        frames: of its brackets.
        right: points to the right of its boxes that its arcs and frames take.
        margin: points to the left of them that sizes and frames take.
        outside: where sizes of its own end, from there.
    """

    column: Column
    lines: list[tuple[Line, ...]]
    width: float
    heights: list[float]
    left: float = 0.0
    right: float = 0.0
    margin: float = 0.0
    outside: float = 4.0
    tops: list[float] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    frames: list[Framed] = field(default_factory=list)

    @property
    def middle(self) -> float:
        """The x of the line that its flow follows."""
        return self.left + self.width / 2

    def bottom(self, box: int) -> float:
        """Of a box."""
        return self.tops[box] + self.heights[box]


@dataclass(frozen=True)
class Plan:
    """All places of a drawing.

    Attributes:
        type: the sizes of type.
        placed: the columns.
        rows: what stands at one height.
        tops: of the rows.
        bands: where each row begins and ends, for what lies behind it.
        gutter: points for sizes at the left; 0: there are none.
        sizes: what stands in the gutter, row by row.
        own: whether the columns of a row differ, and each says its size.
        width: of the drawing; `height` likewise.
        titles: the height of what stands above the columns.
    """

    type: Type
    placed: tuple[Placed, ...]
    rows: tuple[Row, ...]
    tops: tuple[float, ...]
    bands: tuple[tuple[float, float], ...]
    gutter: float
    sizes: tuple[str, ...]
    own: tuple[bool, ...]
    width: float
    height: float
    titles: float


def plan(
    columns: Sequence[Column], rows: Sequence[Row], heads: Sequence[Sequence[Line]], type_: Type, even: bool
) -> Plan:
    """Gives everything its place.

    Args:
        columns: the nets.
        rows: what stands at one height.
        heads: the lines above each column.
        type_: the sizes of type.
        even: whether the boxes of all columns are equally wide.
    """
    placed = [_column(column, type_) for column in columns]
    if even:
        widest_ = max(p.width for p in placed)
        for p in placed:
            p.width = widest_
    sizes = [_common(row) for row in rows]
    for number, (p, head) in enumerate(zip(placed, heads, strict=True)):
        _sideways(p, type_)
        p.outside = p.margin + (4.0 if type_.room is None else 2.0)
        over = (widest(head) - p.width) / 2
        p.margin, p.right = max(p.margin, over), max(p.right, over)
        own = [text_width(own_size(row[number], type_), type_.small)
               for row, size in zip(rows, sizes, strict=True) if size is None and number in row]  # fmt: skip
        p.margin = max(p.margin, p.outside + max(own, default=0.0)) if any(own) else p.margin
    texts = [size or "" for size in sizes]
    gutter = max(text_width(text, type_.small) for text in (*texts, "output")) + INSET if any(texts) else 0.0
    x = gutter + (type_.apart / 2 if gutter else 0.0) + INSET
    for p in placed:
        p.left = x + p.margin
        x = p.left + p.width + p.right + type_.apart
    titles = max(sum(part[0].size * 1.2 for part in head) for head in heads)
    titles = max(titles, 2.4 * type_.small) if gutter else titles
    tops, bands, height = _downwards(placed, rows, type_, titles + 6.0)
    return Plan(
        type_, tuple(placed), tuple(rows), tops, bands, gutter, tuple(texts), tuple(s is None for s in sizes),
        x - type_.apart + INSET, height, titles,
    )  # fmt: skip


def _common(row: Row) -> str | None:
    """The size that all columns of a row have; None where they differ, and each says its own."""
    texts = list(dict.fromkeys(stretch.text for _, stretch in sorted(row.items()) if stretch.text))
    if len(texts) <= 1:
        return texts[0] if texts else ""
    return None


def own_size(stretch: Stretch, type_: Type) -> str:
    """What a column says of its own size: the first, where columns stand close; `55²` where text is cut."""
    if type_.room is None:
        return stretch.text.partition(" → ")[0] if type_.tight else stretch.text
    side, *others = stretch.text.partition(" → ")[0].split("×")
    square = len(others) in (1, 2) and set(others) == {side} and side.isalnum()
    return f"{side}{'²³'[len(others) - 1]}" if square else "×".join([side, *others])


def _column(column: Column, type_: Type) -> Placed:
    lines = [type_.lines(part) for part in column.boxes]
    width = max(map(widest, lines), default=0.0)
    return Placed(column, lines, width + 2 * type_.sides, [type_.height(part) for part in column.boxes])


def _sideways(placed: Placed, type_: Type) -> None:
    """Lanes for the arcs and frames for the brackets of a column: what is inside stands further inside."""
    reach: list[tuple[int, int, float]] = []  # first box, last box, how far to the right it is taken
    held = [(arc.last - arc.first, 0, arc.first, arc) for arc in placed.column.arcs]
    frames = [(b.last - b.first, 1, b.first, b) for b in placed.column.brackets]
    depth: dict[tuple[int, int], int] = {}
    for _, _, _, one in sorted([*held, *frames], key=lambda each: each[:3]):
        last = one.last + 1 if isinstance(one, Arc) and one.into is not None else one.last
        inner = [x for a, b, x in reach if a <= last and one.first <= b]
        if isinstance(one, Arc):
            x = max([placed.width + type_.lane, *(x + type_.lane for x in inner)])
            placed.lanes.append(Lane(one, x))
        else:
            inside = [d for (a, b), d in depth.items() if one.first <= a and b <= one.last]
            depth[one.first, one.last] = 1 + max(inside, default=0)
            beyond = _FRAME * depth[one.first, one.last]
            right = max([placed.width + beyond, *(x + 3.5 for x in inner)])
            placed.frames.append(Framed(one, right, beyond))
            x = right + 2.0 + text_width(f"×{one.count}", type_.size, bold=True)
            placed.margin = max(placed.margin, beyond)
        reach.append((one.first, last, x))
        placed.right = max(placed.right, x - placed.width)


def _downwards(
    placed: Sequence[Placed], rows: Sequence[Row], type_: Type, top: float
) -> tuple[tuple[float, ...], tuple[tuple[float, float], ...], float]:
    """The tops of boxes and rows, where the bands of rows meet, and the height of all."""
    for p in placed:
        p.tops = [0.0] * len(p.column.boxes)
    tops: list[float] = []
    meet = [top - 2.0]
    end = top
    for row in rows:
        before = max((gap_above(placed[i], s.first, type_) for i, s in row.items() if s.first), default=0.0)
        start = end + before + (_ROW if tops else 0.0)
        if tops:
            meet.append((end + start - type_.head) / 2)
        tops.append(start)
        for i, stretch in row.items():
            y = start
            for box in range(stretch.first, stretch.last + 1):
                y += gap_above(placed[i], box, type_) if box > stretch.first else 0.0
                placed[i].tops[box] = y
                y += placed[i].heights[box]
            end = max(end, y)
    tails = [tail_below(p, type_) for p in placed if leaves_below(p)]
    end = max([end, *tails])
    meet.append(end + 2.0)
    return tuple(tops), tuple(pairwise(meet)), end + 2.0


def leaves_below(placed: Placed) -> bool:
    """Whether an arc or a frame ends below the last box."""
    last = len(placed.column.boxes) - 1
    arcs = any(arc.last == last and arc.into is None for arc in placed.column.arcs)
    return arcs or any(bracket.last == last for bracket in placed.column.brackets)


def gap_above(placed: Placed, box: int, type_: Type) -> float:
    """The least room between a box and the one above it."""
    boxes, column = placed.column.boxes, placed.column
    above, here = (boxes[box - 1].group, boxes[box].group) if box else (0, 0)
    sizes = {
        group: sum(part.group == group for part in boxes[max(box - 2, 0) : box + 2])
        for group in (above, here)
    }
    joined = any(arc.last == box - 1 and arc.into is None for arc in column.arcs)
    joined = joined or (above != here and above != 0 and sizes[above] > 1)
    forked = any(arc.first == box for arc in column.arcs)
    forked = forked or (above != here and here != 0 and sizes[here] > 1)
    frames = sum((b.last == box - 1) + (b.first == box) for b in column.brackets)
    return type_.gap + _JOIN * joined + _FORK * forked + _FRAME * frames


def tail_below(placed: Placed, type_: Type) -> float:
    """The y at which the flow ends that goes on below the last box."""
    last = len(placed.column.boxes) - 1
    frames = [framed.beyond for framed in placed.frames if framed.bracket.last == last]
    return join_below(placed, last) + max(frames, default=0.0) + type_.gap + 1.0


def join_below(placed: Placed, box: int) -> float:
    """The y at which an arc comes back that passes this box last."""
    return placed.bottom(box) + _JOIN - 0.4


def fork_above(placed: Placed, box: int, type_: Type) -> float:
    """The y at which an arc leaves that passes this box first."""
    return placed.tops[box] - type_.head - 0.8
