"""A clique unfolded: its stages in rows, every arrow with the weights that it shares with the other stages.

After figure 1 and table 1 of Yang et al. 2018. In the first row X0 and stage I, which is a dense block; below
it the later stages, in which every layer reads all others, newest. An arrow has the colour of where it leads;
it is solid within a stage, and dashed where it comes from the stage before.
"""

from __future__ import annotations

from dataclasses import replace
from math import radians, tan

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.destinations import leading_to, member, tint
from ogive.backends.draw.curves import Curve, Point, direct
from ogive.backends.draw.scene import Arrow, Frame, Mark, Run, line
from ogive.backends.draw.styles import unfolded_key as key
from ogive.backends.draw.styles.sketch import Sketch, along, text_size
from ogive.backends.draw.styles.unfolded_key import LABELLED
from ogive.backends.draw.styles.weights import Name, places
from ogive.backends.draw.styles.wired import Clique
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.about import about

MOST_LAYERS = 20
"""Of more layers the first and the last are drawn."""
_FIRST, _LAST = 4, 3
COLUMN, PAGE = 228.0, 462.0
"""Points: what a column and a page have room for, without the white around a drawing."""
_PAD = 9.0
_NAME_WIDTH, _NAME_HEIGHT = 14.2, 7.6
_FLAT, _STEEP = radians(38), radians(84)
"""At which arcs leave and reach a circle: those over two columns, and those over all."""
_RADII = ((5, 10.5), (6, 10.0), (8, 9.0), (12, 8.0), (99, 6.5))
_SIZES = ((6, 8.0), (8, 7.5), (12, 7.0), (99, 6.0))
"""By how many columns there are: the radius of circles, the type in them."""
_PENS = ((6, look.PEN), (10, 0.6), (99, 0.45))
_TALLER = (1.0, 1.15, 1.3, 1.5, 1.75)
"""How much more there may be between rows, for names of weights to stand free of other arrows."""
_ROWS = 3
"""Up to so many stages each has a row; of more the second row stands for all later ones, which are alike."""
_ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII")


def width_for(clique: Clique, fit: tuple[float, float] | None) -> float:
    """Points for a clique: what was asked for, or a column for a small one and a page for a large one."""
    if fit is not None:
        return fit[0]
    return COLUMN if clique.body.layers <= LABELLED else PAGE


def least_width(clique: Clique) -> float:
    """Points below which a clique cannot be drawn."""
    columns = min(clique.body.layers, MOST_LAYERS)
    return max(
        COLUMN - 8, 2 * radius(columns) + _PAD + (columns - 1) * _least_step(columns) + _first(columns, 0.0)
    )


def radius(columns: int) -> float:
    """Of the circles."""
    return next(r for most, r in _RADII if columns <= most)


def _least_step(columns: int) -> float:
    return 2 * radius(columns) + (_NAME_WIDTH + 2 if columns <= LABELLED else 7)


def _first(columns: int, step: float) -> float:
    """From X0 to X1, past the frame; where weights are named, with room for a name before the frame."""
    return max(step, 2 * radius(columns) + _PAD + (_NAME_WIDTH + 1 if columns <= LABELLED else 8))


def alt(subject: Subject, found: list[Clique]) -> str:
    """The figure in words."""
    parts: list[str] = []
    for clique in found:
        body = clique.body
        where = ", ".join(clique.names)
        parts.append(
            f"{where}: X0 and {body.layers} layers in {body.stages} stages, one below the other; in the "
            "first each layer reads X0 and the layers before it, later all other layers; the weights between "
            "two layers are the same in every stage."
        )
    return f"{subject.name}, its cliques unfolded. {' '.join(parts)}"


def drawn_layers(layers: int) -> tuple[int, ...]:
    """The layers that have circles: all, or the first and last of very many."""
    if layers <= MOST_LAYERS:
        return tuple(range(1, layers + 1))
    return (*range(1, _FIRST + 1), *range(layers - _LAST + 1, layers + 1))


def unfolded(subject: Subject, clique: Clique, colours: Colours, width: float, prefix: str) -> Sketch:
    """One clique, X0 at (0, 0).

    Args:
        subject: the net.
        clique: what to draw.
        colours: what paints.
        width: points that it may be wide.
        prefix: begins all ids.
    """
    best: _Unfolding | None = None
    for taller in _TALLER:
        found = _Unfolding(subject, clique, colours, width, prefix, taller)
        if best is None or found.met < best.met:
            best = found
        if not best.met:
            break
    assert best is not None
    return best.sketch


