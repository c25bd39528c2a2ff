"""How wide text is in the packaged font, for what is placed without Graphviz."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from ogive.backends.draw.scene import Line
from ogive.resources import font_file


@cache
def _advances(bold: bool) -> tuple[dict[int, float], float]:
    """By character: its advance in ems; and the advance of one that the font lacks."""
    from fontTools.ttLib import TTFont

    with TTFont(font_file(bold), lazy=True) as font:
        head: Any = font["head"]  # its fields come from the file
        em, metrics = head.unitsPerEm, font["hmtx"].metrics
        found = {code: metrics[glyph][0] / em for code, glyph in (font.getBestCmap() or {}).items()}
        return found, metrics[".notdef"][0] / em


def has(sign: str, bold: bool = False) -> bool:
    """Whether the font has a character."""
    return ord(sign) in _advances(bold)[0]


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Points that the text takes in type of that size."""
    advances, missing = _advances(bold)
    return size * sum(advances.get(ord(character), missing) for character in text)


def line_width(line: Line) -> float:
    """Points that a line takes."""
    return sum(text_width(run.text, run.size, run.bold) for run in line)


def widest(lines: Iterable[Line]) -> float:
    """Points that the widest of the lines takes."""
    return max(map(line_width, lines), default=0.0)
