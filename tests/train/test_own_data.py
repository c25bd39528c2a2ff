"""Training from Python: the user's own loaders, loss and measures, and nets that do not classify images."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  # PyTorch's own name for it
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Sampler, TensorDataset
from torchmetrics import JaccardIndex, MeanMetric

import ogive
from ogive.diagnostics import ArchError, Diagnostic
from ogive.train import Loaders, resume, train
from ogive.train.opened import open_run
from ogive.train.result import Result
from train.nets import CPU

pytestmark = pytest.mark.usefixtures("without_figures")

SEGMENTS = """net Segments(classes = 3) {
  input image: 1x16x16
  conv(8, 3x3, padding = 1) -> bn -> relu as fine
  max_pool(2x2) -> conv(16, 3x3, padding = 1) -> bn -> relu -> dropout(0.1)
  upsample(scale_factor = 2) -> concat(fine) -> conv(classes, 1x1)
}
"""
LINE = "net Line() { input x: [3]; linear(1) }"
SGD = {"optimizer": "sgd(lr = 0.1, momentum = 0.9)", "schedule": "constant", "epochs": 3}


def masks(count: int, seed: int) -> TensorDataset:
    """Images of noise with a bright and a dark square, and which pixel is of which; a border counts nowhere."""
    draw = torch.Generator().manual_seed(seed)
    images = 0.3 * torch.randn(count, 1, 16, 16, generator=draw)
    targets = torch.zeros(count, 16, 16, dtype=torch.long)
    for image, target in zip(images, targets, strict=True):
        for kind, value in ((1, 2.0), (2, -2.0)):
            row, column = torch.randint(1, 9, (2,), generator=draw).tolist()
            image[0, row : row + 6, column : column + 6] = value
            target[row : row + 6, column : column + 6] = kind
    targets[:, 0] = -100
    return TensorDataset(images, targets)


def line(count: int, seed: int) -> TensorDataset:
    """Points, and a linear function of them."""
    draw = torch.Generator().manual_seed(seed)
    points = torch.randn(count, 3, generator=draw)
    return TensorDataset(points, points @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.3)


def rows_of(result: Result) -> list[dict[str, str]]:
    with (result.out / "metrics.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "run"


# --------------------------------------------------------------------------- segmentation


def right(output: Tensor, targets: Tensor) -> Tensor:
    """The part of the places that count that is right."""
    counts = targets != -100
    return (output.argmax(1) == targets)[counts].float().mean()


def iou() -> JaccardIndex:
    return JaccardIndex("multiclass", num_classes=3, ignore_index=-100)


def test_segmentation_with_mean_iou(out: Path) -> None:
    train_set, validation, test = masks(48, 1), masks(10, 2), masks(9, 3)
    result = train(
        ogive.loads(SEGMENTS),
        settings={"optimizer": "adamw(lr = 0.03)", "schedule": "constant", "epochs": 6},
        loaders=Loaders(
            DataLoader(train_set, 8, shuffle=True),
            DataLoader(validation, 4),
            DataLoader(test, 4),
            name="squares",
        ),
        metrics={"iou": iou(), "right": right},
        monitor="val_iou",
        machine=CPU,
        out=out,
    )
    rows = rows_of(result)
    assert list(rows[0]) == [
        "epoch", "step", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "val_right", "val_iou",
        "lr", "seconds",
    ]  # fmt: skip
    scores = [float(row["val_iou"]) for row in rows]
    assert scores.index(max(scores)) + 1 == result.best_epoch
    assert result.validation["iou"] == pytest.approx(max(scores), rel=1e-5)
    assert result.test["iou"] > 0.8

    net = open_run(out).module  # with the best weights, computed directly
    for name, data in (("validation", validation), ("test", test)):
        images, targets = data.tensors
        with torch.no_grad():
            output = net(images)
        told = getattr(result, name)
        measure = iou()
        measure.update(output, targets)
        assert told["iou"] == pytest.approx(float(measure.compute()), abs=1e-6)
        counts = targets != -100
        assert told["accuracy"] == pytest.approx(float((output.argmax(1) == targets)[counts].float().mean()))
        assert told["right"] == pytest.approx(told["accuracy"], abs=1e-6)
        assert told["loss"] == pytest.approx(float(F.cross_entropy(output, targets)), rel=1e-4)
    assert result.test["total"] == 9 * 15 * 16
    assert "squares" in (out / "report.md").read_text(encoding="utf-8")


def test_less_is_better_with_a_minus(out: Path) -> None:
    """The same measure once with a minus; of equal epochs the one with the lower loss is taken."""
    loaders = Loaders(DataLoader(line(32, 1), 8), DataLoader(line(8, 2), 8))
    values = iter([3.0, 1.0, 2.0] * 2)
    told: list[int] = []
    for monitor in ("val_made", "-val_made"):
        result = train(
            ogive.loads(LINE), settings=SGD | {"loss": "mse"}, loaders=loaders, machine=CPU,
            metrics={"made": lambda *_: next(values)}, monitor=monitor, out=out.with_name(monitor),
        )  # fmt: skip
        told.append(result.best_epoch)
    assert told == [1, 2]


# --------------------------------------------------------------------------- losses and measures


def test_a_loss_and_measures_of_ones_own(out: Path) -> None:
    """Means are over images, also where the last batch is smaller; less loss is the best epoch."""

    def huber(output: Tensor, targets: Tensor) -> Tensor:
        return F.huber_loss(output, targets, delta=0.5)

    def off(output: Tensor, targets: Tensor) -> float:
        return float((output - targets).abs().mean())

    class Bias(MeanMetric):
        def update(self, value: Tensor, weight: Tensor) -> None:
            super().update(value - weight)

    validation, test = line(10, 2), line(7, 3)
    result = train(
        ogive.loads(LINE),
        settings=SGD | {"epochs": 5},
        loaders=Loaders(
            DataLoader(line(40, 1), 8, shuffle=True), DataLoader(validation, 4), DataLoader(test, 4)
        ),
        loss=huber,
        metrics={"off": off, "bias": Bias()},
        machine=CPU,
        out=out,
    )
    rows = rows_of(result)
    assert "val_accuracy" not in rows[0]
    assert result.accuracy is None
    losses = [float(row["val_loss"]) for row in rows]
    assert losses.index(min(losses)) + 1 == result.best_epoch
    assert losses[-1] < 0.3 * losses[0]
    net = open_run(out).module
    for told, data in ((result.validation, validation), (result.test, test)):
        points, targets = data.tensors
        with torch.no_grad():
            output = net(points)
        assert told["loss"] == pytest.approx(float(huber(output, targets)), rel=1e-5)
        assert told["off"] == pytest.approx(off(output, targets), rel=1e-5)
        assert told["bias"] == pytest.approx(float((output - targets).mean()), abs=1e-6)
    assert (
        result.summary
        == f"Line: test loss {result.test['loss']:.4g} after 5 epochs, best at epoch {result.best_epoch}; {out}"
    )


def test_several_labels_with_the_loss_of_a_recipe(out: Path) -> None:
    points = torch.randn(32, 3, generator=torch.Generator().manual_seed(0))
    data = TensorDataset(points, (points > 0).float())
    result = train(
        nn.Linear(3, 3), settings=SGD | {"loss": "bce", "epochs": 20}, machine=CPU, out=out,
        loaders=Loaders(DataLoader(data, 8), DataLoader(data, 8)),
    )  # fmt: skip
    assert result.validation.keys() == {"loss"}
    assert result.validation["loss"] < 0.4
    assert result.best_epoch == 20


def test_a_loss_that_is_no_scalar_is_told(out: Path) -> None:
    with pytest.raises(TypeError, match="a loss is a tensor without axes, such as a mean"):
        train(
            nn.Linear(3, 1), settings=SGD, machine=CPU, out=out, loaders=Loaders(DataLoader(line(8, 1), 4)),
            loss=lambda output, targets: (output - targets).square(),
        )  # fmt: skip


# --------------------------------------------------------------------------- inputs


class Pairs(Dataset[Any]):
    """An image and three words; the class is whether the image is brighter than the words say."""

    def __init__(self, count: int, seed: int) -> None:
        draw = torch.Generator().manual_seed(seed)
        self.words = torch.randint(0, 5, (count, 3), generator=draw)
        self.images = torch.rand(count, 1, 4, 4, generator=draw)
        self.classes = (self.images.mean((1, 2, 3)) * 8 > self.words.float().mean(1) + 2).long()

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, index: int) -> tuple[tuple[Tensor, Tensor], Tensor]:
        return (self.images[index], self.words[index]), self.classes[index]


def test_several_inputs_in_their_order(out: Path) -> None:
    net = ogive.loads("""net Both() {
      input image: 1x4x4
      input words: int [3]
      a = image -> flatten
      b = words -> embedding(5, 4) -> flatten
      [a, b] -> concat -> linear(16) -> relu -> linear(2)
    }""")
    loaders = Loaders(DataLoader(Pairs(96, 1), 16, shuffle=True), DataLoader(Pairs(20, 2), 8))
    result = train(net, settings=SGD | {"epochs": 12}, loaders=loaders, machine=CPU, out=out)
    assert result.validation["accuracy"] > 0.65
    pairs = Pairs(20, 2)
    with torch.no_grad():
        output = open_run(out).module(pairs.images, pairs.words)
    assert result.validation["accuracy"] == pytest.approx(
        float((output.argmax(1) == pairs.classes).float().mean())
    )


def test_loaders_may_be_lists_of_batches(out: Path) -> None:
    batches = [tuple(part) for part in DataLoader(line(12, 1), 4)]
    result = train(
        nn.Linear(3, 1), settings=SGD | {"loss": "mse"}, machine=CPU, out=out,
        loaders=Loaders(batches, batches, batches),
    )  # fmt: skip
    assert [int(row["step"]) for row in rows_of(result)] == [3, 6, 9]
    assert result.validation["loss"] == pytest.approx(result.test["loss"], rel=1e-5)


# --------------------------------------------------------------------------- what is absent


def test_without_validation_and_test(out: Path) -> None:
    result = train(
        nn.Linear(3, 1), settings=SGD | {"loss": "mse"}, machine=CPU, out=out,
        loaders=Loaders(DataLoader(line(12, 1), 4)),
    )  # fmt: skip
    assert (result.best_epoch, result.validation, result.test) == (3, {}, {})
    assert list(rows_of(result)[0]) == ["epoch", "step", "train_loss", "lr", "seconds"]
    assert result.summary == f"linear: trained after 3 epochs, best at epoch 3; {out}"
    last = torch.load(out / "checkpoints/last.ckpt", weights_only=True)["state_dict"]
    assert torch.equal(load_file(out / "weights.safetensors")["weight"], last["network.weight"])


def test_without_one_of_them(out: Path) -> None:
    data = DataLoader(line(12, 1), 4)
    validated = train(
        nn.Linear(3, 1), settings=SGD | {"loss": "mse"}, machine=CPU, out=out, loaders=Loaders(data, data)
    )
    assert (validated.validation.keys(), validated.test) == ({"loss"}, {})
    assert ": validation loss " in validated.summary
    tested = train(
        nn.Linear(3, 1), settings=SGD | {"loss": "mse"}, machine=CPU, out=out.with_name("tested"),
        loaders=Loaders(data, None, data),
    )  # fmt: skip
    assert (tested.validation, tested.test.keys()) == ({}, {"loss"})
    assert tested.best_epoch == 3


# --------------------------------------------------------------------------- going on


def segmentation(**arguments: Any) -> dict[str, Any]:
    """Arguments of a training with everything that is random: order, dropout, weights."""
    loaders = Loaders(
        DataLoader(masks(36, 1), 8, shuffle=True), DataLoader(masks(6, 2), 4), DataLoader(masks(6, 3), 4)
    )
    return {"loaders": loaders, "metrics": {"iou": iou()}, "machine": CPU} | arguments


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A run that nothing stopped: 5 steps an epoch, 3 epochs."""
    with torch.random.fork_rng(devices=[]), pytest.MonkeyPatch.context() as patch:
        patch.setattr("ogive.train.finish.draw_curves", lambda *_: None)
        return train(
            ogive.loads(SEGMENTS), settings=SGD, monitor="val_iou", out=tmp_path_factory.mktemp("whole") / "run",
            **segmentation(),
        )  # fmt: skip


