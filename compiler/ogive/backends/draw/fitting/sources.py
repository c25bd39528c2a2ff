"""What is drawn, from all open to all folded: a net, one of its blocks, a net layer by layer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace

from ogive.backends.draw.colours import look
from ogive.backends.draw.fitting.candidates import Candidate, capped, unframed
from ogive.backends.draw.fold.collapse import collapse, deepest
from ogive.backends.draw.fold.definitions import defined
from ogive.backends.draw.fold.folding import own_layers
from ogive.backends.draw.fold.opening import by_hand, find
from ogive.backends.draw.fold.picture import Box, Cluster, Picture
from ogive.backends.draw.fold.rolling import Structure, Unit
from ogive.backends.draw.fold.text import Fused

_ACROSS = "parts that differ in their channels alone are one box"


class Source(ABC):
    """Something to draw that can be folded.

    Attributes:
        structure: of its graph.
        top: how many levels it has.
    """

    structure: Structure
    top: int

    @abstractmethod
    def at(self, depth: int) -> Candidate:
        """The picture with so many levels open."""

    def openings(self) -> Iterator[Candidate]:
        """From the most open to the most folded."""
        for depth in range(self.top, -1, -1):
            yield self.at(depth)

    def reopened(self, candidate: Candidate) -> Iterator[frozenset[int]]:
        """What could be opened in it beside what is open everywhere, in the order in which it is tried."""
        return iter(())

    def with_open(self, candidate: Candidate, more: frozenset[int]) -> Candidate:
        """The candidate with more open."""
        return candidate


class Net(Source):
    """A net, with what is open or folded by hand.

    Args:
        structure: of its graph.
        expand: names of what is open.
        fold: names of what is folded.

    Raises:
        ArchError: E514, there is nothing of a name.
    """

    def __init__(self, structure: Structure, expand: Sequence[str] = (), fold: Sequence[str] = ()) -> None:
        self.structure = structure
        self.across = Structure(structure.graph, across=True)
        self.top = deepest(structure)
        self.hand = by_hand(structure, expand, fold)

    def at(self, depth: int, also: frozenset[int] = frozenset(), across: bool = False) -> Candidate:
        """The picture with so many levels open, and these regions, too."""
        structure = self.across if across else self.structure
        picture = collapse(structure, depth, also=also, hand=self.hand)
        return Candidate(picture, depth, also, across, summary=_ACROSS if across else "")

    def openings(self) -> Iterator[Candidate]:
        """Cliques stay open beside what folds, and fold last: a ring says what no box can."""
        around = self.around_cliques()
        every = self.at(self.top)
        yield every
        bare = unframed(every.picture)
        if bare.items != every.picture.items:
            yield replace(every, picture=bare, summary="the frames of stages are left out")
        for depth in range(self.top - 1, -1, -1):
            yield self.at(depth, around)
        if around and self.top:
            yield self.at(0)
        across = self.at(0, across=True)
        if self.top and across.picture != self.at(0).picture:
            yield across

    def around_cliques(self) -> frozenset[int]:
        """Cliques and the stages around them."""
        regions = self.structure.graph.regions
        cliques = [r.id for r in regions.values() if r.kind == "clique"]
        return frozenset(around.id for id in cliques for around in self.structure.graph.ancestors(id))

    def reopened(self, candidate: Candidate) -> Iterator[frozenset[int]]:
        """Stages that hold layers of their own, which no definition shows; all alike at once."""
        alike: dict[Hashable, set[int]] = defaultdict(set)
        for box in candidate.picture.boxes():
            if not isinstance(box, Box) or not box.region or box.region in self.hand.folded:
                continue
            region = self.structure.graph.regions[box.region]
            units = self.structure.rolled(region.id)
            if region.kind == "stage" and own_layers(self.structure, region):
                form = tuple(self.form(rolled.unit) for rolled in units)
                alike[form].add(region.id)
        yield from map(frozenset, alike.values())

    def form(self, unit: Unit) -> Hashable:
        """Equal for units that are drawn alike but for their numbers."""
        if isinstance(unit, Fused):
            return tuple(self.structure.graph.node(name).layer.kind for name in unit.nodes)
        return unit.kind, unit.block, self.structure.kinds(unit)

    def with_open(self, candidate: Candidate, more: frozenset[int]) -> Candidate:
        """The candidate with more open."""
        return self.at(candidate.depth, candidate.also | more, candidate.across)


class Block(Source):
    """The definition of a block alone, its channels symbolic; or a stage, a dense block, a clique, a head.

    Args:
        structure: of the graph.
        name: of a block, or the path of a part.
        expand: names of what is open in it.
        fold: names of what is folded in it.

    Raises:
        ArchError: E514, there is nothing of a name.
    """

    def __init__(
        self, structure: Structure, name: str, expand: Sequence[str] = (), fold: Sequence[str] = ()
    ) -> None:
        self.structure = structure
        self.hand = by_hand(structure, expand, fold)
        self.regions = [r.id for r in find(structure, name, "draw")]
        self.top = max(deepest(structure, id) for id in self.regions)

    def at(self, depth: int) -> Candidate:
        """Its forms with so many levels open; all but the first as what stands beside that."""
        first, *others = defined(self.structure, self.regions, depth, self.hand)
        return Candidate(_framed(first.picture), depth, siblings=tuple(others))


class Layers(Source):
    """A net layer by layer: nothing rolled, fused or folded, unless there are too many boxes to lay out.

    Args:
        structure: of the graph, in which a clique is a ring.
    """

    def __init__(self, structure: Structure) -> None:
        self.structure = Structure(structure.graph, apart=True)
        self.folded = structure
        self.top = deepest(structure)

    def at(self, depth: int) -> Candidate:
        """Every layer, at any depth."""
        return next(iter(self.openings()))

    def openings(self) -> Iterator[Candidate]:
        """Every layer; with repeats rolled, where that is too much; folded, until it is not."""
        every = collapse(self.structure, self.top)
        if every.count <= look.MOST_BOXES:
            yield Candidate(every, self.top)
            return
        many = f"{every.count:,} layers are more than can be laid out"
        said = rolled = f"{many}: repeats are rolled"
        picture, depth = collapse(self.folded, self.top), self.top
        while picture.count > look.MOST_BOXES and depth > 0:
            depth -= 1
            picture = collapse(self.folded, depth)
            said = f"{rolled}, and depth {depth} is open"
        drawn = capped(picture)
        if drawn is not picture:
            said = f"{many}: what is between input and output is one box"
        yield Candidate(drawn, depth, summary=said)


def _framed(picture: Picture) -> Picture:
    """A definition as a picture of its own: its title stands on a frame around it."""
    frame = Cluster(
        f"{picture.items[0].id}.frame", picture.name, picture.note, picture.items, label=picture.label
    )
    return replace(picture, items=(frame,), note="", label=())
