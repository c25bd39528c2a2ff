"""What several uses share, and how a layer in one finds its weights.

What is shared is elaborated again at each use, on the shape that arrives there. The first use owns the
weights; a layer of a later one that has some must find the same layer, with weights of the same shapes, in
the first (`Node.owner`). The layers that `except` speaks of are each use's own: `f.bn1_1`, `f.bn1_2`, ….
"""

from __future__ import annotations

from collections.abc import Callable as Function
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

from ogive.diagnostics import Label
from ogive.elaborate.context import Context, Frame, Namespace
from ogive.elaborate.values import POISON, Value, show
from ogive.graph import CliqueBody, Graph, Region, SharedUse
from ogive.layers.base import Layer, Layout, Size, TensorType
from ogive.source import Span


@dataclass(frozen=True, slots=True)
class Kept:
    """A layer of the first use: its node, its weights' shapes, and what arrived there."""

    node: str
    layer: Layer
    shapes: dict[str, tuple[Size, ...]]
    arrived: tuple[TensorType, ...]


@dataclass(eq=False, slots=True)
class Shared:
    """What several uses share.

    Attributes:
        title: what a message calls it.
        turn: what it calls a use of it: `use`, `turn`.
        name: the segment that it adds to the paths of its layers.
        frame: the body where it is defined, as it was there.
        path: the path of its weights.
        span: where it is defined.
        excepted: kinds and groups of layers that each use has of its own.
        excepted_at: where that is said.
        uses: where it was used.
        kept: the layers of the first use that have weights, by their paths in it.
        cliques: the cliques of the first use, likewise.
        missed: the kinds and groups of `excepted` that no layer belonged to yet.
    """

    title: str
    turn: str
    name: str
    frame: Frame
    path: str
    span: Span
    excepted: tuple[str, ...]
    excepted_at: Span | None = None
    uses: list[Span] = field(default_factory=list)
    kept: dict[str, Kept] = field(default_factory=dict)
    cliques: dict[str, tuple[str, CliqueBody]] = field(default_factory=dict)
    missed: set[str] = field(default_factory=set)

    def excepts(self, layer: Layer) -> bool:
        """Whether each use has such a layer of its own."""
        hit = {layer.kind, layer.group} & {*self.excepted}
        self.missed -= hit
        return bool(hit)


@dataclass(frozen=True, slots=True)
class Sharing:
    """One use of something shared, while it is elaborated.

    Attributes:
        shared: what.
        number: which use, from 1.
        path: the path of this use: that of the weights, or one like it.
        span: where it is used.
        seen: the layers with weights that it has, by their paths in it.
    """

    shared: Shared
    number: int
    path: str
    span: Span
    seen: set[str] = field(default_factory=set)

    @property
    def local(self) -> str:
        """The last part of its path."""
        return self.path.rpartition(".")[2]

    @property
    def tag(self) -> SharedUse:
        """What the graph keeps about it."""
        shared = self.shared
        return SharedUse(shared.name, shared.path, shared.frame.region, self.number, bool(shared.excepted))


@dataclass(slots=True)
class OneName(Namespace):
    """The namespace of a use that is a single layer or block: whatever its kind, the use's name is its.

    What an edit inserts beside it is called `f.bn1`.
    """

    name: str = ""
    beside: Namespace | None = None

    def next(self, kind: str) -> str:
        """That name, once."""
        if self.beside is None:
            self.beside = Namespace("")
            return self.name
        return f"{self.name}.{self.beside.next(kind)}"


# --------------------------------------------------------------------------- one use


def begin(shared: Shared, span: Span) -> Sharing:
    """Begins the next use."""
    shared.uses.append(span)
    number = len(shared.uses)
    local = shared.name
    taken = shared.frame.namespace.taken
    if number > 1:
        local = f"{shared.name}_{number}"
        while local in taken:
            local += "_"
        taken.add(local)
    return Sharing(shared, number, shared.frame.namespace.join(local), span)


