"""The Lightning module: one step of training, the optimiser, the schedule."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812  # PyTorch's own name for it
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn

from ogive.diagnostics import ArchError, Diagnostic
from ogive.train.heads import as_logits, split_heads, total_loss
from ogive.train.settings import LEARNING_RATE
from ogive.train.tally import Tally

LABEL_SMOOTHING = 0.1
WEIGHT_DECAY = 0.05
WARM_UP = 0.1  # of all steps
_STEPS_BETWEEN_LOOKS = 50  # at the loss, on a device where looking means waiting


def learning_rate_factor(step: int, steps: int) -> float:
    """Linear warm-up over the first tenth, then half a cosine to zero (Loshchilov & Hutter 2017, section 3).

    `step` counts from 0 to `steps` - 1; the factor is above 0 and at most 1.
    """
    warm = max(1, round(WARM_UP * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def parameter_groups(network: nn.Module) -> list[dict[str, object]]:
    """Weight decay for weights; none for biases, the scales of norms and other vectors."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    groups: list[dict[str, object]] = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": WEIGHT_DECAY},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


class Classification(LightningModule):
    """Trains a network to classify images.

    AdamW (Loshchilov & Hutter 2019) with label smoothing; the loss of auxiliary heads is added with their
    weights. `training_tally` and `validation_tally` hold the sums of the epoch under way.
    """

    def __init__(self, network: nn.Module, lr: float) -> None:
        super().__init__()
        self.network = network
        self.lr = lr
        self.training_tally = Tally()
        self.validation_tally = Tally()
        self._unseen: list[Tensor] = []  # losses not yet looked at, the last one of the step before

    def forward(self, images: Tensor) -> object:
        """What the network returns for images [N, C, H, W]."""
        return self.network(images)

    def on_train_epoch_start(self) -> None:
        """Begins the sums of an epoch."""
        self.training_tally = Tally()

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """The loss of a batch of images [N, C, H, W] and labels [N]."""
        images, labels = batch
        loss, logits = total_loss(self(images), labels, LABEL_SMOOTHING)
        self.training_tally.add(F.cross_entropy(logits.detach(), labels), logits, labels)
        self._unseen.append(loss.detach())
        last = batch_idx + 1 == self.trainer.num_training_batches
        if loss.device.type == "cpu" or last or len(self._unseen) >= _STEPS_BETWEEN_LOOKS:
            self._look(batch_idx)
        return loss

    def _look(self, batch_idx: int) -> None:
        """Stops the run at the first loss that is no number.

        Raises:
            ArchError: E525, with the epoch and the step.
        """
        losses = torch.stack(self._unseen).tolist()
        self._unseen.clear()
        for i, loss in enumerate(losses):
            if not math.isfinite(loss):
                step = batch_idx + 2 - len(losses) + i
                place = (
                    f"in epoch {self.current_epoch + 1}, step {step} of {self.trainer.num_training_batches}"
                )
                raise ArchError([_not_finite(f"the training loss is {loss} {place}", self.lr)])

    def on_validation_epoch_start(self) -> None:
        """Begins the sums of a validation."""
        self.validation_tally = Tally()

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Counts a batch; the loss is the plain cross entropy of the main output."""
        images, labels = batch
        logits = as_logits(split_heads(self(images))[0])
        self.validation_tally.add(F.cross_entropy(logits, labels), logits, labels)

    def on_validation_epoch_end(self) -> None:
        """Stops the run where the weights have become useless.

        Raises:
            ArchError: E525, with the epoch.
        """
        loss = self.validation_tally.score().loss
        if not math.isfinite(loss):
            message = f"the validation loss is {loss} after epoch {self.current_epoch + 1}"
            raise ArchError([_not_finite(message, self.lr)])

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """AdamW, with the schedule advanced after every step."""
        steps = int(self.trainer.estimated_stepping_batches)
        optimizer = torch.optim.AdamW(parameter_groups(self.network), lr=self.lr)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: learning_rate_factor(step, steps)
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _not_finite(message: str, lr: float) -> Diagnostic:
    smaller = lr / 10 if lr / 10 <= LEARNING_RATE else LEARNING_RATE / 10
    return Diagnostic("E525", message, help=f"a smaller learning rate: --lr {smaller:g}")
