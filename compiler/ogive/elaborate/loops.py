"""`repeat` and `for`: bounded, and unrolled as they are elaborated."""

from __future__ import annotations

from ogive.diagnostics import Label
from ogive.elaborate import expressions
from ogive.elaborate.context import TURN_WORK, Context, Frame, Namespace, Scope
from ogive.elaborate.flow import bind_name
from ogive.elaborate.values import POISON, Block, Callable, Value, describe
from ogive.syntax import ast


def run_repeat(ctx: Context, statement: ast.Repeat, frame: Frame) -> None:
    """Runs a body a number of times; each turn is a region of its own."""
    count = expressions.integer(ctx, frame, statement.count, "the number of turns")
    if count is None:
        frame.flow = POISON
        return
    if count == 0:
        return
    named = not _single_block(ctx, frame, statement.body)
    name = frame.namespace.next("repeat") if named else ""
    region = ctx.open_region(frame, "repeat", name, span=statement.span, block="repeat")
    outer = _container(frame, region.id, region.path if named else None)
    for turn in range(count):
        ctx.spend(TURN_WORK, statement.span)
        step = f"layer{turn + 1}" if named else ""
        path = outer.namespace.join(step) if step else outer.namespace.path
        outer.flow = frame.flow
        iteration = ctx.open_region(
            outer, "iteration", step, span=statement.body.span, block="repeat", index=turn, path=path
        )
        inner = outer.inner(region=iteration.id, namespace=Namespace(path) if named else outer.namespace)
        if statement.index is not None:
            bind_name(ctx, inner.scope, statement.index, turn, "index")
        frame.flow = ctx.run_body(ctx, statement.body, inner)
        ctx.close_region(iteration, frame.flow)
        if frame.flow is POISON:
            break
    ctx.close_region(region, frame.flow)


def _container(frame: Frame, region: int, path: str | None) -> Frame:
    """The frame of a container: same scope, its own region, its own names if it adds a segment."""
    namespace = frame.namespace if path is None else Namespace(path)
    return frame.inner(region=region, namespace=namespace, scope=frame.scope)


def _single_block(ctx: Context, frame: Frame, body: ast.Body) -> bool:
    """Whether a repeated body is one use of a block or a unit, which then is numbered by the turn."""
    if len(body.statements) != 1 or not isinstance(body.statements[0], ast.Flow):
        return False
    flow = body.statements[0]
    element = flow.chain.elements[0]
    if len(flow.chain.elements) != 1 or flow.target is not None:
        return False
    head = element.function if isinstance(element, ast.Call) else element
    if not isinstance(head, ast.Name):
        return False
    binding = frame.scope.find(head.id)
    value = binding.value if binding else ctx.words.get(head.id)
    if isinstance(value, Callable):
        return isinstance(value.target, Block) or getattr(value.target, "name", "") == "unit"
    return getattr(value, "name", "") == "unit"


def run_for(ctx: Context, statement: ast.For, frame: Frame) -> None:
    """Runs a body for every item of a list; its layers are counted on from turn to turn."""
    items = expressions.evaluate(ctx, frame, statement.iterable)
    if items is not POISON and not isinstance(items, list | tuple):
        hint = (
            f"go through a range: `for {statement.target.span.text} in 0..{statement.iterable.span.text}`"
            if isinstance(items, int)
            else None
        )
        ctx.error(
            "E113",
            f"`for` goes through a list, and this is {describe(items)}",
            statement.iterable.span,
            describe(items),
            help=hint,
        )
        items = POISON
    if items is POISON:
        frame.flow = POISON
        return
    for position, item in enumerate(items):
        ctx.spend(TURN_WORK, statement.span)
        inner = frame.inner()
        if statement.index is not None and statement.index.id != "_":
            bind_name(ctx, inner.scope, statement.index, position, "index")
        if not _unpack(ctx, statement, inner.scope, item):
            frame.flow = POISON
            return
        frame.flow = ctx.run_body(ctx, statement.body, inner)
        if frame.flow is POISON:
            return


def _unpack(ctx: Context, statement: ast.For, scope: Scope, item: Value) -> bool:
    names = statement.target.names
    if not statement.target.bundle:
        if names[0].id != "_":
            bind_name(ctx, scope, names[0], item, "value")
        return True
    values = item if isinstance(item, list | tuple) else None
    if values is None or len(values) != len(names):
        what = f"a list of {len(values)}" if values is not None else describe(item)
        ctx.error(
            "E115",
            f"{len(names)} names take a list of {len(names)}, and this item is {what}",
            statement.target.span,
            f"{len(names)} names",
            labels=(Label(statement.iterable.span, f"an item here is {what}"),),
        )
        return False
    for name, value in zip(names, values, strict=True):
        if name.id != "_":
            bind_name(ctx, scope, name, value, "value")
    return True
