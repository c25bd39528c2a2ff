"""Modules of branches, as an Inception's: which boxes begin them, and where they come together again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ogive.backends.draw.fold.picture import Cluster, Item, Picture, order

_FEWEST = 3
"""Of two branches one is the main one, which stands straight, and the other beside it."""


class Fork(NamedTuple):
    """Branches: the box that they leave, the first box of each, and the one that all of them reach."""

    tail: str
    begins: tuple[str, ...]
    join: str

    @property
    def middle(self) -> str:
        """The id of what keeps the middle between an even number of them free."""
        return f"{self.join}.middle"


def forks(picture: Picture) -> list[Fork]:
    """The modules of at least three branches, each of which ends where all do, and none of which forks."""
    after: dict[str, list[str]] = defaultdict(list)
    before: dict[str, list[str]] = defaultdict(list)
    for edge in picture.edges:
        if edge.style not in {"title", "source"}:
            after[edge.tail].append(edge.head)
            before[edge.head].append(edge.tail)
    flow = {(edge.tail, edge.head) for edge in picture.edges if edge.style == "flow"}
    frame = _frames(picture.items)
    found: list[Fork] = []
    for tail in order(picture.items):
        heads = [head for head in after[tail] if (tail, head) in flow and before[head] == [tail]]
        by_frame: dict[str, list[str]] = defaultdict(list)
        for head in heads:
            by_frame[frame[head]].append(head)
        for begins in by_frame.values():
            joins = {_end(head, after, before) for head in begins}
            join = joins.pop() if len(joins) == 1 else None
            if join is not None and len(begins) >= _FEWEST:
                found.append(Fork(tail, tuple(begins), join))
    return found


def _end(at: str, after: Mapping[str, Sequence[str]], before: Mapping[str, Sequence[str]]) -> str | None:
    """Where a branch reaches a box that others reach, too; None: it forks or ends before."""
    while len(before.get(at, ())) == 1:
        following = after.get(at, ())
        if len(following) != 1:
            return None
        (at,) = following
    return at


def _frames(items: Sequence[Item], inside: str = "") -> dict[str, str]:
    """By box: the innermost frame around it."""
    found: dict[str, str] = {}
    for item in items:
        if isinstance(item, Cluster):
            found.update(_frames(item.items, item.id))
        else:
            found.update(dict.fromkeys(order((item,)), inside))  # of a ring, the layer above it, too
    return found
