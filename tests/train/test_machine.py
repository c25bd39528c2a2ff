"""What a machine is and is not, and what the settings of a recipe do to a training, beside loops by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812  # PyTorch's own name for it
from rich.console import Console
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import ogive
from ogive.diagnostics import ArchError, Diagnostic
from ogive.network import Network
from ogive.train import Loaders, checks, resume
from ogive.train.machine import DEVICES, Machine
from ogive.train.result import Result
from ogive.train.task import Task

Quick = Callable[..., Result]
Batches = list[tuple[Tensor, Tensor]]

pytestmark = pytest.mark.usefixtures("without_figures")

PLAIN = """net Plain(classes = 10, channels = 1) {
  input image: [channels, 8, 8]
  conv(6, 3x3) -> relu -> conv(8, 3x3) -> tanh -> flatten -> linear(classes)
}
"""
PLAIN_LOSS = (
    "cross_entropy(label_smoothing = 0)"  # a bare `cross_entropy` keeps what the default recipe smooths
)
SGD = {"optimizer": "sgd(lr = 0.1, momentum = 0.9, weight_decay = 0.01)", "schedule": "constant"}


def plain(**arguments: Any) -> Network:
    """A net without batch norm and without chance."""
    return ogive.loads(PLAIN, **arguments)


def refusal(run: Callable[[], object]) -> Diagnostic:
    with pytest.raises(ArchError) as caught:
        run()
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def rows_of(result: Result) -> list[dict[str, str]]:
    with (result.out / "metrics.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def last_weights(result: Result) -> dict[str, Tensor]:
    """Those of the last step, best or not."""
    state = torch.load(result.out / "checkpoints/last.ckpt", weights_only=True)["state_dict"]
    return {name.removeprefix("network."): tensor for name, tensor in state.items()}


# --------------------------------------------------------------------------- what a machine may be


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"device": "gpu"}, [("E523", "there is no device `gpu`: it is one of auto, cpu, cuda", "--device cpu")]),
        ({"device": "cud"}, [("E523", "there is no device `cud`: it is one of auto, cpu, cuda", "--device cuda")]),
        ({"strategy": "dp"}, [("E523", "there is no strategy `dp`: it is one of auto, ddp, fsdp", "--strategy ddp")]),
        ({"workers": -1}, [("E526", "-1 workers: at least 0 are needed", "--workers 0")]),
        (
            {"save_minutes": 0},
            [("E526", "a checkpoint every 0 minutes: a time above 0 is needed", "--save-minutes 15")],
        ),
        (
            {"devices": 0, "nodes": -1},
            [
                ("E526", "0 devices: at least 1 is needed", "--devices 1"),
                ("E526", "-1 nodes: at least 1 is needed", "--nodes 1"),
            ],
        ),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_machines_that_cannot_be(changes: dict[str, Any], told: list[tuple[str, str, str]]) -> None:
    with pytest.raises(ArchError) as caught:
        Machine(**changes)
    assert [(each.code, each.message, each.help) for each in caught.value.diagnostics] == told


def test_cuda_where_there_is_none(quick: Quick, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert checks.choose_device("auto") == "cpu"
    diagnostic = refusal(lambda: quick(machine=Machine(device="cuda")))
    assert (diagnostic.code, diagnostic.help) == ("E523", "--device cpu")
    assert diagnostic.message.startswith("CUDA is not available here")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [checks.choose_device(device) for device in DEVICES] == ["cuda", "cpu", "cuda"]


def test_more_devices_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    diagnostic = refusal(lambda: checks.enough_devices("cuda", 2))
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == (
        "E523", "2 devices, and this machine has 1 CUDA device", "--devices 1",
    )  # fmt: skip
    checks.enough_devices("cpu", 2)


@pytest.mark.parametrize(
    ("machine", "settings", "message", "help_"),
    [
        (
            Machine(device="cpu", devices=2), {"sync_bn": True},
            "`sync_bn` needs GPUs: PyTorch synchronises no batch norm on a CPU", "--no-sync-bn",
        ),
        (Machine(device="cpu", strategy="fsdp"), {}, "the strategy `fsdp` needs GPUs", "--strategy ddp"),
    ],
    ids=["sync_bn", "fsdp"],
)  # fmt: skip
def test_what_needs_gpus(
    quick: Quick, machine: Machine, settings: dict[str, Any], message: str, help_: str, tmp_path: Path
) -> None:
    diagnostic = refusal(lambda: quick(machine=machine, settings=settings))
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == ("E526", message, help_)
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------- steps, beside a loop by hand


def batches(*sizes: int, channels: int = 1) -> Batches:
    """Images and classes, drawn once for all."""
    draw = torch.Generator().manual_seed(1)
    return [
        (torch.randn(n, channels, 8, 8, generator=draw), torch.randint(0, 10, (n,), generator=draw))
        for n in sizes
    ]


def by_hand(
    network: nn.Module, steps: Iterable[Batches], *, clip: float | None = None, smoothing: float = 0.0
) -> dict[str, Tensor]:
    """The weights after steps of PyTorch's SGD, each on the mean loss over all images of its batches."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
    for step in steps:
        images, classes = (torch.cat(parts) for parts in zip(*step, strict=True))
        optimizer.zero_grad()
        F.cross_entropy(network(images), classes, label_smoothing=smoothing).backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(network.parameters(), clip)
        optimizer.step()
    return network.state_dict()


