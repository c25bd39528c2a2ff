"""Random numbers that belong to one image in one epoch, whatever else was drawn before.

A counter is hashed: the finaliser of SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number
generators", 2014, section 5; its constants are those of Vigna's implementation). An image's key follows from
(seed, epoch, index), and each augmentation has a stream of its own below it, so that taking one out of a
recipe leaves what the others draw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ogive.train.seeds import AUGMENT, derived

Keys = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def _mixed(values: Keys) -> Keys:
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    return values ^ (values >> np.uint64(31))


def _below(keys: Keys, count: int) -> Keys:
    """The first `count` values of the stream of each key [n, count]."""
    steps = np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
    return _mixed(keys[:, None] + steps)


@lru_cache(maxsize=8)
def _of_epoch(seed: int, epoch: int) -> np.uint64:
    return np.uint64(derived(seed, AUGMENT, epoch))


@dataclass(frozen=True, slots=True)
class Draws:
    """What is drawn for each of n images: the same for an image whichever others are beside it."""

    keys: Keys

    @classmethod
    def of(cls, seed: int, epoch: int, indices: NDArray[np.int64]) -> Draws:
        """Those of images in an epoch (from 0), by their indices in the set."""
        return cls(_mixed(_of_epoch(seed, epoch) + (indices.astype(np.uint64) + np.uint64(1)) * _GOLDEN))

    def at(self, place: int) -> Draws:
        """The streams of the augmentation at that place of a recipe."""
        return Draws(_below(self.keys, place + 1)[:, place])

    def uniform(self, count: int) -> NDArray[np.float64]:
        """`count` numbers from 0 up to 1, excluded, for each image [n, count]."""
        return (_below(self.keys, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, bound: int, place: int = 0) -> NDArray[np.int64]:
        """An integer from 0 up to `bound`, excluded, for each image [n]."""
        return (self.uniform(place + 1)[:, place] * bound).astype(np.int64)

    def seeds(self) -> list[int]:
        """A seed of torch's generators for each image."""
        return [int(key) for key in self.keys >> np.uint64(1)]

    def each(self, images: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
        """`change` of each image [C, H, W], stacked, with torch's generator of the CPU seeded for it.

        The generator is afterwards as it was.
        """
        with torch.random.fork_rng(devices=[]):
            changed: list[Tensor] = []
            for image, seed in zip(images, self.seeds(), strict=True):
                torch.default_generator.manual_seed(seed)
                changed.append(change(image))
        return torch.stack(changed)
