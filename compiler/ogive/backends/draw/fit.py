"""How much of a net a page can show: the depth of folding, and the blocks that are defined beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import replace

from ogive.backends.draw import flow, look
from ogive.backends.draw.clique_ring import frame
from ogive.backends.draw.collapse import collapse, deepest
from ogive.backends.draw.definitions import MOST, definitions, stages
from ogive.backends.draw.picture import Box, Cluster, Item, Picture, Ring, Text, order
from ogive.backends.draw.rolling import Structure
from ogive.backends.draw.rows import condensed, shortened
from ogive.backends.draw.text import Fused

_LINE, _SMALL_LINE, _MARGINS, _GAP, _LABEL = 11.0, 9.0, 5.5, look.RANK_SEP * 72, 6.0
_FRAME, _FRAME_TITLE, _BETWEEN = 14.0, 11.0, 26.0


def fitted(structure: Structure, depth: int | None = None) -> Picture:
    """The most open picture that a page can hold, or the one of that depth.

    Blocks that are folded away in it stand beside it, each once, unless a depth was asked for.
    """
    if depth is not None:
        return capped(collapse(structure, depth))
    top = deepest(structure)
    picture = collapse(structure, top)
    at = top
    kept = _around_cliques(structure)
    while not fits(picture) and (at > 0 or kept):
        if at > 0:
            at -= 1
        else:
            kept = set()  # the rings themselves go beside the overview
        picture = collapse(structure, at, also=kept)
    if at < top:
        picture = _reopened(structure, at, kept, picture)
    if not fits(picture):
        picture = condensed(picture)
    if not fits(picture):
        picture = shortened(picture)
    picture = capped(picture)
    return _defined(structure, picture) if at < top else picture


def _defined(structure: Structure, picture: Picture) -> Picture:
    """The picture with definitions of its blocks, and of its small stages as far as the page has room."""
    found = list(definitions(structure, picture))
    room = estimated_height(picture) - sum(map(_definition_height, found))
    for stage in stages(structure, picture, len(found)):
        room -= _definition_height(stage)
        if room < 0 or len(found) == MOST:
            break
        found.append(stage)
    return replace(picture, definitions=tuple(found))


def _definition_height(picture: Picture) -> float:
    return estimated_height(picture) + _FRAME + _FRAME_TITLE + 0.6 * _BETWEEN


def _around_cliques(structure: Structure) -> set[int]:
    """Cliques and the stages around them: open while all else folds, for a ring says what no box can."""
    regions = structure.graph.regions
    cliques = [r.id for r in regions.values() if r.kind == "clique"]
    return {around.id for id in cliques for around in structure.graph.ancestors(id)}


def _reopened(structure: Structure, depth: int, kept: set[int], picture: Picture) -> Picture:
    """The picture with stages that hold layers of their own open again, all alike or none, while it fits."""
    alike: dict[Hashable, set[int]] = defaultdict(set)
    for box in picture.boxes():
        if not isinstance(box, Box) or box.region is None:
            continue
        region = structure.graph.regions[box.region]
        if region.kind != "stage" or len(structure.rolled(region.id)) < 2:
            continue
        if any(isinstance(r.unit, Fused) for r in structure.rolled(region.id)):
            alike[structure.signature(region, labels=False)].add(region.id)
    for opened in alike.values():
        attempt = collapse(structure, depth, also=kept | opened)
        if fits(attempt):
            picture, kept = attempt, kept | opened
    return picture


def fits(picture: Picture) -> bool:
    """Whether type stays legible on a page, and whether anyone would read that many boxes."""
    rings = any(isinstance(b, Ring) for b in picture.boxes())
    slack = 1.15 if rings else 1.0
    return picture.count <= look.MANY_BOXES and estimated_height(picture) <= slack * look.COLUMN_HEIGHT


def estimated_height(picture: Picture) -> float:
    """Points, without laying anything out: the lines, gaps and frames along the longest path."""
    height: dict[str, float] = {}
    _heights(picture.items, height)
    return flow.longest_path(order(picture.items), picture.edges, height, _GAP, _LABEL)


def _heights(items: tuple[Item, ...], height: dict[str, float]) -> None:
    for item in items:
        if isinstance(item, Cluster):
            _heights(item.items, height)
            ids, title = order(item.items), _FRAME_TITLE + len(item.label) * _SMALL_LINE
            for id, extra in ((ids[0], title + _FRAME / 2), (ids[-1], _FRAME / 2)) if ids else ():
                height[id] += extra
        elif isinstance(item, Ring):
            height[item.source] = 24.0
            height[item.id] = frame(item.body.layers, len(item.lines))[1]
        else:
            height[item.id] = box_height(item)


def box_height(box: Box) -> float:
    """Points."""
    if box.symbol is not None:
        return 14.0
    small = bool(box.text.before) + bool(box.text.after) + len(box.text.label)
    return max(15.0, _LINE + small * _SMALL_LINE + _MARGINS)


def capped(picture: Picture) -> Picture:
    """The picture, or, where it has more than `MOST_BOXES` boxes, one box between its inputs and outputs."""
    total = sum(1 for _ in picture.boxes())
    if total <= look.MOST_BOXES:
        return picture
    ends = [i for i in picture.items if isinstance(i, Box) and i.kind in {"input", "output"}]
    text = Text(f"{total - len(ends)} boxes", after="more than a drawing can hold")
    middle = Box("rest", "conv", text, region=0)
    inputs = [b for b in ends if b.kind == "input"]
    outputs = [b for b in ends if b.kind == "output"]
    known = {b.id for b in inputs}
    into = [replace(e, head="rest") for e in picture.edges if e.tail in known]
    out = [replace(e, tail="rest") for e in picture.edges if any(e.head == b.id for b in outputs)]
    edges = {(e.tail, e.head): e for e in (*into, *out)}
    items = (*inputs, middle, *outputs)
    return Picture(picture.name, items, tuple(edges.values()), spine=frozenset(b.id for b in items))
