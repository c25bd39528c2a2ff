"""How much two nets have in common at all: where that is little, changes are no way from one to the other."""

from __future__ import annotations

from dataclasses import dataclass

from ogive.report.difference.match import Matching
from ogive.report.difference.tree import Net

_LITTLE = 0.25
"""Nets that share less than this of the smaller one have little in common."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What two nets have in common.

    Attributes:
        matched: layers of one kind in the same place, whatever their arguments; inputs are none.
        of: layers of the smaller net.
        smaller: which net that is: 0 or 1.
        little: whether the nets have little in common; blocks that stand in the place of others count as
            half their layers, for the plan of the nets is the same.
    """

    matched: int
    of: int
    smaller: int
    little: bool


def likeness(nets: tuple[Net, Net], matching: Matching) -> Likeness:
    """Counts it.

    Args:
        nets: that were compared.
        matching: what corresponds in them.
    """
    sizes = [sum(part.group != "input" for part in net.parts.values()) for net in nets]
    smaller = int(sizes[1] < sizes[0])
    matched = sum(x.word == y.word and x.group != "input" for x, y in matching.layers)
    replaced = sum(
        min(*(sum(len(list(part.leaves())) for part in row) for row in rows)) for rows in matching.replaced
    )
    return Likeness(matched, sizes[smaller], smaller, matched + replaced / 2 < _LITTLE * sizes[smaller])
