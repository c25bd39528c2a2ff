"""How branches are joined, said of each where one table has several ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ogive.tables.building import Net
from ogive.tables.outline import Branches, Element, Unit, branches_in


def told_apart(nets: Sequence[Net]) -> list[Net]:
    """The nets as they are, where a footnote can say of all branches how their results are joined; otherwise
    with the word below each.
    """
    joins = {join.joined for _, parts in nets for part in parts for join in branches_in(part.elements)}
    if len(joins) < 2:
        return list(nets)
    return [(s, [replace(p, elements=tuple(map(_said, p.elements))) for p in parts]) for s, parts in nets]


def _said(element: Element) -> Element:
    match element:
        case Unit():
            return replace(element, elements=tuple(map(_said, element.elements)))
        case Branches():
            branches = tuple(tuple(map(_said, branch)) for branch in element.branches)
            return replace(element, branches=branches, said="" if element.gate else element.joined)
        case _:
            return element
