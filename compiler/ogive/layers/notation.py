"""How expressions of unknown sizes are written: in messages, in programs, in drawings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ogive.layers.unknown import Atom, Floor, Monomial, Number, Size, SizeExpr


@dataclass(frozen=True, slots=True)
class Notation:
    """How expressions are written.

    Attributes:
        times: between factors; `scaled` between a coefficient and what it multiplies.
        plus, minus, over: between terms, and in a quotient.
        floor, ceil: around a quotient; without the second every quotient is one that was rounded down.
        tight: whether what stands around a quotient holds it together as a factor.
    """

    times: str = " * "
    scaled: str = " * "
    plus: str = " + "
    minus: str = " - "
    over: str = " / "
    floor: str = "floor({})"
    ceil: str | None = "ceil({})"
    tight: bool = True


PLAIN = Notation()
"""As the language has it: `64 * ceil(h / 2)`."""
DRAWN = Notation("·", "", "+", "−", "/", "⌊{}⌋", "⌈{}⌉")
"""As a figure has it: `64⌈h/2⌉`."""


def written(
    value: Size | Fraction, notation: Notation = PLAIN, number: Callable[[Number], str] = str, mark: str = ""
) -> str:
    """The text of an expression.

    Args:
        value: it.
        notation: how it is written.
        number: how its coefficients are.
        mark: what stands before the names of unknowns; `?` where they are declared.
    """
    if isinstance(value, int | Fraction):
        return number(value)
    text = ""
    for monomial, coefficient in value.terms:
        shown = _term(monomial, abs(coefficient), notation, number, mark)
        if not text:
            # Python negates before it divides
            loose = not notation.tight and coefficient == -1 and len(monomial) == 1 and notation.over in shown
            text = ("-" if coefficient < 0 else "") + (f"({shown})" if loose else shown)
        else:
            text += (notation.minus if coefficient < 0 else notation.plus) + shown
    return text


def _term(
    monomial: Monomial, coefficient: Number, notation: Notation, number: Callable[[Number], str], mark: str
) -> str:
    if not monomial:
        return number(coefficient)
    factors = [_factor(atom, notation, number, mark) for atom, power in monomial for _ in range(power)]
    if not notation.tight and (len(factors) > 1 or coefficient != 1):
        factors = [f"({factor})" if notation.over in factor else factor for factor in factors]
    text = notation.times.join(factors)
    if isinstance(coefficient, Fraction) and coefficient.denominator > 1:
        over = f"{notation.over}{number(coefficient.denominator)}"
        coefficient = coefficient.numerator
        return (f"{number(coefficient)}{notation.scaled}{text}" if coefficient != 1 else text) + over
    return text if coefficient == 1 else f"{number(coefficient)}{notation.scaled}{text}"


def _factor(atom: Atom, notation: Notation, number: Callable[[Number], str], mark: str) -> str:
    if isinstance(atom, str):
        return mark + atom
    up, numerator = ceiling(atom) if notation.ceil else (False, atom.numerator)
    text = written(numerator, notation, number, mark)
    if not isinstance(numerator, int) and len(numerator.terms) > 1:
        text = f"({text})"
    around = notation.ceil if up and notation.ceil else notation.floor
    return around.format(f"{text}{notation.over}{number(atom.divisor)}")


def ceiling(quotient: Floor) -> tuple[bool, Size]:
    """How a quotient is best written: whether as rounded up, and its numerator then."""
    most = quotient.divisor - 1
    constant = constant_of(quotient.numerator)
    return (True, quotient.numerator - most) if constant == most else (False, quotient.numerator)


def constant_of(value: SizeExpr) -> Number:
    """The term without an unknown."""
    return next((coefficient for monomial, coefficient in value.terms if not monomial), 0)
