"""Optimizers are those of PyTorch, and what decays is what the recipe says."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import ogive
from ogive.diagnostics import ArchError
from ogive.recipes.optimizer import Adam, AdamW, Optimizer, RmsProp, Sgd
from ogive.train.optimizers import build_optimizer, parameter_groups


class Scaled(nn.Module):
    """A norm of the user's own, of no class of PyTorch."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x / x.square().mean((1, 2, 3), keepdim=True).sqrt() * self.scale


class MyRMSNorm2d(Scaled):
    pass


class Prenormed(nn.Module):
    """Has a norm in it and is none."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4)
        self.weight = nn.Parameter(torch.ones(4, 4))


def network() -> nn.Sequential:
    """All norms of PyTorch, and layers with weights and biases of several names."""
    return nn.Sequential(
        *(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True)),
        *(MyRMSNorm2d(4), Scaled(4), nn.PReLU(4), nn.LSTM(4, 4), nn.MultiheadAttention(4, 2)),
        *(nn.LayerNorm(4), nn.RMSNorm(4), Prenormed(), nn.Linear(4, 2)),
    )  # fmt: skip


NORMS = {
    "1.weight", "1.bias", "2.weight", "2.bias", "3.weight", "3.bias", "4.scale", "9.weight", "9.bias", "10.weight",
    "11.norm.weight", "11.norm.bias",
}  # fmt: skip
BIASES = {
    "0.bias", "7.bias_ih_l0", "7.bias_hh_l0", "8.in_proj_bias", "8.out_proj.bias", "12.bias",
}  # fmt: skip


def free(module: nn.Module, choice: Optimizer) -> set[str]:
    """The names of what does not decay."""
    names = {parameter: name for name, parameter in module.named_parameters()}
    groups = parameter_groups(choice, module)
    assert sorted(names.values()) == sorted(names[p] for group in groups for p in group["params"])
    assert {group["weight_decay"] for group in groups} <= {choice.weight_decay, 0.0}
    return {names[p] for group in groups if group["weight_decay"] == 0 for p in group["params"]}


@pytest.mark.parametrize(
    ("norms", "biases", "expected"),
    [(True, True, set()), (False, True, NORMS), (True, False, BIASES), (False, False, NORMS | BIASES)],
)
def test_norms_and_biases_decay_as_asked(norms: bool, biases: bool, expected: set[str]) -> None:
    choice = Sgd(lr=0.1, weight_decay=0.01, decay_norms=norms, decay_biases=biases)
    assert free(network(), choice) == expected


def test_norms_of_compiled_nets_are_known() -> None:
    """Those that keep channels first have classes of their own in the text."""
    net = ogive.loads(
        "net N() { input x: 4x8x8; conv(4, 3x3, bias = true) -> bn -> ln -> rms_norm -> gn(2) -> prelu;"
        " global_avg_pool -> flatten -> linear(2) }"
    )
    module = net.module()
    found = free(module, Sgd(lr=0.1, weight_decay=0.01, decay_norms=False))
    assert found == {
        "bn1.weight", "bn1.bias", "ln1.weight", "ln1.bias", "rms_norm1.weight", "gn1.weight", "gn1.bias",
    }  # fmt: skip
    assert type(module.get_submodule("ln1")).__name__ == "ChannelLayerNorm"


def test_norms_of_plugins_are_known_by_their_net(plugin_net: ogive.Network) -> None:
    """Whatever their class is called."""
    module = plugin_net.module()
    choice = Sgd(lr=0.1, weight_decay=0.01, decay_norms=False)
    names = {parameter: name for name, parameter in module.named_parameters()}
    groups = parameter_groups(choice, module, plugin_net.ir)
    assert {names[p] for group in groups if not group["weight_decay"] for p in group["params"]} == {
        "squash1.gain"
    }
    assert len(parameter_groups(choice, module)) == 1


@pytest.fixture
def plugin_net() -> ogive.Network:
    from ogive.layers.base import Call, Layer, Torch
    from ogive.layers.library import Library

    text = (
        "class Squash(nn.Module):\n    def __init__(self, channels):\n        super().__init__()\n"
        "        self.gain = nn.Parameter(torch.ones(channels))\n\n    def forward(self, x):\n"
        "        return x * self.gain\n"
    )

    class Squash(Layer):
        kind = "squash"
        group = "norm"

        def infer(self, inputs: Any) -> Any:
            return (inputs[0],)

        def parameters(self, inputs: Any) -> Any:
            return {"gain": (inputs[0].channels,)}

        def torch(self, inputs: Any) -> Torch:
            return Torch(module=Call("Squash", (inputs[0].channels,)), helpers=(text,))

    library = Library.standard()
    library.add(Squash)
    return ogive.loads("net N() { input x: [4]; linear(4) -> squash -> linear(2) }", library=library)


def test_frozen_parameters_are_left_out_and_shared_ones_taken_once() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4))
    module[2].weight = module[0].weight
    module[1].requires_grad_(False)
    (group,) = parameter_groups(Sgd(lr=0.1), module)
    assert list(map(id, group["params"])) == [id(module[0].weight), id(module[0].bias), id(module[2].bias)]


@pytest.mark.parametrize(
    ("module", "says"),
    [
        (nn.Linear(2, 2).requires_grad_(False), "every parameter of the net is frozen"),
        (nn.ReLU(), "no parameter"),
    ],
)
def test_nothing_to_train_is_told(module: nn.Module, says: str) -> None:
    with pytest.raises(ArchError) as caught:
        build_optimizer(Sgd(lr=0.1), module)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E563"
    assert says in diagnostic.message


@pytest.mark.parametrize(
    ("choice", "theirs"),
    [
        (Sgd(lr=0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
        (
            Sgd(lr=0.1, momentum=0.9, weight_decay=0.01),
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
        ),
        (
            Sgd(lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.02),
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.02),
        ),
        (Adam(), torch.optim.Adam),
        (
            Adam(lr=0.01, beta1=0.8, beta2=0.99, eps=0.001, weight_decay=0.1),
            lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.99), eps=0.001, weight_decay=0.1),
        ),
        (AdamW(), torch.optim.AdamW),
        (
            AdamW(lr=0.01, beta1=0.8, beta2=0.99, eps=0.001, weight_decay=0.1),
            lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.8, 0.99), eps=0.001, weight_decay=0.1),
        ),
        (RmsProp(), torch.optim.RMSprop),
        (
            RmsProp(lr=0.02, alpha=0.9, momentum=0.5, eps=0.01, weight_decay=0.1),
            lambda p: torch.optim.RMSprop(p, lr=0.02, alpha=0.9, momentum=0.5, eps=0.01, weight_decay=0.1),
        ),
    ],
)
def test_steps_are_those_of_torch(choice: Optimizer, theirs: Any) -> None:
    """To the bit, over five steps."""
    ends = []
    for make in (lambda m: build_optimizer(choice, m), lambda m: theirs(m.parameters())):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            module = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)).double()
            optimizer = make(module)
            for _ in range(5):
                optimizer.zero_grad()
                module(torch.randn(3, 4, dtype=torch.float64)).square().sum().backward()
                optimizer.step()
        ends.append([parameter.detach() for parameter in module.parameters()])
    assert all(torch.equal(mine, other) for mine, other in zip(*ends, strict=True))


def test_decay_is_left_out_of_the_step_itself() -> None:
    """Without gradients, weights shrink by lr x decay and what does not decay stays."""
    module = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))
    before = {name: p.detach().clone() for name, p in module.named_parameters()}
    choice = Sgd(lr=0.5, weight_decay=0.1, decay_norms=False, decay_biases=False)
    optimizer = build_optimizer(choice, module)
    (0.0 * sum(p.sum() for p in module.parameters())).backward()
    optimizer.step()
    after = dict(module.named_parameters())
    torch.testing.assert_close(after["0.weight"].detach(), 0.95 * before["0.weight"])
    for name in ("0.bias", "1.weight", "1.bias"):
        assert torch.equal(after[name], before[name])


def test_only_optimizers_of_recipes_are_built() -> None:
    with pytest.raises(TypeError, match="no optimizer of a recipe"):
        build_optimizer(Optimizer(lr=0.1), nn.Linear(1, 1))
