"""What the commands work on: TARGET, `--set`, `--input`, in one place for all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ogive.render import visible

if TYPE_CHECKING:
    from ogive.network import Network
    from ogive.syntax.ast import Expr

_SIZES = re.compile(r"[1-9][0-9]{0,8}(x[1-9][0-9]{0,8}){0,4}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What `--set` and `--input` say.

    Attributes:
        arguments: expressions of the language, by the name of the net's parameter.
        input: the shape that replaces the declared one, without the batch.
    """

    arguments: dict[str, Expr]
    input: tuple[int, ...] | None

    def load(self, target: str) -> Network:
        """The network that TARGET names.

        Raises:
            ArchError: the program, or a setting, is wrong.
            click.UsageError: TARGET is a file with several nets.
        """
        from ogive import pipeline

        if is_file(target):
            names = pipeline.targets_of(target)
            if len(names) > 1:
                listed = "\n".join(f"  {visible(target)}:{name}" for name in names)
                raise click.UsageError(f"{visible(target)} has several nets; say which:\n{listed}")
        return pipeline.load_target(target, arguments=self.arguments, input=self.input)


def is_file(target: str) -> bool:
    """Whether TARGET means a whole file: neither `FILE:NAME` nor a network of the zoo."""
    return ":" not in Path(target).name and (target.endswith(".arch") or Path(target).exists())


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
    arguments: dict[str, Expr] = {}
    for assignment in assignments:
        name, equals, value = (part.strip() for part in assignment.partition("="))
        if not equals or not name.isidentifier() or not value:
            raise click.BadParameter(f"{visible(assignment)!r} is not NAME=VALUE", param_hint="--set")
        if name in arguments:
            raise click.BadParameter(f"{name} is set twice", param_hint="--set")
        arguments[name] = _expression(name, value)
    if shape is None:
        return Settings(arguments, None)
    if not _SIZES.fullmatch(shape):
        raise click.BadParameter(f"{visible(shape)!r} is not a shape such as 3x320x320", param_hint="--input")
    return Settings(arguments, tuple(map(int, shape.split("x"))))


def _expression(name: str, value: str) -> Expr:
    from ogive.diagnostics import ArchError
    from ogive.source import SourceFile
    from ogive.syntax.parser import parse_expression

    expression, diagnostics = parse_expression(SourceFile(f"--set {name}", value))
    if expression is None:
        raise ArchError(diagnostics)
    return expression
