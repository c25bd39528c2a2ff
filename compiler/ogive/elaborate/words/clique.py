"""`clique(layers = n) { body }`: every pair of layers connected both ways (Yang et al. 2018, section 3)."""

from __future__ import annotations

from dataclasses import replace

from ogive.elaborate.context import Binding, Context, Frame, Namespace, Outputs, Scope, Word, WordUse
from ogive.elaborate.emit import emit
from ogive.elaborate.history import differing, keeping_size, where_set
from ogive.elaborate.labels import notes_inside
from ogive.elaborate.sharing import share_clique, shared_parts
from ogive.elaborate.values import POISON, Tensor, Value, describe
from ogive.elaborate.words.sequence import in_sequence
from ogive.graph import CliqueBody, CliqueStep, Graph, Node, Ref, Region
from ogive.layers.base import Argument, Layer, ShapeError, TensorType
from ogive.layers.io import CliqueMember, Input

_CHANNELWISE = frozenset({"norm", "act", "dropout"})
"""Groups of layers that work on each channel alone: the sources may be concatenated before them."""


_INSTEAD = {
    "share": "write the layers themselves: all stages share the weights of a clique already",
    "input": "declare it at the beginning of the net's body",
}
"""Where else a declaration stands, unless behind the clique."""


def _apply(ctx: Context, frame: Frame, use: WordUse) -> Value:
    assert use.body is not None
    source = frame.flow
    n = use.arguments["layers"]
    stages = use.arguments.get("stages", 2)
    updates = use.arguments.get("updates")
    updates = n if updates is None else updates
    if updates > n:
        ctx.error(
            "E108",
            f"`updates` of `clique` is at most its {n} layers, and this is {updates}",
            use.spans.get("updates", use.head),
            str(updates),
            frame=frame,
        )
        return POISON
    if source is not POISON and not isinstance(source, Tensor):
        ctx.error(
            "E207",
            f"`clique` begins with one tensor, and {describe(source)} arrives",
            use.head,
            describe(source),
            help="join the bundle first: `-> concat`",
            frame=frame,
        )
        return POISON
    if source is POISON:
        return POISON
    # a later stage that updates nothing does nothing; one that updates only X1 reads none of the stage before
    stages = min(stages, updates + 1) if updates < 2 else stages
    body = _body(ctx, frame, use, source, n, stages, updates)
    if body is None:
        return POISON
    return _place(ctx, frame, use, source, body)


def _body(
    ctx: Context, frame: Frame, use: WordUse, source: Tensor, n: int, stages: int, updates: int
) -> CliqueBody | None:
    """Elaborates the body once, in a graph of its own, and takes it apart around the mixing convolution."""
    assert use.body is not None
    scratch = Graph("clique")
    scratch.regions[0] = Region(0, "net", "", "", None)
    scratch.add(Node("in", Input("in", source.type), (source.type,), 0))
    inner_ctx = replace(ctx, graph=scratch, heads=[], inputs=[], budgets=[], norms=[])
    start = Tensor(Ref("in"), source.type)
    inner = Frame(
        scope=Scope(_values_only(frame.scope)),
        flow=start,
        entered=start,
        defaults=frame.defaults,
        namespace=Namespace(""),
        region=0,
        outputs=Outputs(),
        definition=frame.definition,
        trail=frame.trail,
        depth=frame.depth + 1,
        sealed=frame.sealed,
        file=frame.file,
        stages=frame.stages,
        edits=tuple(replace(each, scope=Scope(_values_only(each.scope))) for each in frame.edits),
        grafts=frame.grafts,
    )
    inner.namespace.taken.add("in")
    value = inner_ctx.run_body(inner_ctx, use.body, inner)
    ctx.work = inner_ctx.work
    if not _only_layers(ctx, frame, inner, inner_ctx):
        return None
    if not isinstance(value, Tensor):
        if value is not POISON:
            ctx.error(
                "E301",
                f"a clique's body ends in one tensor, and this one in {describe(value)}",
                use.body.span,
                "this body",
                help="join it: `-> concat`",
                frame=frame,
            )
        return None
    body = _take_apart(ctx, frame, use, scratch, value, source.type, (n, stages, updates))
    return body and replace(body, notes=notes_inside(inner_ctx))


