"""`loss`: what is made small. The losses of auxiliary heads are added with the weights of the net."""

from __future__ import annotations

from dataclasses import dataclass

from ogive.layers.base import arg
from ogive.recipes.base import Choice


@dataclass(frozen=True)
class CrossEntropy(Choice):
    """Of one class out of several; for maps, in each place."""

    kind = "cross_entropy"
    source = "label smoothing: Szegedy et al., 2016, section 7"

    label_smoothing: float = arg(0.0, min=0, max=1, named=True, doc="what is spread over all classes")


@dataclass(frozen=True)
class Mse(Choice):
    """The mean of squared differences."""

    kind = "mse"


@dataclass(frozen=True)
class Bce(Choice):
    """Binary cross entropy of each output, which is a logit."""

    kind = "bce"


LOSSES = (CrossEntropy, Mse, Bce)
