"""Initialisers of weights, for every layer that has some."""

from __future__ import annotations

from ogive.layers.base import Call, Initializer, ShapeError


def setup(init: Initializer | None, *members: str) -> tuple[Call, ...]:
    """The statements that initialise the members, `weight` unless others are named."""
    return tuple(init.setup(member) for member in members or ("weight",)) if init else ()


def require_vector_init(init: Initializer | None, what: str) -> None:
    """Refuses an initialiser that counts rows and columns, for a weight that is one number a channel.

    Raises:
        ShapeError: E107.
    """
    if init and init.name in Initializer.NEEDS_MATRIX:
        raise ShapeError(
            f"{init.name} needs a weight of two or more axes, and {what} has one number for each channel",
            code="E107",
            argument="init",
            help="`init = constant(1)`, or `normal`, `uniform`, `zeros`, `ones`",
        )


def require_weight(init: Initializer | None, *, affine: bool, argument: str) -> None:
    """Refuses an initialiser where there is no weight to initialise.

    Raises:
        ShapeError: E107.
    """
    if init and not affine:
        raise ShapeError(
            f"there is no weight to initialise: {argument} is false", code="E107", argument="init"
        )
