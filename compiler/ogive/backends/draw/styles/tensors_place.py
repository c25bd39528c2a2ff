"""Where the boxes of a tensor figure stand: columns from left to right, in rows by resolution or by length.

A row has a line through the middles of its boxes. Boxes keep as far apart as the arrows and the labels
between them need. Where resolution changes in a U, the next box stands below or above the one before, in
another row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from ogive.backends.draw.measure import text_width
from ogive.backends.draw.styles.tensors_boxes import GAP, LABEL, LINE, Body

Turn = Literal["start", "right", "down", "up", "wrap"]
SHORTEST = 11.0
"""Points: the shortest arrow."""
_APART = 3.5
"""Points between labels."""
_BESIDE = 3.0
"""Points between a label and the arrow that it makes way for."""
_NAMED = 6.0
"""Points that a name reaches to the right of its box: further on there may be an arc."""
_UNDER = -3.0
"""Points from an arrow to what is written below it."""
_SHAFT = 9.0
"""Points of an arrow from above or below that labels keep clear of."""
_ROWS = 5.0
"""Points between rows."""
_WRAP = 22.0
"""Points between rows that go on from one another."""


class Rect(NamedTuple):
    """A rectangle; of a row: relative to its line."""

    left: float
    bottom: float
    right: float
    top: float

    def moved(self, dx: float, dy: float) -> Rect:
        """The same, elsewhere."""
        return Rect(self.left + dx, self.bottom + dy, self.right + dx, self.top + dy)

    def touches(self, other: Rect, apart: float = 0.0) -> bool:
        """Whether two are at the same height, and less than so far apart."""
        return (
            self.left < other.right + apart and other.left < self.right + apart
            and self.bottom < other.top and other.bottom < self.top
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """Lines of text; `at` is their rectangle, `arrow` whether they are about an arrow, and not a box."""

    lines: tuple[str, ...]
    at: Rect
    bold: bool = False
    arrow: bool = False

    @classmethod
    def around(
        cls, x: float, bottom: float, lines: Sequence[str], align: float = 0.5, bold: bool = False
    ) -> Said:
        """Text above a height; `x` is its left side at `align` 0, its middle at 0.5, its right side at 1."""
        width = max(text_width(text, LABEL, bold) for text in lines)
        left = x - width * align
        return cls(tuple(lines), Rect(left, bottom, left + width, bottom + LINE * len(lines)), bold)

    def moved(self, dx: float, dy: float) -> Said:
        """The same, elsewhere."""
        return replace(self, at=self.at.moved(dx, dy))


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wished of a box and of the arrow that leads to it.

    Attributes:
        body: the box.
        row: in which it stands.
        turn: how the arrow leads to it.
        leaves: how the next arrow leaves it.
        least: how long that arrow is at least, along a row.
        tag: over the arrow: what tells it from others.
        times: over the arrow: how often.
        below: lines under it: what it does.
        name: of an input or output, over the box.
        hung: whether its sizes stand at its lower left, out of the way of arrows below.
        sized: whether its sizes are written below it.
        counted: whether its channels are written above it.
    """

    body: Body
    row: int
    turn: Turn
    leaves: Turn = "right"
    least: float = SHORTEST
    tag: str = ""
    times: str = ""
    below: tuple[str, ...] = ()
    name: str = ""
    hung: bool = False
    sized: bool = True
    counted: bool = True

    @property
    def leaves_upwards(self) -> bool:
        """Whether an arrow goes straight up from it: not where it is alone in its row, and arrows bend."""
        return self.leaves == "up" and self.turn == "right"


@dataclass
class Placed:
    """A box in its place, and all that is written at it.

    Attributes:
        wish: what was wished.
        x: of the middle of what is no copy.
        y: of its row's line.
        said: the texts; of its row until the rows have their places.
        bent: whether the box stands to the right of the one before, in another row, and the arrow bends.
    """

    wish: Wish
    x: float
    y: float = 0.0
    said: list[Said] = field(default_factory=list)
    bent: bool = False

    @property
    def left(self) -> float:
        """The x of its left side."""
        return self.x - self.wish.body.own

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.left + self.wish.body.width

    @property
    def top(self) -> float:
        """The y of its upper side."""
        return self.y + self.wish.body.height / 2

    @property
    def bottom(self) -> float:
        """The y of its lower side."""
        return self.y - self.wish.body.height / 2

    @property
    def box(self) -> Rect:
        """Its rectangle."""
        return Rect(self.left, self.bottom, self.right, self.top)

    def ceiling(self, x: float) -> float:
        """The y above what is written over it at an x."""
        over = (s.at for s in self.said if s.at.bottom >= self.y)
        return max([self.top, *(at.top for at in over if at.left - 1 < x < at.right + 1)])


