"""The input that a net would take, when a window turned out larger than what arrives at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ogive.diagnostics import Diagnostic
from ogive.layers.tensor import Size, shape_text
from ogive.layers.unknown import substitute

MOST_WORK = 600_000
"""Steps that may go into looking for it."""
TOO_LARGE_WINDOW = "E202"
UP_TO_HERE = "the smallest input that gets through here"
"""What the help says while only the layers so far were asked."""

Try = Callable[[tuple[int, ...]], Sequence[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Form:
    """The shapes that an input may have: square maps, or those of its declaration with all unknowns alike.

    Attributes:
        now: the size, or the unknown, as it is.
        at: the shape for another.
    """

    now: int
    at: Callable[[int], tuple[int, ...]]


def form_of(sizes: Sequence[Size], spatial: Sequence[Size], unknown: Mapping[str, Size]) -> Form | None:
    """The form of an input, if one number gives its shape.

    Args:
        sizes: as declared.
        spatial: the places that it has.
        unknown: what stands for its unknown sizes.
    """
    values = list(dict.fromkeys(unknown.values() if unknown else spatial))
    if len(values) != 1 or not isinstance(values[0], int):
        return None
    known = len(sizes) - len(spatial)

    def at(value: int) -> tuple[int, ...]:
        if unknown:
            found = (substitute(size, dict.fromkeys(unknown, value)) for size in sizes)
            return tuple(size for size in found if isinstance(size, int))
        return (*(s for s in sizes[:known] if isinstance(s, int)), *(value for _ in spatial))

    return Form(values[0], at)


def suggest_larger_input(
    found: Sequence[Diagnostic], name: str, form: Form | None, work: int, attempt: Try, *, overridden: bool
) -> list[Diagnostic]:
    """Says with which input no window of the net is too large, beside the first that is.

    Args:
        found: what is wrong.
        name: the net's only input.
        form: the shapes that it may have.
        work: the steps that one elaboration takes.
        attempt: elaborates the net with other sizes, and says what is then wrong.
        overridden: whether the sizes came from outside of the file.
    """
    first = next((i for i, d in enumerate(found) if d.code == TOO_LARGE_WINDOW), None)
    if first is None or form is None or not (found[first].help or UP_TO_HERE).startswith(UP_TO_HERE):
        return list(found)
    tries = MOST_WORK // max(work, 1)

    def fits(size: int) -> bool:
        nonlocal tries
        tries -= 1
        return tries >= 0 and all(d.code != TOO_LARGE_WINDOW for d in attempt(form.at(size)))

    low = high = form.now
    while high <= 16 * form.now + 64 and not fits(high):
        low, high = high, 2 * high
    if tries < 0 or high > 16 * form.now + 64 or high == form.now:
        return list(found)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    if tries < 0:
        return list(found)
    sizes = form.at(high)
    larger = shape_text(sizes) if len(sizes) > 1 else list(sizes)
    text = f"--input {larger}" if overridden else f"input {name}: {larger}"
    result = list(found)
    result[first] = replace(found[first], help=f"the smallest input that the whole net takes: `{text}`")
    return result
