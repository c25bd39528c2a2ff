"""What stands between the compiler and a layer that does not come with it.

A class that cannot be a layer is refused when it is added to a library. A rule of it that fails later, or
gives nonsense, becomes a `ShapeError`: whoever places the layer says where, as for every other refusal.
"""

from __future__ import annotations

import dataclasses
import inspect
import traceback
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from ogive.layers.base import Channel, Initializer, Layer, Layout, Look, ShapeError, TensorType
from ogive.layers.code import Torch
from ogive.layers.torch_text import are_texts, mistake_in
from ogive.layers.unknown import SizeExpr, Undecided

TYPES = (int, float, bool, str, tuple, Initializer)
"""What an argument of a layer can be; a tuple is one of ints."""
_WRITTEN = (
    "int, float, bool, str, Literal[…], tuple[int, ...], tuple[str, ...], Window, Size or Initializer, "
    "or one of them `| None`"
)
_DTYPES = ("float", "int", "bool")
_CHANNEL_RULES = (Channel.ABSORBS, Channel.KEEPS, Channel.BREAKS)


class BadLayer(ValueError):
    """A class that cannot be a layer.

    Attributes:
        layer: the class.
        message: what is wrong with it, without its place.
        help: what to do.
    """

    def __init__(self, layer: type, message: str, help: str | None = None) -> None:  # noqa: A002
        super().__init__(f"{place_of(layer)}: {message}" + (f"; {help}" if help else ""))
        self.layer = layer
        self.message = message
        self.help = help


class NameTaken(BadLayer):
    """There is a layer of that name already."""


def place_of(layer: type) -> str:
    """`my_layers.py:12`, where a class is defined; its dotted name where that is not known."""
    try:
        file = inspect.getsourcefile(layer)
        _, line = inspect.getsourcelines(layer)
    except (OSError, TypeError):
        return f"{layer.__module__}.{layer.__qualname__}"
    return f"{shown(file or layer.__module__)}:{line}"


def shown(file: str) -> str:
    """A path as short as it can be understood here."""
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd())) if path.is_absolute() else file
    except (ValueError, OSError):
        return file


