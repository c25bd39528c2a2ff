"""From a Python file to the layers in it. This runs the file: only what a user names is ever read."""

from __future__ import annotations

import hashlib
import linecache
import sys
import traceback
from collections.abc import Iterable
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

from ogive.diagnostics import ArchError, Diagnostic, Label
from ogive.elaborate.context import RESERVED
from ogive.elaborate.words import WORDS
from ogive.given import as_path
from ogive.layers.base import Layer
from ogive.layers.guard import BadLayer, NameTaken, shown
from ogive.layers.library import Library
from ogive.source import SourceFile, Span
from ogive.syntax.lexeme import HARD_KEYWORDS, ITEM_WORDS, STATEMENT_WORDS

if TYPE_CHECKING:
    from collections.abc import Generator

MAX_BYTES = 4_000_000
"""The longest file that is read."""
_WORDS = {*HARD_KEYWORDS.values(), *ITEM_WORDS.values(), *STATEMENT_WORDS.values(), *WORDS, *RESERVED}


@dataclass(frozen=True, slots=True)
class Plugin:
    """A file whose layers a library has.

    Attributes:
        path: the file.
        digest: SHA-256 of its bytes, in hexadecimal digits, to be kept with what was made with it.
        layers: the names of its layers.
    """

    path: Path
    digest: str
    layers: tuple[str, ...]


def library_with(*paths: str | PathLike[str]) -> Library:
    """The standard layers, and those of these Python files: `ogive.load(…, library=library_with("mine.py"))`.

    Raises:
        ArchError: as `add_plugin`.
    """
    library = Library.standard()
    for path in paths:
        add_plugin(library, path)
    return library


def add_plugin(library: Library, path: str | PathLike[str]) -> Plugin:
    """Runs a Python file, and adds every layer that it defines: each class with a `kind` of its own.

    Raises:
        ArchError: E540 the file cannot be read, E541 it cannot be run, E542 a class in it is no layer, or
            there is none, E543 a name is taken.
    """
    file = Path(as_path("a plugin", path))
    data, source = _read(file)
    module = _run(file, data, source)
    classes = [
        value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and _is_meant(value)
        and name == value.__name__
    ]
    if not classes:
        help_ = (
            "a layer is a class such as `class GeM(Layer)` with a `kind`; `from ogive.plugin import Layer`"
        )
        _refuse("E542", f"`{source.name}` defines no layer", help=help_)
    wrong: list[Diagnostic] = []
    added: list[str] = []
    for cls in classes:
        try:
            if getattr(cls, "kind", None) in _WORDS:
                raise NameTaken(cls, f"`{cls.kind}` is a word of the language", "choose another `kind`")
            added.append(library.add(cls).kind)
        except BadLayer as problem:
            code = "E543" if isinstance(problem, NameTaken) else "E542"
            labels = (Label(_class_span(source, cls), "this class"),)
            wrong.append(Diagnostic(code, problem.message, labels, help=problem.help))
    if wrong:
        raise ArchError(wrong)
    return Plugin(file, hashlib.sha256(data).hexdigest(), tuple(added))


def digest_of(path: str | PathLike[str]) -> str:
    """SHA-256 of a plugin, as `Plugin.digest` has it; the file is read, and not run.

    Raises:
        ArchError: E540, it cannot be read.
    """
    return hashlib.sha256(_read(Path(as_path("a plugin", path)))[0]).hexdigest()


def _is_meant(cls: type) -> bool:
    """Whether a class is to be a layer: a kind of its own, or a public `Layer` that forgot it."""
    if "kind" in vars(cls):
        return True
    derived = issubclass(cls, Layer) and not cls.__name__.startswith("_")
    return derived and not hasattr(cls, "kind") and not cls.__subclasses__()


# --------------------------------------------------------------------------- the file


