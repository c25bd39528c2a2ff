"""Statements: what moves the flow, gives names, loops and chooses."""

from __future__ import annotations

import math

from ogive.diagnostics import Label, did_you_mean
from ogive.elaborate import expressions
from ogive.elaborate.context import MAX_DEPTH, Binding, Context, Frame, Namespace, Scope
from ogive.elaborate.emit import MAX_ELEMENTS, no_flow
from ogive.elaborate.flow import as_names, bind_name, names_its_start, resolve, run_chain
from ogive.elaborate.parameters import check, parameters_of
from ogive.elaborate.values import (
    POISON,
    Block,
    Callable,
    Given,
    Tensor,
    Value,
    describe,
    is_bundle,
    show,
)  # fmt: skip
from ogive.graph import Node, Ref, Region
from ogive.layers.io import Input
from ogive.layers.tensor import Layout, TensorType
from ogive.syntax import ast


def run_body(ctx: Context, body: ast.Body, frame: Frame) -> Value:
    """Runs a body in its frame; its value is where the flow ends up.

    `default` statements end with the body.
    """
    if frame.depth > MAX_DEPTH:
        name = frame.definition.name.id
        ctx.stop(
            "E401", f"blocks use one another {len(frame.trail)} deep, and it does not end with this use of `{name}`", frame.trail[-1],
            "used once more here", labels=(Label(frame.definition.header, "defined here"),),
            help=f"a block that uses itself needs a condition that ends it: `if n > 0 {{ {name}(n - 1) }}`",
        )  # fmt: skip
    defaults = frame.defaults
    for statement in body.statements:
        ctx.spend(1, statement.span)
        _run(ctx, statement, frame)
    frame.defaults = defaults
    return frame.flow


def _run(ctx: Context, statement: ast.Statement, frame: Frame) -> None:
    match statement:
        case ast.Flow():
            _flow(ctx, statement, frame)
        case ast.Assign():
            _assign(ctx, statement, frame)
        case ast.Collect():
            _collect(ctx, statement, frame)
        case ast.Let():
            _let(ctx, statement, frame)
        case ast.Input():
            _input(ctx, statement, frame)
        case ast.Output():
            value = run_chain(ctx, frame, statement.chain)
            name = statement.name.id if statement.name else None
            frame.outputs.named.append((name, value, statement.span))
        case ast.Stage():
            _stage(ctx, statement, frame)
        case ast.Repeat():
            _repeat(ctx, statement, frame)
        case ast.For():
            _for(ctx, statement, frame)
        case ast.If():
            _if(ctx, statement, frame)
        case ast.Default():
            _default(ctx, statement, frame)


def _flow(ctx: Context, statement: ast.Flow, frame: Frame) -> None:
    target = statement.target
    pin = target.names[0] if target is not None and not target.bundle else None
    value = run_chain(ctx, frame, statement.chain, pin)
    if value is None:
        value = POISON
    frame.flow = value
    if target is not None:
        as_names(ctx, frame, target, value)


def _assign(ctx: Context, statement: ast.Assign, frame: Frame) -> None:
    elements = statement.chain.elements
    if len(elements) == 1 and not isinstance(elements[0], ast.WithBody | ast.WithBranches):
        value = resolve(ctx, frame, elements[0], chain=True)
        if value is not POISON and not isinstance(value, Tensor | list | Callable):
            ctx.error(
                "E111", f"`{statement.name.id} =` names a tensor, and this is {describe(value)}", elements[0].span, describe(value),
                help=f"a value is named with `let`: `let {statement.name.id} = {elements[0].span.text}`", frame=frame,
            )  # fmt: skip
            value = POISON
        if isinstance(value, Callable):
            value = run_chain(ctx, frame, statement.chain, statement.name)
    else:
        value = run_chain(ctx, frame, statement.chain, statement.name)
    bind_name(ctx, frame.scope, statement.name, value, "tensor")


