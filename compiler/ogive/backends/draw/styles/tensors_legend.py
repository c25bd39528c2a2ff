"""The key of a tensor figure, at the lower right: the sign, the arrow and the words of each operation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ogive.backends.draw.measure import text_width
from ogive.backends.draw.styles.tensors_boxes import LABEL
from ogive.backends.draw.styles.tensors_place import Rect

TYPE = 7.0
"""Points: the type of its words."""
SAMPLE, SIGN = 16.0, 4.0
"""Points: the length of its arrows; between a sign and its arrow."""
_LINE = 10.0
"""Points from line to line."""
_BETWEEN, _COLUMNS = 5.0, 12.0
_AROUND = 7.0
"""Points between the key and anything else."""
_WIDENING = 0.3
"""What a point of width costs, where a point of height costs 1."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the key: where its arrow begins, and the x where its words do; the y of both."""

    x: float
    words: float
    y: float


@dataclass(frozen=True, slots=True)
class Key:
    """The lines, how wide the figure is with them, and how far below y = 0 they are."""

    entries: tuple[Entry, ...]
    width: float
    low: float


def key(texts: Sequence[str], tags: Sequence[str], there: Sequence[Rect], width: float, room: float) -> Key:
    """The key in its place.

    Args:
        texts: the words of its lines.
        tags: the signs before the arrows; empty where there is none.
        there: what it must not cover; nothing of it is below y = 0.
        width: of the figure.
        room: how wide it may become.
    """
    best, least = Key((), width, 0.0), float("inf")
    for rows in range(1, len(texts) + 1):
        entries, wide, tall = _laid_out(texts, tags, rows)
        if wide > room and rows < len(texts):
            continue
        whole = max(width, wide)
        left, low = whole - wide, _free(there, Rect(whole - wide, 0.0, whole, tall))
        cost = -low + _WIDENING * (whole - width)
        if cost < least:
            moved = (replace(e, x=e.x + left, words=e.words + left, y=e.y + low) for e in entries)
            best, least = Key(tuple(moved), whole, low), cost
    return best


def _laid_out(texts: Sequence[str], tags: Sequence[str], rows: int) -> tuple[list[Entry], float, float]:
    """Entries in columns of so many rows, from (0, 0) at the lower left; the width and height of all."""
    x, found = 0.0, list[Entry]()
    for first in range(0, len(texts), rows):
        column, signs = texts[first : first + rows], tags[first : first + rows]
        x += max(text_width(sign, LABEL) + SIGN if sign else 0.0 for sign in signs)
        words = x + SAMPLE + _BETWEEN
        found += [Entry(x, words, (rows - k - 0.5) * _LINE) for k in range(len(column))]
        x = words + max(text_width(text, TYPE) for text in column) + _COLUMNS
    return found, x - _COLUMNS, rows * _LINE


def _free(there: Sequence[Rect], want: Rect) -> float:
    """The y at which a rectangle covers nothing: 0, or as far down as it has to go."""
    low = 0.0
    for rect in there:
        beside = rect.left >= want.right + _AROUND or rect.right <= want.left - _AROUND
        if not beside and rect.bottom < want.top + _AROUND:
            low = min(low, rect.bottom - _AROUND - want.top)
    return low
