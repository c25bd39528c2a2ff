"""A token that the grammar does not allow where it stands, with what is known about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ogive.diagnostics import Diagnostic, Fix, Label, did_you_mean
from ogive.source import Span
from ogive.syntax.lexeme import ITEM_WORDS, SIGNS, STATEMENT_WORDS, Lexeme

BEGINS_VALUE = frozenset(
    {"NAME", "INT", "FLOAT", "KERNEL", "STRING", "STRING_BEGIN", "TRUE", "FALSE", "NONE", "DTYPE", "UNKNOWN"}
)
ENDS_VALUE = (BEGINS_VALUE - {"STRING_BEGIN"}) | {"STRING_END", "RPAR", "RSQB", "RBRACE"}
FORMS = {
    "BLOCK": "block Name(width, stride = 1) { … }",
    "NET": "net Name(classes = 10) { … }",
    "VARIANT": "variant name = Net(argument = 1)` or `variant name = other with { remove lrn }",
    "USE": 'use "file.arch"` or `use Name from "file.arch"',
    "LANGUAGE": "language 1",
    "RECIPE": "recipe name { batch 128 }` or `recipe name extends other { batch 128 }",
    "LET": "let name = value",
    "INPUT": "input image: 3x224x224",
    "OUTPUT": "output name = here",
    "STAGE": "stage name { … }",
    "SHARE": "share f = conv(64, 3x3)",
    "REPEAT": "repeat 3 { … }` or `repeat 3 as i { … }` or `repeat 3 share { … }",
    "FOR": "for x in list { … }` or `for i, x in list { … }",
    "IF": "if condition { … } else { … }",
    "DEFAULT": "default conv(padding = same)",
    "INSERT": "insert bn before relu` or `insert bn after conv",
    "REMOVE": 'remove dropout` or `remove dropout in "head*"',
    "REPLACE": "replace relu with sigmoid",
    "SET": "set conv(bias = true)",
    "ASSERT": "assert params < 1.5M",
    "LABEL": 'label "a note"',
}
"""How each statement is written, by the type of the word that begins it."""
_TYPES = {word: kind for kind, word in (ITEM_WORDS | STATEMENT_WORDS).items()}


def form_of(word: str) -> str | None:
    """How the statement is written that begins with a word; None where none does."""
    return FORMS.get(_TYPES.get(word, ""))


_SYNONYMS = {
    "remove": ("delete", "del", "drop", "erase", "omit", "cut"),
    "insert": ("add", "append", "prepend", "put"),
    "replace": ("swap", "substitute", "exchange"),
    "set": ("update", "modify", "configure"),
}
"""What edits are called elsewhere."""


def meant_word(word: str, words: Iterable[str]) -> str | None:
    """Which of the words that begin a statement was meant by another one: a synonym, or a misspelling."""
    known = tuple(words)
    synonym = next((ours for ours, others in _SYNONYMS.items() if word in others and ours in known), None)
    return synonym or did_you_mean(word, known)


@dataclass(frozen=True, slots=True)
class Mistake:
    """Lexeme `index`, in the statement that begins at `first`, is none of `expected`.

    `top` says that the statement is outside of all bodies.
    """

    lexemes: list[Lexeme]
    first: int
    index: int
    expected: frozenset[str]
    top: bool

    @property
    def found(self) -> Lexeme:
        """What should not stand there."""
        return self.lexemes[self.index]

    @property
    def before(self) -> Lexeme | None:
        """What stands before it in the same statement."""
        return self.lexemes[self.index - 1] if self.index > self.first else None

    @property
    def following(self) -> Lexeme:
        """What stands behind it, in whatever statement."""
        return self.lexemes[min(self.index + 1, len(self.lexemes) - 1)]

    @property
    def begin(self) -> Lexeme:
        """What the statement begins with."""
        return self.lexemes[self.first]

    @property
    def level(self) -> bool:
        """Whether it is in no bracket that the statement opened."""
        return self.found.depth <= self.begin.depth

    @property
    def too_early(self) -> bool:
        """Whether the statement ended before it was complete."""
        found, before = self.found, self.before
        if found.type in ("NEWLINE", "$END"):
            return True
        return found.type == "RBRACE" and before is not None and found.depth < self.begin.depth

    @property
    def end(self) -> int:
        """The index of what ends the statement."""
        index, depth = self.index, self.begin.depth
        while self.lexemes[index].type != "$END" and not (
            self.lexemes[index].depth < depth
            or (self.lexemes[index].depth == depth and self.lexemes[index].type == "NEWLINE")
        ):
            index += 1
        return index

    def say(
        self, code: str, message: str, label: str, hint: str | None = None, fix: Fix | None = None
    ) -> Diagnostic:
        """A diagnostic at what was found."""
        return Diagnostic(code, message, (Label(self.place, label),), help=hint, fix=fix)

    @property
    def place(self) -> Span:
        """The found text; behind the last text where there is none, or only on a later line."""
        span = self.found.span
        if self._on_later_line and self.before is not None:
            end = self.before.span.end
            return Span(span.source, end, end + 1)
        return Span(span.source, *_tip(span)) if self.found.type == "NEWLINE" else span

    @property
    def what(self) -> str:
        """What was found, in the words of a message."""
        return "end of the line" if self._on_later_line else shown(self.found)

    @property
    def _on_later_line(self) -> bool:
        if self.found.type != "RBRACE" or self.before is None or not self.found.span.text:
            return False
        return self.found.span.line > self.before.span.line

    def fix_before(self, text: str, *, safe: bool = False) -> Fix | None:
        """Insert a text behind what stands before."""
        if self.before is None:
            return None
        end = self.before.span.end
        return Fix(Span(self.found.span.source, end, end), text, safe)


def _tip(span: Span) -> tuple[int, int]:
    """A newline shows as the one character at which the line ends."""
    return span.start, span.start + 1


def comment_instead(slashes: Span, *, sure: bool) -> Fix | None:
    """`#` for `//`. None where that would take a bracket away from what stands around, as in
    `net A() { relu // c }`; a guess where statements may follow on the line.
    """
    text = slashes.source.text
    end = text.find("\n", slashes.end)
    rest = text[slashes.end : len(text) if end < 0 else end]
    open: list[str] = []
    for sign in rest.partition("#")[0]:
        if sign in "{([":
            open.append(sign)
        elif sign in "})]" and (not open or open.pop() + sign not in ("{}", "()", "[]")):
            return None
    if open:
        return None
    return Fix(slashes, "#", safe=sure and not any(sign in rest for sign in (";", "->", "|", "{")))


def cut(text: str, length: int = 40) -> str:
    """A text of the program, no longer than a message can bear."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def shown(lexeme: Lexeme) -> str:
    """A lexeme in the words of a message."""
    if lexeme.type == "$END":
        return f"end of the {lexeme.value or 'file'}"
    if lexeme.type == "NEWLINE":
        return "`;`" if lexeme.value == ";" else "end of the line"
    text = SIGNS.get(lexeme.type) or lexeme.span.text
    return f"`{text if len(text) <= 24 else text[:23] + '…'}`"
