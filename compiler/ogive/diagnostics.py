"""What can be said about a program: a code, what is wrong where, why, and what to do.

Making a diagnostic is separate from showing one (`render`) and from explaining its code (`explain`).
Codes are stable: E0 text, E1 names and arguments, E2 shapes, E3 structure, E4 limits, E5 files and
commands; W doubts, which fail only under `--strict`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from typing import Literal

from ogive.source import Span


@dataclass(frozen=True, slots=True)
class Label:
    """A remark on a place. The first label of a diagnostic is where the mistake is; others are causes."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """Text to put in place of a span. Safe when it cannot change the meaning of a program that worked."""

    span: Span
    replacement: str
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake or doubt.

    `message` suffices alone. `notes` are pairs of a heading and a text (`("body", "conv -> bn 64x8x8")`).
    `help` is what to do, as code that can be pasted where possible.
    """

    code: str
    message: str
    labels: tuple[Label, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    help: str | None = None
    fix: Fix | None = None

    @property
    def severity(self) -> Literal["error", "warning"]:
        """Whether it stops (`error`) or only doubts (`warning`)."""
        return "warning" if self.code.startswith("W") else "error"

    @property
    def span(self) -> Span | None:
        """Where it is, if it is anywhere."""
        return self.labels[0].span if self.labels else None


class ArchError(Exception):
    """A program that cannot be used, with everything that is wrong with it.

    Attributes:
        diagnostics: the mistakes, in the order of the text, and any warnings among them.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__()

    def __str__(self) -> str:
        from ogive.render import render_text  # the renderer knows diagnostics, not the other way round

        return "\n".join(render_text(d) for d in self.diagnostics)

    def __reduce__(self) -> tuple[type[ArchError], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)


def in_place_of(span: Span, wrong: str, meant: str | None) -> Fix | None:
    """The guess of a `did_you_mean` as a fix: `meant` for `wrong`, where a span begins or ends with that text
    (`strid = 2`, `padding = "sam"`).
    """
    if meant is None or meant == wrong:
        return None
    if span.text.startswith(wrong):
        return Fix(Span(span.source, span.start, span.start + len(wrong)), meant)
    if span.text.endswith(wrong):
        return Fix(Span(span.source, span.end - len(wrong), span.end), meant)
    return None


def did_you_mean(wrong: str, candidates: Iterable[str]) -> str | None:
    """The candidate that is close enough to be what was meant, if there is one."""
    pool: Sequence[str] = sorted(set(candidates))
    lowered = {c.lower(): c for c in pool}
    if wrong.lower() in lowered:
        return lowered[wrong.lower()]
    initials = "".join(word[0] for word in wrong.lower().split("_") if word)
    if "_" in wrong and initials in lowered:  # `learning_rate`: `lr`
        return lowered[initials]
    for near in get_close_matches(wrong.lower(), list(lowered), n=3, cutoff=0.6):
        # `pad`, `epsilon`, `integer`
        begins = wrong.lower().startswith(near) or near.startswith(wrong.lower())
        if begins or SequenceMatcher(None, wrong.lower(), near).ratio() >= 0.65:
            return lowered[near]
    firsts = [(name.partition("_")[0], name) for name in lowered if "_" in name]  # `kernal`: `kernel_size`
    for near in get_close_matches(wrong.lower(), [first for first, _ in firsts], n=1, cutoff=0.8):
        found = [name for first, name in firsts if first == near]
        return lowered[found[0]] if len(found) == 1 and len(near) > 3 else None
    return None
