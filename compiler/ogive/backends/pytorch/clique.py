"""What a clique's class computes, with slots for the values in which its instances differ.

Yang et al. 2018, section 3; `ogive.graph.CliqueBody` has the definition. `clique_text` writes the class.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ogive.backends.pytorch.names import attribute
from ogive.backends.pytorch.pieces import Piece, form_values, piece, torch_shape
from ogive.backends.pytorch.structure import Op, Scope, Structure, structure
from ogive.backends.pytorch.unify import MISSING, Expression, Slot
from ogive.graph import CliqueBody, CliqueStep, Graph, Node, Ref
from ogive.layers.base import TensorType
from ogive.layers.code import Torch

WORDS = frozenset({"x", "y", "first", "stage", "j", "sources", "weight", "parts", "channels", "width"})
"""Variables of a clique's text, which no parameter of it may be called."""
WIDTH = Expression("width")
"""The channels of the sources, where a value follows them."""


@dataclass(eq=False, repr=False)
class StepPlan:
    """A layer of the body.

    Attributes:
        attr: the start of its modules' names.
        piece: its text.
        own: whether every stage has its own: norms, whose statistics differ, and weights on the sources,
            whose widths do.
    """

    attr: str
    piece: Piece
    own: bool


@dataclass(eq=False, repr=False)
class CliquePlan:
    """A clique over all instances of its class.

    Attributes:
        layers, stages, updates: as in `CliqueBody`; a single stage where no output needs a later one.
        source, result: channels of X0 and of every X_i.
        before: the layers on the sources.
        mix: the convolution over one source.
        joined: whether the slices W_ji can be joined to one kernel; else the results of the slices are
            summed.
        after: the rest of the body, and the texts of its layers.
        steps: what follows the convolution.
        single: whether there is one stage only.
        full: whether a later stage computes all layers.
    """

    body: CliqueBody
    layers: Slot
    stages: Slot
    updates: Slot
    source: Slot
    result: Slot
    before: list[StepPlan]
    mix: Piece
    joined: bool
    after: Structure
    steps: list[StepPlan | None]
    single: bool
    full: bool

    @property
    def slots(self) -> list[Slot]:
        """Everything that may differ between instances."""
        known = [self.layers, self.stages, self.updates, self.result, self.source]
        pieces = [self.mix, *(s.piece for s in self.before), *(s.piece for s in self.steps if s is not None)]
        return [
            *known,
            *(
                slot
                for text in pieces
                for slot in text.slots
                if slot.expression is not WIDTH and not slot.fixed
            ),
        ]

    @property
    def forward_slots(self) -> list[Slot]:
        """Those of which `forward` speaks."""
        pieces = [*(s.piece for s in self.before), *(s.piece for s in self.steps if s is not None)]
        calls = [form for text in pieces for form in (text.forward, text.inplace) if form is not None]
        mix = [] if self.mix.module is None or not self.joined else self.mix.module.slots
        known = [self.layers, self.stages, self.updates] + ([] if self.joined else [self.source, self.result])
        return [*known, *(slot for form in calls for slot in form.slots), *mix]


def together(scope: Scope, op: Op) -> str | None:
    """`x`, `x[1:]`, `first[1:]`: how a clique speaks of all its results at once, where a layer takes just
    these.
    """
    body = scope.region.clique
    if body is None or not op.operands:
        return None
    path = scope.region.path
    newest = [Ref(f"{path}.layer{i}") for i in range(1, body.layers + 1)]
    first = [Ref(ref.node, 1) for ref in newest]
    entered = scope.inputs[:1]
    for text, refs in (
        ("x", entered + newest),
        ("x[1:]", newest),
        ("first[1:]", first),
        ("first", entered + first),
    ):
        if op.operands == refs:
            return text
    return None


def _single(scope: Scope, body: CliqueBody) -> bool:
    """Whether nothing that leaves the clique is newer than stage 1."""
    if scope.results:
        return (
            body.stages == 1
            or body.updates == 0
            or not any(text.startswith("x") for text, _ in scope.results)
        )
    used = {ref for item in scope.items for ref in item.operands} | set(scope.outputs)
    members = {f"{scope.region.path}.layer{i}" for i in range(1, body.layers + 1)}
    return body.stages == 1 or body.updates == 0 or not any(r.output == 0 and r.node in members for r in used)


