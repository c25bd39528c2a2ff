"""Layers that take parts of a tensor: slice, select, split, chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

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
    Value,
    arg,
)  # fmt: skip
from ogive.layers.sizes import axis_name, resolve_axis, show


class _Part(Layer):
    """What they share. The output lies in the memory of the input, so it must not be overwritten."""

    group: ClassVar[str] = "shape"
    output_saved: ClassVar[bool] = True

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """A part of what was there, channels or places."""
        return Channel.KEEPS


def _with_size(x: TensorType, axis: int, size: Size) -> TensorType:
    return replace(x, sizes=(*x.sizes[: axis - 1], size, *x.sizes[axis:]))


@dataclass(frozen=True, eq=False, repr=False)
class Slice(_Part):
    """The elements from `start` up to, without, `stop` on one axis; negative numbers count from the end.

    Unlike Python's, it does not stop short at the end: a range outside the axis is a mistake.
    """

    kind: ClassVar[str] = "slice"
    example: ClassVar[str] = "input x: 64x8x8; slice(0, 16)"
    aliases: ClassVar[tuple[str, ...]] = ("Slice", "narrow")

    start: Size = arg(doc="the first element")
    stop: Size | None = arg(None, doc="the first that is left out; the end of the axis without it")
    axis: int = arg(1, doc="the axis, as PyTorch counts")

    def _range(self, x: TensorType) -> tuple[int, Size, Size]:
        """The axis, and the range on it."""
        axis = resolve_axis(self.axis, x)
        size = x.sizes[axis - 1]
        stop = size if self.stop is None else self.stop
        start = self.start + size if self.start < 0 else self.start
        stop = stop + size if stop < 0 else stop
        if not (0 <= start < stop <= size):
            what = f"{self.start} to {'the end' if self.stop is None else self.stop}"
            outside = "takes nothing of" if start >= stop else "reaches out of"
            raise ShapeError(
                f"the slice from {what} {outside} the {axis_name(x, axis)} of {x}",
                operand=0,
                argument="start" if not 0 <= start < size else "stop",
                help=f"a range within 0 to {size}",
            )
        return axis, start, stop

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """One axis becomes shorter."""
        (x,) = inputs
        axis, start, stop = self._range(x)
        return (_with_size(x, axis, stop - start),)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`x[:, 0:32]`, `x[:, -4:]`: as it was written, for inputs of other sizes."""
        axis, _, _ = self._range(inputs[0])
        bounds: list[str] = []
        slots: list[tuple[str, Value]] = []
        for name, value in (("start", self.start), ("stop", self.stop)):
            if value is None or (isinstance(value, int) and value < 0):
                bounds.append("" if value is None else str(value))
            else:  # a place from the front may become a parameter of the class
                bounds.append(f"{{{name}}}")
                slots.append((name, value))
        return Torch(forward=Template(f"{{0}}[{':, ' * axis}{':'.join(bounds)}]", tuple(slots), atom=True))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`slice 0:32`."""
        _, start, stop = self._range(inputs[0])
        return Look("shape", f"slice {show((start,))}:{show((stop,))}", "slice")


@dataclass(frozen=True, eq=False, repr=False)
class Select(_Part):
    """One element of an axis, which is gone then (torch.select): `select(0)` of tokens is the first token, a
    vector; `select(-1)` the last.
    """

    kind: ClassVar[str] = "select"
    example: ClassVar[str] = "input x: 768x14x14; tokens -> class_token -> select(0)"
    aliases: ClassVar[tuple[str, ...]] = ("Select", "index", "index_select", "first", "last", "take", "pick")

    index: int = arg(doc="the element, from 0; negative numbers count from the end")
    axis: int = arg(1, doc="the axis, as PyTorch counts")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The other axes. A map, or tokens, stay one while channels and places remain."""
        (x,) = inputs
        axis = resolve_axis(self.axis, x)
        size = x.sizes[axis - 1]
        if len(x.sizes) == 1:
            raise ShapeError(
                f"{x} has one axis, and nothing would remain of it",
                code="E205",
                operand=0,
                help=f"`slice({self.index}, {self.index + 1})` keeps the axis" if self.index >= 0 else None,
            )
        if not -size <= self.index < size:
            raise ShapeError(
                f"there is no element {self.index} among the {size} along the {axis_name(x, axis)} of {x}",
                operand=0,
                argument="index",
                help=f"an element from 0 to {size - 1}, or from {-size} to -1",
            )
        sizes = (*x.sizes[: axis - 1], *x.sizes[axis:])
        keeps = axis != x.channel_axis and len(sizes) > 1
        return (replace(x, sizes=sizes, layout=x.layout if keeps else Layout.PLAIN),)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """Kept while there are channels."""
        (x,) = inputs
        return Channel.BREAKS if resolve_axis(self.axis, x) == x.channel_axis else Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`x[:, 0]`."""
        axis = resolve_axis(self.axis, inputs[0])
        # a place from the front may become a parameter of the class
        slots = (("index", self.index),) if self.index >= 0 else ()
        index = "{index}" if slots else str(self.index)
        return Torch(forward=Template(f"{{0}}[{':, ' * axis}{index}]", slots, atom=True))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`first token`, `last token`; else `select 3`."""
        (x,) = inputs
        among_tokens = x.layout is Layout.TOKENS and resolve_axis(self.axis, x) != x.channel_axis
        ends = {0: "first token", -1: "last token"} if among_tokens else {}
        text = ends.get(self.index, f"select {self.index}")
        return Look("shape", text, text, place="beside")


