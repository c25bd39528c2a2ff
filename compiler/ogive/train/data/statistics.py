"""Mean, deviation, mean image and principal components of the training images.

They are taken over the images as an evaluation shows them at the place in the recipe that needs them. Sums
over uint8 are exact, as integers in float64, so that neither the order of the images nor the number of
processes or threads changes a bit. They are kept as plain lists, and rounded to float32 at once, so that a
run that goes on with what its record says has the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

SAMPLE = 50_000
"""Images of which there are more in files are sampled: so many, by the seed."""

_CONSTANT = 1e-8  # a deviation below this is that of a channel that never changes


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over images, of values from 0 to 255.

    Attributes:
        images: how many.
        pixels: how many, all images together.
        sums: of each channel [C].
        products: of each pair of channels [C, C].
        image: of each pixel [C, H, W], or an empty tensor.
    """

    images: int
    pixels: int
    sums: Tensor
    products: Tensor
    image: Tensor

    def __add__(self, other: Moments) -> Moments:
        """The sums over both."""
        return Moments(
            self.images + other.images,
            self.pixels + other.pixels,
            self.sums + other.sums,
            self.products + other.products,
            self.image + other.image,
        )

    @classmethod
    def of(cls, images: Tensor, *, of_pixels: bool) -> Moments:
        """Those of images [N, C, H, W], uint8, or floats from 0 to 1."""
        values = images.to(torch.float64)
        if images.is_floating_point():
            values = values * 255
        flat = values.transpose(0, 1).flatten(1)
        image = values.sum(0) if of_pixels else torch.zeros(0, dtype=torch.float64)
        return cls(len(images), flat.shape[1], flat.sum(1), flat @ flat.T, image)


def described(moments: Moments, of: int, needs: set[str]) -> dict[str, Any]:
    """Statistics in plain lists, of values from 0 to 1.

    Args:
        moments: the sums.
        of: how many training images there are.
        needs: which are wanted: `mean` (and `std`), `mean_image`, `pca`.
    """
    count = moments.pixels
    mean = moments.sums / count / 255
    covariance = moments.products / count / 255**2 - mean.outer(mean)
    found: dict[str, Any] = {"images": moments.images, "of": of}
    if "mean" in needs:
        std = covariance.diagonal().clamp_min(0).sqrt()
        found["mean"] = _plain(mean)
        found["std"] = _plain(torch.where(std < _CONSTANT, 1.0, std))
    if "mean_image" in needs:
        found["mean_image"] = _plain(moments.image / moments.images / 255)
    if "pca" in needs:
        values, vectors = np.linalg.eigh(covariance.numpy())
        signs = np.sign(vectors[np.abs(vectors).argmax(0), np.arange(len(values))])
        found["pca"] = {
            "values": _plain(torch.from_numpy(values).clamp_min(0)),
            "vectors": _plain(torch.from_numpy(vectors * signs)),
        }
    return found


def tensor(statistics: Mapping[str, Any], *names: str) -> Tensor:
    """One of the statistics, as float64."""
    value: Any = statistics
    for name in names:
        value = value[name]
    return torch.tensor(value, dtype=torch.float64)


def _plain(values: Tensor) -> Any:
    """Lists of numbers that are float32, written as shortly as they can be."""
    if values.dim():
        return [_plain(value) for value in values]
    return float(f"{float(values.to(torch.float32)):.9g}")