def join_results(whole: Structure) -> None:
    """Lets cliques that differ only in which concatenations leave them share a class: it returns what any of
    them needs.
    """
    groups: dict[Any, list[Scope]] = {}
    for scope in whole.scopes:
        if scope.region.clique is None or scope.use is None:
            continue
        ops = [item for item in scope.items if isinstance(item, Op)]
        made = {op.outputs[0]: (text, op) for op in ops if (text := together(scope, op))}
        if len(made) == len(scope.items) and all(ref in made for ref in scope.outputs):
            key = plan_key(scope)
            scope.results = [made[ref] for ref in scope.outputs]
            scope.items = []
            groups.setdefault(key, []).append(scope)
    for scopes in groups.values():
        union = {(text, torch_shape(op.torch)): op for scope in scopes for text, op in scope.results}
        order = sorted(union, key=lambda key: (_RESULTS.index(key[0]), str(key[1])))
        for scope in scopes:
            own = {(text, torch_shape(op.torch)): op.outputs[0] for text, op in scope.results}
            refs = [own.get(key, Ref(f"\0{scope.region.path}", i)) for i, key in enumerate(order)]
            scope.results = [(key[0], union[key]) for key in order]
            scope.outputs = list(refs)
            if scope.use is not None:
                scope.use.outputs = list(refs)


_RESULTS = ("x", "x[1:]", "first", "first[1:]")


def flat(graph: Graph) -> Structure:
    """The rest of a body without scopes of its own: every module belongs to a layer of the clique."""
    plain = graph.copy()
    plain.regions = {id: replace(region, name="", path="") for id, region in graph.regions.items()}
    return structure(plain)


def safe(name: str) -> str:
    """The start of the names of a step's modules, to which `_{i}` or `_{stage}_{i}` is added."""
    attr = attribute(name)
    if attr.startswith("link"):
        attr = f"n{attr}"
    return f"{attr}_" if re.search(r"_\d+$", attr) else attr


def _summed(body: CliqueBody) -> list[int]:
    """The channels of the concatenated sources, over all layers and stages."""
    return sorted(
        {
            sum(_width(body.source if j == 0 else body.result) for j in body.sources(stage, layer))
            for stage in range(1, body.stages + 1)
            for layer in range(1, body.updated(stage) + 1)
        }
    )


def _width(type_: TensorType) -> int:
    """The channels of a tensor of a clique, which its weights follow."""
    assert isinstance(type_.channels, int), "weights of unknown sizes are refused"
    return type_.channels


def _at(body: CliqueBody, width: int, upto: int) -> TensorType:
    """The type of sources of some width, behind the first `upto` layers."""
    type_ = body.source.with_channels(width)
    for step in body.before[:upto]:
        (type_,) = step.layer.infer([type_])
    return type_


def _texts(body: CliqueBody, index: int) -> dict[int, Torch]:
    """The text of a layer on the sources (or, behind the last, of the mixing convolution) for every width."""
    layer = body.before[index].layer if index < len(body.before) else body.mix.layer
    found: dict[int, Torch] = {}
    for width in _usable(body, index):
        found[width] = layer.torch([_at(body, width, index)])
    return found


def _usable(body: CliqueBody, index: int) -> list[int]:
    if index == len(body.before):
        return sorted({_width(body.source), _width(body.result)})
    return _summed(body)


def _follows(texts: dict[int, Torch], pick: Callable[[Torch], list[Any]]) -> list[Any]:
    """For every value whether it is the width (`width`), always the same (`same`), or a table."""
    rows = {width: pick(torch) for width, torch in texts.items()}
    kinds: list[Any] = []
    for values in zip(*rows.values(), strict=True):
        if list(values) == list(rows):
            kinds.append("width")
        elif all(v == values[0] for v in values):
            kinds.append("same")
        else:
            kinds.append(tuple(zip(rows, values, strict=True)))
    return kinds


def _values(torch: Torch) -> list[Any]:
    return [value for _, value, _ in form_values(torch.module)]


def body_helpers(body: CliqueBody) -> list[str]:
    """The definitions that the layers of a body need."""
    found = [
        text
        for i in range(len(body.before) + 1)
        for torch in _texts(body, i).values()
        for text in torch.helpers
    ]
    return found + [text for op in flat(body.after).ops.values() for text in op.torch.helpers]


