"""What is told before anything is trained, and what stops a training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ogive.diagnostics import ArchError, Diagnostic
from ogive.train import checks
from ogive.train.run import TrainResult
from ogive.train.rundir import default_folder, written_beside

Quick = Callable[..., TrainResult]


def flat(size: int, classes: int = 10) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(size, classes))


class Two(nn.Module):
    def forward(self, images: Tensor) -> object:
        return images, images


def refusal(run: Callable[[], object]) -> Diagnostic:
    with pytest.raises(ArchError) as caught:
        run()
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


@pytest.mark.parametrize(
    ("module", "changes", "code", "says", "help_"),
    [
        (flat(64), {"inputs": []}, "E520", "0 inputs", "input image: 1x32x32"),
        (flat(64), {"inputs": [("a", (1, 8, 8)), ("b", (1, 8, 8))]}, "E520", "`a`, `b`", "one input"),
        (flat(64), {"inputs": [("tokens", (128,))]}, "E520", "`tokens` is 128", "--input 1x32x32"),
        (flat(64), {"inputs": [("x", (3, None, "w"))]}, "E520", "3x?xw", "--input 3x32x32"),
        (flat(64), {"inputs": [("x", (4, 8, 9))]}, "E520", "4x8x9", "--input 1x8x9"),
        (flat(64), {"inputs": [("x", (1, 9, 9))]}, "E520", "cannot take images of 1x9x9", "--input"),
        (flat(64, 7), {}, "E521", "tells 7 classes apart", "end the net in `linear(10)`"),
        (flat(64, 7), {"parameters": ["width", "classes"]}, "E521", "7 classes", "--set classes=10"),
        (flat(64, 7), {"parameters": ["width"]}, "E521", "7 classes", "end the net in `linear(10)`"),
        (
            flat(64, 1000), {"outputs": [("out", (1000,))], "parameters": ["classes"]},
            "E521", "1000 classes", "--set classes=10",
        ),
        (flat(64), {"outputs": [("a", (10,)), ("b", (10,))]}, "E521", "`a`, `b`", "one result"),
        (nn.Conv2d(1, 10, 3), {}, "E521", "10x6x6", "global_avg_pool"),
        (nn.Conv2d(1, 10, 3), {"outputs": [("out", (10, 6, 6))]}, "E521", "10x6x6", "global_avg_pool"),
        (Two(), {}, "E521", "2 outputs", "one result"),
        (flat(64), {"data": "digit"}, "E522", "`digit`", "--data digits"),
        (flat(64), {"device": "gpu"}, "E523", "`gpu`", "--device cpu"),
        (flat(64), {"device": "cud"}, "E523", "`cud`", "--device cuda"),
        (flat(64), {"epochs": 0}, "E526", "0 epochs", "--epochs"),
        (flat(64), {"batch": -3}, "E526", "-3 images", "--batch"),
        (flat(64), {"lr": 0.0}, "E526", "rate of 0", "--lr"),
        (flat(64), {"lr": float("nan")}, "E526", "nan", "--lr"),
        (flat(64), {"seed": -1}, "E526", "seed -1", "--seed"),
        (nn.Sequential(flat(64), nn.BatchNorm1d(10)), {"batch": 1}, "E526", "batch norm", "--batch"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_before_training(
    quick: Quick, tmp_path: Path, module: nn.Module, changes: dict[str, Any], code: str, says: str, help_: str
) -> None:
    diagnostic = refusal(lambda: quick(module, **changes))
    assert diagnostic.code == code
    assert says in diagnostic.message
    assert diagnostic.help is not None
    assert help_ in diagnostic.help
    assert not (tmp_path / "run").exists()  # nothing was begun


def test_all_wrong_numbers_are_told_at_once(quick: Quick) -> None:
    with pytest.raises(ArchError) as caught:
        quick(epochs=0, batch=0, lr=-1.0)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["E526"] * 3


def test_cuda_where_there_is_none(quick: Quick, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert checks.choose_device("auto") == "cpu"
    diagnostic = refusal(lambda: quick(device="cuda"))
    assert (diagnostic.code, diagnostic.help) == ("E523", "--device cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [checks.choose_device(device) for device in checks.DEVICES] == ["cuda", "cpu", "cuda"]


def test_a_run_is_not_overwritten(quick: Quick, tmp_path: Path) -> None:
    result = quick()
    before = {path: path.read_bytes() for path in result.files}
    diagnostic = refusal(quick)
    assert diagnostic.code == "E524"
    assert "run-2" in (diagnostic.help or "")
    assert {path: path.read_bytes() for path in result.files} == before
    assert quick(out=tmp_path / "run-2").out == tmp_path / "run-2"


def test_a_file_is_no_folder(quick: Quick, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    assert refusal(quick).code == "E524"
    assert (tmp_path / "run").read_text() == "mine"
    assert refusal(lambda: quick(out=tmp_path / "run" / "below")).code == "E524"


def test_a_folder_with_other_things_is_used(quick: Quick, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    (tmp_path / "run" / "tiny.arch").write_text("net")  # the caller may have put the program there
    quick()
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"


def test_default_folders_are_numbered(quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [quick(out=None, epochs=1).out for _ in range(2)] == [Path("runs/tiny/1"), Path("runs/tiny/2")]
    assert default_folder("a/../b c") == Path("runs/a_.._b_c/1")


class Breaks(nn.Module):
    """Gives NaN from its `step`-th training step on."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.inner, self.step, self.steps = flat(64), step, 0

    def forward(self, images: Tensor) -> Tensor:
        self.steps += self.training
        return self.inner(images) * (float("nan") if self.training and self.steps >= self.step else 1)


def test_a_loss_that_is_no_number_stops_the_run_at_its_step(quick: Quick, tmp_path: Path) -> None:
    diagnostic = refusal(lambda: quick(Breaks(21 + 4), lr=0.02))
    assert diagnostic.code == "E525"
    assert "nan in epoch 2, step 4 of 21" in diagnostic.message
    assert diagnostic.help == "a smaller learning rate: --lr 0.002"
    assert '"failed"' in (tmp_path / "run" / "run.json").read_text()
    saved = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    assert all(torch.isfinite(tensor).all() for tensor in saved.values())


def test_a_learning_rate_that_is_too_high_ends_in_a_diagnostic(quick: Quick) -> None:
    diagnostic = refusal(lambda: quick(lr=1e38))
    assert (diagnostic.code, diagnostic.help) == ("E525", "a smaller learning rate: --lr 0.0005")


def test_too_little_memory_is_told(quick: Quick) -> None:
    class Greedy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = flat(64)

        def forward(self, images: Tensor) -> Tensor:
            if self.training:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return self.inner(images)

    diagnostic = refusal(lambda: quick(Greedy(), batch=100))
    assert (diagnostic.code, diagnostic.help) == ("E527", "--batch 50")


def test_files_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def break_off() -> None:
        with written_beside(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
