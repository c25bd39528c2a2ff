"""A network as a tree of parts, made to be compared: what stands where, what it is worth, what it holds.

The leaves are layers. A `repeat` is no part, for what it holds could be written out; nor is a turn of one
that holds a single thing. What a clique does at each of its layers stands there once, whatever the number of
its layers and stages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ogive.graph import CliqueStep, Graph, Node, Ref, Region
from ogive.layers.base import Layer, Look, Size, TensorType
from ogive.report import counts
from ogive.source import Span

_HEAVY = 3
"""What a layer counts that has weights and multiplies with them; others count 1."""


@dataclass(eq=False, slots=True)
class Part:
    """A layer, or a region with what stands in it.

    Attributes:
        key: of a layer its path, of a region `#` and its number; unique in a net.
        path: as a user names it; empty for the net.
        name: the segment that it adds to the path, if it adds one.
        kind: `layer`, or the kind of the region.
        word: the layer's kind; the name of the block's definition; the connectivity word.
        group: the group of the layer.
        given: the name that someone gave it: that of a stage, of a head, of a layer with `as`.
        form: equal for parts that hold the same, whatever they are called themselves.
        weight: how much it counts in a comparison.
        height: how many levels are below it.
        children: its parts, in program order.
        layer: of a layer.
        region: of a region.
        look: how a drawing shows the layer.
        span: where it was written.
    """

    key: str
    path: str
    name: str
    kind: str
    word: str
    group: str = ""
    given: str = ""
    form: int = 0
    weight: int = 0
    height: int = 0
    children: tuple[Part, ...] = ()
    layer: Layer | None = None
    region: Region | None = None
    look: Look | None = None
    span: Span | None = None

    @property
    def short(self) -> str:
        """What a drawing calls the layer among others: `3×3 conv`, `BN`."""
        return self.look.short if self.look else ""

    def leaves(self) -> Iterator[Part]:
        """The layers in it, in program order; itself, where it is one."""
        todo: list[Part] = [self]
        while todo:
            part = todo.pop()
            if part.layer is not None:
                yield part
            todo.extend(reversed(part.children))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a layer has in its net.

    Attributes:
        outputs: the types of what it gives; none for the step of a clique, which has several.
        params: trainable parameters that are its own and that something needs, auxiliary heads included.
        macs: multiply-accumulates with weights in inference; over all uses, for a step of a clique.
        operands: what arrives.
        owner: the layer whose weights it uses, where they are another's.
    """

    outputs: tuple[TensorType, ...]
    params: int
    macs: Size
    operands: tuple[Ref, ...]
    owner: str | None


@dataclass(eq=False)
class Net:
    """A net, ready to be compared.

    Attributes:
        graph: as it was written: a clique is a cycle.
        unrolled: the same with its cliques unrolled: what is counted.
        root: all of it.
        parts: by key, the layers.
        facts: by key, of the layers.
        members: the layers X_1 … X_n of the clique, by the key of its region.
    """

    graph: Graph
    unrolled: Graph
    root: Part
    parts: dict[str, Part]
    facts: dict[str, Facts]
    members: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def parents(self) -> dict[str, Part]:
        """By key: the region that a part stands in."""
        found: dict[str, Part] = {}
        todo = [self.root]
        while todo:
            part = todo.pop()
            for child in part.children:
                found[child.key] = part
                todo.append(child)
        return found

    def names(self, part: Part) -> Iterator[str]:
        """The layers in a part, and those of the cliques in it, for which the steps of their bodies stand."""
        todo: list[Part] = [part]
        while todo:
            each = todo.pop()
            if each.layer is not None:
                yield each.key
            yield from self.members.get(each.key, ())
            todo.extend(each.children)


Forms = dict[object, int]
"""Numbers of what parts hold; one for both of the nets that are compared."""


def net_of(graph: Graph, unrolled: Graph, forms: Forms) -> Net:
    """Makes the tree of a net.

    Args:
        graph: as it was written, pruned.
        unrolled: the same with cliques unrolled.
        forms: numbers given so far; new ones are added.
    """
    builder = _Builder(graph, forms)
    root = builder.region(graph.regions[0])
    parts = {leaf.key: leaf for leaf in root.leaves()}
    return Net(graph, unrolled, root, parts, _facts(graph, unrolled, parts), builder.members)


