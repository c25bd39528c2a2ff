"""Batch norms given the statistics of a population: algorithm 2 of Ioffe & Szegedy (2015), lines 8 to 10."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from ogive.train.evaluation import evaluating

BatchNorm = nn.modules.batchnorm._BatchNorm  # pyright: ignore[reportPrivateUsage]
"""Batch norms over 1, 2 and 3 axes, and those that are synchronised between devices."""


@dataclass(frozen=True, slots=True)
class Recalibrated:
    """What `recalibrate` did.

    Attributes:
        norms: the batch norms whose statistics are new, by their names in the module, in its order.
        untouched: those that the images did not pass, such as those of auxiliary heads, and those that keep
            no statistics; they are as they were.
        batches: how many batches the means were taken over.
        images: in all of them together.
        left_out: the images that fill no batch: those of a last one that was smaller than the others, and
            those that were not in the batches at all, where that is known.
    """

    norms: tuple[str, ...]
    untouched: tuple[str, ...]
    batches: int
    images: int
    left_out: int


def batch_norms(module: nn.Module) -> dict[str, BatchNorm]:
    """The batch norms of a module by their names, each once."""
    return {name: part for name, part in module.named_modules() if isinstance(part, BatchNorm)}


def recalibrate(
    module: nn.Module, batches: Iterable[Any], device: torch.device | str | None = None
) -> Recalibrated:
    """Replaces the running statistics of every batch norm by those of a population of images.

    During training a batch norm keeps running means, of weights that have changed since. Algorithm 2 takes
    them anew when the weights are final: batches of m values pass the network as in training, every batch
    norm normalising by the batch at hand, and then

        E[x] = mean over the batches of their means,  Var[x] = m / (m - 1) · mean of their variances,

    where the variance of a batch divides by m, and m is the number of values of a channel in it: images times
    places. Everything else, dropout too, is in evaluation mode, and no weight changes. Means are summed in
    float64. A norm that is used several times in one pass (shared weights) has a batch for each use.

        recalibrate(module, data.plain_batches("train", 128))

    Args:
        module: any module; `running_mean` and `running_var` of its batch norms are replaced, when all batches
            have passed, and nothing of it changes when one fails.
        batches: tensors of images, or tuples that begin with one, of one size. A last one that is smaller is
            left out. Their order should be random: batches of one class vary less than the population.
        device: where to run, and to leave the module; where it is, unless given.

    Returns:
        which norms they are. There are none, and no batch is read, where the module has no batch norm.

    Raises:
        ValueError: there is no batch, or batches differ in size; or m is 1, so that nothing varies.
    """
    named = batch_norms(module)
    tracked = {name: norm for name, norm in named.items() if norm.track_running_stats}
    if not tracked:
        return Recalibrated((), tuple(named), 0, 0, 0)
    sums = {name: _Sum() for name in tracked}
    counted = _Counted()
    with evaluating([module], device), ExitStack() as undo, torch.no_grad():
        for name, norm in tracked.items():
            undo.enter_context(_Watched(norm, sums[name]))
        place = device if device is not None else _device_of(module)
        for images in _equal(batches, counted):
            module(images.to(place))
    if not counted.batches:
        raise ValueError("no batch to take statistics from")
    done = tuple(name for name in tracked if sums[name].uses)
    for name in done:
        for own, found in zip(_statistics(tracked[name]), sums[name].statistics(), strict=True):
            own.copy_(found)
    return Recalibrated(
        done, tuple(name for name in named if name not in done), counted.batches, counted.images, counted.left
    )


@dataclass(slots=True)
class _Counted:
    batches: int = 0
    images: int = 0
    left: int = 0


def _equal(batches: Iterable[Any], counted: _Counted) -> Iterator[Tensor]:
    """The images of the batches, which have one size; only the last may be smaller, and is left out."""
    size = 0
    for batch in batches:
        images: Tensor = batch if isinstance(batch, Tensor) else batch[0]
        size = size or len(images)
        if counted.left or len(images) > size:
            other = counted.left or len(images)
            raise ValueError(f"batches of {size} and of {other} images: they have to be of one size")
        if len(images) < size:
            counted.left = len(images)
            continue
        counted.batches += 1
        counted.images += len(images)
        yield images


@dataclass(slots=True)
class _Sum:
    """Sums over the batches that a norm has seen."""

    uses: int = 0
    mean: Tensor | None = None
    variance: Tensor | None = None

    def add(self, values: Tensor) -> None:
        """Counts a batch [N, C] or [N, C, …] that a norm is about to normalise."""
        number = values.numel() // values.shape[1]
        if number < 2:
            raise ValueError("a batch with one value in a channel has no variance: larger batches are needed")
        axes = [axis for axis in range(values.dim()) if axis != 1]
        values = values if values.dtype == torch.float64 else values.float()
        variance, mean = torch.var_mean(values, dim=axes, correction=0)
        unbiased = variance.double() * (number / (number - 1))
        self.mean = mean.double() if self.mean is None else self.mean + mean.double()
        self.variance = unbiased if self.variance is None else self.variance + unbiased
        self.uses += 1

    def statistics(self) -> tuple[Tensor, Tensor]:
        """E[x] and Var[x], [C] each, in float64."""
        assert self.mean is not None
        assert self.variance is not None
        return self.mean / self.uses, self.variance / self.uses


def _statistics(norm: BatchNorm) -> tuple[Tensor, Tensor]:
    """Its running mean and variance."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    return norm.running_mean, norm.running_var


class _Watched:
    """A batch norm that normalises by the batch at hand, tells what it gets, and keeps its own statistics."""

    def __init__(self, norm: nn.Module, sums: _Sum) -> None:
        self._norm, self._sums = norm, sums
        self._kept: dict[str, Tensor] = {}

    def __enter__(self) -> None:
        self._kept = {name: value.clone() for name, value in self._norm.named_buffers(recurse=False)}
        self._norm.training = True
        self._hook = self._norm.register_forward_pre_hook(lambda _, inputs: self._sums.add(inputs[0]))

    def __exit__(self, *_: object) -> None:
        self._hook.remove()
        for name, value in self._norm.named_buffers(recurse=False):
            value.copy_(self._kept[name])


def _device_of(module: nn.Module) -> torch.device:
    tensor = next(chain(module.parameters(), module.buffers()), None)
    return tensor.device if tensor is not None else torch.device("cpu")
