"""The arguments behind a KIND: `conv(5x5)`, `pool(stride = 2)`, `max_pool(3x3, padding = 1)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ogive.diagnostics import did_you_mean, in_place_of
from ogive.elaborate import expressions
from ogive.elaborate.context import Context, Frame
from ogive.elaborate.edits.arguments import next_place, open_places
from ogive.elaborate.edits.kinds import Kind, key
from ogive.elaborate.parameters import check, fits, parameters_of
from ogive.elaborate.values import POISON, Callable, Given, Tensor, Value, describe
from ogive.layers.base import Argument
from ogive.source import Span
from ogive.syntax import ast

Wanted = dict[object, dict[str, Value]]
"""For each target that can have such arguments, by its key: the values that are asked for, by name."""
_Asked = Sequence[tuple[str | None, "ast.Argument | Given"]]


def wanted_arguments(
    ctx: Context, frame: Frame, kind: Kind, arguments: Sequence[ast.Argument]
) -> Wanted | None:
    """What an edit asks of the arguments of its KIND. Of a group, layers that cannot have them are not meant.

    Returns:
        The values, or None when what was asked for is wrong, which was reported.
    """
    asked: list[tuple[str | None, ast.Argument | Given]] = [(a.name, a) for a in arguments]
    if kind.callee is not None:  # `let wide = conv(512, 3x3)` asks for them as well
        asked = [*((None, g) for g in kind.callee.positional), *kind.callee.named, *asked]
    specs = parameters(ctx, kind)
    wanted: Wanted = {}
    for each, own in specs.items():
        values = _values(ctx, frame, kind, own, asked, say=len(specs) == 1)
        if values is POISON:
            return None
        if values is not None:
            wanted[each] = values
    if wanted:
        return wanted
    names = {name for name, _ in asked if name is not None}
    able = [own for own in specs.values() if names <= {spec.name for spec in own}]
    if not able:
        wrong = next((n, a) for n, a in asked if n is not None and not _has(specs, n))
        no_argument(ctx, kind, specs, wrong[0] or "", wrong[1].span)
    else:
        _values(ctx, frame, kind, able[0], asked, say=True)
    return None


def parameters(ctx: Context, kind: Kind) -> dict[object, Sequence[Argument]]:
    """The parameters of each target of a KIND."""
    return {key(target): parameters_of(ctx, Callable(target)) for target in kind.targets}


def _has(specs: Mapping[object, Sequence[Argument]], name: str) -> bool:
    return any(spec.name == name for own in specs.values() for spec in own)


def _values(
    ctx: Context, frame: Frame, kind: Kind, specs: Sequence[Argument], asked: _Asked, *, say: bool
) -> Value:
    """The values in the form that one target has them; None where they do not fit, POISON where one is wrong.

    Args:
        say: whether to report what does not fit.
    """
    places = open_places(specs)
    values: dict[str, Value] = {}
    at = 0
    for name, argument in asked:
        if name is None:
            value = _value(ctx, frame, kind, argument, places[at] if at < len(places) else None)
            at = next_place(places, at, value)
            spec = places[at] if at < len(places) else None
            at += spec is not None and not spec.many
        else:
            spec = next((spec for spec in specs if spec.name == name), None)
            value = POISON if spec is None else _value(ctx, frame, kind, argument, spec)
        if spec is None:
            if say:
                _no_place(ctx, kind, specs, name, argument.span)
            return None
        if value is POISON:
            return POISON
        if isinstance(value, Tensor):
            ctx.error(
                "E106",
                f"an edit selects by the values of arguments, and this is {describe(value)}",
                argument.span,
                describe(value),
            )
            return POISON
        if spec.many and not isinstance(value, list):
            value = [value]
        fitted = (
            check(ctx, frame, kind.name, spec, value, argument.span)
            if say
            else tuple(value)
            if spec.many
            else fits(spec, value)
        )
        if fitted is POISON:
            return None
        values[spec.name] = (*values.get(spec.name, ()), *fitted) if spec.many else fitted
    return values


def _value(
    ctx: Context, frame: Frame, kind: Kind, argument: ast.Argument | Given, spec: Argument | None
) -> Value:
    if isinstance(argument, Given):
        return argument.value
    return expressions.argument_value(ctx, frame, argument.value, spec, kind.name)


def _no_place(ctx: Context, kind: Kind, specs: Sequence[Argument], name: str | None, span: Span) -> None:
    if name is not None:
        no_argument(ctx, kind, {None: specs}, name, span)
        return
    names = ", ".join(spec.name for spec in specs)
    places = sum(not spec.keyword_only for spec in specs)
    ctx.error(
        "E105",
        f"`{kind.name}` takes {places} argument{'s' * (places != 1)} by position, and this is one more",
        span,
        "one too many",
        notes=(("note", f"it takes {names}" if names else "it takes none"),),
    )


def no_argument(
    ctx: Context, kind: Kind, specs: Mapping[object, Sequence[Argument]], name: str, span: Span
) -> None:
    """Reports an argument that nothing of a KIND has."""
    names = dict.fromkeys(spec.name for own in specs.values() for spec in own)
    guess = did_you_mean(name, names)
    group = kind.what == "group"
    nothing = f"no layer of the group `{kind.name}` has an" if group else f"`{kind.name}` has no"
    ctx.error(
        "E103",
        f"{nothing} argument `{name}`",
        span,
        "not known",
        notes=() if group else (("note", f"it takes {', '.join(names)}" if names else "it takes none"),),
        help=f"did you mean `{guess}`?" if guess else None,
        fix=in_place_of(span, name, guess),
    )
