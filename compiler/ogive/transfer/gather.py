"""Layers side by side as one: the same dataflow with fewer and wider operations.

The two towers of AlexNet compute what two groups of channels do, and the many narrow paths of a ResNeXt
block what one grouped convolution does (Xie et al. 2017, figure 3). Where the results of such layers are
concatenated, they become one operation, whose weights are theirs, one below the other:

    cat(f(x), g(x))    = h(x)            a layer as wide as both
    cat(f(x), g(y))    = h(cat(x, y))    in groups; a norm of channels as it is
    cat(x[:n], x[n:])  = x
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from math import isclose
from typing import cast

from ogive.transfer.dataflow import Dataflow, Edge, Node


def gathered(flow: Dataflow) -> tuple[Dataflow, dict[int, tuple[str, ...]]]:
    """The dataflow with layers side by side as one, and the names that each state leaf of it stands for.

    What something else uses, too, is left as it is. Whether the contracted operations between a layer and
    the concatenation (activations, pooling) keep channels apart is not asked: if not, outputs will differ.
    """
    return _Gathering(flow).run()


@dataclass(frozen=True, slots=True)
class _Widths:
    """The sizes of an operation with weights, and in `key` what else it is.

    Attributes:
        groups: The parts of its channels that do not see each other.
        elements: Of its result.
    """

    key: tuple[Hashable, ...]
    fan_in: int
    fan_out: int
    groups: int
    elements: int

    def label(self) -> tuple[Hashable, ...]:
        """The label of its node; a grouped convolution of one place has that of a linear map in groups."""
        return (*self.key, self.fan_in, self.fan_out, self.groups, self.elements)

    def group(self) -> tuple[int, int]:
        """Channels in and out of one group."""
        return self.fan_in // self.groups, self.fan_out // self.groups


def _widths(node: Node) -> _Widths | None:
    """The sizes in the label of a convolution, a linear map or a batch norm; None for anything else."""
    match node.label:
        case ("conv", int(fan_in), int(fan_out), kernel, stride, dilation, int(groups), int(size), count):
            if {*cast(tuple[int, ...], kernel), *cast(tuple[int, ...], stride)} == {1}:
                return _Widths(("affine", count), fan_in, fan_out, groups, size)
            return _Widths(("conv", kernel, stride, dilation, count), fan_in, fan_out, groups, size)
        case ("affine", int(fan_out), int(fan_in), int(size), count):
            return _Widths(("affine", count), fan_in, fan_out, 1, size)
        case ("batch_norm", int(channels), int(size), *names):
            return _Widths(("batch_norm", *names), channels, channels, channels, size)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class _Row:
    """Layers side by side, as one.

    Attributes:
        like: The first of them.
        entering: What each takes; a single tensor where it is the same for all.
        hints: What stands behind each of them.
    """

    like: Node
    widths: _Widths
    entering: tuple[Edge, ...]
    weights: tuple[Edge, ...]
    hints: Edge


class _Gathering:
    def __init__(self, flow: Dataflow) -> None:
        self.flow = flow
        self.nodes: list[Node] = []
        self.names: dict[int, tuple[str, ...]] = {}
        self._widths: dict[int, _Widths] = {}
        self._single: set[int] = set()
        """Nodes that one place uses."""

    def run(self) -> tuple[Dataflow, dict[int, tuple[str, ...]]]:
        uses = [len(users) for users in self.flow.users()]
        for output in self.flow.outputs:
            uses[output.node] += 1
        places: list[Edge] = []
        for node, count in zip(self.flow.nodes, uses, strict=True):
            operands = tuple(_on(places[operand.node], operand) for operand in node.operands)
            if node.kind == "cat" and not node.state:
                places.append(self._joined(operands, node, single=count == 1))
                continue
            widths = _widths(node)
            index = self._add(replace(node, operands=operands), widths, single=count == 1)
            if node.is_state_leaf:
                self.names[index] = (node.path,)
            places.append(Edge(index))
        return self._living([_on(places[output.node], output) for output in self.flow.outputs])

    def _add(self, node: Node, widths: _Widths | None = None, *, single: bool) -> int:
        index = len(self.nodes)
        if widths is not None:
            self._widths[index] = widths
            node = replace(node, label=widths.label())
        if single:
            self._single.add(index)
        self.nodes.append(node)
        return index

    def _joined(self, operands: Sequence[Edge], cat: Node, *, single: bool) -> Edge:
        """A concatenation: of the layers before it, as far back as they stand side by side."""
        rows: list[_Row] = []
        while len(operands) > 1 and (row := self._row(operands, cat)) is not None:
            rows.append(row)
            operands = row.entering
        whole = operands[0] if len(operands) == 1 else self._put_together(operands, cat)
        if whole is None:
            # Without its size: those of the tensors behind which layers were gathered are not known.
            node = replace(cat, label=("cat",), operands=tuple(operands), args=cat.args[:2])
            whole = Edge(self._add(node, single=single or bool(rows)))
        for row in reversed(rows):
            node = replace(row.like, operands=(whole, *row.weights))
            whole = Edge(self._add(node, row.widths, single=single or row is not rows[0]), row.hints.hints)
        return whole

    def _row(self, operands: Sequence[Edge], cat: Node) -> _Row | None:
        """The layers that end in `operands`, where they are one layer with several weights."""
        nodes = [self.nodes[operand.node] for operand in operands]
        every = [self._widths.get(operand.node) for operand in operands]
        widths = [one for one in every if one is not None]
        alike = {(one.key, node.args, node.axis) for one, node in zip(widths, nodes, strict=False)}
        axis, rank = cast(tuple[int, int], cat.args[:2])
        if (
            len(widths) < len(operands)
            or len(alike) > 1
            or nodes[0].axis % rank != axis
            or len({operand.hints for operand in operands}) > 1
            or len({operand.node for operand in operands}) < len(operands)
            or not self._single.issuperset(operand.node for operand in operands)
        ):
            return None
        entering = tuple(node.operands[0] for node in nodes)
        apart = len(set(entering)) > 1 or widths[0].groups > 1
        if apart and len({one.group() for one in widths}) > 1:
            return None
        weights = [
            self._below([node.operands[at] for node in nodes]) for at in range(1, len(nodes[0].operands))
        ]
        if None in weights:
            return None
        total = _Widths(
            widths[0].key,
            sum(one.fan_in for one in widths) if apart else widths[0].fan_in,
            sum(one.fan_out for one in widths),
            sum(one.groups for one in widths) if apart else 1,
            sum(one.elements for one in widths),
        )
        like = replace(nodes[0], text=f"{nodes[0].text}, {len(nodes)} side by side")
        found = tuple(weight for weight in weights if weight is not None)
        return _Row(like, total, entering if apart else entering[:1], found, Edge(0, operands[0].hints))

    def _below(self, weights: Sequence[Edge]) -> Edge | None:
        """Weights one below the other, as one leaf; None where one is computed or used elsewhere as well."""
        if any(w.hints or w.node not in self.names or w.node not in self._single for w in weights):
            return None
        names = tuple(name for weight in weights for name in self.names[weight.node])
        elements = sum(cast(int, self.nodes[weight.node].label[1]) for weight in weights)
        path = ", ".join(names)
        leaf = Node(("state", elements), state=True, path=path, text=path)
        index = self._add(leaf, single=True)
        self.names[index] = names
        return Edge(index)

    def _put_together(self, operands: Sequence[Edge], cat: Node) -> Edge | None:
        """The tensor that these are the parts of, in order; None where they are not."""
        parts = [self.nodes[operand.node] for operand in operands]
        alike = {
            (part.kind, part.operands, part.args, operand.hints)
            for part, operand in zip(parts, operands, strict=True)
        }
        if len(alike) > 1 or parts[0].kind != "part" or parts[0].args != cat.args[:2]:
            return None
        end = 0.0
        for part in parts:
            start, length, step = cast(tuple[float, float, int], part.label[1:])
            if step != 1 or not isclose(start, end, abs_tol=1e-9):
                return None
            end = start + length
        return _on(parts[0].operands[0], operands[0]) if isclose(end, 1) else None

    def _living(self, outputs: Sequence[Edge]) -> tuple[Dataflow, dict[int, tuple[str, ...]]]:
        """What reaches the outputs."""
        live = {output.node for output in outputs}
        for index in range(len(self.nodes) - 1, -1, -1):
            if index in live:
                live.update(operand.node for operand in self.nodes[index].operands)
        moved = {index: position for position, index in enumerate(sorted(live))}
        nodes = tuple(
            replace(node, operands=tuple(Edge(moved[o.node], o.hints) for o in node.operands))
            for node in (self.nodes[index] for index in moved)
        )
        names = {moved[index]: names for index, names in self.names.items() if index in moved}
        return Dataflow(nodes, tuple(Edge(moved[o.node], o.hints) for o in outputs)), names


def _on(place: Edge, edge: Edge) -> Edge:
    """The edge, where what it comes from has become `place`."""
    return Edge(place.node, (*place.hints, *edge.hints))
