"""Random numbers of an image: evenly distributed, and its own."""

from __future__ import annotations

import numpy as np
import torch
from scipy import stats

from ogive.train.data.draws import Draws


def of(count: int, seed: int = 0, epoch: int = 0) -> Draws:
    return Draws.of(seed, epoch, np.arange(count))


def test_numbers_belong_to_the_image_and_not_to_its_neighbours() -> None:
    alone = [Draws.of(3, 7, np.array([index])).at(2).uniform(5) for index in range(50)]
    assert np.array_equal(np.concatenate(alone), of(50, 3, 7).at(2).uniform(5))


def test_they_change_with_seed_epoch_index_and_place() -> None:
    drawn = [
        of(100, seed, epoch).at(place).keys for seed in range(3) for epoch in range(3) for place in range(3)
    ]
    assert len(np.unique(np.concatenate(drawn))) == 2700
    assert len(np.unique(of(2000).uniform(3))) == 6000


def test_they_are_evenly_distributed() -> None:
    for numbers in (of(20_000).uniform(1), of(20_000, epoch=1).at(3).uniform(4)[:, 3]):
        assert numbers.min() >= 0
        assert numbers.max() < 1
        assert stats.kstest(numbers.ravel(), "uniform").pvalue > 0.01
    counts = np.bincount(of(90_000).below(9), minlength=9)
    assert stats.chisquare(counts).pvalue > 0.01


def test_images_epochs_and_places_have_nothing_to_do_with_each_other() -> None:
    first = of(20_000).uniform(1)[:, 0]
    others = [
        np.roll(first, 1),
        of(20_000, epoch=1).uniform(1)[:, 0],
        of(20_000).at(0).uniform(1)[:, 0],
        of(20_000).uniform(2)[:, 1],
    ]
    for other in others:
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.02


def test_torchs_generator_is_seeded_for_each_image_and_put_back() -> None:
    before = torch.get_rng_state()
    images = torch.zeros(6, 1, 2, 2)
    drawn = of(6).each(images, lambda image: image + torch.rand(()))
    assert torch.equal(torch.get_rng_state(), before)
    assert len(drawn.unique()) == 6
    alone = Draws.of(0, 0, np.array([4])).each(images[:1], lambda image: image + torch.rand(()))
    assert torch.equal(alone[0], drawn[4])
