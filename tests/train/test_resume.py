"""A run that was stopped, anyhow and anywhere, goes on to the very weights that it would have had."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file

from ogive.diagnostics import ArchError
from ogive.train.machine import Machine
from ogive.train.result import Result
from ogive.train.run import resume
from ogive.train.task import Task
from train.nets import CPU, tiny

Quick = Callable[..., Result]
SETTINGS = {"epochs": 3, "batch": 256}
PER_EPOCH = 6  # steps: 1,293 images


class Killed(BaseException):
    """As abrupt as an exception can be: nothing in the engine catches it to save."""


@pytest.fixture
def killed_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Ends the training in the step of that number, counted over the run, once."""

    def arm(step: int) -> None:
        whole = Task.training_step

        def training_step(self: Task, batch: Any, batch_idx: int) -> torch.Tensor:
            if self.current_epoch * PER_EPOCH + batch_idx == step:
                monkeypatch.setattr(Task, "training_step", whole)
                raise Killed
            return whole(self, batch, batch_idx)

        monkeypatch.setattr(Task, "training_step", training_step)

    return arm


@pytest.fixture(scope="module")
def whole_runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Result]:
    """Runs that nothing stopped, one for each choice of settings."""
    from ogive.train.run import train

    done: dict[str, Result] = {}

    def run(**settings: Any) -> Result:
        key = json.dumps(settings, sort_keys=True)
        if key not in done:
            out = tmp_path_factory.mktemp("whole") / "run"
            with torch.random.fork_rng(devices=[]):
                done[key] = train(tiny(), settings=SETTINGS | settings, machine=CPU, out=out)
        return done[key]

    return run


def assert_same(resumed: Result, whole: Result) -> None:
    """Weights to the bit, and the numbers of every epoch but its time."""
    ours, theirs = (
        load_file(resumed.out / "weights.safetensors"),
        load_file(whole.out / "weights.safetensors"),
    )
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []
    last = [
        torch.load(run.out / "checkpoints/last.ckpt", weights_only=True)["state_dict"]
        for run in (resumed, whole)
    ]
    assert [name for name in last[0] if not torch.equal(last[0][name], last[1][name])] == []
    assert rows_of(resumed.out) == rows_of(whole.out)
    assert (resumed.test, resumed.best_epoch, resumed.epochs) == (whole.test, whole.best_epoch, whole.epochs)


def rows_of(out: Path) -> list[dict[str, str]]:
    with (out / "metrics.csv").open(newline="") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


@pytest.mark.parametrize("step", [0, 3, PER_EPOCH, 2 * PER_EPOCH + 1, 3 * PER_EPOCH - 1])
def test_killed(
    step: int, quick: Quick, killed_at: Callable[[int], None], whole_runs: Quick, tmp_path: Path
) -> None:
    killed_at(step)
    with pytest.raises(Killed):
        quick(settings=SETTINGS)
    assert_same(resume(tmp_path / "run"), whole_runs())


@pytest.mark.parametrize("step", [1, 4, PER_EPOCH - 1, PER_EPOCH, PER_EPOCH + 1, 2 * PER_EPOCH])
def test_stopped_within_an_epoch_and_behind_one(
    step: int, quick: Quick, stopped_at: Callable[[int], None], whole_runs: Quick, tmp_path: Path
) -> None:
    stopped_at(step)
    with pytest.raises(KeyboardInterrupt, match=r"to go on: ogive train --resume"):
        quick(settings=SETTINGS)
    assert json.loads((tmp_path / "run/run.json").read_text())["status"] == "interrupted"
    assert_same(resume(tmp_path / "run"), whole_runs())


