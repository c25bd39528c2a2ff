"""From what a recipe says to the steps of training and of evaluation, looked at before an image is read.

An evaluation takes the steps that draw nothing, in their order; in the place of the first crop of training it
cuts out the middle, or takes ten crops. Of an image that is too small for that, it does so with the border
that training adds. Where training takes parts of an image and scales them (`resized_crop`), the evaluation
scales the shorter side first: to what `data` says, otherwise to 8/7 of the crop (256 for 224, as Krizhevsky,
Sutskever & Hinton, 2012, and those after them).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from ogive.diagnostics import ArchError, Diagnostic, Label
from ogive.recipes import Recipe, augment
from ogive.recipes.base import Choice
from ogive.recipes.data import Data
from ogive.recipes.evaluate import CenterCrop as CenterCropChoice
from ogive.recipes.evaluate import TenCrop as TenCropChoice
from ogive.recipes.printing import text_of
from ogive.train.data import stages
from ogive.train.data.sizes import Arriving, Impossible, large_enough
from ogive.train.data.source import InMemory, Shape, Source
from ogive.train.data.stages import Stage
from ogive.train.data.statistics import tensor

Steps = tuple[tuple[int, Stage], ...]
"""Steps, each with its place in the recipe's list; those of an evaluation alone have -1."""

_MARGIN = 8 / 7


