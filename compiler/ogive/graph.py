"""The graph: layers, the tensors between them, and the words of the program that they came from.

`Graph` is a typed wrapper around a networkx MultiDiGraph. Its nodes are layers, called by their path
(`conv3.bottleneck2.conv1`); its edges are tensors and carry which output goes into which operand. Nodes stand
in program order, which is a topological order except inside a clique, where edges run both ways between the
layers. The regions (stage, block use, residual, dense, …) form a tree beside the nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import networkx as nx

from ogive.layers.base import Layer, Size, TensorType
from ogive.source import Span


class Ref(NamedTuple):
    """A tensor: an output of a node."""

    node: str
    output: int = 0


@dataclass(frozen=True, slots=True)
class SharedUse:
    """One use of something whose weights several uses share.

    Attributes:
        name: what it is called where it is defined: the last part of `path`.
        path: the path of its weights, whichever use made them.
        home: the region in which it is defined.
        number: which use this is, from 1.
        apart: whether some of its layers are each use's own.
    """

    name: str
    path: str
    home: int
    number: int
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A layer in its place.

    Attributes:
        name: its path, unique: stages and block uses, then the layer's kind and ordinal.
        layer: the layer, with its arguments.
        outputs: the types of its outputs.
        region: the innermost region that it stands in.
        span: where it was written; None for what the compiler added.
        trail: the uses of blocks that led there, outermost first.
        owner: the node whose weights it uses, where they are shared; None: its own.
        pinned: whether `as` gave it its name.
        notes: what `label` says about it.
        shared: which use of something shared it is, where that is a single layer.
        own: how many of its operands its layer takes, where there are more: of those behind them only the
            sizes are read.
    """

    name: str
    layer: Layer
    outputs: tuple[TensorType, ...]
    region: int
    span: Span | None = None
    trail: tuple[Span, ...] = ()
    owner: str | None = None
    pinned: bool = False
    notes: tuple[str, ...] = ()
    shared: SharedUse | None = None
    own: int | None = None

    @property
    def local(self) -> str:
        """The last part of its path: `conv1`."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the program that survives as a part of the graph.

    Attributes:
        id: its key in `Graph.regions`; 0 is the net itself.
        kind: `net`, `block`, `stage`, `repeat`, `iteration` (one turn of a repeat or of a dense block),
            `residual`, `shortcut` (the part of a residual beside its body), `merge` (concat, add, … with
            branches), `branch`, `dense`, `clique`, `aux`.
        name: the segment that it adds to the paths of its layers; empty where it adds none.
        path: the whole path, with the segments of its parents.
        parent: the region around it; None for the net.
        span: where it was written.
        block: the name of the definition, for a net or a block use; the connectivity word for the others.
        arguments: the values of the definition's parameters (numbers, strings, kernels, lists; layers and
            blocks as text).
        defaults: the default values of those parameters that have one.
        index: which turn, from 0, for an iteration.
        inputs: the tensors that arrive.
        outputs: the tensors that are its value.
        weight: what the loss of an aux head is multiplied with.
        clique: what a clique repeats.
        notes: what `label` says about it.
        shared: which use of something shared it is.
        owner: the path of the clique whose weights a clique uses, where they are shared; None: its own.
        takes: what a block's definition calls the tensors that arrive; empty where it takes the flow.
        gives: what it calls those that are its value; empty where that is the flow.
    """

    id: int
    kind: str
    name: str
    path: str
    parent: int | None
    span: Span | None = None
    block: str | None = None
    arguments: tuple[tuple[str, object], ...] = ()
    defaults: tuple[tuple[str, object], ...] = ()
    index: int | None = None
    inputs: tuple[Ref, ...] = ()
    outputs: tuple[Ref, ...] = ()
    weight: float | None = None
    clique: CliqueBody | None = None
    notes: tuple[str, ...] = ()
    shared: SharedUse | None = None
    owner: str | None = None
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CliqueStep:
    """A layer of a clique's body, called by its kind and ordinal there."""

    name: str
    layer: Layer
    span: Span | None


