"""`ogive new`: what a file starts with."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

import ogive as package
from ogive import files, resources
from ogive.catalogue import declared

ZOO = [name for file in resources.zoo_files() for name in declared(file)]
ENDS = {name for file in resources.zoo_files() for name in (declared(file)[0], declared(file)[-1])}
"""Those of each file that are tried always: what most variants are like, and one that is made by an edit."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "name", [name if name in ENDS else pytest.param(name, marks=pytest.mark.slow) for name in ZOO]
)
def test_from_each_network_of_the_zoo(name: str, ogive: Callable, here: Path):
    ran = ogive("new", "mine.arch", "--from", name)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"wrote mine.arch\n{name}: ")
    theirs, mine = package.load(name), package.load(f"mine.arch:{name}")
    assert mine.name == name
    assert (mine.params, mine.macs) == (theirs.params, theirs.macs)
    text = (here / "mine.arch").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert package.format(text) == text
    kept = declared(here / "mine.arch")
    assert kept[-1] == name
    for before, after in pairwise(kept):  # a variant of a variant
        assert re.search(rf"^variant {after}\b.*\b{before}\b", text, re.MULTILINE)
    assert ogive("check", "mine.arch").code == 0


def test_only_what_is_needed(ogive: Callable, here: Path):
    (here / "all.arch").write_text(
        "# paper\n\n# of Unused\nblock Unused() { relu } # behind\n# of Used\nblock Used(w = width) { conv(w, 3x3) }\n"
        "let width = 4; let other = 5\nlet behind = 6 # not this\n"
        "net N(unit) {\n  input image: 3x8x8\n  unit # inside\n}\nvariant a = N(Used) # mine\nvariant b = N(relu)\n"
        "recipe base { batch 4 }\nrecipe a extends base { epochs 2 }\nrecipe b { epochs 3 }\n# end\n"
    )
    assert ogive("new", "a.arch", "--from", "all.arch:a").code == 0
    assert (here / "a.arch").read_text() == (
        "# paper\n\n# of Used\nblock Used(w = width) { conv(w, 3x3) }\nlet width = 4\n\n"
        "net N(unit) {\n  input image: 3x8x8\n  unit  # inside\n}\n\nvariant a = N(Used)  # mine\n"
        "recipe base { batch 4 }\nrecipe a extends base { epochs 2 }\n"
    )
    assert ogive("new", "b.arch", "--from", "all.arch:b").code == 0
    assert (here / "b.arch").read_text() == (
        "# paper\n\nnet N(unit) {\n  input image: 3x8x8\n  unit  # inside\n}\n\nvariant b = N(relu)\n"
        "recipe b { epochs 3 }\n# end\n"
    )


def test_what_it_uses_must_be_there(ogive: Callable, here: Path):
    (here / "x").mkdir()
    (here / "x" / "parts.arch").write_text("block A() { conv(4, 3x3) }\nblock B() { relu }\n")
    (here / "x" / "n.arch").write_text('use A, B from "parts.arch"\nnet N() {\n  input i: 3x8x8\n  A\n}\n')
    ran = ogive("new", "x/mine.arch", "--from", "x/n.arch")
    assert ran.code == 0, ran.err
    assert (here / "x" / "mine.arch").read_text().startswith('use A from "parts.arch"\n')
    ran = ogive("new", "mine.arch", "--from", "x/n.arch")
    assert ran.code == 1
    assert ran.err.startswith("error[E533]: `x/n.arch` does not work in another place: ")
    (here / "parts.arch").write_text("block A() { conv(5, 3x3) }\n")
    ran = ogive("new", "mine.arch", "--from", "x/n.arch")
    assert "error[E533]: `x/n.arch` would be another net there, since `parts.arch` is another file" in ran.err
    assert not (here / "mine.arch").exists()


@pytest.mark.parametrize(
    "file", ["mynet.arch", "conv.arch", "3d-net v2.arch", "a/ü.arch", "Unit.arch", "if.arch"]
)
def test_from_nothing(file: str, ogive: Callable, here: Path):
    (here / "a").mkdir()
    ran = ogive("new", file)
    assert (ran.code, ran.err) == (0, "")
    text = (here / file).read_text(encoding="utf-8")
    assert package.format(text) == text
    checked = ogive("check", "--strict", file)
    assert (checked.code, checked.out.count("parameters"), checked.err) == (0, 2, "")
    next_command = ran.out.splitlines()[-1].removeprefix("next: ogive summary ")
    assert ogive("summary", next_command).code == 0


