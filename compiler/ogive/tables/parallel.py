"""What stands beside each other, among elements that a program can only write one below the other."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 200
"""So many elements are looked at in pairs."""


def chunks(after: Sequence[frozenset[int]]) -> list[list[list[int]]]:
    """The elements as a series of parallel parts: each a list of groups, of which none needs another.

    The elements of a group are in order. What is neither behind nor beside each other (`a` before `c` and
    `d`, `b` before `d` alone) stays in one group (Valdes, Tarjan & Lawler 1982: it is not series-parallel).

    Args:
        after: for each element, in an order in which none needs a later one, all those that it needs.
    """
    found: list[list[list[int]]] = []
    at = 0
    while at < len(after):
        end = here = at
        while here <= end:  # as far as something is beside something in here
            beside = [j for j in range(here + 1, len(after)) if here not in after[j]]
            end = max([end, *beside])
            here += 1
        found.append(_groups(range(at, end + 1), after))
        at = end + 1
    return found


def _groups(elements: Sequence[int], after: Sequence[frozenset[int]]) -> list[list[int]]:
    """The elements, with what needs each other together."""
    groups: list[list[int]] = []
    for element in elements:
        mine = [group for group in groups if any(other in after[element] for other in group)]
        groups = [group for group in groups if group not in mine]
        groups.append(sorted([*(each for group in mine for each in group), element]))
    return sorted(groups)
