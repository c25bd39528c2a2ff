"""Finds how the values inside a block follow from its parameters (anti-unification).

A `Slot` is a place for a value in the text of a class; it holds the value of every instance. `solve` replaces
the slots that differ by expressions over *atoms*, which are the parameters of the block's definition and the
channels of its inputs, or, where none fits, by a parameter of their own. Every expression is checked on every
instance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ogive.backends.pytorch.names import variable


class _Missing:
    """The value of a slot in an instance that has no such slot: it may be anything."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


def literal(value: Any) -> str:
    """A value as Python writes it, in plain characters."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f'float("{value}")'
    if isinstance(value, str):
        text = ascii(value)
        return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text and "\\'" not in text else text
    if isinstance(value, (tuple, list)):
        inside = ", ".join(map(literal, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return ascii(value)


@dataclass(frozen=True, slots=True)
class Expression:
    """A text with places `{0}`, `{1}` … for atoms.

    Attributes:
        text: the text, with braces doubled where they are meant.
        atoms: names of the atoms.
        compound: whether it needs parentheses inside another operator.
    """

    text: str
    atoms: tuple[str, ...] = ()
    compound: bool = False

    def show(self, names: Mapping[str, str], *, inside: bool = False) -> str:
        """The expression, with the atoms called as `names` says; in parentheses `inside` an operator if it
        needs them.
        """
        shown = self.text.format(*(names.get(atom, atom) for atom in self.atoms)) if self.atoms else self.text
        return f"({shown})" if inside and self.compound else shown


def constant(value: Any) -> Expression:
    """The expression of a value that is the same everywhere."""
    if type(value) in _FEW_VALUES:
        return _constant(type(value), value)
    negative = isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0
    return Expression(literal(value), (), negative)


_FEW_VALUES = frozenset({bool, int, str, type(None)})
"""Types of values that are compared by `==` alone; `0.0 == -0.0` is none of them."""


@lru_cache(maxsize=4096)
def _constant(kind: type, value: Any) -> Expression:
    """One expression for all places of a value: nets of many layers have few values."""
    return Expression(literal(value), (), kind is int and value < 0)


@dataclass(eq=False, slots=True)
class Slot:
    """A place for a value.

    Attributes:
        values: one for each instance.
        hint: how a parameter for it would be called.
        default: the value that is left out; `...` if it is always printed.
        expression: what `solve` found.
        flag: whether it is a condition (`project`), for which comparisons are tried.
        fixed: whether the expression is given, and not to be found.
        conditions: comparisons that a flag may stand for.
        keyword: the argument's name, where it is given by name.
        kin: values that every instance has, and that this one follows wherever it is there: of a shortcut's
            convolution the channels on both sides of the residual.
        short: the hint without the layer's name, where the class has no other layer with such an argument.
    """

    values: list[Any]
    hint: str = "value"
    default: Any = ...
    expression: Expression = field(default_factory=lambda: Expression("None"))
    flag: bool = False
    fixed: bool = False
    conditions: tuple[Condition, ...] = ()
    keyword: str = ""
    kin: tuple[list[Any], ...] = ()
    short: str = ""

    @property
    def printed(self) -> bool:
        """Whether a keyword with this value is printed at all."""
        return self.default is ... or any(not same(v, self.default) for v in self.values if v is not MISSING)


@dataclass(frozen=True, slots=True)
class Condition:
    """`in_channels != 4 * width`: whether a tensor has other channels than another slot holds."""

    atom: str
    values: tuple[Any, ...]
    channels: Slot


@dataclass(eq=False, slots=True)
class Atom:
    """A name that the constructor knows, and its value in every instance.

    `kind` is `given` for a parameter of the definition, `channels` for those of an input, `new` for others.
    """

    name: str
    values: list[Any]
    default: Any = ...
    kind: str = "given"
    used: bool = False


def same(a: Any, b: Any) -> bool:
    """Equality that tells True from 1 and 1 from 1.0."""
    return type(a) is type(b) and a == b


def _agree(values: Sequence[Any], others: Sequence[Any]) -> bool:
    return all(v is MISSING or same(v, o) for v, o in zip(values, others, strict=True))


def solve(slots: Sequence[Slot], atoms: list[Atom], taken: set[str]) -> list[Atom]:
    """Gives every slot its expression. Returns the atoms that are used, new ones included, in the order they
    came.

    Args:
        slots: in the order of the text; all hold as many values as there are instances.
        atoms: the parameters of the definition, then the channels of the inputs.
        taken: names that a new parameter must not have; they are added to.
    """
    varying: list[Slot] = []
    for slot in slots:
        known = [v for v in slot.values if v is not MISSING]
        if atoms and len(known) < len(slot.values) and known and _follow(slot, known, atoms):
            varying.append(slot)
        elif all(same(v, known[0]) for v in known[1:]):
            slot.expression = constant(known[0]) if known else Expression("None")
        else:
            varying.append(slot)
    if not varying:
        return []
    rows = _distinct([*(a.values for a in atoms), *(s.values for s in varying)])
    search = _Search([(a, [a.values[i] for i in rows]) for a in atoms])
    for slot in varying:
        values = [slot.values[i] for i in rows]
        found = search.condition(slot, values, rows) if slot.flag else search.expression(values)
        if found is None:
            short = variable(slot.short, ()) if slot.short else ""
            name = short if short and short not in taken else variable(slot.hint, taken)
            count = 1
            while name in taken:
                count += 1
                name = variable(f"{slot.hint}_{count}", ())
            taken.add(name)
            filler = None
            atom = Atom(name, [filler if v is MISSING else v for v in slot.values], kind="new")
            atoms.append(atom)
            search.add(atom, values)
            found = Expression("{0}", (name,))
        slot.expression = found
    used = {name for slot in varying for name in slot.expression.atoms}
    for atom in atoms:
        atom.used = atom.name in used
    return [atom for atom in atoms if atom.used]


def _follow(slot: Slot, known: list[Any], atoms: list[Atom]) -> bool:
    """Lets a value that only some instances have follow what all have, even where it happens to be the same
    for those some: the stride of a shortcut is that of its block. Whether it does.
    """
    names = [atom for atom in atoms if atom.name == slot.keyword]
    wide = type(known[0]) is int and known[0] > 1
    for values in [*(atom.values for atom in names), *(slot.kin if wide else ())]:
        if _agree(slot.values, values) and any(not same(v, values[0]) for v in values):
            slot.values = list(values)
            return True
    return False


def _distinct(columns: list[list[Any]]) -> list[int]:
    """Indices of instances that differ in some column: many uses of a block are alike."""
    seen: dict[str, int] = {}
    for index, row in enumerate(zip(*columns, strict=True)):
        seen.setdefault(repr(row), index)
    return list(seen.values())


class _Search:
    """Tries expressions over the atoms, the plainest first."""

    def __init__(self, atoms: list[tuple[Atom, list[Any]]]) -> None:
        self.all: list[tuple[str, list[Any]]] = []
        self.ints: list[tuple[str, list[int]]] = []
        self.bare: list[tuple[Atom, list[Any]]] = []
        for atom, values in atoms:
            self.add(atom, values)

    def add(self, atom: Atom, values: list[Any]) -> None:
        """Adds an atom; its values may have gaps."""
        self.all.append((atom.name, values))
        self.bare.append((atom, values))
        if all(type(v) is int for v in values):
            self.ints.append((atom.name, values))

    def expression(self, values: list[Any]) -> Expression | None:
        """The plainest expression that has these values."""
        for name, known in self.all:
            if _agree(values, known):
                return Expression("{0}", (name,))
        kinds = {type(v) for v in values if v is not MISSING}
        if kinds == {bool}:
            return self._comparison(values)
        if kinds == {tuple}:
            return self._tuple(values)
        if kinds != {int}:
            return None
        for step in (self._scaled, self._shifted, self._pair, self._mixed):
            found = step(values)
            if found is not None:
                return found
        return None

    def _tuple(self, values: list[Any]) -> Expression | None:
        """`(width, 2 * inc)`: numbers of which each stays or has an expression."""
        present = [v for v in values if v is not MISSING]
        size = len(present[0])
        if any(len(v) != size or any(type(n) is not int for n in v) for v in present):
            return None
        texts: list[str] = []
        atoms: list[str] = []
        for k in range(size):
            column = [v if v is MISSING else v[k] for v in values]
            stays = len({v[k] for v in present}) == 1
            found = constant(present[0][k]) if stays else self.expression(column)
            if found is None:
                return None
            texts.append(_behind(found.text, len(atoms)))
            atoms += found.atoms
        return Expression(f"({texts[0]},)" if size == 1 else f"({', '.join(texts)})", tuple(atoms))

    def _scaled(self, values: list[Any]) -> Expression | None:
        """`4 * width`, `width // 2`: the smallest factor there is."""
        found: list[tuple[int, Expression]] = []
        for name, known in self.ints:
            pairs = [(v, k) for v, k in zip(values, known, strict=True) if v is not MISSING]
            v, k = max(pairs, key=lambda pair: abs(pair[1]))
            if k and v and v % k == 0 and v // k > 1 and all(a == v // k * b for a, b in pairs):
                found.append((v // k, Expression(f"{v // k} * {{0}}", (name,), True)))
            elif v > 0 and k // v > 1:
                ratios = (k // v, k // v - 1, k // (v + 1) + 1)
                ratio = next((r for r in ratios if r > 1 and all(a == b // r for a, b in pairs)), None)
                if ratio is not None:
                    found.append((ratio, Expression(f"{{0}} // {ratio}", (name,), True)))
        return min(found, key=lambda pair: pair[0])[1] if found else None

    def _shifted(self, values: list[Any]) -> Expression | None:
        """`width + 1`."""
        for name, known in self.ints:
            shifts = {v - k for v, k in zip(values, known, strict=True) if v is not MISSING}
            if len(shifts) == 1 and 0 < abs(shift := shifts.pop()) <= 2:
                return Expression(f"{{0}} {'+' if shift > 0 else '-'} {abs(shift)}", (name,), True)
        return None

    def _pair(self, values: list[Any]) -> Expression | None:
        """`width + grow`, `width * ratio`, `width // ratio`: only where three instances or more agree."""
        if not self._telling(values, 3):
            return None
        for i, (first, a) in enumerate(self.ints[:16]):
            for second, b in self.ints[i + 1 : 16]:
                for text, compute in _PAIRS:
                    for names, x, y in (((first, second), a, b), ((second, first), b, a)):
                        if _holds(values, compute, x, y):
                            return Expression(text, names, True)
        return None

    def _mixed(self, values: list[Any]) -> Expression | None:
        """`2 * width + grow`, `32 * groups * width`: one factor, two atoms, three instances or more."""
        if not self._telling(values, 3):
            return None
        for first, a in self.ints[:12]:
            for second, b in self.ints[:12]:
                if first == second:
                    continue
                for factor in (2, 3, 4):
                    if _holds(values, lambda x, y, f=factor: f * x + y, a, b):
                        return Expression(f"{factor} * {{0}} + {{1}}", (first, second), True)
                products = {
                    v // (x * y) for v, x, y in zip(values, a, b, strict=True) if v is not MISSING and x * y
                }
                factor = products.pop() if len(products) == 1 else 0
                if factor > 1 and _holds(values, lambda x, y, f=factor: f * x * y, a, b):
                    return Expression(f"{factor} * {{0}} * {{1}}", (first, second), True)
        return None

    @staticmethod
    def _telling(values: list[Any], least: int) -> bool:
        """Whether so many instances that differ have a value, and not all the same: fewer prove little."""
        known = [v for v in values if v is not MISSING]
        return len(known) >= least and len(set(known)) > 1

    def _comparison(self, values: list[Any]) -> Expression | None:
        """`stride == 1`, `not flag`."""
        for name, known in self.all:
            if all(type(k) is bool for k in known) and _agree(values, [not k for k in known]):
                return Expression("not {0}", (name,), True)
        for atom, known in self.bare:
            if atom.kind != "given":
                continue
            for value in dict.fromkeys(
                k for k in known if isinstance(k, (int, str)) and not isinstance(k, bool)
            ):
                for sign, truth in (("!=", False), ("==", True)):
                    if _agree(values, [(k == value) is truth for k in known]):
                        return Expression(f"{{0}} {sign} {_braced(literal(value))}", (atom.name,), True)
        return None

    def condition(self, slot: Slot, values: list[Any], rows: list[int]) -> Expression | None:
        """`stride != 1 or in_channels != 4 * width` where it holds, else a plainer comparison that does."""
        parts: list[tuple[Expression, list[bool]]] = []
        for condition in slot.conditions:
            other = [condition.channels.values[i] for i in rows]
            found = self.expression(other)
            if found is None and all(same(v, other[0]) for v in other):
                found = constant(other[0])
            if found is None:
                continue
            own = [condition.values[i] for i in rows]
            text = f"{{{len(found.atoms)}}} != {found.text}"
            parts.append(
                (
                    Expression(text, (*found.atoms, condition.atom), True),
                    [a != b for a, b in zip(own, other, strict=True)],
                )
            )
        for differs, truth in parts:
            for atom, known in self.bare:
                if atom.kind != "given" or atom.default is ... or type(atom.default) is not int:
                    continue
                either = [t or k != atom.default for t, k in zip(truth, known, strict=True)]
                if _agree(values, either) and any(k != atom.default for k in known):
                    shift = {str(i): str(i + 1) for i in range(len(differs.atoms))}
                    text = differs.text
                    for old in sorted(shift, reverse=True):
                        text = text.replace(f"{{{old}}}", f"{{{shift[old]}}}")
                    return Expression(f"{{0}} != {atom.default} or {text}", (atom.name, *differs.atoms), True)
        for differs, truth in parts:
            if _agree(values, truth):
                return differs
        return self.expression(values)


def _behind(text: str, count: int) -> str:
    """The text of an expression that follows one of so many atoms: of two, `{0} + 1` is `{2} + 1`."""
    return re.sub(r"\{(\d+)\}", lambda place: f"{{{int(place[1]) + count}}}", text)


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


_PAIRS: tuple[tuple[str, Callable[[int, int], int | None]], ...] = (
    ("{0} + {1}", lambda a, b: a + b),
    ("{0} * {1}", lambda a, b: a * b),
    ("{0} // {1}", lambda a, b: a // b if b > 1 else None),
    ("{0} - {1}", lambda a, b: a - b),
)


def _holds(values: list[Any], compute: Callable[[int, int], int | None], a: list[int], b: list[int]) -> bool:
    return all(v is MISSING or v == compute(x, y) for v, x, y in zip(values, a, b, strict=True))
