"""The handwritten digits that come with scikit-learn: 1797 images, nothing to download.

They are the test set of "Optical Recognition of Handwritten Digits" (Alpaydin & Kaynak 1998, UCI machine
learning repository): 8x8, each value the number of set pixels, 0 to 16, in a 4x4 cell of the scan.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ogive.train.augment import Jitter


class Digits:
    """The data set `digits`."""

    name: str = "digits"
    about: str = "scikit-learn's handwritten digits, 1797 grey images of 8x8"
    classes: int = 10
    # A hand slants, widens and shifts its digits: up to 0.15 of slant and width, half a pixel of the scan.
    jitter: Jitter | None = Jitter(distort=0.15, shift=1 / 16)

    def load(self) -> tuple[Tensor, Tensor]:
        """The images [1797, 1, 8, 8], float32 from 0 to 1, and their labels [1797], int64."""
        from sklearn.datasets import load_digits

        pixels, labels = load_digits(return_X_y=True)
        images = torch.as_tensor(pixels, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
        return images, torch.as_tensor(labels, dtype=torch.int64)
