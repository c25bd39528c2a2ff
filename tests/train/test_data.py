"""The parts of a data set, and the images as a network gets them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from sklearn.datasets import load_digits

from ogive.train.augment import Jitter
from ogive.train.batches import Batches
from ogive.train.data import DATA_SETS, ImageData, find_data_set, fit_images, split
from ogive.train.digits import Digits

LABELS = torch.as_tensor(load_digits().target)


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_parts_share_nothing_and_leave_nothing_out(seed: int) -> None:
    parts = split(LABELS, seed)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (1293, 144, 360)
    everything = torch.cat([parts.train, parts.validation, parts.test])
    assert sorted(everything.tolist()) == list(range(1797))


@pytest.mark.parametrize("seed", [0, 7])
def test_every_part_has_the_classes_in_proportion(seed: int) -> None:
    parts = split(LABELS, seed)
    whole = np.bincount(LABELS) / len(LABELS)
    for part in (parts.train, parts.validation, parts.test):
        counts = np.bincount(LABELS[part], minlength=10)
        assert np.abs(counts - whole * len(part)).max() < 2


def test_test_part_is_the_same_for_all_seeds_and_validation_is_not() -> None:
    one, other, again = split(LABELS, 1), split(LABELS, 2), split(LABELS, 1)
    assert torch.equal(one.test, other.test)
    assert not torch.equal(one.validation.sort()[0], other.validation.sort()[0])
    assert torch.equal(one.validation, again.validation)
    assert torch.equal(one.train, again.train)


def test_normalisation_comes_from_the_training_part() -> None:
    data = ImageData(Digits(), (1, 32, 32), batch=64, seed=3)
    pixels = torch.as_tensor(load_digits().images, dtype=torch.float32)[:, None] / 16
    training = F.interpolate(pixels[data.split.train], (32, 32), mode="bilinear")
    torch.testing.assert_close(data.mean, training.mean().reshape(1))
    torch.testing.assert_close(data.std, training.std().reshape(1))
    testing = F.interpolate(pixels[data.split.test], (32, 32), mode="bilinear")
    normalised = torch.cat([images for images, _ in data.test_dataloader()])
    torch.testing.assert_close(normalised, (testing - training.mean()) / training.std())


def test_other_parts_do_not_touch_the_normalisation() -> None:
    class Spoilt(Digits):
        def load(self):
            images, labels = super().load()
            parts = split(labels, 0)
            images[torch.cat([parts.validation, parts.test])] = 1e6
            return images, labels

    clean, spoilt = (ImageData(kind(), (1, 8, 8), batch=64, seed=0) for kind in (Digits, Spoilt))
    assert torch.equal(clean.mean, spoilt.mean)
    assert torch.equal(clean.std, spoilt.std)


def test_images_and_labels_stay_together() -> None:
    data = ImageData(Digits(), (1, 8, 8), batch=50, seed=0)
    pixels = torch.as_tensor(load_digits().images, dtype=torch.float32)
    known = {
        tuple(image.flatten().int().tolist()): int(label) for image, label in zip(pixels, LABELS, strict=True)
    }
    for part in (replace(data.train, jitter=None), data.val_dataloader(), data.test_dataloader()):
        for images, labels in part:
            restored = ((images * data.std + data.mean) * 16).round().int()
            assert [known[tuple(image.flatten().tolist())] for image in restored] == labels.tolist()


def test_images_take_the_shape_of_the_input() -> None:
    images, _ = Digits().load()
    assert images.shape == (1797, 1, 8, 8)
    assert (images.min(), images.max()) == (0, 1)
    fitted = fit_images(images[:5], (3, 20, 12))
    assert fitted.shape == (5, 3, 20, 12)
    assert torch.equal(fitted[:, 0], fitted[:, 2])
    torch.testing.assert_close(
        fitted[:, :1], F.interpolate(images[:5], (20, 12), mode="bilinear", antialias=False)
    )


def test_smaller_inputs_are_taken_as_well() -> None:
    assert fit_images(torch.rand(2, 1, 8, 8), (1, 4, 5)).shape == (2, 1, 4, 5)


def test_data_sets_are_found_by_name() -> None:
    assert all(find_data_set(data_set.name) is data_set for data_set in DATA_SETS)


def numbered(count: int, batch: int, **more: object) -> Batches:
    images = torch.arange(count, dtype=torch.float32)[:, None, None, None].expand(-1, 1, 4, 4)
    return Batches(images, torch.arange(count), batch, **more)


@pytest.mark.parametrize(("count", "batch"), [(65, 64), (1293, 64), (10, 100), (7, 1), (8, 4)])
@pytest.mark.parametrize("seed", [None, 5])
def test_batches_hold_every_image_once_and_are_even(count: int, batch: int, seed: int | None) -> None:
    batches = numbered(count, batch, seed=seed)
    labels = [labels for _, labels in batches]
    sizes = [len(part) for part in labels]
    assert len(sizes) == len(batches)
    assert max(sizes) <= batch
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) == batches.smallest
    assert sorted(torch.cat(labels).tolist()) == list(range(count))


def test_order_follows_from_seed_and_epoch() -> None:
    def order(**more: int) -> list[int]:
        return torch.cat([labels for _, labels in numbered(100, 10, **more)]).tolist()

    assert order(seed=1, epoch=4) == order(seed=1, epoch=4)
    assert order(seed=1, epoch=4) != order(seed=1, epoch=5)
    assert order(seed=1, epoch=4) != order(seed=2, epoch=4)
    assert order() == list(range(100))


def test_jitter_without_bounds_changes_nothing() -> None:
    images = torch.rand(4, 3, 16, 12)
    torch.testing.assert_close(Jitter(0.0, 0.0)(images, torch.Generator()), images)


def test_jitter_moves_each_image_by_its_share_at_most() -> None:
    images = torch.zeros(200, 1, 32, 32)
    images[:, :, 16, 16] = 1
    moved = Jitter(0.0, 1 / 16)(images, torch.Generator().manual_seed(0))
    rows = (moved.sum(dim=3)[:, 0] * torch.arange(32)).sum(dim=1) / moved.sum(dim=(1, 2, 3))
    offsets = rows - 16
    assert offsets.abs().max() <= 2 + 1e-4  # a sixteenth of 32
    assert offsets.max() > 1.8
    assert offsets.min() < -1.8
    assert offsets.unique().numel() > 150  # each its own


def test_jitter_needs_a_seed() -> None:
    with pytest.raises(ValueError, match="seed"):
        numbered(4, 2, jitter=Jitter(0.1, 0.1))