@dataclass(frozen=True)
class Plan:
    """What a recipe does with the images of a set.

    Attributes:
        recipe: what it says.
        source: the set.
        shape: what the network takes.
    """

    recipe: Recipe
    source: Source
    shape: Shape

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The values of `augment`."""
        return tuple(value for value in self.recipe.values("augment") if isinstance(value, Choice))

    @property
    def first_crop(self) -> int | None:
        """The place of the first crop."""
        cuts = (augment.RandomCrop, augment.ResizedCrop)
        return next((place for place, each in enumerate(self.choices) if isinstance(each, cuts)), None)

    @property
    def takes_parts(self) -> bool:
        """Whether the first crop of training is a part of an image, scaled."""
        place = self.first_crop
        return place is not None and isinstance(self.choices[place], augment.ResizedCrop)

    @property
    def begins(self) -> Arriving:
        """The images of the set."""
        size = self.source.size
        return Arriving(
            size[0] if size is not None else self.source.channels,
            size[1:] if size is not None else None,
            self.source.shorter,
        )

    @property
    def trains_on(self) -> Arriving:
        """Those that training begins with: not scaled yet, where it takes parts of them."""
        if self.takes_parts and self.source.unscaled is not None:
            return Arriving(self.begins.channels, None)
        return self.begins

    # ------------------------------------------------------------------ steps

    def training(self, statistics: Mapping[str, Any]) -> Steps:
        """The steps of training."""
        made = ((place, made_of(choice, statistics)) for place, choice in enumerate(self.choices))
        return tuple((place, stage) for place, stage in made if stage is not None)

    def evaluation(
        self, statistics: Mapping[str, Any], *, ten: bool = False, until: int | None = None
    ) -> Steps:
        """The steps of an evaluation: of all, or of those before a place in the recipe.

        Args:
            statistics: of the training images.
            ten: whether ten crops are asked for, where the recipe says so.
            until: the place.
        """
        found: list[tuple[int, Stage]] = []
        now = self.begins
        for place, choice in enumerate(self.choices[:until]):
            if place == self.first_crop:
                found += self._cut(now, ten)
            elif (stage := made_of(choice, statistics)) is not None and not stage.draws:
                found.append((place, stage))
        if self.first_crop is None and until is None:
            found += self._cut(now, ten)
        return tuple(found)

    @property
    def cut(self) -> tuple[int, int]:
        """Height and width that an evaluation cuts out."""
        choice = self.recipe.value("evaluate")
        size = choice.size if isinstance(choice, CenterCropChoice | TenCropChoice) else None
        return (size, size) if size is not None else self.shape[1:]

    @property
    def ten(self) -> bool:
        """Whether the test is shown in ten crops."""
        return isinstance(self.recipe.value("evaluate"), TenCropChoice)

    def _cut(self, now: Arriving, ten: bool) -> list[tuple[int, Stage]]:
        found: list[Stage] = []
        crop = self.choices[self.first_crop] if self.first_crop is not None else None
        if isinstance(crop, augment.RandomCrop) and crop.padding and not _cut_from(now, self.cut):
            found.append(stages.Border(crop.padding, crop.fill))
        if self.takes_parts and (shorter := self._shorter(now)) is not None:
            found.append(stages.Resize(shorter))
        found.append((stages.TenCrop if ten and self.ten else stages.CenterCrop)(self.cut))
        return [(-1, stage) for stage in found]

    def _shorter(self, now: Arriving) -> int | None:
        """What an evaluation scales the shorter side to, where training took parts of the image."""
        if now.shorter is not None:  # `data` says it
            return max(self.cut) if now.shorter < max(self.cut) else None
        wanted = round(_MARGIN * max(self.cut))
        if now.size is None or min(now.size) > wanted:
            return wanted
        return max(self.cut) if min(now.size) < max(self.cut) else None

    # ------------------------------------------------------------------ looking at it

    def check(self, fits: Callable[[Shape], bool] | None = None) -> None:
        """Whether all steps can be taken, and give what the network takes.

        Args:
            fits: whether the network would take images of another shape.

        Raises:
            ArchError: E554, a step cannot be taken; E520, the network does not take what comes out.
        """
        came, place = self._checked_training()
        if came.shape is None:
            raise ArchError([self._sizes_differ()])
        if came.shape != self.shape:
            raise ArchError([self._not_taken(came.shape, place, fits)])
        now = self.begins
        for _, stage in self.evaluation(_NOTHING):
            try:
                now = stage.arrives(now)
            except Impossible as error:
                raise ArchError([self._blame("evaluate", 0, error.message, error.help)]) from error
        assert now.shape is not None
        if now.shape != self.shape and not (fits is not None and fits(now.shape)):
            message = f"an evaluation shows {_times(now.shape)}, and the network takes {_times(self.shape)}"
            raise ArchError(
                [self._blame("evaluate", 0, message, "`center_crop` without a size", code="E520")]
            )
        self._check_mean_image()
        self._check_colours()

    def _checked_training(self) -> tuple[Arriving, int | None]:
        """What comes out of training's steps, and the place of the last that changed the size."""
        now, last = self.trains_on, None
        for place, choice in enumerate(self.choices):
            stage = made_of(choice, _NOTHING)
            if stage is None:
                continue
            try:
                came = stage.arrives(now)
            except Impossible as error:
                raise ArchError([self._blame("augment", place, error.message, error.help)]) from error
            if came != now:
                last = place
            now = came
        return now, last

    def _check_mean_image(self) -> None:
        """Whether there is one size to take the mean of images in.

        Raises:
            ArchError: E554, there is not.
        """
        for place, choice in enumerate(self.choices):
            if not isinstance(choice, augment.Normalize) or choice.per != "pixel":
                continue
            in_training, in_evaluation = self.trains_on, self.begins
            for earlier in self.choices[:place]:
                stage = made_of(earlier, _NOTHING)
                in_training = stage.arrives(in_training) if stage is not None else in_training
            for _, stage in self.evaluation(_NOTHING, until=place):
                in_evaluation = stage.arrives(in_evaluation)
            if in_training.size is None or in_training.size != in_evaluation.size:
                message = f"a mean of each pixel needs images of one size, and here are {in_training}"
                if in_training.size is not None:
                    message += f" in training and {in_evaluation} in an evaluation"
                side = self.shape[1]
                help_ = f"`normalize`; or `random_crop({side}), normalize(per = pixel)`"
                raise ArchError([self._blame("augment", place, message, help_)])

    @property
    def grey(self) -> bool:
        """Whether the images have no colours: one channel, or one that is repeated."""
        train = self.source.train
        return self.begins.channels == 1 or (isinstance(train, InMemory) and train.pixels.shape[1] == 1)

    def _check_colours(self) -> None:
        """Whether there are colours to change.

        Raises:
            ArchError: E554, a step changes nothing else.
        """
        for place, choice in enumerate(self.choices):
            lost = self._without_effect(choice)
            if lost and not choice.given().keys() & {"brightness", "contrast"}:
                what = " and ".join(lost)
                message = f"`color_jitter` changes {what} alone, which images in shades of grey do not have"
                help_ = "`color_jitter(brightness = 0.4, contrast = 0.4)`, or leave it out"
                raise ArchError([self._blame("augment", place, message, help_)])

    def _without_effect(self, choice: Choice) -> tuple[str, ...]:
        if not isinstance(choice, augment.ColorJitter) or not self.grey:
            return ()
        return tuple(name for name in ("saturation", "hue") if getattr(choice, name))

    def remarks(self) -> tuple[str, ...]:
        """What can be done, and has no effect on these images, in lines."""
        lost = (" and ".join(self._without_effect(choice)) for choice in self.choices)
        said = "note: `color_jitter` changes no {} here: the images of `{}` are in shades of grey"
        return tuple(said.format(names, self.source.name) for names in lost if names)

    def misfit_in_training(self, size: tuple[int, int]) -> str | None:
        """Why an image of that height and width cannot be trained on, if it cannot."""
        return _misfit(Arriving(self.begins.channels, size), self.training(_NOTHING))

    def misfit_in_evaluation(self, size: tuple[int, int]) -> str | None:
        """Why an image of that height and width cannot be evaluated on, if it cannot."""
        return _misfit(Arriving(self.begins.channels, size), self.evaluation(_NOTHING))

    # ------------------------------------------------------------------ saying what is wrong

    def _blame(
        self, setting: str, value: int, message: str, help_: str | None, *, code: str = "E554"
    ) -> Diagnostic:
        """A diagnostic at a value of a setting, where the recipe states it."""
        said = [each for each in self.recipe.stated if each.setting.name == setting and each.recipe]
        stated = said[0] if said else None
        labels = (
            (Label(stated.place(value)),) if stated is not None and value < len(stated.line.places) else ()
        )
        return Diagnostic(code, message, labels, help=help_)

    def _sizes_differ(self) -> Diagnostic:
        """The data are to blame: no step brings their images to one size. What the recipe does is kept."""
        size = max(self.shape[1:])
        taken = _times(self.shape)
        message = f"the images of `{self.source.name}` differ in size, and the network takes {taken}"
        kept = text_of(self.recipe, "augment") if self.choices else ""
        crop, part = (
            shlex.quote(", ".join(filter(None, (step, kept))))
            for step in (f"random_crop({size})", f"resized_crop({size})")
        )
        data = ""
        if (self.source.shorter or 0) < size and self.source.written:
            data = f"--data {shlex.quote(self.source.written.format(round(size * _MARGIN)))} "
        return self._blame("data", 0, message, f"{data}--augment {crop}; or --augment {part}")

    def _not_taken(self, came: Shape, place: int | None, fits: Callable[[Shape], bool] | None) -> Diagnostic:
        """What to change, so that the network gets what it takes."""
        taken, side = self.shape, self.shape[1]
        message = f"the images come as {_times(came)}, and the network takes {_times(taken)}"
        ways: list[str] = []
        if fits is not None and fits(came):
            ways.append(f"`--input {_times(came)}`")
        if came[0] == taken[0] and taken[1] == taken[2]:
            if place is not None:
                ways.append(f"`{self.choices[place].kind}({side})`")
            elif self.source.written:
                ways.append(f"`--data '{self.source.written.format(side)}'`")
        if place is not None:
            return self._blame("augment", place, message, ", or ".join(ways) or None, code="E520")
        help_ = ", or ".join(ways) or f"a net that takes them: `input image: {_times(came)}`"
        return Diagnostic("E520", message, help=help_)


