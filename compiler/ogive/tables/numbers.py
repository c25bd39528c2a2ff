"""Counts as papers print them: 25.6 M parameters, 4.1 × 10⁹ FLOPs, differences in per cent."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.layers.base import Size
from ogive.layers.unknown import SizeExpr
from ogive.report.units import rounded, short
from ogive.tables.model import Number

MINUS = "−"


def count(value: Size) -> Number:
    """Three digits and a unit: `25.6 M`, `412`; where sizes are unknown, the terms that count."""
    if isinstance(value, SizeExpr):
        return Number(value, rounded(value).replace(" * ", "·"))
    return Number(value, short(value))


def powers(values: Sequence[Size]) -> list[Number]:
    """Numbers of one row, with a power of ten: one for all of them, unless they are far apart.

    Two digits, as in table 1 of He et al. (2015): 1.8 × 10⁹ and 11.3 × 10⁹.
    """
    known = [value for value in values if isinstance(value, int) and value > 0]
    common = _power(max(known)) if known and min(known) * 10 >= 10 ** _power(max(known)) else None
    return [_number(value, common) for value in values]


def _number(value: Size, exponent: int | None) -> Number:
    if isinstance(value, SizeExpr):
        return count(value)
    exponent = _power(value) if exponent is None else exponent
    if exponent == 0 or value == 0:
        return Number(value, f"{value:,}")
    digits = value / 10**exponent
    places = 0 if digits >= 99.95 else 1 if digits >= 0.995 else 2
    return Number(value, f"{digits:.{places}f}", exponent)


def _power(value: int) -> int:
    """9, 6 or 3, as the number is printed with; 0 where it is printed whole."""
    return next((power for power in (12, 9, 6, 3) if value >= 0.9995 * 10**power), 0)


def difference(computed: Size, published: float) -> Number | None:
    """By how much what is computed differs from what was published, in per cent of that."""
    if isinstance(computed, SizeExpr) or not published:
        return None
    percent = 100 * (computed - published) / published
    text = f"{abs(percent):.1f} %"
    sign = "" if text == "0.0 %" else "+" if percent > 0 else MINUS
    return Number(round(percent, 3), sign + text)
