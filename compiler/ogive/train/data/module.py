"""The data of a run: three parts, and the batches of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import add
from typing import Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from ogive.diagnostics import ArchError, Diagnostic
from ogive.recipes import Recipe, augment
from ogive.train.data.files import OnDisk
from ogive.train.data.loading import Batch, Examples, Failure, Loader, Measured, Pipeline, Stacked
from ogive.train.data.looking import Looked, look, told
from ogive.train.data.order import InOrder, Shuffled, split
from ogive.train.data.plan import Plan, Steps, common_size
from ogive.train.data.source import Images, Shape, Source
from ogive.train.data.statistics import SAMPLE, described
from ogive.train.seeds import ORDER, SPLIT, derived

Name = Literal["train", "validation", "test"]

_WORKERS = 4
_FEW = 1000
"""Images for which no workers are started unless they are asked for."""
_SHOWN = 3
_MEASURED_AT_ONCE = 256
_EVALUATION_BATCH = 256
_EVALUATION_PIXELS = 2**22
"""Pixels (of all channels together) of a batch of an evaluation, at most, unless training has more."""


class ImageData:
    """A set of images cut into three parts, changed as a recipe says.

    Order and augmentation are functions of (seed, epoch, index) alone: the same with any number of worker
    processes, for any process of several, and from any batch on. Nothing here moves torch's generators.

    Args:
        source: the set.
        recipe: whole; its `validation`, `augment`, `batch`, `accumulate` and `evaluate` are used.
        shape: channels, height and width that the network takes.
        workers: processes that read; none for sets in memory and small ones, otherwise 4, or as many as
            there are cores.
        seed: of the validation part, the order and the augmentation.
        statistics: those of an earlier `ImageData`; computed over the training part otherwise.
        corrupt: what becomes of an image that cannot be used: `refuse` stops, and `skip` goes on without it.
            In training its place is taken by the image behind it.
        fits: whether the network would take images of another shape, for advice.
        looks: whether the files of all parts are looked at first, as `looking.look` does.

    Attributes:
        source, shape: as given.
        classes: their names, in the order of the labels.
        counts: images of each part.
        statistics: mean, deviation and whatever else the recipe needs, in plain lists; `images` of the `of`
            training images they were taken over.
        skipped: the images that could not be used so far, each once, with the reason.
        in_memory: whether nothing is read from a disk any more.

    Raises:
        ArchError: E520, the network does not take what comes; E554, a step of the recipe cannot be taken;
            E553, no image can be spared to validate with; E552, an image cannot be read.
    """

    def __init__(
        self,
        source: Source,
        recipe: Recipe,
        shape: Shape,
        *,
        workers: int | None = None,
        seed: int = 0,
        statistics: Mapping[str, Any] | None = None,
        corrupt: Literal["refuse", "skip"] = "refuse",
        fits: Callable[[Shape], bool] | None = None,
        looks: bool = False,
    ) -> None:
        self.source = source
        self.shape = shape
        self.classes = source.classes
        self.skipped: list[tuple[str, str]] = []
        self.in_memory = isinstance(source.train, Stacked)
        self.workers = workers if workers is not None else self._default_workers()
        self._recipe = recipe
        self._seed = seed
        self._corrupt = corrupt
        self._plan = Plan(recipe, source, shape)
        self._plan.check(fits)
        self._parts = self._split()
        self.counts = {name: len(indices) for name, indices in self._parts.items()}
        if looks:
            self._look()
        self.statistics: dict[str, Any] = dict(statistics) if statistics is not None else self._measure()

    # ------------------------------------------------------------------ batches

    def train_batches(
        self, epoch: int, *, start: int = 0, rank: int = 0, world: int = 1
    ) -> DataLoader[Batch]:
        """The batches of an epoch for one process.

        `len` is that of the whole epoch.

        Args:
            epoch: from 0.
            start: the batch to begin with.
            rank, world: which process this is, of how many; a batch of the recipe is shared out to them.

        Raises:
            ArchError: E526, a batch has fewer images than there are processes; while iterating E552, an image
                cannot be read.
        """
        batch = cast("int", self._recipe.value("batch"))
        indices = self._parts["train"]
        smallest = len(indices) // -(-len(indices) // batch)
        if smallest < world:
            images = "1 image" if smallest == 1 else f"{smallest} images"
            message = f"batches of {images}, and {world} processes: each needs one at least"
            raise ArchError([Diagnostic("E526", message, help=f"--batch {2 * world}, or more")])
        steps = Shuffled(
            indices,
            batch,
            self._seed,
            epoch,
            start,
            rank,
            world,
            cast("int", self._recipe.value("accumulate")),
        )
        unscaled = self.source.unscaled if self._plan.takes_parts else None
        pipeline = self._pipeline(unscaled or self.source.train, self._plan.training(self.statistics))
        others = indices if self._corrupt == "skip" else indices[:0]
        return self._loader(Examples(pipeline, others), steps)

    def validation_batches(self, *, rank: int = 0, world: int = 1) -> DataLoader[Batch]:
        """The validation part, from the middle of each image; none where there is no such part."""
        return self._evaluation("validation", None, rank=rank, world=world)

    def test_batches(self, batch: int | None = None, *, rank: int = 0, world: int = 1) -> DataLoader[Batch]:
        """The test, as the recipe evaluates: in ten crops each, [N, 10, C, H, W], where it says so.

        Args:
            batch: images in a batch, at most; a number that suits their size, unless given.
            rank, world: which process this is, of how many.
        """
        return self._evaluation("test", batch, rank=rank, world=world, ten=True)

    def plain_batches(self, part: Name, batch: int | None = None) -> DataLoader[Batch]:
        """A part as an evaluation shows it, from the middle of each image, in order.

        Args:
            part: `train`, `validation` or `test`.
            batch: images in a batch, at most; the batches of a part differ by one image at most.
        """
        return self._evaluation(part, batch)

    def even_batches(self, batch: int) -> DataLoader[Batch]:
        """The training part as an evaluation shows it, in a random order, in batches of one size.

        That is what statistics of a population are taken over: batches in the order of a folder would be of
        one class each. What does not fill a batch is left out.

        Args:
            batch: images in a batch; all that there are, where these are fewer.
        """
        indices = self._parts["train"]
        size = min(batch, len(indices))
        generator = torch.Generator().manual_seed(derived(self._seed, ORDER))
        chosen = torch.randperm(len(indices), generator=generator)[: len(indices) // size * size]
        pipeline = self._pipeline(self.source.train, self._plan.evaluation(self.statistics))
        others = indices if self._corrupt == "skip" else indices[:0]
        return self._loader(Examples(pipeline, others), InOrder(indices[chosen.numpy()], size))

    def _evaluation(
        self, part: Name, batch: int | None, *, rank: int = 0, world: int = 1, ten: bool = False
    ) -> DataLoader[Batch]:
        steps = self._plan.evaluation(self.statistics, ten=ten)
        images = self.source.test if part == "test" else self.source.train
        pipeline = self._pipeline(images, steps)
        order = InOrder(self._parts[part], batch or self._evaluation_batch(ten), rank, world)
        return self._loader(Examples(pipeline, self._parts[part][:0]), order)

    def _evaluation_batch(self, ten: bool) -> int:
        """As many images as a batch of training has, or more where they are small."""
        of_training = cast("int", self._recipe.value("batch"))
        height, width = self._plan.cut
        batch = max(
            of_training, min(_EVALUATION_BATCH, _EVALUATION_PIXELS // (self.shape[0] * height * width))
        )
        return max(1, batch // 10) if ten and self._plan.ten else batch

    def _pipeline(self, images: Images, steps: Steps) -> Pipeline:
        before = self._plan.trains_on if images is self.source.unscaled else self._plan.begins
        alone, size = common_size(before, steps)
        return Pipeline(images, steps, alone, size, self._seed)

    def _loader(self, data: Any, steps: Any) -> Loader[Any]:
        return Loader(data, steps, workers=self.workers, failed=self._failed, nothing=self._nothing)

    def _failed(self, failures: tuple[Failure, ...]) -> None:
        """Notes what could not be used.

        Raises:
            ArchError: E552, nothing is to be skipped.
        """
        if self._corrupt == "refuse":
            raise ArchError([_unreadable(failures[0])])
        known = {path for path, _ in self.skipped}
        self.skipped += [each for each in dict(failures).items() if each[0] not in known]

    def _look(self) -> None:
        """Looks at the files of all parts before any is needed.

        Raises:
            ArchError: E552, some cannot be used, and are not to be skipped.
        """
        train, test = self.source.unscaled if self._plan.takes_parts else None, self.source.test
        train = train or self.source.train
        if not isinstance(train, OnDisk) or not isinstance(test, OnDisk):
            return
        looked = look(
            [(train, self._plan.misfit_in_training), (test, self._plan.misfit_in_evaluation)], self._seed
        )
        if looked.failures and self._corrupt == "refuse":
            raise ArchError([self._found(looked)])
        self.skipped += looked.failures

    def _found(self, looked: Looked) -> Diagnostic:
        if len(looked.failures) == 1:
            return _unreadable(looked.failures[0])
        message = f"{len(looked.failures):,} images of `{self.source.name}` cannot be used"
        help_ = "mend or delete them; or go on without such images: `--corrupt skip`"
        return Diagnostic("E552", message, notes=tuple(told(looked)), help=help_)

    def unusable(self, skipped: Iterable[str]) -> dict[str, int]:
        """How many images of each part are among files that cannot be used.

        Args:
            skipped: their paths.
        """
        paths = set(skipped)
        found: dict[str, int] = dict.fromkeys(self._parts, 0)
        for name, indices in self._parts.items():
            images = self.source.test if name == "test" else self.source.train
            if isinstance(images, OnDisk):
                found[name] = sum(str(images.path(index)) in paths for index in map(int, indices))
        return found

    def _nothing(self) -> None:
        """Ends a part of which no image could be used.

        Raises:
            ArchError: E552.
        """
        notes = tuple(self.skipped[:_SHOWN])
        message = f"no image of a part of `{self.source.name}` can be used"
        raise ArchError([Diagnostic("E552", message, notes=notes, help="mend or delete them")])

    def _default_workers(self) -> int:
        if self.in_memory or len(self.source.train.labels) < _FEW:
            return 0  # an epoch is over before they have started
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(_WORKERS, cores)

    # ------------------------------------------------------------------ parts and statistics

    def _split(self) -> dict[Name, NDArray[np.int64]]:
        """Which images are in which part."""
        share = float(cast("float", self._recipe.value("validation")))
        train, validation = split(self.source.train.labels.numpy(), share, self._seed)
        if share and not len(validation):
            count = len(train)
            message = (
                f"no class of `{self.source.name}` has an image to spare to validate with ({count} in all)"
            )
            help_ = "`--validation 0`, or more images of each class"
            raise ArchError([Diagnostic("E553", message, help=help_)])
        return {"train": train, "validation": validation, "test": np.arange(len(self.source.test))}

    def _measure(self) -> dict[str, Any]:
        """The statistics that the recipe needs, over the images as an evaluation shows them there."""
        wanted: dict[Steps, set[str]] = {}
        for place, choice in enumerate(self._plan.choices):
            if isinstance(choice, augment.Normalize):
                need = "mean_image" if choice.per == "pixel" else "mean"
            elif isinstance(choice, augment.PcaLighting):
                need = "pca"
            else:
                continue
            wanted.setdefault(self._plan.evaluation({}, until=place), set()).add(need)
        found: dict[str, Any] = {}
        for steps, needs in wanted.items():
            found |= self._measured(steps, needs)
        return found

    def _measured(self, steps: Steps, needs: set[str]) -> dict[str, Any]:
        indices = everything = self._parts["train"]
        if not self.in_memory and len(indices) > SAMPLE:
            generator = torch.Generator().manual_seed(derived(self._seed, SPLIT, SAMPLE))
            chosen = torch.randperm(len(indices), generator=generator)[:SAMPLE].sort().values
            indices = indices[chosen.numpy()]
        pipeline = self._pipeline(self.source.train, steps)
        measured = Measured(pipeline, of_pixels="mean_image" in needs)
        sums = self._loader(measured, InOrder(indices, _MEASURED_AT_ONCE))
        return described(reduce(add, sums), len(everything), needs)


def _unreadable(failure: Failure) -> Diagnostic:
    message = f"`{failure.path}` cannot be used: {failure.reason}"
    return Diagnostic(
        "E552", message, help="mend or delete it; or go on without such images: `--corrupt skip`"
    )
