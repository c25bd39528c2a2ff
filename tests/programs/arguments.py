"""Random arguments of a layer, made from nothing but what the layer says of them; and random expressions."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from ogive.layers.base import Argument, Initializer, Layer, Layout, TensorType
from tests.programs.author import Author, Made, Place

INTS = (1, 2, 3, 4, 6, 8)
FLOATS = (0.5, 0.1, 0.0, 1.0, 1e-3, 2.0, 0.25, -1.0)
_EXPRESSIONS = 0.12


def written(value: object, choices: Sequence[str] = ()) -> str:
    """A value as the language writes it."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case str():
            return value if value in choices and value.isidentifier() else f'"{value}"'
        case tuple() if len(value) > 1 and all(isinstance(v, int) and v >= 0 for v in value):
            return "x".join(map(str, value))
        case tuple() | list():
            return f"[{', '.join(map(written, value))}]"
        case Initializer():
            inside = ", ".join(f"{name} = {number}" for name, number in value.arguments)
            return f"{value.name}({inside})" if inside else value.name
        case Made():
            return value.text
        case _:
            return repr(value)


def number(author: Author, place: Place, value: int) -> str:
    """An int: as it is, or as an expression that is worth it."""
    if value <= 0 or not author.chance(_EXPRESSIONS):
        return str(value)
    ways = [str(value)]
    ways += [name for name, known in place.values.items() if known == value and type(known) is int] * 3
    if isinstance(place.flow, TensorType):
        ways += _sizes("here", place.flow, value)
    ways += _sizes("in", place.entered, value)
    for name, x in place.tensors.items():
        ways += _sizes(name, x, value)
    if value > 0:
        ways += [
            f"{value - 1} + 1", f"max({value}, {value // 2})", f"{2 * value} // 2", f"[{value}, 7][0]",
            f"round({value}.0)", f"{value} if true else 1", f"sum([{value}])", f"min({value}, 99)",
            f"(0..{value + 1})[{value}]", f"divisible({value}, 1)", f"floor(sqrt({value * value}))",
            f"ceil({value - 1}.5)", f"len([{', '.join('1' * min(value, 9))}]) + {value - min(value, 9)}",
            f"abs(-{value})", f"{value} % {value + 1}", f"2 ** 0 * {value}", f"-(-{value})",
            f"({value} if 1 < 2 <= 3 and not false else 0)",
        ]  # fmt: skip
    text = author.pick(ways)
    if text in place.varying:
        place.sure = False
    author.use("expression" if text != str(value) else "literal")
    return text


def _sizes(name: str, x: TensorType, value: int) -> list[str]:
    """Ways to read a number off a tensor."""
    ways = [f"{name}.channels"] * 3 if x.channels == value else []
    if x.channels % value == 0 and value > 0:
        ways.append(f"{name}.channels // {x.channels // value}")
    if value and value % x.channels == 0:
        ways.append(f"{value // x.channels} * {name}.channels")
    if x.layout is Layout.MAP and len(x.spatial) > 1:
        ways += [f"{name}.height"] * (x.spatial[-2] == value) + [f"{name}.width"] * (x.spatial[-1] == value)
    elif len(x.spatial) == 1 and x.spatial[0] == value:
        ways.append(f"{name}.length")
    return ways + [f"{name}.shape[{i}]" for i, size in enumerate(x.sizes) if size == value]


def divisors(value: int) -> list[int]:
    """The numbers that divide it, up to 64."""
    return [n for n in range(1, min(value, 64) + 1) if value % n == 0]


def value_for(author: Author, spec: Argument, x: TensorType) -> object:
    """A value that an argument may take, of its types and within its bounds, likely to suit a tensor."""
    kinds: list[object] = list(spec.types)
    if spec.choices:
        kinds.append("choice")
    if spec.optional:
        kinds.append(None)
    kind = author.pick(kinds) if kinds else int
    if kind == "choice":
        return author.pick(spec.choices)
    if kind is None:
        return None
    if kind is bool:
        return author.chance(0.5)
    if kind is float:
        return _bounded(author, spec, FLOATS)
    if kind is int:
        return _int(author, spec, x)
    if spec.texts:
        return drawn(author, x)
    if kind is tuple:
        return many(author, spec, x) if spec.many else _kernel(author, spec, x)
    if kind is list:
        return [_int(author, spec, x) for _ in range(author.count(1, 3))]
    if kind is str:
        return author.pick(("a", "same", "x1"))
    if kind is Initializer:
        return _initializer(author)
    return None


def _bounded(author: Author, spec: Argument, pool: Sequence[Any]) -> Any:
    low = spec.minimum if spec.minimum is not None else -1e9
    high = spec.maximum if spec.maximum is not None else 1e9
    return author.pick([v for v in pool if low <= v <= high] or [spec.minimum or 0])


