"""Layers that combine tensors: concat, add, sub, mul, mean, max, stack, matmul.

Nothing broadcasts, except a gate in `mul`: it is spelled as a gate. The arguments are named only, because
what stands in the parentheses by position are tensors: `up -> concat(skip)`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from ogive.layers.base import (
    Call,
    Channel,
    Layer,
    Layout,
    Look,
    Operand,
    ShapeError,
    Size,
    Template,
    TensorType,
    Torch,
    arg,
)  # fmt: skip
from ogive.layers.code import Operands
from ogive.layers.sizes import axis_name, require_float, resolve_axis

_T = TypeVar("_T")
_LAYOUTS = {Layout.MAP: "a map", Layout.TOKENS: "tokens", Layout.PLAIN: "a plain tensor"}


class _Merge(Layer):
    """What combining layers share."""

    group: ClassVar[str] = "merge"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    output_saved: ClassVar[bool] = False
    symbol: ClassVar[str]

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """A circle."""
        return Look("merge", self.kind, self.kind, self.symbol)


class _Elementwise(_Merge):
    """Combines tensors of one shape, element by element. A single tensor is copied.

    Class attributes:
        text: the expression for two and more operands.
    """

    symmetric: ClassVar[bool] = True
    text: ClassVar[str]

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape that all of them have."""
        require_agreement(inputs)
        return (inputs[0],)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`a + b`."""
        if len(inputs) == 1:
            # a copy, so that an activation behind may overwrite it
            return Torch(forward=Template("{0}.clone()", atom=True))
        return Torch(forward=self._expression(len(inputs)))

    def _expression(self, count: int) -> Template | Call:
        del count
        return Template(self.text)


class Add(_Elementwise):
    """The sum of tensors of one shape. It never broadcasts."""

    kind: ClassVar[str] = "add"
    example: ClassVar[str] = "input a: 64x8x8; input b: 64x8x8; a -> add(b)"
    aliases: ClassVar[tuple[str, ...]] = ("Add", "sum", "plus", "eltwise")
    symbol: ClassVar[str] = "+"
    text: ClassVar[str] = "{sum}"

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """A constant added to one operand is added to the sum."""
        return Channel.KEEPS


class Sub(_Elementwise):
    """The first tensor minus the second, of one shape."""

    kind: ClassVar[str] = "sub"
    example: ClassVar[str] = "input a: [64]; input b: [64]; a -> sub(b)"
    aliases: ClassVar[tuple[str, ...]] = ("subtract", "Subtract", "minus")
    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    symmetric: ClassVar[bool] = False
    symbol: ClassVar[str] = "−"
    text: ClassVar[str] = "{0} - {1}"

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape that both of them have."""
        if inputs[0].dtype == "bool":
            raise ShapeError(f"needs numbers, and {inputs[0]} holds truth values", code="E204", operand=0)
        return super().infer(inputs)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """A constant added to one operand is added to, or taken from, the difference."""
        return Channel.KEEPS


class Mean(_Elementwise):
    """The mean of tensors of one shape, element by element."""

    kind: ClassVar[str] = "mean"
    example: ClassVar[str] = "input x: 64x8x8; mean { | conv(64, 3x3, padding = 1) | conv(64, 1x1) }"
    aliases: ClassVar[tuple[str, ...]] = ("average", "Average")
    reduces: ClassVar[str | None] = "global_avg_pool"
    symbol: ClassVar[str] = "μ"

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape that all of them have."""
        require_float(inputs[0])
        return super().infer(inputs)

    def _expression(self, count: int) -> Template | Call:
        return Template("({sum}) / {count}", (("count", count),))

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """A constant, divided by the number of operands."""
        return Channel.KEEPS


class Max(_Elementwise):
    """The greatest of tensors of one shape, element by element (Goodfellow et al. 2013)."""

    kind: ClassVar[str] = "max"
    example: ClassVar[str] = "input x: 64x8x8; max { | conv(32, 1x1) | conv(32, 1x1) }"
    aliases: ClassVar[tuple[str, ...]] = ("maximum", "Maximum", "maxout")
    reduces: ClassVar[str | None] = "global_max_pool"
    output_saved: ClassVar[bool] = True
    symbol: ClassVar[str] = "max"

    def _expression(self, count: int) -> Template | Call:
        if count == 2:
            return Call("torch.maximum", (Operand(0), Operand(1)))
        return Template("torch.stack(({operands})).amax(0)", atom=True)


class Mul(_Elementwise):
    """The product of tensors, element by element. A gate, with places of size 1, spreads over the others."""

    kind: ClassVar[str] = "mul"
    example: ClassVar[str] = (
        "input x: 64x8x8; mul { | identity | global_avg_pool -> conv(64, 1x1) -> sigmoid }"
    )
    aliases: ClassVar[tuple[str, ...]] = ("multiply", "Multiply", "times", "gate")
    gate: ClassVar[bool] = True
    symbol: ClassVar[str] = "×"
    text: ClassVar[str] = "{product}"

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape of those that are no gates."""
        full = [x for x in inputs if not _is_gate(x)] or inputs
        usual = _most_common(full)
        gate = usual.with_spatial(*(1 for _ in usual.spatial)) if usual.spatial else usual
        for index, x in enumerate(inputs):
            if x not in (usual, gate):
                first, second = sorted((index, inputs.index(usual)))
                fix = _gate_help(x, usual) or _gate_help(usual, x)
                raise disagreement(inputs[first], inputs[second], operand=index, gate=_is_gate(x), help=fix)
        return (usual,)


