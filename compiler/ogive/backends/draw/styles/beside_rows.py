"""Stages of nets that stand side by side, aligned: those of one output size begin at the same height.

A stretch is a run of boxes of about one output size. Stretches of two nets stand in one row if their sizes
are equal, or nearly so (55 beside 56), or, where one is unknown, equal parts of their inputs; the alignment
that agrees best is found as sequences are aligned, so that a net may lack stages. Where nets go down and up
again, an encoder stands beside an encoder and a decoder beside a decoder, whose stages are counted in octaves
below the input: an unpadded U-Net's sizes depend on how deep it is. A net without sizes that change is
divided by the names of its stages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log2, prod

from ogive.backends.draw.styles.beside_column import Column
from ogive.backends.draw.styles.beside_parts import Part
from ogive.layers.base import Size
from ogive.layers.order import magnitude
from ogive.layers.sizes import show
from ogive.layers.unknown import symbols_of

_CHANGE, _NEAR = 1.25, 1.2
"""By how much a side changes where a stretch begins; by how much sides in one row differ at most."""
_EQUAL, _LEVEL = 10.0, 0.6
"""How well equal sizes agree; the part of it for decoders' stages as many octaves below the input."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Boxes of about one output size.

    Attributes:
        first: index of the first of its boxes.
        last: index of the last.
        kind: `input`; `size`; `flat`, which has no places; `name`, a stage of a net without sizes.
        side: the side of its outputs, in order of magnitude.
        part: the same as a part of that of the input; 0 where that has none.
        sizes: the spatial sizes of the first output of that size.
        text: what stands in the gutter.
        octaves: how often sides were halved on the way there, less how often they were doubled.
        rises: whether the net went down before, and comes up again here.
    """

    first: int
    last: int
    kind: str
    side: float
    part: float
    sizes: tuple[Size, ...]
    text: str
    octaves: int = 0
    rises: bool = False


Row = dict[int, Stretch]
"""By column: what of it stands there."""


def rows(columns: Sequence[Column]) -> list[Row]:
    """The rows of several columns, from the top down. Each stretch is in one of them, in order."""
    found: list[Row] = []
    inputs = {part.type.spatial for column in columns for part in column.boxes[:1] if part.kind == "input"}
    for index, column in enumerate(columns):
        found = _aligned(found, index, stretches(column, joined=len(inputs) == 1))
    return found


def stretches(column: Column, joined: bool = False) -> list[Stretch]:
    """The stretches of a column, from the top down.

    Args:
        column: the net.
        joined: whether the input is one with what follows it, if that is as large.
    """
    boxes = column.boxes
    bounds: list[tuple[int, int, str]] = []  # where one begins, the box that has its size, its kind
    for i, part in enumerate(boxes):
        kind = _kind(part)
        if i == 0 or kind != bounds[-1][2] or (kind == "size" and not _about(boxes[bounds[-1][1]], part)):
            bounds.append((_begin(boxes, i, bounds[-1][1] if i else 0), i, kind))
    if sum(kind == "size" for *_, kind in bounds) < 2 and len({p.stage for p in boxes if p.stage}) > 1:
        bounds = [
            (i, i, _named(part)) for i, part in enumerate(boxes) if i == 0 or _key(part) != _key(boxes[i - 1])
        ]
    if joined and len(bounds) > 1 and bounds[0][2] == "input":
        before, after = (boxes[size].type.spatial for _, size, _ in bounds[:2])
        if before and before == after:
            del bounds[1]
    ends = [first for first, *_ in bounds[1:]] + [len(boxes)]
    found = [_stretch(boxes, *bound, end) for bound, end in zip(bounds, ends, strict=True)]
    return _turned(found, [(_side(boxes[at]), _side(boxes[end - 1]))
                           for (_, at, _), end in zip(bounds, ends, strict=True)])  # fmt: skip


def _turned(found: Sequence[Stretch], sides: Sequence[tuple[float, float]]) -> list[Stretch]:
    """The stretches with their octaves, and whether they rise; `sides`: of their first and last outputs."""
    done: list[Stretch] = []
    octaves, before, fallen, rises = 0, 0.0, False, False
    for stretch, (first, last) in zip(found, sides, strict=True):
        if stretch.kind in {"input", "size"} and min(first, last) > 0:
            step = round(log2(before / first)) if before else 0
            octaves += step
            fallen = fallen or step > 0
            rises = (fallen and step < 0) or (rises and step == 0)
            before = last
        done.append(replace(stretch, octaves=octaves, rises=rises and stretch.kind == "size"))
    return done


def _begin(boxes: Sequence[Part], i: int, after: int) -> int:
    """Where the stretch of a box begins: with its block, if the block goes on behind it.

    A bottleneck with its stride at the second convolution belongs to the stage that it leads to, as in
    ResNet's table 1; the pooling that ends a transition begins a stage of its own.
    """
    group = boxes[i].group
    if not group or i + 1 == len(boxes) or boxes[i + 1].group != group:
        return i
    while i - 1 > after and boxes[i - 1].group == group:
        i -= 1
    return i


def _named(part: Part) -> str:
    return "input" if part.kind == "input" else "name"


def _key(part: Part) -> tuple[str, str]:
    return _named(part), part.stage


def _stretch(boxes: Sequence[Part], first: int, at: int, kind: str, end: int) -> Stretch:
    own = boxes[first:end]
    sizes = boxes[at].type.spatial
    if kind == "name":
        text = boxes[at].stage
    elif kind == "flat":
        axes = max(len(part.type.spatial) for part in boxes)
        text = show((1,) * axes) if any(size != 1 for part in boxes for size in part.type.spatial) else ""
    else:
        text = " → ".join(dict.fromkeys(show(part.type.spatial) for part in (boxes[at], own[-1])))
    side, whole = _side(boxes[at]), _side(boxes[0]) if boxes[0].kind == "input" else 0.0
    return Stretch(first, end - 1, kind, side, side / whole if whole else 0.0, sizes, text)


def _kind(part: Part) -> str:
    if part.kind == "input":
        return "input"
    return "flat" if all(size == 1 for size in part.type.spatial) else "size"


def _side(part: Part) -> float:
    sizes = part.type.spatial
    return prod(map(magnitude, sizes)) ** (1 / len(sizes)) if sizes else 1.0


def _about(a: Part, b: Part) -> bool:
    """Whether the outputs of two boxes are alike in size; 196 tokens are a map of 14×14."""
    if a.type.spatial == b.type.spatial:
        return True
    places = [prod(map(magnitude, part.type.spatial)) for part in (a, b)]
    axes = max(len(a.type.spatial), len(b.type.spatial), 1)
    return bool(min(places)) and (max(places) / min(places)) ** (1 / axes) < _CHANGE


def _likeness(a: Stretch, b: Stretch) -> float:
    """How well two stretches stand side by side; 0: not at all."""
    if a.kind != b.kind:
        return 0.0
    match a.kind:
        case "input":
            return 10 * _EQUAL
        case "flat":
            return _EQUAL
        case "name":
            return _EQUAL if a.text == b.text else 0.0
        case _:
            if a.rises != b.rises:
                return 0.0
            if a.sizes == b.sizes:
                return _EQUAL
            if len(a.sizes) != len(b.sizes):
                return 0.0  # 50 tokens are no map of 56×56
            if a.rises and a.octaves == b.octaves:
                return _LEVEL * _EQUAL
            known = [not symbols_of(stretch.sizes) for stretch in (a, b)]
            x, y = (a.side, b.side) if known[0] == known[1] else (a.part, b.part)
            apart = max(x, y) / min(x, y) if min(x, y) else _CHANGE
            return 0.8 * _EQUAL - 20 * (apart - 1) if apart <= _NEAR else 0.0


def _aligned(known: Sequence[Row], index: int, column: Sequence[Stretch]) -> list[Row]:
    """The rows with one more column in them, as two sequences are aligned that agree as well as they can."""
    likeness = [[max(_likeness(s, t) for s in row.values()) for t in column] for row in known]
    height, width = len(known), len(column)
    best = [[0.0] * (width + 1) for _ in range(height + 1)]
    for i in reversed(range(height)):
        for j in reversed(range(width)):
            best[i][j] = max(best[i + 1][j], best[i][j + 1])
            if likeness[i][j] > 0:
                best[i][j] = max(best[i][j], likeness[i][j] + best[i + 1][j + 1])
    i = j = 0
    found: list[Row] = []
    while i < height or j < width:
        both = i < height and j < width
        if both and likeness[i][j] > 0 and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
            found.append({**known[i], index: column[j]})
            i, j = i + 1, j + 1
        elif both:
            above = best[i][j] == best[i + 1][j]
            below = best[i][j] == best[i][j + 1]
            older = max(s.side for s in known[i].values())
            if above and (not below or older >= column[j].side):
                found.append(known[i])
                i += 1
            else:
                found.append({index: column[j]})
                j += 1
        elif i < height:
            found.append(known[i])
            i += 1
        else:
            found.append({index: column[j]})
            j += 1
    return found
