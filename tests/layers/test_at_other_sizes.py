"""Text that depends on the size of the input: right at sizes other than those declared, and traceable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from layers.evaluate import module, outputs, source
from layers.oracle import LIBRARY
from ogive.layers.base import Layer, ShapeError, TensorType, map_of, plain_of, tokens_of

MAP = map_of(3, 30, 30)


def make(kind: str, **arguments: Any) -> Layer:
    layer = LIBRARY.get(kind)
    assert layer is not None
    return layer(**arguments)


def made(layer: Layer, x: TensorType) -> nn.Module:
    """Its module, in evaluation."""
    layer.infer([x])
    return module(layer, [x]).eval()


@pytest.mark.parametrize("size", [(30, 30), (40, 41), (13, 8), (8, 7)])
def test_a_crop_is_the_middle_at_every_size(size: tuple[int, int]) -> None:
    x = torch.randn(2, 3, *size)
    found = made(make("crop", sizes=(8, 7)), MAP)(x)
    top, left = (size[0] - 8) // 2, (size[1] - 7) // 2
    assert torch.equal(found, x[:, :, top : top + 8, left : left + 7])


@pytest.mark.parametrize("size", [(12, 40), (40, 12), (12, 12)])
def test_a_crop_refuses_a_smaller_tensor(size: tuple[int, int]) -> None:
    crop = made(make("crop", sizes=(13,)), MAP)
    x = torch.randn(1, 3, *size)
    for net in (crop, torch.fx.symbolic_trace(crop)):
        with pytest.raises(ValueError, match=r"a crop to \(13, 13\) is larger than its input of"):
            net(x)


@pytest.mark.parametrize(
    ("start", "stop", "text"), [(-5, -1, "-5:-1"), (-5, None, "-5:"), (2, -2, "2:-2"), (0, 9, "0:9")]
)
def test_a_slice_counts_from_the_end_it_was_written_from(start: int, stop: int | None, text: str) -> None:
    layer = make("slice", start=start, stop=stop, axis=2)
    assert f"x0[:, :, {text}]" in source(layer.torch([MAP]), 1)
    net = made(layer, MAP)
    for size in (30, 40, 12):
        x = torch.randn(2, 3, size, size)
        assert torch.equal(net(x), x[:, :, start:stop])


CASES = [
    ("crop", {"sizes": (13, 14)}),
    ("slice", {"start": -5, "stop": -1, "axis": 2}),
    ("conv", {"out_channels": 4, "kernel_size": 3, "stride": 2, "padding": "same"}),
    ("conv", {"out_channels": 4, "kernel_size": 2, "padding": "same", "padding_mode": "circular"}),
    ("conv", {"out_channels": 4, "kernel_size": (1, 2), "stride": 3, "padding": "same"}),
    ("depthwise", {"kernel_size": 5, "stride": 2, "padding": "same"}),
    ("max_pool", {"kernel_size": 3, "stride": 2, "padding": "same"}),
    ("max_pool", {"kernel_size": 4, "stride": 1, "padding": "same"}),
    ("avg_pool", {"kernel_size": 2, "stride": 3, "padding": "same", "count_include_pad": False}),
    ("window_attention", {"num_heads": 3, "window_size": 7, "shift_size": 3}),
    ("window_attention", {"num_heads": 1, "window_size": (4, 8)}),
]


def traced(net: nn.Module, x: torch.Tensor) -> nn.Module:
    return torch.fx.symbolic_trace(net)


def exported(net: nn.Module, x: torch.Tensor) -> nn.Module:
    axes = (2, 3) if x.dim() == 4 else (1,)
    places = {axis: torch.export.Dim(f"places{axis}", min=16, max=64) for axis in axes}
    # what the exporter cannot prove about padded windows, the exported module checks when it runs
    return torch.export.export(
        net, (x,), dynamic_shapes=(places,), prefer_deferred_runtime_asserts_over_guards=True
    ).module()


@pytest.mark.parametrize("how", [traced, exported])
@pytest.mark.parametrize(("kind", "arguments"), CASES)
def test_what_is_traced_works_at_other_sizes(
    kind: str, arguments: dict[str, Any], how: Callable[[nn.Module, torch.Tensor], nn.Module]
) -> None:
    net = made(make(kind, **arguments), MAP)
    if how is exported and kind.endswith("pool") and arguments["stride"] > 1:
        pytest.skip("torch.export fixes the remainder of a pooling with a stride, PyTorch's own too")
    other = how(net, torch.randn(2, *MAP.sizes))
    for size in ((30, 30), (33, 38), (17, 24), (28, 56)):
        x = torch.randn(2, 3, *size)
        torch.testing.assert_close(other(x), net(x))


SEQUENCES = [
    ("attention", {"num_heads": 2, "is_causal": True}),
    ("positional", {"encoding": "sine"}),
    ("class_token", {}),
    ("lstm", {"width": 5, "num_layers": 2, "bidirectional": True}),
    ("gru", {"width": 5}),
    ("rnn", {"width": 5, "nonlinearity": "relu"}),
    ("select", {"index": -1}),
]


@pytest.mark.parametrize("how", [traced, exported])
@pytest.mark.parametrize(("kind", "arguments"), SEQUENCES)
def test_what_is_traced_works_at_other_lengths(
    kind: str, arguments: dict[str, Any], how: Callable[[nn.Module, torch.Tensor], nn.Module]
) -> None:
    net = made(make(kind, **arguments), tokens_of(30, 6))
    if how is exported and kind in ("lstm", "gru", "rnn"):
        pytest.skip("torch.export unrolls a recurrent layer, whose length is then fixed")
    other = how(net, torch.randn(2, 30, 6))
    for length in (30, 17, 40):
        x = torch.randn(2, length, 6)
        for ours, again in zip(outputs(net(x)), outputs(other(x)), strict=True):
            torch.testing.assert_close(again, ours, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "arguments"), CASES)
def test_compile(kind: str, arguments: dict[str, Any]) -> None:
    net = made(make(kind, **arguments), MAP)
    fast = torch.compile(net, backend="eager", fullgraph=True, dynamic=True)
    for size in ((30, 30), (33, 38)):
        x = torch.randn(2, 3, *size)
        torch.testing.assert_close(fast(x), net(x))


@pytest.mark.parametrize("groups", [1, 2, 4, 8])
@pytest.mark.parametrize("x", [map_of(8, 1, 1), map_of(8, 1), map_of(8, 1, 2), plain_of(8)])
def test_a_group_norm_that_is_accepted_runs_on_one_image(groups: int, x: TensorType) -> None:
    layer = make("gn", num_groups=groups)
    value = torch.randn(1, *x.sizes)
    accepted = True
    try:
        nn.GroupNorm(groups, 8)(value)
    except ValueError:
        accepted = False
    if accepted:
        assert made(layer, x)(value).shape == value.shape
    else:
        with pytest.raises(ShapeError, match="one number each"):
            layer.infer([x])


@pytest.mark.parametrize("kind", ["bn", "gn", "instance_norm", "ln", "rms_norm", "l2_norm"])
@pytest.mark.parametrize("eps", [0.0, 1e-12])
@pytest.mark.parametrize("training", [True, False])
def test_the_eps_that_is_accepted_runs(kind: str, eps: float, training: bool) -> None:
    layer = make(kind, eps=eps, **({"num_groups": 1} if kind == "gn" else {}))
    if kind == "bn" and eps == 0:
        with pytest.raises(ValueError, match="eps must be positive"):
            nn.BatchNorm2d(3, eps=0)(torch.randn(2, 3, 4, 4))
        with pytest.raises(ShapeError, match="eps = 0"):
            layer.infer([MAP])
        return
    made(layer, MAP).train(training)(torch.randn(2, *MAP.sizes))