def _only_layers(ctx: Context, frame: Frame, inner: Frame, body: Context) -> bool:
    """Whether the body did nothing but compute: what it declares would be declared once a layer and stage."""
    declared = [(span, "output") for _, _, span in inner.outputs.named]
    declared += [(body.graph.node(name).span, "input") for name in body.inputs]
    heads = {head.name for head in body.heads}
    declared += [
        (region.span, "aux")
        for region in body.graph.regions.values()
        if region.path in heads and region.kind == "aux"
    ]
    declared += [(budget.statement.span, "assert") for budget in body.budgets]
    declared += [(region.span, "clique") for region in body.graph.regions.values() if region.kind == "clique"]
    declared += [(span, "share") for span in shared_parts(body.graph)]
    for span, word in declared:
        ctx.error(
            "E301",
            f"`{word}` stands in a clique's body, which is computed once a layer and stage",
            span,
            "in a clique",
            help=_INSTEAD.get(word, "put it behind the clique"),
            frame=frame,
        )
    return not declared


def _values_only(scope: Scope) -> Scope:
    """The names around, tensors only known as such: a clique's body has no source but its layers."""
    flat = Scope()
    at = scope
    while at.parent is not None:  # at the top of a file there are no tensors
        for name, binding in at.names.items():
            if name not in flat.names:
                flat.names[name] = _outside(binding) if _collects(binding.value) else binding
        at = at.parent
    flat.parent = at
    return flat


def _outside(binding: Binding) -> Binding:
    return Binding(POISON, binding.span, "outside", original=binding)


def _collects(value: Value) -> bool:
    """Whether it is a tensor or a bundle, or becomes one: a list that is still empty."""
    return isinstance(value, Tensor) or (
        isinstance(value, list) and (not value or any(isinstance(v, Tensor) for v in value))
    )


_SHAPE = "channel-wise layers, one ungrouped convolution that mixes the sources, and what follows it"


def _malformed(
    ctx: Context,
    frame: Frame,
    use: WordUse,
    message: str,
    node: Node | None,
    label: str,
    help_: str | None = None,
) -> None:
    span = node.span if node is not None and node.span is not None else use.head
    ctx.error(
        "E301",
        message,
        span,
        label,
        frame=frame,
        notes=(("note", f"a body is {_SHAPE}"),),
        help=help_ or "`clique(layers = 4) { bn -> relu -> conv(k, 3x3, padding = 1) }`",
    )


def _take_apart(
    ctx: Context,
    frame: Frame,
    use: WordUse,
    graph: Graph,
    value: Tensor,
    source: TensorType,
    numbers: tuple[int, int, int],
) -> CliqueBody | None:
    before: list[CliqueStep] = []
    at = "in"
    while True:
        users = graph.consumers(at)
        if len(users) != 1 or users[0][0] != 0:
            node = graph.node(users[1][1]) if len(users) > 1 else None
            _malformed(
                ctx,
                frame,
                use,
                "before its convolution, a clique's body is one chain"
                if users
                else "a clique's body has no convolution",
                node,
                "a second use of the sources" if users else "nothing mixes the sources",
            )
            return None
        node = graph.node(users[0][1])
        if node.layer.group == "conv":
            break
        if node.layer.group not in _CHANNELWISE or len(graph.operands(node.name)) != 1:
            _malformed(
                ctx,
                frame,
                use,
                "before its convolution, a clique's body has channel-wise layers, "
                f"and `{node.layer.kind}` is none",
                node,
                "mixes, moves or reshapes",
            )
            return None
        before.append(CliqueStep(node.name.replace(".", "_"), node.layer, node.span))
        at = node.name
    mix = graph.node(node.name)
    if getattr(mix.layer, "groups", 1) != 1 or not mix.layer.sliceable:
        _malformed(
            ctx,
            frame,
            use,
            "the convolution that mixes a clique's sources is an ungrouped `conv`",
            mix,
            f"`{mix.layer.kind}` with groups" if mix.layer.sliceable else f"`{mix.layer.kind}`",
        )
        return None
    result = value.type
    if result.spatial != source.spatial or result.layout is not source.layout:
        setter = where_set(graph, value.ref, differing(source.with_channels(result.channels), result))
        _malformed(
            ctx,
            frame,
            use,
            f"a clique keeps the places: its input is {source} and a layer's result {result}",
            setter,
            f"{source} becomes {result}",
            keeping_size(graph, value.ref, source),
        )
        return None
    after = _rest(graph, mix, value)
    n, stages, updates = numbers
    body = CliqueBody(
        n, stages, updates, tuple(before), CliqueStep(mix.name, mix.layer, mix.span), after, source, result
    )
    return body if _fits_everywhere(ctx, frame, use, body) else None


