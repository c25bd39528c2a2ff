"""`check_layer` accepts layers that are right, and finds each thing that can be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch

import ogive
from ogive.layers.library import Library
from ogive.plugin import Call, Channel, Layer, Operand, ShapeError, Torch, arg, map_of, plain_of
from ogive.testing import check_layer

RIGHT = ["relu", "bn", "linear", "max_pool", "add", "concat", "layer_scale", "gn", "flatten", "dropout"]


@pytest.mark.parametrize("kind", RIGHT)
def test_layers_that_come_with_the_compiler_pass(kind: str):
    layer = Library.standard().get(kind)
    assert layer is not None
    assert check_layer(layer, examples=12) >= 3


@dataclass(frozen=True)
class Pointwise(Layer):
    """A 1x1 convolution without a bias."""

    kind: ClassVar[str] = "pointwise"
    group: ClassVar[str] = "conv"

    channels: int = arg(min=1)

    def infer(self, inputs):
        (x,) = inputs
        if len(x.sizes) != 3:
            raise ShapeError("needs a 2d map")
        return (x.with_channels(self.channels),)

    def parameters(self, inputs):
        return {"weight": (self.channels, inputs[0].channels, 1, 1)}

    def macs(self, inputs, outputs):
        return outputs[0].elements * inputs[0].channels

    def torch(self, inputs):
        call = Call("F.conv2d", (Operand(),))
        del call
        return Torch(module=Call("pointwise", (inputs[0].channels, self.channels)), helpers=(POINTWISE,))


POINTWISE = "def pointwise(a, b):\n    return nn.Conv2d(a, b, 1, bias=False)\n"


def test_a_layer_that_is_right():
    assert check_layer(Pointwise, examples=15) == 15
    assert check_layer(Pointwise, examples=5, arguments={"channels": [3]}, inputs=[[map_of(2, 4, 4)]]) == 5


@dataclass(frozen=True)
class Heads(Layer):
    """As many ones as there are names, beside each other."""

    kind: ClassVar[str] = "heads"
    group: ClassVar[str] = "shape"

    names: tuple[str, ...] = arg()

    def infer(self, inputs):
        return (plain_of(sum(len(name) for name in self.names)),)

    def torch(self, inputs):
        return Torch(forward=Call("heads", (Operand(), *self.names)), helpers=(HEADS,))


HEADS = "def heads(x, *names):\n    return x.new_ones(len(x), len(''.join(names)))\n"


def test_an_argument_that_is_a_list_of_strings():
    assert check_layer(Heads, examples=8) == 8
    library = Library.standard()
    library.add(Heads)
    net = ogive.loads('net A() { input x: [3]; heads(["left", "right"]) }', library=library)
    assert net.module()(torch.zeros(2, 3)).shape == (2, 9)


class WrongShape(Pointwise):
    def infer(self, inputs):
        (x,) = super().infer(inputs)
        return (x.with_channels(self.channels + (x.spatial[0] > 4)),)

    def macs(self, inputs, outputs):
        return super().macs(inputs, super().infer(inputs))


class WrongNames(Pointwise):
    def parameters(self, inputs):
        return {"kernel": (self.channels, inputs[0].channels, 1, 1)}


class WrongMacs(Pointwise):
    def macs(self, inputs, outputs):
        return outputs[0].elements


class WrongRule(Pointwise):
    def channel_rule(self, inputs):
        return Channel.ABSORBS


class WrongText(Pointwise):
    def torch(self, inputs):
        return Torch(module=Call("nn.Conv2", (1,)))


class WrongRules(Pointwise):
    def macs(self, inputs, outputs):
        return outputs[3]


class Refuses(Pointwise):
    def infer(self, inputs):
        raise ShapeError("nothing suits")


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (WrongShape, "`infer` says"),
        (WrongMacs, "`macs` and `products` say"),
        (WrongRule, "`channel_rule` says that it absorbs"),
        (WrongRules, "`macs` raises IndexError"),
        (Refuses, "800 of 800 were refused"),
    ],
)
def test_what_is_wrong_is_found(layer: type[Layer], said: str):
    with pytest.raises(AssertionError, match=said):
        check_layer(layer)


@pytest.mark.parametrize(("layer", "said"), [(WrongNames, "weight \\[\\d"), (WrongText, "nn.Conv2")])
def test_what_cannot_be_made_is_a_diagnostic(layer: type[Layer], said: str):
    with pytest.raises(Exception, match="E545") as caught:
        check_layer(layer)
    assert caught.match(said)
