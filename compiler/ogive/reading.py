"""From a file to a program, with every file that it uses. Reading `.arch` files happens here, and nowhere
else.

A path after `use` is looked for beside the file that uses it, then in the library that comes with the
compiler: its blocks, then its networks. Nothing else is ever opened. What a program names stays in the folder
of the file that is compiled, or below it, wherever links lead; a file of the library uses files of the
library only. Files may use one another in a circle: each is read once.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import NoReturn

from ogive import resources
from ogive.diagnostics import ArchError, Diagnostic, Label, did_you_mean
from ogive.pipeline import Program, read_program
from ogive.source import SourceFile, Span
from ogive.syntax import ast

MAX_BYTES = 4_000_000
"""The longest file that is read; the largest of the zoo has 5,000 bytes."""
MAX_FILES = 100
"""How many files one program may use."""
MAX_USED_BYTES = 1_000_000
"""How long they may be together."""
_SHOWN_USES = 3


def read_file(path: Path, shown: str | None = None) -> Program:
    """Reads and parses a file, and the files that it uses.

    Args:
        path: the file.
        shown: its name in diagnostics; the path as given unless it is said.

    Raises:
        ArchError: E501, it cannot be read, is too long, or is not UTF-8; mistakes of syntax, its own or, once
            it has none, those of the files that it uses; E505 to E507, a file that it uses cannot be.
    """
    name = shown or str(path)
    data = read_bytes(path, name)
    return _complete(read_program(decode(data, name), name), path.parent, path)


def read_text(text: str, name: str = "<text>", folder: Path | None = None) -> Program:
    """Parses a text, and reads the files that it uses.

    Args:
        text: a whole program.
        name: what diagnostics call it.
        folder: where those files are looked for before the library; without one, nowhere.

    Raises:
        ArchError: as for `read_file`.
    """
    return _complete(read_program(text, name), folder, None)


def _complete(program: Program, folder: Path | None, path: Path | None) -> Program:
    if program.tree.uses:
        _Reading(program, folder, path).run()
    return program


# --------------------------------------------------------------------------- where files are looked for


@dataclass(frozen=True, slots=True)
class _Top:
    """A folder that may be read, with what is below it; `shown` stands before the names of its files."""

    path: Path
    shown: str
    library: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a file was found: its top, and its path from there."""

    top: _Top
    path: PurePosixPath


