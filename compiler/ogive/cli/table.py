"""`ogive table`: networks as a table for a paper."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ogive.cli.complete import complete_target
from ogive.cli.messages import WrongUsage, print_diagnostics, refuse
from ogive.cli.output import require_file, why_not_written, write_or_print
from ogive.cli.target import Settings, settings_options
from ogive.diagnostics import ArchError, Diagnostic
from ogive.render import visible

if TYPE_CHECKING:
    from ogive.network import Network
    from ogive.tables import Rows, Subject, Table

_SPELT = {"markdown": "Markdown", "csv": "CSV"}


def _file(_: click.Context, __: click.Parameter, value: str | None) -> Path | None:
    """A file's name; one that ends in a slash names a folder, and so does an empty one.

    Raises:
        ArchError: E510, it names a folder.
    """
    if value is not None and (not value or value.endswith(("/", os.sep))):
        reason, advice = why_not_written(IsADirectoryError(), Path(value))
        refuse("E510", f"cannot write `{visible(value)}`: {reason}", advice=advice)
    return Path(value) if value is not None else None


@click.command(
    short_help="A table for a paper: LaTeX, Markdown, HTML, CSV.",
    epilog="Example: ogive table resnet18 resnet34 resnet50 resnet101 resnet152 -o table1.tex",
)
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True, shell_complete=complete_target)
@settings_options
@click.option(
    "--format",
    "format_",
    metavar="FORMAT",
    help="latex, markdown, html or csv; what the ending of the file says without it, and markdown on the "
    "standard output.",
)
@click.option(
    "-o", "--output", callback=_file, metavar="FILE", help="The file to write: .tex, .md, .html or .csv."
)
@click.option(
    "--rows",
    type=click.Choice(["stages", "branches", "layers"]),
    help="What the rows are; what the nets are made of decides without it. Branches, and layers, are of one "
    "net.",
)
@click.option(
    "--compare", is_flag=True, help="Published figures beside the computed ones, where the zoo cites any."
)
@click.option("--caption", metavar="TEXT", help="The caption; an empty one for none. CSV has none.")
@click.option("--label", metavar="NAME", help="What a LaTeX text, or a page, refers to it by.")
@click.option(
    "--title", "titles", multiple=True, metavar="TEXT", help="What a TARGET is called, one for each."
)
def command(
    targets: tuple[str, ...],
    settings: Settings,
    format_: str | None,
    output: Path | None,
    rows: Rows | None,
    compare: bool,
    caption: str | None,
    label: str | None,
    titles: tuple[str, ...],
) -> None:
    """Networks as a table: rows are stages, columns are networks; last come parameters and FLOPs.

    A single network of branches, such as googlenet, has columns for these instead.
    """
    from ogive.tables import Options, make, written
    from ogive.tabulate import subjects_of

    if titles and len(titles) != len(targets):
        raise click.UsageError(f"--title is given {len(titles)} times, for {len(targets)} targets")
    chosen = _format(format_, output)
    if output is not None and str(output) != "-":
        require_file(output)
    networks = _load(targets, settings)
    for network in networks:
        print_diagnostics(network.warnings)
    subjects = subjects_of(networks, titles)
    table = make(subjects, Options(rows, compare, caption, label))
    text = written(table, chosen)
    if chosen == "csv" and output is not None and str(output) != "-":
        text = f"\ufeff{text}"  # without it programs of spreadsheets take UTF-8 for something else
    write_or_print(output, text)
    for note in (*_idle(chosen, caption, label), *_on_the_page(table, chosen, _shorter(len(targets), rows))):
        click.echo(f"note: {note}", err=True)
    for note in _missing(subjects) if compare else ():
        click.echo(f"note: {visible(note)}", err=True)


def _load(targets: Sequence[str], settings: Settings) -> list[Network]:
    """The networks; where some are wrong, what is wrong with each of them.

    Raises:
        ArchError: a target does not exist, or is wrong.
    """
    networks: list[Network] = []
    wrong: dict[Diagnostic, None] = {}
    for target in targets:
        try:
            networks.append(settings.load(target))
        except ArchError as error:
            wrong |= dict.fromkeys(error.diagnostics)
    if wrong:
        raise ArchError(list(wrong))
    return networks


def _idle(format_: str, caption: str | None, label: str | None) -> Iterator[str]:
    """Which options say nothing in a format."""
    if label and format_ in {"markdown", "csv"}:
        yield f"--label is for LaTeX and HTML; in {_SPELT[format_]} a table has none"
    if caption and format_ == "csv":
        yield f"--caption is for LaTeX, HTML and Markdown; in {_SPELT[format_]} a table has none"


def _shorter(count: int, rows: Rows | None) -> list[str]:
    """What makes a table smaller."""
    if count > 1:
        return ["fewer networks in one table"]
    return ["`--rows stages`"] if rows == "layers" else []


def _on_the_page(table: Table, format_: str, shorter: list[str]) -> Iterator[str]:
    """What is said of a table whose type is too small, or that is too high, and what to do about it."""
    from ogive.tables import LEGIBLE, page_of

    if format_ != "latex":
        return
    page = page_of(table)
    if page.size < LEGIBLE:
        on_its_side = "a page of its own on its side (`sidewaystable` of the package rotating)"
        yield (
            f"in a paper of two columns the type of this table is about {page.size:.1f} pt, and journals ask "
            f"for {LEGIBLE:g}: {', or '.join([*shorter, on_its_side])}"
        )
    if len(page.parts) > 1:
        yield (
            f"this table is higher than a page: it stands in {len(page.parts)} floats under one number"
            f"{'; shorter is ' if shorter else ''}{''.join(shorter)}"
        )


def _format(given: str | None, output: Path | None) -> str:
    """The format, before any network is made: the answer comes at once.

    Raises:
        ArchError: E580, there is no such format, or the name of the file does not say one.
    """
    from ogive.tables import ENDINGS, FORMATS, format_of, unknown_format

    if given is not None:
        if given not in FORMATS:
            raise WrongUsage([unknown_format(visible(given))])
        return given
    if output is None or str(output) == "-":
        return "markdown"
    found = format_of(output.name)
    if found is None:
        *most, last = (f".{ending}" for ending in ENDINGS if ending != "htm")
        refuse(
            "E580",
            f"`{visible(str(output))}` does not say which kind of table it is to be",
            advice=f"end its name in {', '.join(most)} or {last}, or give `--format`",
            usage=True,
        )
    return found


def _missing(subjects: Sequence[Subject]) -> Iterator[str]:
    """Of which networks nothing stands beside what is computed, and why."""
    from ogive.tables.prose import listed
    from ogive.tables.published import published

    own = [s.title for s in subjects if s.published is None]
    unknown = [s.title for s in subjects if s.published is not None and published(s.published).empty]
    if own:
        yield f"published figures hold for networks of the zoo as they are, and not for {listed(own)}"
    if unknown:
        yield f"the zoo cites no published figures of {listed(unknown)}"