@pytest.mark.parametrize("step", [2, 5, 8], ids=["first epoch", "behind it", "second epoch"])
def test_a_shuffling_loader_goes_on_where_it_stopped(
    step: int, out: Path, whole: Result, stopped_at: Callable[[int], None]
) -> None:
    stopped_at(step)
    with pytest.raises(KeyboardInterrupt):
        train(ogive.loads(SEGMENTS), settings=SGD, monitor="val_iou", out=out, **segmentation())
    assert torch.load(out / "checkpoints/last.ckpt", weights_only=True)["global_step"] == step
    torch.rand(step)  # what is drawn in between is no matter
    resumed = resume(out, **segmentation())
    files = [run.out / "weights.safetensors" for run in (resumed, whole)]
    ours, theirs = (load_file(file) for file in files)
    assert [name for name in theirs if not torch.equal(ours[name], theirs[name])] == []
    seconds = {"seconds": None}
    assert [row | seconds for row in rows_of(resumed)] == [row | seconds for row in rows_of(whole)]
    assert (resumed.test, resumed.best_epoch) == (whole.test, whole.best_epoch)


def test_what_came_from_python_is_given_again(out: Path, stopped_at: Callable[[int], None]) -> None:
    stopped_at(2)
    with pytest.raises(KeyboardInterrupt):
        train(ogive.loads(SEGMENTS), settings=SGD, monitor="val_iou", out=out, **segmentation())
    needed = segmentation()
    for given in ({}, {"loaders": needed["loaders"]}, {"metrics": needed["metrics"]}):
        with pytest.raises(ArchError) as refused:
            resume(out, **given)
        diagnostic: Diagnostic = refused.value.diagnostics[0]
        assert diagnostic.code == "E565"
        assert diagnostic.message == (
            f"`{out}` was trained with loaders and measures from Python, which a folder cannot keep"
        )
        assert diagnostic.help == f'from Python: `ogive.train.resume("{out}", loaders=…, metrics=…)`'