@dataclass(frozen=True, slots=True)
class CliqueBody:
    """What a clique does at each of its layers (Yang et al. 2018, section 3).

    X0 has `source` channels' type, every X_i the type `result`. In stage 1, X_i = body([X0, X_1 … X_{i-1}]);
    in stage t ≥ 2, X_i = body(every other X_j, newest, in index order), for i = 1 … `updates`.

    Attributes:
        layers: how many layers it connects.
        stages: how often they are computed.
        updates: how many layers a later stage computes before it stops.
        before: channel-wise layers on the concatenated sources; norms are not shared between stages.
        mix: the convolution that mixes the sources; one slice W_ji for each pair, the same in every stage.
        after: the rest of the body, a graph whose only input is node `in` (the result of `mix`) and whose
            only output is X_i; convolutions are shared between stages, norms are not.
        source: the type of X0.
        result: the type of every X_i.
        notes: what `label` says in the body.
    """

    layers: int
    stages: int
    updates: int
    before: tuple[CliqueStep, ...]
    mix: CliqueStep
    after: Graph
    source: TensorType
    result: TensorType
    notes: tuple[str, ...] = ()

    def sources(self, stage: int, layer: int) -> tuple[int, ...]:
        """Which X_j (0 is X0) layer `layer` (from 1) reads in stage `stage` (from 1), in index order."""
        if stage == 1:
            return tuple(range(layer))
        return tuple(j for j in range(1, self.layers + 1) if j != layer)

    def updated(self, stage: int) -> int:
        """How many layers that stage computes."""
        return self.layers if stage == 1 else self.updates

    def links(self) -> tuple[tuple[int, int], ...]:
        """The pairs (j, i) whose weights W_ji are used in some stage."""
        used = {
            (j, i)
            for stage in range(1, self.stages + 1)
            for i in range(1, self.updated(stage) + 1)
            for j in self.sources(stage, i)
        }
        return tuple(sorted(used, key=lambda pair: (pair[1], pair[0])))


@dataclass(frozen=True, slots=True)
class Head:
    """An auxiliary head: its name, its logits, and the weight of its loss."""

    name: str
    ref: Ref
    weight: float