def _rest(graph: Graph, mix: Node, value: Tensor) -> Graph:
    """What follows the mixing convolution, as a graph whose input `in` is that convolution's result."""
    rest = Graph("after", regions=dict(graph.regions))
    rest.add(Node("in", Input("in", mix.outputs[0]), mix.outputs, 0))
    rest.inputs = ("in",)
    past = False
    for node in graph:
        if past:
            rest.add(node, [Ref("in") if ref.node == mix.name else ref for ref in graph.reads(node.name)])
        past = past or node.name == mix.name
    out = Ref("in") if value.ref.node == mix.name else value.ref
    rest.outputs = (("output", out),)
    for id_, region in rest.regions.items():
        swap = {
            field: tuple(Ref("in") if r.node == mix.name else r for r in getattr(region, field))
            for field in ("inputs", "outputs")
        }
        rest.regions[id_] = replace(region, **swap)
    return rest


def _fits_everywhere(ctx: Context, frame: Frame, use: WordUse, body: CliqueBody) -> bool:
    """The layers before the convolution meet other widths in every layer and stage: all must suit them."""
    for stage in range(1, body.stages + 1):
        for layer in range(1, body.updated(stage) + 1):
            ctx.spend(2 * len(body.before) + 5 + body.layers // 8, use.head)
            type_ = source_type(body, stage, layer)
            for step in body.before:
                try:
                    (type_,) = step.layer.infer([type_])
                except ShapeError as problem:
                    read = " + ".join(f"X{j}" for j in body.sources(stage, layer)[:8])
                    where = f"in stage {stage}, layer {layer} reads {read}"
                    ctx.error(
                        problem.code,
                        f"`{step.layer.kind}`: {problem.message}",
                        step.span or use.head,
                        f"{type_} arrives here",
                        notes=(("clique", where),),
                        help=problem.help,
                        frame=frame,
                    )
                    return False
    return True


def source_type(body: CliqueBody, stage: int, layer: int) -> TensorType:
    """The type of the concatenated sources of a layer."""
    sources = body.sources(stage, layer)
    return body.source.with_channels(
        sum(body.source.channels if j == 0 else body.result.channels for j in sources)
    )


def _place(ctx: Context, frame: Frame, use: WordUse, source: Tensor, body: CliqueBody) -> Value:
    """Puts the cycle into the graph, and the three concatenations that can be read from it."""
    name = frame.namespace.next("clique")  # `as` names its value
    region = ctx.open_region(
        frame, "clique", name, span=use.span, block="clique", clique=body, notes=body.notes
    )
    owner, fits = share_clique(ctx, frame, region, body, use.head)
    if not fits:
        return POISON
    ctx.graph.regions[region.id] = region = replace(region, owner=owner)
    inner = frame.inner(region=region.id, namespace=Namespace(region.path), scope=frame.scope)
    path = inner.namespace.join
    names = [path(f"layer{i}") for i in range(1, body.layers + 1)]
    for i, member in enumerate(names, 1):
        ctx.spend(20 * (body.layers + 1), use.head)
        layer: Layer = CliqueMember(i, body.result)
        ctx.graph.add(
            Node(member, layer, (body.result, body.result), region.id, use.head, frame.trail), [source.ref]
        )
        inner.namespace.taken.add(f"layer{i}")
    for j, i in body.links():
        if j > 0:
            ctx.graph.connect(Ref(names[j - 1]), names[i - 1], j)
    newest = [Tensor(Ref(member), body.result) for member in names]
    first = [Tensor(Ref(member, 1), body.result) for member in names]
    concat = ctx.library.get("concat")
    assert concat is not None
    parts: dict[str, Tensor] = {}
    for part, tensors in (("features", [source, *newest]), ("stage1", first), ("transit", newest)):
        value = emit(ctx, inner, concat(), tensors, use.head, name=part, added=True)
        if not isinstance(value, Tensor):
            return POISON
        parts[part] = value
    transit = parts["transit"]
    ctx.close_region(region, list(parts.values()))
    return Tensor(transit.ref, transit.type, parts)


def _argument(name: str, *, required: bool, default: int | None, least: int, doc: str) -> Argument:
    return Argument(
        name, (int,), (), default is None and not required, required, default, False, False, least, None, doc
    )


CLIQUE = Word(
    "clique",
    (
        _argument("layers", required=True, default=None, least=2, doc="how many layers are connected"),
        _argument("stages", required=False, default=2, least=1, doc="how often the layers are computed"),
        _argument(
            "updates",
            required=False,
            default=None,
            least=0,
            doc="after how many layers a later stage stops; all unless given",
        ),
    ),
    body=True,
    apply=_apply,
    without=in_sequence,
)
