"""What formatting must not change: the tree up to places, and what each comment stands between."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from ogive.source import Span
from ogive.syntax.parser import Parsed


def same_tree(left: Any, right: Any) -> bool:
    """Whether two trees are equal up to their spans; comments are compared by their text, in order."""
    stack: list[tuple[Any, Any]] = [(left, right)]
    while stack:
        a, b = stack.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, tuple):
            if len(a) != len(b):
                return False
            stack.extend(zip(a, b, strict=True))
        elif isinstance(a, Span):
            continue
        elif is_dataclass(a):
            stack.extend((getattr(a, name), getattr(b, name)) for name in _fields(type(a)))
        elif a != b:
            return False
    return True


@cache
def _fields(node: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(node))


def same_comments(left: Parsed, right: Parsed) -> bool:
    """Whether each comment stands between the same two lexemes, commas and ends of lines aside."""
    return _woven(left) == _woven(right)


def _woven(parsed: Parsed) -> list[str]:
    """Comments and lexemes in one order, as written."""
    places = [
        (lexeme.span.start, 0, lexeme.span.text)
        for lexeme in parsed.lexemes
        if lexeme.type not in ("NEWLINE", "COMMA", "$END")
    ]
    places += [(comment.span.start, 1, comment.text) for comment in parsed.tree.comments]
    return [text for _, _, text in sorted(places)]
