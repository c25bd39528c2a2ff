"""A clique block against the one that its authors' code computed: outputs and every gradient.

tests/data/clique_block.npz holds 4 layers of 3 channels on 5 input channels, bottleneck form, training mode, float64.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import ogive

TEXT = """net Block() {
  input x: 5x6x5
  clique(layers = 4) { bn -> relu -> conv(3, 1x1) -> bn -> relu -> conv(3, 3x3, padding = 1, bias = false) } as b
  output features = b.features
  output transit = b.transit
}"""


def ours(name: str) -> str:
    """Their name of a parameter as ours."""
    match name.split("_"):
        case ["W", source, target]:
            return f"clique1.link_{source}_{target}.weight"
        case ["V", layer]:
            return f"clique1.conv2_{layer}.weight"
        case [stage, norm, layer, kind]:
            return f"clique1.bn{norm[-1]}_{stage[-1]}_{layer}.{kind}"
        case _:
            raise ValueError(name)


def difference(a: Tensor, b: np.ndarray) -> float:
    return float(np.abs(a.detach().numpy() - b).max() / np.abs(b).max())


def test_outputs_and_every_gradient() -> None:
    data = np.load(Path(__file__).parents[1] / "data" / "clique_block.npz")
    module = ogive.loads(TEXT).module().double().train()
    parameters = dict(module.named_parameters())
    names = [key.removeprefix("param/") for key in data.files if key.startswith("param/")]
    assert {ours(name) for name in names} == set(parameters)
    with torch.no_grad():
        for name in names:
            parameters[ours(name)].copy_(torch.from_numpy(data[f"param/{name}"]))
    x = torch.from_numpy(data["x"]).requires_grad_()
    result = module(x)
    loss = sum(
        (result[part] * torch.from_numpy(data[f"loss_weight_{part}"])).sum()
        for part in ("features", "transit")
    )
    assert isinstance(loss, Tensor)
    loss.backward()
    assert difference(result["features"], data["features"]) < 1e-12
    assert difference(result["transit"], data["transit"]) < 1e-12
    assert abs(loss.item() - float(data["loss"])) < 1e-9
    assert x.grad is not None
    assert difference(x.grad, data["grad/x"]) < 1e-12
    for name in names:
        gradient = parameters[ours(name)].grad
        assert gradient is not None
        assert difference(gradient, data[f"grad/{name}"]) < 1e-12
