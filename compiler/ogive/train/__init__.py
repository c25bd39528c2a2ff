"""Training as recipes say it: `train` and `resume`, with what they take and give.

    from ogive.train import Loaders, Machine, resume, train

The engine is Lightning's `Trainer`; what it does not know is here: recipes, data, exact resumption, what is
kept of a run and what is said when one fails. Names are imported when they are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ogive.train.evaluation import evaluate
    from ogive.train.loaders import Loaders
    from ogive.train.machine import Machine
    from ogive.train.opened import open_run
    from ogive.train.recalibration import recalibrate
    from ogive.train.result import Result
    from ogive.train.run import resume, train

__all__ = ["Loaders", "Machine", "Result", "evaluate", "open_run", "recalibrate", "resume", "train"]

_HOMES = {
    "evaluate": "evaluation",
    "recalibrate": "recalibration",
    "Loaders": "loaders",
    "Machine": "machine",
    "Result": "result",
    "open_run": "opened",
    "resume": "run",
    "train": "run",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'ogive.train' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"ogive.train.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
