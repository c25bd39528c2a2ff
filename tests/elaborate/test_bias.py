"""`bias = "auto"`: off exactly when a batch norm cancels it."""

from __future__ import annotations

import pytest

from tests.elaborate.helpers import net


def biases(body: str) -> dict[str, object]:
    n = net(body)
    return {node.name: node.layer.bias for node in n.ir if hasattr(node.layer, "bias")}  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("rest", "bias"),
    [
        ("bn", False), ("relu -> bn", True), ("avg_pool(2x2) -> bn", False), ("avg_pool(3x3, padding = 1) -> bn", True),
        ("dropout -> bn", True), ("gn(2)", True), ("concat { | identity | relu } -> bn", True), ("concat { | bn | bn -> relu }", False),
        ("concat { | bn | relu }", True), ("add { | identity | identity } -> bn", False), ("global_avg_pool -> bn", False),
        ("crop(4, 4) -> bn", False), ("slice(0, 2) -> bn", False), ("upsample(scale_factor = 2) -> bn", False),
        ("mul { | identity | global_avg_pool -> sigmoid } -> bn", True), ("identity", True), ("conv(4, 1x1, padding = 0) -> bn", True),
    ],
)  # fmt: skip
def test_every_path_must_reach_a_batch_norm(rest: str, bias: bool) -> None:
    assert biases(f"conv(4, 3x3) as first\n{rest}")["first"] is bias


def test_true_and_false_are_obeyed() -> None:
    assert biases("conv(4, 3x3, bias = true) -> bn -> conv(4, 3x3, bias = false)") == {
        "conv1": True,
        "conv2": False,
    }


def test_preactivation_nets_come_out_right() -> None:
    flags = biases(
        "conv(4, 3x3)\nrepeat 2 { residual { bn -> relu -> conv(4, 3x3, padding = 1) } }\nbn -> relu"
    )
    assert set(flags.values()) == {False}
    flags = biases("conv(4, 3x3)\nrepeat 2 { residual { bn -> relu -> conv(4, 3x3, padding = 1) } }\nrelu")
    assert set(flags.values()) == {True}


def test_inside_and_around_a_clique() -> None:
    body = "conv(4, 3x3)\nclique(layers = 3) {{ bn -> relu -> conv(4, 3x3, padding = 1) }} as b\nb.features -> {end}"
    for end, expected in (("bn", False), ("relu", True)):
        n = net(body.format(end=end))
        (clique,) = [region.clique for region in n.ir.regions.values() if region.clique is not None]
        assert clique.mix.layer.bias is expected  # pyright: ignore[reportAttributeAccessIssue]
        assert n.ir.node("conv1").layer.bias is expected  # pyright: ignore[reportAttributeAccessIssue]
