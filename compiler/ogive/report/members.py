"""The layers of a clique, and what each of them is once its stages are unrolled."""

from __future__ import annotations

from ogive.graph import Graph, Node


def clique_parts(graph: Graph, unrolled: Graph) -> dict[str, list[Node]]:
    """By layer X_i of every clique: the nodes that compute it, over all stages, in order.

    Args:
        graph: with cliques as cycles.
        unrolled: the same by `unroll_cliques`, where such a node's name ends in `_i`.
    """
    cliques = {region.id: region.path for region in graph.regions.values() if region.clique is not None}
    parts: dict[str, list[Node]] = {}
    for node in unrolled if cliques else ():
        if node.region in cliques and node.name not in graph:
            member = f"{cliques[node.region]}.layer{node.name.rpartition('_')[2]}"
            parts.setdefault(member, []).append(node)
    return parts
