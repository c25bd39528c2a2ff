"""Runs a page of the docs as a reader would: writes its files, runs its commands, compares what they print.

    ```arch NAME.arch      writes the file
    ```console             `$ ogive …` runs it; what follows is its output
    ```pycon               a doctest session

A line `…` stands for any lines, `…` in a line for any text: times differ from machine to machine.
"""

from __future__ import annotations

import doctest
import io
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from ogive.cli import run

_FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Snippet:
    """A fenced block: its language, the name behind it, its text, and where the text stands in the page."""

    language: str
    name: str
    text: str
    start: int


def snippets(page: str) -> list[Snippet]:
    """The fenced blocks of a page, in order."""
    return [Snippet(m[1], m[2] or "", m[3], m.start(3)) for m in _FENCE.finditer(page)]


def run_page(page: str) -> tuple[str, list[str]]:
    """Runs all blocks of a page, in the present folder.

    Returns:
        The page with the outputs as they are now, and what differs.
    """
    session: dict[str, object] = {}
    updated, wrong = page, []
    for start, old, new in _differences(snippets(page), session, wrong):
        updated = updated[:start] + new + updated[start + len(old) :]
    return updated, wrong


def _differences(
    found: list[Snippet], session: dict[str, object], wrong: list[str]
) -> list[tuple[int, str, str]]:
    """What is to be replaced in the page, from its end, so that places stay right."""
    places: list[tuple[int, str, str]] = []
    for snippet in found:
        match snippet.language:
            case "arch" if snippet.name:
                Path(snippet.name).write_text(snippet.text, encoding="utf-8")
            case "console":
                for command in _COMMAND.finditer(snippet.text):
                    output = run_command(command[1])
                    if not agrees(command[2], output):
                        wrong.append(f"$ {command[1]}\n{output}\n--- but the page says\n{command[2]}")
                        places.append((snippet.start + command.start(2), command[2], output))
            case "pycon":
                wrong += run_session(snippet.text, session)
            case _:
                pass
    return sorted(places, reverse=True)


def run_command(line: str) -> str:
    """What a command prints, without trailing spaces."""
    words = shlex.split(line)
    if words[0] == "cat":
        return "".join(Path(name).read_text(encoding="utf-8") for name in words[1:])
    assert words[0] == "ogive", f"the docs run `ogive` only, not {line!r}"
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with redirect_stdout(printed), redirect_stderr(printed), patch("sys.argv", words), suppress(SystemExit):
        run()
    text = printed.buffer.getvalue().decode("utf-8")  # type: ignore[attr-defined]
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def run_session(text: str, session: dict[str, object]) -> list[str]:
    """Runs a doctest session; what failed."""
    test = doctest.DocTestParser().get_doctest(text.replace("…", "..."), session, "docs", None, 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=said.append, clear_globs=False)
    session.update(test.globs)
    return said if runner.failures else []


def agrees(expected: str, output: str) -> bool:
    """Whether an output is what the page says, `…` standing for anything."""
    pattern = "".join(
        "(?:.*\n)*?" if line == "…" else "[^\n]*?".join(map(re.escape, line.split("…"))) + "\n"
        for line in expected.splitlines()
    )
    return re.fullmatch(pattern, output) is not None
