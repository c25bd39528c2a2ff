"""The one door for edits: whatever applies a layer, a block or a word to the flow asks here first."""

from __future__ import annotations

from collections.abc import Callable as Function
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ogive.elaborate.values import POISON, Callable, Value
from ogive.source import Span

if TYPE_CHECKING:
    from ogive.elaborate.context import Context, Frame

Run = Function[["Frame", Callable], Value]
"""Applies a callee to the flow of a frame."""
Again = Function[["Frame"], Value]
"""What the callee is in a frame with another flow: its arguments may speak of `here`."""


@dataclass(frozen=True, slots=True)
class Application:
    """A layer, a block or a word that is about to be applied.

    Attributes:
        callee: what, with the arguments that it was given.
        span: where it was written.
        run: applies it.
        again: gives the callee anew when what arrives is no longer the same; None where it stays as it is.
        without: what stays of it when it is removed (the body of a residual); None: nothing.
    """

    callee: Callable
    span: Span
    run: Run
    again: Again | None = None
    without: Run | None = None


def applied(
    ctx: Context,
    frame: Frame,
    callee: Callable,
    span: Span,
    run: Run,
    *,
    again: Again | None = None,
    without: Run | None = None,
) -> Value:
    """Applies a callee to the frame's flow, once the edits that hold there have acted."""
    if not frame.edits or frame.flow is None or frame.flow is POISON:
        return run(frame, callee)
    from ogive.elaborate.edits.rewrite import rewrite  # it runs chains, which apply layers

    return rewrite(ctx, frame, Application(callee, span, run, again, without))
