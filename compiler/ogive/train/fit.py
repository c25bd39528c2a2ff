"""One fit by Lightning: the trainer as a machine has it, and what ends it early, told."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.loggers import TensorBoardLogger

from ogive.diagnostics import ArchError
from ogive.recipes import Recipe
from ogive.train.broken import loss_not_finite
from ogive.train.disk import disk_errors
from ogive.train.interrupt import Interrupt, stopped_by
from ogive.train.loaders import Loaders
from ogive.train.machine import Machine
from ogive.train.memory import is_out_of_memory, out_of_memory
from ogive.train.ranks import is_first
from ogive.train.rundir import RunFolder
from ogive.train.saving import Checkpoints, where
from ogive.train.storage import Storage
from ogive.train.task import NotFinite, Task

if TYPE_CHECKING:
    from ogive.graph import Graph
    from ogive.train.feed import Feed

_PRECISIONS: dict[object, Any] = {"fp32": "32-true", "bf16": "bf16-mixed"}


def make_trainer(
    recipe: Recipe,
    machine: Machine,
    device: str,
    folder: RunFolder,
    feed: Feed,
    callbacks: Sequence[Callback],
) -> Trainer:
    """Lightning's trainer: devices, nodes, strategy, precision, accumulation, clipping, logging are its."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it advises is decided here
        return Trainer(
            accelerator="gpu" if device == "cuda" else "cpu",
            devices=machine.devices,
            num_nodes=machine.nodes,
            strategy=strategy_of(machine),
            precision=_PRECISIONS[recipe.value("precision")],
            max_epochs=feed.epochs,
            accumulate_grad_batches=_int(recipe.value("accumulate")),
            gradient_clip_val=recipe.value("clip"),  # pyright: ignore[reportArgumentType]
            sync_batchnorm=bool(recipe.value("sync_bn")),
            limit_val_batches=1.0 if feed.validates else 0,
            callbacks=list(callbacks),
            # one process does not ask the cluster that it happens to run in
            plugins=[Storage(), *([LightningEnvironment()] if machine.world == 1 else [])],
            logger=TensorBoardLogger(folder.path, name="", version="events"),
            reload_dataloaders_every_n_epochs=1,  # an epoch's order follows from its number
            use_distributed_sampler=False,
            default_root_dir=folder.path,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            log_every_n_steps=1,
        )


def strategy_of(machine: Machine) -> Any:
    """What Lightning calls it."""
    if machine.world == 1:
        return "auto"
    if machine.strategy == "fsdp":
        from lightning.pytorch.strategies import FSDPStrategy

        return FSDPStrategy(state_dict_type="full")
    return "ddp"


def fit(
    trainer: Trainer,
    task: Task,
    feed: Feed,
    *,
    checkpoint: Path | None,
    checkpoints: Checkpoints,
    interrupt: Interrupt,
    folder: RunFolder,
    graph: Graph | None,
    recipe: Recipe,
) -> None:
    """Trains to the end of the recipe, or until something stops it.

    Args:
        trainer, task, feed: who trains, what, on what.
        checkpoint: where it goes on from.
        checkpoints: the callback that saves.
        interrupt: what hears signals.
        folder: of the run.
        graph: of the network, where it is known: what memory it needs.
        recipe: whole.

    Raises:
        ArchError: E525, a loss that is not finite; E527, not enough memory; E568, a full disk.
        KeyboardInterrupt: Ctrl-C or, as its subclass `Terminated`, SIGTERM; after saving.
    """
    try:
        with interrupt.listening(), disk_errors(folder.path):
            trainer.fit(task, datamodule=feed, ckpt_path=checkpoint, weights_only=True)
    except SystemExit:  # what Lightning makes of a KeyboardInterrupt
        if not checkpoints.interrupted and interrupt.number is None:
            raise
    except NotFinite as error:
        raise ArchError([loss_not_finite(task.network, error.broken, recipe, folder.path)]) from None
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        device = trainer.strategy.root_device
        said = out_of_memory(
            graph, task.network, recipe, device, error, world=trainer.world_size,
            own_loaders=isinstance(feed.data, Loaders),
        )  # fmt: skip
        raise ArchError([said]) from error
    if checkpoints.interrupted or interrupt.obeyed:
        number = interrupt.number or signal.SIGINT
        if not is_first():
            raise SystemExit(128 + number)  # the first process says what there is to say
        raise stopped_by(number, _how_to_go_on(checkpoints, folder))


def _how_to_go_on(checkpoints: Checkpoints, folder: RunFolder) -> str:
    if not checkpoints.interrupted:  # the second of two signals
        return f"stopped at once; to go on from the last checkpoint: ogive train --resume {folder.path}"
    return f"stopped and saved {where(*checkpoints.position)}; to go on: ogive train --resume {folder.path}"


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
