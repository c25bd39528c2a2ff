"""The table of several nets: rows are stages, columns are nets (He et al. 2015, table 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ogive.layers.base import Size
from ogive.tables.align import Aligned, aligned
from ogive.tables.aside import MARK, asides
from ogive.tables.building import Net
from ogive.tables.cells import Entry, entries
from ogive.tables.costs import Costs, compared
from ogive.tables.footnotes import counting, footnotes
from ogive.tables.growth import grown
from ogive.tables.model import Cell, Column, Number, Row, Table, text_cell
from ogive.tables.numbers import powers
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
    head = (Column("layer name", "left"), Column("output size"))
    if len(subjects) == 1:
        body = _single(rows, subjects[0], costs)
        columns = (*head, Column(titles[0]), *costs.columns)
    else:
        body = [*_several(titles, rows), *_totals(subjects, costs)]
        columns = (*head, *map(Column, titles))
    notes = [*footnotes(nets, body), *([growth] if growth else []), *counting(subjects)]
    return Table(
        f"Architecture{'s' * (len(titles) > 1)} of {listed(titles)}.",
        "",
        columns,
        tuple(body),
        (*asides(list(zip(subjects, places, strict=True))), *costs.notes(notes)),
    )


def _sizes(titles: Sequence[str], row: Sequence[Entry | None]) -> tuple[str, ...]:
    """The size of a row; where nets have several, each with theirs: `56×56 (vgg16)`."""
    sizes: dict[str, list[str]] = {}
    for title, entry in zip(titles, row, strict=True):
        if entry is not None and entry.size:
            sizes.setdefault(entry.size, []).append(title)
    if len(sizes) < 2:
        return tuple(sizes)
    return tuple(f"{size} ({', '.join(named)})" for size, named in sizes.items())


def _labels(titles: Sequence[str], rows: Aligned) -> list[tuple[Cell, Cell, bool]]:
    """The first two cells of each row, and whether something begins there."""
    found: list[tuple[str, tuple[str, ...], bool]] = []
    for row in rows:
        there = [entry for entry in row if entry is not None]
        begun = [entry for entry in there if not entry.continues]
        name = " / ".join(dict.fromkeys(entry.name for entry in begun or there))
        size = _sizes(titles, row)
        # nets may begin one part in different rows
        goes_on = len(begun) < len(there) and bool(found) and found[-1][0] == name
        found.append((name, size, not found or (bool(begun) and not goes_on)))
    cells: list[tuple[Cell, Cell, bool]] = []
    for at, (name, size, begins) in enumerate(found):
        following = next((n for n, row in enumerate(found[at + 1 :], 1) if row[2]), len(found) - at)
        mark = MARK if any(entry is not None and entry.aside for entry in rows[at]) else ""
        label = Cell((name,) if name else (), rows=following) if begins else Cell()
        size_cell = Cell(size)
        if label.parts:
            label = replace(label, mark=mark)
        else:
            size_cell = replace(size_cell, mark=mark)
        cells.append((label, size_cell, begins))
    return cells


def _several(titles: Sequence[str], rows: Aligned) -> list[Row]:
    found: list[Row] = []
    for row, (label, size, begins) in zip(rows, _labels(titles, rows), strict=True):
        cells = [(entry.parts, entry.kinds) if entry is not None else ((), frozenset[str]()) for entry in row]
        if len(set(cells)) == 1:
            here = (Cell(cells[0][0], len(row), shared=True),)
        else:
            here = tuple(Cell(parts) for parts, _ in cells)
        found.append(Row((label, size, *here), begins))
    return found


def _totals(subjects: Sequence[Subject], costs: Costs) -> list[Row]:
    params: list[Size] = [subject.params for subject in subjects]
    macs: list[Size] = [subject.macs for subject in subjects]
    told_params = [costs.params(subject) for subject in subjects]
    told_macs = [costs.macs(subject) for subject in subjects]
    beside = list(map(compared, macs, told_macs)) if any(told_macs) else powers(macs)
    return [
        _total("params", list(map(compared, params, told_params))),
        *_compared("params", params, told_params, costs),
        _total("FLOPs", beside),
        *_compared("flops", macs, told_macs, costs),
    ]


def _total(name: str, numbers: Sequence[Number]) -> Row:
    return Row((text_cell(name, 2), *(Cell((number,)) for number in numbers)), total=True)


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
    for (entry,), (label, size, begins) in zip(rows, _labels([subject.title], rows), strict=True):
        assert isinstance(entry, Entry)
        cost = costs.of(subject, entry.nodes, entry.name if label.parts and label.rows == 1 else "")
        found.append(Row((label, size, Cell(entry.parts), *cost), begins))
    found.append(Row((text_cell("total", 3), *costs.total(subject)), total=True))
    return found
