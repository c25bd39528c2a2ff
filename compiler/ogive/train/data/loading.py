"""Batches, made here or in worker processes: read, changed, stacked."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from ogive.train.data.draws import Draws
from ogive.train.data.order import Step
from ogive.train.data.sizes import TooSmall
from ogive.train.data.source import Images, Unreadable
from ogive.train.data.stages import Stage, unit
from ogive.train.data.statistics import Moments


class Batch(NamedTuple):
    """Images, their classes, and what their mean loss counts.

    Attributes:
        images: [N, C, H, W], float32; [N, 10, C, H, W] where an image is shown in ten crops.
        labels: [N], int64.
        share: what the mean of their losses has to be multiplied with, so that averaged over the processes
            and over the batches of a step (each then counts the same) it is the mean over the step's images:
            images here * processes * batches of a step / images of the step; 1 where all are even.
    """

    images: Tensor
    labels: Tensor
    share: float


class Failure(NamedTuple):
    """An image that could not be used."""

    path: str
    reason: str


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """What a worker gives: what was made of a step's images, if any was left, and what could not be used."""

    value: T | None
    failures: tuple[Failure, ...]

    def pin_memory(self) -> Fetched[T]:
        """As PyTorch asks for it: the same, in memory that a GPU copies from."""
        if not isinstance(self.value, Batch):
            return self
        images, labels, share = self.value
        pinned = Batch(images.pin_memory(), labels.pin_memory(), share)
        return Fetched(cast("T", pinned), self.failures)


@runtime_checkable
class Stacked(Protocol):
    """Images of one size in memory, of which several can be taken at once."""

    def take(self, indices: NDArray[np.int64]) -> Tensor:
        """Several images [n, C, H, W]."""
        ...


@dataclass(frozen=True)
class Pipeline:
    """Images of a set, read and changed.

    Attributes:
        images: the set.
        stages: the steps, each with the place whose random numbers are its own.
        size: height and width in the end; None where they may differ.
        seed: of what is drawn.
    """

    images: Images
    stages: tuple[tuple[int, Stage], ...]
    size: tuple[int, int] | None
    seed: int

    def many(self, epoch: int, indices: NDArray[np.int64]) -> Tensor:
        """Several images of a set in memory [n, C, H, W]."""
        assert isinstance(self.images, Stacked)
        return self._changed(self.images.take(indices), Draws.of(self.seed, epoch, indices))

    def one(self, epoch: int, index: int, read: int) -> Tensor:
        """The image `read`, with what is drawn for `index` [1, C, H, W].

        Raises:
            Unreadable: it cannot be used.
        """
        image = self.images.read(read)
        draws = Draws.of(self.seed, epoch, np.array([index]))
        try:
            changed = self._changed(image[None], draws)
        except TooSmall as error:
            raise Unreadable(self.path(read), str(error)) from error
        if self.size is not None and tuple(changed.shape[-2:]) != self.size:
            height, width = changed.shape[-2:]
            expected = "x".join(map(str, self.size))
            reason = f"it is {height}x{width} in the end, and {expected} is needed (height x width)"
            raise Unreadable(self.path(read), reason)
        return changed

    def path(self, index: int) -> str:
        """What an image is called."""
        path = getattr(self.images, "path", None)
        return str(path(index)) if callable(path) else f"image {index}"

    def _changed(self, images: Tensor, draws: Draws) -> Tensor:
        for place, stage in self.stages:
            images = stage(images, draws.at(place) if stage.draws else draws)
        return images


