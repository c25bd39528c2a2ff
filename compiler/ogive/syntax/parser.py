"""From a source to its syntax tree, or to everything that is wrong with its syntax.

Text that does not parse costs one diagnostic for each statement that is wrong: the parser's stacks are kept
at the start of the statement of every open body, so that after a mistake it puts BROKEN in the place of the
statement and goes on behind it. Everything takes time linear in the text.
"""

from __future__ import annotations

import gc
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lark import Token
from lark.exceptions import UnexpectedToken
from lark.lexer import LexerThread
from lark.parsers.lalr_interactive_parser import InteractiveParser
from lark.utils import TextSlice

from ogive.diagnostics import Diagnostic
from ogive.source import SourceFile, Span
from ogive.syntax import ast, tables
from ogive.syntax.brackets import balance, not_swallowed
from ogive.syntax.language import check_language, is_newer
from ogive.syntax.lexeme import CLOSERS, Lexeme
from ogive.syntax.lexing import Lexing
from ogive.syntax.limits import MOST_REPORTED
from ogive.syntax.mistake import Mistake
from ogive.syntax.mistakes import explain
from ogive.syntax.postlex import arrange
from ogive.syntax.transform import Refused


def parse(source: SourceFile) -> tuple[ast.File | None, tuple[Diagnostic, ...]]:
    """Parse a file.

    Returns:
        The tree, or None if there is any mistake; and the mistakes, in the order of the text.
    """
    parsed, diagnostics = read(source)
    return (parsed and parsed.tree), diagnostics


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text that parses: its tree, and the lexemes that the parser was fed, `$END` among them."""

    source: SourceFile
    tree: ast.File
    lexemes: Sequence[Lexeme]


def read(source: SourceFile) -> tuple[Parsed | None, tuple[Diagnostic, ...]]:
    """Parse a file and keep its lexemes, for who wants to write it anew.

    Returns:
        What was read, or None if there is any mistake; and the mistakes, in the order of the text.
    """
    run = _Run(source)
    items = run.parse("file")
    version = check_language(items or ())
    if is_newer(items or ()):
        return None, tuple(version)
    run.diagnostics.extend(version)
    if run.diagnostics:
        return None, run.ordered()
    tree = ast.File(items, tuple(run.comments), Span(source, 0, len(source.text)))
    return Parsed(source, tree, run.lexemes), ()


def parse_expression(source: SourceFile) -> tuple[ast.Expr | None, tuple[Diagnostic, ...]]:
    """Parse a single expression, such as the value of `--set width=4*16`.

    Returns:
        The expression, or None if there is any mistake; and the mistakes.
    """
    run = _Run(source)
    expression = run.parse("expression")
    return (None, run.ordered()) if run.diagnostics else (expression, ())


def parse_edits(
    source: SourceFile,
) -> tuple[tuple[ast.Edit | ast.Assert, ...] | None, tuple[Diagnostic, ...]]:
    """Parse what may stand behind `with`, such as the value of `--edit 'insert bn before relu'`.

    Returns:
        The edits and budgets, in order, or None if there is any mistake; and the mistakes.
    """
    run = _Run(source)
    edits = run.parse("edits")
    return (None, run.ordered()) if run.diagnostics else (edits, ())


def parse_values(source: SourceFile) -> tuple[tuple[ast.Expr, ...] | None, tuple[Diagnostic, ...]]:
    """Parse what may stand behind the name of a setting, such as the value of `--augment 'hflip, normalize'`.

    Returns:
        The values, in order, or None if there is any mistake; and the mistakes.
    """
    run = _Run(source)
    values = run.parse("values")
    return (None, run.ordered()) if run.diagnostics else (values, ())


@dataclass(slots=True)
class _Mark:
    """The parser at the start of a statement: its stacks, the lexeme that comes next, how many it was fed."""

    states: list[int]
    values: list[Any]
    first: int
    fed: int
    depth: int
    branches: bool = False


class _Run:
    """One parse of one source."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self.comments: list[ast.Comment] = []
        self.lexemes: list[Lexeme] = []
        self._fed: list[Lexeme] = []  # what the parser saw: BROKEN in the place of what it refused
        self._marks: list[_Mark] = []
        self._start = "file"
        self._unbalanced = False
        self._superfluous: list[Diagnostic] = []
        self._missing_openers: list[int] = []

    def ordered(self) -> tuple[Diagnostic, ...]:
        return tuple(sorted(self.diagnostics, key=_start)[:MOST_REPORTED])

    def parse(self, start: str) -> Any:
        self._start = start
        # Nothing that is made here is garbage before the end, and looking for some takes a third of the time.
        collects = gc.isenabled()
        gc.disable()
        try:
            return self._parse(start) if self._prepare() else None
        finally:
            if collects:
                gc.enable()

    def _parse(self, start: str) -> Any:
        self._suspect = sorted(map(_start, (*self.diagnostics, *self._superfluous)))
        self._cursor: InteractiveParser = tables.parser().parse_interactive(start=start)
        result = self._drive()
        self._blame_closers()
        return result

    # ----------------------------------------------------------------- before the parser

    def _lex(self, start: int, end: int) -> Iterable[Token]:
        # A text of its own, for Lark counts the lines before a slice each time. Tokens count from its start.
        piece = self.source.text[start:end]
        text = TextSlice(piece, 0, len(piece))
        return LexerThread.from_text(tables.lexer(), text).lex(None)  # pyright: ignore[reportArgumentType]

    def _prepare(self) -> bool:
        """Run the passes that make lexemes. False when the parser had better not see them."""
        lexing = Lexing(self.source, self._lex)
        lexemes = lexing.lexemes()
        self.diagnostics = lexing.diagnostics
        if lexemes is None:
            return False
        balanced = balance(self.source, lexemes, lexing.comments)
        nested = balanced.lexemes
        self.comments = lexing.comments
        self.diagnostics.extend(not_swallowed(balanced.unclosed, lexing.swallowed_closers))
        self._superfluous = balanced.superfluous
        self._missing_openers = [*lexing.swallowed_openers]
        if nested is None:
            self.diagnostics.extend(balanced.superfluous)
            return False
        last = next((lexeme.span.end for lexeme in reversed(nested) if lexeme.type != "NEWLINE"), 0)
        end = Lexeme("$END", "file" if self._start == "file" else "text", Span(self.source, last, last))
        self.lexemes, too_deep = arrange(nested, end)
        self._unbalanced = bool(balanced.unclosed or balanced.superfluous)
        if too_deep:
            self.diagnostics.append(too_deep)
        return too_deep is None

    # ----------------------------------------------------------------- the parser

    def _drive(self) -> Any:
        lexemes, state = self.lexemes, self._cursor.parser_state
        self._marks = [_Mark(state.state_stack[:], state.value_stack[:], 0, 0, 0)]
        index, result = 0, None
        while index < len(lexemes):
            lexeme = lexemes[index]
            kind = lexeme.type
            try:
                result = state.feed_token(lexeme, kind == "$END")  # pyright: ignore[reportArgumentType]
            except UnexpectedToken:
                index = self._go_on_behind(index, None)
            except Refused as refused:
                index = self._go_on_behind(index, refused.diagnostic)
            else:
                index += 1
                self._fed.append(lexeme)
                if lexeme.boundary:
                    fed = len(self._fed)
                    mark = _Mark(state.state_stack[:], state.value_stack[:], index, fed, lexeme.depth)
                    if kind == "LBRACE":
                        mark.depth += 1
                        self._marks.append(mark)
                    else:
                        mark.branches = kind == "VBAR" or self._marks[-1].branches
                        self._marks[-1] = mark
                elif kind == "RBRACE":
                    self._marks.pop()
            if len(self.diagnostics) >= MOST_REPORTED:
                return None
        return result

    def _go_on_behind(self, index: int, refused: Diagnostic | None) -> int:
        """Report the statement in which `index` stands and skip it; where to go on."""
        mark, state = self._marks[-1], self._cursor.parser_state
        resume = index
        while not self._ends_statement(self.lexemes[resume], mark):
            resume += 1
        if not self._already_reported(mark, resume):
            diagnostic = refused or self._explain(mark, index)
            self.diagnostics.append(diagnostic)
            insort(self._suspect, _start(diagnostic))
        if self._start in ("expression", "values"):
            return len(self.lexemes)
        state.state_stack[:], state.value_stack[:] = mark.states, mark.values
        place = Span(self.source, self.lexemes[index].span.start, self.lexemes[index].span.start)
        broken = Lexeme("BROKEN", "", place)
        state.feed_token(broken)  # pyright: ignore[reportArgumentType]
        self._fed[mark.fed :] = [broken]
        return resume

    def _ends_statement(self, lexeme: Lexeme, mark: _Mark) -> bool:
        kind = lexeme.type
        if kind == "$END":
            return True
        if kind in CLOSERS:
            return lexeme.depth < mark.depth
        if lexeme.depth > mark.depth:
            return False
        return lexeme.boundary and (kind == "NEWLINE" or (kind == "VBAR" and mark.branches))

    def _already_reported(self, mark: _Mark, resume: int) -> bool:
        """Whether something in this statement is reported: what comes behind that is not to be trusted."""
        start = self.lexemes[mark.first].span.start
        at = bisect_left(self._suspect, start)
        inside = at < len(self._suspect) and self._suspect[at] <= self.lexemes[resume].span.start
        return inside or (self._unbalanced and mark.depth == 0)

    def _blame_closers(self) -> None:
        """Report the closers that close nothing, except for one behind each opener that was missed."""
        missing = sorted(self._missing_openers, reverse=True)
        for diagnostic in self._superfluous:
            if missing and missing[-1] < _start(diagnostic):
                missing.pop()
            else:
                self.diagnostics.append(diagnostic)

    def _explain(self, mark: _Mark, index: int) -> Diagnostic:
        probe = self._cursor.copy(deepcopy_values=False)
        probe.parser_state.state_stack[:], probe.parser_state.value_stack[:] = mark.states, mark.values
        for lexeme in self._fed[mark.fed :]:
            probe.feed_token(lexeme)  # pyright: ignore[reportArgumentType]
        expected = frozenset(probe.accepts()) - {"BROKEN"}
        if "LBRACE" in expected:
            self._missing_openers.append(self.lexemes[index].span.start)
        return explain(
            Mistake(self.lexemes, mark.first, index, expected, mark.depth == 0 and self._start == "file")
        )


def _start(diagnostic: Diagnostic) -> int:
    return diagnostic.labels[0].span.start
