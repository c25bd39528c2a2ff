"""Batches, made here or in worker processes: read, changed, stacked."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from types import FrameType
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

_SECONDS_TO_END = 10


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
        alone: how many of them are taken image by image, as sizes differ before; all others are taken
            together.
        size: height and width of every image behind those; None where sizes differ to the end.
        seed: of what is drawn.
    """

    images: Images
    stages: tuple[tuple[int, Stage], ...]
    alone: int
    size: tuple[int, int] | None
    seed: int

    def taken(self, epoch: int, indices: NDArray[np.int64]) -> Tensor | None:
        """Several images of a set in memory [n, C, H, W]; None where it is none."""
        if not isinstance(self.images, Stacked):
            return None
        return self._changed(self.images.take(indices), self.stages, epoch, indices)

    def one(self, epoch: int, index: int, read: int) -> Tensor:
        """The image `read` after the first steps, with what is drawn for `index` [1, C, H, W].

        Raises:
            Unreadable: it cannot be used.
        """
        image = self.images.read(read)[None]
        try:
            image = self._changed(image, self.stages[: self.alone], epoch, np.array([index]))
        except TooSmall as error:
            raise Unreadable(self._path(read), str(error)) from error
        if self.size is not None and tuple(image.shape[-2:]) != self.size:
            here, there = ("x".join(map(str, size)) for size in (image.shape[-2:], self.size))
            raise Unreadable(self._path(read), f"it is {here}, and others are {there} (height x width)")
        return image

    def together(self, epoch: int, indices: NDArray[np.int64], images: Sequence[Tensor]) -> Tensor:
        """What `one` gave, after the other steps [n, C, H, W]."""
        return self._changed(torch.cat(list(images)), self.stages[self.alone :], epoch, indices)

    def _path(self, index: int) -> str:
        path = getattr(self.images, "path", None)
        return str(path(index)) if callable(path) else f"image {index}"

    def _changed(
        self, images: Tensor, stages: Sequence[tuple[int, Stage]], epoch: int, indices: NDArray[np.int64]
    ) -> Tensor:
        draws = Draws.of(self.seed, epoch, indices)
        for place, stage in stages:
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
        images = self.pipeline.taken(step.epoch, step.indices)
        if images is not None:
            return Fetched(Batch(unit(images), labels[torch.from_numpy(step.indices)], step.share), ())
        failures: list[Failure] = []
        found = [self._example(step.epoch, int(index), failures) for index in step.indices]
        made = [(index, *each) for index, each in zip(step.indices, found, strict=True) if each is not None]
        if not made:
            return Fetched(None, tuple(failures))
        indices, images, read = zip(*made, strict=True)
        images = unit(self.pipeline.together(step.epoch, np.array(indices), images))
        return Fetched(Batch(images, labels[list(read)], step.share), tuple(failures))

    def _example(self, epoch: int, index: int, failures: list[Failure]) -> tuple[Tensor, int] | None:
        """An image, or what stands in for it, and its index."""
        for read in chain([index], self._behind(index)):
            try:
                return self.pipeline.one(epoch, index, read), read
            except Unreadable as error:
                failures.append(Failure(error.path, error.reason))
        return None

    def _behind(self, index: int) -> Iterator[int]:
        at = int(np.searchsorted(self.others, index, side="right"))
        yield from map(int, np.roll(self.others, -at)[:-1])


@dataclass(frozen=True)
class Measured(Dataset[Fetched[Moments]]):
    """Sums over a pipeline's images; those that cannot be used are left out."""

    pipeline: Pipeline
    of_pixels: bool

    def __getitems__(self, step: Step) -> Fetched[Moments]:
        images = self.pipeline.taken(step.epoch, step.indices)
        if images is not None:
            return Fetched(Moments.of(images, of_pixels=self.of_pixels), ())
        failures: list[Failure] = []
        total: Moments | None = None
        for index in map(int, step.indices):
            try:
                image = self.pipeline.one(step.epoch, index, index)
            except Unreadable as error:
                failures.append(Failure(error.path, error.reason))
                continue
            image = self.pipeline.together(step.epoch, np.array([index]), [image])
            moments = Moments.of(image, of_pixels=self.of_pixels)
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

    After a first SIGTERM a worker goes on for as long as it takes to end a run; a second one ends it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "alarm"):
        signal.signal(signal.SIGTERM, _end_soon)


def _end_soon(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    signal.alarm(_SECONDS_TO_END)
