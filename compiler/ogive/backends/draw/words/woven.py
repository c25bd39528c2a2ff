"""Boxes and arrows in words: what stands behind what, and what beside: `A; (B; C) beside (D); sum`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import chain

from ogive.backends.draw.scene import Arrow, Mark
from ogive.backends.draw.words.outline import listed

_FLOW = {"flow", "skip", "projection", "aux"}


def woven(
    marks: Sequence[Mark],
    arrows: Sequence[Arrow],
    said: Callable[[Mark], str],
    called: Callable[[Mark], str] | None = None,
) -> list[str]:
    """What boxes say, in the order of the arrows.

    What goes out from one box and comes together in another stands side by side, each way in brackets. Where
    ways cross, so that there is no such order, each box is told with those that it takes from.

    Args:
        marks: boxes, and circles where ways come together, from the top down.
        arrows: between these and others.
        said: what a box says; nothing of it is told where that is empty.
        called: what a box is called where it is spoken of again; as `said` unless given.

    Returns:
        One after the other: what a box says, or ways side by side.
    """
    weaving = _Weaving(_ordered(marks, arrows), arrows, said, called or said)
    told = weaving.told()
    return weaving.steps() if weaving.crossed else told


def _ordered(marks: Sequence[Mark], arrows: Sequence[Arrow]) -> list[Mark]:
    """The marks, each behind all from which arrows lead to it; else, and among those of a cycle, as given."""
    waiting = {mark.id: mark for mark in marks}
    before: dict[str, set[str]] = defaultdict(set)
    for arrow in arrows:
        if arrow.kind in _FLOW and arrow.tail in waiting and arrow.end in waiting:
            before[arrow.end].add(arrow.tail)
    found: list[Mark] = []
    while waiting:
        ready = (mark for mark in waiting.values() if not before[mark.id] & waiting.keys())
        mark = next(ready, None) or next(iter(waiting.values()))
        found.append(waiting.pop(mark.id))
    return found


class _Weaving:
    """The ways through boxes. Arrows that lead upwards are left out: there are none but between layers of a
    clique.

    `crossed` says, after `told`, whether a way led into another's middle.
    """

    def __init__(
        self,
        marks: Sequence[Mark],
        arrows: Sequence[Arrow],
        said: Callable[[Mark], str],
        called: Callable[[Mark], str],
    ) -> None:
        place = {mark.id: i for i, mark in enumerate(marks)}
        self.end = len(marks)  # where everything that leads nowhere comes together
        self.said = [*map(said, marks), ""]
        self.called = list(map(called, marks))
        self.circle = [*(mark.shape == "circle" for mark in marks), False]
        self.next: dict[int, dict[int, str]] = defaultdict(dict)  # and by what kind of arrow
        self.before: dict[int, list[int]] = defaultdict(list)
        for arrow in arrows:
            tail, head = place.get(arrow.tail), place.get(arrow.end)
            if arrow.kind in _FLOW and tail is not None and head is not None and tail < head:
                if head not in self.next[tail]:
                    self.before[head].append(tail)
                self.next[tail][head] = arrow.kind
        for i in range(len(marks)):
            if not self.next[i]:
                self.next[i] = {self.end: "flow"}
        self.first = [i for i in range(len(marks)) if not self.before[i]]
        self.seen: set[int] = {self.end}
        self.crossed = False
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
        if at not in {stop, self.end}:  # where another way has been already
            self.crossed = True
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
        for same in self._meeting([way for way in ways if way[0] != meet], meet):
            if len(same) == 1:
                found.append(self._way(same[0][0], meet))
                continue
            inner = min(set[int].intersection(*(self.after[head] for head, _ in same)))
            found.append([*self._beside(same, after=inner), *self._way(inner, meet)])
        rows = [row for row in found if row]
        if len(rows) + len(bare) < 2 or (not rows and len(set(bare)) == 1):
            parts = list(chain.from_iterable(rows))
        else:
            bracketed = [f"({'; '.join(row)})" if rows and len(row) > 1 else row[0] for row in rows]
            parts = [" beside ".join([*bracketed, *dict.fromkeys(bare)])]
        return parts if after is not None else [*parts, *self._way(meet, self.end)]

    def _meeting(self, ways: Sequence[tuple[int, str]], stop: int) -> list[list[tuple[int, str]]]:
        """Ways that come together with each other before all do, in groups; the others each alone."""
        groups: list[list[tuple[int, str]]] = []
        for way in ways:
            mine = {i for i in self.after[way[0]] if i < stop}
            same = next((g for g in groups if mine & self.after[g[0][0]]), None)
            if same is None:
                groups.append([way])
            else:
                same.append(way)
        return groups

    def steps(self) -> list[str]:
        """Each box by itself: `sum of A and B`, `C from A`; without a word where it takes the one before."""
        found: list[str] = []
        waiting, last = list(range(self.end)), -1
        while waiting:
            ready = [i for i in waiting if not set(self.before[i]) & set(waiting)]
            at = next((i for i in ready if last in self.before[i]), ready[0])
            waiting.remove(at)
            if self.said[at]:
                sources = self._sources(at)
                goes_on = sources == [last] or not sources or not found
                names = dict.fromkeys(self.called[i] or "what entered" for i in sources)
                word = "of" if self.circle[at] else "from"
                found.append(self.said[at] if goes_on else f"{self.said[at]} {word} {listed(list(names))}")
                last = at
        return found

    def _sources(self, at: int) -> list[int]:
        """The boxes that one takes from, seen through those that say nothing, unless they are the first."""
        found: list[int] = []
        for i in self.before[at]:
            silent = not self.said[i] and self.before[i]
            found += self._sources(i) if silent else [i]
        return list(dict.fromkeys(found))
