"""The last pass before the parser: which newlines separate, which words are keywords, how deep it goes.

- A newline separates statements unless brackets other than braces are open, the line ends with something
  that must go on (`->`, an operator, `,`, `=`, `{`, `|`) or the next begins with something that goes on
  (`->`, `|`, `{`, `}`, `else`).
- `let`, `stage`, `input` … are keywords at the start of a statement, and names where what follows shows that
  a tensor of that name is meant (`stage -> conv(8)`, `input = here`) and everywhere else. Words of a later
  part of a statement (`in` of a `for`, `with` of a `replace`) are keywords behind a value in that statement.
- Brackets and operators together nest at most `DEEPEST` deep, so that later passes may recurse.
"""

from __future__ import annotations

from dataclasses import dataclass

from ogive.diagnostics import Diagnostic, Label
from ogive.syntax.brackets import too_deep
from ogive.syntax.lexeme import CLOSERS, OPENERS, Lexeme
from ogive.syntax.limits import DEEPEST

KEPT_BY_POSTLEX = ("COMMENT", "MALFORMED", "QUOTED", "STRAY")

_NAMES = frozenset({"NAME"})
_TEXTS = frozenset({"STRING", "STRING_BEGIN"})
_VALUES = (
    _NAMES | _TEXTS | {"INT", "FLOAT", "KERNEL", "TRUE", "FALSE", "NONE", "LPAR", "LSQB", "MINUS", "NOT"}
)
SOFT: dict[str, frozenset[str] | None] = {
    **dict.fromkeys(("BLOCK", "NET", "VARIANT", "LET", "INPUT", "OUTPUT", "STAGE", "REPEAT", "FOR")),
    "DEFAULT": None,
    **dict.fromkeys(("REMOVE", "REPLACE", "SET", "RECIPE", "INSERT", "SHARE"), _NAMES),
    "USE": _NAMES | _TEXTS, "LABEL": _TEXTS, "LANGUAGE": frozenset({"INT", "FLOAT"}), "ASSERT": _VALUES,
}  # fmt: skip
"""Words that begin a statement, with what must follow; None: anything but what uses a name."""
INNER: dict[str, frozenset[str]] = {
    "IN": frozenset({"FOR", "INSERT", "REMOVE", "REPLACE", "SET"}), "BEFORE": frozenset({"INSERT"}),
    "AFTER": frozenset({"INSERT"}), "WITH": frozenset({"REPLACE", "VARIANT"}), "FROM": frozenset({"USE"}),
    "EXTENDS": frozenset({"RECIPE"}), "SHARE": frozenset({"REPEAT"}),
}  # fmt: skip
"""Words of a later part of a statement, with the words that begin it."""
_ENDS_VALUE = frozenset({
    "NAME", "INT", "FLOAT", "KERNEL", "STRING", "STRING_END", "TRUE", "FALSE", "NONE", "RPAR", "RSQB",
    "RBRACE", "UNKNOWN",
})  # fmt: skip
_OPERATORS = frozenset({
    "PLUS", "MINUS", "STAR", "SLASH", "FLOOR", "PERCENT", "POWER", "RANGE", "LESSTHAN", "MORETHAN", "AT_MOST",
    "AT_LEAST", "EQUALS", "DIFFERS", "AND", "OR", "NOT",
})  # fmt: skip
_GOES_ON_AFTER = _OPERATORS | {"ARROW", "LBRACE", "VBAR", "COMMA", "EQUAL", "COLLECT", "COLON", "ELSE"}
_GOES_ON_BEFORE = frozenset({"ARROW", "VBAR", "LBRACE", "RBRACE", "ELSE"})
# What shows that a word at the start of a statement is the name of a tensor.
_USES_A_NAME = frozenset({"EQUAL", "COLLECT", "ARROW", "DOT", "AS", "NEWLINE", "VBAR", "RBRACE", "$END"})
_DTYPES = frozenset({"int", "float", "bool"})
_BEGINS_SHAPE = frozenset({"NAME", "LSQB", "KERNEL", "INT", "LPAR", "UNKNOWN"})
# What makes the tree one level deeper without a bracket, and what ends a run of those.
_LINKS = _OPERATORS | {"DOT", "ELSE"}
_ENDS_RUN = frozenset({"COMMA", "ARROW", "NEWLINE", "VBAR", "EQUAL", "COLLECT", "COLON"})


