"""When checkpoints are written, and where a run stops that is asked to."""

from __future__ import annotations

import time
from enum import IntEnum
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from ogive.train.history import History
from ogive.train.interrupt import Interrupt
from ogive.train.rundir import RunFolder
from ogive.train.storage import keep_as
from ogive.train.task import Task


def where(epoch: int, batches: int) -> str:
    """A position in words: `after 2 batches of epoch 1`, `after epoch 1`; epochs before it count from 0."""
    if not batches:
        return f"after epoch {epoch}"
    return f"after {batches} {'batch' if batches == 1 else 'batches'} of epoch {epoch + 1}"


class _Wish(IntEnum):
    NOTHING = 0
    SAVE = 1
    STOP = 2


class Checkpoints(Callback):
    """last.ckpt after every epoch, every so many minutes within one, and at Ctrl-C or SIGTERM; best.ckpt is
    a second name of it when the epoch is the best so far.

    Stands after `History` among the callbacks, and asks it. Within an epoch a checkpoint is written between
    two steps of the optimizer. A signal that comes during validation takes effect behind it. With several
    processes all save at the same step.
    """

    def __init__(
        self, folder: RunFolder, history: History, interrupt: Interrupt, minutes: float, accumulate: int
    ) -> None:
        self._folder = folder
        self._history = history
        self._interrupt = interrupt
        self._seconds = 60 * minutes
        self._accumulate = accumulate
        self._saved = time.monotonic()
        self._position = (0, 0)
        self.interrupted = False  # whether training ended because of a signal

    @property
    def position(self) -> tuple[int, int]:
        """The epoch (from 0) under way, and how many of its batches are done."""
        return self._position

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Puts our handlers over those that Lightning has installed by now."""
        self._interrupt.take_over()
        self._saved = time.monotonic()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """The place to save and to stop: the optimizer has finished its step."""
        done = batch_idx + 1
        if done % self._accumulate or done == trainer.num_training_batches:
            return  # within a step; or the epoch's own checkpoint follows, behind the validation
        wish = self._agreed(trainer)
        if wish == _Wish.NOTHING:
            return
        self._position = (trainer.current_epoch, done)
        self._save(trainer)
        if wish == _Wish.STOP:
            self._stop()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves the epoch's weights."""
        self._position = (trainer.current_epoch + 1, 0)
        self._save(trainer)
        if trainer.is_global_zero and self._history.improved:
            keep_as(self._folder.last, self._folder.best)
        if self._agreed(trainer) == _Wish.STOP:
            self._stop()

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Adds where the run is, and its numbers so far."""
        assert isinstance(pl_module, Task)
        checkpoint["position"] = list(self._position)
        checkpoint["history"] = self._history.state_of(pl_module, within=self._position[1] > 0)

    def _save(self, trainer: Trainer) -> None:
        trainer.save_checkpoint(self._folder.last)
        self._saved = time.monotonic()

    def _stop(self) -> None:
        self.interrupted = self._interrupt.obeyed = True
        raise KeyboardInterrupt

    def _agreed(self, trainer: Trainer) -> _Wish:
        """What one of the processes wishes for, the same for all."""
        wish = _Wish.NOTHING
        if self._interrupt.number is not None:
            wish = _Wish.STOP
        elif time.monotonic() - self._saved >= self._seconds:
            wish = _Wish.SAVE
        if trainer.world_size > 1:
            told = torch.tensor(int(wish), device=trainer.strategy.root_device)
            torch.distributed.all_reduce(told, op=torch.distributed.ReduceOp.MAX)
            wish = _Wish(int(told))
        return wish
