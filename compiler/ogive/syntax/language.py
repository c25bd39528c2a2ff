"""`language 1`: the version of the language that a file was written for."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.diagnostics import Diagnostic, Fix, Label
from ogive.syntax import ast
from ogive.version import LANGUAGE, OLDEST_LANGUAGE, __version__


def check_language(items: Sequence[ast.Item]) -> list[Diagnostic]:
    """What is wrong with the statement: it stands first, once, and names a version that is read here."""
    stated = [item for item in items if isinstance(item, ast.Language)]
    found: list[Diagnostic] = []
    for item in stated:
        if item is not stated[0]:
            labels = (Label(item.span, "again here"), Label(stated[0].span, "first here"))
            found.append(
                Diagnostic(
                    "E018", "`language` is stated twice", labels, help="a file is written for one version"
                )
            )
        elif item is not items[0]:
            labels = (Label(item.span, "not the first item"), Label(items[0].span, "stands before it"))
            help_ = f"move `{item.span.text}` to the top of the file"
            found.append(Diagnostic("E018", "`language` is the first item of a file", labels, help=help_))
        problem = _unread(item)
        if problem is not None:
            found.append(problem)
    return found


def is_newer(items: Sequence[ast.Item]) -> bool:
    """Whether a file says that it was written for a later version: other mistakes in it then say nothing."""
    return any(
        isinstance(item, ast.Language)
        and isinstance(item.version.value, int)
        and item.version.value > LANGUAGE
        for item in items
    )


def _unread(item: ast.Language) -> Diagnostic | None:
    version = item.version.value
    known = (
        f"language {LANGUAGE}"
        if OLDEST_LANGUAGE == LANGUAGE
        else f"languages {OLDEST_LANGUAGE} to {LANGUAGE}"
    )
    if not isinstance(version, int):
        message = f"a version of the language is a whole number, and this is {item.version.span.text}"
        label = Label(item.version.span, "not a whole number")
        return Diagnostic("E018", message, (label,), help=f"`language {LANGUAGE}`")
    if version > LANGUAGE:
        message = f"this file is written for language {version}, and this ogive ({__version__}) reads {known}"
        label = Label(item.version.span, "newer than this ogive")
        help_ = "it needs a newer ogive: install the current version"
        return Diagnostic("E018", message, (label,), help=help_)
    if version < OLDEST_LANGUAGE:
        message = f"there is no language {version}: this ogive ({__version__}) reads {known}"
        label = Label(item.version.span, "no such version")
        fix = Fix(item.version.span, str(LANGUAGE))
        return Diagnostic("E018", message, (label,), help=f"`language {LANGUAGE}`", fix=fix)
    return None