@pytest.mark.parametrize(
    "settings",
    [
        {
            "optimizer": "sgd(lr = 2, momentum = 0.9, nesterov = true)",
            "schedule": "plateau(factor = 0.5, patience = 0)",
            "epochs": 8,
        },
        {"ema": 0.9, "clip": 1.0, "init": "kaiming_normal"},
        {"accumulate": 4, "schedule": "warmup(1), steps(at = [0.5])"},
        {"epochs": None, "steps": 14, "augment": "random_crop(8, padding = 1), hflip, random_erasing"},
        {"validation": 0, "optimizer": "rmsprop(lr = 0.001, momentum = 0.5)"},
    ],
    ids=["plateau", "ema", "accumulate", "steps", "no validation"],
)
def test_killed_and_stopped_with_all_that_has_a_state(
    settings: dict[str, Any],
    quick: Quick,
    stopped_at: Callable[[int], None],
    whole_runs: Quick,
    tmp_path: Path,
) -> None:
    chosen = {name: value for name, value in (SETTINGS | settings).items() if value is not None}
    whole = whole_runs(**settings) if "steps" not in settings else None
    steps = 2 if "accumulate" in settings else PER_EPOCH  # of an epoch
    stopped_at(steps + 1)
    with pytest.raises(KeyboardInterrupt):
        quick(settings=chosen)
    once = resume(tmp_path / "run")
    if whole is None:
        whole = quick(settings=chosen, out=tmp_path / "whole")
    assert_same(once, whole)
    if "schedule" in settings and "plateau" in settings["schedule"]:
        assert len({row["lr"] for row in rows_of(once.out)}) > 1


def test_any_number_of_workers(
    quick: Quick, stopped_at: Callable[[int], None], whole_runs: Quick, tmp_path: Path
) -> None:
    stopped_at(PER_EPOCH + 2)
    with pytest.raises(KeyboardInterrupt):
        quick(settings=SETTINGS, machine=Machine(device="cpu", workers=2))
    assert_same(resume(tmp_path / "run", machine=Machine(device="cpu", workers=1)), whole_runs())


def test_a_damaged_checkpoint_is_refused_and_the_one_before_it_used(
    quick: Quick, killed_at: Callable[[int], None], whole_runs: Quick, tmp_path: Path
) -> None:
    killed_at(2 * PER_EPOCH + 2)
    with pytest.raises(Killed):
        quick(settings=SETTINGS)
    last = tmp_path / "run/checkpoints/last.ckpt"
    data = bytearray(last.read_bytes())
    data[len(data) // 2] ^= 1
    last.write_bytes(data)
    assert_same(resume(tmp_path / "run"), whole_runs())


def test_a_checkpoint_of_another_run_is_refused(
    quick: Quick, killed_at: Callable[[int], None], whole_runs: Quick, tmp_path: Path
) -> None:
    killed_at(PER_EPOCH + 2)
    with pytest.raises(Killed):
        quick(settings=SETTINGS)
    checkpoints = tmp_path / "run/checkpoints"
    shutil.copy(whole_runs().out / "checkpoints/last.ckpt", checkpoints / "last.ckpt")
    with pytest.raises(ArchError) as failed:
        resume(tmp_path / "run")
    (diagnostic,) = failed.value.diagnostics
    assert diagnostic.code == "E569"
    assert any("another run" in text for _, text in diagnostic.notes)


def test_a_finished_run_is_told_and_not_run_again(quick: Quick, tmp_path: Path) -> None:
    first = quick()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")}
    assert resume(tmp_path / "run") == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")} == before


def test_other_versions_are_told(
    quick: Quick, stopped_at: Callable[[int], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped_at(2)
    with pytest.raises(KeyboardInterrupt):
        quick(settings=SETTINGS | {"epochs": 1})
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    record["versions"]["torch"] = "1.0"
    (tmp_path / "run" / "run.json").write_text(json.dumps(record), encoding="utf-8")
    resume(tmp_path / "run", console=Console())
    assert (
        f"made with torch 1.0, and this is {torch.__version__.partition('+')[0]}" in capsys.readouterr().out
    )


def test_weights_that_were_given_are_kept_for_a_run_without_a_checkpoint(
    quick: Quick, killed_at: Callable[[int], None], tmp_path: Path
) -> None:
    start = quick(settings=SETTINGS | {"epochs": 1}, out=tmp_path / "start")
    whole = quick(settings=SETTINGS, out=tmp_path / "whole", init_from=start.out)
    killed_at(2)
    with pytest.raises(Killed):
        quick(settings=SETTINGS, init_from=start.out)
    shutil.rmtree(start.out)
    assert_same(resume(tmp_path / "run"), whole)
