"""Makes brackets balance, and says where they did not.

The bracket that is reported is the one that was opened and never closed, or the closer that closes nothing.
Which one that is cannot be known from the brackets alone: in a definition that does not balance, a brace that
begins a line is taken to close the body whose line has its indent. Balanced text is never looked at twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ogive.diagnostics import Diagnostic, Label
from ogive.source import SourceFile, Span
from ogive.syntax.ast import Comment
from ogive.syntax.lexeme import CLOSERS, ITEM_WORDS, OPENERS, SIGNS, Lexeme
from ogive.syntax.limits import DEEPEST, MOST_REPORTED

_KINDS = {sign: kind for kind, sign in SIGNS.items()}


@dataclass(slots=True)
class Balanced:
    """Lexemes with closers added and taken away so that they nest, and what was wrong.

    They are None when they nest more than `DEEPEST` deep: nothing else can be said about such a text; and
    when `MOST_REPORTED` of them are wrong.
    `unclosed` holds what was said about openers, and about closers of the wrong kind; `superfluous` what
    was said about closers alone, which is the fault of an opener where the parser misses one before them.
    """

    lexemes: list[Lexeme] | None
    unclosed: list[Diagnostic] = field(default_factory=list[Diagnostic])
    superfluous: list[Diagnostic] = field(default_factory=list[Diagnostic])

    @property
    def enough(self) -> bool:
        """Whether so much is wrong that the rest need not be looked at."""
        return len(self.unclosed) + len(self.superfluous) >= MOST_REPORTED


def balance(source: SourceFile, lexemes: list[Lexeme], comments: Sequence[Comment] = ()) -> Balanced:
    """Make the brackets nest.

    Args:
        source: the file.
        lexemes: what the lexer made of it.
        comments: what it left out: a bracket that is missing may stand in one of them.
    """
    fault = _nest(lexemes)
    if fault is None:
        return Balanced(lexemes)
    result: list[Lexeme] = []
    balanced = Balanced(result)
    if fault is False:
        for segment in _definitions(source, lexemes):
            if _nest(segment) is None:
                result.extend(segment)
            else:
                fault = fault or _Repair(balanced, result, comments).run(segment)
                if balanced.enough:
                    balanced.lexemes = None
                    return balanced
    if isinstance(fault, Lexeme):
        return Balanced(None, [too_deep(fault)])
    return balanced


def not_swallowed(unclosed: Sequence[Diagnostic], swallowed: Sequence[Span]) -> list[Diagnostic]:
    """What was said about openers, except for one before each closer that an unclosed string swallowed."""
    left = [*unclosed]
    for closer in swallowed:
        mine = [
            each
            for each in left
            if (first := each.labels[0].span).start < closer.start
            and OPENERS.get(_KINDS.get(first.text, "")) == _KINDS[closer.text]
        ]
        if mine:
            left.remove(mine[-1])
    return left


def too_deep(bracket: Lexeme) -> Diagnostic:
    """The complaint about brackets that later passes could not recurse into."""
    if bracket.type in ("LBRACE", "RBRACE"):
        help = "make the inner part a `block` of its own, and use it here by its name"
    else:
        help = "give the inner part a name with `let`"
    message, label = f"nested more than {DEEPEST} brackets deep", "the limit is reached here"
    return Diagnostic("E003", message, (Label(bracket.span, label),), help=help)


def _nest(lexemes: list[Lexeme]) -> Lexeme | bool | None:
    """None when they nest, False when they do not, the bracket at which they get too deep if they do."""
    stack: list[str] = []
    for lexeme in lexemes:
        kind = lexeme.type
        if kind in OPENERS:
            stack.append(OPENERS[kind])
            if len(stack) > DEEPEST:
                return lexeme
        elif kind in CLOSERS and (not stack or stack.pop() != kind):
            return False
    return False if stack else None


def _definitions(source: SourceFile, lexemes: list[Lexeme]) -> list[list[Lexeme]]:
    """Cut before each `block`, `net`, `variant` and `let` that begins a line without indent."""
    segments: list[list[Lexeme]] = [[]]
    for lexeme in lexemes:
        start = lexeme.span.start
        if lexeme.type in ITEM_WORDS and (start == 0 or source.text[start - 1] == "\n"):
            segments.append([])
        segments[-1].append(lexeme)
    return segments


class _Repair:
    """Appends lexemes to `result` so that they nest."""

    def __init__(self, balanced: Balanced, result: list[Lexeme], comments: Sequence[Comment]) -> None:
        self._balanced = balanced
        self._comments = comments
        self._result = result
        self._stack: list[tuple[Lexeme, int]] = []  # what was opened, and the indent of its line
        self._line = self._indent = 0

    def run(self, lexemes: list[Lexeme]) -> Lexeme | None:
        """Repair a definition; the bracket at which it gets too deep, if it does."""
        for index, lexeme in enumerate(lexemes):
            line, column = lexeme.span.source.position(lexeme.span.start)
            begins_line = line != self._line
            if begins_line:
                self._line, self._indent = line, column - 1
            following = lexemes[index + 1].type if index + 1 < len(lexemes) else ""
            if lexeme.type in CLOSERS and not self._close(lexeme, begins_line, following):
                if self._balanced.enough:
                    return None
                continue
            if lexeme.type in OPENERS:
                self._stack.append((lexeme, self._indent))
                if len(self._stack) > DEEPEST:
                    return lexeme
            self._result.append(lexeme)
        if self._stack:
            newline = self._result.pop() if self._result[-1].type == "NEWLINE" else None
            last = self._result[-1].span
            self._close_down_to(0, Span(last.source, last.end, last.end))
            if newline:
                self._result.append(newline)
        return None

    def _close(self, closer: Lexeme, begins_line: bool, following: str) -> bool:
        """Whether it closes something, which is then taken off the stack."""
        indent = self._indent if closer.type == "RBRACE" and begins_line else None
        depth = _meant(self._stack, closer.type, indent)
        if depth is not None:
            self._close_down_to(depth + 1, closer.span)
            self._stack.pop()
            return True
        if closer.type in SIGNS:
            opener = self._stack[-1][0] if self._stack else None
            diagnostic = _superfluous(closer, opener)
            wrong_kind = opener is not None and opener.type in ("LPAR", "LSQB") and closer.type != "RBRACE"
            if opener is None or not wrong_kind or following == OPENERS[opener.type]:
                self._balanced.superfluous.append(diagnostic)
            else:  # the wrong one of `)` and `]`
                self._stack.pop()
                self._result.append(Lexeme(OPENERS[opener.type], "", closer.span))
                message = f"`{SIGNS[closer.type]}` does not close `{SIGNS[opener.type]}`"
                self._balanced.unclosed.append(replace(diagnostic, message=message))
        return False

    def _close_down_to(self, depth: int, at: Span) -> None:
        unclosed = [opener for opener, _ in self._stack[depth:]]
        del self._stack[depth:]
        place = Span(at.source, at.start, at.start)
        self._result.extend(Lexeme(OPENERS[opener.type], "", place) for opener in reversed(unclosed))
        named = [opener for opener in unclosed if opener.type in SIGNS]
        if named:  # several may stay open for one that was forgotten: say the innermost
            hidden = _hidden(named[-1], at, self._comments)
            self._balanced.unclosed.append(_unclosed(named[-1], at, hidden))


def _meant(stack: list[tuple[Lexeme, int]], kind: str, indent: int | None) -> int | None:
    """Which open bracket a closer closes, as an index into the stack; None when it closes nothing."""
    fitting = [i for i, (opener, _) in enumerate(stack) if OPENERS[opener.type] == kind]
    if not fitting:
        return None
    if indent is None:
        # A `)` does not reach out of the braces around it.
        inner = max((i for i, (opener, _) in enumerate(stack) if opener.type == "LBRACE"), default=-1)
        return fitting[-1] if fitting[-1] >= inner else None
    aligned = [i for i in fitting if stack[i][1] == indent]
    if aligned:
        return aligned[-1]
    return None if stack[fitting[-1]][1] < indent else fitting[-1]


def _hidden(opener: Lexeme, noticed: Span, comments: Sequence[Comment]) -> Span | None:
    """The closer of a bracket that a comment behind it hides: `{ relu # the end }`."""
    sign, closer = SIGNS[opener.type], SIGNS[OPENERS[opener.type]]
    for comment in comments:
        span = comment.span
        text = span.source.text
        own_line = not text[text.rfind("\n", 0, span.start) + 1 : span.start].strip()
        if own_line or span.start < opener.span.end or (noticed.text and span.start > noticed.start):
            continue
        if span.text.count(closer) > span.text.count(sign):
            at = span.start + span.text.rindex(closer)
            return Span(span.source, at, at + 1)
    return None


def _unclosed(opener: Lexeme, noticed: Span, hidden: Span | None) -> Diagnostic:
    sign = SIGNS[opener.type]
    labels = [Label(opener.span, f"no `{SIGNS[OPENERS[opener.type]]}` closes this")]
    closer = noticed.text
    if closer:
        labels.append(Label(noticed, f"this `{closer}` closes a bracket further out"))
    help_ = None
    if hidden is not None:
        labels.append(Label(hidden, "this one is part of the comment"))
        help_ = f"a comment reaches to the end of its line: write the `{hidden.text}` before the `#`"
    return Diagnostic("E002", f"this `{sign}` is not closed", tuple(labels), help=help_)


def _superfluous(closer: Lexeme, opener: Lexeme | None) -> Diagnostic:
    sign = SIGNS[closer.type]
    if opener is None or opener.type not in SIGNS:
        labels = [Label(closer.span, "nothing is open here")]
    else:
        open_sign, meant = SIGNS[opener.type], SIGNS[OPENERS[opener.type]]
        if meant == sign:  # the indent says that it is not the one that is missing
            here, there = "one too many", f"this `{open_sign}` has its `{meant}` further down"
        else:
            here, there = f"`{meant}` would close", f"this `{open_sign}`"
        labels = [Label(closer.span, here), Label(opener.span, there)]
    return Diagnostic("E002", f"this `{sign}` closes nothing", tuple(labels))
