"""The steps from an image to what a network gets; several images at a time, each with its own random numbers.

A step is a function of an image and of what is drawn for it: the same whichever images are beside it in the
batch, bit for bit. What only moves pixels is done for all images at once; the rest is left to torchvision,
image by image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # PyTorch's own name for it
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

from ogive.train.data.draws import Draws
from ogive.train.data.sizes import Arriving, Impossible, large_enough, require_large_enough


def unit(images: Tensor) -> Tensor:
    """Images as float32; those of uint8 from 0 to 1."""
    return images if images.is_floating_point() else images.to(torch.float32).div_(255)


def _size(images: Tensor) -> tuple[int, int]:
    height, width = images.shape[2:]
    return height, width


@dataclass(frozen=True)
class Stage:
    """One step.

    Class attributes:
        cuts: whether it cuts something out of an image, so that an evaluation has a cut in its place.
        draws: whether it draws; those that do are left out of an evaluation.
    """

    cuts: ClassVar[bool] = False
    draws: ClassVar[bool] = True

    def arrives(self, before: Arriving) -> Arriving:
        """What comes out.

        Raises:
            Impossible: it cannot be done with what arrives.
        """
        return before

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        """Images [N, C, H, W], uint8 or float32, as [N, C, H', W'].

        Raises:
            TooSmall: they are too small for it.
        """
        raise NotImplementedError


# --------------------------------------------------------------------------- places


@dataclass(frozen=True)
class RandomCrop(Stage):
    """`random_crop`: a square from a random place, all equally likely, after a border was put around."""

    size: int
    padding: int = 0
    fill: str = "zeros"
    cuts: ClassVar[bool] = True

    def arrives(self, before: Arriving) -> Arriving:
        least = before.least
        written = f"random_crop({self.size}{f', padding = {self.padding}' if self.padding else ''})"
        if least is None:
            return Arriving(before.channels, (self.size, self.size))
        if self.fill == "reflect" and self.padding >= min(least):
            message = (
                f"a border of {self.padding} cannot be a reflection of {before}: that has {min(least) - 1}"
            )
            raise Impossible(message, f"`padding = {min(least) - 1}` at most, or `fill = zeros`")
        height, width = (side + 2 * self.padding for side in least)
        if not large_enough((height, width), (self.size, self.size)):
            pads = f", with the border {height}x{width}" if self.padding else ""
            needed = -(-(self.size - min(least)) // 2)
            message = f"`{written}` cuts out {self.size}x{self.size}, and {before} arrives{pads}"
            raise Impossible(
                message, f"`random_crop({min(height, width)})`, or `padding = {needed}`, or larger images"
            )
        return Arriving(before.channels, (self.size, self.size))

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        if self.padding:
            images = Border(self.padding, self.fill)(images, draws)
        height, width = _size(images)
        size = self.size
        require_large_enough((height, width), (size, size))
        tops, lefts = draws.below(height - size + 1, 0), draws.below(width - size + 1, 1)
        windows = sliding_window_view(images.numpy(), (size, size), axis=(2, 3))  # pyright: ignore[reportCallIssue, reportArgumentType]
        return torch.from_numpy(windows[np.arange(len(images)), :, tops, lefts])


@dataclass(frozen=True)
class ResizedCrop(Stage):
    """`resized_crop`: torchvision's RandomResizedCrop, bilinear and smooth."""

    size: int
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    cuts: ClassVar[bool] = True

    def arrives(self, before: Arriving) -> Arriving:
        return Arriving(before.channels, (self.size, self.size))

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        from torchvision.transforms import v2

        crop = v2.RandomResizedCrop(self.size, scale=self.scale, ratio=self.ratio, antialias=True)
        return draws.each(images, lambda image: crop.transform(image, crop.make_params([image])))


@dataclass(frozen=True)
class Flip(Stage):
    """`hflip` (axis -1) and `vflip` (axis -2)."""

    axis: int
    p: float = 0.5

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        chosen = np.flatnonzero(draws.uniform(1)[:, 0] < self.p)
        if not len(chosen):
            return images
        pixels = images.numpy().copy()
        pixels[chosen] = np.flip(pixels[chosen], self.axis)
        return torch.from_numpy(pixels)


@dataclass(frozen=True)
class Rotation(Stage):
    """`rotation`: about the middle, bilinear, zeros from outside."""

    degrees: float

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        from torchvision.transforms.v2 import InterpolationMode, functional

        angles = (draws.uniform(1)[:, 0] * 2 - 1) * self.degrees
        turned = [
            functional.rotate(image, float(angle), interpolation=InterpolationMode.BILINEAR)
            for image, angle in zip(images, angles, strict=True)
        ]
        return torch.stack(turned)


@dataclass(frozen=True)
class Affine(Stage):
    """`affine`: the identity plus a little in every entry, bilinear, the border repeated outside.

    `distort` bounds each entry of the 2x2 part (scale, shear and rotation together), `shift` the translation
    as a part of the image's size. Both are drawn uniformly from -bound to bound.
    """

    distort: float
    shift: float = 0.0

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        images = unit(images)
        drawn = draws.uniform(6) * 2 - 1
        linear = np.eye(2) + drawn[:, :4].reshape(-1, 2, 2) * self.distort
        moved = drawn[:, 4:] * (2 * self.shift)  # the grid runs from -1 to 1
        height, width = images.shape[2:]
        ys, xs = ((np.arange(n) * 2 + 1) / n - 1 for n in (height, width))  # the middles of the pixels
        # entry by entry: a matrix product may round differently in batches of different sizes
        grid = [
            linear[:, i, 0, None, None] * xs
            + linear[:, i, 1, None, None] * ys[:, None]
            + moved[:, i, None, None]
            for i in (0, 1)
        ]
        where = torch.from_numpy(np.stack(grid, axis=-1).astype(np.float32))
        return F.grid_sample(images, where, padding_mode="border", align_corners=False)


