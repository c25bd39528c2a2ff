"""What commands that draw have in common: the kind of drawing, read off a file's name, and its space."""

from __future__ import annotations

from pathlib import Path

import click

from ogive.backends.draw.choices import FORMATS
from ogive.cli.messages import refuse
from ogive.render import visible


def ending_of(output: Path) -> str:
    """The kind of drawing that a file is to be. Asked before a network is made, so that the answer comes at
    once.

    Raises:
        ArchError: E513, its name does not say.
    """
    suffix = output.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        if str(output) == "-":
            message = "a drawing is written to a file, and `-` is none"
            refuse("E513", message, advice="name one: `-o net.svg`", usage=True)
        *most, last = (f".{name}" for name in FORMATS)
        refuse(
            "E513",
            f"`{visible(str(output))}` does not say which kind of drawing it is to be",
            advice=f"end its name in {', '.join(most)} or {last}",
            usage=True,
        )
    return suffix


def parse_fit_option(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[float, float] | None:
    """`--fit` as width and height in inches."""
    from ogive.backends.draw.fitting.space import parse_fit

    try:
        return parse_fit(value) if value is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error
