"""`ogive show --recipe`: training recipes, with all that they take over from others."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ogive.diagnostics import ArchError, Diagnostic, did_you_mean

if TYPE_CHECKING:
    from ogive.pipeline import Program
    from ogive.recipes import Recipe

_RECIPE = re.compile(r"^recipe[ \t]+(\w+)", re.MULTILINE)


def show_recipes(name: str, target: str | None, *, as_json: bool) -> None:
    """Prints one recipe, or all of a file.

    Args:
        name: of the recipe; empty for all. Without a target it may be the target itself.
        target: a file, or a network whose file it is; without one, the zoo is looked through.
        as_json: print a list of recipes as JSON instead of text.

    Raises:
        ArchError: E321, there is no such recipe; or what is wrong with it.
    """
    from ogive.recipes.printing import to_json, to_text

    if target is None and name and _is_file(name):
        name, target = "", name
    if target is None and not name:
        raise click.UsageError("Missing argument 'TARGET': a file, or the name of a recipe of the zoo.")
    program = _program(name, target)
    recipes = _chosen(program, name)
    if as_json:
        click.echo(json.dumps([to_json(recipe) for recipe in recipes], indent=2))
    else:
        click.echo("\n".join(to_text(recipe) for recipe in recipes), nl=False)


def _is_file(text: str) -> bool:
    return text.endswith(".arch") or Path(text).exists()


def _program(name: str, target: str | None) -> Program:
    """The file that holds the recipes."""
    from ogive import resources
    from ogive.loading import find
    from ogive.reading import read_file

    if target is not None:
        return find(target)[0]
    everything: list[str] = []
    for file in resources.zoo_files():
        declared = _RECIPE.findall(file.read_text(encoding="utf-8", errors="replace"))
        if name in declared:
            return read_file(file, shown=file.name)
        everything += declared
    guess = did_you_mean(name, everything)
    help_ = f"did you mean `{guess}`?" if guess else f"say in which file: `ogive show --recipe {name} FILE`"
    raise ArchError([Diagnostic("E321", f"the zoo has no recipe called `{name}`", help=help_)])


def _chosen(program: Program, name: str) -> tuple[Recipe, ...]:
    """The recipes that were asked for."""
    from ogive.recipes import resolve_all

    names = [recipe.name.id for recipe in program.tree.recipes]
    if not names or (name and name not in names):
        what = f"no recipe called `{name}`" if name else "no recipe"
        notes = (("note", f"it has {', '.join(names)}"),) if names else ()
        guess = did_you_mean(name, names)
        help_ = f"did you mean `{guess}`?" if guess else None
        raise ArchError([Diagnostic("E321", f"{program.source.name} has {what}", (), notes, help_)])
    recipes, diagnostics = resolve_all(program)
    chosen = tuple(recipe for recipe in recipes if name in ("", recipe.name))
    if diagnostics and (not name or not chosen):
        raise ArchError(diagnostics)
    return chosen
