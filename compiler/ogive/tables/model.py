"""A table, before it is LaTeX, Markdown, HTML or CSV.

Texts are Unicode (`3×3, 64`); what a format writes otherwise is that writer's concern.
"""

from __future__ import annotations

from dataclasses import dataclass

from ogive.layers.base import Size


@dataclass(frozen=True, slots=True)
class Stack:
    """Lines in brackets, and how often they stand one behind the other: `[1×1, 64; 3×3, 64] × 3`.

    Without a count the brackets only hold together what belongs together.
    """

    lines: tuple[str, ...]
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number as a paper prints it.

    Attributes:
        value: the exact one.
        text: the digits that are printed, with a unit (`25.6 M`).
        exponent: the power of ten that they are multiplied with, where one is printed.
        printed: as its source prints it, of a published one.
        source: that source.
    """

    value: Size | float
    text: str
    exponent: int | None = None
    printed: str = ""
    source: str = ""


Part = str | Stack | Number


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a row, in one column or in several.

    Attributes:
        parts: one below the other.
        span: how many columns it takes.
        shared: whether it says the same of each of them, so that a format without such cells repeats it.
        rows: how many rows it takes: those below say nothing there.
        mark: the mark of a footnote.
    """

    parts: tuple[Part, ...] = ()
    span: int = 1
    shared: bool = False
    rows: int = 1
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row; its cells fill all columns, from the left, and the first says what it is about.

    Attributes:
        cells: what stands in it.
        begins: whether something new begins: a stage, and not another part of the one above.
        total: whether it sums up the rows above.
        key: what it is called where rows are found by their names; what its first cell says without it.
    """

    cells: tuple[Cell, ...]
    begins: bool = True
    total: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, whether it holds texts (left), stacks (centre) or numbers (right), and what
    it is called where columns are found by their names, if not by its heading.
    """

    title: str
    align: str = "centre"
    key: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote; with a mark, of the cells that bear it."""

    text: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table for a paper.

    Attributes:
        caption: what it shows.
        label: what a text refers to it by.
        columns: at least one.
        rows: in order.
        notes: what stands below it.
    """

    caption: str
    label: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[Note, ...] = ()


def text_cell(text: str, span: int = 1) -> Cell:
    """A cell of one text, or an empty one."""
    return Cell((text,) if text else (), span)


def times(stack: Stack) -> str:
    """` × 3`, or nothing."""
    return "" if stack.count is None else f" × {stack.count}"
