"""What colours can measure: parameters, multiply-accumulates, memory, receptive fields; and in which steps.

A scale has five steps, so that a colour can be read back: equal ones, or each several times the one before,
whichever tells more boxes apart. Their ends are round numbers.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ogive.backends.draw.colours.facts import Facts
from ogive.layers.unknown import SizeExpr
from ogive.report import units

STEPS = 5
_ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
_SERIES = (1, 2, 5)
_UNITS = 1024.0
_DECADE_AND_A_HALF = 10**1.5


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
        without: what is said of a drawing that has none of it.
        amount: of layers, by their names; None where there is none to speak of.
        every: what a box has of several things that it stands for, which are put in the place of `{}`.
        binary: whether its units are powers of 1024.
        written: a number as a legend has it.
    """

    title: str
    more: str
    without: str
    amount: Callable[[Facts, Sequence[str]], Amount | None]
    written: Callable[[float], str]
    every: str = "that of all {} together"
    binary: bool = False

    def bounds(self, scale: Scale) -> list[str]:
        """The ends of the steps of a scale, as a legend has them; what has no end is `more`."""
        if self.binary and not scale.logarithmic:
            found = [_size(bound, scale.bounds[-1]) for bound in scale.bounds]
        else:
            found = list(map(self.written, scale.bounds))
        return [*found[:-1], "more"] if scale.open else found


@dataclass(frozen=True, slots=True)
class Scale:
    """Five steps, each up to a bound.

    Attributes:
        bounds: the largest amount of each step, ascending; none where all that there is is the whole input.
        logarithmic: whether each is several times the one before.
        whole: whether the last also holds receptive fields that are the whole input.
        open: whether it also holds what is larger than its bound.
    """

    bounds: tuple[float, ...]
    logarithmic: bool = False
    whole: bool = False
    open: bool = False

    def step(self, amount: Amount) -> int:
        """In which step, from 0, an amount lies; what is larger than all lies in the last."""
        if amount.whole or not self.bounds:
            return STEPS - 1
        return min(bisect_left(self.bounds, amount.number), STEPS - 1)


def scale_of(amounts: Iterable[Amount], sums: Iterable[Amount] = (), *, binary: bool = False) -> Scale | None:
    """The scale for boxes with these amounts, that which tells most pairs of them apart; None where there is
    nothing.

    Args:
        amounts: those of an overview's boxes.
        sums: what is told apart as far as it costs these nothing: the layers of a definition, in all uses
            together. Where one is larger than the last bound, the scale is open.
        binary: whether units are powers of 1024.
    """
    amounts, sums = ([amount for amount in each if amount.number > 0] for each in (amounts, sums))
    if not any(not amount.whole for amount in amounts):
        amounts, sums = [*amounts, *sums], []
    if not any(not amount.whole for amount in amounts):
        return Scale((), whole=True) if amounts else None
    whole = any(amount.whole for amount in (*amounts, *sums))
    numbers, larger = (sorted(a.number for a in each if not a.whole) for each in (amounts, sums))
    scales = _candidates(numbers, binary) + (_candidates(sorted(numbers + larger), binary) if larger else [])
    scales = [
        replace(scale, whole=whole, open=bool(larger) and larger[-1] > scale.bounds[-1]) for scale in scales
    ]
    return max(scales, key=lambda scale: (_apart(scale, amounts), _apart(scale, sums)))


def _candidates(numbers: Sequence[float], binary: bool) -> list[Scale]:
    """Scales for ascending numbers, first that which is to be chosen if it is no worse."""
    least, most = numbers[0], numbers[-1]
    unit = _UNITS ** int(math.log(most, _UNITS)) if binary and most >= 1 else 1.0
    step = _round_up(most / unit / STEPS) * unit
    if step < 2 * STEPS:  # amounts are whole numbers
        step = float(math.ceil(step))
    equal = Scale(tuple(step * (i + 1) for i in range(STEPS)))
    if most < 2 * STEPS * least:
        return [equal]
    logarithmic = [Scale(bounds, logarithmic=True) for bounds in _powers(least, most, binary)]
    return [*logarithmic, equal] if most > _DECADE_AND_A_HALF * least else [equal, *logarithmic]


def _apart(scale: Scale, amounts: Sequence[Amount]) -> int:
    """How many pairs of amounts a scale tells apart."""
    held = Counter(map(scale.step, amounts)).values()
    return (len(amounts) ** 2 - sum(count**2 for count in held)) // 2


def _round_up(value: float) -> float:
    """The least round number that is not below."""
    power = 10.0 ** math.floor(math.log10(value))
    found = next((r for r in _ROUND if r * power >= value), 10.0)
    return float(f"{found * power:.6g}")


def _powers(least: float, most: float, binary: bool) -> list[tuple[float, ...]]:
    """The bounds of logarithmic steps: among 1, 2, 5, 10, 20, …, or the powers of 2, every so many. Where the
    last steps end at these, the first is wider than the others, or begins below what there is.
    """
    ends = [2.0**n for n in range(100)] if binary else [s * 10.0**n for n in range(30) for s in _SERIES]
    last = next(i for i, end in enumerate(ends) if end >= most)
    wanted = next(i for i, end in enumerate(ends) if end >= least)
    stride, left = divmod(last - wanted, STEPS - 1)
    strides = [each for each in (stride, stride + bool(left)) if each] or [1]
    firsts = {each: max(last - each * (STEPS - 1), 0) for each in strides}
    return [tuple(ends[first + each * i] for i in range(STEPS)) for each, first in firsts.items()]


# --------------------------------------------------------------------------- the measures


def _params(facts: Facts, nodes: Sequence[str]) -> Amount | None:
    held = facts.held(nodes)
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
    # where an up-convolution has been, a place sees one element more than its neighbour, or not
    sides = [float(math.ceil(facts.number(axis.extent))) for axis in field.axes]
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
    "params": Measure("parameters", "more parameters", "has parameters", _params, _short),
    "macs": Measure(
        "multiply-accumulates", "more multiply-accumulates", "multiplies with weights", _macs, _short
    ),
    "memory": Measure(
        "outputs of all layers, one image, fp32",
        "larger outputs (those of every layer in them, kept or not, of one image in fp32)",
        "has an output",
        _memory,
        _size,
        binary=True,
    ),
    "receptive-field": Measure(
        "side of the receptive field",
        "a larger receptive field",
        "has a receptive field (these are tokens or vectors, not maps)",
        _field,
        lambda side: f"{side:g}",
        "the largest of all {}",
    ),
}
"""By the word of the command."""
