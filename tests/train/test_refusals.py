"""What is told before anything is trained, and what stops a training."""

from __future__ import annotations

import fcntl
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import ogive
from ogive.diagnostics import ArchError, Diagnostic
from ogive.network import Network
from ogive.train import Loaders, resume
from ogive.train.machine import Machine
from ogive.train.result import Result
from ogive.train.rundir import written_beside

Quick = Callable[..., Result]
INPUT = (1, 8, 8)

pytestmark = pytest.mark.usefixtures("without_figures")


def flat(size: int, classes: int = 10) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(size, classes))


def net(inputs: str, body: str, parameters: str = "") -> Network:
    return ogive.loads(f"net N({parameters}) {{ {inputs}; {body} }}")


class Two(nn.Module):
    def forward(self, images: Tensor) -> object:
        return images, images


def refusal(run: Callable[[], object]) -> Diagnostic:
    with pytest.raises(ArchError) as caught:
        run()
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


# --------------------------------------------------------------------------- a network that does not fit the data


NETS: list[tuple[Callable[[], Any], dict[str, Any], str, str, str | None]] = [
    (
        lambda: net("input a: 1x8x8; input b: 1x8x8", "[a, b] -> concat -> flatten -> linear(10)"), {},
        "E520", "`digits` gives one image, and the network has 2 inputs (`a`, `b`)",
        "a net with one input: `input image: 1x32x32`",
    ),
    (
        lambda: net("input tokens: int [128]", "embedding(10, 8) -> flatten -> linear(10)"), {},
        "E520", "input `tokens` is 128, and `digits` gives images: channels x height x width",
        "a net that takes images: `input image: 1x8x8`",
    ),
    (
        lambda: net("input tokens: int 1x8x8", "embedding(10, 8) -> flatten -> linear(10)"), {},
        "E520", "input `tokens` takes whole numbers, and `digits` gives images",
        "a net that takes images: `input image: 1x8x8`",
    ),
    (
        lambda: net("input x: float [64]", "flatten -> linear(10)"), {},
        "E520", "input `x` is 64, and `digits` gives images: channels x height x width", "--input 1x8x8",
    ),
    (
        lambda: net("input x: 4x8x9", "flatten -> linear(10)"), {},
        "E520", "the images come as 1x8x9, and the network takes 4x8x9", "`--input 1x8x9`",
    ),
    (
        lambda: flat(64), {},
        "E520", "the shape of the network's input is not known, and `digits` gives images",
        "say it: `input=(C, H, W)`",
    ),
    (
        lambda: flat(64), {"input": (1, 9, 9)},
        "E520", "the network cannot take images of 1x9x9: mat1 and mat2 shapes cannot be multiplied (2x81 and 64x10)",
        "images of the shape it was made for: `input=(C, H, W)`",
    ),
    (
        lambda: net("input x: 1x8x8", "flatten -> linear(7)"), {},
        "E521", "the network tells 7 classes apart, and `digits` has 10", "end the net in `linear(10)`",
    ),
    (
        lambda: net("input x: 1x8x8", "flatten -> linear(width)", "width = 7"), {},
        "E521", "the network tells 7 classes apart, and `digits` has 10", "end the net in `linear(10)`",
    ),
    (
        lambda: net("input x: 1x8x8", "flatten -> linear(num_classes)", "width = 3, num_classes = 1000"), {},
        "E521", "the network tells 1000 classes apart, and `digits` has 10", "--set num_classes=10",
    ),
    (
        lambda: flat(64, 7), {"input": INPUT},
        "E521", "the network tells 7 classes apart, and `digits` has 10", "end the net in `linear(10)`",
    ),
    (
        lambda: net("input x: 1x8x8", "flatten as f; output a = f -> linear(10); output b = f -> linear(10)"), {},
        "E521", "training needs one output, the scores of the classes; the network has 2 (`a`, `b`)",
        "a net with one result: end it in `linear(classes)`",
    ),
    (
        lambda: net("input x: 1x8x8", "conv(10, 3x3)"), {},
        "E521", "the output is 10x6x6, and `digits` needs a score for each of its 10 classes",
        "end the net in `global_avg_pool -> flatten -> linear(10)`",
    ),
    (
        lambda: nn.Conv2d(1, 10, 3), {"input": INPUT},
        "E521", "the output is 10x6x6, and `digits` needs a score for each of its 10 classes",
        "end the net in `global_avg_pool -> flatten -> linear(10)`",
    ),
    (
        Two, {"input": INPUT},
        "E521", "training needs one output, the scores of the classes; the network returns a tuple",
        "a network that returns one tensor",
    ),
    (nn.Flatten, {"input": (1, 1, 10)}, "E563", "the net has no parameter to train", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("network", "changes", "code", "message", "help_"),
    NETS,
    ids=[f"{n}-{case[2]}" for n, case in enumerate(NETS)],
)
def test_a_network_that_does_not_fit_is_told_before_training(
    quick: Quick,
    tmp_path: Path,
    network: Callable[[], Any],
    changes: dict[str, Any],
    code: str,
    message: str,
    help_: str | None,
) -> None:
    diagnostic = refusal(lambda: quick(network(), **changes))
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == (code, message, help_)
    assert list(tmp_path.iterdir()) == [], "nothing was begun, and nothing left behind"


def test_what_would_fit_does(quick: Quick) -> None:
    """The advice of E520 and E521, taken."""
    taken = ogive.loads(
        "net N(classes = 7) { input x: 4x8x9; flatten -> linear(classes) }", input="1x8x9", classes=10
    )
    assert quick(taken, settings={"epochs": 1}).epochs == 1


# --------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("settings", "changes", "message", "help_"),
    [
        (
            {"batch": 1}, {},
            "a batch of 1 image: batch norm takes mean and variance over a batch, and needs at least 2", "--batch 64",
        ),
        (
            {"batch": 4}, {"machine": Machine(device="cpu", devices=4)},
            "batches of 3 images, and 4 processes: each needs one at least", "--batch 8, or more",
        ),
        (
            {}, {"monitor": "val_accurracy"},
            "`monitor` is `val_accurracy`: validation gives val_loss, val_accuracy",
            "did you mean `val_accuracy`?",
        ),
        (
            {"validation": 0}, {"monitor": "-val_loss"},
            "`monitor` is `-val_loss`, and there is no validation part",
            "leave it out: the last epoch then counts as the best",
        ),
    ],
    ids=["batch norm", "processes", "monitor", "no validation"],
)  # fmt: skip
def test_settings_that_cannot_be_used_here(
    quick: Quick, tmp_path: Path, settings: dict[str, Any], changes: dict[str, Any], message: str, help_: str
) -> None:
    diagnostic = refusal(lambda: quick(settings=settings, **changes))
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == ("E526", message, help_)
    assert list(tmp_path.iterdir()) == []


