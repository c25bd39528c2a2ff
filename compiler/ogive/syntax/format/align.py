"""What stands in columns: the `=` of variants, the values of a recipe, the numbers of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ogive.syntax.format.build import is_table
from ogive.syntax.format.tree import WIDTH, Bracket, Leaf, Phrase

_NUMBER = re.compile(r"-?[0-9][\w.]*")


def align_items(items: Sequence[Phrase]) -> None:
    """Align what follows the names of variants, and of recipes of one line, that stand below each other."""
    for run in _runs(items):
        names = [item.nodes[1].first for item in run]
        width = max(len(name.text) for name in names)
        before = [item.flat for item in run]
        for name in names:
            name.pad = width - len(name.text)
        for item in run:
            item.measure()
        if any(flat is not None and item.flat is None for flat, item in zip(before, run, strict=True)):
            for name, item, flat in zip(names, run, before, strict=True):
                name.pad, item.flat = 0, flat


def _runs(items: Sequence[Phrase]) -> Iterator[list[Phrase]]:
    run: list[Phrase] = []
    for item in items:
        aligned = item.word == "VARIANT" or (item.word == "RECIPE" and item.flat and _extends(item))
        apart = item.first.above or item.first.blank
        if run and (not aligned or apart or item.word != run[0].word or run[-1].flat is None):
            yield run
            run = []
        if aligned:
            run.append(item)
    if run:
        yield run


def _extends(recipe: Phrase) -> bool:
    word = recipe.nodes[2]
    return isinstance(word, Leaf) and word.type == "EXTENDS"


def align_settings(settings: Sequence[Phrase]) -> int:
    """Align the values of a recipe's settings; the column at which they begin.

    It is the same in all recipes, as long as no name is longer than `optimizer`.
    """
    width = max((len(setting.first.text) for setting in settings), default=0)
    width = max(width, len("optimizer")) + 2
    for setting in settings:
        setting.first.pad = width - 1 - len(setting.first.text)
        setting.measure()
    return width


def cells(table: Bracket, width: int) -> list[str | None] | None:
    """The rows of a list of lists in columns, numbers to the right; None for what is no table.

    Args:
        table: a list.
        width: the columns that a row may take.
    """
    if not is_table(table):
        return None
    rows = [_cells(item) for item in table.items]
    if any(row is None or len(row) != len(rows[0] or ()) for row in rows):
        return None
    columns = list(zip(*(row or () for row in rows), strict=True))
    numbers = [all(map(_NUMBER.fullmatch, column)) for column in columns]
    widths = [max(map(len, column)) for column in columns]
    texts: list[str | None] = []
    for row in rows:
        text = ""
        for cell, number, size in zip(row or (), numbers, widths, strict=True):
            text += cell.rjust(size) + ", " if number else f"{cell}, ".ljust(size + 2)
        texts.append(f"[{text.rstrip().removesuffix(',')}]")
    return texts if max(len(text or "") for text in texts) <= min(width, WIDTH) else None


def _cells(item: Phrase) -> list[str] | None:
    row = item.nodes[0]
    if not isinstance(row, Bracket) or row.flat is None:
        return None
    return [str(cell.flat) for cell in row.items]
