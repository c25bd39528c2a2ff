"""Curves side by side: which runs are one line, what tells lines apart, means and bands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ogive.diagnostics import ArchError
from ogive.train.compare import View, draw_comparison, line_of, read_runs, require_columns, usual_columns
from ogive.train.figures import as_bytes, styled
from ogive.train.recorded import Recorded, read_run
from ogive.train.told_apart import Group, grouped, labels_of, split_list
from train.folders_of_runs import make_run, rows_of

BN = "insert bn before act"


def runs_of(tmp_path: Path, *makings: dict[str, Any]) -> list[Recorded]:
    return [read_run(make_run(tmp_path / str(i), **making)) for i, making in enumerate(makings)]


def labels(*runs: Recorded) -> list[str]:
    return [group.label for group in grouped(runs)]


# --------------------------------------------------------------------------- groups


def test_runs_that_differ_in_their_seed_are_one(tmp_path: Path) -> None:
    runs = runs_of(tmp_path, {"seed": 0}, {"seed": 1, "edits": [BN]}, {"seed": 1}, {"seed": 2, "edits": [BN]})
    groups = grouped(runs)
    assert [[run.path.name for run in group.runs] for group in groups] == [["0", "2"], ["1", "3"]]
    assert [group.label for group in groups] == ["as written", BN]
    assert [group.count for group in groups] == ["2 seeds", "2 seeds"]


def test_machines_and_versions_make_no_other_experiment(tmp_path: Path) -> None:
    runs = runs_of(tmp_path, {}, {"seed": 1, "threads": 8, "versions": {}, "machine": {"device": "cuda"}})
    (group,) = grouped(runs)
    assert group.label == "lenet5"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "alexnet"}, {"arguments": {"width": "16"}}, {"edits": [BN]}, {"lr": "0.2"}, {"planned": 7},
        {"parameters": 3}, {"init_from": "w.safetensors"}, {"freeze": ["conv*"]}, {"target": None},
        {"data": {"name": "mnist"}},
    ],
)  # fmt: skip
def test_everything_else_does(tmp_path: Path, change: dict[str, Any]) -> None:
    groups = grouped(runs_of(tmp_path, {}, change))
    assert len(groups) == 2
    assert groups[0].label != groups[1].label


def test_labels_say_what_differs_and_no_more(tmp_path: Path) -> None:
    a, b, c, d = runs_of(
        tmp_path,
        {"arguments": {"width": "8"}},
        {"arguments": {"width": "16"}},
        {"arguments": {"width": "8"}, "lr": "0.5"},
        {"arguments": {"width": "8"}, "name": "other"},
    )
    assert labels(a, b) == ["width = 8", "width = 16"]
    assert labels(a, c) == ["lr = 0.1", "lr = 0.5"], "the argument, not the whole optimizer"
    assert labels(a, d) == ["lenet5", "other"]
    assert labels(a, b, c) == ["width = 8, lr = 0.1", "width = 16, lr = 0.1", "width = 8, lr = 0.5"]


def test_recipes_are_called_by_their_names_where_these_suffice(tmp_path: Path) -> None:
    a, b, c = runs_of(
        tmp_path, {"recipe": "x1"}, {"recipe": "x5", "lr": "0.5"}, {"recipe": "x5", "lr": "0.7"}
    )
    assert labels(a, b) == ["x1", "x5"]
    assert labels(b, c) == ["lr = 0.5", "lr = 0.7"]
    assert labels(a, b, c) == ["lr = 0.1", "lr = 0.5", "lr = 0.7"]


def test_texts_of_one_name_that_differ_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    a, b = runs_of(tmp_path, {}, {"parameters": 1})
    assert labels(a, b) == [f"lenet5, {a.path}", f"lenet5, {b.path}"]


def test_an_argument_that_only_some_have() -> None:
    facts = [{"": "a", "set n": "n = 1"}, {"": "a"}]
    assert labels_of(facts, ["a", "a"]) == ["n = 1", "n not set"]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("16,32", ["16", "32"]),
        (" 16 , 2 * 8 ", ["16", "2 * 8"]),
        ("[2, 2],[3, 4]", ["[2, 2]", "[3, 4]"]),
        ("f(a, b), g", ["f(a, b)", "g"]),
        (r'"a,b", "c\",d", e', [r'"a,b"', r'"c\",d"', "e"]),
        ("a)b,c", ["a)b", "c"]),
        ("", [""]),
    ],
)
def test_lists_are_split_where_no_bracket_is_open(text: str, pieces: list[str]) -> None:
    assert split_list(text) == pieces


# --------------------------------------------------------------------------- numbers


def varied(seed: int, epochs: int) -> list[dict[str, float]]:
    draw = np.random.default_rng(seed)
    return [row | {"val_accuracy": float(draw.uniform(0.5, 1)), "seconds": row["epoch"] * (1 + seed)}
            for row in rows_of(epochs)]  # fmt: skip


@pytest.mark.parametrize("band", ["range", "std", "none"])
def test_means_and_bands_are_numpys(tmp_path: Path, band: Any) -> None:
    tables = [varied(seed, 5) for seed in range(3)]
    group = Group("x", tuple(runs_of(tmp_path, *({"seed": i, "rows": t} for i, t in enumerate(tables)))))
    line = line_of(group, "seconds", "val_accuracy", band)
    values = 100 * np.array([[row["val_accuracy"] for row in table] for table in tables])
    assert line.xs == pytest.approx([2, 4, 6, 8, 10])
    assert line.means == pytest.approx(values.mean(axis=0))
    half = values.std(axis=0, ddof=1)
    low, high = (
        (values.min(axis=0), values.max(axis=0))
        if band == "range"
        else (line.means - half, line.means + half)
    )
    assert line.lows == pytest.approx([] if band == "none" else low)
    assert line.highs == pytest.approx([] if band == "none" else high)
    assert line.tails == ()


def test_a_mean_ends_where_one_of_the_runs_does(tmp_path: Path) -> None:
    runs = runs_of(tmp_path, {"epochs": 6}, {"seed": 1, "epochs": 4, "status": "running"})
    line = line_of(grouped(runs)[0], "epoch", "val_loss", "range")
    assert line.xs == (1, 2, 3, 4)
    ((xs, ys),) = line.tails
    assert xs == (4, 5, 6)
    assert ys == pytest.approx([row["val_loss"] for row in rows_of(6)[3:]])


def test_errors_are_what_accuracies_lack(tmp_path: Path) -> None:
    (run,) = runs_of(tmp_path, {})
    line = line_of(Group("x", (run,)), "epoch", "val_error", "range")
    assert line.means == pytest.approx([100 * (1 - row["val_accuracy"]) for row in rows_of(6)])
    own = runs_of(tmp_path / "own", {"rows": [row | {"val_error": 7.0} for row in rows_of(2)]})[0]
    assert line_of(Group("x", (own,)), "epoch", "val_error", "range").means == (7, 7), (
        "a column of the user's"
    )


def test_a_run_that_diverged_is_drawn_as_far_as_it_goes(tmp_path: Path) -> None:
    rows = [row | ({"val_loss": float("nan")} if row["epoch"] > 2 else {}) for row in rows_of(4)]
    (run,) = runs_of(tmp_path, {"rows": rows})
    assert line_of(Group("x", (run,)), "epoch", "val_loss", "range").xs == (1, 2)


# --------------------------------------------------------------------------- what is refused


def codes(error: pytest.ExceptionInfo[ArchError]) -> list[str]:
    return [diagnostic.code for diagnostic in error.value.diagnostics]


def test_usual_columns(tmp_path: Path) -> None:
    with_val, without = runs_of(tmp_path, {}, {"rows": rows_of(2, validation=False)})
    assert usual_columns([with_val]) == ("val_loss", "val_accuracy")
    assert usual_columns([with_val, without]) == ("train_loss", "train_accuracy")
    (own,) = runs_of(tmp_path / "own", {"rows": [{"epoch": 1, "val_iou": 0.5, "step": 1, "seconds": 1}]})
    assert usual_columns([own]) == ("val_iou",)
    with pytest.raises(ArchError) as caught:
        usual_columns([own, without])
    assert codes(caught) == ["E571"]


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    with_val, without = runs_of(tmp_path, {}, {"rows": rows_of(2, validation=False)})
    require_columns([with_val], ["step", "val_error"])
    with pytest.raises(ArchError) as caught:
        require_columns([with_val, without], ["val_acuracy", "val_error"])
    first, second = caught.value.diagnostics
    assert (first.code, first.help) == ("E571", "did you mean `val_accuracy`?")
    assert second.message == f"`{without.path}` has no column `val_error`"
    assert second.notes == (("columns", "epoch, step, train_loss, train_accuracy, lr, seconds"),)


def test_folders_of_runs_and_runs_that_are_named_twice(tmp_path: Path) -> None:
    a, b = make_run(tmp_path / "a"), make_run(tmp_path / "b")
    young = make_run(tmp_path / "young", status="running", epochs=0)
    runs, remarks = read_runs([tmp_path, a, b])
    assert [run.path for run in runs] == [a, b]
    assert remarks == [f"`{young}` is left out: no epoch has ended"]
    with pytest.raises(ArchError) as caught:
        read_runs([a, young, tmp_path / "none"])
    assert codes(caught) == ["E570", "E570"]
    assert "has no metrics yet" in str(caught.value)


def test_a_folder_of_runs_of_which_none_has_begun(tmp_path: Path) -> None:
    make_run(tmp_path / "sweep" / "a", status="running", epochs=0)
    with pytest.raises(ArchError) as caught:
        read_runs([tmp_path / "sweep"])
    assert codes(caught) == ["E570"]


# --------------------------------------------------------------------------- the figure


def test_the_figure_names_every_line_and_says_what_the_bands_are(tmp_path: Path) -> None:
    runs = runs_of(
        tmp_path,
        *({"seed": i, "edits": ["set conv(bias = \"$x_1$\")"]} for i in range(2)),
        {"arguments": {"_n": "1"}, "status": "running"},
    )  # fmt: skip
    groups = grouped(runs)
    with styled():
        figure = draw_comparison(groups, View("epoch", ("val_loss", "val_error"), log_y=True, title="a $ b"))
        figure.canvas.draw()
        (legend,) = figure.legends
        texts = [text.get_text().removeprefix("\N{ZERO WIDTH SPACE}") for text in legend.get_texts()]
        assert texts == ['_n not set, set conv(bias = "$x_1$") (2 seeds)', "_n = 1, as written (running)"]
        assert legend.get_title().get_text() == "line: mean of the runs, band: their least and greatest"
        assert [axes.get_ylabel() for axes in figure.axes] == ["validation loss", "validation error (%)"]
        assert [len(axes.collections) for axes in figure.axes] == [1, 1], "one group has a band"
        assert [axes.get_yscale() for axes in figure.axes] == ["log", "log"]
        whole, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert -0.02 <= whole.x0 <= whole.x1 <= width + 0.02
        assert -0.02 <= whole.y0 <= whole.y1 <= height + 0.02
        once, again = (
            as_bytes(draw_comparison(groups, View("step", ("val_loss",))), "svg") for _ in range(2)
        )
        assert once == again


def test_twenty_eight_lines_differ(tmp_path: Path) -> None:
    from ogive.train.figures import line_style

    assert len({str(line_style(number)) for number in range(28)}) == 28
