"""What README and docs show is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ogive
from ogive.pipeline import check_program, read_program
from ogive.reading import read_text
from ogive.render import render_text
from tests.conftest import Golden

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = [
    (path.name, number, text)
    for path in sorted((ROOT / "docs").glob("*.md"))
    for number, text in enumerate(
        re.findall(r"^```arch\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL), 1
    )
]


@pytest.mark.parametrize(("name", "number", "text"), PROGRAMS, ids=[f"{n}:{i}" for n, i, _ in PROGRAMS])
def test_programs_in_the_docs_are_accepted(name: str, number: int, text: str) -> None:
    compiled, found = check_program(read_text(text, f"{name}:{number}"))
    assert [render_text(d) for d in found] == []
    assert compiled


def test_readme_shows_the_file_that_its_figure_is_drawn_from() -> None:
    program = (ROOT / "docs" / "resnet20.arch").read_text(encoding="utf-8")
    assert f"```arch\n{program}```" in README
    assert "docs/pictures/resnet20.svg" in README
    network = ogive.loads(program)
    assert network.params == 272_474  # option B, as counted by hand from the paper's section 4.2


def test_readme_shows_what_a_mistake_looks_like() -> None:
    shown = re.search(r"\$ ogive check net.arch\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    text = "net N() {\n  input image: 1x28x28\n  repeat 7 { max_pool(2x2) }\n}\n"
    _, (diagnostic,) = check_program(read_program(text, "net.arch"))
    assert shown.group(1).strip() == render_text(diagnostic).strip()


def test_readme_counts_right_and_is_short() -> None:
    network = ogive.load("resnet50", classes=10)
    assert f"# {network.params}, {network.macs}, a networkx graph" in README
    assert len(README.splitlines()) < 120


def test_architecture_names_what_there_is() -> None:
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    package = ROOT / "compiler" / "ogive"
    for entry in package.iterdir():
        if entry.suffix == ".py" and entry.name not in {
            "__init__.py",
            "resources.py",
            "files.py",
            "version.py",
        }:
            assert entry.name in text, f"{entry.name} is not on the map"
        if entry.is_dir() and entry.name not in {"__pycache__", "fonts"}:
            assert f"{entry.name}/" in text, f"{entry.name}/ is not on the map"


@pytest.mark.parametrize(
    ("room", "title"),
    [
        ("elaborate", "Elaboration"),
        ("recipes", "Recipes"),
        ("train", "Training"),
        ("train/data", "Training"),
        *(
            (f"backends/draw/{room}", "Drawings")
            for room in ("fold", "fitting", "layout", "colours", "words", "writers")
        ),
    ],
)
def test_rooms_with_a_table_name_every_file(room: str, title: str) -> None:
    page = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    (text,) = re.findall(rf"^## {title}\n((?:(?!## ).*\n)*)", page, re.MULTILINE)
    files = {path.name for path in (ROOT / "compiler" / "ogive" / room).glob("*.py")} - {"__init__.py"}
    assert {name for name in files if f"`{name}`" not in text} == set()


def test_the_figure_of_the_readme_is_what_the_tool_draws(golden: Golden) -> None:
    golden(
        ogive.load(ROOT / "docs" / "resnet20.arch")._repr_svg_(), ROOT / "docs" / "pictures" / "resnet20.svg"
    )
