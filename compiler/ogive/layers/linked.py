"""The mixing convolution of a clique, once its cycle is unrolled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from ogive.layers.base import Layer, Look, Size, TensorType


@dataclass(frozen=True)
class LinkedConv(Layer):
    """A convolution whose kernel is the slices W_ji of its sources, side by side (Yang et al. 2018, section
    3).

    Attributes:
        conv: the convolution, as written in the body.
        target: i, the layer that it computes.
        sources: the j whose results it reads, in index order.
        widths: their channels.
        owned: those whose slice is first used here; the others were made in an earlier stage.
    """

    kind: ClassVar[str] = "linked_conv"
    group: ClassVar[str] = "conv"
    output_saved: ClassVar[bool] = False

    conv: Layer
    target: int
    sources: tuple[int, ...]
    widths: tuple[Size, ...]
    owned: tuple[int, ...]

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """That of the convolution."""
        return self.conv.infer(inputs)

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`link_0_2.weight [out, channels of X0, *kernel]`, …; their path is that of the clique, not of this
        node.
        """
        shapes: dict[str, tuple[Size, ...]] = {}
        whole = self.conv.parameters(inputs)
        for source, width in zip(self.sources, self.widths, strict=True):
            if source in self.owned:
                out, _, *kernel = whole["weight"]
                shapes[f"link_{source}_{self.target}.weight"] = (out, width, *kernel)
                if source == 0 and "bias" in whole:
                    shapes[f"link_{source}_{self.target}.bias"] = whole["bias"]
        return shapes

    def macs(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> Size:
        """Those of the convolution over all its sources."""
        return self.conv.macs(inputs, outputs)

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, Size | Fraction], ...] | None:
        """That of the convolution."""
        return self.conv.window(inputs)

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """The convolution, and whose weights it shares: `3×3 conv, 36 · W02 W12`."""
        look = self.conv.look(inputs)
        links = " ".join(f"W{j}{self.target}" for j in self.sources)
        return Look("conv", f"{look.label} · {links}", look.short)
