"""The order of expressions of unknown sizes: which are equal, which is less, and how large they are.

Order and equality are those that `ogive.layers.unknown` states: equal for every value of the unknowns, less
for all large ones. Signs come from polynomials that bound an expression on either side, since
(p - d + 1) / d <= floor(p / d) <= p / d; what is periodic is tried out.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from hashlib import sha256
from itertools import product
from typing import Literal

from ogive.layers.notation import constant_of
from ogive.layers.polynomial import Polynomial, added, multiplied, negated, positive, to_integer
from ogive.layers.unknown import (
    Atom,
    Floor,
    Size,
    SizeExpr,
    Undecided,
    made,
    quotient,
    substituted,
    summed,
    unknown,
)

_MOST_REMAINDERS = 4096
"""Combinations of remainders that are tried to tell whether two expressions are equal."""
_LARGE = 2**20
"""Stands for every unknown where only the order of magnitude matters. Networks divide by powers of two."""


Comparison = Literal["<", "<=", ">", ">=", "==", "!="]


def always(op: Comparison, a: Size | Fraction, b: Size | Fraction) -> bool | None:
    """Whether a comparison holds for every value of the unknowns (True), for none (False), or for some."""
    difference = b - a
    match op:
        case ">" | ">=":
            return always("<" if op == ">" else "<=", b, a)
        case "!=":
            equal = always("==", a, b)
            return None if equal is None else not equal
        case "==":
            if not isinstance(difference, SizeExpr):
                return difference == 0
            if is_zero(difference):
                return True
            apart = _never_zero(difference) or _signs(difference, every=True) in ("+", "-")
            return False if apart else None
        case "<" | "<=":
            if not isinstance(difference, SizeExpr):
                return difference > 0 if op == "<" else difference >= 0
            sign = _signs(difference, every=True)
            yes, no = (("+",), ("-", "-0")) if op == "<" else (("+", "+0"), ("-",))
            return True if sign in yes else False if sign in no else None


def magnitude(value: Size | Fraction) -> Fraction:
    """The value where every unknown is the same large number: an order for reports, never left open."""
    if not isinstance(value, SizeExpr):
        return Fraction(value)
    found = substituted(value, dict.fromkeys(value.symbols, _LARGE))
    assert not isinstance(found, SizeExpr)
    return Fraction(found)


def is_large(value: Size | Fraction, bound: int) -> bool:
    """Whether a value is greater than a bound, as small as its unknowns may be."""
    if isinstance(value, SizeExpr):
        value = substituted(value, dict.fromkeys(value.symbols, 1))
    assert not isinstance(value, SizeExpr)
    return value > bound


def approximate(value: Size) -> Size:
    """The terms that count where the unknowns are large: quotients without their rounding, and of those the
    greatest powers, and what is much more than these while the unknowns are small.
    """
    if not isinstance(value, SizeExpr):
        return value
    smooth = summed(
        math.prod((_smooth(atom) for atom, power in monomial for _ in range(power)), start=coefficient)
        for monomial, coefficient in value.terms
    )
    if not isinstance(smooth, SizeExpr):
        return smooth
    degrees = [sum(power for _, power in monomial) for monomial, _ in smooth.terms]
    terms = list(zip(smooth.terms, degrees, strict=True))
    leading = max(abs(coefficient) for (_, coefficient), degree in terms if degree == max(degrees))
    return made(
        dict(term for term, degree in terms if degree == max(degrees) or abs(term[1]) > _MUCH * leading)
    )


_MUCH = 16  # a lower term of so many times the greatest's coefficient is the larger one up to that size


def _smooth(atom: Atom) -> Size | Fraction:
    return unknown(atom) if isinstance(atom, str) else approximate(atom.numerator) * Fraction(1, atom.divisor)


def ratio(a: Size, b: Size) -> Size | Fraction:
    """One size over another. Where the exact quotient depends on the unknowns, what it comes to when they are
    large and alike.
    """
    if not isinstance(b, SizeExpr):
        return a / b if isinstance(a, SizeExpr) else Fraction(a, b)
    if isinstance(a, SizeExpr) and (exact := quotient(a, b)) is not None:
        return exact
    return (magnitude(a) / magnitude(b)).limit_denominator(1024)


# --------------------------------------------------------------------------- equality and order


def at_sample(value: SizeExpr, seed: int) -> Size | Fraction:
    """Its value at a point that depends on the names alone: equal expressions are equal there.

    The point is so far out that quotients inside of quotients do not come to the same there by chance.
    """
    return substituted(value, {symbol: _sample(symbol, seed) for symbol in value.symbols})


@cache
def _sample(symbol: str, seed: int) -> int:
    return int.from_bytes(sha256(f"{symbol}{seed}".encode()).digest())


def is_zero(value: Size | Fraction) -> bool:
    """Whether it is 0 for every value of its unknowns."""
    if not isinstance(value, SizeExpr):
        return value == 0
    if not any(isinstance(atom, Floor) for monomial, _ in value.terms for atom, _ in monomial):
        return False  # a polynomial in its one form
    if any(at_sample(value, seed) for seed in (1, 2, 3)):
        return False
    # with the remainder of every unknown known no quotient is left: h = 6 h' + r
    steps = _steps(value)
    if math.prod(steps.values()) > _MOST_REMAINDERS:
        return False
    for rest in product(*(range(step) for step in steps.values())):
        known = {s: step * unknown(s) + r for (s, step), r in zip(steps.items(), rest, strict=True)}
        if substituted(value, known) != 0:
            return False
    return True


def _extremes(value: SizeExpr) -> tuple[Fraction, Fraction] | None:
    """The least and the greatest value of an expression that has bounds: it is periodic then."""
    steps = _steps(value)
    if math.prod(steps.values()) > _MOST_REMAINDERS:
        return None
    remainders = product(*(range(step) for step in steps.values()))
    found = [substituted(value, dict(zip(steps, (r + 1 for r in rest), strict=True))) for rest in remainders]
    numbers = [Fraction(number) for number in found if not isinstance(number, SizeExpr)]
    return min(numbers), max(numbers)


def _steps(value: SizeExpr) -> dict[str, int]:
    """For each unknown what its multiples of leave no quotient."""
    steps = dict.fromkeys(value.symbols, 1)
    for monomial, _ in value.terms:
        for atom, _ in monomial:
            if isinstance(atom, Floor):
                for symbol, step in _steps(atom.numerator).items():
                    steps[symbol] = math.lcm(steps[symbol], step * atom.divisor)
    return steps


def _never_zero(value: SizeExpr) -> bool:
    """Whether no integers make it 0, since its constant is no multiple of what divides all the rest."""
    if not value.integral:
        return False
    common = math.gcd(*(int(c) for monomial, c in value.terms if monomial))
    return int(constant_of(value)) % common != 0


def less(a: Size | Fraction, b: Size | Fraction) -> bool:
    """Whether a < b for all large enough values.

    Raises:
        Undecided: it holds for some large values, and not for others.
    """
    difference = b - a
    if not isinstance(difference, SizeExpr):
        return difference > 0
    sign = _signs(difference, every=False)
    if sign is None or (sign == "+0" and not is_zero(difference)):
        raise Undecided(f"whether {a} is less than {b}", a, b)
    return sign == "+"


def _signs(value: SizeExpr, *, every: bool) -> Literal["+", "+0", "-", "-0"] | None:
    """The sign of a value for all large values of its unknowns, or for every one: `+0` is at least 0."""
    low = _bound(value, upper=False, every=every)
    if low.keys() - {()} and positive(low, every=every):
        return "+"
    high = _bound(value, upper=True, every=every)
    if low.keys() | high.keys() <= {()} and (found := _extremes(value)) is not None:
        low, high = ({(): Fraction(bound)} if bound else {} for bound in found)
    elif value.integral:  # between its bounds lies an integer
        low, high = to_integer(low, math.ceil), to_integer(high, math.floor)
    if positive(low, every=every):
        return "+"
    if positive(negated(high), every=every):
        return "-"
    if positive(low, every=every, zero=True):
        return "+0"
    if positive(negated(high), every=every, zero=True):
        return "-0"
    return None


def _bound(value: SizeExpr, *, upper: bool, every: bool) -> Polynomial:
    """A polynomial that is at least, or at most, the value: p / d - (d - 1) / d <= floor(p / d) <= p / d.

    No quotient is negative. Where a lower bound of one would be, 0 takes its place among other factors.
    """
    total: Polynomial = {}
    for monomial, coefficient in value.terms:
        part: Polynomial = {(): Fraction(coefficient)}
        quotients = sum(power for atom, power in monomial if isinstance(atom, Floor))
        for atom, power in monomial:
            factor = _bound_atom(atom, upper=upper == (coefficient > 0), every=every, alone=quotients == 1)
            for _ in range(power):
                part = multiplied(part, factor)
        total = added(total, part)
    return total


def _bound_atom(atom: Atom, *, upper: bool, every: bool, alone: bool) -> Polynomial:
    if isinstance(atom, str):
        return {((atom, 1),): Fraction(1)}
    bound = _bound(atom.numerator, upper=upper, every=every)
    if not upper:
        bound = added(bound, {(): Fraction(1 - atom.divisor)})
        if every and not alone and not positive(bound, every=True, zero=True):
            return {}
    return {monomial: coefficient / atom.divisor for monomial, coefficient in bound.items()}
