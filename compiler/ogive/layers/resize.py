"""Layers that change the number of places: upsample, pad, crop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

from ogive.layers.base import (
    Call,
    Channel,
    Keyword,
    Layer,
    Look,
    Operand,
    Places,
    ShapeError,
    Size,
    Template,
    TensorType,
    Torch,
    Window,
    arg,
)  # fmt: skip
from ogive.layers.order import ratio
from ogive.layers.sizes import (
    axis_name,
    check_padding_mode,
    compact,
    per_axis,
    require_float,
    require_map,
    show,
)
from ogive.layers.unknown import scaled

_TAPS = {"nearest": 1, "nearest-exact": 1, "linear": 2, "bilinear": 2, "trilinear": 2, "bicubic": 4}
_ONLY_AXES = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}


@dataclass(frozen=True, eq=False, repr=False)
class Upsample(Layer):
    """A map with more (or fewer) places, interpolated (torch.nn.functional.interpolate).

    Give `scale_factor` or `size`. A scaled size is rounded down.
    """

    kind: ClassVar[str] = "upsample"
    example: ClassVar[str] = "input x: 64x8x8; upsample(scale_factor = 2)"
    aliases: ClassVar[tuple[str, ...]] = ("Upsample", "UpSampling2D", "interpolate", "resize", "unpool")
    group: ClassVar[str] = "shape"
    output_saved: ClassVar[bool] = False

    scale_factor: Window | float | None = arg(None, doc="what the sizes are multiplied with")
    size: Places | None = arg(None, min=1, doc="the sizes of the output")
    mode: Literal["nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear"] = arg(
        "nearest", doc="how to interpolate; the linear modes are for one, two and three axes"
    )
    align_corners: bool = arg(
        False, doc="whether the corners of input and output lie on each other; not for nearest"
    )

    def _sizes(self, x: TensorType) -> tuple[Size, ...]:
        n = len(x.spatial)
        if self.size is not None:
            return per_axis(self.size, n, "size")
        scale = self.scale_factor
        if isinstance(scale, float):
            return tuple(scaled(size, scale) for size in x.spatial)
        factors = per_axis(scale if scale is not None else 1, n, "scale_factor")
        return tuple(size * factor for size, factor in zip(x.spatial, factors, strict=True))

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, *places]` to `[C, *places * scale_factor]`."""
        (x,) = inputs
        require_map(x)
        require_float(x)
        if (self.scale_factor is None) == (self.size is None):
            raise ShapeError(
                f"needs scale_factor or size, and has {'neither' if self.size is None else 'both'}",
                code="E107",
                argument="size",
                help="`upsample(scale_factor = 2)`",
            )
        axes = _ONLY_AXES.get(self.mode, len(x.spatial))
        if axes != len(x.spatial):
            raise ShapeError(
                f"mode {self.mode} is for {axes}d maps, and {x} is {len(x.spatial)}d",
                code="E205",
                operand=0,
                argument="mode",
                help=f"`mode = {('linear', 'bilinear', 'trilinear')[len(x.spatial) - 1]}`",
            )
        if self.align_corners and _TAPS[self.mode] == 1:
            raise ShapeError(
                f"align_corners has no meaning with mode {self.mode}", code="E107", argument="align_corners"
            )
        sizes = self._sizes(x)
        for axis, size in enumerate(sizes, 2):
            if size < 1:
                raise ShapeError(
                    f"scale_factor = {self.scale_factor} leaves nothing of the {axis_name(x, axis)} of {x}",
                    code="E202",
                    operand=0,
                    argument="scale_factor",
                )
        return (x.with_spatial(*sizes),)

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, Size | Fraction], ...] | None:
        """The neighbours that are interpolated; a step in the output is a part of one in the input. Where
        unknown sizes do not divide, it is what that comes to when they are large.
        """
        (x,) = inputs
        taps = _TAPS[self.mode]
        return tuple(
            (min(taps, size), ratio(size, out)) for size, out in zip(x.spatial, self._sizes(x), strict=True)
        )

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """The weights of an interpolation sum to one."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`F.interpolate(x, scale_factor=2)`."""
        n = len(inputs[0].spatial)
        scale = self.scale_factor
        keywords = (
            Keyword("size", None if self.size is None else compact(per_axis(self.size, n, "size")), None),
            Keyword("scale_factor", compact(scale) if isinstance(scale, tuple) else scale, None),
            Keyword("mode", self.mode, "nearest"),
            Keyword("align_corners", self.align_corners, False),
        )
        return Torch(forward=Call("F.interpolate", (Operand(),), keywords))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`upsample ×2`."""
        if self.size is not None:
            by = f"to {show(self._sizes(inputs[0]))}"
        else:
            scale = self.scale_factor
            by = f"×{show(scale) if isinstance(scale, tuple) else f'{scale:g}'}"
        return Look("shape", f"upsample {by}", f"upsample {by}")


@dataclass(frozen=True, eq=False, repr=False)
class Pad(Layer):
    """A map with more elements around it (torch.nn.functional.pad).

    `pad(1)` adds on every side, `pad(1x2)` one number for both sides of an axis, and a list with two numbers
    for each axis is in PyTorch's order, the last axis first: `pad([left, right, top, bottom])`.
    """

    kind: ClassVar[str] = "pad"
    example: ClassVar[str] = "input x: 64x8x8; pad(1)"
    aliases: ClassVar[tuple[str, ...]] = (
        "Pad",
        "padding",
        "ZeroPad2d",
        "ZeroPadding2D",
        "ReflectionPad2d",
        "zero_pad",
    )
    group: ClassVar[str] = "shape"
    output_saved: ClassVar[bool] = False

    padding: Places = arg(min=0, doc="elements on each side")
    mode: Literal["constant", "reflect", "replicate", "circular"] = arg("constant", doc="what stands there")
    value: float = arg(0.0, doc="the constant")

    def _sides(self, x: TensorType) -> tuple[tuple[Size, Size], ...]:
        """Elements before and behind, on each axis in order."""
        n = len(x.spatial)
        padding = self.padding
        if isinstance(padding, tuple) and len(padding) == 2 * n:
            return tuple(zip(padding[-2::-2], padding[-1::-2], strict=True))
        return tuple((p, p) for p in per_axis(padding, n, "padding"))

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, *places]` to `[C, *places + padding]`."""
        (x,) = inputs
        require_map(x)
        require_float(x)
        sides = self._sides(x)
        for axis, pair in enumerate(sides):
            for padding in pair:
                check_padding_mode(self.mode, x, axis, padding)
        return (x.with_spatial(*(size + sum(pair) for size, pair in zip(x.spatial, sides, strict=True))),)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """Kept, unless elements are added that the constant was not added to."""
        padded = self.mode == "constant" and any(map(any, self._sides(inputs[0])))
        return Channel.BREAKS if padded else Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`F.pad(x, (1, 1, 1, 1))`."""
        numbers = tuple(p for pair in reversed(self._sides(inputs[0])) for p in pair)
        keywords = (Keyword("mode", self.mode, "constant"), Keyword("value", self.value, 0.0))
        if self.mode != "constant":
            keywords = keywords[:1]
        return Torch(forward=Call("F.pad", (Operand(), numbers), keywords))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`pad 1`."""
        sides = self._sides(inputs[0])
        numbers = {p for pair in sides for p in pair}
        text = ", ".join(f"{show((a,))}+{show((b,))}" for a, b in sides)
        text = show((numbers.pop(),)) if len(numbers) == 1 else text
        return Look("shape", f"pad {text}", "pad")


