"""The table of every layer of one net, one by one."""

from __future__ import annotations

from dataclasses import replace

from ogive.tables.aside import MARK, Place, aside, brief
from ogive.tables.branches import output_text
from ogive.tables.building import partition
from ogive.tables.costs import Costs
from ogive.tables.footnotes import Signs, counting
from ogive.tables.lines import Lines
from ogive.tables.model import Cell, Column, Row, Table, text_cell
from ogive.tables.subject import Subject


def layers_table(subject: Subject, costs: Costs) -> Table:
    """A row for each layer that has weights or pools, with the norms and activations behind it."""
    order = [node for node in subject.order if node.name not in subject.graph.inputs]
    named = Lines(subject)
    lines = [(node, line) for node in order if (line := named.of(node)) is not None]
    lines = lines or [(node, named.plain(node)) for node in order]
    names = tuple(node.name for node in order)
    spans = partition([node.name for node, _ in lines], names) if lines else []
    places = [Place(node.name, "", span, (node.name,)) for (node, _), span in zip(lines, spans, strict=True)]
    taken = aside(subject.graph, places)
    rows = [
        Row(
            (
                replace(text_cell(node.name), mark=MARK if takes else ""),
                Cell((line.words.text(),)),
                text_cell(output_text(subject, line.type)),
                *costs.of(subject, span, node.name),
            )
        )
        for (node, line), span, takes in zip(lines, spans, taken, strict=True)
    ]
    rows.append(Row((text_cell("total", 3), *costs.total(subject)), total=True))
    columns = (Column("layer", "left"), Column("operation", "left"), Column("output size"), *costs.columns)
    notes = [*Signs(rows, []).layers(), *counting([subject])]
    told = (brief(),) if any(taken) else ()
    return Table(f"Layers of {subject.title}.", "", columns, tuple(rows), (*told, *costs.notes(notes)))
