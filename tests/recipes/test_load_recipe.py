"""`ogive.load_recipe`: where a recipe is looked for, and what is said when it is nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

import ogive
from ogive.diagnostics import ArchError, Diagnostic
from ogive.loading import load_recipe
from ogive.reading import read_file

NET = "net N() { input image: 3x8x8; conv(8, 3x3) }\n"
MINE = f"""\
use "base.arch"
use slow as crawl from "other.arch"
{NET}recipe fast extends base {{ epochs 30 }}
recipe alexnet {{ epochs 1 }}
recipe broken {{ batch 0 }}
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "base.arch").write_text("recipe base { epochs 90; batch 128 }\n")
    (tmp_path / "other.arch").write_text("recipe slow { epochs 300 }\nrecipe hidden { epochs 2 }\n")
    path = tmp_path / "mine.arch"
    path.write_text(MINE)
    return path


def refused(name: str, target: object = None) -> Diagnostic:
    with pytest.raises(ArchError) as caught:
        load_recipe(name, target)  # pyright: ignore[reportArgumentType]
    (found,) = caught.value.diagnostics
    return found


def test_the_files_of_the_net_come_before_the_zoo(mine: Path) -> None:
    program = read_file(mine)
    assert load_recipe("alexnet", program).value("epochs") == 1
    assert load_recipe("alexnet").value("epochs") == 90
    assert (load_recipe("fast", program).value("epochs"), load_recipe("fast", program).value("batch")) == (
        30,
        128,
    )
    assert load_recipe("base", program).value("epochs") == 90
    assert load_recipe("crawl", program).value("epochs") == 300
    assert load_recipe("resnet", program).value("batch") == 256
    assert load_recipe("default", program).value("batch") == 64


def test_a_network_stands_for_its_file(mine: Path) -> None:
    net = ogive.load(mine)
    assert ogive.load_recipe("alexnet", net).value("epochs") == 1
    assert ogive.load_recipe("alexnet", ogive.load("alexnet")).value("epochs") == 90


def test_recipes_of_a_file_by_its_path(mine: Path) -> None:
    assert load_recipe(f"{mine}:fast").value("batch") == 128
    assert load_recipe(mine.with_name("base.arch")).name == "base"
    assert load_recipe(f"{mine}:alexnet", read_file(mine.with_name("base.arch"))).value("epochs") == 1
    several = refused(str(mine))
    assert (several.code, several.help) == ("E321", f"`{mine}:fast`")
    assert several.message == f"{mine} has 3 recipes: name one"
    wrong = refused(f"{mine}:fats")
    assert (wrong.code, wrong.help) == ("E321", f"did you mean `{mine}:fast`?")
    empty = mine.with_name("empty.arch")
    empty.write_text(NET)
    assert refused(str(empty)).message == f"{empty} has no recipe"
    assert refused("nowhere.arch").code == "E501"
    assert refused("nowhere:fast").code == "E501"


def test_one_that_there_is_not(mine: Path) -> None:
    program = read_file(mine)
    found = refused("fats", program)
    assert found.code == "E321"
    assert found.message == f"neither {mine} nor the zoo has a recipe called `fats`"
    assert found.help == "did you mean `fast`?"
    assert refused("hidden", program).code == "E321"
    assert refused("resnt").help == "did you mean `resnet`?"
    assert refused("defualt").help == "did you mean `default`?"
    assert refused("qqqqqq").message == "the zoo has no recipe called `qqqqqq`"


def test_what_is_wrong_with_another_is_no_matter(mine: Path) -> None:
    program = read_file(mine)
    assert refused("broken", program).code == "E108"
    assert load_recipe("fast", program).name == "fast"


def test_what_is_no_name() -> None:
    with pytest.raises(TypeError, match="name is"):
        load_recipe(3)  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match="target is a Network"):
        load_recipe("resnet", "resnet50")  # pyright: ignore[reportArgumentType]
    assert refused("").code == "E321"
