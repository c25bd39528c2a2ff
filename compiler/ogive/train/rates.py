"""The learning rate over a run: the `schedule` of a recipe, as a factor of the optimizer's rate."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ogive.recipes.base import Value
from ogive.recipes.schedule import Constant, Cosine, Exponential, Plateau, Poly, Steps, Warmup

_ROUNDING = 1e-6
"""Of a step: `0.55 * 100` is 55.00000000000001, and means step 55."""


class Rates:
    """What the rate of the optimizer is multiplied with, step by step.

    A warm-up of W steps goes from its `start`, at the first step, to 1 at the first step after it, in equal
    steps, as `torch.optim.lr_scheduler.LinearLR` does. `cosine` and `poly` run over the steps that are left
    behind it, and would reach their `end` at the step after the last. `steps` and `exponential` count from
    the start of the run, and act on the first step of an epoch: with `steps(at = [30, 60])`, 30 epochs have
    the whole rate. A part of the run that is no whole number of steps ends with the step that completes it; a
    warm-up is as many whole steps as go into it, so that a run of one step has the whole rate.

    A factor is a function of the step alone, but for `plateau`, which depends on what was validated; that is
    the state, of plain numbers, that a checkpoint keeps.

    Args:
        values: of the setting `schedule`: one schedule, with a `warmup` before it or without.
        steps: steps of the optimizer in the whole run.
        steps_per_epoch: in one epoch.
    """

    def __init__(self, values: Sequence[Value], *, steps: int, steps_per_epoch: int) -> None:
        if steps < 1 or steps_per_epoch < 1:
            raise ValueError(f"a run of {steps} steps, {steps_per_epoch} in an epoch")
        self.steps = steps
        self.steps_per_epoch = steps_per_epoch
        self._warmup = next((value for value in values if isinstance(value, Warmup)), None)
        self._schedule = next((value for value in values if not isinstance(value, Warmup)), Constant())
        self.warm = self._length(self._warmup) if self._warmup is not None else 0
        self._shape = self._shape_of(self._schedule)
        self._best: float | None = None
        self._waiting = 0
        self._reduced = 0
        self._seen = -1  # the last epoch that was validated

    @property
    def follows_validation(self) -> bool:
        """Whether the rate depends on validation, so that `validated` is to be called after each epoch."""
        return isinstance(self._schedule, Plateau)

    def factor(self, step: int) -> float:
        """The factor of a step, counted from 0 over the whole run."""
        factor = self._shape(step)
        if self._warmup is not None and step < self.warm:
            factor *= self._warmup.start + (1 - self._warmup.start) * step / self.warm
        return factor

    # ------------------------------------------------------------------ shapes

    def _length(self, warmup: Warmup) -> int:
        length = warmup.lasts(self.steps / self.steps_per_epoch) * self.steps_per_epoch
        return math.floor(length + _ROUNDING)

    def _gone(self, step: int) -> float:
        """Which part is gone of the steps behind the warm-up."""
        return min(max(0, step - self.warm) / max(1, self.steps - self.warm), 1.0)

    def _shape_of(self, schedule: Value) -> Callable[[int], float]:
        """The schedule without its warm-up."""
        match schedule:
            case Constant():
                return lambda _: 1.0
            case Steps(at=at, factor=factor):
                starts = [self._start(time) for time in at]
                return lambda step: factor ** sum(step >= start for start in starts)
            case Exponential(factor=factor, every=every):
                length = every * self.steps_per_epoch
                return lambda step: factor ** math.floor((step + _ROUNDING) / length)
            case Cosine(end=end):
                return lambda step: end + (1 - end) * (1 + math.cos(math.pi * self._gone(step))) / 2
            case Poly(power=power, end=end):
                return lambda step: end + (1 - end) * (1 - self._gone(step)) ** power
            case Plateau(factor=factor):
                return lambda _: factor**self._reduced
            case _:
                raise TypeError(f"{schedule!r} is no schedule of a recipe")

    def _start(self, time: float) -> int:
        """The first step with the next rate: after so many epochs, or after a part of the run below 1."""
        return _whole(time * self.steps if time < 1 else time * self.steps_per_epoch)

    # ------------------------------------------------------------------ plateau

    def validated(self, epoch: int, *, loss: float, error: float) -> None:
        """Tells how an epoch ended on the validation set; only `plateau` listens.

        An epoch whose loss, or error, is below all before it is a fall; one that is no number is none. After
        more than `patience` epochs in a row without a fall the rate is reduced, and counting begins anew, as
        `torch.optim.lr_scheduler.ReduceLROnPlateau` does with a threshold of 0. Epochs within a warm-up do
        not count as waiting. An epoch that was told already changes nothing.

        Args:
            epoch: counted from 0.
            loss: the mean loss.
            error: the share of images that were not recognised.
        """
        schedule = self._schedule
        if not isinstance(schedule, Plateau) or epoch <= self._seen:
            return
        self._seen = epoch
        value = loss if schedule.of == "loss" else error
        if math.isfinite(value) and (self._best is None or value < self._best):
            self._best, self._waiting = value, 0
            return
        if (epoch + 1) * self.steps_per_epoch > self.warm:
            self._waiting += 1
        if self._waiting > schedule.patience and (schedule.times is None or self._reduced < schedule.times):
            self._reduced, self._waiting = self._reduced + 1, 0

    def state_dict(self) -> dict[str, Any]:
        """What cannot be computed from the step: numbers and None, which JSON keeps."""
        return {"best": self._best, "waiting": self._waiting, "reduced": self._reduced, "seen": self._seen}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from such a state."""
        self._best, self._waiting = state["best"], state["waiting"]
        self._reduced, self._seen = state["reduced"], state["seen"]


def _whole(steps: float) -> int:
    """The steps of which these are a part or the whole."""
    return math.ceil(steps - _ROUNDING)
