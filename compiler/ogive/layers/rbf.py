"""Units that measure how far their input is from fixed codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ogive.layers.base import Call, Layer, Layout, Look, ShapeError, TensorType, Torch, arg
from ogive.layers.sizes import require_float


@dataclass(frozen=True, eq=False, repr=False)
class Rbf(Layer):
    """The squared Euclidean distance to fixed codes of 1 and -1: radial basis functions.

    The output of LeNet-5 (LeCun et al. 1998, section II.B, equation 7). The smallest wins, so that a softmax
    wants `scale(-1)` behind it. A code is drawn with `#` for 1 and `.` for -1, on one line or as a bitmap on
    several: the first words of all strings are the code of the first unit, and so on. The codes are a buffer;
    they are saved with the net, and not trained.
    """

    kind: ClassVar[str] = "rbf"
    example: ClassVar[str] = 'input x: [6]; rbf(codes = ["### ##.", "#.# .#."])'
    aliases: ClassVar[tuple[str, ...]] = ("RBF", "radial_basis", "EuclideanRBF", "RBFLayer")
    group: ClassVar[str] = "shape"
    output_saved: ClassVar[bool] = False

    codes: tuple[str, ...] = arg(
        doc="`#` is 1 and `.` is -1; a word for each unit, the strings one below the other"
    )

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[…, features]` to `[…, units]`."""
        (x,) = inputs
        require_float(x)
        if x.layout is Layout.MAP:
            raise ShapeError(
                f"needs a vector or tokens, and {x} is a map",
                code="E204",
                operand=0,
                help="flatten it first: `flatten`",
            )
        units = self._units()
        if x.channels != len(units[0]):
            marks = f"{len(units[0])} mark{'s' * (len(units[0]) != 1)}"
            raise ShapeError(
                f"each code has {marks}, and {x} has {x.channels} features",
                operand=0,
                argument="codes",
                help=f"`linear({len(units[0])})` before it, or other codes",
            )
        return (x.with_channels(len(units)),)

    def _units(self) -> list[str]:
        """The code of each unit, as one string."""
        strange = sorted({*"".join(self.codes)} - {"#", ".", " "})
        if strange:
            raise ShapeError(
                f"codes are drawn with `#` and `.`, and here is `{strange[0]}`", code="E107", argument="codes"
            )
        words = [line.split() for line in self.codes]
        if not words or not words[0]:
            raise ShapeError("there is no code in the first string", code="E107", argument="codes")
        for i, line in enumerate(words, 1):
            if len(line) != len(words[0]):
                raise ShapeError(
                    f"string 1 has a word for {_units(words[0])}, and string {i} for {_units(line)}",
                    code="E107",
                    argument="codes",
                )
        units = ["".join(unit) for unit in zip(*words, strict=True)]
        for i, unit in enumerate(units, 1):
            if len(unit) != len(units[0]):
                raise ShapeError(
                    f"the code of unit 1 has {len(units[0])} marks, and that of unit {i} has {len(unit)}",
                    code="E107",
                    argument="codes",
                )
        return units

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`RBF("### ##.", "#.# .#.")`."""
        return Torch(module=Call("RBF", self.codes), helpers=(_RBF,))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`RBF, 10`."""
        return Look("linear", f"RBF, {len(self._units())}", "RBF")


def _units(words: Sequence[str]) -> str:
    return f"{len(words)} unit{'s' * (len(words) != 1)}"


_RBF = '''class RBF(nn.Module):
    """The squared distance to fixed codes, drawn side by side: `#` is 1, `.` is -1."""

    def __init__(self, *lines):
        super().__init__()
        units = zip(*(line.split() for line in lines))
        codes = [[1.0 if mark == "#" else -1.0 for mark in "".join(unit)] for unit in units]
        self.register_buffer("codes", torch.tensor(codes))

    def forward(self, x):
        return (x.unsqueeze(-2) - self.codes).square().sum(-1)
'''
