"""A smaller input that fails in the same way: lines, then tokens, are left out while it still does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

TOKEN = re.compile(r'"[^"\n]*"|\w+|[^\w\s]|\s+')


def reduced(text: str, fails: Callable[[str], bool], *, seconds: float = 60.0) -> str:
    """Leaves out what can be left out.

    Args:
        text: an input that fails.
        fails: whether an input fails in that way.
        seconds: when to be content.
    """
    end = time.monotonic() + seconds
    before = None
    while text != before and time.monotonic() < end:
        before = text
        text = "".join(_without(text.splitlines(keepends=True), fails, end))
        text = "".join(_without(TOKEN.findall(text), fails, end))
    return text


def _without(pieces: Sequence[str], fails: Callable[[str], bool], end: float) -> list[str]:
    """Leaves out runs of pieces, long ones first."""
    kept = list(pieces)
    size = max(1, len(kept) // 2)
    while True:
        at = 0
        while at < len(kept) and time.monotonic() < end:
            shorter = kept[:at] + kept[at + size :]
            if fails("".join(shorter)):
                kept = shorter
            else:
                at += size
        if size == 1 or time.monotonic() >= end:
            return kept
        size //= 2
