"""`ogive compile`: the PyTorch source of a network."""

from __future__ import annotations

from pathlib import Path

import click

from ogive.cli.messages import print_diagnostics
from ogive.cli.output import write_or_print
from ogive.cli.target import Settings, target_options


@click.command(
    short_help="Write readable PyTorch.",
    epilog="Example: ogive compile resnet50 --set classes=10 -o model.py",
)
@target_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The file to write; without it the source is printed.",
)
def command(target: str, settings: Settings, output: Path | None) -> None:
    """Write a network as readable PyTorch that needs nothing but torch."""
    network = settings.load(target)
    print_diagnostics(network.warnings)
    write_or_print(output, network.source())
