"""What the wires of cliques and dense blocks mean, in sentences: of those that a drawing has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ogive.backends.draw.colours.destinations import GREYS, HUES
from ogive.backends.draw.options import Options
from ogive.backends.draw.scene import Line, Scene

_LAYER = re.compile(r"^(.+)\.x(\d+)(?:\.(\d+))?$")
_BETWEEN = {"source", "forward", "backward"}
_NUMBERS = {4: "four", 8: "eight"}


@dataclass
class _Clique:
    """What a drawing has of a clique, read from its arrows and circles.

    Attributes:
        layers: how many it has.
        stages: how many of them have rows of their own; none in a ring.
        back: the layers that arrows from later ones lead to.
        kept: whether a row shows layers that its stage does not compute.
    """

    layers: int = 0
    stages: int = 0
    back: set[int] = field(default_factory=set[int])
    kept: bool = False

    @property
    def whole(self) -> bool:
        """Whether every two layers are joined both ways: nothing can lead back to the last."""
        return len(self.back) >= self.layers - 1


def wires(scene: Scene, options: Options) -> Iterator[str]:
    """How the layers of cliques and dense blocks are joined, and what the arrows' colours and dashes say.

    Args:
        scene: the drawing.
        options: how it was drawn.
    """
    every = _cliques(scene)
    rings = [clique for clique in every if not clique.stages]
    rows = [clique for clique in every if clique.stages]
    told = options.style in {"ring", "unfolded", "clique", "chain"}
    if rings and told:
        yield _ring(rings)
    if rows:
        yield from _rows(
            rows, bool(rings), any(_text(frame.lines).startswith("Stages ") for frame in scene.frames)
        )
    if every:
        yield from _leading(every, options, "" if told else "In a clique ")
    carried = [int(match[2]) for a in scene.arrows if a.kind == "dense" and (match := _LAYER.match(a.tail))]
    if carried and options.style in {"arcs", "chain"}:
        yield "Each layer of a dense block takes what entered it and the results of all layers before."
        if any(mark.id.endswith(".rest") for mark in scene.marks):
            yield "Dots stand for layers that are not drawn, and are joined likewise."
        yield from _colour(max(carried) + 1, options, "what it carries", "An arrow has ")


def _cliques(scene: Scene) -> list[_Clique]:
    found: dict[str, _Clique] = {}
    for arrow in scene.arrows:
        if arrow.kind in _BETWEEN and (match := _LAYER.match(arrow.end)):
            clique = found.setdefault(match[1], _Clique())
            if arrow.kind == "backward":
                clique.back.add(int(match[2]))
    for mark in scene.marks:
        if (match := _LAYER.match(mark.id)) and match[1] in found:
            clique = found[match[1]]
            clique.layers = max(clique.layers, int(match[2]))
            clique.stages = max(clique.stages, int(match[3] or 0))
            clique.kept |= mark.dashed
    return list(found.values())


def _text(lines: Iterable[Line]) -> str:
    return " ".join(run.text for each in lines for run in each)


def _ring(rings: list[_Clique]) -> str:
    if all(ring.whole for ring in rings):
        return "Every two layers of a clique are joined both ways, and X0 is what enters."
    text = "Each layer of a clique takes X0, which enters, and the layers before it"
    ends = {len(ring.back) for ring in rings}
    if ends == {0}:
        return f"{text}."
    if ends == {1}:
        return f"{text}; X1 also takes those after it."
    if len(ends) == 1:
        return f"{text}; X1 to X{max(ends)} also take those after them."
    return f"{text}; where dashed arrows lead, also those after it."


def _rows(rows: list[_Clique], ring: bool, folded: bool) -> Iterator[str]:
    if all(clique.stages == 1 for clique in rows):
        if not ring:
            yield "A layer takes X0, which enters, and the layers before it."
        return
    row = "A row is a stage or several that are alike" if folded else "Each row is a stage"
    text = f"{row}: in the first, a layer takes X0 and the layers before it, later all others"
    kept = "; circles with dashed borders stay as they were" if any(c.kept for c in rows) else ""
    yield f"{text} as they are by then{kept}."


def _leading(cliques: list[_Clique], options: Options, where: str) -> Iterator[str]:
    """What colour and dashes of arrows between layers say; both are the same in rings and rows."""
    back = any(clique.back for clique in cliques)
    dashes = "dashed ones lead back to earlier layers, from the stage before" if back else ""
    layers = max(clique.layers for clique in cliques)
    start = f"{where}an arrow has " if where else "An arrow has "
    colour = next(_colour(layers, options, "the layer that it leads to", start), "")
    if colour and dashes:
        yield f"{colour.removesuffix('.')}; {dashes}."
    elif colour:
        yield colour
    elif dashes:
        yield f"{where}{'d' if where else 'D'}{dashes.removeprefix('d').replace('ones', 'arrows', 1)}."


def _colour(count: int, options: Options, of: str, start: str) -> Iterator[str]:
    """Whose colour an arrow has, where things have colours of their own: not where these measure."""
    if options.colour_by != "kind":
        return
    grey = options.theme == "grey"
    shades = len(GREYS if grey else HUES)
    if count <= shades:
        yield f"{start}the {'grey' if grey else 'colour'} of {of}."
    elif not grey:  # so few greys say nothing
        yield f"{start}the colour of {of}: {_NUMBERS.get(shades, shades)} colours, which then begin again."
