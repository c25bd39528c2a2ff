"""Expressions of unknown sizes: what a shape rule gives where an input says `[3, ?h, ?w]`.

An expression is a polynomial of unknown sizes, each an integer of at least 1, and of quotients that were
rounded down, `floor((h + 1) / 2)`. What divides evenly leaves the quotient, and a quotient of a quotient is
one quotient, so that three strided convolutions give `ceil(h / 8)`. A result without an unknown is a number.

Two expressions are equal where they are equal for every value of their unknowns. Their order is that of large
values: `h < 7` is false, because a net whose shape rules hold for all large enough sizes is one that works;
the least sizes are found afterwards, with numbers. Where several unknowns, or a remainder, leave the order
open, a comparison raises `Undecided`. `always` compares for every value instead, as a condition of a program
needs it.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import product
from typing import Literal, NamedTuple

from ogive.layers.notation import constant_of, written
from ogive.layers.polynomial import Polynomial, added, multiplied, negated, positive, to_integer

Number = int | Fraction

_MOST_REMAINDERS = 4096
"""Combinations of remainders that are tried to tell whether two expressions are equal."""
_MOST_TERMS = 2000
FINEST = 1024
"""The greatest denominator of a float that multiplies an unknown size."""
_LARGE = 2**20
"""Stands for every unknown where only the order of magnitude matters. Networks divide by powers of two."""


class Undecided(Exception):
    """Whether something holds depends on the unknown sizes.

    Attributes:
        what: what would have to be known, in words: `whether h is less than w`.
        expressions: what stands in it.
    """

    def __init__(self, what: str, *expressions: Size | Fraction) -> None:
        super().__init__(what)
        self.what = what
        self.expressions = expressions

    @property
    def symbols(self) -> tuple[str, ...]:
        """The unknown sizes that it depends on."""
        return symbols_of(self.expressions)


class Floor(NamedTuple):
    """floor(numerator / divisor). The coefficients of the numerator are integers from 0 to divisor - 1."""

    numerator: SizeExpr
    divisor: int


Atom = str | Floor
Monomial = tuple[tuple[Atom, int], ...]
"""Unknowns and quotients with their powers, sorted."""


class SizeExpr:
    """An expression with at least one unknown size. Made by `unknown`, and by arithmetic; it never changes.

    Attributes:
        terms: monomials with their coefficients, in the order in which they are printed.
    """

    __slots__ = ("_hash", "_parts", "_text", "terms")

    terms: tuple[tuple[Monomial, Number], ...]

    def __init__(self, terms: Iterable[tuple[Monomial, Number]]) -> None:
        self.terms = tuple(sorted(terms, key=lambda term: _place(term[0])))
        self._hash: int | None = None
        self._text: str | None = None
        self._parts: int | None = None

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of its unknown sizes, sorted."""
        return tuple(sorted({name for monomial, _ in self.terms for name in _names(monomial)}))

    @property
    def parts(self) -> int:
        """How many terms it has, with those inside of its quotients: how long it is when it is written."""
        if self._parts is None:
            quotients = (atom for monomial, _ in self.terms for atom, _ in monomial if isinstance(atom, Floor))
            self._parts = len(self.terms) + sum(atom.numerator.parts for atom in quotients)
        return self._parts

    @property
    def integral(self) -> bool:
        """Whether all its coefficients are integers, so that its values are."""
        return all(isinstance(coefficient, int) for _, coefficient in self.terms)

    def at(self, values: Mapping[str, Size]) -> Size:
        """The same with numbers, or other expressions, in the place of some unknowns.

        Raises:
            ValueError: the value is no integer, where the expression is a quotient that was not rounded.
        """
        value = _substituted(self, values)
        if isinstance(value, Fraction):
            raise ValueError(f"{self} is {value} there")
        return value

    # ------------------------------------------------------------------ arithmetic

    def __add__(self, other: Size | Fraction) -> Size:
        return _sum((self, other)) if _is_size(other) else NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Size:
        return self * -1

    def __sub__(self, other: Size | Fraction) -> Size:
        return _sum((self, -1 * other)) if _is_size(other) else NotImplemented

    def __rsub__(self, other: Size | Fraction) -> Size:
        return _sum((other, -self)) if _is_size(other) else NotImplemented

    def __mul__(self, other: Size | Fraction) -> Size:
        if isinstance(other, int | Fraction):
            return _made({monomial: coefficient * other for monomial, coefficient in self.terms})
        return _product(self, other) if _is_size(other) else NotImplemented

    __rmul__ = __mul__

    def __pow__(self, exponent: Size) -> Size:
        if isinstance(exponent, SizeExpr) or exponent < 0 or len(self.terms) ** exponent > _MOST_TERMS:
            return NotImplemented
        return math.prod([self] * exponent)

    def __truediv__(self, other: Size | Fraction) -> Size:
        """The exact quotient; a coefficient may become a fraction.

        Raises:
            Undecided: two expressions, and the second does not divide the first.
        """
        if isinstance(other, int | Fraction):
            return self * (1 / Fraction(other))
        quotient = _quotient(self, other)
        if quotient is None:
            raise Undecided(f"how often {other} goes into {self}", self, other)
        return quotient

    def __floordiv__(self, other: Size | Fraction) -> Size:
        if isinstance(other, int):
            return floor_div(self, other)
        return math.floor(self / other)

    def __rfloordiv__(self, other: Size | Fraction) -> Size:
        raise Undecided(f"how often {self} goes into {other}", self, other)

    def __rtruediv__(self, other: Size | Fraction) -> Size:
        raise Undecided(f"how often {self} goes into {other}", self, other)

    def __mod__(self, other: Size) -> Size:
        if isinstance(other, SizeExpr) and not other.integral:
            return NotImplemented
        return self - (self // other) * other

    def __rmod__(self, other: Size) -> Size:
        raise Undecided(f"the remainder of {other} and {self}", self, other)

    def __floor__(self) -> Size:
        return floor_div(self, 1)

    def __ceil__(self) -> Size:
        return -floor_div(-self, 1)

    # ------------------------------------------------------------------ comparison

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int | Fraction | SizeExpr):
            return NotImplemented
        if isinstance(other, SizeExpr) and self.terms == other.terms:
            return True
        return _is_zero(self - other)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(tuple(_at_sample(self, seed) for seed in (1, 2)))
        return self._hash

    def __bool__(self) -> bool:
        return not _is_zero(self)

    def __lt__(self, other: Size | Fraction) -> bool:
        return _less(self, other)

    def __gt__(self, other: Size | Fraction) -> bool:
        return _less(other, self)

    def __le__(self, other: Size | Fraction) -> bool:
        return not _less(other, self)

    def __ge__(self, other: Size | Fraction) -> bool:
        return not _less(self, other)

    # ------------------------------------------------------------------ text

    def __str__(self) -> str:
        if self._text is None:
            self._text = written(self)
        return self._text

    def __repr__(self) -> str:
        return f"<{self}>"

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        return written(self, number=lambda value: format(float(value) if spec[-1] in "efg" else value, spec))


