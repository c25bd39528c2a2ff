"""What a use of a block or a net gives and nothing reads: which of its outputs, and what goes with them.

A net with several outputs that is used in a net may give more than is wanted there. What drops it is
the use, not the layer inside, which is an output where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ogive.diagnostics import Diagnostic, Label
from ogive.elaborate.doubts import idle_nodes, left_through
from ogive.graph import Graph, Node, Ref, Region
from ogive.passes.bias import resolve_bias
from ogive.passes.prune import prune
from ogive.passes.unroll import unroll_cliques
from ogive.report import counts
from ogive.source import Span


def dropped_outputs(graph: Graph, names: Mapping[int, Sequence[str]]) -> list[Diagnostic]:
    """One warning for each use of a block or net of which an output is never read.

    Args:
        graph: as it was elaborated, with what no output needs.
        names: the names of the outputs of those regions that have several, in order.
    """
    uses: dict[Span, list[tuple[Region, Node]]] = {}
    for node in idle_nodes(graph):
        region = left_through(graph, node)
        if region is not None and region.span is not None:
            uses.setdefault(region.span, []).append((region, node))
    return [_warning(graph, names, span, found) for span, found in uses.items()]


def _warning(
    graph: Graph, names: Mapping[int, Sequence[str]], span: Span, found: Sequence[tuple[Region, Node]]
) -> Diagnostic:
    region = found[0][0]
    refs = list(dict.fromkeys(ref for each, node in found for ref in each.outputs if ref.node == node.name))
    called = list(
        dict.fromkeys(
            name
            for each, node in found
            for name, ref in zip(names.get(each.id, ()), each.outputs, strict=False)
            if ref.node == node.name
        )
    )
    types = list(dict.fromkeys(str(graph.type(ref)) for ref in refs))
    several = len(called) > 1
    listed = " and ".join(f"`{name}`" for name in called[:4]) + (", …" if len(called) > 4 else "")
    what = f"the output{'s' * several} {listed}" if called else "the result"
    it, is_ = ("them", "are") if several else ("it", "is")
    count = _parameters(graph, refs) - _parameters(graph, ())
    lost = f"{count:,} parameter{'s' * (count != 1)}" if count else "no parameters"
    help_ = f"name it and use {it}, or leave it out"
    if called:
        help_ = f"name the use and read {it}: `{region.block} as t`, then `t.{called[0]}`"
    return Diagnostic(
        "W001",
        f"{what} of `{region.block}` {is_} never used",
        (Label(span, f"{', '.join(types[:4])}, and nothing reads {it}"),),
        (("note", f"{lost} {'go' if count != 1 else 'goes'} with {it}"),),
        help_,
    )


def _parameters(graph: Graph, also: Sequence[Ref]) -> int:
    """The parameters that the net would have if these were outputs as well."""
    named = tuple((f"_{at}", ref) for at, ref in enumerate(also))
    whole = replace(graph, outputs=(*graph.outputs, *named))
    return counts.params(unroll_cliques(resolve_bias(prune(whole))), heads=True)
