"""The page about recipes, made from the settings and functions themselves."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Collection, Iterator

from ogive.elaborate.parameters import expected
from ogive.layers.base import Argument
from ogive.recipes.base import LARGEST, Choice, Setting, Value
from ogive.recipes.printing import written
from ogive.recipes.settings import SETTINGS

_HEAD = """# Settings of recipes

Each line of a recipe begins with a setting; behind most stand functions, with arguments or without.
[The language](language.md#recipes) says how recipes are written, extended and printed. This page is made from
the compiler's own descriptions. Numbers that may
have a point are at most a million in magnitude.
"""


def to_markdown() -> str:
    """Every setting, in the order in which a recipe is printed, with its functions and their arguments."""
    return "\n".join([_HEAD, *(line for setting in SETTINGS for line in _setting(setting))])


def _setting(setting: Setting) -> Iterator[str]:
    yield f"## `{setting.name}`"
    yield ""
    about = [f"{setting.doc[0].upper()}{setting.doc[1:]}."]
    if setting.plain is not None and not setting.functions:
        about.append(f"It is {expected(setting.plain)}{_bounds(setting.plain)}.")
    if setting.default:
        shown = (f"`{_default(setting, value)}`" for value in setting.default)
        about.append(f"Unless stated: {', '.join(shown)}.")
    common = _common(setting)
    if common:
        each = "; ".join(_argument(argument, default) for argument, default in common.values())
        about.append(f"All functions also take {each}.")
    yield " ".join(about)
    yield ""
    if setting.functions:
        yield "| function | what it is | arguments |"
        yield "|---|---|---|"
        yield from (_function(function, common.keys()) for function in setting.functions)
        yield ""


def _common(setting: Setting) -> dict[str, tuple[Argument, object]]:
    """The arguments that all of several functions take, by name, with their default."""
    if len(setting.functions) < 2:
        return {}
    each = [_with_defaults(function) for function in setting.functions]
    return {name: pair for name, pair in each[0].items() if all(e.get(name) == pair for e in each)}


def _with_defaults(function: type[Choice]) -> dict[str, tuple[Argument, object]]:
    defaults = {field.name: field.default for field in dataclasses.fields(function)}
    return {argument.name: (argument, defaults[argument.name]) for argument in function.arguments()}


def _function(function: type[Choice], common: Collection[str]) -> str:
    about = " ".join(inspect.cleandoc(function.__doc__ or "").split()).removesuffix(".")
    source = f" ({function.source})" if function.source else ""
    pairs = _with_defaults(function).items()
    parts = [_argument(argument, default) for name, (argument, default) in pairs if name not in common]
    return f"| `{function.kind}` | {about}{source} | {'; '.join(parts)} |"


def _argument(argument: Argument, default: object) -> str:
    given = "" if argument.required else f" = {written(default, argument)}"
    takes = f" ({expected(argument)})" if argument.choices else ""
    if argument.minimum is not None and argument.maximum not in (None, LARGEST):
        takes = f" ({_bounds(argument).strip()})"
    return f"`{argument.name}{given}`: {argument.doc}{takes}"


def _bounds(argument: Argument) -> str:
    low, high = argument.minimum, argument.maximum if argument.maximum != LARGEST else None
    if low is None and high is None:
        return ""
    return f" of at least {low:g}" if high is None else f" from {low or 0:g} to {high:g}"


def _default(setting: Setting, value: Value) -> str:
    return value.kind if isinstance(value, Choice) else written(value, setting.plain)
