"""How deep a network is, as papers count: the most layers with weights on a way from an input to an output.

Layers that multiply with their weights count: convolutions, linear maps, attention, recurrent layers; norms
do not. So a ResNet-50 has 50: its projection shortcuts are beside the longest way (He et al. 2015, table 1).
"""

from __future__ import annotations

from ogive.graph import Graph
from ogive.report.counts import main_path, node_macs


def depth(graph: Graph) -> int:
    """The depth of a graph without cycles, in inference: cliques are unrolled."""
    path = main_path(graph)
    found: dict[str, int] = {}
    for node in graph:
        if node.name in path:
            before = max((found[ref.node] for ref in graph.operands(node.name)), default=0)
            found[node.name] = before + (node_macs(graph, node) != 0)
    return max((found[ref.node] for _, ref in graph.outputs), default=0)
