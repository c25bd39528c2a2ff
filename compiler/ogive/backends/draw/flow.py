"""What the edges of a picture are: which go past others, and which boxes all flow passes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from ogive.backends.draw.picture import Edge


def mark_skips(edges: Sequence[Edge], thin: frozenset[str]) -> list[Edge]:
    """Gives the style `skip` to every flow edge that goes past a longer way between the same boxes.

    `thin` are boxes that only pass a tensor on (a crop): an edge into one is a skip when the edge out of it is.
    """
    after: dict[str, list[str]] = defaultdict(list)
    into: dict[str, list[Edge]] = defaultdict(list)
    for e in edges:
        after[e.tail].append(e.head)
        into[e.head].append(e)

    def past(tail: str, head: str, way: frozenset[str]) -> bool:
        """Whether there is another way from `tail` to `head` than straight, or over `way`."""
        stack = [h for h in after[tail] if h != head and h not in way]
        seen = set(stack)
        while stack:
            at = stack.pop()
            if at == head:
                return True
            for following in after[at]:
                if following not in seen:
                    seen.add(following)
                    stack.append(following)
        return False

    skips: set[int] = set()
    for head, incoming in list(into.items()):
        if len(incoming) < 2:
            continue
        for e in incoming:
            way: list[Edge] = [e]
            while way[-1].tail in thin and len(into[way[-1].tail]) == 1:
                way.append(into[way[-1].tail][0])
            if e.style == "flow" and past(way[-1].tail, head, frozenset(w.tail for w in way[:-1])):
                skips |= {id(w) for w in way}
    return [replace(e, style="skip", label="") if id(e) in skips else e for e in edges]


def spine(order: Sequence[str], edges: Sequence[Edge]) -> frozenset[str]:
    """The boxes that every way through the picture passes, skips and heads aside. `order` is topological."""
    place = {id: i for i, id in enumerate(order)}
    kept = [e for e in edges if e.style == "flow" and place[e.tail] < place[e.head]]
    leaving = {e.tail for e in kept}
    last = max((place[e.head] for e in kept if e.head not in leaving), default=0)
    reach = _reaching(order, kept, last)
    covered = [0] * (len(order) + 1)
    for e in kept:
        if e.head in reach and e.tail in reach:
            covered[place[e.tail] + 1] += 1
            covered[place[e.head]] -= 1
    alone: set[str] = set()
    open_edges = 0
    for i, id in enumerate(order):
        open_edges += covered[i]
        if open_edges == 0 and id in reach:
            alone.add(id)
    return frozenset(alone)


def _reaching(order: Sequence[str], edges: Sequence[Edge], last: int) -> set[str]:
    """The boxes from which the last one is reached: without heads and other dead ends."""
    before: dict[str, list[str]] = defaultdict(list)
    for e in edges:
        before[e.head].append(e.tail)
    reach = {order[last]} if order else set[str]()
    stack = list(reach)
    while stack:
        for tail in before[stack.pop()]:
            if tail not in reach:
                reach.add(tail)
                stack.append(tail)
    return reach


def longest_path(order: Sequence[str], edges: Sequence[Edge], height: dict[str, float], gap: float) -> float:
    """How tall a picture is when every edge points down: the sum of heights along its longest path."""
    place = {id: i for i, id in enumerate(order)}
    incoming: dict[str, list[str]] = defaultdict(list)
    for e in edges:
        if place[e.tail] < place[e.head]:
            incoming[e.head].append(e.tail)
    bottom: dict[str, float] = {}
    for id in order:
        bottom[id] = height[id] + max((bottom[t] + gap for t in incoming[id]), default=0.0)
    return max(bottom.values(), default=0.0)
