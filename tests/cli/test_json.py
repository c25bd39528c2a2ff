"""`ogive check --json`: what docs/check-json.md says, on whatever is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.schema import validate

from diagnostics.cases import all_cases

PAGE = (Path(__file__).parents[2] / "docs" / "check-json.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
(SCHEMA_TEXT,) = re.findall(r"^```json schema\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SCHEMA = json.loads(SCHEMA_TEXT)


def checked(ogive: Callable, *arguments: object) -> dict[str, Any]:
    ran = ogive("check", "--json", *arguments)
    document = json.loads(ran.out)
    validate(document, SCHEMA)
    assert document["ok"] is (ran.code == 0)
    return document


def test_the_validator_refuses():
    document = json.loads(EXAMPLE)
    validate(document, SCHEMA)
    for change in ({"ok": "yes"}, {"version": 2}, {"extra": 1}, {"results": [{}]}):
        with pytest.raises(AssertionError):
            validate({**document, **change}, SCHEMA)


def test_the_example_of_the_page(ogive: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("net.arch").write_text("net A() {\n  input image: 3x8x8\n  conv(8, 3 x 3)\n}\n", encoding="utf-8")
    shown = json.loads(EXAMPLE)
    assert checked(ogive, "net.arch") == {**shown, "ogive": checked(ogive, "lenet5")["ogive"]}


def test_several_targets(ogive: Callable, tmp_path: Path):
    good, bad = tmp_path / "good.arch", tmp_path / "bad.arch"
    good.write_text(
        "net Tiny(n) {\n  input image: 1x8x8\n  conv(n, 3x3)\n}\nvariant a = Tiny(2)\n", encoding="utf-8"
    )
    bad.write_text("net A() {\n  input x: 1x8x8\n  conw(3)\n}\n", encoding="utf-8")
    document = checked(ogive, good, bad, "lenet5", "nothing_of_that_name")
    first, second, third, fourth = document["results"]
    assert (first["ok"], first["name"], first["params"], first["diagnostics"]) == (True, "a", 20, [])
    assert first["inputs"] == [{"name": "image", "shape": [1, 8, 8], "dtype": "float"}]
    assert (second["ok"], second["name"], second["diagnostics"]) == (False, None, [0])
    assert third["params"] == 61_706
    assert (fourth["ok"], fourth["diagnostics"]) == (False, [1])
    wrong, unknown = document["diagnostics"]
    assert wrong["range"] == {"start": {"line": 2, "character": 2}, "end": {"line": 2, "character": 6}}
    assert (wrong["file"], wrong["fixes"][0]["safe"]) == (str(bad), False)
    assert wrong["fixes"][0]["edits"][0]["newText"] == "conv"
    assert (unknown["code"], unknown["file"], unknown["range"]) == ("E502", None, None)


def test_variants_share_a_diagnostic(ogive: Callable, tmp_path: Path):
    path = tmp_path / "net.arch"
    path.write_text(
        "net A(n) {\n  input x: 1x8x8\n  conv(n, 30x30)\n}\nvariant a = A(1)\nvariant b = A(2)\n",
        encoding="utf-8",
    )
    document = checked(ogive, path, f"{path}:a")
    assert len(document["diagnostics"]) == 1
    assert {tuple(result["diagnostics"]) for result in document["results"]} == {(0,)}


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_ranges_are_those_of_an_editor(ogive: Callable, tmp_path: Path, ending: str, mark: str):
    """A character outside of the basic plane is two UTF-16 units, and one of an offset."""
    line = 'stage "\N{CLAPPER BOARD}\u00e9" { conv(8, 3 x 3) }'
    path = tmp_path / "net.arch"
    path.write_bytes((mark + ending.join(["net A() {", "input x: 3x8x8", line, "}", ""])).encode())
    (diagnostic,) = checked(ogive, path)["diagnostics"]
    units = line.encode("utf-16-le")
    start, end = (diagnostic["range"][key] for key in ("start", "end"))
    assert start["line"] == end["line"] == 2
    assert units[2 * start["character"] : 2 * end["character"]].decode("utf-16-le") == "3 x 3"
    text = f"net A() {{\ninput x: 3x8x8\n{line}"
    assert text[diagnostic["offsets"]["start"] : diagnostic["offsets"]["end"]] == "3 x 3"
    assert diagnostic["fixes"][0]["edits"][0]["range"] == diagnostic["range"]


def test_budgets(ogive: Callable, tmp_path: Path):
    path = tmp_path / "net.arch"
    path.write_text(
        "net A() {\n  input x: 3x8x8\n  conv(4, 3x3)\n  assert params < 1k\n  assert macs < 1M\n"
        "  assert out.shape == [4, 6, 6]\n}\n",
        encoding="utf-8",
    )
    (result,) = checked(ogive, path)["results"]
    assert [budget["holds"] for budget in result["budgets"]] == [True] * 3
    assert result["budgets"][0]["params"] == 112


def test_doubts_are_in_it(ogive: Callable, tmp_path: Path):
    path = tmp_path / "net.arch"
    path.write_text("net A() {\n  input x: 3x8x8\n  spare = conv(8, 3x3)\n  relu\n}\n", encoding="utf-8")
    plain, strict = checked(ogive, path), checked(ogive, path, "--strict")
    assert (plain["ok"], strict["ok"]) == (True, False)
    assert [d["severity"] for d in plain["diagnostics"]] == ["warning"]
    assert plain["results"][0]["diagnostics"] == [0]


def test_unknown_sizes_are_texts(ogive: Callable, tmp_path: Path):
    path = tmp_path / "net.arch"
    path.write_text("net A() {\n  input x: [3, ?h, ?w]\n  conv(4, 3x3, padding = 1)\n}\n", encoding="utf-8")
    (result,) = checked(ogive, path)["results"]
    assert result["inputs"][0]["shape"] == [3, "h", "w"]
    assert isinstance(result["macs"], str)
    assert result["params"] == 112


CASES = [case for case in all_cases() if not any("python" in words for words, _ in case.sources)]


@pytest.mark.parametrize("part", range(8))
def test_every_diagnostic_there_is(ogive: Callable, tmp_path: Path, part: int):
    """The cases of all diagnostics, each in a file, in a few documents; the fixes are inside of the text."""
    files = []
    for number, case in enumerate(CASES[part::8]):
        for inner, (_, text) in enumerate(case.sources):
            files.append(tmp_path / f"{number}-{inner}.arch")
            files[-1].write_text(text, encoding="utf-8")
    document = checked(ogive, *files)
    texts = {str(path): path.read_text(encoding="utf-8") for path in files}
    for diagnostic in document["diagnostics"]:
        for fix in diagnostic["fixes"]:
            for edit in fix["edits"]:
                old = texts[edit["file"]][edit["offsets"]["start"] : edit["offsets"]["end"]]
                assert old != edit["newText"]
                assert fix["title"].startswith(("Write `", "Insert `", "Remove `"))
