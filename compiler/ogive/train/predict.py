"""What a run's network makes of image files, shown to it as the images of its data were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from ogive.diagnostics import ArchError, Diagnostic
from ogive.recipes.data import Data, Digits, Folder, Imagenet, OfOneSize
from ogive.render import visible
from ogive.train.data.files import decode
from ogive.train.data.loading import Pipeline
from ogive.train.data.plan import Plan
from ogive.train.data.source import Fit, Shape, Source, Unreadable
from ogive.train.data.stages import unit
from ogive.train.evaluation import combine, evaluating, probabilities, run_all
from ogive.train.opened import Opened, Reopened

_AT_ONCE = 32


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a network made of an image.

    Attributes:
        path: of the file.
        shares: the probability of each class [C], float64, on the CPU.
        classes: their names.
    """

    path: Path
    shares: Tensor
    classes: tuple[str, ...]

    def top(self, count: int) -> list[tuple[str, float]]:
        """The most probable classes with their probabilities, the most probable first."""
        order = self.shares.argsort(descending=True, stable=True)[:count].tolist()
        return [(self.classes[index], float(self.shares[index])) for index in order]


def predict(
    run: Opened, paths: Sequence[Path], device: torch.device | str = "cpu"
) -> Iterator[Prediction | Unreadable]:
    """What a run's network makes of each image, in order; a file that is no image gives the reason instead.

        run = open_run("runs/lenet5")
        for found in predict(run, [Path("seven.png")]): …

    Args:
        run: it was trained on a data set of a recipe, not on loaders made in Python.
        paths: of images.
        device: where to run.

    Raises:
        ArchError: E564, the run does not say how images are prepared.
    """
    pipeline, ten = images_for(run, paths)
    for begin in range(0, len(paths), _AT_ONCE):
        numbers = range(begin, min(begin + _AT_ONCE, len(paths)))
        read = {number: _read(pipeline, number) for number in numbers}
        shown = [unit(image) for image in read.values() if isinstance(image, Tensor)]
        shares = iter(())
        if shown:
            with evaluating([run.module], device), torch.inference_mode():
                outputs = run_all([run.module], torch.cat(shown).to(device), views=ten)
                shares = iter(probabilities(combine(outputs, run.link), run.link).cpu())
        for number, image in read.items():
            if isinstance(image, Unreadable):
                yield image
            else:
                yield Prediction(paths[number], next(shares), run.classes)


def images_for(run: Reopened, paths: Sequence[Path]) -> tuple[Pipeline, bool]:
    """Files as the evaluation of a run shows its own images, without the data of the run being there.

    Args:
        run: it was trained on a data set of a recipe.
        paths: of images, read when they are asked for.

    Returns:
        the pipeline, whose images have the numbers of the paths; and whether it gives ten views of each,
        [1, 10, C, H, W].

    Raises:
        ArchError: E564, the run does not say how images are prepared.
    """
    choice, shape = run.recipe.value("data"), run.shape
    if not run.classes or shape is None or not isinstance(choice, Data):
        message = f"`{visible(str(run.path))}` was trained on loaders that were made in Python"
        help_ = "it does not know how an image is prepared: call `open_run(…).module` on tensors of your own"
        raise ArchError([Diagnostic("E564", message, help=help_)])
    size = run.record["data"].get("size")
    files = _files(choice, shape, cast("Shape", tuple(size)) if size else None, tuple(paths))
    came = files.fit.shape((files.channels, *files.native)) if files.native is not None else None
    source = Source(
        choice.kind, run.classes, came, files, files, channels=files.channels, shorter=files.resize
    )
    plan = Plan(run.recipe, source, shape)
    statistics = run.record["data"]["statistics"]
    steps = plan.evaluation(statistics, ten=True)
    return Pipeline(files, steps, len(steps), plan.cut, run.record["seed"]), plan.ten


def _files(choice: Data, shape: Shape, size: Shape | None, paths: tuple[Path, ...]) -> _Files:
    """How files become images of a data set, up to where they leave the set."""
    match choice:
        case Digits():
            channels = shape[0] if shape[0] == 3 else None
            fit = Fit(shape[1:], smooth=False, channels=channels)
            return _Files(paths, 1, native=(8, 8), fit=fit, floating=True)
        case OfOneSize(shape=(channels, height, width)):
            side = (choice.resize, choice.resize) if choice.resize is not None else None
            repeated = 3 if channels == 1 and shape[0] == 3 else None
            fit = Fit(side, pad=choice.pad, channels=repeated)
            return _Files(paths, channels, native=(height, width), fit=fit)
        case Folder() | Imagenet():
            channels = 1 if shape[0] == 1 else 3
            files = _Files(paths, channels, resize=choice.resize)
            return replace(files, native=size[1:]) if size is not None else files
        case _:
            channels = 3 if shape[0] == 3 else 1
            repeated = shape[0] if shape[0] != channels else None
            return _Files(paths, channels, native=shape[1:], fit=Fit(channels=repeated))


@dataclass(frozen=True)
class _Files:
    """Files as the images of a set.

    Attributes:
        paths: of the files.
        channels: 3, or 1 for shades of grey.
        resize: what the shorter side is scaled to, or None.
        native: height and width of the set's images, or None where they differ. A file of another size is
            scaled until it covers that, and its middle is taken.
        fit: how the set scales its images then.
        floating: whether they are float32 before that.
    """

    paths: tuple[Path, ...]
    channels: int
    resize: int | None = None
    native: tuple[int, int] | None = None
    fit: Fit = field(default_factory=Fit)
    floating: bool = False

    @property
    def labels(self) -> Tensor:
        """Nobody knows them."""
        return torch.zeros(len(self.paths), dtype=torch.int64)

    def __len__(self) -> int:
        return len(self.paths)

    def path(self, index: int) -> Path:
        """The file of an image."""
        return self.paths[index]

    def read(self, index: int) -> Tensor:
        """An image [C, H, W].

        Raises:
            Unreadable: its file is no image, or is not there.
        """
        from torchvision.transforms.v2 import functional

        path = self.paths[index]
        if not path.is_file():
            raise Unreadable(path, "it is a folder" if path.is_dir() else "there is no such file")
        image = torch.from_numpy(decode(path, self.channels)).permute(2, 0, 1).contiguous()
        if self.resize is not None:
            image = functional.resize(image, [self.resize], antialias=True)
        if self.native is not None and tuple(image.shape[1:]) != self.native:
            scale = max(wanted / here for wanted, here in zip(self.native, image.shape[1:], strict=True))
            covering = [
                max(wanted, round(here * scale))
                for wanted, here in zip(self.native, image.shape[1:], strict=True)
            ]
            image = functional.center_crop(
                functional.resize(image, covering, antialias=True), list(self.native)
            )
        return self.fit((unit(image) if self.floating else image)[None])[0]


def _read(pipeline: Pipeline, number: int) -> Tensor | Unreadable:
    try:
        return pipeline.one(0, number, number)
    except Unreadable as error:
        return error
