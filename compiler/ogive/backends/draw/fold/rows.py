"""Long rows of layers that no program grouped: what repeats in them in one box, with the range of its widths.

`3×3 conv, 8 … 10  ×300` stands for 300 convolutions; what is before and behind it stays as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from ogive.backends.draw.fold import flow
from ogive.backends.draw.fold.contents import contents
from ogive.backends.draw.fold.picture import Box, Item, Picture, Text, order
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import clip, ranged

_LONG_ROW = 5
_LONGEST_PERIOD = 6
_NUMBER = re.compile(r"\d+")
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Boxes of a row from `start`, `times` turns of `period` boxes."""

    start: int
    period: int
    times: int


def condensed(picture: Picture) -> Picture:
    """The picture with what repeats in each long row, numbers aside, in one box."""
    groups: list[tuple[Box, list[Box]]] = []
    for row in _rows(picture):
        for stretch in _stretches([form(b) for b in row]):
            boxes = row[stretch.start : stretch.start + stretch.period * stretch.times]
            groups.append((_repeated(boxes, stretch.period), boxes))
    return _joined(picture, groups)


def shortened(picture: Picture, structure: Structure) -> Picture:
    """The picture with each long row in one box, which counts what is in it, and says the first and the last.

    What follows the last layer of the kind that the row has most is not part of it: the head of a net.
    """
    groups: list[tuple[Box, list[Box]]] = []
    for row in _rows(picture):
        kind = Counter(b.kind for b in row).most_common(1)[0][0]
        last = max(i for i, b in enumerate(row) if b.kind == kind)
        boxes = row[: last + 1]
        if len(boxes) < _LONG_ROW:
            continue
        about = Text(contents(structure, boxes), after=f"{boxes[0].text.title}  …  {boxes[-1].text.title}")
        groups.append((_merged(boxes, about, 1, kind), boxes))
    return _joined(picture, groups)


def _rows(picture: Picture) -> list[list[Box]]:
    """The chains of at least `_LONG_ROW` boxes."""
    into, out = Counter(e.head for e in picture.edges), Counter(e.tail for e in picture.edges)
    joined = {(e.tail, e.head) for e in picture.edges if out[e.tail] == 1 and into[e.head] == 1}
    rows: list[list[Box]] = []
    last: Item | None = None
    for item in picture.items:
        if isinstance(item, Box) and _is_layers(item):
            if last and (last.id, item.id) in joined:
                rows[-1].append(item)
            else:
                rows.append([item])
            last = item
        else:
            last = None
    return [row for row in rows if len(row) >= _LONG_ROW]


def _is_layers(box: Box) -> bool:
    return box.symbol is None and box.kind not in {"input", "output"}


def form(box: Box) -> Hashable:
    """What boxes share that differ in channels at most: kernels and strides count, a name does, and so does
    all that is folded into them.
    """
    name, comma, rest = box.text.title.partition(", ")
    title = (name if box.region is None else _NUMBER.sub("#", name)) + comma + _widths(rest)
    return box.kind, title, box.text.before, box.text.after, box.text.label, box.region is None, box.form


def _widths(rest: str) -> str:
    """`64, /2` to `#, /2`."""
    return ", ".join("#" if part.isdecimal() else part for part in rest.split(", "))


def _stretches(forms: Sequence[Hashable]) -> list[_Stretch]:
    """From the left, the stretches that repeat with a small period, each as long as it goes."""
    found: list[_Stretch] = []
    at = 0
    while at < len(forms):
        best = _Stretch(at, 1, 1)
        for period in range(1, _LONGEST_PERIOD + 1):
            end = at + period
            while end < len(forms) and forms[end] == forms[end - period]:
                end += 1
            times = (end - at) // period
            if times > 1 and period * times > best.period * best.times:
                best = _Stretch(at, period, times)
        if best.period * best.times >= _LONG_ROW:
            found.append(best)
            at += best.period * best.times
        else:
            at += 1
    return found


def _repeated(boxes: Sequence[Box], period: int) -> Box:
    """One box for all: its title has ranges of numbers; with a longer period, a title for each in turn."""
    turns = [boxes[i::period] for i in range(period)]
    if period == 1:
        text = replace(boxes[0].text, title=ranged([b.text.title for b in boxes]))
        return _merged(boxes, text, sum(b.badge for b in boxes), boxes[0].kind)
    parts = [
        ranged([b.text.title for b in turn]) + (f" ×{turn[0].badge}" if turn[0].badge > 1 else "")
        for turn in turns
    ]
    kind = Counter(b.kind for b in boxes).most_common(1)[0][0]
    extras = dict.fromkeys(t for b in boxes[:period] for t in (b.text.before, b.text.after) if t)
    label = tuple(dict.fromkeys(line for b in boxes[:period] for line in b.text.label))
    text = Text(clip(" → ".join(parts), _LONGEST), after=clip(", ".join(extras), _LONGEST), label=label)
    return _merged(boxes, text, len(turns[0]), kind)


def _merged(boxes: Sequence[Box], text: Text, badge: int, kind: str) -> Box:
    nodes = tuple(n for b in boxes for n in b.nodes)
    defines = tuple(dict.fromkeys(r for b in boxes for r in b.defines))
    every = tuple(n for b in boxes for n in b.every)
    return Box(boxes[0].id, kind, text, nodes, 0, badge, None, boxes[0].definition, defines, every)


def _joined(picture: Picture, groups: Sequence[tuple[Box, list[Box]]]) -> Picture:
    """The picture with boxes in the place of others; the shape that leaves these stays on the arrow."""
    place: dict[str, str] = {}
    first: dict[str, Box] = {}
    last = {boxes[-1].id for _, boxes in groups}
    said: set[tuple[str, str]] = set()
    for box, boxes in groups:
        first[boxes[0].id] = box
        place |= {b.id: box.id for b in boxes}
    items = [first.get(i.id, i) for i in picture.items if place.get(i.id, i.id) == i.id]
    edges = []
    for e in picture.edges:
        tail, head = place.get(e.tail, e.tail), place.get(e.head, e.head)
        if tail != head:
            label = e.label
            if e.tail in last and e.style == "flow" and (tail, e.carried) not in said:
                label = e.carried
                said.add((tail, label))
            edges.append(replace(e, tail=tail, head=head, label=label))
    return replace(picture, items=tuple(items), edges=tuple(edges), spine=flow.spine(order(items), edges))
