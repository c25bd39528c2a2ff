"""Which neighbours are the same: the units of a region, their signatures, and runs of equal ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Literal

from ogive.backends.draw.fold.text import Fused, fuse, look
from ogive.graph import Graph, Node, Region

Unit = Fused | Region
By = Literal["label", "form", "kind"]
"""What makes two layers the same: all that is drawn of them; that but for channels; the kind alone."""
_ROLLED_LAYERS = {"conv", "linear", "attention"}
SMALL_DENSE = 4
"""Dense blocks of so few layers are drawn whole."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """A unit and how often it stands there; `copies` are the nodes of each, in program order."""

    unit: Unit
    copies: tuple[tuple[str, ...], ...]

    @property
    def count(self) -> int:
        """How often."""
        return len(self.copies)


class Structure:
    """What a graph is made of, region by region. Built once, used for every depth of folding.

    Args:
        graph: the net.
        apart: every layer is a unit of its own, and none are taken together.
        across: stages and blocks are taken together even where their channels differ.
    """

    def __init__(self, graph: Graph, apart: bool = False, across: bool = False) -> None:
        self.graph = graph
        self.apart = apart
        self.across = across
        self._signatures: dict[tuple[tuple[str, ...], int, By], Hashable] = {}
        self._units: dict[int, tuple[Unit, ...]] = {}
        self._rolled: dict[int, tuple[Rolled, ...]] = {}
        # by block: its uses, and, with what is seen of these, the parameters that boxes say besides;
        # `arguments` finds them when asked
        self.uses: dict[str, list[Region]] = defaultdict(list)
        self.spoken: dict[tuple[str, Hashable], tuple[str, ...]] = {}
        # by region: what tells forms of one block apart; `forms` finds it when asked
        self.letters: Mapping[int, str] | None = None
        self.kept = {ref.node for _, ref in graph.outputs}

    @cached_property
    def items(self) -> dict[int, list[Node | Region]]:
        """What stands directly in each region."""
        return self.graph.items()

    @cached_property
    def children(self) -> dict[int, list[Region]]:
        """The regions directly in each region."""
        return {id: [i for i in items if isinstance(i, Region)] for id, items in self.items.items()}

    @cached_property
    def labels(self) -> dict[str, str]:
        """What each layer is called in a drawing; blocks that differ in a rate of dropout are drawn alike."""
        looks = {n.name: look(self.graph, n) for n in self.graph}
        return {name: one.short if one.kind == "dropout" else one.label for name, one in looks.items()}

    @cached_property
    def forms(self) -> dict[str, str]:
        """What each layer is called, without its channels: kernel, stride, dilation and groups stay."""
        return {name: self._form(self.graph.node(name), label) for name, label in self.labels.items()}

    def _form(self, node: Node, label: str) -> str:
        """`3×3 conv, 64, /2` to `3×3 conv, #, /2`; as many groups as channels enter are channels, too."""
        first = next(iter(self.graph.operand_types(node.name)), None)
        each = f"{first.channels} groups" if first is not None and first.sizes else ""
        named = ("# groups" if part == each else part for part in label.split(", "))
        return ", ".join("#" if part.isdecimal() else part for part in named)

    @cached_property
    def nodes(self) -> dict[int, tuple[str, ...]]:
        """The nodes in each region and in those inside it, in program order."""
        found: dict[int, list[str]] = {id: [] for id in self.graph.regions}
        for node in self.graph:
            for around in self.graph.ancestors(node.region):
                found[around.id].append(node.name)
        return {id: tuple(names) for id, names in found.items()}

    def inside(self, region: int) -> Iterator[Region]:
        """A region and all that are in it, in the order of the program."""
        yield self.graph.regions[region]
        for child in self.children[region]:
            yield from self.inside(child.id)

    def split(self, region: Region) -> tuple[list[str], list[str]]:
        """The nodes of a region outside the shortcuts in it, and those in them."""
        main: list[str] = []
        beside: list[str] = []
        for name in self.nodes[region.id]:
            inside = takewhile(region.__ne__, self.graph.ancestors(self.graph.node(name).region))
            (beside if any(r.kind == "shortcut" for r in inside) else main).append(name)
        return main, beside

    def kinds(self, region: Region) -> tuple[str, ...]:
        """The kinds of the layers outside its shortcuts: what all uses that one picture defines share."""
        return tuple(self.graph.node(name).layer.kind for name in self.split(region)[0])

    def unit_nodes(self, unit: Unit) -> tuple[str, ...]:
        """The nodes of a unit."""
        return unit.nodes if isinstance(unit, Fused) else self.nodes[unit.id]

    def units(self, region: int) -> tuple[Unit, ...]:
        """The boxes and regions directly in a region; those of a `repeat` or of a single box in its place."""
        if region in self._units:
            return self._units[region]
        units: list[Unit] = []
        run: list[Node] = []
        for item in self.items[region]:
            if isinstance(item, Node) and run and self._continues(run[-1], item):
                run.append(item)
                continue
            units += fuse(self.graph, run) if run else []
            run = []
            if isinstance(item, Node):
                run = [item]
            elif not self.nodes[item.id]:
                continue
            elif item.kind == "repeat" or self._one_box(item):
                units += self.units(item.id)
            else:
                units.append(item)
        units += fuse(self.graph, run) if run else []
        self._units[region] = tuple(units)
        return self._units[region]

    def _one_box(self, region: Region) -> bool:
        """Whether a block use, such as `unit`, is but one layer with its norm and activation."""
        if region.kind != "block" or region.notes or self.children[region.id]:
            return False
        return len(self.units(region.id)) == 1

    def _continues(self, before: Node, node: Node) -> bool:
        """Whether a node only carries on from the one before it."""
        if (
            self.apart
            or before.name in self.kept
            or len(before.outputs) > 1
            or before.layer.group == "clique"
        ):
            return False
        operands = self.graph.operands(node.name)
        return [r.node for r in operands] == [before.name] and len(self.graph.consumers(before.name)) == 1

    def rolled(self, region: int) -> tuple[Rolled, ...]:
        """The units of a region with equal neighbours in a chain taken together."""
        if region not in self._rolled:
            units = self.units(region)
            whole = self.graph.regions[region].kind == "dense" and len(units) <= SMALL_DENSE
            self._rolled[region] = tuple(self._roll(units, whole))
        return self._rolled[region]

    def _roll(self, units: Sequence[Unit], whole: bool) -> list[Rolled]:
        rolled: list[Rolled] = []
        at = 0
        while at < len(units):
            unit = units[at]
            copies = [self.unit_nodes(unit)]
            while not whole and self._rollable(unit) and at + len(copies) < len(units):
                following = units[at + len(copies)]
                nodes = self.unit_nodes(following)
                if type(following) is not type(unit) or not self._same(unit, following):
                    break
                if not self._chained(copies, nodes):
                    break
                copies.append(nodes)
            rolled.append(Rolled(unit, tuple(copies)))
            at += len(copies)
        return rolled

    def _rollable(self, unit: Unit) -> bool:
        if self.apart:
            return False
        if isinstance(unit, Region):
            kinds = {"iteration", "block", "residual", "merge", "dense", *(["stage"] if self.across else [])}
            return unit.kind in kinds
        return look(self.graph, self.graph.node(unit.lead)).kind in _ROLLED_LAYERS

    def _same(self, a: Unit, b: Unit) -> bool:
        by: By = "form" if self.across and isinstance(a, Region) else "label"
        return self.signature(a, by) == self.signature(b, by)

    def _chained(self, copies: Sequence[tuple[str, ...]], nodes: tuple[str, ...]) -> bool:
        """Whether the last copy feeds these nodes and no others, and they take nothing new from elsewhere."""
        if self.across:
            return self._loosely_chained(copies, nodes)
        last, these, first = set(copies[-1]), set(nodes), set(copies[0])
        users = {user for n in last for _, user, _ in self.graph.consumers(n)} - last
        if not users or not users <= these or last & self.kept:
            return False
        shared = {r.node for n in first for r in self.graph.operands(n)} - first
        sources = {r.node for n in these for r in self.graph.operands(n)} - these - last
        return sources <= shared

    def _loosely_chained(self, copies: Sequence[tuple[str, ...]], nodes: tuple[str, ...]) -> bool:
        """Whether these nodes go on from the last copy, and perhaps from those before it: a cell that takes
        the results of the last two. What copies give to others is only given to uses of the same definition.
        """
        last, before = set(copies[-1]), {n for copy in copies for n in copy}
        entering = {r.node for n in copies[0] for r in self.graph.operands(n)}
        sources = {r.node for n in nodes for r in self.graph.operands(n)} - set(nodes)
        users = {user for n in last for _, user, _ in self.graph.consumers(n)} - last - set(nodes)
        named = self._blocks(nodes[0])
        alike = all(named & self._blocks(user) for user in users)
        return bool(sources & last) and sources <= before | entering and alike and not last & self.kept

    def _blocks(self, node: str) -> set[str]:
        """The definitions that a node is in."""
        around = self.graph.ancestors(self.graph.node(node).region)
        return {r.block for r in around if r.kind == "block" and r.block}

    def signature(self, unit: Unit, by: By = "label") -> Hashable:
        """Equal for units that are drawn alike; by form, for those that differ only in channels; by kind, for
        those that differ only in numbers.
        """
        nodes = self.unit_nodes(unit)
        top = unit.id if isinstance(unit, Region) else None
        key = (nodes, top or 0, by)
        if key not in self._signatures:
            place = {n: i for i, n in enumerate(nodes)}
            outside: dict[str, int] = {}
            rows: list[Hashable] = []
            for name in nodes:
                node = self.graph.node(name)
                sources: list[Hashable] = []
                for ref in self.graph.operands(name):
                    known = place.get(ref.node)
                    sources.append(
                        known if known is not None else ("x", outside.setdefault(ref.node, len(outside)))
                    )
                around: list[Hashable] = []
                for region in self.graph.ancestors(node.region):
                    if top is None or region.id == top:
                        break
                    around.append((region.kind, region.block, region.index, region.notes))
                what = (
                    {"label": self.labels, "form": self.forms}[by][name] if by != "kind" else node.layer.kind
                )
                rows.append((what, node.notes, tuple(sources), tuple(around)))
            block = (unit.block, unit.notes) if isinstance(unit, Region) else None
            self._signatures[key] = hash((block, tuple(rows)))
        return self._signatures[key]
