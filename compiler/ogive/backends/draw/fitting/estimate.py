"""How large a picture becomes, without laying it out: what need not be tried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ogive.backends.draw import clique_ring, measure
from ogive.backends.draw.colours import look
from ogive.backends.draw.fold import flow
from ogive.backends.draw.fold.picture import ENTRY, Box, Cluster, Edge, Item, Picture, Ring, order
from ogive.backends.draw.layout import labels
from ogive.backends.draw.scene import Scene

_LINE, _SMALL_LINE, _MARGINS, _GAP, _LABEL = 11.0, 9.0, 5.5, look.RANK_SEP * 72, 6.0
_FRAME, _FRAME_TITLE = 14.0, 11.0
_CIRCLE, _BESIDE = 14.0, look.NODE_SEP * 72


def estimated(picture: Picture) -> list[Scene]:
    """Empty scenes of about the sizes of the overview and its definitions: a layout for who has none."""
    found = [Scene(picture.name, estimated_width(picture), estimated_height(picture))]
    for part in picture.definitions:
        width, height = estimated_width(part) + _FRAME, estimated_height(part) + _FRAME + _FRAME_TITLE
        found.append(Scene(part.name, width, height))
    return found


def estimated_height(picture: Picture) -> float:
    """Points: the lines, gaps and frames along the longest path."""
    height: dict[str, float] = {}
    _heights(picture.items, height)
    gap = _GAP * (look.TIGHT if picture.tight else 1.0)
    return flow.longest_path(order(picture.items), picture.edges, height, gap, _LABEL)


def estimated_width(picture: Picture) -> float:
    """Points: the boxes that stand in the fullest row, were each as far up as it may; no room for arrows."""
    boxes = order(picture.items)
    width: dict[str, float] = dict.fromkeys(boxes, 20.0)
    for box in picture.boxes():
        if isinstance(box, Box):
            width[box.id] = box_width(box, picture.narrow)
        else:
            width[box.id] = clique_ring.frame(box.body.layers, 0)[0]
    rows: dict[int, list[float]] = defaultdict(list)
    for id, row in _rows(boxes, picture.edges).items():
        rows[row].append(width[id])
    return max((sum(row) + _BESIDE * (len(row) - 1) for row in rows.values()), default=0.0)


def alone_in_row(picture: Picture) -> frozenset[str]:
    """The boxes that have their row for themselves."""
    rows: dict[int, list[str]] = defaultdict(list)
    for id, row in _rows(order(picture.items), picture.edges).items():
        rows[row].append(id)
    return frozenset(ids[0] for ids in rows.values() if len(ids) == 1)


def _rows(boxes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """The row of each box: one below all that it follows."""
    place = {id: i for i, id in enumerate(boxes)}
    before: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        if place[edge.tail] < place[edge.head]:
            before[edge.head].append(edge.tail)
    row: dict[str, int] = {}
    for id in boxes:
        row[id] = 1 + max((row[tail] for tail in before[id]), default=-1)
    return row


def _heights(items: tuple[Item, ...], height: dict[str, float]) -> None:
    for item in items:
        if isinstance(item, Cluster):
            _heights(item.items, height)
            ids, title = order(item.items), _FRAME_TITLE + len(item.label) * _SMALL_LINE
            for id, extra in ((ids[0], title + _FRAME / 2), (ids[-1], _FRAME / 2)) if ids else ():
                height[id] += extra
        elif isinstance(item, Ring):
            height[item.source] = 24.0
            height[item.id] = clique_ring.frame(item.body.layers, len(item.lines))[1]
        else:
            height[item.id] = box_height(item)


def box_height(box: Box) -> float:
    """Points."""
    if box.symbol is not None:
        return 2 * look.DOT if box.kind == ENTRY else _CIRCLE
    small = len(box.text.before.splitlines()) + len(box.text.after.splitlines()) + len(box.text.label)
    large = max(1, len(box.text.title.splitlines()))
    return max(15.0, large * _LINE + small * _SMALL_LINE + _MARGINS)


def box_width(box: Box, narrow: bool = False) -> float:
    """Points."""
    if box.symbol is not None:
        return _CIRCLE
    badge = measure.text_width(f" ×{box.badge}", look.BADGE, bold=True) if box.badge > 1 else 0.0
    least, side = look.NARROW_BOX if narrow else look.BOX
    return max(least, measure.widest(labels.box_lines(box)) + badge + 2 * side)
