"""What tests of edits look at: mistakes, layers, and all that is drawn, counted and printed."""

from __future__ import annotations

from elaborate.helpers import net
from ogive.diagnostics import ArchError
from ogive.network import Network


def codes(body: str, *edits: str, shape: str = "3x32x32", before: str = "") -> list[str]:
    """The codes of what is wrong with a body under edits."""
    try:
        return [d.code for d in net(body, shape, before, edits=edits).warnings]
    except ArchError as problem:
        return [d.code for d in problem.diagnostics]


def facts(network: Network) -> object:
    """A network as it would be printed, drawn and counted, without the places in the text."""
    graph = network.ir
    nodes = [(n.name, n.layer, n.outputs, graph.regions[n.region].path, n.pinned, n.owner) for n in graph]
    edges = [(n.name, graph.operands(n.name)) for n in graph]
    regions = [
        (r.kind, r.path, r.block, r.arguments, r.inputs, r.outputs, r.weight) for r in graph.regions.values()
    ]
    cliques = [
        (
            [(step.name, step.layer) for step in (*body.before, body.mix)],
            [(n.name, n.layer) for n in body.after],
            (body.layers, body.stages, body.updates, body.source, body.result),
        )
        for r in graph.regions.values()
        if (body := r.clique) is not None
    ]
    return nodes, edges, regions, cliques, graph.inputs, graph.outputs, graph.heads


def layers(network: Network) -> list[str]:
    """The layers as they would be written, without defaults."""
    found: list[str] = []
    for node in network.ir:
        if node.layer.group != "input":
            given = [
                f"{spec.name}={value}"
                for spec in node.layer.arguments()
                if (value := getattr(node.layer, spec.name)) != spec.default and spec.name != "bias"
            ]
            found.append(f"{node.layer.kind}({', '.join(given)})" if given else node.layer.kind)
    return found
