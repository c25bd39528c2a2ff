"""`dense(layers = n) { body }`: every layer sees all that came before (Huang et al. 2017, section 3)."""

from __future__ import annotations

from ogive.elaborate.context import Context, Frame, Namespace, Word, WordUse
from ogive.elaborate.edits.application import applied
from ogive.elaborate.edits.arguments import instance
from ogive.elaborate.emit import emit
from ogive.elaborate.values import POISON, Callable, Tensor, Value, describe
from ogive.elaborate.words.sequence import in_sequence
from ogive.layers.base import Argument


def _apply(ctx: Context, frame: Frame, use: WordUse) -> Value:
    """X = concat(x, body(x)), n times: the same function as one concatenation of all results, in order."""
    assert use.body is not None
    concat = ctx.library.get("concat")
    assert concat is not None
    if frame.flow is not POISON and not isinstance(frame.flow, Tensor):
        ctx.error(
            "E207",
            f"`dense` begins with one tensor, and {describe(frame.flow)} arrives",
            use.head,
            describe(frame.flow),
            help="join the bundle first: `-> concat`",
            frame=frame,
        )
        return POISON
    name = frame.namespace.next("dense")  # `as` names its value
    region = ctx.open_region(frame, "dense", name, span=use.span, block="dense")
    container = frame.inner(region=region.id, namespace=Namespace(region.path), scope=frame.scope)

    def join(at: Frame, callee: Callable) -> Value:
        layer = instance(ctx, at, callee, use.head) if callee.named else concat()
        if layer is None:
            return POISON
        return emit(ctx, at, layer, at.flow, use.head, title="dense", headings=["so far", "body"])

    for turn in range(use.arguments["layers"]):
        ctx.spend(1, use.head)
        step = f"layer{turn + 1}"
        layer = ctx.open_region(container, "iteration", step, span=use.body.span, block="dense", index=turn)
        inner = container.inner(region=layer.id, namespace=Namespace(layer.path))
        value = ctx.run_body(ctx, use.body, inner)
        if isinstance(value, list) and value is not POISON:
            ctx.error(
                "E207",
                f"the body of `dense` ends in {describe(value)}",
                use.body.span,
                "this body",
                help="join it at the end of the body: `-> concat`",
                frame=frame,
            )
            value = POISON
        if isinstance(value, Tensor) and isinstance(container.flow, Tensor):
            both = [container.flow, value]
            joined = container.inner(region=layer.id, namespace=inner.namespace, flow=both)
            container.flow = applied(ctx, joined, Callable(concat), use.head, join)
        else:
            container.flow = POISON
        ctx.close_region(layer, container.flow)
        if container.flow is POISON:
            break
    ctx.close_region(region, container.flow)
    return container.flow


DENSE = Word(
    "dense",
    (
        Argument(
            "layers", (int,), (), False, True, None, False, False, 1, None, "how often the body is repeated"
        ),
    ),
    body=True,
    apply=_apply,
    without=in_sequence,
)