def within(ctx: Context, sharing: Sharing, run: Function[[], Value], region: int | None = None) -> Value:
    """Runs a use, and marks what it made as one: the region given, or else the first that it opens or, of a
    single layer, its node.
    """
    before = len(ctx.graph.regions)
    value = run()
    if region is None and before in ctx.graph.regions:
        region = before
    if region is not None:
        ctx.graph.regions[region] = replace(ctx.graph.regions[region], shared=sharing.tag)
    elif sharing.path in ctx.graph:
        ctx.graph.put(replace(ctx.graph.node(sharing.path), shared=sharing.tag))
    if value is not POISON and sharing.number > 1:
        missing = [rel for rel in sharing.shared.kept if rel not in sharing.seen]
        if missing:
            _differ(ctx, sharing, f"`{missing[0]}` of the first {sharing.shared.turn} is missing here", None)
            return POISON
    return value


def place(
    ctx: Context, frame: Frame, layer: Layer, types: Sequence[TensorType], path: str, span: Span
) -> tuple[str, str | None] | None:
    """Where a layer in a use of something shared stands, and whose weights it has.

    Returns:
        The path of its node and the node whose weights it uses, if another's; None when a mistake was
        reported.
    """
    shapes = layer.parameters(types)
    if not shapes and layer.group != "norm":  # a norm has statistics, if nothing else
        for sharing in frame.sharing:
            sharing.shared.excepts(layer)
        return path, None
    first: list[tuple[Sharing, str]] = []
    for sharing in frame.sharing:
        shared = sharing.shared
        rel = _within(path, sharing.path)
        if rel is None:
            continue
        if shared.excepts(layer):
            path = f"{shared.path}{'.' if rel else ''}{rel}_{sharing.number}"
            while path in ctx.graph:
                path += "_"
            continue
        sharing.seen.add(rel)
        if sharing.number == 1:
            first.append((sharing, rel))
            continue
        kept = shared.kept.get(rel)
        if kept is None:
            _differ(ctx, sharing, f"the first {shared.turn} has no `{rel or layer.kind}`", span)
            return None
        if not _agree(ctx, sharing, rel, kept, layer, shapes, types, span):
            return None
        for other, inside in first:
            other.shared.kept[inside] = Kept(kept.node, layer, shapes, tuple(types))
        return path, ctx.graph.node(kept.node).owner or kept.node
    for sharing, rel in first:
        sharing.shared.kept[rel] = Kept(path, layer, shapes, tuple(types))
    return path, None


def _within(path: str, around: str) -> str | None:
    """A path from a use on; None where it is elsewhere."""
    if path == around:
        return ""
    return path[len(around) + 1 :] if path.startswith(f"{around}.") else None


def _agree(
    ctx: Context,
    sharing: Sharing,
    rel: str,
    kept: Kept,
    layer: Layer,
    shapes: dict[str, tuple[Size, ...]],
    types: Sequence[TensorType],
    span: Span,
) -> bool:
    """Whether a layer can have the weights of the one in the first use."""
    shared = sharing.shared
    name = rel or shared.name
    for weight in dict.fromkeys((*kept.shapes, *shapes)):
        here, there = shapes.get(weight), kept.shapes.get(weight)
        if here == there:
            continue
        now, before = _shape(here), _shape(there)
        labels = (
            Label(shared.uses[0], f"{before} in the first, where {_arrives(kept.arrived)}"),
            Label(span, f"the weights of `{name}`"),
        )
        turns = shared.turn == "turn"
        ctx.error(
            "E317",
            f"{shared.title} has one set of weights, and `{name}.{weight}` is {before} in one {shared.turn} "
            f"and {now} in another",
            span if turns else sharing.span,
            f"{before} in turn 1, {now} in turn {sharing.number}"
            if turns
            else f"{now} here, where {_arrives(types)}",
            labels=() if turns else labels,
            help="end the body in what entered it, or leave `share` out"
            if turns
            else f"let the same arrive: `-> conv({kept.arrived[0].channels}, 1x1)`; or share two, one each"
            if types and types[0].layout is Layout.MAP and kept.arrived[0].channels != types[0].channels
            else "share two, one for each",
        )
        return False
    if layer != kept.layer:
        mine, other = layer, kept.layer
        what = f"`{name}` is `{other.kind}` in the first {shared.turn} and `{mine.kind}` here"
        if mine.kind == other.kind:
            argument = next(f.name for f in fields(mine) if getattr(mine, f.name) != getattr(other, f.name))
            a, b = show(getattr(other, argument)), show(getattr(mine, argument))
            what = f"`{argument}` of `{name}` is {a} in the first {shared.turn} and {b} here"
        _differ(ctx, sharing, what, span)
        return False
    return True


