"""The handwritten digits that come with scikit-learn: 1797 images, nothing to download.

They are the test set of "Optical Recognition of Handwritten Digits" (Alpaydin & Kaynak 1998, UCI machine
learning repository): 8x8, each value the number of set pixels, 0 to 16, in a 4x4 cell of the scan.
"""

from __future__ import annotations

import torch

from ogive.train.data.source import Fit, InMemory, Shape, Source

TEST_SHARE = 0.2
_TEST_STATE = 0  # one test set for all runs, whatever their seed, so that they compare


def digits(inputs: Shape | None) -> Source:
    """The set `digits`: a fifth of the images, the same ones always, for the test.

    Images are float32 from 0 to 1, scaled bilinearly to the net's input; their one channel is repeated where
    it takes three.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, targets = load_digits(return_X_y=True)
    images = torch.as_tensor(pixels, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    labels = torch.as_tensor(targets, dtype=torch.int64)
    chosen = train_test_split(
        torch.arange(len(labels)).numpy(), test_size=TEST_SHARE, random_state=_TEST_STATE, stratify=targets
    )
    channels, height, width = inputs or (1, 8, 8)
    repeated = channels if channels == 3 else None
    fit = Fit((height, width), smooth=False, channels=repeated)
    train, test = (
        InMemory(images[indices], labels[indices], fit).fitted() for indices in map(torch.from_numpy, chosen)
    )
    return Source("digits", tuple("0123456789"), train.shape, train, test, channels=train.shape[0])
