"""Where images come from: two sets of them, those to train on and those of the test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Shape = tuple[int, int, int]
"""Channels, height and width of an image."""

FITTED_AT_ONCE = 2**30
"""Bytes up to which the images of a set in memory are scaled once, and not each time one is taken."""


class Unreadable(Exception):
    """An image that cannot be used.

    Attributes:
        path: the file.
        reason: what is wrong with it.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(str(path), reason)
        self.path = str(path)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class Images(Protocol):
    """Labelled images, read one by one."""

    @property
    def labels(self) -> Tensor:
        """The class of each [N], int64."""
        ...

    def __len__(self) -> int: ...

    def read(self, index: int) -> Tensor:
        """An image [C, H, W]: uint8, or float32 from 0 to 1.

        Raises:
            Unreadable: its file is no image that can be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """A set of data, ready to be read.

    Attributes:
        name: as in a recipe, `cifar10`.
        classes: their names, in the order of the labels.
        size: of every image; None where they differ.
        train: the images to train on; a validation part is cut from them.
        test: the images of the test.
        channels: of every image.
        shorter: what the shorter side of every image is, where their sizes differ and that is known.
        unscaled: the images of `train` before they are scaled to `shorter`, for training on parts of them.
        written: how a recipe writes it, with `{}` in the place of a size to scale to: `cifar10(resize = {})`;
            empty where it takes none.
    """

    name: str
    classes: tuple[str, ...]
    size: Shape | None
    train: Images
    test: Images
    channels: int = 3
    shorter: int | None = None
    unscaled: Images | None = None
    written: str = ""


@dataclass(frozen=True)
class Fit:
    """How images of one size get the size that is asked for.

    Attributes:
        size: height and width to scale to, or None.
        smooth: whether scaling down averages over all pixels (antialiasing), as `resize` of a recipe does.
        pad: pixels of zeros on each side, after that.
        channels: to repeat the only channel to, or None.
    """

    size: tuple[int, int] | None = None
    smooth: bool = True
    pad: int = 0
    channels: int | None = None

    def __call__(self, images: Tensor) -> Tensor:
        """Images [N, C, h, w] as [N, C', H, W], of the same type; values of uint8 are rounded."""
        from torchvision.transforms.v2 import functional

        if self.size is not None and tuple(images.shape[2:]) != self.size:
            images = functional.resize(images, list(self.size), antialias=self.smooth)
        if self.pad:
            images = functional.pad(images, [self.pad])
        if self.channels is not None:
            images = images.expand(-1, self.channels, -1, -1)
        return images

    def shape(self, before: Shape) -> Shape:
        """What an image of that shape becomes."""
        channels, height, width = before
        if self.size is not None:
            height, width = self.size
        return self.channels or channels, height + 2 * self.pad, width + 2 * self.pad


@dataclass(frozen=True)
class InMemory:
    """Images that lie in memory as one tensor [N, C, h, w], uint8, or float32 from 0 to 1."""

    pixels: Tensor
    labels: Tensor
    fit: Fit = Fit()

    def __post_init__(self) -> None:
        if len(self.pixels) != len(self.labels):
            raise ValueError(f"{len(self.pixels)} images and {len(self.labels)} labels")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> Shape:
        """Of every image."""
        return self.fit.shape(_shape(self.pixels))

    def fitted(self) -> Self:
        """The same images, scaled and padded for good if that takes no more than `FITTED_AT_ONCE`."""
        once = replace(self.fit, channels=None)
        channels, height, width = once.shape(_shape(self.pixels))
        needed = len(self) * channels * height * width * self.pixels.element_size()
        if once == Fit() or needed > FITTED_AT_ONCE:
            return self
        pixels = torch.cat([once(part) for part in self.pixels.split(4096)])
        return replace(self, pixels=pixels, fit=Fit(channels=self.fit.channels))

    def read(self, index: int) -> Tensor:
        """An image [C, H, W]."""
        return self.fit(self.pixels[index : index + 1])[0]

    def take(self, indices: NDArray[np.int64]) -> Tensor:
        """Several images [n, C, H, W]."""
        return self.fit(torch.from_numpy(self.pixels.numpy()[indices]))


def _shape(pixels: Tensor) -> Shape:
    _, channels, height, width = pixels.shape
    return channels, height, width
