"""Doubts about a program that works: what it computes and never uses. Warnings, not errors."""

from __future__ import annotations

from collections.abc import Iterator

from ogive.diagnostics import Diagnostic, Label
from ogive.elaborate.context import Context
from ogive.graph import Graph, Node, Region


def doubts(ctx: Context, graph: Graph) -> list[Diagnostic]:
    """Unused tensors and parameters, and auxiliary heads whose loss trains nothing before them."""
    return [*_unused_tensors(graph), *_unused_parameters(ctx), *_idle_heads(graph), *_idle_shares(ctx)]


def idle_nodes(graph: Graph) -> Iterator[Node]:
    """The nodes that nothing reads and that are no output."""
    kept = {ref.node for _, ref in graph.outputs} | {head.ref.node for head in graph.heads}
    for node in graph:
        read = node.name in kept or graph.digraph.out_degree(node.name)
        if not read and node.span is not None and not _of_a_clique(graph, node):
            yield node


def left_through(graph: Graph, node: Node) -> Region | None:
    """The outermost use of a block or net that a node is a result of: there it was dropped."""
    around = [
        region
        for region in graph.ancestors(node.region)
        if region.kind == "block" and any(ref.node == node.name for ref in region.outputs)
    ]
    return around[-1] if around else None


def _unused_tensors(graph: Graph) -> list[Diagnostic]:
    """What is idle where it stands; results of blocks and nets are reported where those are used, by
    `report/dropped.py`, which can count.
    """
    found: list[Diagnostic] = []
    seen: set[tuple[int, int]] = set()
    for node in idle_nodes(graph):
        assert node.span is not None
        if left_through(graph, node) is not None or (node.span.start, node.span.end) in seen:
            continue
        seen.add((node.span.start, node.span.end))
        name = f" `{node.local}`" if node.pinned or node.layer.group == "input" else ""
        kind = "the input" if node.layer.group == "input" else "the tensor" if name else "this tensor"
        help_ = (
            f"begin a chain with it: `{node.local} -> …`, or leave it out"
            if name
            else "name it and use it, or leave it out"
        )
        label = Label(node.span, f"{node.outputs[0]}, and nothing reads it")
        found.append(Diagnostic("W001", f"{kind}{name} is never used", (label,), (), help_))
    return found


def _of_a_clique(graph: Graph, node: Node) -> bool:
    """Whether a node is one of the values that a clique offers; whoever wants one takes it."""
    region = graph.regions[node.region]
    return region.kind == "clique"


def _unused_parameters(ctx: Context) -> list[Diagnostic]:
    return [
        Diagnostic(
            "W002",
            f"the parameter `{name}` of `{definition}` is never used",
            (Label(ctx.parameter_spans[definition, name], "not read"),),
            (),
            f"use it, leave it out, or call it `_{name}` to keep it",
        )
        for (definition, name), used in ctx.parameters.items()
        if not used and not name.startswith("_")
    ]


def _idle_heads(graph: Graph) -> list[Diagnostic]:
    """A head helps by training the layers before it; without any, or with no weight, it never trains
    anything.
    """
    found: list[Diagnostic] = []
    regions = {r.path: r for r in graph.regions.values() if r.kind == "aux"}
    trained = _behind_weights(graph) if graph.heads else set()
    for head in graph.heads:
        region = regions[head.name]
        if region.span is None:
            continue
        trains = any(ref.node in trained for ref in region.inputs)
        if head.weight == 0:
            found.append(
                Diagnostic(
                    "W003",
                    "this head's loss has weight 0, so it is never trained",
                    (Label(region.span, "weight 0"),),
                    (),
                    "give it a weight, or leave it out",
                )
            )
        elif not trains:
            found.append(
                Diagnostic(
                    "W003",
                    "nothing before this head has weights, so it trains nothing but itself",
                    (Label(region.span, "no weights before it"),),
                    (),
                    "move it behind the layers that it helps",
                )
            )
    return found


def _idle_shares(ctx: Context) -> list[Diagnostic]:
    """What is shared and never used, and exceptions that no layer belongs to."""
    found: list[Diagnostic] = []
    own = [shared for shared in ctx.shares if shared.span.source not in ctx.used_from]
    for span in dict.fromkeys(shared.span for shared in own):
        alike = [shared for shared in own if shared.span == span]
        if not any(shared.uses for shared in alike):
            found.append(
                Diagnostic(
                    "W004",
                    f"{alike[0].title} is shared and never used",
                    (Label(span, "nothing uses it"),),
                    (),
                    f"use it, `-> {alike[0].name}`, or leave it out",
                )
            )
            continue
        missed = sorted(set.intersection(*(shared.missed for shared in alike if shared.uses)))
        if missed:
            words = " or ".join(f"`{word}`" for word in missed)
            found.append(
                Diagnostic(
                    "W004",
                    f"{alike[0].title} has no {words} that each {alike[0].turn} could have of its own",
                    (Label(alike[0].excepted_at or span, f"no {words} in what is shared"),),
                    (),
                    "leave the exception out",
                )
            )
    return found


def _behind_weights(graph: Graph) -> set[str]:
    """The nodes that have weights, and those that come behind them."""
    behind: set[str] = set()
    for node in graph:
        if (
            node.layer.group == "clique"
            or any(ref.node in behind for ref in graph.operands(node.name))
            or graph.parameters(node.name)
        ):
            behind.add(node.name)
    return behind
