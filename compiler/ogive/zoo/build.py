"""Writes the index of the zoo, and docs/zoo.md from it: `python -m ogive.zoo.build`, or `make zoo`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ogive import resources
from ogive.catalogue import declared
from ogive.diagnostics import ArchError
from ogive.files import write_atomically
from ogive.pipeline import Program
from ogive.reading import read_file
from ogive.zoo.index import INDEX, Listed, digest
from ogive.zoo.opening import opening_of
from ogive.zoo.page import page
from ogive.zoo.rows import Row, from_index, rows_of, to_index


class BrokenZoo(Exception):
    """A file of the zoo has mistakes: there is nothing to write."""


def entries() -> dict[str, dict[str, Any]]:
    """The whole index, worked out from the texts.

    Raises:
        BrokenZoo: a network of the zoo has a mistake.
        ArchError: a file of the zoo cannot be parsed.
    """
    made: dict[str, dict[str, Any]] = {}
    for path in resources.zoo_files():
        program = read_file(path, shown=path.name)
        rows = rows_of(program, declared(path))
        broken = [f"{path.name}:{row.name}: {row.problem}" for row in rows if row.problem]
        if broken:
            raise BrokenZoo("\n".join(broken))
        uses = used_files(program)
        made[path.name] = {
            "digest": digest(path.name, uses),
            "uses": uses,
            "rows": [to_index(row) for row in rows],
        }
    return made


def used_files(program: Program) -> list[str]:
    """The files that a file of the zoo uses, those among them, by their paths from the zoo's folder."""
    return sorted({_in_zoo(each.source.name) for each in _used(program, set())})


def _used(program: Program, seen: set[int]) -> Iterator[Program]:
    for each in program.imports.values():
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            yield from _used(each, seen)


def _in_zoo(shown: str) -> str:
    """`blocks/se.arch`, whether it was found beside the file or in the library."""
    path = PurePosixPath(shown.replace("\\", "/"))
    return str(path.relative_to("archs") if path.parts[0] == "archs" else path)


def to_text(index: dict[str, dict[str, Any]]) -> str:
    """The index as a file with a line for each network, so that a difference shows what changed."""
    files: list[str] = []
    for name, entry in index.items():
        rows = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in entry["rows"])
        head = f'"digest": {json.dumps(entry["digest"])}, "uses": {json.dumps(entry["uses"])}'
        files.append(f'  {json.dumps(name)}: {{{head}, "rows": [\n{rows}\n  ]}}')
    return "{\n" + ",\n".join(files) + "\n}\n"


def pages(index: dict[str, dict[str, Any]]) -> str:
    """The text of docs/zoo.md."""

    def file(name: str, rows: list[Row]) -> Listed:
        path = resources.zoo() / name
        return Listed(name, path, opening_of(path.read_text(encoding="utf-8")), tuple(rows))

    return page([file(name, [from_index(row) for row in entry["rows"]]) for name, entry in index.items()])


def page_file() -> Path:
    """Where docs/zoo.md is, in a checkout."""
    return resources.zoo().parent / "docs" / "zoo.md"


def main() -> int:
    """Writes both files, where they differ.

    Returns:
        0, or 1 where the zoo has a mistake, which is printed.
    """
    try:
        index = entries()
    except (ArchError, BrokenZoo) as error:
        print(error, file=sys.stderr)
        return 1
    for path, text in ((INDEX, to_text(index)), (page_file(), pages(index))):
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_atomically(path, text)
            print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
