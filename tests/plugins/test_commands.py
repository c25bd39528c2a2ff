"""`--plugin` on every command that takes a network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ogive.cli.main import COMMANDS
from plugins.test_docs import PLUGIN

NET = "net A(classes = 10) {\n  input image: 1x8x8\n  conv(8, 3x3) -> bn -> relu\n  gem -> flatten -> linear(classes)\n}\n"
TAKES_NO_NET = {"list", "explain", "fmt", "plot"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("my_layers.py").write_text(PLUGIN, encoding="utf-8")
    Path("net.arch").write_text(NET, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in TAKES_NO_NET])
def test_every_command_has_the_option(command: str, ogive: Callable):
    assert "--plugin FILE.py" in ogive(command, "--help").out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["check"], "A: 179 parameters"),
        (["check", "--json"], '"params": 179'),
        (["summary"], "gem1"),
        (["compile"], "class GeM(nn.Module):"),
        (["draw", "-o", "net.dot"], ""),
        (["show"], "gem -> flatten"),
        (["check", "--edit", "replace gem with global_avg_pool"], "A: 178 parameters"),
        (["bench", "--rounds", "1"], "forward"),
    ],
)
def test_a_command(folder: Path, ogive: Callable, arguments: list[str], expected: str):
    command, *options = arguments
    without = ogive(command, "net.arch", *options)
    assert without.code == 1
    assert "no layer, block or tensor is called `gem`" in without.out + without.err
    ran = ogive(command, "net.arch", *options, "--plugin", "my_layers.py")
    assert (ran.code, ran.err) == (0, "")
    assert expected in ran.out


def test_the_drawing_has_it(folder: Path, ogive: Callable):
    assert ogive("draw", "net.arch", "--plugin", "my_layers.py", "-o", "net.dot").code == 0
    assert "GeM pool" in Path("net.dot").read_text(encoding="utf-8")


def test_layers_lists_it(folder: Path, ogive: Callable):
    listed = ogive("layers", "--plugin", "my_layers.py").out
    assert re.search(
        r"^Pooling for retrieval\.\n  gem +Generalised-mean pooling .*\n  blur_pool +Anti",
        listed,
        re.MULTILINE,
    )
    page = ogive("layers", "gem", "--plugin", "my_layers.py").out
    assert page.startswith("gem(p = 3.0, eps = 1e-06)\n")
    assert "the exponent at first" in page
    assert "Did you mean 'gem'" in ogive("layers", "gemm", "--plugin", "my_layers.py").err


def test_several_and_the_same_twice(folder: Path, ogive: Callable):
    text = PLUGIN.replace('"gem"', '"gem2"').replace('"blur_pool"', '"blur_pool2"')
    Path("more.py").write_text(text, encoding="utf-8")
    Path("net.arch").write_text(NET.replace("gem ->", "gem -> gem2 ->"), encoding="utf-8")
    options = ("--plugin", "my_layers.py", "--plugin", "more.py", "--plugin", "my_layers.py")
    ran = ogive("check", "net.arch", *options)
    assert (ran.code, ran.err) == (0, "")
    # both bring `class GeM`, with the same text
    assert ogive("compile", "net.arch", *options).out.count("class GeM(nn.Module)") == 1


def test_a_mistake_in_it_ends_without_a_traceback(folder: Path, ogive: Callable):
    Path("my_layers.py").write_text("1 / 0\n", encoding="utf-8")
    ran = ogive("check", "net.arch", "--plugin", "my_layers.py")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error[E541]: the plugin `my_layers.py` cannot be run: ZeroDivisionError")
    assert "Traceback" not in ran.err


def test_a_file_starts_from_a_net_with_it(folder: Path, ogive: Callable):
    assert ogive("new", "mine.arch", "--from", "net.arch").code == 1
    ran = ogive("new", "mine.arch", "--from", "net.arch", "--plugin", "my_layers.py")
    assert ran.code == 0, ran.err
    assert "gem -> flatten" in Path("mine.arch").read_text(encoding="utf-8")


def test_fixes_are_judged_with_it(folder: Path, ogive: Callable):
    Path("net.arch").write_text(NET.replace("3x3", "3 x 3"), encoding="utf-8")
    assert ogive("check", "--fix", "net.arch", "--plugin", "my_layers.py").code == 0
    assert Path("net.arch").read_text(encoding="utf-8") == NET


def test_a_run_records_it(folder: Path, ogive: Callable):
    import hashlib

    ran = ogive("train", "net.arch", "--plugin", "my_layers.py", "--epochs", 1, "--out", "run")
    assert ran.code == 0, ran.err
    record = json.loads(Path("run/run.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(Path("my_layers.py").read_bytes()).hexdigest()
    assert record["target"]["plugins"] == {"my_layers.py": digest}
