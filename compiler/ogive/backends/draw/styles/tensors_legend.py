"""The key of a tensor figure: an arrow and words for each operation that occurs, at the lower right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ogive.backends.draw.measure import text_width
from ogive.backends.draw.styles.tensors_boxes import LABEL
from ogive.backends.draw.styles.tensors_place import Rect

TYPE = 7.0
"""Points: the type of its words."""
_SAMPLE = 16.0
"""Points: the length of its arrows, at least."""
_LINE, _TAGGED = 10.0, 13.0
"""Points from line to line, without and with tags over the arrows."""
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
    """The lines, how long their arrows are, how wide the figure is with them, and how far below y = 0 they
    are.
    """

    entries: tuple[Entry, ...]
    sample: float
    width: float
    low: float


def key(texts: Sequence[str], tags: Sequence[str], there: Sequence[Rect], width: float, room: float) -> Key:
    """The key in its place.

    Args:
        texts: the words of its lines.
        tags: what stands over the arrows; empty where nothing does.
        there: what it must not cover; nothing of it is below y = 0.
        width: of the figure.
        room: how wide it may become.
    """
    sample = max([_SAMPLE, *(text_width(tag, LABEL) + 2 for tag in tags)])
    best, least = Key((), sample, width, 0.0), float("inf")
    for rows in range(1, len(texts) + 1):
        entries, wide, tall = _laid_out(texts, rows, sample, _TAGGED if any(tags) else _LINE)
        if wide > room and rows < len(texts):
            continue
        whole = max(width, wide)
        left, low = whole - wide, _free(there, Rect(whole - wide, 0.0, whole, tall))
        cost = -low + _WIDENING * (whole - width)
        if cost < least:
            moved = (replace(e, x=e.x + left, words=e.words + left, y=e.y + low) for e in entries)
            best, least = Key(tuple(moved), sample, whole, low), cost
    return best


def _laid_out(
    texts: Sequence[str], rows: int, sample: float, height: float
) -> tuple[list[Entry], float, float]:
    """Entries in columns of so many rows, from (0, 0) at the lower left; the width and height of all."""
    x, found = 0.0, list[Entry]()
    for first in range(0, len(texts), rows):
        column = texts[first : first + rows]
        found += [Entry(x, x + sample + _BETWEEN, (rows - k - 0.5) * height) for k in range(len(column))]
        x += sample + _BETWEEN + max(text_width(text, TYPE) for text in column) + _COLUMNS
    return found, x - _COLUMNS, rows * height


def _free(there: Sequence[Rect], want: Rect) -> float:
    """The y at which a rectangle covers nothing: 0, or as far down as it has to go."""
    low = 0.0
    for rect in there:
        beside = rect.left >= want.right + _AROUND or rect.right <= want.left - _AROUND
        if not beside and rect.bottom < want.top + _AROUND:
            low = min(low, rect.bottom - _AROUND - want.top)
    return low
