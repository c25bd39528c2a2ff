"""Out of memory: what a step needs, what there is, and a batch that fits."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import ogive
from ogive.diagnostics import ArchError, Diagnostic
from ogive.recipes import Recipe
from ogive.recipes.flags import with_flags
from ogive.recipes.whole import whole
from ogive.report.units import size
from ogive.train import memory
from ogive.train.memory import (
    Memory,
    activations,
    available,
    is_out_of_memory,
    needed_for_weights,
    out_of_memory,
    smaller_batch,
)
from ogive.train.run import train
from train.nets import CPU

MIB = 1 << 20
LARGE = "net Large() {\n  input image: 1x64x64\n  conv(64, 3x3, padding = 1) -> relu -> global_avg_pool -> flatten -> linear(10)\n}\n"


def recipe(**flags: str) -> Recipe:
    return whole(with_flags(None, [*flags.items()]))


def failed() -> RuntimeError:
    """What PyTorch says on a CPU."""
    with pytest.raises(RuntimeError) as raised:
        torch.empty(10**14)
    return raised.value


@pytest.fixture
def gibibyte(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with 1 GiB."""
    monkeypatch.setattr(memory, "available", lambda device: Memory(1024 * MIB, "1.0 GiB"))


def said(module: nn.Module | None = None, *, graph: Any = None, **more: Any) -> Diagnostic:
    module = module or nn.Linear(4, 4)
    flags = more.pop("flags", {})
    return out_of_memory(graph, module, recipe(**flags), "cpu", failed(), **more)


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (MemoryError(), True),
        (RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be …"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"), False),
        (RuntimeError("Storage size calculation overflowed with sizes=[4611686018427387904]"), False),
        (ValueError("out of memory"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_what_says_so(error: BaseException, is_it: bool):
    assert is_out_of_memory(error) is is_it


def test_the_allocator_of_the_cpu_says_so():
    assert is_out_of_memory(failed())


@pytest.mark.usefixtures("gibibyte")
def test_what_is_said():
    net = ogive.loads(LARGE)
    module = net.module()
    parameters = net.params * 4
    # the convolution keeps its input, the relu its output, the linear layer its input
    image = 4 * (64 * 64 + 64 * 64 * 64 + 64)
    diagnostic = said(module, graph=net.ir, flags={"batch": "1024"})
    assert diagnostic.code == "E527"
    assert diagnostic.message == "a batch of 1024 images does not fit into the memory of `cpu`"
    notes = dict(diagnostic.notes)
    assert notes["activations"] == (
        f"about {size(1024 * image)}, by the static count: 1024 images of {size(image)}"
    )
    assert notes["weights"] == (
        f"{size(4 * parameters)}: {size(parameters)} of their own, {size(parameters)} of gradients, "
        f"{size(2 * parameters)} that adamw keeps"
    )
    assert notes["memory"] == "1.0 GiB"
    assert notes["failed"] == "when 363.8 TiB more were asked for"
    fitting = (0.9 * 1024 * MIB - 4 * parameters) // image
    assert 512 < fitting < 1024, "half of the batch is less than what the count allows"
    assert diagnostic.help == (
        "--batch 512 --accumulate 2: as many images a step; or --precision bf16, which halves the activations"
    )


@pytest.mark.usefixtures("gibibyte")
def test_the_batch_that_fits_follows_the_count():
    net = ogive.loads(LARGE)
    help_ = said(net.module(), graph=net.ir, flags={"batch": "8192", "accumulate": "2"}).help
    assert help_ is not None
    assert help_.startswith("--batch 512 --accumulate 32: as many images a step; or")
    in_16_bits = said(net.module(), graph=net.ir, flags={"batch": "8192", "precision": "bf16"}).help
    assert in_16_bits == "--batch 1024 --accumulate 8: as many images a step"


@pytest.mark.usefixtures("gibibyte")
def test_several_devices():
    net = ogive.loads(LARGE)
    diagnostic = said(net.module(), graph=net.ir, flags={"batch": "4096"}, world=2)
    assert diagnostic.message == (
        "a batch of 2048 images, its part of 4096, does not fit into the memory of `cpu`"
    )
    assert dict(diagnostic.notes)["activations"].split(": ")[1].startswith("2048 images of ")
    assert (diagnostic.help or "").startswith("--batch 1024 --accumulate 4: as many images a step; or")


@pytest.mark.usefixtures("gibibyte")
def test_batch_norms_see_fewer_images():
    help_ = said(nn.Sequential(nn.BatchNorm2d(3)), flags={"batch": "64", "precision": "bf16"}).help
    assert help_ == "--batch 32 --accumulate 2: as many images a step, though batch norms see 32 at a time"
    help_ = said(nn.Sequential(nn.BatchNorm2d(3)), flags={"batch": "2", "precision": "bf16"}).help
    assert help_ == "a device with more memory; or several devices that share the weights: --strategy fsdp"


@pytest.mark.usefixtures("gibibyte")
def test_where_not_even_one_image_fits():
    net = ogive.loads(LARGE.replace("64x64", "4096x4096"))
    diagnostic = said(net.module(), graph=net.ir, flags={"batch": "1"})
    assert diagnostic.message == "a batch of 1 image does not fit into the memory of `cpu`"
    assert diagnostic.help == (
        "--precision bf16, which halves the activations; or a device with more memory; "
        "or several devices that share the weights: --strategy fsdp"
    )


@pytest.mark.usefixtures("gibibyte")
def test_without_a_graph():
    diagnostic = said(flags={"batch": "96"})
    assert [heading for heading, _ in diagnostic.notes] == ["weights", "memory", "failed"]
    assert (diagnostic.help or "").startswith("--batch 48 --accumulate 2: as many images a step")


@pytest.mark.usefixtures("gibibyte")
def test_loaders_of_the_users_own():
    net = ogive.loads(LARGE)
    image = activations(net.ir)
    diagnostic = said(net.module(), graph=net.ir, own_loaders=True)
    assert diagnostic.message == "a batch of your loaders does not fit into the memory of `cpu`"
    assert isinstance(image, int)
    assert dict(diagnostic.notes)["activations"] == f"{size(image)} an image, by the static count"
    assert re.fullmatch(
        r"fewer examples a batch in your loaders: \d+ would fit, by the count", diagnostic.help or ""
    )
    assert said(own_loaders=True).help == "fewer examples a batch in your loaders"


@pytest.mark.usefixtures("gibibyte")
def test_sizes_that_are_not_known():
    net = ogive.loads(
        "net Any() {\n  input image: [1, ?h, ?w]\n  conv(8, 3x3) -> relu -> global_avg_pool -> flatten -> linear(2)\n}\n"
    )
    diagnostic = said(net.module(), graph=net.ir, flags={"batch": "64"})
    assert "h * w" in dict(diagnostic.notes)["activations"]
    assert (diagnostic.help or "").startswith("--batch 32 --accumulate 2")


@pytest.mark.parametrize(
    ("flags", "kept"),
    [
        ({"optimizer": "sgd(lr = 0.1)"}, 0),
        ({"optimizer": "sgd(lr = 0.1, momentum = 0.9)"}, 1),
        ({"optimizer": "adam"}, 2),
        ({"optimizer": "adamw"}, 2),
        ({"optimizer": "rmsprop(lr = 0.1)"}, 1),
        ({"optimizer": "rmsprop(lr = 0.1, momentum = 0.9)"}, 2),
    ],
)
def test_what_optimizers_keep(flags: dict[str, str], kept: int):
    """As PyTorch's own do."""
    chosen = recipe(**flags)
    module = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8))
    frozen = nn.Linear(8, 8).requires_grad_(requires_grad=False)
    module.append(frozen)
    fixed = needed_for_weights(module, chosen)
    trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
    assert fixed.gradients == 4 * sum(p.numel() for p in trained)
    assert fixed.weights == fixed.gradients + 4 * 72 + 2 * 4 * 8 + 8
    assert fixed.optimizer == kept * fixed.gradients
    assert fixed.ema == 0
    assert needed_for_weights(module, recipe(**flags, ema="0.99")).ema == fixed.weights

    value = chosen.value("optimizer")
    names = ("lr", "momentum") if value.kind in ("sgd", "rmsprop") else ("lr",)  # type: ignore[union-attr]
    maker = {
        "sgd": torch.optim.SGD,
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "rmsprop": torch.optim.RMSprop,
    }
    optimizer = maker[value.kind](trained, **{name: getattr(value, name) for name in names})  # type: ignore[union-attr]
    module(torch.randn(4, 8)).sum().backward()
    optimizer.step()
    of_their_size = [
        t for s in optimizer.state.values() for t in s.values() if isinstance(t, torch.Tensor) and t.dim()
    ]
    assert 4 * sum(t.numel() for t in of_their_size) == fixed.optimizer


