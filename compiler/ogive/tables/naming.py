"""What the parts of a net are called in a table: as in the program, or by what they are.

A stage, a use of a block and what `as` or an assignment names keep their names. What has none (a loop, a
`residual { … }`, a layer that stands by itself) is called by what it is made of, and numbered where a table
has several such rows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ogive.graph import Graph, Region
from ogive.tables.outline import Branches, Element, Line, Part, Unit, lines_in

_WORDS = ("clique", "dense", "residual")
"""Kinds of units that say what a row is, the most particular first."""
_WEIGHTLESS = {"pool", "dropout", "merge", "shape"}
_MOST = 3
"""So many names make the name of a row."""


def of_region(region: Region, elements: Sequence[Element], graph: Graph) -> tuple[str, bool]:
    """What a part outside of stages is called, and whether the program names it.

    Args:
        region: what makes it.
        elements: what it is made of.
        graph: the graph of its net.
    """
    if region.kind == "block" and region.name:
        return region.path, True
    words = dict.fromkeys(word for element in elements if (word := _word(element, graph)))
    return (next(iter(words)) if len(words) == 1 else region.block or region.kind), False


def of_layers(elements: Sequence[Element], graph: Graph) -> tuple[str, bool]:
    """What layers are called that stand by themselves in one row: as the last that has weights is."""
    if any(isinstance(element, Branches) for element in elements):
        ends = [graph.node(line.node) for line in lines_in(elements)]
        given = [node.local for node in ends if node.pinned]
        return (", ".join(given), True) if len(given) == len(ends) <= _MOST else ("branches", False)
    lines = list(lines_in(elements))
    weighty = [line for line in lines if line.words.kind not in _WEIGHTLESS]
    lead = graph.node((weighty[-1] if weighty else lines[0]).node)
    return (lead.local, True) if lead.pinned else (lead.layer.kind, False)


def _word(element: Element, graph: Graph) -> str:
    """What an element is, in a word: `bottleneck`, `residual`, `conv`."""
    match element:
        case Line():
            return graph.node(element.node).layer.kind
        case Branches():
            names = {each.name if isinstance(each, Unit) else "" for b in element.branches for each in b}
            name = names.pop() if len(names) == 1 else ""
            lines = [each for b in element.branches for each in b if isinstance(each, Line)]
            if len(lines) == len(element.branches) == sum(map(len, element.branches)):
                alike = len({line.words for line in lines}) == 1
                return graph.node(lines[0].node).layer.kind if alike else "branches"
            return _snake(name) or "branches"
        case Unit():
            if element.name:
                return _snake(element.name)
            if kinds := [kind for kind in _WORDS if kind in element.kinds]:
                return kinds[0]
            weighty = [line for line in lines_in(element.elements) if line.words.kind not in _WEIGHTLESS]
            lines = weighty or list(lines_in(element.elements))
            inner = element.elements[0]
            if isinstance(inner, Line) or len(element.elements) > 1:
                return graph.node(lines[0].node).layer.kind if lines else ""
            return _word(inner, graph)


def joined(first: Part, last: Part, begun: str) -> str:
    """What two parts are called that become one row: `basic2–basic4`.

    Args:
        first: the part above.
        last: the part below.
        begun: the name of the first of those that the part above was made of.
    """
    return f"{begun}–{last.name}" if first.given and last.given and begun != last.name else first.name


def numbered(parts: Sequence[Part]) -> list[Part]:
    """The parts with names as rows bear them: what they are, in words, and numbered if there are several."""
    taken = {part.name for part in parts if part.given}
    often = Counter(part.name for part in parts if not part.given)
    so_far: Counter[str] = Counter()
    found: list[Part] = []
    for part in parts:
        if part.given or not part.name:
            found.append(part)
            continue
        words = part.name.replace("_", " ")
        name = words
        while name in taken or (often[part.name] > 1 and name == words):
            so_far[part.name] += 1
            name = f"{words}{' ' * (' ' in words)}{so_far[part.name]}"
        taken.add(name)
        found.append(replace(part, name=name))
    return found


def _snake(name: str) -> str:
    """`BasicBlock` as `basic_block`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
