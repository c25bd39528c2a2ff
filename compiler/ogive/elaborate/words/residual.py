"""`residual { body }`: the body's value added to what entered it (He et al. 2015, section 3)."""

from __future__ import annotations

from dataclasses import replace

from ogive.diagnostics import Label
from ogive.elaborate.context import Context, Frame, Namespace, Word, WordUse
from ogive.elaborate.divisor import explained, fitting_types, note_misfit
from ogive.elaborate.edits.application import applied
from ogive.elaborate.edits.arguments import as_callee, instance
from ogive.elaborate.edits.traces import traces_of_sizes
from ogive.elaborate.emit import emit, emit_call
from ogive.elaborate.history import as_text, describe_path, differing, keeping_size, where_set
from ogive.elaborate.values import POISON, BodyValue, Callable, Given, Tensor, Value, describe
from ogive.layers.base import Argument, Layer, Layout, TensorType
from ogive.layers.sizes import stride_between
from ogive.source import Span

MODES = ("auto", "pad", "project")


def _apply(ctx: Context, frame: Frame, use: WordUse) -> Value:
    assert use.body is not None
    entered = frame.flow
    if entered is not POISON and not isinstance(entered, Tensor):
        ctx.error(
            "E207",
            f"`residual` adds to one tensor, and {describe(entered)} arrives",
            use.head,
            describe(entered),
            help="join the bundle first: `-> concat`",
            frame=frame,
        )
        entered = POISON
    region = ctx.open_region(frame, "residual", span=use.span, block="residual")
    inner = frame.inner(region=region.id, flow=entered)
    norms_before = len(ctx.norms)
    body = ctx.run_body(ctx, use.body, inner)
    mode = use.arguments.get("shortcut", "auto")
    if not isinstance(body, Tensor) or not isinstance(entered, Tensor):
        if isinstance(body, list) and body is not POISON:
            ctx.error(
                "E207",
                f"the body of `residual` ends in {describe(body)}",
                use.body.span,
                "this body",
                help="join it at the end of the body: `-> add`",
                frame=frame,
            )
        ctx.close_region(region, POISON)
        return POISON
    shortcut = _shortcut(ctx, frame, use, mode, entered, body, region.id, norms_before)
    value: Value = POISON
    if isinstance(shortcut, Tensor):
        add = ctx.library.get("add")
        assert add is not None

        def join(at: Frame, _: Callable) -> Value:
            if shortcut.type == body.type:
                return emit(ctx, at, add(), at.flow, use.head)
            _disagree(ctx, frame, use, entered, shortcut, body)
            return POISON

        outer = frame.inner(region=region.id, scope=frame.scope, flow=[body, shortcut])
        outer.pin = frame.pin
        value = applied(ctx, outer, Callable(add), use.head, join)
    ctx.close_region(region, value)
    return value


def _shortcut(
    ctx: Context,
    frame: Frame,
    use: WordUse,
    mode: Value,
    entered: Tensor,
    body: Tensor,
    residual: int,
    norms_before: int,
) -> Value:
    """The other side of the addition, by its mode."""
    agree = entered.type == body.type
    if isinstance(mode, BodyValue):
        region, inner = _side(ctx, frame, use, residual, entered)
        own = replace(
            mode.frame, flow=entered, region=inner.region, namespace=inner.namespace, depth=inner.depth
        )
        value = ctx.run_body(ctx, mode.body, own.inner())
        ctx.close_region(ctx.graph.regions[region], value)
        if value is entered or isinstance(value, Tensor):
            return value
        if value is not POISON:
            ctx.error(
                "E207",
                f"a shortcut is one tensor, and this is {describe(value)}",
                mode.body.span,
                describe(value),
                frame=frame,
            )
        return POISON
    if agree and mode != "project":
        return entered
    strides = _strides(entered.type, body.type)
    if strides is None:
        _no_fit(ctx, frame, use, entered, body)
        return POISON
    stride = strides[0] if len(set(strides)) == 1 else strides
    if mode == "pad":
        if body.type.channels < entered.type.channels:
            _no_fit(ctx, frame, use, entered, body)
            return POISON
        pad = ctx.library.get("subsample")
        assert pad is not None
        region, inner = _side(ctx, frame, use, residual, entered)
        layer = pad(stride=stride, channels=body.type.channels)  # pyright: ignore[reportCallIssue]
        value = _added(ctx, inner, layer, use.head)
        ctx.close_region(ctx.graph.regions[region], value)
        return value
    region, inner = _side(ctx, frame, use, residual, entered)
    value = _project(ctx, inner, use, entered, body, stride, _norm_of(ctx, frame, norms_before))
    ctx.close_region(ctx.graph.regions[region], value)
    return value


def _side(ctx: Context, frame: Frame, use: WordUse, residual: int, entered: Tensor) -> tuple[int, Frame]:
    """A region and a frame for the shortcut; its layers are called `shortcut.conv1`."""
    name = frame.namespace.next("shortcut")
    name = "shortcut" if name == "shortcut1" else name
    inside = replace(frame, region=residual, flow=entered)
    region = ctx.open_region(inside, "shortcut", name, span=use.head, block="shortcut")
    return region.id, inside.inner(region=region.id, namespace=Namespace(region.path))


