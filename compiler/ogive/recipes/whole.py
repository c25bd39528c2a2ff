"""A recipe with everything said: what a run is made from, and what is written into its folder."""

from __future__ import annotations

from dataclasses import replace

from ogive.diagnostics import ArchError, Diagnostic, Label
from ogive.recipes.base import Choice, Setting, Value
from ogive.recipes.combinations import mistakes
from ogive.recipes.lines import BY_DEFAULT, Call, Line, Stated
from ogive.recipes.resolve import Recipe
from ogive.recipes.settings import SETTINGS


def whole(recipe: Recipe) -> Recipe:
    """The recipe with every setting stated, and every argument of every function.

    So its text (`printing.to_text`) means the same whatever defaults a later version has. Of settings that
    say the same (`epochs`, `steps`) one is stated.

    Raises:
        ArchError: E329, it does not say what has no default.
    """
    stated = {each.setting.name: each for each in recipe.stated}
    said = {each.setting.group for each in recipe.stated}
    missing = [s for s in SETTINGS if s.group not in said and not s.default and s.instead_of is None]
    if missing:
        raise ArchError([_incomplete(recipe, missing)])
    lines = [
        _in_full(stated[setting.name]) if setting.name in stated else _by_default(recipe, setting)
        for setting in SETTINGS
        if setting.name in stated or setting.group not in said
    ]
    return replace(recipe, stated=tuple(lines))


def check_length(recipe: Recipe, epochs: float) -> None:
    """Holds a recipe against the length of its run, which for `steps` only the data say.

    Args:
        recipe: the recipe.
        epochs: how many epochs the run has, at least the parts of one.

    Raises:
        ArchError: E328, a warm-up leaves nothing of the run, or its schedule changes the rate behind its end.
    """
    found = list(mistakes({each.setting.name: each for each in recipe.stated}, epochs))
    if found:
        raise ArchError(found)


def _in_full(stated: Stated) -> Stated:
    """The same with every argument written; those that nobody gave say so."""
    values = tuple(
        _call(value, given) if isinstance(value, Choice) and isinstance(given, Call) else given
        for value, given in zip(stated.values, stated.line.values, strict=True)
    )
    return replace(stated, line=replace(stated.line, values=values))


def _call(value: Choice, given: Call) -> Call:
    every = {
        argument.name: given.arguments.get(
            argument.name, (getattr(value, argument.name), given.span, BY_DEFAULT)
        )
        for argument in value.arguments()
    }
    return replace(given, arguments=every)


def _by_default(recipe: Recipe, setting: Setting) -> Stated:
    span = recipe.span
    values: tuple[Call | Value, ...] = tuple(
        _call(value, Call(type(value), {}, span)) if isinstance(value, Choice) else value
        for value in setting.default
    )
    line = Line(setting, values, BY_DEFAULT, span, tuple(span for _ in values))
    return Stated(line, setting.default)


def _incomplete(recipe: Recipe, missing: list[Setting]) -> Diagnostic:
    """E329: what is missing, and the flags that say it."""
    names = [f"`{setting.name}`" for setting in missing]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    flags = " ".join(f"--{s.name} {_quoted(s.example)}" for s in missing)
    return Diagnostic(
        "E329",
        f"recipe `{recipe.name}` does not say {listed}",
        (Label(recipe.span, "not said here, nor in what it extends"),),
        tuple((setting.name, setting.doc) for setting in missing),
        f"say it there, or with flags: `{flags}`",
    )


def _quoted(text: str) -> str:
    """As a shell takes it."""
    return f"'{text}'" if " " in text or "(" in text else text
