"""Dropout and the like: what happens in training only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ogive.layers.base import Call, Layer, Look, TensorType, Torch, arg
from ogive.layers.sizes import require_float


@dataclass(frozen=True, eq=False, repr=False)
class _Drop(Layer):
    """What they share. In evaluation the output is the input itself, so it must not be overwritten."""

    group: ClassVar[str] = "dropout"
    constructor: ClassVar[str]
    helpers: ClassVar[tuple[str, ...]] = ()
    title: ClassVar[str]

    p: float = arg(0.5, min=0, max=1, doc="the probability of being dropped")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape stays."""
        require_float(inputs[0])
        return (inputs[0],)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`nn.Dropout(0.5)`."""
        return Torch(module=Call(self.constructor, (self.p,)), helpers=self.helpers)

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`dropout, 0.5`."""
        return Look("dropout", f"{self.title}, {self.p:g}", self.title)


class Dropout(_Drop):
    """Sets elements to zero at random and scales the others by 1 / (1 - p) (Srivastava et al. 2014)."""

    kind: ClassVar[str] = "dropout"
    example: ClassVar[str] = "input x: [4096]; dropout(0.5)"
    aliases: ClassVar[tuple[str, ...]] = ("Dropout", "dropout1d", "dropout2d", "Dropout2d", "alpha_dropout")
    constructor: ClassVar[str] = "nn.Dropout"
    title: ClassVar[str] = "dropout"


class DropPath(_Drop):
    """Sets whole images to zero at random and scales the others: a branch is left out (Huang et al. 2016)."""

    kind: ClassVar[str] = "drop_path"
    example: ClassVar[str] = "input x: 64x8x8; residual { conv(64, 3x3, padding = 1) -> drop_path(0.1) }"
    aliases: ClassVar[tuple[str, ...]] = ("DropPath", "droppath", "stochastic_depth", "StochasticDepth")
    constructor: ClassVar[str] = "DropPath"
    title: ClassVar[str] = "drop path"
    helpers: ClassVar[tuple[str, ...]] = (
        '''class DropPath(nn.Module):
    """Sets whole samples to zero with probability p and scales the others by 1 / (1 - p)."""

    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        keep = x.new_empty(x.shape[:1] + (1,) * (x.dim() - 1)).bernoulli_(1 - self.p)
        return x * keep / (1 - self.p) if self.p < 1 else x * keep

    def extra_repr(self):
        return f"p={self.p}"
''',
    )
