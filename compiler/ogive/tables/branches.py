"""The table of one net of branches: columns are what the branches make (Szegedy et al. 2015, table 1).

    type | patch/stride | output | depth | #1×1 | #3×3 reduce | #3×3 | … | pool proj | params | FLOPs

Columns come from the branches that the net has. Where these are of too many kinds, a column is a branch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ogive.layers.base import Layout, TensorType
from ogive.layers.sizes import show
from ogive.tables.aside import MARK, Place, aside, asides
from ogive.tables.building import Net, partition
from ogive.tables.cells import line_texts
from ogive.tables.columns import BranchColumns, Module, columns_of
from ogive.tables.connections import connections
from ogive.tables.costs import Costs
from ogive.tables.footnotes import Signs, counting, gates
from ogive.tables.model import Cell, Column, Row, Stack, Table, text_cell
from ogive.tables.outline import Branches, Element, Line, Part, Unit, lines_in
from ogive.tables.residuals import behind_sums
from ogive.tables.sequences import sequences
from ogive.tables.subject import Subject

LEAST = 2
"""So many modules of branches make a net whose table has columns for them."""


def is_of_branches(outline: Sequence[Part]) -> bool:
    """Whether a net is mostly made of modules of branches: at least half of its parts that have weights, and
    all concatenations in it.
    """
    weighty = [part for part in outline if any(line.words.kind == "conv" for line in lines_in(part.elements))]
    modules = [part for part in weighty if any(module_of(element) for element in part.elements)]
    other = [
        element
        for part in outline
        for element in part.elements
        if module_of(element) is None and any(not join.gate for join in _joins(element))
    ]
    return len(modules) >= LEAST and 2 * len(modules) >= len(weighty) and not other


def _joins(element: Element) -> Iterator[Branches]:
    """The branches in an element, the outermost of them."""
    match element:
        case Line():
            pass
        case Branches():
            yield element
        case Unit():
            for inner in element.elements:
                yield from _joins(inner)


def has_modules(outline: Sequence[Part]) -> bool:
    """Whether there is a module of branches at all."""
    return any(module_of(element) for part in outline for element in part.elements)


def module_of(element: Element) -> Module | None:
    """The module that an element is: one concatenation of different branches, with what is around it."""
    if isinstance(element, Branches):
        return _module((element,), 1, "")
    if isinstance(element, Unit):
        return _module(element.elements, element.count, element.name)
    return None


def _module(elements: Sequence[Element], count: int, name: str) -> Module | None:
    joins = [at for at, element in enumerate(elements) if isinstance(element, Branches)]
    if len(joins) != 1 or not all(isinstance(e, Line | Branches) for e in elements):
        return None
    (at,) = joins
    join = elements[at]
    assert isinstance(join, Branches)
    before = tuple(e for e in elements[:at] if isinstance(e, Line))
    after = tuple(e for e in elements[at + 1 :] if isinstance(e, Line))
    different = len({tuple(line_texts(branch)) for branch in join.branches}) > 1
    if join.word != "concat" or not different or not all(join.branches):
        return None
    return Module(name, count, before, join, after)


@dataclass(frozen=True, slots=True)
class _Item:
    """A row: a module, or layers that follow each other."""

    part: Part
    elements: tuple[Element, ...]
    module: Module | None
    alone: bool
    nodes: tuple[str, ...]


def branches_table(net: Net, costs: Costs) -> Table:
    """A row for each layer outside of modules, and for each module."""
    subject, parts = net
    modules = [m for part in parts for element in part.elements if (m := module_of(element))]
    columns = columns_of(modules)
    items = list(_items(parts, columns))
    patches = [_patch(item) for item in items]
    depths = [_depth(item.elements) for item in items]
    head = (
        Column("type", "left"),
        *((Column("patch size/stride"),) if any(patches) else ()),
        Column("output size"),
        *((Column("depth"),) if any(depths) else ()),
    )
    rows: list[Row] = []
    places = [_place(subject, item) for item in items]
    taken = aside(subject.graph, places)
    for item, patch, depth, takes in zip(items, patches, depths, taken, strict=True):
        cost = costs.of(subject, item.nodes, item.part.name if item.alone else "")
        start = [replace(text_cell(_type(item)), mark=MARK if takes else "")]
        start += [text_cell(patch)] if any(patches) else []
        start += [text_cell(output_text(subject, item.elements[-1].type))]
        start += [text_cell(str(depth))] if any(depths) else []
        rows.append(Row((*start, *_cells(item, columns), *cost)))
    width = len(head) + len(columns.titles)
    rows.append(Row((text_cell("total", width), *costs.total(subject)), total=True))
    notes = [
        *sequences([(subject, parts)], _row_of),
        *(signs := Signs(rows, [(subject, parts)])).layers(),
        *gates([(subject, parts)]),
        *columns.notes(),
        *signs.brackets(),
        *connections([(subject, parts)]),
        *behind_sums([(subject, parts)]),
        *counting([subject]),
    ]
    return Table(
        f"Architecture of {subject.title}.",
        "",
        (*head, *(Column(title) for title in columns.titles), *costs.columns),
        tuple(rows),
        (*asides([(subject, places)]), *costs.notes(notes)),
    )


def _place(subject: Subject, item: _Item) -> Place:
    leads = tuple(line.node for line in lines_in(item.elements))
    return Place(_type(item), output_text(subject, item.elements[-1].type), item.nodes, leads)


def _row_of(subject: Subject, part: Part, line: Line) -> str:
    """What the table calls the row that a convolution stands in."""
    if any(
        line in element_lines
        for element_lines in (tuple(lines_in((e,))) for e in part.elements if module_of(e))
    ):
        return part.name
    return f"the row of {output_text(subject, line.type)}"


def _items(parts: Sequence[Part], columns: BranchColumns) -> Iterator[_Item]:
    """The rows: a layer each, but what the columns have a place for as a module: `1×1, 3×3` in a chain."""
    for part in parts:
        groups: list[tuple[Element, ...]] = []
        for element in _opened(part.elements):
            last = groups[-1] if groups else ()
            if len(last) == 1 and columns.chain((*last, element)):
                groups[-1] = (*last, element)
            else:
                groups.append((element,))
        spans = partition([group[0].first for group in groups], part.nodes) if groups else []
        for group, span in zip(groups, spans, strict=True):
            module = module_of(group[0]) if len(group) == 1 else None
            yield _Item(part, group, module, len(groups) == 1, span)


def _opened(elements: Sequence[Element]) -> Iterator[Element]:
    """The elements, with single units that are no modules taken apart."""
    for element in elements:
        single = isinstance(element, Unit) and element.count == 1 and not element.kinds
        if isinstance(element, Unit) and single and module_of(element) is None:
            yield from _opened(element.elements)
        else:
            yield element


def _cells(item: _Item, columns: BranchColumns) -> tuple[Cell, ...]:
    if item.module is not None:
        return columns.cells(item.module)
    if len(item.elements) == 2:
        return columns.chain_cells(item.elements)
    (element,) = item.elements
    empty = tuple(Cell() for _ in columns.titles)
    if isinstance(element, Line) or not columns.titles:
        return empty
    count = element.count if isinstance(element, Unit) else 1
    inside = element.elements if isinstance(element, Unit) else (element,)
    return (Cell((Stack(tuple(line_texts(inside)), count),), span=len(columns.titles)),)


def _patch(item: _Item) -> str:
    """`7×7/2`; of a module, `stride 2` where it has one."""
    last = item.elements[-1]
    if isinstance(last, Line):
        return last.words.patch()
    steps = {line.words.stride for line in lines_in(item.elements) if line.words.stride}
    return f"stride {steps.pop()}" if len(steps) == 1 else ""


def _type(item: _Item) -> str:
    """`convolution`, `max pool`, `inception (3a)`, `inception A × 4`."""
    element = item.elements[-1]
    if isinstance(element, Line):
        return _layer(element)
    block = element.name if isinstance(element, Unit) else ""
    name = _words(block)
    part = item.part.name
    if item.part.kind != "stage":
        text = part
    elif not name:
        text = part if item.alone else f"branches ({part})"
    elif _squashed(name) in _squashed(part) or _says(block, part):
        text = part
    else:
        text = f"{name} ({part})"
    count = element.count if isinstance(element, Unit) else 1
    return f"{text} × {count}" if count > 1 else text


def _layer(line: Line) -> str:
    words = line.words
    if words.kind == "conv" and words.title.endswith(" conv"):
        rest = words.kernel.split(" ")[1:]
        return " ".join([*("depthwise" if word == "dw" else word for word in rest), "convolution"])
    if words.kind == "dropout" and words.rest and words.title == "dropout":
        return f"dropout ({float(words.rest[0]):.0%})".replace("%", " %")
    return re.sub(r"^\d+(×\d+)* ", "", words.title)


def _words(name: str) -> str:
    """`Inception` as `inception`, `InceptionA` as `inception A`; other names as they are."""
    word = re.fullmatch(r"([A-Z][a-z]+)([A-Z])?", name)
    return " ".join(filter(None, (word[1].lower(), word[2]))) if word else name


def _says(block: str, part: str) -> bool:
    """Whether the name of a part is in that of its block: `inception_a` in `InceptionResNetA`."""
    said = iter(word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]|\d+", block))
    return all(word in said for word in re.findall(r"[a-z]+|\d+", part.lower()))


def _squashed(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _depth(elements: Sequence[Element]) -> int:
    """How many layers with weights are behind each other, by the longest way."""
    total = 0
    for element in elements:
        match element:
            case Line():
                total += element.words.kind in {"conv", "linear", "attention"} and bool(element.words.width)
            case Unit():
                total += element.count * _depth(element.elements)
            case Branches():
                total += (
                    0 if element.gate else max((_depth(branch) for branch in element.branches), default=0)
                )
    return total


def output_text(subject: Subject, type_: TensorType) -> str:
    """`112×112×64`, `1×1×1000`: places first, as GoogLeNet's table has it."""
    if type_.layout is Layout.PLAIN and len(type_.sizes) == 1 and subject.has_maps:
        return "×".join([*("1" for _ in subject.input.spatial), show(type_.sizes)])
    if type_.layout is Layout.PLAIN:
        return show(type_.sizes)
    return show((*type_.spatial, type_.channels))
