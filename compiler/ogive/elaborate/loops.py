"""`repeat` and `for`: bounded, and unrolled as they are elaborated."""

from __future__ import annotations

from functools import partial

from ogive.diagnostics import Label
from ogive.elaborate import expressions
from ogive.elaborate.context import TURN_WORK, Context, Frame, Namespace, Scope
from ogive.elaborate.flow import bind_name
from ogive.elaborate.names import walk
from ogive.elaborate.share import share_turns
from ogive.elaborate.sharing import OneName, begin, within
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
    if statement.share is not None:
        _run_shared(ctx, statement, frame, count)
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
            _spoil_collected(frame, statement.body)
            break
    ctx.close_region(region, frame.flow)


def _run_shared(ctx: Context, statement: ast.Repeat, frame: Frame, count: int) -> None:
    """Runs the turns of `repeat n share { … }`. They are one part of the net, with one name: `repeat1`, or
    that of the block which is the whole body.
    """
    single = _single_block(ctx, frame, statement.body)
    name = frame.namespace.next(_kind(frame, statement.body) if single else "repeat")
    shared = share_turns(ctx, frame, statement, name)
    if shared is None:
        frame.flow = POISON
        return
    region = ctx.open_region(frame, "repeat", span=statement.span, block="repeat")
    outer = _container(frame, region.id, None)
    for turn in range(count):
        ctx.spend(TURN_WORK, statement.span)
        sharing = begin(shared, statement.count.span)
        outer.flow = frame.flow
        step, path = ("", outer.namespace.path) if single else (sharing.local, sharing.path)
        iteration = ctx.open_region(
            outer, "iteration", step, span=statement.body.span, block="repeat", index=turn, path=path
        )
        names = OneName(path, name=sharing.local) if single else Namespace(path)
        inner = outer.inner(region=iteration.id, namespace=names)
        inner.sharing = (sharing, *frame.sharing)
        if statement.index is not None:
            bind_name(ctx, inner.scope, statement.index, turn, "index")
        run = partial(ctx.run_body, ctx, statement.body, inner)
        frame.flow = within(ctx, sharing, run, None if single else iteration.id)
        ctx.close_region(iteration, frame.flow)
        if frame.flow is POISON:
            _spoil_collected(frame, statement.body)
            break
    ctx.close_region(region, frame.flow)


def _container(frame: Frame, region: int, path: str | None) -> Frame:
    """The frame of a container: same scope, its own region, its own names if it adds a segment."""
    namespace = frame.namespace if path is None else Namespace(path)
    return frame.inner(region=region, namespace=namespace, scope=frame.scope)


def _single_block(ctx: Context, frame: Frame, body: ast.Body) -> bool:
    """Whether a repeated body is one use of a block or a unit, which then is numbered by the turn."""
    computing = [s for s in body.statements if not isinstance(s, ast.Assert | ast.Label)]
    if len(computing) != 1 or not isinstance(computing[0], ast.Flow):
        return False
    flow = computing[0]
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


def _kind(frame: Frame, body: ast.Body) -> str:
    """How the layers of such a block are counted: `basic`, `unit`."""
    element = next(s.chain.elements[0] for s in body.statements if isinstance(s, ast.Flow))
    head = element.function if isinstance(element, ast.Call) else element
    assert isinstance(head, ast.Name)
    binding = frame.scope.find(head.id)
    return (binding.value.name if binding is not None else head.id).lower()


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
        _spoil_collected(frame, statement.body)
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
        frame.scope.keep_stages_of(inner.scope)
        if frame.flow is POISON:
            _spoil_collected(frame, statement.body)
            return


def _spoil_collected(frame: Frame, body: ast.Body) -> None:
    """What a body would have collected is missing after a mistake: that is not to be complained about."""
    for node in walk(body):
        binding = frame.scope.find(node.name.id) if isinstance(node, ast.Collect) else None
        if binding is not None and isinstance(binding.value, list):
            binding.value = POISON


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