def _is_gate(x: TensorType) -> bool:
    return bool(x.spatial) and all(size == 1 for size in x.spatial)


def _gate_help(gate: TensorType, of: TensorType) -> str | None:
    if (
        gate.layout is Layout.PLAIN
        and len(gate.sizes) == 1
        and of.layout is Layout.MAP
        and gate.channels == of.channels
    ):
        ones = ", 1" * len(of.spatial)
        return f"give the gate places: `reshape({gate.channels}{ones}, layout = map)` before it is used"
    if gate.layout is of.layout is Layout.MAP and gate.channels == 1 and gate.spatial == of.spatial:
        return f"a gate for each place spreads over channels where it is said: `-> expand({of.channels})`"
    return None


@dataclass(frozen=True, eq=False, repr=False)
class Concat(_Merge):
    """Tensors behind each other along one axis, the channels unless another is given."""

    kind: ClassVar[str] = "concat"
    example: ClassVar[str] = (
        "input x: 64x8x8; concat { | conv(32, 1x1) | max_pool(3x3, stride = 1, padding = 1) }"
    )
    aliases: ClassVar[tuple[str, ...]] = ("cat", "Concat", "Concatenate", "concatenate", "join", "hconcat")
    symbol: ClassVar[str] = "C"

    axis: int | None = arg(None, named=True, doc="the axis, as PyTorch counts; the channels without it")

    def _axis(self, x: TensorType) -> int:
        return x.channel_axis if self.axis is None else resolve_axis(self.axis, x)

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The sizes of all of them, summed along the axis."""
        axis = self._axis(inputs[0])
        require_agreement(inputs, free=axis)
        sizes = list(inputs[0].sizes)
        sizes[axis - 1] = sum(x.sizes[axis - 1] for x in inputs)
        return (replace(inputs[0], sizes=tuple(sizes)),)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """Kept along the channels; along another axis a channel becomes several pieces."""
        return Channel.KEEPS if self._axis(inputs[0]) == inputs[0].channel_axis else Channel.BREAKS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`torch.cat((a, b), 1)`."""
        return Torch(forward=Call("torch.cat", (Operands(), self._axis(inputs[0]))))


@dataclass(frozen=True, eq=False, repr=False)
class Stack(_Merge):
    """Tensors of one shape beside each other, along a new axis.

    A map, or tokens, stay one where the channels stay in their place and at most three axes are places
    (`stack(axis = 2)` makes frames of maps); vectors become tokens. Anything else is plain.
    """

    kind: ClassVar[str] = "stack"
    example: ClassVar[str] = "input a: [64]; input b: [64]; [a, b] -> stack"
    aliases: ClassVar[tuple[str, ...]] = ("Stack", "pack")
    symbol: ClassVar[str] = "S"

    axis: int = arg(1, named=True, doc="where the new axis stands, as PyTorch counts")

    def _axis(self, x: TensorType) -> int:
        return resolve_axis(self.axis, x, extra=1)

    def _layout(self, x: TensorType) -> Layout:
        axis = self._axis(x)
        if x.layout is Layout.MAP:
            return Layout.MAP if axis > 1 and len(x.spatial) < 3 else Layout.PLAIN
        before = axis <= len(x.sizes)
        if x.layout is Layout.TOKENS:
            return Layout.TOKENS if before else Layout.PLAIN
        return Layout.TOKENS if before and len(x.sizes) == 1 and x.dtype == "float" else Layout.PLAIN

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The sizes that all of them have, and their number along the new axis."""
        require_agreement(inputs)
        (first, *_), axis = inputs, self._axis(inputs[0])
        sizes = (*first.sizes[: axis - 1], len(inputs), *first.sizes[axis - 1 :])
        return (replace(first, sizes=sizes, layout=self._layout(first)),)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`torch.stack((a, b), 1)`."""
        return Torch(forward=Call("torch.stack", (Operands(), self._axis(inputs[0]))))


