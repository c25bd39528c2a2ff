"""`ogive list`: the networks of the zoo, or of a file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ogive.cli.complete import complete_target
from ogive.cli.target import Settings, plugin_option, with_plugins
from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.render import visible

if TYPE_CHECKING:
    from ogive.layers.library import Library
    from ogive.zoo.index import Listed


@click.command(
    short_help="List the networks of the zoo, or of a file.", epilog="Example: ogive list '*resnet*'"
)
@click.argument("patterns", metavar="[PATTERN|FILE]...", nargs=-1, shell_complete=complete_target)
@click.option("--blocks", is_flag=True, help="List the library's blocks, which any file can `use`.")
@click.option("--names", is_flag=True, help="Print the names alone, one a line.")
@click.option("--json", "as_json", is_flag=True, help="Print all that is known as JSON.")
@plugin_option
def command(
    patterns: tuple[str, ...], blocks: bool, names: bool, as_json: bool, plugins: tuple[str, ...]
) -> None:
    """List networks, family by family, each with its paper: parameters, MACs, input.

    All of the zoo; those whose names match a PATTERN ('*resnet*', 'vgg1?'; in quotes, for the shell has such
    patterns, too), or those of one of its files (resnet.arch); or the nets and variants of a FILE of yours.
    """
    from ogive.cli import list_text

    if names and as_json:
        raise click.UsageError("--names prints no JSON: leave out one of the two.")
    library = with_plugins(Settings({}, None), plugins).library
    found = _blocks(patterns) if blocks else _networks(patterns, library)
    if as_json:
        import json

        click.echo(json.dumps(list_text.to_json(found, blocks=blocks), indent=2, ensure_ascii=False))
    elif names:
        click.echo("\n".join(visible(row.name) for each in found for row in each.rows))
    elif blocks:
        click.echo(list_text.blocks(found))
    elif sys.stdout.isatty():
        click.echo(list_text.for_terminal(found), nl=False)
    else:
        click.echo(list_text.plain(found))
    _stop_at_mistakes(found)


def _networks(patterns: tuple[str, ...], library: Library | None) -> list[Listed]:
    """The files that are asked for: one's own, then those of the zoo.

    Raises:
        ArchError: a file cannot be read, or a pattern matches nothing.
    """
    from ogive.catalogue import meant
    from ogive.zoo.index import zoo_files

    own = [pattern for pattern in patterns if _is_own_file(pattern)]
    others = [pattern for pattern in patterns if pattern not in own]
    found = [_own(file, library) for file in own]
    if others or not own:
        wanted = _Wanted(others)
        found += list(zoo_files(wanted))
        wanted.refuse_unmatched(meant)
    return found


def _blocks(patterns: tuple[str, ...]) -> list[Listed]:
    """The files of the library of blocks; a row has nothing but the name."""
    from ogive import resources
    from ogive.catalogue import declared
    from ogive.zoo.index import Listed
    from ogive.zoo.opening import opening_of
    from ogive.zoo.rows import Row

    wanted = _Wanted(patterns)
    found: list[Listed] = []
    everything: list[str] = []
    for path in resources.block_files():
        everything += (names := declared(path, "block"))
        rows = tuple(Row(name) for name in names if wanted(path, name))
        if rows:
            found.append(Listed(path.name, path, opening_of(path.read_text(encoding="utf-8")), rows))

    def advice(pattern: str) -> str:
        guess = did_you_mean(pattern, everything)
        return f"did you mean `{guess}`?" if guess else "see `ogive list --blocks` for all of them"

    wanted.refuse_unmatched(advice, "no block of the library")
    return found


class _Wanted:
    """Which names the patterns ask for, and which patterns asked in vain. Without a pattern it is all."""

    def __init__(self, patterns: tuple[str, ...] | list[str]) -> None:
        from ogive.catalogue import matching

        self._files: list[str] = []
        self._patterns = {pattern: matching(pattern) for pattern in patterns}
        self._matched: set[str] = set()

    def __call__(self, path: Path, name: str) -> bool:
        if path.name not in self._files:
            self._files.append(path.name)
        hits = {
            pattern
            for pattern, means in self._patterns.items()
            if means.fullmatch(path.name if pattern.endswith(".arch") else name)
        }
        self._matched |= hits
        return bool(hits) or not self._patterns

    def refuse_unmatched(self, advice: Callable[[str], str], what: str = "no network of the zoo") -> None:
        """Says which patterns match nothing.

        Raises:
            ArchError: there is one.
        """
        vain = [pattern for pattern in self._patterns if pattern not in self._matched]
        if vain:
            raise ArchError(self._in_vain(pattern, advice, what) for pattern in vain)

    def _in_vain(self, pattern: str, advice: Callable[[str], str], what: str) -> Diagnostic:
        shown = visible(pattern)
        if not pattern.endswith(".arch"):
            return Diagnostic("E502", f"`{shown}` matches {what}", help=advice(pattern))
        guess = did_you_mean(pattern, self._files)
        help_ = f"did you mean `{guess}`?" if guess else None
        message = f"`{shown}` is no file here, and none among those of {what.rpartition(' of ')[2]}"
        return Diagnostic("E502", message, help=help_)


def _is_own_file(text: str) -> bool:
    """Whether a file is meant, and none of the zoo: one that exists, or a path that is not there."""
    return "/" in text or "\\" in text or (text.endswith(".arch") and Path(text).exists())


def _own(file: str, library: Library | None) -> Listed:
    """A file of the user's, worked out now.

    Raises:
        ArchError: it cannot be read or parsed.
    """
    from ogive.loading import only_name
    from ogive.reading import read_file
    from ogive.zoo.index import Listed
    from ogive.zoo.opening import opening_of
    from ogive.zoo.rows import rows_of

    program = read_file(Path(file))
    if not program.names:
        only_name(program)  # says that there is none
    rows = tuple(rows_of(program, library=library))
    return Listed(file, Path(file), opening_of(program.source.text), rows)


def _stop_at_mistakes(found: list[Listed]) -> None:
    """Ends the command as a failed one where a network that was listed has a mistake."""
    wrong = [each for each in found if each.problem or any(row.problem for row in each.rows)]
    for each in wrong:
        click.echo(f"{visible(each.file)} has mistakes: `ogive check {visible(str(each.path))}`", err=True)
    if wrong:
        raise click.exceptions.Exit(1)
