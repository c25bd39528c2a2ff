"""The options of the commands that train: those of recipes, which say what is computed, and those of
machines, which say where.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from ogive.cli.messages import WrongUsage
from ogive.diagnostics import ArchError
from ogive.recipes.base import Setting
from ogive.recipes.forms import Override
from ogive.recipes.settings import SETTINGS
from ogive.train.machine import DEVICES, STRATEGIES, Machine

Flags = tuple[Override, ...]
"""Settings and arguments of the optimizer by their names, as a recipe writes them."""

_ARGUMENTS = {
    "lr": "the optimizer's learning rate",
    "momentum": "the optimizer's momentum",
    "weight_decay": "the optimizer's weight decay",
}
_RECIPE_NAMES = frozenset({*(setting.name for setting in SETTINGS), *_ARGUMENTS})
_METAVARS = {
    "batch": "N",
    "accumulate": "N",
    "epochs": "N",
    "steps": "N",
    "seed": "N",
    "validation": "PART",
    "precision": "[fp32|bf16]",
}


class TrainingCommand(click.Command):
    """A command whose help tells apart what is computed and where."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the options in three groups."""
        groups: dict[str, list[tuple[str, str]]] = {"Options": [], "Over the recipe": [], "The machine": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is None:
                continue
            name = parameter.name or ""
            own = name not in _RECIPE_NAMES and name not in Machine.__dataclass_fields__
            group = "Options" if own else "Over the recipe" if name in _RECIPE_NAMES else "The machine"
            groups[group].append(record)
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def recipe_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--recipe`, and a flag for each setting of a recipe; the command gets `recipe` (a name, or None)
    and `flags`.
    """

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given = {name: kwargs.pop(name) for name in names}
        flags = tuple((name, _text(value)) for name, value in given.items() if value is not None)
        return command(*args, flags=flags, **kwargs)

    names = [*(setting.name for setting in SETTINGS), *_ARGUMENTS]
    for name, about in reversed(_ARGUMENTS.items()):
        wrapped = click.option(_flag(name), name, metavar="X", help=_sentence(about))(wrapped)
    for setting in reversed(SETTINGS):
        wrapped = _option(setting)(wrapped)
    return click.option(
        "--recipe",
        metavar="NAME|FILE:NAME",
        help="The recipe: of TARGET's file, or of the zoo; `default` unless given.",
    )(wrapped)


def initial_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds what training begins with and what stays as it is; the command gets `init_from` and `freeze`."""
    frozen = click.option(
        "--freeze",
        multiple=True,
        metavar="NAME",
        help="Do not train these layers: 'conv1*'. May be given several times.",
    )
    begun = click.option(
        "--init-from", type=click.Path(path_type=Path), metavar="FILE|RUN", help="Begin with these weights."
    )
    return begun(frozen(command))


def machine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of a machine; the command gets `machine`, and `changes`, those that were given."""

    @click.option(
        "--device", type=click.Choice(DEVICES), help="Where to run; auto is cuda where there is one."
    )
    @click.option("--devices", type=int, metavar="N", help="Processes on each node, each with a device.")
    @click.option("--nodes", type=int, metavar="N", help="Machines that train together.")
    @click.option("--strategy", type=click.Choice(STRATEGIES), help="How several devices share the work.")
    @click.option("--workers", type=int, metavar="N", help="Processes that prepare images.")
    @click.option("--data-dir", metavar="FOLDER", help="Where data sets lie; `data` unless given.")
    @click.option("--download", is_flag=True, default=None, help="Fetch a data set that is not there.")
    @click.option(
        "--corrupt", type=click.Choice(["refuse", "skip"]), help="What to do with images that cannot be read."
    )
    @click.option(
        "--save-minutes",
        type=float,
        metavar="N",
        help="Minutes between checkpoints within an epoch; 15 unless given.",
    )
    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given = {name: kwargs.pop(name) for name in names}
        changes = {name: value for name, value in given.items() if value is not None}
        try:
            machine = Machine(**changes)
        except ArchError as error:  # what no machine could be is told before anything is read
            raise WrongUsage(error.diagnostics) from None
        return command(*args, machine=machine, changes=changes, **kwargs)

    names = list(Machine.__dataclass_fields__)
    return wrapped


def _option(setting: Setting) -> Callable[..., Any]:
    about = _sentence(setting.doc)
    if setting.plain is not None and setting.plain.types == (bool,):
        flag = _flag(setting.name)
        return click.option(f"{flag}/--no-{flag[2:]}", setting.name, default=None, help=about)
    metavar = _METAVARS.get(setting.name, setting.name.upper())
    return click.option(_flag(setting.name), setting.name, metavar=metavar, help=about)


def _sentence(text: str) -> str:
    """With a capital and a full stop, as the help of an option has them."""
    return f"{text[0].upper()}{text[1:]}."


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
