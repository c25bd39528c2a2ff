"""`ogive plot`: what it writes, where, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from train.folders_of_runs import make_run


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs that differ in their seed, one that differs otherwise, and one that has just begun."""
    for seed in range(2):
        make_run(tmp_path / f"runs/a{seed}", seed=seed)
    make_run(tmp_path / "runs/b", edits=["remove lrn"])
    make_run(tmp_path / "young", status="running", epochs=0)
    monkeypatch.chdir(tmp_path)


def test_a_figure_of_the_kind_that_is_asked_for(ogive: Callable) -> None:
    ran = ogive("plot", "runs", "-o", "x.pdf", "--x", "seconds", "--y", "val_error", "--log-x", "--log-y")
    assert (ran.code, ran.out, ran.err) == (0, "x.pdf: 2 lines of 3 runs\n", "")
    assert Path("x.pdf").read_bytes().startswith(b"%PDF")
    before = Path("x.pdf").read_bytes()
    ogive("plot", "runs", "-o", "x.pdf", "--x", "seconds", "--y", "val_error", "--log-x", "--log-y")
    assert Path("x.pdf").read_bytes() == before


def test_without_a_name_nothing_is_overwritten(ogive: Callable) -> None:
    assert ogive("plot", "runs/b").out == "plot.svg: 1 line of 1 run\n"
    assert (
        ogive("plot", "runs/a0", "runs/a0", "--band", "none", "--title", "b").out
        == "plot-2.svg: 1 line of 1 run\n"
    )
    assert Path("plot.svg").read_bytes() != Path("plot-2.svg").read_bytes()


def test_a_run_without_an_epoch(ogive: Callable) -> None:
    ran = ogive("plot", "young")
    assert ran.code == 1
    assert ran.err == (
        "error[E570]: `young` has no metrics yet: no epoch of it has ended (it is running)\n"
        "  = help: wait for the first one\n"
    )
    ran = ogive("plot", ".", "-o", "x.svg")
    assert ran.code == 1, "there is no run but the young one in the folder itself"
    Path("young").rename("runs/young")
    ran = ogive("plot", "runs", "-o", "x.svg")
    assert (ran.code, ran.err) == (0, "note: `runs/young` is left out: no epoch has ended\n")


def test_a_column_that_is_not_there(ogive: Callable) -> None:
    ran = ogive("plot", "runs/b", "--y", "val_acuracy")
    assert ran.code == 1
    assert ran.err == (
        "error[E571]: `runs/b` has no column `val_acuracy`\n"
        "  = columns: epoch, step, train_loss, train_accuracy, val_loss, val_accuracy, lr, seconds\n"
        "  = help:    did you mean `val_accuracy`?\n"
    )
    assert not Path("plot.svg").exists()


def test_a_kind_of_picture_that_there_is_not(ogive: Callable) -> None:
    ran = ogive("plot", "nothing", "-o", "x.gif")
    assert ran.code == 2
    assert ran.err == (
        "error[E572]: `x.gif` does not say which kind of picture it is to be\n"
        "  = help: end its name in .svg, .pdf or .png\n"
    )


def test_a_place_that_cannot_be_written(ogive: Callable) -> None:
    ran = ogive("plot", "runs", "-o", "none/x.svg")
    assert ran.code == 1
    assert "error[E510]" in ran.err


def test_no_run_is_wrong_usage(ogive: Callable) -> None:
    assert ogive("plot").code == 2


def test_torch_is_not_loaded() -> None:
    program = (
        "import sys\nfrom ogive.cli import run\nsys.argv[1:] = ['plot', 'runs', '-o', 'x.svg']\n"
        "try:\n    run()\nfinally:\n    print('torch' in sys.modules, 'lightning' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "x.svg: 2 lines of 3 runs\nFalse False\n"
