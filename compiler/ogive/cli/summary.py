"""`ogive summary`: a network as a table."""

from __future__ import annotations

import json

import click

from ogive.cli.messages import print_diagnostics
from ogive.cli.target import Settings, target_options


@click.command(
    short_help="Shapes, parameters, MACs, memory, receptive fields.",
    epilog="Example: ogive summary resnet50 --depth 1",
)
@target_options
@click.option(
    "--depth",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    metavar="N",
    help="How many levels of stages and blocks to open.",
)
@click.option("--json", "as_json", is_flag=True, help="Print totals, stages and nodes as JSON.")
def command(target: str, settings: Settings, depth: int, as_json: bool) -> None:
    """Shapes, parameters, multiply-accumulates, activations and receptive fields, part by part."""
    from ogive.report.summary import summarize, to_json, to_text

    network = settings.load(target)
    print_diagnostics(network.warnings)
    summary = summarize(network.ir, network.unrolled, depth=depth)
    click.echo(json.dumps(to_json(summary), indent=2) if as_json else to_text(summary))
