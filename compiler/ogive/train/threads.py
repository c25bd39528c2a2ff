"""How many threads a run computes with on the CPU."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

import torch

_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
_SMALL_STEP = 1_500_000_000
"""Multiply-accumulates of a batch, forward, below which one thread is chosen: 23 million an image in batches
of 64. Below, threads wait for one another at every layer about as long as they save, and far longer where the
cores are busy with something else.
"""


def threads_for(macs: int, batch: int) -> int:
    """The number for a network of so many multiply-accumulates an image: one for small steps, or else
    torch's choice. What the user set in the environment counts always.
    """
    if any(os.environ.get(variable) for variable in _VARIABLES):
        return torch.get_num_threads()
    return 1 if macs * batch < _SMALL_STEP else torch.get_num_threads()


def share_cores(processes: int) -> None:
    """Leaves the cores to so many processes alike, unless the environment says how many threads there are."""
    if processes > 1 and not any(os.environ.get(variable) for variable in _VARIABLES):
        torch.set_num_threads(max(1, min(torch.get_num_threads(), (os.cpu_count() or 1) // processes)))


@contextmanager
def using_threads(number: int) -> Generator[None]:
    """Computes with that many threads, and afterwards with as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