def _read(path: Path) -> tuple[bytes, SourceFile]:
    name = shown(str(path)).replace("\0", "\\0")
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as problem:
        reason = (problem.strerror or "unknown error").lower()
        script = path.with_name(path.name + ".py")
        help_ = f"`--plugin {script}`" if path.name and script.is_file() else None
        _refuse("E540", f"the plugin `{name}` cannot be read: {reason}", help=help_)
    except ValueError as problem:  # a NUL in the path
        _refuse("E540", f"the plugin `{name}` cannot be read: {problem}")
    if len(data) > MAX_BYTES:
        _refuse("E540", f"the plugin `{name}` is longer than {MAX_BYTES // 1_000_000} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        _refuse(
            "E540", f"the plugin `{name}` is not UTF-8 text: byte {data[problem.start]:#04x} on line {line}"
        )
    return data, SourceFile(name, text.replace("\r\n", "\n").replace("\r", "\n"))


def _run(path: Path, data: bytes, source: SourceFile) -> ModuleType:
    """The file as a module of Python; one that was run already in this process is not run again."""
    file = str(path.resolve())
    name = (
        "ogive_plugin_"
        + hashlib.sha256(file.encode("utf-8", "surrogateescape") + b"\0" + data).hexdigest()[:16]
    )
    known = sys.modules.get(name)
    if known is not None:
        return known
    module = ModuleType(name)
    module.__file__ = file
    try:
        code = compile(source.text, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as problem:
        _no_python(source, problem)
    linecache.checkcache(file)
    sys.modules[name] = module  # dataclasses and type hints look the module of a class up there
    try:
        with _beside(path.resolve().parent), redirect_stdout(sys.stderr):
            exec(code, module.__dict__)
    except (Exception, SystemExit) as problem:
        del sys.modules[name]
        _stopped(source, file, problem)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextmanager
def _beside(folder: Path) -> Generator[None]:
    """Lets a file import its neighbours, as a script can."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _no_python(source: SourceFile, problem: SyntaxError | ValueError) -> NoReturn:
    labels: tuple[Label, ...] = ()
    if isinstance(problem, SyntaxError) and problem.lineno:
        message = problem.msg
        labels = (Label(_line_span(source, problem.lineno, (problem.offset or 1) - 1), "here"),)
    else:
        message = str(problem)
    _refuse("E541", f"the plugin `{source.name}` is no Python: {message}", labels)


def _stopped(source: SourceFile, file: str, problem: BaseException) -> NoReturn:
    """Says what a file raised, and on which of its lines."""
    frames = traceback.extract_tb(problem.__traceback__)
    own = [frame for frame in frames if frame.filename == file]
    last = next((frame for frame in reversed(frames) if not frame.filename.startswith("<frozen ")), None)
    said = "".join(traceback.format_exception_only(problem)).strip().split("\n")[-1]
    outside = last is not None and last.filename != file
    labels: tuple[Label, ...] = ()
    if own:
        place = _line_span(source, own[-1].lineno or 1)
        labels = (Label(place, "comes from here" if outside else "raised here"),)
    notes: tuple[tuple[str, str], ...] = ()
    if last is not None and outside:
        notes = (("raised", f"{shown(last.filename)}:{last.lineno}, in {last.name}"),)
    _refuse("E541", f"the plugin `{source.name}` cannot be run: {said}", labels, notes)


def _line_span(source: SourceFile, line: int, column: int = 0) -> Span:
    """What stands on a line of a file, from a column on."""
    line = min(line, source.lines)
    start = source.start_of(line)
    text = source.line(line)
    begin = max(min(column, len(text) - 1), len(text) - len(text.lstrip()), 0)
    return Span(source, start + begin, start + max(len(text.rstrip()), begin))


def _class_span(source: SourceFile, cls: type) -> Span:
    import ast

    tree = ast.parse(source.text)
    lines = (
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == cls.__name__
    )
    return _line_span(source, next(lines, 1))


def _refuse(
    code: str,
    message: str,
    labels: Iterable[Label] = (),
    notes: tuple[tuple[str, str], ...] = (),
    help: str | None = None,  # noqa: A002
) -> NoReturn:
    raise ArchError([Diagnostic(code, message, tuple(labels), notes, help)]) from None
