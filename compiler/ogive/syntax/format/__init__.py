"""One style for programs: `format_text`, with the proof that it changes nothing but the looks.

    pieces   lexemes and comments -> pieces, each with the comments that hang on it
    build    pieces -> tree: phrases, brackets, braces, and each on one line if it can stand on one
    align    what stands in columns
    layout   tree -> lines

The lexemes stay as they were written, in their order; only the comma behind a last item comes and goes, and
`;` may become the end of a line. So numbers keep their spelling, strings their escapes, and parentheses stay.
"""

from __future__ import annotations

import gc

from ogive.diagnostics import ArchError, Diagnostic
from ogive.given import wrong_type
from ogive.source import SourceFile
from ogive.syntax.format.build import build
from ogive.syntax.format.layout import layout
from ogive.syntax.format.pieces import pieces
from ogive.syntax.format.same import same_comments, same_tree
from ogive.syntax.parser import Parsed, read

__all__ = ["format_text"]


def format_text(text: str, name: str = "<text>") -> str:
    """A program in the one style.

    Before it is given back, it is proven that the new text parses to the same tree, that its comments stand
    between the same neighbours, and that formatting it again changes nothing.

    Args:
        text: a whole `.arch` program.
        name: what diagnostics call it.

    Raises:
        ArchError: the mistakes of syntax; or E531, the proof failed.
        TypeError: the text is no str.
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers need not be typed
        raise wrong_type("text", "a str, a whole program", text)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    enabled = gc.isenabled()
    gc.disable()  # nothing here is garbage before the end
    try:
        return _format(text, name)
    finally:
        if enabled:
            gc.enable()


def _format(text: str, name: str) -> str:
    before = _read(text, name)
    formatted = _lay_out(before)
    if formatted == text:
        return text
    try:
        after = _read(formatted, name)
    except ArchError as error:
        raise _unproven(name, "the new text would not parse") from error
    if not same_tree(before.tree, after.tree):
        raise _unproven(name, "the new text would mean something else")
    if not same_comments(before, after):
        raise _unproven(name, "a comment would move or be lost")
    if _lay_out(after) != formatted:
        raise _unproven(name, "formatting it once more would change it again")
    return formatted


def _lay_out(parsed: Parsed) -> str:
    return layout(*build(pieces(parsed.source, parsed.lexemes, parsed.tree.comments)))


def _read(text: str, name: str) -> Parsed:
    parsed, diagnostics = read(SourceFile(name, text))
    if parsed is None:
        raise ArchError(diagnostics)
    return parsed


def _unproven(name: str, why: str) -> ArchError:
    message = f"{name} was not formatted: {why}"
    help = "nothing was changed; the fault is in `ogive fmt`, so please report the file that it fails on"
    return ArchError([Diagnostic("E531", message, help=help)])
