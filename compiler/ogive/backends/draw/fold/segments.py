"""The last resort: what stands between two boxes that all flow passes, in one box."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from ogive.backends.draw.fold import flow
from ogive.backends.draw.fold.contents import contents
from ogive.backends.draw.fold.picture import Box, Edge, Item, Picture, Ring, Text, leaves, order
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.rows import form
from ogive.backends.draw.fold.text import clip, ranged

_FEW = 3
"""So few boxes are not put together."""
_LONGEST = 44
_TOLD = 2
"""So many of the things in it are named."""


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
    told = [b for b in boxes if b.symbol is None]
    most, kinds = _most(told), Counter(b.kind for b in told or boxes)
    kind = kinds.most_common(1)[0][0] if boxes else "conv"
    if woven := _woven(picture, told, {b.id for b in boxes if b.symbol is not None}):
        most = f"{most}\n{woven}" if most else woven
    nodes = tuple(n for b in boxes for n in b.nodes)
    every = tuple(n for b in boxes for n in b.every) + tuple(
        n for b in inside if isinstance(b, Ring) for turn in b.members for n in turn
    )
    defines = tuple(dict.fromkeys(r for b in boxes for r in b.defines))
    text = Text(contents(structure, inside), after=most)
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


def _most(boxes: Sequence[Box]) -> str:
    """What boxes say: `1×1 conv, 4 … 10` where they differ in channels alone, else what most of them say."""
    if len(boxes) > 1 and len({(form(b), b.badge) for b in boxes}) == 1:
        return clip(ranged([b.text.title for b in boxes]), _LONGEST)
    titles = Counter[str]()
    for box in boxes:
        titles[box.definition or box.text.title] += box.badge
    said = ", ".join(f"{title} ×{n}" if n > 1 else title for title, n in titles.most_common(_TOLD))
    return clip(f"{said}, …" if len(titles) > _TOLD else said, _LONGEST)


def _woven(picture: Picture, boxes: Sequence[Box], circles: Collection[str]) -> str:
    """How boxes read each other, where they are no row: what a single box would otherwise not tell."""
    before: dict[str, list[str]] = defaultdict(list)
    for e in picture.edges:
        before[e.head].append(e.tail)
    earlier: set[str] = set()
    every = len(boxes) > _FEW
    for box in boxes:
        read, stack = set[str](), list(before[box.id])
        while stack:  # back through the circles, in which tensors come together
            at = stack.pop()
            if at not in read:
                read.add(at)
                stack += before[at] if at in circles else []
        every = every and earlier <= read
        earlier.add(box.id)
    if every:
        return "each reads all before it"
    members = earlier | set(circles)
    skips = any(e.style in {"skip", "projection"} and e.head in members for e in picture.edges)
    return "with skips" if skips else ""
