"""Uses of blocks, and of nets inside nets."""

from __future__ import annotations

from typing import TypedDict

from ogive.diagnostics import Label
from ogive.elaborate import expressions
from ogive.elaborate.context import BLOCK_WORK, Binding, Context, Frame, Namespace, Outputs, Scope
from ogive.elaborate.edits.active import hold
from ogive.elaborate.emit import no_flow
from ogive.elaborate.names import walk
from ogive.elaborate.parameters import Bound, bind, check, parameters_of
from ogive.elaborate.values import (
    POISON,
    Block,
    BodyValue,
    Callable,
    Results,
    SizeOf,
    Tensor,
    Value,
    describe,
)
from ogive.layers.unknown import SizeExpr
from ogive.source import Span
from ogive.syntax import ast


def use_block(ctx: Context, frame: Frame, callee: Callable, span: Span) -> Value:
    """The value of a block applied to the flow."""
    block = callee.target
    assert isinstance(block, Block)
    definition = block.definition
    home = definition_scope(ctx, block)
    if home is ctx.globals:
        ctx.used_definitions.add(definition.name.id)
    ctx.spend(BLOCK_WORK, span)
    bound = bind(ctx, frame, callee, parameters_of(ctx, callee), span)
    if bound is None:
        return POISON
    flow = frame.flow
    if flow is None:
        no_flow(ctx, frame, span)
        return POISON
    if flow is POISON:
        return POISON
    ordinal = definition.name.id.lower()
    name = frame.namespace.pin(frame.pin.id) if frame.pin is not None else frame.namespace.next(ordinal)
    scope = Scope(home)
    here = frame.file or ctx.globals
    sealed = frame.sealed if here is home else {**frame.sealed, here: frame.defaults}
    inner = Frame(
        scope=scope,
        flow=flow,
        entered=flow,
        defaults=frame.defaults if here is home else sealed.get(home, {}),
        namespace=Namespace(""),
        region=frame.region,
        outputs=Outputs(),
        definition=definition,
        trail=(*frame.trail, span),
        depth=frame.depth + 1,
        sealed=sealed,
        file=home,
        sharing=frame.sharing,
        stages=frame.stages,
        edits=hold(ctx, (*callee.edits, *frame.edits)) if callee.edits else frame.edits,
        grafts=frame.grafts,
    )
    if not (bind_parameters(ctx, inner, callee, bound) and take_bundle(ctx, inner, span)):
        return POISON
    ctx.spend(sum(len(value) for value in bound.values.values() if isinstance(value, list)), span)
    takes = tuple(p.name.id for p in definition.bundle)
    about = recorded(definition, scope, bound)
    region = ctx.open_region(frame, "block", name, span=span, block=definition.name.id, takes=takes, **about)
    inner.region = region.id
    inner.namespace = Namespace(region.path)
    value = result(ctx.run_body(ctx, definition.body, inner), inner.outputs)
    named = tuple(value.named) if isinstance(value, Results) and len(value.named) == len(value) else ()
    ctx.close_region(region, value, named)
    if named:
        ctx.output_names[region.id] = named
    note_unused(ctx, definition, scope)
    return value


def definition_scope(ctx: Context, block: Block) -> Scope:
    """The names of the file that a block stands in."""
    return block.home or ctx.globals


def bind_parameters(ctx: Context, inner: Frame, callee: Callable, bound: Bound) -> bool:
    """Gives the parameters their values in the scope of the block. Defaults may use the parameters before
    them.
    """
    assert isinstance(callee.target, Block)
    specs = {spec.name: spec for spec in parameters_of(ctx, callee)}
    fits = True
    for parameter in callee.target.definition.parameters:
        name = parameter.name.id
        if name in bound.values:
            value = bound.values[name]
        elif parameter.default is not None:
            value = expressions.argument_value(ctx, inner, parameter.default, specs[name], callee.name)
            if value is not POISON:
                value = check(ctx, inner, callee.name, specs[name], value, parameter.default.span)
        else:
            return False
        inner.scope.names[name] = Binding(value, parameter.name.span, "parameter")
        fits = fits and value is not POISON
    return fits


