"""From the elements of an outline to what stands in cells: lines, and stacks in brackets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from ogive.layers.base import Layout, TensorType
from ogive.layers.sizes import show
from ogive.tables.aside import Place, aside
from ogive.tables.building import one_place, partition
from ogive.tables.model import Part as CellPart
from ogive.tables.model import Stack
from ogive.tables.outline import Branches, Element, Line, Part, Unit, lines_in, units_in
from ogive.tables.subject import Subject

BRANCH = "| "
"""What a branch begins with, as in a program."""
_TWO = 2
_TOGETHER = 40
"""So many characters of layers that make one place are written side by side."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a net: a part of it, or as much of one as has one size.

    Attributes:
        name: that of its part.
        continues: whether the rows above belong to the same part.
        size: its size, as it is printed.
        halvings: how often the input was halved to come to that size, where it has places.
        parts: what stands in its cell.
        nodes: the nodes behind it.
        kinds: what the units in it are, which nets that are written alike may differ in.
        leads: the nodes of the layers that it names.
        aside: whether it takes another result than that of the row above.
        weighs: whether a layer in it has weights.
    """

    name: str
    continues: bool
    size: str
    halvings: int | None
    parts: tuple[CellPart, ...]
    nodes: tuple[str, ...]
    kinds: frozenset[str] = frozenset()
    leads: tuple[str, ...] = ()
    aside: bool = False
    weighs: bool = True

    @property
    def place(self) -> Place:
        """The row as the graph has it."""
        return Place(self.name, self.size, self.nodes, self.leads)

    @property
    def stacked(self) -> bool:
        """Whether it has something in brackets."""
        return any(isinstance(part, Stack) for part in self.parts)


def entries(subject: Subject, outline: Sequence[Part]) -> list[Entry]:
    """The rows of a net, in program order; every node of its parts is behind one of them."""
    found: list[Entry] = []
    named = brackets(outline)
    for part in outline:
        groups: list[list[Element]] = []
        for element in spliced(part.elements, named):
            size = size_text(subject, element.type)
            if groups and size_text(subject, groups[-1][-1].type) == size:
                groups[-1].append(element)
            else:
                groups.append([element])
        spans = partition([group[0].first for group in groups], part.nodes) if groups else [part.nodes]
        if not groups:  # nothing that a table tells of, but perhaps with parameters
            if found:
                found[-1] = replace(found[-1], nodes=(*found[-1].nodes, *part.nodes))
                continue
            groups = [[]]
        for number, (group, span) in enumerate(zip(groups, spans, strict=True)):
            type_ = group[-1].type if group else subject.graph.node(span[-1]).outputs[0]
            found.append(
                Entry(
                    part.name,
                    number > 0,
                    size_text(subject, type_),
                    subject.halvings(type_) if not one_place(type_) else None,
                    parts_of(group, named),
                    span,
                    frozenset(kind for unit in units_in(group) for kind in unit.kinds),
                    tuple(line.node for line in lines_in(group)),
                    weighs=any(line.sequence for line in lines_in(group)),
                )
            )
    taken = aside(subject.graph, [entry.place for entry in found])
    return [replace(entry, aside=bool(takes)) for entry, takes in zip(found, taken, strict=True)]


def brackets(outline: Iterable[Part]) -> frozenset[str]:
    """The blocks that stand in brackets at every use, since they do at one."""
    units = [unit for part in outline for unit in units_in(part.elements)]
    in_turn = [e for unit in units if "pair" in unit.kinds for e in unit.elements if isinstance(e, Unit)]
    return frozenset(unit.name for unit in units if unit.name and unit.bracketed) | {u.name for u in in_turn}


def bracketed(element: Element, named: Collection[str]) -> bool:
    """Whether an element is written as a stack."""
    match element:
        case Unit():
            return not is_gate(element) and (element.bracketed or element.name in named)
        case Branches():
            return not element.gate
        case Line():
            return False


def spliced(elements: Iterable[Element], named: Collection[str]) -> list[Element]:
    """The elements, with what stands in no brackets taken apart, and without dropout."""
    found: list[Element] = []
    for element in elements:
        if isinstance(element, Unit) and not bracketed(element, named) and not is_gate(element):
            found += [element] if _again(element) else spliced(element.elements, named)
        elif not (isinstance(element, Line) and element.words.kind == "dropout"):
            found.append(element)
    return found


def parts_of(group: Sequence[Element], named: Collection[str]) -> tuple[CellPart, ...]:
    """What stands in the cell of some elements."""
    parts: list[CellPart] = []
    for element in group:
        if bracketed(element, named):
            inside = unit_texts(element) if isinstance(element, Unit) else line_texts((element,))
            parts.append(Stack(tuple(inside), _count(element)))
        else:
            parts += line_texts((element,))
    texts = [part for part in parts if isinstance(part, str)]
    together = ", ".join(texts)
    short = len(together) <= _TOGETHER and not any("," in text for text in texts)
    if short and len(texts) == len(parts) > 1 and all(one_place(element.type) for element in group):
        return (together,)
    return tuple(parts)


def _count(element: Element) -> int | None:
    """How often a unit stands there; one that could not repeat as it stands has no count."""
    if not isinstance(element, Unit):
        return None
    branching = any(isinstance(inner, Branches) for inner in element.elements)
    return None if element.count == 1 and not element.kinds and branching else element.count


def unit_texts(unit: Unit) -> list[str]:
    """The lines in the brackets of a unit; of one that is a pair, each of its units in brackets."""
    if "pair" in unit.kinds:
        inner = [e for e in unit.elements if isinstance(e, Unit)]
        return [f"[{'; '.join(unit_texts(e))}]{f' × {e.count}' * (e.count > 1)}" for e in inner]
    return [*line_texts(unit.elements), *([unit.said] if unit.said else [])]


def line_texts(elements: Iterable[Element]) -> list[str]:
    """The lines of a stack, in order."""
    found: list[str] = []
    for element in elements:
        match element:
            case Line():
                found += [element.words.text()] if element.words.kind != "dropout" else []
            case Branches() if element.gate:
                found.append(gate_text(element, "gate"))
            case Branches():
                found += [BRANCH + text for text in _branch_texts(element)]
                found += [element.said] if element.said else []
            case Unit() if is_gate(element):
                gate = element.elements[0]
                assert isinstance(gate, Branches)
                found.append(gate_text(gate, element.name or "gate"))
            case Unit() if _again(element):
                found.append(_same_weights(element))
            case Unit() if element.count > 1:
                found.append(f"[{'; '.join(unit_texts(element))}] × {element.count}")
            case Unit():
                found += unit_texts(element)
    return found


def _branch_texts(join: Branches) -> list[str]:
    """Its branches, each on a line; of more than two that are alike, one: `3×3, 4 (32 branches)`."""
    texts = [_inline(branch) or "identity" for branch in join.branches]
    often = Counter(texts)
    return [
        f"{text} ({often[text]} branches)" if often[text] > _TWO else text
        for text in (dict.fromkeys(texts) if max(often.values(), default=0) > _TWO else texts)
    ]


def _inline(branch: Sequence[Element]) -> str:
    """A branch on one line: `1×1, 64 → 3×3, 96`."""
    texts: list[str] = []
    for element in branch:
        if isinstance(element, Branches) and not element.gate:
            inner = " | ".join(_branch_texts(element))
            texts.append(f"({inner})")
            texts += [element.said] if element.said else []
        elif isinstance(element, Unit) and element.count == 1 and not is_gate(element):
            texts.append(_inline(element.elements))
        else:
            texts += line_texts((element,))
    return " → ".join(texts)


def is_gate(element: Element) -> bool:
    """Whether a unit is nothing but a gate (Hu et al. 2018)."""
    return (
        isinstance(element, Unit)
        and element.count == 1
        and len(element.elements) == 1
        and isinstance(gate := element.elements[0], Branches)
        and gate.gate
    )


def gate_text(gate: Branches, name: str) -> str:
    """`SE, 16`: a gate with the width that it has inside."""
    widths = [line.words.width for line in lines_in((gate,)) if line.words.width]
    return f"{name}, {widths[0]}" if len(widths) > 1 else name


def _again(unit: Unit) -> bool:
    """Whether it is a further use of what is shared."""
    region = unit.regions[0] if unit.regions else None
    return unit.count == 1 and region is not None and region.shared is not None and region.shared.number > 1


def _same_weights(unit: Unit) -> str:
    assert unit.regions is not None
    use = unit.regions[0].shared
    return f"as {use.path}, same weights" if use is not None else ""


def size_text(subject: Subject, type_: TensorType) -> str:
    """The size of a tensor as papers print it: `56×56`, `1×1` for a vector behind maps, `196` tokens."""
    if type_.layout is Layout.PLAIN:
        if len(type_.sizes) == 1 and subject.has_maps:
            return "×".join("1" for _ in subject.input.spatial) or "1"
        return show(type_.sizes)
    return show(type_.spatial) or show(type_.sizes)
