"""The rows of several nets beside each other: equal parts in one, what only some have in one of its own."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from math import inf

from ogive.tables.cells import Entry

_MOST_PAIRS = 10**6
Aligned = list[tuple["Entry | None", ...]]


def aligned(nets: Sequence[Sequence[Entry]]) -> Aligned:
    """One tuple a row, with the entry of each net, or None where it has none there.

    The order of every net is kept. A pair is the better the more it has in common: size, or at least how
    often its input was halved, then name, and whether it is in brackets (Needleman & Wunsch 1970). A name
    alone is worth less than any size: `conv3` of 56×56 is no more than a namesake of `conv3` of 28×28.
    """
    rows: Aligned = [(entry,) for entry in nets[0]]
    for number, net in enumerate(nets[1:], 1):
        rows = _joined(rows, net, number)
    return rows


def _joined(rows: Aligned, net: Sequence[Entry], before: int) -> Aligned:
    """The rows with another net in them, where there were so many before."""
    same = 0
    while same < min(len(rows), len(net)) and _equal(rows[same], net[same]):
        same += 1
    found: Aligned = [(*row, entry) for row, entry in zip(rows[:same], net[:same], strict=True)]
    rows, net = rows[same:], net[same:]
    if len(rows) * len(net) > _MOST_PAIRS:
        return found + _by_name(rows, net, before)
    return found + _best(rows, net, before)


def _equal(row: Sequence[Entry | None], entry: Entry) -> bool:
    """Whether an entry says what a row is about."""
    name = (entry.name, entry.size, entry.continues)
    return any(other is not None and (other.name, other.size, other.continues) == name for other in row)


def _by_name(rows: Aligned, net: Sequence[Entry], before: int) -> Aligned:
    """Rows by their names alone, for so many of them that pairs would take long."""
    names = [next(entry.name for entry in row if entry is not None) for row in rows]
    found: Aligned = []
    i = j = 0
    none = tuple(None for _ in range(before))
    for a, b, size in SequenceMatcher(
        None, names, [e.name for e in net], autojunk=False
    ).get_matching_blocks():
        found += [(*row, None) for row in rows[i:a]]
        found += [(*none, entry) for entry in net[j:b]]
        found += [(*row, entry) for row, entry in zip(rows[a : a + size], net[b : b + size], strict=True)]
        i, j = a + size, b + size
    return found


def _best(rows: Aligned, net: Sequence[Entry], before: int) -> Aligned:
    """The pairs that have most in common, all together."""
    scores = [[_score(row, entry) for entry in net] for row in rows]
    best = [[0] * (len(net) + 1) for _ in range(len(rows) + 1)]
    for i in range(len(rows) - 1, -1, -1):
        for j in range(len(net) - 1, -1, -1):
            pair = scores[i][j] + best[i + 1][j + 1] if scores[i][j] else 0
            best[i][j] = max(pair, best[i + 1][j], best[i][j + 1])
    found: Aligned = []
    i = j = 0
    while i < len(rows) or j < len(net):
        both = i < len(rows) and j < len(net)
        if both and scores[i][j] and best[i][j] == scores[i][j] + best[i + 1][j + 1]:
            found.append((*rows[i], net[j]))
            i, j = i + 1, j + 1
        elif i < len(rows) and (
            j == len(net) or _first(rows[i], net[j], best[i][j], best[i + 1][j], best[i][j + 1])
        ):
            found.append((*rows[i], None))
            i += 1
        else:
            found.append((*(None for _ in range(before)), net[j]))
            j += 1
    return found


def _first(
    row: Sequence[Entry | None], entry: Entry, all_: int, without_row: int, without_entry: int
) -> bool:
    """Whether a row stands above an entry beside which it does not stand: the larger of the two does."""
    if all_ != without_row or all_ != without_entry:
        return all_ == without_row
    above = next(other for other in row if other is not None)
    return _depth(above) <= _depth(entry)


def _depth(entry: Entry) -> float:
    return inf if entry.halvings is None else entry.halvings


def _score(row: Sequence[Entry | None], entry: Entry) -> int:
    """How much an entry has in common with a row; 0 where it does not belong there."""
    return max((_common(other, entry) for other in row if other is not None), default=0)


def _common(a: Entry, b: Entry) -> int:
    place = 8 if a.size == b.size else 7 if a.halvings is not None and a.halvings == b.halvings else 0
    name = (14 if place else 1) if a.name == b.name else 0
    if a.name != b.name and not place:
        return 0
    same_kind = a.stacked == b.stacked
    apart = a.continues != b.continues
    if (
        not same_kind and (apart or not place or (not name and (a.continues or not (a.weighs and b.weighs))))
    ) or (not place and apart):
        return 0
    return place + name + same_kind - 4 * (not same_kind) + 2 * (a.parts == b.parts) - 2 * apart
