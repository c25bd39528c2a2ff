"""Networks with weights, scored on data: those of runs, alone or together, and others with their weights."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NoReturn, cast

import torch
from safetensors import SafetensorError, safe_open

from ogive.diagnostics import ArchError, Diagnostic
from ogive.files import create_atomically
from ogive.network import Network
from ogive.recipes import Recipe
from ogive.recipes.whole import whole
from ogive.render import visible
from ogive.train.data import ImageData
from ogive.train.evaluation import Evaluation, Member, evaluate, evaluate_members
from ogive.train.intact import listed
from ogive.train.machine import Machine
from ogive.train.memory import is_out_of_memory
from ogive.train.opened import Opened, load_all
from ogive.train.program import target_of
from ogive.train.recalibration import Recalibrated, recalibrate
from ogive.train.record import begin
from ogive.train.weights import packed
from ogive.train.work import Asked, Work

Part = Literal["test", "validation", "train"]


@dataclass(frozen=True, eq=False)
class Contender:
    """A network with weights, and the data that it is scored on.

    Attributes:
        run: the run, or what stands for one.
        data: prepared for the network.
        shown: what messages call it: the folder of the run, or the name of the network.
        is_run: whether there is a run.
    """

    run: Opened
    data: ImageData
    shown: str
    is_run: bool = True


def of_run(
    run: Opened, data: str | None = None, *, workers: int | None = None, download: bool = False
) -> Contender:
    """A run on its own data, or on others.

    Raises:
        ArchError: as `Opened.data`.
    """
    return Contender(run, run.data(data, workers=workers, download=download), visible(str(run.path)))


def of_network(network: Network, weights: Path, recipe: Recipe, machine: Machine) -> Contender:
    """A network with weights that no run is known of.

    Args:
        network: whose data are those of the recipe.
        weights: safetensors, exactly those of the network.
        recipe: how its images are prepared; what it says about training is not used.
        machine: where data are.

    Raises:
        ArchError: E520 and E521, network and data do not fit; E561, the weights cannot be read; E565, they
            are not those of the network; what is wrong with the recipe and the data.
    """
    asked = Asked(network, network.name, whole(recipe), machine, target=target_of(network))
    work = Work(asked, looks=False)  # of the images only some are needed
    load_all(work.module, weights)
    work.module.eval()
    data = cast("ImageData", work.data)
    where = Path(machine.data_dir) if machine.data_dir is not None else None
    stands_for = Opened(weights, begin(work), work.asked.recipe, network, (), work.module, weights, where)
    return Contender(stands_for, data, network.name, is_run=False)


# --------------------------------------------------------------------------- scores


def score(
    contenders: Sequence[Contender],
    part: Part = "test",
    *,
    device: torch.device | str = "cpu",
    batch: int | None = None,
) -> tuple[Evaluation, tuple[Evaluation, ...]]:
    """The score of one network, or of several as an ensemble: the mean of their class probabilities.

    Args:
        contenders: they must agree on classes and images.
        part: of the data.
        device: where to run.
        batch: images at once, at most; the recipe's, or more where they are small, unless given.

    Returns:
        the score, and that of each network alone.

    Raises:
        ArchError: E526, there is no such part; E567, they do not agree; E527, not enough memory.
    """
    for each in contenders:
        if not each.data.counts[part]:
            message = f"`{each.shown}` has no {part} part: its recipe says `validation 0`"
            raise ArchError([Diagnostic("E526", message, help="`--part test`")])
    require_agreement(contenders, part)
    classes = len(contenders[0].run.classes)
    with _memory(batch):
        if len(contenders) == 1:
            only = contenders[0]
            found = evaluate(
                only.run.module, _batches(only.data, part, batch), device, classes=classes, link=only.run.link
            )
            return found, (found,)
        members = [Member(c.run.module, _batches(c.data, part, batch), c.run.link) for c in contenders]
        try:
            return evaluate_members(members, device, classes=classes)
        except ValueError as error:  # an image that only some could read
            raise ArchError([Diagnostic("E567", f"the runs do not agree: {error}")]) from None


def require_agreement(contenders: Sequence[Contender], part: Part) -> None:
    """Whether networks can be taken together.

    Raises:
        ArchError: E567, they tell other classes apart, or their images differ.
    """
    first = contenders[0]
    for other in contenders[1:]:
        both = f"`{first.shown}` and `{other.shown}`"
        if first.run.classes != other.run.classes:
            notes = [(each.shown, listed(each.run.classes)) for each in (first, other)]
            _disagree(f"{both} do not tell the same classes apart, in one order", notes=notes)
        if _images(first.data) != _images(other.data):
            one, two = (f"`{each.data.source.name}`" for each in (first, other))
            said = f"{one} and {two}" if one != two else f"{one} is not the same for both"
            _disagree(f"{both} have other images: {said}", "name data for both: `--data`")
        if part != "test" and _split(first) != _split(other):
            _disagree(
                f"{both} have other {part} images: seed and `validation` chose them",
                "`--part test`, which all runs have in common",
            )


def _images(data: ImageData) -> tuple[object, ...]:
    """What tells one set of images from another."""
    folder = getattr(data.source.test, "folder", None)
    place = Path(folder).resolve() if folder is not None else None
    return data.source.name, place, len(data.source.train), len(data.source.test)


def _split(contender: Contender) -> tuple[object, ...]:
    return contender.run.record["seed"], contender.run.recipe.value("validation")


def _batches(data: ImageData, part: Part, batch: int | None) -> Iterable[Any]:
    return data.test_batches(batch) if part == "test" else data.plain_batches(part, batch)


def _disagree(message: str, help_: str | None = None, notes: Iterable[tuple[str, str]] = ()) -> NoReturn:
    raise ArchError([Diagnostic("E567", message, (), tuple(notes), help_)])


# --------------------------------------------------------------------------- batch norm, weights


def recalibrated(
    contender: Contender,
    data: ImageData | None = None,
    *,
    device: torch.device | str = "cpu",
    batch: int | None = None,
) -> Recalibrated:
    """Gives the batch norms of a network the statistics of training images, by algorithm 2 of Ioffe & Szegedy
    (2015): the images as an evaluation shows them, in a random order, in batches of one size.

    Args:
        contender: whose module gets them.
        data: whose training images; those of the contender's data unless given.
        device: where to run.
        batch: images in a batch; as in training unless given.

    Raises:
        ArchError: E526, batches of one image, which have no variance; E527, not enough memory.
    """
    data = data or contender.data
    images = data.even_batches(batch or cast("int", contender.run.recipe.value("batch")))
    try:
        with _memory(batch):
            done = recalibrate(contender.run.module, images, device)
    except ValueError as error:
        message = f"`{contender.shown}` cannot be recalibrated: {error}"
        raise ArchError([Diagnostic("E526", message, help="--batch 64")]) from None
    return replace(done, left_out=data.counts["train"] - done.images) if done.norms else done


def save(contender: Contender, path: Path, done: Recalibrated | None = None) -> None:
    """Writes the weights of a network, with what is known of them, and how they were recalibrated.

    Raises:
        FileExistsError: there is such a file.
        OSError: it cannot be written.
    """
    about = _about(contender.run.weights)
    if done is not None and done.norms:
        about["recalibrated"] = {
            "norms": len(done.norms), "batches": done.batches, "images": done.images,
            "left_out": done.left_out,
        }  # fmt: skip
    create_atomically(path, packed(contender.run.module, about))


def _about(weights: Path) -> dict[str, Any]:
    """What the file of weights says about them."""
    try:
        with safe_open(weights, framework="pt") as file:
            about: Any = json.loads((file.metadata() or {}).get("ogive", "{}"))
    except (SafetensorError, OSError, ValueError):
        return {}
    return dict(about) if isinstance(about, dict) else {}


@contextmanager
def _memory(batch: int | None) -> Generator[None]:
    """Says that memory does not suffice, as a diagnostic."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        fewer = max(1, batch // 2) if batch else 32
        message = "the batches do not fit into memory"
        raise ArchError([Diagnostic("E527", message, help=f"--batch {fewer}")]) from error
