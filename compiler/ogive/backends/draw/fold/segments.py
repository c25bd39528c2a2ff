"""The last resort: what stands between two boxes that all flow passes, in one box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ogive.backends.draw.fold import flow
from ogive.backends.draw.fold.contents import contents
from ogive.backends.draw.fold.picture import Box, Edge, Item, Picture, Ring, Text, leaves, order
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import clip

_FEW = 3
"""So few boxes are not put together."""
_LONGEST = 44


def segmented(picture: Picture, structure: Structure) -> Picture:
    """The picture with each stretch in which flow divides in one box, which says how much is in it."""
    place = {id: i for i, id in enumerate(order(picture.items))}
    passed = [0] * (len(place) + 1)  # how many arrows go past each box
    for e in picture.edges:
        first, last = sorted((place[e.tail], place[e.head]))
        for at, step in ((first + 1, 1), (last, -1)):
            passed[at] += step
    ends = {e.head for e in picture.edges} & {e.tail for e in picture.edges}
    stretches: list[list[Item]] = [[]]
    open_edges = 0
    for item in picture.items:
        alone = True
        for id in order((item,)):
            open_edges += passed[place[id]]
            alone = alone and open_edges == 0 and id in ends
        if alone and isinstance(item, Box):
            stretches.append([])
        elif not isinstance(item, Box) or item.kind not in {"input", "output", "title"}:
            stretches[-1].append(item)
    for stretch in stretches:
        if sum(1 for _ in leaves(tuple(stretch))) > _FEW:
            picture = _merged(picture, stretch, structure)
    return picture


def _merged(picture: Picture, stretch: Sequence[Item], structure: Structure) -> Picture:
    """The picture with a stretch of its items in one box, which stands where the first of them did."""
    inside = list(leaves(tuple(stretch)))
    boxes = [b for b in inside if isinstance(b, Box)]
    members = set(order(stretch))
    titles = Counter(b.definition or b.text.title for b in boxes if b.symbol is None)
    for box in boxes:
        titles[box.definition or box.text.title] += box.badge - 1
    most = ", ".join(f"{title} ×{n}" if n > 1 else title for title, n in titles.most_common(2))
    kind = Counter(b.kind for b in boxes).most_common(1)[0][0] if boxes else "conv"
    nodes = tuple(n for b in boxes for n in b.nodes)
    every = tuple(n for b in boxes for n in b.every) + tuple(
        n for b in inside if isinstance(b, Ring) for turn in b.members for n in turn
    )
    defines = tuple(dict.fromkeys(r for b in boxes for r in b.defines))
    text = Text(contents(structure, inside), after=clip(most, _LONGEST))
    whole = Box(inside[0].id, kind, text, nodes, 0, defines=defines, every=every)
    edges: dict[tuple[str, str], Edge] = {}
    for e in picture.edges:
        tail, head = (whole.id if id in members else id for id in (e.tail, e.head))
        if tail != head and (tail, head) not in edges:
            edges[tail, head] = replace(e, tail=tail, head=head)
    first = stretch[0]
    gone = {item.id for item in stretch[1:]}
    items = tuple(whole if item is first else item for item in picture.items if item.id not in gone)
    lines = [replace(e, style="flow") if e.style == "skip" else e for e in edges.values()]
    lines = flow.mark_skips(lines, frozenset())
    return replace(picture, items=items, edges=tuple(lines), spine=flow.spine(order(items), lines))