class _Unfolding:
    def __init__(
        self, subject: Subject, clique: Clique, colours: Colours, width: float, prefix: str, taller: float
    ) -> None:
        self.subject, self.taller = subject, taller
        self.clique, self.body, self.prefix = clique, clique.body, prefix
        self.sketch = Sketch(colours)
        self.colours = colours
        self.layers = drawn_layers(self.body.layers)
        self.elided = len(self.layers) < self.body.layers
        self.columns = {layer: i for i, layer in enumerate(self.layers, 1)}
        if self.elided:
            self.columns.update((layer, i + 1) for layer, i in self.columns.items() if layer > _FIRST)
        self.count = max(self.columns.values())
        self.shown = self.body.stages if self.body.stages <= _ROWS else 2
        self.labelled = self.body.layers <= LABELLED
        self.radius = radius(self.count)
        room = (width - 2 * self.radius - _PAD) / self.count
        step = min(room, 56.0 if self.labelled else 46.0)
        self.first = _first(self.count, step)
        behind = (room * self.count - self.first) / max(self.count - 1, 1)
        self.step = max(_least_step(self.count), min(step, behind))
        self.rows: list[dict[int, Mark]] = []  # by stage: the circles, X0 among those of stage 1
        self.named: list[tuple[Arrow, str, float]] = []
        self.met = 0
        self.draw()

    # ------------------------------------------------------------------ where things are

    def x(self, layer: int) -> float:
        return self.first + (self.columns[layer] - 1) * self.step if layer else 0.0

    def lift(self, columns: int) -> float:
        """How far above its circles' centres an arc over so many columns rises."""
        if columns < 2:
            return 0.0
        low, more = (23.0, 13.0) if self.labelled else (self.radius + 9.0, min(9.0, 90.0 / self.count))
        return low + (columns - 2) * more

    @property
    def gap(self) -> float:
        """Between the circles of two rows."""
        return (
            (44.0 + 11.0 * self.count) * self.taller if self.labelled else 52.0 + min(4.0 * self.count, 48.0)
        )

    # ------------------------------------------------------------------ drawing

    def draw(self) -> None:
        y = 0.0
        for stage in range(1, self.shown + 1):
            self.rows.append(self.row(stage, y))
            if stage > 1:
                y -= self.lift(self.count - 1) if self.shown > 2 else 0.0
            y -= self.gap
        for stage in range(1, self.shown + 1):
            self.stage_frame(stage)
            for layer in self.layers:
                if layer <= self.body.updated(stage):
                    self.into(stage, layer)
        self.sketch.frames = [self.with_title_free(frame) for frame in self.frames]
        self.name_weights()
        key.add(self.sketch, self.clique, self.prefix, self.frames, self.rows[0][0])

    def row(self, stage: int, y: float) -> dict[int, Mark]:
        """The circles of a stage; a layer that it does not compute is there as it was, dashed."""
        size = next(size for most, size in _SIZES if self.count <= most)
        found: dict[int, Mark] = {}
        for layer in (0, *self.layers) if stage == 1 else self.layers:
            kept = layer > self.body.updated(stage)
            nodes = self.clique.members[layer - 1] if layer else ()
            paint = member(self.colours, 0 if kept else layer, nodes)
            at = self.x(layer), y
            mark = self.sketch.circle(
                f"{self.prefix}.x{layer}.{stage}",
                key.x(layer),
                at,
                self.radius,
                paint,
                size,
                about(self.subject, nodes),
            )
            if kept:
                mark = self.sketch.marks[-1] = key.dashed(mark)
            found[layer] = mark
        if self.elided:
            middle = (self.x(_FIRST) + self.x(self.layers[_FIRST])) / 2
            self.sketch.text(f"{self.prefix}.rest.{stage}", (middle, y), (line("⋯", look.BADGE),))
        return found

    def into(self, stage: int, layer: int) -> None:
        """All arrows to a layer in a stage."""
        head = self.rows[stage - 1][layer]
        for source in self.body.sources(stage, layer):
            if source and source not in self.columns:
                continue
            same = stage == 1 or (source < layer and source <= self.body.updated(stage))
            tail = self.rows[stage - 1 if same else stage - 2][source]
            curve = (
                self.arc(tail, head, source, layer, stage) if same else self.fall(tail.centre, head.centre)
            )
            kind = "source" if source == 0 else "forward" if same else "backward"
            stroke = leading_to(self.colours, layer)
            arrow = self.sketch.join(tail, head, curve, kind, stroke, dashed=not same, pen=self.pen)
            self.named.append((arrow, key.w(source, layer), 0.5 if same else 0.55))

    @property
    def pen(self) -> float:
        return next(pen for most, pen in _PENS if self.count <= most)

    def arc(self, tail: Mark, head: Mark, source: int, layer: int, stage: int) -> Curve:
        """Within a row: above the first, below the others; straight to the neighbour."""
        far = self.columns[layer] - (self.columns[source] if source else 0)
        if far == 1:
            return direct(tail.centre, head.centre)
        rise = self.lift(far) * 4 / 3
        steep = _FLAT + (_STEEP - _FLAT) * (far - 2) / max(
            self.count - 2, 1
        )  # the farther, the steeper: no two meet
        aside = min(rise / tan(steep), 0.4 * far * self.step)
        (x0, y0), (x1, y1) = tail.centre, head.centre
        rise = rise if stage == 1 else -rise
        return (x0, y0), (x0 + aside, y0 + rise), (x1 - aside, y1 + rise), (x1, y1)

    @staticmethod
    def fall(tail: Point, head: Point) -> Curve:
        """From a row to the next."""
        dx, dy = head[0] - tail[0], head[1] - tail[1]
        return (
            tail,
            (tail[0] + 0.27 * dx, tail[1] + 0.36 * dy),
            (head[0] - 0.27 * dx, head[1] - 0.36 * dy),
            head,
        )

    def stage_frame(self, stage: int) -> None:
        row = self.rows[stage - 1]
        y = row[self.layers[0]].centre[1]
        left = self.x(self.layers[0]) - self.radius - _PAD
        right = self.x(self.layers[-1]) + self.radius + _PAD
        above = self.lift(self.count) + 10 if stage == 1 else self.radius + 16
        last = max(
            self.columns[i] for i in self.layers if i <= self.body.updated(stage) or i == self.layers[0]
        )
        below = self.radius + 8 if stage == 1 else max(self.lift(last - 1), self.radius) + 9
        name = f"Stage {_roman(stage)}"
        if stage == self.shown < self.body.stages:
            name = f"Stages {_roman(stage)}–{_roman(self.body.stages)}"
        title = (Run(name, bold=True),)
        wide = text_size([title])[0]
        top = y + max(above, self.radius + 16)
        self.sketch.frames.append(
            Frame(
                f"{self.prefix}.stage{stage}", left, y - below, right, top, (title,),
                (right - 5 - wide / 2, top - 8), None, self.colours.frame[1],
            )
        )  # fmt: skip

    def with_title_free(self, frame: Frame) -> Frame:
        """The frame with its title where the fewest arrows pass: at the right of the top, if that is free;
        a wider frame, where no corner is.
        """
        wide, high = text_size(frame.lines)
        right, left = frame.right - 5 - wide / 2, frame.left + 5 + wide / 2
        top, bottom = frame.top - 8, frame.bottom + 8
        points = [point for arrow in self.sketch.arrows for point in along(arrow, 40)]
        marks = [mark for row in self.rows for mark in row.values()]

        def crossing(at: Point) -> int:
            near = sum(abs(x - at[0]) < wide / 2 + 2 and abs(y - at[1]) < high / 2 + 1 for x, y in points)
            covered = sum(
                abs(m.centre[0] - at[0]) < (wide + m.width) / 2
                and abs(m.centre[1] - at[1]) < (high + m.height) / 2
                for m in marks
            )  # fmt: skip
            return near + 1000 * covered

        corners = ((right, top), (left, top), (right, bottom), (left, bottom))
        best = min(corners, key=crossing)
        if crossing(best) == 0:
            return replace(frame, title_at=best)
        aside = frame.right - 4 + wide / 2  # right of all circles there are no arrows
        return replace(frame, right=aside + 5 + wide / 2, title_at=(aside, top))

    @property
    def frames(self) -> list[Frame]:
        return self.sketch.frames

    def name_weights(self) -> None:
        """The names, each on a tint of its arrow's colour."""
        if not self.labelled:
            return
        names = [
            Name(
                arrow,
                text_size([line(text, look.SMALL)])[0] + 1.5,
                _NAME_HEIGHT,
                best,
                -1 if arrow.end.endswith(".1") else 1,  # away from the arcs of its row
            )
            for arrow, text, best in self.named
        ]
        circles = [mark for row in self.rows for mark in row.values()]
        found = places(names, circles, self.frames)
        spots, self.met = found.spots, found.met
        for (arrow, text, _), name, at in zip(self.named, names, spots, strict=True):
            words = (Run(text, look.SMALL),)
            id = f"{self.prefix}.w.{arrow.tail}.{arrow.end}"
            fill = tint(arrow.stroke)
            self.sketch.marks.append(Mark(id, at, name.width, name.height, (words,), "box", fill, None))


def _roman(number: int) -> str:
    return _ROMAN[number] if number < len(_ROMAN) else str(number)
