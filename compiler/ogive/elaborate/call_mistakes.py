"""Arguments that a call has and should not have, or has not and should: what is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ogive.diagnostics import Label, did_you_mean, in_place_of
from ogive.elaborate.context import Context, Frame
from ogive.elaborate.values import POISON, Block, Callable, Given, describe
from ogive.layers.base import Argument, Layer
from ogive.source import Span

_AXES = frozenset({"axis", "dim", "dims", "keepdim", "keepdims"})
"""What tells a reduction of one tensor, in other tools, which axes go."""


def _called(callee: Callable, span: Span) -> tuple[tuple[str, str], ...]:
    """What a callee that was given as an argument is called there: `unit` is `conv`."""
    head = span.text.partition("(")[0].strip()
    return (
        (("note", f"`{head}` is `{callee.name}` here"),)
        if head.isidentifier() and head != callee.name
        else ()
    )


def _hiding(ctx: Context, frame: Frame, callee: Callable) -> tuple[tuple[Label, ...], str | None]:
    """Where the program gave the name of a layer to what is called, and what to do about that."""
    binding = None if isinstance(callee.target, type) else frame.scope.find(callee.name)
    if binding is None or binding.span is None or ctx.library.get(callee.name) is None:
        return (), None
    help_ = f"give it another name, and `{callee.name}` is the layer again"
    return (Label(binding.span, f"this hides the layer `{callee.name}`"),), help_


def settled(callee: Callable, name: str, first: Span, here: Span) -> str | None:
    """What to do where a variant, or a name for a layer with arguments, has given it already."""
    if first.source == here.source and here.start <= first.start < here.end:
        return None
    is_net = isinstance(callee.target, Block) and callee.target.definition.is_net
    outside = f", or set it from outside: `--set {name}=…`" if is_net else ""
    return f"it is settled there: start from `{callee.name}(…)`{outside}"


def surplus_argument(
    ctx: Context,
    frame: Frame,
    callee: Callable,
    every: Sequence[str],
    places: Sequence[Argument],
    g: Given,
    span: Span,
    *,
    operands: bool,
) -> None:
    """Reports an argument by position behind the last one that may stand so (E105); `every` names all."""
    if places:
        takes = f"{len(places)} argument{'s' * (len(places) != 1)} by position, and this is one more"
    elif operands:
        takes = f"tensors by position, and this is {describe(g.value) if g.value is not POISON else 'none'}"
    else:
        takes = "its arguments by name, not by position" if every else "no arguments"
    surplus = "no name" if every and not places else "one too many"
    missing = operands and g.value is None
    hiding, hides = _hiding(ctx, frame, callee)
    ctx.error(
        "E105",
        f"`{callee.name}` takes {takes}",
        g.span,
        describe(g.value) if operands and not places and g.value is not POISON else surplus,
        notes=((("note", f"it takes {', '.join(every)}"),) if every else ()) + _called(callee, span),
        labels=hiding,
        help=f"where it may be missing: `if {g.span.text} != none {{ … }}`" if missing else hides,
        frame=frame if operands or _called(callee, span) else None,
    )


def unknown_argument(
    ctx: Context,
    frame: Frame,
    callee: Callable,
    known: Mapping[str, Argument],
    name: str,
    span: Span,
    call: Span,
) -> None:
    """Reports an argument by a name that there is not (E103)."""
    guess = did_you_mean(name, known)
    called = _called(callee, call)
    hiding, hides = _hiding(ctx, frame, callee)
    ctx.error(
        "E103",
        f"`{callee.name}` has no argument `{name}`",
        span,
        "not known",
        labels=hiding,
        notes=(("note", f"it takes {', '.join(known)}" if known else "it takes none"), *called),
        help=f"did you mean `{guess}`?" if guess else hides or reduction(callee.target, name),
        fix=in_place_of(span, name, guess),
        frame=frame if called else None,
    )


def reduction(target: object, name: str) -> str | None:
    """The help for `mean(axis = 1)`: what combines tensors here reduces one of them elsewhere."""
    if name not in _AXES or not (isinstance(target, type) and issubclass(target, Layer) and target.reduces):
        return None
    return f"`{target.kind}` combines tensors; over the places of one it is `{target.reduces}`"


def missing_arguments(
    ctx: Context,
    frame: Frame,
    callee: Callable,
    specs: Sequence[Argument],
    missing: Sequence[str],
    span: Span,
) -> None:
    """Reports required arguments that were not given (E104)."""
    names = " and ".join(f"`{name}`" for name in missing)
    head, bracket, rest = span.text.partition("(")
    given = [part for part in (rest.rpartition(")")[0].strip(),) if bracket and part]
    usage = ", ".join([*given, *(f"{name} = …" for name in missing)])
    docs = tuple((spec.name, spec.doc) for spec in specs if spec.name in missing and spec.doc)
    labels: tuple[Label, ...] = ()
    if isinstance(callee.target, Block):
        labels = (Label(callee.target.definition.header, "defined here"),)
    called = _called(callee, span)
    ctx.error(
        "E104",
        f"`{callee.name}` needs {names}",
        span,
        "not given",
        labels=labels,
        notes=(*docs, *called),
        help=f"`{head.strip()}({usage})`" if "\n" not in span.text else None,
        frame=frame if called else None,
    )