@dataclass(slots=True)
class _Frame:
    """An open bracket: what kind, and how deep the tree inside it is known to be.

    `run` counts the links of the expression or statement at hand, `elses` those that are an `else`; `inner`
    is the deepest bracket in it. `word` is the type of what its present statement begins with; in a recipe
    that is always a name.
    """

    kind: str
    in_recipe: bool = False
    word: str = ""
    run: int = 0
    elses: int = 0
    inner: int = 0
    deepest: int = 0

    def end_run(self) -> int:
        self.deepest = max(self.deepest, self.run + self.inner)
        self.run = self.elses = self.inner = 0
        return self.deepest


def arrange(lexemes: list[Lexeme], end: Lexeme) -> tuple[list[Lexeme], Diagnostic | None]:
    """The lexemes as the grammar wants them, closed by `end`, and a complaint if they nest too deeply.

    The brackets must nest. The lexemes given are changed: their depth is set, and the type of words.
    """
    result: list[Lexeme] = []
    frames = [_Frame("LBRACE")]
    words = _Words(lexemes)
    separator: Lexeme | None = None
    for index, lexeme in enumerate(lexemes):
        frame = frames[-1]
        if lexeme.type == "NEWLINE" and (frame.kind == "LBRACE" or lexeme.value != ";"):
            separator = (separator or lexeme) if frame.kind == "LBRACE" else None
            continue
        if separator is not None:
            goes_on = not result or result[-1].type in _GOES_ON_AFTER or lexeme.type in _GOES_ON_BEFORE
            if not goes_on:
                separator.depth, separator.boundary = len(frames) - 1, True
                result.append(separator)
                frame.end_run()
                words.at_start = True
            separator = None
        words.settle(index, result, frames)
        result.append(lexeme)
        _measure(lexeme, frames)
        words.at_start = lexeme.boundary
        if frames[-1].run + frames[-1].inner > DEEPEST:
            return result, _hangs_together(lexeme, frames[-1])
    end.boundary = True
    result.append(end)
    return result, None


def _hangs_together(lexeme: Lexeme, frame: _Frame) -> Diagnostic:
    """The complaint about links that make the tree too deep: what most of them are."""
    if frame.inner > frame.run:
        return too_deep(lexeme)
    if 3 * frame.elses >= frame.run:  # `else if a == 1` is two links
        message = "too many `else if` follow each other"
        help = "write separate `if` statements, or take the value from a list by its index"
    elif lexeme.type in CLOSERS or lexeme.type == "DOT":
        message = f"more than {DEEPEST} calls, indices and dots hang on each other"
        help = "give the first part a name with `let`"
    else:
        message = f"more than {DEEPEST} operators hang on each other"
        help = "give a part a name with `let`, or write a loop"
    return Diagnostic("E003", message, (Label(lexeme.span, "the limit is reached here"),), help=help)