def batches(count: int, width: int = 64) -> list[tuple[Tensor, Tensor]]:
    return [(torch.zeros(2, width), torch.zeros(2).long()) for _ in range(count)]


@pytest.mark.parametrize(
    ("loaders", "settings", "message", "help_"),
    [
        (lambda: Loaders([]), {}, "the training loader has no batches", None),
        (
            lambda: Loaders(iter(batches(2))), {},
            "the training loader does not say how many batches it has", "a loader whose `len` is known",
        ),
        (
            lambda: Loaders(batches(1)), {"schedule": "plateau"},
            "the schedule `plateau` follows the validation error, and there is no validation part",
            "`Loaders(train, validation)`, or another schedule",
        ),
        (
            lambda: Loaders(batches(1)), {"batch": 32},
            "`batch` is for the data of a recipe, and the loaders are the user's own",
            "leave it out: the loaders decide",
        ),
    ],
    ids=["none", "no length", "plateau", "batch"],
)  # fmt: skip
def test_loaders_that_cannot_be_used(
    quick: Quick,
    tmp_path: Path,
    loaders: Callable[[], Loaders],
    settings: dict[str, Any],
    message: str,
    help_: str,
) -> None:
    diagnostic = refusal(lambda: quick(flat(64), loaders=loaders(), settings=settings))
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == ("E526", message, help_)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("batch", "what"),
    [
        (torch.zeros(2, 64), "Tensor"),
        ({"image": torch.zeros(2, 64)}, "dict"),
        ((torch.zeros(2, 64), torch.zeros(2, 64), torch.zeros(2)), "tuple of 3"),
    ],
    ids=["tensor", "dict", "three"],
)
def test_batches_that_are_no_pairs(quick: Quick, batch: object, what: str) -> None:
    with pytest.raises(TypeError) as caught:
        quick(flat(64), loaders=Loaders([batch]))
    assert str(caught.value) == (
        f"a batch is a pair (inputs, targets), and this is a {what}; several inputs are a tuple of their own: "
        "((left, right), targets)"
    )


def test_all_wrong_settings_are_told_at_once(quick: Quick, tmp_path: Path) -> None:
    with pytest.raises(ArchError) as caught:
        quick(settings={"epochs": 0, "batch": -3, "lr": 0, "data": "digit"})
    places = [(each.code, each.labels[0].span.source.name) for each in caught.value.diagnostics]
    given = [("E108", "epochs"), ("E108", "batch"), ("E325", "data"), ("E328", "lr")]
    assert places == [(code, f'settings["{name}"]') for code, name in given]
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------- the folder


