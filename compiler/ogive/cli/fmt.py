"""`ogive fmt`: files in the one style."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

import click

from ogive.cli.messages import print_diagnostics, refuse, wants_colour
from ogive.cli.output import write
from ogive.diagnostics import ArchError, Diagnostic
from ogive.render import visible

_SKIPPED = {"build", "dist", "node_modules", "site-packages", "venv", "__pycache__"}
"""Folders whose programs are copies, or somebody else's; so are those of virtual environments, hidden ones,
and links.
"""
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command(
    short_help="Write programs in the one style.", epilog="Example: ogive fmt --check archs mynet.arch"
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Change nothing; fail and name the files that would change.")
@click.option("--diff", is_flag=True, help="Change nothing; print what would change.")
def command(files: tuple[str, ...], check: bool, diff: bool) -> None:
    """Write files in the one style: spaces, line ends, columns. Comments stay, and so does every meaning.

    Of a folder, all .arch files in it and below it; not those in hidden folders, in virtual environments, in
    build, dist, venv and node_modules, nor behind links. A folder above the current one, or above the home
    folder, is refused. `-` reads the standard input and writes the standard output. A file that does not
    parse is left alone, as is one that is read-only, and one that is in the style already is not touched.
    """
    failures: list[Diagnostic] = []
    changed = 0
    for path in _paths(files, failures):
        try:
            file = _read(path)
            if diff:
                _print_diff(file)
            elif check:
                _print_change("would format", file)
            elif path is None:
                click.echo(file.after.encode(), nl=False)
            elif file.changed:
                _save(path, file)
                _print_change("formatted", file)
            changed += file.changed
        except ArchError as error:
            failures += error.diagnostics
    print_diagnostics(failures)
    if failures or (check and changed):
        raise click.exceptions.Exit(1)


@dataclass(frozen=True, slots=True)
class _File:
    """A file, or the standard input, before and after.

    Attributes:
        name: what it is called.
        raw: its bytes.
        before: its text, lines ending with a newline.
        after: its text in the one style.
    """

    name: str
    raw: bytes
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether its bytes would be others."""
        return self.after.encode() != self.raw


def _paths(files: Sequence[str], failures: list[Diagnostic]) -> Iterator[Path | None]:
    """The files that are meant, each once, in the order of the command line; None is the standard input."""
    seen: set[str] = set()
    for name in files:
        if name == "-":
            found: list[Path | None] = [None]
        elif os.path.isdir(name) and _is_too_much(name):
            found = []
            message = f"`{visible(name)}` holds more than programs of one project"
            advice = "name the folder of the programs; `ogive fmt .` is the current one"
            failures.append(Diagnostic("E534", message, help=advice))
        elif os.path.isdir(name):
            found = list(_below(Path(name), failures))
            if not found:
                message = f"there is no .arch file in `{visible(name)}`"
                failures.append(Diagnostic("E534", message, help="name a file, or a folder with programs"))
        else:
            found = [Path(name)]
            if not os.path.lexists(name) and not name.endswith(".arch"):
                found = []
                message = f"{visible(name)} cannot be read: no such file or directory"
                advice = f"it takes files and folders, not names of nets: `{visible(name)}.arch`, or `.`"
                failures.append(Diagnostic("E501", message, help=advice))
        for path in found:
            key = "-" if path is None else os.path.realpath(path)
            if key not in seen:
                seen.add(key)
                yield path


def _is_too_much(folder: str) -> bool:
    """Whether it is the root of the file system, or above the current folder or the home folder."""
    real = Path(os.path.realpath(folder))
    inner = [Path(os.path.realpath(each)) for each in (os.curdir, os.path.expanduser("~"))]
    return real == real.parent or any(real in each.parents for each in inner)


def _below(folder: Path, failures: list[Diagnostic]) -> Iterator[Path]:
    """The programs in a folder and below it, in the order of their names."""

    def unreadable(error: OSError) -> None:
        reason = (error.strerror or "unknown error").lower()
        failures.append(Diagnostic("E501", f"{visible(str(error.filename))} cannot be read: {reason}"))

    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(each for each in folders if _is_own(place, each))
        for name in sorted(names):
            if name.endswith(".arch") and not os.path.islink(os.path.join(place, name)):
                yield Path(place, name)


def _is_own(place: str, name: str) -> bool:
    """Whether a folder is one to go down into; `os.walk` follows no links."""
    path = Path(place, name)
    return not name.startswith(".") and name not in _SKIPPED and not (path / "pyvenv.cfg").exists()


def _read(path: Path | None) -> _File:
    """A file and its text in the one style.

    Raises:
        ArchError: E501 it cannot be read, E531 it cannot be formatted, E534 it is no file; its mistakes.
    """
    from ogive.reading import MAX_BYTES, decode, read_bytes
    from ogive.syntax.format import format_text

    name = "<stdin>" if path is None else str(path)
    if path is None:
        raw = sys.stdin.buffer.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            refuse("E501", f"{name} is longer than {MAX_BYTES // 1_000_000} MB")
    else:
        _only_regular(path)
        raw = read_bytes(path, name)
    before = decode(raw, name)
    after = format_text(before, name)
    if len(after.encode()) > MAX_BYTES:
        refuse("E531", f"{name} was not formatted: it would be longer than {MAX_BYTES // 1_000_000} MB")
    return _File(name, raw, before, after)


def _only_regular(path: Path) -> None:
    """Refuses devices and pipes: what is read from them cannot be written back."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return  # reading says why
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        message = f"`{visible(str(path))}` is no file that can be written anew"
        refuse(
            "E534", message, advice="`ogive fmt -` reads the standard input and writes the standard output"
        )


def _save(path: Path, file: _File) -> None:
    """Writes it, unless somebody else did so meanwhile.

    Raises:
        ArchError: E510.
    """
    try:
        same = path.read_bytes() == file.raw
    except OSError:
        same = False
    if not same:
        message = f"`{visible(file.name)}` was changed while it was formatted; nothing was written"
        refuse("E510", message, advice="format it again")
    write(path, file.after)


def _print_change(what: str, file: _File) -> None:
    if file.changed:
        click.echo(f"{what} {visible(file.name)}")


def _print_diff(file: _File) -> None:
    """The change as a unified diff. Of line ends that are not Unix's it says only that they change."""
    name = visible(file.name)
    old, new = (_LINE.findall(text) for text in (file.before, file.after))  # comments may hold U+2028
    lines = list(unified_diff(old, new, name, name))
    if file.changed and not lines:
        what = "only its line ends, or the mark at its beginning, change"
        lines = [f"--- {name}\n", f"+++ {name}\n", f"@@ {what} @@\n"]
    colours = wants_colour(sys.stdout)
    for number, line in enumerate(lines):
        text = line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        colour = _COLOURS.get(line[0]) if colours and number > 1 else None
        click.echo(click.style(text, fg=colour) if colour else text, nl=False)
