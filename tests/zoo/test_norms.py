"""Norms have the same eps and the same momentum as theirs: outputs hardly show the one, and never the other."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import nn

from tests.zoo.comparison import NORMS
from tests.zoo.others import OTHERS
from tests.zoo.test_against_others import network, on_meta


def constants(module: nn.Module) -> Counter[tuple[str, float, float | None]]:
    """Kind, eps and momentum of the norms, as often as there are."""
    norms = [layer for layer in module.modules() if isinstance(layer, NORMS)]
    kinds = [next(kind.__name__ for kind in NORMS if isinstance(norm, kind)) for norm in norms]
    return Counter((kind, n.eps, getattr(n, "momentum", None)) for kind, n in zip(kinds, norms, strict=True))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if OTHERS[name].slow else []) for name in OTHERS]
)
def test_the_same_constants(name: str) -> None:
    with torch.device("meta"):
        ours = network(name).module()
    assert constants(ours) == constants(on_meta(name))


def test_the_scales_of_convnext_begin_alike() -> None:
    """Transfers write over what a layer scale begins with."""
    name = next(name for name in OTHERS if name.startswith("convnext_tiny,"))
    begins = [
        Counter(
            (parameter.numel(), value)
            for parameter in module.parameters()
            if len(values := parameter.detach().unique()) == 1 and (value := values.item()) not in (0, 1)
        )
        for module in (network(name).module(), OTHERS[name].build())
    ]
    assert begins[0] == begins[1] != Counter()