def _shape(shape: tuple[Size, ...] | None) -> str:
    return "none" if shape is None else "x".join(map(str, shape))


def _arrives(types: Sequence[TensorType]) -> str:
    return f"{types[0]} arrives" if len(types) == 1 else f"{' and '.join(map(str, types[:3]))} arrive"


def _differ(ctx: Context, sharing: Sharing, what: str, span: Span | None) -> None:
    """Reports a use that is built otherwise than the first."""
    shared = sharing.shared
    turns = shared.turn == "turn"
    labels = (Label(shared.uses[0], "the first"),) + (
        (Label(span, "made by this"),) if span is not None else ()
    )
    ctx.error(
        "E318",
        f"every {shared.turn} of {shared.title} has the same layers, and {what}",
        (span or sharing.span) if turns else sharing.span,
        f"turn {sharing.number}" if turns else "used here",
        labels=() if turns else labels,
        help="what has weights must not depend on the turn" if turns else "share two, one for each",
    )


def share_clique(
    ctx: Context, frame: Frame, region: Region, body: CliqueBody, span: Span
) -> tuple[str | None, bool]:
    """The path of the clique whose weights one in a use of something shared has; and whether all is well."""
    for sharing in frame.sharing:
        shared = sharing.shared
        rel = _within(region.path, sharing.path)
        if rel is None:
            continue
        parts = [*(step.layer for step in (*body.before, body.mix)), *(node.layer for node in body.after)]
        excepted = [layer for layer in parts if shared.excepts(layer)]
        if excepted:
            ctx.error(
                "E319",
                "a clique has norms of its own for each stage, and cannot keep some for each use as well",
                span,
                f"in {shared.title}, but for {', '.join(f'`{word}`' for word in shared.excepted)}",
                labels=(Label(shared.span, "shared here"),),
                help="share it whole: `share f = …`",
            )
            return None, False
        sharing.seen.add(rel)
        if sharing.number == 1:
            shared.cliques[rel] = (region.path, body)
            shared.kept[rel] = Kept(region.path, body.mix.layer, {}, (body.source,))
            continue
        first = shared.cliques.get(rel)
        if first is None or not _same_clique(first[1], body):
            if first is None:
                what = f"the first {shared.turn} has no such clique"
            elif first[1].source != body.source:
                a, b = first[1].source, body.source
                what = f"its clique begins with {a} in the first {shared.turn}, and with {b} here"
            else:
                what = f"its clique is another in the first {shared.turn}"
            _differ(ctx, sharing, what, span)
            return None, False
        return first[0], True
    return None, True


def _same_clique(a: CliqueBody, b: CliqueBody) -> bool:
    def key(body: CliqueBody) -> object:
        before = tuple((step.name, step.layer) for step in (*body.before, body.mix))
        after = tuple((node.name, node.layer) for node in body.after if node.name != "in")
        sizes = (body.layers, body.stages, body.updates, body.source.channels, body.result.channels)
        return before, after, sizes

    return key(a) == key(b)


def shared_parts(graph: Graph) -> list[Span]:
    """Where something shared is used in a graph."""
    spans = [
        (*node.trail, node.span)[-2:][0]
        for node in graph
        if node.shared is not None or node.owner is not None
    ]
    spans += [region.span for region in graph.regions.values() if region.shared is not None]
    return list(dict.fromkeys(span for span in spans if span is not None))
