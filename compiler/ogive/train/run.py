"""A whole run: from a network and a data set to trained weights, numbers and curves in one folder."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import lightning
import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch import Trainer, seed_everything
from rich.console import Console
from torch import nn

from ogive.diagnostics import ArchError, Diagnostic
from ogive.train import settings as defaults
from ogive.train.callbacks import Checkpoints, History
from ogive.train.checks import (
    Shape,
    check_outputs,
    check_smallest_batch,
    choose_device,
    image_shape,
    try_once,
)
from ogive.train.curves import draw_curves
from ogive.train.data import ImageData, find_data_set
from ogive.train.evaluate import evaluate
from ogive.train.interrupt import Interrupt, stopped_by
from ogive.train.progress import ProgressBar
from ogive.train.quiet import quiet
from ogive.train.rundir import RunFolder, default_folder, write_text
from ogive.train.settings import Settings
from ogive.train.task import Classification
from ogive.train.threads import threads_for, using_threads
from ogive.train.weights import save_weights


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a run came to.

    `accuracy` and `validation_accuracy` are shares, 0 to 1: of the test set, read once at the end with the
    best weights, and of the validation part, which chose them. Epochs count from 1. `seconds` are those of
    training.
    """

    name: str
    accuracy: float
    correct: int
    total: int
    epochs: int
    best_epoch: int
    validation_accuracy: float
    seconds: float
    device: str
    out: Path
    files: tuple[Path, ...]

    @property
    def summary(self) -> str:
        """`lenet5: test accuracy 98.61 % (355 of 360) after 30 epochs, best at epoch 27; runs/lenet5/1`."""
        epochs = f"{self.epochs} epoch" if self.epochs == 1 else f"{self.epochs} epochs"
        return (
            f"{self.name}: test accuracy {100 * self.accuracy:.2f} % ({self.correct} of {self.total}) "
            f"after {epochs}, best at epoch {self.best_epoch}; {self.out}"
        )


def train(
    module: nn.Module | Callable[[], nn.Module],
    *,
    name: str,
    inputs: Sequence[tuple[str, Shape]],
    outputs: Sequence[tuple[str, Shape]] | None = None,
    least: Mapping[str, int] | None = None,
    parameters: Sequence[str] = (),
    data: str = "digits",
    epochs: int = defaults.EPOCHS,
    batch: int = defaults.BATCH,
    lr: float = defaults.LEARNING_RATE,
    seed: int = 0,
    device: str = "auto",
    out: Path | None = None,
    source_text: str | None = None,
    arguments: Mapping[str, str] | None = None,
    edits: Sequence[str] = (),
    plugins: Mapping[str, str] | None = None,
    console: Console | None = None,
) -> TrainResult:
    """Trains a network to classify, and keeps everything about it in a folder.

    On a CPU two runs with the same seed, from the same weights and with the same number of threads, give
    bit-identical weights; a small network gets one thread unless the environment says otherwise. Random
    states and the network's mode are the caller's to restore.

    Args:
        module: a network, trained in place from the weights it has; or a function that makes one, called
            after the seed is set, so that the run depends on the seed alone. It ends on the CPU, in
            evaluation mode, with the best weights.
        name: of the network, for folder and messages.
        inputs: name and shape, without the batch, of each input.
        outputs: the same of each output, where they are known; what the network returns is looked at anyway.
        least: the least that unknown sizes of the input may be.
        parameters: names of the net's own parameters, those that advice may tell to set.
        data: name of a data set, see `data.DATA_SETS`.
        epochs: times that every training image is seen.
        batch: images in a step, at most.
        lr: the highest learning rate of the schedule.
        seed: of the validation split, the order of the images, their jitter and dropout.
        device: `cpu`, `cuda`, or `auto`: cuda where there is one.
        out: the run's folder; without it `runs/NAME/1`, or the next number that is free.
        source_text: the program, kept as `NAME.arch`.
        arguments: what `--set` gave the net, as it was written; kept in the record.
        edits: what `--edit` made of it; kept in the record.
        plugins: the files with layers of the user's own, each with its SHA-256; kept in the record.
        console: where progress is shown; without it nowhere.

    Raises:
        ArchError: E520 input and E521 output do not fit the data, E522 unknown data set, E523 no such device,
            E524 the folder holds a run, E525 a loss that is not finite, E526 a number that cannot be used,
            E527 not enough memory.
        KeyboardInterrupt: Ctrl-C or, as its subclass `Terminated`, SIGTERM; after saving. It says where the
            weights are.
    """
    settings = Settings(data, epochs, batch, lr, seed, device)
    data_set = find_data_set(data)
    chosen = choose_device(device)
    shape = image_shape(inputs, data_set, least)
    if outputs is not None:
        check_outputs(outputs, data_set, parameters)
    folder = RunFolder(out if out is not None else default_folder(name), name)
    folder.refuse_if_taken()

    with quiet():
        seed_everything(seed, workers=True, verbose=False)
        network = module if isinstance(module, nn.Module) else module()
        macs = try_once(network, shape, data_set, parameters)
        images = ImageData(data_set, shape, batch=batch, seed=seed)
        check_smallest_batch(network, images.train.smallest)
        made = {"set": dict(arguments or {}), "edits": list(edits), "plugins": dict(plugins or {})}
        run = _Run(name, settings, chosen, network, images, folder, made)
        folder.claim(run.about() | {"status": "running"})
        if source_text is not None:
            write_text(folder.source, source_text)
        history = History(folder)
        try:
            with using_threads(threads_for(macs, batch) if chosen == "cpu" else torch.get_num_threads()):
                seconds = run.fit(history, console or Console(quiet=True))
                return run.finish(history, seconds)
        except BaseException as error:
            stopped = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            folder.write_record(run.about() | {"status": stopped, "epochs_done": len(history.epochs)})
            raise


