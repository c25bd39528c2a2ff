"""What is drawn, from all open to all folded: a net, one of its blocks, a net layer by layer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace

from ogive.backends.draw.colours import look
from ogive.backends.draw.fitting.candidates import Candidate, unframed
from ogive.backends.draw.fold.collapse import collapse, deepest
from ogive.backends.draw.fold.definitions import defined
from ogive.backends.draw.fold.folding import own_layers
from ogive.backends.draw.fold.opening import Hand, by_hand, find, without_effect
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
    hand: Hand = Hand()
    expand: Sequence[str] = ()
    fold: Sequence[str] = ()

    @abstractmethod
    def at(self, depth: int) -> Candidate:
        """The picture with so many levels open."""

    def openings(self) -> Iterator[Candidate]:
        """From the most open to the most folded."""
        yield from self.down_from(self.top)

    def down_from(self, depth: int) -> Iterator[Candidate]:
        """The picture with so many levels open, then with fewer and fewer."""
        for level in range(min(depth, self.top), -1, -1):
            yield self.at(level)

    def reopened(self, candidate: Candidate) -> Iterator[frozenset[int]]:
        """What could be opened in it beside what is open everywhere, in the order in which it is tried."""
        return iter(())

    def keeps(self, before: Picture, after: Picture) -> bool:
        """Whether all that was asked to be open in a picture is as it was after a change."""
        return not self.hand.asked or set(self.asked(before)) <= set(self.asked(after))

    def asked(self, picture: Picture) -> Iterator[Hashable]:
        """The boxes of what was asked to be open."""
        graph = self.structure.graph
        for box in picture.boxes():
            if not isinstance(box, Box) or not box.nodes:
                continue
            around = graph.ancestors(graph.node(box.nodes[0]).region)
            if any(region.id in self.hand.asked for region in around):
                yield box.id, box.nodes, "" if box.region else box.text.title

    def idle(self, candidate: Candidate) -> dict[str, str]:
        """The names that opened or folded nothing in a candidate, each with what is said of it."""
        if not (self.expand or self.fold):
            return {}
        hand, drawn = self.hand, self.like(candidate)

        def same(other: Hand) -> bool:
            self.hand = other
            try:
                return self.like(candidate) == drawn
            finally:
                self.hand = hand

        return dict(without_effect(self.structure, hand, same, self.expand, self.fold))

    def like(self, candidate: Candidate) -> Sequence[Picture]:
        """The pictures of a candidate before anything was summed up in them."""
        drawn = self.at(candidate.depth)
        return [drawn.picture, *(d.picture for d in drawn.siblings)]

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
        self.hand, self.expand, self.fold = by_hand(structure, expand, fold), expand, fold

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
        if self.hand.asked:  # what is open is not drawn as one with what is like it
            return
        across = self.at(0, across=True)
        if self.top and across.picture != self.at(0).picture:
            yield across

    def like(self, candidate: Candidate) -> Sequence[Picture]:
        """The picture of a candidate before anything was summed up in it."""
        return [self.at(candidate.depth, candidate.also, candidate.across).picture]

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
        self.hand, self.expand, self.fold = by_hand(structure, expand, fold), expand, fold
        self.regions = [r.id for r in find(structure, name, "draw")]
        self.top = max(deepest(structure, id) for id in self.regions)

    def at(self, depth: int) -> Candidate:
        """Its forms with so many levels open; all but the first as what stands beside that."""
        first, *others = defined(self.structure, self.regions, depth, self.hand)
        return Candidate(_framed(first.picture), depth, siblings=tuple(others))


class BlockLayers(Block):
    """The same layer by layer: nothing rolled, fused or folded.

    Args:
        structure: of the graph.
        name: of a block, or the path of a part.

    Raises:
        ArchError: E514, there is nothing of that name.
    """

    def __init__(self, structure: Structure, name: str) -> None:
        super().__init__(Structure(structure.graph, apart=True), name)


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
        return next(self.down_from(depth))

    def down_from(self, depth: int) -> Iterator[Candidate]:
        """Every layer, at any depth; then with repeats rolled, then folded, where that is too much."""
        every = collapse(self.structure, self.top)
        yield Candidate(every, self.top)
        what = f"{every.count:,} layers" if every.count > look.MOST_BOXES else f"{len(every.edges):,} arrows"
        many = f"{what} are more than can be laid out"
        for level in range(self.top, -1, -1):
            picture = collapse(self.folded, level)
            rolled = ["repeats are rolled"] if picture.count < every.count else []
            said = ", and ".join([*rolled, *([f"depth {level} is open"] if level < self.top else [])])
            yield Candidate(picture, level, summary=f"{many}: {said}" if said else many)


def _framed(picture: Picture) -> Picture:
    """A definition as a picture of its own: its title stands on a frame around it."""
    frame = Cluster(
        f"{picture.items[0].id}.frame", picture.name, picture.note, picture.items, label=picture.label
    )
    return replace(picture, items=(frame,), note="", label=())
