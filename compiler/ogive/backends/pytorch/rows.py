"""Rows of modules: what a program repeats, as a `numbered(…)` chain or a loop.

The modules of a row are instances of a class, or of a few classes in turn. Where their arguments stay or grow
evenly they are written as one comprehension: `*(DenseLayer(64 + 32 * i) for i in range(6))`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ogive.backends.pytorch.structure import Use
from ogive.backends.pytorch.unify import MISSING, Slot, same
from ogive.graph import Ref

if TYPE_CHECKING:
    from ogive.backends.pytorch.model import Class

Wires = tuple[tuple[str, int], ...]
"""For every input of a turn whether it is the turn before's n-th output (`carry`) or the same tensor for all
(`same`).
"""


def number(attr: str) -> tuple[str, int] | None:
    """`basic12` as ("basic", 12)."""
    found = re.fullmatch(r"(.*?[A-Za-z_])([1-9]\d{0,8})", attr)
    return (found[1], int(found[2])) if found else None


def follows(before: Use, after: Use) -> bool:
    """Whether two uses have consecutive numbers and stand in the same repeat."""
    a, b = number(before.attr), number(after.attr)
    return (
        a is not None
        and b is not None
        and (a[0], a[1] + 1) == b
        and before.turn is not None
        and before.turn == after.turn
    )


def wires(before: Use, after: Use) -> Wires | None:
    """How the second use takes its inputs from the first, if each comes from there or goes to both."""
    if len(before.operands) != len(after.operands):
        return None
    found: list[tuple[str, int]] = []
    for position, ref in enumerate(after.operands):
        if ref in before.outputs:
            found.append(("carry", before.outputs.index(ref)))
        elif ref == before.operands[position]:
            found.append(("same", position))
        else:
            return None
    carried = [n for how, n in found if how == "carry"]
    # every output goes on, and once: so that the loop can hold them in the variables they came in
    return tuple(found) if sorted(carried) == list(range(len(before.outputs))) and carried else None


def split(uses: Sequence[Use], consumers: dict[Ref, int]) -> list[tuple[list[Use], Wires | None]]:
    """Cuts consecutive uses into rows."""
    rows: list[tuple[list[Use], Wires | None]] = []
    for use in uses:
        if rows:
            row, how = rows[-1]
            last = row[-1]
            next_wires = wires(last, use)
            shared = use.same is not None and use.same is (last.same or last)
            numbered = follows(last, use) and use.same is None and last.same is None
            kind = len(row) < 2 or shared == (row[1].same is not None)
            numbered = numbered and not (use.held or last.held)
            once = all(consumers.get(ref, 0) == 1 for ref in last.outputs)
            if next_wires and (shared or numbered) and kind and once and how in (None, next_wires):
                row.append(use)
                rows[-1] = (row, next_wires)
                continue
        rows.append(([use], None))
    return rows


@dataclass(eq=False, repr=False, slots=True)
class Segment:
    """Instances of one class with even arguments.

    Attributes:
        cls: the class.
        count: how many; a slot where that differs.
        base: the first one's arguments.
        step: what is added from one to the next; None for what stays.
    """

    cls: Class
    count: int | Slot
    base: list[Slot]
    step: list[Slot | None]


@dataclass(eq=False, repr=False, slots=True)
class Row:
    """A row of modules over all instances of the class that holds it.

    Attributes:
        prefix, start: the names are `prefix{start}`, `prefix{start + 1}` …
        segments: what they are.
        count: how many in all; a slot where that differs.
        wires: how each takes its inputs.
    """

    prefix: str
    start: int
    segments: list[Segment] = field(default_factory=list)
    count: int | Slot = 0
    wires: Wires | None = None

    @property
    def slots(self) -> list[Slot]:
        """All slots, in order."""
        found: list[Slot] = []
        for segment in self.segments:
            if isinstance(segment.count, Slot):
                found.append(segment.count)
            for base, step in zip(segment.base, segment.step, strict=True):
                found += [base] if step is None else [base, step]
        if isinstance(self.count, Slot) and self.count not in found:
            found.append(self.count)
        return found


class UnevenError(Exception):
    """The instances have different numbers of modules, and no pattern that covers all of them."""


Arguments = list[Any]


def chunks(classes: Sequence[Class]) -> list[tuple[Class, int]]:
    """Consecutive modules of one class, counted."""
    found: list[tuple[Class, int]] = []
    for cls in classes:
        if found and found[-1][0] is cls:
            found[-1] = (cls, found[-1][1] + 1)
        else:
            found.append((cls, 1))
    return found


def row(prefix: str, start: int, instances: Sequence[Sequence[tuple[Class, Arguments]] | None]) -> Row:
    """The row that stands for one row of modules in each instance (None: this instance has none).

    Raises:
        UnevenError: they have different lengths and no common pattern.
    """
    result = Row(prefix, start)
    present = [instance for instance in instances if instance is not None]
    kinds = [cls for cls, _ in chunks([cls for cls, _ in present[0]])]
    at = [0] * len(instances)
    for cls in kinds:
        rows: list[list[Arguments] | None] = []
        for i, instance in enumerate(instances):
            if instance is None:
                rows.append(None)
                continue
            taken: list[Arguments] = []
            while at[i] < len(instance) and instance[at[i]][0] is cls:
                taken.append(instance[at[i]][1])
                at[i] += 1
            rows.append(taken)
        lengths = {len(r) for r in rows if r is not None}
        if len(lengths) == 1:
            result.segments += _even(cls, prefix, rows, lengths.pop())
        else:
            result.segments += _varying(cls, prefix, rows)
    lengths = {len(instance) for instance in present}
    totals = [MISSING if instance is None else len(instance) for instance in instances]
    result.count = lengths.pop() if len(lengths) == 1 else Slot(list(totals), f"num_{prefix}")
    return result


def _slots(cls: Class, prefix: str, values: list[list[Any]]) -> list[Slot]:
    return [
        Slot(column, f"{prefix}_{atom.name}", atom.default)
        for atom, column in zip(cls.params, values, strict=True)
    ]  # fmt: skip


def _columns(rows: Sequence[list[Arguments] | None], position: int, width: int) -> list[list[Any]]:
    """For each argument its values over the instances, at one position of the row."""
    return [[MISSING if r is None else r[position][k] for r in rows] for k in range(width)]


def _even(cls: Class, prefix: str, rows: list[list[Arguments] | None], length: int) -> list[Segment]:
    """All rows have the same length: the longest even stretches, from the left."""
    width = len(cls.params)
    columns = [_columns(rows, position, width) for position in range(length)]
    segments: list[Segment] = []
    at = 0
    while at < length:
        end = at + 1
        while end < length and _alike(columns[at], columns[end]):
            end += 1
        steps: list[Slot | None] = [None] * width
        slope = _slope(columns, at, at + 1) if at + 1 < length else None
        reach = at + 1
        if slope is not None:
            reach = at + 2
            while reach < length and _same_slope(_slope(columns, reach - 1, reach), slope):
                reach += 1
        if slope is not None and reach - at >= 3 and reach > end:
            steps = [
                None if all(s in (0, MISSING) for s in column) else Slot(column, f"{prefix}_step")
                for column in slope
            ]
            end = reach
        segments.append(Segment(cls, end - at, _slots(cls, prefix, columns[at]), steps))
        at = end
    return segments


def _alike(a: list[list[Any]], b: list[list[Any]]) -> bool:
    return all(same(x, y) for one, other in zip(a, b, strict=True) for x, y in zip(one, other, strict=True))


def _slope(columns: list[list[list[Any]]], a: int, b: int) -> list[list[Any]] | None:
    """What every argument of every instance grows by from one position to the next; None where one cannot."""
    found: list[list[Any]] = []
    for one, other in zip(columns[a], columns[b], strict=True):
        steps: list[Any] = []
        for x, y in zip(one, other, strict=True):
            if x is MISSING:
                steps.append(MISSING)
            elif same(x, y):
                steps.append(0)
            elif type(x) is int and type(y) is int:
                steps.append(y - x)
            else:
                return None
        found.append(steps)
    return found


def _same_slope(a: list[list[Any]] | None, b: list[list[Any]]) -> bool:
    return a is not None and a == b


def _varying(cls: Class, prefix: str, rows: list[list[Arguments] | None]) -> list[Segment]:
    """Rows of different lengths: even throughout, or even behind the first; those that stay before those that
    grow.
    """
    width = len(cls.params)
    found: list[tuple[int, int, list[list[Any]]]] = []
    for skip in (0, 1):
        if any(r is not None and len(r) <= skip for r in rows):
            continue
        slopes = [None if r is None else _own_slope(r[skip:]) for r in rows]
        if any(s is None and r is not None for s, r in zip(slopes, rows, strict=True)):
            continue
        columns = [[MISSING if s is None else s[k] for s in slopes] for k in range(width)]
        free = [column for column in columns if not _is_argument(column, rows, skip)]
        growing = max((len({s for s in column if s is not MISSING and s != 0}) for column in free), default=0)
        mixed = any(len({s for s in column if s is not MISSING}) > 1 for column in free)
        found.append((growing + mixed, skip, columns))
    if not found:
        raise UnevenError
    _, skip, columns = min(found, key=lambda pattern: pattern[:2])
    counts = Slot([MISSING if r is None else len(r) - skip for r in rows], f"num_{prefix}")
    steps = [
        None if all(v in (0, MISSING) for v in column) else Slot(column, f"{prefix}_step")
        for column in columns
    ]
    first = [Segment(cls, 1, _slots(cls, prefix, _columns(rows, 0, width)), [None] * width)] if skip else []
    return [*first, Segment(cls, counts, _slots(cls, prefix, _columns(rows, skip, width)), steps)]


def _is_argument(slope: list[Any], rows: list[list[Arguments] | None], skip: int) -> bool:
    """Whether something grows by another argument: the input of a dense layer by its growth rate."""
    pairs = [(s, r[skip]) for s, r in zip(slope, rows, strict=True) if r is not None]
    return any(all(same(s, arguments[k]) for s, arguments in pairs) for k in range(len(pairs[0][1])))


def _own_slope(rows: list[Arguments]) -> list[Any] | None:
    """What each argument grows by, if evenly; 0 where there is only one."""
    slope: list[Any] | None = None
    for before, after in pairwise(rows):
        steps: list[Any] = []
        for x, y in zip(before, after, strict=True):
            if same(x, y):
                steps.append(0)
            elif type(x) is int and type(y) is int:
                steps.append(y - x)
            else:
                return None
        if slope is None:
            slope = steps
        elif slope != steps:
            return None
    return slope or [0] * len(rows[0])
