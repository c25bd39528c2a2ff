"""From the graph of a net to its outline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from ogive.graph import CliqueBody, Graph, Node, Region
from ogive.layers.base import Layout, TensorType
from ogive.layers.sizes import show
from ogive.tables.lines import NAMED, Lines
from ogive.tables.naming import joined, numbered, of_layers, of_region
from ogive.tables.outline import Branches, Element, Line, Part, Unit, lines_in
from ogive.tables.parallel import MOST, chunks
from ogive.tables.rolling import paired, rolled, strides, without_strides
from ogive.tables.subject import Subject
from ogive.tables.wording import worded

Net = tuple[Subject, list[Part]]
"""A net with its outline."""
_WEIGHTLESS = {"pool", "dropout", "merge", "shape"}
_ASIDE = {"shortcut", "aux"}
_ARRANGED = {"repeat", "dense", "branch", "stage", "net"}
"""Regions whose parts stand in their place."""


def outline(subject: Subject) -> list[Part]:
    """The parts of a net, in program order; every node of inference but the inputs is in one of them."""
    return _Builder(subject).parts()


class _Builder:
    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.graph: Graph = subject.graph
        self.items = subject.items
        self.looks = subject.looks
        self._lines = Lines(subject)
        self._place = {node.name: at for at, node in enumerate(subject.order)}

    # ------------------------------------------------------------------ parts

    def parts(self) -> list[Part]:
        """All of them."""
        found: list[Part] = []
        loose: list[Node] = []
        self._walk(0, found, loose)
        self._loose(found, loose)
        if len(found) > 1 and not found[0].elements:
            bare, behind, *rest = found
            found = [replace(behind, nodes=(*bare.nodes, *behind.nodes)), *rest]
        if not any(part.elements for part in found):  # nothing that tables name: then all there is
            found = [self._alone(name) for part in found for name in part.nodes]
        named = numbered(_neighbours(found, self._follows))
        inside = paired((part.elements for part in named), self._follows)
        return [replace(part, elements=tuple(each)) for part, each in zip(named, inside, strict=True)]

    def _alone(self, name: str) -> Part:
        node = self.graph.node(name)
        line = self._lines.plain(node)
        called, given = of_layers((line,), self.graph)
        return Part(called, (line,), (name,), "layer", given)

    def _walk(self, region: int, found: list[Part], loose: list[Node]) -> None:
        for item in self.items[region]:
            if isinstance(item, Node):
                if item.name in self.subject.path and item.name not in self.graph.inputs:
                    loose.append(item)
                continue
            nodes = self.subject.nodes[item.id]
            if not nodes or item.kind == "aux":
                continue
            if item.id in self._lines.around_stages:
                self._walk(item.id, found, loose)
                continue
            self._loose(found, loose)
            if item.kind == "stage":
                found.append(Part(item.path, tuple(self.elements(self.items[item.id])), nodes))
            else:
                found += self._between(item, nodes)

    def _between(self, region: Region, nodes: tuple[str, ...]) -> list[Part]:
        """The parts that something outside of stages makes: one for each of its elements if it repeats."""
        elements = self.elements((region,))
        if region.kind == "block" or len(elements) < 2:
            name, given = of_region(region, elements, self.graph)
            return [Part(name, tuple(elements), nodes, "block", given)]
        spans = partition([element.first for element in elements], nodes)
        names = [of_region(region, [element], self.graph) for element in elements]
        return [
            Part(name, (element,), span, "block", given)
            for (name, given), element, span in zip(names, elements, spans, strict=True)
        ]

    def _loose(self, found: list[Part], loose: list[Node]) -> None:
        """What stands outside of stages and blocks: a part for each layer with weights.

        What has no weights goes with what follows, if that makes a tensor of the same size: papers write
        the last pooling and the classifier in one row.
        """
        nodes = tuple(node.name for node in loose)
        elements = self.elements(loose)
        loose.clear()
        if not elements:
            for name in nodes:
                self._appended(name, found)
            return
        groups: list[list[Element]] = []
        for element in elements:
            if groups and self._goes_with(groups[-1], element):
                groups[-1].append(element)
            else:
                groups.append([element])
        spans = partition([group[0].first for group in groups], nodes)
        for group, span in zip(groups, spans, strict=True):
            name, given = of_layers(group, self.graph)
            found.append(Part(name, tuple(group), span, "layer", given))

    def _appended(self, name: str, found: list[Part]) -> None:
        """A node that no table names goes with what makes its operand, if that has a part."""
        if not found:
            found.append(Part("", (), (), kind="layer"))
        makers = {ref.node for ref in self.graph.operands(name)}
        at = next((at for at in reversed(range(len(found))) if makers & {*found[at].nodes}), -1)
        found[at] = replace(found[at], nodes=(*found[at].nodes, name))

    def _goes_with(self, group: Sequence[Element], element: Element) -> bool:
        """Whether a layer goes into the row of those before it."""
        if not isinstance(element, Line) or not all(isinstance(each, Line) for each in group):
            return False
        if element.words.kind == "dropout":
            return True
        weightless = {line.words.kind for line in lines_in(group)} <= _WEIGHTLESS
        return weightless and one_place(group[-1].type) and one_place(element.type)

    # ------------------------------------------------------------------ elements

    def elements(self, items: Iterable[Node | Region]) -> list[Element]:
        """What some nodes and regions come to."""
        found: list[Element] = []
        for item in items:
            if isinstance(item, Region):
                found += self._of_region(item)
            elif item.name in self.subject.path and (line := self._lines.of(item)) is not None:
                found.append(line)
        return self._arranged(found)

    def _arranged(self, found: list[Element]) -> list[Element]:
        """The elements rolled up, and those beside each other as branches."""
        if all(self._follows(before, element) for before, element in pairwise(found)) or len(found) > MOST:
            return rolled(found, self._follows)
        arranged: list[Element] = []
        for groups in chunks(self._needs(found)):
            branches = [[found[at] for at in group] for group in groups]
            ends = {branch[-1].type.spatial for branch in branches}
            if len(branches) == 1 or len(ends) > 1:  # what has sizes of its own has rows of its own
                arranged += [found[at] for at in sorted(at for group in groups for at in group)]
                continue
            first = found[min(at for group in groups for at in group)].first
            join = self._join(branches)
            word, type_ = (join.layer.kind, join.outputs[0]) if join else ("", branches[-1][-1].type)
            inside = tuple(tuple(self._arranged(branch)) for branch in branches)
            arranged.append(Branches(word, inside, type_, first))
        return rolled(arranged, self._follows)

    def _needs(self, found: Sequence[Element]) -> list[frozenset[int]]:
        """For each element those before it on which it depends."""
        nodes = [self._nodes(element, last=False) for element in found]
        belongs = {name: at for at, names in enumerate(nodes) for name in names}
        start = min(self._place[name] for name in belongs)
        needed: list[frozenset[int]] = []
        for at, names in enumerate(nodes):
            waiting, seen, needs = list(names), set[str](), set[int]()
            while waiting:
                for ref in self.graph.operands(waiting.pop()):
                    if ref.node not in seen and self._place.get(ref.node, -1) >= start:
                        seen.add(ref.node)
                        waiting.append(ref.node)
                        needs.add(belongs.get(ref.node, at))
            needed.append(frozenset(needs - {at}))
        return needed

    def _join(self, branches: Sequence[Sequence[Element]]) -> Node | None:
        """What joins the results of branches to one tensor, if anything does."""
        ends = [frozenset(n for e in branch for n in self._nodes(e, last=True)) for branch in branches]
        last = max(self._place[name] for names in ends for name in names)
        for node in self.subject.order[min(self._place[n] for names in ends for n in names) :]:
            if self.looks[node.name].kind != "merge":
                continue
            reached = self._behind(node.name, self._weightless_to(node.name, ends))
            if all(names & reached for names in ends):
                return node
            if self._place[node.name] > last + len(self.subject.order) // 2:
                break
        return None

    def _weightless_to(self, name: str, ends: Sequence[frozenset[str]]) -> frozenset[str]:
        """The nodes that a join takes through nothing with weights, up to the ends of branches."""
        found: set[str] = {name}
        waiting = [name]
        while waiting:
            for ref in self.graph.operands(waiting.pop()):
                if ref.node in found or ref.node not in self.looks:
                    continue
                found.add(ref.node)
                if not any(ref.node in names for names in ends) and not self._weighs(ref.node):
                    waiting.append(ref.node)
        return frozenset(found)

    def _of_region(self, region: Region) -> list[Element]:
        nodes = self.subject.nodes[region.id]
        if not nodes or region.kind in _ASIDE:
            return []
        if region.clique is not None:
            return [self._clique(region, region.clique, nodes)]
        if region.kind == "merge":
            return [self._branches(region, nodes)]
        aside = self._beside_sums(region)
        elements = self.elements(
            item for item in self.items[region.id] if not (isinstance(item, Node) and item.name in aside)
        )
        if region.kind in _ARRANGED:
            if region.kind == "dense":
                return [self._of_dense(element, region) for element in elements]
            return elements
        adds = region.kind == "residual" or bool(aside) or self._adds(region)
        units = self._unit(region, elements, nodes, adds=adds)
        beside = tuple(name for name in nodes if name in aside)
        return [replace(e, beside=beside) if isinstance(e, Unit) and beside else e for e in units]

    def _unit(
        self, region: Region, inner: list[Element], nodes: tuple[str, ...], *, adds: bool
    ) -> list[Element]:
        """A region as a unit, or what it holds, where that is nothing to speak of as a unit."""
        if not inner:
            return []
        block = region.block or "" if region.kind == "block" else ""
        units = [element for element in inner if isinstance(element, Unit)]
        if len(units) == len(inner) and all("residual" in unit.kinds for unit in units):
            adds = True  # one after the other
        turns = region.kind == "iteration" and len(units) == len(inner) > 1 and all(u.name for u in units)
        kinds = frozenset({"residual"} if adds else ())
        if region.shared is not None:
            kinds |= {"shared"}
        if turns:
            kinds |= {"pair"}
        type_ = self._type(region, nodes)
        after = self._lines.shorts_after_sum(region)
        if len(inner) == 1:
            (only,) = inner
            if isinstance(only, Unit):
                alone = only.count == 1
                name = (block if alone else "") or only.name
                regions = (region, region) if alone else only.regions
                kinds |= only.kinds
                return [
                    _entered(
                        replace(
                            only,
                            kinds=kinds,
                            name=name,
                            regions=regions,
                            first=nodes[0],
                            type=type_,
                            after=only.after or after,
                        )
                    )
                ]
            if isinstance(only, Line) and region.kind == "block" and not kinds:
                return inner
        unit = Unit(tuple(inner), type_, nodes[0], block, kinds, regions=(region, region), after=after)
        return [_entered(unit)]

    def _of_dense(self, element: Element, region: Region) -> Element:
        """A layer of a dense block, `count` times, with what it appends."""
        iterations = [item for item in self.items[region.id] if isinstance(item, Region)]
        appended = {
            self.graph.type(i.outputs[0]).channels - self.graph.type(i.inputs[0]).channels
            for i in iterations
            if i.outputs and i.inputs
        }
        growth = appended.pop() if len(appended) == 1 else 0
        if isinstance(element, Unit):
            return replace(element, kinds=element.kinds | {"dense"}, growth=growth)
        return Unit((element,), element.type, element.first, kinds=frozenset({"dense"}), growth=growth)

    def _branches(self, region: Region, nodes: tuple[str, ...]) -> Element:
        branches: list[tuple[Element, ...]] = []
        for item in self.items[region.id]:
            if isinstance(item, Region) and item.kind == "branch" and self.subject.nodes[item.id]:
                while item.index is not None and len(branches) < item.index:
                    branches.append(())  # `| identity`, which has no layers
                branches.append(tuple(self.elements((item,))))
        merges = [item for item in self.items[region.id] if isinstance(item, Node)]
        joined = [len(self.graph.operands(merge.name)) for merge in merges if merge.name in self.subject.path]
        branches += [()] * (max(joined, default=0) - len(branches))
        return Branches(region.block or "", tuple(branches), self._type(region, nodes), nodes[0])

    def _clique(self, region: Region, body: CliqueBody, nodes: tuple[str, ...]) -> Unit:
        """The body of a clique, once for each of its layers (Yang et al. 2018, section 3)."""
        lines: list[Element] = []
        before = [step.layer.look([body.source]) for step in body.before]
        mixed = body.mix.layer.infer([body.source])[0]
        sequence = (*(look.short for look in before if look.kind in {"norm", "act"}), "conv")
        look = body.mix.layer.look([body.source])
        words = worded(look, show((mixed.channels,)), vector=False)
        lines.append(Line(nodes[0], words, mixed, body.source.channels, sequence))
        waiting: list[str] = []
        for node in body.after:
            types = body.after.operand_types(node.name)
            if not types:
                continue
            look = node.layer.look(types)
            if look.kind in {"norm", "act"}:
                waiting.append(look.short)
            elif look.kind in NAMED - {"dropout"}:
                out = node.outputs[0]
                words = worded(look, show((out.channels,)), vector=False)
                sequence = (*waiting, "conv") if look.kind == "conv" else ()
                lines.append(Line(nodes[0], words, out, types[0].channels, sequence))
                waiting = []
        return Unit(
            tuple(lines),
            self._type(region, nodes),
            nodes[0],
            kinds=frozenset({"clique"}),
            count=body.layers,
            regions=(region, region),
        )

    # ------------------------------------------------------------------ sums that no word makes

    def _beside_sums(self, region: Region) -> frozenset[str]:
        """The layers of a block that only stand beside a longer way to a sum: a projection, written out.

        Dual path networks have one in the first unit of a stage (Chen et al. 2017, figure 2d).
        """
        inside = frozenset(self.subject.nodes[region.id])
        found: set[str] = set()
        for node in self._sums(region):
            ways = [self._behind(ref.node, inside) for ref in self.graph.operands(node.name)]
            common = frozenset.intersection(*ways) if ways else frozenset()
            weights = [{n for n in way - common if self._weighs(n)} for way in ways]
            longest = max(map(len, weights), default=0)
            for own in weights:
                if 0 < len(own) < longest:
                    found |= own
        return frozenset(found)

    def _adds(self, region: Region) -> bool:
        """Whether a block adds to a tensor that came in what it makes of it, without the word for it."""
        inside = frozenset(self.subject.nodes[region.id])
        for node in self._sums(region):
            weights = [
                any(self._weighs(n) for n in self._behind(ref.node, inside))
                for ref in self.graph.operands(node.name)
            ]
            if any(weights) and not all(weights):
                return True
        return False

    def _sums(self, region: Region) -> list[Node]:
        return (
            [
                item
                for item in self.items[region.id]
                if isinstance(item, Node) and item.layer.kind == "add" and item.name in self.subject.path
            ]
            if region.kind in {"block", "iteration"}
            else []
        )

    def _behind(self, name: str, inside: frozenset[str]) -> frozenset[str]:
        """The nodes of a set that a node depends on, itself among them."""
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            at = waiting.pop()
            if at in inside and at not in seen:
                seen.add(at)
                waiting += [ref.node for ref in self.graph.operands(at)]
        return frozenset(seen)

    def _weighs(self, name: str) -> bool:
        return self.looks[name].kind in {"conv", "linear", "attention"}

    # ------------------------------------------------------------------ what follows what

    def _follows(self, before: Element, element: Element) -> bool:
        """Whether an element takes the result of the one before it."""
        made, these = self._nodes(before, last=True), self._nodes(element, last=False)
        waiting = [ref.node for name in these for ref in self.graph.operands(name) if ref.node not in these]
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in made:
                return True
            if name not in seen and name in self.looks and not self._weighs(name):
                seen.add(name)
                waiting += [ref.node for ref in self.graph.operands(name)]
        return False

    def _nodes(self, element: Element, *, last: bool) -> frozenset[str]:
        """The nodes of an element; of several copies, those of the last or of the first."""
        if isinstance(element, Unit) and element.regions is not None:
            return frozenset(self.subject.nodes[element.regions[last].id])
        return frozenset(line.node for line in lines_in((element,)))

    def _type(self, region: Region, nodes: tuple[str, ...]) -> TensorType:
        """What a region gives: its flow."""
        return self.graph.type(region.outputs[0]) if region.outputs else self.graph.node(nodes[-1]).outputs[0]


def partition(firsts: Sequence[str], nodes: Sequence[str]) -> list[tuple[str, ...]]:
    """Nodes divided where some of them stand; what is before the first of those goes with it.

    Args:
        firsts: the nodes that begin a piece, in order.
        nodes: all, in program order.
    """
    places = {name: at for at, name in enumerate(nodes)}
    cuts = [0, *(places[name] for name in firsts[1:]), len(nodes)]
    return [tuple(nodes[left:right]) for left, right in pairwise(cuts)]


def _entered(unit: Unit) -> Unit:
    """A residual unit with its strides beside it: papers tell them apart from what it is made of."""
    found = strides(unit)
    if "residual" not in unit.kinds or not found or unit.count > 1:
        return unit
    plain = without_strides(unit)
    assert isinstance(plain, Unit)
    return replace(plain, strides=found)


def one_place(type_: TensorType) -> bool:
    """Whether a tensor has one place: a vector, or a map of 1×1."""
    if type_.layout is Layout.PLAIN:
        return len(type_.sizes) == 1
    return type_.layout is Layout.MAP and all(size == 1 for size in type_.spatial)


def _neighbours(parts: Sequence[Part], follows: Callable[[Element, Element], bool]) -> list[Part]:
    """The parts with uses of one block that follow each other taken together: `basic2–basic4`, × 3."""
    found: list[Part] = []
    begun = ""
    for part in parts:
        last = found[-1] if found else None
        if last is not None and last.kind == part.kind == "block":
            pair = [*last.elements, *part.elements]
            if len(pair) == 2 and all(isinstance(element, Unit) for element in pair):
                alike = rolled(pair, follows)
                if len(alike) == 1:
                    nodes = (*last.nodes, *part.nodes)
                    found[-1] = Part(joined(last, part, begun), tuple(alike), nodes, "block", last.given)
                    continue
        begun = part.name
        found.append(part)
    return found
