"""The transposed convolution."""

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
)
from ogive.layers.sizes import axis_name, common_divisors, compact, per_axis, require_float, require_map, show
from ogive.layers.weights import setup


@dataclass(frozen=True, eq=False, repr=False)
class ConvTranspose(Layer):
    """Transposed convolution (torch.nn.ConvTranspose2d): what the gradient of a convolution computes.

    It has one, two or three dimensions, as its input has. An axis of n places gets (n - 1) stride - 2 padding
    + dilation (kernel_size - 1) + output_padding + 1.
    """

    kind: ClassVar[str] = "conv_transpose"
    example: ClassVar[str] = "input x: 64x8x8; conv_transpose(32, 2x2, stride = 2)"
    aliases: ClassVar[tuple[str, ...]] = (
        "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "ConvTranspose1d", "ConvTranspose2d",
        "ConvTranspose3d", "deconv", "deconvolution", "Conv2DTranspose", "transposed_conv", "upconv",
    )  # fmt: skip
    group: ClassVar[str] = "conv"
    output_saved: ClassVar[bool] = False

    out_channels: int = arg(min=1, doc="channels of the output")
    kernel_size: Window = arg(min=1, doc="size of the kernel, `2x2`, or `2` for every axis")
    stride: Window = arg(1, min=1, doc="step between the windows in the output")
    padding: Window = arg(0, min=0, doc="elements taken off each side of the output")
    output_padding: Window = arg(0, min=0, doc="elements added behind, less than the stride or the dilation")
    groups: int = arg(1, min=1, doc="independent groups of channels")
    bias: bool | Literal["auto"] = arg("auto", doc="whether to add a learned constant to each channel")
    dilation: Window = arg(1, min=1, doc="step between the elements of a kernel")
    init: Initializer | None = arg(
        None, named=True, doc="initialiser of the weight; PyTorch's default without one"
    )

    def _axes(self, x: TensorType) -> list[tuple[int, int, int, int, int]]:
        """Kernel, stride, padding, output padding and dilation on each axis."""
        n = len(x.spatial)
        windows = (
            (self.kernel_size, "kernel_size"), (self.stride, "stride"), (self.padding, "padding"),
            (self.output_padding, "output_padding"), (self.dilation, "dilation"),
        )  # fmt: skip
        return list(zip(*(per_axis(window, n, name) for window, name in windows), strict=True))

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, *places]` to `[out_channels, *places]`."""
        (x,) = inputs
        require_map(x)
        require_float(x)
        for channels, what in ((x.channels, "input channels"), (self.out_channels, "output channels")):
            if channels % self.groups:
                raise ShapeError(
                    f"groups = {self.groups} does not divide the {channels} {what}",
                    code="E203",
                    argument="groups",
                    operand=0,
                    help=common_divisors(x.channels, self.out_channels, below=self.groups),
                )
        sizes: list[Size] = []
        for axis, (size, (k, s, p, extra, d)) in enumerate(zip(x.spatial, self._axes(x), strict=True), 2):
            if extra >= max(s, d):
                raise ShapeError(
                    f"output_padding = {extra} is not less than the stride, {s}, or the dilation, {d}",
                    argument="output_padding",
                    help=f"`output_padding = {max(s, d) - 1}` at most",
                )
            result = (size - 1) * s - 2 * p + d * (k - 1) + extra + 1
            if result < 1:
                raise ShapeError(
                    f"padding of {p} leaves nothing of a {axis_name(x, axis)} of {result + 2 * p}",
                    code="E202",
                    operand=0,
                    argument="padding",
                )
            sizes.append(result)
        return (x.with_channels(self.out_channels).with_spatial(*sizes),)

    def _kernel(self, x: TensorType) -> tuple[int, ...]:
        return per_axis(self.kernel_size, len(x.spatial), "kernel_size")

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight [in, out / groups, *kernel]` and `bias [out]`."""
        (x,) = inputs
        shapes: dict[str, tuple[Size, ...]] = {
            "weight": (x.channels, self.out_channels // self.groups, *self._kernel(x))
        }
        if self.bias:
            shapes["bias"] = (self.out_channels,)
        return shapes

    def macs(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> Size:
        """Elements of the input times those of one kernel."""
        return inputs[0].elements * (self.out_channels // self.groups) * prod(self._kernel(inputs[0]))

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, int | Fraction], ...] | None:
        """The most places of the input that one of the output sees; a step there is a part of one here."""
        return tuple((d * (k - 1) // s + 1, Fraction(1, s)) for k, s, _, _, d in self._axes(inputs[0]))

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`nn.ConvTranspose2d(128, 64, 2, stride=2)`."""
        (x,) = inputs
        kernel, stride, padding, extra, dilation = (
            compact(axis) for axis in zip(*self._axes(x), strict=True)
        )
        keywords = (
            Keyword("stride", stride, 1),
            Keyword("padding", padding, 0),
            Keyword("output_padding", extra, 0),
            Keyword("groups", self.groups, 1),
            Keyword("bias", self.bias is not False, True),
            Keyword("dilation", dilation, 1),
        )
        call = Call(f"nn.ConvTranspose{len(x.spatial)}d", (x.channels, self.out_channels, kernel), keywords)
        return Torch(module=call, setup=setup(self.init))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`2×2 up-conv, 64, ×2`."""
        kernel, stride, *_ = zip(*self._axes(inputs[0]), strict=True)
        step = show(stride) if len(set(stride)) > 1 else str(stride[0])
        label = f"{show(kernel)} up-conv, {self.out_channels}"
        return Look("conv", label if step == "1" else f"{label}, ×{step}", f"{show(kernel)} up-conv")
