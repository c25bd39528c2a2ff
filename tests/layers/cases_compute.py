"""Layers that compute: drawn at random, and written by hand in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from hypothesis import strategies as st
from torch import nn

from layers.oracle import (
    Inputs,
    Stricter,
    anything,
    case,
    maps,
    n,
    number,
    of,
    small,
    tokens,
    vectors,
    window,
)
from ogive.layers.base import Layout, TensorType

# ---------------------------------------------------------------- convolutions


def _conv(layer: Any, inputs: Inputs) -> nn.Module:
    bias = layer.bias is not False
    return of("Conv", n(inputs))(
        inputs[0].channels,
        layer.out_channels,
        layer.kernel_size,
        layer.stride,
        layer.padding,
        layer.dilation,
        layer.groups,
        bias,
        layer.padding_mode,
    )


modes = st.sampled_from(["zeros", "zeros", "reflect", "replicate", "circular"])


@case("conv", _conv)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(maps)
    axes = len(x.spatial)
    same = draw(st.booleans()) and draw(st.booleans())
    groups = draw(st.sampled_from([1, 1, 1, 2, 3, 4]))
    x = x.with_channels(x.channels * draw(st.sampled_from([1, groups, groups])))
    return dict(
        out_channels=draw(st.integers(1, 8)) * draw(st.sampled_from([1, groups, groups])),
        kernel_size=draw(window(axes, 1, 4)),
        stride=1 if same else draw(window(axes, 1, 3)),  # PyTorch has no `same` with a stride
        padding="same" if same else draw(window(axes, 0, 3)),
        dilation=draw(window(axes, 1, 2)),
        groups=groups,
        bias=draw(st.sampled_from(["auto", True, False])),
        padding_mode=draw(modes),
    ), [x]


def _depthwise(layer: Any, inputs: Inputs) -> nn.Module:
    c = inputs[0].channels
    return of("Conv", n(inputs))(
        c,
        c * layer.multiplier,
        layer.kernel_size,
        layer.stride,
        layer.padding,
        layer.dilation,
        c,
        layer.bias is not False,
        layer.padding_mode,
    )


@case("depthwise", _depthwise)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(maps)
    axes = len(x.spatial)
    return dict(
        kernel_size=draw(window(axes, 1, 5)),
        stride=draw(window(axes, 1, 3)),
        padding=draw(window(axes, 0, 3)),
        dilation=draw(window(axes, 1, 2)),
        bias=draw(st.sampled_from(["auto", True, False])),
        multiplier=draw(st.integers(1, 3)),
        padding_mode=draw(modes),
    ), [x]


def _conv_transpose(layer: Any, inputs: Inputs) -> nn.Module:
    return of("ConvTranspose", n(inputs))(
        inputs[0].channels,
        layer.out_channels,
        layer.kernel_size,
        layer.stride,
        layer.padding,
        layer.output_padding,
        layer.groups,
        layer.bias is not False,
        layer.dilation,
    )


@case("conv_transpose", _conv_transpose)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(maps)
    axes = len(x.spatial)
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    return dict(
        out_channels=draw(st.integers(1, 8)) * draw(st.sampled_from([1, groups])),
        kernel_size=draw(window(axes, 1, 4)),
        stride=draw(window(axes, 1, 3)),
        padding=draw(window(axes, 0, 2)),
        output_padding=draw(window(axes, 0, 2)),
        groups=groups,
        bias=draw(st.sampled_from(["auto", True, False])),
        dilation=draw(window(axes, 1, 2)),
    ), [x]


@case(
    "linear", lambda layer, inputs: nn.Linear(inputs[0].channels, layer.out_features, layer.bias is not False)
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(out_features=draw(st.integers(1, 9)), bias=draw(st.sampled_from(["auto", True, False]))), [
        draw(st.one_of(tokens, vectors))
    ]


def _distances(layer: Any, inputs: Inputs) -> Callable[..., object]:
    """PyTorch's distances, to codes that are read by their places in the drawing."""
    units = max(len(line.split(" ")) for line in layer.codes)
    drawn = ["".join(line.split(" ")[unit] for line in layer.codes) for unit in range(units)]
    codes = torch.tensor([[1.0 - 2.0 * "#.".index(mark) for mark in code] for code in drawn])

    return lambda x: torch.cdist(x, codes.to(x), compute_mode="donot_use_mm_for_euclid_dist") ** 2


