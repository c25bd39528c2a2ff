"""Every file of the zoo has the form that `ogive list` and docs/zoo.md read, and can be read on one screen."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import ogive
from ogive import resources
from ogive.catalogue import declared, zoo_names
from ogive.reading import read_file
from ogive.syntax import ast
from ogive.zoo.opening import Paper, opening_of

FILES = resources.zoo_files()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    opening = opening_of(text)
    assert opening.paper is not None, (
        f'it opens with {opening.first!r}, not with # FAMILY: "TITLE", AUTHORS, YEAR.'
    )
    assert opening.paragraphs, "nothing says what differs between definitions"
    assert 1980 <= opening.paper.year <= 2030
    assert len(text.splitlines()) < 120
    assert [number for number, line in enumerate(text.splitlines(), 1) if len(line) > 120] == [], "too long"
    assert ogive.format(text) == text
    assert not re.search(r"\[memory\]|from memory", text), "a note of the author's"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_found_without_parsing_is_what_there_is(path: Path) -> None:
    tree = read_file(path).tree
    assert declared(path) == [item.name.id for item in tree.named if isinstance(item, ast.Variant)]


def test_names_are_unique_in_the_zoo() -> None:
    assert [name for name, count in Counter(zoo_names()).items() if count > 1] == []


def test_no_variant_is_called_as_a_file_of_another_family() -> None:
    """`ogive new resnet50.arch` beside `resnet50` must not surprise."""
    homes = {name: path.stem for path in FILES for name in declared(path)}
    stems = {path.stem for path in FILES}
    assert {name: home for name, home in homes.items() if name in stems and name != home} == {}


# --------------------------------------------------------------------------- the opening comment


RESNET = Paper("ResNet", "Deep Residual Learning", "He, Zhang, Ren & Sun", 2015)


@pytest.mark.parametrize(
    "text",
    [
        '# ResNet: "Deep Residual Learning", He, Zhang, Ren & Sun, 2015.\n',
        '\n\n# ResNet: "Deep Residual Learning", He, Zhang,\n# Ren & Sun, 2015.\n#\n# More.\nnet N() { }\n',
        '\ufefflanguage 1\n\n#ResNet: "Deep Residual Learning", He, Zhang, Ren & Sun, 2015.',
    ],
)
def test_the_sentence(text: str) -> None:
    assert opening_of(text).paper == RESNET


@pytest.mark.parametrize(
    "text",
    [
        "", "net N() { }\n", "#\n#\n", "# A net of mine.\n", '# "Only a title", 2015.\n',
        '# ResNet: "Deep Residual Learning", He, Zhang, Ren & Sun.\n',
        '# ResNet: "Deep Residual Learning", He, Zhang, Ren & Sun, 2015, figure 5.\n',
        '# ResNet: "Deep Residual Learning", He, Zhang, Ren & Sun, 2015. And more.\n',
        'net N() { }\n# ResNet: "Deep Residual Learning", He, Zhang, Ren & Sun, 2015.\n',
    ],
)  # fmt: skip
def test_another_comment_is_as_good(text: str) -> None:
    opening = opening_of(text)
    assert opening.paper is None
    assert opening.first in text


def test_paragraphs() -> None:
    opening = opening_of(
        "# A first\n#   one.\n#\n#\n# A second:\n#\n#   a  b\n#   c  d\n\n# Of the net.\nnet N() { }\n"
    )
    assert opening.first == "A first one."
    assert opening.paragraphs == (("A second:",), ("  a  b", "  c  d"))
