"""What a command leaves behind: a file, whole or not at all, or text on the standard output."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ogive.cli.messages import refuse, wants_colour
from ogive.files import require_writable, write_atomically
from ogive.render import visible


def write(path: Path, content: str | bytes) -> None:
    """Writes a file so that it is the old one or the whole new one, whatever happens meanwhile.

    Raises:
        ArchError: E510, it cannot be written.
    """
    # a link keeps pointing where it points; /dev/stdout and pipes cannot be renamed over
    real = Path(os.path.realpath(path))
    try:
        if real.is_dir():
            raise IsADirectoryError
        if real.exists() and not real.is_file():
            real.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        else:
            write_atomically(real, content)
    except (OSError, ValueError) as error:
        reason, advice = why_not_written(error, path)
        refuse("E510", f"cannot write `{visible(str(path))}`: {reason}", advice=advice, cause=error)


def require_file(path: Path) -> None:
    """Refuses a file that cannot be written, before anything else is.

    Raises:
        ArchError: E510.
    """
    try:
        require_writable(Path(os.path.realpath(path)))
    except OSError as error:
        reason, advice = why_not_written(error, path)
        refuse("E510", f"cannot write `{visible(str(path))}`: {reason}", advice=advice, cause=error)


def write_or_print(path: Path | None, content: str) -> None:
    """Writes a file; without a path, or with `-`, prints the text."""
    if path is None or str(path) == "-":
        click.echo(content, nl=not content.endswith("\n"))
    else:
        write(path, content)


def echo_program(text: str) -> None:
    """Prints `.arch` text, in colour where the standard output is a terminal."""
    if wants_colour(sys.stdout):
        from pygments import highlight
        from pygments.formatters import TerminalFormatter

        from ogive.editors.lexer import ArchLexer

        text = highlight(text, ArchLexer(stripnl=False, ensurenl=False), TerminalFormatter())
    click.echo(text, nl=not text.endswith("\n"))


def why_not_written(error: OSError | ValueError, path: Path) -> tuple[str, str | None]:
    """What went wrong, and what to do about it."""
    if isinstance(error, IsADirectoryError):
        return "it is a folder", f"name a file in it: `{visible(str(path / 'net'))}`"
    if isinstance(error, FileNotFoundError):
        return "its folder does not exist", f"make it first: `mkdir -p {visible(str(path.parent))}`"
    if isinstance(error, PermissionError) and error.strerror == "it is read-only":
        return error.strerror, f"if it may be changed, make it writable: `chmod u+w {visible(str(path))}`"
    reason = error.strerror if isinstance(error, OSError) else None
    return (reason or str(error)).lower(), None
