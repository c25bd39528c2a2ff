"""The room that a drawing has on paper, and how much smaller it becomes in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil

from ogive.backends.draw.colours import look
from ogive.backends.draw.scene import Scene

PAD = 3.0
"""Points of white around a drawing."""
COLUMN = (3.25, 9.0)
"""Inches: a column of a page of two columns, as CVPR's and ICCV's styles have it."""
FITS = {"column": COLUMN, "page": look.PAGE}
_UNITS = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72}
"""Inches. A point is that of CSS, PDF and all type here; TeX's own is 0.4 % smaller."""
_LENGTH = r"(\d+(?:\.\d+)?|\.\d+)\s*(in|cm|mm|pt)?"
_SIZE = re.compile(rf"{_LENGTH}\s*[x×]\s*{_LENGTH}", re.IGNORECASE)
_SMALLEST, _LARGEST = 0.5, 200.0
_TRIES = 4
"""So many spaces are tried for a drawing that is placed otherwise in each."""


def parse_fit(text: str) -> tuple[float, float]:
    """Width and height in inches of `column`, `page`, `3.3x4in`, `12x8cm`, `84mm x 12cm`; inches where no
    unit is said.

    Raises:
        ValueError: it is nothing of that, or no size of a figure; the message says what would be.
    """
    if text.strip().lower() in FITS:
        return FITS[text.strip().lower()]
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise ValueError(
            f"{text!r} is no space: say column, page, or a width and a height such as 3.3x4in, 12x8cm, "
            f"84x120mm or 240x300pt"
        )
    wide, first, tall, last = found.groups()
    last = (last or first or "in").lower()
    width, height = float(wide) * _UNITS[(first or last).lower()], float(tall) * _UNITS[last]
    for length in (width, height):
        if not _SMALLEST <= length <= _LARGEST:
            raise ValueError(
                f"{text!r} is no space for a figure: {width:.4g} × {height:.4g} in, where each is from "
                f"{_SMALLEST:g} to {_LARGEST:g} in"
            )
    return width, height


def roomy(scene: Scene, below: float, again: Callable[[Space], tuple[Scene, float]]) -> Space | None:
    """A space in which a drawing that has its own places is legible; None: no figure is that large.

    Args:
        scene: as it is in a space that is too small.
        below: inches that are kept for a key.
        again: the drawing in another space, which may place it otherwise, and what its key takes there.
    """
    for _ in range(_TRIES):
        scale = min(1.0, look.LEAST_TYPE / smallest_type([scene]))
        width, height = (scale * (size + 2 * PAD) / 72 for size in (scene.width, scene.height))
        wide, tall = (max(ceil(10 * inches) / 10, _SMALLEST) for inches in (width, height + below))
        space = Space(wide, tall, below)
        if max(space.width, space.height) > _LARGEST:
            return None
        scene, below = again(space)
        type_size = space.scale(scene.width, scene.height) * smallest_type([scene])
        if below <= space.below and type_size >= look.LEAST_TYPE - 0.01:
            return space
    return None


def smallest_type(scenes: Iterable[Scene]) -> float:
    """Points: the smallest type in them at scale 1; that of second lines where nothing is written."""
    said = (part.lines for scene in scenes for part in (*scene.frames, *scene.marks))
    return min((run.size for lines in said for line in lines for run in line), default=look.SMALL)


@dataclass(frozen=True, slots=True)
class Space:
    """Room for a drawing.

    Attributes:
        width: in inches.
        height: in inches.
        below: inches of the height that are kept for a key below the drawing.
    """

    width: float
    height: float
    below: float = 0.0

    def scale(self, width: float, height: float) -> float:
        """What a drawing of so many points, with the white around it, is shrunk by; never more than 1."""
        return min(
            1.0, self.width * 72 / (width + 2 * PAD), (self.height - self.below) * 72 / (height + 2 * PAD)
        )

    def room(self, type_size: float = look.SMALL) -> tuple[float, float]:
        """Points: how wide and tall a drawing may be whose smallest type is that, to stay legible."""
        scale = min(1.0, look.LEAST_TYPE / type_size)
        return self.width * 72 / scale - 2 * PAD, (self.height - self.below) * 72 / scale - 2 * PAD

    def __str__(self) -> str:
        return f"{self.width:.4g} × {self.height:.4g} in"
