"""The program of a run, kept in its folder: the file that was trained, and those of its own that it uses."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ogive.recipes.printing import written
from ogive.source import Span

if TYPE_CHECKING:
    from ogive.network import Network
    from ogive.pipeline import Program

FOLDER = "program"


@dataclass(frozen=True, slots=True)
class Target:
    """What was trained: enough to compile it again.

    Attributes:
        file: its path in the run's folder.
        net: the net or variant.
        arguments: of the net, as they are written.
        edits: those that were given from outside of the file.
        input: the shape that was given from outside, `1x32x32`.
        plugins: files with layers of the user's own, each with its SHA-256.
        digests: SHA-256 of each file of the program; names of the library's begin with `archs/`.
        texts: the files that are kept, by their paths below `program`.
    """

    file: str
    net: str
    arguments: Mapping[str, str]
    edits: tuple[str, ...]
    input: str | None
    plugins: Mapping[str, str]
    digests: Mapping[str, str]
    texts: Mapping[str, str] = field(repr=False)

    def record(self) -> dict[str, Any]:
        """As run.json has it."""
        return {
            "file": self.file,
            "net": self.net,
            "set": dict(self.arguments),
            "edits": list(self.edits),
            "input": self.input,
            "plugins": dict(self.plugins),
            "sha256": dict(self.digests),
        }


def target_of(network: Network, plugins: Mapping[str, str] | None = None) -> Target:
    """What has to be kept of a compiled network."""
    compiled = network.compiled
    own = _own_name(compiled.program.source.name, compiled.name)
    texts: dict[str, str] = {}
    digests: dict[str, str] = {}
    todo: list[tuple[Program, str | None]] = [(compiled.program, own)]
    seen: set[int] = set()
    while todo:
        program, place = todo.pop()
        if id(program) in seen:
            continue
        seen.add(id(program))
        if place is not None:
            texts[place] = program.source.text
        digests[place or program.source.name] = digest(program.source.text)
        todo += [(other, other.beside) for other in program.imports.values()]
    return Target(
        file=f"{FOLDER}/{own}",
        net=compiled.name,
        arguments={name: _as_text(value) for name, value in compiled.arguments.items()},
        edits=network.edits,
        input="x".join(map(str, compiled.shape)) if compiled.shape else None,
        plugins=dict(plugins or {}),
        digests=dict(sorted(digests.items())),
        texts=texts,
    )


def digest(text: str) -> str:
    """SHA-256 of a text as UTF-8, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _own_name(source: str, net: str) -> str:
    """The name of the file in the run's folder; a text without a file is called after its net."""
    name = Path(source).name
    return name if name.endswith(".arch") else f"{net}.arch"


def _as_text(value: object) -> str:
    """An argument as the language writes it."""
    span = getattr(value, "span", None)
    if isinstance(span, Span):
        return span.text
    return written(list(value) if isinstance(value, tuple) else value, None)
