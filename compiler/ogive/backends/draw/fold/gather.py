"""Parallel boxes that say the same, in one: five heads with shared weights, with an arrow from each level.

`DenseHead 256→36  ×5` stands for five uses on five tensors. Boxes are put together only where no cycle comes
of it, so never boxes of which one leads to another.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from ogive.backends.draw.fold import flow
from ogive.backends.draw.fold.picture import Box, Edge, Item, Picture, Text, order
from ogive.backends.draw.fold.rows import form
from ogive.backends.draw.fold.text import clip, ranged


def gathered(picture: Picture, loosely: bool = False) -> Picture:
    """The picture with its parallel folded boxes that are alike in one, and then the outputs of these.

    Args:
        picture: as it is.
        loosely: whether they may differ in their channels.
    """
    folded = [b for b in picture.items if isinstance(b, Box) and b.region is not None]
    past = {e.head for e in picture.edges if e.style == "skip"}
    whole: set[str] = set()
    for group in _groups(folded, form if loosely else lambda box: (box.kind, box.text, box.badge, box.form)):
        first = group[0]
        text = replace(first.text, title=ranged([b.text.title for b in group]))
        nodes, every = (
            tuple(n for b in group for n in names(b)) for names in (attrgetter("nodes"), attrgetter("every"))
        )
        badge = sum(b.badge for b in group)
        before = picture
        picture = _merged(picture, group, replace(first, text=text, nodes=nodes, every=every, badge=badge))
        if picture is not before and past.isdisjoint(b.id for b in group):
            whole.add(first.id)
    tails = {e.head: e.tail for e in picture.edges}
    into = Counter(e.head for e in picture.edges)
    outputs = [b for b in picture.items if isinstance(b, Box) and b.kind == "output" and into[b.id] == 1]
    for group in _groups(outputs, lambda box: tails[box.id]):
        title = clip(f"{group[0].text.title} … {group[-1].text.title}")
        picture = _merged(picture, group, replace(group[0], text=Text(title)))
    # each of these arrows leads to another part of the box: none of them goes past what is read there
    edges = [replace(e, style="flow") if e.head in whole and e.style == "skip" else e for e in picture.edges]
    return replace(picture, edges=tuple(edges))


def _groups(boxes: Sequence[Box], key: Callable[[Box], Hashable]) -> list[list[Box]]:
    found: dict[Hashable, list[Box]] = defaultdict(list)
    for box in boxes:
        found[key(box)].append(box)
    return [group for group in found.values() if len(group) > 1]


def _merged(picture: Picture, group: Sequence[Box], whole: Box) -> Picture:
    """The picture with one box for a group, or as it was where a cycle would come of it."""
    members = {b.id for b in group}
    if any(e.tail in members and e.head in members for e in picture.edges):
        return picture
    edges: dict[tuple[str, str], Edge] = {}
    for e in picture.edges:
        ends = tuple(whole.id if id in members else id for id in (e.tail, e.head))
        known = edges.get((ends[0], ends[1]))
        label = e.label if known is None or known.label == e.label else ""
        edges[ends[0], ends[1]] = replace(e, tail=ends[0], head=ends[1], label=label)
    kept = [
        whole if i.id == whole.id else i for i in picture.items if i.id == whole.id or i.id not in members
    ]
    holder = {id: i.id for i in kept for id in order((i,))}
    sorted_items = _in_order(kept, [(holder[tail], holder[head]) for tail, head in edges])
    if sorted_items is None:
        return picture
    lines = [replace(e, style="flow") if e.style == "skip" else e for e in edges.values()]
    lines = flow.mark_skips(lines, frozenset())
    spine = flow.spine(order(sorted_items), lines)
    return replace(picture, items=tuple(sorted_items), edges=tuple(lines), spine=spine)


def _in_order(items: Sequence[Item], edges: Sequence[tuple[str, str]]) -> list[Item] | None:
    """The items so that every arrow leads on, as far as possible as they were; None: they are on a cycle."""
    place: Mapping[str, int] = {item.id: i for i, item in enumerate(items)}
    after: dict[str, set[str]] = defaultdict(set)
    for tail, head in edges:
        if tail != head:  # within a frame all is in order
            after[tail].add(head)
    left = Counter(head for heads in after.values() for head in heads)
    ready = [i for i, item in enumerate(items) if not left[item.id]]
    found: list[Item] = []
    while ready:
        item = items[heapq.heappop(ready)]
        found.append(item)
        for head in after[item.id]:
            left[head] -= 1
            if not left[head]:
                heapq.heappush(ready, place[head])
    return found if len(found) == len(items) else None