@dataclass
class Graph:
    """A network, typed and placed. Passes return a new one and leave theirs alone.

    Attributes:
        name: the variant, or the net.
        digraph: the networkx graph. A node's key is its name, its attribute `node` the `Node`; an edge's
            attributes are `operand` (which input of the target) and `output` (which output of the source).
        regions: by id; a region's parent comes before it.
        inputs: names of the input nodes, in order.
        outputs: names and tensors, in order; a net without `output` has one, called `output`.
        heads: auxiliary heads, in order.
        edits: those that came from outside of the program's text, as they were written.
    """

    name: str = "net"
    digraph: nx.MultiDiGraph[str] = field(default_factory=nx.MultiDiGraph)
    regions: dict[int, Region] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    outputs: tuple[tuple[str, Ref], ...] = ()
    heads: tuple[Head, ...] = ()
    edits: tuple[str, ...] = ()

    # ------------------------------------------------------------------ reading

    def __len__(self) -> int:
        return len(self.digraph)

    def __contains__(self, name: str) -> bool:
        return name in self.digraph

    def __iter__(self) -> Iterator[Node]:
        """The nodes, in program order."""
        for _, data in self.digraph.nodes(data=True):
            yield data["node"]

    def node(self, name: str) -> Node:
        """The node of that name.

        Raises:
            KeyError: there is none.
        """
        return self.digraph.nodes[name]["node"]

    def type(self, ref: Ref) -> TensorType:
        """The type of a tensor."""
        return self.node(ref.node).outputs[ref.output]

    def operands(self, name: str) -> tuple[Ref, ...]:
        """The tensors that go into a node, in the order of its operands."""
        return self.reads(name)[: self.node(name).own]

    def reads(self, name: str) -> tuple[Ref, ...]:
        """The same, and behind them those whose sizes it reads."""
        edges = [
            (data["operand"], Ref(source, data["output"]))
            for source, keyed in self.digraph.pred[name].items()
            for data in keyed.values()
        ]
        edges.sort()
        return tuple(ref for _, ref in edges)

    def operand_types(self, name: str) -> tuple[TensorType, ...]:
        """The types of those tensors."""
        return tuple(self.type(ref) for ref in self.operands(name))

    def consumers(self, name: str, *, sizes: bool = False) -> list[tuple[int, str, int]]:
        """Who uses a node: (which of its outputs, the user's name, as which operand).

        Args:
            name: the node.
            sizes: whether those count that read only its size.
        """
        return [
            (data["output"], target, data["operand"])
            for target, keyed in self.digraph.succ[name].items()
            for data in keyed.values()
            if sizes or (own := self.node(target).own) is None or data["operand"] < own
        ]

    def parameters(self, name: str) -> dict[str, tuple[Size, ...]]:
        """Shapes of the parameters that a node owns: none when they belong to another node."""
        node = self.node(name)
        return {} if node.owner else node.layer.parameters(self.operand_types(name))

    def ancestors(self, region: int) -> Iterator[Region]:
        """The region and those around it, from the inside."""
        at: int | None = region
        while at is not None:
            yield self.regions[at]
            at = self.regions[at].parent

    def items(self) -> dict[int, list[Node | Region]]:
        """For every region what stands directly in it, nodes and regions, in program order.

        A region without nodes stands where it was opened relative to its siblings that have some.
        """
        items: dict[int, list[Node | Region]] = {id: [] for id in self.regions}
        placed: set[int] = {0}

        def place(region: int) -> None:
            chain: list[Region] = []
            for around in self.ancestors(region):
                if around.id in placed:
                    break
                chain.append(around)
            for around in reversed(chain):
                if around.parent is not None:
                    items[around.parent].append(around)
                placed.add(around.id)

        for node in self:
            place(node.region)
            items[node.region].append(node)
        return items

    def notes(self) -> list[tuple[str, str]]:
        """What `label` says, in program order, with the path of the layer or part.

        The path of the net is empty; for a part without a name it is that of its first layer.
        """
        items = self.items()
        found: list[tuple[str, str]] = []
        todo: list[Node | Region] = [self.regions[0]]
        while todo:
            item = todo.pop()
            if item.notes:
                first: Node | Region = item
                while isinstance(first, Region) and first.id and not first.name and items[first.id]:
                    first = items[first.id][0]
                path = first.name if isinstance(first, Node) else first.path
                found += [(path, text) for text in item.notes]
            todo += reversed(items[item.id]) if isinstance(item, Region) else ()
        return found

    def stages(self) -> list[Region]:
        """The stages, in program order."""
        return [r for r in self.regions.values() if r.kind == "stage"]

    # ------------------------------------------------------------------ building

    def add(self, node: Node, operands: Sequence[Ref] = ()) -> Ref:
        """Adds a node behind those there are and connects its operands. Returns its first output."""
        self.digraph.add_node(node.name, node=node)
        for position, ref in enumerate(operands):
            self.connect(ref, node.name, position)
        return Ref(node.name)

    def connect(self, ref: Ref, target: str, operand: int) -> None:
        """Adds an edge."""
        self.digraph.add_edge(ref.node, target, operand=operand, output=ref.output)

    def put(self, node: Node) -> None:
        """Puts a node in the place of the one that has its name; the edges stay."""
        self.digraph.nodes[node.name]["node"] = node

    def copy(self) -> Graph:
        """A copy that can be changed without touching this one; nodes and regions are frozen, and shared."""
        return replace(self, digraph=self.digraph.copy(), regions=dict(self.regions))
