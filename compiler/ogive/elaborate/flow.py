"""Chains: `conv(64, 3x3) -> bn -> relu`. Each element takes the flow and gives the next."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace

from ogive.diagnostics import Fix, Label
from ogive.elaborate import expressions
from ogive.elaborate.context import RESERVED, Binding, Context, Frame, Scope, Word, WordUse
from ogive.elaborate.edits.application import Again, applied
from ogive.elaborate.edits.traces import traces_of
from ogive.elaborate.emit import emit_call, no_flow
from ogive.elaborate.parameters import bind, is_layer
from ogive.elaborate.values import POISON, Block, Callable, Given, Tensor, Value, describe, is_bundle
from ogive.layers.base import Layer
from ogive.source import Span
from ogive.syntax import ast


def run_chain(ctx: Context, frame: Frame, chain: ast.Chain, pin: ast.Name | None = None) -> Value:
    """The value of a chain that starts from the frame's flow, which stays as it is.

    Args:
        pin: the name behind `as`: it becomes the name of the last element.
    """
    inner = copy(frame)
    last = len(chain.elements) - 1
    for position, element in enumerate(chain.elements):
        ctx.spend(1, element.span)
        inner.pin = pin if position == last else None
        inner.flow = apply(ctx, inner, element, first=position == 0)
        if inner.flow is POISON and position < last:
            check_rest(ctx, inner, chain.elements[position + 1 :])
            break
    return inner.flow


def check_rest(ctx: Context, frame: Frame, elements: Sequence[ast.Element]) -> None:
    """Behind a mistake the shapes are unknown, but names and arguments can still be checked."""
    quiet = replace(frame, flow=POISON, pin=None)
    for element in elements:
        if isinstance(element, ast.WithBody | ast.WithBranches):
            resolve(ctx, quiet, element.head, chain=True)
        else:
            apply(ctx, quiet, element, first=False)


def apply(ctx: Context, frame: Frame, element: ast.Element, *, first: bool) -> Value:
    """What one element makes of the flow."""
    match element:
        case ast.WithBody():
            return _with_body(ctx, frame, element)
        case ast.WithBranches():
            return _with_branches(ctx, frame, element)
        case ast.Name(id="identity") if frame.scope.find("identity") is None:
            return _identity(ctx, frame, element)
        case ast.Name(id="here") if not first:
            return frame.flow
        case ast.Conditional():
            condition = expressions.truth(ctx, frame, element.condition)
            if condition is POISON:
                return POISON
            return apply(ctx, frame, element.then if condition else element.otherwise, first=first)
        case _:

            def resolved(at: Frame) -> Value:
                return resolve(ctx, at, element, chain=True)

            named = element if isinstance(element, ast.Name) else None
            return use(ctx, frame, resolved(frame), element.span, first=first, again=resolved, named=named)


def _identity(ctx: Context, frame: Frame, element: ast.Name) -> Value:
    if frame.flow is None:
        no_flow(ctx, frame, element.span)
        return POISON
    return frame.flow


def resolve(ctx: Context, frame: Frame, expr: ast.Expr, *, chain: bool) -> Value:
    """What stands in a chain: in a chain `max` is the layer, not the function."""
    match expr:
        case ast.Name():
            return expressions.name(ctx, frame, expr, chain=chain)
        case ast.Call(function=ast.Name() as head):
            callee = expressions.name(ctx, frame, head, chain=chain)
            if callee is POISON:
                return POISON
            if isinstance(callee, Callable):
                return expressions.given(ctx, frame, callee, expr.arguments)
            return expressions.evaluate(ctx, frame, expr)
        case ast.Call(
            function=ast.Call() as layer, arguments=(ast.Argument(name=None, value=ast.Name() as tensor),)
        ) if _is_tensor(frame, tensor):
            text = f"{tensor.id} -> {layer.span.text}"
            ctx.error(
                "E105",
                "a layer takes its tensor from the arrow, not in a second pair of parentheses",
                Span(expr.span.source, layer.span.end, expr.span.end),
                "a tensor",
                help=f"write `{' '.join(text.split())}`",
                fix=Fix(expr.span, text),
            )
            return POISON
        case _:
            return expressions.evaluate(ctx, frame, expr)


def _is_tensor(frame: Frame, name: ast.Name) -> bool:
    binding = frame.scope.find(name.id)
    return name.id in ("here", "in") or (binding is not None and isinstance(binding.value, Tensor))


def use(
    ctx: Context,
    frame: Frame,
    value: Value,
    span: Span,
    *,
    first: bool,
    again: Again | None = None,
    named: ast.Name | None = None,
) -> Value:
    """A value as an element: a tensor begins a chain, a layer or a block takes the flow.

    Args:
        again: gives the value anew in another frame, when an edit changes what arrives.
        named: the name that stands in the program for the value, if one does: it may hide a layer.
    """
    if value is POISON:
        return POISON
    if isinstance(value, Callable):
        return call(ctx, frame, value, span, again)
    hides = expressions.hidden(ctx, frame, named) if named is not None else ()
    unhide = f"give it another name, and `{span.text}` is the layer again" if hides else None
    if isinstance(value, Tensor) or (isinstance(value, list) and (not value or is_bundle(value))):
        if first or frame.flow is POISON:
            return value
        what = span.text if len(span.text) < 40 else "it"
        hint = f"combine them: `-> concat({what})` or `-> add({what})`; or begin a new chain with `{what}`"
        ctx.error(
            "E111",
            f"{describe(value)} in the middle of a chain, which carries a tensor already",
            span,
            "only a chain's first element",
            labels=hides,
            help=unhide or hint,
            frame=frame,
        )
        return POISON
    hint = "a value gets a name with `let`, and reaches a layer as its argument: `conv(k, 3x3)`"
    if isinstance(value, str) and (value in ctx.library or value in ctx.words):
        hint = f"layers are written without quotes: `{value}`"
    elif isinstance(value, list) and any(isinstance(v, Callable) for v in value):
        hint = (
            "a bundle holds tensors: name each (`a = relu`), then `[a, b]`; "
            "or write branches: `concat { | relu | tanh }`"
        )
    ctx.error(
        "E111",
        f"{describe(value)} is no layer, block or tensor",
        span,
        "stands in a chain",
        labels=hides,
        frame=frame,
        help=unhide or hint,
    )
    return POISON


def call(ctx: Context, frame: Frame, callee: Callable, span: Span, again: Again | None = None) -> Value:
    """A layer, a block or a word without a body, as the edits that hold here would have it."""

    def run(at: Frame, edited: Callable) -> Value:
        return _call(ctx, at, edited, span)

    return applied(ctx, frame, callee, span, run, again=again)


def _call(ctx: Context, frame: Frame, callee: Callable, span: Span) -> Value:
    if is_layer(callee):
        return emit_call(ctx, frame, callee, span)
    if isinstance(callee.target, Block):
        return ctx.use(ctx, frame, callee, span)
    word = callee.target
    assert isinstance(word, Word)
    if word.body:
        ctx.error(
            "E304", f"`{word.name}` needs a body", span, "no `{ … }` follows", help=f"`{span.text} {{ … }}`"
        )
        return POISON
    return _apply_word(ctx, frame, callee, word, None, span, span)


def _apply_word(
    ctx: Context,
    frame: Frame,
    callee: Callable,
    word: Word,
    body: ast.Body | None,
    span: Span,
    head: Span,
    *,
    removed: bool = False,
) -> Value:
    own = {spec.name for spec in word.arguments}
    passed: Callable | None = None
    if word.extra is not None:  # split what is the word's own from what is passed on to its layer
        layer = ctx.library.get(word.extra)
        assert layer is not None
        specs = {spec.name for spec in layer.arguments()}
        passed = Callable(
            layer, callee.positional, tuple((n, g) for n, g in callee.named if n in specs and n not in own)
        )
        callee = Callable(word, (), tuple((n, g) for n, g in callee.named if n not in specs or n in own))
    if body is not None and not body.statements:
        ctx.error(
            "E304",
            f"`{word.name}` needs a body, and this one is empty",
            body.span,
            "nothing between the braces",
            help="the tensor itself is `identity`",
        )
        return POISON
    bound = bind(ctx, frame, callee, word.arguments, head, defaults=_own_defaults(frame, word))
    if frame.flow is None and bound is not None:
        no_flow(ctx, frame, head)
        return POISON
    if bound is None or (frame.flow is POISON and body is None):
        return POISON
    use = WordUse(word, bound.values, passed, body, span, head, bound.spans)
    return word.without(ctx, frame, use) if removed and word.without else word.apply(ctx, frame, use)


def _own_defaults(frame: Frame, word: Word) -> dict[str, dict[str, Given]]:
    own = {spec.name for spec in word.arguments}
    return {word.name: {n: g for n, g in frame.defaults.get(word.name, {}).items() if n in own}}


def _with_body(ctx: Context, frame: Frame, element: ast.WithBody) -> Value:
    callee = resolve(ctx, frame, element.head, chain=True)
    if callee is POISON:
        return POISON
    if isinstance(callee, Callable) and isinstance(callee.target, Word) and callee.target.body:
        word, span, head = callee.target, element.span, element.head.span

        def run(at: Frame, edited: Callable) -> Value:
            return _apply_word(ctx, at, edited, word, element.body, span, head)

        def without(at: Frame, edited: Callable) -> Value:
            return _apply_word(ctx, at, edited, word, element.body, span, head, removed=True)

        def resolved(at: Frame) -> Value:
            return resolve(ctx, at, element.head, chain=True)

        left = without if word.without is not None else None
        return applied(ctx, frame, callee, head, run, again=resolved, without=left)
    words = ", ".join(sorted(name for name, word in ctx.words.items() if word.body))
    name = f"`{callee.name}`" if isinstance(callee, Callable) else describe(callee)
    hint = None
    if isinstance(callee, Callable) and is_layer(callee) and _merges(callee.target):
        hint = f"begin each branch with a bar: `{callee.name} {{ | … | … }}`"
    elif isinstance(callee, Callable):
        hint = f"write one element after the other: `{element.head.span.text} -> …`"
    ctx.error(
        "E304",
        f"{name} takes no body",
        element.head.span,
        "a body follows",
        notes=(("note", f"bodies follow {words}"),),
        help=hint,
    )
    return POISON


def _merges(target: object) -> bool:
    return isinstance(target, type) and issubclass(target, Layer) and target.group == "merge"


def _with_branches(ctx: Context, frame: Frame, element: ast.WithBranches) -> Value:
    callee = resolve(ctx, frame, element.head, chain=True)
    if callee is POISON:
        return POISON
    if not (isinstance(callee, Callable) and is_layer(callee) and _merges(callee.target)):
        name = f"`{callee.name}`" if isinstance(callee, Callable) else describe(callee)
        ctx.error(
            "E304",
            f"{name} takes no branches",
            element.head.span,
            "branches follow",
            notes=(
                ("note", f"branches follow {', '.join(k.kind for k in ctx.library.layers() if _merges(k))}"),
            ),
        )
        return POISON
    from ogive.elaborate.words.branches import branches  # it runs bodies, which run chains

    return branches(ctx, frame, callee, element)


def names_its_start(frame: Frame, body: ast.Body) -> bool:
    """Whether a body's first statement begins with a tensor by its name, so that nothing needs to arrive."""
    first = body.statements[0] if body.statements else None
    start = first.chain.elements[0] if isinstance(first, ast.Flow | ast.Assign) else None
    while isinstance(start, ast.Index | ast.Attribute):
        start = start.value
    if isinstance(start, ast.Name):
        binding = frame.scope.find(start.id)
        return binding is not None and not isinstance(binding.value, Callable)
    return isinstance(start, ast.ListExpr)


