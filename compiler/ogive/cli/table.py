"""`ogive table`: networks as a table for a paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ogive.cli.complete import complete_target
from ogive.cli.messages import WrongUsage, print_diagnostics, refuse
from ogive.cli.output import require_file, write_or_print
from ogive.cli.target import Settings, settings_options
from ogive.render import visible

if TYPE_CHECKING:
    from ogive.tables import Rows, Subject


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
    "-o", "--output", type=click.Path(path_type=Path), help="The file to write: .tex, .md, .html or .csv."
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
@click.option("--caption", metavar="TEXT", help="The caption; an empty one for none.")
@click.option("--label", metavar="NAME", help="What a text refers to it by: tab:resnet.")
def command(
    targets: tuple[str, ...],
    settings: Settings,
    format_: str | None,
    output: Path | None,
    rows: Rows | None,
    compare: bool,
    caption: str | None,
    label: str | None,
) -> None:
    """Networks as a table: rows are stages, columns are networks; last come parameters and FLOPs.

    A single network of branches, such as googlenet, has columns for these instead.
    """
    from ogive.tables import Options, make, written
    from ogive.tabulate import subject_of

    chosen = _format(format_, output)
    if output is not None and str(output) != "-":
        require_file(output)
    networks = [settings.load(target) for target in targets]
    for network in networks:
        print_diagnostics(network.warnings)
    subjects = [subject_of(network) for network in networks]
    options = Options(rows, compare, caption, label)
    write_or_print(output, written(make(subjects, options), chosen))
    for note in _missing(subjects) if compare else ():
        click.echo(f"note: {visible(note)}", err=True)


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
        *most, last = (f".{ending}" for ending in ENDINGS)
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
