"""Multiplication by constants, given or learned, and the absolute value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from ogive.layers.base import Call, Channel, Layer, Layout, Look, Size, Template, TensorType, Torch, arg
from ogive.layers.sizes import require_float


@dataclass(frozen=True, eq=False, repr=False)
class Scale(Layer):
    """Multiplies every element by one given constant."""

    kind: ClassVar[str] = "scale"
    example: ClassVar[str] = "input x: 64x8x8; scale(0.17)"
    aliases: ClassVar[tuple[str, ...]] = ("Scale", "Lambda", "mul_constant", "rescale")
    group: ClassVar[str] = "shape"
    output_saved: ClassVar[bool] = False

    constant: float = arg(doc="what to multiply with")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape stays."""
        require_float(inputs[0])
        return (inputs[0],)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """A constant, multiplied."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`x * 0.17`."""
        return Torch(forward=Template("{0} * {constant}", (("constant", self.constant),)))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`× 0.17`, `× 2/3`."""
        text = f"× {fraction(self.constant)}"
        return Look("shape", text, text)


def fraction(number: float) -> str:
    """`2/3` for what no short decimal is; else the decimal."""
    near = Fraction(number).limit_denominator(64)
    decimal = f"{number:g}"
    return str(near) if len(decimal) > 6 and math.isclose(near, number, rel_tol=1e-9) else decimal


@dataclass(frozen=True, eq=False, repr=False)
class LayerScale(Layer):
    """Multiplies each channel by a learned number that begins small (Touvron et al. 2021, section 2)."""

    kind: ClassVar[str] = "layer_scale"
    example: ClassVar[str] = "input x: 64x8x8; residual { conv(64, 3x3, padding = 1) -> layer_scale(1e-6) }"
    aliases: ClassVar[tuple[str, ...]] = ("layerscale", "LayerScale")
    group: ClassVar[str] = "shape"
    output_saved: ClassVar[bool] = False

    init: float = arg(1e-6, doc="what the numbers are at first")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape stays."""
        require_float(inputs[0])
        return (inputs[0],)

    def _shape(self, x: TensorType) -> tuple[Size, ...]:
        return (x.channels, *(1 for _ in x.spatial)) if x.layout is Layout.MAP else (x.channels,)

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight [C, 1, 1]` on a map, `weight [C]` elsewhere."""
        return {"weight": self._shape(inputs[0])}

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """A constant, multiplied."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`LayerScale((96, 1, 1), 1e-6)`."""
        shape = self._shape(inputs[0])
        return Torch(module=Call("LayerScale", (shape, self.init)), helpers=(_LAYER_SCALE,))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`layer scale`."""
        return Look("shape", "layer scale", "scale")


_LAYER_SCALE = '''class LayerScale(nn.Module):
    """Multiplies each channel by a learned number."""

    def __init__(self, shape, init):
        super().__init__()
        self.weight = nn.Parameter(torch.full(shape, init))

    def forward(self, x):
        return x * self.weight
'''


class Abs(Layer):
    """The absolute value of each element."""

    kind: ClassVar[str] = "abs"
    example: ClassVar[str] = "input a: [64]; input b: [64]; a -> sub(b) -> abs"
    aliases: ClassVar[tuple[str, ...]] = ("Abs", "absolute", "fabs")
    group: ClassVar[str] = "shape"
    output_saved: ClassVar[bool] = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape stays."""
        require_float(inputs[0])
        return (inputs[0],)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`x.abs()`."""
        return Torch(forward=Template("{0}.abs()", atom=True))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`|x|`."""
        return Look("shape", "|x|", "|x|")
