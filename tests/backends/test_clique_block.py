"""The clique against the authors' own implementation, to the last bit that float64 holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ogive.backends.torch_module import torch_module
from tests.backends.oracle import compiled

DATA = Path(__file__).parents[1] / "data" / "clique_block.npz"
TEXT = """net Block() {
  input image: 5x6x5
  clique(layers = 4) {
    bn -> relu -> conv(3, 1x1, bias = false) -> bn -> relu -> conv(3, 3x3, padding = 1, bias = false)
  } as b
  output features = b.features
  output transit = b.transit
}"""


def ours(key: str) -> str:
    """`W_0_2` is `clique1.link_0_2.weight`, `V_2` is `clique1.conv2_2.weight`, `stage1_norm2_3_bias` is `clique1.bn2_1_3.bias`."""
    parts = key.split("_")
    match parts:
        case ["W", source, target]:
            return f"clique1.link_{source}_{target}.weight"
        case ["V", layer]:
            return f"clique1.conv2_{layer}.weight"
        case [stage, norm, layer, kind]:
            return f"clique1.bn{norm[-1]}_{stage[-1]}_{layer}.{kind}"
        case _:
            raise AssertionError(key)


def test_outputs_and_gradients() -> None:
    data = {key: torch.from_numpy(value) for key, value in np.load(DATA).items()}
    net = torch_module(compiled(TEXT)).double().train()
    parameters = dict(net.named_parameters())
    given = {
        ours(key.removeprefix("param/")): value for key, value in data.items() if key.startswith("param/")
    }
    assert given.keys() == parameters.keys()
    with torch.no_grad():
        for name, value in given.items():
            parameters[name].copy_(value)
    x = data["x"].requires_grad_()
    got = net(x)
    for name in ("features", "transit"):
        torch.testing.assert_close(got[name], data[name], rtol=1e-12, atol=1e-12)
    loss = (got["features"] * data["loss_weight_features"]).sum() + (
        got["transit"] * data["loss_weight_transit"]
    ).sum()
    torch.testing.assert_close(loss, data["loss"].reshape(()), rtol=1e-12, atol=1e-12)
    loss.backward()
    grads = {key.removeprefix("grad/"): value for key, value in data.items() if key.startswith("grad/")}
    torch.testing.assert_close(x.grad, grads.pop("x"), rtol=1e-12, atol=1e-12)
    assert len(grads) == len(parameters)
    for key, value in grads.items():
        torch.testing.assert_close(
            parameters[ours(key.removeprefix("param/"))].grad, value, rtol=1e-12, atol=1e-12
        )


def test_what_no_output_needs_is_not_made() -> None:
    """Of the first stage alone, no link backwards and no norm of a later stage."""
    text = TEXT.replace(
        "output features = b.features\n  output transit = b.transit", "output first = b.stage1"
    )
    names = {name.split(".")[1] for name, _ in torch_module(compiled(text)).named_parameters()}
    links = {tuple(map(int, n.split("_")[1:])) for n in names if n.startswith("link")}
    assert links == {(j, i) for i in range(1, 5) for j in range(i)}
    assert {n.split("_")[1] for n in names if n.startswith("bn")} == {"1"}


def test_updates_stop_a_later_stage() -> None:
    text = TEXT.replace("layers = 4", "layers = 4, updates = 2")
    names = {name.split(".")[1] for name, _ in torch_module(compiled(text)).named_parameters()}
    assert {n for n in names if n.startswith("bn1_2")} == {"bn1_2_1", "bn1_2_2"}
    assert "link_4_1" in names
    assert "link_4_3" not in names
