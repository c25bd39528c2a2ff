"""`ogive plot`: curves of several runs in one figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from ogive.cli.messages import refuse
from ogive.cli.output import free_name, require_file, write
from ogive.render import visible

if TYPE_CHECKING:
    from ogive.train.compare import View
    from ogive.train.told_apart import Group


@click.command(
    short_help="Draw the curves of runs side by side.",
    epilog="Example: ogive plot runs/lenet5 runs/lenet5-2 --y val_error --log-y -o curves.pdf",
)
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The file to write: .svg, .pdf or .png; plot.svg, or the next name that is free, without it.",
)
@click.option(
    "--x",
    default="epoch",
    show_default=True,
    type=click.Choice(["epoch", "step", "seconds"]),
    help="What runs to the right.",
)
@click.option(
    "--y",
    "ys",
    multiple=True,
    metavar="COLUMN",
    help="A column of metrics.csv, such as val_accuracy, or val_error, what that lacks to 100 %. May be "
    "given several times, a panel each; loss and accuracy of validation without it.",
)
@click.option("--log-x", is_flag=True, help="A logarithmic axis to the right.")
@click.option("--log-y", is_flag=True, help="A logarithmic axis upwards.")
@click.option(
    "--band",
    default="range",
    show_default=True,
    type=click.Choice(["range", "std", "none"]),
    help="What is shown of runs that differ in their seed only: least to greatest, or a standard deviation "
    "to either side of the mean.",
)
@click.option("--title", default="", help="What stands above.")
def command(
    runs: tuple[Path, ...],
    output: Path | None,
    x: str,
    ys: tuple[str, ...],
    log_x: bool,
    log_y: bool,
    band: Literal["range", "std", "none"],
    title: str,
) -> None:
    """Draw the curves of runs, finished or under way, in one figure.

    RUN is the folder of a run, or a folder of such folders, as `ogive sweep` leaves it. Runs that differ in
    their seed only are one line, their mean, with a band.
    """
    suffix = _suffix(output)
    from ogive.train.compare import View, read_runs, require_columns, usual_columns
    from ogive.train.told_apart import grouped

    read, remarks = read_runs(runs)
    columns = tuple(dict.fromkeys(ys)) or usual_columns(read)
    require_columns(read, (x, *columns))
    view = View(x, columns, band, log_x, log_y, title)
    path = output or free_name(Path("plot.svg"))  # nothing is overwritten that was not named
    require_file(path)
    groups = grouped(read)
    write(path, _drawn(groups, view, suffix))
    for remark in remarks:
        click.echo(f"note: {remark}", err=True)
    lines = f"{len(groups)} line{'' if len(groups) == 1 else 's'}"
    click.echo(f"{visible(str(path))}: {lines} of {len(read)} run{'' if len(read) == 1 else 's'}")


def _suffix(output: Path | None) -> str:
    """The format that a name asks for; svg without one.

    Raises:
        ArchError: E572, it asks for none that there is.
    """
    from ogive.train.figures import FORMATS

    suffix = "svg" if output is None else output.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        *most, last = (f".{name}" for name in FORMATS)
        refuse(
            "E572",
            f"`{visible(str(output))}` does not say which kind of picture it is to be",
            advice=f"end its name in {', '.join(most)} or {last}",
            usage=True,
        )
    return suffix


def _drawn(groups: list[Group], view: View, suffix: str) -> bytes:
    from ogive.train.compare import draw_comparison
    from ogive.train.figures import as_bytes, styled

    with styled():
        return as_bytes(draw_comparison(groups, view), suffix)
