"""Which of two rows of parts correspond: the pairing, in order, that keeps the most.

What two parts have in common is the best pairing of what is in them, and so on down to the layers: an
alignment of trees. Scores are whole numbers, so that sums compare exactly, and the same whichever of two nets
comes first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ogive.layers.base import Argument
from ogive.report.difference.tree import Part

How = Literal["no", "same", "open", "replaced"]
"""How two parts correspond: not at all; they hold the same; what is in them is compared; one stands in the
place of the other, and they have too little in common to be compared.
"""

WHOLE = 1000
"""What a layer is worth, for every unit of its weight, that is as it was."""
_NAMED, _SAME_NAME = 10, 20
_IN_PLACE = 20
_OTHER_KIND = 300
_ALIKE = 0.35
"""Parts with less in common than this are not the same part."""
_MOST_CELLS = 160_000
"""Rows with more pairs than this are divided first."""
_EDITS = 200
_CHUNK = 100


@dataclass(frozen=True, slots=True)
class Alignment:
    """The pairs of two rows, by their places, ascending, and what they have in common."""

    score: int
    pairs: tuple[tuple[int, int], ...]


class Aligner:
    """Aligns rows of parts whose forms were numbered together; remembers what it found."""

    def __init__(self) -> None:
        self._inside: dict[tuple[int, int], Alignment] = {}
        self._comparable: dict[tuple[int, int], bool] = {}
        self._layers: dict[tuple[int, int], int] = {}

    def inside(self, x: Part, y: Part) -> Alignment:
        """How what is in two regions corresponds, found without recursion: bodies nest."""
        todo = [(x, y)]
        while todo:
            a, b = todo[-1]
            first = [] if (a.form, b.form) in self._inside else self._unknown(a, b)
            if first:
                todo += first
                continue
            todo.pop()
            if (a.form, b.form) not in self._inside:
                self._inside[a.form, b.form] = self.rows(a.children, b.children)
        return self._inside[x.form, y.form]

    def _unknown(self, x: Part, y: Part) -> list[tuple[Part, Part]]:
        """The pairs of regions in two regions that are looked into to compare these, and were not yet."""
        mine, other = ({part.form: part for part in each.children if part.layer is None} for each in (x, y))
        return [
            (a, b)
            for a in mine.values()
            for b in other.values()
            if a.kind == b.kind and a.form != b.form and (a.form, b.form) not in self._inside
        ]

    def score(self, x: Part, y: Part) -> int:
        """What two parts have in common; 0: they cannot correspond."""
        return self.judge(x, y)[1]

    def how(self, x: Part, y: Part) -> How:
        """How two parts correspond."""
        return self.judge(x, y)[0]

    def judge(self, x: Part, y: Part) -> tuple[How, int]:
        """Both."""
        bonus = _SAME_NAME if x.given and x.given == y.given else 0
        if (x.layer is None) != (y.layer is None) or x.kind != y.kind:
            return "no", 0
        if x.form == y.form:
            return "same", WHOLE * x.weight + bonus
        if x.layer is not None:
            key = (x.form, y.form)
            if key not in self._layers:
                self._layers[key] = _layers(x, y)
            return ("open", self._layers[key] + bonus) if self._layers[key] else ("no", 0)
        least = min(x.weight, y.weight)
        if x.kind == "block" and x.word != y.word and not self._compare(x, y):
            return "replaced", max(_IN_PLACE * least, 1)
        held = self.inside(x, y).score
        if _same_role(x, y):
            return "open", held + bonus + _NAMED * least + 1
        if 2 * held >= _ALIKE * WHOLE * (x.weight + y.weight):
            return "open", held + bonus
        return ("replaced", max(_IN_PLACE * least, 1)) if x.kind == "block" else ("no", 0)

    def _compare(self, x: Part, y: Part) -> bool:
        """Whether two blocks of different definitions are worth comparing layer by layer: they have the same
        kinds of layers, or one has only more than the other.
        """
        key = (x.form, y.form)
        if key not in self._comparable:
            a, b = list(x.leaves()), list(y.leaves())
            same = [leaf.word for leaf in a] == [leaf.word for leaf in b]
            few, many = sorted(([leaf.short for leaf in a], [leaf.short for leaf in b]), key=len)
            self._comparable[key] = same or _among(few, many)
        return self._comparable[key]

    # ------------------------------------------------------------------ rows

    def rows(self, xs: Sequence[Part], ys: Sequence[Part]) -> Alignment:
        """The best pairing of two rows; among equal ones, that of the earliest."""
        start = 0
        while start < min(len(xs), len(ys)) and _twins(xs[start], ys[start]):
            start += 1
        pairs = [(i, i) for i in range(start)]
        score = sum(self.score(xs[i], ys[i]) for i in range(start))
        rest = self._between(xs, ys, start, len(xs), start, len(ys))
        return Alignment(score + rest.score, (*pairs, *rest.pairs))

    def _between(self, xs: Sequence[Part], ys: Sequence[Part], i: int, n: int, j: int, m: int) -> Alignment:
        if (n - i) * (m - j) <= _MOST_CELLS:
            return self._best(xs, ys, i, n, j, m)
        anchors = _anchors(xs, ys, i, n, j, m)
        if not anchors:
            return self._best(xs, ys, i, n, j, m)
        pairs: list[tuple[int, int]] = []
        score = 0
        for (i0, j0), (i1, j1) in pairwise([(i - 1, j - 1), *anchors, (n, m)]):
            between = self._between(xs, ys, i0 + 1, i1, j0 + 1, j1)
            pairs += between.pairs
            score += between.score
            if i1 < n and j1 < m and (common := self.score(xs[i1], ys[j1])):
                pairs.append((i1, j1))
                score += common
        return Alignment(score, tuple(pairs))

    def _best(self, xs: Sequence[Part], ys: Sequence[Part], i: int, n: int, j: int, m: int) -> Alignment:
        """Needleman & Wunsch (1970), without a price for gaps."""
        width = m - j
        best = [[0] * (width + 1) for _ in range(n - i + 1)]
        common = [[self.score(xs[a], ys[b]) for b in range(j, m)] for a in range(i, n)]
        for a in range(n - i - 1, -1, -1):
            row, below, scores = best[a], best[a + 1], common[a]
            for b in range(width - 1, -1, -1):
                most = max(below[b], row[b + 1])
                paired = scores[b] + below[b + 1] if scores[b] else 0
                row[b] = max(most, paired)
        pairs: list[tuple[int, int]] = []
        a = b = 0
        while a < n - i and b < width:
            if common[a][b] and best[a][b] == common[a][b] + best[a + 1][b + 1]:
                pairs.append((i + a, j + b))
                a, b = a + 1, b + 1
            elif best[a][b] == best[a + 1][b]:
                a += 1
            else:
                b += 1
        return Alignment(best[0][0], tuple(pairs))


def _layers(x: Part, y: Part) -> int:
    """What two layers have in common that are not the same."""
    weight = min(x.weight, y.weight)
    if x.word != y.word:
        return _OTHER_KIND * weight if x.group == y.group else 0
    if type(x.layer) is not type(y.layer):
        return _OTHER_KIND * weight
    mine, other = vars(x.layer), vars(y.layer)
    chosen = {
        each.name for each in _specs(x) if each.default == "auto"
    }  # by the compiler, not by who wrote it
    differing = sum(mine[name] != other[name] for name in mine if name not in chosen)
    return max(int((WHOLE - 1) * 0.85**differing), _OTHER_KIND + 1) * weight


def _specs(part: Part) -> Sequence[Argument]:
    return type(part.layer).arguments() if part.layer is not None and part.group != "input" else ()


def _same_role(x: Part, y: Part) -> bool:
    """Whether two regions are the same one by what they are called: a stage by its name, a block by its
    definition.
    """
    if x.kind == "block":
        return x.word == y.word
    return x.kind in {"net", "stage", "aux", "dense", "clique"} and x.name == y.name


def _twins(x: Part, y: Part) -> bool:
    return x.form == y.form and x.given == y.given and x.kind == y.kind


def _among(few: Sequence[str], many: Sequence[str]) -> bool:
    """Whether one is the other with something left out."""
    rest = iter(many)
    return all(any(one == other for other in rest) for one in few)


def _anchors(xs: Sequence[Part], ys: Sequence[Part], i: int, n: int, j: int, m: int) -> list[tuple[int, int]]:
    """Pairs, ascending in both rows, that divide rows too long to try all of them.

    Where little was put in or taken out, what stays; else what stands once in each (Cohen's patience diff),
    or has the same name and holds the same; else pairs at even distances.
    """
    forms = [x.form for x in xs[i:n]], [y.form for y in ys[j:m]]
    found = _few_edits(*forms) or _unique_pairs(*forms)
    if 3 * len(found) < min(n - i, m - j):
        named = _unique_pairs([(x.name, x.form) for x in xs[i:n]], [(y.name, y.form) for y in ys[j:m]])
        found = max(found, named, key=len)
    return [(i + a, j + b) for a, b in found] or _even(i, n, j, m)


def _few_edits(xs: Sequence[int], ys: Sequence[int]) -> list[tuple[int, int]]:
    """The places of a longest common subsequence (Myers 1986, section 4); none where it leaves out more than
    `_EDITS` places.
    """
    if abs(len(xs) - len(ys)) > _EDITS:
        return []
    reached = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(_EDITS + 1):
        trace.append(dict(reached))
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and reached[k - 1] < reached[k + 1])
            a = reached[k + 1] if down else reached[k - 1] + 1
            b = a - k
            while a < len(xs) and b < len(ys) and xs[a] == ys[b]:
                a, b = a + 1, b + 1
            reached[k] = a
            if a >= len(xs) and b >= len(ys):
                return _traced(trace, len(xs), len(ys))
    return []


def _traced(trace: Sequence[dict[int, int]], a: int, b: int) -> list[tuple[int, int]]:
    """The pairs on the way that Myers' search took."""
    pairs: list[tuple[int, int]] = []
    for edits in range(len(trace) - 1, -1, -1):
        reached, k = trace[edits], a - b
        down = k == -edits or (k != edits and reached[k - 1] < reached[k + 1])
        before = k + 1 if down else k - 1
        start = reached[before] if edits else 0
        stop = start if down else start + 1
        while b > 0 and a > (stop if edits else 0):
            a, b = a - 1, b - 1
            pairs.append((a, b))
        if edits:
            a, b = start, start - before
    return pairs[::-1]


def _unique_pairs(xs: Sequence[Hashable], ys: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The places of what is once in each, as far as they ascend in both: a longest increasing subsequence."""
    in_xs, in_ys = Counter(xs), Counter(ys)
    place = {y: b for b, y in enumerate(ys) if in_ys[y] == 1}
    found = [(a, place[x]) for a, x in enumerate(xs) if in_xs[x] == 1 and x in place]
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for index, (_, b) in enumerate(found):
        at = bisect_left(ends, b)
        before.append(last[at - 1] if at else -1)
        ends[at : at + 1], last[at : at + 1] = [b], [index]
    chosen: list[tuple[int, int]] = []
    index = last[-1] if last else -1
    while index >= 0:
        chosen.append(found[index])
        index = before[index]
    return chosen[::-1]


def _even(i: int, n: int, j: int, m: int) -> list[tuple[int, int]]:
    """Where nothing tells places apart: pairs at even distances."""
    parts = min(-(-max(n - i, m - j) // _CHUNK), n - i, m - j)
    return [(i + (n - i) * k // parts, j + (m - j) * k // parts) for k in range(1, parts)]
