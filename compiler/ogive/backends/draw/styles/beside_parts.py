"""What a net is made of where several stand side by side: layers and folded regions, and what joins them.

A part is one layer with its norm and activation, or a region that is folded into one box. Which regions fold
is asked for (`blocks`, `stages`) or follows from their form: dense blocks and cliques always do, and so does
what `beside_column` finds that it cannot draw in one column.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from math import prod

from ogive.backends.draw.fold.copies import Copies
from ogive.backends.draw.fold.folding import ends, folded_kind, folded_text
from ogive.backends.draw.fold.rolling import Rolled, Structure
from ogive.backends.draw.fold.text import Fused, channels_text, clip, layer_text, look
from ogive.graph import Ref, Region
from ogive.layers.base import TensorType
from ogive.layers.order import magnitude

ALWAYS_FOLDED = {"dense", "clique"}
REPEATED = {"block", "iteration", "residual", "merge"}
_SILENT = {"norm", "act", "dropout", "shape", "merge"}
_LIKE_LINEAR = {"recurrent", "embedding"}
_LONGEST = 40
_ADDED = re.compile(r", \+ (skip|projection|zero pad)$")
"""What the text of a residual says of its shortcut, where an arc shows it."""


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of a net is shown.

    Attributes:
        rolled: neighbours that are the same stand there once, with ×N.
        blocks: every use of a block, and every turn of a repeat, is one box.
        stages: every stage is one box.
    """

    rolled: bool = False
    blocks: bool = False
    stages: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A box, or what none is drawn for.

    Attributes:
        nodes: the nodes of the graph that it stands for, all copies of what is rolled among them.
        kind: of layer; picks the paint.
        title: its first line.
        after: its second, in small type; empty where it has none.
        strong: the part of the title that is a name, printed bold.
        badge: the N of ×N.
        type: what leaves it.
        region: the region that is folded into it, or around the boxes that are; None for a layer.
        shown: whether it has a box: norms, activations and sums have none.
        merge: whether it joins several tensors other than by a sum.
        rolls: the rolls that it is in, outermost first.
        group: the innermost block, residual or turn of a repeat around it.
        stage: the name of the outermost stage around it.
        around: what goes around all of it: `skip`, `projection`, or nothing.
        beside: whether it stands in a shortcut.
        folded: whether it stands for several layers.
        leads: the node that its place in the program is.
    """

    nodes: tuple[str, ...]
    kind: str
    title: str
    type: TensorType
    leads: str
    after: str = ""
    strong: str = ""
    badge: int = 1
    region: int | None = None
    shown: bool = True
    merge: bool = False
    rolls: tuple[int, ...] = ()
    group: int = 0
    stage: str = ""
    around: str = ""
    beside: bool = False
    folded: bool = False


@dataclass(frozen=True)
class Parts:
    """The parts of a net in program order, and the pairs (from, to) that tensors join.

    Attributes:
        parts: in program order, which is a topological one.
        links: pairs of indices.
        counts: of each roll, how many copies it stands for.
        outputs: the indices of the parts that make the outputs, in their order.
        heads: the names of auxiliary heads, which are left out.
    """

    parts: tuple[Part, ...]
    links: frozenset[tuple[int, int]]
    counts: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    heads: tuple[str, ...] = ()


def parts(structure: Structure, detail: Detail, folded: Collection[int] = ()) -> Parts:
    """Takes a net apart.

    Args:
        structure: of the graph.
        detail: how much of it is shown.
        folded: regions that are one part in any case.
    """
    return _Walk(structure, detail, frozenset(folded)).result()


@dataclass
class _Walk:
    structure: Structure
    detail: Detail
    fold: frozenset[int]
    found: list[Part] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    copies: Copies = field(default_factory=Copies)
    at: dict[str, int] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)
    every: dict[str, list[str]] = field(default_factory=dict)

    def result(self) -> Parts:
        graph = self.structure.graph
        self.content(graph.regions[0], ())
        resolved = {node.name: self.copies.resolve(node.name) for node in graph}
        links: set[tuple[int, int]] = set()
        for node in graph:
            drawn, path = resolved[node.name]
            head = self.at.get(drawn)
            for ref in graph.operands(node.name) if head is not None else ():
                source, before = resolved[ref.node]
                tail = self.at.get(source)
                same = all(path.get(roll, copy) == copy for roll, copy in before.items())
                if tail is not None and head is not None and tail != head and same:
                    links.add((tail, head))
        outputs = [self.at.get(resolved[ref.node][0]) for _, ref in graph.outputs]
        held: dict[int, list[str]] = defaultdict(list)
        for node in graph:
            place = self.at.get(resolved[node.name][0])
            if place is not None:
                held[place].append(node.name)
        whole = [replace(part, nodes=tuple(held[i])) for i, part in enumerate(self.found)]
        known = tuple(dict.fromkeys(place for place in outputs if place is not None))
        return Parts(tuple(whole), frozenset(links), tuple(self.counts), known, tuple(self.heads))

    # ------------------------------------------------------------------ walking

    def content(self, region: Region, rolls: tuple[int, ...]) -> None:
        """Adds the parts of a region that is open."""
        rolled = self.structure.rolled(region.id)
        if not self.detail.rolled:
            units = self.structure.units(region.id)
            rolled = tuple(Rolled(unit, (self.structure.unit_nodes(unit),)) for unit in units)
        for one in rolled:
            inside = rolls
            if one.count > 1:
                inside = (*rolls, len(self.counts))
                self.roll(one)
            if isinstance(one.unit, Fused):
                self.layer(one.unit, inside)
            elif one.unit.kind == "aux":
                self.heads.append(clip(one.unit.name or one.unit.path))
            elif self.folds(one):
                self.folded(one.unit, one, inside)
            else:
                self.content(one.unit, inside)

    def folds(self, rolled: Rolled) -> bool:
        region = rolled.unit
        assert isinstance(region, Region)
        if region.id in self.fold or region.kind in ALWAYS_FOLDED:
            return True
        if region.kind == "stage":
            return self.detail.stages
        many = len(self.structure.nodes[region.id]) > 1
        if region.kind == "block":
            return self.detail.blocks and many
        return self.detail.blocks and many and rolled.count > 1 and region.kind in REPEATED

    def roll(self, rolled: Rolled) -> None:
        self.counts.append(rolled.count)
        self.copies.add(rolled.copies)

    # ------------------------------------------------------------------ parts

    def layer(self, fused: Fused, rolls: tuple[int, ...]) -> None:
        graph = self.structure.graph
        lead = graph.node(fused.lead)
        seen = look(graph, lead)
        text = layer_text(graph, fused)
        others = seen.kind == "merge" and seen.symbol != "+"
        title = seen.label if seen.kind in _SILENT else text.title
        kind = "linear" if seen.kind in _LIKE_LINEAR else seen.kind
        shown = others or seen.kind not in _SILENT or self.resizes(fused.lead)
        self.add(
            Part(
                fused.nodes, kind, clip(title, _LONGEST), lead.outputs[0], fused.lead,
                shown=shown and seen.place != "nowhere", merge=others,
                rolls=rolls, group=self.group(lead.region), stage=self.stage(lead.region),
                beside=any(r.kind == "shortcut" for r in graph.ancestors(lead.region)),
            )
        )  # fmt: skip

    def resizes(self, name: str) -> bool:
        """Whether a layer of another kind makes a map much larger or smaller, and leaves nothing out."""
        graph = self.structure.graph
        types = graph.operand_types(name)
        if not types or look(graph, graph.node(name)).kind != "shape":
            return False
        before, after = (prod(map(magnitude, t.spatial)) for t in (types[0], graph.node(name).outputs[0]))
        whole = magnitude(graph.node(name).outputs[0].elements) >= magnitude(types[0].elements)
        places = types[0].spatial and graph.node(name).outputs[0].spatial  # to flatten is no resizing
        return bool(places) and whole and (after >= 2 * before or (0 < 2 * after <= before))

    def folded(self, region: Region, rolled: Rolled, rolls: tuple[int, ...]) -> None:
        graph = self.structure.graph
        inner = self.structure.units(region.id)
        while region.kind != "block" and len(inner) == 1 and isinstance(inner[0], Region):
            region = inner[0]
            inner = self.structure.units(region.id)
        text, strong, badge = folded_text(self.structure, region, rolled)
        types = ends(self.structure, region)
        last = region.outputs[0] if region.outputs else Ref(self.structure.nodes[region.id][-1])
        type_ = types[1] if types else graph.type(last)
        title = text.title
        if region.kind in {"iteration", "residual", "branch", "merge"} and types:
            title, strong = f"{_ADDED.sub('', text.after)}, {channels_text(*types)}", ""
        around = _around(self.structure, region)
        after = _ADDED.sub("", text.after) if around else text.after
        after = "" if title.startswith(after) else after
        self.add(
            Part(
                self.structure.nodes[region.id], folded_kind(self.structure, region), clip(title, _LONGEST),
                type_, self.structure.nodes[region.id][0],
                after=after, strong=strong, badge=badge, region=region.id, rolls=rolls,
                group=self.group(region.id), stage=self.stage(region.id), around=around,
                beside=any(r.kind == "shortcut" for r in graph.ancestors(region.id)), folded=True,
            )
        )  # fmt: skip

    def add(self, part: Part) -> None:
        self.at.update(dict.fromkeys(part.nodes, len(self.found)))
        self.found.append(part)

    def group(self, region: int) -> int:
        kinds = {"block", "residual", "iteration"}
        return next((r.id for r in self.structure.graph.ancestors(region) if r.kind in kinds), 0)

    def stage(self, region: int) -> str:
        names = [r.name or r.path for r in self.structure.graph.ancestors(region) if r.kind == "stage"]
        return names[-1] if names else ""


def _around(structure: Structure, region: Region) -> str:
    """What goes around a region that is one residual and nothing else with weights: `skip`, `projection`."""
    at: Region | None = region
    while at is not None and at.kind != "residual":
        inner = [u for u in structure.units(at.id) if isinstance(u, Region)]
        others = [u for u in structure.units(at.id) if isinstance(u, Fused)]
        loose = all(look(structure.graph, structure.graph.node(u.lead)).kind in _SILENT for u in others)
        at = inner[0] if len(inner) == 1 and loose else None
    if at is None:
        return ""
    return "projection" if any(c.kind == "shortcut" for c in structure.children[at.id]) else "skip"
