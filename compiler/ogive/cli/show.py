"""`ogive show`: the program behind a network."""

from __future__ import annotations

import click

from ogive.cli.target import Settings, target_options


@click.command(
    short_help="Print the .arch text of a network.", epilog="Example: ogive show densenet121 > mynet.arch"
)
@target_options
def command(target: str, settings: Settings) -> None:
    """Print the .arch text that TARGET comes from, to read or to start from."""
    text = settings.load(target).text
    click.echo(text, nl=not text.endswith("\n"))