def built(seed: int = 0) -> Callable[[], nn.Module]:
    """The plain net as a function, always with the same weights."""

    def plain_net() -> nn.Module:
        torch.manual_seed(seed)
        return plain().module()

    return plain_net


def assert_close(ours: dict[str, Tensor], theirs: dict[str, Tensor], **tolerances: float) -> None:
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        torch.testing.assert_close(
            tensor, theirs[name], **tolerances, msg=lambda said, n=name: f"{n}: {said}"
        )


def test_a_step_is_pytorchs(quick: Quick) -> None:
    given = batches(8, 8, 8)
    result = quick(built(), loaders=Loaders(given), settings=SGD | {"epochs": 2, "loss": PLAIN_LOSS})
    theirs = by_hand(built()(), [[batch] for batch in given * 2])
    assert_close(last_weights(result), theirs, rtol=1e-5, atol=1e-6)
    assert float(rows_of(result)[1]["train_loss"]) < float(rows_of(result)[0]["train_loss"])


@pytest.mark.parametrize(("count", "accumulate"), [(4, 2), (4, 4), (5, 2), (5, 3), (7, 4), (3, 8)])
def test_batches_that_are_accumulated_are_one_step(quick: Quick, count: int, accumulate: int) -> None:
    """Also those that are left at the end of an epoch, which are fewer."""
    given = batches(*[6] * count)
    result = quick(
        built(), loaders=Loaders(given),
        settings=SGD | {"epochs": 2, "accumulate": accumulate, "loss": PLAIN_LOSS},
    )  # fmt: skip
    steps = [given[first : first + accumulate] for first in range(0, count, accumulate)]
    assert [int(row["step"]) for row in rows_of(result)] == [len(steps), 2 * len(steps)]
    assert_close(last_weights(result), by_hand(built()(), steps * 2), rtol=1e-4, atol=1e-6)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Batches:
    """The batches that a training gets."""
    found: Batches = []
    whole = Task.training_step

    def training_step(self: Task, batch: Any, batch_idx: int) -> Tensor:
        found.append((batch[0].clone(), batch[1].clone()))
        return whole(self, batch, batch_idx)

    monkeypatch.setattr(Task, "training_step", training_step)
    return found


