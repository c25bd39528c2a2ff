"""Polynomials of unknown sizes, with fractions as coefficients: the bounds of an expression."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product

Powers = tuple[tuple[str, int], ...]
"""Unknowns with their powers, sorted."""
Polynomial = dict[Powers, Fraction]
"""Products of unknowns with coefficients; none of these is 0."""


def to_integer(bound: Polynomial, rounding: Callable[[Fraction], int]) -> Polynomial:
    """A bound on an integer, if it is a number, as an integer."""
    return {(): Fraction(rounding(bound[()]))} if bound.keys() == {()} else bound


def negated(bound: Polynomial) -> Polynomial:
    """Minus the polynomial."""
    return {monomial: -coefficient for monomial, coefficient in bound.items()}


def positive(bound: Polynomial, *, every: bool, zero: bool = False) -> bool:
    """Whether a polynomial is positive for all large values of its unknowns, or for every one of at least 1.

    True is certain, False is not. With `zero`, it may be 0 as well.
    """
    if not bound.keys() - {()}:
        constant = bound.get((), Fraction(0))
        return constant >= 0 if zero else constant > 0
    if every:  # in terms of x - 1, which is at least 0, nothing is negative
        shifted = _shifted(bound)
        return all(c >= 0 for c in shifted.values()) and (zero or shifted.get((), 0) > 0)
    leading = [m for m in bound if not any(m != other and _divides(m, other) for other in bound)]
    return all(bound[m] > 0 for m in leading)


def _divides(a: Powers, b: Powers) -> bool:
    powers = dict(b)
    return all(powers.get(name, 0) >= power for name, power in a)


def _shifted(bound: Polynomial) -> Polynomial:
    total: Polynomial = {}
    for monomial, coefficient in bound.items():
        part: Polynomial = {(): coefficient}
        for name, power in monomial:
            for _ in range(power):
                part = multiplied(part, {((name, 1),): Fraction(1), (): Fraction(1)})
        total = added(total, part)
    return total


def added(a: Polynomial, b: Polynomial) -> Polynomial:
    """The sum."""
    total = dict(a)
    for monomial, coefficient in b.items():
        total[monomial] = total.get(monomial, Fraction(0)) + coefficient
    return {monomial: coefficient for monomial, coefficient in total.items() if coefficient}


def multiplied(a: Polynomial, b: Polynomial) -> Polynomial:
    """The product."""
    total: Polynomial = {}
    for (one, c), (other, d) in product(a.items(), b.items()):
        powers = dict(one)
        for name, power in other:
            powers[name] = powers.get(name, 0) + power
        monomial = tuple(sorted(powers.items()))
        total[monomial] = total.get(monomial, Fraction(0)) + c * d
    return {monomial: coefficient for monomial, coefficient in total.items() if coefficient}
