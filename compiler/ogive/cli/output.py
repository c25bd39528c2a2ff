"""What a command leaves behind: a file, whole or not at all, or text on the standard output."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click

from ogive.cli.messages import refuse, wants_colour
from ogive.files import require_writable, write_atomically
from ogive.render import visible
from ogive.train.rundir import RunFolder


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
    """Refuses a file that cannot be written, before anything else is done.

    Raises:
        ArchError: E510: it is read-only, or a folder, or in none.
    """
    real = Path(os.path.realpath(path))
    try:
        if real.is_dir():
            raise IsADirectoryError
        if not real.parent.is_dir() and not real.exists():
            raise FileNotFoundError
        require_writable(real)
    except OSError as error:
        reason, advice = why_not_written(error, path)
        refuse("E510", f"cannot write `{visible(str(path))}`: {reason}", advice=advice, cause=error)


def require_new(path: Path, option: str) -> None:
    """Refuses a file that exists, or lies in the folder of a run, before anything is done for it.

    Args:
        path: the file.
        option: what names it, for advice.

    Raises:
        ArchError: E524, it lies in the folder of a run; E532, it exists; E510, its folder does not.
    """
    shown = visible(str(path))
    if (run := run_around(path)) is not None:
        advice = f"{option} {visible(str(free_name(Path(path.name))))}"
        message = f"`{shown}` is in the folder of the run `{visible(str(run))}`, which stays what it is"
        refuse("E524", message, advice=advice)
    if os.path.lexists(path):
        what = "a folder" if path.is_dir() else "a file"
        advice = f"{option} {visible(str(free_name(path)))}"
        refuse("E532", f"`{shown}` exists, and {what} is never overwritten", advice=advice)
    if not path.parent.is_dir():
        reason, advice = why_not_written(FileNotFoundError(), path)
        refuse("E510", f"cannot write `{shown}`: {reason}", advice=advice)


def run_around(path: Path) -> Path | None:
    """The folder of a run that a path lies in, as it is written or where its links lead, if there is one."""
    places = (path, Path(os.path.abspath(path)), Path(os.path.realpath(path)))
    around = (each for place in places for each in place.parents)
    return next((each for each in around if RunFolder(each).record.is_file()), None)


def free_name(path: Path) -> Path:
    """The path, or the first of `NAME-2.ENDING`, `NAME-3.ENDING`, … that does not exist."""
    number, free = 1, path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


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
        inside = path / f"net{path.suffix}"
        return "it is a folder", f"name a file in it: `{visible(str(inside))}`"
    if isinstance(error, PermissionError) and error.strerror == "it is read-only":
        return error.strerror, f"if it may be changed, make it writable: `chmod u+w {_quoted(path)}`"
    reason = error.strerror if isinstance(error, OSError) else None
    reason = (reason or str(error)).lower()
    if isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
        return _why_not_in_folder(error, path, reason)
    return reason, None


def _why_not_in_folder(error: OSError, path: Path, reason: str) -> tuple[str, str | None]:
    """What is wrong with the folder that a file was to be in."""
    real = Path(os.path.realpath(path))
    folder = real.parent if path.is_symlink() else path.parent
    link = f"it is a link to `{visible(str(real))}`, and " if path.is_symlink() else ""
    around = next((each for each in (folder, *folder.parents) if os.path.lexists(each)), folder)
    if not around.is_dir():
        return f"{link}`{visible(str(around))}` is not a folder", None
    if not folder.is_dir():
        return f"{link}its folder does not exist", f"make it first: `mkdir -p {_quoted(folder)}`"
    if real.exists() and not real.is_file():
        return reason, None
    why = "" if isinstance(error, FileNotFoundError) else f": {reason}"  # /proc says that it is not there
    return f"{link}no file can be made in `{visible(str(folder))}`{why}", "name a file in another folder"


def _quoted(path: Path) -> str:
    """A path as a shell takes it."""
    return visible(shlex.quote(str(path)))
