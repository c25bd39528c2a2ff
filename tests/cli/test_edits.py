"""`--edit`, on every command that takes a target."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import ogive as package

TINY = """\
net Tiny(classes = 10) {
  input image: 1x8x8
  stage stem { conv(4, 3x3) -> relu }
  flatten -> linear(classes)
}
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.arch"
    path.write_text(TINY, encoding="utf-8")
    return path


def test_check(ogive: Callable, tiny: Path):
    plain = ogive("check", tiny).out
    assert ogive("check", tiny, "--edit", "insert bn after relu").out == plain.replace("1.49 k", "1.50 k")
    ran = ogive("check", tiny, "--json", "--edit", "set conv(kernel_size = 1x1)", "--edit", "remove relu")
    assert ran.code == 0
    assert json.loads(ran.out)["results"][0]["params"] == 4 + 4 + 4 * 64 * 10 + 10


def test_several_edits_in_one_option(ogive: Callable, tiny: Path):
    ran = ogive("compile", tiny, "--edit", "insert bn before relu; replace relu with silu")
    assert ran.code == 0
    assert "F.silu(self.bn1(self.conv1(x))" in ran.out
    assert "with these edits:\n    insert bn before relu\n    replace relu with silu\n" in ran.out


def test_edits_and_settings(ogive: Callable, tiny: Path):
    ran = ogive("compile", tiny, "--set", "classes=3", "--input", "1x10x10", "--edit", "remove relu")
    assert "nn.Linear(256, 3)" in ran.out


def test_summary_and_draw(ogive: Callable, tiny: Path, tmp_path: Path):
    edit = ("--edit", 'insert bn before relu in "st*"')
    assert "stem.bn1" in ogive("summary", tiny, "--depth", "9", *edit).out
    assert ogive("draw", tiny, "-o", tmp_path / "t.dot", *edit).code == 0
    assert "BN" in (tmp_path / "t.dot").read_text(encoding="utf-8")


def test_show_ends_in_a_variant_that_says_the_same(ogive: Callable, tiny: Path):
    edits = ("--set", "classes=3", "--edit", "insert bn before relu; set conv(3x3, kernel_size = 5x5)")
    text = ogive("show", tiny, *edits).out
    assert text.startswith(TINY)
    made = package.loads(text, "Tiny_edited")
    assert (
        made.params
        == package.load(tiny, classes=3, edits=["insert bn before relu", "set conv(kernel_size = 5)"]).params
    )
    assert ogive("show", tiny, "--edit", "remove relu").out != TINY
    assert ogive("show", tiny).out == TINY


def test_what_is_wrong_in_an_edit(ogive: Callable, tiny: Path):
    for edit, code in [
        ("insert bn befor relu", "E001"), ("remove", "E001"), ("", "E001"), ("remove lrn", "E311"),
        ("remove lrm", "E310"), ('remove relu in "head"', "E312"), ("remove conv(9x9)", "E313"),
        ("set relu(p = 1)", "E103"), ("let k = 3", "E013"),
    ]:  # fmt: skip
        ran = ogive("check", tiny, "--edit", edit)
        assert ran.code == 1, edit
        assert f"error[{code}]" in ran.err, edit
        assert "Traceback" not in ran.err


def test_mistakes_of_several_edits_are_told_together(ogive: Callable, tiny: Path):
    ran = ogive("check", tiny, "--edit", "remove lrn", "--edit", "remove conv(9x9)")
    assert ran.err.count("error[") == 2
    ran = ogive("check", tiny, "--edit", "remov lrn", "--edit", "insert bn")
    assert ran.err.count("error[") == 2


def test_a_run_remembers_its_edits(ogive: Callable, tmp_path: Path):
    arguments = ("--epochs", "1", "--batch", "512", "--out", tmp_path / "run", "--device", "cpu")
    ran = ogive(
        "train",
        "lenet5",
        *arguments,
        "--edit",
        "replace tanh with relu; insert bn before relu",
        "--set",
        "classes=10",
    )
    assert ran.code == 0, ran.err
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert record["target"]["set"] == {"classes": "10"}
    assert record["target"]["edits"] == ["replace tanh with relu", "insert bn before relu"]
