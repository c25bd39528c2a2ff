"""How a network does, summed up batch by batch where the tensors are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor
from torchmetrics import Metric

IGNORED = -100
"""A label that counts nowhere, as in `torch.nn.functional.cross_entropy`."""
CLASSES_FOR_TOP5 = 11
"""From so many classes on, the share of images whose class is among the first five is told too."""

Measure = Callable[[Any, Any], "Tensor | float"]
"""A function of the main output and the targets: a mean over the batch."""
Reduce = Callable[[Tensor], Tensor]
"""Sums a tensor over all processes."""


@dataclass(frozen=True, slots=True)
class Score:
    """How a network did on some images.

    Attributes:
        loss: the mean loss of the main output.
        images: how many images there were.
        correct: of `total` labels (one an image, or one a place of a map) how many came first; None where
            outputs and targets are no classification.
        total: the labels.
        top5: how many were among the first five; None with ten classes or fewer.
        others: the user's own measures, by their names.
    """

    loss: float
    images: int
    correct: int | None = None
    total: int = 0
    top5: int | None = None
    others: Mapping[str, float] = field(default_factory=dict)

    @property
    def accuracy(self) -> float | None:
        """The share of labels that came first, 0 to 1."""
        return None if self.correct is None else self.correct / max(1, self.total)

    def values(self) -> dict[str, float]:
        """Loss, accuracy, top5 and the user's own, by their names; those that there are."""
        found = {"loss": self.loss}
        if self.accuracy is not None:
            found["accuracy"] = self.accuracy
        if self.top5 is not None:
            found["top5"] = self.top5 / max(1, self.total)
        return found | dict(self.others)


class Tally:
    """The sums of an epoch.

    Nothing waits for the device before `score` is called. The sums are kept in double precision and can be
    saved: an epoch that is broken off goes on with them.

    Args:
        others: the user's own measures: functions whose values are averaged over images, or metrics of
            `torchmetrics`, which sum up themselves.
    """

    _SUMS = ("loss", "images", "correct", "total", "top5")

    def __init__(self, others: Mapping[str, Measure | Metric] | None = None) -> None:
        self._others = dict(others or {})
        self._sums: Tensor | None = None
        self._classifies = self._has_top5 = False
        for metric in self._metrics().values():
            metric.reset()

    def add(self, loss: Tensor, output: Any, targets: Any) -> None:
        """Counts a batch, with the mean loss of its main output."""
        images = len(targets) if isinstance(targets, Tensor | Sequence) else 1
        sums = [loss.detach().double() * images, _number(images, loss)]
        sums += self._hits(output, targets, loss)
        for name, measure in self._functions().items():
            value = torch.as_tensor(measure(output, targets), device=loss.device).detach()
            if value.numel() != 1:
                shape = "x".join(map(str, value.shape))
                raise TypeError(f"the measure {name!r} gives a tensor of {shape}, not a number")
            sums.append(value.double() * images)
        for metric in self._metrics().values():
            metric.to(loss.device).update(output, targets)
        new = torch.stack([value.reshape(()) for value in sums])
        self._sums = new if self._sums is None else self._sums.to(new.device) + new

    def score(self, reduce: Reduce | None = None) -> Score:
        """The score of what was counted, over all processes where `reduce` sums over them."""
        if self._sums is None:
            return Score(float("nan"), 0)
        sums = (reduce(self._sums) if reduce else self._sums).tolist()
        loss, images, correct, total, top5 = sums[: len(self._SUMS)]
        others = dict(
            zip(self._functions(), (s / max(1, images) for s in sums[len(self._SUMS) :]), strict=True)
        )
        others |= {name: float(metric.compute()) for name, metric in self._metrics().items()}
        return Score(
            loss=loss / max(1, images),
            images=int(images),
            correct=int(correct) if self._classifies else None,
            total=int(total),
            top5=int(top5) if self._has_top5 else None,
            others=others,
        )

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes; torchmetrics' sums aside, which no training part has."""
        sums = None if self._sums is None else self._sums.cpu()
        return {"sums": sums, "classifies": self._classifies, "top5": self._has_top5}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from saved sums."""
        self._sums = state["sums"]
        self._classifies, self._has_top5 = state["classifies"], state["top5"]

    def _hits(self, output: Any, targets: Any, like: Tensor) -> list[Tensor]:
        """Correct, total and top 5 of a batch."""
        if not is_classification(output, targets):
            return [_number(0, like)] * 3
        scores = cast("Tensor", output).detach()
        labels = cast("Tensor", targets)
        if scores.dim() > labels.dim() + 1:  # [N, C, 1, 1], as fully convolutional heads leave it
            scores = scores.flatten(1)
        self._classifies = True
        valid = labels != IGNORED
        correct = ((scores.argmax(dim=1) == labels) & valid).sum()
        self._has_top5 = scores.shape[1] >= CLASSES_FOR_TOP5
        top5 = _number(0, like)
        if self._has_top5:
            top5 = ((scores.topk(5, dim=1).indices == labels.unsqueeze(1)).any(dim=1) & valid).sum()
        return [correct.double(), valid.sum().double(), top5.double()]

    def _functions(self) -> dict[str, Measure]:
        return {name: m for name, m in self._others.items() if not isinstance(m, Metric)}

    def _metrics(self) -> dict[str, Metric]:
        return {name: m for name, m in self._others.items() if isinstance(m, Metric)}


def is_classification(output: Any, targets: Any) -> bool:
    """Whether outputs are scores of classes, and targets their numbers: [N, C, …] and int [N, …]."""
    if not isinstance(output, Tensor) or not isinstance(targets, Tensor):
        return False
    if targets.is_floating_point() or targets.is_complex() or targets.dtype == torch.bool or output.dim() < 2:
        return False
    maps = output.shape[:1] + output.shape[2:]
    return targets.shape == maps or (targets.dim() == 1 and all(size == 1 for size in output.shape[2:]))


def _number(value: float, like: Tensor) -> Tensor:
    return torch.full((), float(value), dtype=torch.float64, device=like.device)
