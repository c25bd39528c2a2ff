"""How much of a difference is folded: the most open picture that is legible, and leaves nothing undefined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.fitting.packing import Packing, packed
from ogive.backends.draw.fitting.space import Space, smallest_type
from ogive.backends.draw.fold.picture import Box, Picture
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.layout.engine import Engine
from ogive.backends.draw.layout.process import Graphviz, TooSlow
from ogive.backends.draw.scene import Scene
from ogive.backends.draw.styles.difference_about import Told
from ogive.backends.draw.styles.difference_definitions import MOST, definitions, plain
from ogive.backends.draw.styles.difference_items import Builder
from ogive.backends.draw.styles.difference_pieces import pieces
from ogive.backends.draw.styles.difference_rows import joined
from ogive.backends.draw.styles.difference_units import Folding, Units, levels
from ogive.diagnostics import ArchError, Diagnostic
from ogive.report.difference import Difference

_GAP = (22.0, 16.0)


@dataclass(frozen=True, slots=True)
class Laid:
    """A candidate with everything in its place.

    Attributes:
        picture: what is drawn.
        scenes: the overview, and the definitions beside it.
        packing: where they are.
        smallest: points of the smallest type, once it is shrunk into its space.
        undefined: the definitions that have no room, of which none is there in another form either.
    """

    picture: Picture
    scenes: Sequence[Scene]
    packing: Packing
    smallest: float
    undefined: tuple[Picture, ...] = ()

    @property
    def legible(self) -> bool:
        """Whether no type is too small."""
        return self.smallest >= look.LEAST_TYPE - 0.01


def chosen(
    difference: Difference, colours: Colours, graphviz: Graphviz, space: Space, below: float
) -> tuple[Laid, tuple[str, ...]]:
    """The most open picture in which no type is too small, and all definitions have room; else that which
    lacks the fewest; if type is too small in all of them, the most folded one.
    """
    search = _Search(Engine(graphviz, colours, Told(difference)), space, below)
    least: Candidate | None = None
    found: list[tuple[Laid, tuple[str, ...]]] = []
    for candidate in ways(difference):
        if least is None or _alone(candidate.picture) < _alone(least.picture):
            least = candidate
        if _alone(candidate.picture) <= look.MANY_BOXES:
            search.notes.clear()
            laid = search.tried(candidate)
            if laid and laid.legible:
                found.append((laid, tuple(search.notes)))
                if not laid.undefined:
                    break
    if found:
        return min(found, key=lambda each: sum(part.count for part in each[0].undefined))
    laid = search.tried(least) if least is not None else None
    if laid is None:
        message = "the layout takes too long, even with everything folded"
        raise ArchError([Diagnostic("E512", message, help="leave `-o` out: the text needs no layout")])
    return laid, tuple(search.notes)


def _alone(picture: Picture) -> int:
    """How many boxes it has without its definitions."""
    return sum(1 for _ in picture.boxes())


class _Search:
    """Lays candidates out.

    Args:
        engine: what lays them out.
        space: what they are to lie in.
        below: points that the legend takes of its height.
    """

    def __init__(self, engine: Engine, space: Space, below: float) -> None:
        self.engine = engine
        self.space = space
        self.below = below
        self.notes: list[str] = []

    def tried(self, candidate: Candidate) -> Laid | None:
        """A picture with as many of its definitions as have room; None: it took too long."""
        picture, left_out = candidate.picture, list[Picture]()
        try:
            found = self.laid(replace(picture, definitions=()))
            for definition in picture.definitions[:MOST] if found.legible else ():
                laid = self.laid(replace(picture, definitions=(*found.picture.definitions, definition)))
                if laid.legible:
                    found = laid
                else:
                    left_out.append(definition)
            shown = {plain(definition.name) for definition in found.picture.definitions}
            undefined = tuple(each for each in left_out if plain(each.name) not in shown)
            why = "a larger --fit has room for more" if left_out else f"a figure has {MOST} at most"
            left_out += picture.definitions[MOST:]
            beside = ", ".join(dict.fromkeys(each.name for each in found.picture.definitions))
            told = [candidate.said, f"defined beside it: {beside}" if beside else ""]
            self.notes += filter(None, ["; ".join(filter(None, told))])
            names = sorted({*(each.name for each in left_out), *candidate.left_out})
            if names and found.legible:
                self.notes.append(f"no room for the definitions of {', '.join(names)}: {why}")
            return replace(found, undefined=undefined)
        except TooSlow:
            self.notes.append(f"the layout of {picture.count} boxes took too long")
            return None

    def laid(self, picture: Picture) -> Laid:
        scenes = self.engine.scenes(picture)
        packing = packed([(scene.width, scene.height) for scene in scenes], self.room, _GAP)
        return Laid(picture, scenes, packing, packing.scale * smallest_type(scenes))

    def room(self, width: float, height: float) -> float:
        """What a drawing is shrunk by that has a legend below it."""
        return self.space.scale(width, height + self.below)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that may be chosen.

    Attributes:
        picture: it.
        said: what was folded for it, in words; empty: nothing that is other.
        left_out: the names of the definitions that its boxes ask for and that it has not.
    """

    picture: Picture
    said: str
    left_out: tuple[str, ...] = ()


def candidates(difference: Difference) -> Iterator[Picture]:
    """Pictures from the most open to the most folded."""
    for candidate in ways(difference):
        yield candidate.picture


def ways(difference: Difference) -> Iterator[Candidate]:
    """The same, with what is folded. Rows of layers that still are too many for a drawing become one box."""
    root = pieces(difference)
    structures = [Structure(net.graph) for net in difference.nets]
    top = levels(root)
    foldings = [Folding(depth, short) for depth in range(top, -1, -1) for short in (False, True)]
    foldings += [
        Folding(depth, short=True, loose=True, tight=tight)
        for tight in (False, True)
        for depth in range(top, -1, -1)
    ]
    foldings.append(Folding(0, short=True, loose=True, tight=True, whole=True))
    seen: set[tuple[object, ...]] = set()
    fewest = 0
    for folding in foldings:
        units = Units(structures, folding).of(root)
        found = definitions(difference, structures, units, tight=folding.tight)
        picture = Builder(difference, loose=folding.loose).overview(difference.b, found.lettered(units))
        beside = tuple(replace(each, tight=folding.tight, narrow=folding.tight) for each in found.pictures)
        picture = replace(picture, definitions=beside, tight=folding.tight)
        fewest = min(fewest or _alone(picture), _alone(picture))
        shown = tuple(
            (box.kind, box.text, box.badge)
            for part in (picture, *picture.definitions)
            for box in part.boxes()
            if isinstance(box, Box)
        )
        if shown not in seen:
            seen.add(shown)
            yield Candidate(picture, folding.said(top), found.left_out)
    if fewest > look.MANY_BOXES:
        units = Units(structures, Folding(0, short=True, loose=True)).of(root)
        for made, said in joined(units, difference.nets, look.MANY_BOXES):
            yield Candidate(Builder(difference, loose=True).overview(difference.b, made), said)