@dataclass(frozen=True, eq=False, repr=False)
class Crop(Layer):
    """The middle of a map. Where the rest is odd, the larger part is cut off behind."""

    kind: ClassVar[str] = "crop"
    example: ClassVar[str] = "input x: 64x12x12; crop(8, 8)"
    aliases: ClassVar[tuple[str, ...]] = ("Crop", "center_crop", "CenterCrop", "Cropping2D")
    group: ClassVar[str] = "shape"
    arity: ClassVar[tuple[int, int | None]] = (1, 2)
    follows: ClassVar[str | None] = "sizes"

    sizes: tuple[Size, ...] = arg(
        (), min=1, many=True, doc="sizes of the output, one for all axes or one for each; or a tensor of them"
    )

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, *places]` to `[C, *sizes]`."""
        x = inputs[0]
        require_map(x)
        if len(inputs) == 2:
            require_map(inputs[1], axes=(len(x.spatial),))
        if (len(inputs) == 2) == bool(self.sizes):
            raise ShapeError(
                "takes the sizes of its output, or a tensor that has them",
                code="E206",
                help="`crop(56, 56)`, or `crop(up)`",
            )
        sizes = self._sizes(inputs)
        for axis, (size, wanted) in enumerate(zip(x.spatial, sizes, strict=True), 2):
            if wanted > size:
                raise ShapeError(
                    f"{wanted} is more than the {axis_name(x, axis)} of {x}",
                    code="E202",
                    operand=0,
                    argument="sizes",
                    help="a crop makes smaller; `pad` makes larger",
                )
        return (x.with_spatial(*sizes),)

    def _sizes(self, inputs: Sequence[TensorType]) -> tuple[Size, ...]:
        x = inputs[0]
        if len(inputs) == 2:
            return inputs[1].spatial
        return per_axis(self.sizes[0] if len(self.sizes) == 1 else self.sizes, len(x.spatial), "the crop")

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """What remains stays as it is."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`center_crop(x, (56, 56))`: where it begins depends on the size of the input."""
        call: Call | Template = Call("center_crop", (Operand(), self._sizes(inputs)))
        if len(inputs) == 2:
            call = Template("center_crop({0}, {1}.shape[2:])", atom=True)
        return Torch(forward=call, helpers=(_CENTER_CROP,))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`crop 56×56`."""
        return Look("shape", f"crop {show(self._sizes(inputs))}", "crop")


_CENTER_CROP = '''@torch.fx.wrap
def center_crop(x, sizes):
    """The middle of a map; where the rest is odd, the larger part is cut off behind."""
    for axis, size in enumerate(sizes, 2):
        rest = x.shape[axis] - size
        if rest < 0:
            raise ValueError(f"a crop to {tuple(sizes)} is larger than its input of {tuple(x.shape[2:])}")
        x = x.narrow(axis, rest // 2, size)
    return x
'''
