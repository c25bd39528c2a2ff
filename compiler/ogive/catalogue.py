"""The names of the zoo: which networks there are, and which one is meant. Nothing is parsed."""

from __future__ import annotations

import re
from fnmatch import translate
from os.path import commonprefix
from pathlib import Path

from ogive import resources
from ogive.diagnostics import did_you_mean
from ogive.given import wrong_type

_SHOWN = 5
"""How many names a help lists; of more it says how to see them."""


def list_models(pattern: str = "*") -> list[str]:
    """The names of the zoo's networks, which `ogive.load` takes: `ogive.list_models("*resnet*")`.

    Args:
        pattern: `*` stands for anything, `?` for one character, `[ab]` for one of these; upper and lower
            case are the same.

    Returns:
        The names in the order of `ogive list`: file by file, each in the order of its text. Empty where
        nothing matches.

    Raises:
        TypeError: the pattern is no str.
    """
    if not isinstance(pattern, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers need not be typed
        raise wrong_type("pattern", "a str, such as '*resnet*'", pattern)
    means = matching(pattern)
    return [name for name in zoo_names() if means.fullmatch(name)]


def matching(pattern: str) -> re.Pattern[str]:
    """What a pattern with `*`, `?` and `[ab]` matches, as a regular expression."""
    return re.compile(translate(pattern), re.IGNORECASE)


def declared(file: Path, kind: str = "variant") -> list[str]:
    """The variants (or the blocks) that a file of the zoo declares, without parsing it.

    One that somebody is editing, or that cannot be read, must not keep the others from being found.
    """
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return re.findall(rf"^{kind}[ \t]+(\w+)", text, re.MULTILINE)


def zoo_names() -> list[str]:
    """The networks of the zoo, file by file, each in the order of its text."""
    return [name for file in resources.zoo_files() for name in declared(file)]


def meant(text: str) -> str:
    """What to do about a text that names no network of the zoo: the one that was probably meant, or how to
    see those whose names have it in them.
    """
    within = _bare(text)
    names = zoo_names() if within else []
    begin = [name for name in names if _bare(name).startswith(within)]
    same = [name for name in names if _bare(name) == within]
    similar = same or begin or [name for name in names if within in _bare(name)]
    guess = similar[0] if len(similar) == 1 else None if similar else did_you_mean(text, names)
    if guess:
        return f"did you mean `{guess}`?"
    if 0 < len(similar) <= _SHOWN:
        return f"the zoo has {', '.join(f'`{name}`' for name in similar)}"
    if begin:
        literal = all(name.startswith(within) for name in similar)
        prefix = within if literal else commonprefix(similar)  # noqa: RUF071 - of characters
        pattern, how = f"{prefix}*", "whose names begin so"
    else:
        pattern, how = f"*{within}*", "that have it in their names"
        similar = [name for name in similar if within in name]
    if not similar:
        return "see `ogive list` for the networks there are"
    return f"`ogive list '{pattern}'` shows the {len(similar)} {how}"


def _bare(name: str) -> str:
    """A name as it is compared: `ResNet-50` as `resnet_50` and `resnet50`."""
    return re.sub(r"[\W_]", "", name).lower()
