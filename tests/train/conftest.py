"""The networks that most tests train, and one finished run."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

import ogive
from ogive.network import Network
from ogive.train.machine import Machine
from ogive.train.result import Result
from ogive.train.run import train

TINY = """net Tiny(classes = 10) {
  input image: 1x8x8
  conv(4, 3x3, padding = 1) -> bn -> relu -> dropout(0.3) -> max_pool(2x2) -> flatten -> linear(classes)
}
"""
CPU = Machine(device="cpu")


def tiny(**arguments: Any) -> Network:
    """A net with everything that remembers or draws something, which trains in no time."""
    return ogive.loads(TINY, **arguments)


@dataclass
class Finished:
    result: Result
    shown: str


@pytest.fixture(scope="session")
def lenet5(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """LeNet-5, trained as `ogive train lenet5` does it."""
    screen = io.StringIO()
    with torch.random.fork_rng(devices=[]):
        result = train(
            ogive.load("lenet5"),
            machine=CPU,
            out=tmp_path_factory.mktemp("runs") / "lenet5",
            console=Console(file=screen, width=120),
        )
    return Finished(result, screen.getvalue())


@pytest.fixture
def quick(tmp_path: Path) -> Callable[..., Result]:
    """`train` on the tiny net, two epochs, into `out`, a new folder unless given."""

    def run(network: Any = None, *args: Any, **changes: Any) -> Result:
        settings = {"epochs": 2} | changes.pop("settings", {})
        arguments: dict[str, Any] = {"machine": CPU, "out": tmp_path / "run"} | changes
        return train(network if network is not None else tiny(), *args, settings=settings, **arguments)

    return run


@pytest.fixture(autouse=True)
def own_random_state():
    """Training seeds the global generators; other tests keep theirs."""
    with torch.random.fork_rng(devices=[]):
        yield
