"""What colours can measure: parameters, multiply-accumulates, memory, receptive fields; and in which steps.

A scale has five steps, so that a colour can be read back: equal ones, or, where most boxes would lie in the
lowest, each several times the one before. Their ends are round numbers.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ogive.backends.draw.colours.facts import Facts
from ogive.layers.unknown import SizeExpr
from ogive.report import units

STEPS = 5
_ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
_SERIES = (1, 2, 5)
_UNITS = 1024.0


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of a measure a box has.

    Attributes:
        number: to compare; with the usual sizes in the place of unknown ones.
        text: as the box says it; empty for nothing.
        whole: of a receptive field, whether it is the whole input.
    """

    number: float
    text: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of boxes.

    Attributes:
        title: what a legend calls it.
        more: what a box with much of it has.
        amount: of layers, by their names; None where there is none to speak of.
        every: what a box has of several things that it stands for, which are put in the place of `{}`.
        binary: whether its units are powers of 1024.
        written: a number as a legend has it.
    """

    title: str
    more: str
    amount: Callable[[Facts, Sequence[str]], Amount | None]
    written: Callable[[float], str]
    every: str = "that of all {} together"
    binary: bool = False

    def bounds(self, scale: Scale) -> list[str]:
        """The ends of the steps of a scale, as a legend has them."""
        if self.binary and not scale.logarithmic:
            return [_size(bound, scale.bounds[-1]) for bound in scale.bounds]
        return list(map(self.written, scale.bounds))


@dataclass(frozen=True, slots=True)
class Scale:
    """Five steps, each up to a bound.

    Attributes:
        bounds: the largest amount of each step, ascending.
        logarithmic: whether each is several times the one before.
        whole: whether the last also holds receptive fields that are the whole input.
    """

    bounds: tuple[float, ...]
    logarithmic: bool = False
    whole: bool = False

    def step(self, amount: Amount) -> int:
        """In which step, from 0, an amount lies; what is larger than all lies in the last."""
        if amount.whole:
            return STEPS - 1
        return min(bisect_left(self.bounds, amount.number), STEPS - 1)


def scale_of(amounts: Iterable[Amount], *, binary: bool = False) -> Scale | None:
    """The scale for boxes with these amounts; None where there is nothing."""
    amounts = [amount for amount in amounts if amount.number > 0]
    numbers = sorted(amount.number for amount in amounts if not amount.whole)
    whole = len(numbers) < len(amounts)
    if not numbers:
        return Scale(tuple(float(i + 1) for i in range(STEPS)), whole=True) if whole else None
    most = numbers[-1]
    unit = _UNITS ** int(math.log(most, _UNITS)) if binary and most >= 1 else 1.0
    step = _round_up(most / unit / STEPS) * unit
    if step < 2 * STEPS:  # amounts are whole numbers
        step = float(math.ceil(step))
    if 3 * bisect_right(numbers, step) > 2 * len(numbers) and most >= 2 * STEPS * numbers[0]:
        return Scale(_powers(numbers[0], most, binary), True, whole)
    return Scale(tuple(step * (i + 1) for i in range(STEPS)), False, whole)


def _round_up(value: float) -> float:
    """The least round number that is not below."""
    power = 10.0 ** math.floor(math.log10(value))
    found = next((r for r in _ROUND if r * power >= value), 10.0)
    return float(f"{found * power:.6g}")


def _powers(least: float, most: float, binary: bool) -> tuple[float, ...]:
    """The bounds of logarithmic steps: among 1, 2, 5, 10, 20, …, or the powers of 2, every so many."""
    ends = [2.0**n for n in range(100)] if binary else [s * 10.0**n for n in range(30) for s in _SERIES]
    last = next(i for i, end in enumerate(ends) if end >= most)
    wanted = next(i for i, end in enumerate(ends) if end >= least)
    stride = max(1, math.ceil((last - wanted) / (STEPS - 1)))
    first = max(last - stride * (STEPS - 1), 0)
    return tuple(ends[first + stride * i] for i in range(STEPS))


# --------------------------------------------------------------------------- the measures


def _params(facts: Facts, nodes: Sequence[str]) -> Amount | None:
    held = facts.params(nodes)
    return Amount(held, units.short(held)) if held else None


def _macs(facts: Facts, nodes: Sequence[str]) -> Amount | None:
    done = facts.macs(nodes)
    if not done:
        return None
    number = facts.number(done)
    return Amount(number, units.short(round(number) if isinstance(done, SizeExpr) else done))


def _memory(facts: Facts, nodes: Sequence[str]) -> Amount | None:
    number = facts.number(facts.memory(nodes))
    return Amount(number, units.size(round(number))) if number else None


def _field(facts: Facts, nodes: Sequence[str]) -> Amount | None:
    field = facts.field(nodes)
    if not field.axes:
        return None
    sides = [facts.number(axis.extent) for axis in field.axes]
    text = "×".join(f"{side:g}" for side in sides)
    return Amount(max(sides), "field: all" if field.whole else f"field {text}", field.whole)


def _short(number: float) -> str:
    """`500 k`, `2.5 M`."""
    text, _, unit = units.short(round(number)).partition(" ")
    trimmed = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{trimmed} {unit}".rstrip()


def _size(number: float, most: float | None = None) -> str:
    """`512 KiB`, `1.5 MiB`; with the unit that `most` has, where it is given."""
    unit, scale = units.size(round(most or number)).partition(" ")[2], 1.0
    while units.size(round(scale)).partition(" ")[2] != unit:
        scale *= _UNITS
    return f"{f'{number / scale:.1f}'.removesuffix('.0')} {unit}"


MEASURES: dict[str, Measure] = {
    "params": Measure("parameters", "more parameters", _params, _short),
    "macs": Measure("multiply-accumulates", "more multiply-accumulates", _macs, _short),
    "memory": Measure("activations of one image, fp32", "larger activations", _memory, _size, binary=True),
    "receptive-field": Measure(
        "side of the receptive field",
        "a larger receptive field",
        _field,
        lambda side: f"{side:g}",
        "the largest of all {}",
    ),
}
"""By the word of the command."""
