"""Numbers as papers print them."""

from __future__ import annotations

from fractions import Fraction

from ogive.layers.notation import written
from ogive.layers.order import approximate
from ogive.layers.tensor import Size, shape_text

_STEPS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def short(number: Size) -> str:
    """Three digits and a unit: `25.6 M`, `4.09 G`, `412`; `84.3 k * h * w` of an expression of unknown sizes,
    without the terms that hardly count where these are large.
    """
    return written(approximate(number), number=_short)


def rounded(number: Size) -> str:
    """As `short`, and where terms were left out it says so: `about 84.3 k * h * w`."""
    return f"{'about ' if approximate(number) != number else ''}{short(number)}"


def exact(number: Size) -> str:
    """All digits: `4,089,284,608`; with unknown sizes, all terms."""
    return f"{number:,}"


def plain(number: Size) -> int | str:
    """A number as JSON has it; an expression as text."""
    return number if isinstance(number, int) else str(number)


def _short(number: float | Fraction) -> str:
    number = float(number)
    for size, unit in _STEPS:
        # 999,950 is 1.00 M: decide after rounding to three digits
        if float(f"{number:.3g}") >= size:
            value = float(f"{number:.3g}") / size
            digits = 2 if value < 10 else 1 if value < 100 else 0
            return f"{value:.{digits}f} {unit}"
    return f"{number:g}"


def size(count: Size) -> str:
    """Bytes, in powers of 1024: `97.5 MiB`, `1.2 KiB * h * w`."""
    return written(approximate(count), number=_size)


def _size(count: float | Fraction) -> str:
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def shape(sizes: tuple[Size, ...]) -> str:
    """`64x56x56`; a single size is `1000`; with unknown sizes `[64, ceil(h / 4), ceil(w / 4)]`."""
    return shape_text(sizes) or "()"


_LONGEST = 40
"""How many characters a size has where there is one line for all."""


def brief_shape(sizes: tuple[Size, ...]) -> str:
    """As `shape`, with `…` in the place of a size that is a long expression: `[64, …, …]`."""
    texts = [str(size) for size in sizes]
    if all(len(text) <= _LONGEST for text in texts):
        return shape(sizes)
    return f"[{', '.join(text if len(text) <= _LONGEST else '…' for text in texts)}]"