def test_uneven_batches_of_a_data_set_weigh_as_many_as_they_are(quick: Quick, seen: Batches) -> None:
    settings = {"data": "random(41)", "batch": 8, "accumulate": 4, "validation": 0, "augment": "none"}
    result = quick(plain(), settings=SGD | settings | {"epochs": 1, "loss": PLAIN_LOSS})
    assert [len(images) for images, _ in seen] == [7, 7, 7, 7, 7, 6]
    assert [int(row["step"]) for row in rows_of(result)] == [2]
    one = quick(
        plain(), settings=SGD | {"epochs": 1, "loss": PLAIN_LOSS}, out=result.out.with_name("one"),
        loaders=Loaders([tuple(map(torch.cat, zip(*part, strict=True))) for part in (seen[:4], seen[4:6])]),
    )  # fmt: skip
    assert_close(last_weights(result), last_weights(one), rtol=1e-4, atol=1e-6)


def test_several_batches_equal_one_of_their_images(quick: Quick) -> None:
    """From a data set, by the flags alone: 64 images at once, or 4 times 16."""
    settings = SGD | {"data": "random(128)", "validation": 0, "augment": "hflip", "epochs": 2}
    one = quick(plain(), settings=settings | {"batch": 64})
    four = quick(plain(), settings=settings | {"batch": 16, "accumulate": 4}, out=one.out.with_name("four"))
    assert [row["step"] for row in rows_of(one)] == [row["step"] for row in rows_of(four)] == ["2", "4"]
    assert_close(last_weights(one), last_weights(four), rtol=1e-4, atol=1e-6)


def test_gradients_are_clipped_by_their_common_norm(quick: Quick) -> None:
    given = batches(8, 8, 8)
    settings = SGD | {"epochs": 1, "loss": "cross_entropy(label_smoothing = 0.2)"}
    result = quick(built(), loaders=Loaders(given), settings=settings | {"clip": 0.05})
    theirs = by_hand(built()(), [[batch] for batch in given], clip=0.05, smoothing=0.2)
    assert_close(last_weights(result), theirs, rtol=1e-5, atol=1e-6)
    loose = by_hand(built()(), [[batch] for batch in given], smoothing=0.2)
    assert not torch.allclose(theirs["linear1.weight"], loose["linear1.weight"], atol=1e-4)


# --------------------------------------------------------------------------- so many steps


def test_a_run_of_steps_ends_after_them_and_validates(quick: Quick) -> None:
    result = quick(settings={"steps": 8, "batch": 256})
    rows = rows_of(result)
    assert [(row["epoch"], row["step"]) for row in rows] == [("1", "6"), ("2", "8")]
    assert all(row["val_accuracy"] for row in rows)
    assert (result.epochs, result.test["total"]) == (2, 360)
    assert torch.load(result.out / "checkpoints/last.ckpt", weights_only=True)["global_step"] == 8


def test_steps_are_those_of_the_optimizer(quick: Quick, seen: Batches) -> None:
    """21 batches an epoch are 6 steps of 4: 8 steps are a whole epoch and 8 batches."""
    result = quick(settings={"steps": 8, "batch": 64, "accumulate": 4})
    assert [row["step"] for row in rows_of(result)] == ["6", "8"]
    assert len(seen) == 21 + 8


def test_fewer_steps_than_an_epoch(quick: Quick, seen: Batches) -> None:
    result = quick(settings={"steps": 2, "batch": 256, "schedule": "cosine"})
    assert len(seen) == 2
    assert result.epochs == result.best_epoch == 1
    assert result.validation.keys() == {"loss", "accuracy"}


# --------------------------------------------------------------------------- precision, layout, compilation


