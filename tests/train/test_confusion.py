"""The figure of a confusion matrix: the same bytes, readable texts, every size."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

from ogive.train import confusion
from ogive.train.confusion import draw_confusion, most_confused

COUNTS = [[8, 2, 0], [0, 5, 0], [4, 3, 1]]
NAMES = ["cat", "dog", "$bird_1$ & <co>"]


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are drawn."""
    drawn: list[Figure] = []

    def keep(figure: Figure, suffix: str) -> bytes:
        figure.canvas.draw()
        drawn.append(figure)
        return suffix.encode()

    monkeypatch.setattr(confusion, "as_bytes", keep)
    return drawn


def texts(figure: Figure) -> list[str]:
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


def large(classes: int) -> np.ndarray:
    """Ten images a class; every seventh class is taken for the one behind it five times, the last never seen."""
    counts = np.diag(np.full(classes, 10))
    for c in range(0, classes - 1, 7):
        counts[c, c], counts[c, c + 1] = 5, 5
    counts[classes - 1] = 0
    return counts


def test_the_most_confused_stand_first() -> None:
    pairs = most_confused(COUNTS)
    assert [(p.true, p.taken, p.count) for p in pairs] == [(2, 0, 4), (2, 1, 3), (0, 1, 2)]
    assert [p.share for p in pairs] == [4 / 8, 3 / 8, 2 / 10]
    assert len(most_confused(COUNTS, 2)) == 2
    assert most_confused(np.eye(4)) == []


def test_equal_numbers_give_equal_bytes() -> None:
    one, two = (draw_confusion(COUNTS, NAMES, "tiny on digits") for _ in range(2))
    assert one == two
    assert list(one) == ["svg", "pdf", "png"]
    assert one["svg"].lstrip().startswith(b"<?xml")
    assert one["pdf"].startswith(b"%PDF")
    assert one["png"].startswith(b"\x89PNG")
    assert (
        draw_confusion([[8, 2, 0], [0, 5, 0], [4, 2, 2]], NAMES, "tiny on digits", ["svg"])["svg"]
        != one["svg"]
    )


def test_a_few_classes_show_every_count(figures: list[Figure]) -> None:
    draw_confusion(COUNTS, NAMES, "t", ["png"])
    shown = texts(figures[0])
    assert [text for text in shown if text in {"8", "2", "5", "4", "3", "1"}] == [
        "8",
        "2",
        "5",
        "4",
        "3",
        "1",
    ]
    assert {"80", "100", "12"} <= set(shown), "the share of each class that was recognised"
    assert shown.count("$bird_1$ & <co>") == 2
    assert {"true class", "taken for"} <= set(shown)


@pytest.mark.parametrize("classes", [21, 100, 1000])
def test_many_classes_show_errors_by_colour_and_name_the_worst(figures: list[Figure], classes: int) -> None:
    counts = large(classes)
    draw_confusion(counts, [f"name{i}" for i in range(classes)], "t", ["svg"])
    figure = figures[0]
    shown = texts(figure)
    assert "name0 → name1" in shown
    assert "5 (50%)" in shown
    assert "50% (5 of 10)" in shown
    assert f"name{classes - 1}" not in shown or classes <= confusion.NAMED, "without images nobody is worst"
    (image,) = [image for axes in figure.axes for image in axes.get_images()]
    cells = image.get_array()
    assert cells.shape[0] <= 125
    block = -(-classes // cells.shape[0])
    expected = {(c // block, (c + 1) // block) for c in range(0, classes - 1, 7)}
    assert set(zip(*np.nonzero(~np.ma.getmaskarray(cells)), strict=True)) == expected
    assert np.allclose(cells.compressed(), 0.5)
    sides = {label.get_text() for label in figure.axes[0].get_yticklabels()}
    assert ("name3" in sides) is (classes <= confusion.NAMED)


def test_no_letter_leaves_the_page_or_covers_another(figures: list[Figure]) -> None:
    for classes, name in (
        (10, "a long name of a class {}"),
        (60, "class {}"),
        (1000, "great grey shrike, number {}"),
    ):
        draw_confusion(large(classes), [name.format(i) for i in range(classes)], "t", ["png"])
        figure = figures.pop()
        for axes in figure.axes:
            for axis in (axes.xaxis, axes.yaxis):
                first, last = sorted(axis.get_view_interval())
                ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
                boxes = [
                    text.get_window_extent() for at, text in ticks if first <= at <= last and text.get_text()
                ]
                assert all(box.x0 >= -1 and box.y0 >= -1 for box in boxes)
                if axis is axes.yaxis:
                    assert all(not one.overlaps(two) for one, two in pairwise(boxes)), classes


def test_nothing_wrong_and_nothing_there_are_drawn_too() -> None:
    for counts in (np.eye(30) * 4, np.zeros((30, 30)), np.zeros((1, 1)), np.eye(2)):
        assert draw_confusion(counts, ["x"] * len(counts), "t", ["svg"])["svg"]


@pytest.mark.parametrize(("counts", "names"), [([[1]], ["a", "b"]), ([[1, 2]], ["a"]), ([], [])])
def test_counts_without_names_are_refused(counts: list[list[int]], names: list[str]) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{len(names)} names")):
        draw_confusion(counts, names, "t")
