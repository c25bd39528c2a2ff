"""What is known about a net's layers, for the colours and words of its drawing.

Nodes are those of the graph as it was written. A layer of a clique has what it has in all stages together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cached_property

from ogive.graph import Graph, Node
from ogive.layers.base import Size
from ogive.layers.order import magnitude
from ogive.layers.unknown import SizeExpr
from ogive.report import counts
from ogive.report.field import Field, fields
from ogive.report.least import least_sizes, usual_sizes
from ogive.report.members import clique_parts
from ogive.report.memory import output_bytes


class Facts:
    """Counts of any layers of a net. Each is counted when it is first asked for, once.

    Args:
        graph: as it was written.
        unrolled: the same with its cliques unrolled.
    """

    def __init__(self, graph: Graph, unrolled: Graph) -> None:
        self.graph = graph
        self.unrolled = unrolled
        self._known: dict[tuple[str, str], Size] = {}
        self._weights: dict[str, int] = {}

    @cached_property
    def path(self) -> frozenset[str]:
        """The nodes, as written, that are there in inference: all but auxiliary heads."""
        return counts.main_path(self.graph)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """The numbers that stand for the unknown sizes where a number is needed: usual ones."""
        least = least_sizes(self.unrolled)
        return usual_sizes([self.graph.node(name).outputs[0] for name in self.graph.inputs], least)

    def params(self, nodes: Iterable[str]) -> int:
        """Trainable parameters that these layers own. Shared weights belong to the first of their users."""
        total = self._total("params", nodes, lambda node: counts.node_params(self.unrolled, node))
        assert isinstance(total, int), "a layer refuses weights of unknown sizes"
        return total

    def held(self, nodes: Iterable[str]) -> int:
        """Trainable parameters that these layers use: each set of weights once, whether or not its owner is
        among them.
        """
        found = {part.owner or part.name for name in dict.fromkeys(nodes) for part in self._parts(name)}
        for owner in found - self._weights.keys():
            self._weights[owner] = counts.node_params(self.unrolled, self.unrolled.node(owner))
        return sum(self._weights[owner] for owner in found)

    @cached_property
    def shares(self) -> bool:
        """Whether a layer of the net in inference uses weights of another; stages of one clique always do."""
        for name in self.path:
            parts = self._parts(name)
            own = {part.name for part in parts}
            if any(part.owner is not None and part.owner not in own for part in parts):
                return True
        return False

    def owners(self, nodes: Iterable[str]) -> list[str]:
        """The layers whose weights these use without owning them."""
        found = (part.owner for name in nodes for part in self._parts(name))
        return list(dict.fromkeys(owner for owner in found if owner))

    def macs(self, nodes: Iterable[str]) -> Size:
        """Multiply-accumulates with weights, of one image."""
        return self._total("macs", nodes, lambda node: counts.node_macs(self.unrolled, node))

    def products(self, nodes: Iterable[str]) -> Size:
        """Multiply-accumulates of two activations, of one image, as attention has them."""
        of = self.unrolled.operand_types
        return self._total("products", nodes, lambda node: node.layer.products(of(node.name), node.outputs))

    def memory(self, nodes: Iterable[str]) -> Size:
        """Bytes that all their outputs take together, of one image, in fp32."""
        return self._total("memory", nodes, output_bytes)

    def field(self, nodes: Iterable[str]) -> Field:
        """The largest receptive field among them."""
        found = [self._fields[part.name] for name in nodes for part in self._parts(name)]
        return max((f for f in found if f.axes), key=_extent, default=Field())

    def number(self, amount: Size | Fraction) -> float:
        """An amount as a number: with the usual sizes in the place of unknown ones."""
        return float(magnitude(amount.at(self.sizes))) if isinstance(amount, SizeExpr) else float(amount)

    # ------------------------------------------------------------------ layer by layer

    @cached_property
    def _clique_parts(self) -> dict[str, list[Node]]:
        return clique_parts(self.graph, self.unrolled)

    @cached_property
    def _fields(self) -> dict[str, Field]:
        return fields(self.unrolled)

    def _parts(self, name: str) -> list[Node]:
        """What a layer is in the unrolled graph."""
        found = self._clique_parts.get(name)
        return found if found is not None else [self.unrolled.node(name)]

    def _total(self, what: str, nodes: Iterable[str], count: Callable[[Node], Size]) -> Size:
        names = dict.fromkeys(nodes)
        for name in names:
            if (what, name) not in self._known:
                self._known[what, name] = sum(map(count, self._parts(name)))
        return sum(self._known[what, name] for name in names)


def _extent(field: Field) -> tuple[bool, Fraction]:
    return field.whole, max(magnitude(axis.extent) for axis in field.axes)