_NOTHING: Mapping[str, Any] = {}
"""The statistics of steps that are only looked at."""


def made_of(choice: Choice, statistics: Mapping[str, Any]) -> Stage | None:
    """A step of a recipe; without statistics, one that only tells sizes. None for one that does nothing."""
    match choice:
        case augment.RandomCrop():
            return stages.RandomCrop(choice.size, choice.padding, choice.fill)
        case augment.ResizedCrop():
            scale, ratio = choice.scale or [0.08, 1.0], choice.ratio or [3 / 4, 4 / 3]
            return stages.ResizedCrop(choice.size, (scale[0], scale[1]), (ratio[0], ratio[1]))
        case augment.HFlip():
            return stages.Flip(-1, choice.p)
        case augment.VFlip():
            return stages.Flip(-2, choice.p)
        case augment.Rotation():
            return stages.Rotation(choice.degrees)
        case augment.Affine():
            return stages.Affine(choice.distort, choice.shift)
        case augment.ColorJitter():
            return stages.ColorJitter(choice.brightness, choice.contrast, choice.saturation, choice.hue)
        case augment.PcaLighting():
            if "pca" not in statistics:
                return None
            values, vectors = tensor(statistics, "pca", "values"), tensor(statistics, "pca", "vectors")
            return stages.Lighting(choice.std, values, vectors)
        case augment.Normalize():
            return _normalize(choice, statistics)
        case augment.RandomErasing():
            low, high = choice.scale or [0.02, 1 / 3]
            return stages.RandomErasing(choice.p, (low, high))
        case _:
            raise TypeError(f"no step does `{choice.kind}`")


