"""Every code has a page that explains it, and the examples of the pages do what they say."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from diagnostics.cases import diagnose
from ogive import resources

PACKAGE = Path(resources.__file__).parent
CODE = re.compile(r"[EW]\d{3}")
PAGES = sorted(resources.explanations().glob("*.md"))
# of commands, files, drawings and runs, and of a request for features: no text of a program gives them
WITHOUT_EXAMPLE = re.compile(r"E118|E5\d\d")
_BLOCK = re.compile(r"^```arch ?(.*)\n((?:.*\n)*?)```$", re.MULTILINE)


def codes_in_use() -> set[str]:
    """All codes that stand as a string of their own somewhere in the package."""
    return {
        node.value
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    }


def test_there_are_codes():
    assert {"E001", "E101", "E201", "E301", "E401", "E501", "W001"} <= codes_in_use()


def test_every_code_has_a_page_and_every_page_a_code():
    assert {path.stem for path in PAGES} == codes_in_use()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page(path: Path):
    text = path.read_text(encoding="utf-8")
    title, blank, first, *_ = text.split("\n")
    assert re.fullmatch(rf"# {path.stem}: \S.*[^.]", title), (
        "the title is `# CODE: Title`, without a full stop"
    )
    assert not blank
    assert first, "an explanation follows the title"
    examples = _BLOCK.findall(text)
    if WITHOUT_EXAMPLE.fullmatch(path.stem):
        assert not examples
        return
    (words, before), (after_words, after) = examples
    assert {d.code for d in diagnose(before, words)} == {path.stem}, "the first example gives this code alone"
    assert not diagnose(after, after_words), "the second example is accepted, without a doubt"
