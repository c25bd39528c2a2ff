"""Loss and accuracy, summed up where the tensors are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Score:
    """How a network did on some images.

    `loss` is the mean cross entropy in nats, `correct` of `total` images have the right class first.
    """

    loss: float
    correct: int
    total: int

    @property
    def accuracy(self) -> float:
        """The share of images with the right class first, 0 to 1."""
        return self.correct / self.total if self.total else 0.0


class Tally:
    """Sums over batches. They stay on the device, so that adding a batch never waits for it."""

    def __init__(self) -> None:
        self._loss: Tensor | None = None
        self._correct: Tensor | None = None
        self.total = 0

    @torch.no_grad()
    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Counts a batch: its mean loss (a scalar), logits [N, C] and labels [N]."""
        count = len(labels)
        loss = loss.detach().double() * count
        correct = (logits.argmax(dim=1) == labels).sum()
        self._loss = loss if self._loss is None else self._loss + loss
        self._correct = correct if self._correct is None else self._correct + correct
        self.total += count

    def score(self) -> Score:
        """What was counted so far. This waits for the device."""
        if self._loss is None or self._correct is None:
            return Score(0.0, 0, 0)
        return Score(float(self._loss) / self.total, int(self._correct), self.total)