def test_a_run_is_not_overwritten(quick: Quick, tmp_path: Path) -> None:
    settings = {"epochs": 1, "batch": 1300}
    run = quick(settings=settings).out
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    diagnostic = refusal(lambda: quick(settings=settings))
    assert (diagnostic.code, diagnostic.message) == (
        "E524",
        f"`{run}` holds a run already; nothing was overwritten",
    )
    assert diagnostic.help == (
        f"--out {run}-2, or remove `{run}` first; to go on with it: ogive train --resume {run}"
    )
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_files_of_the_user_are_left_alone(quick: Quick, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.write_text("mine")
    diagnostic = refusal(quick)
    assert (diagnostic.code, diagnostic.message) == (
        "E524", f"`{run}` is a file, not a folder; nothing was overwritten",
    )  # fmt: skip
    below = refusal(lambda: quick(out=run / "below"))
    assert (below.code, below.message, below.help) == (
        "E524", f"`{run / 'below'}` cannot be written: `{run}` is a file", "--out with a folder of yours",
    )  # fmt: skip
    assert run.read_text() == "mine"
    run.unlink()
    run.mkdir()
    (run / "notes.txt").write_text("mine")
    diagnostic = refusal(quick)
    assert (diagnostic.code, diagnostic.message) == (
        "E524",
        f"`{run}` holds files already; nothing was overwritten",
    )
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["run", "run/notes.txt"]


def test_a_folder_that_another_process_trains_in_is_left_alone(
    quick: Quick, tmp_path: Path, stopped_at: Callable[[int], None]
) -> None:
    stopped_at(1)
    with pytest.raises(KeyboardInterrupt):
        quick(settings={"batch": 256})
    run = tmp_path / "run"
    with (run / ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # of another opening of the file, as another process has it
        diagnostic = refusal(lambda: resume(run))
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == (
        "E524", f"another process trains in `{run}`", "wait for it, or train elsewhere: --out",
    )  # fmt: skip
    assert resume(run).epochs == 2


def test_an_empty_folder_is_taken(quick: Quick, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert quick(settings={"epochs": 1, "batch": 1300}).out == tmp_path / "run"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_folder_that_cannot_be_written_has_nothing_left_beside_it(
    quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong while the folder is made, at whichever file."""
    monkeypatch.setattr(
        "ogive.train.rundir._json", lambda record: (_ for _ in ()).throw(OSError(13, "Permission denied"))
    )
    diagnostic = refusal(quick)
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == (
        "E524", f"`{tmp_path / 'run'}` cannot be written: permission denied", "--out with a folder of yours",
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


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


# --------------------------------------------------------------------------- what stops a training


class Breaks(nn.Module):
    """Gives NaN from its `step`-th training step on."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.inner, self.step, self.steps = flat(64), step, 0

    def forward(self, images: Tensor) -> Tensor:
        self.steps += self.training
        return self.inner(images) * (math.nan if self.training and self.steps >= self.step else 1)


def test_a_loss_that_is_no_number_stops_the_run_at_its_step(quick: Quick, tmp_path: Path) -> None:
    run = tmp_path / "run"
    diagnostic = refusal(lambda: quick(Breaks(21 + 4), input=INPUT, settings={"lr": 0.02}))
    assert diagnostic.code == "E525"
    assert diagnostic.message == (
        "the training loss is nan in epoch 2, step 4: it begins at `mul` in the network (Breaks), after `inner.1`"
    )
    notes = dict(diagnostic.notes)
    assert notes["step"] == "learning rate 0.00917, gradients not clipped"
    kept = f"{run / 'checkpoints/last.ckpt'}, after step 21, the end of epoch 1"
    assert notes["last good checkpoint"] == kept
    assert diagnostic.help == "train with --lr 0.002 or --clip 1; --resume would take the same steps again"
    assert json.loads((run / "run.json").read_text())["status"] == "failed"
    saved = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    assert saved["global_step"] == 21
    assert all(torch.isfinite(tensor).all() for tensor in saved["state_dict"].values())
    assert not (run / "weights.safetensors").exists()


def test_a_learning_rate_that_is_too_high_is_told_with_the_layer(quick: Quick) -> None:
    far = {"optimizer": "sgd(lr = 1M, weight_decay = 1M)", "schedule": "constant"}  # 10 ** 12 times in a step
    diagnostic = refusal(lambda: quick(settings=far))
    assert diagnostic.code == "E525"
    assert diagnostic.message == (
        "the training loss is nan in epoch 1, step 3: it begins at `linear1` (Linear)"
    )
    assert dict(diagnostic.notes)["last good checkpoint"] == "none: there was no checkpoint before"
    assert diagnostic.help is not None
    assert diagnostic.help.startswith("train with --lr 100000 or --clip 1;")


class Greedy(nn.Module):
    """Asks for more memory than there is, in training."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = flat(64)

    def forward(self, images: Tensor) -> Tensor:
        if self.training:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self.inner(images)


def test_too_little_memory_is_told(quick: Quick, tmp_path: Path) -> None:
    diagnostic = refusal(lambda: quick(Greedy(), input=INPUT, settings={"batch": 100}))
    assert (diagnostic.code, diagnostic.message) == (
        "E527", "a batch of 100 images does not fit into the memory of `cpu`",
    )  # fmt: skip
    assert dict(diagnostic.notes)["failed"] == "when 2.00 GiB more were asked for"
    assert diagnostic.help == (
        "--batch 50 --accumulate 2: as many images a step; or --precision bf16, which halves the activations"
    )
    assert json.loads((tmp_path / "run/run.json").read_text())["status"] == "failed"
