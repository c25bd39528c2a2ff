"""Statements: what moves the flow, gives names, loops and chooses."""

from __future__ import annotations

from typing import TypeGuard

from ogive.diagnostics import Label, did_you_mean, in_place_of
from ogive.elaborate import expressions
from ogive.elaborate.budgets import run_assert
from ogive.elaborate.context import MAX_DEPTH, Binding, Context, Frame, Namespace
from ogive.elaborate.edits.active import run_edit
from ogive.elaborate.emit import no_flow
from ogive.elaborate.flow import as_names, bind_name, names_its_start, resolve, run_chain
from ogive.elaborate.inputs import declare_input
from ogive.elaborate.labels import run_label
from ogive.elaborate.loops import run_for, run_repeat
from ogive.elaborate.parameters import check, parameters_of
from ogive.elaborate.share import run_share
from ogive.elaborate.unknown_names import unknown
from ogive.elaborate.values import POISON, Block, Callable, Given, Tensor, Value, describe, is_bundle
from ogive.graph import Region
from ogive.syntax import ast


def run_body(ctx: Context, body: ast.Body, frame: Frame) -> Value:
    """Runs a body in its frame; its value is where the flow ends up.

    `default` statements end with the body. Behind an `assert` that does not hold nothing is run but others:
    the same mistake would only be reported once more.
    """
    if frame.depth > MAX_DEPTH:
        name = frame.definition.name.id
        parameters = [parameter.name.id for parameter in frame.definition.parameters]
        ends = "a block that uses itself needs a condition that ends it"
        if parameters:
            help_ = f"{ends}: `if {parameters[0]} > 0 {{ {name}({parameters[0]} - 1) }}`"
        else:
            help_ = f"{ends}, and `{name}` has no parameter to ask: give it one, or use another block here"
        ctx.stop(
            "E401",
            f"blocks stand in one another more than {len(frame.trail) - 1} deep, the last a `{name}`",
            frame.trail[-1],
            "used once more here",
            labels=(Label(frame.definition.header, "defined here"),),
            help=help_,
        )
    defaults, edits, own_edits = frame.defaults, frame.edits, frame.own_edits
    frame.namespace.taken |= _given_names(ctx, body)
    holds = True
    for statement in body.statements:
        ctx.spend(1, statement.span)
        if isinstance(statement, ast.Assert):
            holds &= run_assert(ctx, statement, frame)
        elif holds:
            _run(ctx, statement, frame)
    if not holds:
        frame.flow = POISON
    frame.defaults, frame.edits, frame.own_edits = defaults, edits, own_edits
    return frame.flow


def _given_names(ctx: Context, body: ast.Body) -> frozenset[str]:
    """The names of stages that a body will open, where they are plain words: the fourth convolution of a net
    must not be called `conv4` when a stage further down is.
    """
    if id(body) not in ctx.stage_names:
        stages = [s.name.parts for s in body.statements if isinstance(s, ast.Stage)]
        ctx.stage_names[id(body)] = frozenset(parts[0] for parts in stages if _is_word(parts))
    return ctx.stage_names[id(body)]


