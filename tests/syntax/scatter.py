"""Programs written strangely: the same lexemes with other white space, line ends and comments between them."""

from __future__ import annotations

import random
from collections.abc import Iterator

from ogive.source import SourceFile
from ogive.syntax.format.pieces import spans
from ogive.syntax.parser import read

GOES_ON_AFTER = frozenset({
    "ARROW", "LBRACE", "VBAR", "COMMA", "EQUAL", "COLLECT", "COLON", "ELSE", "PLUS", "MINUS", "STAR", "SLASH",
    "FLOOR", "PERCENT", "POWER", "RANGE", "LESSTHAN", "MORETHAN", "AT_MOST", "AT_LEAST", "EQUALS", "DIFFERS", "AND",
    "OR", "NOT",
})  # fmt: skip
GOES_ON_BEFORE = frozenset({"ARROW", "VBAR", "LBRACE", "RBRACE", "ELSE"})
SIGNS = {"COMMA", "LPAR", "RPAR", "LSQB", "RSQB", "ARROW", "VBAR", "LBRACE", "RBRACE"}


def scattered(text: str, seed: int, density: float = 0.3) -> str:
    """The program with other spaces, line ends and comments where they mean nothing.

    Args:
        text: a program that parses.
        seed: which of them.
        density: how often a line ends, or a comment stands, where it may.
    """
    choose = random.Random(seed)
    parsed, _ = read(SourceFile("t.arch", text))
    assert parsed is not None
    lexemes = [(kind, text[start:end]) for kind, start, end in spans(parsed.lexemes)]
    return "".join(_pieces(lexemes, choose, density))


def _pieces(lexemes: list[tuple[str, str]], choose: random.Random, density: float) -> Iterator[str]:
    open: list[str] = ["LBRACE"]
    before = "NEWLINE"
    for kind, text in lexemes:
        bracket = open.pop() if kind in ("RPAR", "RSQB", "RBRACE") else open[-1]
        free = bracket != "LBRACE" or before in GOES_ON_AFTER or kind in GOES_ON_BEFORE
        if kind in ("NEWLINE", "$END"):
            yield _end(choose, density, kind)
        elif before in ("NEWLINE", "LBRACE") or (free and choose.random() < density):
            yield _space(choose, density) if before != "NEWLINE" else ""
            yield text
        else:
            tight = kind in SIGNS or before in SIGNS
            yield choose.choice(["", " ", "  ", "\t"] if tight else [" ", "  ", "\t "])
            yield text
        if kind in ("LPAR", "LSQB", "LBRACE"):
            open.append(kind)
        before = kind


def _comment(choose: random.Random) -> str:
    return choose.choice(["#", "# a b", "#! x = (", '# "', "#\t-> |  ", "## é 漢"]) + str(
        choose.randrange(10**6)
    )


def _space(choose: random.Random, density: float) -> str:
    """Where a line may end without ending a statement."""
    text = choose.choice(["", " ", "\t"])
    while choose.random() < density:
        text += choose.choice(
            ["\n", "\n\n  ", "\r\n", f" {_comment(choose)}\n", f"\n    {_comment(choose)}\n\n"]
        )
    return f" {text}"


def _end(choose: random.Random, density: float, kind: str) -> str:
    text = choose.choice(["\n", ";", " ;\n", "\n\n\n", f"  {_comment(choose)}\n", f"\n{_comment(choose)}\n"])
    if kind == "$END" and choose.random() < density:
        return text + _comment(choose)
    return text + (_space(choose, density) if choose.random() < density else "")
