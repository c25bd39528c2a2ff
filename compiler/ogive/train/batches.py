"""Batches out of tensors in memory.

There are no worker processes: an epoch of a small data set is over before they have started.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ogive.train.augment import Jitter


@dataclass(frozen=True, slots=True)
class Batches:
    """Images [N, C, H, W] and labels [N] in batches of at most `batch`; shuffled, and jittered, given a seed.

    The batches of an epoch differ in size by one at most: with batch norm a leftover batch of one image would
    have no variance. Order and jitter depend on the seed and on the epoch's number (from 0) alone, so that an
    epoch is the same whatever was run before it.
    """

    images: Tensor
    labels: Tensor
    batch: int
    seed: int | None = None
    jitter: Jitter | None = None
    epoch: int = 0

    def __post_init__(self) -> None:
        if len(self.images) != len(self.labels):
            raise ValueError(f"{len(self.images)} images and {len(self.labels)} labels")
        if self.jitter is not None and self.seed is None:
            raise ValueError("jitter is random: it needs a seed")

    def __len__(self) -> int:
        return math.ceil(len(self.labels) / self.batch)

    @property
    def smallest(self) -> int:
        """The number of images in the smallest batch."""
        return len(self.labels) // len(self)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        count, parts = len(self.labels), len(self)
        if self.seed is None:
            yield from zip(self.images.tensor_split(parts), self.labels.tensor_split(parts), strict=True)
            return
        generator = torch.Generator()
        generator.manual_seed(int(np.random.SeedSequence([self.seed, self.epoch]).generate_state(1)[0]))
        for chosen in torch.randperm(count, generator=generator).tensor_split(parts):
            images = self.images[chosen]
            if self.jitter is not None:
                images = self.jitter(images, generator)
            yield images, self.labels[chosen]
