"""Applying the fixes that diagnostics carry, without ever making a text worse. Nothing is read or written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ogive.diagnostics import Diagnostic, Fix

ROUNDS = 200
"""How often fixes are looked for again at most; a mistake may hide another one."""
CHECKS, FEWEST_CHECKS = 300, 12
"""How often a text is checked at most, and how often if it is long."""
CHARACTERS = 60_000
"""How many characters are checked at most in all, but for `FEWEST_CHECKS`: a check takes time by them."""
_NEIGHBOUR = r"[\w.?]+|\"[^\"\n]*\"|[^\s\w]"
_BEFORE = re.compile(rf"(?:{_NEIGHBOUR})[ \t]*\Z")
_BEHIND = re.compile(rf"[ \t]*(?:{_NEIGHBOUR})")
_WORD_BEFORE, _WORD_BEHIND = re.compile(r"\w*\Z"), re.compile(r"\w*")
_LONGEST_NEIGHBOUR = 200

Examine = Callable[[str], Sequence[Diagnostic]]
"""What is wrong with a text. Its fixes are those whose source is this text."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A mistake that was fixed.

    Attributes:
        code, message: of its diagnostic.
        line, column: where it stood, counted from 1, in the text as it was then.
        before, after: what was replaced by what.
        safe: whether the fix was a safe one.
    """

    code: str
    message: str
    line: int
    column: int
    before: str
    after: str
    safe: bool


@dataclass(frozen=True, slots=True)
class Fixed:
    """What became of a text: the new one, what was done, and what is still wrong with it."""

    text: str
    applied: tuple[Applied, ...]
    left: tuple[Diagnostic, ...]


def fix_text(text: str, examine: Examine, *, unsafe: bool = False) -> Fixed:
    """Applies fixes until none is left that helps.

    One mistake may hide others, which then come to light with fixes of their own; so a step is judged by
    where it leads. A fix is kept when no mistake begins where it wrote, and fewer are left than before:
    fewer of syntax, or as many of them and fewer others. A guess must leave the words next to what it put in,
    or took out, right as well. Of a safe fix it is enough that there are no more: behind it in its statement
    another mistake may have come to light. Safe fixes are applied together, and each alone when that does not
    help; guesses are tried one by one. What is not kept is undone.

    Args:
        text: a program.
        examine: finds what is wrong with a version of it.
        unsafe: whether to apply also the fixes that guess.
    """
    checks, most = 0, min(CHECKS, max(FEWEST_CHECKS, CHARACTERS // max(len(text), 1)))

    def find(version: str) -> Sequence[Diagnostic]:
        nonlocal checks
        checks += 1
        if checks > most:
            raise _Enough
        return examine(version)

    now = _State(text, (), tuple(find(text)))
    with suppress(_Enough):
        for _ in range(ROUNDS):
            chosen = _applicable(now, unsafe)
            if not chosen:
                break
            now = _improved(now, chosen, find, unsafe)
    return Fixed(now.text, now.applied, now.left)


class _Enough(Exception):
    """The text was checked often enough."""


_Pair = tuple[Diagnostic, Fix]
_Key = tuple[str, int, str]
"""What a fix that is not to be applied is recognised by: its code, where it begins, what it writes."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a fix wrote."""

    start: int
    end: int
    fix: Fix

    def after(self, changed: Sequence[Fix]) -> _Place:
        """The same place when other fixes of the text were applied."""
        by = sum(_growth(fix) for fix in changed if fix.span.end <= self.start)
        inside = sum(_growth(fix) for fix in changed if self.start < fix.span.end <= self.end)
        return _Place(self.start + by, max(self.end + by + inside, self.start + by), self.fix)

    def covered(self, text: str) -> tuple[int, int]:
        """What must be right in the new text: what was written; of a guess also what it touches."""
        if self.fix.safe:
            return self.start, self.end
        between = not self.fix.replacement.strip() or self.fix.span.start == self.fix.span.end
        before, behind = (_BEFORE, _BEHIND) if between else (_WORD_BEFORE, _WORD_BEHIND)
        left = before.search(text[max(self.start - _LONGEST_NEIGHBOUR, 0) : self.start])
        right = behind.match(text, self.end)
        return self.start - len(left[0] if left else ""), right.end() if right else self.end