def as_names(ctx: Context, frame: Frame, pattern: ast.Pattern, value: Value) -> None:
    """`as x`, `as [a, _]`: gives names to a value."""
    if not pattern.bundle:
        bind_name(ctx, frame.scope, pattern.names[0], value, "tensor")
        return
    count = len(pattern.names)
    if value is not POISON and not isinstance(value, list):
        edited = traces_of(ctx, value)
        ctx.error(
            "E115",
            f"only a bundle can be taken apart, and this is {describe(value)}",
            pattern.span,
            describe(value),
            labels=edited,
            help=_as_many(count) if edited else f"one name for one tensor: `as {pattern.names[0].id}`",
            frame=frame,
        )
        value = POISON
    if value is not POISON and len(value) != count:
        edited = traces_of(ctx, value)
        ctx.error(
            "E115",
            f"a bundle of {len(value)} is taken apart into {count} names",
            pattern.span,
            f"{count} names",
            labels=edited,
            help=_as_many(count) if edited else "`_` stands for what is not needed",
            frame=frame,
        )
        value = POISON
    for position, name in enumerate(pattern.names):
        if name.id != "_":
            bind_name(ctx, frame.scope, name, POISON if value is POISON else value[position], "tensor")


def _as_many(count: int) -> str:
    """What an edit must leave where `as [a, b]` follows."""
    many = f"a bundle of {count}" if count > 1 else "a bundle of one"
    return f"the names here need {many}: let the edit give as many, or keep to other places with `in`"


def bind_name(ctx: Context, scope: Scope, name: ast.Name, value: Value, what: str) -> None:
    """Gives a name a value; two of a name in one scope is a mistake."""
    if name.id in RESERVED:
        ctx.error(
            "E109",
            f"`{name.id}` has a meaning of its own and cannot be given another",
            name.span,
            "named here",
            help="choose another name",
        )
        return
    ctx.named[name.id] = name.span
    if name.id in scope.names:
        first = scope.names[name.id].span
        labels = (Label(first, "first here"),) if first is not None else ()
        hint = (
            f"choose another name, or collect in a list: `{name.id} += …`"
            if what == "tensor"
            else "choose another name"
        )
        ctx.error(
            "E109",
            f"`{name.id}` is given twice in one body",
            name.span,
            "again here",
            labels=labels,
            help=hint,
        )
        scope.names[name.id].value = POISON  # nobody knows which was meant
        return
    scope.names[name.id] = Binding(value, name.span, what)
