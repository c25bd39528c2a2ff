"""What the commands work on: TARGET, `--set`, `--input`, in one place for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from ogive.cli.complete import complete_target
from ogive.given import sizes_of
from ogive.render import visible

if TYPE_CHECKING:
    from ogive.elaborate.values import Value
    from ogive.layers.library import Library
    from ogive.network import Network
    from ogive.pipeline import Program
    from ogive.plugin.files import Plugin
    from ogive.syntax import ast


@dataclass(frozen=True, slots=True)
class Settings:
    """What `--set`, `--edit` and `--input` say.

    Attributes:
        arguments: expressions of the language, by the name of the net's parameter.
        input: the shape that replaces the declared one, without the batch.
        library: the layers there are, with those of the plugins; None for the standard ones.
        plugins: the files that `--plugin` named.
        edits: rewritings of the net, in order.
    """

    arguments: dict[str, Value]
    input: tuple[int, ...] | None
    library: Library | None = None
    plugins: tuple[Plugin, ...] = ()
    edits: tuple[ast.Edit | ast.Assert, ...] = ()

    def load(self, target: str) -> Network:
        """The network that TARGET names.

        Raises:
            ArchError: the program, or a setting, is wrong.
            click.UsageError: TARGET is a file with several nets.
        """
        from ogive.loading import find, only_name

        program, name = find(target)
        if name is None and len(program.complete) > 1:
            listed = "\n".join(f"  {visible(target)}:{each}" for each in program.complete)
            raise click.UsageError(f"{visible(target)} holds several nets; say which:\n{listed}")
        return self.compile(program, name or only_name(program, self.arguments))

    def compile(self, program: Program, name: str) -> Network:
        """One net of a file, with these settings.

        Raises:
            ArchError: the net, or a setting, is wrong.
        """
        from ogive.network import Network
        from ogive.pipeline import compile_target

        made = compile_target(
            program, name, arguments=self.arguments, shape=self.input, library=self.library, edits=self.edits
        )
        return Network(made)

    def written(self) -> dict[str, str]:
        """What `--set` gave, as it was written."""
        return {name: value.span.text for name, value in self.arguments.items()}


plugin_option = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="FILE.py",
    help="A Python file with layers of yours; it is run. May be given several times.",
)


def written_settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--set`, `--edit`, `--input` and `--plugin` to a command, which gets them as they are written:
    `assignments`, `edits`, `shape` and `plugins`. No plugin is run.
    """
    options = (
        click.option(
            "--set",
            "assignments",
            multiple=True,
            metavar="NAME=VALUE",
            help="An argument of the net, as in a program: classes=10.",
        ),
        click.option(
            "--edit",
            "edits",
            multiple=True,
            metavar="EDIT",
            help="Rewrite the net, as in a program: 'insert bn before relu'. May be given several times.",
        ),
        click.option(
            "--input", "shape", metavar="CxHxW", help="The shape of the input, without the batch: 3x320x320."
        ),
        plugin_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--set`, `--edit`, `--input` and `--plugin` to a command, which gets all as `settings`."""

    @written_settings_options
    @wraps(command)
    def wrapped(
        *args: Any,
        assignments: tuple[str, ...],
        edits: tuple[str, ...],
        shape: str | None,
        plugins: tuple[str, ...],
        **kwargs: Any,
    ) -> Any:
        settings = with_plugins(parse_settings(assignments, shape, edits), plugins)
        return command(*args, settings=settings, **kwargs)

    return wrapped


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the argument TARGET and its settings."""
    argument = click.argument("target", metavar="TARGET", shell_complete=complete_target)
    return argument(settings_options(command))


def with_plugins(settings: Settings, paths: tuple[str, ...]) -> Settings:
    """The settings with the layers of these files, each run once.

    Raises:
        ArchError: a file cannot be read or run, or what is in it is no layer.
    """
    if not paths:
        return settings
    from ogive.layers.library import Library
    from ogive.plugin.files import add_plugin

    library = Library.standard()
    plugins = tuple(add_plugin(library, path) for path in dict.fromkeys(paths))
    return replace(settings, library=library, plugins=plugins)


def parse_settings(assignments: tuple[str, ...], shape: str | None, edits: tuple[str, ...] = ()) -> Settings:
    """Reads `NAME=VALUE`, `CxHxW` and edits.

    Raises:
        ArchError: a value is no expression, or an edit is none.
        click.BadParameter: one of them is not of that form, or a name is set twice.
    """
    from ogive.pipeline import parse_changes, parse_value

    arguments: dict[str, Value] = {}
    for assignment in assignments:
        name, equals, value = (part.strip() for part in assignment.partition("="))
        if not equals or not name.isidentifier() or not value:
            raise click.BadParameter(f"{visible(assignment)!r} is not NAME=VALUE", param_hint="--set")
        if name in arguments:
            raise click.BadParameter(f"{name} is set twice", param_hint="--set")
        arguments[name] = parse_value(value, f"--set {name}")
    changes = parse_changes(edits)
    if shape is None:
        return Settings(arguments, None, edits=changes)
    sizes = sizes_of(shape)
    if sizes is None:
        raise click.BadParameter(f"{visible(shape)!r} is not a shape such as 3x320x320", param_hint="--input")
    return Settings(arguments, sizes, edits=changes)
