"""Where edits changed a tensor, remembered for what goes wrong further down.

An edit often works where it acts, and what it leaves fails at the next layer: without its `flatten`, `linear`
meets a map. A trace lies on the tensor that leaves the place where an edit acted; a diagnostic about tensors
asks for those on the way to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ogive.diagnostics import Label
from ogive.elaborate.context import Context, refs
from ogive.elaborate.history import steps, where_set
from ogive.elaborate.values import Value
from ogive.graph import Ref
from ogive.source import Span
from ogive.syntax import ast

_MOST = 2
_LONGEST_WAY = 64


@dataclass(frozen=True, slots=True)
class Trace:
    """That an edit changed how a tensor is made.

    Attributes:
        edit: which.
        name: the kind of that on which it acted.
        span: where that was written.
        same: whether the tensor has the type that it would have without the edit.
    """

    edit: ast.Edit
    name: str
    span: Span
    same: bool


def leave_trace(ctx: Context, value: Value, trace: Trace) -> None:
    """Remembers that an edit had a part in a value."""
    for ref in refs(value):
        ctx.traces.setdefault(ref, []).append(trace)


def traces_of(ctx: Context, value: Value) -> tuple[Label, ...]:
    """The edits that made a value what it is, as labels: for what is wrong with its kind or its parts."""
    return _labels(ctx, (trace for ref in refs(value) for trace in ctx.traces.get(ref, ())))


def traces_towards(ctx: Context, tensors: Iterable[Ref], *, whole_way: bool = False) -> tuple[Label, ...]:
    """The edits that gave tensors another type than they would have, as labels.

    Args:
        tensors: those that do not fit.
        whole_way: whether all that led there counts, as it does for sizes that shrink step by step; else
            only what the layers since then left as it was.
    """
    if not ctx.traces:
        return ()
    return _labels(
        ctx, (each for ref in tensors for each in _on_the_way(ctx, ref, whole_way) if not each.same)
    )


def traces_of_sizes(ctx: Context, *tensors: Ref) -> tuple[Label, ...]:
    """The edits of the layers that gave tensors their channels and places, as labels."""
    setters = [where_set(ctx.graph, ref, name) for ref in tensors for name in ("spatial", "channels")]
    return traces_towards(ctx, [*tensors, *(Ref(node.name) for node in setters if node is not None)])


def _on_the_way(ctx: Context, ref: Ref, whole_way: bool) -> Iterator[Trace]:
    for node, at in steps(ctx.graph, ref, _LONGEST_WAY):
        yield from ctx.traces.get(at, ())
        operands = ctx.graph.operands(node.name)
        if not whole_way and operands and ctx.graph.type(operands[0]) != node.outputs[at.output]:
            return


def _labels(ctx: Context, traces: Iterable[Trace]) -> tuple[Label, ...]:
    first: dict[int, Trace] = {}
    for trace in traces:
        first.setdefault(id(trace.edit), trace)
    return tuple(Label(trace.edit.span, _did(ctx, trace)) for trace in [*first.values()][:_MOST])


def _did(ctx: Context, trace: Trace) -> str:
    net = ctx.graph.regions[0].span
    at_home = net is None or net.source is trace.span.source
    what = f"`{trace.name}`" + (f" of line {trace.span.line}" if at_home else "")
    match trace.edit:
        case ast.Remove():
            return f"this edit took the {what} away"
        case ast.Replace():
            return f"this edit replaced the {what}"
        case ast.Set():
            return f"this edit set arguments of the {what}"
        case ast.Insert():
            return (
                f"inserted by this edit, {'behind' if trace.edit.where == 'after' else 'before'} the {what}"
            )
