"""The depthwise convolution: every channel by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar, Literal

from ogive.layers.base import Initializer, Layer, Look, Size, TensorType, Torch, Window, arg
from ogive.layers.conv import Conv, Padding
from ogive.layers.sizes import require_map


@dataclass(frozen=True, eq=False, repr=False)
class Depthwise(Layer):
    """A convolution of each channel by itself, with as many groups as channels (Chollet 2017).

    Each input channel gives `multiplier` output channels, which stand beside each other.
    """

    kind: ClassVar[str] = "depthwise"
    example: ClassVar[str] = "input x: 32x16x16; depthwise(3x3, padding = same)"
    aliases: ClassVar[tuple[str, ...]] = (
        "depthwise_conv", "depthwise_conv2d", "DepthwiseConv2D", "dwconv", "conv_dw", "depthwise_convolution",
    )  # fmt: skip
    group: ClassVar[str] = "conv"
    output_saved: ClassVar[bool] = False

    kernel_size: Window = arg(min=1, doc="size of the kernel, `3x3`, or `3` for every axis")
    stride: Window = arg(1, min=1, doc="step between windows")
    padding: Padding = arg(0, min=0, doc="zeros on each side, or `same`")
    dilation: Window = arg(1, min=1, doc="step between the elements of a kernel")
    bias: bool | Literal["auto"] = arg("auto", doc="whether to add a learned constant to each channel")
    multiplier: int = arg(1, min=1, doc="output channels for each input channel")
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = arg(
        "zeros", doc="what stands in the padding"
    )
    init: Initializer | None = arg(
        None, named=True, doc="initialiser of the weight; PyTorch's default without one"
    )

    def _conv(self, x: TensorType) -> Conv:
        """The convolution that it is on this input."""
        return Conv(  # of unknown channels, it has weights of unknown sizes, which are refused
            x.channels * self.multiplier,  # pyright: ignore[reportArgumentType]
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            groups=x.channels,  # pyright: ignore[reportArgumentType]
            bias=self.bias,
            padding_mode=self.padding_mode,
            init=self.init,
        )

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, *places]` to `[C * multiplier, *places]`."""
        require_map(inputs[0])
        return self._conv(inputs[0]).infer(inputs)

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight [C * multiplier, 1, *kernel]` and `bias [C * multiplier]`."""
        return self._conv(inputs[0]).parameters(inputs)

    def macs(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> Size:
        """Elements of the output times those of one kernel."""
        return self._conv(inputs[0]).macs(inputs, outputs)

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, int | Fraction], ...] | None:
        """The dilated kernel and its stride."""
        return self._conv(inputs[0]).window(inputs)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`nn.Conv2d(32, 32, 3, padding=1, groups=32)`."""
        return self._conv(inputs[0]).torch(inputs)

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`3×3 dw conv, 32, /2`."""
        look = replace(self._conv(inputs[0]), groups=1).look(inputs)
        return Look(
            "conv", look.label.replace("conv", "dw conv", 1), look.short.replace("conv", "dw conv", 1)
        )
