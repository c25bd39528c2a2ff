"""Learning rates over a run: by hand, and beside the schedulers of PyTorch."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as schedulers

from ogive.recipes.schedule import Constant, Cosine, Exponential, Plateau, Poly, Steps, Warmup
from ogive.train.rates import Rates


def factors(*values: Any, steps: int, per_epoch: int) -> list[float]:
    rates = Rates(values, steps=steps, steps_per_epoch=per_epoch)
    return [rates.factor(step) for step in range(steps)]


def torchs(make: Any, steps: int) -> list[float]:
    """The learning rates of a scheduler of PyTorch that is advanced at each step, of a rate of 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def test_constant_is_one_all_along() -> None:
    assert factors(Constant(), steps=7, per_epoch=3) == [1.0] * 7


def test_steps_begin_with_the_epoch_behind() -> None:
    """`at = [2, 3]`: two epochs of 4 steps have the whole rate; the third and the fourth have less."""
    found = factors(Steps(at=[2, 3], factor=0.5), steps=16, per_epoch=4)
    assert found == [1.0] * 8 + [0.5] * 4 + [0.25] * 4


@pytest.mark.parametrize(
    ("at", "steps", "first"),
    [
        (0.5, 64_000, 32_000),
        (0.75, 64_000, 48_000),
        (0.55, 100, 55),
        (0.5, 15, 8),
        (0.1, 30, 3),
        (1 / 3, 9, 3),
    ],
)
def test_a_part_of_the_run_is_told_exactly(at: float, steps: int, first: int) -> None:
    rates = Rates([Steps(at=[at])], steps=steps, steps_per_epoch=4)
    assert [rates.factor(first - 1), rates.factor(first)] == [1.0, 0.1]


def test_exponential_acts_at_epochs_and_at_parts_of_them() -> None:
    found = factors(Exponential(factor=0.5), steps=9, per_epoch=3)
    assert found == [1.0] * 3 + [0.5] * 3 + [0.25] * 3
    found = factors(Exponential(factor=0.5, every=0.5), steps=10, per_epoch=5)  # every 2.5 steps
    assert found == [1.0] * 3 + [0.5] * 2 + [0.25] * 3 + [0.125] * 2


@pytest.mark.parametrize(
    ("values", "make"),
    [
        ([Steps(at=[2, 5], factor=0.3)], lambda o: schedulers.MultiStepLR(o, [20, 50], 0.3)),
        ([Exponential(factor=0.9, every=3)], lambda o: schedulers.StepLR(o, 30, 0.9)),
        ([Cosine()], lambda o: schedulers.CosineAnnealingLR(o, 80)),
        ([Cosine(end=0.1)], lambda o: schedulers.CosineAnnealingLR(o, 80, 0.1)),
        ([Poly()], lambda o: schedulers.PolynomialLR(o, 80)),
        ([Poly(power=0.9)], lambda o: schedulers.PolynomialLR(o, 80, 0.9)),
        (
            [Warmup(2, start=0.1), Constant()], lambda o: schedulers.LinearLR(o, 0.1, total_iters=20),
        ),
        (
            [Warmup(1.5, start=0.2), Cosine(end=0.05)],
            lambda o: schedulers.SequentialLR(
                o, [schedulers.LinearLR(o, 0.2, total_iters=15), schedulers.CosineAnnealingLR(o, 65, 0.05)], [15]
            ),
        ),
        (
            [Warmup(part=0.25, start=0.5), Poly(power=2)],
            lambda o: schedulers.SequentialLR(
                o, [schedulers.LinearLR(o, 0.5, total_iters=20), schedulers.PolynomialLR(o, 60, 2.0)], [20]
            ),
        ),
        (
            [Warmup(3, start=0.1), Steps(at=[5], factor=0.1)],
            lambda o: schedulers.ChainedScheduler(
                [schedulers.LinearLR(o, 0.1, total_iters=30), schedulers.MultiStepLR(o, [50], 0.1)]
            ),
        ),
    ],
)  # fmt: skip
def test_they_are_those_of_torch(values: list[Any], make: Any) -> None:
    assert factors(*values, steps=80, per_epoch=10) == pytest.approx(torchs(make, 80), rel=1e-9, abs=1e-12)


def test_a_warmup_begins_with_its_start_and_ends_before_the_whole() -> None:
    assert factors(Warmup(2), Constant(), steps=6, per_epoch=2) == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    assert factors(Warmup(1, start=0.1), Constant(), steps=3, per_epoch=2) == pytest.approx([0.1, 0.55, 1.0])
    assert factors(Warmup(0), Constant(), steps=2, per_epoch=2) == [1.0, 1.0]
    assert factors(Warmup(0.5, start=1.0), Poly(), steps=4, per_epoch=2) == pytest.approx(
        [1, 1, 2 / 3, 1 / 3]
    )


def test_steps_count_from_the_start_of_the_run_through_a_warmup() -> None:
    found = factors(Warmup(2), Steps(at=[1, 3], factor=0.5), steps=8, per_epoch=2)
    assert found == [0.0, 0.25, 0.25, 0.375, 0.5, 0.5, 0.25, 0.25]


def test_a_run_that_ends_within_its_warmup_only_rises() -> None:
    assert factors(Warmup(5), Cosine(), steps=4, per_epoch=2) == [0.0, 0.1, 0.2, pytest.approx(0.3)]


def test_a_run_of_one_step_has_the_whole_rate() -> None:
    assert factors(Warmup(part=0.1), Cosine(), steps=1, per_epoch=1) == [1.0]


