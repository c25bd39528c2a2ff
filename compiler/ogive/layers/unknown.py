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
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache
from hashlib import blake2b
from itertools import product
from types import ModuleType
from typing import NamedTuple, NoReturn

from ogive.layers.notation import written

Number = int | Fraction

_MOST_TERMS = 2000
FINEST = 1024
"""The greatest denominator of a float that multiplies an unknown size."""


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

    __slots__ = ("_form", "_hash", "_parts", "_symbols", "_text", "terms")

    terms: tuple[tuple[Monomial, Number], ...]

    def __init__(self, terms: Iterable[tuple[Monomial, Number]]) -> None:
        self.terms = tuple(sorted(terms, key=lambda term: _place(term[0])))
        self._hash: int | None = None
        self._text: str | None = None
        self._parts: int | None = None
        self._symbols: tuple[str, ...] | None = None
        self._form: bytes | None = None

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of its unknown sizes, sorted."""
        if self._symbols is None:
            self._symbols = tuple(sorted({name for monomial, _ in self.terms for name in _names(monomial)}))
        return self._symbols

    @property
    def form(self) -> bytes:
        """A digest of how it is built: of the same terms, where it is the same. To compare terms themselves
        takes time that doubles with every quotient around them.
        """
        if self._form is None:
            built = [
                ([(a if isinstance(a, str) else (a.numerator.form, a.divisor), n) for a, n in powers], str(c))
                for powers, c in self.terms
            ]
            self._form = blake2b(repr(built).encode(), digest_size=16).digest()
        return self._form

    @property
    def parts(self) -> int:
        """How many terms it has, with those inside of its quotients: how long it is when it is written."""
        if self._parts is None:
            quotients = (
                atom for monomial, _ in self.terms for atom, _ in monomial if isinstance(atom, Floor)
            )
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
        value = substituted(self, values)
        if isinstance(value, Fraction):
            raise ValueError(f"{self} is {value} there")
        return value

    # ------------------------------------------------------------------ arithmetic

    def __add__(self, other: Size | Fraction) -> Size:
        return summed((self, other)) if _is_size(other) else NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Size:
        return self * -1

    def __sub__(self, other: Size | Fraction) -> Size:
        return summed((self, -1 * other)) if _is_size(other) else NotImplemented

    def __rsub__(self, other: Size | Fraction) -> Size:
        return summed((other, -self)) if _is_size(other) else NotImplemented

    def __mul__(self, other: Size | Fraction) -> Size:
        if isinstance(other, int | Fraction):
            return made({monomial: coefficient * other for monomial, coefficient in self.terms})
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
        exact = quotient(self, other)
        if exact is None:
            raise Undecided(f"how often {other} goes into {self}", self, other)
        return exact

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

    # ------------------------------------------------------------------ numbers, which it is none of

    def __int__(self) -> NoReturn:
        raise self._no_number()

    def __index__(self) -> NoReturn:
        raise self._no_number()

    def __float__(self) -> NoReturn:
        raise self._no_number()

    def _no_number(self) -> TypeError:
        names = self.symbols
        values = ", ".join(f'"{name}": …' for name in names)
        return TypeError(f"{self} depends on {' and '.join(names)}: `.at({{{values}}})` of it is a number")

    # ------------------------------------------------------------------ comparison

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int | Fraction | SizeExpr):
            return NotImplemented
        if isinstance(other, SizeExpr):
            if self.form == other.form:
                return True
            if hash(self) != hash(other):
                return False
        return _order().is_zero(self - other)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(tuple(_order().at_sample(self, seed) for seed in (1, 2)))
        return self._hash

    def __bool__(self) -> bool:
        return not _order().is_zero(self)

    def __lt__(self, other: Size | Fraction) -> bool:
        return _order().less(self, other)

    def __gt__(self, other: Size | Fraction) -> bool:
        return _order().less(other, self)

    def __le__(self, other: Size | Fraction) -> bool:
        return not _order().less(other, self)

    def __ge__(self, other: Size | Fraction) -> bool:
        return not _order().less(self, other)

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


@cache
def _order() -> ModuleType:
    """Equality and order, which need the class, and which it needs."""
    from ogive.layers import order

    return order


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


def made(coefficients: Mapping[Monomial, Number]) -> Size:
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


def summed(values: Iterable[Size | Fraction]) -> Size:
    """The sum of expressions, fractions and numbers, in one go."""
    coefficients: dict[Monomial, Number] = {}
    for value in values:
        for monomial, coefficient in _terms(value):
            coefficients[monomial] = coefficients.get(monomial, 0) + coefficient
    return made(coefficients)


def _product(a: SizeExpr, b: SizeExpr) -> Size:
    coefficients: dict[Monomial, Number] = {}
    for (one, c), (other, d) in product(a.terms, b.terms):
        monomial = _times(one, other)
        coefficients[monomial] = coefficients.get(monomial, 0) + c * d
    return made(coefficients)


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
    whole = made({monomial: c // divisor for monomial, c in value.terms})
    rest = made({monomial: c % divisor for monomial, c in value.terms})
    if not isinstance(rest, SizeExpr):
        return whole  # the remainder is less than the divisor
    common = math.gcd(divisor, *(int(c) for monomial, c in rest.terms if monomial))
    if common > 1:  # the constant cannot carry: floor((g q + c) / (g d)) = floor((q + floor(c / g)) / d)
        rest = made({m: c // common for m, c in rest.terms})
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


def quotient(a: SizeExpr, b: SizeExpr) -> Size | None:
    """A over b where it is a number, or where b is one term that divides every term of a."""
    if len(b.terms) == 1:
        monomial, scale = b.terms[0]
        parts = [(_without(m, monomial), c) for m, c in a.terms]
        if all(m is not None for m, _ in parts):
            return made({m: Fraction(c) / scale for m, c in parts if m is not None})
    if [m for m, _ in a.terms] == [m for m, _ in b.terms]:
        ratios = {Fraction(c) / d for (_, c), (_, d) in zip(a.terms, b.terms, strict=True)}
        if len(ratios) == 1:
            return made({(): ratios.pop()})
    return None


def _without(monomial: Monomial, divisor: Monomial) -> Monomial | None:
    powers = dict(monomial)
    for atom, power in divisor:
        powers[atom] = powers.get(atom, 0) - power
    if any(power < 0 for power in powers.values()):
        return None
    return tuple((atom, power) for atom, power in powers.items() if power)


def substituted(value: SizeExpr, values: Mapping[str, Size]) -> Size | Fraction:
    """As `SizeExpr.at`, and a fraction where the value is no integer."""
    # quotients are shared
    found: dict[tuple[bytes, int], Size | Fraction] = {}

    def of(atom: Atom) -> Size | Fraction:
        if isinstance(atom, str):
            return values[atom] if atom in values else unknown(atom)
        key = (atom.numerator.form, atom.divisor)
        if key not in found:
            found[key] = floor_div(inside(atom.numerator), atom.divisor)
        return found[key]

    def inside(value: SizeExpr) -> Size | Fraction:
        return summed(
            math.prod((of(atom) for atom, power in monomial for _ in range(power)), start=coefficient)
            for monomial, coefficient in value.terms
        )

    return inside(value)
