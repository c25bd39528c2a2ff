"""Cases of diagnostics, kept as Markdown that people can read.

    # E201: branches of an add that differ in channels

    Prose: when it happens, and why it is a mistake.

    ```arch
    net A { … }
    ```

    ```diagnostics
    error[E201]: …
    ```

The first word of the heading is the code. A file holds any number of cases. The word `python` behind `arch`
means that the block is a Python expression which gives the text (for what would be too long to print). A block
```arch file=NAME is no program but a file that the programs of the case may use. Other
words are options of the command line: `--set name=value`, `--edit 'remove bn'`, `--input 3x8x8`, and `:name` for
one net of the file; `--expand`, `--fold` and `--block name`, for a part in a drawing; or `--recipe name`, for one recipe of it, with `--flag lr=0.1`, and `--whole` for a run;
or `--read-back`, for what a run kept.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from ogive import pipeline, reading, recipes
from ogive.backends.draw.fold import opening
from ogive.backends.draw.fold.rolling import Structure
from ogive.diagnostics import ArchError, Diagnostic
from ogive.graph import Graph
from ogive.render import render_text

HERE = Path(__file__).parent
NAME = "net.arch"
_FENCE = re.compile(r"(`{3,})(\w*)\s*(.*)")


@dataclass
class Case:
    """One case: its heading, its programs, what they are expected to give."""

    path: Path
    heading: str
    line: int
    sources: list[tuple[str, str]] = field(default_factory=list)
    """The words behind `arch`, and the text."""
    expected: str | None = None
    lines: tuple[int, int] = (0, 0)
    """The lines of the file that hold the expected output, from 0, the end excluded."""

    @property
    def code(self) -> str:
        return self.heading.split()[0].strip(":,–—")

    @property
    def id(self) -> str:
        return f"{self.path.relative_to(HERE).with_suffix('')}:{self.line}"

    def output(self) -> str:
        """What all programs of the case give, rendered."""
        return "\n\n".join(render_text(d) for d in self.diagnostics())

    def diagnostics(self) -> list[Diagnostic]:
        """What is wrong with its programs, which may use its files."""
        beside = {
            words.removeprefix("file="): text for words, text in self.sources if words.startswith("file=")
        }
        programs = [(words, text) for words, text in self.sources if not words.startswith("file=")]
        return [d for words, text in programs for d in diagnose(text, words, beside)]


def diagnose(text: str, words: str = "", files: Mapping[str, str] | None = None) -> list[Diagnostic]:
    """All diagnostics of a program: those of every net, or of one with its settings.

    `files` are those that lie beside it, by their paths.
    """
    if "python" in shlex.split(words):
        text = eval(text, {})
    if files:
        with TemporaryDirectory() as folder:
            for name, content in files.items():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / name).write_text(content, encoding="utf-8")
            (Path(folder) / NAME).write_text(text, encoding="utf-8")
            return _diagnose(text, words, Path(folder) / NAME)
    return _diagnose(text, words, None)


def _diagnose(text: str, words: str, path: Path | None) -> list[Diagnostic]:
    options = shlex.split(words)
    try:
        if options == ["--read-back"]:
            recipes.read_back(text, NAME)
            return []
        program = reading.read_text(text, NAME) if path is None else reading.read_file(path, shown=NAME)
        if not set(options) - {"python"}:
            return pipeline.check_program(program)[1]
        if "--recipe" in options:
            return _diagnose_recipe(program, options)
        name, arguments, shape = program.complete[0] if program.complete else program.names[0], {}, None
        edits: list[str] = []
        for option, value in zip(options, [*options[1:], ""], strict=True):
            if option.startswith(":"):
                name = option[1:]
            elif option == "--set":
                key, _, expression = value.partition("=")
                arguments[key] = pipeline.parse_value(expression, f"--set {key}")
            elif option == "--input":
                shape = tuple(map(int, value.split("x")))
            elif option == "--edit":
                edits.append(value)
        changes = pipeline.parse_changes(edits)
        made = pipeline.compile_target(program, name, arguments=arguments, shape=shape, edits=changes)
        _draw(made.graph, options)
        return list(made.warnings)
    except ArchError as error:
        return list(error.diagnostics)


def _draw(graph: Graph, options: list[str]) -> None:
    """Looks for the parts of a net that a drawing is to open, to fold, or to show alone."""
    pairs = list(zip(options, [*options[1:], ""], strict=True))
    expand, fold, blocks = (
        [value for key, value in pairs if key == option] for option in ("--expand", "--fold", "--block")
    )
    opening.by_hand(Structure(graph), expand, fold)
    for block in blocks:
        opening.find(Structure(graph), block, "draw")


def _diagnose_recipe(program: pipeline.Program, options: list[str]) -> list[Diagnostic]:
    """What is wrong with a recipe, with flags over it."""
    pairs = list(zip(options, [*options[1:], ""], strict=True))
    wanted = dict(pairs)["--recipe"]
    found, diagnostics = recipes.resolve_all(program)
    if diagnostics:
        return list(diagnostics)
    (recipe,) = (each for each in found if each.name == wanted)
    flags = [
        (name, text)
        for option, value in pairs
        if option == "--flag"
        for name, _, text in [value.partition("=")]
    ]
    recipe = recipes.with_flags(recipe, flags)
    if "--whole" in options:
        recipes.whole(recipe)
    return []


def read(path: Path) -> list[Case]:
    """The cases of a file."""
    cases: list[Case] = []
    lines = path.read_text(encoding="utf-8").split("\n")
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if line.startswith("#"):
            cases.append(Case(path, line.lstrip("# "), number))
        elif (opening := _FENCE.fullmatch(line)) and opening[2] in {"arch", "diagnostics"}:
            start = number
            while lines[number] != opening[1]:
                number += 1
            text = "\n".join(lines[start:number])
            if opening[2] == "arch":
                cases[-1].sources.append((opening[3], text + "\n"))
            else:
                assert cases[-1].expected is None, f"{path}:{start}: the case has its diagnostics already"
                cases[-1].expected, cases[-1].lines = text, (start, number)
            number += 1
    return cases


def all_cases() -> list[Case]:
    """Every case there is."""
    return [case for path in sorted(HERE.rglob("*.md")) for case in read(path)]


def update(path: Path) -> None:
    """Writes the expected outputs of a file again; a case without a block gets none."""
    lines = path.read_text(encoding="utf-8").split("\n")
    for case in reversed(read(path)):
        if case.expected is not None:
            output = case.output()
            lines[slice(*case.lines)] = output.split("\n") if output else []
    text = "\n".join(lines)
    if text != path.read_text(encoding="utf-8"):
        path.write_text(text, encoding="utf-8")
