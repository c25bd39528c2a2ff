"""The first layer whose output is not finite, found in networks whose culprit is known."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import ogive
from ogive.train.nonfinite import Culprit, all_numbers, first_not_finite

IMAGES = torch.linspace(-1, 1, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8)


def found(module: nn.Module, inputs: Any = IMAGES, **named: Any) -> Culprit:
    culprit = first_not_finite(module, inputs, **named)
    assert culprit is not None
    return culprit


def chain() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(), nn.Conv2d(4, 4, 3), nn.Flatten(),
        nn.Linear(64, 5),
    )  # fmt: skip


def large(layer: nn.Module) -> None:
    """Finite weights whose output is not."""
    with torch.no_grad():
        layer.weight.fill_(3e38)  # type: ignore[operator]


class Wrap(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Any], **children: nn.Module) -> None:
        super().__init__()
        for name, child in children.items():
            self.add_module(name, child)
        self.function = function

    def forward(self, *inputs: Tensor, **named: Tensor) -> Any:
        return self.function(self, *inputs, **named)


def test_a_healthy_network():
    assert first_not_finite(chain(), IMAGES) is None
    assert first_not_finite(chain().eval(), (IMAGES,)) is None


@pytest.mark.parametrize(("layer", "kind"), [(0, "Conv2d"), (4, "Conv2d"), (6, "Linear")])
def test_an_output_that_overflows(layer: int, kind: str):
    network = chain()
    large(network[layer])
    culprit = found(network)
    assert (culprit.name, culprit.kind, culprit.what) == (str(layer), kind, "output")
    assert culprit.value in ("inf", "-inf", "nan")
    assert culprit.operation is None
    assert culprit.largest is not None
    assert culprit.largest < 20
    assert beginning(culprit) == f"`{layer}` ({kind}) is the first whose output is not finite"


def beginning(culprit: Culprit) -> str:
    return culprit.said.split(": it holds")[0]


def test_a_weight():
    network = chain()
    with torch.no_grad():
        network[4].bias[2] = math.nan  # type: ignore[index]
    culprit = found(network)
    assert (culprit.name, culprit.what, culprit.tensor, culprit.value) == ("4", "weight", "4.bias", "nan")
    assert culprit.said == "`4.bias` holds nan, which `4` (Conv2d) reads"


def test_a_parameter_of_minus_infinity_is_no_mask():
    network = chain()
    with torch.no_grad():
        network[6].weight[0, 0] = -math.inf  # type: ignore[index]
    assert found(network).tensor == "6.weight"


def test_the_statistics_of_a_norm():
    network = chain()
    network[1].running_var[0] = math.nan  # type: ignore[index]
    assert first_not_finite(network, IMAGES) is None, "in training a norm does not read them"
    culprit = found(network.eval())
    assert (culprit.name, culprit.what, culprit.tensor) == ("1", "weight", "1.running_var")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_the_data(value: str):
    images = IMAGES.clone()
    images[1, 2, 3, 4] = float(value)
    culprit = found(chain(), images)
    assert (culprit.name, culprit.kind, culprit.what, culprit.value) == ("0", "Conv2d", "input", value)
    assert culprit.said == f"the data are to blame: the input holds {value} before `0` (Conv2d) reads it"


def test_one_of_several_inputs():
    network = Wrap(
        lambda self, a, b: self.left(a) + self.right(b), left=nn.Linear(4, 4), right=nn.Linear(4, 4)
    )
    good, bad = torch.ones(2, 4), torch.full((2, 4), math.nan)
    culprit = found(network, (good, bad))
    assert (culprit.name, culprit.what, culprit.tensor) == ("right", "input", "1")
    culprit = found(network, {"a": bad, "b": good})
    assert (culprit.name, culprit.what, culprit.tensor) == ("left", "input", "a")


def test_a_function_between_two_layers():
    """Blocks compute without modules: the printed text adds and activates with functions."""
    block = Wrap(
        lambda self, x: self.conv2(torch.log(self.conv1(x) * 0)),
        conv1=nn.Conv2d(3, 3, 1), conv2=nn.Conv2d(3, 3, 1),
    )  # fmt: skip
    network = nn.Sequential(nn.Identity(), block, nn.Flatten())
    culprit = found(network)
    assert (culprit.name, culprit.kind, culprit.what) == ("1", "Wrap", "output")
    assert (culprit.operation, culprit.after, culprit.before) == ("log", "1.conv1", "1.conv2")
    assert culprit.largest == 0
    assert culprit.said == (
        "`log` in `1` (Wrap), between `1.conv1` and `1.conv2`, is the first whose output is not finite: "
        "it holds -inf, from finite weights and an input of at most 0 in magnitude"
    )


@pytest.mark.parametrize(
    ("compute", "operation"),
    [
        (lambda x: x + x, "add"),
        (lambda x: x.mul_(4.0), "mul"),
        (lambda x: 4.0 * x, "mul"),
        (lambda x: torch.cat([x, x.exp()]), "exp"),
        (lambda x: x @ x, "matmul"),
        (lambda x: F.normalize(x * 0, eps=0.0), "normalize"),
        (lambda x: torch.sqrt(-x.abs()), "sqrt"),
    ],
)
def test_operations_are_named(compute: Callable[[Tensor], Tensor], operation: str):
    network = Wrap(lambda self, x: compute(self.scale(x)), scale=nn.Identity())
    culprit = found(network, torch.full((4, 4), 3e38))
    assert (culprit.name, culprit.operation, culprit.after, culprit.before) == ("", operation, "scale", None)
    assert culprit.place == f"`{operation}` in the network (Wrap), after `scale`"


def test_writing_into_a_part():
    def halves(self: nn.Module, x: Tensor) -> Tensor:
        out = torch.empty_like(x).fill_(math.nan)  # what memory may hold before it is written
        out[:, :2] = x[:, :2]
        out[:, 2:] = x[:, 2:].log()
        return out

    assert first_not_finite(Wrap(halves), torch.ones(2, 4)) is None
    assert found(Wrap(halves), -torch.ones(2, 4)).operation == "log"


def test_the_parameters_of_a_block():
    network = Wrap(lambda self, x: self.fc(x) * self.scale, fc=nn.Linear(4, 4))
    network.scale = nn.Parameter(torch.tensor([1.0, math.inf, 1.0, 1.0]))
    outer = nn.Sequential(network, nn.Linear(4, 2))
    culprit = found(outer, torch.ones(2, 4))
    assert (culprit.name, culprit.what, culprit.tensor) == ("0", "weight", "0.scale")
    assert (culprit.operation, culprit.after, culprit.before) == ("mul", "0.fc", "1")


def test_a_module_used_again():
    double = Wrap(lambda self, x: x * self.factor)
    double.factor = nn.Parameter(torch.tensor(1e30))
    network = nn.Sequential(double, nn.Identity(), double)
    culprit = found(network, torch.ones(2, 2))
    assert (culprit.name, culprit.what, culprit.use) == ("0", "output", 2)
    assert culprit.place == "`mul` in `0` (Wrap), used for the 2nd time, after `1`"
    assert culprit.largest == pytest.approx(1e30)


@dataclass
class Output:
    logits: Tensor
    hidden: list[Tensor]


@pytest.mark.parametrize(
    "pack",
    [
        lambda main, aux: (main, {"aux1": (aux, 0.3)}),
        lambda main, aux: {"main": main, "aux": [aux]},
        lambda main, aux: Output(main, [aux]),
    ],
)
def test_auxiliary_heads(pack: Callable[[Tensor, Tensor], Any]):
    network = Wrap(
        lambda self, x: pack(self.main(x), self.aux(x)), main=nn.Linear(4, 2), aux=nn.Linear(4, 2)
    )  # fmt: skip
    assert first_not_finite(network, torch.ones(2, 4)) is None
    large(network.aux)
    assert found(network, torch.ones(2, 4)).name == "aux"
    large(network.main)
    assert found(network, torch.ones(2, 4)).name == "main", "the first of both"


def test_a_mask_is_nobodys_fault():
    def attention(self: nn.Module, x: Tensor) -> Tensor:
        scores = self.q(x) @ self.k(x).mT
        mask = torch.ones(3, 3).triu(1).bool()
        weights = scores.masked_fill(mask, -math.inf).softmax(-1)
        return self.out(weights @ (scores + self.mask).softmax(-1) @ x)

    network = Wrap(attention, q=nn.Linear(4, 4), k=nn.Linear(4, 4), out=nn.Linear(4, 4))
    network.register_buffer("mask", torch.full((3, 3), -math.inf).triu(1))
    x = torch.ones(2, 3, 4)
    assert first_not_finite(network, x) is None
    large(network.k)
    assert found(network, x).name == "k"
    network = Wrap(lambda self, x: x.masked_fill(torch.ones(3, 4).bool(), -math.inf).softmax(-1))
    culprit = found(network, x)
    assert (culprit.operation, culprit.value) == ("softmax", "nan"), "nothing is left to attend to"


def test_what_does_not_reach_the_output_is_not_blamed():
    network = Wrap(lambda self, x: torch.where(x > 0, self.fc(x), torch.log(x * 0)), fc=nn.Linear(4, 4))
    assert first_not_finite(network, torch.ones(2, 4)) is None


@pytest.mark.parametrize(
    "layer",
    [nn.MultiheadAttention(4, 2, batch_first=True), nn.LSTM(4, 4), nn.TransformerEncoderLayer(4, 2, 8)],
)
@pytest.mark.parametrize("training", [True, False])
def test_layers_with_functions_of_their_own(layer: nn.Module, training: bool):
    layer = copy.deepcopy(layer).train(training)

    def run(self: nn.Module, x: Tensor) -> Any:
        return self.layer(x, x, x)[0] if isinstance(layer, nn.MultiheadAttention) else self.layer(x)

    network = Wrap(run, layer=layer)
    assert first_not_finite(network, torch.ones(3, 2, 4)) is None
    name, weight = next((n, p) for n, p in layer.named_parameters() if p.dim() > 1)
    with torch.no_grad():
        weight.fill_(math.nan)
    culprit = found(network, torch.ones(3, 2, 4))
    assert culprit.name.startswith("layer")
    assert (culprit.what, culprit.tensor) == ("weight", f"layer.{name}")


@pytest.mark.filterwarnings("ignore:.*jit.*:DeprecationWarning")
def test_a_scripted_layer():
    scripted = torch.jit.script(nn.Linear(4, 4))
    large(scripted)
    culprit = found(nn.Sequential(nn.Identity(), scripted, nn.ReLU()), torch.ones(2, 4))
    assert (culprit.name, culprit.what) == ("1", "output")


def test_the_loss():
    network = nn.Sequential(nn.Linear(4, 3))
    labels = torch.zeros(2).long()

    def loss(output: Tensor) -> Tensor:
        return F.nll_loss(torch.log(output.softmax(-1) * 0), labels)

    culprit = found(network, torch.ones(2, 4), then=loss)
    assert (culprit.name, culprit.kind, culprit.operation, culprit.after) == ("", "loss", "log", "0")
    assert culprit.place == "`log` in the loss, after `0`"
    assert first_not_finite(network, torch.ones(2, 4), then=lambda out: F.cross_entropy(out, labels)) is None


def test_a_network_that_cannot_run_again():
    assert first_not_finite(chain(), torch.ones(2, 7)) is None


# -- nothing remains


class Drawing(nn.Module):
    """Draws from every generator, and keeps a buffer that it replaces."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.seen = self.seen + 1
        return x * float(torch.rand(()) + random.random() + np.random.random())


