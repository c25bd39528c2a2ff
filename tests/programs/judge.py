"""What the compiler says of a program, and what must hold of a refusal."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from ogive.diagnostics import ArchError, Diagnostic
from ogive.layers.library import Library
from ogive.pipeline import Compiled, check_program
from ogive.pipeline import Program as Read
from ogive.reading import read_text
from ogive.render import render_line, render_rich, render_text, to_json
from tests.programs.definitions import Program

NAME = "random.arch"


@dataclass(frozen=True)
class Verdict:
    """What came of a program: all its nets, or mistakes.

    Attributes:
        compiled: its nets and variants that need no argument.
        diagnostics: everything that was said.
    """

    compiled: tuple[Compiled, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def accepted(self) -> bool:
        """Whether there is no mistake, and a net."""
        return bool(self.compiled) and not self.errors

    @property
    def errors(self) -> list[Diagnostic]:
        """The mistakes among what was said."""
        return [d for d in self.diagnostics if d.severity == "error"]


def read(program: Program) -> Read:
    """Parses a program, with the files that it uses.

    Raises:
        ArchError: with every mistake of syntax.
    """
    if not program.files:
        return read_text(program.text, NAME)
    with TemporaryDirectory() as folder:
        for name, text in program.files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        return read_text(program.text, NAME, Path(folder))


def judge(program: Program | str, library: Library | None = None) -> Verdict:
    """Checks a program, as `ogive check` does."""
    if isinstance(program, str):
        program = Program(program, frozenset())
    try:
        compiled, diagnostics = check_program(read(program), library)
    except ArchError as error:
        return Verdict((), error.diagnostics)
    return Verdict(tuple(compiled), tuple(diagnostics))


def check_diagnostics(found: Sequence[Diagnostic]) -> None:
    """Each has a code with a page, a message, a place inside of its text, and can be shown in every way."""
    for diagnostic in found:
        assert re.fullmatch(r"[EW]\d{3}", diagnostic.code)
        assert (files("ogive") / "explain" / f"{diagnostic.code}.md").is_file(), (
            f"{diagnostic.code} has no page"
        )
        assert diagnostic.message.strip()
        assert diagnostic.labels, f"{diagnostic.code} has no place: {diagnostic.message}"
        for label in diagnostic.labels:
            assert 0 <= label.span.start <= label.span.end <= len(label.span.source.text)
        if diagnostic.fix is not None:
            span = diagnostic.fix.span
            assert 0 <= span.start <= span.end <= len(span.source.text)
        shown = render_text(diagnostic)
        assert shown.startswith(f"{diagnostic.severity}[{diagnostic.code}]: ")
        assert render_rich(diagnostic).plain.splitlines()[0] == shown.splitlines()[0]
        assert diagnostic.code in render_line(diagnostic)
        json.dumps(to_json(diagnostic))