class Placing:
    """Boxes one after the other. `rows` holds what stands in each row, relative to its line."""

    def __init__(self, wishes: Sequence[Wish]) -> None:
        self.placed: list[Placed] = []
        self.rows: dict[int, list[Rect]] = {wish.row: [] for wish in wishes}
        for wish in wishes:
            self._add(wish)

    # ------------------------------------------------------------------ along the rows

    def _add(self, wish: Wish) -> None:
        before = self.placed[-1] if self.placed else None
        one = Placed(wish, wish.body.own)
        if before is not None and wish.turn == "right":
            one.x += before.right + self._gap(wish)
        elif before is not None and wish.turn in {"up", "down"}:
            one.x = before.x
            if before.wish.turn != "right":  # alone in its row: steps, and not a tower
                self._bend(one, before)
        while (over := self._overlap(one, self._rects(one, before), before)) > 0:
            one.x += over
            if before is not None and wish.turn in {"up", "down"} and not one.bent:
                if before.wish.turn == "right":
                    self._push(before, over)
                else:
                    self._bend(one, before)
        self._keep(one, before)

    def _bend(self, one: Placed, before: Placed) -> None:
        """Moves a box aside, so that the arrow to it goes down and to the right, or to the right and up."""
        one.bent = True
        if one.wish.turn == "down":
            one.x = max(one.x, before.x + SHORTEST + one.wish.body.own)
        else:
            one.x = max(one.x, before.right + SHORTEST)

    def _keep(self, one: Placed, before: Placed | None) -> None:
        self.placed.append(one)
        self.rows[one.wish.row] += self._rects(one, before)

    def _push(self, last: Placed, by: float) -> None:
        """Moves the last box to the right, so that the next can stand straight below or above it."""
        self.placed.pop()
        before = self.placed[-1]
        count = len(self._rects(last, before))
        del self.rows[last.wish.row][-count:]
        last.x += by
        self._keep(last, before)

    def _gap(self, wish: Wish) -> float:
        texts = [text_width(text, LABEL, bold=True) + 4 for text in (wish.tag, wish.times)]
        texts += [text_width(text, LABEL) + 4 for text in wish.below]
        return max([wish.least, *texts])

    def _rects(self, one: Placed, before: Placed | None) -> list[Rect]:
        one.said = _texts(one, before)
        return [one.box, *(said.at for said in one.said), *_shafts(one)]

    def _overlap(self, one: Placed, rects: Sequence[Rect], before: Placed | None) -> float:
        """How much further right a box has to go; 0 where it can stand."""
        over = 0.0
        if one.wish.turn in {"up", "down"}:  # room for what comes from the left along the row
            rects = [Rect(one.left - SHORTEST, one.box.bottom, one.right, one.box.top), *rects]
        for there in self.rows[one.wish.row]:
            for rect in rects:
                if rect.touches(there, _APART):
                    over = max(over, there.right + _APART - rect.left)
        if before is not None and one.wish.turn in {"up", "down"}:
            first, last = sorted((before.wish.row, one.wish.row))
            shaft = Rect(one.x - 2, -1e6, one.x + 2, 1e6)
            for row in range(first + 1, last):
                for there in self.rows.get(row, ()):
                    if shaft.touches(there):
                        over = max(over, there.right + _APART - shaft.left)
        return over + 0.01 if over > 0 else 0.0

    # ------------------------------------------------------------------ the rows themselves

    def settle(self, ceilings: dict[int, float]) -> None:
        """Gives the rows their places, the lowest from y = 0.

        Args:
            ceilings: by row: how far up arcs reach, relative to its line.
        """
        order = sorted(self.rows, reverse=True)
        line: dict[int, float] = {}
        top = 0.0
        for row in order:
            rects = self.rows[row]
            low = min((r.bottom for r in rects), default=0.0)
            gap = 0.0 if row == order[0] else self._between(row)
            line[row] = top + gap - low
            top = line[row] + max([ceilings.get(row, 0.0), *(r.top for r in rects)])
        for one in self.placed:
            one.y = line[one.wish.row]
            one.said = [said.moved(0.0, one.y) for said in one.said]
        self.height = top

    def _between(self, row: int) -> float:
        wraps = any(one.wish.turn == "wrap" and one.wish.row == row + 1 for one in self.placed)
        return _WRAP if wraps else _ROWS


def _shafts(one: Placed) -> list[Rect]:
    """The ends of the arrows that come from above or below, and go there."""
    half = one.wish.body.height / 2
    found: list[Rect] = []
    if one.wish.leaves == "down" or one.wish.turn == "up":
        found.append(Rect(one.x - 1.5, -half - _SHAFT, one.x + 1.5, -half))
    if one.wish.leaves_upwards or (one.wish.turn == "down" and not one.bent):
        over = GAP + LINE if one.wish.leaves_upwards and one.wish.body.channels else 0.0
        found.append(Rect(one.x - 1.5, half + over, one.x + 1.5, half + over + _SHAFT))
    return found


def _texts(one: Placed, before: Placed | None) -> list[Said]:
    """What is written at a box and at the arrow that leads to it, relative to the row's line."""
    wish, body, half = one.wish, one.wish.body, one.wish.body.height / 2
    middle = (one.left + one.right) / 2
    found: list[Said] = []
    over = half + GAP
    if (wish.counted or one.bent) and body.channels:
        if wish.leaves_upwards:
            said = Said.around(one.x, over, [body.channels])  # and the arrow begins above it
        elif wish.turn == "down" and not one.bent:
            said = Said.around(one.x - _BESIDE, over, [body.channels], 1.0)
        else:
            said = Said.around(middle, over, [body.channels])
        found.append(said)
        over += LINE
    under = -half - GAP
    if wish.sized and body.sizes:
        under -= LINE * len(body.sizes)
        hangs = one.x - _BESIDE, under, body.sizes, 1.0
        found.append(Said.around(*hangs) if wish.hung else Said.around(middle, under, body.sizes))
    if wish.name:
        under = min(under, _UNDER - LINE * len(wish.below)) - LINE
        low = over if wish.turn in {"start", "up"} else under  # an arc may end above, an arrow below
        found.append(Said.around(one.right + _NAMED, low, [wish.name], 1.0))
    if before is not None and wish.turn == "right":
        gap = (before.right + one.left) / 2
        if wish.times:
            found.append(_at_arrow(Said.around(gap, 2.5, [wish.times], bold=True)))
        if wish.tag:
            found.append(_at_arrow(Said.around(gap, 2.5 + (LINE if wish.times else 0.0), [wish.tag])))
        if wish.below:
            found.append(_at_arrow(Said.around(gap, _UNDER - LINE * len(wish.below), wish.below)))
    return found


def _at_arrow(said: Said) -> Said:
    return replace(said, arrow=True)
