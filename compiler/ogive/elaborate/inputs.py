"""`input`: where tensors enter a net."""

from __future__ import annotations

import math

from ogive.diagnostics import Label
from ogive.elaborate import expressions
from ogive.elaborate.context import Context, Frame, refs
from ogive.elaborate.declared import Declaration, form
from ogive.elaborate.edits.traces import traces_towards
from ogive.elaborate.emit import MAX_ELEMENTS
from ogive.elaborate.flow import bind_name
from ogive.elaborate.names import walk
from ogive.elaborate.values import POISON, Tensor, Value, describe, is_bundle, show
from ogive.graph import Node, Ref
from ogive.layers.io import Input
from ogive.layers.notation import written
from ogive.layers.order import is_large
from ogive.layers.solve import solve
from ogive.layers.tensor import Layout, Size, TensorType
from ogive.layers.unknown import SizeExpr, Undecided, substitute, symbols_of
from ogive.source import Span
from ogive.syntax import ast


def declare_input(ctx: Context, statement: ast.Input, frame: Frame) -> None:
    """Adds an input to the graph, or takes what arrives where a net stands in a net."""
    if not frame.definition.is_net:
        ctx.error(
            "E305",
            "a block has no inputs of its own: it takes the flow",
            statement.span,
            "declared in a block",
            labels=(Label(frame.definition.header, "this is a block"),),
            help="make it a `net`, or take several tensors as a bundle: `block Name[a, b](…)`",
        )
        return
    region = ctx.graph.regions[frame.region]
    if region.kind not in ("net", "block"):
        ctx.error(
            "E305",
            f"an input belongs to its whole net, and this one stands in a `{region.kind}`",
            statement.span,
            f"inside a `{'repeat' if region.kind == 'iteration' else region.kind}`",
            help="declare it at the beginning of the net's body",
        )
        bind_name(ctx, frame.scope, statement.name, POISON, "input")
        frame.flow = POISON
        return
    if region.kind == "block":
        _take_input(ctx, statement, frame)
        return
    ctx.declaring = True
    value = expressions.evaluate(ctx, frame, statement.shape)
    ctx.declaring = False
    sizes = None if value is POISON else _sizes(ctx, statement, value)
    if sizes is not None:
        sizes = _given_sizes(ctx, statement, sizes)
    if sizes is None:
        bind_name(ctx, frame.scope, statement.name, POISON, "input")
        frame.flow = POISON
        return
    type_ = TensorType(sizes, _layout(ctx, statement, len(sizes)), statement.dtype)
    if statement.name.id in ctx.graph:
        taken = ctx.graph.node(statement.name.id)
        ctx.error(
            "E109",
            f"`{statement.name.id}` is given twice in one net",
            statement.name.span,
            "again here",
            labels=(Label(taken.span, "first here"),) if taken.span else (),
            help="declare inputs first, each with a name of its own",
        )
        frame.flow = POISON
        return
    ctx.graph.add(Node(statement.name.id, Input(statement.name.id, type_), (type_,), 0, statement.name.span))
    frame.namespace.taken.add(statement.name.id)
    ctx.inputs.append(statement.name.id)
    tensor = Tensor(Ref(statement.name.id), type_)
    bind_name(ctx, frame.scope, statement.name, tensor, "input")
    frame.flow = frame.entered = tensor if len(ctx.inputs) == 1 else None


def _layout(ctx: Context, statement: ast.Input, axes: int) -> Layout:
    """How the sizes are to be read. Two, of which nothing else is said, are a 1d map (channels, length); or
    tokens (length, features), where that is what the net takes.
    """
    if statement.tokens and axes > 1:
        return Layout.TOKENS
    if statement.dtype != "float" or not 2 <= axes <= 4:
        return Layout.PLAIN
    if axes > 2:
        return Layout.MAP
    ctx.two_readings = True
    return Layout.TOKENS if ctx.read_as_tokens else Layout.MAP


def _take_input(ctx: Context, statement: ast.Input, frame: Frame) -> None:
    """A net inside a net takes the flow; one with several inputs takes a bundle apart."""
    names = [s.name.id for s in frame.definition.body.statements if isinstance(s, ast.Input)]
    for read in walk(statement.shape):  # the sizes are those of what arrives, and yet these are not idle
        if isinstance(read, ast.Name) and (binding := frame.scope.find(read.id)):
            binding.used = True
    value = frame.entered
    if len(names) > 1 and statement.name.id in names:
        if value is not POISON and not (is_bundle(value) and len(value) == len(names)):
            bundle = f"[{', '.join(names)}]"
            ctx.error(
                "E207",
                f"`{frame.definition.name.id}` takes the bundle {bundle}, and {describe(value)} arrives",
                frame.trail[-1],
                f"{describe(value)} arrives here",
                labels=(Label(frame.definition.header, "defined here"),),
                help=f"`{bundle} -> {frame.trail[-1].text}`",
            )
            value = POISON
        frame.flow = None if value is not POISON else POISON
        value = value if value is POISON else value[names.index(statement.name.id)]
    if isinstance(value, Tensor) and not _suits(ctx, statement, frame, value.type):
        frame.flow = value = POISON
    bind_name(ctx, frame.scope, statement.name, value, "input")


