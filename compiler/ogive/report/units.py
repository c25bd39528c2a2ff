"""Numbers as papers print them."""

from __future__ import annotations

_STEPS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def short(number: float) -> str:
    """Three digits and a unit: `25.6 M`, `4.09 G`, `412`."""
    for size, unit in _STEPS:
        # 999,950 is 1.00 M: decide after rounding to three digits
        if float(f"{number:.3g}") >= size:
            value = float(f"{number:.3g}") / size
            digits = 2 if value < 10 else 1 if value < 100 else 0
            return f"{value:.{digits}f} {unit}"
    return f"{number:g}"


def size(count: float) -> str:
    """Bytes, in powers of 1024: `97.5 MiB`."""
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def shape(sizes: tuple[object, ...]) -> str:
    """`64x56x56`; a single size is `1000`."""
    return "x".join(map(str, sizes)) or "()"
