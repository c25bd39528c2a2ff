"""Runs: one that is finished, and a way to quick ones."""

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
from ogive.train.result import Result
from ogive.train.run import train
from train.nets import CPU, stop_behind, tiny


@dataclass
class Finished:
    """A run, and what its console showed."""

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
        settings = changes.pop("settings", {})
        settings = settings if "steps" in settings else {"epochs": 2} | settings
        arguments: dict[str, Any] = {"machine": CPU, "out": tmp_path / "run"} | changes
        return train(network if network is not None else tiny(), *args, settings=settings, **arguments)

    return run


@pytest.fixture
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs draw no curves: that takes longer than all the rest of a quick one, and is tested where it counts."""
    monkeypatch.setattr("ogive.train.finish.draw_curves", lambda *_: None)


@pytest.fixture(autouse=True)
def own_random_state():
    """Training seeds the global generators; other tests keep theirs."""
    with torch.random.fork_rng(devices=[]):
        yield


@pytest.fixture
def stopped_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Asks the training to stop behind the optimizer's step of that number, as Ctrl-C does, once."""
    return lambda step: stop_behind(step, monkeypatch)
