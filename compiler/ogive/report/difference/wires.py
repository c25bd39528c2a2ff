"""Which layers take other tensors than before: connections that no added or removed layer accounts for.

A layer between two others (`insert bn before relu`) changes what the second takes, and is no other
connection. So what arrives is traced back, in A through what was removed, in B through what was added, to
layers that are in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ogive.graph import Graph, Ref
from ogive.report.difference.match import Matching
from ogive.report.difference.tree import Net

Sources = frozenset[Ref]
"""Tensors of layers that are in both nets, by their names in A."""


@dataclass(frozen=True, slots=True)
class Rewired:
    """A layer, or an output of the net, that takes something else.

    Attributes:
        a: the layer in A, or the name of the output; `b` likewise.
        before: the layers of A that it no longer takes.
        after: the layers of B that it takes instead.
        output: whether it is an output of the net.
        reordered: whether these are the same layers, in another order.
    """

    a: str
    b: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    output: bool = False
    reordered: bool = False


@dataclass(frozen=True, slots=True)
class _Slot:
    """An operand.

    Attributes:
        ref: the tensor.
        sources: what it comes from.
        direct: whether its layer is in both nets itself.
    """

    ref: Ref
    sources: Sources
    direct: bool


class Wires:
    """The connections of two nets, in the names of A."""

    def __init__(self, a: Net, b: Net, matching: Matching) -> None:
        into_a = {y.key: x.key for x, y in matching.layers}
        for x, y in matching.regions:
            pairs = zip(a.members.get(x.key, ()), b.members.get(y.key, ()), strict=False)
            into_a |= {second: first for first, second in pairs}
        self.a, self.b = a, b
        self.to_b = {first: second for second, first in into_a.items()}
        self._sources_a = _sources(a.graph, {name: name for name in self.to_b})
        self._sources_b = _sources(b.graph, into_a)
        self._into_a = into_a

    def rewired(self, matching: Matching) -> list[Rewired]:
        """Everything that takes something else."""
        found: list[Rewired] = []
        for x, y in matching.layers:
            before, after = self.a.facts[x.key].operands, self.b.facts[y.key].operands
            symmetric = all(part.layer is not None and part.layer.symmetric for part in (x, y))
            lost, new = self.compare(before, after, symmetric=symmetric)
            if lost or new:
                reordered = sorted(self.to_b[name] for name in lost) == sorted(new)
                found.append(Rewired(x.key, y.key, lost, new, reordered=reordered))
        for (first, ref), (second, other) in self.outputs():
            lost, new = self.compare((ref,), (other,))
            if lost or new:
                found.append(Rewired(first, second, lost, new, output=True))
        return found

    def outputs(self) -> list[tuple[tuple[str, Ref], tuple[str, Ref]]]:
        """Pairs of outputs: those of one name, and those that are the same tensor. Where each net has
        just one, these.
        """
        a, b = list(self.a.graph.outputs), list(self.b.graph.outputs)
        if len(a) == len(b) == 1:
            return [(a[0], b[0])]
        other = dict(b)
        found = [((name, ref), (name, other[name])) for name, ref in a if name in other]
        named = {name for (name, _), _ in found}
        left = [(name, ref) for name, ref in b if name not in named]
        for name, ref in a:
            same = next((pair for pair in left if not any(self.compare((ref,), (pair[1],)))), None)
            if name not in named and same is not None:
                found.append(((name, ref), same))
                left.remove(same)
        return found

    def compare(
        self, before: Sequence[Ref], after: Sequence[Ref], *, symmetric: bool = False
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The layers that only the first, and that only the second operands come from.

        Args:
            before, after: the operands.
            symmetric: whether their order makes no difference.
        """
        xs, ys = self.slots(before, self._sources_a), self.slots(after, self._sources_b, self._into_a)
        if [slot.ref for slot in xs] == [slot.ref for slot in ys]:
            return (), ()
        pairs = _assigned(xs, ys)
        in_place = [(i, i) for i, (x, y) in enumerate(zip(xs, ys, strict=False)) if x.sources & y.sources]
        if not symmetric and len(xs) == len(ys) and len(in_place) >= len(pairs):
            pairs = in_place
        lost = [x for i, x in enumerate(xs) if x.direct and all(i != kept for kept, _ in pairs)]
        new = [y for j, y in enumerate(ys) if y.direct and all(j != kept for _, kept in pairs)]
        if not (lost or new or symmetric) and pairs != sorted(pairs, key=lambda pair: pair[1]):
            lost, new = ([slot for slot in each if slot.direct] for each in (xs, ys))  # in another order
        return tuple(slot.ref.node for slot in lost), tuple(self.to_b[slot.ref.node] for slot in new)

    def slots(
        self, refs: Sequence[Ref], sources: Mapping[str, Sources], names: Mapping[str, str] | None = None
    ) -> list[_Slot]:
        """What is known of operands.

        Args:
            refs: they.
            sources: by layer that only their net has: what it comes from.
            names: by layer that both nets have: its name in A, where their net is B.
        """
        found: list[_Slot] = []
        for ref in refs:
            name = ref.node if names is None else names.get(ref.node)
            if name is not None and name in self.to_b:
                known = Ref(name, ref.output)
                found.append(_Slot(known, frozenset((known,)), direct=True))
            else:
                found.append(_Slot(Ref("", -1), sources[ref.node], direct=False))
        return found


def _sources(graph: Graph, names: Mapping[str, str]) -> dict[str, Sources]:
    """For every layer that only one net has: the tensors of layers of both that it is computed from.

    Args:
        graph: the net.
        names: by layer that both have: its name in A.
    """
    found: dict[str, Sources] = {}
    for node in graph:
        if node.name in names:
            continue
        operands = graph.operands(node.name)
        if node.layer.group == "clique":  # the others stand in a circle
            operands = operands[:1]
        every: set[Ref] = set()
        for ref in operands:
            known = names.get(ref.node)
            every |= found.get(ref.node, frozenset()) if known is None else {Ref(known, ref.output)}
        found[node.name] = frozenset(every)
    return found


def _assigned(xs: Sequence[_Slot], ys: Sequence[_Slot]) -> list[tuple[int, int]]:
    """Pairs of operands that come from the same, in whatever order; those that are one tensor go together."""
    pairs: list[tuple[int, int]] = []
    for exact in (True, False):
        for i, x in enumerate(xs):
            if any(i == other for other, _ in pairs):
                continue
            free = (j for j in range(len(ys)) if all(j != other for _, other in pairs))
            alike = (j for j in free if (_same(x, ys[j]) if exact else x.sources & ys[j].sources))
            if (j := next(alike, None)) is not None:
                pairs.append((i, j))
    return sorted(pairs)


def _same(x: _Slot, y: _Slot) -> bool:
    return x.direct and y.direct and x.ref == y.ref
