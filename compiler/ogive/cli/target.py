"""What the commands work on: TARGET, `--set`, `--input`, in one place for all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from ogive.render import visible

if TYPE_CHECKING:
    from ogive.elaborate.values import Value
    from ogive.network import Network
    from ogive.pipeline import Program

_SIZES = re.compile(r"[1-9][0-9]{0,8}(x[1-9][0-9]{0,8}){0,4}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What `--set` and `--input` say.

    Attributes:
        arguments: expressions of the language, by the name of the net's parameter.
        input: the shape that replaces the declared one, without the batch.
    """

    arguments: dict[str, Value]
    input: tuple[int, ...] | None

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

        return Network(compile_target(program, name, arguments=self.arguments, shape=self.input))


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--set` and `--input` to a command, which gets them together as `settings`."""

    @click.option(
        "--set",
        "assignments",
        multiple=True,
        metavar="NAME=VALUE",
        help="An argument of the net, as in a program: classes=10.",
    )
    @click.option(
        "--input", "shape", metavar="CxHxW", help="The shape of the input, without the batch: 3x320x320."
    )
    @wraps(command)
    def wrapped(*args: Any, assignments: tuple[str, ...], shape: str | None, **kwargs: Any) -> Any:
        return command(*args, settings=parse_settings(assignments, shape), **kwargs)

    return wrapped


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the argument TARGET and its settings."""
    return click.argument("target", metavar="TARGET")(settings_options(command))


def parse_settings(assignments: tuple[str, ...], shape: str | None) -> Settings:
    """Reads `NAME=VALUE` and `CxHxW`.

    Raises:
        ArchError: a value is no expression.
        click.BadParameter: one of them is not of that form, or a name is set twice.
    """
    from ogive.pipeline import parse_value

    arguments: dict[str, Value] = {}
    for assignment in assignments:
        name, equals, value = (part.strip() for part in assignment.partition("="))
        if not equals or not name.isidentifier() or not value:
            raise click.BadParameter(f"{visible(assignment)!r} is not NAME=VALUE", param_hint="--set")
        if name in arguments:
            raise click.BadParameter(f"{name} is set twice", param_hint="--set")
        arguments[name] = parse_value(value, f"--set {name}")
    if shape is None:
        return Settings(arguments, None)
    if not _SIZES.fullmatch(shape):
        raise click.BadParameter(f"{visible(shape)!r} is not a shape such as 3x320x320", param_hint="--input")
    return Settings(arguments, tuple(map(int, shape.split("x"))))
