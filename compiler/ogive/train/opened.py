"""Runs opened again: what was trained, from the folder of the run alone, and with the weights it came to."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from torch import nn

from ogive.diagnostics import ArchError, Diagnostic
from ogive.given import sizes_of
from ogive.network import Network
from ogive.pipeline import compile_target, parse_changes, parse_value
from ogive.reading import read_file
from ogive.recipes import Recipe
from ogive.recipes.data import Data, Folder
from ogive.recipes.flags import with_flags
from ogive.render import visible
from ogive.train.data import ImageData, open_data
from ogive.train.evaluation import Link
from ogive.train.intact import (
    changed_versions,
    check_program,
    damaged,
    library_of,
    listed,
    read_recipe,
    read_record,
)
from ogive.train.losses import Loss
from ogive.train.record import machine_of
from ogive.train.rundir import RunFolder
from ogive.train.start import start_from
from ogive.train.weights import digest_of

if TYPE_CHECKING:
    from ogive.train.data import Source

Shape = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Reopened:
    """What a run was made with.

    Attributes:
        path: its folder.
        record: run.json.
        recipe: whole.
        network: compiled from the program that the folder keeps; None where a module from Python was trained.
        notes: what differs from when it was trained, and does not keep it from being used.
    """

    path: Path
    record: Mapping[str, Any]
    recipe: Recipe
    network: Network | None
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """Of the network."""
        return str(self.record["name"])

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the network's scores; none where the user's own loaders
        gave the data, which do not say them.
        """
        return tuple(map(str, self.record["data"].get("classes") or ()))

    @property
    def shape(self) -> Shape | None:
        """(C, H, W) of the images that the network takes; None where that is not known."""
        shape = self.record["data"].get("input")
        return cast("Shape", tuple(shape)) if shape else None

    @property
    def link(self) -> Link:
        """How its outputs become class probabilities, by the loss that it was trained with."""
        return Loss(cast("Any", self.recipe.value("loss"))).link


@dataclass(frozen=True, eq=False)
class Opened(Reopened):
    """A run with its weights.

    Attributes:
        module: the network, on the CPU, in evaluation mode, with the weights.
        weights: the file that they are from.
        data_dir: where data sets lie, over what the run says.
    """

    module: nn.Module
    weights: Path
    data_dir: Path | None = None

    def data(
        self, choice: str | None = None, *, workers: int | None = None, download: bool = False
    ) -> ImageData:
        """The images of the run, or others, prepared as the run's were: by its recipe and its statistics.

        Args:
            choice: other data, as a recipe writes them: `cifar10`, `folder("photos", resize = 256)`. Of a
                set that the run has not seen no part is kept back for validation.
            workers: processes that prepare images; the data decide, unless given.
            download: whether a data set that is not there is fetched.

        Raises:
            ArchError: E564, the run's data came from Python; E565, its data have other classes than they had;
                E521, other data have another number of classes; E550 to E554, they are not there, or not
                right; what is wrong with the choice.
        """
        if not self.classes or self.shape is None:
            message = f"`{visible(str(self.path))}` was trained on loaders that were made in Python"
            help_ = "evaluate it there: `ogive.train.evaluate(open_run(…).module, batches)`"
            raise ArchError([Diagnostic("E564", message, help=help_)])
        machine = machine_of(self.record)
        recipe = self.recipe if choice is None else with_flags(self.recipe, [("data", choice)])
        own, chosen = self.recipe.value("data"), recipe.value("data")
        assert isinstance(chosen, Data)
        if choice is None and isinstance(chosen, Folder):
            chosen = replace(chosen, path=str(self._reachable(chosen.path)))
        elif type(own) is not type(chosen) or getattr(own, "path", None) != getattr(chosen, "path", None):
            recipe = with_flags(recipe, [("validation", "0")])  # nothing of it was kept from training
        kept = self._reachable(machine.data_dir) if machine.data_dir is not None else None
        source = open_data(
            chosen,
            inputs=self.shape,
            data_dir=self.data_dir or kept,
            download=download,
            classes=len(self.classes),
        )
        self._require_classes(source, own=choice is None)
        return ImageData(
            source,
            recipe,
            self.shape,
            workers=workers,
            seed=cast("int", self.recipe.value("seed")),
            statistics=self.record["data"]["statistics"],
            corrupt=machine.corrupt,
        )

    def differences(self, data: ImageData) -> tuple[str, ...]:
        """How data differ from those that the run was trained with, in lines."""
        lines: list[str] = []
        known = self.record["data"]
        here, there = data.counts, known.get("counts") or {}
        if data.source.name == known.get("name"):
            changed = [part for part in there if part in here and here[part] != there[part]]
            lines += [f"{part}: {here[part]} images, and the run had {there[part]}" for part in changed]
        other = [f"`{b}` for `{a}`" for a, b in zip(self.classes, data.classes, strict=False) if a != b]
        if other:
            lines.append(f"`{data.source.name}` has other names of classes: {listed(other)}")
        return tuple(lines)

    def _require_classes(self, source: Source, *, own: bool) -> None:
        """Whether the scores of the network are about the classes of some data."""
        mine, theirs = self.classes, tuple(source.classes)
        if own and mine != theirs:
            gone, new = [c for c in mine if c not in theirs], [c for c in theirs if c not in mine]
            notes = [(what, listed(names)) for what, names in (("gone", gone), ("new", new)) if names]
            trained = f"when `{visible(str(self.path))}` was trained on it"
            message = f"`{source.name}` has other classes than {trained}"
            damaged(message, "bring the data back, or evaluate on others: `--data`", notes)
        if len(mine) != len(theirs):
            message = f"the network tells {len(mine)} classes apart, and `{source.name}` has {len(theirs)}"
            help_ = f"data with the {len(mine)} classes that it was trained on: {listed(mine)}"
            raise ArchError([Diagnostic("E521", message, help=help_)])

    def _reachable(self, path: str) -> Path:
        """A path as it is, or from where the run was begun."""
        here = Path(path)
        return here if here.is_absolute() or here.exists() else Path(self.record["folder"]) / here


