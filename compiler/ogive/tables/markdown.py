"""A table as GitHub's Markdown. It has no cells over several columns: what is shared is repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ogive.tables.model import Cell, Number, Part, Stack, Table, times

_ALIGNED = {"left": "---", "centre": ":---:", "right": "---:"}
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SPECIAL = re.compile(r"([\\`*<>|~$]|(?<!\w)_|_(?!\w)|^[#+-](?=\s|#)|\[(?=[^\]]*\]\())")


def to_markdown(table: Table) -> str:
    """The table, its caption above and its footnotes below."""
    return "\n".join([*_lines(table), ""])


def _lines(table: Table) -> Iterator[str]:
    if table.caption:
        yield from (f"**{escaped(table.caption)}**", "")
    yield _row([escaped(column.title) for column in table.columns])
    yield _row([_ALIGNED[column.align] for column in table.columns])
    for row in table.rows:
        texts = [text for cell in row.cells for text in _repeated(cell)]
        yield _row(
            [f"**{text}**" if row.total and row.begins and not at else text for at, text in enumerate(texts)]
        )
    for note in table.notes:
        mark = f"<sup>{note.mark}</sup> " if note.mark else ""
        yield from ("", f"{mark}{escaped(note.text)}")


def _row(texts: list[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _repeated(cell: Cell) -> list[str]:
    text = "<br>".join(part_text(part) for part in cell.parts)
    text += f"<sup>{cell.mark}</sup>" if cell.mark else ""
    return [text if cell.shared or not at else "" for at in range(cell.span)]


def part_text(part: Part) -> str:
    """`[1×1, 64; 3×3, 64] × 3`, `4.1 × 10⁹`."""
    match part:
        case Stack():
            return f"[{'; '.join(map(escaped, part.lines))}]{times(part)}"
        case Number():
            power = f" × 10{str(part.exponent).translate(_SUPERSCRIPT)}" if part.exponent else ""
            return escaped(part.text) + power
        case str():
            return escaped(part)


def escaped(text: str) -> str:
    """A text in which nothing is Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