@dataclass(frozen=True)
class RandomErasing(Stage):
    """`random_erasing`: torchvision's, with zeros."""

    p: float = 0.5
    scale: tuple[float, float] = (0.02, 1 / 3)

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        from torchvision.transforms import v2

        erasing = v2.RandomErasing(p=1.0, scale=self.scale, value=0)
        chosen = np.flatnonzero(draws.uniform(1)[:, 0] < self.p)
        if not len(chosen):
            return images
        erased = (
            Draws(draws.keys[chosen])
            .at(0)
            .each(images[chosen], lambda image: erasing.transform(image, erasing.make_params([image])))
        )
        return images.index_copy(0, torch.from_numpy(chosen), erased)


# --------------------------------------------------------------------------- colours


@dataclass(frozen=True)
class ColorJitter(Stage):
    """`color_jitter`: torchvision's, in a random order."""

    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        from torchvision.transforms import v2

        jitter: Any = v2.ColorJitter(self.brightness, self.contrast, self.saturation, self.hue)
        return draws.each(images, lambda image: jitter.transform(image, jitter.make_params([image])))


@dataclass(frozen=True, eq=False)
class Lighting(Stage):
    """`pca_lighting`: the components of the colours, each by its variance and a normal amount.

    [p1, p2, p3] [a1 v1, a2 v2, a3 v3] is added to each pixel, with p and v the vectors and the values of the
    covariance of the colours, from 0 to 1, and a drawn once for the image (Krizhevsky, Sutskever & Hinton,
    2012, section 4.1).

    Attributes:
        std: of a.
        values: v [C].
        vectors: p in columns [C, C].
    """

    std: float
    values: Tensor
    vectors: Tensor

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        amounts = torch.empty(len(images), len(self.values), dtype=torch.float64)
        generator = torch.Generator()
        for row, seed in zip(amounts, draws.seeds(), strict=True):
            row.normal_(0, self.std, generator=generator.manual_seed(seed))
        weighed = amounts * self.values
        # component by component: a matrix product may round differently in batches of different sizes
        added = torch.stack([(weighed * row).sum(1) for row in self.vectors], dim=1)
        return unit(images) + added.to(torch.float32)[:, :, None, None]


@dataclass(frozen=True, eq=False)
class Normalize(Stage):
    """`normalize`: minus a mean, over a deviation.

    Attributes:
        mean: of the colours from 0 to 1, [C, 1, 1]; or an image [C, H, W].
        std: [C, 1, 1], or one of ones.
    """

    mean: Tensor
    std: Tensor
    draws: ClassVar[bool] = False

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        """Images [N, C, H, W], or crops of them [N, 10, C, H, W]."""
        white = 1.0 if images.is_floating_point() else 255.0
        scale = (1 / (white * self.std)).to(torch.float32)
        shift = (-self.mean / self.std).to(torch.float32)
        return (images.to(torch.float32, copy=True)).mul_(scale).add_(shift)


# --------------------------------------------------------------------------- of evaluations


@dataclass(frozen=True)
class Resize(Stage):
    """The shorter side scaled, bilinear and smooth."""

    shorter: int
    draws: ClassVar[bool] = False

    def arrives(self, before: Arriving) -> Arriving:
        if before.size is None:
            return Arriving(before.channels, None, self.shorter)
        from ogive.train.data.files import scaled

        return Arriving(before.channels, scaled(*before.size, self.shorter))

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        from torchvision.transforms.v2 import functional

        return functional.resize(images, [self.shorter], antialias=True)


@dataclass(frozen=True)
class Border(Stage):
    """The border that `random_crop` puts around an image."""

    padding: int
    fill: str = "zeros"
    draws: ClassVar[bool] = False

    def arrives(self, before: Arriving) -> Arriving:
        height, width = (side + 2 * self.padding for side in before.size) if before.size else (0, 0)
        shorter = before.shorter + 2 * self.padding if before.shorter is not None else None
        return Arriving(before.channels, (height, width) if before.size else None, shorter)

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        from torchvision.transforms.v2 import functional

        mode = "reflect" if self.fill == "reflect" else "constant"
        if mode == "reflect":
            require_large_enough(_size(images), (self.padding + 1, self.padding + 1))
        return functional.pad(images, [self.padding], padding_mode=mode)


@dataclass(frozen=True)
class CenterCrop(Stage):
    """`center_crop`: the middle."""

    size: tuple[int, int]
    cuts: ClassVar[bool] = True
    draws: ClassVar[bool] = False

    def arrives(self, before: Arriving) -> Arriving:
        if before.least is not None and not large_enough(before.least, self.size):
            cut = "x".join(map(str, self.size))
            raise Impossible(f"the evaluation cuts {cut} out of the middle, and {before} arrives")
        return Arriving(before.channels, self.size)

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        from torchvision.transforms.v2 import functional

        if _size(images) == self.size:
            return images
        require_large_enough(_size(images), self.size)
        return functional.center_crop(images, list(self.size))


@dataclass(frozen=True)
class TenCrop(CenterCrop):
    """`ten_crop`: the corners and the middle, and each of them mirrored: [N, 10, C, H, W]."""

    def __call__(self, images: Tensor, draws: Draws) -> Tensor:
        from torchvision.transforms.v2 import functional

        require_large_enough(_size(images), self.size)
        return torch.stack(functional.ten_crop(images, list(self.size)), dim=1)
