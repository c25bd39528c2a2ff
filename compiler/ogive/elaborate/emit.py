"""Where a layer becomes a node. Every layer of every net passes here, once."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.diagnostics import Label
from ogive.elaborate.context import LAYER_WORK, Context, Frame
from ogive.elaborate.history import describe_path, sizes_so_far, where_set
from ogive.elaborate.parameters import bind
from ogive.elaborate.values import POISON, Callable, Tensor, Value, describe
from ogive.graph import Node, Ref
from ogive.layers.base import Layer, ShapeError
from ogive.source import Span

MAX_ELEMENTS = 2**40


def emit_call(ctx: Context, frame: Frame, callee: Callable, span: Span) -> Value:
    """Applies a layer of the library, with the arguments that were given, to the flow."""
    layer = callee.target
    assert isinstance(layer, type)
    assert issubclass(layer, Layer)
    bound = bind(ctx, frame, callee, layer.arguments(), span, operands=layer.arity[1] != 1, defaults=frame.defaults)
    operands = _operands(ctx, frame, callee, span)
    if bound is None or operands is None:
        return POISON
    return emit(ctx, frame, layer(**bound.values), [*operands, *bound.tensors], span, spans=bound.spans)


def _operands(ctx: Context, frame: Frame, callee: Callable, span: Span) -> list[Tensor] | None:
    """The tensors that arrive: the flow, alone or as a bundle."""
    flow = frame.flow
    if flow is POISON:
        return None
    if isinstance(flow, Tensor):
        return [flow]
    if isinstance(flow, list) and all(isinstance(v, Tensor) for v in flow):
        return flow
    if flow is None:
        no_flow(ctx, frame, span)
    else:
        ctx.error("E207", f"`{callee.name}` works on tensors, and this is {describe(flow)}", span, "arrives here", frame=frame)
    return None


def no_flow(ctx: Context, frame: Frame, span: Span) -> None:
    """Reports that nothing flows here yet."""
    names = [name for name, b in frame.scope.names.items() if isinstance(b.value, Tensor)]
    ctx.error(
        "E303",
        "no tensor arrives here" + (": with several inputs a chain says where it starts" if len(names) > 1 else ""),
        span,
        "nothing flows here yet",
        help=f"`{names[0]} -> …`" if names else "declare an input first: `input image: 3x224x224`",
        frame=frame,
    )


def emit(
    ctx: Context,
    frame: Frame,
    layer: Layer,
    operands: Sequence[Tensor],
    span: Span,
    *,
    spans: dict[str, Span] | None = None,
    name: str | None = None,
    added: bool = False,
    owner: str | None = None,
) -> Value:
    """Adds a layer to the graph, typed and named.

    Args:
        operands: its inputs, in order.
        span: where it was written.
        spans: where its arguments were given, for diagnostics.
        name: its name in the namespace; without one, its kind and ordinal, or what `as` said.
        added: whether the compiler added it (a projection), so that `as` does not name it.
        owner: the node whose weights it uses.

    Returns:
        A Tensor; a list of them for a layer with several outputs; POISON after a mistake.
    """
    ctx.spend(LAYER_WORK, span)
    types = [operand.type for operand in operands]
    least, most = layer.arity
    if not least <= len(operands) <= (most if most is not None else len(operands)):
        _wrong_number(ctx, frame, layer, len(operands), span)
        return POISON
    try:
        outputs = layer.infer(types)
    except ShapeError as problem:
        explain(ctx, frame, layer.kind, problem, operands, span, spans or {})
        return POISON
    if any(size < 1 for output in outputs for size in output.sizes) or any(o.elements > MAX_ELEMENTS for o in outputs):
        text = ", ".join(map(str, outputs))
        ctx.error("E206", f"`{layer.kind}` makes a tensor that cannot be: {text}", span, text, frame=frame)
        return POISON
    pinned = False
    if name is None and frame.pin is not None and not added:
        name, pinned = frame.pin.id, True
    local = frame.namespace.next(layer.kind) if name is None else name
    frame.namespace.taken.add(local)
    path = frame.namespace.join(local)
    if path in ctx.graph:
        path = frame.namespace.join(frame.namespace.next(local + "_"))
    node = Node(path, layer, tuple(outputs), frame.region, span, frame.trail, owner, pinned)
    ctx.graph.add(node, [operand.ref for operand in operands])
    if len(outputs) == 1:
        return Tensor(Ref(path), outputs[0])
    return [Tensor(Ref(path, i), output) for i, output in enumerate(outputs)]


def _wrong_number(ctx: Context, frame: Frame, layer: Layer, given: int, span: Span) -> None:
    least, most = layer.arity
    takes = "one tensor" if (least, most) == (1, 1) else f"{least} tensors" if least == most else f"at least {least} tensors"
    names = " and ".join(["a tensor", "a bundle"][given > 1 :]) or "nothing"
    if given > 1 and most == 1:
        help_ = "join the bundle first (`-> concat`), or take it apart with `as [a, b]`"
    else:
        help_ = f"give it the others as arguments, `{layer.kind}(skip)`, or as branches `{layer.kind} {{ | … | … }}`"
    what = f"a bundle of {given}" if given > 1 else names
    ctx.error("E208", f"`{layer.kind}` takes {takes}, and {what} arrives", span, f"{given} here", help=help_, frame=frame)


def explain(
    ctx: Context,
    frame: Frame,
    kind: str,
    problem: ShapeError,
    operands: Sequence[Tensor],
    span: Span,
    spans: dict[str, Span],
    headings: Sequence[str] | None = None,
    label: str = "",
) -> None:
    """Turns what a layer said into a diagnostic: adds the place, the cause, and the history of the tensors."""
    labels: list[Label] = []
    if problem.argument in spans:
        labels.append(Label(spans[problem.argument], "set here"))
    blamed = [problem.operand] if problem.operand is not None and len(operands) == 1 else range(len(operands))
    for index in blamed:
        if index < len(operands) and problem.code in ("E201", "E203"):
            labels += _cause(ctx, operands[index], channels="channels" in problem.message)
    names = headings or (["input"] if len(operands) == 1 else [f"operand {i + 1}" for i in range(len(operands))])
    histories = [
        (heading, f"{describe_path(ctx.graph, operand.ref)} {operand.type}")
        for heading, operand in zip(names, operands, strict=False)
    ]
    if problem.code == "E202" and operands:
        sizes = sizes_so_far(ctx.graph, operands[problem.operand or 0].ref)
        if len(sizes) > 1:
            histories.append(("sizes", " -> ".join(sizes)))
    ctx.error(
        problem.code, f"`{kind}`: {problem.message}", span, label or _short(operands), labels=tuple(labels),
        notes=(*problem.notes, *histories[:6]), help=problem.help, frame=frame,
    )  # fmt: skip


def _cause(ctx: Context, operand: Tensor, *, channels: bool) -> list[Label]:
    """Where the channels, or else the sizes, of a tensor were set."""
    setter = where_set(ctx.graph, operand.ref, "channels" if channels else "spatial")
    if setter is None or setter.span is None:
        return []
    value = f"{operand.type.channels} channels" if channels else "x".join(map(str, operand.type.spatial))
    return [Label(setter.span, f"{value}, set here")]


def _short(operands: Sequence[Tensor]) -> str:
    if len(operands) == 1:
        return f"{operands[0].type} arrives here"
    return " + ".join(str(operand.type) for operand in operands[:4])
