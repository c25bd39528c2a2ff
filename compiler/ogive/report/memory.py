"""How much memory the activations take, estimated from the graph.

Training keeps what the backward pass reads: the inputs of layers with weights, of products and gates, and of
activations that are differentiated from their input; and the outputs of layers that are differentiated from
those (`Layer.output_saved`). Each tensor counts once. What an implementation keeps besides (the indices of a
max pooling, masks of a dropout, batch statistics, workspaces) is left out, and a tensor that only changes its
shape counts again where a layer keeps it under its new shape. Inference keeps a tensor until its last reader
has run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ogive.graph import Graph, Node, Ref
from ogive.layers.base import Layer, Size, TensorType
from ogive.layers.order import magnitude
from ogive.report.counts import main_path, with_heads

_BYTES = {"float": 4, "int": 8, "bool": 1}


def kept_for_backward(graph: Graph) -> Size:
    """Bytes of activations that one image keeps in training, in fp32, auxiliary heads included."""
    path = with_heads(graph)
    kept: set[Ref] = set()
    for node in graph:
        if node.name not in path:
            continue
        operands, types = graph.operands(node.name), graph.operand_types(node.name)
        if _reads_inputs(node.layer, types, node.outputs):
            kept.update(operands)
        if node.layer.output_saved and operands:
            kept.update(Ref(node.name, output) for output in range(len(node.outputs)))
    return sum(_bytes(graph.type(ref)) for ref in kept)


def peak_in_inference(graph: Graph) -> Size:
    """Bytes of activations alive at once when the nodes run in program order, one image, fp32, nothing in
    place.
    """
    path = main_path(graph)
    order = [node for node in graph if node.name in path]
    readers = Counter(ref for node in order for ref in set(graph.operands(node.name)))
    for _, ref in graph.outputs:
        readers[ref] += 1  # who called keeps it
    alive: Size = 0
    peak: Size = 0
    for node in order:
        alive += output_bytes(node)
        peak = max(peak, alive, key=magnitude)
        unread = [
            Ref(node.name, output)
            for output in range(len(node.outputs))
            if not readers[Ref(node.name, output)]
        ]
        alive -= sum(_bytes(graph.type(ref)) for ref in unread)
        for ref in set(graph.operands(node.name)):
            readers[ref] -= 1
            if not readers[ref]:
                alive -= _bytes(graph.type(ref))
    return peak


def output_bytes(node: Node) -> Size:
    """Bytes that the outputs of a node take, of one image, in fp32."""
    return sum(_bytes(type) for type in node.outputs)


def _reads_inputs(layer: Layer, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> bool:
    multiplies = getattr(layer, "gate", False) or layer.products(inputs, outputs)
    from_input = layer.group == "act" and not layer.output_saved
    return bool(multiplies or from_input or layer.parameters(inputs))


def _bytes(tensor: TensorType) -> Size:
    return tensor.elements * _BYTES[tensor.dtype]
