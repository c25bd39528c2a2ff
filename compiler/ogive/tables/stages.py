"""The table of several nets: rows are stages, columns are nets (He et al. 2015, table 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ogive.layers.base import Size
from ogive.tables.align import Aligned, aligned
from ogive.tables.aside import MARK, asides
from ogive.tables.building import Net
from ogive.tables.cells import Entry, entries
from ogive.tables.costs import Costs
from ogive.tables.footnotes import counting, footnotes
from ogive.tables.growth import grown
from ogive.tables.model import Cell, Column, Row, Table, text_cell
from ogive.tables.numbers import count, powers
from ogive.tables.prose import listed
from ogive.tables.published import Figure
from ogive.tables.subject import Subject


def stages_table(nets: Sequence[Net], costs: Costs) -> Table:
    """A column for each net; a single one has columns for what its parts cost beside it."""
    subjects = [subject for subject, _ in nets]
    titles = [subject.title for subject in subjects]
    outlines, growth = grown(titles, [parts for _, parts in nets])
    nets = list(zip(subjects, outlines, strict=True))
    columns_of = [entries(subject, parts) for subject, parts in nets]
    rows = aligned(columns_of)
    places = [[entry.place for entry in column] for column in columns_of]
    notes = [*footnotes(nets), *([growth] if growth else []), *counting(subjects)]
    head = (Column("layer name", "left"), Column("output size"))
    if len(subjects) == 1:
        body = _single(rows, subjects[0], costs)
        columns = (*head, Column(titles[0]), *costs.columns)
    else:
        body = [*_several(rows), *_totals(subjects, costs)]
        columns = (*head, *map(Column, titles))
    return Table(
        f"Architecture{'s' * (len(titles) > 1)} of {listed(titles)}.",
        "",
        columns,
        tuple(body),
        (*asides(list(zip(subjects, places, strict=True))), *costs.notes(notes)),
    )


def _labels(rows: Aligned) -> list[tuple[Cell, Cell, bool]]:
    """The first two cells of each row, and whether something begins there."""
    found: list[tuple[str, str, bool]] = []
    for row in rows:
        there = [entry for entry in row if entry is not None]
        begun = [entry for entry in there if not entry.continues]
        name = " / ".join(dict.fromkeys(entry.name for entry in begun or there))
        size = ", ".join(dict.fromkeys(entry.size for entry in there))
        # nets may begin one part in different rows
        goes_on = len(begun) < len(there) and bool(found) and found[-1][0] == name
        found.append((name, size, not found or (bool(begun) and not goes_on)))
    cells: list[tuple[Cell, Cell, bool]] = []
    for at, (name, size, begins) in enumerate(found):
        following = next((n for n, row in enumerate(found[at + 1 :], 1) if row[2]), len(found) - at)
        mark = MARK if any(entry is not None and entry.aside for entry in rows[at]) else ""
        label = Cell((name,) if name else (), rows=following) if begins else Cell()
        size_cell = text_cell(size)
        if label.parts:
            label = replace(label, mark=mark)
        else:
            size_cell = replace(size_cell, mark=mark)
        cells.append((label, size_cell, begins))
    return cells


def _several(rows: Aligned) -> list[Row]:
    found: list[Row] = []
    for row, (label, size, begins) in zip(rows, _labels(rows), strict=True):
        cells = [(entry.parts, entry.kinds) if entry is not None else ((), frozenset[str]()) for entry in row]
        if len(set(cells)) == 1:
            here = (Cell(cells[0][0], len(row), shared=True),)
        else:
            here = tuple(Cell(parts) for parts, _ in cells)
        found.append(Row((label, size, *here), begins))
    return found


def _totals(subjects: Sequence[Subject], costs: Costs) -> list[Row]:
    params: list[Size] = [subject.params for subject in subjects]
    macs = [subject.macs for subject in subjects]
    rows = [Row((text_cell("params", 2), *(Cell((count(value),)) for value in params)), total=True)]
    rows += _compared("params", params, [costs.params(subject) for subject in subjects], costs)
    rows.append(Row((text_cell("FLOPs", 2), *(Cell((number,)) for number in powers(macs))), total=True))
    return [*rows, *_compared("flops", macs, [costs.macs(subject) for subject in subjects], costs)]


def _compared(name: str, values: Sequence[Size], figures: Sequence[Figure | None], costs: Costs) -> list[Row]:
    """What was published, and the difference, where anything was."""
    if not any(figures):
        return []
    given = [costs.cell(figure) for figure in figures]
    differences = [costs.difference(value, figure) for value, figure in zip(values, figures, strict=True)]
    return [
        Row((text_cell("published", 2), *given), False, True, f"{name}_published"),
        Row((text_cell("difference", 2), *differences), False, True, f"{name}_difference_percent"),
    ]


def _single(rows: Aligned, subject: Subject, costs: Costs) -> list[Row]:
    found: list[Row] = []
    for (entry,), (label, size, begins) in zip(rows, _labels(rows), strict=True):
        assert isinstance(entry, Entry)
        cost = costs.of(subject, entry.nodes, entry.name if label.parts and label.rows == 1 else "")
        found.append(Row((label, size, Cell(entry.parts), *cost), begins))
    found.append(Row((text_cell("total", 3), *costs.total(subject)), total=True))
    return found
