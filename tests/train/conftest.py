"""The network that most tests train, and one finished run of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from torch import nn

from ogive.train.run import TrainResult, train

IMAGE = [("image", (1, 32, 32))]


def build_lenet5() -> nn.Module:
    """LeNet-5 with tanh and average pooling (LeCun et al. 1998, figure 2)."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten()),
        *(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
    )


def build_tiny(classes: int = 10, side: int = 8) -> nn.Module:
    """One linear layer on 1 x side x side: trains in no time."""
    return nn.Sequential(nn.Flatten(), nn.Linear(side * side, classes))


@dataclass
class Finished:
    result: TrainResult
    shown: str
    build: Callable[[], nn.Module]


@pytest.fixture(scope="session")
def lenet5(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """LeNet-5, trained as `ogive train` does it by default."""
    screen = io.StringIO()
    result = train(
        build_lenet5,
        name="lenet5",
        inputs=IMAGE,
        outputs=[("out", (10,))],
        seed=0,
        device="cpu",
        out=tmp_path_factory.mktemp("runs") / "lenet5",
        source_text="net LeNet5 { … }\n",
        console=Console(file=screen, width=120),
    )
    return Finished(result, screen.getvalue(), build_lenet5)


@pytest.fixture
def quick(tmp_path: Path) -> Callable[..., TrainResult]:
    """`train` on a network that takes 1x8x8, two epochs, into `out`, a new folder unless given."""

    def run(module: nn.Module | Callable[[], nn.Module] = build_tiny, **changes: Any) -> TrainResult:
        arguments: dict[str, Any] = {
            "name": "tiny",
            "inputs": [("image", (1, 8, 8))],
            "epochs": 2,
            "device": "cpu",
            "out": tmp_path / "run",
        }
        return train(module, **(arguments | changes))

    return run


@pytest.fixture(autouse=True)
def own_random_state():
    """Training seeds the global generators; other tests keep theirs."""
    with torch.random.fork_rng(devices=[]):
        yield
