"""`schedule`: how the learning rate goes; a linear `warmup` may stand before any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ogive.elaborate.values import show
from ogive.layers.base import arg
from ogive.recipes.base import LARGEST, Choice, Problem, Setting, Value, is_number


@dataclass(frozen=True)
class Warmup(Choice):
    """From a part of the learning rate to the whole of it, in equal steps."""

    kind = "warmup"
    source = "Goyal et al., 2017, section 2.2"

    epochs: float | None = arg(None, min=0, max=LARGEST, doc="how long, in epochs; a part of one is allowed")
    part: float | None = arg(None, min=0, max=1, named=True, doc="how long, as a part of the whole run")
    start: float = arg(0.0, min=0, max=1, named=True, doc="the part of the rate that it begins with")

    def problem(self) -> Problem | None:
        usage = "`warmup(5)` for 5 epochs, or `warmup(part = 0.1)` for a tenth of the run"
        if self.epochs is None and self.part is None:
            return Problem("", "this `warmup` does not say how long it is", usage)
        if self.epochs is not None and self.part is not None:
            return Problem("part", "`epochs` and `part` of `warmup` say the same in two ways", usage)
        if self.part == 1:
            return Problem("part", "a `warmup` of the whole run leaves nothing for the schedule", usage)
        return None

    def lasts(self, epochs: float) -> float:
        """How many epochs it takes in a run of `epochs`."""
        return self.epochs if self.epochs is not None else (self.part or 0.0) * epochs


@dataclass(frozen=True)
class Constant(Choice):
    """The same all along."""

    kind = "constant"


@dataclass(frozen=True)
class Steps(Choice):
    """Multiplied with a factor at stated times."""

    kind = "steps"

    at: list[float] = arg(
        named=True, doc="after so many epochs, as ints; or after parts of the whole run, between 0 and 1"
    )
    factor: float = arg(0.1, min=0, max=LARGEST, named=True, doc="what the rate is multiplied with each time")

    def problem(self) -> Problem | None:
        times = [t for t in self.at if is_number(t)]
        epochs = all(isinstance(t, int) and t >= 1 for t in times)
        parts = all(0 < t < 1 for t in times)
        if not times or len(times) < len(self.at) or not (epochs or parts):
            message = (
                f"`at` holds epochs from 1 on, or parts of the whole between 0 and 1, and this is {self.at}"
            )
            return Problem("at", message, "`at = [30, 60]`, or `at = [0.5, 0.75]`")
        if times != sorted(set(times)):
            return Problem("at", f"the times of `steps` go upwards, and these are {show(self.at)}")
        return None


@dataclass(frozen=True)
class Exponential(Choice):
    """Multiplied with a factor after every so many epochs."""

    kind = "exponential"

    factor: float = arg(min=0, max=LARGEST, named=True, doc="what the rate is multiplied with each time")
    every: float = arg(1.0, min=0.001, max=LARGEST, named=True, doc="epochs between two times")


@dataclass(frozen=True)
class Cosine(Choice):
    """Down half a period of a cosine."""

    kind = "cosine"
    source = "Loshchilov & Hutter, 2017, equation 5, without restarts"

    end: float = arg(0.0, min=0, max=1, named=True, doc="the part of the rate that it ends with")


@dataclass(frozen=True)
class Poly(Choice):
    """Down as a power of the time that is left."""

    kind = "poly"

    power: float = arg(1.0, min=0, max=LARGEST, named=True, doc="1 is a straight line")
    end: float = arg(0.0, min=0, max=1, named=True, doc="the part of the rate that it ends with")


@dataclass(frozen=True)
class Plateau(Choice):
    """Multiplied with a factor when the validation error no longer falls."""

    kind = "plateau"

    factor: float = arg(0.1, min=0, max=1, named=True, doc="what the rate is multiplied with each time")
    times: int | None = arg(None, min=1, named=True, doc="how often at most; none: as often as it happens")
    patience: int = arg(10, min=0, named=True, doc="epochs without a fall before it is")
    of: Literal["loss", "error"] = arg("error", named=True, doc="what should fall, on the validation set")


class Schedule(Setting):
    """A schedule, with a warm-up before it or without."""

    def problem(self, values: tuple[Value, ...]) -> tuple[int, str, str | None] | None:
        """A warm-up comes first, and something follows it; there is one schedule."""
        warm = [isinstance(value, Warmup) for value in values]
        if len(values) == 1 and warm[0]:
            return 0, "a schedule goes on after its `warmup`", "`schedule warmup(5), constant`"
        if len(values) == 2 and not warm[0] and warm[1]:
            return 1, "`warmup` comes before the schedule", None
        if len(values) == 2 and warm[0] == warm[1]:
            return 1, "a schedule is one function, with a `warmup` before it or without", None
        return None


SCHEDULES = (Constant, Steps, Exponential, Cosine, Poly, Plateau, Warmup)
