"""The layer that repeats a tensor along an axis: expand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ogive.layers.base import Channel, Layer, Look, ShapeError, Size, Template, TensorType, Torch, Value, arg
from ogive.layers.sizes import axis_name, resolve_axis, show


@dataclass(frozen=True, eq=False, repr=False)
class Expand(Layer):
    """One axis of size 1, made longer by repeating its element (torch.Tensor.expand).

    Nothing spreads over a larger tensor unless a program says so: a gate for each place, of one channel, is
    `gate -> expand(x.channels) -> mul(x)`.
    """

    kind: ClassVar[str] = "expand"
    example: ClassVar[str] = "input x: 64x8x8; mul { | identity | conv(1, 1x1) -> sigmoid -> expand(64) }"
    aliases: ClassVar[tuple[str, ...]] = ("Expand", "expand_as", "broadcast", "tile", "RepeatVector")
    group: ClassVar[str] = "shape"
    output_saved: ClassVar[bool] = True  # its elements lie in the same memory, so it must not be overwritten

    size: Size = arg(min=1, doc="how long the axis becomes")
    axis: int = arg(1, doc="the axis, as PyTorch counts")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The size in place of the 1; an axis that has it already stays."""
        (x,) = inputs
        axis = resolve_axis(self.axis, x)
        if x.sizes[axis - 1] not in (1, self.size):
            raise ShapeError(
                f"needs a size of 1, and {x} has {x.sizes[axis - 1]} at its {axis_name(x, axis)}",
                operand=0,
                argument="axis",
                help="bring it to 1 first, or `concat` copies of the tensor",
            )
        return (replace(x, sizes=(*x.sizes[: axis - 1], self.size, *x.sizes[axis:])),)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """The same constant in more places or channels."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`x.expand(-1, 64, -1, -1)`."""
        axis = resolve_axis(self.axis, inputs[0])
        sizes = ["-1"] * (len(inputs[0].sizes) + 1)
        sizes[axis] = "{size}"
        slots: tuple[tuple[str, Value], ...] = (("size", self.size),)
        return Torch(forward=Template(f"{{0}}.expand({', '.join(sizes)})", slots, atom=True))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`expand to 64`."""
        text = f"expand to {show((self.size,))}"
        return Look("shape", text, "expand")
