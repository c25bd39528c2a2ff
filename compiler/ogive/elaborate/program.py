"""From a syntax tree to a graph: one net, or one variant of it, with its arguments."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ogive.diagnostics import Diagnostic, did_you_mean
from ogive.elaborate import expressions
from ogive.elaborate.blocks import bind_parameters, note_unused, recorded, use_block
from ogive.elaborate.context import MAX_WORK, Binding, Context, Frame, Namespace, Outputs, Scope, Stop
from ogive.elaborate.doubts import doubts
from ogive.elaborate.larger import suggest_larger_input
from ogive.elaborate.names import check_definitions, walk
from ogive.elaborate.parameters import Bound, bind, check, parameters_of
from ogive.elaborate.statements import run_body
from ogive.elaborate.values import POISON, Block, Callable, Tensor, Value, describe
from ogive.elaborate.words import WORDS
from ogive.graph import Graph, Ref, Region
from ogive.layers.base import Argument
from ogive.layers.library import Library
from ogive.source import Span
from ogive.syntax import ast

_RECURSION = 30_000
_LONGEST_CHAIN = 1_000


@dataclass(frozen=True, slots=True)
class Elaborated:
    """What came of it: a graph unless there were errors, and everything to be said.

    `used` are the definitions that took part, `work` the steps it took.
    """

    graph: Graph | None
    diagnostics: tuple[Diagnostic, ...]
    used: frozenset[str]
    work: int


def targets(file: ast.File) -> dict[str, ast.Definition | ast.Variant]:
    """The nets and variants of a file, by name, in the order of the text."""
    return {
        item.name.id: item
        for item in file.named
        if isinstance(item, ast.Variant) or (isinstance(item, ast.Definition) and item.is_net)
    }


def needs_arguments(item: ast.Definition | ast.Variant) -> list[str]:
    """The parameters of a net that have no default; a variant needs none."""
    if isinstance(item, ast.Variant):
        return []
    return [p.name.id for p in item.parameters if p.default is None]


def elaborate(
    file: ast.File,
    target: ast.Definition | ast.Variant,
    library: Library,
    *,
    arguments: Mapping[str, Value] | None = None,
    shape: tuple[int, ...] | None = None,
    budget: int = MAX_WORK,
) -> Elaborated:
    """Elaborates a net or a variant of a file. Runs nothing, reads nothing, and stops at a stated amount of
    work.

    Args:
        file: the syntax tree.
        target: one of its nets or variants.
        library: the layers there are.
        arguments: values for parameters of the net, over those of the variant.
        shape: sizes of its only input, over the declared ones, without the batch.
        budget: the steps that it may take.
    """
    given = dict(arguments or {})
    ctx, graph = _elaborate(file, target, library, given, shape, budget)
    if not ctx.failed:
        found = [*ctx.diagnostics, *doubts(ctx, graph)]
        return Elaborated(graph, tuple(found), frozenset(ctx.used_definitions), ctx.work)
    # a mistake hides what comes after it, so doubts are only said about programs that work
    found = ctx.diagnostics
    if len(ctx.inputs) == 1:
        (name,) = ctx.inputs
        found = suggest_larger_input(
            found,
            name,
            ctx.graph.node(name).outputs[0],
            ctx.work,
            lambda sizes: _elaborate(file, target, library, given, sizes, budget)[0].diagnostics,
            overridden=shape is not None,
        )
    return Elaborated(None, tuple(found), frozenset(ctx.used_definitions), ctx.work)


def _elaborate(
    file: ast.File,
    target: ast.Definition | ast.Variant,
    library: Library,
    arguments: dict[str, Value],
    shape: tuple[int, ...] | None,
    budget: int,
) -> tuple[Context, Graph]:
    graph = Graph(target.name.id)
    graph.regions[0] = Region(0, "net", "", "", None, target.span, target.name.id)
    ctx = Context(library, WORDS, Scope(), graph, run_body, use_block, override=shape, budget=budget)
    with _deep_recursion():
        try:
            _define(ctx, file)
            callee = _callee(ctx, target)
            if isinstance(callee, Callable):
                graph = _run(ctx, callee, target, arguments)
        except Stop:
            pass
    return ctx, graph


@contextmanager
def _deep_recursion() -> Generator[None]:
    """Bodies inside bodies take Python frames; how many there can be, `MAX_DEPTH` bounds."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _define(ctx: Context, file: ast.File) -> None:
    """Fills the scope of the file."""
    ctx.diagnostics += check_definitions(file)
    for item in file.named:
        if item.name.id in ctx.globals.names:
            ctx.globals.names[item.name.id] = Binding(POISON, item.name.span, "twice")
            continue
        if isinstance(item, ast.Definition):
            ctx.globals.names[item.name.id] = Binding(Callable(Block(item)), item.name.span, "definition")
        else:
            ctx.globals.names[item.name.id] = Binding(POISON, item.name.span, "pending")
    frame = _file_frame(ctx, file)
    pending = {item.name.id: item for item in file.named if not isinstance(item, ast.Definition)}
    for item in pending.values():
        _settle(ctx, frame, pending, item, ())


