"""Unknown sizes in the text of a layer: read off the tensors that are there.

A text may hold `ceil(h / 2)` where a number would stand. What is printed must give that size for every input,
so it is written in terms of the shapes of the layer's operands: `x.shape[2]`, `2 * x.shape[3]`,
`(x.shape[2] + 1) // 2`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from ogive.layers.code import Call, Keyword, Operand, Operands, Self, Template, Torch, Value
from ogive.layers.notation import Notation, written
from ogive.layers.tensor import TensorType
from ogive.layers.unknown import (
    Atom,
    Floor,
    Monomial,
    Number,
    Size,
    SizeExpr,
    floor_div,
    substitute,
    symbols_of,
    unknown,
)

_PYTHON = Notation(over=" // ", floor="{}", ceil=None, tight=False)
_OPENS, _CLOSES = ("(", ", ", "[", ":"), (")", ",", "]", ":")
"""What stands around a whole argument: an operator inside needs no parentheses there."""

Sources = Sequence[tuple[str, SizeExpr]]
"""Sizes that can be read, with the text that reads each."""


class Unreadable(Exception):
    """A size that follows from no operand's shape.

    Attributes:
        size: which.
    """

    def __init__(self, size: SizeExpr) -> None:
        super().__init__(str(size))
        self.size = size


def read_off(torch: Torch, inputs: Sequence[TensorType]) -> Torch:
    """The text of a layer with every unknown size read off its operands.

    Args:
        torch: the text.
        inputs: the types of the operands, and of further tensors behind them whose sizes may be read.

    Raises:
        Unreadable: a size follows from none of them, or the constructor of a module needs it.
    """
    for call in (torch.module, *torch.setup):
        if call is not None and (sizes := _unknown_in(call)):
            raise Unreadable(sizes[0])
    forms = (torch.forward, torch.inplace, torch.flow)
    if not any(_unknown_in(form) for form in forms if form is not None):
        return torch
    sources = [
        (f"{{{index}}}.shape[{axis}]", size)
        for index, x in enumerate(inputs)
        for axis, size in enumerate(x.sizes, 1)
        if isinstance(size, SizeExpr)
    ]
    forward, inplace, flow = (None if form is None else _read(form, sources) for form in forms)
    return replace(torch, forward=forward, inplace=inplace, flow=flow)


def _unknown_in(form: Call | Template) -> list[SizeExpr]:
    values: list[object] = []
    for value in _values(form):
        values += value if isinstance(value, tuple) else [value]
    return [value for value in values if isinstance(value, SizeExpr)]


def _values(form: Call | Template) -> list[object]:
    if isinstance(form, Template):
        return [value for _, value in form.slots]
    return [*form.args, *(keyword.value for keyword in form.keywords)]


# --------------------------------------------------------------------------- the text


def _read(form: Call | Template, sources: Sources) -> Call | Template:
    if not _unknown_in(form):
        return form
    return _Text(sources).of(form)


class _Text:
    """A text in which sizes are read; its other values stay slots."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.slots: list[tuple[str, Value]] = []

    def of(self, form: Call | Template) -> Template:
        if isinstance(form, Template):
            text = form.text
            for name, value in form.slots:
                if isinstance(value, SizeExpr) or (isinstance(value, tuple) and symbols_of(value)):
                    text = _put(text, name, self.value(name, value))
                else:
                    self.slots.append((name, value))
            return Template(text, tuple(self.slots), form.atom)
        parts = [self.argument(index, argument) for index, argument in enumerate(form.args)]
        parts += [self.keyword(keyword) for keyword in form.keywords if keyword.value != keyword.default]
        return Template(f"{form.name}({', '.join(parts)})", tuple(self.slots), atom=True)

    def argument(self, index: int, argument: Value | Operand | Operands | Self) -> str:
        match argument:
            case Operand(number):
                return f"{{{number}}}"
            case Operands():
                return "({operands})"
            case Self(member):
                return f"{{self}}.{member}" if member else "{self}"
            case _:
                return self.value(f"value{index}", argument)

    def keyword(self, keyword: Keyword) -> str:
        return f"{keyword.name}={self.value(keyword.name, keyword.value)}"

    def value(self, name: str, value: Value) -> str:
        if isinstance(value, tuple) and symbols_of(value):
            parts = [self.value(f"{name}{index}", part) for index, part in enumerate(value)]
            return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"
        if isinstance(value, SizeExpr):
            # its numbers are values as well, which may be parameters of a class
            return formula(
                value, self.sources, lambda number: self.value(f"{name}_{len(self.slots)}", int(number))
            )
        self.slots.append((name, value))
        return f"{{{name}}}"