def take_bundle(ctx: Context, inner: Frame, span: Span) -> bool:
    """`block DualPath[res, dense = none]`: takes the arriving bundle apart."""
    wanted = inner.definition.bundle
    flow = inner.flow
    if not wanted:
        return True
    tensors = flow if isinstance(flow, list) else [flow]
    needed = sum(not p.optional for p in wanted)
    if not needed <= len(tensors) <= len(wanted) or not all(isinstance(t, Tensor) for t in tensors):
        names = ", ".join(p.name.id for p in wanted)
        ctx.error(
            "E207",
            f"`{inner.definition.name.id}` takes the bundle [{names}], and {describe(flow)} arrives",
            span,
            f"{describe(flow)} arrives here",
            labels=(Label(inner.definition.header, "defined here"),),
            help=f"`[{names}] -> {span.text}`",
        )
        return False
    for position, parameter in enumerate(wanted):
        value = tensors[position] if position < len(tensors) else None
        inner.scope.names[parameter.name.id] = Binding(value, parameter.name.span, "bundle")
    return True


def result(flow: Value, outputs: Outputs) -> Value:
    """What a block is worth: what `output` said, or else the flow."""
    if not outputs.named:
        return flow
    values: list[Value] = []
    for _, value, _ in outputs.named:
        if value is POISON:
            return POISON
        values += value if isinstance(value, list) else [value]
    if len(outputs.named) == 1 and len(values) == 1:
        return values[0]
    if not all(isinstance(value, Tensor) for value in values):
        return values
    return Results(outputs.by_name(), values)


class Recorded(TypedDict):
    """The fields of a region that keep a definition's parameters."""

    arguments: tuple[tuple[str, object], ...]
    defaults: tuple[tuple[str, object], ...]


def recorded(definition: ast.Definition, scope: Scope, bound: Bound) -> Recorded:
    """The values of the parameters as a region keeps them: what is no plain value, as text."""
    arguments: list[tuple[str, object]] = []
    defaults: list[tuple[str, object]] = []
    for parameter in definition.parameters:
        value = plain(scope.names[parameter.name.id].value)
        arguments.append((parameter.name.id, value))
        if parameter.name.id not in bound.values:
            defaults.append((parameter.name.id, value))
        elif isinstance(parameter.default, ast.Literal):
            defaults.append((parameter.name.id, parameter.default.value))
    return {"arguments": tuple(arguments), "defaults": tuple(defaults)}


def plain(value: Value) -> object:
    """A value without anything of the elaboration in it."""
    match value:
        case Callable():
            return value.name
        case BodyValue():
            return "{ … }"
        case Tensor():
            return str(value.type)
        case SizeOf():
            return int(value)
        case SizeExpr():
            return SizeExpr(value.terms)
        case list():
            return tuple(plain(v) for v in value)
        case _:
            return value


def note_unused(ctx: Context, definition: ast.Definition, scope: Scope) -> None:
    """Remembers which parameters the definition reads: in some use of it, or where no use came by."""
    if scope.parent is not ctx.globals:
        return  # of a block of another file, that file says it
    for parameter in (*definition.parameters, *definition.bundle):
        name = parameter.name.id
        binding = scope.names.get(name)
        key = (definition.name.id, name)
        if key not in ctx.parameters:
            ctx.parameters[key] = _mentions(definition, name)
        ctx.parameters[key] = ctx.parameters[key] or (binding is not None and binding.used)
        ctx.parameter_spans[key] = parameter.name.span


def _mentions(definition: ast.Definition, name: str) -> bool:
    """Whether the name stands in the definition, also where no condition has led yet."""
    defaults = [p.default for p in definition.parameters if p.default is not None]
    nodes = (node for root in (*defaults, definition.body) for node in walk(root))
    return any(isinstance(node, ast.Name) and node.id == name for node in nodes)
