"""A property test for a layer of one's own, in one call: what it says against what its PyTorch does.

from ogive.testing import check_layer
from my_layers import GeM

def test_gem():
    check_layer(GeM)
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ogive.backends.torch_module import torch_module
from ogive.graph import Graph, Node, Ref, Region
from ogive.layers.base import (
    Argument,
    Channel,
    Initializer,
    Layer,
    ShapeError,
    TensorType,
    map_of,
    plain_of,
    tokens_of,
)
from ogive.layers.guard import guarded
from ogive.layers.io import Input

__all__ = ["check_layer", "module_of"]

Draw = Callable[[random.Random], Any]
_BATCH = 3


def check_layer(
    layer: type[Layer],
    *,
    arguments: Mapping[str, Sequence[object] | Draw] | None = None,
    inputs: Sequence[Sequence[TensorType]] | Callable[[random.Random], Sequence[TensorType]] | None = None,
    examples: int = 40,
    seed: int = 0,
) -> int:
    """Draws arguments and inputs, and runs the layer's PyTorch wherever its rule accepts them.

    It compares the shapes of the outputs (in training and in evaluation), the names and shapes of the
    parameters, multiply-accumulates with PyTorch's own counter, and what `channel_rule` says of a constant.

    Args:
        layer: the class.
        arguments: values to choose from, or a function of a random generator, by the argument's name; without
            them small values of the argument's type within its bounds.
        inputs: lists of types to choose from, or such a function; without them small maps, tokens, vectors.
        examples: how many are to be run; twenty times as many are drawn at most.
        seed: of what is drawn, and of the values of the tensors.

    Returns:
        How many the rule accepted.

    Raises:
        AssertionError: the rule and PyTorch disagree, or hardly any were accepted: give `arguments` or
            `inputs` that suit the layer.
        BadLayer: the class cannot be a layer.
    """
    held, generator = guarded(layer), random.Random(seed)
    given, accepted, refusals = dict(arguments or {}), 0, list[str]()
    for _ in range(20 * examples):
        if accepted == examples:
            break
        values = {
            spec.name: _choose(given[spec.name], generator) if spec.name in given else _value(spec, generator)
            for spec in held.arguments()
            if spec.required or spec.name in given or generator.random() < 0.5
        }
        types = list(_choose(inputs, generator) if inputs is not None else _types(held, generator))
        made = held(**values)
        try:
            outputs = made.infer(types)
        except ShapeError as refusal:
            if refusal.code.startswith("E54"):  # the layer is wrong, not what it was given
                raise AssertionError(f"{made}: {refusal.message}; {dict(refusal.notes)}") from None
            refusals.append(f"{made} on {_listed(types)}: {refusal.message}")
            continue
        accepted += 1
        _compare(made, types, outputs, seed)
    refused = f"{len(refusals)} of {accepted + len(refusals)} were refused; the last: {refusals[-1:]}"
    assert accepted >= examples / 4, refused
    return accepted


def module_of(layer: Layer, inputs: Sequence[TensorType]) -> nn.Module:
    """A network of nothing but this layer, as the compiler prints and runs it.

    Raises:
        ShapeError: the layer cannot take these inputs.
        ArchError: E545, its PyTorch text does not run, or makes other parameters than its rule says.
    """
    graph = Graph("net")
    graph.regions[0] = Region(0, "net", "", "", None)
    names = [f"x{i}" for i in range(len(inputs))]
    for name, type_ in zip(names, inputs, strict=True):
        graph.add(Node(name, Input(name, type_), (type_,), 0, None))
    graph.add(Node("layer", layer, tuple(layer.infer(inputs)), 0, None), [Ref(name) for name in names])
    graph.inputs = tuple(names)
    outputs = graph.node("layer").outputs
    graph.outputs = tuple((f"output{i}" if i else "output", Ref("layer", i)) for i in range(len(outputs)))
    return torch_module(graph)


def _compare(layer: Layer, inputs: list[TensorType], outputs: Sequence[TensorType], seed: int) -> None:
    what = f"{layer} on {_listed(inputs)}"
    torch.manual_seed(seed)
    net = module_of(layer, inputs)  # compares the parameters
    values = [_tensor(type_) for type_ in inputs]
    for training in (True, False):
        net.train(training)
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            found = _tuple(net(*values))
        shapes = [tuple(tensor.shape[1:]) for tensor in found]
        promised = [type_.sizes for type_ in outputs]
        mode = "training" if training else "evaluation"
        assert shapes == promised, f"{what}: `infer` says {promised}, PyTorch gives {shapes} in {mode}"
    counted = layer.macs(inputs, outputs) + layer.products(inputs, outputs)
    ran = counter.get_total_flops() // (2 * _BATCH)
    assert counted == ran, f"{what}: `macs` and `products` say {counted}, PyTorch counts {ran}"
    if layer.channel_rule(inputs) != Channel.BREAKS:
        _follow_constants(layer, net.double().eval(), inputs, outputs, what)


def _follow_constants(
    layer: Layer, net: nn.Module, inputs: list[TensorType], outputs: Sequence[TensorType], what: str
) -> None:
    """Adds a number to each channel of each input, and looks for it in the outputs."""
    rule = layer.channel_rule(inputs)
    net.train(rule == Channel.ABSORBS)
    values = [_tensor(type_).double() for type_ in inputs]
    with torch.no_grad():
        before = _tuple(net(*values))
        for index, type_ in enumerate(inputs):
            shape = [1] * (len(type_.sizes) + 1)
            shape[type_.channel_axis] = -1
            constant = (
                torch.arange(1.0, values[index].shape[type_.channel_axis] + 1).double().sqrt().view(shape)
            )
            moved = [v + constant if i == index else v for i, v in enumerate(values)]
            for output, old, new in zip(outputs, before, _tuple(net(*moved)), strict=True):
                change = (new - old).movedim(output.channel_axis, 0).flatten(1)
                expected = (
                    torch.zeros_like(change) if rule == Channel.ABSORBS else change[:, :1].expand_as(change)
                )
                close = torch.allclose(change, expected, rtol=1e-4, atol=1e-4)
                assert close, f"{what}: `channel_rule` says that it {rule} a constant, and it does not"


# --------------------------------------------------------------------------- drawing


def _choose(choices: Any, generator: random.Random) -> Any:
    return choices(generator) if callable(choices) else generator.choice(choices)


def _types(layer: type[Layer], generator: random.Random) -> list[TensorType]:
    least, most = layer.arity
    count = generator.randint(max(least, 1), most if most is not None else max(least, 1) + 2)
    sizes = [generator.randint(1, 9) for _ in range(4)]
    kinds = (
        map_of(*sizes[:2]), map_of(*sizes[:3]), map_of(*sizes[:3]), map_of(*sizes),
        tokens_of(*sizes[:2]), plain_of(sizes[0]),
    )  # fmt: skip
    return [generator.choice(kinds)] * count


def _value(spec: Argument, generator: random.Random) -> object:
    options: list[object] = list(spec.choices)
    least = spec.minimum if spec.minimum is not None else 1
    most = min(spec.maximum if spec.maximum is not None else least + 4, least + 4)
    for type_ in spec.types:
        if type_ is bool:
            options.append(generator.random() < 0.5)
        elif type_ is int:
            options.append(generator.randint(int(least), int(most)))
        elif type_ is float:
            options.append(round(generator.uniform(least, most), 3))
        elif type_ is tuple and spec.texts:
            options.append(("text",) * generator.randint(1, 3))
        elif type_ is tuple:
            options.append(
                tuple(generator.randint(int(least), int(most)) for _ in range(generator.randint(1, 3)))
            )
        elif type_ is Initializer:
            options.append(Initializer("normal", (("std", 0.1),)))
    options += [None] if spec.optional else []
    options += ["text"] if not options else []
    return generator.choice(options)


def _tensor(type_: TensorType) -> torch.Tensor:
    shape = (_BATCH, *(size for size in type_.sizes if isinstance(size, int)))
    if type_.dtype == "int":
        return torch.zeros(shape, dtype=torch.int64)
    return torch.rand(shape) < 0.5 if type_.dtype == "bool" else torch.randn(shape)


def _tuple(result: Any) -> tuple[torch.Tensor, ...]:
    if isinstance(result, torch.Tensor):
        return (result,)
    return tuple(result.values() if isinstance(result, Mapping) else result)


def _listed(types: Sequence[TensorType]) -> str:
    return " and ".join(map(str, types))
