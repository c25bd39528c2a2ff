"""`aux(weight = 0.3) { body }`: a classifier in training only (Szegedy et al. 2015, section 5)."""

from __future__ import annotations

from ogive.elaborate.context import Context, Frame, Namespace, Word, WordUse
from ogive.elaborate.values import POISON, Tensor, Value, describe
from ogive.graph import Head
from ogive.layers.base import Argument


def _apply(ctx: Context, frame: Frame, use: WordUse) -> Value:
    """Runs the body beside the flow, which stays where it is."""
    assert use.body is not None
    name = frame.namespace.pin(frame.pin.id) if frame.pin is not None else frame.namespace.next("aux")
    weight = use.arguments.get("weight", 1.0)
    region = ctx.open_region(frame, "aux", name, span=use.span, block="aux", weight=weight)
    value = ctx.run_body(ctx, use.body, frame.inner(region=region.id, namespace=Namespace(region.path)))
    ctx.close_region(region, value)
    if isinstance(value, Tensor):
        ctx.heads.append(Head(region.path, value.ref, weight))
    elif value is not POISON:
        what = describe(value) if value is not None else "nothing"
        ctx.error(
            "E207",
            f"the body of `aux` ends in {what}, and its loss needs one tensor",
            use.body.span,
            "this body",
            frame=frame,
        )
    return frame.flow


AUX = Word(
    "aux",
    (
        Argument(
            "weight",
            (int, float),
            (),
            False,
            False,
            1.0,
            False,
            False,
            0,
            None,
            "what its loss is multiplied with",
        ),
    ),
    body=True,
    apply=_apply,
)
