"""Tables for papers: a net part by part, in LaTeX, Markdown, HTML or CSV.

    subjects -> outlines (parts, units, branches) -> a form (stages, branches, layers) -> Table -> a format

What stands in a table is read off the graph; no net is known by its name. Nothing here loads torch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.tables.branches import branches_table, has_modules, is_of_branches
from ogive.tables.building import Net, outline
from ogive.tables.costs import Costs
from ogive.tables.csv import to_csv
from ogive.tables.html import to_html
from ogive.tables.joins import told_apart
from ogive.tables.latex import to_latex
from ogive.tables.layers import layers_table
from ogive.tables.markdown import to_markdown
from ogive.tables.model import Table
from ogive.tables.page import LEGIBLE, page_of
from ogive.tables.stages import stages_table
from ogive.tables.subject import Subject
from ogive.tables.unlike import distinct

__all__ = [
    "ENDINGS", "FORMATS", "LEGIBLE", "ROWS", "Options", "Rows", "Subject", "Table", "format_of", "make",
    "page_of", "unknown_format", "written",
]  # fmt: skip

Rows = Literal["stages", "branches", "layers"]
ROWS: tuple[str, ...] = get_args(Rows)
FORMATS: dict[str, Callable[[Table], str]] = {
    "latex": to_latex, "markdown": to_markdown, "html": to_html, "csv": to_csv,
}  # fmt: skip
ENDINGS = {"tex": "latex", "md": "markdown", "html": "html", "htm": "html", "csv": "csv"}
"""What the ending of a file says about its format."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a table is made.

    Attributes:
        rows: what its rows are; None to choose by what the net is made of: branches for a single net of
            modules of branches, stages for all others.
        compare: whether published figures stand beside the computed ones, where the zoo cites them.
        caption: over its own; an empty one for none.
        label: what LaTeX and HTML refer to it by, over its own.
    """

    rows: Rows | None = None
    compare: bool = False
    caption: str | None = None
    label: str | None = None


def make(subjects: Sequence[Subject], options: Options | None = None) -> Table:
    """The table of some nets.

    Args:
        subjects: the nets, at least one, in the order of their columns.
        options: how it is made.

    Raises:
        ArchError: E581, they cannot stand in a table of those rows.
    """
    options = options or Options()
    nets = told_apart(distinct([(subject, outline(subject)) for subject in subjects]))
    rows = options.rows or _rows_for(nets)
    _check(nets, rows)
    costs = Costs(subjects, compare=options.compare)
    match rows:
        case "stages":
            table = stages_table(nets, costs)
        case "branches":
            table = branches_table(nets[0], costs)
        case "layers":
            table = layers_table(subjects[0], costs)
    label = options.label if options.label is not None else _label(nets, rows)
    caption = options.caption if options.caption is not None else table.caption
    notes = (*(n for n in table.notes if not n.mark), *(n for n in table.notes if n.mark))
    return replace(table, caption=caption, label=label, notes=notes)


def written(table: Table, format_: str) -> str:
    """The table in a format.

    Raises:
        ArchError: E580, there is no such format.
    """
    if format_ not in FORMATS:
        raise ArchError([unknown_format(format_)])
    return FORMATS[format_](table)


def unknown_format(name: str) -> Diagnostic:
    """What is said of a format that there is not."""
    guess = did_you_mean(name, [*FORMATS, *ENDINGS])
    advice = f"did you mean `{ENDINGS.get(guess, guess)}`?" if guess else None
    return Diagnostic(
        "E580", f"there are no tables as `{name}`", (), (("formats", ", ".join(FORMATS)),), advice
    )


def format_of(name: str) -> str | None:
    """The format that the ending of a file's name asks for, if it asks for one."""
    return ENDINGS.get(name.rpartition(".")[2].lower()) if "." in name else None


def _rows_for(nets: Sequence[Net]) -> Rows:
    return "branches" if len(nets) == 1 and is_of_branches(nets[0][1]) else "stages"


def _check(nets: Sequence[Net], rows: Rows) -> None:
    """Refuses what cannot stand in one table.

    Raises:
        ArchError: E581.
    """
    names = ", ".join(subject.title for subject, _ in nets)
    if rows != "stages" and len(nets) > 1:
        message = f"a table whose rows are {rows} holds one net, and there are {len(nets)}: {names}"
        raise ArchError([Diagnostic("E581", message, help="one net at a time, or `--rows stages`")])
    if rows == "branches" and not has_modules(nets[0][1]):
        message = f"{names} has no module of branches, so that a table of branches would have no columns"
        raise ArchError([Diagnostic("E581", message, help="`--rows stages`, or `--rows layers`")])


def _label(nets: Sequence[Net], rows: Rows) -> str:
    """What tells a table from every other one: all of its nets, and the rows where they are not as usual."""
    parts = [_plain(subject.title) for subject, _ in nets]
    return "tab:" + "-".join([*parts, *([rows] if rows != _rows_for(nets) else [])])


def _plain(name: str) -> str:
    """A name of letters, digits and hyphens: what a label may be in every format."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "net"
