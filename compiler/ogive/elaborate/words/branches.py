"""`concat { | a | b }`: branches that start from the same tensor, joined by a layer."""

from __future__ import annotations

from ogive.elaborate.context import Context, Frame
from ogive.elaborate.edits.application import applied
from ogive.elaborate.emit import emit, no_flow
from ogive.elaborate.flow import names_its_start
from ogive.elaborate.parameters import bind
from ogive.elaborate.values import POISON, Callable, Tensor, Value, describe
from ogive.layers.base import Layer
from ogive.syntax import ast


def branches(ctx: Context, frame: Frame, callee: Callable, element: ast.WithBranches) -> Value:
    """Runs every branch from the tensor that arrives and combines what they are worth, in order."""
    layer = callee.target
    assert isinstance(layer, type)
    assert issubclass(layer, Layer)
    bound = bind(
        ctx, frame, callee, layer.arguments(), element.head.span, operands=True, defaults=frame.defaults
    )
    if frame.flow is None and not all(names_its_start(frame, branch) for branch in element.branches):
        no_flow(ctx, frame, element.head.span)
        return POISON
    region = ctx.open_region(frame, "merge", span=element.span, block=layer.kind)
    values: list[Value] = []
    for position, branch in enumerate(element.branches):
        part = ctx.open_region(
            frame, "branch", span=branch.span, block=layer.kind, index=position, parent=region.id
        )
        value = ctx.run_body(ctx, branch, frame.inner(region=part.id))
        ctx.close_region(part, value)
        if isinstance(value, list) and value is not POISON:
            ctx.error(
                "E207",
                f"a branch of `{layer.kind}` ends in {describe(value)}",
                branch.span,
                "this branch",
                help="join it at the end of the branch: `-> concat`",
                frame=frame,
            )
            value = POISON
        values.append(value)
    inner = frame.inner(region=region.id, scope=frame.scope)
    inner.pin = frame.pin
    if bound is None or any(not isinstance(value, Tensor) for value in values):
        ctx.close_region(region, POISON)
        return POISON
    headings = [f"branch {i + 1}" for i in range(len(values))] + ["argument"] * len(bound.tensors)
    head = element.head.span

    def join(at: Frame, edited: Callable) -> Value:
        given = bound
        if edited is not callee:
            given = bind(ctx, at, edited, layer.arguments(), head, operands=True, defaults=at.defaults)
        if given is None:
            return POISON
        operands = [*values, *given.tensors]
        return emit(ctx, at, layer(**given.values), operands, head, spans=given.spans, headings=headings)

    inner.flow = values
    value = applied(ctx, inner, callee, head, join)
    ctx.close_region(region, value)
    return value
