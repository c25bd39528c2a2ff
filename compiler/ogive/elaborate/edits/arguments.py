"""Arguments as edits see them: which a layer was given, which values it has, which one a kernel means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ogive.elaborate.context import Context, Frame, Scope
from ogive.elaborate.parameters import bind, parameters_of
from ogive.elaborate.values import POISON, Block, Callable, Given, Tensor, Value
from ogive.layers.base import Argument, Layer
from ogive.source import Span


def open_places(specs: Sequence[Argument]) -> list[Argument]:
    """The parameters that can be given by position."""
    return [spec for spec in specs if not spec.keyword_only]


def next_place(places: Sequence[Argument], at: int, value: Value) -> int:
    """The first place from `at` on that may hold a value: a kernel passes over those that take none.

    So `conv(5x5)` is the kernel, though the output channels come first.
    """
    if isinstance(value, tuple):
        while at < len(places) and places[at].types and tuple not in places[at].types:
            at += 1
    return at


def by_name(specs: Sequence[Argument], callee: Callable) -> Callable:
    """The same callee with every argument by name; tensors, which are operands, keep their places.

    What fits no place is left where it stands, and said to be wrong when the callee is applied.
    """
    places = open_places(specs)
    tensors: list[Given] = []
    named: dict[str, Given] = {}
    at = 0
    for position, given in enumerate(callee.positional):
        if isinstance(given.value, Tensor) or _tensors(given.value):
            tensors.append(given)
            continue
        at = next_place(places, at, given.value)
        if at >= len(places):
            return replace(
                callee,
                positional=(*tensors, *callee.positional[position:]),
                named=(*named.items(), *callee.named),
            )
        spec = places[at]
        if spec.many and spec.name in named:
            before = named[spec.name]
            named[spec.name] = Given([*before.value, *_items(given.value)], before.span.to(given.span))  # pyright: ignore[reportGeneralTypeIssues]
        else:
            named[spec.name] = replace(given, value=_items(given.value)) if spec.many else given
        at += not spec.many
    return replace(callee, positional=tuple(tensors), named=(*named.items(), *callee.named))


def _items(value: Value) -> list[Value]:
    return list(value) if isinstance(value, list) else [value]


def _tensors(value: Value) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Tensor) for item in value)


def given_arguments(ctx: Context, frame: Frame, callee: Callable) -> dict[str, Given]:
    """What a callee was given, by name: explicitly, or by `default` statements."""
    explicit = dict(by_name(parameters_of(ctx, callee), callee).named)
    return {**frame.defaults.get(callee.name, {}), **explicit}


def effective(ctx: Context, frame: Frame, callee: Callable, span: Span) -> Mapping[str, Value] | None:
    """The value of every parameter, defaults included; None where an argument is wrong.

    The stride of a pooling that is none has the size of its window, as it will have.
    """
    specs = parameters_of(ctx, callee)
    operands = isinstance(callee.target, type) and callee.target.arity[1] != 1
    bound = bind(
        ctx, frame, callee, specs, span, operands=operands, defaults=frame.defaults, check_missing=False
    )
    if bound is None:
        return None
    if isinstance(callee.target, Block):
        return _of_block(ctx, frame, callee, bound.values, span)
    values = {spec.name: spec.default for spec in specs if not spec.required} | dict(bound.values)
    if values.get("stride", 0) is None and "kernel_size" in values:
        values["stride"] = values["kernel_size"]
    return values


def _of_block(
    ctx: Context, frame: Frame, callee: Callable, values: Mapping[str, Value], span: Span
) -> Mapping[str, Value]:
    from ogive.elaborate.blocks import bind_parameters, definition_scope  # blocks apply layers

    bound = bind(ctx, frame, callee, parameters_of(ctx, callee), span, check_missing=False)
    assert bound is not None
    assert isinstance(callee.target, Block)
    inner = frame.inner(scope=Scope(definition_scope(ctx, callee.target)))
    if not bind_parameters(ctx, inner, callee, bound):
        return values
    return {name: binding.value for name, binding in inner.scope.names.items()}


def instance(ctx: Context, frame: Frame, callee: Callable, span: Span) -> Layer | None:
    """The layer that a callee makes; None where an argument is wrong or missing."""
    assert isinstance(callee.target, type)
    bound = bind(ctx, frame, callee, callee.target.arguments(), span, defaults=frame.defaults)
    return callee.target(**bound.values) if bound is not None else None


def as_callee(layer: Layer, span: Span) -> Callable:
    """A layer as what makes it: its kind with the arguments that are not the defaults."""
    named = [
        (spec.name, Given(getattr(layer, spec.name), span))
        for spec in layer.arguments()
        if spec.required or getattr(layer, spec.name) != spec.default
    ]
    return Callable(type(layer), (), tuple(named))


def same_value(a: Value, b: Value) -> bool:
    """Whether two values of an argument mean the same: `5` and `5x5`, a layer and the same layer."""
    if a is POISON or b is POISON:
        return False
    if isinstance(a, Callable) and isinstance(b, Callable):
        own, asked = dict(a.named), dict(b.named)
        return a.name == b.name and all(
            name in own and same_value(own[name].value, given.value) for name, given in asked.items()
        )
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    many = (tuple, list)
    if isinstance(a, many) and isinstance(b, many):
        return len(a) == len(b) and all(same_value(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, tuple) and isinstance(b, int):
        return all(same_value(x, b) for x in a)
    if isinstance(b, tuple) and isinstance(a, int):
        return all(same_value(x, a) for x in b)
    return bool(a == b)


def distinct(values: Iterator[Value]) -> list[Value]:
    """Each value once, in order."""
    found: list[Value] = []
    for value in values:
        if not any(same_value(value, other) for other in found):
            found.append(value)
    return found
