"""From a syntax tree to a graph: one net, or one variant of it, with its arguments."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from ogive.diagnostics import Diagnostic, did_you_mean
from ogive.elaborate import expressions
from ogive.elaborate.blocks import bind_parameters, note_unused, recorded, use_block
from ogive.elaborate.budgets import Budget, run_assert
from ogive.elaborate.context import MAX_WORK, Context, Frame, Namespace, Outputs, Scope, Stop
from ogive.elaborate.declared import Declaration
from ogive.elaborate.divisor import suggest_divisor
from ogive.elaborate.doubts import doubts
from ogive.elaborate.edits.active import hold, take_up
from ogive.elaborate.edits.unmatched import report_unmatched
from ogive.elaborate.larger import form_of, suggest_larger_input
from ogive.elaborate.modules import FileScope, Parsed, head_of, visible_items
from ogive.elaborate.parameters import Bound, bind, check, parameters_of
from ogive.elaborate.statements import run_body
from ogive.elaborate.values import POISON, Block, Callable, Tensor, Value, describe
from ogive.elaborate.words import WORDS
from ogive.graph import Graph, Ref, Region
from ogive.layers.base import Argument, Size
from ogive.layers.library import Library
from ogive.source import Span
from ogive.syntax import ast

_RECURSION = 30_000


@dataclass(frozen=True, slots=True)
class Elaborated:
    """What came of it: a graph unless there were errors, and everything to be said.

    `used` are the definitions that took part, `work` the steps it took, `budgets` the conditions that
    wait for the passes, `declarations` and `unknowns` the inputs and where their unknown sizes stand,
    `output_names` those of the outputs of blocks and nets, by their regions.
    """

    graph: Graph | None
    diagnostics: tuple[Diagnostic, ...]
    used: frozenset[str]
    work: int
    budgets: tuple[Budget, ...] = ()
    declarations: Mapping[str, Declaration] = field(default_factory=dict[str, Declaration])
    unknowns: Mapping[str, ast.Unknown] = field(default_factory=dict[str, ast.Unknown])
    output_names: Mapping[int, tuple[str, ...]] = field(default_factory=dict[int, tuple[str, ...]])


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
    file: Parsed,
    target: ast.Definition | ast.Variant,
    library: Library,
    *,
    arguments: Mapping[str, Value] | None = None,
    shape: tuple[int, ...] | None = None,
    edits: Sequence[ast.Edit | ast.Assert] = (),
    budget: int = MAX_WORK,
) -> Elaborated:
    """Elaborates a net or a variant of a file. Runs nothing, reads nothing, and stops at a stated amount of
    work.

    Args:
        file: the syntax tree, and those of the files that it uses.
        target: one of its nets or variants.
        library: the layers there are.
        arguments: values for parameters of the net, over those of the variant.
        shape: sizes of its only input, over the declared ones, without the batch.
        edits: edits and budgets from outside of the file, after all of its own.
        budget: the steps that it may take.
    """
    given = dict(arguments or {})
    ctx, graph = _elaborate(file, target, library, given, shape, budget, edits=edits)
    if ctx.two_readings and any(d.code.startswith("E2") for d in ctx.diagnostics):
        other = _elaborate(file, target, library, given, shape, budget, edits=edits, read_as_tokens=True)
        if not other[0].failed:
            ctx, graph = other
    if not ctx.failed:
        found = [*ctx.diagnostics, *doubts(ctx, graph)]
        return Elaborated(
            graph,
            tuple(found),
            frozenset(ctx.used_definitions),
            ctx.work,
            tuple(ctx.budgets),
            ctx.declarations,
            ctx.unknowns,
            ctx.output_names,
        )
    # a mistake hides what comes after it, so doubts are only said about programs that work
    found = ctx.diagnostics
    if ctx.misfits:
        at, sizes = ctx.misfits[0]

        def attempt(sizes: Mapping[str, Size]) -> tuple[list[Diagnostic], Mapping[str, Size] | None]:
            other = _elaborate(file, target, library, given, shape, budget, sizes, edits=edits)[0]
            problems = [d for d in other.diagnostics if d.severity == "error"]
            return problems, other.misfits[0][1] if other.misfits else None

        found = suggest_divisor(found, at, sizes, ctx.work, ctx.declarations, attempt)
    if len(ctx.inputs) == 1:
        (name,) = ctx.inputs
        type_ = ctx.graph.node(name).outputs[0]
        declared = ctx.declarations[name].sizes if ctx.sizes else type_.sizes
        found = suggest_larger_input(
            found,
            name,
            form_of(declared, type_.spatial, ctx.sizes),
            ctx.work,
            lambda sizes: _elaborate(file, target, library, given, sizes, budget, edits=edits)[0].diagnostics,
            overridden=shape is not None,
        )
    return Elaborated(None, tuple(found), frozenset(ctx.used_definitions), ctx.work)


def new_context(library: Library, graph: Graph, of: Elaborated | None = None) -> Context:
    """A context to evaluate conditions about a graph in, which knows the inputs of the net that it is of."""
    ctx = Context(library, WORDS, Scope(), graph, run_body, use_block)
    if of is not None:
        ctx.declarations.update(of.declarations)
        ctx.unknowns.update(of.unknowns)
    return ctx


def _elaborate(
    file: Parsed,
    target: ast.Definition | ast.Variant,
    library: Library,
    arguments: dict[str, Value],
    shape: tuple[int, ...] | None,
    budget: int,
    sizes: Mapping[str, Size] | None = None,
    *,
    edits: Sequence[ast.Edit | ast.Assert] = (),
    read_as_tokens: bool = False,
) -> tuple[Context, Graph]:
    graph = Graph(target.name.id)
    graph.regions[0] = Region(0, "net", "", "", None, target.span, target.name.id)
    ctx = Context(library, WORDS, Scope(), graph, run_body, use_block, override=shape, budget=budget)
    ctx.sizes.update(sizes or {})
    ctx.read_as_tokens = read_as_tokens
    with deep_recursion():
        try:
            top = ctx.globals = FileScope(ctx, file)
            top.settle_all()
            callee = _callee(ctx, target)
            if isinstance(callee, Callable):
                own = [take_up(ctx, top.frame(), edit) for edit in edits if not isinstance(edit, ast.Assert)]
                callee = replace(callee, edits=(*callee.edits, *(edit for edit in own if edit is not None)))
                graph = _run(ctx, callee, target, arguments)
                if not ctx.failed:
                    report_unmatched(ctx, callee.name)
                _promise(ctx, top, target)
                for promise in edits:
                    if isinstance(promise, ast.Assert):
                        run_assert(ctx, promise, top.frame())
        except Stop:
            pass
    return ctx, graph


@contextmanager
def deep_recursion() -> Generator[None]:
    """Bodies inside bodies take Python frames; how many there can be, `MAX_DEPTH` bounds."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _promise(ctx: Context, scope: FileScope, target: ast.Definition | ast.Variant) -> None:
    """Takes up what `with { assert … }` says about the whole: of a variant, and of those it is made from."""
    behind: list[tuple[FileScope, ast.Variant]] = []
    while isinstance(target, ast.Variant) and (scope, target) not in behind:
        behind.append((scope, target))
        following = visible_items(scope.file).get(head_of(target.value))
        if following is None or isinstance(following[1], ast.Let):
            break
        scope, target = scope.of(following[0]), following[1]
    for around, variant in reversed(behind):
        for change in variant.changes:
            if isinstance(change, ast.Assert):
                run_assert(ctx, change, around.frame())


def _callee(ctx: Context, target: ast.Definition | ast.Variant) -> Value:
    if isinstance(target, ast.Definition):
        return Callable(Block(target, ctx.globals))
    return ctx.globals.names[target.name.id].value


def _run(
    ctx: Context, callee: Callable, target: ast.Definition | ast.Variant, overrides: dict[str, Value]
) -> Graph:
    assert isinstance(callee.target, Block)
    definition = callee.target.definition
    home = callee.target.home or ctx.globals
    ctx.used_definitions |= {target.name.id} | ({definition.name.id} if home is ctx.globals else set())
    scope = Scope(home)
    frame = Frame(scope, None, None, {}, Namespace(""), 0, Outputs(), definition, file=home)
    frame.edits = hold(ctx, callee.edits)
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
            help="give each its sizes in the file, or as an argument: `--set size=…`",
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
    if isinstance(value, ast.Expr) and value.span.text in spec.choices:
        return value.span.text  # as it is typed: a shell leaves no quotes around `I+I`
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
