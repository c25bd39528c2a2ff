"""Which epoch's weights to keep."""

from __future__ import annotations

import math

from ogive.train.tally import Score


def standard_error(score: Score) -> float:
    """The standard error of an accuracy, as a share.

    Two right and two wrong are added first (Agresti & Coull 1998): 144 of 144 is no proof of perfection.
    """
    total = score.total + 4
    accuracy = (score.correct + 2) / total
    return math.sqrt(accuracy * (1 - accuracy) / total)


RULE = "the last epoch that validation cannot tell from the top"


class Choice:
    """Keeps the last epoch that validation cannot tell from the best one.

    That is the one-standard-error rule (Breiman et al. 1984, section 3.4.3): among the epochs within one
    standard error of the highest accuracy the later is taken, since its learning rate has come down further.
    With a small validation part the bare maximum would pick an epoch by one image's luck; with a large one
    the error is small, and the two agree.

    Attributes:
        highest: the best score so far.
    """

    def __init__(self, highest: Score | None = None) -> None:
        self.highest = highest

    def keeps(self, score: Score) -> bool:
        """Whether the epoch with this validation score, the latest one, takes the place of the one kept."""
        if self.highest is None or score.accuracy >= self.highest.accuracy:
            self.highest = score
            return True
        return score.accuracy >= self.highest.accuracy - standard_error(self.highest)
