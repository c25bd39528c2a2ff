"""How `.arch` text is coloured: expressions with a role for each group, the one source of all grammars.

The expressions mean the same to Python's `re` (with MULTILINE) and to the Oniguruma of editors, which look at
one line at a time. A word that is a keyword only at the start of a statement is coloured only there, as far
as one line shows it: behind the line's indentation, `;`, `{` or `|`, before what it takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ogive.editors.vocabulary import Vocabulary, vocabulary

ROLES = (
    "comment", "string", "escape", "interpolation", "definition", "defined", "statement", "setting",
    "control", "word", "layer", "function", "constant", "reserved", "type", "argument", "property",
    "kernel", "number", "unknown", "arrow", "operator", "punctuation", "name", "space",
)  # fmt: skip
"""What a piece of text can be."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern, and a role for each of its groups, which together are the whole match."""

    pattern: str
    roles: tuple[str, ...]


_NAME = r"[^\W\d]\w*"
_LEAD = r"(^[ \t]*|(?<=[;{|])[ \t]*)"
"""Where a statement can begin."""
_VALUE = r'[\w"(\[?-]'
_USES_A_NAME = r"(?:=(?!=)|\+=|->|\.(?!\.)|as\b|[|};#]|$)"
"""What follows where the name of a tensor is meant (`postlex`)."""
_BEGINS = {
    **dict.fromkeys(("NAME", "TRUE", "FALSE", "NONE", "NOT"), r"(?!(?:as|if|else|and|or)\b)[^\W\d]"),
    **dict.fromkeys(("STRING", "STRING_BEGIN"), '"'),
    **dict.fromkeys(("INT", "FLOAT", "KERNEL"), "[0-9]"),
    "LPAR": r"\(", "LSQB": r"\[", "MINUS": "-", "UNKNOWN": r"\?",
}  # fmt: skip
"""The first character of each terminal that may have to follow a word."""
_WITH_BRACKET = {
    "share": rf"\([^()\n]*\)[ \t]*{_NAME}[ \t]*=",
    "insert": r"\([^\n]*\)[ \t]*(?:before|after)\b",
}
"""What shows that a bracket belongs to the word, and that it is no block of that name."""
_BEHIND = {"in": r'["\w(\[-]', "share": r"(?:\{|\(|as\b)"}
"""What follows an inner word; elsewhere it is a value."""

ESCAPE = Rule(r'(\\["\\nt{}])', ("escape",))


def rules() -> tuple[Rule, ...]:
    """Everything outside of strings, in the order in which it is tried. Strings begin and end with `"`, hold
    `ESCAPE`s and, in braces, these rules again.
    """
    v = vocabulary()
    return (
        Rule(f"({v.terminals['COMMENT']})", ("comment",)),
        Rule(
            rf"{_LEAD}({_any(v.definitions)})([ \t]+)({_NAME})", ("space", "definition", "space", "defined")
        ),
        *_statements(v),
        *_inner(v),
        Rule(rf"\b({_any(v.control)})\b", ("control",)),
        Rule(rf"\b({_any(v.constants)})\b", ("constant",)),
        Rule(rf"((?<=[(,])[ \t]*)({_NAME})(?=[ \t]*=(?!=))", ("space", "argument")),
        Rule(
            rf"{_LEAD}({_NAME})([ \t]+)(?=(?!(?:{_any((*v.control, *v.inner))})\b){_VALUE})(?!-)",
            ("space", "setting", "space"),
        ),
        Rule(rf"(:)([ \t]*)({_any(v.types)})\b", ("punctuation", "space", "type")),
        Rule(rf"(?<!\.)(\.)({_NAME})", ("punctuation", "property")),
        Rule(rf"\b({_any(v.reserved)})\b", ("reserved",)),
        Rule(rf"\b({_any(v.words)})\b", ("word",)),
        Rule(rf"\b({_any(v.layers)})\b", ("layer",)),
        Rule(rf"\b({_any((*v.functions, *v.initializers))})\b", ("function",)),
        Rule(f"({v.terminals['KERNEL']})", ("kernel",)),
        Rule(f"({v.terminals['FLOAT']})", ("number",)),
        Rule(f"({v.terminals['INT']})", ("number",)),
        Rule(f"({v.terminals['UNKNOWN']})", ("unknown",)),
        Rule("(->)", ("arrow",)),
        Rule(r"(\*\*|//|\.\.|\+=|[<>=!]=|[-+*/%<>=])", ("operator",)),
        Rule(r"([{}()\[\],:;|])", ("punctuation",)),
        Rule(rf"\b({_NAME})", ("name",)),
    )


def _statements(v: Vocabulary) -> Iterable[Rule]:
    """One rule for all words before which and behind which the same must stand."""
    alike: dict[str, list[str]] = {}
    for word, needs in v.soft.items():
        if needs is None:
            follows = rf"(?![ \t]*{_USES_A_NAME})"
        else:
            # a name is parted from the word by a blank; other things need none
            begins = sorted({_BEGINS[terminal] for terminal in needs})
            own = [_WITH_BRACKET[word]] if word in _WITH_BRACKET else []
            follows = rf"(?=[ \t]*(?:{'|'.join([*begins, *own])}))"
        alike.setdefault(follows, []).append(word)
    for follows, words in alike.items():
        yield Rule(rf"{_LEAD}({_any(words)})\b{follows}", ("space", "statement"))


def _inner(v: Vocabulary) -> Iterable[Rule]:
    for word in v.inner:
        follows = _BEHIND.get(word, r'["\w({\[]')
        yield Rule(rf'((?<=[\w)\]}}"])[ \t]+)({word})\b(?=[ \t]*{follows})', ("space", "statement"))


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
