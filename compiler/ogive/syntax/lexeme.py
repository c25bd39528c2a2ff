"""What the lexer hands to the parser: a typed piece of the text that knows where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ogive.source import Span

OPENERS = {"LBRACE": "RBRACE", "LPAR": "RPAR", "LSQB": "RSQB", "STRING_BEGIN": "STRING_END"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}
SIGNS = {"LBRACE": "{", "RBRACE": "}", "LPAR": "(", "RPAR": ")", "LSQB": "[", "RSQB": "]"}

ITEM_WORDS = {
    "BLOCK": "block", "NET": "net", "VARIANT": "variant", "LET": "let", "USE": "use", "RECIPE": "recipe",
    "LANGUAGE": "language",
}  # fmt: skip
EDIT_WORDS = {"INSERT": "insert", "REMOVE": "remove", "REPLACE": "replace", "SET": "set"}
STATEMENT_WORDS = {
    "LET": "let", "SHARE": "share", "INPUT": "input", "OUTPUT": "output", "STAGE": "stage",
    "REPEAT": "repeat", "FOR": "for", "IF": "if", "DEFAULT": "default", **EDIT_WORDS,
    "ASSERT": "assert", "LABEL": "label",
}  # fmt: skip
HARD_KEYWORDS = {
    "IF": "if", "ELSE": "else", "AND": "and", "OR": "or", "NOT": "not", "AS": "as", "TRUE": "true",
    "FALSE": "false", "NONE": "none",
}  # fmt: skip
OTHER_CONSTANTS = {"True": "true", "False": "false", "None": "none"}
"""What Python calls our constants."""
SUFFIXES = {"k": 10**3, "M": 10**6, "G": 10**9}
"""What may stand right behind a number, and what it is multiplied with."""


@dataclass(slots=True)
class Lexeme:
    """A token, in the shape that Lark's LALR parser asks for (`type`) and the tree builder too (`span`).

    `value` is the text, or what a literal means: the int of `64k`, the sizes of `3x3`, the text of a string.
    `depth` counts the brackets around it; `boundary` says that a statement may begin behind it (a separator,
    the `{` of a body, the `|` of a branch). Both are set by the postlex.
    """

    type: str
    value: Any
    span: Span
    depth: int = 0
    boundary: bool = False


def text_of(lexemes: Sequence[Lexeme]) -> str:
    """The text from the first to the last of them."""
    return lexemes[0].span.to(lexemes[-1].span).text if lexemes else ""
