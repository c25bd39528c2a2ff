"""What a network leaves to chance in training: ours drops as theirs does, at the same rates, in the same order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as fn
from torch.overrides import TorchFunctionMode

import ogive
from ogive.network import Network
from tests.zoo.comparison import bound
from tests.zoo.others import OTHERS
from tests.zoo.test_against_others import network, on_meta


class Drop(NamedTuple):
    """One draw: what is dropped whole (`element`, `image`, `weight` of attention), and how often."""

    what: str
    rate: float


class Draws(TorchFunctionMode):
    """Keeps what the functions called under it draw, whether modules call them or not."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Drop] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = dict(kwargs or {})
        if func is fn.dropout:
            _, p, training = bound(args, given, ("input", None), ("p", 0.5), ("training", True))
            self._keep("element", p if training else 0.0)
        elif func is Tensor.bernoulli_:
            self._keep("image", 1 - bound(args, given, ("self", None), ("p", 0.5))[1])
        elif func is fn.scaled_dot_product_attention:
            named = (("query", None), ("key", None), ("value", None), ("attn_mask", None), ("dropout_p", 0.0))
            self._keep("weight", bound(args, given, *named)[-1])
        elif func is fn.multi_head_attention_forward and given["training"]:
            self._keep("weight", args[10])
        elif "dropout" in getattr(func, "__name__", "") or func in (torch.bernoulli, Tensor.bernoulli):
            raise AssertionError(f"{func} draws, and nothing here knows how")
        return func(*args, **given)

    def _keep(self, what: str, rate: float) -> None:
        if rate:
            self.found.append(Drop(what, round(rate, 12)))


def drops(module: nn.Module, net: Network) -> list[Drop]:
    """What one step of training draws, on the inputs of the network."""
    with torch.device("meta"):
        inputs = [
            torch.zeros(2, *type_.sizes, dtype=torch.long if type_.dtype == "int" else torch.float)
            for _, type_ in net.inputs
        ]
    with Draws() as draws:
        module.train()(*inputs)
    return draws.found


def ours(name: str) -> list[Drop]:
    net = network(name) if name in OTHERS else ogive.load(name)
    with torch.device("meta"):
        module = net.module()
    return drops(module, net)


OTHERWISE = {"fractalnet", "fractalnet, four columns"}
"""The reference runs its columns side by side, ours one behind the other; where they drop is compared with the outputs."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if OTHERS[name].slow else []) for name in OTHERS]
)
def test_the_same_rates_in_the_same_order(name: str) -> None:
    mine, its = ours(name), drops(on_meta(name), network(name))
    assert (Counter(mine) == Counter(its)) if name in OTHERWISE else (mine == its)


HEAD = [Drop("element", 0.2)]
KNOWN = {
    "vgg16": [Drop("element", 0.5)] * 2,
    "alexnet_towers": [Drop("element", 0.5)] * 4,
    "squeezenet1_1": [Drop("element", 0.5)],
    "mobilenet_v2": HEAD,
    "mobilenet_v3_large": HEAD,
    # the blocks of a stage that are not its first, of 16 in all
    "efficientnet_b0": [Drop("image", round(0.2 * k / 16, 12)) for k in (2, 4, 6, 7, 9, 10, 12, 13, 14)]
    + HEAD,
    "convnext_tiny": [Drop("image", round(0.1 * k / 17, 12)) for k in range(1, 18)],
    "swin_t": [Drop("image", round(0.2 * k / 11, 12)) for k in range(1, 12) for _ in range(2)],
    "vit_b_16": [],
}
"""From the papers and the authors' code, so that the comparison above is known to see something."""


@pytest.mark.parametrize("name", KNOWN)
def test_the_rates_are_known(name: str) -> None:
    assert ours(name) == KNOWN[name]


class Drawing(nn.Module):
    """Draws in every way that is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout, self.never = nn.Dropout(0.25), nn.Dropout(0.0)
        self.attention = nn.MultiheadAttention(8, 2, dropout=0.5, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.never(self.dropout(x))
        x = x * torch.empty(len(x), 1, 1, device=x.device).bernoulli_(0.875)
        x = self.attention(x, x, x, need_weights=False)[0]
        return fn.scaled_dot_product_attention(x, x, x, dropout_p=0.1 if self.training else 0.0)


def test_every_way_to_draw_is_seen() -> None:
    x = torch.randn(2, 3, 8)
    module = Drawing()
    for training in (True, False):
        with Draws() as draws:
            module.train(training)(x)
        if training:
            expected = [Drop("element", 0.25), Drop("image", 0.125), Drop("weight", 0.5), Drop("weight", 0.1)]
            assert draws.found == expected
        else:
            assert draws.found == [Drop("image", 0.125)]  # its own draw does not ask for the mode
