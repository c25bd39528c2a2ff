"""What callers give from Python, or on a command line: told apart from what cannot be meant, before any work.

A value of the wrong type is a mistake in somebody's Python, and a `TypeError` or a `ValueError` there; what
is wrong in a program is a diagnostic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from operator import index
from os import PathLike, fspath
from typing import SupportsIndex

_SIZES = re.compile(r"[1-9][0-9]{0,8}(x[1-9][0-9]{0,8}){0,4}", re.ASCII)


def wrong_type(name: str, wanted: str, value: object) -> TypeError:
    """The exception that says what an argument is to be: `text is a str, …, not bytes`."""
    return TypeError(f"{name} is {wanted}, not {type(value).__name__}")


def sizes_of(text: str) -> tuple[int, ...] | None:
    """The sizes of `3x320x320`; None where a text is not of that form."""
    return tuple(map(int, text.split("x"))) if _SIZES.fullmatch(text) else None


def as_sizes(value: object) -> tuple[int, ...] | None:
    """`input = (3, 320, 320)`, or `"3x320x320"`, as `--input` takes it; None stays None.

    Raises:
        TypeError: neither sizes nor a text.
        ValueError: a text of another form.
    """
    if value is None:
        return None
    wanted = "the sizes without the batch, (3, 320, 320) or '3x320x320'"
    if isinstance(value, str):
        written = sizes_of(value)
        if written is None:
            raise ValueError(f"input is {wanted}, and {value!r} is no such text")
        return written
    if isinstance(value, bytes) or not isinstance(value, Iterable):
        raise wrong_type("input", wanted, value)
    sizes: list[int] = []
    for size in value:
        if isinstance(size, bool) or not isinstance(size, SupportsIndex):
            raise wrong_type("a size of input", "an int", size)
        sizes.append(index(size))
    return tuple(sizes)


def as_path(name: str, value: object) -> str:
    """A path as text.

    Raises:
        TypeError: neither a str nor a path that is one.
    """
    path = fspath(value) if isinstance(value, str | PathLike) else value
    if not isinstance(path, str):
        raise wrong_type(name, "a str or a path", value)
    return path


def as_edits(value: object) -> tuple[str, ...]:
    """Edits: a sequence of texts, or one text.

    Raises:
        TypeError: it is neither.
    """
    wanted = "a list of str, such as ['remove lrn', 'insert bn before relu']"
    if isinstance(value, str):
        return (value,)
    if isinstance(value, bytes) or not isinstance(value, Iterable):
        raise wrong_type("edits", wanted, value)
    edits = tuple(value)
    for edit in edits:
        if not isinstance(edit, str):
            raise wrong_type("an edit", "a str, such as 'insert bn before relu'", edit)
    return edits