@dataclass(frozen=True, eq=False, repr=False)
class Split(_Part):
    """Several tensors of the given sizes along one axis; together they are the whole."""

    kind: ClassVar[str] = "split"
    example: ClassVar[str] = "input x: 64x8x8; split(16, 48) as [a, b]; a -> relu"
    aliases: ClassVar[tuple[str, ...]] = ("Split", "unbind")

    sizes: tuple[Size, ...] = arg(min=1, many=True, doc="sizes of the parts")
    axis: int = arg(1, named=True, doc="the axis, as PyTorch counts")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """One tensor for each size."""
        (x,) = inputs
        axis = resolve_axis(self.axis, x)
        size = x.sizes[axis - 1]
        if sum(self.sizes) != size:
            parts = " + ".join(map(str, self.sizes))
            total = f" = {sum(self.sizes)}" if len(self.sizes) > 1 else ""
            rest = size - sum(self.sizes)
            raise ShapeError(
                f"the parts {parts}{total} are not the {size} {axis_name(x, axis)} of {x}",
                operand=0,
                argument="sizes",
                help=f"`split({', '.join(map(str, (*self.sizes, rest)))})`" if rest > 0 else None,
            )
        return tuple(_with_size(x, axis, part) for part in self.sizes)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`torch.split(x, (32, 32), 1)`."""
        if len(self.sizes) == 1:  # of one part PyTorch makes a tuple
            return Torch(forward=Template("{0}", atom=True))
        return Torch(forward=Call("torch.split", (Operand(), self.sizes, resolve_axis(self.axis, inputs[0]))))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`split 32, 32`."""
        return Look("shape", f"split {', '.join(show((size,)) for size in self.sizes)}", "split")


@dataclass(frozen=True, eq=False, repr=False)
class Chunk(_Part):
    """Several tensors of equal size along one axis."""

    kind: ClassVar[str] = "chunk"
    example: ClassVar[str] = "input x: 64x8x8; chunk(2) as [a, b]; a -> mul(b)"
    aliases: ClassVar[tuple[str, ...]] = ("Chunk", "tensor_split")

    chunks: int = arg(min=1, doc="how many")
    axis: int = arg(1, doc="the axis, as PyTorch counts")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`chunks` tensors."""
        (x,) = inputs
        axis = resolve_axis(self.axis, x)
        size = x.sizes[axis - 1]
        if size % self.chunks:
            raise ShapeError(
                f"cannot cut the {size} {axis_name(x, axis)} of {x} into {self.chunks} equal parts",
                code="E203",
                operand=0,
                argument="chunks",
                help="`split`, which takes the sizes of the parts",
            )
        return (_with_size(x, axis, size // self.chunks),) * self.chunks

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`torch.chunk(x, 2, 1)`."""
        if self.chunks == 1:
            return Torch(forward=Template("{0}", atom=True))
        return Torch(
            forward=Call("torch.chunk", (Operand(), self.chunks, resolve_axis(self.axis, inputs[0])))
        )

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`chunk 2`."""
        return Look("shape", f"chunk {self.chunks}", "chunk")
