"""Parameters and multiply-accumulates of a graph: the one place where they are counted.

The graph is unrolled and pruned. Counts follow the tensors that the outputs need; what only auxiliary heads
need is counted when they are asked for. Weights that several nodes share count once, their work counts at
every use.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from ogive.graph import Graph, Node
from ogive.layers.base import Size


def main_path(graph: Graph) -> frozenset[str]:
    """The names of the nodes that the outputs depend on: the network in inference."""
    return _behind(graph, (ref.node for _, ref in graph.outputs))


def with_heads(graph: Graph) -> frozenset[str]:
    """The same with the auxiliary heads: the network in training."""
    return main_path(graph) | _behind(graph, (head.ref.node for head in graph.heads))


def params(graph: Graph, *, heads: bool = False) -> int:
    """Trainable parameters of the main path, or of everything that trains."""
    return distinct_params(graph, with_heads(graph) if heads else main_path(graph))


def macs(graph: Graph) -> Size:
    """Multiply-accumulates with weights, for one image in inference."""
    path = main_path(graph)
    return sum(node_macs(graph, node) for node in graph if node.name in path)


def products(graph: Graph) -> Size:
    """Multiply-accumulates of two activations (attention, matmul), for one image in inference."""
    path = main_path(graph)
    return sum(
        node.layer.products(graph.operand_types(node.name), node.outputs)
        for node in graph
        if node.name in path
    )


def node_params(graph: Graph, node: Node) -> int:
    """Trainable parameters that the node owns; 0 where it uses those of another."""
    total = sum(prod(shape) for shape in graph.parameters(node.name).values())
    assert isinstance(total, int), "elaboration refuses weights of unknown sizes"
    return total


def node_macs(graph: Graph, node: Node) -> Size:
    """Multiply-accumulates with weights at that node."""
    return node.layer.macs(graph.operand_types(node.name), node.outputs)


def distinct_params(graph: Graph, names: Iterable[str]) -> int:
    """Parameters behind these nodes, each set of weights once, whether or not its owner is among them."""
    owners = {graph.node(name).owner or name for name in names}
    return sum(node_params(graph, graph.node(owner)) for owner in owners)


def _behind(graph: Graph, ends: Iterable[str]) -> frozenset[str]:
    seen: set[str] = set()
    waiting = list(ends)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(graph.digraph.pred[name])
    return frozenset(seen)