@dataclass(frozen=True)
class Examples(Dataset[Fetched[Batch]]):
    """Batches of a pipeline's images, one for each `Step`.

    An image that cannot be used is left out; or, where others are given, its place is taken by the first of
    them that can, beginning behind it: batches of training keep their sizes.

    Attributes:
        pipeline: how images become what the network gets.
        others: indices of images that may stand in, in order; empty for none.
    """

    pipeline: Pipeline
    others: NDArray[np.int64]

    def __getitems__(self, step: Step) -> Fetched[Batch]:
        labels = self.pipeline.images.labels
        if isinstance(self.pipeline.images, Stacked):
            images = unit(self.pipeline.many(step.epoch, step.indices))
            return Fetched(Batch(images, labels[torch.from_numpy(step.indices)], step.share), ())
        failures: list[Failure] = []
        found = [self._example(step.epoch, int(index), failures) for index in step.indices]
        made = [(image, read) for image, read in found if image is not None]
        if not made:
            return Fetched(None, tuple(failures))
        images = unit(torch.cat([image for image, _ in made]))
        chosen = torch.tensor([read for _, read in made], dtype=torch.int64)
        return Fetched(Batch(images, labels[chosen], step.share), tuple(failures))

    def _example(self, epoch: int, index: int, failures: list[Failure]) -> tuple[Tensor | None, int]:
        """An image, or what stands in for it, and its index."""
        for read in (index, *self._behind(index)):
            try:
                return self.pipeline.one(epoch, index, read), read
            except Unreadable as error:
                failures.append(Failure(error.path, error.reason))
        return None, index

    def _behind(self, index: int) -> Iterator[int]:
        at = int(np.searchsorted(self.others, index, side="right"))
        return map(int, np.roll(self.others, -at)[: max(0, len(self.others) - 1)])


@dataclass(frozen=True)
class Measured(Dataset[Fetched[Moments]]):
    """Sums over a pipeline's images; those that cannot be used are left out."""

    pipeline: Pipeline
    of_pixels: bool

    def __getitems__(self, step: Step) -> Fetched[Moments]:
        if isinstance(self.pipeline.images, Stacked):
            images = self.pipeline.many(step.epoch, step.indices)
            return Fetched(Moments.of(images, of_pixels=self.of_pixels), ())
        failures: list[Failure] = []
        total: Moments | None = None
        for index in map(int, step.indices):
            try:
                moments = Moments.of(self.pipeline.one(step.epoch, index, index), of_pixels=self.of_pixels)
            except Unreadable as error:
                failures.append(Failure(error.path, error.reason))
                continue
            total = moments if total is None else total + moments
        return Fetched(total, tuple(failures))


class Loader(DataLoader[Any], Generic[T]):
    """A PyTorch loader that hands failures over and gives the rest.

    What it draws for itself comes from a generator of its own: iterating leaves torch's as they are.

    Args:
        data, steps: what is made of what.
        workers: processes that do it; 0 for this one.
        failed: called with images that could not be used.
        nothing: called in the end where all of them were such.
    """

    def __init__(
        self,
        data: Dataset[Fetched[T]],
        steps: Sampler[Step],
        *,
        workers: int,
        failed: Callable[[tuple[Failure, ...]], None],
        nothing: Callable[[], None],
    ) -> None:
        super().__init__(
            cast("Dataset[Any]", data),
            batch_sampler=cast("Any", steps),
            num_workers=workers,
            collate_fn=_as_it_is,
            pin_memory=torch.cuda.is_available(),
            generator=torch.Generator().manual_seed(0),
            worker_init_fn=_leave_signals_to_the_parent,
        )
        self.failed = failed
        self.nothing = nothing

    def __iter__(self) -> Iterator[T]:  # pyright: ignore[reportIncompatibleMethodOverride]
        fetched: Fetched[T]
        steps = given = 0
        for fetched in super().__iter__():
            steps += 1
            if fetched.failures:
                self.failed(fetched.failures)
            if fetched.value is not None:
                given += 1
                yield fetched.value
        if steps and not given:
            self.nothing()


def _as_it_is(fetched: Any) -> Any:
    return fetched


def _leave_signals_to_the_parent(_worker: int) -> None:
    """Ctrl-C and SIGTERM reach all processes of a group: the one that trains decides what becomes of them.

    The first SIGTERM is passed over; another one, such as from a parent that no longer waits, ends a worker.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: signal.signal(signal.SIGTERM, signal.SIG_DFL))