@pytest.mark.parametrize("broken", [False, True])
def test_nothing_of_it_remains(broken: bool):
    network = nn.Sequential(chain(), nn.BatchNorm1d(5), Drawing(), nn.Dropout())
    if broken:
        large(network[0][4])  # type: ignore[index]
    buffers = dict(network.named_buffers())
    before = copy.deepcopy(network.state_dict())
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[union-attr]
    assert (first_not_finite(network, IMAGES) is not None) is broken
    after = network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(buffers[name] is buffer for name, buffer in network.named_buffers()), (
        "the same tensors as before"
    )
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert np.random.get_state()[1].tolist() == states[2]  # type: ignore[union-attr]
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())
    assert all(m.training for m in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_the_random_state_of_the_moment_decides():
    """A dropout that lets the bad value through or not."""
    network = nn.Sequential(nn.Dropout(0.5), Wrap(lambda self, x: 1 / (x.sum() - 2)))
    outcomes: set[bool] = set()
    for seed in range(12):
        torch.manual_seed(seed)
        expected = not bool(torch.isfinite(network(torch.ones(3))))
        torch.manual_seed(seed)
        assert (first_not_finite(network, torch.ones(3)) is not None) is expected
        outcomes.add(expected)
    assert outcomes == {True, False}


def test_tensors_of_numbers():
    nan, inf = torch.tensor([1.0, math.nan]), torch.tensor([math.inf])
    assert all_numbers([torch.ones(2), torch.tensor([3]), torch.tensor([-math.inf]), "text", None])
    assert not all_numbers([torch.ones(2), nan])
    assert not all_numbers([inf])


# -- networks of the language


@pytest.mark.parametrize(
    ("layer", "name"), [("conv3.basic1.conv2", "conv3.basic1.conv2"), ("linear1", "linear1")]
)
def test_names_are_those_of_the_program(layer: str, name: str):
    network = ogive.load("cifar_resnet20").module()
    large(network.get_submodule(layer))
    culprit = found(network, torch.randn(2, 3, 32, 32))
    assert (culprit.name, culprit.what) == (name, "output")


def test_an_addition_of_the_language():
    network = ogive.load("cifar_resnet20").module().eval()
    with torch.no_grad():
        for norm in ("conv2.basic1.bn2", "conv2.basic2.bn2"):
            network.get_submodule(norm).bias.fill_(3e38)  # type: ignore[operator]
        network.get_submodule("conv2.basic2.conv1").weight.zero_()  # type: ignore[operator]
    culprit = found(network, torch.randn(2, 3, 32, 32))
    assert culprit.place == (
        "`add` in `conv2.basic2` (Basic), between `conv2.basic2.bn2` and `conv2.basic3.conv1`"
    )
    assert culprit.largest == pytest.approx(3e38)
