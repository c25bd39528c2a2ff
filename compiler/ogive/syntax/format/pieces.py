"""The text as pieces: its lexemes as they were written, each with the comments that hang on it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ogive.source import SourceFile
from ogive.syntax.ast import Comment
from ogive.syntax.lexeme import Lexeme

_EMPTY_LINE = re.compile(r"\n[ \t\r\f;]*\n")


@dataclass(slots=True)
class Note:
    """A comment, the column that it began at, and whether an empty line stood before it."""

    text: str
    column: int
    blank: bool


@dataclass(slots=True)
class Piece:
    """A lexeme as it is printed.

    `above` are the comments on lines of their own before it, `beside` those behind it on its line. `line` and
    `last` are the lines that it was written on, `blank` says that an empty line stood before it (behind the
    comments above it). `pad` is what is put behind it to align what follows.
    """

    type: str
    text: str
    line: int
    last: int
    blank: bool
    above: list[Note] = field(default_factory=list[Note])
    beside: list[Note] = field(default_factory=list[Note])
    pad: int = 0

    @property
    def shown(self) -> str:
        """Its text with the padding."""
        return self.text + " " * self.pad if self.pad else self.text

    @property
    def starts_after_blank(self) -> bool:
        """Whether an empty line stood before it and the comments above it."""
        return self.above[0].blank if self.above else self.blank


def pieces(source: SourceFile, lexemes: Sequence[Lexeme], comments: Sequence[Comment]) -> list[Piece]:
    """The pieces of a text that parses, with those of type NEWLINE between statements and $END at the end.

    No comment is left out: each is in `above` or `beside` of one piece.
    """
    reader = _Reader(source, iter(comments))
    for kind, start, stop in spans(lexemes):
        if kind != "$END":
            reader.comments_before(start)
        reader.lexeme(kind, start, stop)
    reader.comments_before(len(source.text) + 1)
    end = next(piece for piece in reversed(reader.pieces) if piece.type == "$END")
    end.above = reader.waiting
    return reader.pieces


class _Reader:
    def __init__(self, source: SourceFile, comments: Iterator[Comment]) -> None:
        self.pieces: list[Piece] = []
        self.waiting: list[Note] = []  # comments above what comes next
        self._source = source
        self._comments = comments
        self._comment = next(comments, None)
        self._end = 0  # of what came last
        self._real: Piece | None = None  # the last that is no NEWLINE

    def comments_before(self, start: int) -> None:
        while self._comment is not None and self._comment.span.start < start:
            span = self._comment.span
            line, column = self._source.position(span.start)
            note = Note(self._comment.text, column - 1, self._blank_before(span.start))
            if self._real is not None and self._real.last == line:
                self._real.beside.append(note)
            else:
                self.waiting.append(note)
            self._end = span.end
            self._comment = next(self._comments, None)

    def lexeme(self, kind: str, start: int, stop: int) -> None:
        last = self._real.last if self._real else 0
        if kind in ("NEWLINE", "$END"):
            self.pieces.append(Piece(kind, "", last, last, False))
            return
        position = self._source.position
        line, last, blank = position(start)[0], position(stop)[0], self._blank_before(start)
        text = self._source.text[start:stop]
        self._real = Piece(kind, text, line, last, blank, self.waiting)
        self.pieces.append(self._real)
        self.waiting, self._end = [], stop

    def _blank_before(self, start: int) -> bool:
        return _EMPTY_LINE.search(self._source.text, self._end, start) is not None


def spans(lexemes: Sequence[Lexeme]) -> Iterator[tuple[str, int, int]]:
    """Type, start and end of each lexeme; a string with expressions in it is one, as it was written."""
    depth = begin = 0
    for lexeme in lexemes:
        kind, span = lexeme.type, lexeme.span
        if kind == "STRING_BEGIN":
            depth, begin = depth + 1, begin if depth else span.start
        if not depth:
            yield kind, span.start, span.end
        if kind == "STRING_END":
            depth -= 1
            if not depth:
                yield "STRING", begin, span.end