def test_nothing_is_overwritten(ogive: Callable, here: Path, monkeypatch: pytest.MonkeyPatch):
    (here / "a.arch").write_text("mine")
    (here / "b.arch").mkdir()
    (here / "c.arch").symlink_to("nowhere")
    for name in ("a.arch", "b.arch", "c.arch"):
        for source in ((), ("--from", "lenet5")):
            ran = ogive("new", name, *source)
            assert ran.code == 1
            assert ran.err.startswith(f"error[E532]: `{name}` exists, and ")
    assert (here / "a.arch").read_text() == "mine"
    assert not (here / "nowhere").exists()
    monkeypatch.setattr("ogive.cli.new._exists", lambda _: False)  # it comes meanwhile
    assert ogive("new", "a.arch").err.startswith("error[E532]")
    assert (here / "a.arch").read_text() == "mine"
    assert sorted(path.name for path in here.iterdir()) == ["a.arch", "b.arch", "c.arch"]


def test_file_systems_without_links(here: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    files.create_atomically(here / "a", "text")
    with pytest.raises(FileExistsError):
        files.create_atomically(here / "a", "other")
    assert [path.name for path in here.iterdir()] == ["a"]
    assert (here / "a").read_text() == "text"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("mine",), "E533", "`ogive new mine.arch`"),
        (("mine.txt", "--from", "lenet5"), "E533", "`ogive new mine.txt.arch --from lenet5`"),
        ((".arch",), "E533", "`ogive new mynet.arch`"),
        (("",), "E533", "`ogive new mynet.arch`"),
        (("x.arch", "--from", "resent50"), "E502", "did you mean `resnet50`?"),
        (("x.arch", "--from", ""), "E502", "the zoo has no network of that name"),
        (("x.arch", "--from", "missing.arch"), "E501", "cannot be read"),
        (("no/x.arch",), "E510", "mkdir -p no"),
        (("x\0.arch",), "E510", "cannot write"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], code: str, said: str, ogive: Callable, here: Path):
    ran = ogive("new", *arguments)
    assert ran.code == (2 if code == "E533" else 1)  # a program never has such a name
    assert f"error[{code}]" in ran.err
    assert said in ran.err
    assert list(here.iterdir()) == []


def test_a_layer_of_a_plugin_that_was_not_given(ogive: Callable, here: Path):
    (here / "swirls.py").write_text(
        "from dataclasses import dataclass\n"
        "from ogive.layers.act import ReLU\n\n\n"
        "@dataclass(frozen=True)\n"
        "class Swirl(ReLU):\n"
        '    """An activation."""\n\n'
        '    kind = "swirl"\n',
        encoding="utf-8",
    )
    (here / "its.arch").write_text("net A() {\n  input x: 3x8x8\n  swirl\n}\n", encoding="utf-8")
    ran = ogive("new", "mine.arch", "--from", "its.arch")
    assert ran.code == 1
    assert "error[E101]" in ran.err
    assert "`--plugin FILE.py`" in ran.err
    assert not (here / "mine.arch").exists()
    with_it = ogive("new", "mine.arch", "--from", "its.arch", "--plugin", "swirls.py")
    assert (with_it.code, with_it.err) == (0, "")
    other = (here / "its.arch").read_text(encoding="utf-8").replace("swirl", "swirls")
    (here / "its.arch").write_text(other, encoding="utf-8")
    ran = ogive("new", "other.arch", "--from", "its.arch", "--plugin", "swirls.py")
    assert (ran.code, "--plugin" in ran.err) == (1, False)


def test_edits_become_a_variant_of_the_file(ogive: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    ran = ogive(
        "new", "mine.arch", "--from", "resnet18", "--edit", "remove bn", "--edit", "replace relu with gelu"
    )
    assert (ran.code, ran.err) == (0, "")
    kinds = {node.layer.kind for node in package.load("mine.arch:resnet18_edited").ir}
    assert "gelu" in kinds
    assert not kinds & {"bn", "relu"}


def test_edits_need_a_network_and_something_to_edit(
    ogive: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert ogive("new", "mine.arch", "--edit", "remove bn").code == 2
    ran = ogive("new", "mine.arch", "--from", "resnet18", "--edit", "remove lrn")
    assert ran.code == 1
    assert "E311" in ran.err + ran.out
    assert not Path("mine.arch").exists()
