"""Drops what reaches no output."""

from __future__ import annotations

from dataclasses import replace

from ogive.graph import Graph


def prune(graph: Graph) -> Graph:
    """A graph without the nodes that neither an output nor a head needs. Inputs stay.

    A clique of which only the first stage is read keeps only that stage, so that backward links, which
    then nothing uses, are not made.
    """
    needed: set[str] = set(graph.inputs)
    todo = [ref.node for _, ref in graph.outputs] + [head.ref.node for head in graph.heads]
    while todo:
        name = todo.pop()
        if name in needed:
            continue
        needed.add(name)
        owner = graph.node(name).owner
        if owner is not None:
            todo.append(owner)
        todo += [ref.node for ref in graph.reads(name)]
    cliques = [id_ for id_, region in graph.regions.items() if region.clique is not None]
    if len(needed) == len(graph) and not cliques:
        return graph
    result = graph.copy()
    result.digraph.remove_nodes_from([name for name in graph.digraph if name not in needed])
    for id_, region in graph.regions.items():
        result.regions[id_] = replace(
            region,
            inputs=tuple(ref for ref in region.inputs if ref.node in needed),
            outputs=tuple(ref for ref in region.outputs if ref.node in needed),
        )
    shared = {region.owner for region in graph.regions.values() if region.owner is not None}
    for id_ in cliques:
        region = graph.regions[id_]
        if region.owner is not None or region.path in shared:
            continue  # what one use does not read another may
        _first_stage_only(result, id_)
    return result


def _first_stage_only(graph: Graph, region: int) -> None:
    body = graph.regions[region].clique
    assert body is not None
    members = [node for node in graph if node.region == region and node.layer.group == "clique"]
    inside = {node.name for node in members}
    newest_read = any(
        output == 0 and user not in inside
        for node in members
        for output, user, _ in graph.consumers(node.name, sizes=True)
    )
    if newest_read or body.stages == 1 or not members:
        return
    graph.regions[region] = replace(graph.regions[region], clique=replace(body, stages=1))
    backward = [
        (source, target, key)
        for source, target, key, operand in graph.digraph.edges(inside, keys=True, data="operand")
        if target in inside and operand > graph.node(target).layer.index  # pyright: ignore[reportAttributeAccessIssue]
    ]
    graph.digraph.remove_edges_from(backward)
