"""What a layer is: its arguments, its shape rule, its counts, its PyTorch, its look.

One frozen dataclass a layer, in one small file a family. The fields are the arguments in the language, in
order. Nothing else in the compiler knows a layer by name.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

from ogive.layers.code import Call, Keyword, Operand, Self, Template, Torch, Value
from ogive.layers.tensor import Layout, Size, TensorType, map_of, plain_of, tokens_of
from ogive.layers.unknown import SizeExpr

__all__ = [
    "Argument", "Call", "Channel", "Initializer", "Keyword", "Layer", "Layout", "Look", "Operand", "Places",
    "Self", "ShapeError", "Size", "Template", "TensorType", "Torch", "Value", "Window", "arg",
    "arguments_of", "map_of", "plain_of", "tokens_of",
]  # fmt: skip

Window = int | tuple[int, ...]
"""A size for every spatial axis (`3x3`), or one for all of them (`3`)."""
Places = Size | tuple[Size, ...]
"""The same for the sizes of a tensor, which may be unknown."""


class ShapeError(Exception):
    """A layer cannot take these tensors. Layers never see spans: who places the layer adds the place and
    history.

    Args:
        message: what is wrong, with the values, without the name of the layer. One that begins with a verb
            (`needs a map, and …`) goes on from that name; any other stands behind a colon.
        code: the diagnostic's code.
        operand: which input is to blame, where one is.
        argument: which argument of the layer set the cause, where one did.
        notes: more facts, as pairs of heading and text.
        help: what to do.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "E206",
        operand: int | None = None,
        argument: str | None = None,
        notes: Sequence[tuple[str, str]] = (),
        help: str | None = None,  # noqa: A002 - the word the user reads
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.operand = operand
        self.argument = argument
        self.notes = tuple(notes)
        self.help = help


@dataclass(frozen=True, slots=True)
class Initializer:
    """`init = normal(std = 0.01)`: a function of `torch.nn.init` and its arguments."""

    name: str
    arguments: tuple[tuple[str, float], ...] = ()

    CHOICES: ClassVar[dict[str, dict[str, float | None]]] = {
        "kaiming_normal": {}, "kaiming_uniform": {}, "xavier_normal": {"gain": 1.0},
        "xavier_uniform": {"gain": 1.0}, "normal": {"mean": 0.0, "std": 1.0},
        "trunc_normal": {"mean": 0.0, "std": 1.0}, "uniform": {"a": 0.0, "b": 1.0},
        "constant": {"val": None}, "zeros": {}, "ones": {}, "orthogonal": {"gain": 1.0},
    }  # fmt: skip
    """The functions, with their arguments and defaults (None: it must be given). The first argument may be
    given by position, except that `normal(0.01)` and `trunc_normal(0.01)` give the standard deviation.
    """
    NEEDS_MATRIX: ClassVar[frozenset[str]] = frozenset(
        {"kaiming_normal", "kaiming_uniform", "xavier_normal", "xavier_uniform", "orthogonal"}
    )
    """Those that need a weight of two or more axes."""

    def setup(self, member: str = "weight") -> Call:
        """`nn.init.normal_(self.conv1.weight, std=0.01)`."""
        defaults = self.CHOICES[self.name]
        keywords = tuple(Keyword(name, value, defaults.get(name)) for name, value in self.arguments)
        return Call(f"nn.init.{self.name}_", (Self(member),), keywords)