def _is_word(parts: tuple[str | ast.Expr, ...]) -> TypeGuard[tuple[str]]:
    return len(parts) == 1 and isinstance(parts[0], str)


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
            declare_input(ctx, statement, frame)
        case ast.Output():
            value = run_chain(ctx, frame, statement.chain)
            name = statement.name.id if statement.name else None
            frame.outputs.named.append((name, value, statement.span))
        case ast.Stage():
            _stage(ctx, statement, frame)
        case ast.Repeat():
            run_repeat(ctx, statement, frame)
        case ast.For():
            run_for(ctx, statement, frame)
        case ast.If():
            _if(ctx, statement, frame)
        case ast.Default():
            _default(ctx, statement, frame)
        case ast.Assert():
            pass  # decided by `run_body`
        case ast.Label():
            run_label(ctx, statement, frame)
        case ast.Share():
            run_share(ctx, statement, frame)
        case ast.Insert() | ast.Remove() | ast.Replace() | ast.Set():
            run_edit(ctx, frame, statement)


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
    elements, before = statement.chain.elements, len(ctx.diagnostics)
    if len(elements) == 1 and not isinstance(elements[0], ast.WithBody | ast.WithBranches):
        value = resolve(ctx, frame, elements[0], chain=True)
        if value is not POISON and not isinstance(value, Tensor | list | Callable):
            ctx.error(
                "E111",
                f"`{statement.name.id} =` names a tensor, and this is {describe(value)}",
                elements[0].span,
                describe(value),
                help=f"a value is named with `let`: `let {statement.name.id} = {elements[0].span.text}`",
                frame=frame,
            )
            value = POISON
        if isinstance(value, Callable):
            value = run_chain(ctx, frame, statement.chain, statement.name)
    else:
        value = run_chain(ctx, frame, statement.chain, statement.name)
    known = frame.scope.names.get(statement.name.id)
    if known is not None and len(ctx.diagnostics) > before:
        known.value = POISON  # that it gives the name again is said once the line is right
        return
    bind_name(ctx, frame.scope, statement.name, value, "tensor")


