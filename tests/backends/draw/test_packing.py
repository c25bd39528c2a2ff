"""Rectangles on a page: none over another, all inside, in order, and no smaller than they must be."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ogive.backends.draw.fitting.packing import Packing, Size, packed

GAP = (20.0, 10.0)
LENGTHS = st.floats(5.0, 500.0)
SIZES = st.lists(st.tuples(LENGTHS, LENGTHS), min_size=1, max_size=7)


def room(width: float, height: float) -> Callable[[float, float], float]:
    return lambda w, h: min(1.0, width / w, height / h)


def rectangles(sizes: list[Size], found: Packing) -> list[tuple[float, float, float, float]]:
    """Left, bottom, right, top."""
    return [(x, y, x + w, y + h) for (w, h), (x, y) in zip(sizes, found.places, strict=True)]


@given(SIZES, LENGTHS, LENGTHS)
def test_apart_and_inside(sizes: list[Size], width: float, height: float) -> None:
    found = packed(sizes, room(width, height), GAP)
    boxes = rectangles(sizes, found)
    for left, bottom, right, top in boxes:
        assert left >= -1e-6
        assert bottom >= -1e-6
        assert right <= found.width + 1e-6
        assert top <= found.height + 1e-6
    for i, (left, bottom, right, top) in enumerate(boxes):
        for other in boxes[:i]:
            across = left >= other[2] + GAP[0] - 1e-6 or other[0] >= right + GAP[0] - 1e-6
            down = bottom >= other[3] + GAP[1] - 1e-6 or other[1] >= top + GAP[1] - 1e-6
            assert across or down


@given(SIZES, LENGTHS, LENGTHS)
def test_the_scale_is_that_of_the_whole(sizes: list[Size], width: float, height: float) -> None:
    fits = room(width, height)
    found = packed(sizes, fits, GAP)
    assert found.scale == fits(found.width, found.height) <= 1


@given(SIZES, LENGTHS, LENGTHS)
def test_no_worse_than_a_row_a_column_or_columns(sizes: list[Size], width: float, height: float) -> None:
    fits = room(width, height)
    scale = packed(sizes, fits, GAP).scale
    widths, heights = [w for w, _ in sizes], [h for _, h in sizes]
    row = sum(widths) + GAP[0] * (len(sizes) - 1), max(heights)
    column = max(widths), sum(heights) + GAP[1] * (len(sizes) - 1)
    simple = [row, column]
    for cut in range(1, len(sizes)):
        two = [(max(widths[part]), sum(heights[part])) for part in (slice(cut), slice(cut, None))]
        tall = max(two[0][1] + GAP[1] * (cut - 1), two[1][1] + GAP[1] * (len(sizes) - cut - 1))
        simple.append((two[0][0] + GAP[0] + two[1][0], tall))
    assert (
        scale >= max(fits(*size) for size in simple) - 0.011
    )  # what is shrunk by a hundredth looks the same


@given(SIZES)
def test_the_first_is_at_the_upper_left_and_the_order_is_kept(sizes: list[Size]) -> None:
    found = packed(sizes, room(600, 600), GAP)
    boxes = rectangles(sizes, found)
    assert boxes[0][0] == pytest.approx(0)
    assert boxes[0][3] == pytest.approx(found.height)
    for before, after in pairwise(boxes):  # each follows to the right, or below
        assert after[0] >= before[2] or after[3] <= before[1]


def test_definitions_stand_beside_an_overview_and_below_each_other() -> None:
    sizes: list[Size] = [(100, 500), (200, 150), (200, 160), (200, 140)]
    found = packed(sizes, room(468, 648), GAP)
    assert found.scale == 1
    assert (found.width, found.height) == (320, 500)
    assert [x for x, _ in found.places] == [0, 120, 120, 120]
    assert [y + h for (_, y), (_, h) in zip(found.places, sizes, strict=True)] == [500, 500, 340, 170]


def test_in_a_column_they_stand_below() -> None:
    found = packed([(140, 300), (230, 200)], room(234, 648), GAP)
    assert found.scale == 1
    assert found.places == ((0, 210), (0, 0))


def test_a_wide_one_has_a_row_below() -> None:
    found = packed([(450, 200), (200, 100), (200, 120)], room(468, 648), GAP)
    assert found.scale == 1
    assert found.places == ((0, 130), (0, 20), (220, 0))