@cache
def guarded(layer: type[Layer]) -> type[Layer]:
    """The layer as a library holds it: a subclass with the same rules, whose mistakes are `ShapeError`s.

    Raises:
        BadLayer: the class cannot be a layer.
    """
    check_class(layer)
    if layer.origin is not None:
        return layer

    def __init__(self: Layer, *args: object, **kwargs: object) -> None:  # noqa: N807
        try:
            layer.__init__(self, *args, **kwargs)
        except Exception as problem:
            # there is no place yet to blame: the shape rule, which has one, says it
            object.__setattr__(self, "_refused", problem)

    def infer(self: Layer, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        if "_refused" in vars(self):
            raise _as_shape_error(self, "__post_init__", vars(self)["_refused"])
        return _rehearsed(layer, self, inputs)

    members: dict[str, Any] = {
        "__init__": __init__, "infer": infer, "origin": place_of(layer), "__doc__": layer.__doc__,
        "__module__": layer.__module__, "__qualname__": layer.__qualname__,
    }  # fmt: skip
    return type(layer.__name__, (layer,), members)


# --------------------------------------------------------------------------- the class


def check_class(layer: object) -> None:
    """Refuses what cannot be a layer.

    Raises:
        BadLayer: no subclass of Layer, no `kind` or `group`, no dataclass, a missing rule, or an argument
            that the language cannot express.
    """
    if not isinstance(layer, type) or not issubclass(layer, Layer):
        what = layer if isinstance(layer, type) else type(layer)
        raise BadLayer(what, f"{what.__qualname__} is no subclass of Layer")
    name = layer.__qualname__
    kind = getattr(layer, "kind", None)
    if not isinstance(kind, str) or not kind.isidentifier() or not kind.isascii():
        example = f'`kind: ClassVar[str] = "{_snake(layer.__name__)}"`'
        raise BadLayer(
            layer, f"{name} needs a class attribute `kind`, its name in a program", f"write {example}"
        )
    if not isinstance(getattr(layer, "group", None), str):
        raise BadLayer(
            layer,
            f"{name} needs a class attribute `group`, by which edits and drawings know it",
            'write `group: ClassVar[str] = "pool"`, or conv, norm, act, dropout, linear, merge, shape',
        )
    _check_fields(layer)
    for rule, form in (
        ("infer", "def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]"),
        ("torch", "def torch(self, inputs: Sequence[TensorType]) -> Torch"),
    ):
        if getattr(layer, rule) is getattr(Layer, rule):
            raise BadLayer(layer, f"{name} has no method `{rule}`", f"write `{form}: …`")
    if not _is_arity(layer.arity):
        raise BadLayer(
            layer,
            f"`arity` of {name} is {layer.arity!r}",
            "write the least and the greatest number of tensors, `(1, 1)`, or `(1, None)` for any number",
        )
    if not are_texts(layer.aliases):
        raise BadLayer(layer, f"`aliases` of {name} is no tuple of strings", 'write `("Name",)`')


def _is_arity(value: object) -> bool:
    least, most = value if isinstance(value, tuple) and len(value) == 2 else (None, None)
    return isinstance(least, int) and (most is None or (isinstance(most, int) and most >= max(least, 1)))


def _check_fields(layer: type[Layer]) -> None:
    name = layer.__qualname__
    own = [key for key, hint in vars(layer).get("__annotations__", {}).items() if "ClassVar" not in str(hint)]
    if own and "__dataclass_fields__" not in vars(layer):
        raise BadLayer(
            layer,
            f"{name} declares the argument `{own[0]}`, and is no dataclass",
            "put `@dataclass(frozen=True)` above the class",
        )
    try:
        arguments = layer.arguments()
    except Exception as problem:
        raise BadLayer(layer, f"the types of {name}'s arguments cannot be read: {_said(problem)}") from None
    for argument in arguments:
        wrong = next((t for t in argument.types if t not in TYPES), None)
        if wrong is not None or not (argument.types or argument.choices):
            written = getattr(wrong, "__name__", str(wrong)) if "[" not in str(wrong) else str(wrong)
            raise BadLayer(
                layer,
                f"the argument `{argument.name}` of {name} is {written}, which no program can give",
                f"an argument is {_WRITTEN}",
            )


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


# --------------------------------------------------------------------------- its rules


def _rehearsed(cls: type[Layer], layer: Layer, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
    """The outputs; every other rule is tried as well, so that none of them can fail where no place is known.

    Raises:
        ShapeError: the layer refuses the inputs; or E544, E545: it is wrong itself.
    """
    plain = object.__new__(cls)  # so that a rule which calls another calls the layer's own
    vars(plain).update(vars(layer))
    outputs = _tried(layer, "infer", lambda: plain.infer(inputs))
    _require(layer, "infer", _outputs_mistake(outputs, layer))
    rules: tuple[tuple[str, Callable[[], object], Callable[[Any], str | None]], ...] = (
        ("parameters", lambda: plain.parameters(inputs), _parameters_mistake),
        ("macs", lambda: plain.macs(inputs, outputs), _count_mistake),
        ("products", lambda: plain.products(inputs, outputs), _count_mistake),
        ("window", lambda: plain.window(inputs), lambda found: _window_mistake(found, inputs)),
        ("channel_rule", lambda: plain.channel_rule(inputs), _channel_mistake),
        ("look", lambda: plain.look(inputs), _look_mistake),
    )
    for rule, call, mistake in rules:
        _require(layer, rule, mistake(_tried(layer, rule, call)))
    text = _tried(layer, "torch", lambda: plain.torch(inputs))
    if not isinstance(text, Torch):
        _require(layer, "torch", f"gives {_type(text)}, and not a `Torch`")
    wrong = mistake_in(text, len(inputs))
    if wrong is not None:
        raise _mistake(layer, f"its PyTorch text {wrong}", code="E545")
    return outputs


def _tried(layer: Layer, rule: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (ShapeError, Undecided):
        raise
    except Exception as problem:
        raise _as_shape_error(layer, rule, problem) from None


def _as_shape_error(layer: Layer, rule: str, problem: Exception) -> Exception:
    if isinstance(problem, ShapeError | Undecided):
        return problem
    frames = [f for f in traceback.extract_tb(problem.__traceback__) if not f.filename.endswith("/guard.py")]
    where = (
        (("raised", f"{shown(frames[-1].filename)}:{frames[-1].lineno}, in {frames[-1].name}"),)
        if frames
        else ()
    )
    return _mistake(layer, f"its `{rule}` raises {_said(problem)}", where)


def _require(layer: Layer, rule: str, mistake: str | None) -> None:
    if mistake is not None:
        raise _mistake(layer, f"its `{rule}` {mistake}")


def _mistake(
    layer: Layer, message: str, notes: tuple[tuple[str, str], ...] = (), *, code: str = "E544"
) -> ShapeError:
    found = (("defined", f"{layer.origin}, class {type(layer).__qualname__}"), *notes)
    return ShapeError(message, code=code, notes=found)


def _said(problem: BaseException) -> str:
    text = str(problem)
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__


def _type(value: object) -> str:
    return "None" if value is None else f"{type(value).__name__} {value!r}"[:80]


def _is_size(value: object, least: int = 1) -> bool:
    if isinstance(value, SizeExpr):
        return True
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _outputs_mistake(found: object, layer: Layer) -> str | None:
    if isinstance(found, TensorType):
        return f"gives a TensorType, and not a tuple of them: `return (TensorType(…),)`, here {found}"
    if not isinstance(found, tuple):
        return f"gives {_type(found)}, and not a tuple of TensorType"
    if not found or (layer.parts and len(found) != len(layer.parts) + 1):
        named = f", and `parts` names {len(layer.parts)} behind the first" if layer.parts else ""
        return f"gives {len(found) or 'no'} output{'s' * (len(found) != 1)}{named}"
    for output in found:
        if not isinstance(output, TensorType):
            return f"gives a tuple with {_type(output)} in it, and not of TensorType"
        wrong = _type_mistake(output.layout, output.sizes, output.dtype)
        if wrong is not None:
            return wrong
    return None


def _type_mistake(layout: object, sizes: object, dtype: object) -> str | None:
    if not isinstance(layout, Layout) or dtype not in _DTYPES:
        return f"gives a TensorType with layout {layout!r} and dtype {dtype!r}"
    if not isinstance(sizes, tuple) or len(sizes) < (1 if layout is Layout.PLAIN else 2):
        return f"gives a {layout.value} with the sizes {sizes!r}"
    if not all(_is_size(size) for size in sizes):
        return f"gives the sizes {', '.join(map(str, sizes))}: each is an int of at least 1"
    return None


def _parameters_mistake(found: object) -> str | None:
    shapes = found.values() if isinstance(found, Mapping) else None
    if shapes is None or not all(isinstance(s, tuple) and all(map(_is_size, s)) for s in shapes):
        return f'gives {_type(found)}, and not shapes by name: `{{"weight": (64, 3)}}`'
    return None


def _count_mistake(found: object) -> str | None:
    return None if _is_size(found, 0) else f"gives {_type(found)}, and not an int of at least 0"


def _window_mistake(found: object, inputs: Sequence[TensorType]) -> str | None:
    axes = len(inputs[0].spatial) if inputs else 0
    good = found is None or (
        isinstance(found, tuple)
        and len(found) == axes
        and all(
            isinstance(pair, tuple)
            and len(pair) == 2
            and _is_size(pair[0])
            and (_is_size(pair[1]) or (isinstance(pair[1], Fraction) and pair[1] > 0))
            for pair in found
        )
    )
    return None if good else f"gives {_type(found)}, and not (extent, stride) for each of {axes} spatial axes"


def _channel_mistake(found: object) -> str | None:
    return None if found in _CHANNEL_RULES else f"gives {_type(found)}, and not one of `Channel`"


def _look_mistake(found: object) -> str | None:
    if not isinstance(found, Look):
        return f"gives {_type(found)}, and not a `Look`"
    wrong = next(
        (f.name for f in dataclasses.fields(found) if not _text(getattr(found, f.name), f.name)), None
    )
    return f"gives a `Look` whose {wrong} is {getattr(found, wrong)!r}" if wrong else None


def _text(value: object, name: str) -> bool:
    return isinstance(value, str) or (name == "symbol" and value is None)