def test_shared_weights_count_once():
    one = nn.Linear(8, 8)
    assert needed_for_weights(nn.Sequential(one, one), recipe()).gradients == 4 * 72


def test_activations_in_16_bits():
    net = ogive.loads(LARGE)
    whole_ones, half = activations(net.ir), activations(net.ir, bf16=True)
    assert isinstance(whole_ones, int)
    assert half == (whole_ones + 1) // 2


@pytest.mark.parametrize(
    ("batch", "accumulate", "most", "expected"),
    [
        (256, 1, 200, (128, 2)),
        (256, 1, 255, (128, 2)),
        (256, 2, 64, (64, 8)),
        (100, 1, 30, (25, 4)),
        (96, 1, 50, (48, 2)),
        (120, 1, 70, (40, 3)),
        (97, 1, 40, (40, 3)),
        (97, 1, 3, (3, 33)),
        (10, 1, 5, (5, 2)),
        (3, 1, 1, (1, 3)),
    ],
)
def test_smaller_batches(batch: int, accumulate: int, most: int, expected: tuple[int, int]):
    assert smaller_batch(batch, accumulate, most) == expected


@given(batch=st.integers(2, 5000), accumulate=st.integers(1, 8), most=st.integers(1, 5000))
def test_smaller_batches_keep_the_step(batch: int, accumulate: int, most: int):
    smaller, times = smaller_batch(batch, accumulate, most)
    assert 1 <= smaller <= min(most, batch)
    assert 2 * smaller > min(most, batch) - 8
    assert batch * accumulate <= smaller * times < batch * accumulate + smaller
    if batch % smaller == 0:
        assert smaller * times == batch * accumulate


