"""The networks that torchvision and timm have, or that are written here by hand, are equal to ours.

Equal in parameter shapes, in multiply-accumulates, and after copying weights in outputs and gradients, evaluating and
training, in float64 with random statistics of the norms.
"""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import ogive
from ogive.network import Network
from ogive.report import counts
from tests.zoo.comparison import assert_same, shapes
from tests.zoo.others import DEEP, OTHERS

WEIGHTED = ("convolution", "addmm", "mm", "linear")
"""The operations that apply weights; products of two activations are not counted as multiply-accumulates of a net."""


@cache
def network(name: str) -> Network:
    other = OTHERS[name]
    return ogive.load(other.of or name, **other.arguments)


def on_meta(name: str) -> nn.Module:
    """Their module without memory for its weights, where it can be built so."""
    try:
        with torch.device("meta"):
            return OTHERS[name].build()
    except (NotImplementedError, RuntimeError):  # it computes widths or rates with tensors
        return OTHERS[name].build().to("meta")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in DEEP else []) for name in OTHERS]
)
def test_the_same_parameters_and_multiply_accumulates(name: str) -> None:
    net, theirs = network(name), on_meta(name)
    with torch.device("meta"):
        ours = net.module()
    flat = OTHERS[name].flat
    assert shapes(ours, flat=flat) == shapes(theirs, flat=flat)
    assert counts.params(net.unrolled, heads=True) == sum(p.numel() for p in theirs.parameters())
    if OTHERS[name].counted:
        assert weighted_macs(theirs, net) == net.macs


def weighted_macs(theirs: nn.Module, net: Network) -> int:
    """Multiply-accumulates of convolutions and linear maps of their module on our input's size.

    In training, as attention in evaluation is one operation that hides its linear maps; heads come with that, so they
    are only left out where evaluation leaves them out.
    """
    image = torch.empty(2, *net.inputs[0][1].sizes, device="meta")
    theirs.train(not any("aux" in name.lower() for name, _ in theirs.named_modules()))
    with FlopCounterMode(display=False) as counter:
        theirs(image)
    total = counter.get_flop_counts()["Global"]
    found = {str(operation).rpartition(".")[2]: flops for operation, flops in total.items()}
    assert set(found) <= {
        *WEIGHTED,
        "bmm",
        "_scaled_dot_product_attention_math",
        "_scaled_dot_product_flash_attention_for_cpu",
    }, found
    return sum(flops for operation, flops in found.items() if operation in WEIGHTED) // 4


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if OTHERS[name].slow else []) for name in OTHERS]
)
def test_the_same_outputs_and_gradients(name: str) -> None:
    torch.manual_seed(0)
    other = OTHERS[name]
    theirs = other.build().double()
    net = network(name)
    if net.inputs[0][1].sizes != other.input:
        net = ogive.load(other.of or name, input=other.input, **other.arguments)
    images = torch.randn(2, *other.input, dtype=torch.float64)
    assert_same(theirs, net.module().double(), images, flat=other.flat)


HEADS = {
    "googlenet": [0.3, 0.3],
    "googlenet_torchvision": [0.3, 0.3],
    "inception_v2": [0.4],
    "inception_v3": [0.4],
}
"""The weights of auxiliary heads in the loss: those of Caffe's release, and of the authors' code of Inception-v3."""


@pytest.mark.parametrize("name", HEADS)
def test_the_weights_of_heads(name: str) -> None:
    assert [head.weight for head in ogive.load(name).ir.heads] == HEADS[name]