class Channel:
    """What a layer does to a constant added to every element of a channel of its input."""

    ABSORBS = "absorbs"
    """It disappears: a batch norm subtracts the mean."""
    KEEPS = "keeps"
    """It comes out as a constant added to every element of a channel."""
    BREAKS = "breaks"
    """Anything else."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a layer is drawn. `kind` picks the colour: conv, norm, act, pool, linear, attention, merge,
    dropout, shape.

    `label` is the first line (`3×3 conv, 128, /2`); `short` is what stands when it is folded into another box
    (`BN`, `ReLU`); `symbol` replaces a box by a circle (`+`).

    `place` says where it stands in a drawing that is folded: in a `box` of its own; `beside` a layer before
    or behind it, in small type, as what only orders the same numbers anew; `nowhere`, as it gives what it
    takes.
    """

    kind: str
    label: str
    short: str
    symbol: str | None = None
    place: Literal["box", "beside", "nowhere"] = "box"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a layer, as its dataclass field declares it.

    Attributes:
        name: as written in a program.
        types: among int, float, bool, str, tuple (a kernel or a list of ints), Initializer.
        choices: strings that may stand as bare words.
        optional: whether `none` may be given.
        required: whether it has no default.
        default: the default, if there is one.
        keyword_only: whether it must be given by name.
        many: whether it takes all remaining positional values (or one list).
        minimum, maximum: bounds, inclusive, of a number or of each number.
        doc: one line for the reference.
        size: whether it is, or holds, the size of a tensor, which may be unknown: its type says `Size`.
        texts: whether what it holds are strings, and no ints: its type says `tuple[str, ...]`.
    """

    name: str
    types: tuple[type, ...]
    choices: tuple[str, ...]
    optional: bool
    required: bool
    default: object
    keyword_only: bool
    many: bool
    minimum: float | None
    maximum: float | None
    doc: str
    size: bool = False
    texts: bool = False


def arg(
    default: Any = dataclasses.MISSING,
    *,
    min: float | None = None,  # noqa: A002 - reads best where it is used
    max: float | None = None,  # noqa: A002
    many: bool = False,
    named: bool = False,
    doc: str = "",
) -> Any:
    """Declares an argument of a layer.

    Args:
        default: its default; without one it must be given.
        min, max: inclusive bounds of the number, or of each number of a kernel.
        many: it takes all remaining positional values.
        named: it can only be given by name.
        doc: one line for the reference.
    """
    metadata = {"min": min, "max": max, "many": many, "doc": doc}
    return dataclasses.field(default=default, kw_only=named, metadata=metadata)


class _Value:
    """What `dataclass` would write into every layer, once: writing it seventy times is a third of the start-
    up.

    So a layer is `@dataclass(frozen=True, eq=False, repr=False)`, and one that adds no argument needs no
    decorator.
    """

    def __setattr__(self, name: str, value: object) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__qualname__}({values})"


@dataclass(frozen=True, eq=False, repr=False)
class Layer(_Value):
    """The base of all layers.

    Class attributes:
        kind: the name in the language.
        example: the statements of a small net that uses it, its input first, for the reference.
        aliases: what users of other tools type; they are understood as suggestions, not as names.
        group: the group that an edit or a drawing speaks of: conv, norm, act, pool, dropout, linear, merge,
            shape…
        arity: the least and greatest number of tensors it takes (None: any number).
        output_saved: whether autograd keeps the output for the backward pass, so that it must not be
            overwritten.
        gate: whether a smaller tensor may spread over a larger one (`mul`).
        after_projection: whether a projection shortcut gets one where the body of a residual has one: a norm
            that sets the scale of its channels.
        sliceable: whether its kernel can be put together from one slice for each source, as a clique does.
        follows: an argument of sizes in whose place the layer takes a tensor that has them (`crop`).
        parts: what the outputs behind the first are called: the first is the flow, and with `as l` the others
            are `l.hidden`, `l.cell`. Without names several outputs are a bundle (`split`).
        reduces: for a layer that combines tensors, the one that does the same over the places of one tensor,
            which other tools call by the same name (`mean(dim=…)`).
        symmetric: whether the order of its operands makes no difference.
        origin: `my_layers.py:12`, where a layer that does not come with the compiler is defined; set when
            it is added to a library.
    """

    kind: ClassVar[str]
    example: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    group: ClassVar[str]
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    output_saved: ClassVar[bool] = True
    gate: ClassVar[bool] = False
    follows: ClassVar[str | None] = None
    parts: ClassVar[tuple[str, ...]] = ()
    after_projection: ClassVar[bool] = False
    sliceable: ClassVar[bool] = False
    reduces: ClassVar[str | None] = None
    symmetric: ClassVar[bool] = False
    origin: ClassVar[str | None] = None

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The outputs' types.

        Raises:
            ShapeError: the layer cannot take these inputs.
        """
        raise NotImplementedError(self.kind)

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """Shapes of the trainable parameters, by PyTorch's names."""
        return {}

    def macs(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> Size:
        """Multiply-accumulates with weights, one image, without bias: convolutions and linear maps."""
        return 0

    def products(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> Size:
        """Multiply-accumulates of two activations: attention's scores, a matmul."""
        return 0

    def at(self, values: Mapping[str, Size]) -> Layer:
        """The same layer with numbers, or expressions, in the place of unknown sizes among its arguments."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        found = {name: _at(value, values) for name, value in fields.items()}
        changed = {name: value for name, value in found.items() if value is not fields[name]}
        return dataclasses.replace(self, **changed) if changed else self

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, Size | Fraction], ...] | None:
        """Extent and stride on each spatial axis, for receptive fields; None where a place sees only itself.

        A layer that sees everything gives the whole axis as extent.
        """
        return None

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """One of `Channel`: decides whether a bias before it would be cancelled."""
        return Channel.BREAKS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """The PyTorch text that makes it and calls it."""
        raise NotImplementedError(self.kind)

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """How it is drawn."""
        return Look(self.group, self.kind, self.kind)

    @classmethod
    @cache
    def arguments(cls) -> tuple[Argument, ...]:
        """The arguments, in order, read off the dataclass."""
        return arguments_of(cls)


def _at(value: Any, values: Mapping[str, Size]) -> Any:
    if isinstance(value, SizeExpr | TensorType | Layer):
        return value.at(values)
    if isinstance(value, tuple):
        found = tuple(_at(v, values) for v in value)
        return value if all(a is b for a, b in zip(found, value, strict=True)) else found
    return value


def arguments_of(cls: type) -> tuple[Argument, ...]:
    """The arguments that the fields of a dataclass declare, in order."""
    ours = all(base.__module__.startswith("ogive.") for base in cls.__mro__[:-1])
    hints = _own_hints(cls) if ours else get_type_hints(cls)
    return tuple(_argument(f, hints[f.name]) for f in dataclasses.fields(cls))


def _own_hints(cls: type) -> dict[str, Any]:
    """The types of the fields of one of our classes. `get_type_hints` would compile the text of every
    annotation of every base, those of no field too, which is a quarter of the start-up.
    """
    fields = {f.name for f in dataclasses.fields(cls)}
    hints: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        for name, text in vars(base).get("__annotations__", {}).items():
            if name in fields:
                hints[name] = _evaluated(text, base.__module__)
    return hints


@cache
def _evaluated(annotation: str, module: str) -> Any:
    return eval(annotation, vars(sys.modules[module]))


def _argument(field: dataclasses.Field[Any], hint: Any) -> Argument:
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    types: list[type] = []
    choices: list[str] = []
    size = texts = False
    for member in members:
        if get_origin(member) is Literal:
            choices += get_args(member)
        elif member is SizeExpr:
            size = True
        elif get_origin(member) is tuple:
            types.append(tuple)
            size |= SizeExpr in get_args(get_args(member)[0])
            texts |= get_args(member)[0] is str
        elif get_origin(member) is list:
            types.append(list)
        elif member is not NoneType:
            types.append(member)
    required = field.default is dataclasses.MISSING
    return Argument(
        name=field.name,
        types=tuple(types),
        choices=tuple(choices),
        optional=NoneType in members,
        required=required,
        default=None if required else field.default,
        keyword_only=field.kw_only is True,
        many=field.metadata.get("many", False),
        minimum=field.metadata.get("min"),
        maximum=field.metadata.get("max"),
        doc=field.metadata.get("doc", ""),
        size=size,
        texts=texts,
    )