def test_a_cosine_is_not_yet_at_its_end_in_the_last_step() -> None:
    rates = Rates([Cosine(end=0.25)], steps=4, steps_per_epoch=2)
    expected = [0.25 + 0.375 * (1 + math.cos(math.pi * step / 4)) for step in range(5)]
    assert [rates.factor(step) for step in range(5)] == pytest.approx(expected)
    assert rates.factor(4) == rates.factor(9) == pytest.approx(0.25)  # asked for behind the end


def test_factors_are_a_function_of_the_step() -> None:
    """In any order, and as often as one likes."""
    values = [Warmup(1, start=0.1), Cosine()]
    once = factors(*values, steps=20, per_epoch=5)
    rates = Rates(values, steps=20, steps_per_epoch=5)
    order = random.Random(0).choices(range(20), k=100)
    assert [rates.factor(step) for step in order] == [once[step] for step in order]


# ------------------------------------------------------------------ plateau


def plateau(values: list[Any], errors: list[float], **others: Any) -> list[float]:
    """The factor of each epoch, and of the one behind the last."""
    rates = Rates(values, steps=4 * len(errors) + 4, steps_per_epoch=4)
    found = [rates.factor(0)]
    for epoch, error in enumerate(errors):
        rates.validated(epoch, loss=others.get("loss", 0.0), error=error)
        found.append(rates.factor(4 * epoch + 4))
    return found


@pytest.mark.parametrize("patience", [0, 1, 3])
def test_plateau_is_that_of_torch(patience: int) -> None:
    generator = random.Random(patience)
    errors = [round(0.5 * 0.97**i + generator.uniform(-0.05, 0.05), 2) for i in range(60)]  # with ties
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = schedulers.ReduceLROnPlateau(optimizer, factor=0.5, patience=patience, threshold=0.0, eps=0.0)
    expected = [1.0]
    for error in errors:
        scheduler.step(error)
        expected.append(optimizer.param_groups[0]["lr"])
    assert expected[-1] < 0.3, "the rate was hardly reduced: the comparison would prove little"
    assert plateau([Plateau(factor=0.5, patience=patience)], errors) == pytest.approx(expected)


def test_plateau_reduces_so_many_times_at_most() -> None:
    """As AlexNet's rate: by 10, three times."""
    found = plateau([Plateau(factor=0.1, times=3, patience=0)], [0.5] * 8)
    assert found == pytest.approx([1, 1, 0.1, 0.01, 0.001, 0.001, 0.001, 0.001, 0.001])


def test_plateau_looks_at_the_loss_or_at_the_error() -> None:
    rates = {of: Rates([Plateau(patience=0, of=of)], steps=9, steps_per_epoch=3) for of in ("loss", "error")}
    for each in rates.values():
        each.validated(0, loss=1.0, error=0.5)
        each.validated(1, loss=2.0, error=0.4)
    assert (rates["loss"].factor(6), rates["error"].factor(6)) == (0.1, 1.0)


def test_a_loss_that_is_no_number_is_no_fall() -> None:
    assert plateau([Plateau(patience=0)], [math.nan, 0.5, math.nan, 0.4]) == pytest.approx(
        [1, 0.1, 0.1, 0.01, 0.01]
    )


def test_epochs_of_a_warmup_are_not_waited_for() -> None:
    """The error rises while the rate does; two epochs of warm-up, then patience 1."""
    values = [Warmup(2), Plateau(factor=0.5, patience=1)]
    assert plateau(values, [0.5] * 5) == pytest.approx([0, 0.5, 1, 1, 0.5, 0.5])


def test_an_epoch_told_twice_counts_once() -> None:
    rates = Rates([Plateau(patience=0)], steps=8, steps_per_epoch=2)
    for epoch in (0, 1, 1, 0, 1):
        rates.validated(epoch, loss=1.0, error=0.5)
    assert rates.factor(7) == 0.1


def test_only_plateau_follows_validation() -> None:
    assert Rates([Warmup(1), Plateau()], steps=4, steps_per_epoch=2).follows_validation
    rates = Rates([Steps(at=[1])], steps=4, steps_per_epoch=2)
    assert not rates.follows_validation
    before = rates.state_dict()
    rates.validated(0, loss=1.0, error=0.5)
    assert rates.state_dict() == before


def test_a_run_goes_on_from_its_state() -> None:
    """Cut anywhere, and through JSON, the rest is the same."""
    errors = [0.5, 0.4, 0.4, 0.45, 0.3, 0.3, 0.31, 0.32, 0.2, 0.3]
    values = [Plateau(factor=0.5, patience=1)]
    whole = plateau(values, errors)
    assert whole[-1] < whole[0]
    for cut in range(len(errors)):
        first = Rates(values, steps=44, steps_per_epoch=4)
        for epoch in range(cut):
            first.validated(epoch, loss=0.0, error=errors[epoch])
        second = Rates(values, steps=44, steps_per_epoch=4)
        second.load_state_dict(json.loads(json.dumps(first.state_dict())))
        found = [second.factor(4 * cut)]
        for epoch in range(cut, len(errors)):
            second.validated(epoch, loss=0.0, error=errors[epoch])
            found.append(second.factor(4 * epoch + 4))
        assert found == whole[cut:]


def test_a_run_has_steps() -> None:
    with pytest.raises(ValueError, match="0 steps"):
        Rates([Constant()], steps=0, steps_per_epoch=1)