class Noisy(Dataset[Any]):
    """Points with noise from every generator that a dataset might draw from."""

    def __init__(self, data: TensorDataset) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        point, target = self.data[index]
        return point + 0.1 * torch.randn(3) + random.random() + float(np.random.rand()), target


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("step", [3, 5, 7])
def test_augmentation_goes_on_as_well(
    workers: int, step: int, out: Path, stopped_at: Callable[[int], None]
) -> None:
    def given() -> dict[str, Any]:
        loader = DataLoader(Noisy(line(20, 1)), 4, shuffle=True, num_workers=workers)
        return {"loaders": Loaders(loader), "machine": CPU}

    net = "net Line() { input x: [3]; linear(4) -> dropout(0.5) -> linear(1) }"
    settings = SGD | {"loss": "mse", "epochs": 2}
    once = train(ogive.loads(net), settings=settings, out=out.with_name("once"), **given())
    stopped_at(step)
    with pytest.raises(KeyboardInterrupt):
        train(ogive.loads(net), settings=settings, out=out, **given())
    random.random(), np.random.rand(), torch.rand(1)
    resume(out, **given())
    ours, theirs = (load_file(run / "weights.safetensors") for run in (out, once.out))
    assert [name for name in theirs if not torch.equal(ours[name], theirs[name])] == []


