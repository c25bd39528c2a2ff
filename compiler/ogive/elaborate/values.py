"""What an expression or an element can be worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ogive.graph import Ref
from ogive.layers.base import Initializer, Layer, Layout, Size, TensorType
from ogive.layers.tensor import shape_text
from ogive.layers.unknown import SizeExpr
from ogive.source import Span
from ogive.syntax import ast

if TYPE_CHECKING:
    from ogive.elaborate.context import Frame, Scope, Word
    from ogive.elaborate.edits.active import ActiveEdit


class _Poison:
    """The value of what was already reported as wrong: everything that depends on it is silent."""

    def __repr__(self) -> str:
        return "POISON"


POISON: Any = _Poison()


class _ReadOff:
    """A size read off a tensor, `up.height`: one that remembers where it comes from.

    A layer that takes sizes (`Layer.follows`) can take the tensor in their place, so that it follows when the
    net meets another input. Arithmetic makes a plain size of it.
    """

    tensor: Tensor
    axis: int


class SizeOf(_ReadOff, int):
    """A known size that was read off a tensor."""


class UnknownSizeOf(_ReadOff, SizeExpr):
    """An unknown one."""


def size_of(tensor: Tensor, axis: int) -> SizeOf | UnknownSizeOf:
    """The size of one of the places of a tensor; negative axes count from the last."""
    size: Size = tensor.type.spatial[axis]
    found = UnknownSizeOf(size.terms) if isinstance(size, SizeExpr) else SizeOf(size)
    found.tensor, found.axis = tensor, axis % len(tensor.type.spatial)
    return found


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of the graph. `parts` are the values behind a dot: a clique's `features`."""

    ref: Ref
    type: TensorType
    parts: Mapping[str, Tensor] = field(default_factory=dict)

    def attribute(self, name: str) -> object:
        """`.channels`, `.height`, …, or a part; KeyError when there is none of that name."""
        if name in self.parts:
            return self.parts[name]
        match name:
            case "channels":
                return self.type.channels
            case "shape":
                return list(self.type.sizes)
            case "height" if self.type.layout is Layout.MAP and len(self.type.spatial) >= 2:
                return size_of(self, -2)
            case "width" if self.type.layout is Layout.MAP and len(self.type.spatial) >= 2:
                return size_of(self, -1)
            case "length" if len(self.type.spatial) == 1:
                return size_of(self, 0)
            case _:
                raise KeyError(name)

    @property
    def attributes(self) -> list[str]:
        """The names that may stand behind its dot."""
        names = [*self.parts, "channels", "shape"]
        if self.type.layout is Layout.MAP and len(self.type.spatial) >= 2:
            names += ["height", "width"]
        if len(self.type.spatial) == 1:
            names.append("length")
        return names


class Results(list[Tensor]):
    """The tensors that leave a body with several outputs: a bundle, whose tensors have names as well.

    Args:
        named: the tensors by their names, in order.
        tensors: all of them, where two have one name, which is then no name.
    """

    def __init__(self, named: Mapping[str, Tensor], tensors: Iterable[Tensor] | None = None) -> None:
        super().__init__(named.values() if tensors is None else tensors)
        self.named = named


@dataclass(frozen=True, slots=True)
class Given:
    """An argument that was given: its value, or the expression while nobody knows what may stand there."""

    value: object
    span: Span
    origin: Span | None = None


@dataclass(frozen=True, slots=True)
class Callable:
    """A layer, a block, a net or a word, with the arguments that it has so far."""

    target: type[Layer] | Block | Word
    positional: tuple[Given, ...] = ()
    named: tuple[tuple[str, Given], ...] = ()
    edits: tuple[ActiveEdit, ...] = ()
    """Those of the variants behind it, the innermost first."""

    @property
    def name(self) -> str:
        """What it is called in a program."""
        match self.target:
            case Block():
                return self.target.definition.name.id
            case type():
                return self.target.kind
            case word:
                return word.name

    @property
    def what(self) -> str:
        """`block`, `net`, `layer` or `word`."""
        match self.target:
            case Block():
                return "net" if self.target.definition.is_net else "block"
            case type():
                return "layer"
            case word:
                return word.what

    @property
    def bare(self) -> bool:
        """Whether it has no arguments yet."""
        return not self.positional and not self.named

    def more(self, positional: tuple[Given, ...], named: tuple[tuple[str, Given], ...]) -> Callable:
        """The same with more arguments behind those it has."""
        return replace(self, positional=self.positional + positional, named=self.named + named)


@dataclass(frozen=True, slots=True)
class Block:
    """A block or a net of a file, with the names at the top of that file."""

    definition: ast.Definition
    home: Scope | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BodyValue:
    """`{ … }` as an argument, with the place where it was written."""

    body: ast.Body
    frame: Frame


Value = Any
"""int, float, SizeExpr, bool, None, str, tuple (a kernel), list, Tensor, Callable, BodyValue, Initializer or
POISON.
"""


def is_number(value: object) -> bool:
    """An int, a float, or an expression of unknown sizes, and no bool."""
    return isinstance(value, int | float | SizeExpr) and not isinstance(value, bool)


def is_bundle(value: object) -> bool:
    """A list of tensors, and at least one."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, Tensor) for v in value)


def describe(value: object) -> str:
    """The value in words, for a message: `the string "same"`, `a tensor of 64x8x8`, `the layer relu`."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "none"
        case int():
            return f"the int {value}"
        case float():
            return f"the float {show(value)}"
        case SizeExpr():
            return f"the unknown size {value}" if value.integral else f"{value}, which need not be an int"
        case str():
            return f'the string "{_short(value)}"'
        case tuple():
            return f"the kernel {show(value)}"
        case list() if is_bundle(value):
            return f"a bundle of {len(value)} tensor{'s' * (len(value) != 1)}"
        case list() if not value:
            return "an empty list"
        case list():
            return f"the list {show(value)}"
        case Tensor():
            return f"a tensor of {value.type}"
        case Callable():
            return f"the {value.what} `{value.name}`"
        case BodyValue():
            return "a body `{ … }`"
        case Initializer():
            return f"the initialiser {value.name}"
        case _:
            return "a value"


def show(value: object, depth: int = 3) -> str:
    """The value as it would be written; long lists, and lists in lists in lists, are cut short."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "none"
        case float():
            return f"{value:.1f}" if value.is_integer() and abs(value) < 10**9 else f"{value:g}"
        case str():
            return f'"{_short(value)}"'
        case tuple():
            return shape_text(value)
        case list() if not depth:
            return "[…]"
        case list():
            return (
                "[" + ", ".join(show(v, depth - 1) for v in value[:8]) + (", …]" if len(value) > 8 else "]")
            )
        case Callable():
            return value.name
        case Tensor():
            return str(value.type)
        case BodyValue():
            return "{ … }"
        case Initializer():
            return value.name
        case _:
            return str(value)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