class Watched(nn.Module):
    """Notes of what kind images and features are."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 3), nn.Linear(288, 10)
        self.types: set[torch.dtype] = set()
        self.layouts: set[bool] = set()

    def forward(self, images: Tensor) -> Tensor:
        maps = self.conv(images)
        self.types.add(maps.dtype)
        self.layouts |= {
            tensor.is_contiguous(memory_format=torch.channels_last)
            for tensor in (images, maps, self.conv.weight)
        }
        return self.head(maps.relu().flatten(1))


GIVEN = {"loss": PLAIN_LOSS, "epochs": 2}


def test_bf16_computes_in_16_bits_and_keeps_weights_in_32(quick: Quick) -> None:
    given = batches(16, 16, channels=3)
    network = Watched()
    result = quick(network, loaders=Loaders(given, given), settings=SGD | GIVEN | {"precision": "bf16"})
    assert network.types == {torch.bfloat16}
    weights = load_file(result.out / "weights.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}
    losses = [float(row["train_loss"]) for row in rows_of(result)]
    assert losses[1] < losses[0]
    assert 0 < result.validation["loss"] < 10


def test_channels_last_changes_the_layout_and_not_the_result(quick: Quick, tmp_path: Path) -> None:
    given = batches(16, 16, channels=3)
    weights: list[dict[str, Tensor]] = []
    for layout in (False, True):
        torch.manual_seed(0)
        network = Watched()
        result = quick(
            network, loaders=Loaders(given), settings=SGD | GIVEN | {"channels_last": layout},
            out=tmp_path / str(layout),
        )  # fmt: skip
        assert network.layouts == {layout}
        weights.append(load_file(result.out / "weights.safetensors"))
    assert_close(*weights, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["eager", "inductor"])
def test_what_is_compiled_computes_the_same(
    quick: Quick, tmp_path: Path, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A net with batch norm, in training and in evaluation, with the last batch smaller."""
    whole, calls = torch.compile, []

    def compile_(module: nn.Module) -> Any:
        calls.append(module)
        return whole(module, backend=backend)

    monkeypatch.setattr(torch, "compile", compile_)
    net = "net Normed() { input x: 1x8x8; conv(6, 3x3) -> bn -> relu -> flatten -> linear(10) }"
    settings = SGD | {"data": "random(70)", "batch": 16, "epochs": 2}
    runs = [
        quick(ogive.loads(net), settings=settings | {"compile": compiled}, out=tmp_path / str(compiled))
        for compiled in (False, True)
    ]
    assert len(calls) == 1
    assert_close(*map(last_weights, runs), rtol=1e-3, atol=1e-5)
    assert runs[0].validation["loss"] == pytest.approx(runs[1].validation["loss"], rel=1e-3)


def test_compile_asks_torch(quick: Quick, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `torch.compile` returns is what runs, and its weights are the network's."""
    compiled: list[nn.Module] = []
    ran: list[int] = []

    def compile_(module: nn.Module) -> Callable[[Tensor], Tensor]:
        compiled.append(module)

        def run(images: Tensor) -> Tensor:
            ran.append(len(images))
            return module(images)

        return run

    monkeypatch.setattr(torch, "compile", compile_)
    result = quick(plain(), settings=SGD | {"data": "random(40)", "batch": 20, "epochs": 1, "compile": True})
    assert len(compiled) == 1
    assert ran, "nothing went through it"
    names = set(load_file(result.out / "weights.safetensors"))
    assert names == set(plain().module().state_dict())


# --------------------------------------------------------------------------- beginnings


PARTS = """net Parts(classes = 10) {
  input image: 1x8x8
  stage stem { conv(4, 3x3) -> bn -> relu }
  stage body { conv(6, 3x3) -> bn -> relu }
  flatten -> linear(classes)
}
"""


def test_what_is_frozen_stays_to_the_bit(quick: Quick, stopped_at: Callable[[int], None]) -> None:
    """Weights and statistics, also of a run that is stopped and goes on."""
    settings = SGD | {"batch": 256, "epochs": 2}
    network = ogive.loads(PARTS)
    free = quick(network, settings=settings)
    begun = load_file(quick(
        ogive.loads(PARTS), settings=settings | {"epochs": 1, "optimizer": "sgd(lr = 1e-30)"},
        init_from=free.out, out=free.out.with_name("begun"),
    ).out / "initial.safetensors")  # fmt: skip
    stopped_at(8)
    out = free.out.with_name("frozen")
    with pytest.raises(KeyboardInterrupt):
        quick(
            ogive.loads(PARTS), settings=settings, init_from=free.out, freeze=["stem*", "body.bn*"], out=out
        )
    ended = load_file(resume(out).out / "weights.safetensors")
    same = {name for name in ended if torch.equal(begun[name], ended[name])}
    assert same == {name for name in ended if name.startswith(("stem.", "body.bn"))}
    assert {"stem.bn1.running_mean", "stem.bn1.num_batches_tracked", "body.bn1.weight"} <= same


def test_what_freezes_nothing_is_told(quick: Quick, tmp_path: Path) -> None:
    diagnostic = refusal(lambda: quick(ogive.loads(PARTS), freeze=["stems*"]))
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == (
        "E563", "`stems*` freezes nothing: no part, layer or parameter is called so", "did you mean `stem`?",
    )  # fmt: skip
    everything = refusal(lambda: quick(ogive.loads(PARTS), freeze=["*"]))
    assert (everything.code, everything.message) == ("E563", "every parameter of the net is frozen")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["run", "file"])
