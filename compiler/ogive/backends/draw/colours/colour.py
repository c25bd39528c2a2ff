"""The colours of a drawing: by the kind of layer, or by a measure of it, in print or in grey."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.amounts import MEASURES, Amount, Measure, Scale, scale_of
from ogive.backends.draw.colours.facts import Facts
from ogive.backends.draw.colours.look import Paint, Stroke
from ogive.backends.draw.fold.picture import Box, Cluster, Item, Picture, Ring
from ogive.backends.draw.subject import Subject

_UNMEASURED = {"input", "output", "aux", "title"}
"""Boxes that keep the look of their kind: nothing is computed there, or not in inference."""


@dataclass(frozen=True, slots=True)
class Colours:
    """What paints a drawing. All styles ask it, and none names a colour itself.

    Nodes are names of the graph as it was written. Where several nets are drawn, `on` says whose they are.

    Attributes:
        theme: `paper` or `grey`.
        by: what the colours of boxes mean: `kind`, or one of `MEASURES`.
        nets: what is known about each net.
        scale: of the measure; None: nothing has any of it, or colours mean kinds.
        seen: the amounts that were asked for, where somebody is watching.
    """

    theme: str = "paper"
    by: str = "kind"
    nets: tuple[Facts, ...] = ()
    scale: Scale | None = None
    seen: list[Amount] | None = field(default=None, compare=False)

    @classmethod
    def of(cls, subjects: Sequence[Subject], by: str = "kind", theme: str = "paper") -> Colours:
        """The colours of a drawing of these nets. The scale suits layers, blocks and stages alike; `over` and
        `settled` make it that of the boxes that are drawn.
        """
        if by == "kind":
            return cls(theme)
        colours = cls(theme, by, tuple(subject.facts for subject in subjects))
        amounts: list[Amount | None] = []
        for subject in subjects:
            path, own = subject.facts.path, colours.on(subject)
            parts = [nodes for id, nodes in subject.structure.nodes.items() if id]
            parts += [(node.name,) for node in subject.graph]
            amounts += [own.amount(nodes) for nodes in parts if not path.isdisjoint(nodes)]
        return colours._scaled(amounts)

    @property
    def measure(self) -> Measure | None:
        """What is measured; None where colours mean kinds."""
        return MEASURES.get(self.by)

    # ------------------------------------------------------------------ whose, and how much

    def on(self, subject: Subject) -> Colours:
        """The same, where nodes are those of this net."""
        return replace(self, nets=(subject.facts,)) if self.measure else self

    def over(self, groups: Iterable[Sequence[str]], sums: Iterable[Sequence[str]] = ()) -> Colours:
        """The same with a scale for boxes that stand for these nodes, and for sums that may be larger."""
        return self._scaled(map(self.amount, groups), map(self.amount, sums)) if self.measure else self

    def watching(self) -> Colours:
        """The same, which remembers what it is asked to paint, for `settled`."""
        return replace(self, seen=[]) if self.measure else self

    def settled(self) -> Colours:
        """The same with a scale for what was painted since `watching`."""
        return self if self.seen is None else replace(self._scaled(self.seen), seen=None)

    def amount(self, nodes: Sequence[str]) -> Amount | None:
        """How much of the measure these nodes have together; None: nothing, or nothing is measured."""
        if self.measure is None or not nodes:
            return None
        if len(self.nets) != 1:
            raise ValueError("several nets are drawn: `on` says whose nodes these are")
        return self.measure.amount(self.nets[0], nodes)

    def _scaled(self, amounts: Iterable[Amount | None], sums: Iterable[Amount | None] = ()) -> Colours:
        assert self.measure is not None
        found, summed = ([amount for amount in each if amount is not None] for each in (amounts, sums))
        return replace(self, scale=scale_of(found, summed, binary=self.measure.binary))

    # ------------------------------------------------------------------ boxes

    def paint(self, kind: str, nodes: Iterable[str] = ()) -> Paint:
        """How a box is painted that stands for these nodes.

        Args:
            kind: of layer: `conv`, `norm`, `act`, `pool`, `linear`, `attention`, `input`, `output`, `aux`, ….
            nodes: names of nodes; all copies of what is rolled.
        """
        own = (look.PAINTS if self.theme == "paper" else look.GREYS).get(kind, look.PLAIN)
        if self.measure is None or kind in _UNMEASURED:
            return own
        amount = self.amount(tuple(nodes))
        if amount is not None and self.seen is not None:
            self.seen.append(amount)
        if amount is None or self.scale is None:
            return replace(look.PLAIN, style=own.style)
        fill = self.steps[self.scale.step(amount)]
        return Paint(fill, look.STEP_STROKE, own.style, ink_on(fill))

    @property
    def steps(self) -> tuple[str, ...]:
        """The fills of the scale, from little to much."""
        return look.STEPS if self.theme == "paper" else look.GREY_STEPS

    def value_text(self, nodes: Sequence[str]) -> str:
        """How much of the measure these nodes have, as their box says it: `2.36 M`."""
        amount = self.amount(nodes)
        return amount.text if amount else ""

    @property
    def frame(self) -> tuple[str, str]:
        """The fill and the border of a frame."""
        return look.CLUSTER_FILL, look.CLUSTER_STROKE

    # ------------------------------------------------------------------ arrows

    def line(self, kind: str) -> Stroke:
        """How an arrow is drawn: `flow`, `skip`, `projection`, `aux`, `source`, `forward`, `backward`."""
        strokes = look.STROKES if self.theme == "paper" else look.GREY_STROKES
        return strokes.get(kind, strokes["flow"])

    def operation(self, kind: str) -> Stroke:
        """How an arrow is drawn that stands for a layer: `conv`, `linear`, `attention`, `pool`, `up` (which
        makes a map larger), `other`.
        """
        strokes = look.OPERATIONS if self.theme == "paper" else look.GREY_OPERATIONS
        return strokes.get(kind, strokes["other"])

    def edge(self, kind: str) -> str:
        """The colour of an arrow of that kind."""
        return self.line(kind).colour


# --------------------------------------------------------------------------- pictures


def measured(picture: Picture, colours: Colours) -> tuple[Picture, Colours]:
    """A picture whose boxes say how much they have of the measure, and colours with a scale for them.

    In the definition of a block, a box has what it has in all uses of the block together; the scale is set by
    the boxes of the picture itself.
    """
    if colours.measure is None:
        return picture, colours
    summed = [nodes for part in picture.definitions for nodes in _groups(part)]
    told = [replace(part, items=_valued(part.items, colours)) for part in (picture, *picture.definitions)]
    return replace(told[0], definitions=tuple(told[1:])), colours.over(_groups(picture), summed)


def _groups(picture: Picture) -> list[Sequence[str]]:
    """What its boxes stand for that have something of a measure."""
    groups: list[Sequence[str]] = []
    for box in picture.boxes():
        if isinstance(box, Ring):
            groups += box.members
        elif _is_measured(box):
            groups.append(box.every)
    return groups


def _is_measured(box: Box) -> bool:
    return box.symbol is None and box.kind not in _UNMEASURED


def _valued(items: tuple[Item, ...], colours: Colours) -> tuple[Item, ...]:
    found: list[Item] = []
    for item in items:
        if isinstance(item, Cluster):
            item = replace(item, items=_valued(item.items, colours))
        elif isinstance(item, Ring):
            values = list(dict.fromkeys(colours.value_text(nodes) for nodes in item.members))
            span = " … ".join(dict.fromkeys((values[0], values[-1])) if values else ())
            item = replace(item, lines=(*item.lines, f"{span} each")) if span else item
        elif item.symbol is None and item.kind not in _UNMEASURED - {"aux"}:
            after = ", ".join(filter(None, (item.text.after, colours.value_text(item.every))))
            item = replace(item, text=replace(item.text, after=after))
        found.append(item)
    return tuple(found)


# --------------------------------------------------------------------------- contrast


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, from 0 to 1 (WCAG 2.2, section 1.4.3)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """The contrast of two colours, from 1 to 21 (the same)."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def ink_on(fill: str) -> str:
    """Black or white, whichever is read better on that colour."""
    return max(("#000000", "#FFFFFF"), key=lambda ink: contrast(fill, ink))
