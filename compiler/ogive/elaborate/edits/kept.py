"""`replace KIND with LAYER`: which arguments of what is replaced its replacement keeps.

LAYER gets the arguments that what it replaces was given, explicitly or by a `default`, where it has an
argument of that name and does not give it itself. In a chain they go to each element of the same group (both
convolutions of `conv(3x3) -> conv(3x3)`), and where there is none, to the first that has such an argument.
Two arguments belong to the window:
- the stride is kept by the first of them only, and a pooling's is kept even where it is the size of its
  window because nothing else was said;
- padding that was half of the window (5x5, padding 2) is half of the new one (3x3, padding 1), so that what
  kept the places still does; any other padding stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ogive.elaborate.context import Context, Frame, Scope
from ogive.elaborate.edits.arguments import by_name, effective, given_arguments
from ogive.elaborate.edits.kinds import Target, same_target, target_of
from ogive.elaborate.parameters import parameters_of
from ogive.elaborate.values import Callable, Given, Value
from ogive.source import Span
from ogive.syntax import ast

Sizes = int | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a replacement may keep.

    Attributes:
        given: the arguments that were given, by name.
        values: the values of all of them.
        takers: the positions of the chain's elements that get them.
        implied: whether the stride was not given: it is the size of the window.
    """

    given: Mapping[str, Given]
    values: Mapping[str, Value]
    takers: tuple[int, ...]
    implied: bool

    def hand_to(self, ctx: Context, position: int, callee: Callable) -> Callable:
        """An element of the replacement with what it keeps."""
        if position not in self.takers:
            return callee
        specs = parameters_of(ctx, callee)
        callee = by_name(specs, callee)
        own = {name for name, _ in callee.named}
        kept = {
            spec.name: self.given[spec.name]
            for spec in specs
            if spec.name in self.given and spec.name not in own
        }
        steps = next((spec for spec in specs if spec.name == "stride"), None)
        follows = self.implied and steps is not None and steps.default is None and "kernel_size" not in own
        if position != self.takers[0] or follows:
            kept.pop("stride", None)
        if "padding" in kept and "kernel_size" in own:
            kernel = dict(callee.named)["kernel_size"].value
            dilation = dict(callee.named).get("dilation", kept.get("dilation"))
            kept["padding"] = self._padding(kept["padding"], kernel, dilation.value if dilation else 1)
        return replace(callee, named=(*callee.named, *kept.items()))

    def _padding(self, padding: Given, kernel: Value, dilation: Value) -> Given:
        before = half(self.values.get("kernel_size"), self.values.get("dilation", 1))
        after = half(kernel, dilation)
        if before is None or after is None or not _equal(padding.value, before):
            return padding
        return replace(padding, value=after)


def kept(
    ctx: Context, frame: Frame, callee: Callable, span: Span, chain: ast.Chain, scope: Scope
) -> Kept | None:
    """What the elements of a chain keep of the layer, block or word that it replaces; None where an argument
    of that is wrong.
    """
    values = effective(ctx, frame, callee, span)
    if values is None:
        return None
    given = given_arguments(ctx, frame, callee)
    steps = next((spec for spec in parameters_of(ctx, callee) if spec.name == "stride"), None)
    implied = steps is not None and steps.default is None and "stride" not in given and "kernel_size" in given
    if implied:
        given["stride"] = replace(given["kernel_size"], value=values["stride"])
    heads = [_head(ctx, scope, element) for element in chain.elements]
    takers = [i for i, head in enumerate(heads) if head is not None and _alike(head.target, callee.target)]
    if not takers:
        takers = [
            i
            for i, head in enumerate(heads)
            if head is not None and any(spec.name in given for spec in parameters_of(ctx, head))
        ][:1]
    return Kept(given, values, tuple(takers), implied)


def _head(ctx: Context, scope: Scope, element: ast.Element) -> Callable | None:
    """The layer or block that an element names, if it is as simple as that."""
    name = element.function if isinstance(element, ast.Call) else element
    if not isinstance(name, ast.Name) or name.id == "identity":
        return None
    return target_of(ctx, scope, name.id)


def _alike(a: Target, b: Target) -> bool:
    if isinstance(a, type) and isinstance(b, type):
        return a.group == b.group
    return same_target(a, b)


def half(kernel: Value, dilation: Value) -> Sizes | None:
    """The padding with which a window of stride 1 keeps the places; None for what is no window."""
    if isinstance(kernel, tuple):
        steps: Sequence[Value] = dilation if isinstance(dilation, tuple) else [dilation] * len(kernel)
        if len(steps) != len(kernel):
            return None
        sides = [half(k, d) for k, d in zip(kernel, steps, strict=True)]
        whole = [side for side in sides if isinstance(side, int)]
        if len(whole) != len(sides):
            return None
        return whole[0] if len(set(whole)) == 1 else tuple(whole)
    if not isinstance(kernel, int) or isinstance(dilation, tuple) or not isinstance(dilation, int):
        return None
    return dilation * (kernel - 1) // 2


def _equal(padding: Value, wanted: Sizes) -> bool:
    if isinstance(padding, bool) or not isinstance(padding, int | tuple):
        return False
    if isinstance(padding, tuple) and isinstance(wanted, int):
        return all(p == wanted for p in padding)
    return padding == wanted
