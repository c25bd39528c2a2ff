"""A table as comma-separated values (RFC 4180): numbers whole, nothing merged, no footnotes."""

from __future__ import annotations

import csv
import io

from ogive.tables.model import Cell, Number, Part, Stack, Table, times


def to_csv(table: Table) -> str:
    """A line of headings, and a line a row."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([column.title for column in table.columns])
    label = ""
    for row in table.rows:
        texts = [text for cell in row.cells for text in _texts(cell)]
        label = texts[0] = texts[0] or label  # a stage of several rows is named in each
        writer.writerow(texts)
    return stream.getvalue()


def _texts(cell: Cell) -> list[str]:
    text = "; ".join(_plain(part) for part in cell.parts)
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
