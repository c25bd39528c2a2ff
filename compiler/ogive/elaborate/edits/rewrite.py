"""What edits do to a layer, a block or a word at the moment when it is applied.

The edits that hold in a body are a list, and each rewrites what those before it made. So they are gone
through in order; what one inserts is run with only those behind it, and what it leaves goes on to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ogive.diagnostics import Label
from ogive.elaborate import expressions
from ogive.elaborate.context import BLOCK_WORK, Context, Frame, Scope
from ogive.elaborate.edits.active import ActiveEdit, Taken
from ogive.elaborate.edits.application import Application
from ogive.elaborate.edits.arguments import by_name, instance
from ogive.elaborate.edits.kept import Kept, kept
from ogive.elaborate.edits.traces import Trace, leave_trace
from ogive.elaborate.flow import apply, resolve, use
from ogive.elaborate.parameters import parameters_of
from ogive.elaborate.values import POISON, Callable, Given, Tensor, Value
from ogive.layers.base import ShapeError
from ogive.layers.unknown import Undecided
from ogive.source import Span
from ogive.syntax import ast


def rewrite(ctx: Context, frame: Frame, application: Application) -> Value:
    """Applies what is about to be applied, as the edits of the frame would have it."""
    edits = frame.edits
    ctx.spend(1 + len(edits) // 16, application.span)
    callee, span = application.callee, application.span
    sets: list[tuple[ActiveEdit, tuple[ActiveEdit, ...]]] = []
    behind: list[tuple[ActiveEdit, tuple[ActiveEdit, ...]]] = []
    value: Value = None
    placed = True
    original, entered = callee, frame
    for position, active in enumerate(edits):
        if not active.kind.covers(callee.target) or not active.holds_in(frame.stages):
            continue
        if not active.selects(ctx, frame, callee, span):
            continue
        later = edits[position + 1 :]
        acted = ctx.acted[id(active.edit)]
        acted.hits += 1
        acted.places.add(span)
        match active.edit:
            case ast.Set():
                sets.append((active, later))
                callee = _with_settings(ctx, frame, callee, active, later)
            case ast.Insert(where="after"):
                behind.insert(0, (active, later))
            case ast.Insert():
                if _several(ctx, frame, active, callee, span):
                    return POISON
                flow = _graft(ctx, frame, active, later, active.edit.layer, callee, span)
                if flow is POISON:
                    return POISON
                leave_trace(ctx, flow, Trace(active.edit, callee.name, span, _alike(flow, frame.flow)))
                frame = replace(frame, flow=flow)
                callee = _anew(ctx, frame, application, callee, sets)
            case ast.Remove():
                acted.took.append(_taken(ctx, frame, callee, later, span))
                if application.without is None and _several(ctx, frame, active, callee, span):
                    return POISON
                _note_norm(ctx, frame, callee, span)
                value = frame.flow if application.without is None else application.without(frame, callee)
                placed = False
            case ast.Replace():
                acted.took.append(_taken(ctx, frame, callee, later, span))
                _note_norm(ctx, frame, callee, span)
                value = _replacement(ctx, frame, active, later, callee, span)
                placed = False
        if not placed or callee is POISON:
            changed = [active for active, _ in sets] if placed else [active]
            break
    else:
        changed = [active for active, _ in sets]
    if callee is POISON:
        return POISON
    if placed:
        value = application.run(frame, callee)
    if changed and value is not POISON:
        same = _as_without(ctx, entered, original, span, value)
        for active in changed:
            leave_trace(ctx, value, Trace(active.edit, callee.name, span, same))
    for active, later in behind:
        if value is POISON:
            return POISON
        edit = active.edit
        assert isinstance(edit, ast.Insert)
        # what else the layer gives (`l.hidden`) stays what it was
        parts = value.parts if isinstance(value, Tensor) else {}
        before = value
        value = _graft(ctx, replace(frame, flow=value), active, later, edit.layer, callee, span)
        leave_trace(ctx, value, Trace(edit, callee.name, span, _alike(value, before)))
        if parts and isinstance(value, Tensor):
            value = replace(value, parts=parts)
    return value


def _graft(
    ctx: Context,
    frame: Frame,
    active: ActiveEdit,
    later: tuple[ActiveEdit, ...],
    chain: ast.Chain,
    callee: Callable,
    span: Span,
    keeps: Kept | None = None,
) -> Value:
    """The value of an edit's chain on the flow of the place where it acts.

    Its names are those of the place where the edit stands; `here` and `in`, the defaults, the region and the
    names of its layers are those of the place where it acts. Only the edits behind it see it.
    """
    ctx.spend(BLOCK_WORK, active.edit.span)
    before = len(ctx.diagnostics)
    inner = replace(
        _seen_from(frame, active, later), grafts=frame.grafts + 1, depth=frame.depth + 1, pin=None
    )
    last = len(chain.elements) - 1
    for position, element in enumerate(chain.elements):
        ctx.spend(1, element.span)
        inner.pin = frame.pin if keeps is not None and position == last else None
        inner.flow = _element(ctx, inner, element, keeps, position)
        if inner.flow is POISON:
            break
    _name_the_place(ctx, before, active, callee, span)
    return inner.flow


def _seen_from(frame: Frame, active: ActiveEdit, later: tuple[ActiveEdit, ...]) -> Frame:
    """The frame of a place with the names of an edit that acts there."""
    return replace(frame, scope=Scope(active.scope), edits=later, own_edits=0)


def _element(ctx: Context, frame: Frame, element: ast.Element, keeps: Kept | None, position: int) -> Value:
    if keeps is None or position not in keeps.takers:
        return apply(ctx, frame, element, first=False)

    def handed(at: Frame) -> Value:
        value = resolve(ctx, at, element, chain=True)  # pyright: ignore[reportArgumentType] - a taker is a name or a call
        return keeps.hand_to(ctx, position, value) if isinstance(value, Callable) else value

    return use(ctx, frame, handed(frame), element.span, first=False, again=handed)


def _replacement(
    ctx: Context,
    frame: Frame,
    active: ActiveEdit,
    later: tuple[ActiveEdit, ...],
    callee: Callable,
    span: Span,
) -> Value:
    edit = active.edit
    assert isinstance(edit, ast.Replace)
    ctx.spend(BLOCK_WORK, edit.span)
    keeps = kept(ctx, frame, callee, span, edit.layer, active.scope)
    if keeps is None:
        return POISON
    tensors = _operands(callee)
    if tensors:  # `up -> concat(skip)`: both go where they went
        flow = frame.flow if isinstance(frame.flow, list) else [frame.flow]
        frame = replace(frame, flow=[*flow, *tensors])
    return _graft(ctx, frame, active, later, edit.layer, callee, span, keeps)


def _operands(callee: Callable) -> list[Tensor]:
    """The tensors among its arguments that a layer combines."""
    if not isinstance(callee.target, type) or callee.target.arity[1] == 1:
        return []
    found: list[Tensor] = []
    for given in callee.positional:
        if isinstance(given.value, Tensor):
            found.append(given.value)
        elif isinstance(given.value, list):
            found += [value for value in given.value if isinstance(value, Tensor)]
    return found


def _with_settings(
    ctx: Context, frame: Frame, callee: Callable, active: ActiveEdit, later: Sequence[ActiveEdit]
) -> Callable:
    """A callee with what `set` gives it, over what it was given."""
    specs = {spec.name: spec for spec in parameters_of(ctx, callee)}
    callee = by_name(tuple(specs.values()), callee)
    named = dict(callee.named)
    inner = _seen_from(frame, active, tuple(later))
    for setting in active.settings:
        name = setting.name or ""
        value = expressions.argument_value(ctx, inner, setting.value, specs[name], callee.name)
        named[name] = Given(value, setting.span)
    return replace(callee, named=tuple(named.items()))


def _anew(
    ctx: Context,
    frame: Frame,
    application: Application,
    callee: Callable,
    sets: Sequence[tuple[ActiveEdit, tuple[ActiveEdit, ...]]],
) -> Value:
    """The callee once something else arrives at it: its arguments may speak of `here`."""
    if application.again is None:
        return callee
    value = application.again(frame)
    if not isinstance(value, Callable):
        return POISON
    for active, later in sets:
        value = _with_settings(ctx, frame, value, active, later)
    return value


def _taken(ctx: Context, frame: Frame, callee: Callable, later: Sequence[ActiveEdit], span: Span) -> Taken:
    """What an edit takes away, and which of the edits behind it, the `later` ones, thereby miss it."""
    missed = (
        id(each.edit)
        for each in later
        if each.kind.covers(callee.target)
        and each.holds_in(frame.stages)
        and each.selects(ctx, frame, callee, span)
    )
    return Taken(callee.target, frame.stages, span, frozenset(missed))


def _alike(a: Value, b: Value) -> bool:
    return isinstance(a, Tensor) and isinstance(b, Tensor) and a.type == b.type


def _as_without(ctx: Context, frame: Frame, callee: Callable, span: Span, value: Value) -> bool:
    """Whether a layer that edits changed would have given a tensor of the same type as it was written."""
    if not (
        isinstance(callee.target, type) and isinstance(frame.flow, Tensor) and isinstance(value, Tensor)
    ) or _operands(callee):
        return False
    with ctx.silence():
        layer = instance(ctx, frame, callee, span)
    try:
        return layer is not None and layer.infer([frame.flow.type]) == (value.type,)
    except (ShapeError, Undecided):
        return False


def _note_norm(ctx: Context, frame: Frame, callee: Callable, span: Span) -> None:
    """A projection has the norm that the body was written with, and edits see it there: so a norm that an
    edit takes away is noted like one that stays.
    """
    if isinstance(callee.target, type) and callee.target.after_projection:
        layer = instance(ctx, frame, callee, span)
        if layer is not None:
            ctx.norms.append((frame.grafts, layer))


def _several(ctx: Context, frame: Frame, active: ActiveEdit, callee: Callable, span: Span) -> bool:
    """Whether several tensors arrive, so that nothing says which one an edit goes on with. Reports it."""
    if not isinstance(callee.target, type):
        return False
    count = len(frame.flow) if isinstance(frame.flow, list) else 1
    count += len(_operands(callee))
    if count == 1:
        return False
    edit = active.edit
    removes = isinstance(edit, ast.Remove)
    message = (
        f"`{callee.name}` joins {count} tensors, and without it nothing says which of them goes on"
        if removes
        else f"{count} tensors arrive at `{callee.name}`, and nothing says which of them is meant"
    )
    help_ = f"`replace {active.kind.name} with …` joins them in another way"
    if not removes:
        help_ = "insert it after a layer that leads there"
    elif ctx.graph.regions[frame.region].kind == "residual":
        help_ = "`remove residual` leaves the body, a plain net"
    ctx.error(
        "E314",
        message,
        edit.span,
        "which one?",
        labels=(Label(span, f"{count} tensors arrive here"),),
        help=help_,
        frame=frame,
    )
    return True


_ACTS = {"before": "inserted before", "after": "inserted after"}


def _name_the_place(ctx: Context, before: int, active: ActiveEdit, callee: Callable, span: Span) -> None:
    """Adds to what went wrong in an edit's chain where the edit acted, and to what went wrong elsewhere the
    edit.
    """
    edit = active.edit
    did = _ACTS[edit.where] if isinstance(edit, ast.Insert) else "put in the place of"
    for position in range(before, len(ctx.diagnostics)):
        diagnostic = ctx.diagnostics[position]
        spans = [label.span for label in diagnostic.labels]
        labels = list(diagnostic.labels)
        if not any(_inside(edit.span, each) for each in spans):
            labels.append(Label(edit.span, "by this edit"))
        if span not in spans:
            labels.append(Label(span, f"{did} this `{callee.name}`"))
        ctx.diagnostics[position] = replace(diagnostic, labels=tuple(labels))


def _inside(outer: Span, inner: Span) -> bool:
    return outer.source is inner.source and outer.start <= inner.start and inner.end <= outer.end
