"""Sweeps: the grid, what is made again and what is not, what fails, and the table. The training is a stand-in
that writes what a training would.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest
from rich.console import Console

from ogive.diagnostics import ArchError, Diagnostic
from ogive.train.figures import as_bytes, styled
from ogive.train.grid import Grid, Variant
from ogive.train.sweep import Run, Sweep, carry_out, open_sweep, plan, read_sweep
from ogive.train.sweep_figure import draw_sweep
from ogive.train.sweep_table import table_of, to_csv, to_json, to_markdown, to_plain, to_rich
from train.folders_of_runs import make_run

BN = "insert bn before act"
GRID = Grid(
    ("lenet5",), (("width", ("8", "[1, 2]")), ("classes", ("10",))), ("", BN), (("lr", ("0.1", "0.2")),), (0, 1)
)  # fmt: skip


@dataclass(frozen=True)
class Meant:
    network: dict[str, Any]
    recipe: str


def meaning(variant: Variant) -> Meant:
    return Meant(
        {"target": variant.target, "set": variant.arguments, "edit": variant.edit}, str(variant.settings)
    )


@dataclass
class Stand:
    """Stands in for a training; keeps what it was asked for."""

    fails: Callable[[Run], Exception | None] = lambda run: None
    asked: list[str] = field(default_factory=list)

    def __call__(self, run: Run, folder: Path) -> None:
        self.asked.append(run.folder)
        if (error := self.fails(run)) is not None:
            raise error
        if folder.exists():  # goes on
            (folder / "run.json").unlink()
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
        top = 0.9 + 0.01 * run.seed + (0.05 if run.variant.edit else 0)
        make_run(folder, seed=run.seed, edits=[run.variant.edit] if run.variant.edit else [], top=top)


@dataclass
class Told:
    """What a watcher is told."""

    begun: list[tuple[str, int, int]] = field(default_factory=list)
    ended: list[tuple[str, str]] = field(default_factory=list)

    def begins(self, run: Run, number: int, total: int) -> None:
        self.begun.append((run.folder, number, total))

    def ends(self, run: Run, error: Exception | None) -> None:
        self.ended.append((run.folder, type(error).__name__ if error else ""))


def opened(path: Path, grid: Grid = GRID, *, extend: bool = False) -> Sweep:
    return open_sweep(path, grid, plan(grid, meaning), {"machine": {}}, extend=extend)


def refusal(path: Path, grid: Grid = GRID, *, extend: bool = False) -> Diagnostic:
    with pytest.raises(ArchError) as caught:
        opened(path, grid, extend=extend)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E573"
    return diagnostic


# --------------------------------------------------------------------------- the grid


def test_every_combination_once_the_seed_changing_fastest() -> None:
    runs = plan(GRID, meaning)
    assert len(runs) == len({run.identity for run in runs}) == 2 * 1 * 2 * 2 * 2
    assert [run.seed for run in runs[:4]] == [0, 1, 0, 1]
    assert runs[2].variant == Variant("lenet5", (("width", "8"), ("classes", "10")), "", (("lr", "0.2"),))


def test_labels_and_folders_say_what_differs() -> None:
    last = plan(GRID, meaning)[-1]
    assert GRID.label(last.variant) == f"width = [1, 2], {BN}, lr = 0.2"
    assert last.folder == "width_1_2-insert_bn_before_act-lr_0.2-seed1"
    alone = Grid(("lenet5",))
    assert plan(alone, meaning)[0].folder == alone.label(alone.variants()[0]) == "lenet5"


def test_folders_are_of_their_own_whatever_the_names() -> None:
    edits = ("x" * 80 + "a", "x" * 80 + "b", "X" * 80, "../..", "...", "", "/")
    runs = plan(Grid(("../n.arch",), edits=edits), meaning)
    names = [run.folder for run in runs]
    assert len({name.lower() for name in names}) == len(edits)
    assert all(name == Path(name).name and name not in ("", "..") for name in names)


def test_the_grid_reads_back() -> None:
    grid = replace(GRID, recipe="x", flags=(("epochs", "3"),), input="1x8x8", freeze=("a*",))
    assert Grid.from_json(json.loads(json.dumps(grid.to_json()))) == grid


def test_two_lines_that_are_the_same_are_refused() -> None:
    with pytest.raises(ArchError, match="E573") as caught:
        plan(GRID, lambda variant: Meant({}, variant.edit))
    assert "the same network with the same recipe" in str(caught.value)


def test_every_mistake_of_the_grid_is_told_at_once() -> None:
    def wrong(variant: Variant) -> Meant:
        if variant.edit:
            raise ArchError([Diagnostic("E311", f"nothing, lr {variant.settings[0][1]}")])
        return meaning(variant)

    with pytest.raises(ArchError) as caught:
        plan(GRID, wrong)
    assert [d.message for d in caught.value.diagnostics] == ["nothing, lr 0.1", "nothing, lr 0.2"]


# --------------------------------------------------------------------------- the work


def test_a_sweep_is_made_and_then_there_is_nothing_to_do(tmp_path: Path) -> None:
    sweep, stand, told = opened(tmp_path / "s"), Stand(), Told()
    carry_out(sweep, stand, told)
    assert stand.asked == [run.folder for run in sweep.runs]
    assert told.begun[3] == (sweep.runs[3].folder, 4, 16)
    assert told.ended == [(run.folder, "") for run in sweep.runs]
    again = opened(tmp_path / "s")
    assert again.runs == sweep.runs
    assert again.waiting() == read_sweep(tmp_path / "s").waiting() == []
    carry_out(again, stand, told)
    assert len(stand.asked) == 16


def test_an_interrupted_sweep_goes_on_with_the_run_under_way(tmp_path: Path) -> None:
    sweep = opened(tmp_path / "s")

    def interrupts(run: Run, folder: Path) -> None:
        if run is sweep.runs[2]:
            make_run(folder, status="interrupted", epochs=2)
            raise KeyboardInterrupt
        Stand()(run, folder)

    with pytest.raises(KeyboardInterrupt):
        carry_out(sweep, interrupts, Told())
    again, stand = opened(tmp_path / "s"), Stand()
    assert [again.status(run) for run in again.runs[:4]] == ["finished", "finished", "interrupted", "waiting"]
    carry_out(again, stand, Told())
    assert stand.asked == [run.folder for run in again.runs[2:]]


@pytest.mark.parametrize(("code", "tried_again"), [("E525", False), ("E527", True)])
def test_one_that_fails_is_kept_and_the_others_are_made(tmp_path: Path, code: str, tried_again: bool) -> None:
    """A loss that is not finite is an outcome; what failed for another reason is tried again."""
    sweep, told = opened(tmp_path / "s"), Told()

    def fails(run: Run) -> Exception | None:
        if run.variant != sweep.runs[0].variant:
            return None
        make_run(sweep.path / run.folder, status="failed", epochs=1) if run.seed else None
        return ArchError([Diagnostic(code, f"seed {run.seed}")])

    carry_out(sweep, Stand(fails), told)
    assert [name for _, name in told.ended] == ["ArchError"] * 2 + [""] * 14
    again = read_sweep(tmp_path / "s")
    assert [again.status(run) for run in again.runs[:3]] == ["failed", "failed", "finished"]
    assert [run.error for run in again.runs[:3]] == [(code, "seed 0"), (code, "seed 1"), None]
    # without a folder there is no outcome
    assert again.waiting() == again.runs[: 2 if tried_again else 1]
    carry_out(again, Stand(), Told())
    assert again.status(again.runs[0]) == "finished"
    assert again.runs[0].error is None


def test_a_mistake_in_the_program_itself_stops_no_sweep(tmp_path: Path) -> None:
    sweep, told = opened(tmp_path / "s"), Told()
    carry_out(sweep, Stand(lambda run: ZeroDivisionError("x") if run is sweep.runs[0] else None), told)
    assert told.ended[0][1] == "ZeroDivisionError"
    assert sweep.runs[0].error == ("ZeroDivisionError", "x")


def test_a_damaged_run_is_gone_on_with_and_says_so_itself(tmp_path: Path) -> None:
    sweep = opened(tmp_path / "s")
    carry_out(sweep, Stand(), Told())
    (sweep.path / sweep.runs[1].folder / "run.json").write_text("{", encoding="utf-8")
    assert [run.folder for run in sweep.waiting()] == [sweep.runs[1].folder]


def test_only_one_process_works_at_a_sweep(tmp_path: Path) -> None:
    sweep = opened(tmp_path / "s")
    with sweep.locked(), pytest.raises(ArchError, match="E573") as caught, read_sweep(sweep.path).locked():
        pass
    assert "another process works at" in str(caught.value)
    with sweep.locked():
        pass


# --------------------------------------------------------------------------- what is there already


def test_a_changed_grid_is_told(tmp_path: Path) -> None:
    opened(tmp_path / "s")
    more = refusal(tmp_path / "s", replace(GRID, seeds=(0, 1, 2)))
    assert more.notes == (("seeds", "0, 1 there, 0, 1, 2 now"),)
    assert more.help is not None
    assert "--extend" in more.help
    other = refusal(
        tmp_path / "s", replace(GRID, edits=(BN,), recipe="x", flags=(("epochs", "3"),)), extend=True
    )
    assert other.notes == (
        ("edits", f"as written, {BN} there, {BN} now"),
        ("recipe", "none there, x now"),
        ("flags", "none there, epochs 3 now"),
    )
    assert other.help == f"a sweep of its own: `--out {tmp_path}/s-2`"


def test_a_program_or_a_recipe_that_was_changed_is_told(tmp_path: Path) -> None:
    opened(tmp_path / "s")
    for kind in ("network", "recipe"):
        runs = [replace(run, **{kind: "new"}) for run in plan(GRID, meaning)]
        with pytest.raises(ArchError) as caught:
            open_sweep(tmp_path / "s", GRID, runs, {}, extend=False)
        notes = caught.value.diagnostics[0].notes
        assert notes[0] == (
            "width = 8, as written, lr = 0.1",
            f"its {kind} is not what it was when the sweep began",
        )


def test_a_sweep_is_extended(tmp_path: Path) -> None:
    first, stand = opened(tmp_path / "s", replace(GRID, seeds=(0,))), Stand()
    carry_out(first, stand, Told())
    more = opened(tmp_path / "s", GRID, extend=True)
    assert len(more.runs) == 16
    assert len({run.folder for run in more.runs}) == 16
    assert [run.folder for run in more.runs[::2]] == [run.folder for run in first.runs]
    carry_out(more, stand, Told())
    assert stand.asked[8:] == [run.folder for run in more.runs[1::2]]
    assert opened(tmp_path / "s").waiting() == []


def test_what_is_no_sweep_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "mine.txt").touch()
    assert "holds other files" in refusal(tmp_path / "s").message
    (tmp_path / "f").touch()
    assert "is a file" in refusal(tmp_path / "f").message
    (tmp_path / "empty").mkdir()
    assert opened(tmp_path / "empty").waiting()


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made.update(format=2), lambda made: made.pop("grid"), lambda made: made.update(runs=3),
        lambda made: made["runs"][0].update(folder="../x"), lambda made: made["runs"][0].update(seed="x"),
        lambda made: made["runs"][0].update(error=[]) or made["runs"][0].update(error=["E1"]),
        lambda made: made["grid"].update(targets="lenet5"),
    ],
)  # fmt: skip
def test_a_damaged_sweep_is_told(tmp_path: Path, change: Callable[[Any], object]) -> None:
    file = opened(tmp_path / "s").file
    made = json.loads(file.read_text(encoding="utf-8"))
    change(made)
    file.write_text(json.dumps(made), encoding="utf-8")
    with pytest.raises(ArchError, match="E573"):
        read_sweep(tmp_path / "s")


def test_where_there_is_no_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(tmp_path / "runs" / "s")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArchError) as caught:
        read_sweep(Path("t"))
    assert "there are runs/s" in str(caught.value)


# --------------------------------------------------------------------------- table and figure


@pytest.fixture
def made(tmp_path: Path) -> Sweep:
    """Four lines of three seeds; the last has one run that failed, and one that has not begun."""
    grid = Grid(("lenet5",), (), ("", BN), (("lr", ("0.1", "a | b*")),), (0, 1, 2))
    sweep = opened(tmp_path / "s", grid)

    def fails(run: Run) -> Exception | None:
        if run.folder == sweep.runs[-1].folder:
            raise KeyboardInterrupt
        return (
            ArchError([Diagnostic("E525", "the loss is | nan")])
            if run.folder == sweep.runs[-2].folder
            else None
        )

    with pytest.raises(KeyboardInterrupt):
        carry_out(sweep, Stand(fails), Told())
    return sweep


def accuracies(sweep: Sweep, place: int) -> list[float]:
    runs = [sweep.recorded(run) for run in sweep.runs[3 * place : 3 * place + 3]]
    return [run.outcome("test")["accuracy"] for run in runs if run is not None]


def test_the_table_is_of_means_and_standard_deviations(made: Sweep) -> None:
    found = to_json(table_of(made))["lines"]
    for place in range(3):
        values = accuracies(made, place)
        assert found[place]["test"]["accuracy"] == {
            "mean": pytest.approx(mean(values)), "std": pytest.approx(stdev(values)), "n": 3, "values": values,
        }  # fmt: skip
    assert found[3]["test"]["accuracy"]["std"] is None
    assert found[3]["test"]["accuracy"]["n"] == 1
    assert [run["status"] for run in found[3]["runs"]] == ["finished", "failed", "waiting"]
    assert found[3]["runs"][1]["error"] == ["E525", "the loss is | nan"]
    assert found[1]["vary"] == {"lr": "a | b*"}
    assert found[2]["parameters"] == 61706
    json.dumps(found, allow_nan=False)


def test_the_table_as_text(made: Sweep) -> None:
    table = table_of(made)
    head, *body = table.cells()
    assert head == ("edit", "lr", "n", "test accuracy", "validation accuracy", "best epoch", "parameters")
    values = [100 * value for value in accuracies(made, 0)]
    assert body[0][:4] == ("as written", "0.1", "3", f"{mean(values):.2f} ± {stdev(values):.2f}")
    assert body[3][2] == "1 of 3, 1 failed"
    assert "±" not in body[3][3]
    markdown = to_markdown(table)
    assert all(line.replace("\\|", "").count("|") == 8 for line in markdown.splitlines()[:6])
    assert "(n - 1)" in markdown
    assert "E525: the loss is \\| nan" in markdown
    plain = to_plain(table).splitlines()
    assert len({line.index(cell) for line, cell in zip(plain, ("test acc", body[0][3]), strict=False)}) == 1


@pytest.mark.parametrize("width", [60, 95, 200])
def test_the_table_on_a_terminal_loses_nothing(made: Sweep, width: int) -> None:
    table = table_of(made)
    rich = to_rich(table, width)
    assert (rich is None) == (width == 60)
    if rich is None:
        return
    screen = io.StringIO()
    Console(file=screen, width=width).print(rich)
    shown = screen.getvalue()
    assert max(map(len, shown.splitlines())) <= width
    for line in table.cells()[1:]:
        assert all(cell in shown for cell in line[2:])


def test_the_table_as_csv(made: Sweep) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(table_of(made)))))
    values = accuracies(made, 1)
    assert rows[1]["lr"] == "a | b*"
    assert float(rows[1]["test_accuracy_mean"]) == pytest.approx(mean(values), rel=1e-5)
    assert float(rows[1]["test_accuracy_std"]) == pytest.approx(stdev(values), rel=1e-5)
    assert (rows[3]["runs"], rows[3]["finished"], rows[3]["failed"], rows[3]["test_accuracy_std"]) == (
        "3",
        "1",
        "1",
        "",
    )


def test_a_sweep_without_a_finished_run_has_a_table_and_no_figure(tmp_path: Path) -> None:
    sweep = opened(tmp_path / "s")
    assert table_of(sweep).cells()[1][-4:] == ("lr = 0.1"[5:], "0 of 2", "", "")
    assert draw_sweep(sweep) is None


def test_the_figure_shows_every_run(made: Sweep) -> None:
    with styled():
        figure = draw_sweep(made)
        assert figure is not None
        figure.canvas.draw()
        curves, points = figure.axes
        shown = [list(line.get_xdata()) for line in points.lines if line.get_linestyle() == "None"]
        assert shown == [
            pytest.approx([100 * value for value in accuracies(made, place)]) for place in range(4)
        ]
        bars = [line.get_xdata()[0] for line in points.lines if line.get_linestyle() != "None"]
        assert bars == pytest.approx([100 * mean(accuracies(made, place)) for place in range(4)])
        assert [label.get_text().replace("\n", " ") for label in points.get_yticklabels()] == [
            "as written, lr = 0.1", "as written, lr = a | b*", f"{BN}, lr = 0.1", f"{BN}, lr = a | b*",
        ]  # fmt: skip
        assert curves.get_ylabel() == "validation accuracy (%)"
        assert len(curves.lines) == 4
        whole, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert -0.02 <= whole.x0 <= whole.x1 <= width + 0.02
        assert -0.02 <= whole.y0 <= whole.y1 <= height + 0.02
        other = draw_sweep(made)
        third = draw_sweep(made)
        assert other is not None
        assert third is not None
        assert as_bytes(other, "pdf") == as_bytes(third, "pdf")
