"""From the parts of a net to its tensors in a row: what one arrow stands for, and what goes past it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal

from ogive.backends.draw.fold.folding import folded_kind
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import clip
from ogive.backends.draw.styles.tensors_chain import Aside, Chain, Skip, Step, Tensor
from ogive.backends.draw.styles.tensors_operations import KINDS, SILENT, Operation, Words, initials, tags
from ogive.backends.draw.styles.tensors_parts import Beside, Flow, Part, octaves, places
from ogive.graph import Node, Ref
from ogive.layers.base import Layout, Size, TensorType

Role = Literal["lead", "carried", "shape", "silent", "merge"]
"""What a part is to a row: it makes a tensor; goes with one that does; changes how it is laid out; is nothing
to see; joins tensors.
"""
_FEW = 3
"""Tensors that are handed on together are drawn side by side, and parts beside the row are named, up to so
many.
"""


def chain(structure: Structure, flow: Flow) -> Chain:
    """The tensors of a net.

    Args:
        structure: of the net.
        flow: its parts, folded as far as they are to be.
    """
    return _Row(structure, flow).chain()


class _Row:
    """The parts on the longest way through a net, in groups: an operation and what goes with it."""

    def __init__(self, structure: Structure, flow: Flow) -> None:
        self.structure, self.flow, self.graph = structure, flow, structure.graph
        self.words = Words(structure, flow.looks)
        self.path = flow.longest(flow.of[ref.node] for _, ref in self.graph.outputs)
        self.place = {part: i for i, part in enumerate(self.path)}
        self.roles: list[Role] = [self._role(part) for part in self.path]
        ways = flow.beside(self.path)
        self.ways = [way for way in ways if not self._wire(way)]
        self.forks = {self.place[start] for way in self.ways for start, _ in way.reads if start is not None}
        self.joins: dict[int, list[Beside]] = defaultdict(list)
        for way in self.ways:
            for user in way.users:
                self.joins[self.place[user]].append(way)
        self.names: dict[int, list[str]] = defaultdict(list)
        for name, ref in self.graph.outputs:
            if (place := self.place.get(flow.of[ref.node])) is not None:
                self.names[place].append(clip(name))
        self.groups = self._groups()
        self.tensor_of = {place: i for i, group in enumerate(self.groups) for place in group}

    # ------------------------------------------------------------------ parts

    def _part(self, place: int) -> Part:
        return self.flow.parts[self.path[place]]

    def _role(self, index: int) -> Role:
        part = self.flow.parts[index]
        if part.region is not None:
            return "lead"
        layer, look = self.graph.node(part.last).layer, self.flow.looks[part.last]
        if look.kind in SILENT or layer.kind in {"identity", "flatten"}:
            return "silent"
        if look.kind == "merge" and len(self.graph.operands(part.last)) > 1:
            return "merge"
        if look.kind in {"norm", "act"}:
            return "carried"
        into = self.flow.into[index]
        if look.kind == "pool" and self._idle(part):
            return "silent"
        if into and self.graph.type(into[0][1]) == self.flow.type(index) and layer.group not in KINDS:
            return "carried"
        plain = look.kind in {"shape", "merge"} and not self.flow.changes(index)
        return "shape" if plain else "lead"

    def _idle(self, part: Part) -> bool:
        """Whether a pooling sees one place at a time: an adaptive one of a map that has its sizes already."""
        window = self.graph.node(part.last).layer.window(self.graph.operand_types(part.last))
        return bool(window) and all(extent == 1 and step == 1 for extent, step in window or ())

    def _wire(self, way: Beside) -> bool:
        """Whether a way goes past nothing: past no layer that makes another tensor, with none on it."""
        if any(self.flow.leads(i) for i in way.parts) or not way.users:
            return False
        starts = [self.place[s] for s, _ in way.reads if s is not None]
        end = max(self.place[user] for user in way.users)
        return bool(starts) and all(
            self.roles[i] != "lead" for start in starts for i in range(start + 1, end)
        ) and self.roles[end] != "lead"  # fmt: skip

    def _boxed(self, place: int) -> bool:
        """Whether the tensor behind a part has to be a box, for something else begins there."""
        return place in self.forks or (place in self.names and place < len(self.path) - 1)

    # ------------------------------------------------------------------ groups

    def _groups(self) -> list[list[int]]:
        groups: list[list[int]] = [[0]]
        waiting: list[int] = []  # goes with what comes next
        for place in range(1, len(self.path)):
            role = self.roles[place]
            open_ = len(groups) > 1 and not self._boxed(groups[-1][-1]) and not waiting
            if role == "lead" and self._before_conv(place):
                waiting.append(place)
                continue
            if role == "lead":
                groups.append([*waiting, place])
            elif role == "merge" and not self.joins.get(place) and not open_ and not self._boxed(place):
                waiting.append(place)
                continue
            elif role == "merge":
                self._to(groups, open_, [*waiting, place])
            elif not self._boxed(place) and self._forward(place, role, open_, groups[-1]):
                waiting.append(place)
                continue
            else:
                last = self._part(groups[-1][-1]).region is not None and "lead" not in self.roles[place:]
                self._to(groups, open_ and not last, [*waiting, place])  # a last norm is no part of a block
            waiting = []
        if waiting and len(groups) > 1:
            groups[-1] += waiting
        elif waiting:
            groups.append(waiting)
        return groups

    @staticmethod
    def _to(groups: list[list[int]], open_: bool, places: list[int]) -> None:
        """Adds parts to the last group, if that is open; else they are one."""
        if open_:
            groups[-1] += places
        else:
            groups.append(places)

    def _before_conv(self, place: int) -> bool:
        """Whether a part only makes a map larger for the convolution behind it: together they are an
        up-convolution.
        """
        if self._part(place).region is not None or self.flow.looks[self._part(place).last].kind != "shape":
            return False
        if self._boxed(place) or place + 1 == len(self.path) or self.flow.changes(self.path[place]) >= 0:
            return False
        if not any(places(self.graph.type(ref)) for _, ref in self.flow.into[self.path[place]]):
            return False  # a vector becomes a map
        behind = self._part(place + 1)
        return behind.region is None and self.flow.looks[behind.last].kind == "conv"

    def _forward(self, place: int, role: Role, open_: bool, group: Sequence[int]) -> bool:
        """Whether a part that makes no tensor of its own goes with the next that does."""
        lead = self._next(place)
        if lead is None:
            return False
        if role in {"silent", "shape"}:
            layer = self.graph.node(self._part(place).last).layer
            along = role == "shape" and self._part(lead).region is None
            return not open_ or along or layer.kind == "flatten"
        if not open_:
            return True
        after_fold = any(self._part(i).region is not None for i in group)
        return after_fold or self._leading(place, lead)

    def _next(self, place: int) -> int | None:
        """The next lead, if only what goes along stands before it."""
        for i in range(place + 1, len(self.path)):
            if self.roles[i] == "lead":
                return i
            if self.roles[i] == "merge" or self._boxed(i):
                return None
        return None

    def _leading(self, place: int, lead: int) -> bool:
        """Whether a norm or an activation stands before its convolution (pre-activation, He et al. 2016)."""
        region = self.graph.node(self._part(place).last).region
        if self._part(lead).region is not None or self.graph.node(self._part(lead).last).region != region:
            return False
        first = next(item.name for item in self.structure.items[region] if isinstance(item, Node))
        return self.flow.looks[first].kind in {"norm", "act"}

    # ------------------------------------------------------------------ tensors, steps, skips

    def chain(self) -> Chain:
        tensors = [self._tensor(i) for i in range(len(self.groups))]
        steps = [self._step(i, tensors[i - 1].type) for i in range(1, len(self.groups))]
        skips = dict.fromkeys(skip for way in self.ways for skip in self._skips(way))
        ordered = sorted(skips, key=lambda skip: (skip.start, skip.end, skip.operation.text))
        return Chain(tuple(tensors), tuple(steps), tuple(ordered), tuple(self._asides()))

    def _tensor(self, index: int) -> Tensor:
        group = self.groups[index]
        last = group[-1]
        nodes = tuple(name for place in group for name in self._part(place).nodes)
        type_, together = self._handed_on(last)
        names = tuple(n for place in group for n in self.names.get(place, ()))
        if index == 0:
            names = (clip(self._part(0).last),)
        return Tensor(type_, nodes, self._copied(group, type_), together, names)

    def _handed_on(self, place: int) -> tuple[TensorType, tuple[Size, ...]]:
        """The type of what leaves a part along the row; the channels of each, where several tensors do."""
        index = self.path[place]
        refs = [ref for _, ref in self.graph.outputs if self.flow.of[ref.node] == index]
        if place + 1 < len(self.path):
            refs = [ref for before, ref in self.flow.into[self.path[place + 1]] if before == index]
        types = [self.graph.type(ref) for ref in dict.fromkeys(refs)]
        if not types:
            return self.flow.type(index), ()
        if len(types) == 1 or any(t.spatial != types[0].spatial or t.layout is Layout.PLAIN for t in types):
            return types[0], ()
        channels = tuple(t.channels for t in types)
        whole = types[0].with_channels(sum(channels[1:], channels[0]))
        return whole, channels if len(channels) <= _FEW else ()

    def _copied(self, group: Sequence[int], type_: TensorType) -> tuple[Size, ...]:
        """The channels of what a concatenation in this group takes from beside the row."""
        beside = [self.graph.type(ref) for ref in self._copies(group)]
        level = all(t.spatial == type_.spatial and t.layout is type_.layout for t in beside)
        whole = self.flow.type(self.path[group[-1]]) == type_ and type_.layout is not Layout.PLAIN
        return tuple(t.channels for t in beside) if level and whole else ()

    def _copies(self, group: Sequence[int]) -> list[Ref]:
        """The tensors from beside the row that are concatenated in a group."""
        found: list[Ref] = []
        for place in group:
            part = self._part(place)
            if part.region is None and self.graph.node(part.last).layer.kind == "concat":
                ways = self.joins.get(place, ())
                inside = {i for way in ways for i in way.parts}
                straight = {ref for way in ways if not way.parts for _, ref in way.reads}
                into = self.flow.into[self.path[place]]
                found += [ref for before, ref in into if before in inside or ref in straight]
        return found

    def _step(self, index: int, before: TensorType) -> Step:
        group = self.groups[index]
        said = [
            self.words.part(self._part(place), joins=bool(self.joins.get(place)))
            for place in group
            if self.roles[place] != "silent"
        ]
        lead = next((place for place in reversed(group) if self.roles[place] == "lead"), group[0])
        part = self._part(lead)
        text = ", ".join(word for word in said if word) or self.graph.node(part.last).layer.kind
        return Step(
            self._operation(text, part, before, self.flow.type(self.path[lead])),
            self.words.repeated(part.region),
        )

    def _operation(self, text: str, part: Part, before: TensorType, after: TensorType) -> Operation:
        look = self.flow.looks[part.last]
        kind = folded_kind(self.structure, part.region) if part.region is not None else look.kind
        if octaves(before, after) < 0:
            kind = "up"
        kind = kind if kind in KINDS else "other"
        if part.region is not None:
            name = self.words.name(part.region)
            return Operation(text, kind, initials(name), folded=True, name=name)
        return Operation(text, kind, tags(look) if look.kind == "conv" else ())

    def _skips(self, way: Beside) -> Iterator[Skip]:
        for start, ref in way.reads:
            for user in way.users if start is not None else ():
                inner = self._between(way, ref, user)
                first, last = self.tensor_of[self.place[start or 0]], self.tensor_of[self.place[user]]
                if first < last and (inner or not way.parts):
                    parts = [self.flow.parts[i] for i in inner]
                    leads = any(self.flow.leads(i) for i in inner)
                    copies = [r.node for r in self._copies(self.groups[last])]
                    made = parts[-1].last if parts else ref.node
                    copy = copies.index(made) if made in copies else None
                    yield Skip(first, last, self._past(parts, user), leads, copy)

    def _between(self, way: Beside, ref: Ref, user: int) -> list[int]:
        """The parts of a way that lead from a tensor to a part of the row, in order."""
        ahead: set[int] = set()
        for i in way.parts:
            if any(r == ref or before in ahead for before, r in self.flow.into[i]):
                ahead.add(i)
        back: set[int] = set()
        for i in reversed(way.parts):
            if any(after == user or after in back for after in self.flow.after[i]):
                back.add(i)
        return [i for i in way.parts if i in ahead & back]

    def _past(self, parts: Sequence[Part], user: int) -> Operation:
        """What is done on a way beside the row: a copy, cropped perhaps, or a projection."""
        text, end = self.words.parts(parts), self.flow.parts[user]
        word = self.graph.node(end.last).layer.kind if end.region is None else ""
        added = ", add" if word == "add" else ""
        leads = [p for p in parts if p.region is not None or self.flow.looks.leads(p.last)]
        if leads:
            look = self.flow.looks[leads[0].last]
            kind = look.kind if look.kind in KINDS else "other"
            return Operation(text + added, kind, tags(look), leads[0].region is not None)
        plain = "identity" if added else "copy"
        if len(parts) == 1 and self.flow.looks[parts[0].last].kind == "shape":
            return Operation(f"{plain} and {text.partition(' ')[0]}{added}")
        return Operation(", ".join(filter(None, (plain, text))) + added)

    def _asides(self) -> Iterator[Aside]:
        """Other inputs and outputs: those that are not on the row."""
        for way in self.ways:
            members = {name for i in way.parts for name in self.flow.parts[i].nodes}
            end = self.tensor_of[self.place[way.users[0]]] if way.users else None
            for name in self.graph.inputs:
                if name in members:
                    others = [self.flow.parts[i] for i in way.parts if name not in self.flow.parts[i].nodes]
                    done = self._summary(others) if end is not None else ""
                    yield Aside(clip(name), self.graph.node(name).outputs[0], Operation(done), True, end)
            for name, ref in self.graph.outputs:
                if ref.node in members:
                    behind = self._behind(way, self.flow.of[ref.node])
                    of = f", of {len(way.reads)} tensors" if len(way.reads) > 1 else ""
                    done = self._summary([self.flow.parts[i] for i in behind]) + of
                    yield Aside(clip(name), self.graph.type(ref), Operation(done))

    def _behind(self, way: Beside, end: int) -> list[int]:
        """The parts of a way that one of them depends on, and itself."""
        found = {end}
        for i in reversed(way.parts):
            if i in found:
                found |= {before for before, _ in self.flow.into[i] if before in way.parts}
        return sorted(found)

    def _summary(self, parts: Sequence[Part]) -> str:
        """What many parts do, in short; whether they do what the row does, with the same weights."""
        names = {name for part in parts for name in part.nodes}
        row = {name for place in range(len(self.path)) for name in self._part(place).nodes}
        same = any((self.graph.node(n).owner in row) for n in names) or any(
            self.graph.node(n).owner in names for n in row
        )
        leads = sum(p.region is not None or self.flow.looks.leads(p.last) for p in parts)
        if leads <= _FEW:
            return self.words.parts(parts)
        return f"the same {leads} operations" if same else f"{leads} operations"
