"""Where a tensor came from, for people: read off the graph when something does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.graph import Graph, Node, Ref
from ogive.layers.base import Layer, Layout, ShapeError, TensorType
from ogive.layers.tensor import shape_text
from ogive.layers.unknown import SizeExpr

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
    """`conv -> bn -> relu (lines 15-17)`: the last layers that led to a tensor, back to a merge or input."""
    chain: list[Node] = []
    for node, _ in steps(graph, ref, _LONGEST + 1):
        chain.append(node)
        if node.layer.arity[1] != 1:
            break
    more = len(chain) > _LONGEST
    chain = chain[:_LONGEST][::-1]
    names = [node.layer.look(()).label if node.layer.group == "input" else node.layer.kind for node in chain]
    lines = _lines(graph, chain)
    text = ("… -> " if more else "") + " -> ".join(names)
    if not lines:
        return text
    first, last = min(lines), max(lines)
    return f"{text} (line {first})" if first == last else f"{text} (lines {first}-{last})"


def _lines(graph: Graph, chain: Sequence[Node]) -> list[int]:
    """The lines of layers in the file of the net; other files, and edits from outside, have lines of their
    own.
    """
    spans = [node.span for node in chain if node.span is not None]
    whole = graph.regions[0].span
    return [span.line for span in spans if whole is None or span.source is whole.source]


def sizes_so_far(graph: Graph, ref: Ref) -> list[str]:
    """How the places of a map shrank on the way, oldest first: `["28", "14", "7", "3", "1"]`."""
    sizes: list[str] = []
    for node, at in steps(graph, ref, 2000):
        type_ = node.outputs[at.output]
        if type_.layout is not Layout.MAP:
            break
        spatial = type_.spatial
        text = str(spatial[0]) if len(set(spatial)) == 1 else shape_text(spatial)
        if not sizes or sizes[-1] != text:
            sizes.append(text)
    sizes.reverse()
    return sizes if len(sizes) <= 12 else [sizes[0], "…", *sizes[-10:]]


def where_set(graph: Graph, ref: Ref, attribute: str) -> Node | None:
    """The layer that gave a tensor its `channels`, `spatial` sizes, `layout` or `dtype`: the last one that
    changed it.
    """
    found: Node | None = None
    for node, at in steps(graph, ref, 2000):
        if node.layer.group == "input" or node.span is None:
            return node if found is None else found
        found = node
        operands = graph.operands(node.name)
        if attribute == "channels" and node.layer.group in ("conv", "linear"):
            return node
        if not operands or getattr(graph.type(operands[0]), attribute) != getattr(
            node.outputs[at.output], attribute
        ):
            return node
    return found


def differing(a: TensorType, b: TensorType, message: str = "channels") -> str:
    """The attribute in which two types differ, the most basic first: what `where_set` is to look for.

    Channels only where the layer's message speaks of them: a concatenation does not mind.
    """
    if len(a.sizes) != len(b.sizes) and a.layout is b.layout and a.dtype == b.dtype:
        return "sizes"
    names = ["dtype", "layout", *(["channels"] if "channels" in message or "features" in message else [])]
    return next((name for name in names if getattr(a, name) != getattr(b, name)), "spatial")


def as_text(type_: TensorType, attribute: str) -> str:
    """What a tensor has there: `64 channels`, `56x56`."""
    match attribute:
        case "channels":
            return f"{type_.channels} {'channels' if type_.layout is Layout.MAP else 'features'}"
        case "spatial" if len(type_.spatial) > 1:
            return shape_text(type_.spatial)
        case "spatial" if type_.spatial:
            return f"length {type_.spatial[0]}"
        case _:
            return str(type_)


def keeping_size(graph: Graph, ref: Ref, wanted: TensorType) -> str | None:
    """How the window that changed the places of a tensor would be written to keep them, if its padding is to
    blame.
    """
    setter = where_set(graph, ref, "spatial")
    if setter is None or setter.span is None or "\n" in setter.span.text:
        return None
    before = graph.operand_types(setter.name)
    kernel, padding = getattr(setter.layer, "kernel_size", None), getattr(setter.layer, "padding", None)
    if len(before) != 1 or before[0].spatial != wanted.spatial or padding != 0 or kernel is None:
        return None
    sizes = kernel if isinstance(kernel, tuple) else (kernel,)
    if any(size % 2 == 0 for size in sizes) or getattr(setter.layer, "stride", None) != 1:
        return None
    pads = [str(size // 2) for size in sizes]
    text = setter.span.text
    if "padding" in text or not text.endswith(")"):
        return None
    return f"keep the places: `{text[:-1]}, padding = {pads[0] if len(set(pads)) == 1 else 'x'.join(pads)})`"


_TRIES = 20_000
"""Shape rules that `least_input` may ask."""


def least_input(graph: Graph, layer: Layer, operands: Sequence[Ref]) -> tuple[str, TensorType] | None:
    """The smallest larger input with which a layer takes its operands, if every other layer stays as it is.

    Only where one square (or one-axis) input leads there. Returns its name and its type.
    """
    needed = {ref.node for ref in operands}
    todo = list(needed)
    while todo:
        for ref in graph.operands(todo.pop()):
            if ref.node not in needed:
                needed.add(ref.node)
                todo.append(ref.node)
    nodes = [graph.node(name) for name in graph.digraph if name in needed]
    inputs = [node for node in nodes if node.layer.group == "input"]
    if (
        len(inputs) != 1
        or len(set(inputs[0].outputs[0].spatial)) != 1
        or any(n.layer.group == "clique" for n in nodes)
    ):
        return None
    start = inputs[0].outputs[0]
    size = start.spatial[0]
    if isinstance(size, SizeExpr):
        return None
    for larger in range(size + 1, size + 1 + min(_TRIES // len(nodes), 8 * size + 64)):
        candidate = start.with_spatial(*(larger for _ in start.spatial))
        if _goes_through(graph, nodes, layer, operands, candidate):
            return inputs[0].name, candidate
    return None


def _goes_through(
    graph: Graph, nodes: Sequence[Node], layer: Layer, operands: Sequence[Ref], start: TensorType
) -> bool:
    types: dict[str, tuple[TensorType, ...]] = {}
    try:
        for node in nodes:
            inputs = [types[ref.node][ref.output] for ref in graph.operands(node.name)]
            types[node.name] = tuple(node.layer.infer(inputs)) if inputs else (start,)
        layer.infer([types[ref.node][ref.output] for ref in operands])
    except ShapeError:
        return False
    return True
