"""The index of the zoo: what its networks count, worked out ahead of time, so that a list answers at once.

`index.json` holds for each file of the zoo a digest of its text, and of those that it uses, and a row for
each variant. Where the digest is another one now, the rows are worked out anew: no text is listed with the
counts of another. That they are those of this compiler is for `make zoo` and the tests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ogive import resources
from ogive.catalogue import declared
from ogive.diagnostics import ArchError
from ogive.zoo.opening import Opening, opening_of
from ogive.zoo.rows import Row, first_mistake, from_index, rows_of

INDEX = Path(__file__).with_name("index.json")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of networks, as lists show it.

    Attributes:
        file: its name, as people give it.
        path: where it is.
        opening: the comment that it begins with.
        rows: its networks, in the order of the text.
        problem: why the file cannot be read at all, in one line.
    """

    file: str
    path: Path
    opening: Opening
    rows: tuple[Row, ...]
    problem: str | None = None


def zoo_files(wanted: Callable[[Path, str], bool] | None = None) -> Iterable[Listed]:
    """The files of the zoo with their variants, those of the index where it is current.

    Args:
        wanted: which variants, by file and name; all unless given. Files without one are left out.
    """
    for path in resources.zoo_files():
        names = [name for name in declared(path) if wanted is None or wanted(path, name)]
        if names:
            yield listed(path, names)


def listed(path: Path, names: Iterable[str]) -> Listed:
    """A file of the zoo, with these of its variants."""
    text = _text(path)
    opening = opening_of(text)
    stored = stored_rows(path.name)
    if stored is not None:
        return Listed(path.name, path, opening, tuple(stored[name] for name in names if name in stored))
    from ogive.reading import read_file

    try:
        program = read_file(path, shown=path.name)
    except ArchError as error:
        problem = first_mistake(error)
        rows = tuple(Row(name, problem="the file has mistakes") for name in names)
        return Listed(path.name, path, opening, rows, problem)
    there = set(program.names)  # a comment in brackets may look like a variant
    rows = tuple(rows_of(program, [name for name in names if name in there]))
    return Listed(path.name, path, opening, rows)


def stored_rows(file: str) -> dict[str, Row] | None:
    """The rows of a file in the index; None where it, or what it uses, was changed since, or is not there."""
    entry = _index().get(file)
    if entry is None or entry["digest"] != digest(file, entry["uses"]):
        return None
    return {row["name"]: from_index(row) for row in entry["rows"]}


def digest(file: str, uses: Iterable[str]) -> str:
    """What tells one text of a file from another, together with those that it uses.

    Args:
        file: its name in the zoo.
        uses: paths from the folder of the zoo: `blocks/se.arch`.
    """
    digest = hashlib.sha256()
    for name in (file, *sorted(uses)):
        path = resources.zoo() / name
        text = _text(path) if path.is_file() else "\0"
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()[:16]


@cache
def _index() -> dict[str, Any]:
    try:
        return json.loads(INDEX.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # not made yet, or a merge left its marks in it
        return {}


def _text(path: Path) -> str:
    """What a file holds; how its lines end does not matter."""
    return path.read_text(encoding="utf-8", errors="replace")
