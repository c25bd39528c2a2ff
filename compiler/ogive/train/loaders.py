"""Data that the user brings: any loaders, of anything that a network takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from itertools import count
from typing import Any


@dataclass(frozen=True, slots=True)
class Loaders:
    """The user's own loaders, such as `torch.utils.data.DataLoader`s, of pairs (inputs, targets).

    `inputs` is a tensor, or a tuple of tensors for a network with several inputs. A loader is gone through
    once an epoch. Order and augmentation may be random: the generators of torch, NumPy and Python are seeded
    before each batch is asked for, so that a run that goes on within an epoch, and skips the batches that are
    done, sees the same. With several devices each process goes through the loader it is given: a
    `DistributedSampler` in it is the user's to set.

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

    `len` is that of the whole epoch, as Lightning expects it of an epoch that goes on. Lightning makes
    several iterators of a part, and goes through one: the loader begins when a first batch is asked for.

    Attributes:
        batches: a loader of the whole epoch, of which the first batches are left out; or, with `begins`, of
            what is left of it.
        length: batches of the whole epoch; None where the loader does not say.
        start: how many of them are done.
        begins: whether the loader begins behind those already.
        accumulate: batches to a step. Where those at the end of an epoch are fewer, each says what makes
            their mean that of a step.
        before: called with the number of a batch before it is asked for.
    """

    batches: Iterable[Any]
    length: int | None
    start: int = 0
    begins: bool = False
    accumulate: int = 1
    before: Callable[[int], None] | None = None

    def __len__(self) -> int:
        if self.length is None:
            raise TypeError("the loader does not say how many batches it has")
        return self.length

    def __iter__(self) -> Iterator[Any]:
        first = self.start if self.begins else 0
        left = self.length % self.accumulate if self.length is not None else 0
        batches: Iterator[Any] | None = None
        for index in count(first) if self.length is None else range(first, self.length):
            if self.before is not None:
                self.before(index)
            batches = iter(self.batches) if batches is None else batches
            try:
                batch = next(batches)
            except StopIteration:
                return
            if index < self.start:
                continue
            if left and not self.begins and self.length is not None and index >= self.length - left:
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
