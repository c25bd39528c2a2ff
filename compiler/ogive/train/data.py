"""Data sets by name, their three parts, and the images as a network takes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812  # PyTorch's own name for it
from lightning.pytorch import LightningDataModule
from torch import Tensor

from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.train.augment import Jitter
from ogive.train.batches import Batches
from ogive.train.digits import Digits

TEST_SHARE = 0.2
VALIDATION_SHARE = 0.1  # of what the test leaves
_TEST_STATE = 0  # one test set for all runs, whatever their seed, so that they compare
_EVALUATION_BATCH = 256


class DataSet(Protocol):
    """Labelled images that fit into memory."""

    name: str
    about: str
    classes: int
    jitter: Jitter | None

    def load(self) -> tuple[Tensor, Tensor]:
        """All images [N, C, H, W] and their labels [N]."""
        ...


DATA_SETS: tuple[DataSet, ...] = (Digits(),)


def find_data_set(name: str) -> DataSet:
    """The data set of that name.

    Raises:
        ArchError: E522, there is none.
    """
    for data_set in DATA_SETS:
        if data_set.name == name:
            return data_set
    names = [data_set.name for data_set in DATA_SETS]
    meant = did_you_mean(name, names) or names[0]
    known = tuple(("data set", f"{data_set.name}: {data_set.about}") for data_set in DATA_SETS)
    raise ArchError(
        [Diagnostic("E522", f"there is no data set `{name}`", notes=known, help=f"--data {meant}")]
    )


@dataclass(frozen=True, slots=True)
class Split:
    """Indices into a data set: three parts that share nothing, with the classes in the same proportions."""

    train: Tensor
    validation: Tensor
    test: Tensor


def split(labels: Tensor, seed: int) -> Split:
    """A fifth for the test, the same for every seed; of the rest a tenth, by the seed, for validation."""
    from sklearn.model_selection import train_test_split

    def cut(indices: Tensor, share: float, state: int) -> tuple[Tensor, Tensor]:
        rest, part = train_test_split(
            indices.numpy(), test_size=share, random_state=state, stratify=labels[indices].numpy()
        )
        return torch.from_numpy(rest), torch.from_numpy(part)

    rest, test = cut(torch.arange(len(labels)), TEST_SHARE, _TEST_STATE)
    train, validation = cut(rest, VALIDATION_SHARE, seed)
    return Split(train, validation, test)


def fit_images(images: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Images [N, 1, h, w] as [N, C, H, W], `shape` = (C, H, W): resized bilinearly, the channel repeated."""
    channels, height, width = shape
    if images.shape[2:] != (height, width):
        images = F.interpolate(images, size=(height, width), mode="bilinear", align_corners=False)
    return images.expand(-1, channels, -1, -1)


class ImageData(LightningDataModule):
    """A data set cut into parts, fitted to a network's input and normalised.

    Mean and standard deviation are those of the training part, one of each for every channel. The test
    images are made when `test_dataloader` asks for them, and not before.
    """

    def __init__(self, data_set: DataSet, shape: tuple[int, int, int], *, batch: int, seed: int) -> None:
        super().__init__()
        self._images, self._labels = data_set.load()
        self.shape = shape
        self.split = split(self._labels, seed)
        training = fit_images(self._images[self.split.train], shape)
        self.mean = training.mean(dim=(0, 2, 3))
        self.std = training.std(dim=(0, 2, 3)).clamp_min(1e-8)
        self.train = Batches(
            self._normalise(training),
            self._labels[self.split.train],
            batch,
            seed=seed,
            jitter=data_set.jitter,
        )
        self.validation = self._part(self.split.validation)

    def _normalise(self, images: Tensor) -> Tensor:
        return (images - self.mean[:, None, None]) / self.std[:, None, None]

    def _part(self, indices: Tensor) -> Batches:
        images = self._normalise(fit_images(self._images[indices], self.shape))
        return Batches(images, self._labels[indices], _EVALUATION_BATCH)

    def train_dataloader(self) -> Batches:
        """The training part, shuffled for the epoch to come: the trainer asks before each."""
        return replace(self.train, epoch=self.trainer.current_epoch if self.trainer else 0)

    def val_dataloader(self) -> Batches:
        """The validation part."""
        return self.validation

    def test_dataloader(self) -> Batches:
        """The test part: read once, at the end."""
        return self._part(self.split.test)