Size = int | SizeExpr
"""A size of a tensor: a number, or an expression of unknown ones."""


def unknown(name: str) -> SizeExpr:
    """An unknown size, of at least 1."""
    return SizeExpr([(((name, 1),), 1)])


def symbols_of(values: Iterable[object]) -> tuple[str, ...]:
    """The names of all unknowns in some sizes, sorted."""
    return tuple(sorted({s for value in values if isinstance(value, SizeExpr) for s in value.symbols}))


def substitute(value: Size, values: Mapping[str, Size]) -> Size:
    """A size with numbers, or expressions, in the place of some unknowns."""
    return value.at(values) if isinstance(value, SizeExpr) else value


def floor_div(value: Size | Fraction, divisor: int) -> Size:
    """The quotient, rounded down."""
    if not isinstance(value, SizeExpr):
        return math.floor(Fraction(value) / divisor)
    if divisor < 0:
        return floor_div(-value, -divisor)
    # a fraction in the numerator goes into the divisor
    scale = math.lcm(*(c.denominator for _, c in value.terms))
    if scale > 1:
        return floor_div(value * scale, divisor * scale)
    return _rounded_down(value, divisor)


def scaled(size: Size, factor: float) -> Size:
    """A size times a factor, rounded down.

    Raises:
        Undecided: the size is unknown, and the factor is no quotient of small numbers: how it is rounded then
            depends on the size.
    """
    if not isinstance(size, SizeExpr):
        return math.floor(size * factor)
    exact = Fraction(factor)
    if exact.denominator > FINEST:
        raise Undecided(f"how {factor:g} of {size} is rounded", size)
    return math.floor(size * exact)


def magnitude(value: Size | Fraction) -> Fraction:
    """The value where every unknown is the same large number: an order for reports, never left open."""
    if not isinstance(value, SizeExpr):
        return Fraction(value)
    found = _substituted(value, dict.fromkeys(value.symbols, _LARGE))
    assert not isinstance(found, SizeExpr)
    return Fraction(found)


