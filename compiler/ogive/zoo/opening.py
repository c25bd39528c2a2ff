"""The comment that a file opens with: which family of networks it holds, and the paper they come from.

Files of the zoo open with one sentence of a fixed form, which may wrap:

    # ResNet: "Deep Residual Learning for Image Recognition", He, Zhang, Ren & Sun, 2015.
    #
    # What differs between definitions.

Any other comment, and none, is as good in a file of a user's own; it is shown as it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SENTENCE = re.compile(
    r'(?P<family>[^"]+?): "(?P<title>[^"]+)", (?P<authors>[^"]+?), (?P<year>(?:19|20)\d\d)\.', re.ASCII
)
_LANGUAGE = re.compile(r"\s*language[ \t]+\d+[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Paper:
    """Where a family of networks comes from; `year` is the one by which it is cited."""

    family: str
    title: str
    authors: str
    year: int


@dataclass(frozen=True, slots=True)
class Opening:
    """The opening comment of a file.

    Attributes:
        first: its first paragraph, on one line; empty where there is no comment.
        paper: what that paragraph says, where it is a sentence of the fixed form and nothing else.
        paragraphs: those that follow, as their lines, without `# `; further indentation is kept.
    """

    first: str = ""
    paper: Paper | None = None
    paragraphs: tuple[tuple[str, ...], ...] = ()


def opening_of(text: str) -> Opening:
    """Reads the opening comment of a program; nothing is wrong with one of another form.

    Args:
        text: the whole program, or its beginning.
    """
    paragraphs = list(_paragraphs(text))
    if not paragraphs:
        return Opening()
    first = " ".join(line.strip() for line in paragraphs[0])
    said = _SENTENCE.fullmatch(first)
    paper = Paper(said["family"], said["title"], said["authors"], int(said["year"])) if said else None
    return Opening(first, paper, tuple(paragraphs[1:]))


def _paragraphs(text: str) -> list[tuple[str, ...]]:
    """The lines of the opening comment, parted where it has an empty line."""
    text = text.removeprefix("\ufeff")
    if (language := _LANGUAGE.match(text)) is not None:
        text = text[language.end() :]
    found: list[tuple[str, ...]] = []
    lines: list[str] = []
    for line in text.lstrip().splitlines():
        if not line.startswith("#"):
            break
        said = line.lstrip("#").removeprefix(" ").rstrip()
        if said:
            lines.append(said)
        elif lines:
            found.append(tuple(lines))
            lines = []
    return [*found, tuple(lines)] if lines else found
