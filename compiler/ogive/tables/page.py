"""How large a table is on a page of LaTeX, about: where it stands, how large its type is, where it is parted.

Widths are those of Computer Modern (Knuth, *Computer Modern Typefaces*), which papers are set in unless they
say otherwise; other fonts are a little narrower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ogive.tables.model import Cell, Number, Part, Row, Stack, Table, times

LEGIBLE = 6.0
"""The smallest type that journals print, in points."""
BETWEEN, ABOVE = 3, 5
"""What stands between brackets one below the other, and above a row that begins something high, in points."""
_TYPE = 9.0
"""The size of \\small, in points."""
_SMALLEST = 6.5
"""A table that needs smaller type than this stands over both columns, or is parted."""
_WIDTHS = {"table": 245.0, "table*": 505.0}
"""How wide a column and the text are in most papers of two columns, in points."""
_TEXT_HEIGHT = 640.0
_FLOAT = 0.9
"""How much of the height is the table's and its notes'; the caption has the rest."""
_LINE, _NOTE_LINE = 12.1, 9.5
"""The distance of lines in the table, \\arraystretch counted, and of those of footnotes, in points."""
_RULES = 16.0
"""Three rules of booktabs, and what stands around them."""
_GAPS = (5, 3, 2)
"""What stands beside a column, in points: less where the table is wide."""
_MANY = 8
"""Tables of more columns have headings of two lines."""
_BRACKETS = 16.0
"""How wide brackets are, in points: two of 4.7 to 6.7, and the thin spaces inside."""
_EMS = {
    0.28: ".,:;'|!ijl[]I·", 0.39: " ()-tfrsJ†", 0.45: "cez", 0.5: "ago0123456789/–", 0.56: "bdhknpquvxy_",
    0.72: "wABCDEFGHKLNOPQRSTUVXYZ", 0.83: "mMW%#&×+−=→",
}  # fmt: skip
_WIDE = {sign: width for width, signs in _EMS.items() for sign in signs}


@dataclass(frozen=True, slots=True)
class Page:
    """How a table stands on the page.

    Attributes:
        environment: `table` in one column of two, `table*` over both.
        gap: what stands beside each column, in points.
        size: how large the type is in a paper of two columns, about, in points.
        parts: the rows of each float: one, unless the table is higher than a page.
    """

    environment: str
    gap: int
    size: float
    parts: tuple[tuple[Row, ...], ...]


def page_of(table: Table) -> Page:
    """One column where the type stays legible there; several floats where one would have to be smaller."""
    environment, gap = _across(table)
    by_width = min(1.0, _WIDTHS[environment] / _width(table, gap))
    room = _FLOAT * _TEXT_HEIGHT - _notes_height(table, environment)
    head = _RULES + _LINE * (2 if len(table.columns) > _MANY else 1)
    heights = _heights(table.rows)
    size = _TYPE * by_width
    fits = room / ((head + sum(heights)) * by_width)
    if fits >= 1 or size * fits >= min(_SMALLEST, size):
        return Page(environment, gap, size * min(fits, 1.0), (table.rows,))
    # equal parts, the last of which has the notes below it
    most = max(room / by_width - head, 2 * _LINE)
    parts = tuple(_parted(table.rows, heights, most))
    highest = max(sum(_heights(part)) + head for part in parts) * by_width
    return Page(environment, gap, size * min(1.0, room / highest), parts)


def heading_lines(title: str, columns: int) -> tuple[str, ...]:
    """A heading; in a table of many columns in two lines, if it has two words."""
    first, space, rest = title.rpartition(" ")
    return (title,) if columns <= _MANY or not space else (first, rest)


def gap_between(above: Part, below: Part) -> int:
    """What stands between two parts of a cell, in points: brackets of one width would be one bracket."""
    return BETWEEN if isinstance(above, Stack) or isinstance(below, Stack) else 0


def gap_above(before: Row | None, row: Row) -> int:
    """What stands between two rows, in points."""
    if before is None or row.total:
        return 0
    if row.begins:
        return ABOVE if _high(row) or _high(before) else 0
    return BETWEEN if _bracketed(row) and _bracketed(before) else 0


def _high(row: Row) -> bool:
    return _bracketed(row) or any(len(cell.parts) > 1 for cell in row.cells)


def _bracketed(row: Row) -> bool:
    return any(isinstance(part, Stack) for cell in row.cells for part in cell.parts)


def _across(table: Table) -> tuple[str, int]:
    """The environment, and the gap between columns."""
    for environment, smallest in (("table", _SMALLEST), ("table*", _TYPE)):
        for gap in _GAPS[: 2 if environment == "table" else 3]:
            if _TYPE * _WIDTHS[environment] / _width(table, gap) >= smallest:
                return environment, gap
    return "table*", _GAPS[-1]


def _parted(rows: Sequence[Row], heights: Sequence[float], most: float) -> Iterator[tuple[Row, ...]]:
    """Rows in parts of about one height; a part begins where something begins, if that is not far above.

    A stage that goes on in another part is named there again.
    """
    most = min(most, sum(heights) / -(-sum(heights) // most) + 3 * _LINE)
    start, named = 0, rows[0].cells[0]
    while start < len(rows):
        end, used = start, 0.0
        while end < len(rows) and (end == start or used + heights[end] <= most):
            used += heights[end]
            end += 1
        if end < len(rows):
            begins = [at for at in range(start + 1, end + 1) if rows[at].begins and not rows[at].total]
            if begins and sum(heights[start : begins[-1]]) >= used / 2:
                end = begins[-1]
        first, *more = rows[start:end]
        if not first.begins and not first.cells[0].parts and not first.total:
            first = replace(first, cells=(replace(named, rows=1), *first.cells[1:]))
        yield (first, *more)
        named = next((row.cells[0] for row in reversed(rows[:end]) if row.cells[0].parts), named)
        start = end


def _heights(rows: Sequence[Row]) -> list[float]:
    """How high rows are, with what stands above them, in points."""
    pairs = zip([None, *rows], rows, strict=False)
    return [max(map(_height, row.cells), default=_LINE) + gap_above(before, row) for before, row in pairs]


def _height(cell: Cell) -> float:
    lines = sum(len(part.lines) if isinstance(part, Stack) else 1 for part in cell.parts)
    between = sum(gap_between(*pair) for pair in zip(cell.parts, cell.parts[1:], strict=False))
    return _LINE * max(lines, 1) + between


def _notes_height(table: Table, environment: str) -> float:
    """How high the footnotes are, where the table is as wide as the text."""
    words = sum(_words(f"{note.mark}{note.text} ") for note in table.notes) * 8.0
    return _NOTE_LINE * -(-words // (0.95 * _WIDTHS[environment])) + 4.0 if table.notes else 0.0


def _width(table: Table, gap: int) -> float:
    """How wide a table is at its full size, in points."""
    count = len(table.columns)
    widths = [_TYPE * max(map(_words, heading_lines(column.title, count))) for column in table.columns]
    spans: list[tuple[int, int, float]] = []
    for row in table.rows:
        at = 0
        for cell in row.cells:
            length = max(map(_length, cell.parts), default=0.0) + 6.5 * _words(cell.mark)
            if cell.span == 1:
                widths[at] = max(widths[at], length)
            elif cell.parts:
                spans.append((at, cell.span, length))
            at += cell.span
    for at, span, length in spans:
        widths[at + span - 1] += max(length - sum(widths[at : at + span]) - 2 * gap * (span - 1), 0.0)
    return sum(widths) + 2 * gap * (count - 1)


def _length(part: Part) -> float:
    """How wide a part of a cell is, in points."""
    match part:
        case Stack():
            return _TYPE * (_widest(part.lines) + _words(times(part))) + _BRACKETS
        case Number():
            power = f" × 10{part.exponent}" if part.exponent else ""
            return _TYPE * _words(part.text + power)
        case str():
            return _TYPE * _words(part)


def _widest(lines: Iterable[str]) -> float:
    return max(map(_words, lines), default=0.0)


def _words(text: str) -> float:
    """How wide a text is in a line, in ems."""
    return sum(_WIDE.get(sign, 0.6) for sign in text)
