"""From the word of a recipe to a set that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.recipes.data import DATA, Data, Digits, Folder, Imagenet, OfOneSize, Random
from ogive.train.data.digits import digits
from ogive.train.data.folders import folder, imagenet
from ogive.train.data.known import known
from ogive.train.data.noise import noise
from ogive.train.data.source import Source


def open_data(
    choice: Data,
    *,
    inputs: Sequence[int] | None = None,
    data_dir: Path | None = None,
    download: bool = False,
    classes: int | None = None,
) -> Source:
    """A set of data, ready to be read.

    Args:
        choice: the `data` of a recipe.
        inputs: channels, height and width of the net's input, where they are known: `digits` and `random`
            take that shape, and grey images the number of channels.
        data_dir: where sets are; `data` unless given.
        download: whether to get a set that is not there, where torchvision can.
        classes: how many classes `random` has; 10 unless given.

    Raises:
        ArchError: E522, there is no such set; E550, it is not there; E551, it is damaged, or something else,
            or could not be got; E553, a folder does not hold what it should.
    """
    shape = (inputs[0], inputs[1], inputs[2]) if inputs is not None else None
    match choice:
        case Digits():
            return digits(shape)
        case Random():
            return noise(choice.count, shape, classes)
        case Folder():
            return folder(choice, shape)
        case Imagenet():
            return imagenet(choice, shape, data_dir)
        case OfOneSize():
            return known(choice, shape, data_dir, download)
        case _:
            names = [function.kind for function in DATA]
            meant = did_you_mean(choice.kind, names) or names[0]
            notes = (("data sets", ", ".join(names)),)
            message = f"there is no data set `{choice.kind}`"
            raise ArchError([Diagnostic("E522", message, notes=notes, help=f"--data {meant}")])
