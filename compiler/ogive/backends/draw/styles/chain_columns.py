"""Which part of a chain stands in which column: the main lane from left to right, and what hangs below it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ogive.backends.draw.fold.picture import Edge
from ogive.backends.draw.styles.chain_parts import Part

_MOST_STACKED = 7
"""So many boxes at most stand below one another before the first wired part, or behind the last one."""
STACK_GAP = 11.0
"""Between two boxes that stand below one another."""


@dataclass
class Column:
    """A place in the main lane.

    Attributes:
        lane: the parts at the level of the flow: one, or a stack of which one is at that level.
        level: which of a stack it is.
        below: what hangs below, from the top down.
    """

    lane: list[str]
    level: int = 0
    below: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns, from left to right, and the parts that lead to others in a stack or in the lane."""

    columns: tuple[Column, ...]

    def where(self) -> dict[str, tuple[int, str, int]]:
        """By part: its column, `lane` or `below`, and its place there."""
        found: dict[str, tuple[int, str, int]] = {}
        for number, column in enumerate(self.columns):
            found.update((id, (number, "lane", i)) for i, id in enumerate(column.lane))
            found.update((id, (number, "below", i)) for i, id in enumerate(column.below))
        return found


def planned(
    order: Sequence[str], edges: Sequence[Edge], wired: Collection[str], repeated: Callable[[str], object]
) -> Plan:
    """Where parts stand.

    What leads to a dense block or clique is in the main lane, in the order of the program. Boxes before the
    first of them stand below one another, the last at the level of the flow; so do those behind the last, the
    first at that level. What else there is (heads, what joins them) hangs below what feeds it.

    Args:
        order: of the parts, topological.
        edges: between them.
        wired: those with wires of their own.
        repeated: whether there is a frame around a part and its neighbours: they stand in the lane.
    """
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        before[edge.head].append(edge.tail)
        after[edge.tail].append(edge.head)
    core = _leading_to(wired, before)
    lane = [id for id in order if id in core]
    rest = [id for id in order if id not in core]
    first = next(i for i, id in enumerate(lane) if id in wired)
    stem = lane[:first]
    if not (_is_chain(stem, lane[first : first + 1], before, after) and not any(map(repeated, stem))):
        stem = []
    columns = [Column(stem, len(stem) - 1)] if stem else []
    columns += [Column([id]) for id in lane[len(stem) :]]
    tail = lane[-1:]
    if rest and _is_chain([*tail, *rest], [], before, after, len(rest)) and not any(map(repeated, rest)):
        columns.append(Column(rest))
        return Plan(tuple(columns))
    if rest and _is_line([*tail, *rest], before, after):  # too long to stand below one another
        columns += [Column([id]) for id in rest]
        return Plan(tuple(columns))
    at = {id: number for number, column in enumerate(columns) for id in column.lane}
    for id in rest:
        home = max((at[source] for source in before[id]), default=len(columns) - 1)
        at[id] = home
        columns[home].below.append(id)
    for column in columns:
        column.below = _one_below_other(column.below, before)
    return Plan(tuple(columns))


def _one_below_other(ids: Sequence[str], before: Mapping[str, Sequence[str]]) -> list[str]:
    """In an order in which as many as possible stand right below what leads to them."""
    left = list(ids)
    found: list[str] = []
    while left:
        ready = [id for id in left if not any(source in left for source in before[id])]
        found.append(next((id for id in ready if found and found[-1] in before[id]), ready[0]))
        left.remove(found[-1])
    return found


def _leading_to(ends: Collection[str], before: dict[str, list[str]]) -> set[str]:
    """These and everything before them."""
    found = set(ends)
    waiting = list(ends)
    while waiting:
        for source in before[waiting.pop()]:
            if source not in found:
                found.add(source)
                waiting.append(source)
    return found


def _is_line(ids: Sequence[str], before: dict[str, list[str]], after: dict[str, list[str]]) -> bool:
    """Whether each of them leads to the next, and to nothing else."""
    return all(before[b] == [a] and after[a] == [b] for a, b in pairwise(ids))


def _is_chain(
    ids: Sequence[str], then: Sequence[str], before: dict[str, list[str]], after: dict[str, list[str]],
    count: int | None = None,
) -> bool:  # fmt: skip
    """Whether they are a line that leads to what follows, short enough to stand below one another."""
    few = 0 < (len(ids) if count is None else count) <= _MOST_STACKED
    return few and _is_line([*ids, *then], before, after)


def heights(column: Column, parts: Mapping[str, Part]) -> dict[str, float]:
    """How far above the level of the flow the middle of each part of the lane stands."""
    middle = parts[column.lane[column.level]].outline
    found = {column.lane[column.level]: 0.0}
    y = middle.top
    for id in reversed(column.lane[: column.level]):
        part = parts[id].outline
        y += STACK_GAP - part.bottom
        found[id] = y
        y += part.top
    y = middle.bottom
    for id in column.lane[column.level + 1 :]:
        part = parts[id].outline
        y -= STACK_GAP + part.top
        found[id] = y
        y += part.bottom
    return found


def half_width(column: Column, parts: Mapping[str, Part]) -> float:
    """How far a column reaches to either side of its middle."""
    return max(parts[id].outline.width / 2 for id in [*column.lane, *column.below])