def test_a_training_begins_with_the_weights_of_another(quick: Quick, tmp_path: Path, kind: str) -> None:
    settings = {"data": "random(40)", "batch": 20, "epochs": 1}
    first = quick(plain(), settings=settings)
    weights = load_file(first.out / "weights.safetensors")
    source = first.out
    if kind == "file":
        source = tmp_path / "some.safetensors"
        save_file(weights | {"other.weight": torch.zeros(3)}, source)
    screen = io.StringIO()
    wider = ogive.loads(PLAIN.replace("conv(8, 3x3)", "conv(12, 3x3)"))
    second = quick(
        wider,
        settings=settings,
        init_from=source,
        out=tmp_path / "second",
        console=Console(file=screen, width=400),
    )
    initial = load_file(second.out / "initial.safetensors")
    assert torch.equal(initial["conv1.weight"], weights["conv1.weight"])
    assert initial["conv2.weight"].shape == (12, 6, 3, 3)
    told = screen.getvalue().splitlines()
    assert told[0].startswith("3 of 6 tensors from ")
    assert any(line.startswith("of another shape: conv2.bias (8 in the file, 12 here)") for line in told)
    assert ("only in the file: other.weight" in told) is (kind == "file")


@pytest.mark.parametrize(("name", "code"), [("none.safetensors", "E561"), ("damaged.safetensors", "E561")])
def test_weights_that_cannot_be_read(quick: Quick, tmp_path: Path, name: str, code: str) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "damaged.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0no json!")
    assert refusal(lambda: quick(plain(), init_from=folder / name)).code == code
    assert [path.name for path in tmp_path.iterdir()] == ["given"]


def test_weights_of_quite_another_net(quick: Quick, tmp_path: Path) -> None:
    save_file({"other.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    assert refusal(lambda: quick(plain(), init_from=tmp_path / "other.safetensors")).code == "E562"
    assert [path.name for path in tmp_path.iterdir()] == ["other.safetensors"]


def test_initialisers_are_the_recipes(quick: Quick) -> None:
    """The first weights, as a learning rate that moves nothing leaves them."""
    settings = {
        "data": "random(40)",
        "batch": 20,
        "epochs": 1,
        "optimizer": "sgd(lr = 1e-30)",
        "schedule": "constant",
    }
    result = quick(plain(), settings=settings | {"init": "normal(std = 0.5), constant(0.25, of = bias)"})
    weights = load_file(result.out / "weights.safetensors")
    assert float(weights["linear1.weight"].std()) == pytest.approx(0.5, rel=0.1)
    assert set(weights["linear1.bias"].tolist()) == {0.25}