def open_run(
    path: str | os.PathLike[str],
    *,
    plugins: Sequence[str | os.PathLike[str]] = (),
    data_dir: str | os.PathLike[str] | None = None,
    weights: str | os.PathLike[str] | None = None,
    module: nn.Module | None = None,
) -> Opened:
    """A run's network with its weights, ready to be evaluated.

        from ogive.train.evaluation import evaluate
        from ogive.train.opened import open_run

        run = open_run("runs/lenet5")
        evaluate(run.module, run.data().test_batches()).accuracy

    Args:
        path: the folder of the run.
        plugins: the files with layers of the user's own that the run was made with: they are run.
        data_dir: where data sets lie; where the run found them, unless given.
        weights: other weights of the same network, as safetensors; the run's best, unless given.
        module: the network, where the run trained a module that was made in Python: it gets the weights.

    Raises:
        ArchError: E564, there is no run, or it has no weights so far; E565, its files are damaged or changed,
            weights do not fit, or a plugin is not there; E561, other weights cannot be read.
    """
    run = reopen(path, plugins=plugins)
    file = Path(weights) if weights is not None else RunFolder(run.path).weights
    if weights is None and not file.exists():
        raise ArchError([_no_weights(run)])
    if module is None:
        if run.network is None:
            shown = visible(str(run.path))
            message = f"`{shown}` trained a module that was made in Python, which a folder cannot keep"
            damaged(message, f'from Python: `open_run("{shown}", module=…)`')
        module = run.network.module()
    load_all(module, file, own=weights is None)
    if weights is None:
        _check_weights(run, file)
    where = Path(data_dir) if data_dir is not None else None
    module.cpu().eval()
    return Opened(run.path, run.record, run.recipe, run.network, run.notes, module, file, where)


def reopen(path: str | os.PathLike[str], *, plugins: Sequence[str | os.PathLike[str]] = ()) -> Reopened:
    """What a run was made with, from its folder alone; its weights are not looked at.

    Args:
        path: the folder of the run.
        plugins: the files with layers of the user's own that the run was made with: they are run.

    Raises:
        ArchError: E564, there is no run; E565, its files are damaged or changed, or a plugin is not there;
            what is wrong with the program, where this Ogive understands it otherwise.
    """
    folder = Path(path)
    record = read_record(folder)
    notes = changed_versions(record)
    recipe = read_recipe(folder, record)
    target = record["target"]
    if target is None:
        library_of(folder, {}, plugins)
        return Reopened(folder, record, recipe, None, tuple(notes))
    notes += check_program(folder, target)
    made = compile_target(
        read_file(folder / target["file"]),
        target["net"],
        arguments={name: parse_value(text, f"--set {name}") for name, text in target["set"].items()},
        shape=sizes_of(target["input"]) if target["input"] else None,
        library=library_of(folder, target["plugins"], plugins),
        edits=parse_changes(target["edits"]),
    )
    return Reopened(folder, record, recipe, Network(made), tuple(notes))


def load_all(module: nn.Module, file: Path, *, own: bool = False) -> None:
    """Puts the weights of a file into a module, every one.

    Args:
        module: the network.
        file: safetensors.
        own: whether the file belongs to the run, and no other could be meant.

    Raises:
        ArchError: E565, they are not exactly those of the module; E561, they cannot be read, which is E565
            where they are the run's own.
    """
    try:
        started = start_from(module, file)
    except ArchError as error:
        first = error.diagnostics[0]
        if not own and first.code == "E561":
            raise
        damaged(first.message, first.help, first.notes)
    wrong = (
        ("missing", started.missing), ("surplus", started.unexpected), ("shapes", started.different),
    )  # fmt: skip
    notes = [(what, listed(names)) for what, names in wrong if names]
    if notes:
        message = f"the weights in `{visible(str(file))}` are not those of this network"
        help_ = None if own else "the net with the arguments that those weights were trained with"
        damaged(message, help_, notes)


def _check_weights(run: Reopened, file: Path) -> None:
    """Whether the file of a run's weights is the one that it came to.

    Raises:
        ArchError: E565, it is not.
    """
    expected = run.record.get("weights_sha256")  # runs that are not finished have none
    if expected is None or digest_of(file) == expected:
        return
    message = f"`{visible(str(file))}` is not what the run came to: its SHA-256 is another"
    help_ = "bring it back; other weights are named, from elsewhere: `--weights FILE.safetensors`"
    damaged(message, help_)


def _no_weights(run: Reopened) -> Diagnostic:
    """E564: a run that has not come to weights."""
    shown, status = visible(str(run.path)), run.record["status"]
    if status == "finished":
        message = f"`{shown}` is finished, and its `weights.safetensors` is gone"
        return Diagnostic("E564", message, help="name other weights of it: `--weights FILE.safetensors`")
    said = {"running": "is under way, or was killed", "interrupted": "was interrupted", "failed": "failed"}
    message = f"`{shown}` has no weights so far: it {said.get(status, visible(status))}"
    return Diagnostic("E564", message, help=f"go on with it: `ogive train --resume {shown}`")
