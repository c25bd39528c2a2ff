"""Randomness as a function of a position: the same at every visit, whatever was drawn before.

Before each batch, torch's generators are seeded from (seed, epoch, batch, rank): what dropout and its like
draw there does not depend on how a run came to that batch, and one that goes on from a checkpoint draws what
it would have drawn.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

WEIGHTS, LOADER, STEP, ORDER, AUGMENT, SPLIT = range(6)
"""What is drawn: the first of the numbers behind the seed."""


def derived(seed: int, *position: int) -> int:
    """A seed for one position, spread by NumPy's `SeedSequence` (O'Neill, 2015)."""
    return int(np.random.SeedSequence([seed, *position]).generate_state(1, np.uint64)[0] >> 1)


def seed_torch(seed: int, *position: int) -> None:
    """Seeds torch's generators, those of accelerators included, for one position."""
    torch.manual_seed(derived(seed, *position))


def seed_everything(seed: int, *position: int) -> None:
    """Seeds the generators of torch, NumPy and Python for one position."""
    number = derived(seed, *position)
    torch.manual_seed(number)
    np.random.seed(number % 2**32)
    random.seed(number)


def random_states() -> dict[str, Any]:
    """The states of all generators, of types that load without running code."""
    name, keys, place, has_gauss, gauss = np.random.get_state(legacy=True)
    states: dict[str, Any] = {
        "python": random.getstate(),
        "numpy": [name, np.asarray(keys).tolist(), int(place), int(has_gauss), float(gauss)],
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state_all()
    return states


def restore_states(states: Mapping[str, Any]) -> None:
    """Puts the generators into the states that `random_states` gave."""
    version, internal, gauss = states["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, place, has_gauss, cached = states["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), place, has_gauss, cached))
    torch.set_rng_state(states["torch"])
    cuda = states.get("cuda", [])
    if torch.cuda.is_available() and len(cuda) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(cuda)