class _Words:
    """Decides which words are keywords."""

    def __init__(self, lexemes: list[Lexeme]) -> None:
        self.at_start = True
        self._lexemes = lexemes
        self._behind: dict[int, int] = {}

    def settle(self, index: int, before: list[Lexeme], frames: list[_Frame]) -> None:
        """Correct the type of a lexeme, given what the parser gets before it."""
        lexeme, frame = self._lexemes[index], frames[-1]
        if self.at_start:
            if lexeme.type in SOFT and not frame.in_recipe:
                if not self._begins(index, len(frames) > 1):
                    lexeme.type = "NAME"
            elif lexeme.type in SOFT or lexeme.type in INNER:
                lexeme.type = "NAME"
            if frame.kind == "LBRACE":
                frame.word = lexeme.type
        elif lexeme.type in INNER:
            if not self._goes_on(index, before[-1].type, frame):
                lexeme.type = "NAME"
            elif frame.word == "FOR":
                frame.word = ""  # it has one `in`
        elif lexeme.type in SOFT:
            lexeme.type = "NAME"
        elif lexeme.type == "NAME" and lexeme.value in _DTYPES and _behind_input(before):
            lexeme.type = "DTYPE"
        elif lexeme.type == "NAME" and lexeme.value == "tokens" and self._is_layout(index, before):
            lexeme.type = "TOKENS"

    def _is_layout(self, index: int, before: list[Lexeme]) -> bool:
        typed = bool(before) and before[-1].type == "DTYPE"
        behind = before[-4:-1] if typed else before[-3:]
        return _behind_input(behind) and self._type(index + 1) in _BEGINS_SHAPE

    def _type(self, index: int) -> str:
        return self._lexemes[index].type if index < len(self._lexemes) else "$END"

    def _begins(self, index: int, in_body: bool) -> bool:
        """Whether a word at the start of a statement is a keyword."""
        lexeme, following = self._lexemes[index], self._type(index + 1)
        needs = SOFT[lexeme.type]
        if needs is None:
            return not (in_body and following in _USES_A_NAME)
        if following != "LPAR" or lexeme.type not in ("SHARE", "INSERT"):
            return following in needs or ("NAME" in needs and (following in SOFT or following in INNER))
        behind = self._type(self._behind_bracket(index + 1))
        if lexeme.type == "SHARE":  # `share(except = norm) f = …`, or a block of that name
            return behind == "NAME" or behind in SOFT or behind in INNER
        return behind in ("BEFORE", "AFTER")  # `insert (bn if norm else identity) before relu`

    def _behind_bracket(self, index: int) -> int:
        """The index behind the bracket that opens at `index`; all are found in one walk."""
        if not self._behind:
            open: list[int] = []
            for at, lexeme in enumerate(self._lexemes):
                if lexeme.type in OPENERS:
                    open.append(at)
                elif lexeme.type in CLOSERS:
                    self._behind[open.pop()] = at + 1
        return self._behind[index]

    def _goes_on(self, index: int, before: str, frame: _Frame) -> bool:
        """Whether a word inside of a statement is a keyword there."""
        lexeme, following = self._lexemes[index], self._type(index + 1)
        if frame.kind != "LBRACE" or frame.word not in INNER[lexeme.type] or before not in _ENDS_VALUE:
            return False
        match lexeme.type:
            case "IN":
                return before in ("NAME", "RSQB") if frame.word == "FOR" else following in _TEXTS
            case "SHARE":
                while following == "NEWLINE":  # a `{` may begin the next line
                    index += 1
                    following = self._type(index + 1)
                return following in ("LBRACE", "LPAR", "AS")
            case _:
                return True


def _behind_input(before: list[Lexeme]) -> bool:
    return [lexeme.type for lexeme in before[-3:]] == ["INPUT", "NAME", "COLON"]


def _measure(lexeme: Lexeme, frames: list[_Frame]) -> None:
    """Set the depth of a lexeme, and whether a statement may begin behind it; keep the frames."""
    kind = lexeme.type
    if kind in CLOSERS:
        depth = frames.pop().end_run() + 1
        frames[-1].inner = max(frames[-1].inner, depth)
    frame = frames[-1]
    lexeme.depth = len(frames) - 1
    if kind in OPENERS:
        # A call or an index is one level above what it is applied to.
        frame.run += kind != "LBRACE"
        frames.append(_Frame(kind, in_recipe=kind == "LBRACE" and frame.word == "RECIPE"))
        lexeme.boundary = kind == "LBRACE"
    elif kind in _LINKS:
        frame.run += 1
        frame.elses += kind == "ELSE"
    elif kind in _ENDS_RUN:
        frame.end_run()
        lexeme.boundary = kind == "VBAR" and frame.kind == "LBRACE"
