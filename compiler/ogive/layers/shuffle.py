"""Layers that move elements between channels and places, or between channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from ogive.layers.base import Call, Channel, Layer, Look, Operand, ShapeError, Size, TensorType, Torch, arg
from ogive.layers.sizes import axis_name, require_float, require_map


@dataclass(frozen=True, eq=False, repr=False)
class PixelShuffle(Layer):
    """Channels become places: `[C r², H, W]` to `[C, H r, W r]` (Shi et al. 2016)."""

    kind: ClassVar[str] = "pixel_shuffle"
    example: ClassVar[str] = "input x: 64x8x8; pixel_shuffle(2)"
    aliases: ClassVar[tuple[str, ...]] = ("PixelShuffle", "depth_to_space", "subpixel")
    group: ClassVar[str] = "shape"

    upscale_factor: int = arg(min=1, doc="what height and width are multiplied with")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C r², H, W]` to `[C, H r, W r]`."""
        (x,) = inputs
        require_map(x, axes=(2,))
        require_float(x)
        r = self.upscale_factor
        if x.channels % r**2:
            raise ShapeError(
                f"{r} x {r} places need a multiple of {r**2} channels, and {x} has {x.channels}",
                code="E203",
                operand=0,
                argument="upscale_factor",
            )
        height, width = x.spatial
        return (x.with_channels(x.channels // r**2).with_spatial(height * r, width * r),)

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, int | Fraction], ...] | None:
        """One place; a step in the output is a part of one in the input."""
        return ((1, Fraction(1, self.upscale_factor)),) * 2

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`F.pixel_shuffle(x, 2)`."""
        return Torch(forward=Call("F.pixel_shuffle", (Operand(), self.upscale_factor)))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`pixel shuffle ×2`."""
        return Look("shape", f"pixel shuffle ×{self.upscale_factor}", "pixel shuffle")


@dataclass(frozen=True, eq=False, repr=False)
class SpaceToDepth(Layer):
    """Places become channels: `[C, H n, W n]` to `[C n², H, W]` (torch.nn.PixelUnshuffle)."""

    kind: ClassVar[str] = "space_to_depth"
    example: ClassVar[str] = "input x: 64x8x8; space_to_depth(2)"
    aliases: ClassVar[tuple[str, ...]] = ("pixel_unshuffle", "PixelUnshuffle", "reorg", "focus")
    group: ClassVar[str] = "shape"

    downscale_factor: int = arg(min=1, doc="what height and width are divided by")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, H n, W n]` to `[C n², H, W]`."""
        (x,) = inputs
        require_map(x, axes=(2,))
        require_float(x)
        n = self.downscale_factor
        for axis, size in enumerate(x.spatial, 2):
            if size % n:
                raise ShapeError(
                    f"{n} does not divide the {axis_name(x, axis)} of {x}",
                    code="E203",
                    operand=0,
                    argument="downscale_factor",
                )
        height, width = x.spatial
        return (x.with_channels(x.channels * n**2).with_spatial(height // n, width // n),)

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, int | Fraction], ...] | None:
        """A square of places."""
        return ((self.downscale_factor, self.downscale_factor),) * 2

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """Every new channel holds places of one old channel."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`F.pixel_unshuffle(x, 2)`."""
        return Torch(forward=Call("F.pixel_unshuffle", (Operand(), self.downscale_factor)))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`space to depth /2`."""
        return Look("shape", f"space to depth /{self.downscale_factor}", "space to depth")


@dataclass(frozen=True, eq=False, repr=False)
class ChannelShuffle(Layer):
    """Channels in another order: one of each group, in turn (Zhang et al. 2018, ShuffleNet)."""

    kind: ClassVar[str] = "channel_shuffle"
    example: ClassVar[str] = "input x: 64x8x8; channel_shuffle(4)"
    aliases: ClassVar[tuple[str, ...]] = ("ChannelShuffle", "shuffle")
    group: ClassVar[str] = "shape"

    groups: int = arg(min=1, doc="groups of channels")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape stays."""
        (x,) = inputs
        require_map(x)
        require_float(x)
        if x.channels % self.groups:
            raise ShapeError(
                f"{self.groups} groups do not divide the {x.channels} channels of {x}",
                code="E203",
                operand=0,
                argument="groups",
            )
        return (x,)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """The channels only change places."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`F.channel_shuffle(x, 2)`."""
        return Torch(forward=Call("F.channel_shuffle", (Operand(), self.groups)))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`shuffle, 2 groups`."""
        return Look("shape", f"shuffle, {self.groups} groups", "shuffle")
