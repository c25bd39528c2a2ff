"""Which of several processes this one is, also before they have met."""

from __future__ import annotations

from lightning.pytorch.utilities import rank_zero_only


def is_first() -> bool:
    """Whether this process writes and speaks for all of them. Launchers (Lightning's own, torchrun, SLURM)
    say so in the environment, which Lightning reads.
    """
    return not getattr(rank_zero_only, "rank", 0)
