"""Turns the cycle of a clique into its stages."""

from __future__ import annotations

from dataclasses import replace

from ogive.graph import CliqueBody, CliqueStep, Graph, Node, Ref, Region
from ogive.layers.base import Layer
from ogive.layers.linked import LinkedConv
from ogive.layers.merge import Concat


def unroll_cliques(graph: Graph) -> Graph:
    """A graph without cycles: for each clique, stage 1 as in a dense block, then the later stages in order.

    Names carry their subscripts: `clique1.bn1_2_3` is the body's bn1 in stage 2, layer 3. A convolution
        behind the mixing one is made in the stage that first needs it, and used again (`owner`) in later
        ones. The members' names survive in the order of the program; what read a member reads its newest or
        first value.
    """
    cliques = {id_: region for id_, region in graph.regions.items() if region.clique is not None}
    if not cliques:
        return graph
    result = replace(graph, digraph=type(graph.digraph)(), regions=dict(graph.regions))
    values: dict[Ref, Ref] = {}
    done: set[int] = set()
    for node in graph:
        region = cliques.get(node.region)
        if region is not None and node.layer.group == "clique":
            if region.id not in done:
                done.add(region.id)
                members = [n for n in graph if n.region == region.id and n.layer.group == "clique"]
                source = graph.operands(members[0].name)[0]
                _Unrolling(result, region, values.get(source, source), members).run(values)
            continue
        result.add(node, [values.get(ref, ref) for ref in graph.reads(node.name)])
    for id_, region in result.regions.items():
        result.regions[id_] = replace(
            region,
            inputs=tuple(values.get(ref, ref) for ref in region.inputs),
            outputs=tuple(values.get(ref, ref) for ref in region.outputs),
        )
    result.outputs = tuple((name, values.get(ref, ref)) for name, ref in graph.outputs)
    result.heads = tuple(replace(head, ref=values.get(head.ref, head.ref)) for head in graph.heads)
    return result


class _Unrolling:
    """One clique on its way into the graph."""

    def __init__(self, graph: Graph, region: Region, source: Ref, members: list[Node]) -> None:
        assert region.clique is not None
        self.graph = graph
        self.region = region
        self.body: CliqueBody = region.clique
        self.source = source
        self.members = members
        self.made: set[tuple[int, int]] = set()
        self.owners: dict[tuple[str, int], str] = {}

    def run(self, values: dict[Ref, Ref]) -> None:
        """Adds all stages; afterwards `values` says where each member's two values are."""
        newest: dict[int, Ref] = {0: self.source}
        first: dict[int, Ref] = {}
        for stage in range(1, self.body.stages + 1):
            for layer in range(1, self.body.updated(stage) + 1):
                newest[layer] = self.step(stage, layer, newest)
            if stage == 1:
                first = dict(newest)
        for i, member in enumerate(self.members, 1):
            values[Ref(member.name, 0)] = newest[i]
            values[Ref(member.name, 1)] = first[i]

    def step(self, stage: int, layer: int, newest: dict[int, Ref]) -> Ref:
        """X_layer of that stage."""
        sources = self.body.sources(stage, layer)
        refs = [newest[j] for j in sources]
        ref = refs[0]
        if len(refs) > 1:
            ref = self.add(f"concat_{stage}_{layer}", Concat(), refs)
        for part in self.body.before:
            ref = self.add(f"{part.name}_{stage}_{layer}", part.layer, [ref], part)
        mix = self.body.mix
        owned = tuple(j for j in sources if (j, layer) not in self.made)
        self.made |= {(j, layer) for j in owned}
        widths = tuple(self.graph.type(newest[j]).channels for j in sources)
        linked = LinkedConv(mix.layer, layer, sources, widths, owned)
        ref = self.add(f"{mix.name.replace('.', '_')}_{stage}_{layer}", linked, [ref], mix)
        return self.rest(stage, layer, ref)

    def rest(self, stage: int, layer: int, ref: Ref) -> Ref:
        """What follows the mixing convolution: norms anew, other weights shared between stages."""
        after = self.body.after
        values: dict[str, Ref] = {"in": ref}
        for node in after:
            if node.name == "in":
                continue
            operands = [
                Ref(values[r.node].node, r.output) if r.node != "in" else ref
                for r in after.operands(node.name)
            ]
            local = node.name.replace(".", "_")
            name, owner = f"{local}_{stage}_{layer}", None
            if node.layer.group != "norm" and node.layer.parameters([self.graph.type(r) for r in operands]):
                owner = self.owners.get((local, layer))
                if owner is None:  # made here, and called as the printed module calls it
                    name = f"{local}_{layer}"
                    self.owners[local, layer] = self.path(name)
            values[node.name] = self.add(
                name, node.layer, operands, CliqueStep(name, node.layer, node.span), owner
            )
        out = after.outputs[0][1]
        return ref if out.node == "in" else Ref(values[out.node].node, out.output)

    def path(self, name: str) -> str:
        return f"{self.region.path}.{name}"

    def add(
        self,
        name: str,
        layer: Layer,
        operands: list[Ref],
        step: CliqueStep | None = None,
        owner: str | None = None,
    ) -> Ref:
        outputs = layer.infer([self.graph.type(ref) for ref in operands])
        span = step.span if step is not None else self.region.span
        if self.region.owner is not None and step is not None:  # the same layer of the owner
            first = owner.removeprefix(f"{self.region.path}.") if owner is not None else name
            owner = f"{self.region.owner}.{first}"
        node = Node(
            self.path(name), layer, tuple(outputs), self.region.id, span, self.members[0].trail, owner
        )
        return self.graph.add(node, operands)
