"""A network as a table: what each part gives, holds, costs and sees.

Rows follow the regions of the program (stages, blocks, turns of a repeat); `depth` says how many levels are
opened. Everything is for one image and leaves the batch out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ogive.graph import Graph, Node, Region
from ogive.layers.base import Size
from ogive.layers.order import magnitude
from ogive.render import visible
from ogive.report import counts, memory
from ogive.report.field import Field, fields
from ogive.report.least import least_sizes
from ogive.report.units import exact, plain, shape, short, size


@dataclass(frozen=True, slots=True)
class Row:
    """A layer, or a region that is not opened further.

    Attributes:
        name: its path.
        what: the layer's look, the block's name, or how many layers it holds.
        shape: its output, without the batch.
        params: the parameters that it owns.
        macs: multiply-accumulates with weights.
        products: multiply-accumulates of two activations.
        field: what a place of its output sees of the input.
        level: how deep it stands, 0 for the net's own.
        opened: whether rows of its parts follow; their counts are among its own.
    """

    name: str
    what: str
    shape: tuple[Size, ...]
    params: int
    macs: Size
    products: Size
    field: Field
    level: int = 0
    opened: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """A network in numbers; `params` and `macs` are those of inference, without auxiliary heads."""

    name: str
    inputs: tuple[tuple[str, tuple[Size, ...]], ...]
    outputs: tuple[tuple[str, tuple[Size, ...]], ...]
    rows: tuple[Row, ...]
    stages: tuple[Row, ...]
    nodes: tuple[Row, ...]
    params: int
    params_with_heads: int
    heads: int
    macs: Size
    products: Size
    kept: Size
    peak: Size
    field: Field
    """The largest receptive field that is not yet the whole input."""
    least: tuple[tuple[str, int], ...] = ()
    """The unknown sizes of the inputs, with the least that each may be."""
    notes: tuple[tuple[str, str], ...] = ()
    """What `label` says: the path of the layer or part, empty for the net, and the text."""

    def __str__(self) -> str:
        return to_text(self)


def summarize(ir: Graph, unrolled: Graph, *, depth: int = 0) -> Summary:
    """The summary of a network.

    Args:
        ir: the graph as it was written, pruned: what goes in and out, and the stages.
        unrolled: the same with its cliques unrolled: what is computed.
        depth: how many levels of regions are opened: 0 shows stages as rows, 1 the blocks in them, and so on.
    """
    table = _Table(unrolled)
    return Summary(
        name=ir.name,
        inputs=tuple((name, ir.node(name).outputs[0].sizes) for name in ir.inputs),
        outputs=tuple((name, ir.type(ref).sizes) for name, ref in ir.outputs),
        rows=tuple(table.rows(depth)),
        stages=tuple(
            table.region(unrolled.regions[stage.id], level=0, opened=False)
            for stage in ir.stages()
            if table.nodes_of.get(stage.id)
        ),
        nodes=tuple(table.parts.values()),
        params=counts.params(unrolled),
        params_with_heads=counts.params(unrolled, heads=True),
        heads=len(ir.heads),
        macs=counts.macs(unrolled),
        products=counts.products(unrolled),
        kept=memory.kept_for_backward(unrolled),
        peak=memory.peak_in_inference(unrolled),
        field=_before_all(table),
        least=tuple(least_sizes(unrolled).items()),
        notes=tuple(ir.notes()),
    )


def _before_all(table: _Table) -> Field:
    """The largest field of a place that does not yet see everything."""
    found = [row.field for row in table.parts.values() if row.field.axes and not row.field.whole]
    return max(found, key=lambda field: max(magnitude(a.extent) for a in field.axes), default=Field())


class _Table:
    """The rows of a graph, with what they are read off computed once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.path = counts.main_path(graph)
        self.fields = fields(graph)
        self.order = [node for node in graph if node.name in self.path]
        self.parts = {node.name: self._row(node) for node in self.order}
        self.nodes_of: dict[int, list[Node]] = {}
        for node in self.order:
            for region in graph.ancestors(node.region):
                self.nodes_of.setdefault(region.id, []).append(node)

    def rows(self, depth: int) -> Iterator[Row]:
        items = self.graph.items()

        def within(region: int, level: int) -> Iterator[Row]:
            for item in items[region]:
                if isinstance(item, Node):
                    if item.name in self.path:
                        yield replace(self.parts[item.name], level=level)
                elif not self.nodes_of.get(item.id):
                    continue
                elif not item.name:  # it adds no segment to the names, so it is no row of its own
                    yield from within(item.id, level)
                elif level < depth:
                    yield self.region(item, level, opened=True)
                    yield from within(item.id, level + 1)
                else:
                    yield self.region(item, level, opened=False)

        return within(0, 0)

    def _row(self, node: Node) -> Row:
        types = self.graph.operand_types(node.name)
        return Row(
            name=node.name,
            what=node.layer.kind,
            shape=node.outputs[0].sizes,
            params=counts.node_params(self.graph, node),
            macs=counts.node_macs(self.graph, node),
            products=node.layer.products(types, node.outputs),
            field=self.fields[node.name],
        )

    def region(self, region: Region, level: int, *, opened: bool) -> Row:
        nodes = self.nodes_of[region.id]
        parts = [self.parts[node.name] for node in nodes]
        last = region.outputs[0].node if region.outputs else nodes[-1].name
        out = self.graph.type(region.outputs[0]) if region.outputs else nodes[-1].outputs[0]
        blocks = "" if region.block is None or region.kind != "block" else f"{region.block}, "
        return Row(
            name=region.path,
            what=f"{blocks}{len(nodes)} layer{'' if len(nodes) == 1 else 's'}",
            shape=out.sizes,
            params=sum(part.params for part in parts),
            macs=sum(part.macs for part in parts),
            products=sum(part.products for part in parts),
            field=self.fields[last],
            level=level,
            opened=opened,
        )


