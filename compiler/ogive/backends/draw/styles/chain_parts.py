"""What stands in a chain: boxes, narrow or as wide as their text; dense blocks and cliques with all wires.

Every part is drawn around the level of the flow, y = 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.destinations import carrying, tint
from ogive.backends.draw.curves import Point, direct
from ogive.backends.draw.fold.picture import ENTRY, Box
from ogive.backends.draw.layout import labels
from ogive.backends.draw.measure import text_width
from ogive.backends.draw.scene import Frame, Line, Mark, Run, line
from ogive.backends.draw.styles.arcs_block import circle, columns, over
from ogive.backends.draw.styles.ring import folded
from ogive.backends.draw.styles.sketch import Sketch, text_size
from ogive.backends.draw.styles.wired import Dense, members
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.about import about
from ogive.graph import Region
from ogive.layers.sizes import show

_TITLE = 7.0
_NARROW = 43.0
"""Points: at which the words of a box go on in the next line."""
_ENDS = {"conv", "pool", "norm", "up-conv", "attention", "embedding"}
"""Words that alone would not say which layer is meant."""
_PAD_X, _PAD_Y, _LEAST_WIDTH, _LEAST_HEIGHT = 4.0, 3.0, 24.0, 14.0
_SYMBOL = 14.0
_FRAME = 6.0
"""Between a frame and what it holds."""
_DENSE_WIDTHS = (112.0, 84.0, 60.0)
"""Points for the circles of a dense block, from roomy to tight."""
_LEAST_RADIUS, _LEAST_STEP = 1.5, 3.3
"""Of circles of many layers: their colours can be told, and they lie apart."""
_FAINT = 0.45
_RING_SCALES = (0.72, 0.62, 0.54)
LEVELS = len(_DENSE_WIDTHS)
_RING_SIZES = ((6, 1.0), (8, 0.85), (14, 0.72), (24, 0.5), (99999, 0.35))
"""By the most layers: how much smaller a ring is."""
_ARC_PENS = ((14, 0.6), (8, 0.45), (4, 0.3), (0, 0.2))
"""By the least distance of circles: the pen of arcs."""
_HEADS = 15.0
"""Arrows have heads where circles are at least so far apart."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that the flow passes.

    Attributes:
        id: of its box in the picture.
        sketch: how it looks, around the level of the flow.
        outline: the box around its border: arrows that come from above or below end there.
        enter: where the flow enters, and the id of the mark there.
        leave: where it leaves, and the id of the mark or frame there.
    """

    id: str
    sketch: Sketch
    outline: Mark
    enter: tuple[Point, str]
    leave: tuple[Point, str]

    def moved(self, dx: float, dy: float) -> Part:
        """The same, elsewhere."""
        sketch = Sketch(self.sketch.colours)
        sketch.add(self.sketch, dx, dy)
        x, y = self.outline.centre
        (ex, ey), (lx, ly) = self.enter[0], self.leave[0]
        return Part(
            self.id, sketch, replace(self.outline, centre=(x + dx, y + dy)),
            ((ex + dx, ey + dy), self.enter[1]), ((lx + dx, ly + dy), self.leave[1]),
        )  # fmt: skip


def _whole(id: str, sketch: Sketch, mark: Mark) -> Part:  # noqa: A002
    """A part that is one mark."""
    y = mark.centre[1]
    return Part(id, sketch, mark, ((mark.left, y), mark.id), ((mark.right, y), mark.id))


# ---------------------------------------------------------------------- boxes


def plain(subject: Subject, box: Box, colours: Colours, *, narrow: bool) -> Part:
    """A box of a picture.

    Args:
        subject: the net.
        box: of its picture.
        colours: what paints.
        narrow: whether its words stand below one another, or its lines as everywhere.
    """
    sketch = Sketch(colours)
    told = about(subject, box.every or box.nodes, box.region)
    if box.symbol is not None:
        paint = replace(colours.paint("plain"), stroke=colours.edge("flow"))
        radius = _SYMBOL / 2
        if box.kind == ENTRY:
            paint, radius = replace(paint, fill=paint.stroke), look.DOT
        circle = sketch.circle(box.id, box.symbol, (0.0, 0.0), radius, paint, about=told)
        return _whole(box.id, sketch, circle)
    lines = _narrow_lines(box) if narrow else list(labels.box_lines(box))
    wide, high = text_size(lines)
    badge = labels.badge_text(box.badge)
    if badge:
        wide += text_width(badge, look.BADGE, bold=True) + 4
    paint = colours.paint(box.kind, box.every or box.nodes)
    pen = look.PEN if box.region is None else look.FOLDED_PEN
    wide, high = max(wide + 2 * _PAD_X, _LEAST_WIDTH), max(high + 2 * _PAD_Y, _LEAST_HEIGHT)
    mark = sketch.box(box.id, (0.0, 0.0), wide, high, lines, paint, pen, told)  # fmt: skip
    if badge:
        mark = sketch.marks[-1] = replace(mark, badge=badge)
    return _whole(box.id, sketch, mark)


def _narrow_lines(box: Box) -> list[Line]:
    text = box.text
    named = set(box.definition.split())
    title = [
        Run(part, _TITLE, bold=all(word in named for word in part.split())) for part in unbroken(text.title)
    ]
    found = [*_listed(text.before), *_broken(title), *_listed(text.after)]
    return [*found, *map(labels.note_line, text.label)] or [line(" ")]


def _listed(text: str) -> list[Line]:
    """What stands beside the title: each thing begins a line."""
    return [
        each
        for thing in text.split(" · ")
        for each in _broken(Run(part, look.SMALL) for part in unbroken(thing))
    ]


def unbroken(text: str) -> list[str]:
    """What of a text stays in one line: `2×2`, `avg pool`; `256, /2`.

    A layer's last word stays with the one before it, and a stride with what it is the stride of.
    """
    found: list[str] = []
    for word in text.split():
        if found and (word.startswith("/") or word.rstrip(",") in _ENDS):
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


def _broken(words: Iterable[Run]) -> list[Line]:
    """The words in lines that are not wider than a narrow box, unless a word is."""
    lines: list[Line] = []
    for word in words:
        if lines:
            longer = (*lines[-1], Run(" ", word.size), word)
            if text_size([longer])[0] <= _NARROW:
                lines[-1] = longer
                continue
        lines.append((word,))
    return lines


# ---------------------------------------------------------------------- dense blocks and cliques


@dataclass(frozen=True, slots=True)
class Wired:
    """The wires of a dense block or clique: how they look, where the flow enters, what stands above."""

    sketch: Sketch
    first: Mark
    title: tuple[Line, ...]


def framed(wired: Wired, id: str, copies: int, notes: Iterable[str]) -> Part:  # noqa: A002
    """Wires in a frame with a title; what leaves it is the value of the whole.

    Args:
        wired: what is in the frame.
        id: of its box in the picture.
        copies: how many of it stand there in a row.
        notes: what the program notes about it.
    """
    sketch = wired.sketch
    head, *rest = wired.title
    if copies > 1:
        head = (*head, Run(f"\N{NO-BREAK SPACE} ×{copies}", look.BADGE, bold=True))
    title = [head, *rest, *map(labels.note_line, notes)]
    left, bottom, right, top = sketch.bounds()
    wide, high = text_size(title)
    short = max(0.0, wide + 4 - (right - left))
    left, right = left - _FRAME - short / 2, right + _FRAME + short / 2
    bottom, top = bottom - _FRAME, top + high + 8
    fill, stroke = sketch.colours.frame
    at = left + 6 + wide / 2, top - 3 - high / 2
    sketch.frames.insert(0, Frame(id, left, bottom, right, top, tuple(title), at, fill, stroke))
    outline = Mark(id, ((left + right) / 2, (bottom + top) / 2), right - left, top - bottom)
    return Part(id, sketch, outline, ((wired.first.left, 0.0), wired.first.id), ((right, 0.0), id))


def _title(name: str, layers: int, growth: str, places: str) -> tuple[Line, ...]:
    """`dense1 56×56`, `6 layers, k = 32`."""
    size = [Run(f"\N{NO-BREAK SPACE} {places}", look.SMALL)] if places else []
    count = f"{layers} layers" if layers > 1 else "1 layer"
    return (Run(name, bold=True), *size), (Run(f"{count}, k = {growth}", look.SMALL),)


def dense_part(subject: Subject, dense: Dense, colours: Colours, level: int, prefix: str) -> Wired:
    """A dense block: a circle for x_0 and for each layer, and every arc.

    Args:
        subject: the net.
        dense: the block.
        colours: what paints.
        level: from 0, roomy, to `LEVELS` - 1.
        prefix: begins all ids.
    """
    sketch = Sketch(colours)
    place = columns(dense)
    steps = max(place.values())
    step = max(min(_DENSE_WIDTHS[level] / max(steps, 1), 20.0 - 3.0 * level), _LEAST_STEP)
    radius = min(4.0, max(step * 0.34, _LEAST_RADIUS))
    circles: dict[int, Mark] = {}
    for j in dense.shown:
        at = place[j] * step, 0.0
        circles[j] = circle(sketch, subject, dense, j, f"{prefix}.x{j}", at, radius)
    if steps > len(dense.shown) - 1:
        gap = next(n for n, j in enumerate(dense.shown) if j != n)
        sketch.text(f"{prefix}.rest", (gap * step, 0.0), (line("⋯", look.SMALL),))
    most = 10.0 + min(0.36 * steps * step, 34.0)
    pen = next(pen for least, pen in _ARC_PENS if step >= least)
    for j, i in sorted(dense.links, key=lambda link: (link[0] - link[1], link)):
        tail, head = circles[j], circles[i]
        far = place[i] - place[j]
        share = max(far - 2, 0) / max(steps - 2, 1)
        rise = radius + 4 + (most - radius - 4) * share**0.85
        curve = direct(tail.centre, head.centre) if far <= 1 else over(tail.centre, head.centre, rise, share)
        stroke = carrying(colours, j)
        if colours.measure is not None and step < _HEADS:  # the circles are what is to be seen
            stroke = tint(stroke, _FAINT)
        sketch.join(tail, head, curve, "dense", stroke, pen=pen, headed=step >= _HEADS)
    title = _title(dense.name, len(dense.layers), dense.growth, dense.places)
    return Wired(sketch, circles[0], title)


def clique_part(
    subject: Subject, region: Region, name: str, colours: Colours, level: int, prefix: str
) -> Wired:
    """A clique as a ring, X0 at its left.

    Args:
        subject: the net.
        region: the clique.
        name: what it is called.
        colours: what paints.
        level: from 0, roomy, to `LEVELS` - 1.
        prefix: begins all ids.
    """
    body = region.clique
    assert body is not None
    smaller = next(by for most, by in _RING_SIZES if body.layers <= most)
    scale = _RING_SCALES[level] * smaller
    told = members(subject.structure, region)
    sketch = folded(subject, body, told, colours, prefix, scale=scale, beside=True, framed=False)
    source = next(mark for mark in sketch.marks if mark.id == f"{prefix}.x0")
    title = _title(name, body.layers, show((body.result.channels,)), show(body.result.spatial))
    return Wired(sketch, source, title)