@dataclass(eq=False)
class _Reading:
    """The files of one program while they are read."""

    root: Program
    folder: Path | None
    path: Path | None
    known: dict[str, Program] = field(default_factory=dict)
    used_from: dict[SourceFile, Span] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)
    bytes: int = 0
    files: int = 0

    def run(self) -> None:
        """Reads everything that the program uses.

        Raises:
            ArchError: with all that is wrong.
        """
        shown = os.path.dirname(self.root.source.name) if self.path is not None else ""
        beside = [] if self.folder is None else [_Top(self.folder, shown)]
        library = [
            _Top(resources.blocks(), "archs/blocks", library=True),
            _Top(resources.zoo(), "archs", library=True),
        ]
        if self.path is not None:
            self.known[os.path.realpath(self.path)] = self.root
        start = None if not beside else _Place(beside[0], PurePosixPath("."))
        todo: list[tuple[Program, _Place | None]] = [(self.root, start)]
        while todo:
            program, place = todo.pop(0)
            for use in program.tree.uses:
                if use.file in program.imports:
                    continue
                if self.files >= MAX_FILES:
                    self._stop(use)
                where = self._locate(use, place, library, self._path_of(program))
                new = self._read(program, use, where) if where is not None else None
                if new is not None and where is not None:
                    todo.append((new, _Place(where.top, where.path.parent)))
        if self.found:
            raise ArchError(self.found)

    def _stop(self, use: ast.Use) -> NoReturn:
        what = f"{MAX_FILES} files" if self.files >= MAX_FILES else f"{MAX_USED_BYTES // 1_000_000} MB"
        self._wrong(
            "E507", use, f"a program uses at most {what}, and this is more", "too much",
            help="use the files that define what is needed, and no others",
        )  # fmt: skip
        raise ArchError(self.found)

    def _wrong(
        self,
        code: str,
        use: ast.Use,
        message: str,
        label: str,
        *,
        notes: Sequence[tuple[str, str]] = (),
        help: str | None = None,  # noqa: A002 - the word the user reads
    ) -> None:
        labels = (Label(use.path.span, label), *self._uses(use.path.span.source))
        self.found.append(Diagnostic(code, message, labels, tuple(notes), help))

    def _uses(self, source: SourceFile) -> list[Label]:
        """Where a file is used, up to the one that is compiled."""
        labels: list[Label] = []
        while source in self.used_from and len(labels) < _SHOWN_USES:
            labels.append(Label(self.used_from[source], "used here"))
            source = self.used_from[source].source
        return labels

    # ------------------------------------------------------------------ which file is meant

    def _path_of(self, program: Program) -> str | None:
        """Where a program was read from, links resolved."""
        return next((path for path, known in self.known.items() if known is program), None)

    def _locate(
        self, use: ast.Use, place: _Place | None, library: Sequence[_Top], own: str | None
    ) -> _Place | None:
        """The file behind a path, or None when it was reported.

        A file has its own names already: when its path leads to itself, that of the library is meant (one's
        own `resnet.arch` may say `use Bottleneck from "resnet.arch"`).
        """
        text = use.file
        if not self._allowed(use, text):
            return None
        tried = [] if place is None else [place]
        tried += [_Place(top, PurePosixPath(".")) for top in library]
        itself: _Place | None = None
        for around in tried:
            path = _below(around.path, text)
            if path is None:
                if around is tried[0]:
                    self._leaves(use, around)
                    return None
                continue
            file = around.top.path / path
            if not _exists(file):
                continue
            if _is_circle(file):
                self._wrong(
                    "E506", use, f'"{text}" is a link that leads back to itself', "a circle of links",
                    help="put the file itself in its place",
                )  # fmt: skip
                return None
            if not _inside(file, around.top.path):
                self._wrong(
                    "E506", use, f'"{text}" is a link that leads out of {_folder(around.top)}', "a link",
                    notes=(("note", _RULE),), help="copy the file into the folder",
                )  # fmt: skip
                return None
            if os.path.realpath(file) != own:
                return _Place(around.top, path)
            itself = itself or _Place(around.top, path)
        if itself is not None:
            help_ = "leave it out: a file has its own names already, and the library has no file of that name"
            self._wrong("E506", use, f'"{text}" is this file itself', "leads to itself", help=help_)
            return None
        self._not_there(use, text, tried)
        return None

    def _allowed(self, use: ast.Use, text: str) -> bool:
        """Whether a path has the form of one."""
        why = help_ = None
        if not text.isprintable() or "\\" in text:
            why, help_ = "has a character that no path has here", "folders are parted by `/`"
        elif re.match(r"[A-Za-z][\w+.-]+:", text):
            why, help_ = "is an address, and files are not fetched", "download it, and use it by its name"
        elif text.startswith(("/", "~")) or text[1:2] == ":":
            why, help_ = "is an absolute path", f'write it from here: `use "{PurePosixPath(text).name}"`'
        elif not text.endswith(".arch") or text.endswith("/.arch") or text == ".arch":
            why = "is no `.arch` file"
            help_ = (
                f'`use "{text.removesuffix("/").removesuffix(".")}.arch"`' if text else '`use "blocks.arch"`'
            )
        if why is None:
            return True
        self._wrong("E506", use, f'"{text}" {why}', "not a path to use", notes=(("note", _RULE),), help=help_)
        return False

    def _leaves(self, use: ast.Use, place: _Place) -> None:
        self._wrong(
            "E506", use, f'"{use.file}" leads out of {_folder(place.top)}', "leads out",
            notes=(("note", _RULE),), help="put it into the folder of the file that is compiled",
        )  # fmt: skip

    def _not_there(self, use: ast.Use, text: str, tried: Sequence[_Place]) -> None:
        names = dict.fromkeys(
            name for around in tried for name in _names_in(around.top.path / around.path, text)
        )
        library = [path.name for path in resources.block_files()]
        last = PurePosixPath(text).name
        stems = {name.removesuffix(".arch"): name for name in names}
        close = did_you_mean(text.removesuffix(".arch"), stems)
        guess = last if last in library else stems[close] if close is not None else None
        beside = self.folder is not None and tried[0].top.path == self.folder
        where = (
            f"neither beside {use.path.span.source.name} nor in the library"
            if beside
            else "not in the library"
        )
        self._wrong(
            "E505", use, f'"{text}" is {where}', "not found",
            notes=() if guess else (("note", f"the library has {', '.join(library)}"),),
            help=f'did you mean `use "{guess}"`?' if guess else None,
        )  # fmt: skip

    # ------------------------------------------------------------------ reading

    def _read(self, program: Program, use: ast.Use, where: _Place) -> Program | None:
        """Connects a file with the one that uses it; returns it when it is new."""
        file = where.top.path / where.path
        key = os.path.realpath(file)
        if key in self.known:
            program.imports[use.file] = self.known[key]
            return None
        name = os.path.join(where.top.shown, str(where.path))
        try:
            data = read_bytes(file, name, regular=True)
            self.files += 1
            self.bytes += len(data)
            read = read_program(decode(data, name), name) if self.bytes <= MAX_USED_BYTES else None
            if read is not None and not where.top.library:
                read = replace(read, beside=str(where.path))
        except ArchError as error:
            further = (Label(use.path.span, "used here"), *self._uses(use.path.span.source))
            self.found += [replace(each, labels=(*each.labels, *further)) for each in error.diagnostics]
            return None
        if read is None:
            self._stop(use)
        self.known[key] = read
        self.used_from[read.source] = use.path.span
        program.imports[use.file] = read
        return read


