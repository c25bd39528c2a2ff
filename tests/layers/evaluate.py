"""Turns what a layer says about itself in PyTorch into a module that runs: the text, executed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import nn

from ogive.layers.base import Layer, TensorType
from ogive.layers.code import Call, Operand, Operands, Self, Template, Torch


def show(form: Call | Template, operands: Sequence[str]) -> str:
    """The text of a call or template on operands of these names."""
    if isinstance(form, Template):
        joined = ", ".join(operands) + ("," if len(operands) == 1 else "")
        slots = {name: repr(value) for name, value in form.slots}
        return form.text.format(
            *operands, operands=joined, sum=" + ".join(operands), product=" * ".join(operands),
            self="self.layer", **slots,
        )  # fmt: skip
    parts: list[str] = []
    for argument in form.args:
        match argument:
            case Operand(index):
                parts.append(operands[index])
            case Operands():
                parts.append("(" + ", ".join(operands) + ",)")
            case Self(member):
                parts.append("self.layer" + (f".{member}" if member else ""))
            case _:
                parts.append(repr(argument))
    parts += [f"{k.name}={k.value!r}" for k in form.keywords if k.default is ... or k.value != k.default]
    return f"{form.name}({', '.join(parts)})"


def source(pieces: Torch, operands: int, *, inplace: bool = False) -> str:
    """A class `Net` around the pieces."""
    names = [f"x{i}" for i in range(operands)]
    forward = pieces.inplace if inplace else pieces.forward
    if forward is None:
        assert pieces.module is not None, "neither a module nor a call"
        expression = f"self.layer({', '.join(names)})"
    else:
        expression = show(forward, names)
    lines = list(pieces.helpers)
    lines += ["class Net(nn.Module):", "    def __init__(self):", "        super().__init__()"]
    if pieces.module is not None:
        lines += [f"        self.layer = {show(pieces.module, [])}"]
    lines += [f"        {show(call, [])}" for call in pieces.setup]
    lines += [f"    def forward(self, {', '.join(names)}):", f"        return {expression}"]
    return "\n".join(lines)


def module(
    layer: Layer, inputs: Sequence[TensorType], *, inplace: bool = False, flow: bool = False
) -> nn.Module:
    """The module that the layer's text makes, in training; with `flow` that for the first output alone."""
    pieces = layer.torch(inputs)
    if flow:
        pieces = replace(pieces, forward=pieces.flow, helpers=())
    # torch.fx asks for the name of the module that a function is from
    space: dict[str, object] = {"__name__": __name__, "torch": torch, "nn": nn, "F": F}
    exec(source(pieces, len(inputs), inplace=inplace), space)
    return space["Net"]()  # type: ignore[operator]


def outputs(result: object) -> tuple[torch.Tensor, ...]:
    """What a module returned, as a tuple."""
    return (result,) if isinstance(result, torch.Tensor) else tuple(result)  # type: ignore[arg-type]


DTYPES = {"float": torch.float32, "int": torch.long, "bool": torch.bool}
"""The types of elements."""


def zeros(inputs: Sequence[TensorType], batch: int = 2) -> list[torch.Tensor]:
    """Zeros of these types."""
    return [torch.zeros(batch, *x.sizes, dtype=DTYPES[x.dtype]) for x in inputs]


def tensors(
    inputs: Sequence[TensorType], batch: int = 2, seed: int = 0, below: int = 9
) -> list[torch.Tensor]:
    """Random values of these types: in double precision, some of them beyond every bend of an activation;
    ints from 0 and below `below`.
    """
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randint(below, (batch, *x.sizes), generator=generator).to(DTYPES[x.dtype])
        if x.dtype != "float"
        else 4 * torch.randn(batch, *x.sizes, dtype=torch.float64, generator=generator)
        for x in inputs
    ]


def weights(net: nn.Module) -> dict[str, tuple[int, ...]]:
    """Shapes of the parameters, by their names in the layer."""
    return {name.removeprefix("layer."): tuple(p.shape) for name, p in net.named_parameters()}