def _project(
    ctx: Context,
    inner: Frame,
    use: WordUse,
    entered: Tensor,
    body: Tensor,
    stride: int | tuple[int, ...],
    norm: Layer | None,
) -> Value:
    """A 1x1 convolution (a linear layer where there are no places), and a norm if the body has one."""
    span = use.spans.get("shortcut", use.head)
    is_map = entered.type.layout is Layout.MAP
    kind = "conv" if is_map else "linear"
    layer = ctx.library.get(kind)
    assert layer is not None
    given = [("out_channels" if is_map else "out_features", body.type.channels)]
    if is_map:
        # dilation and padding are those of a pointwise map, whatever `default conv` says
        given += [("kernel_size", 1), ("stride", stride), ("padding", 0), ("dilation", 1), ("groups", 1)]
    callee = Callable(layer, (), tuple((name, Given(value, span)) for name, value in given))
    inner = replace(inner, flow=entered, pin=None)
    value = applied(ctx, inner, callee, use.head, lambda at, edited: emit_call(ctx, at, edited, use.head))
    if norm is None or not isinstance(value, Tensor):
        return value
    return _added(ctx, replace(inner, flow=value), norm, use.head)


def _added(ctx: Context, frame: Frame, layer: Layer, span: Span) -> Value:
    """A layer that the compiler adds; edits see it."""
    plain = as_callee(layer, span)

    def run(at: Frame, callee: Callable) -> Value:
        final = layer if callee is plain else instance(ctx, at, callee, span)
        return POISON if final is None else emit(ctx, at, final, [at.flow], span, added=True)

    return applied(ctx, frame, plain, span, run)


def _norm_of(ctx: Context, frame: Frame, norms_before: int) -> Layer | None:
    """The norm that the body was written with last, with its arguments. Edits act on it where the projection
    is, as they did in the body, so it is taken as it was before them.
    """
    return next((norm for grafts, norm in reversed(ctx.norms[norms_before:]) if grafts == frame.grafts), None)


def _plain(ctx: Context, frame: Frame, use: WordUse) -> Value:
    """What stays when an edit removes a residual: its body, without a shortcut."""
    assert use.body is not None
    return ctx.run_body(ctx, use.body, frame.inner())


def _strides(before: TensorType, after: TensorType) -> tuple[int, ...] | None:
    """The smallest stride on each axis with which a 1x1 window makes the body's places of the input's."""
    if (
        before.layout is not after.layout
        or before.dtype != after.dtype
        or len(before.spatial) != len(after.spatial)
    ):
        return None
    strides: list[int] = []
    for size, wanted in zip(before.spatial, after.spatial, strict=True):
        stride = stride_between(size, wanted)
        if stride is None or (stride > 1 and before.layout is not Layout.MAP):
            return None
        strides.append(stride)
    return tuple(strides) or (1,)


def _no_fit(ctx: Context, frame: Frame, use: WordUse, entered: Tensor, body: Tensor) -> None:
    """Reports that the input cannot be brought to the shape of the body."""
    before, after = entered.type, body.type
    help_ = "write the shortcut yourself: `residual(shortcut = { … }) { … }`"
    match differing(before, after):
        case "channels" | "spatial" if _strides(entered.type, body.type) is not None:
            how = f"zeros cannot take channels away: {before.channels} to {after.channels}"
            help_ = "let the shortcut project: `residual { … }`"
        case "channels" | "spatial":
            sizes = f"{as_text(after, 'spatial')} of {as_text(before, 'spatial')}"
            how = f"no stride of a 1x1 convolution makes {sizes}"
            help_ = keeping_size(ctx.graph, body.ref, before) or help_
        case _:
            how = f"{before} and {after} are of different kinds"
    misfit = fitting_types([before, after], lambda a, b: _strides(a, b) is not None)
    already = len(ctx.diagnostics)
    ctx.error(
        "E209",
        f"`residual`: no shortcut leads from {before} to {after}",
        use.head,
        how,
        labels=traces_of_sizes(ctx, body.ref),
        notes=_histories(ctx, entered, body),
        help=explained(ctx.declarations, misfit, "it") if misfit else help_,
        frame=frame,
    )
    note_misfit(ctx, misfit, already)


def _disagree(
    ctx: Context, frame: Frame, use: WordUse, entered: Tensor, shortcut: Tensor, body: Tensor
) -> None:
    a, b = shortcut.type, body.type
    what = differing(a, b)
    label = f"{as_text(a, what)} + {as_text(b, what)}"
    labels = [
        Label(setter.span, f"{as_text(tensor.type, what)}, set here")
        for tensor in (shortcut, body)
        if tensor is not entered
        and (setter := where_set(ctx.graph, tensor.ref, what)) is not None
        and setter.span is not None
    ]
    named = {"spatial": "size", "sizes": "their number of axes"}.get(what, what)
    strides = _strides(entered.type, body.type)
    help_ = "let the shortcut project: `residual { … }`" if strides is not None else None
    misfit = fitting_types([a, b], lambda a, b: a == b) if strides is None else None
    already = len(ctx.diagnostics)
    if not isinstance(use.arguments.get("shortcut"), BodyValue):  # it did project
        help_ = "an edit changed the projection: select by more arguments, so that it passes over that"
    ctx.error(
        "E201",
        f"`add`: {a} and {b} differ in {named}",
        use.head,
        label,
        labels=tuple(labels),
        notes=_histories(ctx, shortcut, body),
        help=explained(ctx.declarations, misfit, "it") if misfit else help_,
        frame=frame,
    )
    note_misfit(ctx, misfit, already)


def _histories(ctx: Context, shortcut: Tensor, body: Tensor) -> tuple[tuple[str, str], ...]:
    return (
        ("shortcut", f"{describe_path(ctx.graph, shortcut.ref)} {shortcut.type}"),
        ("body", f"{describe_path(ctx.graph, body.ref)} {body.type}"),
    )


RESIDUAL = Word(
    "residual",
    (
        Argument(
            "shortcut",
            (BodyValue,),
            MODES,
            False,
            False,
            "auto",
            False,
            False,
            None,
            None,
            "how the input reaches the addition where the shapes differ",
        ),
    ),
    body=True,
    apply=_apply,
    without=_plain,
)
