"""Whole runs: what comes out, how well, and the same again."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from rich.console import Console
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from ogive.train.callbacks import History
from ogive.train.checks import try_once
from ogive.train.choice import Choice, standard_error
from ogive.train.data import ImageData
from ogive.train.digits import Digits
from ogive.train.evaluate import evaluate
from ogive.train.interrupt import Terminated
from ogive.train.run import TrainResult
from ogive.train.rundir import RunFolder
from ogive.train.tally import Score
from ogive.train.threads import threads_for

if TYPE_CHECKING:
    from conftest import Finished

Quick = Callable[..., TrainResult]


def test_lenet5_reads_the_digits(lenet5: Finished) -> None:
    result = lenet5.result
    assert result.accuracy >= 0.98
    assert result.total == 360
    assert result.accuracy == result.correct / 360
    assert 1 <= result.best_epoch <= result.epochs
    percent = f"{100 * result.correct / 360:.2f}"
    assert result.summary == (
        f"lenet5: test accuracy {percent} % ({result.correct} of 360) after {result.epochs} epochs, "
        f"best at epoch {result.best_epoch}; {result.out}"
    )


def test_the_weights_on_disk_are_those_that_were_tested(lenet5: Finished) -> None:
    fresh = lenet5.build()
    fresh.load_state_dict(load_file(lenet5.result.out / "weights.safetensors"))
    data = ImageData(Digits(), (1, 32, 32), batch=64, seed=0)
    assert evaluate(fresh, data.test_dataloader()).correct == lenet5.result.correct
    validated = evaluate(fresh, data.val_dataloader())
    assert validated.accuracy == pytest.approx(lenet5.result.validation_accuracy)


def test_everything_of_a_run_is_there(lenet5: Finished) -> None:
    out = lenet5.result.out
    there = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    expected = {"run.json", "lenet5.arch", "metrics.csv", "curves.svg", "curves.png", "weights.safetensors"}
    assert there == expected | {"checkpoints/best.ckpt", "checkpoints/last.ckpt"}
    assert set(lenet5.result.files) == {out / name for name in there}
    assert (out / "lenet5.arch").read_text(encoding="utf-8") == "net LeNet5 { … }\n"
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (out / "curves.svg").read_text()


def test_the_metrics_tell_every_epoch(lenet5: Finished) -> None:
    with (lenet5.result.out / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "lr", "seconds",
    ]  # fmt: skip
    assert [int(row["epoch"]) for row in rows] == list(range(1, lenet5.result.epochs + 1))
    kept = rows[lenet5.result.best_epoch - 1]
    assert float(kept["val_accuracy"]) == pytest.approx(lenet5.result.validation_accuracy, rel=1e-5)
    assert float(rows[-1]["train_loss"]) < 0.3 * float(rows[0]["train_loss"])
    assert float(rows[-1]["lr"]) < 1e-3 * max(float(row["lr"]) for row in rows)
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)


def test_the_record_suffices_to_use_the_weights(lenet5: Finished) -> None:
    out = lenet5.result.out
    record = json.loads((out / "run.json").read_text())
    assert record["status"] == "finished"
    assert record["test_correct"] == lenet5.result.correct
    assert record["images"] == {"train": 1293, "validation": 144, "test": 360}
    assert record["parameters"] == 61_706
    with safe_open(out / "weights.safetensors", "pt") as file:
        about = json.loads(file.metadata()["ogive"])
    assert about["normalisation"] == record["normalisation"]
    assert about["input"] == [1, 32, 32]
    assert about["settings"]["seed"] == 0


def test_checkpoints_are_of_the_best_and_the_last_epoch(lenet5: Finished) -> None:
    out = lenet5.result.out
    best, last = (
        torch.load(out / "checkpoints" / f"{which}.ckpt", weights_only=True) for which in ("best", "last")
    )
    assert best["epoch"] + 1 == lenet5.result.best_epoch
    assert last["epoch"] + 1 == lenet5.result.epochs
    weights = load_file(out / "weights.safetensors")
    assert all(torch.equal(best["state_dict"][f"network.{name}"], weights[name]) for name in weights)
    history = History(RunFolder(out, "lenet5"))
    history.load_state_dict(last["callbacks"]["History"])
    assert len(history.epochs) == lenet5.result.epochs
    assert history.best is not None
    assert history.best.epoch == lenet5.result.best_epoch


def test_progress_without_a_terminal_is_a_few_lines(lenet5: Finished) -> None:
    lines = lenet5.shown.splitlines()
    assert 10 <= len(lines) <= 15
    assert all("img/s" in line and "left" in line and "loss" in line for line in lines)


@pytest.mark.parametrize("width", [80, 120])
def test_progress_on_a_terminal_is_a_bar(quick: Quick, width: int) -> None:
    screen = io.StringIO()
    quick(console=Console(file=screen, force_terminal=True, width=width))
    last = re.split(r"[\r\n]", screen.getvalue().rstrip("\x1b[?25h\n"))[-1]
    assert "epoch 2/2" in last
    assert all(word in last for word in ("loss", "accuracy", "val ", "img/s", "0:00 left"))


def test_lightning_says_nothing(quick: Quick, capfd: pytest.CaptureFixture[str], recwarn: object) -> None:
    quick()
    assert capfd.readouterr() == ("", "")
    assert not list(recwarn)  # type: ignore[call-overload]


def test_the_same_seed_gives_the_same_bytes(quick: Quick, tmp_path: Path) -> None:
    def build() -> nn.Module:
        return nn.Sequential(
            *(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2)),
            nn.Flatten(),
            nn.Linear(144, 10),
        )

    one, two, other = (
        quick(build, seed=seed, out=tmp_path / name) for name, seed in (("a", 5), ("b", 5), ("c", 6))
    )
    for name in ("weights.safetensors", "curves.svg"):
        assert (one.out / name).read_bytes() == (two.out / name).read_bytes()
        assert (one.out / name).read_bytes() != (other.out / name).read_bytes()


def test_a_network_that_is_given_keeps_its_weights_and_ends_with_the_best(quick: Quick) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    with torch.no_grad():
        network[1].weight.zero_()
    network[1].weight.requires_grad_(False)
    result = quick(network)
    assert not network.training
    assert torch.equal(network[1].weight, torch.zeros(10, 64))
    assert torch.equal(network[1].bias, load_file(result.out / "weights.safetensors")["1.bias"])


def test_shared_weights_are_written_under_every_name(quick: Quick) -> None:
    def build() -> nn.Module:
        shared = nn.Linear(64, 64)
        return nn.Sequential(nn.Flatten(), shared, nn.ReLU(), shared, nn.Linear(64, 10))

    result = quick(build)
    matched = build().load_state_dict(load_file(result.out / "weights.safetensors"))
    assert not matched.missing_keys
    assert not matched.unexpected_keys


def test_three_channels_get_the_same_image(quick: Quick) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 10))
    assert quick(network, inputs=[("image", (3, 8, 8))], epochs=4).accuracy > 0.7


class Presses(nn.Module):
    """Sends its own process a signal, Ctrl-C unless told, in its `step`-th training step."""

    def __init__(self, step: int, number: signal.Signals = signal.SIGINT) -> None:
        super().__init__()
        self.number = number
        self.inner, self.step, self.steps = nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), step, 0

    def forward(self, images: Tensor) -> Tensor:
        self.steps += self.training
        if self.training and self.steps == self.step:
            signal.raise_signal(self.number)
        return self.inner(images)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("step", "epochs_done"), [(5, 0), (21 + 5, 1)])
def test_an_interrupt_leaves_the_weights_of_its_step(
    quick: Quick, tmp_path: Path, step: int, epochs_done: int, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    network = Presses(step, number)
    screen = io.StringIO()
    with pytest.raises(KeyboardInterrupt) as stopped:
        quick(network, epochs=3, console=Console(file=screen, width=500))
    assert isinstance(stopped.value, Terminated) is (number == signal.SIGTERM)
    assert f"interrupted in epoch {epochs_done + 1}; the last weights are in" in str(stopped.value)
    assert ("best.ckpt" in str(stopped.value)) is bool(epochs_done)
    assert "interrupted" not in screen.getvalue()  # whoever catches the exception says it, once
    assert signal.getsignal(number) is before
    assert network.steps == step  # the step under way was finished, and no other begun
    last = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert last["global_step"] == step
    assert torch.equal(last["state_dict"]["network.inner.1.weight"], network.inner[1].weight)
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (record["status"], record["epochs_done"]) == ("interrupted", epochs_done)
    assert (tmp_path / "run" / "metrics.csv").exists() is bool(epochs_done)
    assert not (tmp_path / "run" / "weights.safetensors").exists()


class Looks(nn.Module):
    """Notes how many threads it is run with in training."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.seen = nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), 0

    def forward(self, images: Tensor) -> Tensor:
        self.seen = torch.get_num_threads() if self.training else self.seen
        return self.inner(images)


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """torch with two threads, and nothing in the environment that says so."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_a_small_network_trains_on_one_thread(quick: Quick) -> None:
    network = Looks()
    quick(network, epochs=1)
    assert network.seen == 1
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_large_steps_and_the_environment_keep_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert threads_for(400_000, 64) == 1
    assert threads_for(400_000, 8192) == 2
    assert threads_for(4_000_000_000, 1) == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert threads_for(400_000, 64) == 2


def test_the_multiply_accumulates_are_those_of_one_image() -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.Flatten(), nn.Linear(144, 10))
    assert try_once(network, (1, 8, 8), Digits()) == 36 * 4 * 9 + 1440


def test_of_epochs_that_validation_cannot_tell_apart_the_later_is_kept() -> None:
    choice = Choice()
    kept = [choice.keeps(Score(0.0, correct, 144)) for correct in (100, 99, 80, 144, 143, 142, 144, 141)]
    assert kept == [True, True, False, True, True, False, True, False]
    large = Choice()
    assert [large.keeps(Score(0.0, correct, 50_000)) for correct in (40_000, 39_900, 39_950)] == [
        True,
        False,
        True,
    ]
    assert standard_error(Score(0.0, 5000, 10_000)) == pytest.approx(0.005, rel=1e-3)  # sqrt(p q / n)


def test_scikit_learn_waits_for_the_digits() -> None:
    code = "import sys, ogive.train.run; print('sklearn' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout == "False\n"
