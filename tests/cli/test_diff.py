"""`ogive diff`: what docs/diff.md says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.schema import validate

PAGE = (Path(__file__).parents[2] / "docs" / "diff.md").read_text(encoding="utf-8")
(SCHEMA_TEXT,) = re.findall(r"^```json schema\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SHOWN = re.findall(r"^```console\n\$ ogive (diff [^\n]*)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SCHEMA = json.loads(SCHEMA_TEXT)
TINY = "net Tiny(classes = 10) {{\n  input image: 1x8x8\n  conv(4, 3x3) -> {} -> flatten -> linear(classes)\n}}\n"


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two versions of a file."""
    paths = tmp_path / "old.arch", tmp_path / "new.arch"
    for path, act in zip(paths, ("relu", "gelu"), strict=True):
        path.write_text(TINY.format(act), encoding="utf-8")
    return paths


def document(ogive: Callable, *arguments: object) -> dict[str, Any]:
    ran = ogive("diff", "--json", *arguments)
    assert (ran.code, ran.err) == (0, "")
    found = json.loads(ran.out)
    validate(found, SCHEMA)
    return found


def names(ogive: Callable, *arguments: object) -> list[str]:
    """What the table calls the two networks."""
    ran = ogive("diff", *arguments)
    assert (ran.code, ran.err) == (0, "")
    return ran.out.split("\n")[0].split(":  ")[0].rpartition(":")[0].split(" → ")


