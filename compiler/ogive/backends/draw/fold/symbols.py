"""Names for a number that differs from use to use: a parameter, an expression of parameters, a letter.

`word` is told the number in each use, and what each use was given. It answers with the simplest of

1. a parameter, or a multiple or part of one: `width`, `4·width`, `c/2` (`c` for the channels that enter);
2. the expression that the program has there, where it gives those numbers: `width + 2·inc`;
3. a sum or product of two parameters that gives them, where three uses or more agree;
4. a letter, which is explained in the title: `a = 48, 64, 128`.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from string import ascii_lowercase

Given = Mapping[str, object]
"""What a use was given, by the names of the parameters; `in.channels` is what enters."""
ENTERS = "in.channels"
_ENOUGH = 3
_SHOWN_VALUES = 4
_FACTORS = (1, 2, 3, 4)
_AWKWARD = 4
"""What `3·c/2` counts for beyond its factor: `expanded/4` says it better."""
_CALLS: dict[str, Callable[..., object]] = {
    "round": round, "floor": math.floor, "ceil": math.ceil, "int": int, "min": min, "max": max,
}  # fmt: skip
_OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], object]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
}


class Symbols:
    """The names that are used in one definition."""

    def __init__(self) -> None:
        self.used: list[str] = []
        self.letters: dict[tuple[Fraction, ...], str] = {}
        self.said: dict[tuple[str, ...], str] = {}  # by its factors: a product, as it was first written

    @property
    def notes(self) -> list[str]:
        """What stands behind the title: the parameters that are used, and what letters mean."""
        shown = [f"c = {_CHANNELS}" if name == ENTERS else name for name in self.used]
        for values, letter in self.letters.items():
            each = list(dict.fromkeys(map(_number, values)))
            told = ", ".join(each) if len(each) <= _SHOWN_VALUES else f"{_least(values)} … {_most(values)}"
            shown.append(f"{letter} = {told}")
        return shown

    def word(self, values: Sequence[Fraction], given: Sequence[Given], written: Sequence[str]) -> str:
        """A name for a number.

        Args:
            values: it, in each use; not all the same.
            given: what each use was given.
            written: the expressions in the program that it may come from.
        """
        names = [n for n in given[0] if all(_is_number(g.get(n)) for g in given)]
        for names_used, text in (
            *_multiples(values, given, names),
            *_as_written(values, given, written),
            *_elements(values, given),
            *_pairs(values, given, names),
        ):
            self.use(*names_used)
            return self.said.setdefault(tuple(sorted(text.split("·"))), text)
        return self.letter(tuple(values), {name for one in given for name in one})

    def use(self, *names: str) -> None:
        """Notes that the definition speaks of these."""
        self.used += [name for name in names if name not in self.used]

    def letter(self, values: tuple[Fraction, ...], taken: set[str]) -> str:
        """A letter that nothing else is called."""
        if values not in self.letters:
            free = (one for one in ascii_lowercase if one != "c" and one not in taken)
            others = self.letters.values()
            self.letters[values] = next((one for one in free if one not in others), "…")
        return self.letters[values]


_CHANNELS = "channels in"


def _multiples(
    values: Sequence[Fraction], given: Sequence[Given], names: Sequence[str]
) -> list[tuple[tuple[str, ...], str]]:
    """The multiple of a parameter with the smallest factor."""
    found: list[tuple[int, Fraction, str]] = []
    for name in names:
        pairs = [(value, _fraction(one[name])) for value, one in zip(values, given, strict=True)]
        ratios = {value / other for value, other in pairs if other}
        if len(ratios) == 1 and all((value == 0) == (other == 0) for value, other in pairs):
            ratio = ratios.pop()
            whole = 1 in (ratio.numerator, ratio.denominator)
            found.append((max(ratio.numerator, ratio.denominator) + (0 if whole else _AWKWARD), ratio, name))
    if not found:
        return []
    _, ratio, name = min(found, key=lambda one: one[0])
    return [((name,), _times(ratio, _shown(name)))]


def _as_written(
    values: Sequence[Fraction], given: Sequence[Given], written: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    for text in written:
        try:
            tree = ast.parse(text.strip(), mode="eval").body
            worth = [_value(tree, one) for one in given]
        except (SyntaxError, ValueError, KeyError, TypeError, ArithmeticError, IndexError):
            continue
        if worth == list(values):
            used = dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
            names = tuple(name for name in used if name not in _CALLS)
            if names:
                yield names, ast.unparse(tree).replace(" * ", "·").replace(" // ", "/")


def _elements(values: Sequence[Fraction], given: Sequence[Given]) -> Iterator[tuple[tuple[str, ...], str]]:
    """`widths[0]`: an element of a list."""
    for name, first in given[0].items():
        for i in range(len(first)) if isinstance(first, tuple | list) else ():
            lists = [one.get(name) for one in given]
            if [_element(each, i) for each in lists] == list(values):
                yield (name,), f"{name}[{i}]"


def _element(each: object, at: int) -> Fraction | None:
    if isinstance(each, tuple | list) and at < len(each) and _is_number(each[at]):
        return _fraction(each[at])
    return None


def _pairs(
    values: Sequence[Fraction], given: Sequence[Given], names: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    for a in names:
        for b in names:
            rows = [(v, _fraction(g[a]), _fraction(g[b])) for v, g in zip(values, given, strict=True)]
            if a == b or len({(x, y) for _, x, y in rows}) < _ENOUGH:
                continue
            x, y = _shown(a), _shown(b)
            for factor in _FACTORS:
                if all(v == p + factor * q for v, p, q in rows):
                    yield (a, b), f"{x} + {_times(Fraction(factor), y)}"
            if all(v == p * q for v, p, q in rows):
                yield (a, b), f"{x}·{y}"
            if all(v == p - q for v, p, q in rows):
                yield (a, b), f"{x} - {y}"


def _value(tree: ast.expr, given: Given) -> Fraction:
    """What an expression of parameters is worth; anything else is a ValueError."""
    match tree:
        case ast.Constant(value=int() | float() as number):
            return _fraction(number)
        case ast.Name(id=name):
            return _fraction(given[name])
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _fraction(_OPERATORS[type(op)](_value(left, given), _value(right, given)))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _CALLS:
            return _fraction(_CALLS[name](*(_value(one, given) for one in args)))
        case ast.Subscript(value=ast.Name(id=name), slice=index):
            held = given[name]
            if isinstance(held, tuple | list):
                return _fraction(held[int(_value(index, given))])
        case _:
            pass
    raise ValueError


def arguments(call: str) -> list[str]:
    """The expressions between the commas of a call, without the names before `=`."""
    start = call.find("(")
    found, depth, at = list[str](), 0, start + 1
    for i in range(start, len(call)) if start >= 0 else ():
        depth += (call[i] in "([{") - (call[i] in ")]}")
        if (call[i] == "," and depth == 1) or depth == 0:
            found.append(call[at:i])
            at = i + 1
        if depth == 0:
            break
    return [text.partition("=")[2] if "=" in text and "==" not in text else text for text in found]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Fraction) and not isinstance(value, bool)


def _fraction(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        raise ValueError
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


def _shown(name: str) -> str:
    return "c" if name == ENTERS else name


def _times(ratio: Fraction, name: str) -> str:
    text = name if ratio.numerator == 1 else f"{ratio.numerator}·{name}"
    return text if ratio.denominator == 1 else f"{text}/{ratio.denominator}"


def _number(value: Fraction) -> str:
    return f"{float(value):g}" if value.denominator != 1 else str(value)


def _least(values: Sequence[Fraction]) -> str:
    return _number(min(values))


def _most(values: Sequence[Fraction]) -> str:
    return _number(max(values))
