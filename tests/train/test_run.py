"""Whole runs: what comes out, how well, and the same again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from rich.console import Console
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

import ogive
from ogive import resources
from ogive.diagnostics import ArchError
from ogive.network import Network
from ogive.recipes.resolve import read_back
from ogive.train.checks import try_once
from ogive.train.evaluation import evaluate
from ogive.train.interrupt import Terminated
from ogive.train.opened import open_run
from ogive.train.result import Result
from ogive.train.run import resume
from ogive.train.threads import threads_for
from train.nets import TINY, tiny

if TYPE_CHECKING:
    from train.conftest import Finished

Quick = Callable[..., Result]
INPUT = (1, 8, 8)


def record_of(result: Result) -> dict:
    return json.loads((result.out / "run.json").read_text(encoding="utf-8"))


def rows_of(result: Result) -> list[dict[str, str]]:
    with (result.out / "metrics.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# --------------------------------------------------------------------------- LeNet-5, as the command trains it


def test_lenet5_reads_the_digits(lenet5: Finished) -> None:
    result = lenet5.result
    assert result.accuracy is not None
    assert result.accuracy >= 0.97
    assert result.test["total"] == 360
    assert result.accuracy == result.test["correct"] / 360
    assert 1 <= result.best_epoch <= result.epochs == 30
    percent = f"{100 * result.accuracy:.2f}"
    assert result.summary == (
        f"lenet5: test accuracy {percent} % ({result.test['correct']} of 360) after 30 epochs, "
        f"best at epoch {result.best_epoch}; {result.out}"
    )


def test_everything_of_a_run_is_there(lenet5: Finished) -> None:
    out = lenet5.result.out
    there = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} - {".lock"}
    events = {name for name in there if name.startswith("events/")}
    assert sum(".tfevents." in name for name in events) == 1
    assert there - events == {
        "run.json", "recipe.arch", "program/lenet5.arch", "metrics.csv", "weights.safetensors", "report.md",
        "curves.svg", "curves.pdf", "checkpoints/best.ckpt", "checkpoints/last.ckpt", "checkpoints/previous.ckpt",
    }  # fmt: skip
    told = {str(path.relative_to(out)) for path in lenet5.result.files}
    assert told == there - events - {"checkpoints/previous.ckpt"}
    assert (out / "curves.pdf").read_bytes().startswith(b"%PDF-")
    assert "<svg" in (out / "curves.svg").read_text(encoding="utf-8")
    assert "# lenet5 on digits" in (out / "report.md").read_text(encoding="utf-8")
    (log,) = (out / "events").glob("*tfevents*")
    for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "lr"):
        scalar = b"\x0a" + bytes([len(name)]) + name.encode() + b"\x15"  # as TensorBoard's protobuf has it
        assert log.read_bytes().count(scalar) == 30, name


def test_what_was_trained_and_how_is_kept(lenet5: Finished) -> None:
    out, record = lenet5.result.out, record_of(lenet5.result)
    program = (out / "program/lenet5.arch").read_text(encoding="utf-8")
    assert program == (resources.zoo() / "lenet5.arch").read_text(encoding="utf-8")
    target = record["target"]
    assert (target["file"], target["net"], target["plugins"]) == ("program/lenet5.arch", "lenet5", {})
    assert target["sha256"] == {"lenet5.arch": hashlib.sha256(program.encode()).hexdigest()}
    recipe = read_back((out / "recipe.arch").read_text(encoding="utf-8"), "recipe.arch")
    assert (recipe.name, recipe.value("batch"), recipe.value("epochs"), recipe.value("seed")) == (
        "default", 64, 30, 0,
    )  # fmt: skip


def test_the_record_suffices_to_use_the_weights(lenet5: Finished) -> None:
    result, record = lenet5.result, record_of(lenet5.result)
    assert (record["status"], record["parameters"]) == ("finished", 61_706)
    assert (record["epochs"], record["steps"]) == (30, 30 * 21)
    assert record["data"]["counts"] == {"train": 1293, "validation": 144, "test": 360}
    assert record["data"]["classes"] == [str(digit) for digit in range(10)]
    assert record["test"] == result.test
    with safe_open(result.out / "weights.safetensors", "pt") as file:
        about = json.loads(file.metadata()["ogive"])
    assert about["data"] == record["data"]
    assert about["data"]["input"] == [1, 32, 32]
    assert (about["recipe"], about["seed"], about["test"]) == ("default", 0, record["test"])
    opened = open_run(result.out)  # from the folder alone
    tested = evaluate(opened.module, opened.data().test_batches())
    assert tested.correct == result.test["correct"]
    validated = evaluate(opened.module, opened.data().validation_batches())
    assert validated.accuracy == result.validation["accuracy"]


def test_the_metrics_tell_every_epoch(lenet5: Finished) -> None:
    rows = rows_of(lenet5.result)
    assert list(rows[0]) == [
        "epoch", "step", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "lr", "seconds",
    ]  # fmt: skip
    assert [int(row["epoch"]) for row in rows] == list(range(1, 31))
    assert [int(row["step"]) for row in rows] == [21 * epoch for epoch in range(1, 31)]
    best = rows[lenet5.result.best_epoch - 1]
    for name, value in lenet5.result.validation.items():
        assert float(best[f"val_{name}"]) == pytest.approx(value, rel=1e-5)
    assert float(best["val_accuracy"]) == max(float(row["val_accuracy"]) for row in rows)
    assert float(rows[-1]["train_loss"]) < 0.3 * float(rows[0]["train_loss"])
    assert float(rows[-1]["lr"]) < 1e-3 * max(float(row["lr"]) for row in rows)
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)


def test_checkpoints_are_of_the_best_and_the_last_epochs(lenet5: Finished) -> None:
    out, result = lenet5.result.out, lenet5.result
    best, last, previous = (
        torch.load(out / "checkpoints" / f"{which}.ckpt", weights_only=True)
        for which in ("best", "last", "previous")
    )
    assert best["position"] == [result.best_epoch, 0]
    assert (last["position"], last["global_step"]) == ([30, 0], 630)
    assert previous["position"] == [29, 0]
    assert len(last["history"]["rows"]) == 30
    assert last["history"]["best"] == result.best_epoch
    weights = load_file(out / "weights.safetensors")
    state = {key.removeprefix("network."): value for key, value in best["state_dict"].items()}
    assert state.keys() == weights.keys()
    assert all(torch.equal(state[name], weights[name]) for name in weights)


def test_progress_without_a_terminal_is_a_few_lines(lenet5: Finished) -> None:
    lines = lenet5.shown.splitlines()
    assert 10 <= len(lines) <= 15
    line = re.compile(
        r"epoch +\d+/30: loss \d\.\d{3}  accuracy \d+\.\d%  val \d+\.\d%  [\d,]+ img/s  \d+:\d\d left"
    )
    assert [shown for shown in lines if not line.fullmatch(shown)] == []
    assert lines[-1].startswith("epoch 30/30: ")
    assert lines[-1].endswith(" 0:00 left")


# --------------------------------------------------------------------------- quick ones


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.usefixtures("without_figures")
def test_progress_on_a_terminal_is_a_bar(quick: Quick, width: int) -> None:
    screen = io.StringIO()
    quick(console=Console(file=screen, force_terminal=True, width=width))
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    last = [line for line in re.split(r"[\r\n]", shown) if line.strip()][-1]
    assert last.startswith("epoch 2/2 ")
    assert "━" in last
    assert all(word in last for word in ("loss ", "accuracy ", "val ", "img/s", "0:00 left"))
    assert len(last) <= width


@pytest.mark.usefixtures("without_figures")
def test_lightning_says_nothing(
    quick: Quick, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    quick()
    assert capfd.readouterr() == ("", "")
    assert list(recwarn) == []


def test_the_same_seed_gives_the_same_bytes(quick: Quick, tmp_path: Path) -> None:
    one, two, other = (
        quick(settings={"seed": seed}, out=tmp_path / name) for name, seed in (("a", 5), ("b", 5), ("c", 6))
    )
    for name in ("weights.safetensors", "curves.svg", "curves.pdf"):
        assert (one.out / name).read_bytes() == (two.out / name).read_bytes(), name
        assert (one.out / name).read_bytes() != (other.out / name).read_bytes(), name
    seconds = {"seconds": None}
    assert [row | seconds for row in rows_of(one)] == [row | seconds for row in rows_of(two)]


@pytest.mark.usefixtures("without_figures")
def test_a_function_that_makes_a_module_is_called_once_the_seed_is_set(quick: Quick, tmp_path: Path) -> None:
    def plain() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(64, 10))

    one, two = (quick(plain, input=INPUT, out=tmp_path / name) for name in "ab")
    assert one.name == "plain"
    assert record_of(one)["target"] is None
    files = [(run.out / "weights.safetensors").read_bytes() for run in (one, two)]
    assert files[0] == files[1]


@pytest.mark.usefixtures("without_figures")
def test_a_module_that_is_given_keeps_its_weights_and_ends_with_the_best(quick: Quick) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    with torch.no_grad():
        network[1].weight.zero_()
    network[1].weight.requires_grad_(False)
    result = quick(network, input=INPUT)
    assert result.name == "sequential"
    assert not network.training
    assert torch.equal(network[1].weight, torch.zeros(10, 64))
    assert torch.equal(network[1].bias, load_file(result.out / "weights.safetensors")["1.bias"])
    assert network[1].bias.abs().max() > 0
    assert torch.equal(load_file(result.out / "initial.safetensors")["1.weight"], network[1].weight)


@pytest.mark.usefixtures("without_figures")
def test_shared_weights_are_written_under_every_name(quick: Quick) -> None:
    def build() -> nn.Module:
        shared = nn.Linear(64, 64)
        return nn.Sequential(nn.Flatten(), shared, nn.ReLU(), shared, nn.Linear(64, 10))

    result = quick(build, input=INPUT)
    matched = build().load_state_dict(load_file(result.out / "weights.safetensors"))
    assert not matched.missing_keys
    assert not matched.unexpected_keys


@pytest.mark.usefixtures("without_figures")
def test_three_channels_get_the_same_gray_image(quick: Quick) -> None:
    seen: list[Tensor] = []

    class Looks(nn.Sequential):
        def forward(self, images: Tensor) -> Tensor:
            seen.append(images)
            return super().forward(images)

    quick(Looks(nn.Flatten(), nn.Linear(192, 10)), input=(3, 8, 8), settings={"epochs": 1})
    images = seen[-1]
    assert images.shape[1:] == (3, 8, 8)
    assert torch.equal(images[:, 0], images[:, 1])
    assert torch.equal(images[:, 0], images[:, 2])


@pytest.mark.usefixtures("without_figures")
def test_a_net_of_unknown_sizes_is_trained_on_the_nearest_that_it_takes(quick: Quick) -> None:
    net = ogive.loads(
        "net Any() { input x: [1, 3 * ?h, 5 * ?w]; conv(4, 3x3) -> relu -> global_avg_pool -> flatten -> linear(10) }"
    )
    assert record_of(quick(net, settings={"epochs": 1}))["data"]["input"] == [1, 9, 10]


@pytest.mark.usefixtures("without_figures")
def test_default_folders_are_numbered(quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runs = [quick(out=None, settings={"epochs": 1, "batch": 1300}).out for _ in range(3)]
    assert runs == [Path("runs/Tiny"), Path("runs/Tiny-2"), Path("runs/Tiny-3")]
    assert {path.name for path in Path("runs").iterdir()} == {"Tiny", "Tiny-2", "Tiny-3"}
    named = quick(out=None, name="a/../b c", settings={"epochs": 1, "batch": 1300})
    assert named.out == Path("runs/a_.._b_c")


@pytest.mark.usefixtures("without_figures")
def test_top5_is_told_where_there_are_more_than_ten_classes(quick: Quick) -> None:
    settings = {"data": "random(60)", "batch": 20, "epochs": 1}
    result = quick(tiny(classes=12), settings=settings)
    assert list(rows_of(result)[0]) == [
        "epoch", "step", "train_loss", "train_accuracy", "train_top5", "val_loss", "val_accuracy", "val_top5",
        "lr", "seconds",
    ]  # fmt: skip
    assert result.test.keys() == {"loss", "accuracy", "top5", "correct", "total"}
    assert result.accuracy is not None
    assert result.accuracy <= result.test["top5"] <= 1


@pytest.mark.usefixtures("without_figures")
def test_without_validation_the_last_epoch_is_the_best(quick: Quick) -> None:
    result = quick(settings={"validation": 0})
    assert (result.best_epoch, result.epochs, result.validation) == (2, 2, {})
    assert not any(name.startswith("val_") for name in rows_of(result)[0])
    assert record_of(result)["data"]["counts"]["train"] == 1437


# --------------------------------------------------------------------------- signals


class Presses(nn.Module):
    """Sends its own process a signal in its `step`-th training step."""

    def __init__(self, step: int, number: signal.Signals) -> None:
        super().__init__()
        self.number = number
        self.inner, self.step, self.steps = nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), step, 0

    def forward(self, images: Tensor) -> Tensor:
        self.steps += self.training
        if self.training and self.steps == self.step:
            signal.raise_signal(self.number)
        return self.inner(images)


@pytest.mark.parametrize(
    ("number", "step", "where"),
    [
        (signal.SIGINT, 5, "after 5 batches of epoch 1"),
        (signal.SIGTERM, 21 + 5, "after 5 batches of epoch 2"),
        (signal.SIGINT, 21, "after epoch 1"),
    ],
)
def test_a_signal_leaves_the_weights_of_its_step(
    quick: Quick, tmp_path: Path, number: signal.Signals, step: int, where: str
) -> None:
    before = signal.getsignal(number)
    network = Presses(step, number)
    screen = io.StringIO()
    with pytest.raises(KeyboardInterrupt) as stopped:
        quick(network, input=INPUT, console=Console(file=screen, width=500))
    run = tmp_path / "run"
    assert isinstance(stopped.value, Terminated) is (number == signal.SIGTERM)
    assert str(stopped.value) == f"stopped and saved {where}; to go on: ogive train --resume {run}"
    assert "stopped" not in screen.getvalue()  # whoever catches the exception says it, once
    assert signal.getsignal(number) is before
    assert network.steps == step, "the step under way was finished, and no other begun"
    last = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    assert last["global_step"] == step
    assert torch.equal(last["state_dict"]["network.inner.1.weight"], network.inner[1].weight)
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert (record["status"], record["epochs"]) == ("interrupted", step // 21)
    assert (run / "metrics.csv").exists() is (step >= 21)
    assert not (run / "weights.safetensors").exists()


@pytest.mark.usefixtures("without_figures")
def test_a_run_may_be_made_in_another_thread(quick: Quick) -> None:
    done: list[Result] = []
    thread = threading.Thread(target=lambda: done.append(quick(settings={"epochs": 1})))
    thread.start()
    thread.join()
    assert done[0].epochs == 1


# --------------------------------------------------------------------------- what a folder cannot keep


@pytest.mark.usefixtures("without_figures")
def test_a_module_is_given_again_to_go_on(quick: Quick, tmp_path: Path) -> None:
    def build() -> nn.Module:
        return Presses(30, signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        quick(build, input=INPUT)
    run = tmp_path / "run"
    with pytest.raises(ArchError) as refused:
        resume(run)
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "E565"
    assert diagnostic.message == f"`{run}` was trained with a module from Python, which a folder cannot keep"
    assert diagnostic.help == f'from Python: `ogive.train.resume("{run}", network=…)`'
    assert resume(run, network=build).epochs == 2


# --------------------------------------------------------------------------- threads, and what waits


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


@pytest.mark.usefixtures("two_threads", "without_figures")
def test_a_small_network_trains_on_one_thread(quick: Quick) -> None:
    network = Looks()
    result = quick(network, input=INPUT, settings={"epochs": 1})
    assert network.seen == 1
    assert record_of(result)["threads"] == 1
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
    assert try_once(network, INPUT, "digits", 10) == 36 * 4 * 9 + 1440


@pytest.mark.slow
def test_scikit_learn_waits_for_the_digits() -> None:
    code = "import sys, ogive.train.run; print('sklearn' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout == "False\n"


def test_the_tiny_net_is_kept_as_it_was_written(quick: Quick) -> None:
    network: Network = tiny(classes=10)
    result = quick(network, settings={"epochs": 1})
    assert (result.out / "program/Tiny.arch").read_text(encoding="utf-8") == TINY
    assert record_of(result)["target"]["set"] == {"classes": "10"}