def _collect(ctx: Context, statement: ast.Collect, frame: Frame) -> None:
    binding = frame.scope.find(statement.name.id)
    value = run_chain(ctx, frame, statement.chain)
    if binding is None:
        guess = did_you_mean(statement.name.id, frame.scope.visible())
        ctx.error(
            "E101", f"no list is called `{statement.name.id}`", statement.name.span, "not known here",
            help=f"did you mean `{guess}`?" if guess else f"begin it empty before the loop: `{statement.name.id} = []`",
        )  # fmt: skip
        meant = frame.scope.find(guess) if guess else None
        if meant is not None and isinstance(meant.value, list):
            meant.value = POISON  # it lacks what was to be collected
        return
    if binding.what == "outside":
        expressions.name(ctx, frame, statement.name)  # says why not
        if binding.original is not None:
            binding.original.value = POISON
        return
    if binding.value is POISON or value is POISON:
        binding.value = POISON
        return
    if not isinstance(binding.value, list) or (binding.value and not is_bundle(binding.value)):
        labels = (Label(binding.span, "given here"),) if binding.span else ()
        ctx.error(
            "E113", f"`+=` collects tensors in a bundle, and `{statement.name.id}` is {describe(binding.value)}", statement.name.span,
            "no bundle", labels=labels, help=f"begin it empty: `{statement.name.id} = []`", frame=frame,
        )  # fmt: skip
        binding.value = POISON
        return
    ctx.spend(1 + len(binding.value) // 8, statement.span)
    binding.value = [*binding.value, *(value if isinstance(value, list) else [value])]


def _let(ctx: Context, statement: ast.Let, frame: Frame) -> None:
    value = expressions.evaluate(ctx, frame, statement.value)
    if isinstance(value, Tensor) or is_bundle(value):
        ctx.error(
            "E111", "`let` names a value or a layer, and this is a tensor", statement.value.span, describe(value),
            help=f"leave `let` out: `{statement.name.id} = {statement.value.span.text}`", frame=frame,
        )  # fmt: skip
        value = POISON
    bind_name(ctx, frame.scope, statement.name, value, "value")


def _input(ctx: Context, statement: ast.Input, frame: Frame) -> None:
    if not frame.definition.is_net:
        ctx.error(
            "E305", "a block has no inputs of its own: it takes the flow", statement.span, "declared in a block",
            labels=(Label(frame.definition.header, "this is a block"),),
            help="make it a `net`, or take several tensors as a bundle: `block Name[a, b](…)`",
        )  # fmt: skip
        return
    region = ctx.graph.regions[frame.region]
    if region.kind not in ("net", "block"):
        ctx.error(
            "E305", f"an input belongs to its whole net, and this one stands in a `{region.kind}`", statement.span, f"inside a `{region.kind}`",
            help="declare it at the beginning of the net's body",
        )  # fmt: skip
        bind_name(ctx, frame.scope, statement.name, POISON, "input")
        frame.flow = POISON
        return
    if region.kind == "block":
        _take_input(ctx, statement, frame)
        return
    value = expressions.evaluate(ctx, frame, statement.shape)
    if value is POISON:
        bind_name(ctx, frame.scope, statement.name, POISON, "input")
        frame.flow = POISON
        return
    sizes = _sizes(ctx, statement, value)
    if sizes is None:
        bind_name(ctx, frame.scope, statement.name, POISON, "input")
        frame.flow = POISON
        return
    if ctx.override is not None:
        sizes = ctx.override
    layout = Layout.MAP if 2 <= len(sizes) <= 4 and statement.dtype == "float" else Layout.PLAIN
    type_ = TensorType(sizes, layout, statement.dtype)
    if statement.name.id in ctx.graph:
        taken = ctx.graph.node(statement.name.id)
        ctx.error(
            "E109", f"`{statement.name.id}` is given twice in one net", statement.name.span, "again here",
            labels=(Label(taken.span, "first here"),) if taken.span else (), help="declare inputs first, each with a name of its own",
        )  # fmt: skip
        frame.flow = POISON
        return
    ctx.graph.add(Node(statement.name.id, Input(statement.name.id, type_), (type_,), 0, statement.name.span))
    frame.namespace.taken.add(statement.name.id)
    ctx.inputs.append(statement.name.id)
    tensor = Tensor(Ref(statement.name.id), type_)
    bind_name(ctx, frame.scope, statement.name, tensor, "input")
    frame.flow = frame.entered = tensor if len(ctx.inputs) == 1 else None


def _take_input(ctx: Context, statement: ast.Input, frame: Frame) -> None:
    """A net inside a net takes the flow; one with several inputs takes a bundle apart."""
    names = [s.name.id for s in frame.definition.body.statements if isinstance(s, ast.Input)]
    value = frame.entered
    if len(names) > 1 and statement.name.id in names:
        if value is not POISON and not (is_bundle(value) and len(value) == len(names)):
            bundle = f"[{', '.join(names)}]"
            ctx.error(
                "E207", f"`{frame.definition.name.id}` takes the bundle {bundle}, and {describe(value)} arrives", frame.trail[-1],
                f"{describe(value)} arrives here", labels=(Label(frame.definition.header, "defined here"),),
                help=f"`{bundle} -> {frame.trail[-1].text}`",
            )  # fmt: skip
            value = POISON
        frame.flow = None if value is not POISON else POISON
        value = value if value is POISON else value[names.index(statement.name.id)]
    bind_name(ctx, frame.scope, statement.name, value, "input")


def _sizes(ctx: Context, statement: ast.Input, value: Value) -> tuple[int, ...] | None:
    sizes = value if isinstance(value, list | tuple) else None
    if not sizes or not all(isinstance(s, int) and not isinstance(s, bool) for s in sizes):
        ctx.error(
            "E106", f"a shape is a kernel or a list of ints, and this is {describe(value)}", statement.shape.span, describe(value),
            help=f"one size: `[{value}]`" if isinstance(value, int) else "without the batch: `3x224x224`, `[3, size, size]`",
        )  # fmt: skip
        return None
    if any(s < 1 for s in sizes):
        ctx.error("E108", f"each size of an input is at least 1, and `{statement.name.id}` is {show(tuple(sizes))}", statement.shape.span,
                  f"{min(sizes)} is less than 1")  # fmt: skip
        return None
    if math.prod(sizes) > MAX_ELEMENTS:
        ctx.error("E403", f"`{statement.name.id}` is {show(tuple(sizes))}, which has {math.prod(sizes):.2g} elements", statement.shape.span,
                  "too large", notes=(("limit", "tensors have at most 2**40 elements"),))  # fmt: skip
        return None
    if len(sizes) > 4:
        ctx.error(
            "E205", f"an input has one to four sizes without the batch, and this has {len(sizes)}", statement.shape.span,
            f"{len(sizes)} sizes",
        )  # fmt: skip
        return None
    return tuple(sizes)


def _stage(ctx: Context, statement: ast.Stage, frame: Frame) -> None:
    name = expressions.string(ctx, frame, statement.name)
    if name is POISON:
        name = f"stage{len(ctx.graph.regions)}"
    twin = ctx.stages.get(name)
    if twin is not None:
        _twin_stage(ctx, frame, statement, twin)
        name = f"{name}_{len(ctx.graph.regions)}"
    elif not name.strip() or frame.namespace.join(name) in ctx.graph:
        why = f"a layer is called `{name}` already" if name.strip() else "a stage needs a name"
        ctx.error("E109", why, statement.name.span, "the stage's name", help="choose another name", frame=frame)
        name = f"{name}_{len(ctx.graph.regions)}"
    if frame.flow is None:
        # an input that stands here is a mistake of its own
        if not names_its_start(frame, statement.body) and not any(isinstance(s, ast.Input) for s in statement.body.statements):
            no_flow(ctx, frame, statement.name.span)
            frame.flow = POISON
    region = ctx.open_region(frame, "stage", name, span=statement.span, block="stage")
    ctx.stages[name] = region
    frame.namespace.taken.add(name)
    inner = frame.inner(region=region.id, namespace=Namespace(region.path), scope=frame.scope)
    frame.flow = run_body(ctx, statement.body, inner)
    ctx.close_region(region, frame.flow)
    if name.isidentifier() and name not in frame.scope.names:
        frame.scope.names[name] = Binding(frame.flow, statement.name.span, "stage", used=True)


def _twin_stage(ctx: Context, frame: Frame, statement: ast.Stage, twin: Region) -> None:
    """Reports that there is a stage of that name already: another one, or the same in a loop or in a block used twice."""
    again = twin.span == statement.span
    help_ = 'number them: `stage "block{i + 1}"`, with `i` from the loop'
    if again and frame.trail:
        help_ = f'give it a name from a parameter of `{frame.definition.name.id}`: `stage "{{name}}"`'
    elif not again:
        help_ = "choose another name"
    ctx.error(
        "E109", f'two stages are called "{twin.name}"', statement.name.span, "made a second time" if again else "again here",
        labels=(Label(twin.span, "first here"),) if twin.span and not again else (), help=help_, frame=frame,
    )  # fmt: skip


def _repeat(ctx: Context, statement: ast.Repeat, frame: Frame) -> None:
    count = expressions.integer(ctx, frame, statement.count, "the number of turns")
    if count is None:
        frame.flow = POISON
        return
    if count == 0:
        return
    named = not _single_block(ctx, frame, statement.body)
    name = frame.namespace.next("repeat") if named else ""
    region = ctx.open_region(frame, "repeat", name, span=statement.span, block="repeat")
    outer = replace_frame(frame, region.id, region.path if named else None)
    for turn in range(count):
        ctx.spend(1, statement.span)
        step = f"layer{turn + 1}" if named else ""
        path = outer.namespace.join(step) if step else outer.namespace.path
        outer.flow = frame.flow
        iteration = ctx.open_region(outer, "iteration", step, span=statement.body.span, block="repeat", index=turn, path=path)
        inner = outer.inner(region=iteration.id, namespace=Namespace(path) if named else outer.namespace)
        if statement.index is not None:
            bind_name(ctx, inner.scope, statement.index, turn, "index")
        frame.flow = run_body(ctx, statement.body, inner)
        ctx.close_region(iteration, frame.flow)
        if frame.flow is POISON:
            break
    ctx.close_region(region, frame.flow)


def replace_frame(frame: Frame, region: int, path: str | None) -> Frame:
    """The frame of a container: same scope, its own region, its own names if it adds a segment."""
    namespace = frame.namespace if path is None else Namespace(path)
    return frame.inner(region=region, namespace=namespace, scope=frame.scope)


def _single_block(ctx: Context, frame: Frame, body: ast.Body) -> bool:
    """Whether a repeated body is one use of a block or a unit, which then is numbered by the turn."""
    if len(body.statements) != 1 or not isinstance(body.statements[0], ast.Flow):
        return False
    flow = body.statements[0]
    element = flow.chain.elements[0]
    if len(flow.chain.elements) != 1 or flow.target is not None:
        return False
    head = element.function if isinstance(element, ast.Call) else element
    if not isinstance(head, ast.Name):
        return False
    binding = frame.scope.find(head.id)
    value = binding.value if binding else ctx.words.get(head.id)
    if isinstance(value, Callable):
        return isinstance(value.target, Block) or getattr(value.target, "name", "") == "unit"
    return getattr(value, "name", "") == "unit"


def _for(ctx: Context, statement: ast.For, frame: Frame) -> None:
    items = expressions.evaluate(ctx, frame, statement.iterable)
    if items is not POISON and not isinstance(items, list | tuple):
        hint = f"go through a range: `for {statement.target.span.text} in 0..{statement.iterable.span.text}`" if isinstance(items, int) else None
        ctx.error("E113", f"`for` goes through a list, and this is {describe(items)}", statement.iterable.span, describe(items), help=hint)
        items = POISON
    if items is POISON:
        frame.flow = POISON
        return
    for position, item in enumerate(items):
        ctx.spend(1, statement.span)
        inner = frame.inner()
        if statement.index is not None and statement.index.id != "_":
            bind_name(ctx, inner.scope, statement.index, position, "index")
        if not _unpack(ctx, statement, inner.scope, item):
            frame.flow = POISON
            return
        frame.flow = run_body(ctx, statement.body, inner)
        if frame.flow is POISON:
            return


def _unpack(ctx: Context, statement: ast.For, scope: Scope, item: Value) -> bool:
    names = statement.target.names
    if not statement.target.bundle:
        if names[0].id != "_":
            bind_name(ctx, scope, names[0], item, "value")
        return True
    values = item if isinstance(item, list | tuple) else None
    if values is None or len(values) != len(names):
        what = f"a list of {len(values)}" if values is not None else describe(item)
        ctx.error(
            "E115", f"{len(names)} names take a list of {len(names)}, and this item is {what}", statement.target.span,
            f"{len(names)} names", labels=(Label(statement.iterable.span, f"an item here is {what}"),),
        )  # fmt: skip
        return False
    for name, value in zip(names, values, strict=True):
        if name.id != "_":
            bind_name(ctx, scope, name, value, "value")
    return True


def _if(ctx: Context, statement: ast.If, frame: Frame) -> None:
    condition = expressions.truth(ctx, frame, statement.condition)
    if condition is POISON:
        frame.flow = POISON
        return
    body = statement.body if condition else statement.otherwise
    if body is not None:
        frame.flow = run_body(ctx, body, frame.inner())


def _default(ctx: Context, statement: ast.Default, frame: Frame) -> None:
    callee = expressions.name(ctx, frame, statement.layer)
    if callee is POISON:
        return
    if not isinstance(callee, Callable) or isinstance(callee.target, Block):
        ctx.error(
            "E111", f"`default` speaks of a layer or a word, and this is {describe(callee)}", statement.layer.span, describe(callee),
            help="a block's own defaults stand in its definition", frame=frame,
        )  # fmt: skip
        return
    specs = {spec.name: spec for spec in parameters_of(ctx, callee)}
    gathered = dict(frame.defaults.get(callee.name, {}))
    filled = expressions.given(ctx, frame, Callable(callee.target), statement.arguments)
    for g in filled.positional:
        ctx.error("E105", "a `default` gives its arguments by name", g.span, "no name",
                  help=f"`default {callee.name}({next(iter(specs), 'name')} = {g.span.text})`")  # fmt: skip
    for name, g in filled.named:
        if name not in specs:
            guess = did_you_mean(name, specs)
            ctx.error(
                "E103", f"`{callee.name}` has no argument `{name}`", g.span, "not known",
                notes=(("note", f"it takes {', '.join(specs)}"),), help=f"did you mean `{guess}`?" if guess else None,
            )  # fmt: skip
            continue
        if g.value is not POISON and check(ctx, frame, callee.name, specs[name], g.value, g.span) is not POISON:
            gathered[name] = Given(g.value, g.span)
    frame.defaults = {**frame.defaults, callee.name: gathered}
