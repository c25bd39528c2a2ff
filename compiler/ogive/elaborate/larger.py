"""The input that a net would take, when a window turned out larger than what arrives at it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ogive.diagnostics import Diagnostic
from ogive.layers.base import TensorType

MOST_WORK = 600_000
"""Steps that may go into looking for it."""
TOO_LARGE_WINDOW = "E202"
UP_TO_HERE = "the smallest input that gets through here"
"""What the help says while only the layers so far were asked."""

Try = Callable[[tuple[int, ...]], Sequence[Diagnostic]]


def suggest_larger_input(
    found: Sequence[Diagnostic], name: str, type_: TensorType, work: int, attempt: Try, *, overridden: bool
) -> list[Diagnostic]:
    """Says with which square input no window of the net is too large, beside the first that is.

    Args:
        found: what is wrong.
        name: the net's only input.
        type_: its type.
        work: the steps that one elaboration takes.
        attempt: elaborates the net with other sizes, and says what is then wrong.
        overridden: whether the sizes came from outside of the file.
    """
    first = next((i for i, d in enumerate(found) if d.code == TOO_LARGE_WINDOW), None)
    sizes = type_.spatial
    if first is None or not (found[first].help or UP_TO_HERE).startswith(UP_TO_HERE) or len(set(sizes)) != 1:
        return list(found)
    tries = MOST_WORK // max(work, 1)

    def fits(size: int) -> bool:
        nonlocal tries
        tries -= 1
        wanted = type_.with_spatial(*(size for _ in sizes)).sizes
        return tries >= 0 and all(d.code != TOO_LARGE_WINDOW for d in attempt(wanted))

    low = high = sizes[0]
    while high <= 16 * sizes[0] + 64 and not fits(high):
        low, high = high, 2 * high
    if tries < 0 or high > 16 * sizes[0] + 64 or high == sizes[0]:
        return list(found)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    if tries < 0:
        return list(found)
    larger = type_.with_spatial(*(high for _ in sizes))
    text = f"--input {larger}" if overridden else f"input {name}: {larger}"
    result = list(found)
    result[first] = replace(found[first], help=f"the smallest input that the whole net takes: `{text}`")
    return result
