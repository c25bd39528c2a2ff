"""Arithmetic of sizes, for every layer whose outputs depend on a window."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from math import ceil
from typing import TypeVar

from ogive.layers.base import Layout, ShapeError, Size, TensorType
from ogive.layers.notation import DRAWN, written
from ogive.layers.order import magnitude
from ogive.layers.unknown import SizeExpr, Undecided

_S = TypeVar("_S", int, Size)


def ceil_div(a: Size, b: int) -> Size:
    """The quotient, rounded up."""
    return (a + (b - 1)) // b


def stride_between(size: Size, wanted: Size) -> int | None:
    """The smallest step with which a window of one place makes `wanted` places of `size`."""
    stride = ceil(magnitude(size) / magnitude(wanted)) if wanted else 0
    return stride if stride >= 1 and wanted == ceil_div(size, stride) else None


def divides(a: Size, b: Size) -> bool:
    """Whether one size divides another, whatever is unknown about them."""
    try:
        return b % a == 0
    except Undecided:
        return False


def per_axis(window: _S | tuple[_S, ...], axes: int, argument: str) -> tuple[_S, ...]:
    """A window, or sizes, as one number an axis.

    Raises:
        ShapeError: it has another number of axes than the map.
    """
    if not isinstance(window, tuple):
        return (window,) * axes
    if len(window) != axes:
        text = "x".join(map(str, window))
        raise ShapeError(
            f"{argument} {text} has {len(window)} axes, and the map has {axes}",
            code="E205",
            argument=argument,
            help=_for_axes(window, axes),
        )
    return window


def _for_axes(window: Sequence[Size], axes: int) -> str | None:
    """The help for a window of the wrong rank: what it would be for the map, if all its sides are equal."""
    if len(set(window)) != 1:
        return None
    fitting = "x".join([str(window[0])] * axes)
    return f"write `{fitting}`" + (f", or `{window[0]}` for any number of axes" if axes > 1 else "")


def window_size(
    size: Size, kernel: int, stride: int, padding: int, dilation: int = 1, ceil: bool = False
) -> Size:
    """How many windows fit on an axis, as PyTorch counts; with `ceil`, a last one may hang over the edge."""
    extent = dilation * (kernel - 1) + 1
    room = size + 2 * padding - extent
    if not ceil:
        return room // stride + 1
    # PyTorch: the last window must start inside the input or its left padding
    return ceil_div(size + min(2 * padding - extent + stride, padding), stride)


def window_too_large(
    what: str, x: TensorType, axis: int, kernel: int, *, dilation: int = 1, before: Size = 0, behind: Size = 0
) -> ShapeError:
    """The error for a window (`a kernel`, `a window`) that is larger than an axis of a map with its padding.

    Args:
        what: the window in a sentence.
        x: the map.
        axis: which of its spatial axes.
        kernel, dilation: the window there.
        before, behind: padding there.
    """
    size, extent = x.spatial[axis], dilation * (kernel - 1) + 1
    dilated = f" (dilated to {extent})" if dilation > 1 else ""
    padded = f" plus {before + behind} of padding" if before + behind else ""
    return ShapeError(
        f"{what} of {kernel}{dilated} is larger than the {axis_name(x, axis + 2)} of {x}{padded}",
        code="E202",
        operand=0,
        argument="kernel_size",
        notes=((axis_name(x, axis + 2), f"{size}{padded}, and the window needs {extent}"),),
        help=f"a {axis_name(x, axis + 2)} of at least {extent - before - behind} here, or a smaller window",
    )


def resolve_axis(axis: int, x: TensorType, *, extra: int = 0, argument: str = "axis") -> int:
    """An axis as PyTorch counts (the batch is 0, -1 the last), as a positive number.

    Args:
        axis: as it was written.
        x: the tensor.
        extra: axes that the result has beyond those of the tensor (1 for `stack`).
        argument: the name of the argument.

    Raises:
        ShapeError: E205 when it is the batch, or when there is no such axis.
    """
    axes = len(x.sizes) + extra
    resolved = axis + axes + 1 if axis < 0 else axis
    if not 1 <= resolved <= axes:
        why = "is the batch, which stays as it is" if resolved == 0 else f"is not an axis of {x}"
        raise ShapeError(
            f"{argument} = {axis} {why}",
            code="E205",
            argument=argument,
            operand=0,
            help=f"an axis from 1 to {axes}",
        )
    return resolved


def common_divisors(a: Size, b: Size, *, below: int) -> str:
    """The help for groups that do not divide: the greatest numbers up to `below` that divide both."""
    both = f"both {a} and {b}" if a != b else str(a)
    return f"groups that divide {both}: {', '.join(map(str, divisors(a, b, below=below)))}"


def divisors(*sizes: Size, below: int) -> list[int]:
    """The four greatest numbers up to `below`, and to 2**16, that divide all sizes, the greatest last; of
    unknown sizes alone nothing but 1 is looked for.
    """
    known = [size for size in sizes if isinstance(size, int)]
    most = min(below, 2**16, *known) if known else 1
    fitting = (n for n in range(most, 0, -1) if all(size % n == 0 for size in sizes))
    return [*islice(fitting, 4)][::-1]


def check_heads(num_heads: int, x: TensorType) -> None:
    """Refuses heads that do not share the features of a tensor equally.

    Raises:
        ShapeError: E203.
    """
    if x.channels % num_heads:
        name = axis_name(x, x.channel_axis)
        heads = ", ".join(map(str, divisors(x.channels, below=num_heads)))
        raise ShapeError(
            f"num_heads = {num_heads} does not divide the {x.channels} {name} of {x}",
            code="E203",
            operand=0,
            argument="num_heads",
            help=f"heads that divide {x.channels}: {heads}",
        )


def check_padding_mode(mode: str, x: TensorType, axis: int, padding: Size) -> None:
    """Refuses padding by reflection, or around, that needs more elements than a spatial axis of a map has.

    Raises:
        ShapeError: E202.
    """
    size = x.spatial[axis]
    least = {"reflect": padding + 1, "circular": padding}.get(mode, 0)
    if least > size:
        name = axis_name(x, axis + 2)
        raise ShapeError(
            f"{mode} padding of {padding} needs {least} elements, and the {name} of {x} is {size}",
            code="E202",
            operand=0,
            argument="padding",
        )


_PLACES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def axis_name(x: TensorType, axis: int) -> str:
    """What an axis is called, counted from 1: `channels`, `height`, `width`, `length`, `features`."""
    places = _PLACES.get(len(x.spatial))
    if axis == x.channel_axis:
        return "channels" if x.layout is Layout.MAP else "features"
    if x.layout is Layout.PLAIN or places is None:
        return f"axis {axis}"
    return places[axis - 2] if x.layout is Layout.MAP else places[axis - 1]


def show(window: Sequence[Size]) -> str:
    """`3×3`, as papers write it."""
    texts = [written(size, DRAWN) for size in window]
    return "×".join(
        f"({text})" if len(texts) > 1 and _is_sum(size) else text
        for text, size in zip(texts, window, strict=True)
    )


def _is_sum(size: Size) -> bool:
    return isinstance(size, SizeExpr) and len(size.terms) > 1


def compact(window: Sequence[_S]) -> _S | tuple[_S, ...]:
    """One number where all are equal, for short PyTorch text."""
    return window[0] if len(set(window)) == 1 else tuple(window)


def require_map(x: TensorType, *, axes: tuple[int, ...] = (1, 2, 3)) -> None:
    """Refuses anything but a map of the given numbers of spatial axes.

    Raises:
        ShapeError: E204 when it is no map at all, E205 when it has other axes.
    """
    if x.layout is not Layout.MAP:
        require_float(x)  # indices are never a map: that is what is wrong with them
        plain = "a vector" if len(x.sizes) == 1 else f"a tensor of {len(x.sizes)} axes"
        name = plain if x.layout is Layout.PLAIN else "tokens"
        raise ShapeError(
            f"needs a map (channels first), and {x} is {name}", code="E204", operand=0, help=_to_map(x)
        )
    if len(x.spatial) not in axes:
        wanted = " or ".join(f"{n}d" for n in axes)
        raise ShapeError(f"needs a {wanted} map, and {x} is {len(x.spatial)}d", code="E205", operand=0)


def require_float(x: TensorType) -> None:
    """Refuses indices and truth values.

    Raises:
        ShapeError: E204.
    """
    if x.dtype != "float":
        fix = "`embedding(count, width)` makes tokens of ints" if x.dtype == "int" else None
        raise ShapeError(f"needs float numbers, and {x} holds {x.dtype}s", code="E204", operand=0, help=fix)


def _to_map(x: TensorType) -> str | None:
    """What lays a tensor out as a map."""
    if x.layout is Layout.TOKENS and len(x.spatial) == 1:
        return f"`map(height, width)` lays the {x.spatial[0]} tokens out as a map"
    if len(x.sizes) == 1:
        return f"`reshape({x.sizes[0]}, 1, 1, layout = map)` makes a map of one place"
    return None