def _collect(ctx: Context, statement: ast.Collect, frame: Frame) -> None:
    binding = frame.scope.find(statement.name.id)
    value = run_chain(ctx, frame, statement.chain)
    if binding is None:
        guess = did_you_mean(statement.name.id, frame.scope.visible())
        ctx.error(
            "E101",
            f"no list is called `{statement.name.id}`",
            statement.name.span,
            "not known here",
            help=f"did you mean `{guess}`?"
            if guess
            else f"begin it empty before the loop: `{statement.name.id} = []`",
            fix=in_place_of(statement.name.span, statement.name.id, guess),
        )
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
            "E113",
            f"`+=` collects tensors in a bundle, and `{statement.name.id}` is {describe(binding.value)}",
            statement.name.span,
            "no bundle",
            labels=labels,
            help=f"begin it empty: `{statement.name.id} = []`",
            frame=frame,
        )
        binding.value = POISON
        return
    ctx.spend(1 + len(binding.value) // 256, statement.span)
    binding.value = [*binding.value, *(value if isinstance(value, list) else [value])]


def _let(ctx: Context, statement: ast.Let, frame: Frame) -> None:
    value = expressions.evaluate(ctx, frame, statement.value)
    if isinstance(value, Tensor) or is_bundle(value):
        ctx.error(
            "E111",
            "`let` names a value or a layer, and this is a tensor",
            statement.value.span,
            describe(value),
            help=f"leave `let` out: `{statement.name.id} = {statement.value.span.text}`",
            frame=frame,
        )
        value = POISON
    bind_name(ctx, frame.scope, statement.name, value, "value")


def _stage(ctx: Context, statement: ast.Stage, frame: Frame) -> None:
    name = expressions.string(ctx, frame, statement.name)
    if name is POISON:
        name = f"stage{len(ctx.graph.regions)}"
    # one of a name in each use of a block: two uses have paths of their own, two turns of a loop do not
    use = next(r.id for r in ctx.graph.ancestors(frame.region) if r.kind in ("net", "block"))
    twin = ctx.stages.get((use, name))
    shown = name
    if twin is not None:
        _twin_stage(ctx, frame, statement, twin)
        name = f"{name}_{len(ctx.graph.regions)}"
    elif not name.strip() or frame.namespace.join(name) in ctx.graph:
        why = f"a layer is called `{name}` already" if name.strip() else "a stage needs a name"
        ctx.error(
            "E109", why, statement.name.span, "the stage's name", help="choose another name", frame=frame
        )
        name = f"{name}_{len(ctx.graph.regions)}"
    # an input that stands here is a mistake of its own
    declares = any(isinstance(s, ast.Input) for s in statement.body.statements)
    if frame.flow is None and not declares and not names_its_start(frame, statement.body):
        no_flow(ctx, frame, statement.name.span)
        frame.flow = POISON
    region = ctx.open_region(frame, "stage", name, span=statement.span, block="stage")
    ctx.stages[use, name] = region
    frame.namespace.taken.add(name)
    inner = frame.inner(region=region.id, namespace=Namespace(region.path), scope=frame.scope)
    inner.stages = (*frame.stages, shown)
    frame.flow = run_body(ctx, statement.body, inner)
    ctx.close_region(region, frame.flow)
    if shown.isidentifier() and shown not in frame.scope.names:
        frame.scope.names[shown] = Binding(frame.flow, statement.name.span, "stage", used=True)
        ctx.named[shown] = statement.name.span


def _twin_stage(ctx: Context, frame: Frame, statement: ast.Stage, twin: Region) -> None:
    """Reports that there is a stage of that name already: another one, or the same in a loop or in a block
    used twice.
    """
    again = twin.span == statement.span
    help_ = 'number them: `stage "block{i + 1}"`, with `i` from the loop'
    known = frame.scope.find(name := statement.name.span.text)
    if again and known is not None and isinstance(known.value, str | int) and name.isidentifier():
        help_ = f'the name itself stands there; for what `{name}` holds: `stage "{{{name}}}"`'
    elif again and frame.trail:
        help_ = f'give it a name from a parameter of `{frame.definition.name.id}`: `stage "{{name}}"`'
    elif not again:
        help_ = "choose another name"
    ctx.error(
        "E109",
        f'two stages are called "{twin.name}"',
        statement.name.span,
        "made a second time" if again else "again here",
        labels=(Label(twin.span, "first here"),) if twin.span and not again else (),
        help=help_,
        frame=frame,
    )


def _if(ctx: Context, statement: ast.If, frame: Frame) -> None:
    condition = expressions.truth(ctx, frame, statement.condition)
    if condition is POISON:
        frame.flow = POISON
        return
    body = statement.body if condition else statement.otherwise
    if body is not None:
        inner = frame.inner()
        frame.flow = run_body(ctx, body, inner)
        frame.scope.keep_stages_of(inner.scope)


def _default(ctx: Context, statement: ast.Default, frame: Frame) -> None:
    if not expressions.known(ctx, frame, statement.layer.id):
        unknown(ctx, frame, statement.layer, "layer or word")
        return
    callee = expressions.name(ctx, frame, statement.layer)
    if callee is POISON:
        return
    if not isinstance(callee, Callable) or isinstance(callee.target, Block):
        ctx.error(
            "E111",
            f"`default` speaks of a layer or a word, and this is {describe(callee)}",
            statement.layer.span,
            describe(callee),
            help="a block's own defaults stand in its definition",
            frame=frame,
        )
        return
    specs = {spec.name: spec for spec in parameters_of(ctx, callee)}
    gathered = dict(frame.defaults.get(callee.name, {}))
    filled = expressions.given(ctx, frame, Callable(callee.target), statement.arguments)
    for g in filled.positional:
        ctx.error(
            "E105",
            "a `default` gives its arguments by name",
            g.span,
            "no name",
            help=f"`default {callee.name}({next(iter(specs), 'name')} = {g.span.text})`",
        )
    for name, g in filled.named:
        if name not in specs:
            guess = did_you_mean(name, specs)
            ctx.error(
                "E103",
                f"`{callee.name}` has no argument `{name}`",
                g.span,
                "not known",
                notes=(("note", f"it takes {', '.join(specs)}"),),
                help=f"did you mean `{guess}`?" if guess else None,
                fix=in_place_of(g.span, name, guess),
            )
            continue
        if (
            g.value is not POISON
            and check(ctx, frame, callee.name, specs[name], g.value, g.span) is not POISON
        ):
            gathered[name] = Given(g.value, g.span)
    frame.defaults = {**frame.defaults, callee.name: gathered}
