"""The part of a file that one of its nets needs, as a file of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from ogive.syntax import ast

_EMPTY_LINES = re.compile(r"\n(?:[ \t\r\f;]*\n)+")


def excerpt(tree: ast.File, name: str) -> str:
    """The text of a net or variant with the definitions that it uses, in the order of the file.

    What belongs to it: the comment at the top of the file, those above and behind what is taken, the recipe
    of the same name with those it extends, `use`, and the version of the language.

    Args:
        tree: a file that parses.
        name: of one of its nets or variants.
    """
    recipes = _recipes(tree, name)
    needed = _needed(tree, [name], recipes)
    text, start = tree.span.source.text, 0
    parts: list[str] = []
    for number, item in enumerate(tree.items):
        end = len(text)
        if number + 1 < len(tree.items):  # with the comment behind it
            end = min(text.find("\n", item.span.end) + 1 or end, tree.items[number + 1].span.start)
        above, taken = text[start : item.span.start], _text(item, needed, recipes)
        if taken is not None:
            parts.append(f"{above}{taken}{text[item.span.end : end]}")
        elif number == 0:
            parts.append(_without_last_paragraph(above))
        start = end
    return "".join(part if part.endswith("\n") else f"{part}\n" for part in parts)


def _without_last_paragraph(comments: str) -> str:
    """What stands at the top of a file, without what stands right above its first item.

    A single paragraph is about the file, wherever it stands.
    """
    paragraphs = _EMPTY_LINES.split(comments.strip())
    if comments and _EMPTY_LINES.search(comments[len(comments.rstrip()) :]) is None and len(paragraphs) > 1:
        paragraphs.pop()
    return "\n\n".join(paragraphs) + "\n\n"


def _recipes(tree: ast.File, name: str) -> list[ast.Recipe]:
    """The recipe of this name, and what it extends."""
    known = {recipe.name.id: recipe for recipe in tree.recipes}
    found: list[ast.Recipe] = []
    recipe = known.get(name)
    while recipe is not None and recipe not in found:
        found.append(recipe)
        recipe = known.get(recipe.base.id) if recipe.base else None
    return found


def _needed(tree: ast.File, names: list[str], recipes: Iterable[ast.Recipe]) -> set[str]:
    """All names that these lead to. A name of a tensor may bring a definition that nothing needs: no harm."""
    known = {item.name.id: item for item in tree.named}
    found: set[str] = set()
    todo = [*names, *_names(tuple(recipe.settings for recipe in recipes))]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += _names(known[name]) if name in known else ()
    return found


def _names(node: Any) -> Iterator[str]:
    """Every name that stands in a node."""
    todo = [node]
    while todo:
        node = todo.pop()
        if isinstance(node, tuple):
            todo += node
        elif isinstance(node, ast.Name):
            yield node.id
        elif is_dataclass(node) and hasattr(node, "span"):
            todo += [getattr(node, field.name) for field in fields(node)]


def _text(item: ast.Item, needed: set[str], recipes: list[ast.Recipe]) -> str | None:
    """What is taken of an item, if anything is."""
    match item:
        case ast.Language():
            taken = True
        case ast.Recipe():
            taken = item in recipes
        case ast.Use():
            taken = not item.names or all(imported.name.id in needed for imported in item.names)
            some = [imported.span.text for imported in item.names if imported.name.id in needed]
            if some and not taken:
                return f"use {', '.join(some)} from {item.path.span.text}"
        case _:
            taken = item.name.id in needed
    return item.span.text if taken else None