@pytest.mark.parametrize(("command", "text"), SHOWN, ids=[command for command, _ in SHOWN])
def test_the_examples_of_the_page(command: str, text: str, ogive: Callable):
    words = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", command)]
    ran = ogive(*words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == text if "…\n" not in text else ran.out.startswith(text.partition("…\n")[0])


def test_files(two: tuple[Path, Path], ogive: Callable):
    ran = ogive("diff", *two)
    assert ran.code == 0
    assert f"{two[0]} → {two[1]}: 1 layer changed\n\n~ relu → gelu\n    gelu1\n" in ran.out
    assert f"    {two[0]}:3 → {two[1]}:3\n" in ran.out


def test_settings_apply_to_the_second(ogive: Callable):
    assert names(ogive, "lenet5", "--set", "classes=3") == ["lenet5", "lenet5, with other settings"]
    found = document(ogive, "vgg11", "vgg13", "--set", "classes=10", "--edit", "remove dropout")
    assert (found["a"]["set"], found["a"]["edits"]) == ([], [])
    assert (found["b"]["set"], found["b"]["edits"]) == (["classes"], ["remove dropout"])
    shapes = next(total for total in found["totals"] if total["name"] == "output")
    assert (shapes["a"], shapes["b"]) == ("1000", "10")


def test_or_to_both(ogive: Callable):
    found = document(ogive, "vgg11", "vgg13", "--both", "--input", "3x64x64")
    shapes = next(total for total in found["totals"] if total["name"] == "input")
    assert (shapes["a"], shapes["b"]) == ("3x64x64", "3x64x64")
    assert found["a"]["input"] == found["b"]["input"] == [3, 64, 64]
    assert {change["kind"] for change in found["changes"]} == {"added"}


def test_the_same(two: tuple[Path, Path], ogive: Callable):
    assert ogive("diff", two[0], two[0]).out == "Tiny → Tiny: no difference\n"
    assert ogive("diff", "resnet34", "resnet34_b").out == "resnet34 → resnet34_b: no difference\n"
    assert document(ogive, "lenet5", "lenet5")["same"] is True


@pytest.mark.parametrize(("b", "code"), [("resnet34_b", 0), ("resnet18", 1)])
def test_exit_code(b: str, code: int, ogive: Callable):
    assert ogive("diff", "resnet34", b).code == 0
    assert ogive("diff", "resnet34", b, "--exit-code").code == code
    assert ogive("diff", "resnet34", b, "--exit-code", "--json").code == code


def test_json(ogive: Callable):
    found = document(ogive, "resnet50", "resnet101")
    assert (found["version"], found["same"], found["b"]["target"]) == (1, False, "resnet101")
    (group,) = found["groups"]
    assert (group["title"], group["count"]) == ("conv4: 6 → 23 Bottleneck", 17)
    first = found["changes"][0]
    assert (first["kind"], first["a"], first["b"]["path"]) == ("added", None, "conv4.bottleneck7")
    assert (first["b"]["file"], len(first["b"]["layers"])) == ("resnet.arch", 10)


@pytest.mark.parametrize(
    "pair", [("googlenet", "bn_inception"), ("transformer_encoder", "unet")], ids=" ".join
)
def test_json_is_as_the_page_says(pair: tuple[str, str], ogive: Callable):
    assert document(ogive, *pair)["changes"]


def test_nothing_to_compare_with(ogive: Callable):
    ran = ogive("diff", "lenet5")
    assert ran.code == 2
    assert ran.err == (
        "error[E585]: nothing to compare `lenet5` with: there is no second network, and nothing to change\n"
        "  = help: name a second network, or say what to change: `ogive diff lenet5 --edit 'remove bn'`\n"
    )
    ran = ogive("diff", "lenet5", "--both", "--edit", "remove tanh")
    assert (ran.code, ran.out) == (2, "")
    assert "E585" in ran.err
    assert "A and B would be the same" in ran.err


def test_mistakes_are_those_of_either(two: tuple[Path, Path], ogive: Callable):
    two[1].write_text("net A() {\n  input x: 1x8x8\n  conw(3)\n}\n", encoding="utf-8")
    for pair in (two, two[::-1]):
        ran = ogive("diff", *pair, "--exit-code")
        assert (ran.code, ran.out) == (1, "")
        assert "E101" in ran.err
    assert "E502" in ogive("diff", "lenet5", "nothing_of_that_name").err


def test_a_warning_is_said_once(tmp_path: Path, ogive: Callable):
    path = tmp_path / "net.arch"
    path.write_text(
        "net A() {\n  input x: 1x8x8\n  lost = conv(3, 3x3)\n  conv(4, 3x3) -> relu\n}\n", encoding="utf-8"
    )
    ran = ogive("diff", path, "--edit", "replace relu with gelu")
    assert ran.code == 0
    assert ran.err.count("warning[") == 1


@pytest.mark.parametrize("ending", ["svg", "pdf", "png", "dot", "tex"])
def test_figures(ending: str, two: tuple[Path, Path], tmp_path: Path, ogive: Callable):
    path = tmp_path / f"figure.{ending}"
    ran = ogive("diff", *two, "-o", path, "--caption", "--dpi", 72)
    assert ran.code == 0
    begins = {"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG", "dot": b"digraph", "tex": b"%"}
    assert path.read_bytes().startswith(begins[ending])
    assert f"From {two[0]} to {two[1]}: changed relu → gelu." in ran.out
    again = tmp_path / f"again.{ending}"
    assert ogive("diff", *two, "-o", again, "--dpi", 72).code == 0
    assert again.read_bytes() == path.read_bytes()


def test_a_figure_of_an_unknown_kind(tmp_path: Path, ogive: Callable):
    ran = ogive("diff", "lenet5", "resnet18", "-o", tmp_path / "x.gif")
    assert (ran.code, ran.out) == (2, "")
    assert "E513" in ran.err
    assert ogive("diff", "lenet5", "resnet18", "-o", tmp_path / "no" / "x.svg").code == 1


def test_colour(ogive: Callable, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ogive.cli.diff.wants_colour", lambda stream: True)
    out = ogive("diff", "resnet18", "resnet34").out
    assert "\x1b[32m+ Basic ×8: conv2 2 → 3, conv3 2 → 4, conv4 2 → 6, conv5 2 → 3" in out


def test_torch_is_not_loaded(tmp_path: Path):
    import subprocess
    import sys

    program = (
        "import sys; from ogive.cli import run\n"
        f"sys.argv = ['ogive', 'diff', 'resnet18', 'resnet34', '-o', {str(tmp_path / 'x.svg')!r}]\n"
        "try: run()\nfinally: print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("False\n")


@pytest.mark.parametrize("option", [("--dpi", "300"), ("--theme", "grey"), ("--fit", "column")])
def test_options_of_a_figure_need_one(option: tuple[str, str], two: tuple[Path, Path], ogive: Callable):
    ran = ogive("diff", *two, *option)
    assert ran.code == 2
    assert f"{option[0]} is for a figure" in ran.err


def test_only_edits_are_called_so(two: tuple[Path, Path], ogive: Callable):
    def second(*given: str) -> str:
        return ogive("diff", two[0], *given).out.split("\n")[0]

    assert "Tiny, at 1x12x12: " in second("--input", "1x12x12")
    assert "Tiny, with other settings: " in second("--set", "classes=5")
    assert "Tiny, edited: " in second("--edit", "replace relu with gelu")


def test_an_input_is_no_layer(two: tuple[Path, Path], ogive: Callable):
    told = ogive("diff", two[0], "--input", "1x12x12").out.split("\n")[0]
    assert told.endswith(": 1 input changed")


def test_a_figure_says_how_far_it_is_folded(ogive: Callable, tmp_path: Path) -> None:
    given = ("resnet50", "--edit", "replace relu with gelu", "-o", tmp_path / "gelu.dot")
    ran = ogive("diff", *given)
    assert ran.code == 0
    assert ran.err == "note: folded to depth 1 of 2; defined beside it: Bottleneck\n"
