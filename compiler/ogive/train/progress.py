"""What is seen of a training: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from ogive.train.feed import Feed
from ogive.train.history import History
from ogive.train.task import Task

_SECONDS_BETWEEN_DRAWINGS = 0.1
_LINES_OF_A_RUN = 10
_NUMBERS_WIDTH = 77  # everything but the bar; with a short one it fits into 80 columns


class ProgressBar(Callback):
    """Loss, accuracy, images per second and time left.

    A terminal shows a bar that ends as its last state; a file or a pipe gets about ten lines. Images are
    those of all processes; the first of them shows. Stands after `History` among the callbacks.
    """

    def __init__(self, console: Console, history: History, feed: Feed) -> None:
        self._console = console
        self._history = history
        self._feed = feed
        self._images = self._batches = 0
        self._began = self._drawn = 0.0
        # drawn by hand: a thread that refreshes would compete with the training for the interpreter
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=min(24, max(3, console.width - _NUMBERS_WIDTH))),
            TextColumn("{task.fields[numbers]}"),
            console=console,
            auto_refresh=False,
        )
        self._task = self._bar.add_task("", total=None, numbers="")

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Shows the empty bar."""
        self._began = self._drawn = time.monotonic()
        if self._shown(trainer):
            self._bar.update(self._task, total=self._feed.steps, completed=trainer.global_step)
            self._bar.start()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Counts the batch, and draws when a tenth of a second has passed."""
        self._images += _images_of(batch) * trainer.world_size
        self._batches += 1
        now = time.monotonic()
        if self._shown(trainer) and now - self._drawn >= _SECONDS_BETWEEN_DRAWINGS:
            self._drawn = now
            self._draw(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draws the whole epoch, or writes a line about it."""
        if self._shown(trainer):
            self._draw(trainer, pl_module)
            return
        epochs, epoch = self._feed.epochs, trainer.current_epoch + 1
        if not trainer.is_global_zero:
            return
        if epoch in (1, epochs) or epoch % max(1, epochs // _LINES_OF_A_RUN) == 0:
            self._console.print(
                f"epoch {epoch:>{len(str(epochs))}}/{epochs}: {self._numbers(trainer, pl_module)}",
                highlight=False,
                soft_wrap=True,
            )

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leaves the bar as it is."""
        self._close(trainer)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Gives the terminal back."""
        self._close(trainer)

    def _shown(self, trainer: Trainer) -> bool:
        return self._console.is_terminal and trainer.is_global_zero

    def _close(self, trainer: Trainer) -> None:
        if self._shown(trainer):
            self._bar.stop()

    def _draw(self, trainer: Trainer, pl_module: LightningModule) -> None:
        shown = f"epoch {trainer.current_epoch + 1}/{self._feed.epochs}"
        numbers = self._numbers(trainer, pl_module)
        self._bar.update(self._task, completed=trainer.global_step, description=shown, numbers=numbers)
        self._bar.refresh()

    def _numbers(self, trainer: Trainer, pl_module: LightningModule) -> str:
        assert isinstance(pl_module, Task)
        # of this process alone: nobody waits for the others to draw a bar
        score = pl_module.train_tally.score()
        parts = [f"loss {score.loss:.3f}"]
        if score.accuracy is not None:
            parts.append(f"accuracy {score.accuracy:.1%}")
        if self._history.rows:
            parts += _validated(self._history.rows[-1])
        elapsed = max(time.monotonic() - self._began, 1e-9)
        steps_left = self._feed.steps - trainer.global_step
        batches_left = steps_left * self._feed.batches / self._feed.steps_per_epoch
        parts.append(f"{self._images / elapsed:,.0f} img/s")
        parts.append(f"{_clock(batches_left * elapsed / max(1, self._batches))} left")
        return "  ".join(parts)


def _validated(row: dict[str, float]) -> list[str]:
    if "val_accuracy" in row:
        return [f"val {row['val_accuracy']:.1%}"]
    return [f"val loss {row['val_loss']:.3f}"] if "val_loss" in row else []


def _images_of(batch: Any) -> int:
    targets = batch[1]
    return len(targets) if isinstance(targets, torch.Tensor | list | tuple) else 1


def _clock(seconds: float) -> str:
    """`0:07`, `12:30`, `3:05:00`."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
