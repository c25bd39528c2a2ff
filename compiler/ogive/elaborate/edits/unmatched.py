"""An edit that matches nothing is a mistake; here is why it did not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ogive.diagnostics import Label, did_you_mean
from ogive.elaborate.context import Context
from ogive.elaborate.edits.active import Acted, ActiveEdit, short_text
from ogive.elaborate.edits.arguments import distinct
from ogive.elaborate.edits.kinds import Kind, Target, key
from ogive.elaborate.edits.order import acts_before, advice, place_of
from ogive.elaborate.values import Block, Value, show
from ogive.graph import Graph
from ogive.layers.base import Layer
from ogive.source import Span

_MOST_NAMES = 12


@dataclass(frozen=True, slots=True)
class Part:
    """Something of the finished net that an edit could have meant.

    Attributes:
        name: its kind, or the name of the block or word.
        layer: the class, for a layer.
        stages: the names of the stages around, outermost first.
        values: its arguments.
        span: where it was written.
        taken: whether an edit took it away.
    """

    name: str
    layer: type[Layer] | None
    stages: tuple[str, ...]
    values: Mapping[str, Value]
    span: Span | None
    taken: bool = False

    def is_of(self, kind: Kind) -> bool:
        """Whether it is of that kind."""
        if self.layer is not None:
            return self.layer in kind.targets
        return any(_called(target) == self.name for target in kind.targets if not isinstance(target, type))


def report_unmatched(ctx: Context, net: str) -> None:
    """Reports every edit that held somewhere and acted nowhere."""
    idle = [acted for acted in ctx.acted.values() if not acted.hits]
    parts = list(_parts(ctx.graph)) if idle else []
    for acted in idle:
        _report(ctx, acted.active, parts, net)


def _report(ctx: Context, active: ActiveEdit, parts: Sequence[Part], net: str) -> None:
    edit, kind = active.edit, active.kind
    says = f"`{short_text(edit)}` matches nothing"
    takers = [acted for acted in ctx.acted.values() if any(id(edit) in each.missed for each in acted.took)]
    if takers:
        _taken_before(ctx, active, takers, parts, net, says)
        return
    if active.definition is not None:
        parts = [*parts, *_taken_elsewhere(ctx, active)]
    of_kind = [part for part in parts if part.is_of(kind)]
    if not of_kind:
        _none_at_all(ctx, active, parts, net, says)
        return
    inside = [part for part in of_kind if active.holds_in(part.stages)]
    if not inside:
        _in_no_stage(ctx, active, of_kind, says)
        return
    wanted = [part for part in inside if _agrees(active, part)]
    if not wanted:
        _no_such_arguments(ctx, active, inside, says)
        return
    _out_of_reach(ctx, active, wanted, says)


def _taken_before(
    ctx: Context, active: ActiveEdit, takers: Sequence[Acted], parts: Sequence[Part], net: str, says: str
) -> None:
    """Edits that act before it took away what it means."""
    name = active.kind.name
    left = any(part.is_of(active.kind) for part in parts)
    every = not left and len(takers) == 1
    what = f"every `{name}`" if every else f"a `{name}`"
    why = f"`{net}` has no `{name}` left"
    if left:
        why = f"{'an edit that acts' if len(takers) == 1 else 'edits that act'} before it took each away"
    labels = tuple(
        Label(each.active.edit.span, f"this edit acts first, and took {what} away") for each in takers
    )
    helps = list(dict.fromkeys(advice(active, each) for each in takers))
    ctx.error(
        "E311",
        f"{says}: {why}",
        active.edit.selector.span,
        "matches nothing",
        labels=labels,
        help=helps[0] if len(helps) == 1 else "leave it out, or write it where it acts before them",
    )


def _out_of_reach(ctx: Context, active: ActiveEdit, wanted: Sequence[Part], says: str) -> None:
    """What it means is there, where it does not act."""
    name = active.kind.name
    part = next((part for part in wanted if _before(active, part)), wanted[0])
    bringer = _bringer(ctx, active, part)
    where = "stands outside of that body"
    why = "it acts from its place to the end of its body, and none follows there"
    help_ = "write it in the body around them, or in a variant of the net"
    if bringer is not None and acts_before(active, bringer.active):
        where = "was brought by another edit, which acts later"
        why, help_ = f"each `{name}` was brought by an edit behind it", "move it behind that edit"
    elif bringer is not None:
        where = "was brought by another edit, where this one does not act"
        help_ = "move it up, behind that edit"
    elif (setter := _setter(ctx, active, part)) is not None:
        where = f"got these arguments from `{short_text(setter.active.edit)}`, which acts later"
        why, help_ = "an edit behind it makes what it means", "move it behind that edit"
    elif active.definition is None:
        around = f"`{active.variant.name.id}`" if active.variant is not None else "the net"
        where = f"stands outside of {around}"
        why, help_ = f"it acts in {around} alone, and none stands there", "write it in the net around them"
    elif _before(active, part):
        body = place_of(active)
        apart = body is None or part.span is None or part.span.start < body.span.start
        where = "stands before the edit"
        help_ = "write it before that, in the body around both" if apart else "move it up"
    elif part.taken:
        help_ = "write it in the body around them"
    labels = (Label(part.span, f"this `{part.name}` {where}"),) if part.span is not None else ()
    ctx.error(
        "E311", f"{says}: {why}", active.edit.selector.span, "matches nothing", labels=labels, help=help_
    )


def _none_at_all(ctx: Context, active: ActiveEdit, parts: Sequence[Part], net: str, says: str) -> None:
    kind = active.kind
    if kind.name == net:
        ctx.error(
            "E311",
            f"`{kind.name}` is the whole net, and an edit changes what is in it",
            active.edit.selector.span,
            "matches nothing",
            help=f"arguments of a net are given to it: `variant name = {kind.name}(…)`, or `--set`",
        )
        return
    names = list(dict.fromkeys(part.name for part in parts))
    shown = ", ".join(names[:_MOST_NAMES]) + ", …" * (len(names) > _MOST_NAMES)
    guess = did_you_mean(kind.name, names)
    ctx.error(
        "E311",
        f"{says}: `{net}` has no `{kind.name}`",
        active.edit.selector.span,
        "matches nothing",
        notes=(("note", f"it has {shown or 'nothing at all'}"),),
        help=f"did you mean `{guess}`?" if guess else None,
    )


def _in_no_stage(ctx: Context, active: ActiveEdit, of_kind: Sequence[Part], says: str) -> None:
    within = active.edit.within
    assert within is not None
    every = list(dict.fromkeys(region.name for region in ctx.graph.stages()))
    holding = list(dict.fromkeys(part.stages[-1] for part in of_kind if part.stages))
    name = active.kind.name
    guess = did_you_mean(active.within or "", holding)
    if not every:
        note = "this net has no stages"
    elif not holding:
        note = f"every `{name}` stands outside of the stages"
    else:
        note = f"`{name}` stands in {', '.join(holding[:_MOST_NAMES])}{', …' * (len(holding) > _MOST_NAMES)}"
    ctx.error(
        "E312",
        f'{says}: no `{name}` stands in a stage called "{active.within}"',
        within.span,
        "no such stage holds one",
        notes=(
            ("note", note),
            *((("note", f"the stages are {', '.join(every[:_MOST_NAMES])}"),) if every else ()),
        ),
        help=f'did you mean "{guess}"?' if guess else None,
    )


def _no_such_arguments(ctx: Context, active: ActiveEdit, inside: Sequence[Part], says: str) -> None:
    asked = dict.fromkeys(name for values in active.wanted.values() for name in values)
    kinds = list(dict.fromkeys(part.name for part in inside))
    notes: list[tuple[str, str]] = []
    for name in asked:
        values = distinct(part.values[name] for part in inside if name in part.values)
        listed = ", ".join(show(value) for value in values[:_MOST_NAMES])
        more = ", …" * (len(values) > _MOST_NAMES)
        notes.append(("note", f"{name} of {' and '.join(kinds[:3])} here: {listed or 'none'}{more}"))
    span = active.edit.selector.span
    where = "" if active.within is None else f' in "{active.within}"'
    ctx.error(
        "E313",
        f"{says}: no `{active.kind.name}` here has such arguments",
        span,
        f"none is like this{where}",
        notes=tuple(notes),
    )


def _agrees(active: ActiveEdit, part: Part) -> bool:
    if part.layer is not None:
        return active.agrees(part.layer, part.values)
    target = next(t for t in active.kind.targets if not isinstance(t, type))
    return active.agrees(target, part.values)


def _before(active: ActiveEdit, part: Part) -> bool:
    """Whether something stands in the same definition as an edit of a body, before it."""
    span, edit, definition = part.span, active.edit.span, active.definition
    if span is None or definition is None or span.source is not edit.source:
        return False
    return definition.span.start <= span.start < edit.start


def _bringer(ctx: Context, active: ActiveEdit, part: Part) -> Acted | None:
    """The other edit that brought something."""
    for acted in ctx.acted.values():
        edit = acted.active.edit.span
        if part.span is None or acted.active is active:
            continue
        if edit.source is part.span.source and edit.start <= part.span.start < edit.end:
            return acted
    return None


def _setter(ctx: Context, active: ActiveEdit, part: Part) -> Acted | None:
    """The edit that gave something the arguments by which it is meant."""
    asked = {name for values in active.wanted.values() for name in values}
    for acted in ctx.acted.values():
        if acted.active is not active and part.span in acted.places and asked & acted.active.sets:
            return acted
    return None


def _taken_elsewhere(ctx: Context, active: ActiveEdit) -> Iterator[Part]:
    """What other edits took away where an edit of a body does not act."""
    for acted in ctx.acted.values():
        for taken in acted.took:
            if acted.active is active or active.wanted.get(key(taken.target)):
                continue  # its arguments are gone with it
            layer = taken.target if isinstance(taken.target, type) else None
            yield Part(_called(taken.target), layer, taken.stages, {}, taken.span, taken=True)


def _called(target: Target) -> str:
    if isinstance(target, Block):
        return target.definition.name.id
    return target.kind if isinstance(target, type) else target.name


def _parts(graph: Graph) -> Iterator[Part]:
    """The layers of a net, those of its cliques' bodies, and its uses of blocks and words."""
    for node in graph:
        if node.layer.group not in ("input", "clique"):
            yield Part(
                node.layer.kind, type(node.layer), _stages(graph, node.region), _values(node.layer), node.span
            )
    for region in graph.regions.values():
        stages = _stages(graph, region.id)
        if region.kind in ("block", "residual", "dense", "clique", "aux") and region.block is not None:
            yield Part(region.block, None, stages, dict(region.arguments), region.span)
        if region.clique is not None:
            body = region.clique
            steps = [*body.before, body.mix, *(n for n in body.after if n.layer.group != "input")]
            for step in steps:
                yield Part(step.layer.kind, type(step.layer), stages, _values(step.layer), step.span)


def _stages(graph: Graph, region: int) -> tuple[str, ...]:
    return tuple(r.name for r in graph.ancestors(region) if r.kind == "stage")[::-1]


def _values(layer: Layer) -> dict[str, Value]:
    values = {spec.name: getattr(layer, spec.name) for spec in layer.arguments()}
    if values.get("stride", 0) is None and "kernel_size" in values:
        values["stride"] = values["kernel_size"]
    return values