class MatMul(_Merge):
    """The matrix product of the last two axes, `[…, n, k]` and `[…, k, m]`; the axes before agree."""

    kind: ClassVar[str] = "matmul"
    example: ClassVar[str] = (
        "input q: 64x8x8; input k: 64x8x8; k -> reshape(64, 64) as keys; q -> reshape(64, 64) -> matmul(keys)"
    )
    aliases: ClassVar[tuple[str, ...]] = ("MatMul", "bmm", "mm", "dot")
    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    symbol: ClassVar[str] = "@"

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[…, n, m]`, read as the first operand is."""
        a, b = inputs
        for index, x in enumerate(inputs):
            require_float(x)
            if len(x.sizes) < 2:
                raise ShapeError(
                    f"needs two axes beside the batch, and {x} has one", code="E205", operand=index
                )
        if a.sizes[:-2] != b.sizes[:-2]:
            raise ShapeError(f"{a} and {b} differ in the axes before the last two", code="E201", operand=1)
        if a.sizes[-1] != b.sizes[-2]:
            raise ShapeError(
                f"{a} and {b} do not fit: {a.sizes[-1]} columns and {b.sizes[-2]} rows",
                code="E201",
                operand=1,
            )
        return (replace(a, sizes=(*a.sizes[:-1], b.sizes[-1])),)

    def products(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> Size:
        """N k m, for each of the matrices."""
        return outputs[0].elements * inputs[0].sizes[-1]

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`a @ b`."""
        return Torch(forward=Template("{0} @ {1}"))


def require_agreement(inputs: Sequence[TensorType], *, free: int | None = None) -> None:
    """Refuses tensors that differ in anything but the size of one axis.

    The one to blame is the first that differs from what most of them are.

    Args:
        inputs: the tensors.
        free: the axis, counted from 1, in which they may differ.

    Raises:
        ShapeError: E201.
    """
    keys = [_fixed(x, free) for x in inputs]
    usual = _most_common(keys)
    wrong = next((i for i, key in enumerate(keys) if key != usual), None)
    if wrong is not None:
        first, second = sorted((wrong, keys.index(usual)))
        raise disagreement(inputs[first], inputs[second], operand=wrong, free=free)


def _most_common(values: Sequence[_T]) -> _T:
    """The first of those that occur most often."""
    return Counter(values).most_common(1)[0][0]


def _fixed(x: TensorType, free: int | None) -> tuple[object, ...]:
    sizes = tuple(size for axis, size in enumerate(x.sizes, 1) if axis != free)
    return (len(x.sizes), sizes, x.layout, x.dtype)


def _layout(x: TensorType) -> str:
    return "a vector" if x.layout is Layout.PLAIN and len(x.sizes) == 1 else _LAYOUTS[x.layout]


def disagreement(
    a: TensorType,
    b: TensorType,
    *,
    operand: int,
    free: int | None = None,
    gate: bool = False,
    help: str | None = None,  # noqa: A002 - the word the user reads
) -> ShapeError:
    """`64x56x56 and 256x56x56 differ in channels`.

    Args:
        a, b: two tensors that differ, in the order of the operands.
        operand: the one to blame.
        free: the axis in which they may differ.
        gate: whether one of them may have places of size 1, so that only its channels can be wrong.
        help: what to do.
    """
    if a.dtype != b.dtype:
        what = f"dtype: {a.dtype} and {b.dtype}"
    elif a.layout is not b.layout:
        what = f"layout: {_layout(a)} and {_layout(b)}"
        help = help or _reading(a, b) or _reading(b, a)
    elif len(a.sizes) != len(b.sizes):
        what = f"their number of axes: {len(a.sizes)} and {len(b.sizes)}"
    else:
        pairs = zip(a.sizes, b.sizes, strict=True)
        axes = [axis for axis, (m, n) in enumerate(pairs, 1) if m != n and axis != free]
        if gate:
            axes = [axis for axis in axes if axis == a.channel_axis] or axes
        names = [axis_name(a, axis) for axis in axes]
        what = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    return ShapeError(f"{a} and {b} differ in {what}", code="E201", operand=operand, help=help)


def _reading(x: TensorType, like: TensorType) -> str | None:
    """How to say that a plain tensor is read as the other is."""
    known = all(isinstance(size, int) for size in x.sizes)
    if x.layout is not Layout.PLAIN or len(x.sizes) != len(like.sizes) or not known:
        return None
    sizes = ", ".join(map(str, x.sizes))
    return f"say how it is read: `reshape({sizes}, layout = {like.layout.value})`"
