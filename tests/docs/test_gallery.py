"""docs/gallery.md: each command makes the figure below it, byte for byte, and `make gallery` runs the same."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from ogive.cli.main import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
COMMANDS = [block.strip() for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)]
Golden = Callable[[str, str | Path], None]


@pytest.mark.parametrize("command", COMMANDS, ids=[shlex.split(command)[-1] for command in COMMANDS])
def test_a_command_makes_its_figure(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Golden
) -> None:
    words = shlex.split(command)
    assert words[:2] == ["ogive", "draw"]
    assert words[-2] == "-o"
    made = tmp_path / Path(words[-1]).name
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(main, [*words[1:-1], str(made)])
    assert done.exit_code == 0, done.output
    golden(made.read_text(encoding="utf-8"), ROOT / words[-1])


def test_every_figure_is_shown_below_its_command() -> None:
    made = [shlex.split(command)[-1].removeprefix("docs/") for command in COMMANDS]
    assert re.findall(r"^!\[.+\]\((.+)\)$", PAGE, re.MULTILINE) == made
    kept = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs" / "gallery").glob("*.svg")}
    assert kept == set(made)


def test_make_gives_the_same_commands() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    rule = makefile.partition("\ngallery:")[2].partition("\n\n")[0]
    given = re.findall(r"^\t\$\(BIN\)/(ogive draw .*)$", rule, re.MULTILINE)
    assert given == COMMANDS
