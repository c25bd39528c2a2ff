"""What the text must compute: a graph run node by node, with the weights of the module under test.

It shares nothing with the back end but the pieces that each layer gives (and those are tested against PyTorch
beside the layers). Cliques are unrolled first, so that their loops are checked against a plain graph.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from ogive.backends.torch_source import attribute_paths
from ogive.graph import Graph, Node, Ref
from ogive.passes.unroll import unroll_cliques
from ogive.pipeline import compile_target, read_program
from tests.layers.evaluate import module as layer_module


def compiled(text: str, name: str | None = None, file: str = "case.arch") -> Graph:
    """The graph of a program's last net or variant, or of the one named."""
    program = read_program(text, file)
    return compile_target(program, name or program.names[-1]).graph


def weights_of(
    node: Node, paths: Mapping[str, str], state: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Parameters and buffers of a layer, by their names in it. A layer of an unrolled clique is found under its region."""
    name = node.owner or node.name
    path = paths.get(name)
    if path is None:
        around, _, local = name.rpartition(".")
        path = f"{paths.get(around)}.{local}"
    return {key.removeprefix(f"{path}."): value for key, value in state.items() if key.startswith(f"{path}.")}


def run(
    graph: Graph, net: nn.Module, inputs: Mapping[str, torch.Tensor]
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Outputs and heads of a graph with the weights of a module; batch norms use the statistics of the batch."""
    state, paths = net.state_dict(), attribute_paths(graph)
    plain = unroll_cliques(graph)
    values: dict[Ref, torch.Tensor] = {Ref(name): inputs[name] for name in plain.inputs}
    for node in plain:
        if node.name in plain.inputs:
            continue
        operands = [values[ref] for ref in plain.operands(node.name)]
        if node.layer.kind == "linked_conv":
            result = _linked(plain, node, operands[0], paths[plain.regions[node.region].path], state)
        else:
            made = layer_module(node.layer, plain.operand_types(node.name)).double()
            made.train(node.layer.group != "dropout")
            if made.state_dict():
                made.load_state_dict(
                    {f"layer.{key}": value for key, value in weights_of(node, paths, state).items()}
                )
            result = made(*operands)
        results = (result,) if isinstance(result, torch.Tensor) else result
        for index, tensor in enumerate(results):
            values[Ref(node.name, index)] = tensor
    outputs = {name: values[ref] for name, ref in plain.outputs}
    return outputs, {head.name: values[head.ref] for head in plain.heads}


def _linked(
    graph: Graph, node: Node, x: torch.Tensor, path: str, state: Mapping[str, torch.Tensor]
) -> torch.Tensor:
    """The mixing convolution of a clique, source by source, as the paper writes it."""
    layer = node.layer
    conv = layer_module(layer.conv, graph.operand_types(node.name)).to(x.dtype).layer  # type: ignore[attr-defined]
    total = torch.zeros(())
    for j, part in zip(layer.sources, x.split(list(layer.widths), 1), strict=True):  # type: ignore[attr-defined]
        weight = state[f"{path}.link_{j}_{layer.target}.weight"]  # type: ignore[attr-defined]
        one = type(conv)(
            part.shape[1], weight.shape[0], conv.kernel_size, conv.stride, conv.padding, conv.dilation,
            bias=False, padding_mode=conv.padding_mode,
        )  # fmt: skip
        one = one.to(x.dtype)
        with torch.no_grad():
            one.weight.copy_(weight)
        total = total + one(part)
    bias = state.get(f"{path}.link_0_{layer.target}.bias")  # type: ignore[attr-defined]
    return total if bias is None else total + bias.view(1, -1, *[1] * (x.dim() - 2))
