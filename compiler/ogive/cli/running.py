"""What the commands that train print: progress on the standard error, the outcome on the standard output."""

from __future__ import annotations

import click
from rich.console import Console

from ogive.train.result import Result


def terminal() -> Console:
    """Where progress is shown."""
    return Console(stderr=True)


def show(result: Result) -> None:
    """One line about the run. Of several processes the first prints."""
    from ogive.train.ranks import is_first

    if not is_first():
        return
    if result.skipped:
        images = "1 image" if result.skipped == 1 else f"{result.skipped:,} images"
        click.echo(f"note: {images} could not be used: run.json and report.md list them", err=True)
    click.echo(result.summary)
