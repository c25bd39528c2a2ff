"""`ogive draw`: a network as a figure."""

from __future__ import annotations

from pathlib import Path

import click

from ogive.cli.messages import print_diagnostics, refuse
from ogive.cli.output import write
from ogive.cli.target import Settings, target_options
from ogive.render import visible

FORMATS = ("svg", "pdf", "png", "dot")


@click.command(short_help="Draw a figure for a paper.", epilog="Example: ogive draw resnet50 -o resnet50.pdf")
@target_options
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The file to write: .svg, .pdf, .png or .dot.",
)
@click.option(
    "--dpi",
    default=200,
    show_default=True,
    type=click.IntRange(36, 2400),
    metavar="N",
    help="Dots to the inch of a PNG.",
)
@click.option(
    "--depth",
    type=click.IntRange(0),
    metavar="N",
    help="How many levels of stages and blocks to open; as many as stay readable on a page unless given.",
)
def command(target: str, settings: Settings, output: Path, dpi: int, depth: int | None) -> None:
    """Draw a network for a paper: repeats rolled up, each block defined once."""
    suffix = output.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:  # before the network is made: the answer comes at once
        *most, last = (f".{name}" for name in FORMATS)
        refuse(
            "E513",
            f"`{visible(str(output))}` does not say which kind of drawing it is to be",
            advice=f"end its name in {', '.join(most)} or {last}",
            usage=True,
        )
    network = settings.load(target)
    print_diagnostics(network.warnings)

    from ogive.backends.draw import drawing

    made = drawing(network.ir, suffix, dpi=dpi, depth=depth)
    write(output, made.data)
    for note in made.notes:
        click.echo(f"note: {visible(note)}", err=True)
