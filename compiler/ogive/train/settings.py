"""The numbers a run is made with, and what they may be. Imports no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ogive.diagnostics import ArchError, Diagnostic

EPOCHS = 30
BATCH = 64
LEARNING_RATE = 5e-3

_LARGEST_SEED = 2**32 - 1  # what numpy and Lightning's seed_everything take


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run depends on besides its network.

    Raises:
        ArchError: E526, one for each number that cannot be used.
    """

    data: str = "digits"
    epochs: int = EPOCHS
    batch: int = BATCH
    lr: float = LEARNING_RATE
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        wrong: list[Diagnostic] = []

        def expect(holds: bool, message: str, help: str) -> None:  # noqa: A002  # the diagnostic's own word
            if not holds:
                wrong.append(Diagnostic("E526", message, help=help))

        expect(self.epochs >= 1, f"{self.epochs} epochs: at least 1 is needed", f"--epochs {EPOCHS}")
        expect(self.batch >= 1, f"a batch of {self.batch} images: at least 1 is needed", f"--batch {BATCH}")
        expect(
            self.lr > 0 and math.isfinite(self.lr),
            f"a learning rate of {self.lr:g}: it has to be a finite number above 0",
            f"--lr {LEARNING_RATE:g}",
        )
        expect(
            0 <= self.seed <= _LARGEST_SEED,
            f"seed {self.seed}: a seed is between 0 and {_LARGEST_SEED}",
            "--seed 0",
        )
        if wrong:
            raise ArchError(wrong)