def is_large(value: Size | Fraction, bound: int) -> bool:
    """Whether a value is greater than a bound, as small as its unknowns may be."""
    if isinstance(value, SizeExpr):
        value = _substituted(value, dict.fromkeys(value.symbols, 1))
    assert not isinstance(value, SizeExpr)
    return value > bound


def approximate(value: Size) -> Size:
    """The terms that count where the unknowns are large: quotients without their rounding, and of those the
    greatest powers, and what is much more than these while the unknowns are small.
    """
    if not isinstance(value, SizeExpr):
        return value
    smooth = _sum(
        math.prod((_smooth(atom) for atom, power in monomial for _ in range(power)), start=coefficient)
        for monomial, coefficient in value.terms
    )
    if not isinstance(smooth, SizeExpr):
        return smooth
    degrees = [sum(power for _, power in monomial) for monomial, _ in smooth.terms]
    terms = list(zip(smooth.terms, degrees, strict=True))
    leading = max(abs(coefficient) for (_, coefficient), degree in terms if degree == max(degrees))
    return _made(
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
    if isinstance(a, SizeExpr) and (exact := _quotient(a, b)) is not None:
        return exact
    return (magnitude(a) / magnitude(b)).limit_denominator(1024)


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
            if _is_zero(difference):
                return True
            apart = _never_zero(difference) or _signs(difference, every=True) in ("+", "-")
            return False if apart else None
        case "<" | "<=":
            if not isinstance(difference, SizeExpr):
                return difference > 0 if op == "<" else difference >= 0
            sign = _signs(difference, every=True)
            yes, no = (("+",), ("-", "-0")) if op == "<" else (("+", "+0"), ("-",))
            return True if sign in yes else False if sign in no else None


# --------------------------------------------------------------------------- the one form


def _is_size(value: object) -> bool:
    return isinstance(value, int | Fraction | SizeExpr)


def _place(monomial: Monomial) -> tuple[int, int, tuple[object, ...]]:
    """Where a term is printed: greater powers first, constants last."""
    degree = sum(power for _, power in monomial)
    return (not monomial, -degree, tuple((_key(atom), -power) for atom, power in monomial))


def _key(atom: Atom) -> tuple[str, int, str]:
    """The order of factors: by unknown, the unknown itself before its quotients."""
    if isinstance(atom, str):
        return (atom, 0, "")
    return (atom.numerator.symbols[0], atom.divisor, str(atom.numerator))


def _names(monomial: Monomial) -> Iterable[str]:
    for atom, _ in monomial:
        yield from (atom,) if isinstance(atom, str) else atom.numerator.symbols


def _made(coefficients: Mapping[Monomial, Number]) -> Size:
    """An expression, or the number that it is."""
    terms: dict[Monomial, Number] = {}
    for monomial, coefficient in coefficients.items():
        if coefficient:
            whole = isinstance(coefficient, Fraction) and coefficient.denominator == 1
            terms[monomial] = coefficient.numerator if whole else coefficient
    if not terms:
        return 0
    if terms.keys() == {()}:
        return terms[()]  # pyright: ignore[reportReturnType] - a fraction only inside of a quotient
    return SizeExpr(terms.items())


def _terms(value: Size | Fraction) -> Iterable[tuple[Monomial, Number]]:
    return value.terms if isinstance(value, SizeExpr) else [((), value)]


def _sum(values: Iterable[Size | Fraction]) -> Size:
    coefficients: dict[Monomial, Number] = {}
    for value in values:
        for monomial, coefficient in _terms(value):
            coefficients[monomial] = coefficients.get(monomial, 0) + coefficient
    return _made(coefficients)


def _product(a: SizeExpr, b: SizeExpr) -> Size:
    coefficients: dict[Monomial, Number] = {}
    for (one, c), (other, d) in product(a.terms, b.terms):
        monomial = _times(one, other)
        coefficients[monomial] = coefficients.get(monomial, 0) + c * d
    return _made(coefficients)


def _times(a: Monomial, b: Monomial) -> Monomial:
    if not a or not b:
        return a or b
    powers = dict(a)
    for atom, power in b:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted(powers.items(), key=lambda item: _key(item[0])))