@case("rbf", _distances, {Stricter.READING: lambda layer, inputs: inputs[0].layout is Layout.MAP})
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(st.one_of(vectors, tokens, tokens, vectors, tokens, maps))
    across = draw(st.sampled_from([n for n in range(1, x.channels + 1) if x.channels % n == 0]))
    word = st.text("#.", min_size=across, max_size=across)
    if draw(st.integers(0, 4)) == 4:  # codes of other lengths, and marks that are neither
        word = st.text("###...-", min_size=1, max_size=across + 1)
    units = draw(st.integers(1, 5))
    rows = [" ".join(draw(word) for _ in range(units)) for _ in range(x.channels // across)]
    return dict(codes=tuple(rows)), [x]


# ---------------------------------------------------------------- norms


@case(
    "bn",
    lambda layer, inputs: of("BatchNorm", max(n(inputs), 1))(
        inputs[0].channels, layer.eps, layer.momentum, layer.affine, layer.track_running_stats
    ),
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(
        eps=draw(number),
        momentum=draw(st.sampled_from([None, 0.1, 0.3])),
        affine=draw(st.booleans()),
        track_running_stats=draw(st.booleans()),
    ), [draw(st.one_of(maps, vectors))]


def _channels_last(norm: nn.Module, x: TensorType) -> Callable[..., object]:
    if x.layout is not Layout.MAP:
        return norm
    return lambda t: norm.to(t.dtype)(t.movedim(1, -1)).movedim(-1, 1)


@case(
    "ln",
    lambda layer, inputs: _channels_last(
        nn.LayerNorm(inputs[0].channels, layer.eps, layer.elementwise_affine, layer.bias), inputs[0]
    ),
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(eps=draw(number), elementwise_affine=draw(st.booleans()), bias=draw(st.booleans())), [
        draw(anything)
    ]


@case(
    "rms_norm",
    lambda layer, inputs: _channels_last(
        nn.RMSNorm(inputs[0].channels, layer.eps, layer.elementwise_affine), inputs[0]
    ),
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(eps=draw(st.one_of(st.none(), number)), elementwise_affine=draw(st.booleans())), [
        draw(anything)
    ]


def _single_numbers(layer: Any, inputs: Inputs) -> bool:
    """PyTorch takes them in a batch of two, and not on one image."""
    (x,) = inputs
    return x.elements == layer.num_groups


@case(
    "gn",
    lambda layer, inputs: nn.GroupNorm(layer.num_groups, inputs[0].channels, layer.eps, layer.affine),
    {Stricter.ONE_IMAGE: _single_numbers},
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(num_groups=draw(small), eps=draw(number), affine=draw(st.booleans())), [
        draw(st.one_of(maps, vectors))
    ]


@case(
    "instance_norm",
    lambda layer, inputs: of("InstanceNorm", n(inputs))(
        inputs[0].channels, layer.eps, layer.momentum, layer.affine, layer.track_running_stats
    ),
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(
        eps=draw(number),
        momentum=draw(st.sampled_from([0.1, 0.3])),
        affine=draw(st.booleans()),
        track_running_stats=draw(st.booleans()),
    ), [draw(maps)]


@case("l2_norm", lambda layer, inputs: lambda x: F.normalize(x, dim=inputs[0].channel_axis, eps=layer.eps))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(eps=draw(number)), [draw(anything)]


@case("lrn", lambda layer, inputs: nn.LocalResponseNorm(layer.size, layer.alpha, layer.beta, layer.k))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(size=draw(small), alpha=draw(number), beta=draw(number), k=draw(number)), [draw(maps)]


# ---------------------------------------------------------------- activations

_PLAIN = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "selu": nn.SELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "hardswish": nn.Hardswish,
    "hardsigmoid": nn.Hardsigmoid,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "abs": lambda: torch.abs,
    "identity": nn.Identity,
}
for _kind, _module in _PLAIN.items():
    case(_kind, lambda layer, inputs, make=_module: make())(lambda draw: ({}, [draw(anything)]))


@case("leaky_relu", lambda layer, inputs: nn.LeakyReLU(layer.negative_slope))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(negative_slope=draw(st.sampled_from([0.01, 0.2, 0.0, -0.5]))), [draw(anything)]


@case("elu", lambda layer, inputs: nn.ELU(layer.alpha))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(alpha=draw(st.sampled_from([1.0, 0.5, 0.0, -0.5]))), [draw(anything)]


@case("gelu", lambda layer, inputs: nn.GELU(layer.approximate))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(approximate=draw(st.sampled_from(["none", "tanh"]))), [draw(anything)]


@case("hardtanh", lambda layer, inputs: nn.Hardtanh(layer.min_val, layer.max_val))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(min_val=draw(number) - 1, max_val=draw(number) - 0.5), [draw(anything)]


@case("softplus", lambda layer, inputs: nn.Softplus(layer.beta, layer.threshold))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(beta=draw(number), threshold=draw(number)), [draw(anything)]


@case(
    "prelu",
    lambda layer, inputs: nn.PReLU(layer.num_parameters),
    # PyTorch takes the length of tokens for channels
    {Stricter.READING: lambda layer, inputs: layer.num_parameters != 1 and inputs[0].layout is Layout.TOKENS},
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(anything)
    return dict(num_parameters=draw(st.sampled_from([1, x.channels, 3]))), [x]


@case(
    "softmax",
    lambda layer, inputs: nn.Softmax(inputs[0].channel_axis if layer.axis is None else layer.axis),
    {
        Stricter.BATCH: lambda layer, inputs: (
            layer.axis is not None and layer.axis in (0, -len(inputs[0].sizes) - 1)
        )
    },
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(axis=draw(st.one_of(st.none(), st.integers(-4, 4)))), [draw(anything)]


# ---------------------------------------------------------------- pooling


@case(
    "max_pool",
    lambda layer, inputs: of("MaxPool", n(inputs))(
        layer.kernel_size, layer.stride, layer.padding, layer.dilation, ceil_mode=layer.ceil
    ),
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(maps)
    axes = len(x.spatial)
    return dict(
        kernel_size=draw(window(axes, 1, 4)),
        stride=draw(st.one_of(st.none(), window(axes, 1, 3))),
        padding=draw(st.one_of(st.just(0), window(axes, 0, 2))),
        ceil=draw(st.booleans()),
        dilation=draw(st.one_of(st.just(1), window(axes, 1, 2))),
    ), [x]


@case(
    "avg_pool",
    lambda layer, inputs: of("AvgPool", n(inputs))(
        layer.kernel_size, layer.stride, layer.padding, layer.ceil, layer.count_include_pad
    ),
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(maps)
    axes = len(x.spatial)
    return dict(
        kernel_size=draw(window(axes, 1, 4)),
        stride=draw(st.one_of(st.none(), window(axes, 1, 3))),
        padding=draw(window(axes, 0, 2)),
        ceil=draw(st.booleans()),
        count_include_pad=draw(st.booleans()),
    ), [x]


def _global(name: str, method: str) -> Callable[[Any, Inputs], Callable[..., object]]:
    def reference(layer: Any, inputs: Inputs) -> Callable[..., object]:
        if inputs[0].layout is Layout.MAP:
            return of(name, n(inputs))(1)
        return lambda x: getattr(x, method)(1, keepdim=True)

    return reference


for _kind, _name, _method in (
    ("global_avg_pool", "AdaptiveAvgPool", "mean"),
    ("global_max_pool", "AdaptiveMaxPool", "amax"),
):
    case(_kind, _global(_name, _method))(lambda draw: ({}, [draw(st.one_of(maps, tokens))]))


@case("adaptive_avg_pool", lambda layer, inputs: of("AdaptiveAvgPool", n(inputs))(layer.output_size))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(maps)
    return dict(output_size=draw(window(len(x.spatial), 1, 9))), [x]


# ---------------------------------------------------------------- dropout, scale


@case("dropout", lambda layer, inputs: nn.Dropout(layer.p))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(p=draw(st.sampled_from([0.0, 0.3, 1.0]))), [draw(anything)]


def _drop_path(layer: Any, inputs: Inputs) -> Callable[..., object]:
    from torchvision.ops import StochasticDepth

    return StochasticDepth(layer.p, "row")


@case("drop_path", _drop_path)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(p=draw(st.sampled_from([0.0, 0.3, 1.0]))), [draw(anything)]


@case("scale", lambda layer, inputs: lambda x: x * layer.constant)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(constant=draw(number)), [draw(anything)]


def _layer_scale(layer: Any, inputs: Inputs) -> Callable[..., object]:
    ones = (1,) * n(inputs) if inputs[0].layout is Layout.MAP else ()
    return lambda x: x * torch.full((inputs[0].channels, *ones), layer.init, dtype=x.dtype, device=x.device)


@case("layer_scale", _layer_scale)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(init=draw(st.sampled_from([1e-6, 0.5, 2.0]))), [draw(anything)]
