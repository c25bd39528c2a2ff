"""What Lightning asks for batches: the right ones of every epoch, also in the middle of one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lightning.pytorch import LightningDataModule

from ogive.diagnostics import ArchError, Diagnostic
from ogive.train.loaders import Loaders, Part, length_of
from ogive.train.seeds import LOADER, seed_everything

if TYPE_CHECKING:
    from ogive.train.data import ImageData


class Feed(LightningDataModule):
    """The batches of a run.

    Attributes:
        data: where they come from.
        epochs, steps: how many there are in the whole run; `steps` counts those of the optimizer.
        steps_per_epoch: steps of an epoch that is not cut short.
        done: the epoch (from 0) that is under way, and how many of its batches are done.
    """

    def __init__(
        self,
        data: ImageData | Loaders,
        *,
        epochs: int | None,
        steps: int | None,
        accumulate: int,
        seed: int,
        world: int = 1,
    ) -> None:
        super().__init__()
        self.data = data
        self.seed = seed
        self.accumulate = accumulate
        self.done = (0, 0)
        self.batches = self._count(world)
        self.steps_per_epoch = math.ceil(self.batches / accumulate)
        if steps is None:
            assert epochs is not None
            steps = epochs * self.steps_per_epoch
        self.steps = steps
        self.epochs = math.ceil(steps / self.steps_per_epoch)

    @property
    def validates(self) -> bool:
        """Whether there is anything to validate on."""
        if isinstance(self.data, Loaders):
            return self.data.validation is not None
        return self.data.counts["validation"] > 0

    def batches_of(self, epoch: int) -> int:
        """Batches of an epoch, counted from 0: the last one of a run of so many steps may be shorter."""
        left = self.steps - epoch * self.steps_per_epoch
        return max(0, min(self.batches, left * self.accumulate))

    def train_dataloader(self) -> Part:
        """What is left of the epoch under way; the trainer asks before each."""
        trainer = self.trainer
        assert trainer is not None
        epoch = int(trainer.current_epoch)
        start = self.done[1] if self.done[0] == epoch else 0
        length = self.batches_of(epoch)
        if isinstance(self.data, Loaders):
            _tell_epoch(self.data.train, epoch)

            def before(batch: int) -> None:
                seed_everything(self.seed, LOADER, epoch, batch)

            return Part(self.data.train, length, start, accumulate=self.accumulate, before=before)
        batches = self.data.train_batches(
            epoch, start=start, rank=trainer.global_rank, world=trainer.world_size
        )
        return Part(batches, length, start, begins=True)

    def val_dataloader(self) -> Iterable[Any]:
        """The validation part of this process."""
        trainer = self.trainer
        assert trainer is not None
        if isinstance(self.data, Loaders):
            validation = self.data.validation
            # behind a Part: Lightning takes a list of batches for several loaders
            return [] if validation is None else Part(validation, length_of(validation))
        if not self.validates:
            return []
        return self.data.validation_batches(rank=trainer.global_rank, world=trainer.world_size)

    def _count(self, world: int) -> int:
        if isinstance(self.data, Loaders):
            count = length_of(self.data.train)
            if not count:
                what = "has no batches" if count == 0 else "does not say how many batches it has"
                message = f"the training loader {what}"
                help_ = "a loader whose `len` is known" if count is None else None
                raise ArchError([Diagnostic("E526", message, help=help_)])
            return count
        return len(self.data.train_batches(0, world=world))


def _tell_epoch(loader: object, epoch: int) -> None:
    """Tells samplers that shuffle by the number of the epoch, such as `DistributedSampler`."""
    for owner in (loader, getattr(loader, "batch_sampler", None)):
        set_epoch = getattr(getattr(owner, "sampler", None), "set_epoch", None)
        if callable(set_epoch):
            set_epoch(epoch)
