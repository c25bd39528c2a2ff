"""The key to the colours of a drawing, to stand below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.amounts import MEASURES, Measure
from ogive.backends.draw.colours.colour import Colours, ink_on
from ogive.backends.draw.fold.text import look as look_of
from ogive.backends.draw.fold.text import shape
from ogive.backends.draw.measure import widest
from ogive.backends.draw.scene import Line, Mark, Run, Scene, Shape, line
from ogive.backends.draw.subject import Subject
from ogive.report import counts

_HEIGHT, _PAD, _GAP, _NEAR = 12.0, 5.0, 8.0, 3.0
_SWATCH = 16.0
_BADGE = re.compile(r"×\d+")
_ROW_GAP = 2.0
_WORDS = {
    "conv": "convolution", "norm": "normalization", "act": "activation", "pool": "pooling",
    "linear": "linear", "attention": "attention",
}  # fmt: skip


def legend(
    colours: Colours,
    subjects: Sequence[Subject],
    scene: Scene | None = None,
    *,
    kinds: bool = False,
    width: float = float("inf"),
) -> Scene | None:
    """The key of a measure: its steps with the largest amount of each, what it is, and what is white.

    Args:
        colours: of the drawing, with the scale that its boxes were painted by.
        subjects: the nets in it.
        scene: the drawing: only the kinds of boxes that it has are told of; None: all that the nets have.
        kinds: whether the kinds of layers get a key where colours mean these.
        width: points that it may be wide: what would be wider goes on in another row.

    Returns:
        None where colours mean kinds and no key of them is wanted, or where no box has any of the measure.
    """
    rows = _Rows(width)
    if colours.measure is None:
        return _kinds(rows, colours, subjects, scene) if kinds else None
    if colours.scale is None:
        return None
    written = colours.measure.bounds(colours.scale)
    if colours.scale.whole:
        written[-1:] = [f"{written[-1]}, all"] if written else ["all"]
    steps = list(zip(written, colours.steps[-len(written) :], strict=True))
    texts = [line(text, look.SMALL, ink=ink_on(fill)) for text, fill in steps]
    step = widest(texts) + 2 * _PAD
    up_to = ", up to" if colours.scale.bounds else ""
    title = (Run(f"{colours.measure.title}{up_to}", bold=True),)
    rows.begin(widest([title]))
    rows.text("title", title)
    rows.begin(len(steps) * step, _GAP)
    for i, (text, (_, fill)) in enumerate(zip(texts, steps, strict=True)):
        rows.swatch(f"step{i + 1}", step, fill, look.STEP_STROKE, text)
    if scene is None or any(map(_has_none, scene.marks)):
        none = line("none", look.SMALL)
        rows.begin(_SWATCH + _NEAR + widest([none]), _GAP)
        rows.swatch("none", _SWATCH, look.PLAIN.fill, look.PLAIN.stroke, None)
        rows.text("none.text", none, _NEAR)
    for i, part in enumerate(_small_print(colours, subjects, scene)):
        note = line(part, look.SMALL, ink=look.INK_NOTE)
        if not i:
            rows.new()
        rows.begin(widest([note]), _GAP)
        rows.text(f"note{i + 1}", note)
    return rows.scene()


def sums(measure: Measure, scene: Scene) -> dict[str, str]:
    """What a box of a drawing has that stands for several things: by where it stands.

    Args:
        measure: what is measured.
        scene: the drawing: only what it has is told of.

    Returns:
        For instance `{"×N": "that of all N together"}`.
    """
    badged = any(mark.badge for mark in scene.marks) or any(
        _BADGE.fullmatch(run.text)
        for item in (*scene.marks, *scene.frames)
        for line in item.lines
        for run in line
    )
    found = {"×N": measure.every.format("N")} if badged else {}
    if any(frame.id.endswith("_definition") for frame in scene.frames):
        found["in a definition"] = measure.every.format("uses")
    if measure is not MEASURES["params"] and any(arrow.kind == "backward" for arrow in scene.arrows):
        found["in a clique"] = measure.every.format("stages")
    return found


def _has_none(mark: Mark) -> bool:
    """Whether a mark is painted as one that has nothing of the measure."""
    return (mark.shape, mark.fill, mark.stroke) in {
        (shape, look.PLAIN.fill, look.PLAIN.stroke) for shape in ("round", "box")
    }


def shared(colours: str, subjects: Sequence[Subject]) -> str:
    """What is said of weights that several boxes use; empty where none do, or something else is measured."""
    if colours != "params" or not any(subject.facts.shares for subject in subjects):
        return ""
    return "shown wherever they are used, counted once"


def _small_print(colours: Colours, subjects: Sequence[Subject], scene: Scene | None) -> list[str]:
    """How the steps grow, what a box sums up, what is not counted, and what unknown sizes are taken to be."""
    found = ["logarithmic steps"] if colours.scale and colours.scale.logarithmic else []
    if scene is not None and colours.measure is not None:
        found += [f"{where}: {what}" for where, what in sums(colours.measure, scene).items()]
        if said := shared(colours.by, subjects):
            found.append(f"shared weights: {said}")
        if any(arrow.kind == "aux" for arrow in scene.arrows):
            found.append("auxiliary heads: not coloured")
    if colours.by == "macs" and any(counts.products(subject.unrolled) for subject in subjects):
        found.append("without products of activations")
    for subject in subjects if colours.by != "params" else ():
        sizes, graph = subject.facts.sizes, subject.graph
        if sizes:
            inputs = [shape(graph.node(name).outputs[0].at(sizes)) for name in graph.inputs]
            found.append(f"for an input of {' and '.join(inputs)}")
    return list(dict.fromkeys(found))


def _kinds(rows: _Rows, colours: Colours, subjects: Sequence[Subject], scene: Scene | None) -> Scene | None:
    """A swatch and a word for each kind of layer that occurs."""
    fills = {mark.fill for mark in scene.marks} if scene else set[str]()
    there = {look_of(subject.graph, node).kind for subject in subjects for node in subject.graph}
    for kind in (kind for kind in _WORDS if kind in there):
        paint = colours.paint(kind)
        if scene and paint.fill not in fills:
            continue
        word = line(_WORDS[kind], look.SMALL)
        rows.begin(_SWATCH + _NEAR + widest([word]), _GAP)
        rows.swatch(kind, _SWATCH, paint.fill, paint.stroke, None)
        rows.text(f"{kind}.text", word, _NEAR)
    return rows.scene() if rows.marks else None


class _Rows:
    """Marks from left to right, in rows from the top down."""

    def __init__(self, width: float) -> None:
        self.most = width
        self.width = 0.0
        self.at = 0.0
        self.low = 0.0
        self.marks: list[Mark] = []

    def begin(self, width: float, gap: float = 0.0) -> None:
        """Where something that wide begins: behind what is there, or in a new row."""
        if self.at and self.at + gap + width > self.most:
            self.new()
        elif self.at:
            self.at += gap

    def new(self) -> None:
        """A row below."""
        self.at, self.low = 0.0, self.low - _HEIGHT - _ROW_GAP

    def text(self, id: str, text: Line, gap: float = 0.0) -> None:  # noqa: A002
        self.at += gap
        self._add(id, widest([text]), (text,), "bare")

    def swatch(self, id: str, width: float, fill: str, stroke: str, text: Line | None) -> None:  # noqa: A002
        self._add(id, width, () if text is None else (text,), "box", fill, stroke)

    def scene(self) -> Scene:
        """All rows, from (0, 0)."""
        height = _HEIGHT - self.low
        marks = tuple(replace(m, centre=(m.centre[0], m.centre[1] - self.low)) for m in self.marks)
        return Scene("legend", self.width, height, marks=marks)

    def _add(
        self,
        id: str,  # noqa: A002
        width: float,
        lines: tuple[Line, ...],
        shape: Shape,
        fill: str | None = None,
        stroke: str | None = None,
    ) -> None:
        centre = self.at + width / 2, self.low + _HEIGHT / 2
        self.marks.append(Mark(f"legend.{id}", centre, width, _HEIGHT, lines, shape, fill, stroke))
        self.at += width
        self.width = max(self.width, self.at)
