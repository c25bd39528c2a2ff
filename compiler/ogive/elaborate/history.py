"""Where a tensor came from, for people: read off the graph when something does not fit."""

from __future__ import annotations

from ogive.graph import Graph, Node, Ref
from ogive.layers.base import Layout

_LONGEST = 8


def steps(graph: Graph, ref: Ref, limit: int = 64) -> list[tuple[Node, Ref]]:
    """The nodes that led to a tensor, newest first, along first operands, up to an input."""
    found: list[tuple[Node, Ref]] = []
    while len(found) < limit:
        node = graph.node(ref.node)
        found.append((node, ref))
        operands = graph.operands(node.name)
        if not operands:
            break
        ref = operands[0]
    return found


def describe_path(graph: Graph, ref: Ref) -> str:
    """`conv -> bn -> relu (lines 15-17)`: the last layers that led to a tensor, back to a merge or an input."""
    chain: list[Node] = []
    for node, _ in steps(graph, ref, _LONGEST + 1):
        chain.append(node)
        if node.layer.arity[1] != 1:
            break
    more = len(chain) > _LONGEST
    chain = chain[:_LONGEST][::-1]
    names = [node.layer.look(()).label if node.layer.group == "input" else node.layer.kind for node in chain]
    lines = [node.span.line for node in chain if node.span is not None]
    text = ("… -> " if more else "") + " -> ".join(names)
    if not lines:
        return text
    first, last = min(lines), max(lines)
    return f"{text} (line {first})" if first == last else f"{text} (lines {first}-{last})"


def sizes_so_far(graph: Graph, ref: Ref) -> list[str]:
    """How the places of a map shrank on the way, oldest first: `["28", "14", "7", "3", "1"]`."""
    sizes: list[str] = []
    for node, at in steps(graph, ref, 2000):
        type_ = node.outputs[at.output]
        if type_.layout is not Layout.MAP:
            break
        spatial = type_.spatial
        text = str(spatial[0]) if len(set(spatial)) == 1 else "x".join(map(str, spatial))
        if not sizes or sizes[-1] != text:
            sizes.append(text)
    sizes.reverse()
    return sizes if len(sizes) <= 12 else [sizes[0], "…", *sizes[-10:]]


def where_set(graph: Graph, ref: Ref, attribute: str) -> Node | None:
    """The layer that gave a tensor its `channels`, or its `spatial` sizes: the last one that changed them."""
    found: Node | None = None
    for node, at in steps(graph, ref, 2000):
        if node.layer.group == "input" or node.span is None:
            return node if found is None else found
        found = node
        operands = graph.operands(node.name)
        if attribute == "channels" and node.layer.group in ("conv", "linear"):
            return node
        if not operands or getattr(graph.type(operands[0]), attribute) != getattr(node.outputs[at.output], attribute):
            return node
    return found
