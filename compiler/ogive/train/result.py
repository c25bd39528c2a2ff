"""What a run came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to.

    Epochs count from 1. `seconds` are those of training.

    Attributes:
        name: of the network.
        epochs: how many were run.
        best_epoch: the one whose weights were kept.
        validation: of that epoch: `loss`, `accuracy` (a share, 0 to 1), the user's own measures. Empty
            without validation.
        test: the same of the test part, read once at the end with those weights; with `correct` and `total`
            where classes are told apart.
        seconds: of training.
        device: `cpu` or `cuda`.
        out: the run's folder.
        files: what lies in it.
        skipped: images that could not be used.
    """

    name: str
    epochs: int
    best_epoch: int
    validation: Mapping[str, float]
    test: Mapping[str, float]
    seconds: float
    device: str
    out: Path
    files: tuple[Path, ...] = field(repr=False)
    skipped: int = 0

    @property
    def accuracy(self) -> float | None:
        """The share of test images that were recognised; None where there is none."""
        return self.test.get("accuracy")

    @property
    def summary(self) -> str:
        """`lenet5: test accuracy 98.61 % (355 of 360) after 30 epochs, best at epoch 27; runs/lenet5`."""
        epochs = f"{self.epochs} epoch" if self.epochs == 1 else f"{self.epochs} epochs"
        return f"{self.name}: {self._outcome()} after {epochs}, best at epoch {self.best_epoch}; {self.out}"

    def _outcome(self) -> str:
        for part, values in (("test", self.test), ("validation", self.validation)):
            if "accuracy" in values:
                count = ""
                if "total" in values:
                    count = f" ({int(values['correct'])} of {int(values['total'])})"
                return f"{part} accuracy {100 * values['accuracy']:.2f} %{count}"
            if "loss" in values:
                return f"{part} loss {values['loss']:.4g}"
        return "trained"
