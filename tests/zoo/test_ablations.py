"""Ablations that papers made, derived by edits from one net, against torchvision and timm changed by hand.

Each of the others is built from its own library's parts, so that parameters and outputs are theirs to say.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import timm
import torch
from torch import Tensor, nn
from torchvision.models import GoogLeNet, resnet18
from torchvision.models.googlenet import Inception, InceptionAux

import ogive
from tests.zoo.comparison import difference, randomise

# torchvision's net has 3x3 where the paper has 5x5, and no heads here; dropout would not repeat itself
GOOGLENET = ["replace conv(5x5) with conv(3x3)", "remove aux", "remove dropout"]


def unit(order: str, activation: Callable[[Tensor], Tensor] = torch.relu) -> type[nn.Module]:
    """torchvision's BasicConv2d with its parts in this order: `cna` is convolution, norm, activation."""

    class Unit(nn.Module):
        def __init__(self, in_channels: int, out_channels: int, **kwargs: Any) -> None:
            super().__init__()
            self.conv = nn.Conv2d(in_channels, out_channels, bias="cn" not in order, **kwargs)
            self.bn = nn.BatchNorm2d(out_channels) if "n" in order else nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            parts = {"c": self.conv, "n": self.bn, "a": activation}
            for part in order:
                x = parts[part](x)
            return x

    return Unit


VARIANTS = {
    "without lrn": (["remove lrn"], unit("ca")),
    "bn_baseline": (["remove lrn", "insert bn before relu"], unit("cna")),
    "bn_sigmoid": (
        ["remove lrn", "insert bn before relu", "replace relu with sigmoid"],
        unit("cna", torch.sigmoid),
    ),
    "bn_after": (["remove lrn", "insert bn after relu"], unit("can")),
}


def compare(theirs: nn.Module, ours: nn.Module, image: Tensor) -> None:
    """Both compute the same once the weights are copied, in training and in evaluation."""
    randomise(theirs)
    report = ogive.transfer(theirs, ours, image, verbose=False)
    assert not report.unmatched_source
    assert not report.unmatched_target
    for training in (False, True):
        theirs.train(training)
        ours.train(training)
        assert difference(ours(image), theirs(image)) <= 1e-9


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_networks_of_the_batch_normalization_paper(variant: str) -> None:
    edits, block = VARIANTS[variant]
    torch.manual_seed(0)
    blocks: list[Any] = [block, partial(Inception, conv_block=block), partial(InceptionAux, conv_block=block)]
    theirs = GoogLeNet(aux_logits=False, init_weights=False, blocks=blocks, dropout=0.0).double()
    theirs.maxpool4 = nn.MaxPool2d(3, stride=2, ceil_mode=True)  # as in the paper; theirs is 2x2
    network = ogive.load("googlenet", edits=[*edits, *GOOGLENET])
    assert network.params == sum(p.numel() for p in theirs.parameters())
    compare(theirs, network.module().double(), torch.randn(2, 3, 64, 64, dtype=torch.float64))


def test_group_norm_in_the_place_of_batch_norm() -> None:
    torch.manual_seed(0)
    theirs = resnet18(norm_layer=lambda channels: nn.GroupNorm(32, channels)).double()
    network = ogive.load("resnet18", edits=["replace bn with gn(32)", "set conv(bias = false)"])
    assert network.params == sum(p.numel() for p in theirs.parameters())
    compare(theirs, network.module().double(), torch.randn(2, 3, 64, 64, dtype=torch.float64))


def test_another_activation_everywhere() -> None:
    torch.manual_seed(0)
    theirs = resnet18().double()
    for module in list(theirs.modules()):
        if hasattr(module, "relu"):
            module.relu = nn.SiLU()
    network = ogive.load("resnet18", edits=["replace relu with silu"])
    compare(theirs, network.module().double(), torch.randn(2, 3, 64, 64, dtype=torch.float64))


def test_no_norm_at_all() -> None:
    theirs = resnet18(norm_layer=lambda channels: nn.Identity())
    convolutions = [m for m in theirs.modules() if isinstance(m, nn.Conv2d)]
    network = ogive.load("resnet18", edits=["remove norm"])
    # what torchvision leaves without, since a norm was to follow, has its bias again
    biases = sum(m.out_channels for m in convolutions)
    assert network.params == sum(p.numel() for p in theirs.parameters()) + biases


@pytest.mark.parametrize("name", ["resnetv2_18", "resnetv2_50"])
def test_pre_activation(name: str) -> None:
    """He et al. 2016: timm's have no norm behind the first convolution and one before the classifier."""
    theirs = timm.create_model(name)
    edits = [
        "remove bn",
        "remove relu",
        'insert bn -> relu before conv in "conv[2-5]"',
        "insert bn -> relu before global_avg_pool",
    ]
    network = ogive.load(name.replace("v2_", ""), edits=edits)
    # theirs share the norm before a projection with the body; ours have one each, for an edit sees both
    projections = [r for r in network.ir.regions.values() if r.kind == "shortcut"]
    own = sum(2 * network.ir.type(r.inputs[0]).channels for r in projections)
    assert network.params - own == sum(p.numel() for p in theirs.parameters())


def test_a_plain_net() -> None:
    """He et al. 2015, section 3.3: the plain counterpart has no shortcuts, and so no projections."""
    plain, residual = ogive.load("resnet34", edits=["remove residual"]), ogive.load("resnet34")
    theirs = resnet18()
    assert plain.macs < residual.macs
    assert not [n for n in plain.ir if n.layer.kind == "add"]
    three = sum(1 for n in plain.ir if n.layer.kind == "conv")
    assert three == 33  # and the classifier makes 34 layers
    layers = ogive.load("resnet18", edits=["remove residual"])
    projections = sum(p.numel() for key, p in theirs.named_parameters() if "downsample" in key)
    assert layers.params == sum(p.numel() for p in theirs.parameters()) - projections


def test_kernels_of_one_stage() -> None:
    edit = 'set conv(3x3, kernel_size = 5x5, padding = 2) in "conv4"'
    plain, edited = ogive.load("resnet18"), ogive.load("resnet18", edits=[edit])
    theirs = resnet18()
    more = sum(
        m.in_channels * m.out_channels * (25 - 9)
        for m in theirs.layer3.modules()
        if isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3)
    )
    assert edited.params == plain.params + more
    module = edited.module().eval()
    assert module(torch.randn(1, 3, 64, 64)).shape == (1, 1000)
