"""A table as comma-separated values (RFC 4180): numbers whole, nothing merged, no footnotes.

What was published stands there three times: as it is printed, as a number, and where.
"""

from __future__ import annotations

import csv
import io

from ogive.tables.model import Cell, Column, Number, Part, Row, Stack, Table, times

_PUBLISHED = "_published"
_ENDINGS = (_PUBLISHED, "_published_value", "_source")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What programs of spreadsheets take for the beginning of a formula (OWASP, CSV injection)."""


def to_csv(table: Table) -> str:
    """A line of headings, and a line a row."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([safe(name) for column in table.columns for name in _names(column)])
    label = ""
    for row in table.rows:
        for number, key in enumerate(_keys(row)):
            texts: list[str] = []
            at = 0
            for cell in row.cells:
                column = table.columns[at]
                at += cell.span
                wide = column.key.endswith(_PUBLISHED)
                texts += _told(cell) if wide else _texts(cell, number if row.key else 0)
            label = texts[0] = key or texts[0] or label  # a stage of several rows is named in each
            writer.writerow(texts)
    return stream.getvalue()


def safe(text: str) -> str:
    """A text that no spreadsheet computes."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _names(column: Column) -> list[str]:
    name = column.key or column.title
    return _named(name) if name.endswith(_PUBLISHED) else [name]


def _keys(row: Row) -> list[str]:
    return _named(row.key) if row.key.endswith(_PUBLISHED) else [row.key]


def _named(name: str) -> list[str]:
    return [name.removesuffix(_PUBLISHED) + ending for ending in _ENDINGS]


def _told(cell: Cell) -> list[str]:
    """As printed, as a number, and the source, of a cell of a published figure."""
    found = [part for part in cell.parts if isinstance(part, Number) and part.source]
    if not found:
        return ["", "", ""]
    return [safe(found[0].printed), _plain(found[0]), safe(found[0].source)]


def _texts(cell: Cell, number: int = 0) -> list[str]:
    text = "; ".join(_plain(part) for part in cell.parts)
    if any(isinstance(part, Number) and part.source for part in cell.parts):
        text = _told(cell)[number]
    elif not all(isinstance(part, Number) for part in cell.parts):
        text = safe(text)
    return [text if cell.shared or not at else "" for at in range(cell.span)]


def _plain(part: Part) -> str:
    match part:
        case Stack():
            return f"[{'; '.join(part.lines)}]{times(part)}"
        case Number():
            value = part.value
            return str(int(value) if isinstance(value, float) and value.is_integer() else value)
        case str():
            return part
