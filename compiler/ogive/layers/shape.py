"""Layers that only reshape: identity, flatten, reshape, permute, tokens, map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar, Literal

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
from ogive.layers.sizes import divides, require_map, resolve_axis
from ogive.layers.tensor import shape_text


class _View(Layer):
    """What they share. The output is another view of the same memory, so it must not be overwritten."""

    group: ClassVar[str] = "shape"
    output_saved: ClassVar[bool] = True

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """Its name, in small type beside a layer."""
        return Look("shape", self.kind, self.kind, place="beside")


class Identity(_View):
    """The tensor itself."""

    kind: ClassVar[str] = "identity"
    example: ClassVar[str] = "input x: 64x8x8; concat { | identity | conv(64, 1x1) }"
    aliases: ClassVar[tuple[str, ...]] = ("Identity", "noop", "skip", "pass")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape stays."""
        return (inputs[0],)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """Everything stays."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`x`."""
        return Torch(forward=Template("{0}", atom=True))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """Nothing to see."""
        return Look("shape", self.kind, self.kind, place="nowhere")


@dataclass(frozen=True, eq=False, repr=False)
class Flatten(_View):
    """Several axes as one (torch.flatten): all of them, unless others are given.

    A map stays one when its channels stay the first axis and places remain; tokens stay tokens when their
    features are not part of it. Anything else is plain.
    """

    kind: ClassVar[str] = "flatten"
    example: ClassVar[str] = "input x: 16x5x5; flatten"
    aliases: ClassVar[tuple[str, ...]] = ("Flatten", "ravel")

    start_dim: int = arg(1, doc="the first axis, as PyTorch counts")
    end_dim: int = arg(-1, doc="the last axis")

    def _axes(self, x: TensorType) -> tuple[int, int]:
        start = resolve_axis(self.start_dim, x, argument="start_dim")
        end = resolve_axis(self.end_dim, x, argument="end_dim")
        if start > end:
            raise ShapeError(
                f"start_dim = {self.start_dim} stands behind end_dim = {self.end_dim} in {x}", code="E205"
            )
        return start, end

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, *places]` to `[C * places]`."""
        (x,) = inputs
        start, end = self._axes(x)
        sizes = (*x.sizes[: start - 1], prod(x.sizes[start - 1 : end]), *x.sizes[end:])
        layout = x.layout if len(sizes) > 1 else Layout.PLAIN
        return (replace(x, sizes=sizes, layout=layout),)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """Kept where no new channel mixes two old ones."""
        return _reshaped(inputs[0], self.infer(inputs)[0])

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`torch.flatten(x, 1)`."""
        (x,) = inputs
        start, end = self._axes(x)
        last = () if end == len(x.sizes) else (end,)
        return Torch(forward=Call("torch.flatten", (Operand(), start, *last)))


@dataclass(frozen=True, eq=False, repr=False)
class Reshape(_View):
    """The same elements, in the same order, under other sizes (torch.reshape); one size may be -1.

    One size makes a vector, three and four make a map. Two make a map of one place axis from a map, tokens
    from anything else. `layout` says otherwise.
    """

    kind: ClassVar[str] = "reshape"
    example: ClassVar[str] = "input x: [256]; reshape(16, 4, 4)"
    aliases: ClassVar[tuple[str, ...]] = ("Reshape", "view", "unflatten", "Unflatten")

    sizes: tuple[Size, ...] = arg(min=-1, many=True, doc="sizes of the output, without the batch")
    layout: Literal["auto", "map", "tokens", "plain"] = arg("auto", named=True, doc="how the output is read")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The given sizes."""
        (x,) = inputs
        sizes = self._sizes(x)
        layout = _layout_of(x, len(sizes)) if self.layout == "auto" else _said(self.layout, len(sizes))
        return (replace(x, sizes=sizes, layout=layout),)

    def _sizes(self, x: TensorType) -> tuple[Size, ...]:
        known = prod(size for size in self.sizes if size != -1)
        open_sizes = self.sizes.count(-1)
        fits = (
            x.elements % known == 0 if known and open_sizes == 1 else known == x.elements and not open_sizes
        )
        if not fits or 0 in self.sizes:
            text = shape_text(tuple("?" if size == -1 else size for size in self.sizes))
            why = (
                "has more than one open size"
                if open_sizes > 1
                else f"does not hold the {x.elements} elements of {x}"
            )
            raise ShapeError(f"{text} {why}", operand=0, argument="sizes")
        return tuple(x.elements // known if size == -1 else size for size in self.sizes)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """Kept where no new channel mixes two old ones."""
        return _reshaped(inputs[0], self.infer(inputs)[0])

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`x.reshape(-1, 64, 7, 7)`."""
        sizes = self._sizes(inputs[0])
        names = ", ".join(f"{{size{i}}}" for i in range(len(sizes)))
        slots = tuple((f"size{i}", size) for i, size in enumerate(sizes))
        return Torch(forward=Template(f"{{0}}.reshape(-1, {names})", slots, atom=True))


def _too_few(axes: int, layout: str) -> str:
    given = f"{axes} {'size is' if axes == 1 else 'sizes are'} given"
    return f"{'a map has' if layout == 'map' else 'tokens have'} two to four sizes, and {given}"


def _said(layout: str, axes: int) -> Layout:
    """The layout that was asked for, where so many axes can have it."""
    least, most = {"map": (2, 4), "tokens": (2, 4), "plain": (1, 99)}[layout]
    if not least <= axes <= most:
        raise ShapeError(_too_few(axes, layout), code="E205", argument="layout")
    return Layout(layout)


def _layout_of(x: TensorType, axes: int) -> Layout:
    """How a tensor of that many axes, made from this one, is read unless it is said."""
    if axes == 1 or axes > 4:
        return Layout.PLAIN
    if axes > 2:
        return Layout.MAP
    return Layout.MAP if x.layout is Layout.MAP else Layout.TOKENS


@dataclass(frozen=True, eq=False, repr=False)
class Permute(_View):
    """The axes in another order (torch.permute): `permute(2, 3, 1)` puts the channels of a map last.

    The result is a map where the channels come first, tokens where they come last, plain otherwise. `layout`
    says otherwise: after `permute(2, 1, layout = tokens)` of tokens, `linear` mixes places and not features.
    """

    kind: ClassVar[str] = "permute"
    example: ClassVar[str] = "input x: 64x8x8; permute(2, 3, 1)"
    aliases: ClassVar[tuple[str, ...]] = ("Permute", "transpose", "rearrange", "movedim")

    axes: tuple[int, ...] = arg(
        many=True, doc="the axes in their new order, as PyTorch counts, without the batch"
    )
    layout: Literal["auto", "map", "tokens", "plain"] = arg("auto", named=True, doc="how the output is read")

    def _axes(self, x: TensorType) -> tuple[int, ...]:
        axes = tuple(resolve_axis(axis, x, argument="axes") for axis in self.axes)
        if sorted(axes) != list(range(1, len(x.sizes) + 1)):
            every = ", ".join(map(str, range(1, len(x.sizes) + 1)))
            raise ShapeError(
                f"({', '.join(map(str, self.axes))}) is no order of the axes of {x}",
                code="E205",
                operand=0,
                argument="axes",
                help=f"each of {every} once",
            )
        return axes

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The same sizes in another order."""
        (x,) = inputs
        axes = self._axes(x)
        layout = Layout.PLAIN
        if self.layout != "auto":
            layout = _said(self.layout, len(axes))
        elif x.layout is not Layout.PLAIN:
            place = axes.index(x.channel_axis)
            layout = {0: Layout.MAP, len(axes) - 1: Layout.TOKENS}.get(place, Layout.PLAIN)
        return (replace(x, sizes=tuple(x.sizes[axis - 1] for axis in axes), layout=layout),)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """Kept where the channels are channels afterwards."""
        (x,) = inputs
        (y,) = self.infer(inputs)
        return Channel.KEEPS if self._axes(x).index(x.channel_axis) == y.channel_axis - 1 else Channel.BREAKS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`x.permute(0, 2, 3, 1)`."""
        axes = ", ".join(map(str, self._axes(inputs[0])))
        return Torch(forward=Template(f"{{0}}.permute(0, {axes})", atom=True))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`channels last`, `channels first` where nothing else changes; else `permute 1, 3, 2`."""
        axes = self._axes(inputs[0])
        every = tuple(range(1, len(axes) + 1))
        layout = self.infer(inputs)[0].layout
        text = f"permute {', '.join(map(str, axes))}"
        if inputs[0].layout is Layout.MAP and layout is Layout.TOKENS and axes == (*every[1:], 1):
            text = "channels last"
        elif inputs[0].layout is Layout.TOKENS and layout is Layout.MAP and axes == (every[-1], *every[:-1]):
            text = "channels first"
        return Look("shape", text, text, place="beside")


class Tokens(_View):
    """A map as tokens: every place is one, row by row, and the channels are its features."""

    kind: ClassVar[str] = "tokens"
    example: ClassVar[str] = "input x: 768x14x14; tokens"
    aliases: ClassVar[tuple[str, ...]] = ("to_tokens", "tokenize", "flatten_hw", "sequence")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, *places]` to `[places, C]`."""
        (x,) = inputs
        require_map(x)
        return (replace(x, sizes=(prod(x.spatial), x.channels), layout=Layout.TOKENS),)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """The channels are the features."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`x.flatten(2).transpose(1, 2)`."""
        flat = ".flatten(2)" if len(inputs[0].spatial) > 1 else ""
        return Torch(forward=Template(f"{{0}}{flat}.transpose(1, 2)", atom=True))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`to tokens`."""
        return Look("shape", "to tokens", "to tokens", place="beside")


@dataclass(frozen=True, eq=False, repr=False)
class Map(_View):
    """Tokens as a map: `map(14, 14)` lays them out row by row; without sizes their axes stay as they are."""

    kind: ClassVar[str] = "map"
    example: ClassVar[str] = "input x: 768x14x14; tokens -> map(14, 14)"
    aliases: ClassVar[tuple[str, ...]] = ("to_map", "untokenize", "to_image")

    sizes: tuple[Size, ...] = arg((), min=1, many=True, doc="sizes of the places")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[length, C]` to `[C, *sizes]`."""
        (x,) = inputs
        if x.layout is not Layout.TOKENS:
            name = "one already" if x.layout is Layout.MAP else "a plain tensor"
            raise ShapeError(
                f"lays tokens out as a map, and {x} is {name}",
                code="E204",
                operand=0,
                help="`reshape` takes channels and places" if x.layout is Layout.PLAIN else "leave it out",
            )
        sizes = self.sizes or x.spatial
        if prod(sizes) != prod(x.spatial) or len(sizes) > 3:
            text = " x ".join(map(str, sizes))
            raise ShapeError(
                f"{text} places are {prod(sizes)}, and {x} has {prod(x.spatial)} tokens"
                if len(sizes) < 4
                else f"a map has at most three axes of places, not {text}",
                operand=0,
                argument="sizes",
            )
        return (replace(x, sizes=(x.channels, *sizes), layout=Layout.MAP),)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """The features are the channels."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`x.transpose(1, 2).unflatten(2, (14, 14))`."""
        (x,) = inputs
        n = len(x.spatial)
        text = "{0}.transpose(1, 2)" if n == 1 else "{0}.movedim(-1, 1)"
        sizes = self.sizes or x.spatial
        if sizes == x.spatial:
            return Torch(forward=Template(text, atom=True))
        if n > 1:
            text += ".flatten(2)"
        if len(sizes) > 1:
            return Torch(forward=Template(text + ".unflatten(2, {sizes})", (("sizes", sizes),), atom=True))
        return Torch(forward=Template(text, atom=True))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`to map`; `channels first` where its axes stay as they are."""
        text = "to map" if self.sizes else "channels first"
        return Look("shape", text, text, place="beside")


def _reshaped(before: TensorType, after: TensorType) -> str:
    """What a change of shape without a change of order does to a constant for each channel.

    Channels first: one channel is one run of elements, and a new channel must lie in one run. Features last:
    the feature of an element is its position modulo their number, and the old number must divide the new one.
    """
    if not divides(before.channels, after.channels):
        return Channel.BREAKS
    one_run = len(after.sizes) == 1  # every element is a channel of its own
    return (
        Channel.KEEPS
        if one_run or (before.layout is Layout.MAP) == (after.layout is Layout.MAP)
        else Channel.BREAKS
    )
