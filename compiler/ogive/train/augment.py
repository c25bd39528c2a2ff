"""Small random changes of training images, so that a network sees more hands than wrote them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812  # PyTorch's own name for it
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Jitter:
    """A random affine map for each image: the identity plus a little in every entry.

    `distort` bounds each entry of the 2x2 part (scale, shear and rotation together), `shift` the translation
    as a share of the image's size. Both are drawn uniformly from -bound to bound. Pixels that come from
    outside repeat the border.
    """

    distort: float
    shift: float

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Images [N, C, H, W] to others of the same shape; the same generator state gives the same images."""
        count = len(images)
        linear = torch.eye(2) + self._uniform((count, 2, 2), generator) * self.distort
        translation = self._uniform((count, 2, 1), generator) * (2 * self.shift)  # the grid runs from -1 to 1
        grid = F.affine_grid(
            torch.cat([linear, translation], dim=2).to(images.dtype), list(images.shape), align_corners=False
        )
        return F.grid_sample(images, grid, padding_mode="border", align_corners=False)

    @staticmethod
    def _uniform(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        return torch.rand(shape, generator=generator) * 2 - 1
