"""Pieces of PyTorch text, with their values still apart.

A layer says which text makes it; the back end puts the pieces together. Values stay values until the text is
printed, so that blocks which differ only in them can become one class with parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType

from ogive.layers.unknown import SizeExpr

Scalar = int | float | bool | str | SizeExpr | None
Value = Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Operand:
    """Where the text of the layer's n-th input goes."""

    index: int = 0


@dataclass(frozen=True, slots=True)
class Operands:
    """Where the texts of all inputs go, as a tuple: `torch.cat((a, b), 1)`."""


@dataclass(frozen=True, slots=True)
class Self:
    """Where the attribute that holds the module goes: `self.conv1`, or `self.conv1.weight` with a member."""

    member: str | None = None


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword argument; it is not printed while it equals its default."""

    name: str
    value: Value
    default: Value | EllipsisType = ...  # `...`: always printed


@dataclass(frozen=True, slots=True)
class Call:
    """`name(args…, keywords…)`."""

    name: str
    args: tuple[Value | Operand | Operands | Self, ...] = ()
    keywords: tuple[Keyword, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """Any other expression: `{0}` is the first operand, `{operands}` all of them separated by commas, `{sum}`
    all of them separated by ` + `, `{product}` by ` * `, `{name}` the slot of that name.

    Attributes:
        text: the expression.
        slots: values by name.
        atom: whether it binds as tightly as a call, and so needs no parentheses inside another operator.
    """

    text: str
    slots: tuple[tuple[str, Value], ...] = ()
    atom: bool = False


@dataclass(frozen=True, slots=True)
class Torch:
    """How a layer is written in PyTorch.

    Attributes:
        module: the constructor, where the layer has weights or behaves differently in training; it becomes an
            attribute called after the layer. None for a plain function.
        forward: the call in `forward`; left out for a module that is called with its operands in order.
        setup: statements behind the constructor (initialisers), written with `Self`.
        inplace: the same as `forward`, overwriting its first operand; used where nothing else needs that
            operand.
        helpers: definitions that this text needs, printed once at the top of the file.
        flow: of a layer with parts, the same without them: its first output alone, without the helpers.
    """

    module: Call | None = None
    forward: Call | Template | None = None
    setup: tuple[Call, ...] = ()
    inplace: Call | Template | None = None
    helpers: tuple[str, ...] = ()
    flow: Call | Template | None = None
