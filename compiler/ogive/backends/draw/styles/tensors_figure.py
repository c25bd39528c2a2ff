"""A plan of a tensor figure as a scene: boxes, arrows, numbers, and the key."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.fold.text import shape
from ogive.backends.draw.measure import text_width
from ogive.backends.draw.scene import Arrow, Mark, Point, Run, Scene
from ogive.backends.draw.styles import tensors_legend
from ogive.backends.draw.styles.tensors_boxes import LABEL, LINE
from ogive.backends.draw.styles.tensors_chain import Skip, Tensor
from ogive.backends.draw.styles.tensors_operations import KINDS, Operation
from ogive.backends.draw.styles.tensors_paths import Path, across, arcs, ceilings, from_beside, step_path
from ogive.backends.draw.styles.tensors_place import Placed, Placing, Rect, Said
from ogive.backends.draw.styles.tensors_plan import Plan, levels, names, skip_tags, turns_up
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.about import about

_THICKER = 0.9
"""Points: how much wider arrows are that stand for blocks."""
_NEAR, _IN = 0.1, 0.9
"""Points around a piece of an arrow, and from the side of a mark inwards, where it runs through that."""
_MOST_NAMED = 5
"""Lines about what has no box."""
_BELOW = 10.0
"""Points from a row down to the arrow that goes back below it."""
_BACK = 9.0
"""Points from where that arrow comes down to the first box of the next row."""


def figure(subject: Subject, plan: Plan, colours: Colours | None, room: float) -> Scene:
    """The scene of a plan.

    Args:
        subject: the net.
        plan: its tensors, with what is wished of their boxes.
        colours: what paints it; None: only its size matters.
        room: points that the key may widen it to.
    """
    return _Figure(subject, plan, colours).scene(room)


def crossed(scene: Scene) -> bool:
    """Whether an arrow runs through a box or a text."""
    marks = [Rect(mark.left, mark.bottom, mark.right, mark.top) for mark in scene.marks]
    for arrow in scene.arrows:
        corners: list[Point] = [*arrow.points[::3], *([arrow.tip] if arrow.tip else [])]
        for (x0, y0), (x1, y1) in itertools.pairwise(corners):
            piece = Rect(min(x0, x1) - _NEAR, min(y0, y1) - _NEAR, max(x0, x1) + _NEAR, max(y0, y1) + _NEAR)
            inner = (Rect(m.left + _IN, m.bottom + _IN, m.right - _IN, m.top - _IN) for m in marks)
            if any(piece.touches(mark) for mark in inner):
                return True
    return False


class _Figure:
    def __init__(self, subject: Subject, plan: Plan, colours: Colours | None) -> None:
        self.subject, self.plan, self.colours = subject, plan, colours or Colours()
        self.trial = colours is None
        self.chain = plan.chain
        self.skip_tags = skip_tags(self.chain.skips, [*plan.tags.values(), *names(self.chain)])
        self.placing = Placing(plan.wishes)
        self.placed = self.placing.placed
        self.arcs = arcs(self.placing, self.chain.skips, self.skip_tags)
        self.placing.settle(ceilings(self.placing, self.arcs))
        self.arrows: list[Arrow] = []
        self.marks: list[Mark] = []
        self.texts = 0

    def scene(self, room: float) -> Scene:
        self.boxes()
        self.steps()
        self.skips()
        self.asides()
        self.aligned()
        width = max(rect.right for rect in self.rects())
        width, low = self.key(width, room)
        low = min(low, self.unplaced(low))
        width = max(width, *(rect.right for rect in self.rects()))
        height = max(rect.top for rect in self.rects()) - low
        scene = Scene(self.subject.name, width, height, (), tuple(self.arrows), tuple(self.marks), self.alt())
        return replace(scene.moved(0.0, -low), height=height)

    # ------------------------------------------------------------------ boxes and texts

    def boxes(self) -> None:
        known = len(self.chain.tensors)
        for i, one in enumerate(self.placed):
            tensor = self.chain.tensors[i] if i < known else None
            self.box(i, one, tensor)
            for said in one.said:
                self.text(f"a{i - 1}" if said.arrow else f"t{i}", said)

    def box(self, index: int, one: Placed, tensor: Tensor | None) -> None:
        nodes = tensor.made_by if tensor else ()
        paint, blank = self.colours.paint("conv", nodes), self.colours.paint("input")
        told = None if self.trial else about(self.subject, nodes)
        x, copies, own = one.left, 0, 0
        for slab in one.wish.body.slabs:
            if slab.copied:
                id_, copies = f"t{index}.copy{copies}", copies + 1
            else:
                id_, own = f"t{index}" + (f".{own}" if own else ""), own + 1
            self.marks.append(
                Mark(
                    id_, (x + slab.width / 2, one.y), slab.width, one.wish.body.height, shape="box",
                    fill=blank.fill if slab.copied else paint.fill, stroke=paint.stroke, about=told,
                )
            )  # fmt: skip
            x += slab.width

    def text(self, id: str, said: Said, ink: str = "#111111") -> None:  # noqa: A002
        """A mark for each line: where the next line stands is not left to the writer."""
        for k, text in enumerate(said.lines):
            self.texts += 1
            run = Run(text, LABEL, bold=said.bold)
            y = said.at.top - (k + 0.5) * LINE
            centre = ((said.at.left + said.at.right) / 2, y)
            width = said.at.right - said.at.left
            self.marks.append(Mark(f"{id}.text{self.texts}", centre, width, LINE, ((run,),), "bare", ink=ink))

    # ------------------------------------------------------------------ arrows

    def arrow(
        self, path: Path, operation: Operation, tail: str, end: str, kind: str, *, thin: bool = False
    ) -> None:
        stroke = self.colours.operation(kind) if kind in KINDS else self.colours.line(kind)
        pen = stroke.pen + _THICKER if operation.folded and not thin else stroke.pen
        self.arrows.append(Arrow(path.points, path.tip, tail, end, stroke.colour, pen, stroke.dashed, kind))

    def steps(self) -> None:
        floors = {row: min(r.bottom for r in rects) for row, rects in self.placing.rows.items() if rects}
        for i, step in enumerate(self.chain.steps):
            before, one = self.placed[i], self.placed[i + 1]
            floor = before.y + floors[before.wish.row] - _BELOW
            path = step_path(before, one, floor, one.left - _BACK)
            self.arrow(path, step.operation, f"t{i}", f"t{i + 1}", step.operation.kind)
            self.beside_arrow(i, before, one, floor)

    def beside_arrow(self, index: int, before: Placed, one: Placed, floor: float) -> None:
        """What is said of an operation whose arrow does not run along a row."""
        wish = one.wish
        words = " ".join(filter(None, (wish.tag, wish.times)))
        if wish.turn == "wrap":
            label = ", ".join(wish.below)
            words = " ".join(filter(None, (label, words)))
            said = Said.around(one.left, floor + 1.5, [words], 0.0, bold=not wish.below)
        elif wish.turn == "down":
            middle = (before.bottom + one.top - LINE) / 2
            low = before.bottom - LINE - 2 if one.bent else middle
            said = Said.around(before.x + 3.0, low, [words], 0.0, bold=not wish.tag)
        elif wish.turn == "up":
            said = Said.around(one.x + 3.0, one.bottom - LINE - 2, [words], 0.0, bold=not wish.tag)
        else:
            return
        if words:
            self.text(f"a{index}", said)

    def skips(self) -> None:
        over = {arc.skip: arc for arc in self.arcs}
        for skip in self.chain.skips:
            arc = over.get(skip)
            if arc is not None:
                path = arc.path(self.placed)
                if arc.tag:
                    self.text(f"s{skip.start}.{skip.end}", arc.tag.moved(0.0, self.placed[skip.start].y))
            else:
                path = across(skip, self.placed)
            self.arrow(path, skip.operation, f"t{skip.start}", self.end(skip), _skip_kind(skip), thin=True)

    def end(self, skip: Skip) -> str:
        """The id of the box that a skip reaches: a copy, if it makes one."""
        drawn = skip.copy is not None and skip.copy < len(self.chain.tensors[skip.end].copied)
        return f"t{skip.end}.copy{skip.copy}" if drawn else f"t{skip.end}"

    def asides(self) -> None:
        first = len(self.chain.tensors)
        inputs = [aside for aside in self.chain.asides if aside.end is not None]
        for k, aside in enumerate(inputs):
            source, end = self.placed[first + k], self.placed[aside.end or 0]
            self.arrow(
                from_beside(source, end, (k + 1) / (len(inputs) + 1)),
                aside.operation,
                f"t{first + k}",
                f"t{aside.end}",
                "flow",
                thin=True,
            )
            if aside.operation.text:
                low = source.y - 2.0 - LINE
                self.text(f"i{k}", Said.around(source.right + 6.0, low, [aside.operation.text], 0.0))

    # ------------------------------------------------------------------ all of it

    def rects(self) -> Iterator[Rect]:
        """What is covered: marks, and arrows piece by piece."""
        for mark in self.marks:
            yield Rect(mark.left, mark.bottom, mark.right, mark.top)
        for arrow in self.arrows:
            points: list[Point] = [*arrow.points, *([arrow.tip] if arrow.tip else [])]
            for (x0, y0), (x1, y1) in itertools.pairwise(points):
                yield Rect(min(x0, x1) - 2, min(y0, y1) - 2, max(x0, x1) + 2, max(y0, y1) + 2)

    def aligned(self) -> None:
        """Moves everything so that the drawing begins at x = 0 and y = 0."""
        rects = list(self.rects())
        dx, dy = -min(r.left for r in rects), -min(r.bottom for r in rects)
        moved = Scene("", 0, 0, (), tuple(self.arrows), tuple(self.marks)).moved(dx, dy)
        self.arrows, self.marks = list(moved.arrows), list(moved.marks)

    def key(self, width: float, room: float) -> tuple[float, float]:
        """Draws the key; the width of the figure with it, and how far it reaches below y = 0."""
        said = self.explained()
        texts, tags = [operation.text for operation, *_ in said], [tag for *_, tag in said]
        key = tensors_legend.key(texts, tags, list(self.rects()), width, room)
        for k, (entry, (operation, kind, tag)) in enumerate(zip(key.entries, said, strict=True)):
            path = Path.along((entry.x, entry.y), (entry.x + tensors_legend.SAMPLE, entry.y))
            self.arrow(path, operation, "", "", kind, thin=kind not in KINDS)
            if tag:
                self.text(f"k{k}", Said.around(entry.x - tensors_legend.SIGN, entry.y - LINE / 2, [tag], 1.0))
            wide, high = text_width(operation.text, tensors_legend.TYPE), tensors_legend.TYPE + 2
            run = Run(operation.text, tensors_legend.TYPE)
            self.marks.append(
                Mark(f"k{k}", (entry.words + wide / 2, entry.y), wide, high, ((run,),), "bare", align="left")
            )
        return key.width, key.low

    def explained(self) -> list[tuple[Operation, str, str]]:
        """What the key explains: (operation, kind of arrow, tag); not what its arrows say in full."""
        steps = dict.fromkeys(step.operation for step in self.chain.steps)
        if self.plan.labelled:
            meant = Counter(operation.label for operation in steps)  # of several, the key could not say which
            steps = {op: None for op in steps if op.label != op.text and meant[op.label] == 1}
        found = [(operation, operation.kind, self.plan.tags[operation]) for operation in steps]
        for skip in self.chain.skips:
            entry = (skip.operation, _skip_kind(skip), self.skip_tags[skip])
            if entry not in found:
                found.append(entry)
        return found

    def unplaced(self, low: float) -> float:
        """Names the inputs and outputs that have no box, below all else; how far down that reaches."""
        asides = [aside for aside in self.chain.asides if aside.end is None]
        for k, aside in enumerate(asides[:_MOST_NAMED]):
            done = f": {aside.operation.text}" if aside.operation.text else ""
            words = f"{'input' if aside.given else 'output'} {aside.name}, {shape(aside.type)}{done}"
            if k + 1 == _MOST_NAMED < len(asides):
                words = f"and {len(asides) - k} more"
            low -= LINE + 2
            self.text(f"o{k}", Said.around(0.0, low, [words], 0.0), look.INK_NOTE)
        return low

    def alt(self) -> str:
        """The figure in a sentence."""
        first, last = (shape(tensor.type) for tensor in (self.chain.tensors[0], self.chain.tensors[-1]))
        rows = len({one.wish.row for one in self.placed[: len(self.chain.tensors)]})
        how = f" on {rows} levels of resolution" if turns_up(levels(self.chain)) else ""
        said = "; ".join(operation.text for operation in self.chain.operations())
        boxes = f"Tensors of {self.subject.name} as boxes{how}, from {first} to {last}"
        return f"{boxes}; arrows are operations: {said}." if said else f"{boxes}."


def _skip_kind(skip: Skip) -> str:
    return "projection" if skip.projection else "skip"
