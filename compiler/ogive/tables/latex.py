r"""A table as LaTeX, with booktabs: `\input` it where it is to stand.

Stacks are arrays between brackets. A table wider than the text, or higher, is made smaller by graphicx.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ogive.latex_text import paragraph
from ogive.tables.model import Cell, Number, Part, Row, Stack, Table, times

_ALIGNED = {"left": "l", "centre": "c", "right": "r"}
_UNFIT = re.compile(r"[^\w:.,+*/-]", re.ASCII)
"""What no label may hold."""
_TALL = 36
"""Tables of more lines are made smaller where a page is not as high."""
_MANY = 8
"""Tables of more columns have headings of two lines."""
_BREAK = r" \\ "
_WIDTHS = {"table": 245.0, "table*": 505.0}
"""How wide a column and the text are in most papers of two columns, in points."""
_TYPE, LEGIBLE = 9.0, 6.0
"""The size of \\small, and the smallest that journals print, in points."""
_EM = 0.5
"""How wide a character is on average, in Computer Modern."""
_GAPS = (5, 3, 2)
"""What stands beside a column, in points: less where the table is wide."""


def to_latex(table: Table) -> str:
    """A float with the table, its caption and its footnotes."""
    return "\n".join([*_lines(table), ""])


def type_size(table: Table) -> float:
    """How large the type of a table is in a paper of two columns, about, in points."""
    environment, gap = _fitting(table)
    return min(_TYPE, _TYPE * _WIDTHS[environment] / _width(table, gap))


def _fitting(table: Table) -> tuple[str, int]:
    """The environment, and the gap between columns: one column where the type stays legible there."""
    for environment, smallest in (("table", 6.5), ("table*", _TYPE)):
        for gap in _GAPS[: 2 if environment == "table" else 3]:
            if _TYPE * _WIDTHS[environment] / _width(table, gap) >= smallest:
                return environment, gap
    return "table*", _GAPS[-1]


def _lines(table: Table) -> Iterator[str]:
    environment, gap = _fitting(table)
    width = r"\textwidth" if environment == "table*" else r"\linewidth"
    yield r"% \usepackage{booktabs,graphicx}"
    yield rf"\begin{{{environment}}}[tb]"
    yield r"\centering"
    if table.caption:
        yield rf"\caption{{{escaped(table.caption)}}}\smallskip"
    if table.label:
        yield rf"\label{{{_UNFIT.sub('-', table.label)}}}"
    yield rf"\small\setlength{{\tabcolsep}}{{{gap}pt}}\renewcommand{{\arraystretch}}{{1.1}}%"
    yield r"\sbox0{%"
    yield rf"\begin{{tabular}}{{@{{}}{''.join(_ALIGNED[column.align] for column in table.columns)}@{{}}}}"
    yield r"\toprule"
    yield _row(_heading(column.title, len(table.columns)) for column in table.columns)
    yield r"\midrule"
    before: Row | None = None
    for row in table.rows:
        yield from _above(before, row)
        yield _row(_cell(cell) for cell in row.cells)
        before = row
    yield r"\bottomrule"
    yield r"\end{tabular}}%"
    # the notes are as wide as the table, and become smaller with it; a narrow one has more room for them
    yield rf"\dimen0=\wd0 \ifdim\dimen0<.6{width} \dimen0=.6{width}\fi"
    tall = _lines_high(table) > _TALL
    if tall:
        yield r"\resizebox*{!}{\ifdim\totalheight>.8\textheight .8\textheight\else\totalheight\fi}{%"
    yield rf"\resizebox{{\ifdim\width>{width} {width}\else\width\fi}}{{!}}{{%"
    yield r"\begin{tabular}{@{}c@{}}\usebox0"
    if table.notes:
        notes = " ".join(f"{_mark(note.mark)}{escaped(note.text)}" for note in table.notes)
        yield rf"\\[4pt]\parbox[t]{{\dimen0}}{{\footnotesize\raggedright {notes}}}"
    yield r"\end{tabular}}" + "}" * tall
    yield rf"\end{{{environment}}}"


def _width(table: Table, gap: int) -> float:
    """How wide a table is, about, in points."""
    widths = [_heading_length(column.title, len(table.columns)) for column in table.columns]
    spans: list[tuple[int, int, float]] = []
    for row in table.rows:
        at = 0
        for cell in row.cells:
            length = max(map(_length, cell.parts), default=0)
            if cell.span == 1:
                widths[at] = max(widths[at], length)
            elif not row.total:
                spans.append((at, cell.span, length))
            at += cell.span
    for at, span, length in spans:
        lack = length - sum(widths[at : at + span])
        if lack > 0:
            widths[at + span - 1] += int(lack)
    return _TYPE * _EM * sum(widths) + 2 * gap * (len(widths) - 1)


def _heading_length(title: str, columns: int) -> int:
    first, space, rest = title.rpartition(" ")
    return len(title) if columns <= _MANY or not space else max(len(first), len(rest))


def _lines_high(table: Table) -> int:
    """How high a table is, about, in lines."""
    return sum(max((_height(cell) for cell in row.cells), default=1) for row in table.rows)


def _height(cell: Cell) -> int:
    return sum(len(part.lines) if isinstance(part, Stack) else 1 for part in cell.parts)


def _length(part: Part) -> int:
    match part:
        case Stack():
            return max(map(len, part.lines), default=0) + 3 + len(times(part))
        case Number():
            return len(part.text) + (5 if part.exponent else 0)
        case str():
            return len(part)


def _above(before: Row | None, row: Row) -> Iterator[str]:
    """What parts a row from the one above."""
    if before is None:
        return
    if row.total and not before.total:
        yield r"\midrule"
    elif row.begins and (_high(row) or _high(before)):
        yield r"\addlinespace[5pt]"


def _high(row: Row) -> bool:
    return any(isinstance(part, Stack) or len(cell.parts) > 1 for cell in row.cells for part in cell.parts)


def _row(cells: Iterator[str]) -> str:
    return " & ".join(cells) + _BREAK.rstrip()


def _heading(title: str, columns: int) -> str:
    """A heading; in a table of many columns in two lines, if it has two words."""
    first, space, rest = title.rpartition(" ")
    if columns <= _MANY or not space:
        return escaped(title)
    return rf"\begin{{tabular}}[b]{{@{{}}c@{{}}}}{escaped(first)}{_BREAK}{escaped(rest)}\end{{tabular}}"


def _cell(cell: Cell) -> str:
    parts = [_part(part) for part in cell.parts]
    text = parts[0] if len(parts) == 1 else ""
    if len(parts) > 1:
        lines = _BREAK.join(parts)
        text = rf"\begin{{tabular}}{{@{{}}c@{{}}}}{lines}\end{{tabular}}"
    text += _mark(cell.mark)
    if cell.span > 1:
        align = "c" if cell.shared else "@{}l"
        return rf"\multicolumn{{{cell.span}}}{{{align}}}{{{text}}}"
    return text


def _mark(mark: str) -> str:
    return rf"\textsuperscript{{{escaped(mark)}}}" if mark else ""


def _part(part: Part) -> str:
    match part:
        case Stack():
            lines = _BREAK.join(rf"\mbox{{{escaped(line)}}}" for line in part.lines)
            count = rf" \times {part.count}" if part.count is not None else ""
            return rf"$\left[\begin{{array}}{{@{{\,}}c@{{\,}}}}{lines}\end{{array}}\right]{count}$"
        case Number():
            power = rf" $\times$ 10\textsuperscript{{{part.exponent}}}" if part.exponent else ""
            return f"{escaped(part.text)}{power}".replace(" ", "~").replace("~$\\times$~", r"\,$\times$\,")
        case str():
            return escaped(part)


def escaped(text: str) -> str:
    """A text in which nothing is LaTeX, on any engine; letters that it lacks by their number, U+4E2D."""
    return paragraph(text).strip().replace("[", "{[}").replace("*", "{*}")
