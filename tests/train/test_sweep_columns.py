"""Columns of a sweep's table that are asked for: what is understood, and what they say of runs."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ogive.train.grid import Grid, Variant
from ogive.train.recorded import read_run
from ogive.train.sweep import Sweep, open_sweep, plan
from ogive.train.sweep_columns import COLUMNS, Extra
from ogive.train.sweep_table import table_of, to_csv, to_json, to_markdown
from train.folders_of_runs import make_run

ERRORS = (0.9, 0.4, 0.25, 0.3, 0.1)  # of training, epoch by epoch; exact at the level, and above it once more


def rows(errors: tuple[float, ...], *, step: int = 10) -> list[dict[str, float]]:
    return [
        {"epoch": n, "step": step * n, "train_loss": 2.0 / n, "train_accuracy": 1 - error,
         "val_loss": 1.0 / n, "val_accuracy": 1 - error / 2, "lr": 0.1, "seconds": 2.5 * n}
        for n, error in enumerate(errors, 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "heading", "name", "number"),
    [
        ("train_error <= 25", "steps to train_error <= 25 %", "steps_to_train_error_25", 30),
        ("train_error<=25%", "steps to train_error <= 25 %", "steps_to_train_error_25", 30),
        ("val_accuracy >= 87.5", "steps to val_accuracy >= 87.5 %", "steps_to_val_accuracy_87_5", 30),
        ("train_error <= 1", "steps to train_error <= 1 %", "steps_to_train_error_1", None),
        ("val_loss <= 0.5", "steps to val_loss <= 0.5", "steps_to_val_loss_0_5", 20),
        ("lr <= 1e-5", "steps to lr <= 1e-05", "steps_to_lr_1em05", None),
        ("train_error", "last train_error (%)", "last_train_error", 0.1),
        ("val_accuracy", "last val_accuracy (%)", "last_val_accuracy", 0.95),
        ("train_loss", "last train_loss", "last_train_loss", 0.4),
        ("seconds", "last seconds", "last_seconds", 12.5),
        ("val_top5_error", "last val_top5_error (%)", "last_val_top5_error", None),
        ("train_error >= 1e2", "steps to train_error >= 100 %", "steps_to_train_error_at_least_100", None),
        ("val_accuracy <= 80", "steps to val_accuracy <= 80 %", "steps_to_val_accuracy_at_most_80", 10),
    ],
)
def test_what_a_column_says_of_a_run(
    tmp_path: Path, text: str, heading: str, name: str, number: float | None
) -> None:
    run = read_run(make_run(tmp_path / "run", rows=rows(ERRORS)))
    extra = Extra.parse(text)
    assert (extra.heading, extra.name) == (heading, name)
    assert Extra.parse(str(extra)) == extra
    assert extra.of(run) == (pytest.approx(number) if number is not None else None)


def test_a_number_that_is_none_is_never_reached_and_not_shown(tmp_path: Path) -> None:
    run = read_run(make_run(tmp_path / "run", rows=rows((0.9, math.nan, math.nan)), status="failed"))
    assert Extra.parse("train_error <= 25").of(run) is None
    assert Extra.parse("train_error >= 25").of(run) == 10
    assert Extra.parse("train_error").of(run) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train_eror <= 25", "did you mean train_error?"),
        ("train_error < 25", "neither a column"),
        ("train_error <=", "neither a column"),
        ("<= 25", "neither a column"),
        ("train_error <= few", "'few'"),
        ("train_error <= nan", "no number"),
        ("", "neither a column"),
        ("accuracy_of_the_whole", COLUMNS[0]),
    ],
)
def test_what_is_no_column_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - what it says is looked at below
        Extra.parse(text)
    assert said in str(caught.value)


# --------------------------------------------------------------------------- the table


@dataclass(frozen=True)
class Meant:
    network: dict[str, Any]
    recipe: str = ""


def meaning(variant: Variant) -> Meant:
    return Meant({"target": variant.target, "edit": variant.edit})


@pytest.fixture
def made(tmp_path: Path) -> Sweep:
    """Three lines of two seeds: both reach 25 %, one does, none does; and one line that has not begun."""
    grid = Grid(("lenet5",), (), ("", "a", "b", "c"), (), (0, 1))
    about = {"columns": ["train_error <= 25 %", "train_error", "train_accuracy"]}
    sweep = open_sweep(tmp_path / "s", grid, plan(grid, meaning), about, extend=False)
    whole, half = (0.9, 0.25, 0.1), (0.9, 0.5, 0.4)
    for run, (errors, step) in zip(
        sweep.runs, [(whole, 10), (whole, 20), (whole, 10), (half, 10), (half, 10), (half, 10)], strict=False
    ):
        make_run(sweep.path / run.folder, seed=run.seed, rows=rows(errors, step=step))
    return sweep


def test_the_table_tells_how_many_reached_it(made: Sweep) -> None:
    head, *body = table_of(made).cells()
    place = head.index("steps to train_error <= 25 %")
    assert head[place + 1] == "last train_error (%)"
    assert [line[place] for line in body] == ["30 ± 14", "20 (1 of 2)", "never", ""]
    assert [line[place + 1] for line in body] == ["10.00 ± 0.00", "25.00 ± 21.21", "40.00 ± 0.00", ""]
    assert "| never |" in to_markdown(table_of(made))


def test_the_table_as_csv_and_json(made: Sweep) -> None:
    lines = list(csv.DictReader(io.StringIO(to_csv(table_of(made)))))
    name = "steps_to_train_error_25"
    assert all(column.isidentifier() for column in lines[0])
    assert [line["last_train_error_mean"] for line in lines] == ["0.1", "0.25", "0.4", ""]
    assert [line["last_train_error_std"] for line in lines] == ["0", "0.212132", "0", ""]
    assert float(lines[0]["last_train_error_mean"]) == pytest.approx(
        1 - float(lines[0]["last_train_accuracy_mean"])
    )
    assert [(line[f"{name}_mean"], line[f"{name}_n"]) for line in lines] == [
        ("30", "2"), ("20", "1"), ("", "0"), ("", "0"),
    ]  # fmt: skip
    found = to_json(table_of(made))["lines"]
    assert [line["columns"][name] and line["columns"][name]["values"] for line in found] == [
        [20, 40], [20], None, None,
    ]  # fmt: skip
    assert found[1]["columns"]["last_train_error"]["values"] == pytest.approx([0.1, 0.4])


def test_the_command_refuses_what_is_no_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ogive.cli.sweep import command

    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(command, ["lenet5", "--column", "train_eror <= 25"])
    assert done.exit_code == 2
    assert "did you mean train_error?" in done.output
    assert not list(tmp_path.iterdir())


def test_nets_of_one_file_are_called_by_their_names() -> None:
    grid = Grid(("docs/placement.arch:before", "docs/placement.arch:after"))
    assert [grid.label(variant) for variant in grid.variants()] == ["before", "after"]
    assert [grid.folder(variant, 0) for variant in grid.variants()] == ["before", "after"]
    other = Grid(("a.arch:net", "b.arch:net", "lenet5"))
    assert [grid.factors(v)[0][1] for grid in (other,) for v in grid.variants()] == list(other.targets)