def plan_key(scope: Scope) -> Any:
    """What cliques must have in common to share a class."""
    body = scope.region.clique
    assert body is not None
    single = _single(scope, body)
    steps: list[Any] = []
    for index in range(len(body.before) + 1):
        texts = _texts(body, index)
        kinds = tuple(
            "same" if k == "same" or (k == "width" and index == len(body.before)) else k
            for k in _follows(texts, _values)
        )
        step = body.before[index] if index < len(body.before) else body.mix
        steps.append((step.name, torch_shape(next(iter(texts.values()))), kinds))
    rest = flat(body.after)
    numbers: dict[Ref, int] = {Ref(name): -1 for name in body.after.inputs}
    after: list[Any] = []
    for item in rest.net.items:
        ids = tuple(numbers.setdefault(ref, len(numbers)) for ref in (*item.operands, *item.outputs))
        own = (
            (item.attr, torch_shape(item.torch), item.node.layer.group)
            if isinstance(item, Op)
            else "identity"
        )
        after.append((own, ids))
    out = tuple(numbers.setdefault(ref, len(numbers)) for ref in rest.net.outputs)
    mix = body.mix.layer.torch([_at(body, _width(body.source), len(body.before))]).module
    fixed = (
        tuple(k.value for k in mix.keywords if k.name in {"bias", "padding_mode"}) if mix is not None else ()
    )
    return (tuple(steps), fixed, tuple(after), out, single, body.updates == body.layers)


def plan(scopes: Sequence[Scope]) -> CliquePlan:
    """The clique that these scopes, whose keys are equal, compute."""
    bodies = [body for scope in scopes if (body := scope.region.clique) is not None]
    model = bodies[0]
    single = _single(scopes[0], model)
    before = [_before(bodies, index) for index in range(len(model.before))]
    mix = _mix(bodies)
    rests = [flat(body.after) for body in bodies]
    steps: list[StepPlan | None] = []
    for items in zip(*(rest.net.items for rest in rests), strict=True):
        ops = [item for item in items if isinstance(item, Op)]
        if not ops:
            steps.append(None)
            continue
        layer = ops[0].node.layer
        steps.append(StepPlan(safe(ops[0].node.name), piece(ops, MISSING), layer.group == "norm"))
    module = mix.torch.module
    plain = module is not None and re.fullmatch(r"nn\.Conv[123]d", module.name) is not None
    zeros = module is not None and all(
        k.value == "zeros" for k in module.keywords if k.name == "padding_mode"
    )
    return CliquePlan(
        model,
        Slot([b.layers for b in bodies], "layers"),
        Slot([1 if single else b.stages for b in bodies], "stages"),
        Slot([b.updates for b in bodies], "updates"),
        Slot([b.source.channels for b in bodies], "in_channels"),
        Slot([b.result.channels for b in bodies], "growth"),
        before, mix, plain and zeros, rests[0], steps, single, model.updates == model.layers,
    )  # fmt: skip


def _op(step: CliqueStep, torch: Torch, type_: TensorType) -> Op:
    return Op(Node(step.name, step.layer, (type_,), 0, step.span), torch, [Ref("in")], attr=safe(step.name))


def _before(bodies: Sequence[CliqueBody], index: int) -> StepPlan:
    step = bodies[0].before[index]
    texts = [_texts(body, index) for body in bodies]
    ops = [
        _op(body.before[index], next(iter(own.values())), _at(body, next(iter(own)), index))
        for body, own in zip(bodies, texts, strict=True)
    ]
    found = piece(ops, MISSING)
    if found.module is not None:
        for slot, kind in zip(found.module.slots, _follows(texts[0], _values), strict=True):
            if kind == "width":
                slot.expression, slot.fixed = WIDTH, True
            elif kind != "same":
                slot.expression, slot.fixed = Expression(f"{dict(kind)!r}[width]"), True
    types = [_at(bodies[0], next(iter(texts[0])), index)]
    weights = bool(step.layer.parameters(types))
    return StepPlan(safe(step.name), found, step.layer.group == "norm" or weights)


def _mix(bodies: Sequence[CliqueBody]) -> Piece:
    """The convolution over X0; what follows its width is a slot of its own (`channels` in the text)."""
    ops: list[Op] = []
    index = len(bodies[0].before)
    for body in bodies:
        type_ = _at(body, _width(body.source), index)
        ops.append(_op(body.mix, body.mix.layer.torch([type_]), type_))
    found = piece(ops, MISSING)
    assert found.module is not None
    probe = [
        (width, bodies[0].mix.layer.torch([_at(bodies[0], width, index)])) for width in _summed(bodies[0])
    ]
    rows = [(width, _values(torch)) for width, torch in probe]
    for position, slot in enumerate(found.module.slots):
        if all(values[position] == width for width, values in rows):
            slot.expression, slot.fixed = Expression("channels"), True
    return found