class _Builder:
    """A graph on its way to a tree."""

    def __init__(self, graph: Graph, forms: Forms) -> None:
        self.graph = graph
        self.forms = forms
        self.items = graph.items()
        self.members: dict[str, tuple[str, ...]] = {}

    def form(self, key: object) -> int:
        return self.forms.setdefault(key, len(self.forms))

    def region(self, region: Region) -> Part:
        """A region with all that is in it. Its children are made first, without recursion: bodies nest."""
        made: dict[int, Part] = {}
        order = [region]
        for each in order:
            order += [item for item in self.items[each.id] if isinstance(item, Region)]
        for each in reversed(order):
            made[each.id] = self.one(each, made)
        return made[region.id]

    def one(self, region: Region, made: dict[int, Part]) -> Part:
        children = list(self.steps(region))
        for item in self.items[region.id]:
            if isinstance(item, Node):
                if item.layer.group != "clique":
                    children.append(self.leaf(item))
                continue
            part = made.pop(item.id)
            spliced = part.kind == "repeat" or (
                part.kind == "iteration" and not part.name and len(part.children) == 1
            )
            children += part.children if spliced else [part] if part.children else []
        kind = "block" if region.kind == "net" and region.id else region.kind
        word = (region.block if kind == "block" else "" if kind == "net" else region.block) or kind
        form = self.form((kind, word, _settings(region), tuple((c.given, c.form) for c in children)))
        return Part(
            f"#{region.id}", region.path, region.name, kind, word,
            given=region.name if kind in {"stage", "aux"} else "",
            form=form, weight=sum(c.weight for c in children),
            height=1 + max((c.height for c in children), default=0),
            children=tuple(children), region=region, span=region.span,
        )  # fmt: skip

    def leaf(self, node: Node) -> Part:
        what = node.layer.look(self.graph.operand_types(node.name))
        entering = node.name in self.graph.inputs
        form = self.form(("input", node.outputs) if entering else node.layer)
        found = _leaf(node.name, node.local, node.layer, what, form, node.span)
        found.given = node.local if node.pinned or entering else ""
        return found

    def steps(self, region: Region) -> Iterator[Part]:
        """What a clique does at each of its layers, in order."""
        body = region.clique
        if body is None:
            return
        own = (item for item in self.items[region.id] if isinstance(item, Node))
        self.members[f"#{region.id}"] = tuple(n.name for n in own if n.layer.group == "clique")

        def leaf(step: CliqueStep | Node, types: tuple[TensorType, ...]) -> Part:
            key, layer = f"{region.path}.{step.name}", step.layer
            return _leaf(key, step.name, layer, layer.look(types), self.form(layer), step.span)

        yield from (leaf(step, (body.source,)) for step in (*body.before, body.mix))
        for node in body.after:
            if node.name != "in":
                yield leaf(node, body.after.operand_types(node.name))


def _leaf(key: str, name: str, layer: Layer, look: Look, form: int, span: Span | None) -> Part:
    weight = _HEAVY if layer.group in {"conv", "linear", "attention"} else 1
    return Part(
        key, key, name, "layer", layer.kind,
        group=layer.group, form=form, weight=weight, layer=layer, look=look, span=span,
    )  # fmt: skip


def _settings(region: Region) -> tuple[object, ...]:
    """What a region says itself, beside what stands in it."""
    clique = region.clique
    numbers = (clique.layers, clique.stages, clique.updates) if clique else ()
    return (region.weight, *numbers)


def _facts(graph: Graph, unrolled: Graph, parts: dict[str, Part]) -> dict[str, Facts]:
    """What each layer has; what a clique's unrolled layers have belongs to the step that they come from."""
    trained, path = counts.with_heads(unrolled), counts.main_path(unrolled)
    owners = {unrolled.node(name).owner or name for name in trained}
    steps = _steps_of(graph, unrolled)
    params = dict.fromkeys(parts, 0)
    macs: dict[str, Size] = dict.fromkeys(parts, 0)
    for node in unrolled:
        key = steps.get(node.name, node.name)
        if key not in parts:
            continue
        if node.name in owners:
            params[key] += counts.node_params(unrolled, node)
        if node.name in path:
            macs[key] += counts.node_macs(unrolled, node)
    found: dict[str, Facts] = {}
    for key in parts:
        if key in graph:
            node = graph.node(key)
            owner = steps.get(node.owner, node.owner) if node.owner else None
            found[key] = Facts(node.outputs, params[key], macs[key], graph.operands(key), owner)
        else:
            found[key] = Facts((), params[key], macs[key], (), None)
    return found


_COPY = re.compile(r"(?:_\d+){1,2}")


def _steps_of(graph: Graph, unrolled: Graph) -> dict[str, str]:
    """The step of its clique's body that each unrolled layer comes from: `bn1_2_3` and `bn1`."""
    found: dict[str, str] = {}
    names: dict[int, dict[str, str]] = {}
    for region in graph.regions.values():
        if region.clique is not None:
            body = region.clique
            steps = [*(s.name for s in (*body.before, body.mix)), *(n.name for n in body.after)]
            names[region.id] = {name.replace(".", "_"): f"{region.path}.{name}" for name in steps}
    for node in unrolled if names else ():
        if node.region in names and node.name not in graph:
            local = node.name.removeprefix(f"{graph.regions[node.region].path}.")
            for step, key in names[node.region].items():
                if local.startswith(step) and _COPY.fullmatch(local, len(step)):
                    found[node.name] = key
    return found
