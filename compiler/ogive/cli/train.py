"""`ogive train`: a network, a recipe and data to weights, numbers and curves in one folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ogive.cli.complete import complete_target
from ogive.cli.messages import WrongUsage, print_diagnostics
from ogive.cli.target import parse_settings, with_plugins, written_settings_options
from ogive.cli.training import Flags, TrainingCommand, initial_options, machine_options, recipe_options
from ogive.diagnostics import ArchError
from ogive.train.machine import Machine

if TYPE_CHECKING:
    from ogive.network import Network
    from ogive.recipes import Recipe
    from ogive.train.result import Result


@click.command(
    cls=TrainingCommand,
    short_help="Train on a data set, as a recipe says.",
    epilog="Example: ogive train lenet5 --recipe lenet5 --epochs 20",
)
@click.argument("target", metavar="[TARGET]", required=False, shell_complete=complete_target)
@written_settings_options
@recipe_options
@machine_options
@click.option(
    "--resume", type=click.Path(path_type=Path), metavar="RUN", help="Go on with the run of this folder."
)
@initial_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The folder of the run; runs/NAME without it.",
)
def command(
    target: str | None,
    assignments: tuple[str, ...],
    edits: tuple[str, ...],
    shape: str | None,
    plugins: tuple[str, ...],
    recipe: str | None,
    flags: Flags,
    machine: Machine,
    changes: Mapping[str, Any],
    resume: Path | None,
    init_from: Path | None,
    freeze: tuple[str, ...],
    out: Path | None,
) -> None:
    """Train a network as a recipe says, and keep everything about the run in a folder.

    A flag says over the recipe what may stand behind the setting of its name: --optimizer 'sgd(lr = 0.1)'.
    Ctrl-C saves, and --resume goes on from there to the same weights.
    """
    from ogive.cli.running import show, terminal

    if resume is not None:
        own = (target, recipe, flags, assignments, edits, shape, init_from, freeze, out)
        if any(given not in (None, ()) for given in own):
            raise click.UsageError(
                "--resume goes on with a run as it was: besides it only --plugin and the options of the "
                "machine (--device, --workers, --data-dir, …) can be given."
            )
        show(_resume(resume, plugins, changes))
        return
    if target is None:
        raise click.UsageError("Missing argument 'TARGET': a file or a network of the zoo; or --resume RUN.")
    if recipe is None:  # what no flag can say is told before anything is read
        recipe_of(None, flags)
    settings = with_plugins(parse_settings(assignments, shape, edits), plugins)
    network = settings.load(target)
    print_diagnostics(network.warnings)
    chosen = recipe_of(recipe, flags, network)

    from ogive.train.run import train

    show(
        train(
            network,
            chosen,
            machine=machine,
            out=out,
            init_from=init_from,
            freeze=freeze,
            plugins={str(plugin.path): plugin.digest for plugin in settings.plugins},
            console=terminal(),
        )
    )


def recipe_of(name: str | None, flags: Flags, network: Network | None = None) -> Recipe:
    """The recipe that is asked for, with the flags over it.

    Raises:
        ArchError: there is none of that name, or something is wrong in it.
        WrongUsage: a flag says what it never can.
    """
    from ogive.loading import load_recipe
    from ogive.recipes.flags import with_flags

    recipe = load_recipe(name, network) if name is not None else None
    try:
        return with_flags(recipe, flags)
    except ArchError as error:
        raise WrongUsage(error.diagnostics) from None


def _resume(path: Path, plugins: tuple[str, ...], changes: Mapping[str, Any]) -> Result:
    """Goes on with a run. A plugin is run only when it is the one that the run was made with."""
    from ogive.cli.running import terminal
    from ogive.train.record import machine_of
    from ogive.train.recorded import read_run
    from ogive.train.run import resume

    machine = replace(machine_of(read_run(path).record), **changes) if changes else None
    return resume(path, machine=machine, plugins=plugins, console=terminal())
