"""Layers on tensors of unknown sizes: what must be settled before the net runs."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.elaborate.context import Context, Frame
from ogive.elaborate.divisor import explained, fitting_operands, note_misfit
from ogive.elaborate.limits import MAX_TERMS
from ogive.elaborate.undecided import declared, depends, fixed_input, names
from ogive.elaborate.values import Tensor, UnknownSizeOf
from ogive.graph import Ref
from ogive.layers.base import Layer, Layout, TensorType
from ogive.layers.readoff import Unreadable, read_off
from ogive.layers.unknown import SizeExpr, Undecided, symbols_of
from ogive.source import Span


def undecided(
    ctx: Context,
    frame: Frame,
    layer: Layer,
    problem: Undecided,
    types: Sequence[TensorType],
    span: Span,
    title: str,
) -> None:
    """Reports that what a layer does depends on unknown sizes, and what would decide it."""
    before = len(ctx.diagnostics)
    sizes = fitting_operands(layer, types)
    help_ = explained(ctx.declarations, sizes, "it") if sizes else None
    depends(ctx, f"`{title}`: {problem.what}", problem.symbols, span, help=help_, frame=frame)
    note_misfit(ctx, sizes, before)


def settled(
    ctx: Context,
    frame: Frame,
    layer: Layer,
    operands: Sequence[Tensor],
    outputs: Sequence[TensorType],
    span: Span,
) -> list[Tensor] | None:
    """Whether the weights of a layer, what is counted, and the sizes in its text are settled; reports what is
    not.

    Returns:
        The tensors beside its operands that its text must see; None where something is not settled.
    """
    types = [operand.type for operand in operands]
    if not _readable(ctx, frame, layer, outputs, span):
        return None
    try:
        shapes = layer.parameters(types)
        layer.macs(types, outputs)
        layer.products(types, outputs)
        layer.window(types)
    except Undecided as problem:
        undecided(ctx, frame, layer, problem, types, span, layer.kind)
        return None
    wrong = next(((name, shape) for name, shape in shapes.items() if symbols_of(shape)), None)
    if wrong is None:
        return _measured(ctx, frame, layer, operands, span)
    name, shape = wrong
    symbols = symbols_of(shape)
    ctx.error(
        "E210",
        f"the weights of `{layer.kind}` would depend on {names(symbols)}",
        span,
        f"{types[0]} arrives here" if types else "",
        labels=declared(ctx, symbols, span),
        notes=((name, f"[{', '.join(map(str, shape))}]"),),
        help=_instead(ctx, types, symbols),
        frame=frame,
    )
    return None


def _readable(ctx: Context, frame: Frame, layer: Layer, outputs: Sequence[TensorType], span: Span) -> bool:
    """Whether the sizes are expressions that can be worked with. Reports where they are not."""
    sizes = [size for output in outputs for size in output.sizes if isinstance(size, SizeExpr)]
    longest = max(sizes, key=lambda size: size.parts, default=None)
    if longest is None or longest.parts <= MAX_TERMS:
        return True
    ctx.error(
        "E403",
        f"`{layer.kind}` makes a size that is an expression of {longest.parts} terms",
        span,
        "too long",
        labels=declared(ctx, longest.symbols, span),
        notes=(("limit", f"an expression of unknown sizes has at most {MAX_TERMS} terms"),),
        help=fixed_input(ctx, longest.symbols),
        frame=frame,
    )
    return False


def _measured(
    ctx: Context, frame: Frame, layer: Layer, operands: Sequence[Tensor], span: Span
) -> list[Tensor] | None:
    """The tensors that sizes in the text were read off, or the inputs of the net, where the operands do not
    tell them. None where nothing does, which is reported.
    """
    types = [operand.type for operand in operands]
    unreadable = _unreadable(layer, types, [])
    if unreadable is None:
        return []
    read = [tensor for tensor in _read_off_by(layer) if tensor.ref.node in ctx.graph]
    entered = [Ref(name) for name in ctx.inputs if name in ctx.graph]
    inputs = [Tensor(ref, ctx.graph.type(ref)) for ref in entered]
    for beside in (read, [*read, *inputs]):
        if _unreadable(layer, types, beside) is not None:
            continue
        for tensor in tuple(beside):
            fewer = [other for other in beside if other.ref != tensor.ref]
            beside = fewer if _unreadable(layer, types, fewer) is None else beside
        return beside
    ctx.error(
        "E214",
        f"`{layer.kind}` needs {unreadable}, which follows from no tensor's shape",
        span,
        "cannot be computed when the net runs",
        labels=declared(ctx, unreadable.symbols, span),
        help="declare each unknown size by itself or as a multiple: `[3, ?h, ?w]`, `[3, 32 * ?h, 32 * ?w]`",
        frame=frame,
    )
    return None


def _unreadable(layer: Layer, types: Sequence[TensorType], beside: Sequence[Tensor]) -> SizeExpr | None:
    """A size in the text of a layer that the tensors do not tell."""
    try:
        read_off(layer.torch(types), [*types, *(tensor.type for tensor in beside)])
    except Unreadable as problem:
        return problem.size
    return None


def _read_off_by(layer: Layer) -> list[Tensor]:
    """The tensors that sizes among the arguments of a layer were read off, each once."""
    found: dict[Ref, Tensor] = {}
    for value in vars(layer).values():
        for size in value if isinstance(value, tuple) else (value,):
            if isinstance(size, UnknownSizeOf):
                found[size.tensor.ref] = size.tensor
    return list(found.values())


def _instead(ctx: Context, types: Sequence[TensorType], symbols: Sequence[str]) -> str | None:
    """What makes the sizes known before a layer with weights."""
    fixed = fixed_input(ctx, symbols)
    if types and types[0].layout is Layout.PLAIN:
        pooled = "pool to a fixed size before `flatten`: `global_avg_pool`, or `adaptive_avg_pool(7x7)`"
        return f"{pooled}; or {fixed}" if fixed else pooled
    return fixed