def _settle(
    ctx: Context,
    frame: Frame,
    pending: Mapping[str, ast.Let | ast.Variant],
    item: ast.Let | ast.Variant,
    open_: tuple[str, ...],
) -> None:
    """Evaluates a `let` or a variant, those that it names first."""
    binding = ctx.globals.names[item.name.id]
    if binding.what != "pending" or binding.span != item.name.span:
        return
    if item.name.id in open_:
        binding.what = "value"
        cycle = " -> ".join((*open_[open_.index(item.name.id) :], item.name.id))
        ctx.error(
            "E401", f"`{item.name.id}` is defined by itself: {cycle}", item.name.span, "needs its own value"
        )
        return
    if len(open_) > _LONGEST_CHAIN:
        ctx.stop(
            "E401",
            f"values are defined by one another, more than {_LONGEST_CHAIN} deep",
            item.name.span,
            "one more here",
        )
    for name in _names(item.value):
        if name in pending:
            _settle(ctx, frame, pending, pending[name], (*open_, item.name.id))
    value = expressions.evaluate(ctx, frame, item.value)
    if isinstance(item, ast.Variant) and value is not POISON and not _is_net(value):
        ctx.error(
            "E117",
            f"a variant is a net with arguments, and this is {describe(value)}",
            item.value.span,
            describe(value),
            help=f"`variant {item.name.id} = Net(width = 16)`, with a `net Net(width) {{ … }}`",
        )
        value = POISON
    binding.value, binding.what = value, "value"


def _names(expr: ast.Expr) -> list[str]:
    """The names in an expression, in the order of the text; what a body names is evaluated later."""
    return [node.id for node in walk(expr, into_bodies=False) if isinstance(node, ast.Name)]


def _is_net(value: Value) -> bool:
    return isinstance(value, Callable) and isinstance(value.target, Block) and value.target.definition.is_net


def _file_frame(ctx: Context, file: ast.File) -> Frame:
    empty = ast.Body((), file.span)
    name = ast.Name("", file.span)
    nowhere = ast.Definition(name, False, (), (), empty, file.span, file.span)
    return Frame(ctx.globals, None, None, {}, Namespace(""), 0, Outputs(), nowhere)


def _callee(ctx: Context, target: ast.Definition | ast.Variant) -> Value:
    if isinstance(target, ast.Definition):
        return Callable(Block(target))
    return ctx.globals.names[target.name.id].value


def _run(
    ctx: Context, callee: Callable, target: ast.Definition | ast.Variant, overrides: dict[str, Value]
) -> Graph:
    assert isinstance(callee.target, Block)
    definition = callee.target.definition
    ctx.used_definitions |= {definition.name.id, target.name.id}
    scope = Scope(ctx.globals)
    frame = Frame(scope, None, None, {}, Namespace(""), 0, Outputs(), definition)
    span = target.value.span if isinstance(target, ast.Variant) else definition.header
    specs = parameters_of(ctx, callee)
    before = len(ctx.diagnostics)
    bound = bind(ctx, frame, callee, specs, span, check_missing=False)
    if bound is None:
        return ctx.graph
    bound = _override(ctx, frame, callee, bound, overrides, span)
    missing = [spec.name for spec in specs if spec.required and spec.name not in bound.values]
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        ctx.error(
            "E104",
            f"`{callee.name}` needs {names}",
            span,
            "not given",
            help=" ".join(f"--set {name}=…" for name in missing)
            + f", or a `variant` of `{callee.name}` that gives them",
        )
    if len(ctx.diagnostics) > before or not bind_parameters(ctx, frame, callee, bound):
        return ctx.graph
    root = ctx.graph.regions[0]
    facts = recorded(definition, scope, bound)
    ctx.graph.regions[0] = replace(root, span=definition.span, block=definition.name.id, **facts)  # pyright: ignore[reportArgumentType]
    if ctx.override is not None and sum(isinstance(s, ast.Input) for s in definition.body.statements) > 1:
        ctx.error(
            "E504",
            f"`{definition.name.id}` has several inputs, and one shape was given for them",
            definition.header,
            "several inputs",
        )
        return ctx.graph
    flow = run_body(ctx, definition.body, frame)
    note_unused(ctx, definition, scope)
    outputs = _outputs(ctx, frame, flow, definition)
    net = ctx.graph.regions[0]
    ctx.graph.regions[0] = replace(
        net, inputs=tuple(Ref(name) for name in ctx.inputs), outputs=tuple(ref for _, ref in outputs)
    )
    return replace(ctx.graph, inputs=tuple(ctx.inputs), outputs=tuple(outputs), heads=tuple(ctx.heads))


