r"""A table as LaTeX, with booktabs: `\input` it where it is to stand.

Stacks are arrays between brackets. What is wider than the text, or higher, is made smaller by graphicx; its
footnotes are not. A table that would be too small on one page stands on several.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ogive.latex_text import paragraph
from ogive.tables.model import Cell, Number, Part, Row, Stack, Table
from ogive.tables.page import Page, gap_above, gap_between, heading_lines, page_of

_ALIGNED = {"left": "l", "centre": "c", "right": "r"}
_UNFIT = re.compile(r"[^\w:.,+*/-]", re.ASCII)
"""What no label may hold."""
_BREAK = r" \\ "
_FLOATS = 16
"""LaTeX of any age holds as many floats back until it must print them."""


def to_latex(table: Table) -> str:
    """A float with the table, its caption and its footnotes; several of them where a page is too low."""
    page = page_of(table)
    lines = [r"% \usepackage{booktabs,graphicx}"]
    for number, rows in enumerate(page.parts):
        if number and number % _FLOATS == 0:
            lines.append(r"\clearpage")
        lines += _float(table, page, rows, number)
    return "\n".join([*lines, ""])


def _float(table: Table, page: Page, rows: Sequence[Row], number: int) -> Iterator[str]:
    """One float of a table: a part of its rows, the number-th."""
    width = r"\textwidth" if page.environment == "table*" else r"\linewidth"
    several, last = len(page.parts) > 1, number == len(page.parts) - 1
    yield rf"\begin{{{page.environment}}}[{'p' if several else 'tb'}]"
    yield r"\centering"
    if table.caption and number:
        # the number that the first one has
        yield rf"\addtocounter{{table}}{{-1}}\caption[]{{{escaped(table.caption)} (Continued.)}}\smallskip"
    elif table.caption:
        yield rf"\caption{{{escaped(table.caption)}}}\smallskip"
    if table.label and not number:
        yield rf"\label{{{_UNFIT.sub('-', table.label)}}}"
    yield rf"\small\setlength{{\tabcolsep}}{{{page.gap}pt}}\renewcommand{{\arraystretch}}{{1.1}}%"
    yield r"\sbox0{%"
    yield rf"\begin{{tabular}}{{@{{}}{''.join(_ALIGNED[column.align] for column in table.columns)}@{{}}}}"
    yield r"\toprule"
    yield _row(_heading(heading_lines(column.title, len(table.columns))) for column in table.columns)
    yield r"\midrule"
    before: Row | None = None
    for row in rows:
        yield from _above(before, row)
        yield _row(_cell(cell) for cell in row.cells)
        before = row
    yield r"\bottomrule"
    yield r"\end{tabular}}%"
    yield rf"\ifdim\wd0>{width} \sbox0{{\resizebox{{{width}}}{{!}}{{\usebox0}}}}\fi"
    # the notes are as wide as the table, and in their own type; below a narrow one they have more room
    yield rf"\dimen0=\wd0 \ifdim\dimen0<.6{width} \dimen0=.6{width}\fi"
    notes = " ".join(f"{_mark(note.mark)}{escaped(note.text)}" for note in table.notes) if last else ""
    yield rf"\sbox2{{\parbox[t]{{\dimen0}}{{\footnotesize\raggedright {notes}}}}}%"
    yield r"\dimen2=\dimexpr.9\textheight-\ht2-\dp2\relax"
    yield r"\ifdim\dimexpr\ht0+\dp0>\dimen2 \sbox0{\resizebox*{!}{\dimen2}{\usebox0}}\fi"
    yield r"\usebox0" + (r"\par\vspace{4pt}\usebox2" if notes else "")
    yield rf"\end{{{page.environment}}}"


def _above(before: Row | None, row: Row) -> Iterator[str]:
    """What parts a row from the one above."""
    if before is not None and row.total and not before.total:
        yield r"\midrule"
    elif gap := gap_above(before, row):
        yield rf"\addlinespace[{gap}pt]"


def _row(cells: Iterator[str]) -> str:
    return " & ".join(cells) + _BREAK.rstrip()


def _heading(lines: Sequence[str]) -> str:
    texts = _BREAK.join(map(escaped, lines))
    return texts if len(lines) == 1 else rf"\begin{{tabular}}[b]{{@{{}}c@{{}}}}{texts}\end{{tabular}}"


def _cell(cell: Cell) -> str:
    parts = [_part(part) for part in cell.parts]
    text = parts[0] if len(parts) == 1 else ""
    if len(parts) > 1:
        gaps = [gap_between(*pair) for pair in zip(cell.parts, cell.parts[1:], strict=False)]
        # not \\[3pt], which is nothing below what is as deep as brackets
        breaks = [_BREAK + (rf"\addlinespace[{gap}pt] " if gap else "") for gap in gaps]
        lines = parts[0] + "".join(f"{at}{part}" for at, part in zip(breaks, parts[1:], strict=True))
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
