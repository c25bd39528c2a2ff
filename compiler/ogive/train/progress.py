"""What is seen of a training: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time

from lightning.pytorch import Callback, LightningModule, Trainer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from torch import Tensor

from ogive.train.batches import Batches
from ogive.train.callbacks import History
from ogive.train.task import Classification

_SECONDS_BETWEEN_DRAWINGS = 0.1
_LINES_OF_A_RUN = 10
_NUMBERS_WIDTH = 77  # everything but the bar; with a short one it fits into 80 columns


class ProgressBar(Callback):
    """Loss, accuracy, images per second and time left.

    A terminal shows a bar that ends as its last state; a file or a pipe gets about ten lines. Stands after
    `History` among the callbacks.
    """

    def __init__(self, console: Console, history: History, batches: Batches) -> None:
        self._console = console
        self._history = history
        self._batches = batches
        self._images = 0
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
        self._bar.update(self._task, total=self._steps(trainer), completed=trainer.global_step)
        if self._console.is_terminal:
            self._bar.start()

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,
        batch: tuple[Tensor, Tensor],
        batch_idx: int,
    ) -> None:
        """Counts the batch, and draws when a tenth of a second has passed."""
        self._images += len(batch[1])
        now = time.monotonic()
        if self._console.is_terminal and now - self._drawn >= _SECONDS_BETWEEN_DRAWINGS:
            self._drawn = now
            self._draw(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draws the whole epoch, or writes a line about it."""
        if self._console.is_terminal:
            self._draw(trainer, pl_module)
            return
        epochs, epoch = trainer.max_epochs or 1, self._history.epochs[-1]
        if epoch.epoch in (1, epochs) or epoch.epoch % max(1, epochs // _LINES_OF_A_RUN) == 0:
            self._console.print(
                f"epoch {epoch.epoch:>{len(str(epochs))}}/{epochs}: {self._numbers(trainer, pl_module)}",
                highlight=False,
                soft_wrap=True,
            )

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leaves the bar as it is."""
        self._close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Gives the terminal back."""
        self._close()

    def _close(self) -> None:
        if self._console.is_terminal:
            self._bar.stop()

    @staticmethod
    def _steps(trainer: Trainer) -> int:
        return (trainer.max_epochs or 1) * int(trainer.num_training_batches)

    def _draw(self, trainer: Trainer, pl_module: LightningModule) -> None:
        shown = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}"
        numbers = self._numbers(trainer, pl_module)
        self._bar.update(self._task, completed=trainer.global_step, description=shown, numbers=numbers)
        self._bar.refresh()

    def _numbers(self, trainer: Trainer, pl_module: LightningModule) -> str:
        assert isinstance(pl_module, Classification)
        score = pl_module.training_tally.score()
        parts = [f"loss {score.loss:.3f}", f"accuracy {score.accuracy:.1%}"]
        if self._history.epochs:
            parts.append(f"val {self._history.epochs[-1].val_accuracy:.1%}")
        elapsed = max(time.monotonic() - self._began, 1e-9)
        steps_left = self._steps(trainer) - trainer.global_step
        images_left = steps_left * len(self._batches.labels) / len(self._batches)
        parts.append(f"{self._images / elapsed:,.0f} img/s")
        parts.append(f"{_clock(images_left * elapsed / max(1, self._images))} left")
        return "  ".join(parts)


def _clock(seconds: float) -> str:
    """`0:07`, `12:30`, `3:05:00`."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
