"""What the edges of a picture are: which go past others, and which boxes all flow passes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ogive.backends.draw.fold.picture import Edge
from ogive.graph import Graph, Ref


def often(graph: Graph, name: str, ref: Ref) -> int:
    """How often what joins tensors takes one: twice in `x -> add(x)`. An attention's are told by its name."""
    operands = list(graph.operands(name))
    joins = graph.node(name).layer.look(graph.operand_types(name)).kind == "merge"
    return operands.count(ref) if joins else 1


def mark_skips(edges: Sequence[Edge], thin: frozenset[str]) -> list[Edge]:
    """Gives the style `skip` to every flow edge that goes past a longer way between the same boxes.

    `thin` are boxes that only pass a tensor on (a crop): an edge into one is a skip if the edge out of it is.
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
    """The boxes that stand in one line, skips and heads aside. `order` is topological.

    They are those that every way through the picture passes, and between two of them the longest way, where
    it is at least three times as long as what is beside it (no branch of an Inception is the main one).
    """
    place = {id: i for i, id in enumerate(order)}
    kept = [e for e in edges if e.style in {"flow", "source"} and place[e.tail] < place[e.head]]
    leaving = {e.tail for e in kept}
    last = max((place[e.head] for e in kept if e.head not in leaving), default=0)
    reach = _reaching(order, kept, last)
    kept = [e for e in kept if e.tail in reach and e.head in reach]
    covered = [0] * (len(order) + 1)
    for e in kept:
        covered[place[e.tail] + 1] += 1
        covered[place[e.head]] -= 1
    incoming: dict[str, list[str]] = defaultdict(list)
    for e in kept:
        incoming[e.head].append(e.tail)
    longest = set(_longest([id for id in order if id in reach], incoming))
    chosen: set[str] = set()
    main: list[str] = []
    beside: list[str] = []
    open_edges = 0
    for i, id in enumerate(order):
        open_edges += covered[i]
        if id not in reach:
            continue
        if open_edges > 0:
            (main if id in longest else beside).append(id)
            continue
        if main and len(main) >= 3 * len(_longest(beside, incoming)):
            chosen.update(main)
        chosen.add(id)
        main, beside = [], []
    return frozenset(chosen)


def _longest(boxes: Sequence[str], incoming: Mapping[str, Sequence[str]]) -> list[str]:
    """The longest path over those boxes, which are in order; `incoming` are the boxes before each."""
    length: dict[str, int] = {}
    before: dict[str, str | None] = {}
    for id in boxes:
        tails = [tail for tail in incoming.get(id, ()) if tail in length]
        best = max(tails, key=length.__getitem__, default=None)
        before[id] = best
        length[id] = 1 + (length[best] if best is not None else 0)
    at = max(length, key=lambda id: length[id], default=None)
    path: list[str] = []
    while at is not None:
        path.append(at)
        at = before[at]
    return path


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


def longest_path(
    order: Sequence[str], edges: Sequence[Edge], height: dict[str, float], gap: float, label: float
) -> float:
    """How tall a picture is when every edge points down: heights and gaps along its longest path.

    Args:
        order: of the boxes; topological.
        edges: of the picture.
        height: of every box.
        gap: between a box and the next.
        label: what a label on an edge adds to it.
    """
    place = {id: i for i, id in enumerate(order)}
    incoming: dict[str, list[Edge]] = defaultdict(list)
    for e in edges:
        if place[e.tail] < place[e.head]:
            incoming[e.head].append(e)
    bottom: dict[str, float] = {}
    for id in order:
        above = (bottom[e.tail] + gap + (label if e.label else 0.0) for e in incoming[id])
        bottom[id] = height[id] + max(above, default=0.0)
    return max(bottom.values(), default=0.0)
