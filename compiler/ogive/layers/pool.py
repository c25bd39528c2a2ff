"""Pooling: max_pool, avg_pool, global_avg_pool, global_max_pool, adaptive_avg_pool."""

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
    Layout,
    Look,
    Operand,
    ShapeError,
    Size,
    Template,
    TensorType,
    Torch,
    Value,
    Window,
    arg,
)  # fmt: skip
from ogive.layers.order import ratio
from ogive.layers.pool_text import AVG_POOL, MAX_POOL, SAME_PAD, WHOLE_WINDOWS
from ogive.layers.sizes import (
    ceil_div,
    compact,
    divides,
    per_axis,
    require_float,
    require_map,
    show,
    window_size,
    window_too_large,
)  # fmt: skip
from ogive.layers.unknown import SizeExpr


@dataclass(frozen=True, eq=False, repr=False)
class _Pool(Layer):
    """What pooling by windows shares. The stride is the kernel unless given, as in PyTorch."""

    group: ClassVar[str] = "pool"
    output_saved: ClassVar[bool] = False
    title: ClassVar[str]
    fill: ClassVar[str]
    """What `same` padding is filled with, as an argument in the text; zeros where it is empty."""
    helper: ClassVar[str]
    """The function for maps of unknown size."""

    kernel_size: Window = arg(min=1, doc="size of the window, `2x2`, or `2` for every axis")
    stride: Window | None = arg(None, min=1, doc="step between windows; the size of the window without it")
    padding: Window | Literal["same"] = arg(
        0, min=0, doc="elements added on each side, at most half the window, or `same`"
    )
    ceil: bool = arg(False, doc="whether a last window may hang over the edge")

    def _dilation(self, axes: int) -> tuple[int, ...]:
        return (1,) * axes

    def _windows(self, x: TensorType) -> list[tuple[int, int, int, int]]:
        """Kernel, stride, padding and dilation on each axis."""
        n = len(x.spatial)
        kernel = per_axis(self.kernel_size, n, "kernel_size")
        stride = kernel if self.stride is None else per_axis(self.stride, n, "stride")
        padding = (0,) * n if self.padding == "same" else per_axis(self.padding, n, "padding")
        return list(zip(kernel, stride, padding, self._dilation(n), strict=True))

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, *places]` to `[C, *windows]`."""
        (x,) = inputs
        require_map(x)
        require_float(x)
        sizes: list[Size] = []
        for axis, (size, (k, s, p, d)) in enumerate(zip(x.spatial, self._windows(x), strict=True)):
            if self.padding == "same":
                sizes.append(ceil_div(size, s))
                continue
            if p > k // 2:
                raise ShapeError(
                    f"padding of {p} is more than half of the window of {k}",
                    argument="padding",
                    help=f"`padding = {k // 2}` at most, or `pad({p})` before it",
                )
            windows = window_size(size, k, s, p, d, self.ceil)
            if windows < 1:
                raise window_too_large("a window", x, axis, k, dilation=d, before=p, behind=p)
            sizes.append(windows)
        return (x.with_spatial(*sizes),)

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, int | Fraction], ...] | None:
        """The dilated window and its stride."""
        return tuple((d * (k - 1) + 1, s) for k, s, _, d in self._windows(inputs[0]))

    def _call(self, x: TensorType, function: str, *more: Keyword) -> Torch:
        """The function with this window; `more` stands behind the padding."""
        kernel, stride, padding, dilation = zip(*self._windows(x), strict=True)
        if self.padding == "same":
            plain = all(s == d == 1 and k % 2 for k, s, d in zip(kernel, stride, dilation, strict=True))
            if not plain or (function == "avg_pool" and len(kernel) == 3):
                unknown = any(isinstance(size, SizeExpr) for size in x.spatial) and set(stride) != {1}
                name = f"{function}{len(kernel)}d" if unknown else f"F.{function}{len(kernel)}d"
                return self._same(name, kernel, stride, dilation)
            padding = tuple(k // 2 for k in kernel)
        keywords = (
            Keyword("stride", None if stride == kernel else compact(stride), None),
            Keyword("padding", compact(padding), 0),
            *more,
            Keyword("ceil_mode", self.ceil, False),
        )
        name, helpers = f"F.{function}{len(kernel)}d", ()
        if self._leaves_unknown(x):
            name, helpers = f"{function}{len(kernel)}d", self._for_any_size(len(kernel))
        return Torch(forward=Call(name, (Operand(), compact(kernel)), keywords), helpers=helpers)

    def _for_any_size(self, axes: int) -> tuple[str, ...]:
        return (WHOLE_WINDOWS, self.helper.replace("{n}", str(axes)))

    def _leaves_unknown(self, x: TensorType) -> bool:
        """Whether it is unknown what the steps leave over behind the last window."""
        return any(
            isinstance((size + 2 * p - d * (k - 1) - 1) % s, SizeExpr)
            for size, (k, s, p, d) in zip(x.spatial, self._windows(x), strict=True)
        )

    def _same(
        self, function: str, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
    ) -> Torch:
        """`same` padding that depends on the size of the input."""
        extent = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
        slots: list[tuple[str, Value]] = [("extent", extent), ("steps", stride), ("kernel", compact(kernel))]
        slots.append(("stride", compact(stride)))
        more = ""
        if any(d > 1 for d in dilation):
            more = ", dilation={dilation}"
            slots.append(("dilation", compact(dilation)))
        padded = f"same_pad({{0}}, {{extent}}, {{steps}}{self.fill})"
        text = f"{function}({padded}, {{kernel}}, stride={{stride}}{more})"
        if not self._counts_padding():
            ones = text.replace("{0}", "torch.ones_like({0}[:1, :1])")
            text = f"{text} / {ones}"
        helpers = (SAME_PAD, *(() if function.startswith("F.") else self._for_any_size(len(kernel))))
        return Torch(forward=Template(text, tuple(slots), atom=" / " not in text), helpers=helpers)

    def _counts_padding(self) -> bool:
        return True

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`3×3 max pool, /2`."""
        kernel, stride, _, _ = zip(*self._windows(inputs[0]), strict=True)
        step = show(stride) if len(set(stride)) > 1 else str(stride[0])
        name = f"{show(kernel)} {self.title} pool"
        return Look("pool", name if step == "1" else f"{name}, /{step}", name)


@dataclass(frozen=True, eq=False, repr=False)
class MaxPool(_Pool):
    """The greatest element of each window; the padding never is."""

    kind: ClassVar[str] = "max_pool"
    example: ClassVar[str] = "input x: 64x56x56; max_pool(3x3, stride = 2, padding = 1)"
    aliases: ClassVar[tuple[str, ...]] = (
        "maxpool", "MaxPool", "MaxPool1d", "MaxPool2d", "MaxPool3d", "max_pool1d", "max_pool2d", "max_pool3d",
        "MaxPooling2D",
    )  # fmt: skip
    title: ClassVar[str] = "max"
    fill: ClassVar[str] = ", -torch.inf"
    helper: ClassVar[str] = MAX_POOL

    dilation: Window = arg(1, min=1, doc="step between the elements of a window")

    def _dilation(self, axes: int) -> tuple[int, ...]:
        return per_axis(self.dilation, axes, "dilation")

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """The greatest plus a constant; padding is minus infinity and never wins."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`F.max_pool2d(x, 3, stride=2, padding=1)`."""
        return self._call(
            inputs[0], "max_pool", Keyword("dilation", compact(self._dilation(len(inputs[0].spatial))), 1)
        )


@dataclass(frozen=True, eq=False, repr=False)
class AvgPool(_Pool):
    """The mean of each window. Padding counts as zeros unless `count_include_pad = false`."""

    kind: ClassVar[str] = "avg_pool"
    example: ClassVar[str] = "input x: 64x56x56; avg_pool(2x2)"
    aliases: ClassVar[tuple[str, ...]] = (
        "avgpool", "AvgPool", "AvgPool1d", "AvgPool2d", "AvgPool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
        "AveragePooling2D", "average_pool", "mean_pool",
    )  # fmt: skip
    title: ClassVar[str] = "avg"
    fill: ClassVar[str] = ""
    helper: ClassVar[str] = AVG_POOL

    count_include_pad: bool = arg(True, doc="whether the zeros of the padding are part of the mean")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, *places]` to `[C, *windows]`; in three dimensions PyTorch's must fit without padding."""
        found = super().infer(inputs)
        (x,) = inputs
        for axis, (kernel, *_) in enumerate(self._windows(x)):
            if len(x.spatial) == 3 and self.padding != "same" and kernel > x.spatial[axis]:
                raise window_too_large("a window", x, axis, kernel)
        return found

    def _counts_padding(self) -> bool:
        return self.count_include_pad

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """The mean plus a constant, unless zeros of the padding are among what is averaged."""
        same = self.padding == "same"
        padded = any(kernel > 1 if same else padding for kernel, _, padding, _ in self._windows(inputs[0]))
        return Channel.BREAKS if padded and self.count_include_pad else Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`F.avg_pool2d(x, 2)`."""
        return self._call(inputs[0], "avg_pool", Keyword("count_include_pad", self.count_include_pad, True))


class _GlobalPool(Layer):
    """One number for each channel: the places of a map, or the tokens, shrink to one."""

    group: ClassVar[str] = "pool"
    function: ClassVar[str]
    method: ClassVar[str]
    title: ClassVar[str]

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, *places]` to `[C, 1, …]`, `[length, C]` to `[1, C]`."""
        (x,) = inputs
        require_float(x)
        if x.layout is Layout.PLAIN:
            raise ShapeError(f"needs a map or tokens, and {x} has no places to pool", code="E204", operand=0)
        return (x.with_spatial(*(1 for _ in x.spatial)),)

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, Size | Fraction], ...] | None:
        """Everything."""
        return tuple((size, size) for size in inputs[0].spatial)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """The mean, or the greatest, plus a constant."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`F.adaptive_avg_pool2d(x, 1)`, or `x.mean(1, keepdim=True)` of tokens."""
        (x,) = inputs
        axes = len(x.spatial)
        if x.layout is Layout.MAP:
            return Torch(forward=Call(f"F.adaptive_{self.function}{axes}d", (Operand(), 1)))
        where = compact(range(1, axes + 1))
        return Torch(forward=Template(f"{{0}}.{self.method}({where}, keepdim=True)", atom=True))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`global avg pool`."""
        return Look("pool", f"global {self.title} pool", f"global {self.title} pool")


class GlobalAvgPool(_GlobalPool):
    """The mean of each channel; a map keeps places of size 1, as in PyTorch (Lin et al. 2013)."""

    kind: ClassVar[str] = "global_avg_pool"
    example: ClassVar[str] = "input x: 512x7x7; global_avg_pool"
    aliases: ClassVar[tuple[str, ...]] = (
        "gap", "GAP", "GlobalAveragePooling2D", "global_average_pool", "AdaptiveAvgPool2d", "global_pool",
    )  # fmt: skip
    output_saved: ClassVar[bool] = False
    function: ClassVar[str] = "avg_pool"
    method: ClassVar[str] = "mean"
    title: ClassVar[str] = "avg"


class GlobalMaxPool(_GlobalPool):
    """The greatest element of each channel; a map keeps places of size 1."""

    kind: ClassVar[str] = "global_max_pool"
    example: ClassVar[str] = "input x: 512x7x7; global_max_pool"
    aliases: ClassVar[tuple[str, ...]] = ("gmp", "GMP", "GlobalMaxPooling2D", "AdaptiveMaxPool2d")
    function: ClassVar[str] = "max_pool"
    method: ClassVar[str] = "amax"
    title: ClassVar[str] = "max"


@dataclass(frozen=True, eq=False, repr=False)
class AdaptiveAvgPool(Layer):
    """The mean over as many windows as the output has places; they overlap where the sizes do not divide."""

    kind: ClassVar[str] = "adaptive_avg_pool"
    example: ClassVar[str] = "input x: 512x13x13; adaptive_avg_pool(7x7)"
    aliases: ClassVar[tuple[str, ...]] = ("AdaptiveAvgPool", "adaptive_pool", "adaptive_average_pool")
    group: ClassVar[str] = "pool"
    output_saved: ClassVar[bool] = False

    output_size: Window = arg(min=1, doc="size of the output, `7x7`, or `7` for every axis")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, *places]` to `[C, *output_size]`."""
        (x,) = inputs
        require_map(x)
        require_float(x)
        return (x.with_spatial(*self._output(x)),)

    def _output(self, x: TensorType) -> tuple[int, ...]:
        return per_axis(self.output_size, len(x.spatial), "output_size")

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, Size | Fraction], ...] | None:
        """The largest window, and the mean step between windows."""
        (x,) = inputs
        return tuple(
            (_widest(n, out), ratio(n, out)) for n, out in zip(x.spatial, self._output(x), strict=True)
        )

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """Means plus a constant."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`F.adaptive_avg_pool2d(x, 7)`."""
        size = self._output(inputs[0])
        return Torch(forward=Call(f"F.adaptive_avg_pool{len(size)}d", (Operand(), compact(size))))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`avg pool to 7×7`; a folded drawing leaves it out where the map has that size anyway."""
        output = self._output(inputs[0])
        place = "nowhere" if inputs[0].spatial == output else "box"
        return Look("pool", f"avg pool to {show(output)}", "avg pool", place=place)


def _widest(size: Size, windows: int) -> Size:
    """The largest of PyTorch's adaptive windows; window i is [floor(i n / out), ceil((i + 1) n / out)). Of an
    unknown size, the largest that it can be.
    """
    if isinstance(size, SizeExpr):
        return ceil_div(size, windows) + (windows > 2 and not divides(windows, size))
    step = Fraction(size, windows)
    n, out = step.numerator, step.denominator  # the windows repeat after `out` of them
    return max(ceil_div((i + 1) * n, out) - i * n // out for i in range(out))
