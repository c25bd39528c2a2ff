"""What layers that work on sequences have in common."""

from __future__ import annotations

from ogive.layers.base import Layout, ShapeError, TensorType


def require_tokens(x: TensorType, *, of: str = "", operand: int = 0) -> None:
    """Refuses anything but float tokens with one axis of places: `[length, features]`.

    Args:
        x: the tensor.
        of: what the tensor is to the layer, unless it is its flow: `its memory`.
        operand: which input it is.

    Raises:
        ShapeError: E204 for another dtype or layout, E205 for tokens with several axes of places.
    """
    needs = f"needs {of} as" if of else "needs"
    if x.dtype != "float":
        fix = "`embedding(count, width)` makes tokens of ints" if x.dtype == "int" else None
        raise ShapeError(
            f"{needs} float numbers, and {x} holds {x.dtype}s", code="E204", operand=operand, help=fix
        )
    if x.layout is Layout.MAP:
        raise ShapeError(
            f"{needs} tokens (features last), and {x} is a map (channels first)",
            code="E204",
            operand=operand,
            help=_from_map(x),
        )
    if x.layout is Layout.PLAIN:
        fix = f"`reshape(1, {x.sizes[0]})` makes one token of it" if len(x.sizes) == 1 else None
        kind = "a vector" if len(x.sizes) == 1 else "plain"
        raise ShapeError(f"{needs} tokens, and {x} is {kind}", code="E204", operand=operand, help=fix)
    if len(x.sizes) != 2:
        raise ShapeError(
            f"{needs} tokens of one length, and {x} has {len(x.spatial)} axes of them",
            code="E205",
            operand=operand,
            help=f"`flatten(1, {len(x.spatial)})` makes one of them",
        )


def _from_map(x: TensorType) -> str:
    if len(x.spatial) > 1:
        return "`tokens` makes one of every place, `map(…)` behind it a map again"
    channels, length = x.sizes
    return (
        f"`tokens` makes {length} tokens of {channels} features; where the features stand last, "
        f"`permute(1, 2, layout = tokens)` says so"
    )
