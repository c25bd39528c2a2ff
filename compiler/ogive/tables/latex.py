r"""A table as LaTeX, with booktabs: `\input` it where it is to stand.

Stacks are arrays between brackets. A table wider than the text, or higher, is made smaller by graphicx.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ogive.tables.model import Cell, Number, Part, Row, Stack, Table, times

_ALIGNED = {"left": "l", "centre": "c", "right": "r"}
_UNFIT = re.compile(r"[^\w:.,+*/-]", re.ASCII)
"""What no label may hold."""
_WIDE = 72
"""Tables of more characters run over both columns of a page that has two."""
_TALL = 36
"""Tables of more lines are made smaller where a page is not as high."""
_MANY = 8
"""Tables of more columns have headings of two lines."""
_BREAK = r" \\ "
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''", "[": "{[}", "*": "{*}",
    "×": r"$\times$", "·": r"$\cdot$", "−": r"$-$", "→": r"$\rightarrow$", "≥": r"$\geq$", "≤": r"$\leq$",
    "⌈": r"$\lceil$", "⌉": r"$\rceil$", "⌊": r"$\lfloor$", "⌋": r"$\rfloor$", "–": "--", "—": "---",
    "…": r"\dots{}", "’": "'", "±": r"$\pm$", "√": r"$\surd$", "°": r"\textdegree{}",
}  # fmt: skip


def to_latex(table: Table) -> str:
    """A float with the table, its caption and its footnotes."""
    return "\n".join([*_lines(table), ""])


def _lines(table: Table) -> Iterator[str]:
    environment = "table*" if _characters(table) > _WIDE else "table"
    width = r"\textwidth" if environment == "table*" else r"\linewidth"
    yield r"% \usepackage{booktabs,graphicx}"
    yield rf"\begin{{{environment}}}[tb]"
    yield r"\centering"
    if table.caption:
        yield rf"\caption{{{escaped(table.caption)}}}\smallskip"
    if table.label:
        yield rf"\label{{{_UNFIT.sub('-', table.label)}}}"
    yield r"\small\setlength{\tabcolsep}{5pt}\renewcommand{\arraystretch}{1.1}%"
    tall = _lines_high(table) > _TALL
    if tall:
        yield r"\resizebox*{!}{\ifdim\totalheight>.8\textheight .8\textheight\else\totalheight\fi}{%"
    yield rf"\resizebox{{\ifdim\width>{width} {width}\else\width\fi}}{{!}}{{%"
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
    yield r"\end{tabular}}" + "}" * tall
    if table.notes:
        yield r"\par\smallskip"
        notes = " ".join(f"{_mark(note.mark)}{escaped(note.text)}" for note in table.notes)
        yield rf"\parbox{{{width}}}{{\footnotesize\raggedright {notes}}}"
    yield rf"\end{{{environment}}}"


def _characters(table: Table) -> int:
    """How wide a table is, about: its longest texts, and two for the space between columns."""
    widths = [len(column.title) for column in table.columns]
    for row in table.rows:
        at = 0
        for cell in row.cells:
            if cell.span == 1:
                widths[at] = max([widths[at], *map(_length, cell.parts)])
            at += cell.span
    return sum(widths) + 2 * len(widths)


def _lines_high(table: Table) -> int:
    """How high a table is, about, in lines."""
    return sum(max((_height(cell) for cell in row.cells), default=1) for row in table.rows)


def _height(cell: Cell) -> int:
    return sum(len(part.lines) if isinstance(part, Stack) else 1 for part in cell.parts)


def _length(part: Part) -> int:
    match part:
        case Stack():
            return max(map(len, part.lines), default=0) + 2 + len(times(part))
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
    return rf"\textsuperscript{{{mark}}}" if mark else ""


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
    """A text in which nothing is LaTeX."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return "".join(_SPECIAL.get(character, character) for character in clean)
