"""The key to the colours of a drawing, to stand below it."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours, ink_on
from ogive.backends.draw.fold.text import look as look_of
from ogive.backends.draw.fold.text import shape
from ogive.backends.draw.measure import widest
from ogive.backends.draw.scene import Line, Mark, Run, Scene, Shape, line
from ogive.backends.draw.subject import Subject

_HEIGHT, _PAD, _GAP, _NEAR = 12.0, 5.0, 8.0, 3.0
_SWATCH = 16.0
_WORDS = {
    "conv": "convolution", "norm": "normalization", "act": "activation", "pool": "pooling",
    "linear": "linear", "attention": "attention",
}  # fmt: skip


def legend(
    colours: Colours, subjects: Sequence[Subject], scene: Scene | None = None, *, kinds: bool = False
) -> Scene | None:
    """The key of a measure: its steps with the largest amount of each, what it is, and what is white.

    Args:
        colours: of the drawing, with the scale that its boxes were painted by.
        subjects: the nets in it.
        scene: the drawing: only the kinds of boxes that it has are told of; None: all that the nets have.
        kinds: whether the kinds of layers get a key where colours mean these.

    Returns:
        None where colours mean kinds and no key of them is wanted, or where no box has any of the measure.
    """
    if colours.measure is None:
        return _kinds(colours, subjects, scene) if kinds else None
    if colours.scale is None:
        return None
    written = colours.measure.bounds(colours.scale)
    if colours.scale.whole:
        written[-1] += ", all"
    steps = list(zip(written, colours.steps, strict=True))
    texts = [line(text, look.SMALL, ink=ink_on(fill)) for text, fill in steps]
    width = widest(texts) + 2 * _PAD
    title = (Run(f"{colours.measure.title}, up to", bold=True),)
    below = _small_print(colours, subjects)
    row = _Row(_HEIGHT if below else 0.0)
    row.text("title", title)
    row.skip(_GAP)
    for i, (text, (_, fill)) in enumerate(zip(texts, steps, strict=True)):
        row.swatch(f"step{i + 1}", width, fill, look.STEP_STROKE, text)
    row.skip(_GAP)
    row.swatch("none", _SWATCH, look.PLAIN.fill, look.PLAIN.stroke, None)
    row.skip(_NEAR)
    row.text("none.text", line("none", look.SMALL))
    if not below:
        return Scene("legend", row.at, _HEIGHT, marks=tuple(row.marks))
    small = _Row()
    small.text("note", line(below, look.SMALL, ink=look.INK_NOTE))
    return Scene("legend", max(row.at, small.at), row.low + _HEIGHT, marks=(*row.marks, *small.marks))


def _small_print(colours: Colours, subjects: Sequence[Subject]) -> str:
    """How the steps grow, and what the unknown sizes are taken to be."""
    found = ["logarithmic steps"] if colours.scale and colours.scale.logarithmic else []
    for subject in subjects if colours.by != "params" else ():
        sizes, graph = subject.facts.sizes, subject.graph
        if sizes:
            inputs = [shape(graph.node(name).outputs[0].at(sizes)) for name in graph.inputs]
            found.append(f"for an input of {' and '.join(inputs)}")
    return "; ".join(dict.fromkeys(found))


def _kinds(colours: Colours, subjects: Sequence[Subject], scene: Scene | None) -> Scene | None:
    """A swatch and a word for each kind of layer that occurs."""
    fills = {mark.fill for mark in scene.marks} if scene else set[str]()
    there = {look_of(subject.graph, node).kind for subject in subjects for node in subject.graph}
    row = _Row()
    for kind in (kind for kind in _WORDS if kind in there):
        paint = colours.paint(kind)
        if scene and paint.fill not in fills:
            continue
        row.skip(_GAP if row.marks else 0.0)
        row.swatch(kind, _SWATCH, paint.fill, paint.stroke, None)
        row.skip(_NEAR)
        row.text(f"{kind}.text", line(_WORDS[kind], look.SMALL))
    return Scene("legend", row.at, _HEIGHT, marks=tuple(row.marks)) if row.marks else None


class _Row:
    """Marks from left to right."""

    def __init__(self, low: float = 0.0) -> None:
        self.low = low
        self.at = 0.0
        self.marks: list[Mark] = []

    def skip(self, width: float) -> None:
        self.at += width

    def text(self, id: str, text: Line) -> None:  # noqa: A002
        self._add(id, widest([text]), (text,), "bare")

    def swatch(self, id: str, width: float, fill: str, stroke: str, text: Line | None) -> None:  # noqa: A002
        self._add(id, width, () if text is None else (text,), "box", fill, stroke)

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
