"""The dataflow of one run of a module, reduced to what tells weights apart.

A node is a use of parameters or buffers (a convolution, a norm, an embedding ...), a merge of several tensors
(add, cat, matmul ...), a part of a tensor (a chunk, a slice), an input, or a parameter or buffer itself.
Whatever has one operand (activations, pooling, reshapes, constants added) is no node: it is kept on the edge
as a hint, and hints only break ties. Equal nodes are one: two calls with equal labels and equal operands are
recorded once.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple


class Hint(NamedTuple):
    """An operation of one operand, kept on the edge it was contracted into."""

    kind: str
    args: tuple[Hashable, ...] = ()
    minor: bool = False
    """True for permutations and arithmetic with constants, which two implementations may write
    differently."""


class Edge(NamedTuple):
    """A tensor: the node it comes from and the contracted operations since."""

    node: int
    hints: tuple[Hint, ...] = ()

    def after(self, hint: Hint) -> "Edge":
        """The edge once one more operation was contracted into it."""
        return Edge(self.node, (*self.hints, hint))


@dataclass(frozen=True, slots=True)
class Node:
    """One operation, input, parameter or buffer.

    Attributes:
        label: What a node of the other graph must agree in, its kind first.
        operands: Where its tensors come from, in order.
        args: Further arguments (eps, padding ...): compared only to break ties, and when outputs differ.
        commutative: True where the order of the operands says nothing.
        state: True where it depends on parameters and buffers only.
        path: The submodule that ran it; for a parameter or buffer, its own name.
        text: What it is, for messages: ``conv 3x3/2``.
        axis: Where the channels are in the result of an operation that has weights for each.
    """

    label: tuple[Hashable, ...]
    operands: tuple[Edge, ...] = ()
    args: tuple[Hashable, ...] = ()
    commutative: bool = False
    state: bool = False
    path: str = ""
    text: str = ""
    axis: int = 1

    @property
    def kind(self) -> str:
        """The operation's name, or `state` or `input`."""
        return str(self.label[0])

    @property
    def is_state_leaf(self) -> bool:
        """Whether it is a parameter or buffer itself."""
        return self.kind == "state"


@dataclass(frozen=True, slots=True)
class Dataflow:
    """The nodes that reach an output, operands before users, and the outputs in order."""

    nodes: tuple[Node, ...]
    outputs: tuple[Edge, ...]

    def state_leaves(self) -> list[int]:
        """The parameters and buffers that reach an output, in the order of their first use."""
        seen: dict[int, None] = {}
        for node in self.nodes:
            for operand in node.operands:
                if self.nodes[operand.node].is_state_leaf:
                    seen.setdefault(operand.node)
        for output in self.outputs:
            if self.nodes[output.node].is_state_leaf:
                seen.setdefault(output.node)
        return list(seen)

    def users(self) -> list[list[tuple[int, int]]]:
        """For each node, its uses: (user, position among the user's operands)."""
        uses: list[list[tuple[int, int]]] = [[] for _ in self.nodes]
        for index, node in enumerate(self.nodes):
            for position, operand in enumerate(node.operands):
                uses[operand.node].append((index, position))
        return uses


class DataflowBuilder:
    """Collects nodes while a module runs; `finish` keeps what reaches the outputs."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._known: dict[Hashable, int] = {}

    def leaf(self, label: tuple[Hashable, ...], path: str, text: str) -> Edge:
        """Adds an input, parameter or buffer."""
        self.nodes.append(Node(label, state=label[0] == "state", path=path, text=text))
        return Edge(len(self.nodes) - 1)

    def add(self, node: Node) -> Edge:
        """Adds an operation, or returns the equal one that is there already."""
        index = self._known.setdefault(self._key(node, node.operands), len(self.nodes))
        if index == len(self.nodes):
            state = all(self.nodes[operand.node].state for operand in node.operands)
            self.nodes.append(replace(node, state=state))
        return Edge(index)

    @staticmethod
    def _key(node: Node, operands: Iterable[Edge]) -> Hashable:
        """What makes two operations equal; the order of operands only where it matters."""
        if node.commutative:
            operands = sorted(operands, key=lambda edge: (edge.node, repr(edge.hints)))
        return node.label, tuple(operands), node.args

    def finish(self, outputs: Iterable[Edge]) -> Dataflow:
        """The dataflow into `outputs`, without dead nodes; sums of sums and products of products are flat."""
        outputs = tuple(outputs)
        live = {edge.node for edge in outputs}
        uses = dict.fromkeys(live, 2)  # an output is never flattened into its user
        for index in range(len(self.nodes) - 1, -1, -1):
            if index in live:
                for operand in self.nodes[index].operands:
                    live.add(operand.node)
                    uses[operand.node] = uses.get(operand.node, 0) + 1

        kept: dict[int, int] = {}
        nodes: list[Node] = []
        known: dict[Hashable, int] = {}
        spliced: dict[int, tuple[Edge, ...]] = {}
        absorbed = {
            operand.node
            for index in live
            for operand in self.nodes[index].operands
            if self._flattens(self.nodes[index], operand) and uses[operand.node] == 1
        }
        for index in sorted(live):
            node = self.nodes[index]
            operands: list[Edge] = []
            for operand in node.operands:
                inner = spliced.get(operand.node)
                operands += inner if inner is not None else (Edge(kept[operand.node], operand.hints),)
            if index in absorbed:
                spliced[index] = tuple(operands)
                continue
            # What is flattened may turn out to be equal: (a + b) + c and a + (b + c).
            key = index if node.kind in ("state", "input") else self._key(node, operands)
            kept[index] = known.setdefault(key, len(nodes))
            if kept[index] == len(nodes):
                nodes.append(replace(node, operands=tuple(operands)))
        return Dataflow(tuple(nodes), tuple(Edge(kept[edge.node], edge.hints) for edge in outputs))

    def _flattens(self, user: Node, operand: Edge) -> bool:
        inner = self.nodes[operand.node]
        return user.commutative and inner.commutative and inner.kind == user.kind and not operand.hints
