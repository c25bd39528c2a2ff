"""From the name of a file or of a network of the zoo to a `Network`. Reading files happens here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from ogive import resources
from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.layers.library import Library
from ogive.network import Network
from ogive.pipeline import Program, compile_target, read_program

MAX_BYTES = 4_000_000
"""The longest file that is read; the largest of the zoo has 5,000 bytes."""


def load(
    target: str | PathLike[str],
    *,
    input: tuple[int, ...] | None = None,  # noqa: A002 - the language's word
    library: Library | None = None,
    **arguments: Any,
) -> Network:
    """Loads a network: `ogive.load("resnet50", classes=10)`, `ogive.load("my.arch:small")`.

    Args:
        target: a variant of the zoo, a file, or `FILE:NAME`. A file alone must hold one net that needs no
            argument.
        input: sizes of the only input, without the batch, over the declared ones.
        library: the layers there are; the standard ones unless given.
        arguments: for the net, over those of the variant.

    Raises:
        ArchError: the target does not exist, or the program is wrong; it carries the diagnostics.
    """
    program, name = find(fspath(target))
    return _network(program, name, input, library, arguments)


def loads(
    text: str,
    name: str | None = None,
    *,
    input: tuple[int, ...] | None = None,  # noqa: A002
    library: Library | None = None,
    **arguments: Any,
) -> Network:
    """Loads a network from a text: `ogive.loads("net Tiny() { … }")`.

    Args:
        text: a whole `.arch` program.
        name: which of its nets or variants; not needed when there is one that needs no argument.
        input, library, arguments: as in `load`.

    Raises:
        ArchError: the program is wrong; it carries the diagnostics.
    """
    return _network(read_program(text), name, input, library, arguments)


def _network(
    program: Program,
    name: str | None,
    shape: tuple[int, ...] | None,
    library: Library | None,
    arguments: Mapping[str, Any],
) -> Network:
    name = name or only_name(program, arguments)
    return Network(compile_target(program, name, arguments=arguments, shape=shape, library=library))


def only_name(program: Program, arguments: Mapping[str, Any] | None = None) -> str:
    """The net of a file that is meant when none is named.

    Raises:
        ArchError: E503, there are several, or none.
    """
    names = program.complete or (program.names if arguments else [])
    if len(names) == 1:
        return names[0]
    if not names and len(program.names) == 1:
        return program.names[0]  # says itself which arguments it needs
    what = (
        f"holds {len(names)} nets"
        if names
        else "holds no net that needs no argument"
        if program.names
        else "holds no net"
    )
    raise ArchError(
        [
            Diagnostic(
                "E503",
                f"{program.source.name} {what}" + (": name one" if program.names else ""),
                (),
                (("note", f"it has {', '.join(program.names)}"),) if program.names else (),
                f"`{program.source.name}:{(names or program.names)[0]}`"
                if program.names
                else "`net Name() { input image: 3x32x32 … }`",
            )
        ]
    )


def find(target: str) -> tuple[Program, str | None]:
    """The program behind a target, and the name if one is meant.

    A bare name, without a separator and without the ending `.arch`, is looked for in the zoo first.

    Raises:
        ArchError: E501 the file cannot be read, E502 nothing is called that; or the program's mistakes.
    """
    # a folder or a file that happens to be called `resnet50` must not hide the network: `./resnet50` names it
    if not _is_path(target):
        for file in resources.zoo_files():
            if target in declared(file):
                return read_file(file, shown=file.name), target
    path = Path(target)
    if target and (path.suffix == ".arch" or path.exists()):
        return read_file(path), None
    before, colon, name = target.rpartition(":")
    if colon and before and (_is_path(before) or Path(before).exists()):
        return read_file(Path(before)), name
    everything = [name for file in resources.zoo_files() for name in declared(file)]
    guess = did_you_mean(target, everything)
    raise ArchError(
        [
            Diagnostic(
                "E502",
                f"`{target}` is no file, and the zoo has no network of that name",
                (),
                (),
                f"did you mean `{guess}`?" if guess else "see `ogive list` for the networks there are",
            )
        ]
    )


def _is_path(text: str) -> bool:
    """Whether a text names a file by its form alone: a separator, or the ending."""
    return text.endswith(".arch") or "/" in text or "\\" in text


_VARIANT = re.compile(r"^variant[ \t]+(\w+)", re.MULTILINE)


def declared(file: Path) -> list[str]:
    """The variants that a file of the zoo declares, without parsing it."""
    return _VARIANT.findall(file.read_text(encoding="utf-8"))


def read_file(path: Path, shown: str | None = None) -> Program:
    """Reads and parses a file.

    Args:
        path: the file.
        shown: its name in diagnostics; the path as given unless it is said.

    Raises:
        ArchError: E501, it cannot be read, is too long, or is not UTF-8; or its mistakes of syntax.
    """
    name = shown or str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as problem:
        raise _unreadable(name, f"cannot be read: {(problem.strerror or 'unknown error').lower()}") from None
    except ValueError as problem:  # a NUL in the path
        raise _unreadable(name.replace("\0", "\\0"), f"cannot be read: {problem}") from None
    if len(data) > MAX_BYTES:
        raise _unreadable(name, f"is longer than {MAX_BYTES // 1_000_000} MB")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        raise _unreadable(
            name, f"is not UTF-8 text: byte {data[problem.start]:#04x} on line {line}"
        ) from None
    return read_program(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), name)


def _unreadable(name: str, why: str) -> ArchError:
    return ArchError([Diagnostic("E501", f"{name} {why}")])
