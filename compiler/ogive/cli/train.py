"""`ogive train`: a network and a data set to weights, numbers and curves in one folder."""

from __future__ import annotations

from pathlib import Path

import click

from ogive.cli.messages import WrongUsage, print_diagnostics
from ogive.cli.target import Settings, target_options
from ogive.diagnostics import ArchError
from ogive.train import settings as defaults


@click.command(
    short_help="Train on a data set.", epilog="Example: ogive train lenet5 --epochs 20 --out runs/lenet5"
)
@target_options
@click.option("--data", default="digits", show_default=True, help="The data set.")
@click.option("--epochs", default=defaults.EPOCHS, show_default=True, help="Times that every image is seen.")
@click.option("--batch", default=defaults.BATCH, show_default=True, help="Images in a step.")
@click.option("--lr", default=defaults.LEARNING_RATE, show_default=True, help="The highest learning rate.")
@click.option(
    "--seed", default=0, show_default=True, help="Of the split, the order, the weights and dropout."
)
@click.option(
    "--device",
    default="auto",
    show_default=True,
    type=click.Choice(["cpu", "cuda", "auto"]),
    help="Where to run.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="The folder of the run; runs/NAME/1, 2, … without it."
)
def command(
    target: str,
    settings: Settings,
    data: str,
    epochs: int,
    batch: int,
    lr: float,
    seed: int,
    device: str,
    out: Path | None,
) -> None:
    """Train a network to classify, and keep everything about the run in a folder."""
    try:
        defaults.Settings(data, epochs, batch, lr, seed, device)
    except ArchError as error:  # what no run could use is told before anything is read
        raise WrongUsage(error.diagnostics) from None
    network = settings.load(target)
    print_diagnostics(network.warnings)

    from rich.console import Console

    from ogive.train.choice import RULE
    from ogive.train.run import train

    result = train(
        network.module,
        name=network.name,
        inputs=[(name, tensor.sizes) for name, tensor in network.inputs],
        outputs=[(name, tensor.sizes) for name, tensor in network.outputs],
        least=network.unknowns,
        parameters=[name for name, _ in network.ir.regions[0].arguments],
        data=data,
        epochs=epochs,
        batch=batch,
        lr=lr,
        seed=seed,
        device=device,
        out=out,
        source_text=network.text,
        plugins={str(plugin.path): plugin.digest for plugin in settings.plugins},
        arguments=settings.written(),
        edits=network.edits,
        console=Console(stderr=True),
    )
    click.echo(result.summary)
    click.echo(f"  best: {RULE}")
    for file in result.files:
        click.echo(f"  {file}")
