"""The shortcut without weights (He et al. 2015, section 3.3, option A)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from ogive.layers.base import Channel, Layer, Look, ShapeError, Size, Template, TensorType, Torch, Window, arg
from ogive.layers.sizes import per_axis, require_map, window_size


@dataclass(frozen=True)
class Subsample(Layer):
    """Every stride-th place of a map, with channels of zeros behind its own: an identity of another shape."""

    kind: ClassVar[str] = "subsample"
    example: ClassVar[str] = "input x: 64x8x8; subsample(2, channels = 128)"
    group: ClassVar[str] = "shape"

    stride: Window = arg(1, min=1, doc="step between the places that are kept")
    channels: int | None = arg(None, min=1, doc="channels of the output; those that are added hold zeros")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, *places]` to `[channels, *ceil(places / stride)]`."""
        (x,) = inputs
        require_map(x)
        if self.channels is not None and self.channels < x.channels:
            raise ShapeError(
                f"cannot make {self.channels} channels of {x.channels}: it only adds some",
                code="E206",
                operand=0,
                argument="channels",
            )
        strides = per_axis(self.stride, len(x.spatial), "stride")
        sizes = [window_size(size, 1, s, 0) for size, s in zip(x.spatial, strides, strict=True)]
        return (x.with_channels(self.channels or x.channels).with_spatial(*sizes),)

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, int | Fraction], ...] | None:
        """One place in `stride`."""
        (x,) = inputs
        return tuple((1, s) for s in per_axis(self.stride, len(x.spatial), "stride"))

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """A constant stays one, in its channel."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, 64))`."""
        (x,) = inputs
        n = len(x.spatial)
        strides = per_axis(self.stride, n, "stride")
        picks = ", ".join(f"::{{stride{i}}}" for i in range(n))
        slots = tuple((f"stride{i}", s) for i, s in enumerate(strides))
        picked = f"{{0}}[:, :, {picks}]" if any(s != 1 for s in strides) else "{0}"
        slots = slots if any(s != 1 for s in strides) else ()
        added = (self.channels or x.channels) - x.channels
        if not added:
            return Torch(forward=Template(picked, slots, atom=True))
        zeros = "0, " * (2 * n)
        return Torch(
            forward=Template(f"F.pad({picked}, ({zeros}0, {{added}}))", (*slots, ("added", added)), atom=True)
        )

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`pad, 128, /2`."""
        stride = "" if self.stride == 1 else f", /{self.stride}"
        return Look("shape", f"zero pad, {self.channels or inputs[0].channels}{stride}", "pad")
