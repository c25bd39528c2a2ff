"""`ogive bench`: the compiled network against torchvision's of the same name."""

from __future__ import annotations

import click

from ogive.cli.target import Settings, target_options


@click.command(
    short_help="Time a network against torchvision's.",
    epilog="Example: ogive bench resnet50 --batch 8 --threads 2",
)
@target_options
@click.option(
    "--batch", default=1, show_default=True, type=click.IntRange(1), metavar="N", help="Images at once."
)
@click.option(
    "--device",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "cpu", "cuda"]),
    help="Where to run.",
)
@click.option(
    "--threads", type=click.IntRange(1), metavar="N", help="Threads on the CPU; torch's choice without it."
)
@click.option(
    "--rounds",
    default=9,
    show_default=True,
    type=click.IntRange(1),
    metavar="N",
    help="Measurements of each, in turns.",
)
def command(
    target: str, settings: Settings, batch: int, device: str, threads: int | None, rounds: int
) -> None:
    """Time forward, and forward with backward; medians of measurements taken in turns."""
    from ogive import bench

    network = settings.load(target)
    chosen = bench.device(device)
    if chosen is None:
        raise click.UsageError("torch finds no CUDA device here; use --device cpu.")
    result = bench.compare(network, batch=batch, device=chosen, threads=threads, rounds=rounds)
    click.echo(bench.to_text(result))