def _put(text: str, name: str, value: str) -> str:
    """The text with a value in the place of a slot, in parentheses where an operator stands beside it."""
    hole = f"{{{name}}}"
    before, behind = text.split(hole, 1)
    alone = before.endswith(_OPENS) and behind.startswith(_CLOSES)
    compound = not value.startswith("(") and re.search(r" [-+*/]+ |^-", value)
    return text.replace(hole, f"({value})" if compound and not alone else value)


def formula(size: SizeExpr, sources: Sources, number: Callable[[Number], str] = str) -> str:
    """A size as Python computes it from others.

    Args:
        size: it.
        sources: the others.
        number: how its numbers are written.

    Raises:
        Unreadable: it follows from none of them.
    """
    found = express(size, sources)
    if found is None:
        raise Unreadable(size)
    return written(found, _PYTHON, number)


# --------------------------------------------------------------------------- the arithmetic


def express(size: Size, sources: Sources) -> Size | None:
    """A size in terms of others: an expression whose unknowns are their texts. None where there is none."""
    found = _found(size, sources)
    if found is None:
        return None
    known = dict(sources)
    return found if substitute(found, known) == size else None


def _found(size: Size, sources: Sources) -> Size | None:
    if not isinstance(size, SizeExpr):
        return size
    for text, source in sources:
        if (found := _linear(size, source, unknown(text))) is not None:
            return found
    smooth = [term for term in size.terms if not any(isinstance(atom, Floor) for atom, _ in term[0])]
    total: Size = 0
    terms = size.terms
    if 0 < len(smooth) < len(terms) and (rest := _found(_sum_of(smooth), sources)) is not None:
        total, terms = rest, [term for term in terms if term not in smooth]
    for monomial, coefficient in terms:
        part = _product(monomial, sources)
        if part is None or not isinstance(coefficient, int):
            return None
        total = total + coefficient * part
    return total


def _sum_of(terms: Sequence[tuple[Monomial, Number]]) -> Size:
    constant = sum(c for monomial, c in terms if not monomial and isinstance(c, int))
    unknowns = [(monomial, c) for monomial, c in terms if monomial]
    return SizeExpr(unknowns) + constant if unknowns else constant


def _product(monomial: Monomial, sources: Sources) -> Size | None:
    product: Size = 1
    for atom, power in monomial:
        factor = _factor(atom, sources)
        if factor is None:
            return None
        product = product * factor**power
    return product


def _linear(size: Size, source: SizeExpr, name: SizeExpr) -> Size | None:
    """`a * source + b`, if the size is that."""
    if not isinstance(size, SizeExpr):
        return None
    monomial, scale = source.terms[0]
    times = dict(size.terms).get(monomial, 0)
    if not times or times % scale:
        return None
    rest = size - times // scale * source
    return None if isinstance(rest, SizeExpr) else times // scale * name + rest


def _factor(atom: Atom, sources: Sources) -> Size | None:
    """An unknown, or a quotient, in terms of the sources."""
    known = [pair for text, source in sources if (pair := _inverse(source, unknown(text))) is not None]
    for inner, value in known:
        if inner == atom:
            return value
    if not isinstance(atom, Floor):
        return None
    for inner, value in known:
        if (found := _quotient(atom, inner, value, sources)) is not None:
            return found
    numerator = _found(atom.numerator, sources)
    return None if numerator is None else floor_div(numerator, atom.divisor)


def _inverse(source: SizeExpr, name: SizeExpr) -> tuple[Atom, Size] | None:
    """The unknown, or the quotient, that a source is a multiple of, and its value: of 32 h + 4 it is h, and
    that is (source - 4) // 32.
    """
    (monomial, times), *others = source.terms
    constant = sum(c for _, c in others)
    if any(m for m, _ in others) or len(monomial) != 1 or monomial[0][1] != 1:
        return None
    if not isinstance(times, int) or not isinstance(constant, int) or times < 1:
        return None
    return monomial[0][0], floor_div(name - constant, times)


def _quotient(quotient: Floor, inner: Atom, value: Size, sources: Sources) -> Size | None:
    """floor((p + d q) / (d f)) from the value of floor(p / d): it is floor((value + q) / f)."""
    numerator, divisor = (inner.numerator, inner.divisor) if isinstance(inner, Floor) else (unknown(inner), 1)
    rest = quotient.numerator - numerator
    if quotient.divisor % divisor or rest % divisor != 0:
        return None
    more = _found(rest // divisor, sources)
    return None if more is None else floor_div(value + more, quotient.divisor // divisor)
