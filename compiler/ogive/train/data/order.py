"""Which images are in which batch: a function of seed and epoch, whatever was run before."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Sampler

from ogive.train.seeds import ORDER, SPLIT, derived


class Step(NamedTuple):
    """What a batch is made from.

    Attributes:
        epoch: from 0.
        indices: of its images, in their set.
        share: see `Batch`.
    """

    epoch: int
    indices: NDArray[np.int64]
    share: float


@dataclass(frozen=True)
class Shuffled(Sampler[Step]):  # pyright: ignore[reportGeneralTypeIssues]
    """The batches of an epoch for one process.

    The batches of an epoch differ in size by one image at most: with batch norm a leftover batch of one image
    would have no variance. What the processes get of one differs by one at most as well.

    Attributes:
        indices: of the images [N].
        batch: images in a batch, at most, over all processes.
        seed, epoch: what the order depends on.
        start: the batch that iteration begins with.
        rank, world: which process this is, of how many.
        accumulate: batches to a step of the optimizer.
    """

    indices: NDArray[np.int64]
    batch: int
    seed: int
    epoch: int
    start: int = 0
    rank: int = 0
    world: int = 1
    accumulate: int = 1

    def __len__(self) -> int:
        return math.ceil(len(self.indices) / self.batch)

    def __iter__(self) -> Iterator[Step]:
        generator = torch.Generator().manual_seed(derived(self.seed, ORDER, self.epoch))
        order = self.indices[torch.randperm(len(self.indices), generator=generator).numpy()]
        batches = np.array_split(order, len(self))
        for number in range(self.start, len(batches)):
            first = number - number % self.accumulate
            together = sum(len(each) for each in batches[first : first + self.accumulate])
            mine = np.array_split(batches[number], self.world)[self.rank]
            yield Step(self.epoch, mine, len(mine) * self.world * self.accumulate / together)


@dataclass(frozen=True)
class InOrder(Sampler[Step]):  # pyright: ignore[reportGeneralTypeIssues]
    """Batches of a part in its order, for one process: each gets every `world`-th of the even batches."""

    indices: NDArray[np.int64]
    batch: int
    rank: int = 0
    world: int = 1

    def __len__(self) -> int:
        return len(self._mine())

    def __iter__(self) -> Iterator[Step]:
        return (Step(0, indices, 1.0) for indices in self._mine())

    def _mine(self) -> list[NDArray[np.int64]]:
        """As many batches for every process, where there are images for all."""
        if not len(self.indices):
            return []
        rounds = math.ceil(len(self.indices) / (self.batch * self.world))
        batches = np.array_split(self.indices, rounds * self.world)
        return [batch for batch in batches[self.rank :: self.world] if len(batch)]


def split(labels: NDArray[np.int64], share: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices to train on and to validate with, the classes in the same proportions, both in order.

    Each class gives the whole number below its part, and those with the largest remainders one image more,
    until there are as many as the share says (Hamilton's method). Of a class of one image none is taken.

    Args:
        labels: of all images [N].
        share: of them that validates, rounded to a number of images, at least one; 0 for none.
        seed: of the choice.
    """
    everything = np.arange(len(labels))
    if not share or len(labels) < 2:  # one to train on, one to validate with
        return everything, everything[:0]
    wanted = min(max(1, round(share * len(labels))), len(labels) - 1)
    sizes = np.bincount(labels)
    exact = sizes * (wanted / len(labels))
    taken = np.minimum(np.floor(exact).astype(np.int64), np.maximum(sizes - 1, 0))
    for kind in np.argsort(taken - exact, kind="stable"):  # the largest remainder first
        if taken.sum() >= wanted:
            break
        taken[kind] += taken[kind] + 1 < sizes[kind]
    generator = torch.Generator().manual_seed(derived(seed, SPLIT))
    shuffled = torch.randperm(len(labels), generator=generator).numpy()
    grouped = shuffled[np.argsort(labels[shuffled], kind="stable")]
    begins = np.cumsum(sizes) - sizes
    position = np.arange(len(labels)) - np.repeat(begins, sizes)
    chosen = grouped[position < np.repeat(taken, sizes)]
    validation = np.sort(chosen)
    return np.setdiff1d(everything, validation, assume_unique=True), validation
