"""`ogive show --recipe`: training recipes, with all that they take over from others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ogive.diagnostics import ArchError, Diagnostic

if TYPE_CHECKING:
    from ogive.pipeline import Program
    from ogive.recipes import Recipe


def show_recipes(name: str, target: str | None, *, as_json: bool, in_full: bool) -> None:
    """Prints one recipe, or all of a file.

    Args:
        name: of the recipe, as `ogive.load_recipe` takes it; empty for all of the target's file. Without a
            target it may be a file itself.
        target: a file, or a network whose file is looked into first.
        as_json: print a list of recipes as JSON instead of text.
        in_full: print every setting and argument, those that no recipe states too.

    Raises:
        ArchError: E321, there is no such recipe; E329, it is not complete; or what is wrong with it.
    """
    from ogive.loading import find, load_recipe
    from ogive.recipes import whole
    from ogive.recipes.printing import to_json, to_text

    if target is None and name and _is_file(name):
        name, target = "", name
    if target is None and not name:
        raise click.UsageError("Missing argument 'TARGET': a file, or the name of a recipe.")
    program = find(target)[0] if target is not None else None
    recipes = (load_recipe(name, program),) if name or program is None else _every(program)
    if in_full:
        recipes = tuple(whole(recipe) for recipe in recipes)
    if as_json:
        click.echo(json.dumps([to_json(recipe) for recipe in recipes], indent=2))
    else:
        click.echo("\n".join(to_text(recipe) for recipe in recipes), nl=False)


def _is_file(text: str) -> bool:
    return text.endswith(".arch") or Path(text).exists()


def _every(program: Program) -> tuple[Recipe, ...]:
    """The recipes that a file holds itself."""
    from ogive.recipes import resolve_all

    recipes, diagnostics = resolve_all(program)
    if diagnostics:
        raise ArchError(diagnostics)
    if not recipes:
        raise ArchError([Diagnostic("E321", f"{program.source.name} has no recipe")])
    return recipes
