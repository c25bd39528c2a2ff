"""Diagnostics on the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import NoReturn

import click

from ogive.diagnostics import ArchError, Diagnostic
from ogive.render import render_rich, render_text


def print_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """Prints them on the standard error, in colour where it is a terminal, an empty line between two."""
    in_colour = wants_colour(sys.stderr)
    for number, diagnostic in enumerate(diagnostics):
        if number:
            click.echo(err=True)
        if in_colour:
            from rich.console import Console

            Console(stderr=True, soft_wrap=True, highlight=False).print(render_rich(diagnostic))
        else:
            click.echo(render_text(diagnostic), err=True)


def wants_colour(stream: object) -> bool:
    """Whether a stream is a terminal that shows colours (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty())


class WrongUsage(ArchError):
    """A value that an option or an argument can never take, whatever is in the files."""


def refuse(
    code: str,
    message: str,
    *,
    advice: str | None = None,
    cause: BaseException | None = None,
    usage: bool = False,
) -> NoReturn:
    """Stops the command with a diagnostic that has no place in a program.

    Args:
        code, message, advice: of the diagnostic.
        cause: the exception behind it.
        usage: whether it is a value that can never be given there.

    Raises:
        ArchError: always; WrongUsage where that is what it is.
    """
    raise (WrongUsage if usage else ArchError)([Diagnostic(code, message, help=advice)]) from cause
