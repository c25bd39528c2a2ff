"""Stages divided or joined: what left one stage and came to another, and kept its place among the rest.

The alignment goes region by region, so that what crosses the border of a stage is removed on one side of it
and added on the other. What stands in the same place between layers that both nets have, and is the same, is
what it was.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from ogive.report.difference.tree import Net, Part

ENOUGH = 0.6
"""So much of what is in a stage must be found again for the stage to be opened."""
Row = tuple[Part, ...]


def in_stage(part: Part) -> Row:
    """What is in a stage, and in the stages in it; any other part itself."""
    if part.kind != "stage":
        return (part,)
    return tuple(each for child in part.children for each in in_stage(child))


def divided(xs: Row, ys: Row) -> list[tuple[Part, Part]] | None:
    """The pairs of stages of two rows that hold the same with other stages around it; None of other rows.

    Stages of one name are the same, if they share something; else those that share the most.
    """
    forms = [[(part.kind, part.form) for part in row] for row in (xs, ys)]
    flat = [[(e.kind, e.form) for part in row for e in in_stage(part)] for row in (xs, ys)]
    if forms[0] == forms[1] or flat[0] != flat[1]:
        return None
    if any(child.kind == "stage" for part in (*xs, *ys) if part.kind == "stage" for child in part.children):
        return None
    shared = [
        (x.name != y.name, start - stop, i, j, x, y)
        for i, (x, *first) in enumerate(_spans(xs))
        for j, (y, *second) in enumerate(_spans(ys))
        if (start := max(first[0], second[0])) < (stop := min(first[1], second[1]))
    ]
    found: list[tuple[Part, Part]] = []
    for *_, x, y in sorted(shared, key=lambda each: each[:4]):
        if all(x is not a and y is not b for a, b in found):
            found.append((x, y))
    return found


def _spans(row: Row) -> Iterable[tuple[Part, int, int]]:
    """The stages, and from where to where they reach in the row without stages."""
    at = 0
    for part in row:
        start, at = at, at + len(in_stage(part))
        if part.kind == "stage":
            yield part, start, at


def ascending(numbers: Sequence[int]) -> list[int]:
    """A longest ascending subsequence of different numbers."""
    best: list[list[int]] = []
    for number in numbers:
        best.append([*max((one for one in best if one[-1] < number), key=len, default=[]), number])
    return max(best, key=len, default=[])


def regrouped(
    removed: Sequence[Row], added: Sequence[Row], kept: Iterable[tuple[Part, Part]], nets: tuple[Net, Net]
) -> list[tuple[Part, Part]]:
    """The pairs of parts, of what was removed and what was added, that only stand in another stage.

    Args:
        removed: rows of the first net.
        added: rows of the second.
        kept: the layers that both have.
        nets: both.
    """
    if not any(part.kind == "stage" for row in (*removed, *added) for part in row):
        return []
    pairs = tuple(kept)
    gone = _by_place(removed, [x.key for x, _ in pairs], nets[0])
    new = _by_place(added, [y.key for _, y in pairs], nets[1])
    found = [pair for place in gone if place in new for pair in _common(gone[place], new[place])]
    kept_x, kept_y = _worth(removed, {x.key for x, _ in found}), _worth(added, {y.key for _, y in found})
    found = [(x, y) for x, y in found if kept_x[x.key] and kept_y[y.key]]
    return found if any(kept_x[x.key] > 1 or kept_y[y.key] > 1 for x, y in found) else []


def _by_place(rows: Sequence[Row], kept: Sequence[str], net: Net) -> dict[int, list[Part]]:
    """The parts, in the order of the program, by how many layers stand before them that both nets have."""
    order = {key: at for at, key in enumerate(net.parts)}
    places = sorted(order[key] for key in kept)
    found: dict[int, list[Part]] = {}
    parts = [each for row in rows for part in row for each in in_stage(part) if next(each.leaves(), None)]
    for part in sorted(parts, key=lambda each: order[next(each.leaves()).key]):
        found.setdefault(bisect_left(places, order[next(part.leaves()).key]), []).append(part)
    return found


def _common(xs: Sequence[Part], ys: Sequence[Part]) -> list[tuple[Part, Part]]:
    """What two rows have in common, in order."""
    forms = [[(part.kind, part.form) for part in row] for row in (xs, ys)]
    blocks = SequenceMatcher(None, *forms, autojunk=False).get_matching_blocks()
    return [(xs[a + k], ys[b + k]) for a, b, size in blocks for k in range(size)]


def _worth(rows: Sequence[Row], keys: set[str]) -> dict[str, int]:
    """By key of what is kept: 2 in a stage of which most is kept, 0 in one of which it is not, 1 in none."""
    found: dict[str, int] = {}
    for part in (part for row in rows for part in row):
        inside = in_stage(part)
        most = sum(each.weight for each in inside if each.key in keys) >= ENOUGH * part.weight
        found |= {each.key: (2 if most else 0) if part.kind == "stage" else 1 for each in inside}
    return found
