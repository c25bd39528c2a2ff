"""What a clique does at each of its layers, as a row of layers: which step takes what another gives."""

from __future__ import annotations

from ogive.graph import Graph, Ref


def taken(graph: Graph) -> dict[str, tuple[Ref, ...]]:
    """By step of a clique's body, called as in a difference (`block1.clique1.conv1`): what it takes.

    The layers that a layer of the clique reads are nowhere in the row: what enters it is `block1.clique1.in`.
    """
    found: dict[str, tuple[Ref, ...]] = {}
    for region in graph.regions.values():
        body = region.clique
        if body is None:
            continue
        last = Ref(f"{region.path}.in", 0)
        for step in (*body.before, body.mix):
            name = f"{region.path}.{step.name}"
            found[name] = (last,)
            last = Ref(name, 0)
        for node in body.after:
            if node.name != "in":
                refs = body.after.operands(node.name)
                found[f"{region.path}.{node.name}"] = tuple(
                    last if ref.node == "in" else Ref(f"{region.path}.{ref.node}", ref.output) for ref in refs
                )
    return found
