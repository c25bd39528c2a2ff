"""PyTorch text with slots where its values were, and its printing."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ogive.backends.pytorch.names import attribute
from ogive.backends.pytorch.structure import Op
from ogive.backends.pytorch.unify import Slot
from ogive.layers.base import Layer
from ogive.layers.code import Call, Operand, Operands, Self, Template, Torch

Shape = tuple[object, ...]
_BACK_AND_FORTH = ".transpose(1, 2)" * 2


def _is_value(argument: object) -> bool:
    return not isinstance(argument, (Operand, Operands, Self))


def form_shape(form: Call | Template | None) -> Shape | None:
    """What two texts have in common when they differ only in values."""
    match form:
        case None:
            return None
        case Call(name, args, keywords):
            holes = tuple("value" if _is_value(a) else a for a in args)
            return (name, holes, tuple(k.name for k in keywords))
        case Template(text, slots, atom):
            return (text, tuple(name for name, _ in slots), atom)


def torch_shape(torch: Torch) -> Shape:
    """The same for everything a layer says."""
    return (
        form_shape(torch.module), form_shape(torch.forward), form_shape(torch.inplace), torch.helpers,
        tuple(form_shape(call) for call in torch.setup),
    )  # fmt: skip


def form_values(form: Call | Template | None) -> list[tuple[str, Any, Any]]:
    """Name (empty for a positional argument), value and default of every value in a text, in order."""
    match form:
        case None:
            return []
        case Call(_, args, keywords):
            found: list[tuple[str, Any, Any]] = [("", a, ...) for a in args if _is_value(a)]
            return found + [(k.name, k.value, k.default) for k in keywords]
        case Template(_, slots, _):
            return [(name, value, ...) for name, value in slots]


@dataclass(eq=False, repr=False, slots=True)
class Form:
    """A call or template whose values are slots."""

    form: Call | Template
    slots: list[Slot]

    def show(
        self,
        names: Mapping[str, str],
        operands: Sequence[tuple[str, bool]] = (),
        module: str = "",
        together: str = "",
    ) -> tuple[str, bool]:
        """Its text, and whether that binds as tightly as a call.

        Args:
            names: how the parameters of the class are called here.
            operands: texts of the operands, and whether each binds tightly.
            module: the text of the attribute that holds the module.
            together: a sequence that holds all operands, where there is one.
        """
        match self.form:
            case Call(name, args, keywords):
                slots = iter(self.slots)
                parts: list[str] = []
                for argument in args:
                    match argument:
                        case Operand(index):
                            parts.append(operands[index][0])
                        case Operands():
                            parts.append(together or _tuple([text for text, _ in operands]))
                        case Self(member):
                            parts.append(f"{module}.{member}" if member else module)
                        case _:
                            parts.append(next(slots).expression.show(names))
                for keyword in keywords:
                    slot = next(slots)
                    if slot.printed:
                        parts.append(f"{keyword.name}={slot.expression.show(names)}")
                head = name.replace("self", module, 1) if name.startswith("self.") or name == "self" else name
                return f"{head}({', '.join(parts)})", True
            case Template(text, slots, atom):
                tight = [t if ok else f"({t})" for t, ok in operands]
                places = [
                    t if _is_argument(text, i) else whole
                    for i, ((t, _), whole) in enumerate(zip(operands, tight, strict=True))
                ]
                values = {
                    n: slot.expression.show(names, inside=True)
                    for (n, _), slot in zip(slots, self.slots, strict=True)
                }
                shown = text.format(
                    *places,
                    operands=", ".join(t for t, _ in operands) + ("," if len(operands) == 1 else ""),
                    sum=" + ".join(tight), product=" * ".join(tight), self=module, **values,
                )  # fmt: skip
                # tokens that become a map again: nothing was moved
                return shown.replace(_BACK_AND_FORTH, ""), atom or text == "{0}"


@cache
def _is_argument(text: str, index: int) -> bool:
    """Whether an operand is an argument of a call wherever it stands, and so needs no parentheses."""
    hole = f"{{{index}}}"
    return len(re.findall(rf"(?:\(|, ){re.escape(hole)}(?=[,)])", text)) == text.count(hole)


def _tuple(texts: list[str]) -> str:
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


@dataclass(eq=False, repr=False, slots=True)
class Piece:
    """A layer's text, the same for all instances of a class but for its slots.

    Attributes:
        torch: the text of one instance.
        module, forward, inplace, setup: the same with slots.
        arguments: the names of the layer's arguments.
    """

    torch: Torch
    module: Form | None
    forward: Form | None
    inplace: Form | None
    setup: list[Form]
    arguments: tuple[str, ...]

    @property
    def slots(self) -> list[Slot]:
        """All slots, in order."""
        forms = [self.module, self.forward, self.inplace, *self.setup]
        return [slot for form in forms if form is not None for slot in form.slots]


def piece(ops: Sequence[Op | None], missing: object) -> Piece:
    """The text of a layer over all instances of its class; None where an instance does not have it."""
    first = next(op for op in ops if op is not None)

    def form(pick: Any, prefix: str) -> Form | None:
        model = pick(first.torch)
        if model is None:
            return None
        columns = [None if op is None else form_values(pick(op.torch)) for op in ops]
        slots: list[Slot] = []
        for index, (name, _, default) in enumerate(form_values(model)):
            values = [missing if column is None else column[index][1] for column in columns]
            differs = not name and any(value != values[0] for value in values)
            hint = name or (_field(ops, values, missing) if differs else None) or f"value{index + 1}"
            slots.append(Slot(values, f"{prefix}_{hint}", default, keyword=name, short=hint))
        return Form(model, slots)

    local = attribute(first.attr or first.node.local)
    return Piece(
        first.torch,
        form(lambda t: t.module, local),
        form(lambda t: t.forward, local),
        form(lambda t: t.inplace, local),
        [
            f
            for i in range(len(first.torch.setup))
            if (f := form(lambda t, i=i: t.setup[i], local)) is not None
        ],
        arguments(type(first.node.layer)),
    )


@cache
def arguments(layer: type[Layer]) -> tuple[str, ...]:
    """The names of a layer's arguments."""
    return tuple(field.name for field in dataclasses.fields(layer))


def _plain(value: Any) -> Any:
    """A size of equal extents as PyTorch is told it: `(3, 3)` as 3."""
    return value[0] if isinstance(value, tuple) and value and len({*map(repr, value)}) == 1 else value


def _field(ops: Sequence[Op | None], values: list[Any], missing: object) -> str | None:
    """The argument of the layer that has these values: a good name for a parameter."""
    first = next(op for op in ops if op is not None)
    wanted = [_plain(value) for value in values]
    for name in arguments(type(first.node.layer)):
        given = [missing if op is None else _plain(getattr(op.node.layer, name, None)) for op in ops]
        if given == wanted:
            return name
    return "in_channels" if [missing if op is None else op.channels for op in ops] == values else None