@dataclass(frozen=True, slots=True)
class _State:
    """A version of the text: what was done, what is wrong, and the fixes that are not, or not yet, for it;
    and where the last attempt has written.
    """

    text: str
    applied: tuple[Applied, ...]
    left: tuple[Diagnostic, ...]
    refused: frozenset[_Key] = frozenset()
    waiting: frozenset[_Key] = frozenset()
    places: tuple[_Place, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether no mistake begins where the last attempt has written."""
        own = (d.span for d in self.left if d.severity == "error" and d.span is not None)
        starts = [span.start for span in own if span.source.text == self.text]
        covered = [place.covered(self.text) for place in self.places]
        return not any(start <= each < end for start, end in covered for each in starts)

    @property
    def badness(self) -> tuple[int, int]:
        """Mistakes of syntax, which hide all others, and then the others."""
        errors = [d for d in self.left if d.severity == "error"]
        syntax = sum(
            d.code.startswith("E0") and d.span is not None and d.span.source.text == self.text for d in errors
        )
        return syntax, len(errors) - syntax


def _improved(now: _State, chosen: list[_Pair], examine: Examine, unsafe: bool) -> _State:
    """Where the safe ones of these fixes lead, or else the first of all that leads to something; those before
    it, or all, are refused.
    """
    safe = [pair for pair in chosen if pair[1].safe]
    singly = [[one] for one in chosen]
    for attempt in [safe, *singly] if len(safe) > 1 else singly:
        # the others get their own turn; what comes to light meanwhile belongs to this attempt
        others = frozenset(_key(*pair) for pair in chosen if pair not in attempt)
        then = _pursued(replace(now, waiting=others), attempt, examine, unsafe)
        if then is not None:
            return replace(then, waiting=frozenset(), places=())
        if len(attempt) == 1:
            now = replace(now, refused=now.refused | {_key(*attempt[0])})
    return now


def _pursued(start: _State, attempt: list[_Pair], examine: Examine, unsafe: bool) -> _State | None:
    """The first better text to which some fixes lead, with those of mistakes that they bring to light; None
    where they lead to none.
    """
    state = start
    for _ in range(ROUNDS):
        following = _step(state, attempt, examine)
        if following is None:
            return None
        state = following
        if state.clean and _is_better(state, start):
            return state
        chosen = _applicable(state, unsafe)
        attempt = [pair for pair in chosen if pair[1].safe] or chosen[:1]
        if not attempt:
            return None
    return None


def _is_better(state: _State, start: _State) -> bool:
    certain = all(each.safe for each in state.applied[len(start.applied) :])
    return state.badness < start.badness or (certain and state.badness == start.badness)


def _step(state: _State, attempt: list[_Pair], examine: Examine) -> _State | None:
    """The text after some fixes, and what is wrong with it; None when what they fix is still there."""
    fixes = tuple(fix for _, fix in attempt)
    text = replaced(state.text, fixes)
    left = tuple(examine(text))
    if _still_there(left, attempt):
        return None
    applied = state.applied + tuple(_record(*pair) for pair in attempt)
    places = [place.after(fixes) for place in state.places]
    moved = 0
    for fix in fixes:  # in the order of the text
        at = fix.span.start + moved
        places.append(_Place(at, at + len(fix.replacement), fix))
        moved += _growth(fix)
    refused, waiting = _moved(state.refused, fixes), _moved(state.waiting, fixes)
    return _State(text, applied, left, refused, waiting, tuple(places))


def replaced(text: str, fixes: Iterable[Fix]) -> str:
    """The text with each span, none of which overlap, replaced."""
    pieces: list[str] = []
    at = 0
    for fix in sorted(fixes, key=lambda fix: fix.span.start):
        pieces += [text[at : fix.span.start], fix.replacement]
        at = fix.span.end
    return "".join([*pieces, text[at:]])


def _applicable(state: _State, unsafe: bool) -> list[_Pair]:
    """The fixes of this text that may be applied together: none touches another."""
    pairs = [
        (d, d.fix)
        for d in state.left
        if d.fix is not None
        and (d.fix.safe or unsafe)
        and d.fix.span.source.text == state.text
        and _key(d, d.fix) not in state.refused | state.waiting
    ]
    pairs.sort(key=lambda pair: (pair[1].span.start, pair[1].span.end))
    chosen: list[_Pair] = []
    for diagnostic, fix in pairs:
        if not chosen or fix.span.start > chosen[-1][1].span.end:
            chosen.append((diagnostic, fix))
    return chosen


def _still_there(after: Sequence[Diagnostic], attempt: Sequence[tuple[Diagnostic, Fix]]) -> bool:
    """Whether a mistake is found again where it was fixed."""
    places = {(d.code, d.span.start) for d in after if d.span is not None}
    moved = 0
    for diagnostic, fix in attempt:
        starts = [fix.span.start] if diagnostic.span is None else [fix.span.start, diagnostic.span.start]
        if any((diagnostic.code, start + moved) in places for start in starts):
            return True
        moved += _growth(fix)
    return False


def _growth(fix: Fix) -> int:
    return len(fix.replacement) - (fix.span.end - fix.span.start)


def _key(diagnostic: Diagnostic, fix: Fix) -> _Key:
    return diagnostic.code, fix.span.start, fix.replacement


def _moved(keys: frozenset[_Key], fixes: Iterable[Fix]) -> frozenset[_Key]:
    """The same places in the text after some fixes."""
    grown = [(fix.span.start, _growth(fix)) for fix in fixes]
    return frozenset(
        (code, start + sum(by for at, by in grown if at < start), written) for code, start, written in keys
    )


def _record(diagnostic: Diagnostic, fix: Fix) -> Applied:
    line, column = fix.span.source.position(fix.span.start)
    return Applied(
        diagnostic.code, diagnostic.message, line, column, fix.span.text, fix.replacement, fix.safe
    )
