"""The graph as users get it: plain networkx, plain attributes."""

from __future__ import annotations

import dataclasses

import networkx as nx

from ogive.graph import Graph
from ogive.layers.base import Size
from ogive.report.counts import node_macs, node_params
from ogive.report.members import clique_parts


def users_graph(graph: Graph, unrolled: Graph) -> nx.MultiDiGraph[str]:
    """A networkx graph of the architecture; `Network.graph` documents its attributes.

    Args:
        graph: with cliques as cycles.
        unrolled: the same with cliques unrolled: what a member of a clique costs is counted there.
    """
    result: nx.MultiDiGraph[str] = nx.MultiDiGraph(name=graph.name)
    member_costs = _member_costs(graph, unrolled)
    for node in graph:
        params, macs = member_costs.get(node.name) or (node_params(graph, node), node_macs(graph, node))
        stage = next((r.name for r in graph.ancestors(node.region) if r.kind == "stage"), None)
        result.add_node(
            node.name,
            kind=node.layer.kind,
            group=node.layer.group,
            shape=node.outputs[0].sizes,
            shapes=tuple(type_.sizes for type_ in node.outputs),
            params=params,
            macs=macs,
            arguments={f.name: getattr(node.layer, f.name) for f in dataclasses.fields(node.layer)},
            path=graph.regions[node.region].path,
            stage=stage,
            line=node.span.line if node.span is not None else None,
        )
    for source, target, data in graph.digraph.edges(data=True):
        shape = graph.node(source).outputs[data["output"]].sizes
        result.add_edge(source, target, operand=data["operand"], output=data["output"], shape=shape)
    return result


def _member_costs(graph: Graph, unrolled: Graph) -> dict[str, tuple[int, Size]]:
    """What each layer X_i of a clique costs over all stages."""
    return {
        member: (
            sum(node_params(unrolled, node) for node in nodes),
            sum(node_macs(unrolled, node) for node in nodes),
        )
        for member, nodes in clique_parts(graph, unrolled).items()
    }
