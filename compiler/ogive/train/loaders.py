"""Data that the user brings: any loaders, of anything that a network takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from itertools import islice
from typing import Any


@dataclass(frozen=True, slots=True)
class Loaders:
    """The user's own loaders, such as `torch.utils.data.DataLoader`s, of pairs (inputs, targets).

    `inputs` is a tensor, or a tuple of tensors for a network with several inputs. A loader is gone through
    once an epoch. Its order may be random: torch's generators are seeded for every epoch before it begins, so
    that a run that goes on from a checkpoint sees the same batches. With several devices each process goes
    through the loader it is given: a `DistributedSampler` in it is the user's to set.

    Attributes:
        train: batches to train on.
        validation: batches that choose the best epoch; without them it is the last.
        test: batches that are read once, at the end, with the best weights.
        name: what the run calls the data.
    """

    train: Iterable[Any]
    validation: Iterable[Any] | None = None
    test: Iterable[Any] | None = None
    name: str = "own loaders"


@dataclass(frozen=True, slots=True)
class Part:
    """What is left of an epoch of `length` batches, of which `start` are done.

    `len` is that of the whole epoch, as Lightning expects it of an epoch that goes on.

    Attributes:
        batches: a loader of the whole epoch, of which the first batches are left out; or, with `begins`, of
            what is left of it.
        length: batches of the whole epoch; None where the loader does not say.
        start: how many of them are done.
        begins: whether the loader begins behind those already.
        accumulate: batches to a step. Where those at the end of an epoch are fewer, each says what makes
            their mean that of a step.
    """

    batches: Iterable[Any]
    length: int | None
    start: int = 0
    begins: bool = False
    accumulate: int = 1

    def __len__(self) -> int:
        if self.length is None:
            raise TypeError("the loader does not say how many batches it has")
        return self.length

    def __iter__(self) -> Iterator[Any]:
        if self.begins and self.length is not None:
            return islice(iter(self.batches), max(0, self.length - self.start))
        return self._weighed(islice(iter(self.batches), self.start, self.length))

    def _weighed(self, batches: Iterator[Any]) -> Iterator[Any]:
        left = self.length % self.accumulate if self.length is not None else 0
        for index, batch in enumerate(batches, self.start):
            if left and self.length is not None and index >= self.length - left:
                batch = (*batch, self.accumulate / left)
            yield batch


def length_of(loader: Iterable[Any]) -> int | None:
    """How many batches a loader has; None where it does not say."""
    if not isinstance(loader, Sized):
        return None
    try:
        return len(loader)
    except TypeError:
        return None
