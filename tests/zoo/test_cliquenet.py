"""CliqueNet beyond the table of counts: the authors' own block, where dropout stands, and the ablations that coincide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import ogive
from tests.backends.test_clique_block import DATA, ours
from tests.zoo.comparison import assert_same, difference, randomise
from tests.zoo.reference_cliquenet import CliqueNet, cifar

EDITS = ["set conv(64, out_channels = 5)", "remove dropout"]
BLOCKS: dict[str, Callable[[], nn.Module]] = {
    "of CIFAR": lambda: ogive.load("cliquenet_k36_t12_b", edits=EDITS, k=3, T=24).module().block1,
    "of ImageNet": lambda: ogive.load("cliquenet_s3", k=[1, 3, 2, 2], layers=[5, 4, 2, 2]).module().block2,
}
"""Blocks of the zoo's nets with a bottleneck, as wide as that which the authors' code computed: 5 channels to 4 times 3."""


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_is_that_of_the_authors(block: str) -> None:
    data = {key: torch.from_numpy(value) for key, value in np.load(DATA).items()}
    module = BLOCKS[block]().double().train()
    parameters = dict(module.named_parameters())
    given = [key.removeprefix("param/") for key in data if key.startswith("param/")]
    keys = {ours(key): key for key in given}
    assert keys.keys() == parameters.keys()
    with torch.no_grad():
        for name, key in keys.items():
            parameters[name].copy_(data[f"param/{key}"])
    x = data["x"].requires_grad_()
    transit, features = module(x)
    torch.testing.assert_close(features, data["features"], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(transit, data["transit"], rtol=1e-12, atol=1e-12)
    loss = (features * data["loss_weight_features"]).sum() + (transit * data["loss_weight_transit"]).sum()
    loss.backward()
    torch.testing.assert_close(x.grad, data["grad/x"], rtol=1e-12, atol=1e-12)
    for name, key in keys.items():
        torch.testing.assert_close(parameters[name].grad, data[f"grad/{key}"], rtol=1e-12, atol=1e-12)


def layers_dropped(n: int, bottleneck: bool) -> int:
    """How often a layer's convolutions run in three blocks of n layers and two stages."""
    return 3 * 2 * n * (2 if bottleneck else 1)


DROPOUTS: dict[str, tuple[Callable[[], CliqueNet], int]] = {
    "k36_t12": (lambda: cifar(36, 12), layers_dropped(4, bottleneck=False) + 2),
    "k36_t12_a": (lambda: cifar(36, 12, a=True), layers_dropped(4, bottleneck=False) + 2),
    "k36_t12_b": (lambda: cifar(36, 12, b=True), layers_dropped(2, bottleneck=True) + 2),
    "k36_t12_c": (lambda: cifar(36, 12, c=True), layers_dropped(4, bottleneck=False) + 2 + 3),
    "k36_t12_abc": (
        lambda: cifar(36, 12, a=True, b=True, c=True),
        layers_dropped(2, bottleneck=True) + 2 + 3,
    ),
    "k36_t12_i_i": (lambda: cifar(36, 12, stages="I+I"), 3 * 4 + 2),
    "k36_t12_i_ii": (lambda: cifar(36, 12, stages="I+II"), 3 * 4 + 2 * 4 + 2),
    "k64_t15_x3": (lambda: cifar(64, 15, x=3), 3 * (5 + 3) + 2),
}
"""By the end of the variant's name: a module written by hand, and how often it drops: once a convolution but the stem's."""


@pytest.mark.parametrize("name", DROPOUTS)
def test_dropout_stands_where_the_authors_have_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the place of chance something that repeats itself and is seen in every output: places and rates must agree."""
    torch.manual_seed(0)
    build, often = DROPOUTS[name]
    image = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    theirs, mine = build().double(), ogive.load(f"cliquenet_{name}", input=(3, 8, 8)).module().double()
    randomise(theirs)
    ogive.transfer(theirs, mine, image, verbose=False)
    rates: list[float] = []

    def bend(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        rates.extend([p] if training else [])
        return torch.sin(3 * x) * (1 + p) if training else x

    monkeypatch.setattr(torch.nn.functional, "dropout", bend)
    expected = theirs.train()(image)
    assert rates == [0.2] * often
    assert difference(mine.train()(image), expected) <= 1e-9
    assert rates == [0.2] * 2 * often
    assert difference(mine.eval()(image), theirs.eval()(image)) <= 1e-9
    assert len(rates) == 2 * often


@pytest.mark.parametrize("name", ["cliquenet_s0", "cliquenet_s3_a"])
def test_nets_of_imagenet_have_no_dropout(name: str) -> None:
    with torch.device("meta"):
        module = ogive.load(name).module()
    assert not [layer for layer in module.modules() if isinstance(layer, nn.Dropout)]


def test_the_rate_is_an_argument() -> None:
    module = ogive.load("cliquenet_k36_t12_abc", drop=0.5).module()
    assert {layer.p for layer in module.modules() if isinstance(layer, nn.Dropout)} == {0.5}


@pytest.mark.parametrize(
    ("made", "arguments", "left"),
    [
        ("cliquenet_k36_t12_i_i", {"stages": "I+I"}, 3 * 6 * 9 * 36 * 36),
        ("cliquenet_k36_t12_i_ii", {"stages": "I+II"}, 6 * 9 * 36 * 36 + 4 * 2 * 108),
        ("cliquenet_k64_t15_x0", {"x": 0}, 3 * 10 * 9 * 64 * 64),
        ("cliquenet_k64_t15_x3", {"x": 3}, 3 * 1 * 9 * 64 * 64),
        ("cliquenet_k64_t15_x4", {"x": 4}, 0),
    ],
)
def test_what_the_authors_make_and_never_use_is_left_out(
    made: str, arguments: dict[str, Any], left: int
) -> None:
    """The last block's transit feature goes nowhere, and no kernel leads back to a layer that stage II does not compute."""
    k, t = (36, 12) if "k36" in made else (64, 15)
    with torch.device("meta"):
        theirs = cifar(k, t, unused=True, **arguments)
    assert sum(p.numel() for p in theirs.parameters()) - ogive.load(made).params == left


@pytest.mark.parametrize(
    ("edits", "same"),
    [(["set clique(updates = 0)"], {"stages": "I+I"}), (["set clique(updates = 5)"], {}), (["set clique(stages = 1)"], {"x": 0})],
)  # fmt: skip
def test_ablations_that_coincide(edits: list[str], same: dict[str, Any]) -> None:
    torch.manual_seed(0)
    net = ogive.load("cliquenet_k64_t15", edits=edits, k=8, input=(3, 8, 8))
    assert_same(
        cifar(8, 15, **same).double(), net.module().double(), torch.randn(2, 3, 8, 8, dtype=torch.float64)
    )


def test_layers_must_come_out_even() -> None:
    with pytest.raises(ogive.ArchError, match="T is a multiple of 6, and is 15"):
        ogive.load("cliquenet_k36_t12_b", T=15)