def _override(
    ctx: Context, frame: Frame, callee: Callable, bound: Bound, overrides: dict[str, Value], span: Span
) -> Bound:
    """Arguments from outside the file over those of the variant."""
    assert isinstance(callee.target, Block)
    definition = callee.target.definition
    specs = {spec.name: spec for spec in parameters_of(ctx, callee)}
    values = dict(bound.values)
    for name, value in overrides.items():
        if name not in specs:
            guess = did_you_mean(name, specs)
            ctx.error(
                "E103",
                f"`{callee.name}` has no argument `{name}`",
                definition.header,
                "this net",
                notes=(("note", f"it takes {', '.join(specs) or 'none'}"),),
                help=f"did you mean `{guess}`?" if guess else None,
            )
            ctx.forget_places()  # two wrong names are two mistakes, though the place is one
            continue
        values[name] = _outside_value(ctx, frame, callee, specs[name], value, span)
        if values[name] is POISON:
            ctx.forget_places()
    return Bound(values, bound.spans, bound.tensors)


def _outside_value(
    ctx: Context, frame: Frame, callee: Callable, spec: Argument, value: Value, span: Span
) -> Value:
    """A value from the command line (an expression, in the scope of the file) or from Python."""
    if isinstance(value, ast.Expr):
        span = value.span
        value = expressions.argument_value(ctx, replace(frame, scope=ctx.globals), value, spec, callee.name)
        if value is POISON:
            return POISON
    elif isinstance(value, str) and str not in spec.types and value not in spec.choices:
        # Python has no names of blocks and layers but their strings
        binding = ctx.globals.find(value)
        layer = ctx.library.get(value)
        if binding is not None and isinstance(binding.value, Callable):
            value = binding.value
        elif layer is not None:
            value = Callable(layer)
    return check(ctx, frame, callee.name, spec, value, span)


def _outputs(ctx: Context, frame: Frame, flow: Value, definition: ast.Definition) -> list[tuple[str, Ref]]:
    if not ctx.inputs and not ctx.failed:
        ctx.error(
            "E303",
            f"`{definition.name.id}` has no input",
            definition.header,
            "no `input` in this net",
            help="begin its body with one: `input image: 3x224x224`",
        )
        return []
    if not frame.outputs.named:
        if isinstance(flow, Tensor):
            return [("output", flow.ref)]
        if flow is not POISON and not ctx.failed:
            what = "nothing flows at its end" if flow is None else f"it ends in {describe(flow)}"
            hint = "name each result: `output name = …`"
            if flow is None:
                start = f"begin its last chain with a tensor: `{ctx.inputs[0]} -> …`"
                hint = f"{start}, or name the result: `output name = …`"
            ctx.error(
                "E306", f"`{definition.name.id}` has no output: {what}", definition.header, what, help=hint
            )
        return []
    outputs: list[tuple[str, Ref]] = []
    for name, value, span in frame.outputs.named:
        tensors = value if isinstance(value, list) else [value]
        if (
            value is POISON
            or (not ctx.failed and not all(isinstance(t, Tensor) for t in tensors))
            or not tensors
        ):
            if value is not POISON:
                what = describe(value) if value is not None else "nothing"
                ctx.error("E306", f"an output is a tensor, and this is {what}", span, what)
            continue
        for position, tensor in enumerate(tensors):
            base = (
                name
                or f"output{len(outputs) + 1 if len(frame.outputs.named) > 1 or len(tensors) > 1 else ''}"
            )
            full = f"{base}{position + 1}" if name and len(tensors) > 1 else base
            if any(full == other for other, _ in outputs):
                ctx.error(
                    "E109", f"two outputs are called `{full}`", span, "again here", help="choose another name"
                )
                continue
            outputs.append((full, tensor.ref))
    return outputs
