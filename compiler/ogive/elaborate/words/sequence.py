"""What stays of `dense` and `clique` when an edit removes them: the same layers, one behind the other."""

from __future__ import annotations

from ogive.elaborate.context import Context, Frame, Namespace, WordUse
from ogive.elaborate.values import POISON, Value


def in_sequence(ctx: Context, frame: Frame, use: WordUse) -> Value:
    """The body as often as the word has layers, each on what the one before gave; the paths stay."""
    assert use.body is not None
    name = frame.namespace.next(use.word.name)
    region = ctx.open_region(frame, "repeat", name, span=use.span, block="repeat")
    outer = frame.inner(region=region.id, namespace=Namespace(region.path), scope=frame.scope)
    for turn in range(use.arguments["layers"]):
        ctx.spend(1, use.head)
        step = f"layer{turn + 1}"
        layer = ctx.open_region(outer, "iteration", step, span=use.body.span, block="repeat", index=turn)
        outer.flow = ctx.run_body(
            ctx, use.body, outer.inner(region=layer.id, namespace=Namespace(layer.path))
        )
        ctx.close_region(layer, outer.flow)
        if outer.flow is POISON:
            break
    ctx.close_region(region, outer.flow)
    return outer.flow
