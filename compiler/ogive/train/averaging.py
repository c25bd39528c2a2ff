"""The exponential mean of the weights, as `ema` of a recipe asks for: Lightning's, safe to interrupt."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks.weight_averaging import WeightAveraging
from torch.optim.swa_utils import get_ema_multi_avg_fn


def averaging(decay: float | None) -> Averaging | None:
    """The callback for a recipe's `ema`; None for none."""
    return Averaging(decay) if decay is not None else None


class Averaging(WeightAveraging):
    """Keeps, beside the weights that are trained, their exponential mean.

    After the first step the mean is what the weights are; at each later step it keeps `decay` of itself.
    Running statistics are averaged alike. Validation, and the network once training has ended, have the mean;
    so has `state_dict` of a checkpoint, whose `current_model_state` and `averaging_state` are what a run goes
    on with.

    Lightning exchanges the two sets of weights for the time of a validation. What is saved meanwhile, or once
    training has ended, has them the right way round nevertheless, so that a run interrupted there goes on
    exactly as it would have. It is to stand before callbacks that save. Weights spread over devices (fsdp) it
    cannot average.

    Args:
        decay: what the mean keeps at each step, 0 to 1.
    """

    def __init__(self, decay: float) -> None:
        # lerp leaves equal numbers equal: the mean of frozen weights is those weights, to the bit
        super().__init__(multi_avg_fn=get_ema_multi_avg_fn(decay))
        self.decay = decay
        self._exchanged = False

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Makes the mean, from the weights as they are."""
        if stage == "fit":
            self._exchanged = False
            self._latest_update_step = 0
        super().setup(trainer, pl_module, stage)

    def _swap_models(self, pl_module: LightningModule) -> None:
        super()._swap_models(pl_module)
        self._exchanged = not self._exchanged

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Gives the network the mean; the weights as trained stay here, to be saved."""
        if not self._exchanged:
            self._swap_models(pl_module)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Gives the network its weights back, where a validation was interrupted."""
        if self._exchanged:
            self._swap_models(pl_module)

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Saves the mean as `state_dict`, and the weights as trained beside it, whichever the network has."""
        super().on_save_checkpoint(trainer, pl_module, checkpoint)
        if self._exchanged:
            mean, current = checkpoint["current_model_state"], checkpoint["state_dict"]
            checkpoint["state_dict"], checkpoint["current_model_state"] = mean, current
