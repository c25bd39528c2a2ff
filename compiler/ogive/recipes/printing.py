"""A resolved recipe as `.arch` text, which reads back as the same recipe, and as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ogive.layers.base import Argument
from ogive.recipes.base import Choice, Value
from ogive.recipes.lines import BY_DEFAULT, Stated
from ogive.recipes.resolve import Recipe
from ogive.recipes.settings import BY_NAME

_COLUMN = 80
"""Where comments stand at most; behind a longer line, they follow it."""


def to_text(recipe: Recipe) -> str:
    """The recipe with everything that it takes over, and where each setting comes from."""
    width = max((len(s.setting.name) for s in recipe.stated), default=0)
    lines = [f"  {s.setting.name:<{width}}  {_values(s)}" for s in recipe.stated]
    column = max((len(line) for line in lines if len(line) <= _COLUMN), default=0)
    said = [
        f"{line:<{column}}  # {origin}" if (origin := _origin(recipe, s)) else line
        for line, s in zip(lines, recipe.stated, strict=True)
    ]
    return "\n".join([f"recipe {recipe.name} {{", *said, "}"]) + "\n"


def _origin(recipe: Recipe, stated: Stated) -> str:
    """`from baseline`; for arguments of another recipe or flag, `momentum from baseline`."""
    if stated.recipe == BY_DEFAULT:
        return "by default"
    whole = [f"from {stated.recipe}"] if stated.recipe != recipe.name else []
    sources = dict.fromkeys(stated.kept.values())
    parts = [
        f"{', '.join(name for name, at in stated.kept.items() if at == source)} from {source}"
        for source in sources
    ]
    return "; ".join(whole + parts)


def text_of(recipe: Recipe, setting: str) -> str:
    """What stands behind a setting, as a flag takes it: `random_crop(32), normalize`; arguments that are as
    they are by default are left out. Empty where nothing stands.
    """
    plain = BY_NAME[setting].plain
    return ", ".join(
        _function(value, value.given()) if isinstance(value, Choice) else written(value, plain)
        for value in recipe.values(setting)
    )


def to_json(recipe: Recipe) -> dict[str, object]:
    """Name, base, and the settings with their values; a function with all of its arguments."""
    return {
        "name": recipe.name,
        "extends": recipe.extends,
        "settings": [
            {
                "name": s.setting.name,
                "values": [_json(value) for value in s.values],
                "from": s.recipe or None,
                "kept": dict(s.kept),
                "file": s.span.source.name if s.recipe else None,
                "line": s.span.line if s.recipe else None,
            }
            for s in recipe.stated
        ],
    }


def _json(value: Value) -> object:
    if not isinstance(value, Choice):
        return value
    arguments = {argument.name: getattr(value, argument.name) for argument in value.arguments()}
    return {"function": value.kind, "arguments": arguments}


def _values(stated: Stated) -> str:
    plain = stated.setting.plain
    return ", ".join(
        _function(value, given) if isinstance(value, Choice) else written(value, plain)
        for value, given in zip(stated.values, stated.given, strict=True)
    )


def _function(choice: Choice, given: Mapping[str, object]) -> str:
    """`sgd(lr = 0.01, momentum = 0.9)`, `random_crop(224)`: what was written."""
    parts: list[str] = []
    for spec in choice.arguments():
        if spec.name in given:
            text = written(given[spec.name], spec)
            parts.append(text if spec.required and not spec.keyword_only else f"{spec.name} = {text}")
    return f"{choice.kind}({', '.join(parts)})" if parts else choice.kind


def written(value: object, spec: Argument | None) -> str:
    """A plain value as it is written in a program."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case float() if spec is not None and value.is_integer() and value < 2**53:
            return str(int(value))
        case int() | float():
            return repr(value)
        case list():
            return f"[{', '.join(written(item, None) for item in value)}]"
        case str() if spec is not None and value in spec.choices:
            return value
        case _:
            return '"' + re.sub(r'["\\{}]', lambda sign: "\\" + sign[0], str(value)) + '"'
