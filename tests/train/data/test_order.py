"""Which images are in which batch."""

from __future__ import annotations

import numpy as np
import pytest

from ogive.train.data.order import InOrder, Shuffled, split


def shuffled(count: int, batch: int, **more: int) -> Shuffled:
    return Shuffled(np.arange(count), batch, **({"seed": 5, "epoch": 0} | more))


@pytest.mark.parametrize(("count", "batch"), [(65, 64), (1293, 64), (10, 100), (7, 1), (8, 4)])
@pytest.mark.parametrize("world", [1, 2, 3])
def test_batches_hold_every_image_once_and_are_even(count: int, batch: int, world: int) -> None:
    for make in (
        lambda rank: shuffled(count, batch, rank=rank, world=world),
        lambda rank: InOrder(np.arange(count), batch, rank, world),
    ):
        ranks = [list(make(rank)) for rank in range(world)]
        assert [len(steps) for steps in ranks] == [len(make(rank)) for rank in range(world)]
        sizes = [len(step.indices) for steps in ranks for step in steps]
        assert max(sizes) - min(sizes) <= 1 or world > 1
        assert sorted(np.concatenate([step.indices for steps in ranks for step in steps])) == list(
            range(count)
        )
        if make(0).__class__ is Shuffled:
            together = [sum(len(steps[i].indices) for steps in ranks) for i in range(len(ranks[0]))]
            assert max(together) <= batch
            assert max(together) - min(together) <= 1
        else:
            assert max(sizes) <= batch


def test_order_follows_from_seed_and_epoch() -> None:
    def order(**more: int) -> list[int]:
        return np.concatenate([step.indices for step in shuffled(100, 10, **more)]).tolist()

    assert order(epoch=4) == order(epoch=4)
    assert order(epoch=4) != order(epoch=5)
    assert order(epoch=4) != order(epoch=4, seed=6)
    assert [step.epoch for step in shuffled(20, 10, epoch=4)] == [4, 4]


def test_an_epoch_may_begin_anywhere_and_be_shared_out() -> None:
    whole = list(shuffled(53, 10))
    late = shuffled(53, 10, start=3)
    assert len(late) == len(whole) == 6
    assert [step.indices.tolist() for step in late] == [step.indices.tolist() for step in whole[3:]]
    parts = [list(shuffled(53, 10, rank=rank, world=3)) for rank in range(3)]
    for i, step in enumerate(whole):
        assert np.concatenate([part[i].indices for part in parts]).tolist() == step.indices.tolist()


@pytest.mark.parametrize("accumulate", [1, 2, 4])
@pytest.mark.parametrize("world", [1, 2, 3])
def test_shares_make_means_of_batches_the_mean_of_a_step(accumulate: int, world: int) -> None:
    losses = np.random.default_rng(0).random(53)
    ranks = [list(shuffled(53, 10, rank=rank, world=world, accumulate=accumulate)) for rank in range(world)]
    for first in range(0, len(ranks[0]), accumulate):
        step = [part for steps in ranks for part in steps[first : first + accumulate]]
        # processes are averaged; gradients of `accumulate` batches are added, each divided by their number
        got = sum(losses[part.indices].mean() * part.share for part in step) / (world * accumulate)
        assert got == pytest.approx(losses[np.concatenate([part.indices for part in step])].mean())
    assert all(step.share == 1 for step in shuffled(40, 10, world=2, accumulate=2))


def test_evaluations_of_several_processes_have_as_many_batches() -> None:
    for count in range(3, 40):
        assert len({len(InOrder(np.arange(count), 4, rank, 3)) for rank in range(3)}) == 1
    assert list(InOrder(np.arange(0), 4)) == []
    assert [len(list(InOrder(np.arange(1), 4, rank, 2))) for rank in (0, 1)] == [1, 0]


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.9])
def test_parts_share_nothing_and_leave_nothing_out(share: float) -> None:
    labels = np.random.default_rng(1).integers(0, 7, 300)
    train, validation = split(labels, share, seed=0)
    assert len(validation) == round(share * 300)
    assert sorted([*train, *validation]) == list(range(300))
    assert list(train) == sorted(train)
    for kind in range(7):
        of_kind = (labels == kind).sum()
        assert abs((labels[validation] == kind).sum() - share * of_kind) < 1


def test_the_validation_part_follows_from_the_seed() -> None:
    labels = np.arange(100) % 10
    assert split(labels, 0.2, 1)[1].tolist() == split(labels, 0.2, 1)[1].tolist()
    assert split(labels, 0.2, 1)[1].tolist() != split(labels, 0.2, 2)[1].tolist()
    counts = np.zeros(100)
    for seed in range(200):
        counts[split(labels, 0.2, seed)[1]] += 1
    assert counts.min() > 15  # each image is chosen by about 40 of 200 seeds
    assert counts.max() < 75


def test_no_class_is_lost_to_validation() -> None:
    labels = np.array([0, 1, 1, 1, 2, 2, 3])
    train, validation = split(labels, 0.5, 0)
    assert set(labels[train]) == {0, 1, 2, 3}
    assert set(labels[validation]) <= {1, 2}
    assert len(split(labels, 0, 0)[1]) == 0
    assert len(split(np.arange(5), 0.5, 0)[1]) == 0  # one image a class: none to spare
    assert len(split(np.array([0]), 0.5, 0)[1]) == 0
    assert len(split(np.zeros(5, int), 0.01, 0)[1]) == 1
