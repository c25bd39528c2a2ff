"""Which regions of a net are drawn as one operation: whatever a row of tensors cannot show by itself.

A region stays open where it is a chain: tensors in a row, and beside them ways that hold at most a
projection. What is no chain (the branches of an Inception, a dense block, a clique, a gate) is folded, as the
block in which it stands. What goes past a lower resolution stays open, whatever stands on it: that is what
makes a U.
"""

from __future__ import annotations

from collections.abc import Sequence

from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.styles.tensors_parts import Beside, Flow, Looks, Part, octaves, side
from ogive.graph import Ref, Region
from ogive.report.counts import main_path

DEGREES = range(5)
"""0 folds only what is no chain; 1 whatever has a way beside it, too, such as a residual unit; 2 blocks; 3
stages; 4 all that there is.
"""
_ALWAYS = frozenset({"dense", "clique"})
_FEW = 3
_CARRIED = frozenset({"norm", "act", "dropout"})


def flow(structure: Structure, degree: int) -> Flow:
    """The parts of a net; what is there in training only is left out.

    Args:
        structure: of the net.
        degree: how far it is folded; one of `DEGREES`.
    """
    looks = Looks(structure.graph)
    return Flow(structure.graph, looks, _Folding(structure, looks, degree).parts[0])


class _Folding:
    """Regions from the inside out: the parts of each, if it stays open."""

    def __init__(self, structure: Structure, looks: Looks, degree: int) -> None:
        self.structure = structure
        self.graph = structure.graph
        self.looks = looks
        self.degree = degree
        self.alive = main_path(self.graph)
        self.parts: dict[int, tuple[Part, ...]] = {}
        self.names: set[str | None] = set()  # of blocks that are folded: all their uses are
        self._fold()
        folded = {part.region.block for part in self.parts[0] if part.region and part.region.kind == "block"}
        if folded:
            self.names = folded
            self._fold()

    def _fold(self) -> None:
        for region in reversed(list(self.graph.regions.values())):  # a parent comes before its children
            parts = self._direct(region)
            whole = tuple(name for part in parts for name in part.nodes)
            if region.id and whole and self._folds(region, parts):
                parts = (Part(whole, region),)
            self.parts[region.id] = parts

    def _direct(self, region: Region) -> tuple[Part, ...]:
        found: list[Part] = []
        for item in self.structure.items[region.id]:
            if isinstance(item, Region):
                found += self.parts[item.id]
            elif item.name in self.alive:
                found.append(Part((item.name,)))
        return tuple(found)

    def _folds(self, region: Region, parts: Sequence[Part]) -> bool:
        if region.kind in _ALWAYS:
            return True
        if region.kind == "block" and self._named(parts):
            return True
        if len(parts) < 2:
            return False
        inner = Flow(self.graph, self.looks, parts)
        path = inner.longest(self._ends(region, inner))
        beside = inner.beside(path)
        entry = {ref for start, ref in inner.into[path[0]] if start is None}
        if not all(self._plain(inner, path, way, entry) for way in beside):
            return True
        if self.degree == max(DEGREES):
            return True
        if _turns(inner, path):
            return False
        if region.kind == "block" and (region.block in self.names or self._branches(inner)):
            return True
        if self.degree >= 1 and not self._spared(region) and any(_local(way, entry) for way in beside):
            return True
        leads = sum(inner.leads(i) for i in range(len(parts)))
        return leads > 1 and (
            (self.degree >= 2 and region.kind == "block") or (self.degree >= 3 and region.kind == "stage")
        )

    def _spared(self, region: Region) -> bool:
        """Whether a region is not folded for a way beside it: a stage; a residual whose block will be."""
        around = self.graph.regions[region.parent] if region.parent is not None else None
        return region.kind == "stage" or (
            region.kind != "block" and around is not None and around.kind == "block"
        )

    def _named(self, parts: Sequence[Part]) -> bool:
        """Whether a block is one folded thing with norm and activation: that has the block's name then."""
        folded = [part for part in parts if part.region is not None]
        others = (part for part in parts if part.region is None)
        if len(folded) != 1 or not folded[0].region or folded[0].region.kind in {"block", "dense", "clique"}:
            return False
        return all(self.looks[part.last].kind in _CARRIED for part in others)

    def _branches(self, inner: Flow) -> bool:
        """Whether the branches of a block are most of it: it is called after them, then."""
        merges = [p.region and p.region.kind == "merge" for p in inner.parts]
        others = sum(inner.leads(i) for i, merge in enumerate(merges) if not merge)
        return any(merges) and others <= _FEW

    def _ends(self, region: Region, inner: Flow) -> list[int]:
        """The parts whose results leave a region; its own value first."""
        own = [inner.of[ref.node] for ref in region.outputs if ref.node in inner.of]
        return own or [i for i in range(len(inner.parts)) if self._leaves(inner, i)] or [len(inner.parts) - 1]

    def _leaves(self, inner: Flow, index: int) -> bool:
        names = inner.parts[index].nodes
        if any(name in self.structure.kept for name in names):
            return True
        return any(
            user in self.alive and user not in inner.of
            for n in names
            for _, user, _ in self.graph.consumers(n)
        )

    def _plain(self, inner: Flow, path: Sequence[int], way: Beside, entry: set[Ref]) -> bool:
        """Whether a way beside a path can be drawn as one arrow."""
        if not way.parts:
            return True
        if len(way.reads) != 1 or len(way.users) != 1 or any(self._leaves(inner, i) for i in way.parts):
            return False
        leads = sum(inner.leads(i) for i in way.parts)
        ((start, ref),) = way.reads
        if not leads:
            return True
        between = path[path.index(start) + 1 if start is not None else 0 : path.index(way.users[0])]
        level = self.graph.type(ref)
        if start is None and ref not in entry and not any(inner.changes(i) for i in path):
            return False
        lower = any(octaves(level, inner.type(i)) > 0 for i in between)
        if lower and all(not octaves(level, inner.type(i)) for i in way.parts):
            return True
        if any(self.graph.regions[r].kind == "shortcut" for r in self._homes(inner, way)):
            return True
        user = inner.parts[way.users[0]]
        symbol = self.looks[user.last].symbol if user.region is None else None
        same = inner.type(way.parts[-1]).spatial == inner.type(way.users[0]).spatial
        return leads == 1 and symbol == "+" and same and side(level) > 1

    def _homes(self, inner: Flow, way: Beside) -> set[int]:
        names = (name for i in way.parts for name in inner.parts[i].nodes)
        return {around.id for n in names for around in self.graph.ancestors(self.graph.node(n).region)}


def _local(way: Beside, entry: set[Ref]) -> bool:
    """Whether a way begins where the path of a region does, or later."""
    return all(start is not None or ref in entry for start, ref in way.reads)


def _turns(inner: Flow, path: Sequence[int]) -> bool:
    """Whether resolution falls along a path, and rises again."""
    fallen = False
    for index in path:
        change = inner.changes(index)
        fallen = fallen or change > 0
        if fallen and change < 0:
            return True
    return False
