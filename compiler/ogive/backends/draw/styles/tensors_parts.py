"""A net as the parts that are drawn as one operation each, and the tensors between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import log2, prod

from ogive.backends.draw.fold.text import look
from ogive.graph import Graph, Ref, Region
from ogive.layers.base import Layout, Look, Size, TensorType
from ogive.layers.order import magnitude

LEADS = frozenset({"conv", "linear", "attention", "pool"})
"""Looks of layers that make another tensor; norms and activations go with them."""
STEP = 1.5
"""A map is of another resolution where its sides differ so much: no unpadded convolution changes it."""


@dataclass(frozen=True, slots=True)
class Part:
    """Layers that are drawn as one: a single one, or all of a folded region."""

    nodes: tuple[str, ...]
    region: Region | None = None

    @property
    def last(self) -> str:
        """The name of its last layer."""
        return self.nodes[-1]


def places(type_: TensorType) -> tuple[Size, ...]:
    """The sizes that are places; of indices, too, that stand in a row."""
    return type_.sizes if type_.dtype == "int" and type_.layout is Layout.PLAIN else type_.spatial


@lru_cache(4096)
def side(type_: TensorType) -> float:
    """How many places a tensor has along one axis, on the mean; 1 for a vector."""
    sizes = places(type_)
    return max(float(prod(magnitude(size) for size in sizes)), 1.0) ** (1 / max(len(sizes), 1))


@lru_cache(4096)
def octaves(before: TensorType, after: TensorType) -> int:
    """How often the sides were halved (1, 2, …), or doubled (-1, -2, …); 0 where the resolution stays, and
    where there is nothing to compare: a map and the tokens made of it.
    """
    axes = {len(places(t)) for t in (before, after)} - {0}
    ratio = side(before) / side(after)
    if len(axes) > 1 or 1 / STEP < ratio < STEP:
        return 0
    return round(log2(ratio)) or (1 if ratio > 1 else -1)


class Looks:
    """How the layers of a net are drawn, and what goes into them, each asked once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._operands: dict[str, tuple[Ref, ...]] = {}

    @cached_property
    def _all(self) -> dict[str, Look]:
        return {node.name: look(self.graph, node) for node in self.graph}

    def __getitem__(self, name: str) -> Look:
        return self._all[name]

    def operands(self, name: str) -> tuple[Ref, ...]:
        """What goes into a layer; not the tensor whose sizes it only takes over, as `crop` does."""
        if name not in self._operands:
            found = self.graph.operands(name)
            self._operands[name] = found[:1] if self.graph.node(name).layer.follows else found
        return self._operands[name]

    def leads(self, name: str) -> bool:
        """Whether a layer makes another tensor, and does not only go with what does."""
        return self._all[name].kind in LEADS


@dataclass
class Flow:
    """Parts with the tensors between them. What a part reads comes before it.

    Attributes:
        graph: whose layers they are.
        looks: of these layers.
        parts: in order.
        of: by layer: the index of its part.
        into: by part: the tensors that it reads from other parts or from outside, with the part (None:
            outside).
        after: by part: the parts that read it.
    """

    graph: Graph
    looks: Looks
    parts: Sequence[Part]
    of: dict[str, int] = field(default_factory=dict)
    into: list[list[tuple[int | None, Ref]]] = field(default_factory=list)
    after: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.of = {name: i for i, part in enumerate(self.parts) for name in part.nodes}
        self.after = [[] for _ in self.parts]
        for index, part in enumerate(self.parts):
            reads: dict[Ref, int | None] = {}
            for name in part.nodes:
                for ref in self.looks.operands(name):
                    before = self.of.get(ref.node)
                    if before != index:
                        reads[ref] = before
            self.into.append([(before, ref) for ref, before in reads.items()])
            for before in dict.fromkeys(b for b in reads.values() if b is not None):
                self.after[before].append(index)

    def type(self, index: int) -> TensorType:
        """What a part makes: the first of its results, where there are several."""
        part = self.parts[index]
        if part.region is not None and part.region.outputs and part.region.outputs[0].node in part.nodes:
            return self.graph.type(part.region.outputs[0])
        return self.graph.node(part.last).outputs[0]

    def ways(self, index: int) -> list[tuple[int | None, Ref]]:
        """Those operands that a part goes on from: not a gate, which is smaller than what it gates."""
        into, part = self.into[index], self.parts[index]
        if part.region is not None or len(into) < 2:
            return into
        places = self.type(index).spatial
        return [(b, ref) for b, ref in into if self.graph.type(ref).spatial == places] or into

    def longest(self, ends: Iterable[int]) -> list[int]:
        """The parts on the longest way to one of `ends`: a residual's body, not what stands beside it."""
        length: list[int] = []
        before: list[int | None] = []
        for index in range(len(self.parts)):
            own = [b for b, _ in self.ways(index) if b is not None]
            best = max(own, key=lambda b: length[b], default=None)
            before.append(best)
            length.append(self._weight(index) + (length[best] if best is not None else 0))
        at = max(ends, key=lambda i: length[i], default=None)
        path: list[int] = []
        while at is not None:
            path.append(at)
            at = before[at]
        return path[::-1]

    def _weight(self, index: int) -> int:
        part = self.parts[index]
        if len(part.nodes) == 1:
            region = self.graph.node(part.last).region
            if any(around.kind == "shortcut" for around in self.graph.ancestors(region)):
                return 0
        return 2 * len(part.nodes) + self.leads(index)

    def leads(self, index: int) -> int:
        """How many layers of a part make another tensor."""
        return sum(map(self.looks.leads, self.parts[index].nodes))

    def changes(self, index: int) -> int:
        """How often a part halves the sides of what it goes on from; negative: doubles them."""
        types = [self.graph.type(ref) for _, ref in self.ways(index)]
        return octaves(max(types, key=side), self.type(index)) if types else 0

    def beside(self, path: Sequence[int]) -> list[Beside]:
        """What stands beside a path: every connected group of other parts, and every tensor that goes past
        some of its parts.
        """
        on = set(path)
        group: dict[int, int] = {}
        found: list[Beside] = []
        for index in range(len(self.parts)):
            if index in on or index in group:
                continue
            todo, members = [index], set[int]()
            while todo:
                at = todo.pop()
                if at in members or at in on:
                    continue
                members.add(at)
                todo += [b for b, _ in self.into[at] if b is not None]
                todo += self.after[at]
            group.update(dict.fromkeys(members, len(found)))
            reads = {
                (b if b in on else None, ref) for m in members for b, ref in self.into[m] if b not in members
            }
            users = {a for m in members for a in self.after[m] if a in on}
            found.append(Beside(tuple(sorted(members)), tuple(sorted(reads, key=str)), tuple(sorted(users))))
        for before, index in zip((None, *path), path, strict=False):
            for source, ref in self.into[index]:
                if source != before and (source is None or source in on):
                    found.append(Beside((), ((source, ref),), (index,)))
        return found


@dataclass(frozen=True, slots=True)
class Beside:
    """A way beside a path.

    Attributes:
        parts: that stand on it; none for a tensor that is only passed on.
        reads: what it takes: the part of the path (None: from outside) and the tensor.
        users: the parts of the path that take its results.
    """

    parts: tuple[int, ...]
    reads: tuple[tuple[int | None, Ref], ...]
    users: tuple[int, ...]