_RULE = (
    "a path leads from the file that uses it to one in the folder of the file that is compiled, or below it"
)


def _folder(top: _Top) -> str:
    return top.shown or "the file's folder"


def _below(folder: PurePosixPath, text: str) -> PurePosixPath | None:
    """The path from the top, without `.` and `..`; None where it leads above the top."""
    parts: list[str] = []
    for part in (*folder.parts, *text.split("/")):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return PurePosixPath(*parts)


def _exists(file: Path) -> bool:
    try:
        file.lstat()
    except (OSError, ValueError):
        return False
    return True


def _is_circle(file: Path) -> bool:
    """Whether a link leads, through others perhaps, to itself."""
    try:
        file.stat()
    except OSError as problem:
        return problem.errno == errno.ELOOP
    return False


def _inside(file: Path, top: Path) -> bool:
    """Whether a file is below a folder, wherever links lead."""
    try:
        return file.resolve().is_relative_to(top.resolve())
    except (OSError, RuntimeError):  # a circle of links
        return False


def _names_in(folder: Path, text: str) -> list[str]:
    """The `.arch` files of a folder, by paths like the one that was meant."""
    before = text.rpartition("/")[0]
    below = _below(PurePosixPath("."), before) if before else PurePosixPath(".")
    if below is None:
        return []
    try:
        return [
            f"{before}/{p.name}" if before else p.name for p in sorted((folder / below).glob("*.arch"))[:200]
        ]
    except (OSError, ValueError):
        return []


def read_bytes(path: Path, name: str, *, regular: bool = False) -> bytes:
    """What a file holds; `regular` refuses pipes and devices, which could wait for ever.

    Raises:
        ArchError: E501.
    """
    try:
        mode = path.stat().st_mode
        if regular and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise _unreadable(name, "is no file of text")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as problem:
        raise _unreadable(name, f"cannot be read: {(problem.strerror or 'unknown error').lower()}") from None
    except ValueError as problem:  # a NUL in the path
        raise _unreadable(name.replace("\0", "\\0"), f"cannot be read: {problem}") from None
    if len(data) > MAX_BYTES:
        raise _unreadable(name, f"is longer than {MAX_BYTES // 1_000_000} MB")
    return data


def decode(data: bytes, name: str) -> str:
    """The text of a file, its lines ended as Unix ends them.

    Raises:
        ArchError: E501, it is not UTF-8.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        raise _unreadable(
            name, f"is not UTF-8 text: byte {data[problem.start]:#04x} on line {line}"
        ) from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _unreadable(name: str, why: str) -> ArchError:
    return ArchError([Diagnostic("E501", f"{name} {why}")])
