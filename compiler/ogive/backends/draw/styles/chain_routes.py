"""The arrows of a chain: along the lane, down its stacks, past other parts, and from row to row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

from ogive.backends.draw.colours import look
from ogive.backends.draw.curves import Point
from ogive.backends.draw.fold.picture import Edge
from ogive.backends.draw.scene import Mark
from ogive.backends.draw.styles.chain_columns import Plan
from ogive.backends.draw.styles.chain_parts import Part
from ogive.backends.draw.styles.sketch import Sketch

_MARGIN = 8.0
"""From the parts of a row to an arrow that goes around them."""
_TRACK, GUTTER = 7.0, 6.0
"""Between two such arrows: above a row or at the left, and below a row."""
_ASIDE_PEN = 0.6
"""Of arrows to what gathers several columns, such as heads: thinner and lighter than the flow."""
_ASIDE = 2.5
"""From the middle of a part to where a skip reaches it from the left."""
_PORT = 5.0
"""From the middle of a part to where an arrow leaves or reaches it from above."""


class Routes:
    """Draws arrows between parts that have their places.

    Args:
        sketch: into which.
        plan: which part is in which column.
        placed: the parts.
        rows: the columns of each row.
        bottoms: of all that is in a row.
    """

    def __init__(
        self,
        sketch: Sketch,
        plan: Plan,
        placed: Mapping[str, Part],
        rows: Sequence[Sequence[int]],
        bottoms: Sequence[float],
    ) -> None:
        self.sketch, self.plan, self.placed = sketch, plan, placed
        self.bottoms = bottoms
        self.rows = {column: number for number, columns in enumerate(rows) for column in columns}
        self.where = plan.where()
        self.tops = [
            max(placed[id].outline.top for c in columns for id in plan.columns[c].lane) for columns in rows
        ]
        self.left = min(part.outline.left for part in placed.values())
        self.above: list[list[tuple[float, float, int]]] = [[] for _ in rows]  # from, to, and which track
        self.gutters = [0] * len(rows)
        self.margins = 0

    def draw(self, edges: Sequence[Edge]) -> None:
        """All arrows; those that go past others last, the shortest lowest."""
        far = sorted(edges, key=lambda e: abs(self.where[e.head][0] - self.where[e.tail][0]))
        for edge in far:
            self.edge(edge)

    def edge(self, edge: Edge) -> None:
        """One arrow."""
        (a, a_kind, a_at), (b, b_kind, b_at) = self.where[edge.tail], self.where[edge.head]
        hangs = a_kind == "lane" and b_kind == "below" and b_at == 0 and self.is_last(edge.tail)
        if a == b and ((a_kind == b_kind and b_at == a_at + 1) or hangs):
            self.down(edge)
        elif b_kind == "below":
            self.join(edge)
        elif self.rows[a] != self.rows[b]:
            self.to_next_row(edge)
        elif b == a + 1 and self.at_level(edge.tail) and self.at_level(edge.head):
            self.along(edge)
        elif b == a:
            self.around(edge)
        else:
            self.over(edge)

    def is_last(self, part: str) -> bool:
        """Whether nothing of the lane stands below a part."""
        return self.plan.columns[self.where[part][0]].lane[-1] == part

    def at_level(self, part: str) -> bool:
        """Whether a part stands at the level of the flow."""
        column, kind, place = self.where[part]
        return kind == "lane" and self.plan.columns[column].level == place

    # ------------------------------------------------------------------ kinds of ways

    def line(self, edge: Edge, points: Sequence[Point], tail: str, end: str) -> None:
        """An arrow of the kind that the edge is."""
        pen, stroke = look.PEN, None
        if edge.style == "flow" and self.gathers(edge):
            pen, stroke = _ASIDE_PEN, self.sketch.colours.edge("source")
        dashed = edge.style == "projection"
        self.sketch.line(points, edge.style, tail, end, dashed=dashed, pen=pen, stroke=stroke)

    def gathers(self, edge: Edge) -> bool:
        """Whether an arrow leads from one column to what hangs below another."""
        (a, _, _), (b, kind, _) = self.where[edge.tail], self.where[edge.head]
        return a != b and kind == "below"

    def along(self, edge: Edge) -> None:
        """To the next column."""
        (a, tail), (b, end) = self.placed[edge.tail].leave, self.placed[edge.head].enter
        self.line(edge, [a, b], tail, end)

    def down(self, edge: Edge) -> None:
        """To what stands below."""
        a, b = self.placed[edge.tail].outline, self.placed[edge.head].outline
        x = b.centre[0]
        self.line(edge, [(x, a.bottom), (x, b.top)], a.id, b.id)

    def join(self, edge: Edge) -> None:
        """Down, and then from the left into what hangs below another column."""
        a, b = self.placed[edge.tail].outline, self.placed[edge.head].outline
        (a_column, _, _), (b_column, _, _) = self.where[edge.tail], self.where[edge.head]
        below = _ASIDE if edge.style == "skip" else 0.0  # not on the flow, which may come the same way
        y = b.centre[1] - below
        reached = b.left
        if below and b.shape == "circle":
            reached = b.centre[0] - sqrt((b.width / 2) ** 2 - below**2)
        if a_column >= b_column and a.left < b.right:
            self.around(edge)
            return
        x = self.free(edge.tail)
        if self.rows[a_column] == self.rows[b_column]:
            self.line(edge, [(x, a.bottom), (x, y), (reached, y)], a.id, b.id)
            return
        gutter, margin = self.gutter(self.rows[a_column]), self.margin()
        points = [(x, a.bottom), (x, gutter), (margin, gutter), (margin, y), (reached, y)]
        self.line(edge, points, a.id, b.id)

    def free(self, part: str) -> float:
        """Where an arrow can leave a part downwards, past what hangs below it."""
        column, kind, place = self.where[part]
        below = self.plan.columns[column].below[place + 1 if kind == "below" else 0 :]
        own = self.placed[part].outline
        if not below:
            return own.centre[0]
        left = min(self.placed[other].outline.left for other in below)
        return max(own.left + 3, min(own.centre[0], left - _PORT))

    def sides(self, column: int) -> tuple[float, float]:
        """How far all in a column reaches to the left and right."""
        held = [
            self.placed[id].outline
            for id in (*self.plan.columns[column].lane, *self.plan.columns[column].below)
        ]
        return min(mark.left for mark in held), max(mark.right for mark in held)

    def to_next_row(self, edge: Edge) -> None:
        """At the end of a row around it to the next; from anywhere else below the row, and from above."""
        (a, _, _), (b, _, _) = self.where[edge.tail], self.where[edge.head]
        tail, head = self.placed[edge.tail], self.placed[edge.head]
        row, other = self.rows[a], self.rows[b]
        first = self.rows.get(b - 1) != other
        if b == a + 1 and first and self.at_level(edge.tail) and self.at_level(edge.head):
            (start, start_id), (end, end_id) = tail.leave, head.enter
            aside, gutter, margin = self.sides(a)[1] + _MARGIN, self.gutter(row), self.left - _MARGIN
            points = [start, (aside, start[1]), (aside, gutter), (margin, gutter), (margin, end[1]), end]
            self.line(edge, points, start_id, end_id)
            return
        x0, x1 = self.free(edge.tail), _port(head.outline, -_PORT)
        gutter = self.gutter(row)
        points = [(x0, tail.outline.bottom), (x0, gutter)]
        if other > row + 1:
            margin = self.margin()
            points += [(margin, gutter), (margin, self.gutter(other - 1))]
        points += [(x1, points[-1][1]), (x1, head.outline.top)]
        self.line(edge, points, tail.outline.id, head.outline.id)

    def over(self, edge: Edge) -> None:
        """Above what is between, within a row."""
        a, b = self.placed[edge.tail].outline, self.placed[edge.head].outline
        row = self.rows[self.where[edge.tail][0]]
        x0, x1 = _port(a, _PORT), _port(b, -_PORT)
        y = self.tops[row] + _MARGIN - 2 + _TRACK * self.track(row, min(x0, x1), max(x0, x1))
        self.line(edge, [(x0, a.top), (x0, y), (x1, y), (x1, b.top)], a.id, b.id)

    def around(self, edge: Edge) -> None:
        """Past others of its own column, at their right."""
        a, b = self.placed[edge.tail].outline, self.placed[edge.head].outline
        x = max(self.sides(self.where[edge.tail][0])[1], b.right) + _PORT
        ya, yb = a.centre[1] - min(_PORT, a.height / 4), b.centre[1]
        self.line(edge, [(a.right, ya), (x, ya), (x, yb), (b.right, yb)], a.id, b.id)

    # ------------------------------------------------------------------ tracks

    def track(self, row: int, left: float, right: float) -> int:
        """The lowest track above a row that is free there."""
        over = {track for low, high, track in self.above[row] if low < right + 2 and high > left - 2}
        track = next(n for n in range(len(over) + 1) if n not in over)
        self.above[row].append((left, right, track))
        return track

    def gutter(self, row: int) -> float:
        """The next track below a row."""
        self.gutters[row] += 1
        return self.bottoms[row] - _MARGIN - GUTTER * (self.gutters[row] - 1)

    def margin(self) -> float:
        """The next track at the left of all rows."""
        self.margins += 1
        return self.left - _MARGIN - _TRACK * self.margins


def _port(mark: Mark, aside: float) -> float:
    """Where an arrow leaves or reaches a part from above: beside the middle, unless it is a circle."""
    return mark.centre[0] + (0.0 if mark.shape == "circle" else aside)