def test_a_loader_is_gone_through_once_an_epoch(out: Path) -> None:
    class Counts:
        begun = given = 0

        def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
            self.begun += 1
            for batch in DataLoader(line(12, 1), 4):
                self.given += 1
                yield batch

        def __len__(self) -> int:
            return 3

    training, validation = Counts(), Counts()
    train(
        nn.Linear(3, 1), settings=SGD | {"loss": "mse"}, machine=CPU, out=out, loaders=Loaders(training, validation)
    )  # fmt: skip
    assert (training.begun, training.given) == (3, 9)
    assert (validation.begun, validation.given) == (3, 9)


def test_samplers_are_told_the_epoch(out: Path) -> None:
    class Told(Sampler[int]):
        def __init__(self) -> None:
            self.epochs: list[int] = []

        def set_epoch(self, epoch: int) -> None:
            self.epochs.append(epoch)

        def __iter__(self) -> Iterator[int]:
            return iter(range(4))

        def __len__(self) -> int:
            return 4

    told = Told()
    train(
        nn.Linear(3, 1), settings=SGD | {"loss": "mse"}, machine=CPU, out=out,
        loaders=Loaders(DataLoader(line(4, 1), 2, sampler=told)),
    )  # fmt: skip
    assert list(dict.fromkeys(told.epochs)) == [0, 1, 2]
