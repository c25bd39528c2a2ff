"""Decides `bias = "auto"`: off exactly when a batch norm behind would cancel it.

Ioffe & Szegedy 2015, section 3.2: the norm subtracts the mean, so a constant added to a channel disappears.
That holds when every path forward reaches a batch norm through operations that keep a constant of a channel a
constant.
"""

from __future__ import annotations

from dataclasses import replace

from ogive.graph import CliqueBody, Graph, Node
from ogive.layers.base import Channel, Layer, TensorType


def resolve_bias(graph: Graph) -> Graph:
    """A graph in which every `bias` is true or false."""
    result = graph.copy()
    cancelled = _cancelled(graph)
    agreed: dict[str, bool] = {}  # weights that several uses share have a bias unless all of them cancel it
    for node in graph:
        owner = node.owner or node.name
        agreed[owner] = agreed.get(owner, True) and cancelled[node.name]
    for node in graph:
        if getattr(node.layer, "bias", None) == "auto":
            result.put(replace(node, layer=_with_bias(node.layer, not agreed[node.owner or node.name])))
    seen: dict[str, bool] = {}
    for node in graph:
        region = graph.regions[node.region]
        if region.clique is not None:
            owner = region.owner or region.path
            seen[owner] = seen.get(owner, True) and cancelled[node.name]
    for region in graph.regions.values():
        if region.clique is not None:
            outside = seen.get(region.owner or region.path, True)
            result.regions[region.id] = replace(region, clique=_clique(region.clique, outside))
    return result


def _with_bias(layer: Layer, bias: bool) -> Layer:
    return replace(layer, bias=bias)  # pyright: ignore[reportCallIssue] - only called for layers that have one


def _cancelled(graph: Graph) -> dict[str, bool]:
    """For each node, whether a constant added to a channel of its outputs reaches nothing but batch norms.

    Around the cycle of a clique the greatest solution holds: a constant that only goes round is never seen.
    """
    visible = {ref.node for _, ref in graph.outputs} | {head.ref.node for head in graph.heads}
    cancelled = {node.name: node.name not in visible for node in graph}
    rules = {node.name: _rule(graph, node) for node in graph}
    changed = True
    while changed:  # backwards, once; a second round only for what a cycle changed
        changed = False
        cyclic = False
        for node in reversed(list(graph)):
            if not cancelled[node.name]:
                continue
            for _, user, _ in graph.consumers(node.name):
                cyclic = cyclic or graph.node(user).layer.group == "clique"
                # cancelled there, or kept there and cancelled later
                if not (rules[user] == Channel.ABSORBS or (rules[user] == Channel.KEEPS and cancelled[user])):
                    cancelled[node.name] = False
                    changed = True
                    break
        changed = changed and cyclic
    return cancelled


def _rule(graph: Graph, node: Node) -> str:
    """What becomes of a constant that arrives at a node."""
    body = graph.regions[node.region].clique if node.layer.group == "clique" else None
    if body is not None:
        return _rule_of_chain([step.layer for step in body.before], body.source)
    return node.layer.channel_rule(graph.operand_types(node.name))


def _rule_of_chain(layers: list[Layer], type_: TensorType) -> str:
    for layer in layers:
        rule = layer.channel_rule([type_])
        if rule != Channel.KEEPS:
            return rule
        (type_,) = layer.infer([type_])
    return Channel.BREAKS  # then comes the convolution that mixes


def _clique(body: CliqueBody, outside: bool) -> CliqueBody:
    """The same inside a clique: its results go to its own layers and to whoever reads it."""
    inside = _rule_of_chain([step.layer for step in body.before], body.source) == Channel.ABSORBS
    # the results of a body are seen unless the members' readers, and their own norms, cancel them
    after = body.after.copy()
    if outside and inside:
        after.outputs = ()
    flags = _cancelled(after)
    for node in body.after:
        if getattr(node.layer, "bias", None) == "auto":
            after.put(replace(node, layer=_with_bias(node.layer, not flags[node.name])))
    after.outputs = body.after.outputs
    mix = body.mix
    if getattr(mix.layer, "bias", None) == "auto":
        mix = replace(mix, layer=_with_bias(mix.layer, not flags["in"]))
    return replace(body, mix=mix, after=after)
