"""`ogive show --recipe`, and what `ogive check` says about recipes and budgets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

FILE = """\
recipe base { epochs 90; batch 128 }
recipe fast extends base { epochs 30 }
net N(k = 8) { input image: 3x8x8; conv(k, 3x3); assert params < 300 }
variant n = N()
"""
FAST = """\
recipe fast {
  batch   128  # from base
  epochs  30
}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "r.arch"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_one_recipe_of_a_file(ogive: Callable, file: Path):
    ran = ogive("show", "--recipe", "fast", file)
    assert (ran.code, ran.out) == (0, FAST)
    assert ogive("show", f"{file}:n", "--recipe", "fast").out == FAST


def test_all_recipes_of_a_file(ogive: Callable, file: Path):
    base = "recipe base {\n  batch   128\n  epochs  90\n}\n"
    assert ogive("show", "--recipe", file).out == f"{base}\n{FAST}"
    assert ogive("show", file, "--recipe").out == f"{base}\n{FAST}"


def test_a_recipe_of_the_zoo(ogive: Callable):
    ran = ogive("show", "--recipe", "cliquenet_svhn")
    assert ran.code == 0
    assert "epochs     40\n" in ran.out
    assert "# from cliquenet_cifar" in ran.out
    assert ogive("show", "cliquenet_k36_t12", "--recipe", "cliquenet_svhn").out == ran.out


def test_the_zoo_stands_behind_a_file(ogive: Callable, file: Path):
    ran = ogive("show", "--recipe", "cliquenet_svhn", file)
    assert ran.out == ogive("show", "--recipe", "cliquenet_svhn").out
    assert ogive("show", "--recipe", f"{file}:fast").out == FAST


def test_in_full(ogive: Callable, file: Path):
    ran = ogive("show", "--recipe", "default", "--whole")
    assert ran.code == 0
    assert "  accumulate     1 " in ran.out
    assert ran.out.count("# by default\n") == len(ran.out.splitlines()) - 9  # it states seven
    assert "nesterov = false" in ogive("show", "--recipe", "cifar_resnet", "--whole").out
    settings = json.loads(ogive("show", "--recipe", "default", "--whole", "--json").out)[0]["settings"]
    assert {s["name"]: (s["from"], s["line"]) for s in settings}["seed"] == (None, None)
    incomplete = ogive("show", "--recipe", "fast", file, "--whole")
    assert (incomplete.code, "error[E329]" in incomplete.err, incomplete.out) == (1, True, "")
    assert ogive("show", file, "--whole").code == 2


def test_as_json(ogive: Callable, file: Path):
    (recipe,) = json.loads(ogive("show", "--recipe", "fast", file, "--json").out)
    assert (recipe["name"], recipe["extends"]) == ("fast", "base")
    assert [(s["name"], s["values"], s["from"], s["line"]) for s in recipe["settings"]] == [
        ("batch", [128], "base", 1), ("epochs", [30], "fast", 2),
    ]  # fmt: skip


def test_what_cannot_be_shown(ogive: Callable, file: Path):
    wrong = ogive("show", "--recipe", "fst", file)
    assert wrong.code == 1
    assert "E321" in wrong.err
    assert "did you mean `fast`?" in wrong.err
    nowhere = ogive("show", "--recipe", "fast")
    assert (nowhere.code, "the zoo has no recipe called `fast`" in nowhere.err) == (1, True)
    assert ogive("show", "--recipe").code == 2
    assert ogive("show").code == 2
    assert ogive("show", file, "--json").code == 2
    without = ogive("show", "--recipe", "x", "resnet50")
    assert (without.code, "neither resnet.arch nor the zoo has a recipe called `x`" in without.err) == (
        1,
        True,
    )


def test_a_mistake_in_one_recipe_does_not_hide_another(ogive: Callable, file: Path):
    file.write_text(FILE + "recipe broken { batch 0 }\n", encoding="utf-8")
    assert ogive("show", "--recipe", "fast", file).out == FAST
    assert ogive("show", "--recipe", "broken", file).code == 1
    every = ogive("show", "--recipe", file)
    assert (every.code, every.out) == (1, "")
    checked = ogive("check", file)
    assert checked.code == 1
    assert checked.out.startswith("n: 224 parameters")
    assert checked.err.count("error[E108]") == 1


def test_check_and_compile_keep_budgets(ogive: Callable, file: Path):
    (result,) = json.loads(ogive("check", file, "--json").out)["results"]
    assert result["budgets"] == [{"condition": "params < 300", "part": "", "holds": True, "params": 224}]
    for command in ("check", "compile", "train"):
        ran = ogive(command, f"{file}:n", "--set", "k=16")
        assert (ran.code, "error[E404]" in ran.err) == (1, True), command
    assert ogive("check", f"{file}:n", "--edit", "assert macs < 10").code == 1
