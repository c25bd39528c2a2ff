"""A network that ends in some of its stages: it gives their outputs, and holds only what leads to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.graph import Graph, Ref, Region


def select_features(graph: Graph, features: Sequence[str]) -> Graph:
    """The network whose outputs are the named stages or layers, in the order given; layers that lead to none
    are gone.

    Args:
        graph: left as it is.
        features: names of stages, or paths of layers. A name given twice counts once.

    Raises:
        ArchError: E118, a name that is neither, or none at all.
    """
    found = {name: _tensor(graph, name) for name in dict.fromkeys(features)}
    unknown = [name for name, ref in found.items() if ref is None]
    if unknown or not found:
        raise ArchError(
            [_unknown(graph, name) for name in unknown] or [Diagnostic("E118", "no feature was asked for")]
        )
    outputs = tuple((name, ref) for name, ref in found.items() if ref is not None)
    live = {ref.node for _, ref in outputs} | set(graph.inputs)
    todo = list(live)
    while todo:
        for source in graph.digraph.pred[todo.pop()]:
            if source not in live:
                live.add(source)
                todo.append(source)
    live |= {owner for name in live if (owner := graph.node(name).owner) is not None}
    result = graph.copy()
    result.digraph.remove_nodes_from([name for name in graph.digraph if name not in live])
    return replace(result, outputs=outputs, heads=())


def _tensor(graph: Graph, name: str) -> Ref | None:
    """The output of a stage, else of a layer."""
    stages = _stages(graph, name)
    if stages:
        return stages[0].outputs[0] if len(stages) == len(stages[0].outputs) == 1 else None
    return Ref(name) if name in graph else None


def _stages(graph: Graph, name: str) -> list[Region]:
    """The stage of that path, or else all of that name: a block that is used twice has its stages twice."""
    exact = [region for region in graph.stages() if region.path == name]
    return exact or [region for region in graph.stages() if region.name == name]


def _unknown(graph: Graph, name: str) -> Diagnostic:
    stages = [region.path for region in graph.stages()]
    close = did_you_mean(name, [*stages, *graph.digraph])
    several = _stages(graph, name)
    if len(several) > 1:
        paths = ", ".join(region.path for region in several)
        message = f"{graph.name} has {len(several)} stages called `{name}`: say which by its path"
        return Diagnostic("E118", message, notes=(("stages", paths),), help=f"`{several[0].path}`")
    if several and not several[0].outputs:
        message = f"the value of stage `{name}` leads to no output of {graph.name}, and was dropped"
        return Diagnostic("E118", message)
    message = f"`{name}` is neither a stage nor a layer of {graph.name}"
    if several:
        message = (
            f"stage `{name}` of {graph.name} is worth {len(several[0].outputs)} tensors, and a feature is one"
        )
    notes = (("stages", ", ".join(stages)),) if stages else ()
    return Diagnostic(
        "E118", message, notes=notes, help=f"did you mean `{close}`?" if close and not several else None
    )
