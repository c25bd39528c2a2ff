"""Every place in the compiler that makes a diagnostic for a program is reached by a Markdown case."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import ogive.source
from diagnostics.cases import all_cases

PACKAGE = Path(ogive.source.__file__).parent
ELSEWHERE = ("cli/", "syntax/format/", "train/", "backends/", "transfer/", "bench.py", "loading.py", "reading.py", "passes/features.py",
    "layers/guard.py", "plugin/", "tables/",
)  # fmt: skip
"""What speaks of commands, files, runs and arguments, not of programs: their own tests reach it."""
CODE = re.compile(r"[EW]\d{3}")


def codes(value: ast.expr) -> bool:
    """Whether an argument is a code, or a choice between codes."""
    if isinstance(value, ast.IfExp):
        return codes(value.body) or codes(value.orelse)
    return (
        isinstance(value, ast.Constant) and isinstance(value.value, str) and bool(CODE.fullmatch(value.value))
    )


def makes_diagnostic(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    arguments = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "code")]
    return name == "ShapeError" or any(codes(argument) for argument in arguments)


def places(path: Path) -> list[tuple[int, int]]:
    """First and last line of each call in a file that makes a diagnostic."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and makes_diagnostic(node))
    return [(call.lineno, call.end_lineno or call.lineno) for call in calls]


def files() -> Iterator[Path]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if not path.relative_to(PACKAGE).as_posix().startswith(ELSEWHERE):
            yield path


class Tracer:
    """Which lines of some files ran."""

    def __init__(self, paths: list[Path]) -> None:
        self.lines: dict[str, set[int]] = {str(path): set() for path in paths}

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        lines = self.lines.get(frame.f_code.co_filename)
        if lines is None:
            return None

        def local(frame: FrameType, event: str, argument: Any) -> Any:
            if event == "line":
                lines.add(frame.f_lineno)
            return local

        return local


@pytest.fixture(scope="module")
def executed() -> dict[str, set[int]]:
    tracer = Tracer([path for path in files() if places(path)])
    cases = all_cases()
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        for case in cases:
            case.diagnostics()
    finally:
        sys.settrace(before)
    return tracer.lines


def test_there_are_places_to_reach():
    found = sum(len(places(path)) for path in files())
    assert found >= 80, f"only {found} places look like diagnostics: has the way of making them changed?"


@pytest.mark.parametrize(
    "path", [path for path in files() if places(path)], ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_every_place_is_reached(path: Path, executed: dict[str, set[int]]):
    lines = path.read_text(encoding="utf-8").split("\n")
    missing = [
        f"{path.relative_to(PACKAGE)}:{first}: {lines[first - 1].strip()}"
        for first, last in places(path)
        if executed[str(path)].isdisjoint(range(first, last + 1))
    ]
    assert not missing, "no case in tests/diagnostics reaches\n  " + "\n  ".join(missing)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('ctx.error("E101", "x")', True),
        ('raise ShapeError("x")', True),
        ('f(span, "W201" if a else "E201")', True),
        ('Diagnostic(code, "x")', False),
        ('error("E1", "x")', False),
        ('make(code="E301")', True),
        ('say(what="E301")', False),
    ],
)
def test_what_counts_as_a_place(text: str, found: bool):
    assert (
        any(isinstance(node, ast.Call) and makes_diagnostic(node) for node in ast.walk(ast.parse(text)))
        is found
    )