# --------------------------------------------------------------------------- as text and as JSON


def to_text(summary: Summary) -> str:
    """The table and, below it, the totals."""
    header = ("name", "what", "output", "parameters", "MACs", "receptive field")
    lines = [
        (
            "  " * row.level + row.name,
            row.what,
            shape(row.shape),
            f"{row.params:,}" if row.params else "",
            short(row.macs) if row.macs else "",
            str(row.field),
        )
        for row in summary.rows
    ]
    columns = list(zip(header, *lines, strict=True))
    widths = [max(map(len, column)) for column in columns]
    left = (True, True, True, False, False, False)

    def line(cells: tuple[str, ...]) -> str:
        padded = (
            f"{cell:<{width}}" if to_left else f"{cell:>{width}}"
            for cell, width, to_left in zip(cells, widths, left, strict=True)
        )
        return "  ".join(padded).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([line(header), rule, *map(line, lines), rule, *_totals(summary)])


def _totals(summary: Summary) -> Iterator[str]:
    yield "input        " + ", ".join(f"{name} {shape(sizes)}" for name, sizes in summary.inputs)
    yield "output       " + ", ".join(f"{name} {shape(sizes)}" for name, sizes in summary.outputs)
    heads = ""
    if summary.params_with_heads != summary.params:
        what = {1: "the aux head", 2: "both aux heads"}.get(summary.heads, f"all {summary.heads} aux heads")
        heads = f"; {summary.params_with_heads:,} with {what}"
    yield f"parameters   {summary.params:,}{heads}"
    products = f", and {summary.products:,} of activations with activations" if summary.products else ""
    about = "" if str(summary.macs) == short(summary.macs) else f" ({short(summary.macs)})"
    yield f"MACs         {exact(summary.macs)}{about}{products}"
    if summary.least:
        each = ", ".join(f"{name} >= {size}" for name, size in summary.least)
        yield f"unknown      {each}"
    kept, peak = size(summary.kept), size(summary.peak)
    yield f"activations  {kept} kept for the backward pass (estimate); at most {peak} in inference"
    if summary.field.axes:
        yield f"receptive    {summary.field}, stride {summary.field.stride} where a place does not see it all"
    paths: dict[str, list[str]] = {}
    for path, text in summary.notes:
        paths.setdefault(text, []).append(path)
    for text, named in paths.items():
        others = f" and {len(named) - 1} more" if len(named) > 1 else ""
        yield f"note         {visible(f'{named[0]}{others}: {text}' if named[0] else text)}"


def to_json(summary: Summary) -> dict[str, object]:
    """Name, totals, inputs, outputs, stages and nodes; shapes without the batch. What depends on unknown
    sizes is a string; `unknown` gives the least that each may be.
    """
    return {
        "name": summary.name,
        "params": summary.params,
        "macs": plain(summary.macs),
        "inputs": [{"name": name, "shape": _plain(sizes)} for name, sizes in summary.inputs],
        "unknown": dict(summary.least),
        "outputs": [{"name": name, "shape": _plain(sizes)} for name, sizes in summary.outputs],
        "notes": [{"name": path, "text": text} for path, text in summary.notes],
        "stages": [
            {"name": row.name, "shape": _plain(row.shape), "params": row.params, "macs": plain(row.macs)}
            for row in summary.stages
        ],
        "nodes": [
            {
                "name": row.name,
                "kind": row.what,
                "shape": _plain(row.shape),
                "params": row.params,
                "macs": plain(row.macs),
            }
            for row in summary.nodes
        ],
    }


def _plain(sizes: tuple[Size, ...]) -> list[int | str]:
    return [plain(size) for size in sizes]
