"""What is kept while a network trains: the numbers of every epoch, the best weights and the last."""

from __future__ import annotations

import csv
import io
import shutil
import time
from dataclasses import asdict, dataclass, fields
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities.exceptions import SIGTERMException

from ogive.train.choice import Choice
from ogive.train.interrupt import Interrupt
from ogive.train.rundir import RunFolder, write_text, written_beside
from ogive.train.tally import Score
from ogive.train.task import Classification


@dataclass(frozen=True, slots=True)
class Epoch:
    """A line of metrics.csv.

    Losses are mean cross entropies of the main output in nats, without label smoothing and auxiliary heads;
    those of training are taken on jittered images while the weights change. Accuracies are shares, 0 to 1.
    `lr` is that of the epoch's last step; `seconds` count from the start of training to the epoch's end.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    lr: float
    seconds: float


class History(Callback):
    """The epochs so far, in memory and as metrics.csv, which is written whole after each.

    `best` is the epoch whose weights are kept; see `Choice`.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._began = 0.0
        self._lr = 0.0
        self.epochs: list[Epoch] = []
        self.best: Epoch | None = None
        self._choice = Choice()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock."""
        self._began = time.monotonic()

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: object, batch_idx: int
    ) -> None:
        """Notes the learning rate of the step to come."""
        self._lr = float(trainer.optimizers[0].param_groups[0]["lr"])

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Adds the epoch. Lightning has validated by now."""
        assert isinstance(pl_module, Classification)
        training, validation = pl_module.training_tally.score(), pl_module.validation_tally.score()
        epoch = Epoch(
            trainer.current_epoch + 1,
            training.loss,
            training.accuracy,
            validation.loss,
            validation.accuracy,
            self._lr,
            time.monotonic() - self._began,
        )
        self.epochs.append(epoch)
        if self._choice.keeps(validation):
            self.best = epoch
        write_text(self._folder.metrics, as_csv(self.epochs))

    def state_dict(self) -> dict[str, Any]:
        """The epochs, kept in checkpoints."""
        return {
            "epochs": [asdict(epoch) for epoch in self.epochs],
            "best": self.best.epoch if self.best else None,
            "highest": asdict(self._choice.highest) if self._choice.highest else None,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The epochs out of a checkpoint."""
        self.epochs = [Epoch(**epoch) for epoch in state_dict["epochs"]]
        self.best = next((epoch for epoch in self.epochs if epoch.epoch == state_dict["best"]), None)
        self._choice = Choice(Score(**state_dict["highest"]) if state_dict["highest"] else None)


def as_csv(epochs: list[Epoch]) -> str:
    """A heading and a line for each epoch, with six significant digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Epoch))
    for epoch in epochs:
        writer.writerow(
            value if isinstance(value, int) else f"{value:.6g}" for value in asdict(epoch).values()
        )
    return text.getvalue()


class Checkpoints(Callback):
    """last.ckpt after every epoch and on Ctrl-C or SIGTERM, best.ckpt a copy of it when the epoch is the best
    so far.

    Stands after `History` among the callbacks, and asks it.
    """

    def __init__(self, folder: RunFolder, history: History, interrupt: Interrupt) -> None:
        self._folder = folder
        self._history = history
        self._interrupt = interrupt
        self.interrupted = False  # whether training ended because of a signal
        self._between_steps = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Puts our handlers over those that Lightning has installed by now."""
        self._interrupt.take_over()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves the epoch's weights."""
        self._save(trainer)
        if self._history.best is self._history.epochs[-1]:
            with written_beside(self._folder.best) as temporary:
                shutil.copyfile(self._folder.last, temporary)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        """The place to stop: the optimiser has finished its step."""
        self._stop_if_asked()

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Another: validation changes nothing."""
        self._stop_if_asked()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Saves what an interrupted run has reached, unless it was broken off within a step."""
        if isinstance(exception, KeyboardInterrupt | SIGTERMException):
            self.interrupted = True
            if self._between_steps:
                self._save(trainer)

    def _stop_if_asked(self) -> None:
        if self._interrupt.number is not None:
            self._between_steps = True
            raise KeyboardInterrupt

    def _save(self, trainer: Trainer) -> None:
        with written_beside(self._folder.last) as temporary:
            trainer.save_checkpoint(temporary)
