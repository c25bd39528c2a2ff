"""docs/experiments.md: its commands make the runs that its tables are of, and `make experiments` gives them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from ogive.cli.main import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
COMMANDS = [
    (section.partition("\n")[0], found.group(1).replace("\\\n", " "), section)
    for section in SECTIONS
    if (found := re.search(r"^```sh\n(ogive sweep .*?)^ogive plot", section, re.MULTILINE | re.DOTALL))
]
PROGRAMS = sorted(path.name for path in (ROOT / "docs" / "experiments").glob("*.arch"))


def table_of(section: str) -> list[list[str]]:
    """The cells of the lines of the section's table, without the heading."""
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_program_has_a_section_and_a_figure() -> None:
    linked = re.findall(r"\(experiments/(\w+\.arch)\)", PAGE)
    assert sorted(set(linked)) == PROGRAMS
    assert len(COMMANDS) == len(PROGRAMS)
    figures = re.findall(r"\(experiments/(\w+)\.svg\)", PAGE)
    assert sorted(figures) == [name.removesuffix(".arch") for name in PROGRAMS]
    assert all((ROOT / "docs" / "experiments" / f"{name}.svg").is_file() for name in figures)


@pytest.mark.parametrize(("name", "command", "section"), COMMANDS, ids=[name for name, _, _ in COMMANDS])
def test_a_command_makes_the_lines_of_its_table(
    name: str, command: str, section: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    words = shlex.split(command)
    done = CliRunner().invoke(main, [*words[1:], "--dry-run"])
    assert done.exit_code == 0, done.output
    *runs, total = done.output.splitlines()
    body = table_of(section)
    assert total == f"{len(runs)} runs"
    assert len(runs) == 3 * len(body)
    for run, line in zip(runs[::3], body, strict=True):
        label = re.sub(r"\w+ = ", "", run.rpartition(", seed 0")[0])
        found = ", ".join(cell for cell in line[: label.count(", ") + 1])
        assert label == found.replace("\\", "")


def test_make_gives_the_same_commands() -> None:
    makefile = " ".join((ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ").split())
    for line in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        for command in line.replace("\\\n", " ").strip().split("\nogive "):
            words = " ".join(command.split()).removeprefix("ogive ")
            if words.startswith(("sweep docs/experiments", "plot build/experiments")):
                assert f"$(BIN)/ogive {words}" in makefile
