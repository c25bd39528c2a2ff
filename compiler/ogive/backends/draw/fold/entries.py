"""Where the copies of a roll take what the copy before gave: one dot in the frame, from which it goes out.

`residual` in a `repeat`: the first copy adds what enters the roll, every other what the copy before it gave.
An arrow from the tensor outside to the + in the frame would say that all copies add the same tensor, which is
what a recurrent layer does (Liang & Hu 2015), whose feed-forward input is added in every turn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ogive.backends.draw.fold.picture import ENTRY, Box, Cluster, Edge, Item, Text
from ogive.backends.draw.fold.rolling import Rolled
from ogive.graph import Graph

Ends = tuple[str, str]
"""The ids of the boxes at the two ends of an arrow."""
Entering = dict[Ends, frozenset[int]]
"""By arrow: the rolls that it enters from outside with what their copies hand on."""
Link = tuple[Edge, str]
"""An arrow, and the shape that it carries."""


def carried_on(graph: Graph, rolled: Rolled) -> frozenset[tuple[int, int]]:
    """The operands, by the place of their node in a copy and their own, that copies take from the last."""
    first, second = rolled.copies[0], rolled.copies[1]
    given = frozenset(first)
    return frozenset(
        (place, slot)
        for place, name in enumerate(second)
        for slot, ref in enumerate(graph.operands(name))
        if ref.node in given
    )


def with_entries(
    items: tuple[Item, ...],
    links: Sequence[Link],
    entering: Entering,
    frames: Mapping[int, str],
    new_id: Callable[[], str],
) -> tuple[tuple[Item, ...], list[Link]]:
    """The same with a dot in each frame that a tensor handed on from copy to copy enters by several arrows.

    Args:
        items: with the frames of the rolls.
        links: the arrows, each with the shape that it carries.
        entering: the rolls that arrows enter so.
        frames: by roll, outermost first: the id of its frame; none where one box stands for its copies.
        new_id: makes the id of a dot.
    """
    found = list(links)
    rolls = dict(entering)
    dots: dict[str, list[Box]] = defaultdict(list)
    for roll, frame in sorted(frames.items()):
        inside: dict[str, list[Ends]] = defaultdict(list)
        for edge, _ in found:
            ends = edge.tail, edge.head
            if edge.style != "aux" and roll in rolls.get(ends, ()):
                inside[edge.tail].append(ends)
        for tail, arrows in inside.items():
            if len(arrows) < 2 or any(dot.id == tail for dot in dots[frame]):
                continue
            dot = Box(new_id(), ENTRY, Text(""), symbol="")
            dots[frame].append(dot)
            rolls |= {(dot.id, head): rolls[tail, head] for _, head in arrows}
            found = _through(found, dot.id, frozenset(arrows))
    return _placed(items, dots), found


def _through(links: Sequence[Link], dot: str, arrows: frozenset[Ends]) -> list[Link]:
    """The arrows, those that are named over a dot, which comes before the first of them."""
    found: list[Link] = []
    led = False
    for edge, carried in links:
        if (edge.tail, edge.head) not in arrows:
            found.append((edge, carried))
            continue
        if not led:
            found.append((Edge(edge.tail, dot), carried))
            led = True
        found.append((replace(edge, tail=dot), carried))
    return found


def _placed(items: tuple[Item, ...], dots: Mapping[str, Sequence[Box]]) -> tuple[Item, ...]:
    """The items with the dots first in their frames."""
    return tuple(
        replace(item, items=(*dots.get(item.id, ()), *_placed(item.items, dots)))
        if isinstance(item, Cluster)
        else item
        for item in items
    )
