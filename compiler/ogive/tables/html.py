"""A table as a page of HTML: brackets by CSS, headings that screen readers announce, nothing to load."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ogive.tables.model import Cell, Column, Number, Part, Row, Stack, Table, times

_STYLE = """\
.ogive { container-type: inline-size; overflow-x: auto; margin: 1em 0; line-height: 1.35; }
.ogive table { border-collapse: collapse; margin: 0 auto; }
.ogive caption { padding: 0 0 .6em; text-align: left; font-weight: 600; }
.ogive th, .ogive td { padding: .3em .5em; text-align: center; vertical-align: middle; font-weight: normal; }
.ogive th.left, .ogive td.left { text-align: left; }
.ogive th.right, .ogive td.right { text-align: right; font-variant-numeric: tabular-nums; }
.ogive tbody th, .ogive td.right, .ogive .part { white-space: nowrap; }
.ogive thead th { font-weight: 600; }
.ogive thead { border-top: 2px solid; border-bottom: 1px solid; }
.ogive tbody + tbody { border-top: 1px solid; }
.ogive tr.begins + tr.begins, .ogive tr.more + tr.begins { border-top: 1px solid rgb(128 128 128 / 30%); }
.ogive tbody.totals tr { border-top: 0 !important; }
.ogive tbody.totals tr.begins th { font-weight: 600; }
.ogive tfoot { border-top: 2px solid; }
.ogive tfoot td { padding-left: 0; text-align: left; font-size: .87em; }
.ogive caption span, .ogive tfoot div { display: block; position: sticky; left: 0; }
.ogive caption span, .ogive tfoot div { max-width: min(75em, 100cqi); }
.ogive tfoot p { margin: .3em 0; }
.ogive sup { line-height: 0; }
.ogive .stack { display: inline-flex; align-items: center; white-space: nowrap; }
.ogive .lines { display: inline-block; position: relative; padding: .1em .6em; margin: .15em .35em; }
.ogive .lines::before, .ogive .lines::after {
  content: ""; position: absolute; top: 0; bottom: 0; width: .35em; border: 1px solid;
}
.ogive .lines::before { left: 0; border-right: 0; }
.ogive .lines::after { right: 0; border-left: 0; }
.ogive .lines > span:not(.quiet) { display: block; }
.ogive .quiet { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }"""
"""The caption and the footnotes are as wide as what is seen, and stay there where the table scrolls."""
_PAGE = "body { margin: 1em; font: 15px/1.35 system-ui, sans-serif; color: #111; background: #fff; }"
"""The style of the page around it, which a table that is copied elsewhere leaves behind."""


def to_html(table: Table) -> str:
    """A whole page. Its second `<style>` and its `<div>` may be copied into another, in whose type and
    colours they then are; without the style the table still says all.
    """
    return "\n".join([*_page(table), ""])


def _page(table: Table) -> Iterator[str]:
    yield "<!doctype html>"
    yield '<html lang="en">'
    yield '<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>{_text(table.caption) or 'Table'}</title>"
    yield f"<style>{_PAGE}</style>"
    yield f"<style>\n{_STYLE}\n</style>"
    # what scrolls takes the focus, so that keys scroll it, and has a name (WCAG 2.1.1, 4.1.2)
    name = _text(table.caption) or "Table"
    yield f'<div class="ogive" role="region" tabindex="0" aria-label="{name}">'
    yield f"<table{_id(table.label)}>"
    if table.caption:
        yield f"<caption><span>{_text(table.caption)}</span></caption>"
    yield "<thead>"
    heads = (f'<th scope="col"{_class(column)}>{_text(column.title)}</th>' for column in table.columns)
    yield f"<tr>{''.join(heads)}</tr>"
    yield "</thead>"
    yield from _body(table, [row for row in table.rows if not row.total], "")
    yield from _body(table, [row for row in table.rows if row.total], ' class="totals"')
    if table.notes:
        notes = "".join(f"<p>{_mark(note.mark)}{_text(note.text)}</p>" for note in table.notes)
        yield f'<tfoot>\n<tr><td colspan="{len(table.columns)}"><div>{notes}</div></td></tr>\n</tfoot>'
    yield "</table>"
    yield "</div>"
    yield "</html>"


def _body(table: Table, rows: list[Row], attributes: str) -> Iterator[str]:
    if rows:
        yield f"<tbody{attributes}>"
        spanned = 0
        for row in rows:
            spanned = row.cells[0].rows if row.cells[0].parts else max(spanned - 1, 0)
            cells = "".join(_cells(table, row, named=bool(row.cells[0].parts), spanned=spanned))
            yield f'<tr class="{"begins" if row.begins else "more"}">{cells}</tr>'
        yield "</tbody>"


def _cells(table: Table, row: Row, *, named: bool, spanned: int) -> Iterator[str]:
    at = 0
    for number, cell in enumerate(row.cells):
        column = table.columns[at + cell.span - 1]
        at += cell.span
        span = f' colspan="{cell.span}"' if cell.span > 1 else ""
        if number == 0 and not named and spanned:
            continue  # the name above stands here, too
        if number == 0:
            span += f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
            yield f'<th scope="row"{span}{_class(table.columns[0])}>{_content(cell)}</th>'
        else:
            yield f"<td{span}{_class(column)}>{_content(cell)}</td>"


def _class(column: Column) -> str:
    return "" if column.align == "centre" else f' class="{column.align}"'


def _content(cell: Cell) -> str:
    parts = [_part(part) for part in cell.parts]
    if len(parts) > 1:
        return "".join(f'<div class="part">{part}</div>' for part in parts) + _mark(cell.mark)
    return "".join(parts) + _mark(cell.mark)


def _mark(mark: str) -> str:
    return f"<sup>{_text(mark)}</sup>" if mark else ""


def _part(part: Part) -> str:
    """Brackets are drawn; to who listens, copies or has no style they are signs."""
    match part:
        case Stack():
            lines = _quiet("; ").join(f"<span>{_text(line)}</span>" for line in part.lines)
            lines = f"{_quiet('[')}{lines}{_quiet(']')}"
            count = times(part).replace(" ", "&nbsp;")
            return f'<span class="stack"><span class="lines">{lines}</span>{count}</span>'
        case Number():
            power = f"&nbsp;×&nbsp;10<sup>{part.exponent}</sup>" if part.exponent else ""
            return f"{_text(part.text)}{power}".replace(" ", "&nbsp;")
        case str():
            return _text(part)


def _quiet(text: str) -> str:
    return f'<span class="quiet">{text}</span>'


def _id(label: str) -> str:
    """An id has no blanks, and is not empty (HTML, section 3.2.6)."""
    name = "-".join(label.split())
    return f' id="{_text(name)}"' if name else ""


def _text(text: str) -> str:
    return escape("".join(c if c.isprintable() else " " for c in text))
