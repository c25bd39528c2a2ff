"""`augment`: what is done to an image of the training set before the net sees it, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ogive.elaborate.values import show
from ogive.layers.base import arg
from ogive.recipes.base import LARGEST, Choice, Problem, Setting, Value, is_number


def _range(name: str, values: list[Any], *, low: float = 0.0, high: float = LARGEST) -> Problem | None:
    """Whether a list is a least and a greatest number within bounds."""
    numbers = [v for v in values if is_number(v)]
    if len(values) == 2 and len(numbers) == 2 and low < numbers[0] <= numbers[1] <= high:
        return None
    bounds = f"above {low:g} and at most {high:g}"
    message = f"`{name}` is a range, [least, greatest], {bounds}, and this is {show(values)}"
    return Problem(name, message)


@dataclass(frozen=True)
class RandomCrop(Choice):
    """A square from a random place, after the image got a border."""

    kind = "random_crop"

    size: int = arg(min=1, doc="height and width of what is cut out")
    padding: int = arg(0, min=0, named=True, doc="pixels that are added on each side first")
    fill: Literal["zeros", "reflect"] = arg("zeros", named=True, doc="what they are")


@dataclass(frozen=True)
class ResizedCrop(Choice):
    """A random part of the image, of random proportions, scaled to one size."""

    kind = "resized_crop"
    source = "Szegedy et al., 2015, section 6"

    size: int = arg(min=1, doc="height and width of the result")
    scale: list[float] | None = arg(None, named=True, doc="range of its part of the area; [0.08, 1]")
    ratio: list[float] | None = arg(
        None, named=True, doc="least and greatest width over height; [3 / 4, 4 / 3]"
    )

    def problem(self) -> Problem | None:
        for name, values, high in (("scale", self.scale, 1.0), ("ratio", self.ratio, LARGEST)):
            found = _range(name, values, high=high) if values else None
            if found is not None:
                return found
        return None


@dataclass(frozen=True)
class HFlip(Choice):
    """Left and right exchanged."""

    kind = "hflip"

    p: float = arg(0.5, min=0, max=1, doc="how often")


@dataclass(frozen=True)
class VFlip(Choice):
    """Above and below exchanged."""

    kind = "vflip"

    p: float = arg(0.5, min=0, max=1, doc="how often")


@dataclass(frozen=True)
class Rotation(Choice):
    """Turned about its middle."""

    kind = "rotation"

    degrees: float = arg(min=0, max=180, doc="at most so far to either side")


@dataclass(frozen=True)
class Affine(Choice):
    """A random affine map: the identity plus a little in every entry.

    Each of the four entries of the matrix (scale, shear and rotation together) gets a number from -`distort`
    to `distort`, each part of the translation one from -`shift` to `shift`, all equally likely; what comes
    from outside the image repeats its border.
    """

    kind = "affine"

    distort: float = arg(min=0, max=1, named=True, doc="bound of what an entry of the matrix gets")
    shift: float = arg(
        0.0, min=0, max=1, named=True, doc="bound of the translation, as a part of the image's size"
    )

    def problem(self) -> Problem | None:
        if self.distort or self.shift:
            return None
        return Problem("", "this `affine` changes nothing", "`affine(distort = 0.15, shift = 0.1)`")


@dataclass(frozen=True)
class ColorJitter(Choice):
    """Brightness, contrast, saturation and hue changed at random, each by at most that part."""

    kind = "color_jitter"

    brightness: float = arg(0.0, min=0, max=LARGEST, named=True, doc="at most this part more or less")
    contrast: float = arg(0.0, min=0, max=LARGEST, named=True, doc="at most this part more or less")
    saturation: float = arg(0.0, min=0, max=LARGEST, named=True, doc="at most this part more or less")
    hue: float = arg(0.0, min=0, max=0.5, named=True, doc="at most this part of the circle of colours")

    def problem(self) -> Problem | None:
        if self.brightness or self.contrast or self.saturation or self.hue:
            return None
        return Problem("", "this `color_jitter` changes nothing", "`color_jitter(brightness = 0.4)`")


@dataclass(frozen=True)
class PcaLighting(Choice):
    """Along the principal components of the colours of the training set, by a normal amount."""

    kind = "pca_lighting"
    source = "Krizhevsky, Sutskever & Hinton, 2012, section 4.1"

    std: float = arg(0.1, min=0, max=LARGEST, doc="standard deviation of the amount")


@dataclass(frozen=True)
class Normalize(Choice):
    """Minus the mean, over the standard deviation, of each channel, computed once from the training set.

    `per = "pixel"` subtracts the mean image instead.
    """

    kind = "normalize"

    per: Literal["channel", "pixel"] = arg("channel", named=True, doc="what a mean is taken over")


@dataclass(frozen=True)
class RandomErasing(Choice):
    """A random rectangle of the image replaced by zeros."""

    kind = "random_erasing"
    source = "Zhong, Zheng, Kang, Li & Yang, 2020"

    p: float = arg(0.5, min=0, max=1, doc="how often")
    scale: list[float] | None = arg(
        None, named=True, doc="least and greatest part of the area; [0.02, 1 / 3]"
    )

    def problem(self) -> Problem | None:
        return _range("scale", self.scale, high=1.0) if self.scale else None


class Augmentation(Setting):
    """What is done to an image, one after the other."""

    def problem(self, values: tuple[Value, ...]) -> tuple[int, str, str | None] | None:
        """Images are normalised once, and what changes colours comes before."""
        places = [i for i, value in enumerate(values) if isinstance(value, Normalize)]
        if len(places) > 1:
            return places[1], "an image is normalised once", None
        for i, value in enumerate(values[places[0] + 1 :] if places else ()):
            if isinstance(value, ColorJitter | PcaLighting):
                message = f"`{value.kind}` changes colours, and behind `normalize` there are none"
                return places[0] + 1 + i, message, f"`{value.kind}(…), normalize`"
        return None


AUGMENT = (
    RandomCrop, ResizedCrop, HFlip, VFlip, Rotation, Affine, ColorJitter, PcaLighting, Normalize,
    RandomErasing,
)  # fmt: skip
