"""Whether the folder of a run holds what the run was made with: its record, its recipe, its program, plugins.

Nothing of it is executed. A plugin is code: the user names it again, and it runs once its digest has been
compared.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from ogive import resources
from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.layers.library import Library
from ogive.plugin.files import add_plugin, digest_of
from ogive.reading import decode, read_bytes
from ogive.recipes import Recipe
from ogive.recipes.resolve import read_back
from ogive.render import visible
from ogive.train.program import FOLDER, digest
from ogive.train.record import FORMAT, versions
from ogive.train.rundir import RunFolder

_LISTED = 6
_Types = type | tuple[type, ...]
_KEYS: Mapping[str, _Types] = {
    "name": str, "status": str, "target": (dict, type(None)), "recipe_sha256": str, "seed": int, "data": dict,
    "machine": dict, "folder": str, "versions": dict,
}  # fmt: skip
_TARGET_KEYS: Mapping[str, _Types] = {
    "file": str, "net": str, "set": dict, "edits": list, "input": (str, type(None)), "plugins": dict,
    "sha256": dict,
}  # fmt: skip


def is_run(path: str | os.PathLike[str]) -> bool:
    """Whether a folder holds a run."""
    return RunFolder(Path(path)).record.is_file()


def read_record(folder: Path) -> Mapping[str, Any]:
    """run.json.

    Raises:
        ArchError: E564, there is no run; E565, its record is damaged.
    """
    if not is_run(folder):
        raise ArchError([_no_run(folder)])
    file = RunFolder(folder).record
    shown = visible(str(file))
    try:
        record: Any = RunFolder(folder).read_record()
    except OSError as error:
        damaged(f"`{shown}` cannot be read: {(error.strerror or str(error)).lower()}")
    except (ValueError, RecursionError) as error:
        damaged(f"`{shown}` is damaged: {visible(str(error))}")
    if not isinstance(record, Mapping):
        damaged(f"`{shown}` is damaged: it is no record of a run")
    if record.get("format") != FORMAT:
        found = visible(repr(record.get("format")))
        damaged(f"`{shown}` has format {found}, and this Ogive reads format {FORMAT}")
    wrong = _wrong(record, _KEYS)
    if wrong is None and record["target"] is not None:
        wrong = _wrong(record["target"], _TARGET_KEYS)
    if wrong is not None:
        damaged(f"`{shown}` is damaged: `{wrong}` is missing, or of another type")
    return record


def _wrong(record: Mapping[str, Any], keys: Mapping[str, _Types]) -> str | None:
    """The first key whose value is not there, or of another type."""
    return next((key for key, types in keys.items() if not isinstance(record.get(key, ...), types)), None)


def _no_run(folder: Path) -> Diagnostic:
    """E564, and what may have been meant."""
    shown = visible(str(folder))
    around = next((each for each in folder.parents if is_run(each)), None)
    if not folder.exists():
        near = _runs_in(folder.parent) or _runs_in(Path("runs"))
        names = {Path(each).name: each for each in near}
        guess = did_you_mean(folder.name, names)
        help_ = "`ogive train` makes one"
        if near:
            help_ = f"did you mean `{visible(names[guess])}`?" if guess else f"there are {listed(near)}"
        return Diagnostic("E564", f"there is no run `{shown}`", help=help_)
    help_ = f"it belongs to a run: `{visible(str(around))}`" if around else None
    if not folder.is_dir():
        return Diagnostic("E564", f"`{shown}` is a file, and a run is a folder", help=help_)
    inner = _runs_in(folder)
    help_ = f"it has {listed(inner)}" if inner else help_
    return Diagnostic("E564", f"`{shown}` holds no run: it has no `run.json`", help=help_)


def _runs_in(folder: Path) -> list[str]:
    return sorted(str(each.parent) for each in folder.glob("*/run.json"))


def changed_versions(record: Mapping[str, Any]) -> list[str]:
    """What the run was made with in other versions than these, in lines."""
    here, there = versions(), record["versions"]
    return [
        f"made with {name} {there[name]}, and this is {here.get(name, 'none')}"
        for name in there
        if here.get(name) != there[name]
    ]


# --------------------------------------------------------------------------- recipe and program


def read_recipe(folder: Path, record: Mapping[str, Any]) -> Recipe:
    """The recipe.

    Raises:
        ArchError: E565, it is not there, or not what the run was made with.
    """
    file = RunFolder(folder).recipe
    text = _text(file)
    if digest(text) != record["recipe_sha256"]:
        message = f"`{visible(str(file))}` is not what the run was made with"
        damaged(message, "bring it back; another recipe is another run: `ogive train --recipe`")
    return read_back(text, visible(str(file)))


def check_program(folder: Path, target: Mapping[str, Any]) -> list[str]:
    """Whether the files of the program are those that were trained.

    Args:
        folder: of the run.
        target: of its record.

    Returns:
        which files of the library, which come with Ogive, have changed since, in lines.

    Raises:
        ArchError: E565, one of its own files is not there, or not what was trained.
    """
    record = visible(str(RunFolder(folder).record))
    root = target["file"].removeprefix(f"{FOLDER}/")
    if root not in target["sha256"] or not target["file"].startswith(f"{FOLDER}/"):
        damaged(f"`{record}` is damaged: it has no digest of `{visible(target['file'])}`")
    notes: list[str] = []
    changed: list[str] = []
    for name, expected in target["sha256"].items():
        if not _is_below(name):
            damaged(f"`{record}` is damaged: `{visible(name)}` leads out of the folder")
        file = folder / FOLDER / name
        library = _of_library(name) if not file.exists() else None
        if library is not None:
            if not library.is_file() or digest(decode(read_bytes(library, name), name)) != expected:
                notes.append(f"made with another `{visible(name)}` than the library has now")
        elif digest(_text(file)) != expected:
            changed.append(f"`{visible(str(file))}`")
    if changed:
        what = "is not what was trained" if len(changed) == 1 else "are not what was trained"
        damaged(f"{listed(changed)} {what}", "bring it back; another program is another run: `ogive train`")
    return notes


def _text(file: Path) -> str:
    """A file of the run.

    Raises:
        ArchError: E565, it is not there, or cannot be read.
    """
    shown = visible(str(file))
    if not file.exists():
        damaged(f"`{shown}` is not there, and belongs to the run", "bring it back")
    try:
        return decode(read_bytes(file, shown, regular=True), shown)
    except ArchError as error:
        damaged(error.diagnostics[0].message, "bring it back as it was")


def _is_below(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name and bool(path.parts)


def _of_library(name: str) -> Path | None:
    """The file of the library that has this name in a record."""
    parts = PurePosixPath(name).parts
    if parts[:2] == ("archs", "blocks"):
        return resources.blocks().joinpath(*parts[2:])
    return resources.zoo().joinpath(*parts[1:]) if parts[:1] == ("archs",) else None


# --------------------------------------------------------------------------- plugins


def library_of(
    folder: Path, recorded: Mapping[str, str], given: Sequence[str | os.PathLike[str]]
) -> Library | None:
    """The layers that the run was made with: None for the standard ones. No file is run before all of them
    are known to be the same.

    Args:
        folder: of the run.
        recorded: the plugins that it was made with, each with its SHA-256.
        given: the files that the user names.

    Raises:
        ArchError: E565, a plugin is missing, has changed, or does not belong to the run; E540, it cannot be
            read.
    """
    shown = visible(str(folder))
    paths = [Path(each) for each in dict.fromkeys(os.fspath(each) for each in given)]
    digests = {path: digest_of(path) for path in paths}
    missing = {name: sha for name, sha in recorded.items() if sha not in digests.values()}
    for path in paths:
        if digests[path] in recorded.values():
            continue
        if any(Path(name).name == path.name for name in missing):
            message = f"the plugin `{visible(str(path))}` has changed since `{shown}` was made with it"
            damaged(message, "bring it back as it was; another plugin is another run: `ogive train`")
        damaged(f"`{shown}` was made without the plugin `{visible(str(path))}`", "leave it out")
    if missing:
        names = listed(f"`{visible(name)}`" for name in missing)
        message = f"`{shown}` was made with the plugin {names}, which is code: it is run when you name it"
        damaged(message, " ".join(f"--plugin {visible(name)}" for name in recorded))
    if not paths:
        return None
    library = Library.standard()
    for path in paths:
        add_plugin(library, path)
    return library


def damaged(message: str, help_: str | None = None, notes: Iterable[tuple[str, str]] = ()) -> NoReturn:
    """Raises E565."""
    raise ArchError([Diagnostic("E565", message, (), tuple(notes), help_)]) from None


def listed(names: Iterable[object]) -> str:
    """The first few of some names."""
    each = [visible(str(name)) for name in names]
    more = f" and {len(each) - _LISTED} more" if len(each) > _LISTED else ""
    return ", ".join(each[:_LISTED]) + more