def _rounded_down(value: SizeExpr, divisor: int) -> Size:
    """floor(value / divisor) of integers, in its one form."""
    lead = value.terms[0][1]
    if lead < 0:  # floor(-x / d) = -floor((x + d - 1) / d)
        return -floor_div(-value + (divisor - 1), divisor)
    whole = _made({monomial: c // divisor for monomial, c in value.terms})
    rest = _made({monomial: c % divisor for monomial, c in value.terms})
    if not isinstance(rest, SizeExpr):
        return whole  # the remainder is less than the divisor
    common = math.gcd(divisor, *(int(c) for monomial, c in rest.terms if monomial))
    if common > 1:  # the constant cannot carry: floor((g q + c) / (g d)) = floor((q + floor(c / g)) / d)
        rest = _made({m: c // common for m, c in rest.terms})
        assert isinstance(rest, SizeExpr)
        return whole + floor_div(rest, divisor // common)
    if divisor == 1:
        return whole + rest
    for monomial, coefficient in rest.terms:
        if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1:
            (inner, _) = monomial[0]
            if isinstance(inner, Floor):  # floor((floor(p / a) + q) / c) = floor((p + a q) / (a c))
                others = rest - SizeExpr([(monomial, 1)])
                return whole + floor_div(inner.numerator + inner.divisor * others, inner.divisor * divisor)
    return whole + SizeExpr([(((Floor(rest, divisor), 1),), 1)])


def _quotient(a: SizeExpr, b: SizeExpr) -> Size | None:
    """A over b where it is a number, or where b is one term that divides every term of a."""
    if len(b.terms) == 1:
        monomial, scale = b.terms[0]
        parts = [(_without(m, monomial), c) for m, c in a.terms]
        if all(m is not None for m, _ in parts):
            return _made({m: Fraction(c) / scale for m, c in parts if m is not None})
    if [m for m, _ in a.terms] == [m for m, _ in b.terms]:
        ratios = {Fraction(c) / d for (_, c), (_, d) in zip(a.terms, b.terms, strict=True)}
        if len(ratios) == 1:
            return _made({(): ratios.pop()})
    return None


def _without(monomial: Monomial, divisor: Monomial) -> Monomial | None:
    powers = dict(monomial)
    for atom, power in divisor:
        powers[atom] = powers.get(atom, 0) - power
    if any(power < 0 for power in powers.values()):
        return None
    return tuple((atom, power) for atom, power in powers.items() if power)


def _substituted(value: SizeExpr, values: Mapping[str, Size]) -> Size | Fraction:
    def of(atom: Atom) -> Size | Fraction:
        if isinstance(atom, str):
            return values[atom] if atom in values else unknown(atom)
        return floor_div(_substituted(atom.numerator, values), atom.divisor)

    return _sum(
        math.prod((of(atom) for atom, power in monomial for _ in range(power)), start=coefficient)
        for monomial, coefficient in value.terms
    )


# --------------------------------------------------------------------------- equality and order


def _at_sample(value: SizeExpr, seed: int) -> Size | Fraction:
    """Its value at a point that depends on the names alone: equal expressions are equal there."""
    return _substituted(value, {s: 1000 + zlib.crc32(f"{s}{seed}".encode()) % 10**6 for s in value.symbols})


def _is_zero(value: Size | Fraction) -> bool:
    """Whether it is 0 for every value of its unknowns."""
    if not isinstance(value, SizeExpr):
        return value == 0
    if not any(isinstance(atom, Floor) for monomial, _ in value.terms for atom, _ in monomial):
        return False  # a polynomial in its one form
    if any(_at_sample(value, seed) for seed in (1, 2, 3)):
        return False
    # with the remainder of every unknown known no quotient is left: h = 6 h' + r
    steps = _steps(value)
    if math.prod(steps.values()) > _MOST_REMAINDERS:
        return False
    for rest in product(*(range(step) for step in steps.values())):
        known = {s: step * unknown(s) + r for (s, step), r in zip(steps.items(), rest, strict=True)}
        if _substituted(value, known) != 0:
            return False
    return True


def _extremes(value: SizeExpr) -> tuple[Fraction, Fraction] | None:
    """The least and the greatest value of an expression that has bounds: it is periodic then."""
    steps = _steps(value)
    if math.prod(steps.values()) > _MOST_REMAINDERS:
        return None
    remainders = product(*(range(step) for step in steps.values()))
    found = [_substituted(value, dict(zip(steps, (r + 1 for r in rest), strict=True))) for rest in remainders]
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


def _less(a: Size | Fraction, b: Size | Fraction) -> bool:
    """Whether a < b for all large enough values.

    Raises:
        Undecided: it holds for some large values, and not for others.
    """
    difference = b - a
    if not isinstance(difference, SizeExpr):
        return difference > 0
    sign = _signs(difference, every=False)
    if sign is None or (sign == "+0" and not _is_zero(difference)):
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
