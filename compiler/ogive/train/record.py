"""run.json: what a run was made with, and how it went; enough to make it again."""

from __future__ import annotations

import platform
import uuid
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ogive.recipes import Recipe
from ogive.recipes.data import Folder
from ogive.recipes.flags import with_flags
from ogive.recipes.printing import to_text, written
from ogive.train.loaders import Loaders
from ogive.train.machine import Machine
from ogive.train.program import digest
from ogive.train.result import Result
from ogive.train.work import Asked, Source, Work
from ogive.version import __version__

if TYPE_CHECKING:
    from torchmetrics import Metric

    from ogive.train.measures import Measure
    from ogive.train.rundir import RunFolder
    from ogive.train.work import LossFunction

FORMAT = 1
_PACKAGES = ("torch", "torchvision", "lightning", "numpy", "scikit-learn")


def begin(work: Work) -> dict[str, Any]:
    """The record of a run that is about to begin."""
    asked = work.asked
    return {
        "format": FORMAT,
        "id": uuid.uuid4().hex,
        "name": asked.name,
        "status": "running",
        "target": asked.target.record() if asked.target else None,
        "recipe": asked.recipe.name,
        "recipe_sha256": digest(to_text(asked.recipe)),
        "seed": asked.seed,
        "init_from": str(asked.init_from) if asked.init_from else None,
        "freeze": list(asked.freeze),
        "monitor": asked.monitor,
        "from_python": from_python(asked),
        "data": _data(work),
        "machine": asdict(asked.machine) | {"device": work.device},
        "folder": str(Path.cwd()),
        "threads": work.threads,
        "parameters": sum(parameter.numel() for parameter in work.module.parameters()),
        "versions": versions(),
    }


def from_python(asked: Asked) -> list[str]:
    """What a run was given that a folder cannot keep: names of the arguments of `train`."""
    given = {
        "network": asked.target is None,
        "loaders": asked.loaders is not None,
        "loss": asked.loss is not None,
        "metrics": bool(asked.metrics),
    }
    return [name for name, there in given.items() if there]


def _data(work: Work) -> dict[str, Any]:
    data = work.data
    if isinstance(data, Loaders):
        shape = list(work.asked.input) if work.asked.input else None
        return {"name": data.name, "classes": None, "input": shape, "counts": {}, "statistics": None}
    return {
        "name": data.source.name,
        "classes": list(data.classes),
        "input": list(data.shape),
        "size": list(data.source.size) if data.source.size else None,
        "counts": dict(data.counts),
        "statistics": data.statistics,
        "skipped": [[str(path), reason] for path, reason in data.skipped],
    }


def versions() -> dict[str, str]:
    """Of what a run depends on, here and now."""
    found = {"ogive": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def texts(asked: Asked) -> dict[str, str]:
    """What is kept beside the record: the recipe, and the program."""
    kept = {"recipe.arch": to_text(asked.recipe)}
    if asked.target is not None:
        folder = Path(asked.target.file).parent
        kept |= {str(folder / name): text for name, text in asked.target.texts.items()}
    return kept


def identity(record: Mapping[str, Any]) -> dict[str, object]:
    """What a checkpoint has to say to be this run's."""
    target = record.get("target") or {}
    files = "".join(f"{name} {sha}\n" for name, sha in sorted(target.get("sha256", {}).items()))
    return {"run": record["id"], "program": digest(files), "recipe": record["recipe_sha256"]}


def asked_again(
    record: Mapping[str, Any],
    source: Source,
    recipe: Recipe,
    machine: Machine | None,
    *,
    loaders: Loaders | None,
    loss: LossFunction | None,
    metrics: Mapping[str, Measure | Metric],
) -> Asked:
    """What the user asked for, out of the record; `machine` in place of the one it ran on."""
    shape = record["data"].get("input")
    return Asked(
        source,
        record["name"],
        from_its_folder(recipe, record["folder"]),
        machine or machine_of(record),
        input=cast("tuple[int, int, int]", tuple(shape)) if shape else None,
        freeze=tuple(record["freeze"]),
        loaders=loaders,
        loss=loss,
        metrics=metrics,
        monitor=record["monitor"],
    )


def machine_of(record: Mapping[str, Any]) -> Machine:
    """The machine that a run was made on; its data, where they lie from here."""
    machine = Machine(**record["machine"])
    if machine.data_dir is None:
        return machine
    return replace(machine, data_dir=str(_reachable(machine.data_dir, record["folder"])))


def from_its_folder(recipe: Recipe, folder: str) -> Recipe:
    """A run's recipe; images that lie where the run was begun are found from elsewhere, too."""
    choice = recipe.value("data")
    if not isinstance(choice, Folder) or _reachable(choice.path, folder) == Path(choice.path):
        return recipe
    return with_flags(recipe, [("data", f"folder({written(str(_reachable(choice.path, folder)), None)})")])


def _reachable(path: str, folder: str) -> Path:
    """A path as it is, or from the folder in which the run was begun."""
    here = Path(path)
    return here if here.is_absolute() or here.exists() else Path(folder) / here


def result_of(record: Mapping[str, Any], folder: RunFolder) -> Result:
    """What a finished run came to."""
    return Result(
        name=record["name"],
        epochs=record["epochs"],
        best_epoch=record["best_epoch"],
        validation=record["validation"],
        test=record["test"],
        seconds=record["seconds"],
        device=record["machine"]["device"],
        out=folder.path,
        files=folder.files(),
        skipped=len(record["data"].get("skipped") or ()),
    )


def as_text(value: object) -> str:
    """A setting that Python gives, as a recipe writes it."""
    return (
        value if isinstance(value, str) else written(list(value) if isinstance(value, tuple) else value, None)
    )