# -- what there is


def test_the_memory_of_this_machine():
    found = available(torch.device("cpu"))
    assert found is not None
    total = next(
        int(line.split()[1]) * 1024
        for line in Path("/proc/meminfo").read_text().splitlines()
        if "MemTotal" in line
    )
    assert 16 * MIB < found.here <= total


def test_the_limit_of_a_group(tmp_path: Path):
    own = tmp_path / "own"
    own.write_text("0::/user/job\n")
    inner = tmp_path / "user" / "job"
    inner.mkdir(parents=True)
    (inner / "memory.max").write_text("max\n")
    (tmp_path / "user" / "memory.max").write_text(f"{512 * MIB}\n")
    assert memory._limits_of_groups(tmp_path, own) == [512 * MIB]
    old = tmp_path / "memory" / "slurm" / "job1"
    old.mkdir(parents=True)
    own.write_text("12:cpu,cpuacct:/x\n4:memory:/slurm/job1\n")
    (old / "memory.limit_in_bytes").write_text(f"{256 * MIB}\n")
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert memory._limits_of_groups(tmp_path, own) == [256 * MIB]
    assert memory._limits_of_groups(tmp_path / "nowhere", tmp_path / "nothing") == []


STEP = """
    import resource, sys, torch, ogive
    from ogive.recipes.flags import with_flags
    from ogive.recipes.whole import whole
    from ogive.train.memory import is_out_of_memory, out_of_memory

    module = ogive.load("cifar_resnet20").module()
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    limit = 1024 * int(status["VmSize"].split()[0]) + 1200 * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    def step(batch):
        module(torch.randn(batch, 3, 32, 32)).sum().backward()

    try:
        step(1024)
    except Exception as error:
        assert is_out_of_memory(error), error
        recipe = whole(with_flags(None, [("batch", "1024")]))
        graph = ogive.load("cifar_resnet20").ir
        found = out_of_memory(graph, module, recipe, "cpu", error)
    step(int(found.help.split()[1]))
    print(found.help, dict(found.notes)["memory"], sep="\\n")
"""


@pytest.mark.slow
def test_the_batch_that_is_proposed_fits():
    """In a process with 1.2 GiB for data, in which 1024 images do not fit."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(STEP)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    advice, there = done.stdout.splitlines()
    batch = int(advice.split()[1])
    assert 16 <= batch <= 512
    assert advice.startswith(f"--batch {batch} --accumulate {1024 // batch}: as many images a step")
    assert "of addresses for this process (`ulimit -v`)" in there


def test_a_batch_that_cannot_fit_is_told_before_the_run_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available", lambda device: Memory(64 * MIB, "64 MiB"))
    settings = {"data": "random(count = 4096)", "batch": 2048, "epochs": 1}
    with pytest.raises(ArchError) as failed:
        train(ogive.loads(LARGE), settings=settings, machine=CPU, out=tmp_path / "run")
    (diagnostic,) = failed.value.diagnostics
    assert diagnostic.code == "E527"
    assert "a batch of 2048 images does not fit into the memory of `cpu`" in diagnostic.message
    assert not (tmp_path / "run").exists()
    # a batch has no more images than there are
    train(
        ogive.loads(LARGE),
        settings=settings | {"data": "random(count = 16)"},
        machine=CPU,
        out=tmp_path / "few",
    )
