"""`evaluate`: what the net sees of an image of the validation or test set."""

from __future__ import annotations

from dataclasses import dataclass

from ogive.layers.base import arg
from ogive.recipes.base import Choice


@dataclass(frozen=True)
class CenterCrop(Choice):
    """The middle of the image."""

    kind = "center_crop"

    size: int | None = arg(None, min=1, doc="height and width; the net's input unless given")


@dataclass(frozen=True)
class TenCrop(Choice):
    """The corners and the middle, and each mirrored: the mean of ten predictions."""

    kind = "ten_crop"
    source = "Krizhevsky, Sutskever & Hinton, 2012, section 4.1"

    size: int | None = arg(None, min=1, doc="height and width; the net's input unless given")


EVALUATIONS = (CenterCrop, TenCrop)
