"""Where a layer becomes a node. Every layer of every net passes here, once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ogive.diagnostics import Label
from ogive.elaborate.context import LAYER_WORK, Context, Frame
from ogive.elaborate.divisor import explained, fitting_operands, note_misfit
from ogive.elaborate.edits.traces import traces_of, traces_towards
from ogive.elaborate.history import (
    as_text,
    describe_path,
    differing,
    keeping_size,
    least_input,
    sizes_so_far,
    steps,
    where_set,
)
from ogive.elaborate.larger import UP_TO_HERE
from ogive.elaborate.limits import size_work
from ogive.elaborate.parameters import bind
from ogive.elaborate.sharing import place
from ogive.elaborate.undecided import fixed_input
from ogive.elaborate.unsettled import settled, undecided
from ogive.elaborate.values import POISON, Callable, SizeOf, Tensor, UnknownSizeOf, Value
from ogive.graph import Node, Ref
from ogive.layers.base import Layer, Layout, ShapeError
from ogive.layers.order import is_large, magnitude
from ogive.layers.unknown import Undecided, symbols_of
from ogive.source import Span
from ogive.syntax import ast

MAX_ELEMENTS = 2**40
_LONGEST_LABEL = 60


def emit_call(ctx: Context, frame: Frame, callee: Callable, span: Span) -> Value:
    """Applies a layer of the library, with the arguments that were given, to the flow."""
    layer = callee.target
    assert isinstance(layer, type)
    assert issubclass(layer, Layer)
    bound = bind(
        ctx, frame, callee, layer.arguments(), span, operands=layer.arity[1] != 1, defaults=frame.defaults
    )
    operands = _operands(ctx, frame, span) if bound is not None else None
    if bound is None or operands is None:
        return POISON
    given, like = _followed(layer, bound.values)
    tensors = [*operands, *bound.tensors, *like]
    return emit(ctx, frame, layer(**given), tensors, span, spans=bound.spans)


def _followed(layer: type[Layer], values: Mapping[str, Value]) -> tuple[Mapping[str, Value], list[Tensor]]:
    """Sizes that were all read off one tensor, `crop(up.height, up.width)`, make that tensor an operand, so
    that the module follows it at other inputs.
    """
    sizes = values.get(layer.follows) if layer.follows is not None else None
    if not isinstance(sizes, tuple) or not all(isinstance(size, SizeOf | UnknownSizeOf) for size in sizes):
        return values, []
    tensor = sizes[0].tensor if sizes else None
    axes = range(len(tensor.type.spatial)) if tensor is not None else ()
    if tensor is None or [(s.tensor.ref, s.axis) for s in sizes] != [(tensor.ref, axis) for axis in axes]:
        return values, []
    return {name: value for name, value in values.items() if name != layer.follows}, [tensor]


def _operands(ctx: Context, frame: Frame, span: Span) -> list[Tensor] | None:
    """The tensors that arrive: the flow, alone or as a bundle."""
    flow = frame.flow
    if flow is POISON:
        return None
    if isinstance(flow, Tensor):
        return [flow]
    if isinstance(flow, list):
        return flow
    no_flow(ctx, frame, span)
    return None


def no_flow(ctx: Context, frame: Frame, span: Span) -> None:
    """Reports that nothing flows here yet."""
    names = [name for name, b in frame.scope.names.items() if isinstance(b.value, Tensor)]
    what = "no tensor arrives here" + (
        ": with several inputs a chain says where it starts" if len(names) > 1 else ""
    )
    text = span.text if "\n" not in span.text and len(span.text) < 60 else "…"
    help_ = f"`{names[0]} -> {text}`" if names else "declare an input first: `input image: 3x224x224`"
    ctx.error("E303", what, span, "nothing flows here yet", help=help_, frame=frame)


def emit(
    ctx: Context,
    frame: Frame,
    layer: Layer,
    operands: Sequence[Tensor],
    span: Span,
    *,
    spans: Mapping[str, Span] | None = None,
    name: str | None = None,
    added: bool = False,
    owner: str | None = None,
    title: str | None = None,
    headings: Sequence[str] | None = None,
) -> Value:
    """Adds a layer to the graph, typed and named.

    Args:
        operands: its inputs, in order.
        span: where it was written.
        spans: where its arguments were given, for diagnostics.
        name: its name in the namespace; without one, its kind and ordinal, or what `as` said.
        added: whether the compiler added it (a projection), so that `as` does not name it.
        owner: the node whose weights it uses.
        title: the word that a diagnostic blames; the layer unless given.
        headings: what a diagnostic calls the operands.

    Returns:
        A Tensor, with parts where the layer names further outputs; a list of them for a layer with several
        outputs; POISON after a mistake.
    """
    ctx.spend(LAYER_WORK + len(operands), span)
    types = [operand.type for operand in operands]
    least, most = layer.arity
    if not least <= len(operands) <= (most if most is not None else len(operands)):
        _wrong_number(ctx, frame, layer, operands, span, branches=headings is not None)
        return POISON
    ctx.spend(size_work(types), span, help=fixed_input(ctx, symbols_of(s for t in types for s in t.sizes)))
    try:
        outputs = layer.infer(types)
    except ShapeError as problem:
        explain(ctx, frame, layer, problem, operands, span, spans or {}, title or layer.kind, headings)
        return POISON
    except Undecided as problem:
        undecided(ctx, frame, layer, problem, types, span, title or layer.kind)
        return POISON
    ctx.spend(len(outputs), span)
    beside: list[Tensor] | None = []
    if any(type_.unknowns for type_ in (*types, *outputs)):
        beside = settled(ctx, frame, layer, operands, outputs, span)
        if beside is None:
            return POISON
    largest = max(outputs, key=lambda output: magnitude(output.elements))
    if is_large(largest.elements, MAX_ELEMENTS):
        ctx.error(
            "E403",
            f"`{layer.kind}` makes a tensor of {largest}, which has {largest.elements:.2g} elements",
            span,
            "too large",
            notes=(("limit", "tensors have at most 2**40 elements"),),
            frame=frame,
        )
        return POISON
    pinned = False
    if name is None and frame.pin is not None and not added:
        name, pinned = frame.pin.id, True
    local = frame.namespace.next(layer.kind) if name is None else name
    frame.namespace.taken.add(local)
    path = frame.namespace.join(local)
    while path in ctx.graph:
        path = frame.namespace.join(frame.namespace.next(local + "_"))
    if frame.sharing:
        placed = place(ctx, frame, layer, types, path, span)
        if placed is None:
            return POISON
        path, owner = placed
    own = len(operands) if beside else None
    node = Node(path, layer, tuple(outputs), frame.region, span, frame.trail, owner, pinned, own=own)
    ctx.graph.add(node, [operand.ref for operand in (*operands, *beside)])
    if layer.after_projection and not added:
        ctx.norms.append((frame.grafts, layer))
    tensors = [Tensor(Ref(path, i), output) for i, output in enumerate(outputs)]
    if layer.parts:
        return replace(tensors[0], parts=dict(zip(layer.parts, tensors[1:], strict=True)))
    return tensors[0] if len(tensors) == 1 else tensors


def _wrong_number(
    ctx: Context, frame: Frame, layer: Layer, operands: Sequence[Tensor], span: Span, *, branches: bool
) -> None:
    given = len(operands)
    least, most = layer.arity
    takes = {(1, 1): "one tensor", (2, 2): "two tensors", (1, 2): "one tensor or two"}.get(
        (least, most or 0), f"{least} tensors or more" if least > 1 else "tensors"
    )
    arrives = {0: "none arrives", 1: "one arrives"}.get(given, f"{given} arrive")
    if given == 0:
        help_ = "collect some first: `taps += here`"
    elif most == 1:
        help_ = "join the bundle first (`-> concat`), or take it apart with `as [a, b]`"
    elif given < least:
        branched = f"`{layer.kind} {{ | … | … }}`"
        help_ = f"give it the other as an argument, `{layer.kind}(skip)`, or write branches: {branched}"
    elif branches or given > 8:
        help_ = None
    elif span.text.startswith(f"{layer.kind}(") and most is not None and least < most:
        help_ = f"the flow, and one tensor in the parentheses: `x -> {layer.kind}(y)`"
    else:
        help_ = f"leave the others out: `as [a, b{', _' * (given - 2)}]`, then `[a, b]`"
    labels = tuple(each for each in traces_of(ctx, [*operands]) if not _holds(each.span, span))
    message = f"`{layer.kind}` takes {takes}, and {arrives}"
    ctx.error("E208", message, span, arrives, labels=labels, help=help_, frame=frame)


def explain(
    ctx: Context,
    frame: Frame,
    layer: Layer,
    problem: ShapeError,
    operands: Sequence[Tensor],
    span: Span,
    spans: Mapping[str, Span],
    title: str,
    headings: Sequence[str] | None = None,
) -> None:
    """Turns what a layer said into a diagnostic: adds place, cause, and the history of the tensors."""
    labels: list[Label] = []
    argument = spans.get(problem.argument or "")
    if problem.code.startswith("E1"):  # a matter of its arguments, not of the tensors
        text = _sentence(title, problem.message)
        ctx.error(
            problem.code,
            text,
            argument or span,
            "given here",
            notes=problem.notes,
            help=problem.help,
            frame=frame,
        )
        return
    if argument is not None and not (
        argument.source is span.source and span.start <= argument.start < span.end
    ):
        labels.append(Label(argument, "set here"))
    names = headings or (
        ["input"] if len(operands) == 1 else [f"operand {i + 1}" for i in range(len(operands))]
    )
    shown = list(range(len(operands)))
    help_ = problem.help
    if problem.code == "E201":
        shown = _pair(problem, operands)
        attribute = differing(operands[shown[0]].type, operands[shown[-1]].type, problem.message)
        labels += [label for i in shown for label in _cause(ctx, operands[i], attribute)]
        help_ = help_ or _agree(ctx, layer, attribute, *(operands[i] for i in shown))
    elif problem.code == "E203" and operands:
        operand = operands[problem.operand or 0]
        if "output channels" not in problem.message:
            of_channels = re.search("channels|features", problem.message)
            labels += _cause(ctx, operand, "channels" if of_channels else "spatial")
    histories = [
        (names[i], f"{describe_path(ctx.graph, operands[i].ref)} {operands[i].type}")
        for i in shown
        if i < len(names)
    ]
    if problem.code == "E202" and operands:
        sizes = sizes_so_far(ctx.graph, operands[problem.operand or 0].ref)
        if len(sizes) > 1:
            histories.append(
                ("sizes", " -> ".join([*sizes, "0"] if problem.argument == "kernel_size" else sizes))
            )
    if problem.code == "E202" and problem.argument == "kernel_size":
        least = least_input(ctx.graph, layer, [operand.ref for operand in operands])
        if least is not None:
            name, type_ = least
            text = (
                f"--input {type_}"
                if ctx.override
                else f"input {name}: {type_ if len(type_.sizes) > 1 else list(type_.sizes)}"
            )
            help_ = f"{UP_TO_HERE}: `{text}`"
    labels += _taken_away(ctx, help_)
    causes = [operands[i].ref for i in shown]
    if problem.code in ("E201", "E203"):
        spans_of = {label.span for label in labels}
        causes += [at for ref in causes for node, at in steps(ctx.graph, ref) if node.span in spans_of]
    traced = traces_towards(ctx, causes, whole_way=problem.code == "E202")
    known = [span, *(label.span for label in labels)]
    labels += [label for label in traced if not any(_holds(label.span, each) for each in known)]
    before = len(ctx.diagnostics)
    misfit = fitting_operands(layer, [operand.type for operand in operands])
    if misfit is not None:
        help_ = explained(ctx.declarations, misfit, "it")
    ctx.error(
        problem.code,
        _sentence(title, problem.message),
        span,
        _short([operands[i] for i in shown]),
        labels=tuple(labels),
        notes=(*problem.notes, *histories[:6]),
        help=help_,
        frame=frame,
    )
    note_misfit(ctx, misfit, before)


def _holds(edit: Span, span: Span) -> bool:
    """Whether something was written in an edit, which says so itself."""
    return edit.source is span.source and edit.start <= span.start < edit.end


def _taken_away(ctx: Context, help_: str | None) -> list[Label]:
    """The edits that removed a layer which would help."""
    wanted = {*re.findall(r"\w+", help_ or "")}
    return [
        Label(acted.active.edit.span, "this edit took it away")
        for acted in ctx.acted.values()
        if isinstance(acted.active.edit, ast.Remove)
        and any(isinstance(each.target, type) and each.target.kind in wanted for each in acted.took)
    ]


def _sentence(title: str, message: str) -> str:
    """`attention` needs …, where the message begins with its verb; `concat`: …, where it is a sentence."""
    return f"`{title}` {message}" if message.startswith(_VERBS) else f"`{title}`: {message}"


_VERBS = ("needs ", "takes ", "lays ", "looks up ", "begins ", "cannot ")


def _pair(problem: ShapeError, operands: Sequence[Tensor]) -> list[int]:
    """The two operands that disagree: the one that is blamed, and the first that differs from it."""
    blamed = problem.operand or 0
    types = [operand.type for operand in operands]
    if f"{types[blamed]}" not in problem.message:
        return list(range(len(operands)))
    other = next(
        (i for i, t in enumerate(types) if i != blamed and f"{t}" in problem.message and t != types[blamed]),
        None,
    )
    return sorted((blamed, other)) if other is not None else list(range(len(operands)))


def _cause(ctx: Context, operand: Tensor, attribute: str) -> list[Label]:
    """Where an attribute of a tensor was set."""
    setter = where_set(ctx.graph, operand.ref, attribute)
    if setter is None or setter.span is None:
        return []
    return [Label(setter.span, f"{as_text(operand.type, attribute)}, set here")]


def _agree(ctx: Context, layer: Layer, attribute: str, *operands: Tensor) -> str | None:
    """What would bring two operands together, where that is one argument or one layer."""
    if len(operands) != 2:
        return None
    a, b = operands
    if attribute == "spatial":
        return keeping_size(ctx.graph, a.ref, b.type) or keeping_size(ctx.graph, b.ref, a.type)
    if attribute != "channels" or a.type.layout is not Layout.MAP:
        return None
    if getattr(layer, "gate", False) and a.type.spatial != b.type.spatial:
        gated = max(a.type, b.type, key=lambda type_: type_.elements)
        return f"end the gate in as many channels: `conv({gated.channels}, 1x1)`"
    if a.type.spatial == b.type.spatial:
        return f"bring one to the channels of the other: `-> conv({a.type.channels}, 1x1)`"
    return None


def _short(operands: Sequence[Tensor]) -> str:
    if len(operands) == 1:
        return f"{operands[0].type} arrives here"
    text = " and ".join(str(operand.type) for operand in operands[:4])
    return text if len(text) <= _LONGEST_LABEL else "they meet here"
