"""Layers that a program does not write: where tensors enter, and the members of a clique."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ogive.layers.base import Layer, Look, TensorType


@dataclass(frozen=True)
class Input(Layer):
    """An input of the net, as it was declared."""

    kind: ClassVar[str] = "input"
    group: ClassVar[str] = "input"
    arity: ClassVar[tuple[int, int | None]] = (0, 0)

    name: str
    type: TensorType

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """What was declared."""
        return (self.type,)

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """Its name."""
        return Look("input", self.name, self.name)


@dataclass(frozen=True)
class CliqueMember(Layer):
    """Layer X_i of a clique. Output 0 is its newest value, output 1 that of stage 1.

    Its operand 0 is X0, the others are the X_j (Yang et al. 2018, section 3); `CliqueBody` says what it
    computes.
    """

    kind: ClassVar[str] = "clique_layer"
    group: ClassVar[str] = "clique"
    arity: ClassVar[tuple[int, int | None]] = (1, None)

    index: int
    type: TensorType

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The same type twice."""
        return (self.type, self.type)

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`X3`."""
        return Look("conv", f"X{self.index}", f"X{self.index}")
