"""The numbers of every epoch, and which of them was the best."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from ogive.train.rundir import RunFolder, write_text
from ogive.train.task import Task

Row = dict[str, float | int]
"""A line of metrics.csv, by the names of its columns."""

FIRST = ("epoch", "step")
LAST = ("lr", "seconds")


class Choice:
    """Which epoch's weights are the best.

    Args:
        column: of metrics.csv: `val_accuracy`, `val_loss`, or `val_NAME` of a measure of the user's. Without
            validation there is no such column, and the last epoch counts as the best.
        highest: whether more is better.

    Among epochs that are equal the one with the lower validation loss is taken, and then the later.
    """

    def __init__(self, column: str, *, highest: bool) -> None:
        self.column = column
        self.highest = highest

    def better(self, new: Mapping[str, float], old: Mapping[str, float] | None) -> bool:
        """Whether an epoch takes the place of the best so far."""
        return old is None or self._key(new) >= self._key(old)

    def _key(self, row: Mapping[str, float]) -> tuple[float, float]:
        value = row.get(self.column, 0.0)
        value = value if self.highest else -value
        return (-math.inf if math.isnan(value) else value, -row.get("val_loss", 0.0))


class History(Callback):
    """The epochs so far, in memory and as metrics.csv, which is written whole after each.

    Losses are means over images, of the main output alone: for cross entropy in nats, without label
    smoothing. Those of training are taken while the weights change, on augmented images. Accuracies are
    shares, 0 to 1. `lr` is that of the epoch's last step; `seconds` are those of training, pauses between
    two processes aside.
    """

    def __init__(self, folder: RunFolder, choice: Choice) -> None:
        self._folder = folder
        self._choice = choice
        self._before = 0.0
        self._began = time.monotonic()
        self._tally: Mapping[str, Any] | None = None
        self.rows: list[Row] = []
        self.best: Row | None = None

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        return self._before + time.monotonic() - self._began

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock, and goes on with the sums of an epoch that was broken off."""
        assert isinstance(pl_module, Task)
        self._began = time.monotonic()
        if self._tally is not None:  # Lightning does not begin such an epoch again
            pl_module.train_tally.load_state_dict(self._tally)
            self._tally = None

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Adds the epoch. Lightning has validated by now."""
        assert isinstance(pl_module, Task)
        row: Row = {"epoch": trainer.current_epoch + 1, "step": trainer.global_step}
        scores = {"train": pl_module.score(pl_module.train_tally)}
        if trainer.enable_validation:
            scores["val"] = pl_module.score(pl_module.val_tally)
        for part, score in scores.items():
            row |= {f"{part}_{name}": value for name, value in score.values().items()}
        row |= {"lr": pl_module.lr, "seconds": self.seconds}
        if "val" in scores:
            error = 1 - (scores["val"].accuracy or 0.0)
            pl_module.rates.validated(trainer.current_epoch, loss=scores["val"].loss, error=error)
        self.rows.append(row)
        if self._choice.better(row, self.best):
            self.best = row
        if trainer.is_global_zero:
            write_text(self._folder.metrics, as_csv(self.rows))
        if trainer.logger is not None:
            trainer.logger.log_metrics(
                {k: v for k, v in row.items() if k not in FIRST}, step=trainer.global_step
            )

    @property
    def improved(self) -> bool:
        """Whether the last epoch is the best."""
        return bool(self.rows) and self.best is self.rows[-1]

    # ------------------------------------------------------------------ checkpoints

    def state_of(self, task: Task, *, within: bool) -> dict[str, Any]:
        """The epochs, and `within` one its sums so far."""
        return {
            "rows": [dict(row) for row in self.rows],
            "best": None if self.best is None else self.best["epoch"],
            "seconds": self.seconds,
            "tally": task.train_tally.state_dict() if within else None,
        }

    def take_up(self, state: Mapping[str, Any]) -> None:
        """The epochs out of a checkpoint."""
        self.rows = [dict(row) for row in state["rows"]]
        self.best = next((row for row in self.rows if row["epoch"] == state["best"]), None)
        self._before = float(state["seconds"])
        self._tally = state["tally"]


def as_csv(rows: Sequence[Mapping[str, float]]) -> str:
    """A heading and a line for each epoch, with six significant digits."""
    middle = dict.fromkeys(name for row in rows for name in row if name not in (*FIRST, *LAST))
    columns = [*FIRST, *middle, *LAST]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(_written(row.get(name)) for name in columns)
    return text.getvalue()


def _written(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"
