"""The networks that torchvision has compute the same, outputs and gradients, once the weights are copied."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import Tensor, nn

import ogive

SMALL = ["resnet18", "resnet50", "densenet121"]
LARGE = ["resnet34", "resnet101", "resnet152", "densenet169", "densenet201"]


def randomise_norms(module: nn.Module) -> None:
    """Running statistics and affine parameters that a mistake would show in."""
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.uniform_(-0.3, 0.3)  # pyright: ignore[reportOptionalMemberAccess]
            layer.running_var.uniform_(0.5, 1.5)  # pyright: ignore[reportOptionalMemberAccess]
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.3, 0.3)


def difference(a: Tensor, b: Tensor) -> float:
    """Largest difference over largest value."""
    return ((a - b).abs().max() / b.abs().max()).item()


@pytest.mark.parametrize("name", [*SMALL, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE)])
def test_equal_to_torchvision(name: str) -> None:
    torch.manual_seed(0)
    theirs = getattr(torchvision.models, name)(weights=None).double()
    ours = ogive.load(name).module().double()
    randomise_norms(theirs)
    image = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    report = ogive.transfer(theirs, ours, image, verbose=False)
    assert not report.unmatched_source
    assert not report.unmatched_target
    theirs_by_name, ours_by_name = dict(theirs.named_parameters()), dict(ours.named_parameters())
    for training in (False, True):
        theirs.train(training)
        ours.train(training)
        theirs.zero_grad()
        ours.zero_grad()
        a, b = ours(image), theirs(image)
        assert difference(a, b) <= 1e-9
        a.square().sum().backward()
        b.square().sum().backward()
        for pair in report.pairs:
            if pair.source in theirs_by_name:
                gradient, expected = ours_by_name[pair.target].grad, theirs_by_name[pair.source].grad
                assert gradient is not None
                assert expected is not None
                assert difference(gradient, expected.reshape(gradient.shape)) <= 1e-9
