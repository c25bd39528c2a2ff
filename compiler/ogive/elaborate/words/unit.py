"""`unit(64, 3x3)`: convolution, norm and activation in the order that `order` says."""

from __future__ import annotations

from itertools import permutations

from ogive.elaborate.context import Context, Frame, Namespace, Word, WordUse
from ogive.elaborate.flow import call
from ogive.elaborate.values import POISON, Callable, Value
from ogive.layers.base import Argument

_COMMON = (
    "conv norm act", "norm act conv", "conv act norm", "conv act",
    "conv norm", "act conv", "norm conv", "conv",
)  # fmt: skip
_OTHERS = {" ".join(order) for order in permutations(("conv", "norm", "act"))} - set(_COMMON)
ORDERS = (*_COMMON, *sorted(_OTHERS))
"""What may follow which; those that papers use come first."""


def _apply(ctx: Context, frame: Frame, use: WordUse) -> Value:
    """A block of its own, so that its convolution is called `unit1.conv1` wherever its norm stands."""
    assert use.passed is not None
    order = use.arguments.get("order", ORDERS[0])
    parts = {
        "conv": use.passed,
        "norm": use.arguments.get("norm") or Callable(_layer(ctx, "bn")),
        "act": use.arguments.get("act") or Callable(_layer(ctx, "relu")),
    }
    name = frame.namespace.pin(frame.pin.id) if frame.pin is not None else frame.namespace.next("unit")
    region = ctx.open_region(frame, "block", name, span=use.span, block="unit", arguments=(("order", order),))
    inner = frame.inner(region=region.id, namespace=Namespace(region.path))
    for word in order.split():
        inner.flow = call(ctx, inner, parts[word], use.span)
        if inner.flow is POISON:
            break
    ctx.close_region(region, inner.flow)
    return inner.flow


def _layer(ctx: Context, kind: str):
    layer = ctx.library.get(kind)
    assert layer is not None
    return layer


UNIT = Word(
    "unit",
    (
        Argument(
            "order", (), ORDERS, False, False, ORDERS[0], True, False, None, None, "which follows which"
        ),
        Argument(
            "norm",
            (Callable,),
            (),
            False,
            False,
            None,
            True,
            False,
            None,
            None,
            "the norm, `bn` unless given",
        ),
        Argument(
            "act",
            (Callable,),
            (),
            False,
            False,
            None,
            True,
            False,
            None,
            None,
            "the activation, `relu` unless given",
        ),
    ),
    body=False,
    apply=_apply,
    extra="conv",
)
