"""Layers that combine and reshape: drawn at random, and written by hand in PyTorch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from hypothesis import strategies as st
from torch import nn

from layers.oracle import Inputs, Stricter, anything, case, flat_maps, maps, n, number, small, window
from ogive.layers.base import TensorType, tokens_of

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


def _with_axis(draw: Any, axes: st.SearchStrategy[int]) -> tuple[TensorType, int]:
    """A tensor and one of its axes; now and then any other number."""
    x = draw(anything)
    return x, draw(axes) if draw(st.integers(0, 3)) == 0 else draw(st.integers(1, len(x.sizes)))


def _several(draw: Any, least: int = 1, most: int = 4) -> Inputs:
    x = draw(anything)
    return [x] + [_like(draw, x) for _ in range(draw(st.integers(least, most)) - 1)]


@case(
    "add",
    lambda layer, inputs: lambda *xs: functools.reduce(torch.add, xs),
    {Stricter.BROADCAST: _broadcasts},
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return {}, _several(draw)


@case("sub", lambda layer, inputs: torch.sub, {Stricter.BROADCAST: _broadcasts})
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


@case(
    "mul",
    lambda layer, inputs: lambda *xs: functools.reduce(torch.mul, xs),
    {Stricter.BROADCAST: _not_a_gate},
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    inputs = _several(draw)
    if inputs[0].spatial and draw(st.booleans()):
        inputs.insert(
            draw(st.integers(0, len(inputs))), inputs[0].with_spatial(*(1 for _ in inputs[0].spatial))
        )
    return {}, inputs


def _axis(layer: Any, inputs: Inputs) -> int:
    return inputs[0].channel_axis if layer.axis is None else layer.axis


def _is_batch(layer: Any, inputs: Inputs) -> bool:
    return _axis(layer, inputs) in (0, -len(inputs[0].sizes) - 1)


@case(
    "concat",
    lambda layer, inputs: lambda *xs: torch.cat(xs, _axis(layer, inputs)),
    {Stricter.BATCH: _is_batch},
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(anything)
    axis = draw(st.one_of(st.none(), st.integers(-3, 4)))
    free = x.channel_axis if axis is None else max(axis, 1)
    return dict(axis=axis), [x] + [_like(draw, x, free=free) for _ in range(draw(st.integers(0, 3)))]


@case(
    "stack",
    lambda layer, inputs: lambda *xs: torch.stack(xs, layer.axis),
    {Stricter.BATCH: lambda layer, inputs: layer.axis in (0, -len(inputs[0].sizes) - 2)},
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(axis=draw(st.integers(-4, 4))), _several(draw)


@case(
    "matmul",
    lambda layer, inputs: torch.matmul,
    {
        # PyTorch multiplies vectors of the batch with each other
        Stricter.BATCH: lambda layer, inputs: min(len(x.sizes) for x in inputs) < 2,
        Stricter.BROADCAST: lambda layer, inputs: inputs[0].sizes[:-2] != inputs[1].sizes[:-2],
    },
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    a = draw(st.one_of(anything, flat_maps))
    sizes = (
        (*a.sizes[:-2], draw(st.sampled_from([a.sizes[-1], 3])), draw(small)) if len(a.sizes) > 1 else a.sizes
    )
    return {}, [a, _like(draw, TensorType(sizes, a.layout))]


# ---------------------------------------------------------------- shape


@case(
    "flatten",
    lambda layer, inputs: nn.Flatten(layer.start_dim, layer.end_dim),
    {Stricter.BATCH: lambda layer, inputs: {0, -len(inputs[0].sizes) - 1} & {layer.start_dim, layer.end_dim}},
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x, start = _with_axis(draw, st.integers(-4, 4))
    end = draw(st.sampled_from([-1, -1, len(x.sizes), start, draw(st.integers(-4, 4))]))
    return dict(start_dim=start, end_dim=end), [x]


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


@case("permute", lambda layer, inputs: lambda x: x.permute(0, *layer.axes))
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x = draw(anything)
    axes = tuple(draw(st.permutations(range(1, len(x.sizes) + 1))))
    if draw(st.integers(0, 5)) == 0:
        axes = draw(st.sampled_from([axes[1:], (*axes, 1), (axes[0],) * len(axes)]))
    layouts = ["auto", "plain", *(("map", "tokens") if len(axes) > 1 else ())]
    return dict(axes=axes, layout=draw(st.sampled_from(layouts))), [x]


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


@case("slice", _slice, {Stricter.BEYOND: _outside})
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x, axis = _with_axis(draw, st.integers(1, 3))
    return dict(
        start=draw(st.integers(-4, 4)), stop=draw(st.one_of(st.none(), st.integers(-4, 9))), axis=axis
    ), [x]


@case(
    "split",
    lambda layer, inputs: lambda x: x.split_with_sizes(layer.sizes, layer.axis),
    {Stricter.BATCH: _is_batch},
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x, axis = _with_axis(draw, st.integers(-2, 3))
    size = x.sizes[min(max(axis, 1), len(x.sizes)) - 1]
    first = draw(st.integers(1, size))
    rest = size - first if draw(st.integers(0, 4)) else draw(small)
    return dict(sizes=(first, rest) if rest else (first,), axis=axis), [x]


def _select_axis(layer: Any, inputs: Inputs) -> int:
    axes = len(inputs[0].sizes) + 1
    return layer.axis % axes if -axes <= layer.axis < axes else -1


@case(
    "select",
    lambda layer, inputs: lambda x: torch.select(x, layer.axis, layer.index),
    {
        Stricter.BATCH: lambda layer, inputs: _select_axis(layer, inputs) == 0,
        Stricter.NOTHING_LEFT: lambda layer, inputs: len(inputs[0].sizes) == 1,
    },
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x, axis = _with_axis(draw, st.integers(-4, 4))
    return dict(index=draw(st.integers(-2, 2)), axis=axis), [x]


def _chunk(layer: Any, inputs: Inputs) -> Callable[..., object]:
    return lambda x: x.chunk(layer.chunks, layer.axis)


def _uneven(layer: Any, inputs: Inputs) -> bool:
    """PyTorch makes fewer, or smaller, parts."""
    axes = len(inputs[0].sizes) + 1
    axis = layer.axis % axes if -axes <= layer.axis < axes else 0
    return axis != 0 and inputs[0].sizes[axis - 1] % layer.chunks != 0


@case("chunk", _chunk, {Stricter.BATCH: _is_batch, Stricter.BEYOND: _uneven})
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x, axis = _with_axis(draw, st.integers(-2, 3))
    return dict(chunks=draw(st.integers(1, 3)), axis=axis), [x]


def _expand(layer: Any, inputs: Inputs) -> Callable[..., object]:
    def expand(x: torch.Tensor) -> torch.Tensor:
        sizes = [-1] * x.dim()
        sizes[layer.axis] = layer.size
        return x.expand(sizes)

    return expand


@case("expand", _expand)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    x, axis = _with_axis(draw, st.integers(1, 5))
    sizes = list(x.sizes)
    if axis <= len(sizes) and draw(st.integers(0, 5)):
        sizes[axis - 1] = 1
    return dict(size=draw(small), axis=axis), [TensorType(tuple(sizes), x.layout)]


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
    corners = (
        layer.align_corners
        if "linear" in layer.mode or layer.mode == "bicubic"
        else layer.align_corners or None
    )
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
        pooled = getattr(F, f"avg_pool{axes}d")(x.double(), 1, layer.stride).to(x.dtype)
        added = (layer.channels or x.shape[1]) - x.shape[1]
        return torch.cat((pooled, pooled.new_zeros(x.shape[0], added, *pooled.shape[2:])), 1)

    return subsample
