"""The convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import ClassVar, Literal

from ogive.layers.base import (
    Call,
    Initializer,
    Keyword,
    Layer,
    Look,
    ShapeError,
    Size,
    TensorType,
    Torch,
    Window,
    arg,
)  # fmt: skip
from ogive.layers.sizes import (
    ceil_div,
    check_padding_mode,
    common_divisors,
    compact,
    per_axis,
    require_float,
    require_map,
    show,
    window_too_large,
)  # fmt: skip
from ogive.layers.weights import setup

Padding = Window | Literal["same"]


@dataclass(frozen=True, eq=False, repr=False)
class Conv(Layer):
    """Convolution in one, two or three dimensions, as its input has (torch.nn.Conv2d: cross-correlation).

    `padding = same` keeps ceil(size / stride); an even total is split evenly, the odd element goes behind, as
    TensorFlow does it. `bias = "auto"` has a bias unless a batch norm behind would cancel it.
    """

    kind: ClassVar[str] = "conv"
    example: ClassVar[str] = "input image: 3x32x32; conv(64, 3x3, stride = 2, padding = 1)"
    sliceable: ClassVar[bool] = True
    aliases: ClassVar[tuple[str, ...]] = ("conv1d", "conv2d", "conv3d", "convolution", "Conv2D")
    group: ClassVar[str] = "conv"
    output_saved: ClassVar[bool] = False

    out_channels: int = arg(min=1, doc="channels of the output")
    kernel_size: Window = arg(min=1, doc="size of the kernel, `3x3`, or `3` for every axis")
    stride: Window = arg(1, min=1, doc="step between windows")
    padding: Padding = arg(0, min=0, doc="zeros on each side, or `same`")
    dilation: Window = arg(1, min=1, doc="step between the elements of a kernel")
    groups: int = arg(1, min=1, doc="independent groups of channels")
    bias: bool | Literal["auto"] = arg("auto", doc="whether to add a learned constant to each channel")
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = arg(
        "zeros", doc="what stands in the padding"
    )
    init: Initializer | None = arg(
        None, named=True, doc="initialiser of the weight; PyTorch's default without one"
    )

    def _axes(self, x: TensorType) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        n = len(x.spatial)
        return (
            per_axis(self.kernel_size, n, "kernel_size"),
            per_axis(self.stride, n, "stride"),
            per_axis(self.dilation, n, "dilation"),
        )

    def _padding(self, x: TensorType) -> tuple[int, ...] | None:
        """Elements on both sides of each axis; None where that depends on the size of the input."""
        if self.padding != "same":
            return per_axis(self.padding, len(x.spatial), "padding")
        kernel, stride, dilation = self._axes(x)
        extra = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        if any(s != 1 for s in stride) or any(e % 2 for e in extra):
            return None
        return tuple(e // 2 for e in extra)

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, *places]` to `[out_channels, *places']`."""
        (x,) = inputs
        require_map(x)
        require_float(x)
        kernel, stride, dilation = self._axes(x)
        self._check_groups(x)
        padding = self._padding(x) if self.padding != "same" else None
        sizes: list[Size] = []
        for axis, (size, k, s, d) in enumerate(zip(x.spatial, kernel, stride, dilation, strict=True)):
            extent = d * (k - 1) + 1
            if padding is None:
                sizes.append(ceil_div(size, s))
                total = (sizes[-1] - 1) * s + extent - size
                check_padding_mode(self.padding_mode, x, axis, ceil_div(total, 2))
                continue
            pad = padding[axis]
            if extent > size + 2 * pad:
                raise window_too_large("a kernel", x, axis, k, dilation=d, before=pad, behind=pad)
            check_padding_mode(self.padding_mode, x, axis, pad)
            sizes.append((size + 2 * pad - extent) // s + 1)
        return (x.with_channels(self.out_channels).with_spatial(*sizes),)

    def _check_groups(self, x: TensorType) -> None:
        for channels, what in ((x.channels, "input channels"), (self.out_channels, "output channels")):
            if channels % self.groups:
                raise ShapeError(
                    f"groups = {self.groups} does not divide the {channels} {what}",
                    code="E203",
                    argument="groups",
                    operand=0,
                    help=common_divisors(x.channels, self.out_channels, below=self.groups),
                )

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight [out, in / groups, *kernel]` and `bias [out]`."""
        (x,) = inputs
        kernel = self._axes(x)[0]
        shapes: dict[str, tuple[Size, ...]] = {
            "weight": (self.out_channels, x.channels // self.groups, *kernel)
        }
        if self.bias:
            shapes["bias"] = (self.out_channels,)
        return shapes

    def macs(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> Size:
        """Elements of the output times those of one kernel."""
        return outputs[0].elements * (inputs[0].channels // self.groups) * prod(self._axes(inputs[0])[0])

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, int | Fraction], ...] | None:
        """The dilated kernel and its stride."""
        return tuple((d * (k - 1) + 1, s) for k, s, d in zip(*self._axes(inputs[0]), strict=True))

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`nn.Conv2d(…)`; uneven `same` padding is a padding layer before it."""
        (x,) = inputs
        kernel, stride, dilation = self._axes(x)
        n = len(x.spatial)
        helpers: tuple[str, ...] = ()
        name = f"nn.Conv{n}d"
        fixed = self._padding(x)
        if fixed is None:
            name, helpers = f"SameConv{n}d", (_SAME_CONV.format(n=n),)
        padding = 0 if fixed is None else compact(fixed)
        keywords = (
            Keyword("stride", compact(stride), 1),
            Keyword("padding", padding, 0),
            Keyword("dilation", compact(dilation), 1),
            Keyword("groups", self.groups, 1),
            Keyword("bias", self.bias is not False, True),
            Keyword("padding_mode", self.padding_mode, "zeros"),
        )
        call = Call(name, (x.channels, self.out_channels, compact(kernel)), keywords)
        return Torch(module=call, setup=setup(self.init), helpers=helpers)

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`3×3 conv, 128, /2`."""
        kernel, stride, dilation = self._axes(inputs[0])
        label = f"{show(kernel)} conv, {self.out_channels}"
        if any(s != 1 for s in stride):
            label += f", /{show(stride) if len(set(stride)) > 1 else stride[0]}"
        if any(d != 1 for d in dilation):
            label += f", dilated {show(dilation) if len(set(dilation)) > 1 else dilation[0]}"
        if self.groups > 1:
            label += f", {self.groups} groups"
        return Look("conv", label, f"{show(kernel)} conv")


_SAME_CONV = '''class SameConv{n}d(nn.Conv{n}d):
    """Convolution that keeps ceil(size / stride), padding behind where the total is odd."""

    def forward(self, x):
        pad = []
        for axis, (k, s, d) in enumerate(zip(self.kernel_size, self.stride, self.dilation), 2):
            total = d * (k - 1) - (x.shape[axis] - 1) % s
            if d * (k - 1) < s - 1:  # the steps may leave gaps, and the last of them needs no padding
                total = torch.sym_max(total, 0)
            pad = [total // 2, total - total // 2] + pad  # the last axis comes first
        x = F.pad(x, pad, "constant" if self.padding_mode == "zeros" else self.padding_mode)
        return F.conv{n}d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
'''
