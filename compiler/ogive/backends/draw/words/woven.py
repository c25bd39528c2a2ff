"""Boxes and arrows in words: what stands behind what, and what beside: `A; (B; C) beside (D); sum`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import chain

from ogive.backends.draw.scene import Arrow, Mark

_FLOW = {"flow", "skip", "projection", "aux"}


def woven(marks: Sequence[Mark], arrows: Sequence[Arrow], said: Callable[[Mark], str]) -> list[str]:
    """What boxes say, in the order of the arrows.

    What goes out from one box and comes together in another stands side by side, each way in brackets.

    Args:
        marks: boxes, and circles where ways come together, from the top down.
        arrows: between these and others.
        said: what a box says; nothing of it is told where that is empty.

    Returns:
        One after the other: what a box says, or ways side by side.
    """
    return _Weaving(marks, arrows, said).told()


class _Weaving:
    """The ways through boxes. Arrows that lead upwards are left out: there are none but between layers of a
    clique.
    """

    def __init__(self, marks: Sequence[Mark], arrows: Sequence[Arrow], said: Callable[[Mark], str]) -> None:
        place = {mark.id: i for i, mark in enumerate(marks)}
        self.end = len(marks)  # where everything that leads nowhere comes together
        self.said = [*map(said, marks), ""]
        self.circle = [*(mark.shape == "circle" for mark in marks), False]
        self.next: dict[int, dict[int, str]] = defaultdict(dict)  # and by what kind of arrow
        entered: set[int] = set()
        for arrow in arrows:
            tail, head = place.get(arrow.tail), place.get(arrow.end)
            if arrow.kind in _FLOW and tail is not None and head is not None and tail < head:
                self.next[tail][head] = arrow.kind
                entered.add(head)
        for i in range(len(marks)):
            if not self.next[i]:
                self.next[i] = {self.end: "flow"}
        self.first = [i for i in range(len(marks)) if i not in entered]
        self.seen: set[int] = {self.end}
        self.after = self._after()

    def _after(self) -> list[set[int]]:
        """By box: those that every way from it passes, itself among them."""
        after: list[set[int]] = [set() for _ in self.said]
        after[self.end] = {self.end}
        for i in reversed(range(self.end)):
            ways = [after[head] for head in self.next[i]]
            after[i] = {i, *set[int].intersection(*ways)}
        return after

    def told(self) -> list[str]:
        """Everything, from where nothing enters."""
        return self._beside([(i, "flow") for i in self.first], after=None)

    def _way(self, at: int, stop: int) -> list[str]:
        """What is told from a box to where ways come together again, which is not told."""
        found: list[str] = []
        while at != stop and at not in self.seen:
            self.seen.add(at)
            found += filter(None, [self.said[at]])
            ways = list(self.next[at].items())
            if len(ways) > 1:
                meet = min(set[int].intersection(*(self.after[head] for head, _ in ways)))
                found += self._beside(ways, after=meet)
                at = meet
            else:
                at = ways[0][0]
        if at not in {stop, self.end} and self.said[at]:  # where another way has been already
            found.append(f"into {'the ' if self.circle[at] else ''}{self.said[at]}")
        return found

    def _beside(self, ways: Sequence[tuple[int, str]], after: int | None) -> list[str]:
        """Ways side by side, up to where they meet; a way without boxes is what entered."""
        if not ways:
            return []
        meet = min(set[int].intersection(*(self.after[head] for head, _ in ways))) if after is None else after
        found: list[list[str]] = []
        bare: list[str] = []
        for head, kind in ways:
            if head == meet:
                gate = self.said[meet] == "product"
                bare.append("what entered" if gate or kind != "skip" else "a skip connection")
            else:
                found.append(self._way(head, meet))
        rows = [row for row in found if row]
        if len(rows) + len(bare) < 2 or (not rows and len(set(bare)) == 1):
            parts = list(chain.from_iterable(rows))
        else:
            bracketed = [f"({'; '.join(row)})" if rows and len(row) > 1 else row[0] for row in rows]
            parts = [" beside ".join([*bracketed, *dict.fromkeys(bare)])]
        return parts if after is not None else [*parts, *self._way(meet, self.end)]