def _normalize(choice: augment.Normalize, statistics: Mapping[str, Any]) -> Stage | None:
    if choice.per == "pixel" and "mean_image" in statistics:
        return stages.Normalize(tensor(statistics, "mean_image"), torch.ones(1, 1, 1, dtype=torch.float64))
    if choice.per == "channel" and "mean" in statistics:
        mean, std = tensor(statistics, "mean"), tensor(statistics, "std")
        return stages.Normalize(mean[:, None, None], std[:, None, None])
    return None


def common_size(now: Arriving, steps: Steps) -> tuple[int, tuple[int, int] | None]:
    """After how many steps images have one size, and which; all steps and None where they never have."""
    for count, (_, stage) in enumerate(steps):
        if now.size is not None:
            return count, now.size
        now = stage.arrives(now)
    return len(steps), now.size


def _misfit(now: Arriving, steps: Steps) -> str | None:
    try:
        for _, stage in steps:
            now = stage.arrives(now)
    except Impossible as error:
        return error.message
    return None


def _cut_from(now: Arriving, size: tuple[int, int]) -> bool:
    """Whether that much can be cut out, as far as is known."""
    return now.least is None or large_enough(now.least, size)


def _times(shape: Shape) -> str:
    return "x".join(map(str, shape))


def expected(recipe: Recipe) -> Shape | None:
    """The shape that images will have in training, as far as the recipe tells it before the data are read."""
    data = recipe.value("data")
    shape = data.image if isinstance(data, Data) else None
    for choice in recipe.values("augment"):
        if isinstance(choice, augment.RandomCrop | augment.ResizedCrop):
            shape = (shape[0] if shape is not None else 3, choice.size, choice.size)
    return shape


def arriving(source: Source, recipe: Recipe) -> Shape | None:
    """The shape of the images that a network gets in training; None where they would differ in size.

    Raises:
        ArchError: E554, a step cannot be taken.
    """
    plan = Plan(recipe, source, source.size or (source.channels, 1, 1))
    return plan._checked_training()[0].shape  # pyright: ignore[reportPrivateUsage]
