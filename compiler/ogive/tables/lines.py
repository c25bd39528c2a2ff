"""The layers of a net that a table names, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import takewhile

from ogive.graph import Node, Region
from ogive.layers.base import Layout, TensorType
from ogive.layers.order import magnitude
from ogive.layers.sizes import show
from ogive.tables.outline import Line
from ogive.tables.subject import Subject
from ogive.tables.wording import Wording, worded

NAMED = {"conv", "linear", "attention", "pool", "dropout"}
"""Kinds of layers that make lines. What else changes the places of a map makes one, too."""
_FOLLOWERS = {"norm", "act"}
_LEADS = {"conv", "linear", "attention"}
_JOINING = {"merge", "residual", "dense", "clique"}
"""Words that say themselves what they join."""
_MOST_JOINED = 4
"""So many parts are named where they are joined."""


class Lines:
    """The lines of a net."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._graph = subject.graph

    def of(self, node: Node) -> Line | None:
        """The line that a node leads; None for one that goes with another, or that no table names."""
        look = self.subject.looks[node.name]
        types = self._graph.operand_types(node.name)
        out = node.outputs[0]
        if look.kind == "merge":
            return self._joining(node)
        if look.kind == "dropout" and node.region:  # only between parts is it a row to some papers
            return None
        if look.kind not in NAMED and not (_moves(types, out) and self._on_flow(node)):
            return None
        if look.kind == "pool" and _idle(node, types):
            return None
        vector = out.layout is Layout.PLAIN and len(out.sizes) == 1
        words = worded(look, show((out.channels,)), vector=vector)
        noun = "fc" if vector and words.title == "linear" else look.kind
        sequence = self._sequence(node, noun) if look.kind in _LEADS else ()
        behind = "dense" if look.kind == "conv" and self._behind_dense(node) else ""
        channels = types[0].channels if types else 0
        then = tuple(self._shorts(self._after(node))) if look.kind == "pool" else ()
        return Line(node.name, self._appending(node, words), out, channels, sequence, behind, then)

    def plain(self, node: Node) -> Line:
        """A line for any layer at all."""
        out = node.outputs[0]
        return Line(
            node.name, worded(self.subject.looks[node.name], show((out.channels,)), vector=False), out
        )

    def _joining(self, node: Node) -> Line | None:
        """A layer that joins tensors of other parts to the flow: `concat, down4`."""
        if any(around.kind in _JOINING for around in self._graph.ancestors(node.region)):
            return None
        here = self._part_of(node.name)
        refs = self._graph.operands(node.name)
        others = [(self._origin(ref.node, here), self._fitted(ref.node, here)) for ref in refs]
        named = tuple(dict.fromkeys(f"{name}{how}" for name, how in others if name and name != here))
        if len(self._graph.operands(node.name)) < 2 or not named or len(named) > _MOST_JOINED:
            return None
        words = Wording(node.layer.kind, "merge", rest=named)
        return Line(node.name, words, node.outputs[0])

    def _origin(self, name: str, here: str) -> str:
        """The part that a tensor comes from: of one that is only cropped in this part, the other.

        What arrives as its flow is of this part.
        """
        around = self._named_around(name)
        while self._part_of(name) == here and (look := self.subject.looks.get(name)) and look.kind == "shape":
            ref = self._graph.operands(name)[0]
            if around is not None and ref in around.inputs:
                return here
            name = ref.node
        return self._part_of(name)

    def _fitted(self, name: str, here: str) -> str:
        """How a tensor of another part is made to fit here: ` (cropped)`, ` (padded)`, or not at all."""
        inner = self._graph.node(name).outputs[0]
        while self._part_of(name) == here and (look := self.subject.looks.get(name)) and look.kind == "shape":
            name = self._graph.operands(name)[0].node
        outer = self._graph.node(name).outputs[0]
        if not _moves([outer], inner):
            return ""
        before, after = magnitude(outer.spatial[0]), magnitude(inner.spatial[0])
        return " (cropped)" if after < before else " (padded)"

    def _on_flow(self, node: Node) -> bool:
        """Whether a layer takes what its part made, or the part before it; not what is kept for later."""
        refs = self._graph.operands(node.name)
        around = self._named_around(node.name)
        if not refs or around is None or self._part_of(refs[0].node) == around.path:
            return True
        return refs[0] in around.inputs

    def _part_of(self, name: str) -> str:
        """The path of the outermost stage or block around a node; empty without one."""
        around = self._named_around(name)
        return around.path if around is not None else ""

    def _named_around(self, name: str) -> Region | None:
        named = [
            region
            for region in self._graph.ancestors(self._graph.node(name).region)
            if region.kind in {"stage", "block"} and region.id not in self.around_stages
        ]
        return named[-1] if named else None

    def _appending(self, node: Node, words: Wording) -> Wording:
        """`256 (+16)`: a convolution of whose channels some are added, and the rest appended."""
        users = self.subject.users[node.name]
        while len(users) == 1 and self.subject.looks[users[0][1]].kind in _FOLLOWERS:
            users = self.subject.users[users[0][1]]
        if len(users) != 1 or len(parts := self._graph.node(users[0][1]).outputs) != 2:
            return words
        taken = dict(self.subject.users[users[0][1]])
        kinds = [self._graph.node(taken[i]).layer.kind if i in taken else "" for i in (0, 1)]
        if kinds != ["add", "concat"] or words.kind != "conv":
            return words
        added, appended = (show((part.channels,)) for part in parts)
        return replace(words, width=added, added=appended)

    def _sequence(self, node: Node, noun: str) -> tuple[str, ...]:
        """A layer with weights with the norms and activations that go with it: `BN`, `ReLU`, `conv`.

        What stands between two of them belongs to the first of them, but in a block that begins with
        norms or activations (pre-activation, He et al. 2016): there such kinds belong to the second.
        """
        return (*self._shorts(self._before(node)), noun, *self._shorts(self._after(node)))

    def followers(self, node: Node) -> tuple[str, ...]:
        """The norms and activations that the line of a node tells, by their names."""
        kind = self.subject.looks[node.name].kind
        before = self._before(node) if kind in _LEADS else []
        return (*before, *(self._after(node) if kind in {*_LEADS, "pool"} else ()))

    def after_sum(self, region: Region) -> tuple[str, ...]:
        """The norms and activations between the sum that ends a region and its end, by their names."""
        if not region.outputs:
            return ()
        if region.kind == "residual":
            return self._after_residual(region)
        name, inside = region.outputs[0].node, self._inside(region)
        found: list[str] = []
        while name in inside and self.subject.looks[name].kind in {*_FOLLOWERS, "dropout"}:
            found.append(name)
            name = self._graph.operands(name)[0].node
        ends = name in inside and self._graph.node(name).layer.kind == "add"
        return tuple(found[::-1]) if ends else ()

    def _after_residual(self, region: Region) -> tuple[str, ...]:
        """The norms and activations that follow the sum of `residual { … }` in the block around it."""
        around = next((r for r in self._graph.ancestors(region.id) if r.id != region.id), None)
        if around is None or around.kind not in {"block", "iteration"}:
            return ()
        inside, found, name = self._inside(around), [], region.outputs[0].node
        while len(users := self.subject.users[name]) == 1:
            ((_, name),) = users
            if name not in inside or self.subject.looks[name].kind not in {*_FOLLOWERS, "dropout"}:
                break
            found.append(name)
        return tuple(found)

    def shorts_after_sum(self, region: Region) -> tuple[str, ...]:
        """The same in short: `ReLU`."""
        return tuple(self._shorts(self.after_sum(region)))

    def _shorts(self, names: Sequence[str]) -> list[str]:
        looks = (self.subject.looks[name] for name in names)
        return [look.short for look in looks if look.kind in _FOLLOWERS]

    def _before(self, node: Node) -> list[str]:
        """The norms and activations in front of a layer with weights that belong to it."""
        chain, origin = self._chain(node.name, back=True)
        around, leading = self._led(node)
        if around is not None:  # what stands in front of the block is of the one before
            chain = [name for name in chain if name in self._inside(around)]
        if origin in self._graph.inputs:
            return chain
        if not leading and not self._weighs(origin):  # but what begins a residual branch
            return self._begun(node, chain)
        if not leading or not self._weighs(origin):
            return chain if leading else []
        return chain[self._cut(chain, leading) :]

    def _begun(self, node: Node, chain: Sequence[str]) -> list[str]:
        """What of a chain in front of a layer stands in the same `residual { … }`."""
        around = next((r for r in self._graph.ancestors(node.region) if r.kind == "residual"), None)
        return [name for name in chain if around is not None and name in self._inside(around)]

    def _after(self, node: Node) -> list[str]:
        """The norms and activations behind a layer that belong to it."""
        chain, behind = self._chain(node.name, back=False)
        if not self._weighs(behind):
            return chain
        leading = self._leading(self._graph.node(behind))
        if leading and not self._weighs(node.name):
            return []
        return chain[: self._cut(chain, leading)]

    def _cut(self, chain: Sequence[str], leading: frozenset[str]) -> int:
        """Where in a chain between two layers what belongs to the second begins."""
        kinds = [self.subject.looks[name].kind for name in chain]
        return next((at for at, kind in enumerate(kinds) if kind in leading), len(kinds))

    def _weighs(self, name: str) -> bool:
        look = self.subject.looks.get(name)
        return look is not None and look.kind in _LEADS

    def _chain(self, name: str, *, back: bool) -> tuple[list[str], str]:
        """The norms, activations and dropouts next to a node in its part, in program order, and what stands
        at their other end, if that is one node of the part.
        """
        found: list[str] = []
        part = self._part_of(name)
        while True:
            if back:
                refs = self._graph.operands(name)
                near = [ref.node for ref in refs if len(refs) == 1]
            else:
                near = [user for _, user in self.subject.users[name]]
            if len(near) != 1 or near[0] not in self.subject.looks:
                end = ""
                break
            (name,) = near
            inside = self._part_of(name) == part
            if not inside or self.subject.looks[name].kind not in {*_FOLLOWERS, "dropout"}:
                end = name if inside else ""
                break
            found.append(name)
        return (found[::-1] if back else found), end

    def _leading(self, node: Node) -> frozenset[str]:
        """The kinds of norms and activations that the block around a node begins with."""
        return self._led(node)[1]

    def _led(self, node: Node) -> tuple[Region | None, frozenset[str]]:
        """The block around a node, if it begins with norms or activations, and of what kinds these are."""
        for region in self._graph.ancestors(node.region):
            if region.kind in {"block", "iteration", "stage"}:
                inside = (self.subject.looks[name].kind for name in self.subject.nodes[region.id])
                told = (kind for kind in inside if kind not in {"merge", "shape", "dropout"})
                leading = frozenset(takewhile(lambda kind: kind in _FOLLOWERS, told))
                return (region if leading else None), leading
        return None, frozenset()

    def _inside(self, region: Region) -> frozenset[str]:
        return frozenset(self.subject.nodes[region.id])

    def _behind_dense(self, node: Node) -> bool:
        """Whether a layer takes what a dense block gives, through norms and activations."""
        refs = self._graph.operands(node.name)
        while len(refs) == 1:
            ref = refs[0]
            inside = self._graph.regions[self._graph.node(ref.node).region]
            dense = [r for r in self._graph.ancestors(inside.id) if r.kind == "dense"]
            if dense and not any(r.id == dense[0].id for r in self._graph.ancestors(node.region)):
                return True
            look = self.subject.looks.get(ref.node)
            if look is None or look.kind not in {*_FOLLOWERS, "dropout"}:
                return False
            refs = self._graph.operands(ref.node)
        return False

    @cached_property
    def around_stages(self) -> frozenset[int]:
        """The regions that hold stages."""
        return frozenset(
            around.id
            for stage in self._graph.stages()
            if self.subject.nodes[stage.id]
            for around in self._graph.ancestors(stage.id)
            if around.id != stage.id
        )


def _moves(types: Sequence[TensorType], out: TensorType) -> bool:
    """Whether a layer changes the places of a map."""
    return (
        bool(types)
        and types[0].layout is Layout.MAP is out.layout
        and len(types[0].spatial) == len(out.spatial)
        and types[0].spatial != out.spatial
    )


def _idle(node: Node, types: Sequence[TensorType]) -> bool:
    """Whether a pooling takes every place by itself, as one to 7×7 does of 7×7."""
    window = node.layer.window(types)
    return types[0] == node.outputs[0] and window is not None and all(w == (1, 1) for w in window)
