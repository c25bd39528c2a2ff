"""`share f = …` and `repeat n share { … }`: one set of weights for every use, which `sharing` looks after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ogive.diagnostics import did_you_mean
from ogive.elaborate import expressions
from ogive.elaborate.context import Context, Frame, Namespace, Word, WordUse
from ogive.elaborate.flow import bind_name, call, check_rest, resolve, run_chain
from ogive.elaborate.sharing import OneName, Shared, begin, within
from ogive.elaborate.values import POISON, Block, Callable, Tensor, Value, describe, is_bundle
from ogive.source import Span
from ogive.syntax import ast

# --------------------------------------------------------------------------- share


def run_share(ctx: Context, statement: ast.Share, frame: Frame) -> None:
    """Gives a name to a chain whose weights every use of the name shares."""
    name = statement.name.id
    excepted = excepted_by(ctx, frame, statement.arguments)
    elements = statement.chain.elements
    before = len(ctx.diagnostics)
    fits = excepted is not None and _begins_with_layer(ctx, frame, elements[0], name)
    if fits:
        check_rest(ctx, replace(frame), elements)
    if excepted is None or not fits or len(ctx.diagnostics) > before:
        bind_name(ctx, frame.scope, statement.name, POISON, "share")
        return
    local = name
    if name in frame.namespace.taken:
        local = frame.namespace.next(f"{name}_")
    frame.namespace.taken.add(local)
    path = frame.namespace.join(local)
    shared = Shared(f"`{name}`", "use", local, replace(frame), path, statement.name.span, excepted)
    shared.excepted_at = statement.arguments[0].span if statement.arguments else None
    shared.missed |= {*excepted}
    ctx.shares.append(shared)

    def apply_share(ctx: Context, frame: Frame, use: WordUse) -> Value:
        return _use(ctx, frame, shared, statement.chain, use.span)

    word = Word(name, (), body=False, apply=apply_share, what="shared part")
    bind_name(ctx, frame.scope, statement.name, Callable(word), "share")


def excepted_by(ctx: Context, frame: Frame, arguments: Sequence[ast.Argument]) -> tuple[str, ...] | None:
    """The kinds and groups in `(except = norm)`, or None when something there is wrong."""
    found: list[str] = []
    for argument in arguments:
        if argument.name != "except":
            ctx.error(
                "E319",
                f"`share` has no argument `{argument.name}`"
                if argument.name
                else "`share` takes `except` alone",
                argument.span,
                "not known",
                help="name what each use has of its own: `share(except = norm)`",
            )
            return None
        values = argument.value.items if isinstance(argument.value, ast.ListExpr) else (argument.value,)
        for value in values:
            word = _kind(ctx, frame, value)
            if word is None:
                return None
            found.append(word)
    return tuple(dict.fromkeys(found))


def _kind(ctx: Context, frame: Frame, expr: ast.Expr) -> str | None:
    """A kind or a group of layers, as a bare word, a string, or a name whose value is a layer."""
    groups = ctx.library.groups()
    value: Value = expr.id if isinstance(expr, ast.Name) and frame.scope.find(expr.id) is None else None
    if value is None:
        value = expressions.evaluate(ctx, frame, expr)
    if value is POISON:
        return None
    if isinstance(value, Callable) and isinstance(value.target, type):
        return value.target.kind
    if isinstance(value, str) and (value in groups or value in ctx.library):
        return value
    shown = f"`{value}`" if isinstance(value, str) else describe(value)
    guess = did_you_mean(value, [*groups, *ctx.library.names()]) if isinstance(value, str) else None
    ctx.error(
        "E319",
        f"`except` names a layer or a group of layers, and {shown} is neither",
        expr.span,
        "neither",
        notes=(("groups", ", ".join(sorted(groups))),),
        help=f"did you mean `{guess}`?" if guess else None,
    )
    return None


def _begins_with_layer(ctx: Context, frame: Frame, element: ast.Element, name: str) -> bool:
    """Whether a chain can be used on any tensor; one that begins with a tensor cannot."""
    if isinstance(element, ast.WithBody | ast.WithBranches | ast.Conditional):
        return True
    if isinstance(element, ast.Name) and element.id in ("here", "identity"):
        return True
    value = resolve(ctx, frame, element, chain=True)
    if isinstance(value, Tensor) or is_bundle(value):
        rest = "-> …" if "\n" in element.span.text else f"{element.span.text} -> {name}"
        ctx.error(
            "E319",
            f"`share` is about layers, and this begins with {describe(value)}",
            element.span,
            "a tensor",
            help=f"share the layers, then use them on the tensor: `{rest}`",
            frame=frame,
        )
        return False
    return value is not POISON


def _use(ctx: Context, frame: Frame, shared: Shared, chain: ast.Chain, span: Span) -> Value:
    """The value of what is shared, on the flow."""
    sharing = begin(shared, span)
    ctx.shared_uses[span] = shared.name
    home = shared.frame
    inner = replace(
        home,
        flow=frame.flow,
        region=frame.region,
        trail=(*frame.trail, span),
        depth=frame.depth + 1,
        pin=None,
        sharing=(sharing, *frame.sharing),
    )
    element = _single(ctx, inner, chain)
    if element is not None:
        inner.namespace = OneName(home.namespace.path, name=sharing.local)
        return within(ctx, sharing, lambda: call(ctx, inner, *element))
    region = ctx.open_region(inner, "block", sharing.local, path=sharing.path, span=span, block=shared.name)
    inner.region, inner.namespace = region.id, Namespace(sharing.path)
    value = within(ctx, sharing, lambda: run_chain(ctx, inner, chain), region.id)
    ctx.close_region(region, value)
    return value


def _single(ctx: Context, frame: Frame, chain: ast.Chain) -> tuple[Callable, Span] | None:
    """The layer, block or unit that is the whole chain: it takes the name itself, as behind `as`."""
    (element, *rest) = chain.elements
    while isinstance(element, ast.Conditional):
        condition = expressions.truth(ctx, frame, element.condition)
        if condition is POISON:
            return None
        element = element.then if condition else element.otherwise
    if rest or isinstance(element, ast.WithBody | ast.WithBranches):
        return None
    if isinstance(element, ast.Name) and element.id in ("here", "identity"):
        return None
    value = resolve(ctx, frame, element, chain=True)
    if not isinstance(value, Callable):
        return None
    named = isinstance(value.target, Block | type) or value.target.extra is not None
    return (value, element.span) if named else None


# --------------------------------------------------------------------------- repeat … share


def share_turns(ctx: Context, frame: Frame, statement: ast.Repeat, name: str) -> Shared | None:
    """What the turns of a repeat share, or None when an argument is wrong."""
    excepted = excepted_by(ctx, frame, statement.share or ())
    if excepted is None:
        return None
    span = statement.count.span
    path = frame.namespace.join(name)
    shared = Shared("this repeat", "turn", name, replace(frame), path, span, excepted)
    shared.excepted_at = statement.share[0].span if statement.share else None
    shared.missed |= {*excepted}
    ctx.shares.append(shared)
    return shared
