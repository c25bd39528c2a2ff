"""The curves of a run: what is drawn, that nothing is clipped, the same bytes every time."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from ogive.train.curves import curves_figure, draw_curves
from ogive.train.figures import styled, wrapped
from train.folders_of_runs import rows_of

TEST = {"loss": 0.14, "accuracy": 0.9833, "correct": 354, "total": 360}


def drawn(*args: Any) -> Figure:
    with styled():
        figure = curves_figure(*args)
        assert figure is not None
        figure.canvas.draw()
    return figure


def lines(figure: Figure, panel: int) -> dict[str, list[float]]:
    """What the lines of a panel show, by their labels."""
    return {str(line.get_label()): [float(y) for y in line.get_ydata()] for line in figure.axes[panel].lines}


def test_every_row_is_drawn() -> None:
    rows = rows_of(8)
    figure = drawn(rows, 6, "lenet5 on digits", TEST)
    loss, accuracy = lines(figure, 0), lines(figure, 1)
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "accuracy (%)"]
    assert loss["training"] == [row["train_loss"] for row in rows]
    assert loss["validation"] == [row["val_loss"] for row in rows]
    assert accuracy["training"] == [100 * row["train_accuracy"] for row in rows]
    assert accuracy["best epoch, 6"] == [100 * rows[5]["val_accuracy"]]
    assert accuracy["test"] == [98.33, 98.33]
    best = 100 * rows[5]["val_accuracy"]
    assert figure.axes[1].get_title(loc="left") == f"validation {best:.2f} %, test 98.33 %"


def test_texts_of_a_file_are_numbers_too() -> None:
    rows = rows_of(3)
    texts = [{name: str(value) for name, value in row.items()} for row in rows]
    assert lines(drawn(texts, 3, ""), 0) == lines(drawn(rows, 3, ""), 0)


def test_without_validation_the_best_epoch_stands_on_the_training_curve() -> None:
    figure = drawn(rows_of(4, validation=False), 4, "x")
    assert set(lines(figure, 0)) == {"training", "best epoch, 4"}


def test_without_losses_there_is_no_panel_of_losses() -> None:
    rows = [{k: v for k, v in row.items() if "loss" not in k} for row in rows_of(4)]
    assert [axes.get_ylabel() for axes in drawn(rows, 2, "x").axes] == ["accuracy (%)"]


def test_metrics_of_the_user_have_panels_of_their_own() -> None:
    rows = [row | {"train_top5": 0.9, "val_top5": 0.8, "val_$iou_1$": 0.4} for row in rows_of(4)]
    figure = drawn(rows, 4, "x", {"top5": 0.7})
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "loss", "accuracy (%)", "top-5 accuracy (%)", "$iou_1$",
    ]  # fmt: skip
    assert lines(figure, 2)["test"] == pytest.approx([70, 70])
    assert lines(figure, 3)["validation"] == [0.4] * 4
    assert not figure.axes[3].yaxis.label.get_parse_math(), "a name is no formula"


@pytest.mark.parametrize("hole", ["", "nan", "inf", None])
def test_what_is_no_number_is_a_gap(hole: object) -> None:
    rows: list[dict[str, Any]] = [dict(row) for row in rows_of(5)]
    rows[2]["val_loss"] = hole
    shown = lines(drawn(rows, 5, "x"), 0)["validation"]
    assert [math.isnan(value) for value in shown] == [False, False, True, False, False]


def test_one_epoch_is_a_point() -> None:
    figure = drawn(rows_of(1), 1, "x")
    assert figure.axes[0].lines[0].get_marker() == "o"
    assert [tick for tick in figure.axes[0].get_xticks() if 0.5 <= tick <= 1.5] == [1]


@pytest.mark.parametrize(("epochs", "title"), [(1, "a_long_name " * 25), (30, "Wx$ _ ^ \\frac" * 30)])
def test_no_text_is_clipped(epochs: int, title: str) -> None:
    rows = [row | {"val_a_measure_of_mine": 1e6} for row in rows_of(epochs)]
    figure = drawn(rows, 1, title, TEST)
    whole = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert whole.x0 >= -0.02
    assert whole.y0 >= -0.02
    assert whole.x1 <= width + 0.02
    assert whole.y1 <= height + 0.02


def test_equal_numbers_give_equal_bytes(tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        files = [tmp_path / f"{name}.{suffix}" for suffix in ("svg", "pdf", "png")]
        draw_curves(rows_of(6), 5, "lenet5 on digits", files, TEST)
        made.append([file.read_bytes() for file in files])
    assert made[0] == made[1]
    svg, pdf, png = made[0]
    assert b"<text" not in svg, "letters are drawn, whatever fonts the reader has"
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf, "journals refuse such fonts"
    assert b"CreationDate" not in pdf
    assert png.startswith(b"\x89PNG")
    assert {path.suffix for path in tmp_path.iterdir()} == {".svg", ".pdf", ".png"}, "nothing is left beside"


def test_without_rows_nothing_is_written(tmp_path: Path) -> None:
    draw_curves([], None, "x", [tmp_path / "a.svg"])
    draw_curves([{"epoch": 1, "lr": 0.1}], 1, "x", [tmp_path / "a.svg"])
    assert list(tmp_path.iterdir()) == []


def test_the_users_own_style_changes_nothing_and_stays(tmp_path: Path) -> None:
    import matplotlib as mpl

    files = [tmp_path / "a.svg", tmp_path / "b.svg"]
    draw_curves(rows_of(3), 3, "x", files[:1])
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "text.usetex": True}):
        draw_curves(rows_of(3), 3, "x", files[1:])
        assert mpl.rcParams["font.size"] == 30
    assert files[0].read_bytes() == files[1].read_bytes()


def test_wrapped_lines_fit() -> None:
    assert wrapped("of two words", 3.0, 9) == "of two words"
    assert wrapped("lorem ipsum " * 40, 3.0, 9).split() == ("lorem ipsum " * 40).split()
    assert len({len(line) for line in wrapped("W" * 400, 3.0, 9).split("\n")[:-1]}) == 1
    assert wrapped("W" * 400, 3.0, 9).replace("\n", "") == "W" * 400
    assert wrapped("", 3.0, 9) == " "
