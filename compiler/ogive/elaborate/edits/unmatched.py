"""An edit that matches nothing is a mistake; here is why it did not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ogive.diagnostics import Label, did_you_mean
from ogive.elaborate.context import Context
from ogive.elaborate.edits.active import Acted, ActiveEdit
from ogive.elaborate.edits.arguments import distinct
from ogive.elaborate.edits.kinds import Kind, Target
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
    """

    name: str
    layer: type[Layer] | None
    stages: tuple[str, ...]
    values: Mapping[str, Value]
    span: Span | None

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
    text = " ".join(edit.span.text.split())
    text = text if len(text) <= 60 else f"{text[:59]}…"
    says = f"`{text}` matches nothing"
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
    part = next((part for part in wanted if _before(active, part)), wanted[0])
    labels = (Label(part.span, _where(ctx, active, part)),) if part.span is not None else ()
    why, help_ = "it acts from its place to the end of its body, and none follows there", "move it up"
    if not _before(active, part):
        help_ = "write it in the body around them, or in a variant of the net"
    if active.definition is None or (part.span is not None and _bringer(ctx, part.span) is not None):
        why = f"each `{kind.name}` was brought by an edit behind it"
        help_ = "move it behind that edit"
    ctx.error("E311", f"{says}: {why}", edit.selector.span, "matches nothing", labels=labels, help=help_)


def _none_at_all(ctx: Context, active: ActiveEdit, parts: Sequence[Part], net: str, says: str) -> None:
    kind = active.kind
    message = f"{says}: `{net}` has no `{kind.name}`"
    if kind.name == net:
        ctx.error(
            "E311",
            f"`{kind.name}` is the whole net, and an edit changes what is in it",
            active.edit.selector.span,
            "matches nothing",
            help=f"arguments of a net are given to it: `variant name = {kind.name}(…)`, or `--set`",
        )
        return
    taker = next(
        (
            acted.active
            for acted in ctx.acted.values()
            if acted.active is not active and any(kind.covers(target) for target in acted.took)
        ),
        None,
    )
    labels: tuple[Label, ...] = ()
    names = list(dict.fromkeys(part.name for part in parts))
    shown = ", ".join(names[:_MOST_NAMES]) + ", …" * (len(names) > _MOST_NAMES)
    notes: tuple[tuple[str, str], ...] = (("note", f"it has {shown or 'nothing at all'}"),)
    guess = did_you_mean(kind.name, names)
    help_ = f"did you mean `{guess}`?" if guess else None
    if taker is not None:
        labels = (Label(taker.edit.span, f"this edit took every `{kind.name}` away"),)
        message = f"{message} left"
        notes, help_ = (), "edits act in the order in which they are written: move it before the other"
    ctx.error(
        "E311", message, active.edit.selector.span, "matches nothing", labels=labels, notes=notes, help=help_
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


def _where(ctx: Context, active: ActiveEdit, part: Part) -> str:
    assert part.span is not None
    if _bringer(ctx, part.span) is not None:
        return f"this `{part.name}` was brought by another edit, which acts later"
    return (
        f"this `{part.name}` stands {'before the edit' if _before(active, part) else 'outside of that body'}"
    )


def _before(active: ActiveEdit, part: Part) -> bool:
    """Whether something stands in the same definition as an edit of a body, before it."""
    span, edit, definition = part.span, active.edit.span, active.definition
    if span is None or definition is None or span.source is not edit.source:
        return False
    return definition.span.start <= span.start < edit.start


def _bringer(ctx: Context, span: Span) -> Acted | None:
    """The edit that brought what stands at a place."""
    for acted in ctx.acted.values():
        edit = acted.active.edit.span
        if edit.source is span.source and edit.start <= span.start < edit.end:
            return acted
    return None


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
