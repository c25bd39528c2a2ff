"""What a table is about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ogive.graph import Graph, Node, Region
from ogive.layers.base import Look, Size, TensorType
from ogive.layers.order import magnitude
from ogive.report import counts


@dataclass(frozen=True)
class Subject:
    """A net of a table.

    Attributes:
        graph: its graph, with its cliques unrolled: what is computed, and counted.
        name: what it is called in the table; the name of the net unless given.
        published: by what name the zoo cites published figures of it; None where it has none to cite: a
            net of a user's own, or one of the zoo that was changed.
    """

    graph: Graph
    name: str = ""
    published: str | None = None

    @property
    def title(self) -> str:
        """What it is called."""
        return self.name or self.graph.name

    @cached_property
    def path(self) -> frozenset[str]:
        """The nodes of inference, without auxiliary heads."""
        return counts.main_path(self.graph)

    @cached_property
    def order(self) -> tuple[Node, ...]:
        """Those nodes, in program order."""
        return tuple(node for node in self.graph if node.name in self.path)

    @cached_property
    def items(self) -> dict[int, list[Node | Region]]:
        """What stands directly in each region."""
        return self.graph.items()

    @cached_property
    def nodes(self) -> dict[int, tuple[str, ...]]:
        """The nodes of inference in each region and in those inside it, in program order."""
        found: dict[int, list[str]] = {id_: [] for id_ in self.graph.regions}
        for node in self.order:
            for around in self.graph.ancestors(node.region):
                found[around.id].append(node.name)
        return {id_: tuple(names) for id_, names in found.items()}

    @cached_property
    def looks(self) -> dict[str, Look]:
        """How each node of inference is drawn."""
        return {node.name: node.layer.look(self.graph.operand_types(node.name)) for node in self.order}

    @cached_property
    def users(self) -> dict[str, list[tuple[int, str]]]:
        """Who takes a node's results in inference: which of its outputs, and the user."""
        return {
            node.name: [
                (output, user) for output, user, _ in self.graph.consumers(node.name) if user in self.path
            ]
            for node in self.order
        }

    @cached_property
    def input(self) -> TensorType:
        """The first input."""
        return self.graph.node(self.graph.inputs[0]).outputs[0]

    @cached_property
    def has_maps(self) -> bool:
        """Whether it is a net of convolutions, so that a vector is a map of one place."""
        return any(self.looks[node.name].kind == "conv" for node in self.order)

    @cached_property
    def params(self) -> int:
        """Trainable parameters of inference."""
        return counts.params(self.graph)

    @cached_property
    def macs(self) -> Size:
        """Multiply-accumulates with weights, of one image."""
        return counts.macs(self.graph)

    @cached_property
    def weights(self) -> dict[str, int]:
        """The parameters of each node of inference; shared ones stand at the first of them that uses them."""
        found: dict[str, int] = {}
        seen: set[str] = set()
        for node in self.order:
            owner = node.owner or node.name
            found[node.name] = 0 if owner in seen else counts.node_params(self.graph, self.graph.node(owner))
            seen.add(owner)
        return found

    def params_of(self, names: tuple[str, ...]) -> int:
        """Parameters at some nodes; those of all nodes together are `params`."""
        return sum(self.weights[name] for name in names)

    def macs_of(self, names: tuple[str, ...]) -> Size:
        """Multiply-accumulates with weights at some nodes."""
        return sum(counts.node_macs(self.graph, self.graph.node(name)) for name in names)

    def halvings(self, type_: TensorType) -> int | None:
        """How often the input was halved to come to that size, as a whole number; None without places."""
        places, entered = type_.spatial, self.input.spatial
        if not places or len(places) != len(entered) or not magnitude(places[0]):
            return None
        ratio = magnitude(entered[0]) / magnitude(places[0])
        halved = 0
        while ratio >= 2**0.5 * 2**halved:
            halved += 1
        return halved
