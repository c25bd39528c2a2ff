"""The Pygments lexer, for `pygmentize -l arch`, Sphinx, MkDocs, minted and this project's own documentation.

It is found by Pygments through the entry point `pygments.lexers` of the package.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    _TokenType,  # pyright: ignore[reportPrivateUsage] - the type of all of these
)

from ogive.editors.rules import ESCAPE, Rule, rules

TOKENS: dict[str, _TokenType] = {
    "comment": Comment.Single, "string": String.Double, "escape": String.Escape,
    "interpolation": String.Interpol, "definition": Keyword.Declaration, "defined": Name.Class,
    "statement": Keyword, "setting": Keyword, "control": Keyword, "word": Keyword.Pseudo,
    "layer": Name.Builtin, "function": Name.Function, "constant": Keyword.Constant,
    "reserved": Name.Builtin.Pseudo, "type": Keyword.Type, "argument": Name.Attribute,
    "property": Name.Property, "kernel": Number.Integer, "number": Number, "unknown": Name.Variable,
    "arrow": Operator, "operator": Operator, "punctuation": Punctuation, "name": Name, "space": Text,
}  # fmt: skip
"""What Pygments calls each role."""


def _token(rule: Rule) -> Any:
    return TOKENS[rule.roles[0]] if len(rule.roles) == 1 else bygroups(*(TOKENS[role] for role in rule.roles))


class ArchLexer(RegexLexer):
    """`.arch` programs."""

    name = "arch"
    aliases: ClassVar[Sequence[str]] = ["arch", "ogive"]
    filenames: ClassVar[Sequence[str]] = ["*.arch"]
    mimetypes: ClassVar[Sequence[str]] = ["text/x-arch"]
    version_added = ""
    flags = re.MULTILINE

    _code: ClassVar[list[Any]] = [(rule.pattern, _token(rule)) for rule in rules()]
    tokens: ClassVar[dict[str, Any]] = {
        "root": [
            (r'"', String.Double, "string"),
            *_code,
            (r"\n|[ \t\r\f]+", Text),  # no indentation together with the newline before it
        ],
        "string": [
            (ESCAPE.pattern, String.Escape),
            (r"\{", String.Interpol, "interpolation"),
            (r'"|$', String.Double, "#pop"),
            (r'[^"\\{\n]+', String.Double),
            (r".", String.Double),
        ],
        "interpolation": [
            (r"\}", String.Interpol, "#pop"),
            (r'(?=["\n])', String.Double, "#pop"),
            *_code,
            (r"[ \t]+", Text),
        ],
    }