@dataclass(frozen=True, slots=True)
class _Run:
    """A run whose settings are sound and whose network fits the data."""

    name: str
    settings: Settings
    device: str
    network: nn.Module
    images: ImageData
    folder: RunFolder
    made: Mapping[str, object]

    def about(self) -> dict[str, object]:
        """What the run is made with: enough to make it again, and to use its weights."""
        parts = self.images.split
        return {
            "name": self.name,
            "program": dict(self.made),
            "settings": asdict(self.settings) | {"device": self.device},
            "input": list(self.images.shape),
            "normalisation": {"mean": self.images.mean.tolist(), "std": self.images.std.tolist()},
            "images": {
                "train": len(parts.train),
                "validation": len(parts.validation),
                "test": len(parts.test),
            },
            "parameters": sum(parameter.numel() for parameter in self.network.parameters()),
            "versions": {"torch": torch.__version__, "lightning": lightning.__version__},
        }

    def fit(self, history: History, console: Console) -> float:
        """Trains; returns the seconds it took."""
        interrupt = Interrupt()
        checkpoints = Checkpoints(self.folder, history, interrupt)
        trainer = Trainer(
            accelerator="gpu" if self.device == "cuda" else "cpu",
            devices=1,
            max_epochs=self.settings.epochs,
            callbacks=[history, checkpoints, ProgressBar(console, history, self.images.train)],
            plugins=[LightningEnvironment()],  # one process, also inside a cluster's job
            reload_dataloaders_every_n_epochs=1,  # an epoch's order follows from its number
            default_root_dir=self.folder.path,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )
        began = time.monotonic()
        try:
            with interrupt.listening():
                trainer.fit(Classification(self.network, self.settings.lr), datamodule=self.images)
        except SystemExit:  # what Lightning makes of a KeyboardInterrupt
            if not checkpoints.interrupted:
                raise
        except torch.OutOfMemoryError as error:
            batch = self.settings.batch
            message = f"a batch of {batch} images does not fit into the memory of `{self.device}`"
            help_ = f"--batch {max(1, batch // 2)}"
            raise ArchError([Diagnostic("E527", message, help=help_)]) from error
        if checkpoints.interrupted:
            number = interrupt.number or signal.SIGINT
            raise stopped_by(number, self._where_the_weights_are(history))
        return time.monotonic() - began

    def _where_the_weights_are(self, history: History) -> str:
        where = f"interrupted in epoch {len(history.epochs) + 1}"
        if not self.folder.last.exists():
            return f"{where}, before anything was saved; {self.folder.path}"
        best = f", the best (epoch {history.best.epoch}) in {self.folder.best}" if history.best else ""
        return f"{where}; the last weights are in {self.folder.last}{best}"

    def finish(self, history: History, seconds: float) -> TrainResult:
        """Reads the test data with the best weights, and writes weights, curves and record."""
        best = history.best
        assert best is not None  # at least one epoch was run
        self._load_best()
        score = evaluate(self.network, self.images.test_dataloader(), self.device)
        self.network.cpu().eval()
        outcome = {
            "best_epoch": best.epoch,
            "validation_accuracy": best.val_accuracy,
            "test_accuracy": score.accuracy,
            "test_correct": score.correct,
            "test_total": score.total,
        }
        save_weights(self.network, self.folder.weights, self.about() | outcome)
        title = f"{self.name} on {self.settings.data}"
        draw_curves(history.epochs, best, title, self.folder.curves, score.accuracy)
        self.folder.write_record(
            self.about() | outcome | {"test_loss": score.loss, "seconds": seconds, "status": "finished"}
        )
        return TrainResult(
            name=self.name,
            accuracy=score.accuracy,
            correct=score.correct,
            total=score.total,
            epochs=len(history.epochs),
            best_epoch=best.epoch,
            validation_accuracy=best.val_accuracy,
            seconds=seconds,
            device=self.device,
            out=self.folder.path,
            files=self.folder.files(),
        )

    def _load_best(self) -> None:
        """Puts the best checkpoint's weights into the network, on the CPU."""
        state = torch.load(self.folder.best, map_location="cpu", weights_only=True)["state_dict"]
        own = {key.removeprefix("network."): value for key, value in state.items()}
        self.network.cpu().load_state_dict(own)
