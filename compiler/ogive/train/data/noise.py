"""Noise, to time a run or to try a machine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ogive.train.data.source import Shape, Source

_POOL = 2**28
"""Bytes of noise that are made at most; beyond, images come again."""
TEST_SHARE = 0.2


@dataclass(frozen=True)
class Noise:
    """Images of evenly distributed noise, uint8; where there are many, they share their pixels."""

    pixels: Tensor
    labels: Tensor

    @classmethod
    def of(cls, count: int, shape: Shape, classes: int, seed: int) -> Noise:
        """`count` images of a shape, of classes at random."""
        generator = torch.Generator().manual_seed(seed)
        channels, height, width = shape
        different = max(1, min(count, _POOL // (channels * height * width)))
        pixels = torch.randint(0, 256, (different, *shape), dtype=torch.uint8, generator=generator)
        return cls(pixels, torch.randint(0, classes, (count,), generator=generator))

    def __len__(self) -> int:
        return len(self.labels)

    def read(self, index: int) -> Tensor:
        """An image [C, H, W]."""
        return self.pixels[index % len(self.pixels)]

    def take(self, indices: NDArray[np.int64]) -> Tensor:
        """Several images [n, C, H, W]."""
        return torch.from_numpy(self.pixels.numpy()[indices % len(self.pixels)])


def noise(count: int, inputs: Shape | None, classes: int | None) -> Source:
    """The set `random`: `count` images to train on and a fifth as many for the test, the same ones always.

    Args:
        count: images to train on.
        inputs: the net's input; 3x224x224 unless known.
        classes: how many; 10 unless known.
    """
    shape, classes = inputs or (3, 224, 224), classes or 10
    train = Noise.of(count, shape, classes, seed=0)
    test = Noise.of(max(1, round(TEST_SHARE * count)), shape, classes, seed=1)
    names = tuple(str(number) for number in range(classes))
    return Source("random", names, shape, train, test, channels=shape[0])
