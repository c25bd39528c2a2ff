"""The Lightning module: one step of training, as the recipe has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torchmetrics import Metric

from ogive.graph import Graph
from ogive.recipes import Recipe
from ogive.recipes.optimizer import Optimizer
from ogive.train.losses import Loss, main_and_heads
from ogive.train.measures import Measure, Score, Tally
from ogive.train.optimizers import build_optimizer
from ogive.train.rates import Rates
from ogive.train.seeds import STEP, random_states, restore_states, seed_torch


class Broken(NamedTuple):
    """A step whose loss is not finite, with what it takes to do it once more.

    Attributes:
        loss: what it is.
        epoch: from 1 on.
        step: of the epoch, from 1 on.
        inputs: the batch, as the network got it.
        random: the state of torch's generator on the CPU before the step.
        lr: the learning rate.
    """

    loss: float
    epoch: int
    step: int
    inputs: Any
    random: Tensor
    lr: float


class NotFinite(Exception):
    """The loss is no number any more; nothing was done with its gradients."""

    def __init__(self, broken: Broken) -> None:
        super().__init__(f"the loss is {broken.loss}")
        self.broken = broken


class Task(LightningModule):
    """Trains a network as a recipe says.

    The learning rate is set before every step, a function of the step's number; a loss that is not finite
    ends the training before its gradients reach the weights.

    Args:
        network: trained in place.
        recipe: whole.
        graph: what the network was compiled from.
        loss: of what the network returns and the targets.
        rates: how the learning rate goes.
        metrics: the user's own measures, taken on the validation part.
        about: which run this is; kept in checkpoints, and compared when they are read.
        keep_frozen: called with the network after it is put into training mode; keeps frozen norms in
            evaluation mode.

    Attributes:
        train_tally, val_tally: the sums of the epoch under way.
    """

    def __init__(
        self,
        network: nn.Module,
        recipe: Recipe,
        *,
        graph: Graph | None,
        loss: Loss,
        rates: Rates,
        metrics: Mapping[str, Measure | Metric] | None = None,
        about: Mapping[str, object] | None = None,
        keep_frozen: Callable[[nn.Module], None] | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.rates = rates
        self.train_tally = Tally()
        self.val_tally = Tally(metrics)
        self._graph = graph
        self._loss = loss
        self._plain = loss.plain
        self._recipe = recipe
        self._seed = cast("int", recipe.value("seed"))
        self._metrics = dict(metrics or {})
        self._about = dict(about or {})
        self._keep_frozen = keep_frozen
        self._channels_last = bool(recipe.value("channels_last"))
        if self._channels_last:
            to_channels_last(network)
        # behind a list: a compiled module is no second set of parameters
        self._runs: list[Callable[..., Any]] = [
            torch.compile(network) if recipe.value("compile") else network
        ]
        self._step: tuple[Tensor, Any, Tensor] | None = None

    def forward(self, *inputs: Any) -> Any:
        """What the network returns for inputs [N, …]."""
        if self._channels_last:
            inputs = tuple(_laid(value) for value in inputs)
        return self._runs[0](*inputs)

    # ------------------------------------------------------------------ training

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The recipe's optimizer; its learning rate is set before every step."""
        choice = cast("Optimizer", self._recipe.value("optimizer"))
        optimizer = build_optimizer(choice, self.network, self._graph)
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
        return optimizer

    def on_train_epoch_start(self) -> None:
        """Begins the sums of an epoch."""
        self.train_tally = Tally()

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Sets the learning rate, and what is drawn in this step."""
        seed_torch(self._seed, STEP, self.current_epoch, batch_idx, self.global_rank)
        factor = self.rates.factor(self.global_step)
        for group in self._optimizer().param_groups:
            group["lr"] = group["initial_lr"] * factor

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        """The loss of a batch, its share in the step's mean."""
        inputs, targets, share = unpacked(batch)
        random = torch.get_rng_state()
        output = self(*inputs)
        loss, main = self._loss(output, targets)
        self._step = (loss.detach(), inputs, random)
        self.train_tally.add(self._plain(main, targets)[0], main, targets)
        return loss if share == 1 else loss * share

    def on_after_backward(self) -> None:
        """Looks at the loss, before the optimizer's step.

        Raises:
            NotFinite: it is not a number.
        """
        # this waits for the device: a step that is taken with such gradients cannot be explained afterwards
        assert self._step is not None
        loss, inputs, random = self._step
        if not bool(torch.isfinite(loss)):
            position = self.trainer.fit_loop.epoch_loop.batch_idx + 1
            broken = Broken(float(loss), self.current_epoch + 1, position, inputs, random, self.lr)
            raise NotFinite(broken)
        self._step = None

    @property
    def lr(self) -> float:
        """The learning rate of the step under way, or of the last."""
        return float(self._optimizer().param_groups[0]["lr"])

    def train(self, mode: bool = True) -> Task:
        """Training or evaluation mode; frozen norms stay in evaluation mode."""
        super().train(mode)
        if mode and self._keep_frozen is not None:
            self._keep_frozen(self.network)
        return self

    def _optimizer(self) -> torch.optim.Optimizer:
        return self.trainer.optimizers[0]

    # ------------------------------------------------------------------ validation

    def on_validation_epoch_start(self) -> None:
        """Begins the sums of a validation."""
        self.val_tally = Tally(self._metrics)

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        """Counts a batch."""
        inputs, targets, _ = unpacked(batch)
        main, _ = main_and_heads(self(*inputs))
        self.val_tally.add(self._plain(main, targets)[0], main, targets)

    def score(self, tally: Tally) -> Score:
        """The score of all processes."""
        if self.trainer.world_size == 1:
            return tally.score()

        def summed(values: Tensor) -> Tensor:
            return cast("Tensor", self.trainer.strategy.reduce(values.to(self.device), reduce_op="sum"))

        return tally.score(summed)

    # ------------------------------------------------------------------ checkpoints

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds which run it is, and all random states."""
        checkpoint["ogive"] = self._about
        checkpoint["random"] = random_states()
        checkpoint["rates"] = self.rates.state_dict()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes up random states, and the schedule's."""
        restore_states(checkpoint["random"])
        self.rates.load_state_dict(checkpoint["rates"])


def unpacked(batch: Any) -> tuple[tuple[Any, ...], Any, float]:
    """Inputs, targets and the share of a batch: ours, or a pair that a user's loader gives.

    Raises:
        TypeError: it is neither.
    """
    parts = list(cast("Sequence[Any]", batch)) if isinstance(batch, list | tuple) else []
    share = parts.pop() if len(parts) == 3 and isinstance(parts[2], float) else 1.0
    if len(parts) != 2:
        kind = type(batch).__name__
        what = f"{kind} of {len(batch)}" if isinstance(batch, Sequence) else kind
        raise TypeError(
            f"a batch is a pair (inputs, targets), and this is a {what}; several inputs are a tuple of their "
            "own: ((left, right), targets)"
        )
    inputs, targets = parts
    given = tuple(cast("Sequence[Any]", inputs)) if isinstance(inputs, list | tuple) else (inputs,)
    return given, targets, share


def to_channels_last(network: nn.Module) -> None:
    """Lays the weights of convolutions out with their channels last (PyTorch's `channels_last`, and
    `channels_last_3d`).
    """
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.dim() in (4, 5):
                parameter.data = _laid(parameter.data)


def _laid(value: Any) -> Any:
    if isinstance(value, Tensor) and value.dim() == 4:
        return value.contiguous(memory_format=torch.channels_last)
    if isinstance(value, Tensor) and value.dim() == 5:
        return value.contiguous(memory_format=torch.channels_last_3d)
    return value
