"""Lines of type as the HTML-like labels of Graphviz."""

from __future__ import annotations

import html
from collections.abc import Sequence

from ogive.backends.draw.colours import look
from ogive.backends.draw.scene import Line, Run


def escape(text: str) -> str:
    """Text that an HTML-like label shows as it stands: no markup, none of the escapes that Graphviz has."""
    return html.escape(text, quote=True).replace("\\", "\\\\").replace("\N{NO-BREAK SPACE}", "&nbsp;")


def type_size(points: float, scale: float) -> str:
    """A size of type inside a label: whole points at the scale."""
    return str(int(points * scale + 0.5))


def line_markup(line: Line, scale: float) -> str:
    """A line; what is of the default size needs no word for it."""
    return "".join(_run(run, scale) for run in line)


def _run(run: Run, scale: float) -> str:
    text = escape(run.text)
    if run.italic:
        text = f"<I>{text}</I>"
    if run.bold:
        text = f"<B>{text}</B>"
    said = f' POINT-SIZE="{type_size(run.size, scale)}"' if run.size != look.TYPE else ""
    said += f' COLOR="{run.ink}"' if run.ink else ""
    return f"<FONT{said}>{text}</FONT>" if said else text


def label(lines: Sequence[Line], scale: float, badge: str = "", left: float | None = None) -> str:
    """The label of a box: lines below one another, the badge at their right.

    Args:
        lines: from the top down.
        scale: of all lengths.
        badge: large and bold.
        left: the width in points of what the lines begin at the left of; None: each is in the middle.
    """
    if not lines:
        return ""
    if not badge and len(lines) == 1 and left is None:
        return f"<{line_markup(lines[0], scale)}>"
    align = "" if left is None else ' ALIGN="LEFT"'
    rows = [f"<TD{align}>{line_markup(each, scale)}</TD>" for each in lines]
    if badge:
        large = line_markup((Run(f"\N{NO-BREAK SPACE}{badge}", look.BADGE, bold=True),), scale)
        rows[0] += f'<TD ROWSPAN="{len(rows)}">{large}</TD>'
    wide = "" if left is None else f' WIDTH="{int(left * scale)}"'
    return (
        f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="{int(scale / 2)}"{wide}>'
        f"{''.join(f'<TR>{row}</TR>' for row in rows)}</TABLE>>"
    )


def title(lines: Sequence[Line], scale: float) -> str:
    """The label of a frame, each line beginning at its left."""
    if not lines:
        return ""
    if len(lines) == 1:
        return f"<{line_markup(lines[0], scale)}>"
    text = '<BR ALIGN="LEFT"/>'.join([*(line_markup(each, scale) for each in lines), ""])
    return f"<{text}>"