def _suits(ctx: Context, statement: ast.Input, frame: Frame, type_: TensorType) -> bool:
    """Whether a tensor can stand for an input of a net that is used in a net. The sizes are those of what
    arrives, for the declared ones are what the net takes alone; its numbers and its axes are as declared.
    """
    axes = _axes(ctx, statement, frame)
    if type_.dtype == statement.dtype and axes in (None, len(type_.sizes)):
        return True
    use, name = frame.trail[-1], frame.definition.name.id
    wanted = "" if axes is None else f" of {axes} ax{'i' if axes == 1 else 'e'}s"
    has = len(type_.sizes)
    arrives = f"{type_.dtype} numbers of {has} ax{'i' if has == 1 else 'e'}s, {type_},"
    ctx.error(
        "E204",
        f"`{name}` takes {statement.dtype} numbers{wanted} as `{statement.name.id}`, and {arrives} arrive",
        use,
        f"{type_} arrives here",
        labels=(Label(statement.span, "declared here"), *traces_towards(ctx, refs(frame.entered))),
        help="the sizes of an input may be others where a net is used in a net, not its kind",
    )
    return False


def _axes(ctx: Context, statement: ast.Input, frame: Frame) -> int | None:
    """How many sizes an input is declared with; None where that cannot be told, or is wrong."""
    shape = statement.shape
    if isinstance(shape, ast.ListExpr):
        return len(shape.items)
    if any(isinstance(node, ast.Unknown) for node in walk(shape)):
        return None
    with ctx.silence():
        value = expressions.evaluate(ctx, frame, shape)
    return len(value) if isinstance(value, list | tuple) else None


def _given_sizes(ctx: Context, statement: ast.Input, declared: tuple[Size, ...]) -> tuple[Size, ...] | None:
    """The sizes that were given from outside over the declared ones; they say what each unknown is."""
    declaration = Declaration(statement.name.id, statement.dtype, declared, statement.shape.span)
    ctx.declarations[statement.name.id] = declaration
    given = ctx.override
    if given is None or not symbols_of(declared):
        return declared if given is None else given
    if len(given) != len(declared):
        ctx.error(
            "E213",
            f"an input of {form(given)} is not of the form {declaration.form}",
            statement.shape.span,
            f"{len(declared)} sizes, and {len(given)} were given",
        )
        return None
    values, fits = solve(declared, given)
    if not fits:
        near = tuple(
            substitute(size, values) if isinstance(size, SizeExpr) else number
            for size, number in zip(declared, given, strict=True)
        )
        wrong = ", ".join(
            f"{written(size, mark='?')} is not {number}"
            for size, number in zip(declared, given, strict=True)
            if isinstance(size, SizeExpr) and substitute(size, values) != number
        )
        ctx.error(
            "E213",
            f"an input of {form(given)} is not of the form {declaration.form}",
            statement.shape.span,
            wrong,
            help=f"the nearest that is: `{form(near)}`",
        )
        return None
    ctx.sizes.update(values)
    return given


def _sizes(ctx: Context, statement: ast.Input, value: Value) -> tuple[Size, ...] | None:
    sizes = value if isinstance(value, list | tuple) else None
    if not sizes or not all(isinstance(s, int | SizeExpr) and not isinstance(s, bool) for s in sizes):
        ctx.error(
            "E106",
            f"a shape is written `3x32x32` or as a list of ints, and this is {describe(value)}",
            statement.shape.span,
            describe(value),
            help=f"one size: `[{statement.shape.span.text}]`"
            if isinstance(value, int | SizeExpr)
            else "without the batch: `3x224x224`, `[3, size, size]`",
        )
        return None
    written_ones = statement.shape.items if isinstance(statement.shape, ast.ListExpr) else ()
    for at, size in enumerate(sizes):
        span = written_ones[at].span if len(written_ones) == len(sizes) else statement.shape.span
        if isinstance(size, SizeExpr) and not _can_be_size(ctx, size, span):
            return None
    if any(s < 1 for s in sizes if isinstance(s, int)):
        ctx.error(
            "E108",
            f"each size of an input is at least 1, and `{statement.name.id}` is {show(tuple(sizes))}",
            statement.shape.span,
            f"{min(s for s in sizes if isinstance(s, int))} is less than 1",
        )
        return None
    if is_large(math.prod(sizes), MAX_ELEMENTS):
        ctx.error(
            "E403",
            f"`{statement.name.id}` is {show(tuple(sizes))}, which has {math.prod(sizes):.2g} elements",
            statement.shape.span,
            "too large",
            notes=(("limit", "tensors have at most 2**40 elements"),),
        )
        return None
    if len(sizes) > 4:
        ctx.error(
            "E205",
            f"an input has one to four sizes without the batch, and this has {len(sizes)}",
            statement.shape.span,
            f"{len(sizes)} sizes",
        )
        return None
    return tuple(sizes)


def _can_be_size(ctx: Context, size: SizeExpr, span: Span) -> bool:
    """Whether an expression gives a size: an int, and at least 1 where its unknowns are large."""
    text = written(size, mark="?")
    if not size.integral:
        what, why = f"`{text}` need not be an int", "round it: `//`, `floor` or `ceil`"
    else:
        try:
            if size >= 1:
                return True
            what = f"`{text}` is less than 1"
        except Undecided:
            what = f"`{text}` may be less than 1"
        why = None
    ctx.error("E108", f"{what}, and is no size", span, "no size", help=why)
    return False
