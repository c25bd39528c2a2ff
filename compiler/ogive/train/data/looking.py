"""The files of images looked at before the first of them is needed, so that a run does not end at its last
image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray

from ogive.train.data.files import OnDisk, scaled
from ogive.train.data.loading import Failure
from ogive.train.data.source import Unreadable

MOST = 20_000
"""Files that are opened; of more, so many are chosen."""
_THREADS = 8
_AT_ONCE = 64
_SHOWN = 5
_TAIL = 4096  # some cameras write a little behind the end of an image

Misfit = Callable[[tuple[int, int]], str | None]
"""What is wrong with an image of that height and width, if anything is."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found.

    Attributes:
        failures: the images that cannot be used, in the order of the parts and of their files.
        opened: how many files were opened.
        of: how many there are.
    """

    failures: tuple[Failure, ...]
    opened: int
    of: int


def look(parts: Sequence[tuple[OnDisk, Misfit]], seed: int) -> Looked:
    """Opens the files of images, and reads their headers.

    What a header cannot tell is not noticed: damaged pixels in the middle of a JPEG, for one. A file that is
    cut short is: of a PNG the checksums are compared, of a JPEG its end is looked for. Of more than `MOST`
    files that many are opened, at random, and of the others only whether they are empty is asked.

    Args:
        parts: images, and what is wrong with one of a certain size.
        seed: of the choice.
    """
    from PIL import Image

    Image.init()  # here, and not in several threads at once
    count = sum(len(images) for images, _ in parts)
    chosen = np.ones(count, dtype=bool)
    if count > MOST:
        generator = torch.Generator().manual_seed(seed)
        chosen[torch.randperm(count, generator=generator)[MOST:].numpy()] = False
    some: list[tuple[_Look, int]] = []
    for images, misfit in parts:
        mine, chosen_later = np.split(chosen, [len(images)])
        each = _Look(images, misfit, mine, {})
        some += [(each, first) for first in range(0, len(images), _AT_ONCE)]
        chosen = chosen_later
    with ThreadPoolExecutor(_THREADS) as threads:
        found = threads.map(lambda at: at[0].failures(at[1]), some)
        return Looked(tuple(chain.from_iterable(found)), min(count, MOST), count)


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """At the files of one part.

    Attributes:
        images: the part.
        misfit: what is wrong with an image of a certain size.
        opened: which of its files are opened.
        known: the sizes that `misfit` was asked about, with what it said.
    """

    images: OnDisk
    misfit: Misfit
    opened: NDArray[np.bool_]
    known: dict[tuple[int, int], str | None]

    def failures(self, first: int) -> list[Failure]:
        """What is wrong with some images, from one on."""
        found = map(self._failure, range(first, min(first + _AT_ONCE, len(self.images))))
        return [failure for failure in found if failure is not None]

    def _failure(self, index: int) -> Failure | None:
        try:
            if not self.opened[index]:
                return self._empty(index)
            size = self._header(index)
            if size is None:  # something is odd: whether it matters, decoding tells
                _, *sides = self.images.read(index).shape
                size = (sides[0], sides[1])
        except Unreadable as error:
            return Failure(error.path, error.reason)
        if size not in self.known:
            self.known[size] = self.misfit(size)
        reason = self.known[size]
        return Failure(str(self.images.path(index)), reason) if reason is not None else None

    def _empty(self, index: int) -> Failure | None:
        path = self.images.path(index)
        try:
            return None if path.stat().st_size else Failure(str(path), "the file is empty")
        except OSError as error:
            return Failure(str(path), (error.strerror or str(error)).lower())

    def _header(self, index: int) -> tuple[int, int] | None:
        """Height and width after scaling, as the header has them; None where something is odd."""
        from PIL import Image

        path = self.images.path(index)
        try:
            with Image.open(path) as image:
                size = scaled(image.height, image.width, self.images.resize)
                plain = image.mode not in ("I", "F")  # decoding says why
                if image.format not in ("JPEG", "MPO"):
                    image.verify()
                    whole = True
                else:
                    with path.open("rb") as file:
                        file.seek(max(0, path.stat().st_size - _TAIL))
                        whole = b"\xff\xd9" in file.read()
        except MemoryError:
            raise
        except Exception:  # decoders of damaged files raise nearly anything
            return None
        return size if plain and whole and self.images.size in (None, size) else None


def told(looked: Looked) -> Iterator[tuple[str, str]]:
    """The images that cannot be used as notes of a diagnostic, the first few, and how many were looked at."""
    yield from looked.failures[:_SHOWN]
    if len(looked.failures) > _SHOWN:
        yield "and", f"{len(looked.failures) - _SHOWN:,} more"
    if looked.opened < looked.of:
        yield "opened", f"{looked.opened:,} of {looked.of:,} files, chosen by the seed"
