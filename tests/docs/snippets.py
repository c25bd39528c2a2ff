"""Runs a page of the docs as a reader would: writes its files, runs its commands, compares what they print.

    ```arch NAME.arch      writes the file
    ```python NAME.py      writes it, too
    ```console             `$ ogive …` or `$ python NAME.py` runs it; what follows is its output
    ```pycon               a doctest session

A line `…` stands for any lines, `…` in a line for any text. What trains comes to other numbers on other processors,
and these may differ. `^C` behind the lines of an output is an interrupt that comes when they are printed.
"""

from __future__ import annotations

import doctest
import io
import re
import runpy
import shlex
import signal
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from ogive.cli import run

_FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TRAINED = ("ogive train", "ogive eval", "ogive predict", "ogive sweep", "python", "cat runs/")
"""Commands whose numbers come of a training."""
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
            case "arch" | "python" if snippet.name:
                Path(snippet.name).write_text(snippet.text, encoding="utf-8")
            case "console":
                for command in _COMMAND.finditer(snippet.text):
                    lines, interrupted, _ = command[2].partition("^C\n")
                    output = run_command(command[1], lines.count("\n") if interrupted else None)
                    if not agrees(command[2], output, loose=command[1].startswith(_TRAINED)):
                        wrong.append(f"$ {command[1]}\n{output}\n--- but the page says\n{command[2]}")
                        places.append((snippet.start + command.start(2), command[2], output))
            case "pycon":
                wrong += run_session(snippet.text, session)
            case _:
                pass
    return sorted(places, reverse=True)


def run_command(line: str, interrupt: int | None = None) -> str:
    """What a command prints, on both of its streams; `ogive` and Python run in this process.

    Args:
        line: the command.
        interrupt: after so many lines of its output it gets a SIGINT.
    """
    words = shlex.split(line)
    if words[0] == "cat":
        return "".join(Path(name).read_text(encoding="utf-8") for name in words[1:])
    assert words[0] in ("ogive", "python"), f"the docs run `ogive` and `python` only, not {line!r}"
    buffer = _Screen(interrupt)
    printed = io.TextIOWrapper(buffer, encoding="utf-8", write_through=True)
    with redirect_stdout(printed), redirect_stderr(printed), patch("sys.argv", words), suppress(SystemExit):
        if words[0] == "python":
            runpy.run_path(words[1], run_name="__main__")
        else:
            run()
    text = buffer.getvalue().decode("utf-8")
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


class _Screen(io.BytesIO):
    """What is printed; at its terminal somebody presses Ctrl-C after so many lines."""

    def __init__(self, interrupt: int | None) -> None:
        super().__init__()
        self._interrupt = interrupt

    def write(self, data: object) -> int:
        written = super().write(data)  # type: ignore[arg-type]
        if self._interrupt is not None and self.getvalue().count(b"\n") >= self._interrupt:
            self._interrupt = None
            super().write(b"^C")
            signal.raise_signal(signal.SIGINT)
        return written


def run_session(text: str, session: dict[str, object]) -> list[str]:
    """Runs a doctest session; what failed."""
    test = doctest.DocTestParser().get_doctest(text.replace("…", "..."), session, "docs", None, 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=said.append, clear_globs=False)
    session.update(test.globs)
    return said if runner.failures else []


_NUMBER = r"\d[\d.,]*(?:e[+-]?\d+)?"


def agrees(expected: str, output: str, *, loose: bool = False) -> bool:
    """Whether an output is what the page says, `…` standing for anything; where it is loose, a number for any
    number, and so a space for any spaces.
    """
    literal = _any_numbers if loose else re.escape
    pattern = "".join(
        "(?:.*\n)*?" if line == "…" else "[^\n]*?".join(map(literal, line.split("…"))) + "\n"
        for line in expected.splitlines()
    )
    return re.fullmatch(pattern, output) is not None


def _any_numbers(text: str) -> str:
    """A pattern for a text in which other numbers may stand."""
    parts = re.split(rf"({_NUMBER}|[ ]+)", text)
    texts, between = parts[::2], parts[1::2]
    gaps = [" +" if part.isspace() else _NUMBER for part in between]
    return "".join(re.escape(part) + gap for part, gap in zip(texts, [*gaps, ""], strict=True))
