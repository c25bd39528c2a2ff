"""What stands in the place of a clock: a hang is ended, and work is counted, as times on a busy machine say little."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

HANG = 120
"""Seconds of work after which something is taken to hang: many times what the longest takes."""


@contextmanager
def ends(seconds: int = HANG) -> Iterator[None]:
    """Fails where the body hangs; where the platform has no timer, it would hang."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def hangs(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"still at work after {seconds} s")

    before = signal.signal(signal.SIGVTALRM, hangs)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def steps(work: Callable[[], object]) -> int:
    """How many lines of Python a call runs; the same every time."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count
