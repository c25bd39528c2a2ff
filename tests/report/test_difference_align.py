"""How rows are aligned."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest

from ogive.report.difference.align import _few_edits, _unique_pairs
from ogive.report.difference.match import _period


def longest(xs: Sequence[int], ys: Sequence[int]) -> int:
    """The length of a longest common subsequence, by the table of the textbook."""
    table = [[0] * (len(ys) + 1) for _ in range(len(xs) + 1)]
    for i, x in enumerate(xs):
        for j, y in enumerate(ys):
            table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


def ascend(pairs: Sequence[tuple[int, int]]) -> bool:
    return all(a < c and b < d for (a, b), (c, d) in itertools.pairwise(pairs))


def edited(row: Sequence[int], times: int, source: random.Random) -> list[int]:
    found = list(row)
    for _ in range(times):
        if found and source.random() < 0.5:
            del found[source.randrange(len(found))]
        else:
            found.insert(source.randint(0, len(found)), source.randint(0, 3))
    return found


@pytest.mark.parametrize("seed", range(300))
def test_few_edits_find_what_is_common(seed: int):
    source = random.Random(seed)
    xs = [source.randint(0, 3) for _ in range(source.randint(0, 30))]
    ys = edited(xs, source.randint(0, 8), source)
    pairs = _few_edits(xs, ys)
    assert ascend(pairs)
    assert all(xs[a] == ys[b] for a, b in pairs)
    assert len(pairs) == longest(xs, ys)


def test_many_edits_are_left_to_others():
    assert _few_edits([1] * 300, [2] * 300) == []
    assert _few_edits([1], [2] * 300) == []


@pytest.mark.parametrize("seed", range(50))
def test_unique_pairs_ascend_and_are_the_most(seed: int):
    source = random.Random(seed)
    xs, ys = (source.sample(range(14), 10) for _ in "ab")
    pairs = _unique_pairs(xs, ys)
    assert ascend(pairs)
    assert all(xs[a] == ys[b] for a, b in pairs)
    assert len(pairs) == longest(xs, ys)


def test_what_stands_twice_is_no_anchor():
    assert _unique_pairs("abca", "xbya") == [(1, 1)]


@pytest.mark.parametrize(
    ("words", "period"),
    [("a", 1), ("aaa", 1), ("abab", 2), ("aba", 3), ("abcabc", 3), ("aabaab", 3), ("abcab", 5)],
)
def test_period(words: str, period: int):
    assert _period(words) == period
