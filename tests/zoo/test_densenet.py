"""What is particular to the CIFAR DenseNets: their dropout, their start, and the depths there are."""

from __future__ import annotations

import pytest
import torch

import ogive
from ogive.diagnostics import ArchError
from tests.zoo.comparison import difference, randomise
from tests.zoo.reference_densenet import CifarDenseNet

FORMS = {"plain": (False, 1.0), "B": (True, 1.0), "C": (False, 0.5), "BC": (True, 0.5)}


@pytest.mark.parametrize("form", FORMS)
def test_dropout_stands_behind_every_convolution_but_the_first(form: str) -> None:
    """Both draw from the same stream, so that outputs are equal only where masks fall on the same maps, in turn."""
    bottleneck, compression = FORMS[form]
    theirs = CifarDenseNet(16, 4, bottleneck=bottleneck, compression=compression, drop=0.2).double()
    ours = ogive.load("cifar_densenet_40_12", depth=16, k=4, form=form, drop=0.2).module().double()
    randomise(theirs)
    image = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    ogive.transfer(theirs, ours, image, verbose=False)
    results = []
    for module in (theirs.train(), ours.train()):
        torch.manual_seed(1)
        results.append(module(image))
    assert difference(*results) <= 1e-9
    assert difference(results[0], theirs.eval()(image)) > 1e-2


@pytest.mark.parametrize("form", FORMS)
def test_dropout_has_no_parameters(form: str) -> None:
    """With a dropout between them, no norm cancels a convolution's bias; there is none all the same."""
    with_dropout = ogive.load("cifar_densenet_40_12", form=form, drop=0.2)
    assert with_dropout.params == ogive.load("cifar_densenet_40_12", form=form).params


@pytest.mark.parametrize(
    ("depth", "form", "said"),
    [(41, "plain", "3n + 4"), (43, "BC", "6n + 4"), (37, "B", "6n + 4"), (39, "C", "3n + 4")],
)
def test_a_depth_that_does_not_fit(depth: int, form: str, said: str) -> None:
    with pytest.raises(ArchError) as caught:
        ogive.load("cifar_densenet_40_12", depth=depth, form=form)
    (found,) = caught.value.diagnostics
    assert found.code == "E405"
    assert f"the depth is {said} (40, 100), and not {depth}" in found.message


def test_blocks_without_layers() -> None:
    with pytest.raises(ArchError) as caught:
        ogive.load("cifar_densenet_40_12", depth=4)
    (found,) = caught.value.diagnostics
    assert found.message == "`layers` of `dense` is at least 1, and this is 0"
