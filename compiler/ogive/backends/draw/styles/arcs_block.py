"""A dense block with every arc, large.

After figure 1 of Huang et al. 2017. Small blocks show each x_i as a stack of feature maps and each H_i as a
box; of larger ones a circle stands for H_i and what it adds. An arrow has the colour of what it carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import radians, tan

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.destinations import carrier, carrying
from ogive.backends.draw.curves import Curve, Point, direct
from ogive.backends.draw.measure import text_width
from ogive.backends.draw.scene import Line, Mark, Run, line
from ogive.backends.draw.styles.sketch import Sketch, text_size
from ogive.backends.draw.styles.unfolded_key import sub, wrapped
from ogive.backends.draw.styles.wired import Dense
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.about import about
from ogive.layers.sizes import show

_STACKED = 6
"""Blocks of up to so many layers show stacks and boxes, where there is room."""
_PLATE, _PLATES_APART, _PLATE_HEIGHT = 3.4, 1.4, 30.0
_MOST_PLATES, _FEW_PLATES = 6, 4
_NAME, _FINE = 7.0, 2.0
"""The type in circles; below which radius their borders are thin."""
_GAP = 9.5
"""Between a stack and a box: room for an arrow."""
_PENS = ((24, 0.8), (16, 0.6), (11, 0.45), (0, 0.3))
"""By the least distance of circles: the pen of arcs."""
_FLAT, _STEEP = radians(36), radians(80)
"""At which arcs leave and reach circles: those over one circle, and those over all."""


def large(subject: Subject, alike: Sequence[Dense], colours: Colours, width: float, prefix: str) -> Sketch:
    """Dense blocks that are alike as one, its flow along y = 0.

    Args:
        subject: the net.
        alike: the blocks.
        colours: what paints.
        width: points that it may be wide.
        prefix: begins all ids.
    """
    if len(alike[0].layers) <= _STACKED:
        stacked = _Stacked(subject, alike, colours, prefix)
        if stacked.width <= width * look.SMALL / look.LEAST_TYPE:
            return stacked.draw(width)
    return _Circles(subject, alike, colours, prefix).draw(width)


class _Block:
    """What both ways of drawing share."""

    def __init__(self, subject: Subject, alike: Sequence[Dense], colours: Colours, prefix: str) -> None:
        self.subject, self.alike, self.colours, self.prefix = subject, alike, colours, prefix
        self.dense = dense = alike[0]
        users = dict.fromkeys(user for each in alike for user in each.users)
        self.next_lines = _narrow(", ".join(users) or "output")
        self.entering = list(dict.fromkeys(show((each.entering,)) for each in alike))
        self.sketch = Sketch(colours)
        self.bodies = {layer.words for layer in dense.layers}

    def follower(self, at: float, height: float) -> Mark:
        """What takes all x_j, at the right."""
        lines = self.next_lines
        wide = text_size(lines)[0] + 9
        high = max(height, text_size(lines)[1] + 6)
        paint = self.colours.paint("output")
        return self.sketch.box(f"{self.prefix}.next", (at + wide / 2, 0.0), wide, high, lines, paint)

    def follower_width(self) -> float:
        """How wide that is."""
        return text_size(self.next_lines)[0] + 9

    def key(self, left: float, right: float) -> None:
        """The name of the block, and what its letters mean."""
        dense, small = self.dense, look.SMALL
        count = len(dense.layers)
        layers = f"{count} layers" if count > 1 else "1 layer"
        names = ", ".join(each.name for each in self.alike)
        parts: list[Line] = [
            (Run(names, small, bold=True), Run(f" · {layers}, growth rate k = {dense.growth}", small)),
            (Run("xᵢ = Hᵢ([x₀ … xᵢ₋₁])" if count > 1 else "x₁ = H₁(x₀)", small),),
        ]
        if len(self.bodies) == 1:
            parts.append((Run(f"Hᵢ: {' · '.join(dense.layers[0].words)}", small),))
        else:
            parts.append((Run("the layers Hᵢ are not all alike", small),))
        if len(self.entering) > 1:
            parts.append((Run(f"x₀ has {', '.join(self.entering)} channels", small),))
        if dense.omitted:
            first, last = dense.omitted
            others = f"⋯ x{sub(first)} … x{sub(last)}: {last - first + 1} more layers"
            alike = ", joined alike" if dense.joins_all else ""
            parts.append((Run(f"{others}{alike}", small),))
        lines = wrapped(parts, max(right - left, 200.0))
        self.sketch.text(f"{self.prefix}.key", (left, self.sketch.bounds()[1] - 8), lines, "top left")

    def carried(self, j: int) -> str:
        return carrying(self.colours, j)


class _Stacked(_Block):
    """Stacks of feature maps and boxes in a row, arcs above them."""

    def __init__(self, subject: Subject, alike: Sequence[Dense], colours: Colours, prefix: str) -> None:
        super().__init__(subject, alike, colours, prefix)
        dense = self.dense
        count = len(dense.layers)
        self.words = [_box_lines(i, layer.words) for i, layer in enumerate(dense.layers, 1)]
        self.box_width = max(text_size(lines)[0] for lines in self.words) + 7
        self.box_height = max(text_size(lines)[1] for lines in self.words) + 6
        sizes = [dense.entering, *(layer.channels for layer in dense.layers)]
        self.plates = [
            size if isinstance(size, int) and size <= _MOST_PLATES else _FEW_PLATES for size in sizes
        ]
        self.channels = [show((size,)) for size in sizes]
        if len(self.entering) > 1:
            self.channels[0] = ""
        stacks = sum(map(_stack_width, self.plates))
        self.width = stacks + count * self.box_width + (2 * count + 1) * _GAP + self.follower_width()

    def draw(self, width: float) -> Sketch:
        count = len(self.dense.layers)
        gap = max(_GAP, min(_GAP + (width - self.width) / (2 * count + 1), 16.0))
        at = 0.0
        self.stacks: list[Mark] = []
        boxes: list[Mark] = []
        for i in range(count + 1):
            if i:
                boxes.append(self.box(i, at))
                at = boxes[-1].right + gap
            self.stacks.append(self.stack(i, at))
            at = self.stacks[-1].right + gap
        boxes.append(self.follower(at, self.box_height))
        for i, box in enumerate(boxes[:-1], 1):
            a, b = (box.right, 0.0), (self.stacks[i].left, 0.0)
            self.sketch.line([a, b], "flow", box.id, self.stacks[i].id)
        self.arcs(boxes)
        self.key(0.0, boxes[-1].right)
        return self.sketch

    def box(self, i: int, at: float) -> Mark:
        layer = self.dense.layers[i - 1]
        paint = self.colours.paint("conv", layer.nodes)
        middle = at + self.box_width / 2, 0.0
        return self.sketch.box(
            f"{self.prefix}.h{i}", middle, self.box_width, self.box_height, self.words[i - 1], paint,
            about=about(self.subject, layer.nodes),
        )  # fmt: skip

    def stack(self, i: int, at: float) -> Mark:
        """The feature maps x_i; below them their name and number. Returns what is around them."""
        count = self.plates[i]
        paint = carrier(self.colours, i)
        wide = _stack_width(count)
        for plate in range(count):
            x = at + plate * (_PLATE + _PLATES_APART) + _PLATE / 2
            mark = Mark(
                f"{self.prefix}.x{i}.{plate}", (x, 0.0), _PLATE, _PLATE_HEIGHT, (), "box", paint.fill,
                paint.stroke, pen=0.6,
            )  # fmt: skip
            self.sketch.marks.append(mark)
        name = [line(f"x{sub(i)}", look.TYPE)]
        if self.channels[i]:
            name.append(line(self.channels[i], look.SMALL))
        middle = at + wide / 2
        self.sketch.text(f"{self.prefix}.x{i}", (middle, -_PLATE_HEIGHT / 2 - 1), name, "top")
        return Mark(f"{self.prefix}.x{i}.0", (middle, 0.0), wide, _PLATE_HEIGHT)

    def arcs(self, boxes: Sequence[Mark]) -> None:
        """From each stack to all later boxes; the next one is reached straight."""
        count = len(self.dense.layers)
        links = [*self.dense.links, *((j, count + 1) for j in self.dense.joined)]
        top = self.box_height / 2
        for j, i in sorted(links, key=lambda link: (link[0] - link[1], link)):
            stack, box = self.stacks[j], boxes[i - 1]
            stroke, kind = self.carried(j), "dense"
            if i == j + 1:
                self.sketch.line([(stack.right, 0.0), (box.left, 0.0)], kind, stack.id, box.id, stroke=stroke)
                continue
            targets = sorted(t for s, t in links if s == j and t > j + 1)
            sources = sorted((s for s, t in links if t == i and t > s + 1), reverse=True)
            x0 = _spread(
                stack.centre[0], stack.width * 0.8, len(targets), len(targets) - 1 - targets.index(i)
            )
            x1 = _spread(box.centre[0], box.width * 0.72, len(sources), sources.index(j))
            rise = top + 12.0 + 10.0 * (i - j - 2)
            curve = _dome((x0, stack.top), (x1, box.top), rise)
            self.sketch.join(stack, box, curve, kind, stroke)


class _Circles(_Block):
    """Circles in a row, arcs above them."""

    def draw(self, width: float) -> Sketch:
        shown = self.dense.shown
        place = columns(self.dense)
        steps = max(place.values()) + 1
        room = width - self.follower_width() - 14
        step = max(min(room / steps, 34.0), 5.0)
        radius = min(9.5, step * 0.36)
        named = radius >= 8.0
        circles: dict[int, Mark] = {}
        for j in shown:
            text = f"x{sub(j)}" if named else ""
            at = place[j] * step, 0.0
            circles[j] = circle(
                self.sketch, self.subject, self.dense, j, f"{self.prefix}.x{j}", at, radius, text
            )
        if steps > len(shown):
            gap = next(n for n, j in enumerate(shown) if j != n)
            self.sketch.text(f"{self.prefix}.rest", (gap * step, 0.0), (line("⋯", look.BADGE),))
        follower = self.follower(max(place.values()) * step + max(step, radius + 14), 2 * radius)
        self.arcs(circles, follower, place, step)
        if not named:
            self.names(circles, radius, step)
        self.key(-radius, follower.right)
        return self.sketch

    def names(self, circles: dict[int, Mark], radius: float, step: float) -> None:
        """Below circles that are too small for their names: of all, or of every so manieth."""
        widest = text_width(f"x{sub(len(self.dense.layers))}", look.SMALL) + 4
        every = max(1, -(-int(widest * 10) // int(step * 10)))
        shown = self.dense.shown
        for n, j in enumerate(shown):
            if n % every == 0:
                at = circles[j].centre[0], -radius - 1
                self.sketch.text(f"{self.prefix}.n{j}", at, (line(f"x{sub(j)}", look.SMALL),), "top")

    def arcs(self, circles: dict[int, Mark], follower: Mark, place: dict[int, int], step: float) -> None:
        count = len(self.dense.layers)
        end = max(place.values()) + 1
        most = min(150.0, 12.0 + 9.5 * end)
        heads = step >= 11
        pen = next(pen for least, pen in _PENS if step >= least)
        lands = sorted(self.dense.joined, reverse=True)
        links = [*self.dense.links, *((j, count + 1) for j in self.dense.joined)]
        for j, i in sorted(links, key=lambda link: (link[0] - link[1], link)):
            tail, head = circles[j], circles.get(i, follower)
            far = (end if i > count else place[i]) - place[j]
            a, b = tail.centre, head.centre
            if i > count and far > 1:
                b = _spread(b[0], follower.width * 0.8, len(lands), lands.index(j)), 0.0
            elif i > count:
                b = follower.left + 1.0, 0.0
            share = (far - 2) / max(end - 2, 1)
            rise = tail.width / 2 + 5 + (most - tail.width / 2 - 5) * share**0.85
            curve = direct(a, b) if far <= 1 else over(a, b, rise, share)
            self.sketch.join(tail, head, curve, "dense", self.carried(j), pen=pen, headed=heads)


def columns(dense: Dense) -> dict[int, int]:
    """By x_j: in which column it stands; where some are left out, one column is empty."""
    gap = next((n for n, j in enumerate(dense.shown) if j != n), len(dense.shown))
    return {j: n + (n >= gap) for n, j in enumerate(dense.shown)}


def circle(
    sketch: Sketch, subject: Subject, dense: Dense, j: int, name: str, at: Point, radius: float,
    text: str = "",
) -> Mark:  # fmt: skip
    """The circle of x_j, called `name`, in its colour or in that of how much its layer has of a measure."""
    nodes = dense.layers[j - 1].nodes if j else ()
    paint = carrier(sketch.colours, j, nodes)
    if j == 0 and sketch.colours.measure is not None:
        paint = sketch.colours.paint("plain")
    mark = sketch.circle(name, text, at, radius, paint, _NAME, about(subject, nodes))
    if radius < _FINE:
        mark = sketch.marks[-1] = replace(mark, pen=0.3)
    return mark


def _spread(middle: float, width: float, count: int, place: int) -> float:
    """One of several points beside each other."""
    return middle + (width * (place / (count - 1) - 0.5) if count > 1 else 0.0)


def _dome(a: Point, b: Point, rise: float) -> Curve:
    """Straight up, over what is between, and straight down; it peaks at `rise`."""
    top = (rise - (a[1] + b[1]) / 8) / 0.75
    return a, (a[0], top), (b[0], top), b


def over(a: Point, b: Point, rise: float, share: float) -> Curve:
    """An arc over a row of circles; `share` is how far it leads, from 0 to 1: the farther, the steeper."""
    steep = _FLAT + (_STEEP - _FLAT) * share
    lean = min(rise * 4 / 3 / tan(steep), 0.4 * (b[0] - a[0]))
    return a, (a[0] + lean, a[1] + rise * 4 / 3), (b[0] - lean, b[1] + rise * 4 / 3), b


def _stack_width(plates: int) -> float:
    return plates * _PLATE + (plates - 1) * _PLATES_APART


def _box_lines(i: int, words: Sequence[str]) -> tuple[Line, ...]:
    """`H₁`, and below it what it does, a line each; the channels of the last are below its result."""
    lines = [(Run(f"H{sub(i)}", bold=True),)]
    for place, word in enumerate(words):
        last = place == len(words) - 1
        lines.append((Run(word.partition(",")[0] if last else word, look.SMALL),))
    return tuple(lines)


def _narrow(text: str) -> tuple[Line, ...]:
    """A word a line."""
    return tuple((Run(word, look.SMALL),) for word in text.split())