def _int(author: Author, spec: Argument, x: TensorType) -> int:
    pool = [*INTS, *divisors(x.channels), *x.sizes, 2 * x.channels]
    if spec.minimum is None:
        pool += [-1, -2, 0, 1, 2, 3] * 2
    return _bounded(author, spec, [n for n in pool if n <= 64])


def _kernel(author: Author, spec: Argument, x: TensorType) -> tuple[int, ...]:
    axes = len(x.spatial) or 2
    if author.chance(0.03):
        axes = author.count(1, 3)
    pool = (1, 2, 3, 1, 5, 2, 0) if (spec.minimum or 0) < 1 else (1, 2, 3, 3, 5)
    return tuple(_bounded(author, spec, pool) for _ in range(axes))


def drawn(author: Author, x: TensorType) -> tuple[str, ...]:
    """Codes of `#` and `.`, a word for each unit, as long as the tensor is wide, or not."""
    marks = min(x.channels, 64) if author.chance(0.8) else author.count(1, 4)
    units = author.count(1, 3)
    return (" ".join("".join(author.pick("#.") for _ in range(marks)) for _ in range(units)),)


def many(author: Author, spec: Argument, x: TensorType) -> tuple[int, ...]:
    """A list of ints: the sizes of a tensor in some way, an order of its axes, or any."""
    match author.pick(("parts", "order", "factors", "places", "open", "any")):
        case "parts":
            return partition(author, author.pick(x.sizes))
        case "order":
            return tuple(author.shuffled(range(1, len(x.sizes) + 1)))
        case "factors":
            return factors(author, x.elements)
        case "places" if x.spatial:
            less = author.count(0, 1)
            return tuple(max(1, n - less) for n in x.spatial)
        case "open":
            sizes = list(factors(author, x.elements))
            sizes[author.random.randrange(len(sizes))] = -1
            return (
                tuple(sizes) if spec.minimum is None or spec.minimum < 0 else factors(author, prod(x.spatial))
            )
        case _:
            return tuple(_int(author, spec, x) for _ in range(author.count(0 if not spec.required else 1, 3)))


def partition(author: Author, total: int) -> tuple[int, ...]:
    """A number as a sum of up to three."""
    parts: list[int] = []
    while total > 1 and len(parts) < 2:
        part = author.count(1, total - 1)
        parts.append(part)
        total -= part
    return (*parts, total)


def factors(author: Author, total: int) -> tuple[int, ...]:
    """A number as a product of up to four."""
    sizes: list[int] = []
    for _ in range(author.count(0, 3)):
        divisor = author.pick(divisors(total))
        sizes.append(divisor)
        total //= divisor
    return tuple(author.shuffled([*sizes, total]))


def _initializer(author: Author) -> Initializer:
    name = author.pick(list(Initializer.CHOICES))
    takes = Initializer.CHOICES[name]
    given = tuple(
        (key, {"a": -0.1, "b": 0.1, "std": 0.02}.get(key, 0.5))
        for key, default in takes.items()
        if default is None or author.chance(0.5)
    )
    return Initializer(name, given)


def make(
    author: Author, place: Place, kind: type[Layer], x: TensorType, operands: Sequence[str] = ()
) -> Made | None:
    """A layer with random arguments and its text, or None when its class refuses the values.

    Args:
        x: the tensor that its arguments should suit.
        operands: names of tensors that stand before its arguments.
    """
    defaults = place.defaults.get(kind.kind, {})
    values: dict[str, object] = {name: value for name, (value, _) in defaults.items()}
    texts: list[str] = list(operands)
    named: list[str] = []
    positional = True
    for spec in kind.arguments():
        wanted = (spec.required and spec.name not in defaults) or author.chance(0.2)
        if not wanted:
            positional = positional and False
            continue
        value = value_for(author, spec, x)
        values[spec.name] = value
        text = _argument(author, place, spec, value)
        if positional and not spec.keyword_only and not (operands and spec.many) and author.chance(0.9):
            texts.append(text)
        else:
            positional = False
            named.append(
                f"{spec.name} = {written(value, spec.choices) if not spec.many else written(list(value))}"
            )  # pyright: ignore[reportArgumentType]
    try:
        layer = kind(**values)
    except (TypeError, ValueError):
        return None
    inside = ", ".join(text for text in [*texts, *named] if text)
    return Made(layer, f"{kind.kind}({inside})" if inside else kind.kind)


def _argument(author: Author, place: Place, spec: Argument, value: object) -> str:
    if spec.texts and isinstance(value, tuple):
        return f"[{', '.join(map(written, value))}]"
    if spec.many and isinstance(value, tuple):
        if author.chance(0.2):
            return written(list(value))
        return ", ".join(str(v) for v in value)
    if type(value) is int and value >= 0:
        return number(author, place, value)
    return written(value, spec.choices)
