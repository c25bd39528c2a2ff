"""Random layers on random inputs, and what PyTorch itself would be asked to do: written by hand, from its manual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn

from ogive.layers.base import Layer, Layout, TensorType, map_of, plain_of, tokens_of
from ogive.layers.library import Library

Inputs = list[TensorType]
LIBRARY = Library.standard()
CASES: dict[str, Case] = {}


@dataclass(frozen=True)
class Case:
    """A layer under test.

    Attributes:
        draw: a layer and its inputs.
        reference: a module or function of the tensors, made with PyTorch alone.
        stricter: whether we refuse this on purpose although PyTorch takes it.
    """

    draw: Callable[[Any], tuple[Layer, Inputs]]
    reference: Callable[[Any, Inputs], Callable[..., object]]
    stricter: Callable[[Any, Inputs], bool]


def case(
    kind: str, reference: Callable[[Any, Inputs], Callable[..., object]], stricter: Any = lambda layer, inputs: False
) -> Callable[[Any], Any]:
    def register(draw: Callable[[Any], tuple[dict[str, Any], Inputs]]) -> object:
        def drawn(data: Any) -> tuple[Layer, Inputs]:
            arguments, inputs = draw(data.draw)
            layer_class = LIBRARY.get(kind)
            assert layer_class is not None
            return layer_class(**arguments), inputs

        CASES[kind] = Case(drawn, reference, stricter)
        return draw

    return register


def of(name: str, axes: int) -> Any:
    """`nn.Conv2d` for `of("Conv", 2)`."""
    return getattr(nn, f"{name}{axes}d")


def n(inputs: Inputs) -> int:
    return len(inputs[0].spatial)


# ---------------------------------------------------------------- pieces of strategies

small = st.integers(1, 4)
number = st.floats(0.1, 2.0, allow_nan=False).map(lambda v: round(v, 3))
maps = st.integers(1, 3).flatmap(
    lambda axes: st.builds(lambda c, s: map_of(c, *s), st.integers(1, 8), st.tuples(*[st.integers(1, 9)] * axes))
)
flat_maps = st.builds(map_of, st.integers(1, 8), st.integers(1, 8), st.integers(1, 8))
tokens = st.builds(tokens_of, st.integers(1, 6), st.integers(1, 8))
vectors = st.builds(plain_of, st.integers(1, 12))
anything = st.one_of(maps, tokens, vectors)


def window(axes: int, least: int, most: int) -> st.SearchStrategy[int | tuple[int, ...]]:
    one = st.integers(least, most)
    return st.one_of(one, st.tuples(*[one] * axes))


# ---------------------------------------------------------------- convolutions


def _conv(layer: Any, inputs: Inputs) -> nn.Module:
    bias = layer.bias is not False
    return of("Conv", n(inputs))(
        inputs[0].channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding, layer.dilation,
        layer.groups, bias, layer.padding_mode,
    )  # fmt: skip


modes = st.sampled_from(["zeros", "zeros", "reflect", "replicate", "circular"])


@case("conv", _conv)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(maps)
    axes = len(x.spatial)
    same = draw(st.booleans()) and draw(st.booleans())
    groups = draw(st.sampled_from([1, 1, 2, 3, 4]))
    return dict(
        out_channels=draw(st.integers(1, 8)) * draw(st.sampled_from([1, groups])),
        kernel_size=draw(window(axes, 1, 5)),
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
        c, c * layer.multiplier, layer.kernel_size, layer.stride, layer.padding, layer.dilation, c,
        layer.bias is not False, layer.padding_mode,
    )  # fmt: skip


@case("depthwise", _depthwise)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(maps)
    axes = len(x.spatial)
    return dict(
        kernel_size=draw(window(axes, 1, 5)), stride=draw(window(axes, 1, 3)), padding=draw(window(axes, 0, 3)),
        dilation=draw(window(axes, 1, 2)), bias=draw(st.sampled_from(["auto", True, False])),
        multiplier=draw(st.integers(1, 3)), padding_mode=draw(modes),
    ), [x]  # fmt: skip


def _conv_transpose(layer: Any, inputs: Inputs) -> nn.Module:
    return of("ConvTranspose", n(inputs))(
        inputs[0].channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding, layer.output_padding,
        layer.groups, layer.bias is not False, layer.dilation,
    )  # fmt: skip


@case("conv_transpose", _conv_transpose)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(maps)
    axes = len(x.spatial)
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    return dict(
        out_channels=draw(st.integers(1, 8)) * draw(st.sampled_from([1, groups])),
        kernel_size=draw(window(axes, 1, 4)), stride=draw(window(axes, 1, 3)), padding=draw(window(axes, 0, 2)),
        output_padding=draw(window(axes, 0, 2)), groups=groups, bias=draw(st.sampled_from(["auto", True, False])),
        dilation=draw(window(axes, 1, 2)),
    ), [x]  # fmt: skip


@case(
    "linear",
    lambda layer, inputs: nn.Linear(inputs[0].channels, layer.out_features, layer.bias is not False),
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(out_features=draw(st.integers(1, 9)), bias=draw(st.sampled_from(["auto", True, False]))), [
        draw(st.one_of(tokens, vectors))
    ]


# ---------------------------------------------------------------- norms


@case(
    "bn",
    lambda layer, inputs: of("BatchNorm", max(n(inputs), 1))(
        inputs[0].channels, layer.eps, layer.momentum, layer.affine, layer.track_running_stats
    ),
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(
        eps=draw(number), momentum=draw(st.sampled_from([None, 0.1, 0.3])), affine=draw(st.booleans()),
        track_running_stats=draw(st.booleans()),
    ), [draw(st.one_of(maps, vectors))]  # fmt: skip


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
    return dict(eps=draw(number), elementwise_affine=draw(st.booleans()), bias=draw(st.booleans())), [draw(anything)]


@case(
    "rms_norm",
    lambda layer, inputs: _channels_last(nn.RMSNorm(inputs[0].channels, layer.eps, layer.elementwise_affine), inputs[0]),
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(eps=draw(st.one_of(st.none(), number)), elementwise_affine=draw(st.booleans())), [draw(anything)]


@case("gn", lambda layer, inputs: nn.GroupNorm(layer.num_groups, inputs[0].channels, layer.eps, layer.affine))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(num_groups=draw(small), eps=draw(number), affine=draw(st.booleans())), [draw(st.one_of(maps, vectors))]


@case(
    "instance_norm",
    lambda layer, inputs: of("InstanceNorm", n(inputs))(
        inputs[0].channels, layer.eps, layer.momentum, layer.affine, layer.track_running_stats
    ),
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(
        eps=draw(number), momentum=draw(st.sampled_from([0.1, 0.3])), affine=draw(st.booleans()),
        track_running_stats=draw(st.booleans()),
    ), [draw(maps)]  # fmt: skip


@case("l2_norm", lambda layer, inputs: lambda x: F.normalize(x, dim=inputs[0].channel_axis, eps=layer.eps))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(eps=draw(number)), [draw(anything)]


@case("lrn", lambda layer, inputs: nn.LocalResponseNorm(layer.size, layer.alpha, layer.beta, layer.k))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(size=draw(small), alpha=draw(number), beta=draw(number), k=draw(number)), [draw(maps)]


# ---------------------------------------------------------------- activations

_PLAIN = {
    "relu": nn.ReLU, "relu6": nn.ReLU6, "selu": nn.SELU, "silu": nn.SiLU, "mish": nn.Mish, "hardswish": nn.Hardswish,
    "hardsigmoid": nn.Hardsigmoid, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "abs": lambda: torch.abs,
    "identity": nn.Identity,
}  # fmt: skip
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
    lambda layer, inputs: inputs[0].layout is Layout.TOKENS,  # PyTorch takes the length of tokens for channels
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(anything)
    return dict(num_parameters=draw(st.sampled_from([1, x.channels, 3]))), [x]


@case(
    "softmax",
    lambda layer, inputs: nn.Softmax(inputs[0].channel_axis if layer.axis is None else layer.axis),
    lambda layer, inputs: layer.axis is not None and layer.axis % (len(inputs[0].sizes) + 1) == 0,  # the batch
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
        kernel_size=draw(window(axes, 1, 4)), stride=draw(st.one_of(st.none(), window(axes, 1, 3))),
        padding=draw(st.one_of(st.just(0), window(axes, 0, 2))), ceil=draw(st.booleans()),
        dilation=draw(st.one_of(st.just(1), window(axes, 1, 2))),
    ), [x]  # fmt: skip


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
        kernel_size=draw(window(axes, 1, 4)), stride=draw(st.one_of(st.none(), window(axes, 1, 3))),
        padding=draw(window(axes, 0, 2)), ceil=draw(st.booleans()), count_include_pad=draw(st.booleans()),
    ), [x]  # fmt: skip


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


# ---------------------------------------------------------------- merges


def _like(draw: Any, x: TensorType, *, free: int | None = None) -> TensorType:
    """A tensor like it; now and then another."""
    sizes = list(x.sizes)
    if free is not None and free <= len(sizes):
        sizes[free - 1] = draw(small)
    if draw(st.integers(0, 5)) == 0:
        sizes[draw(st.integers(0, len(sizes) - 1))] = draw(small)
    return TensorType(tuple(sizes), x.layout)


def _broadcasts(layer: Any, inputs: Inputs) -> bool:
    return len(set(inputs)) > 1  # PyTorch spreads axes of size 1, and we do not


def _several(draw: Any, least: int = 1, most: int = 4) -> Inputs:
    x = draw(anything)
    return [x] + [_like(draw, x) for _ in range(draw(st.integers(least, most)) - 1)]


@case("add", lambda layer, inputs: lambda *xs: sum(xs[1:], xs[0] * 1), _broadcasts)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return {}, _several(draw)


@case("sub", lambda layer, inputs: torch.sub, _broadcasts)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return {}, _several(draw, 2, 2)


@case("mean", lambda layer, inputs: lambda *xs: torch.stack(xs).mean(0))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return {}, _several(draw)


@case("max", lambda layer, inputs: lambda *xs: torch.stack(xs).max(0).values)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return {}, _several(draw)


def _not_a_gate(layer: Any, inputs: Inputs) -> bool:
    largest = max(inputs, key=lambda x: x.elements)
    gates = (largest.with_spatial(*(1 for _ in largest.spatial)), largest)
    return any(x not in gates for x in inputs)


@case("mul", lambda layer, inputs: lambda *xs: torch.stack(torch.broadcast_tensors(*xs)).prod(0), _not_a_gate)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    inputs = _several(draw)
    if inputs[0].spatial and draw(st.booleans()):
        inputs.insert(draw(st.integers(0, len(inputs))), inputs[0].with_spatial(*(1 for _ in inputs[0].spatial)))
    return {}, inputs


def _axis(layer: Any, inputs: Inputs) -> int:
    return inputs[0].channel_axis if layer.axis is None else layer.axis


def _is_batch(layer: Any, inputs: Inputs) -> bool:
    return _axis(layer, inputs) in (0, -len(inputs[0].sizes) - 1)


@case("concat", lambda layer, inputs: lambda *xs: torch.cat(xs, _axis(layer, inputs)), _is_batch)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(anything)
    axis = draw(st.one_of(st.none(), st.integers(-3, 4)))
    free = x.channel_axis if axis is None else max(axis, 1)
    return dict(axis=axis), [x] + [_like(draw, x, free=free) for _ in range(draw(st.integers(0, 3)))]


@case(
    "stack",
    lambda layer, inputs: lambda *xs: torch.stack(xs, layer.axis),
    lambda layer, inputs: layer.axis in (0, -len(inputs[0].sizes) - 2),  # the batch
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(axis=draw(st.integers(-4, 4))), _several(draw)


@case(
    "matmul",
    lambda layer, inputs: torch.matmul,
    # PyTorch multiplies vectors of the batch, and spreads the axes before the last two
    lambda layer, inputs: min(len(x.sizes) for x in inputs) < 2 or inputs[0].sizes[:-2] != inputs[1].sizes[:-2],
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    a = draw(st.one_of(anything, flat_maps))
    sizes = (*a.sizes[:-2], draw(st.sampled_from([a.sizes[-1], 3])), draw(small)) if len(a.sizes) > 1 else a.sizes
    return {}, [a, _like(draw, TensorType(sizes, a.layout))]


# ---------------------------------------------------------------- shape


@case(
    "flatten",
    lambda layer, inputs: nn.Flatten(layer.start_dim, layer.end_dim),
    lambda layer, inputs: 0 in (layer.start_dim, layer.end_dim) or -len(inputs[0].sizes) - 1 in (layer.start_dim, layer.end_dim),
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    start, end = draw(st.sampled_from([1, 1, 2, 3, -1, -2, -3, -4])), draw(st.sampled_from([-1, -1, -2, -4, 1, 2, 3, 4]))
    return dict(start_dim=start, end_dim=end), [draw(anything)]


@case("reshape", lambda layer, inputs: lambda x: x.reshape(x.shape[0], *layer.sizes))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(anything)
    sizes = list(draw(st.permutations(x.sizes)))
    for _ in range(draw(st.integers(0, 2))):
        if len(sizes) > 1 and draw(st.booleans()):
            sizes[:2] = [sizes[0] * sizes[1]]
        elif len(sizes) < 4:
            sizes.insert(draw(st.integers(0, len(sizes))), draw(st.sampled_from([1, 1, 1, 2])))
    if draw(st.booleans()):
        sizes[draw(st.integers(0, len(sizes) - 1))] = -1
    return dict(sizes=tuple(sizes)), [x]


@case(
    "permute",
    lambda layer, inputs: lambda x: x.permute(0, *layer.axes),
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(anything)
    axes = tuple(draw(st.permutations(range(1, len(x.sizes) + 1))))
    if draw(st.integers(0, 5)) == 0:
        axes = draw(st.sampled_from([axes[1:], (*axes, 1), (axes[0],) * len(axes)]))
    return dict(axes=axes), [x]


@case("tokens", lambda layer, inputs: lambda x: x.reshape(*x.shape[:2], -1).permute(0, 2, 1))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return {}, [draw(maps)]


def _map(layer: Any, inputs: Inputs) -> Callable[..., object]:
    sizes = layer.sizes or inputs[0].spatial
    return lambda x: x.movedim(-1, 1).reshape(x.shape[0], x.shape[-1], *sizes)


@case("map", _map)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    sizes = draw(st.lists(st.integers(1, 4), min_size=0, max_size=3))
    length = draw(st.sampled_from([int(torch.tensor(sizes).prod()), 4]))
    return dict(sizes=tuple(sizes)), [draw(st.builds(tokens_of, st.just(length), st.integers(1, 5)))]


def _slice(layer: Any, inputs: Inputs) -> Callable[..., object]:
    return lambda x: x[(slice(None),) * layer.axis + (slice(layer.start, layer.stop),)]


def _outside(layer: Any, inputs: Inputs) -> bool:
    """Python stops short, and gives nothing: both are mistakes here."""
    if not 1 <= layer.axis <= len(inputs[0].sizes):
        return True
    size = inputs[0].sizes[layer.axis - 1]
    bounds = [b + size if b < 0 else b for b in (layer.start, size if layer.stop is None else layer.stop)]
    return min(bounds) < 0 or max(bounds) > size or bounds[0] >= bounds[1]


@case("slice", _slice, _outside)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(
        start=draw(st.integers(-4, 6)), stop=draw(st.one_of(st.none(), st.integers(-4, 9))), axis=draw(st.integers(1, 3))
    ), [draw(anything)]


@case("split", lambda layer, inputs: lambda x: x.split_with_sizes(layer.sizes, layer.axis), _is_batch)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(anything)
    axis = draw(st.integers(-2, 3))
    size = x.sizes[min(max(axis, 1), len(x.sizes)) - 1]
    first = draw(st.integers(1, size))
    rest = size - first if draw(st.integers(0, 4)) else draw(small)
    return dict(sizes=(first, rest) if rest else (first,), axis=axis), [x]


def _chunk(layer: Any, inputs: Inputs) -> Callable[..., object]:
    return lambda x: x.chunk(layer.chunks, layer.axis)


def _uneven(layer: Any, inputs: Inputs) -> bool:
    """PyTorch makes fewer, or smaller, parts."""
    axes = len(inputs[0].sizes) + 1
    axis = layer.axis % axes if -axes <= layer.axis < axes else 0
    return axis == 0 or inputs[0].sizes[axis - 1] % layer.chunks != 0


@case("chunk", _chunk, _uneven)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(chunks=draw(small), axis=draw(st.integers(-2, 3))), [draw(anything)]


@case("pixel_shuffle", lambda layer, inputs: nn.PixelShuffle(layer.upscale_factor))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    r = draw(st.integers(1, 3))
    x = draw(flat_maps)
    return dict(upscale_factor=r), [x.with_channels(x.channels * draw(st.sampled_from([1, r * r])))]


@case("space_to_depth", lambda layer, inputs: nn.PixelUnshuffle(layer.downscale_factor))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(downscale_factor=draw(st.integers(1, 3))), [draw(flat_maps)]


@case("channel_shuffle", lambda layer, inputs: nn.ChannelShuffle(layer.groups))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(groups=draw(small)), [draw(maps)]


# ---------------------------------------------------------------- sizes of maps


def _upsample(layer: Any, inputs: Inputs) -> Callable[..., object]:
    corners = layer.align_corners if "linear" in layer.mode or layer.mode == "bicubic" else layer.align_corners or None
    return nn.Upsample(layer.size, layer.scale_factor, layer.mode, corners)


@case("upsample", _upsample)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(maps)
    axes = len(x.spatial)
    by_size = draw(st.booleans())
    fitting = ["nearest", "nearest-exact", ("linear", "bilinear", "trilinear")[axes - 1]]
    return dict(
        scale_factor=None if by_size else draw(st.one_of(window(axes, 1, 3), number)),
        size=draw(window(axes, 1, 9)) if by_size else None,
        mode=draw(st.sampled_from([*fitting, *fitting, "linear", "bilinear", "bicubic", "trilinear"])),
        align_corners=draw(st.booleans()),
    ), [x]


def _pad(layer: Any, inputs: Inputs) -> Callable[..., object]:
    axes, padding = n(inputs), layer.padding
    if isinstance(padding, int):
        padding = (padding,) * (2 * axes)
    elif len(padding) == axes:
        padding = tuple(p for p in reversed(padding) for _ in range(2))
    value = layer.value if layer.mode == "constant" else None
    return lambda x: F.pad(x, padding, layer.mode, value)


@case("pad", _pad)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(maps)
    axes = len(x.spatial)
    padding = draw(st.one_of(window(axes, 0, 3), st.tuples(*[st.integers(0, 3)] * (2 * axes))))
    mode = draw(st.sampled_from(["constant", "reflect", "replicate", "circular"]))
    return dict(padding=padding, mode=mode, value=draw(st.sampled_from([0.0, 1.5]))), [x]


def _crop(layer: Any, inputs: Inputs) -> Callable[..., object]:
    sizes = layer.sizes * n(inputs) if len(layer.sizes) == 1 else layer.sizes

    def crop(x: torch.Tensor) -> torch.Tensor:
        for axis, size in enumerate(sizes, 2):
            x = x.narrow(axis, (x.shape[axis] - size) // 2, size)
        return x

    return crop


@case("crop", _crop)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(maps)
    sizes = tuple(draw(st.integers(1, size + draw(st.sampled_from([0, 0, 0, 1])))) for size in x.spatial)
    return dict(sizes=draw(st.sampled_from([sizes, sizes, sizes[:1]]))), [x]


@case("subsample", lambda layer, inputs: _subsample(layer, n(inputs)))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(maps)
    return dict(
        stride=draw(window(len(x.spatial), 1, 3)), channels=draw(st.one_of(st.none(), st.integers(1, 12)))
    ), [x]


def _subsample(layer: Any, axes: int) -> Callable[..., object]:
    def subsample(x: torch.Tensor) -> torch.Tensor:
        # He et al. 2015 write it as a 1x1 pooling with a stride, and zeros behind the channels
        pooled = getattr(F, f"avg_pool{axes}d")(x, 1, layer.stride)
        added = (layer.channels or x.shape[1]) - x.shape[1]
        return torch.cat((pooled, pooled.new_zeros(x.shape[0], added, *pooled.shape[2:])), 1)

    return subsample
