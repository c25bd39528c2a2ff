"""How much of a net a page can show: the depth of folding, and the blocks that are defined beside it."""

from __future__ import annotations

from dataclasses import replace

from ogive.backends.draw import flow, look
from ogive.backends.draw.clique_ring import side
from ogive.backends.draw.collapse import collapse, deepest, order
from ogive.backends.draw.definitions import definitions
from ogive.backends.draw.picture import Box, Cluster, Item, Picture, Ring, Text
from ogive.backends.draw.rolling import Structure

_LINE, _SMALL_LINE, _MARGINS, _GAP = 9.4, 7.6, 6.0, look.RANK_SEP * 72
_FRAME, _FRAME_TITLE = 14.0, 11.0


def fitted(structure: Structure, depth: int | None = None) -> Picture:
    """The most open picture that a page can hold, or the one of that depth.

    Blocks that are folded away in it stand beside it, each once, unless a depth was asked for.
    """
    if depth is not None:
        return capped(collapse(structure, depth))
    top = deepest(structure)
    picture = collapse(structure, top)
    at = top
    while at > 0 and not fits(picture):
        at -= 1
        picture = collapse(structure, at)
    picture = capped(picture)
    return replace(picture, definitions=definitions(structure, picture)) if at < top else picture


def fits(picture: Picture) -> bool:
    """Whether type stays legible when the picture is made as tall as a page, and whether anyone would read it."""
    return picture.count <= look.MANY_BOXES and estimated_height(picture) <= look.COLUMN_HEIGHT


def estimated_height(picture: Picture) -> float:
    """Points, without laying anything out: the lines, gaps and frames along the longest path."""
    height: dict[str, float] = {}
    _heights(picture.items, 0.0, height)
    return flow.longest_path(order(picture.items), picture.edges, height, _GAP)


def _heights(items: tuple[Item, ...], _: float, height: dict[str, float]) -> None:
    for item in items:
        if isinstance(item, Cluster):
            _heights(item.items, 0.0, height)
            ids = order(item.items)
            for id, extra in ((ids[0], _FRAME_TITLE + _FRAME / 2), (ids[-1], _FRAME / 2)) if ids else ():
                height[id] += extra
        elif isinstance(item, Ring):
            height[item.source] = 24.0
            height[item.id] = side(item.body.layers) + 2 * _GAP
        else:
            height[item.id] = box_height(item)


def box_height(box: Box) -> float:
    """Points."""
    if box.symbol is not None:
        return 14.0
    small = bool(box.text.before) + bool(box.text.after)
    return max(15.0, _LINE + small * _SMALL_LINE + _MARGINS)


def capped(picture: Picture) -> Picture:
    """The picture with at most `MOST_BOXES` boxes: neighbours in a chain are put together, or all becomes one box."""
    total = sum(1 for _ in picture.boxes())
    if total <= look.MOST_BOXES:
        return picture
    ends = [i for i in picture.items if isinstance(i, Box) and i.kind in {"input", "output"}]
    middle = Box("rest", "conv", Text(f"{total - len(ends)} boxes", after="more than a drawing can hold; draw a part"), region=0)
    edges = [replace(e, head="rest") for e in picture.edges if any(e.tail == b.id and b.kind == "input" for b in ends)]
    edges += [replace(e, tail="rest") for e in picture.edges if any(e.head == b.id and b.kind == "output" for b in ends)]
    inputs = [b for b in ends if b.kind == "input"]
    outputs = [b for b in ends if b.kind == "output"]
    unique = {(e.tail, e.head): e for e in edges}
    return Picture(picture.name, (*inputs, middle, *outputs), tuple(unique.values()))
