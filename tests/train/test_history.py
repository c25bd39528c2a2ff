"""The numbers of epochs, and which of them is the best."""

from __future__ import annotations

import math

import pytest

from ogive.train.history import Choice, as_csv

HIGHEST, LOWEST = Choice("val_accuracy", highest=True), Choice("val_loss", highest=False)


def best(choice: Choice, rows: list[dict[str, float]]) -> int:
    """Which of some epochs is kept, one after the other, from 1 on."""
    kept: int | None = None
    for number, row in enumerate(rows):
        if choice.better(row, None if kept is None else rows[kept]):
            kept = number
    assert kept is not None
    return kept + 1


@pytest.mark.parametrize(
    ("accuracies", "losses", "kept"),
    [
        ([0.5, 0.7, 0.6], [1.0, 1.0, 0.1], 2),
        ([0.5, 0.7, 0.7], [1.0, 0.8, 0.9], 2),  # of equal ones that with the lower loss
        ([0.5, 0.7, 0.7], [1.0, 0.8, 0.8], 3),  # and then the later
        ([math.nan, 0.1, math.nan], [0.1, 0.1, 0.1], 2),
    ],
)
def test_the_highest_is_the_best(accuracies: list[float], losses: list[float], kept: int) -> None:
    rows = [{"val_accuracy": a, "val_loss": b} for a, b in zip(accuracies, losses, strict=True)]
    assert best(HIGHEST, rows) == kept


def test_the_lowest_is_the_best() -> None:
    assert best(LOWEST, [{"val_loss": value} for value in (0.5, math.inf, 0.3, math.nan, 0.4)]) == 3


def test_without_the_column_the_loss_decides_and_without_any_the_last() -> None:
    assert best(HIGHEST, [{"val_loss": value} for value in (0.5, 0.3, 0.4)]) == 2
    assert best(HIGHEST, [{"train_loss": value} for value in (0.5, 0.3, 0.4)]) == 3


def test_a_table_of_all_epochs() -> None:
    """Columns stand where they are first met; six digits; an epoch may lack one."""
    rows = [
        {"epoch": 1, "step": 10, "train_loss": 1 / 3, "lr": 0.1, "seconds": 12.3456789},
        {"epoch": 2, "step": 20, "train_loss": 1e-9, "val_loss": math.nan, "lr": 0.01, "seconds": 1e6},
    ]
    assert as_csv(rows) == (
        "epoch,step,train_loss,val_loss,lr,seconds\n1,10,0.333333,,0.1,12.3457\n2,20,1e-09,nan,0.01,1e+06\n"
    )
