"""What is different between two nets, change by change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from ogive.graph import Graph
from ogive.layers.base import Layer, Size
from ogive.layers.tensor import TensorType
from ogive.report.difference.likeness import Likeness, likeness
from ogive.report.difference.match import Matching, Row, match
from ogive.report.difference.totals import Total, totals
from ogive.report.difference.tree import Facts, Net, Part, net_of
from ogive.report.difference.wires import Rewired, Wires
from ogive.report.difference.words import row_text, value_text

if TYPE_CHECKING:
    from ogive.report.difference.roll import Group

Kind = Literal[
    "added", "removed", "changed", "replaced", "moved",
    "rewired", "regrouped", "renamed", "renumbered", "follows",
]  # fmt: skip
"""What happened:

- `added`, `removed`: a layer, a run of layers, or a region with all that is in it.
- `changed`: a layer has other arguments, or is of another kind in the same place; a region has other
  settings.
- `replaced`: something with little in common stands in its place.
- `moved`: a region stands in another order.
- `rewired`: a layer takes other tensors, which no added or removed layer accounts for.
- `renamed`: it has another name, which someone gave it; `renumbered`: a name with another number.
- `regrouped`: a region is gone, or new, and the layers in it stayed.
- `follows`: the same layer, whose shapes or parameters are others because of what changed before it.
"""


@dataclass(frozen=True, slots=True)
class Item:
    """A layer, a run of layers or a region of one net.

    Attributes:
        key: of the first of its parts in the tree of the net.
        path: of the region, or of the first layer; the name of an output.
        what: in words: `conv(64, 3x3) -> relu`, `Bottleneck`.
        word: the same without numbers: `conv -> relu`.
        kind: `layer`, `layers`, `output`, or the kind of the region.
        layers: the paths of the layers in it.
        parent: the path of the region around it.
        params: trainable parameters in it, auxiliary heads included.
        macs: multiply-accumulates with weights in inference.
        file: where it was written; empty for what the compiler added.
        line: likewise, from 1; 0 for what the compiler added.
    """

    key: str
    path: str
    what: str
    word: str
    kind: str
    layers: tuple[str, ...]
    parent: str
    params: int
    macs: Size
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a layer, or a setting of a region, that is another: as a program writes it."""

    name: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `a` is None where something was added, `b` where it was removed.

    Attributes:
        kind: what happened.
        a: what it is in A.
        b: what it is in B.
        arguments: what is other about it.
    """

    kind: Kind
    a: Item | None
    b: Item | None
    arguments: tuple[Argument, ...] = ()

    @property
    def params(self) -> int:
        """How many parameters it adds. Those of all changes are the difference of the nets."""
        return _worth(self, self.b).params - _worth(self, self.a).params

    @property
    def macs(self) -> Size:
        """How many multiply-accumulates it adds."""
        return _worth(self, self.b).macs - _worth(self, self.a).macs

    @property
    def item(self) -> Item:
        """What it is about: in B, or in A where B has it not."""
        item = self.b or self.a
        assert item is not None
        return item

    def mirrored(self) -> Change:
        """The same with A and B exchanged."""
        arguments = tuple(Argument(each.name, each.b, each.a) for each in self.arguments)
        return Change(_MIRRORED.get(self.kind, self.kind), self.b, self.a, arguments)


AROUND = "residual around layers that stay"
"""What is new, or gone, where the layers in a residual are in both nets: its sum, and its shortcut."""
_MIRRORED: dict[Kind, Kind] = {"added": "removed", "removed": "added"}
_NOTHING = Item("", "", "", "", "layer", (), "", 0, 0)
_WEIGHTLESS: frozenset[Kind] = frozenset({"moved", "rewired", "renamed", "renumbered", "regrouped"})
"""Changes that add no parameters: where a layer has others besides, that is a change of its own."""


def _worth(change: Change, item: Item | None) -> Item:
    return _NOTHING if item is None or change.kind in _WEIGHTLESS else item


@dataclass(frozen=True)
class Difference:
    """What is different between two nets. `str` of it is a text to read.

    Attributes:
        a, b: what the nets are called.
        changes: every difference, in the order of the program; what only follows from others comes last.
        totals: the nets in numbers.
        correspondence: what is the same part in both; it is no part of the comparison of differences.
        nets: the trees that were compared.
    """

    a: str
    b: str
    changes: tuple[Change, ...]
    totals: tuple[Total, ...]
    correspondence: Matching = field(repr=False, compare=False)
    nets: tuple[Net, Net] = field(repr=False, compare=False)

    @property
    def same(self) -> bool:
        """Whether there is none: the same layers with the same arguments, connections and names."""
        return not self.changes

    def of(self, *kinds: Kind) -> tuple[Change, ...]:
        """The changes of these kinds."""
        return tuple(change for change in self.changes if change.kind in kinds)

    @cached_property
    def likeness(self) -> Likeness:
        """How much the nets have in common."""
        return likeness(self.nets, self.correspondence)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The changes with those that are alike taken together."""
        from ogive.report.difference.roll import rolled

        return rolled(self)

    def mirrored(self) -> Difference:
        """The difference of B and A."""
        matching = self.correspondence.mirrored()
        nets = self.nets[1], self.nets[0]
        changes = _sorted([change.mirrored() for change in self.changes], nets, matching)
        totals = tuple(total.mirrored() for total in self.totals)
        return Difference(self.b, self.a, changes, totals, matching, nets)

    def __str__(self) -> str:
        from ogive.report.difference.text import to_text

        return to_text(self)


def difference(
    a: Graph, a_unrolled: Graph, b: Graph, b_unrolled: Graph, *, names: tuple[str, str] | None = None
) -> Difference:
    """Compares two nets by what they mean: layers, arguments, connections, not text.

    Args:
        a: the first net, as it was written, pruned.
        a_unrolled: the same with its cliques unrolled: what is counted.
        b: the second; `b_unrolled` likewise.
        names: what they are called; their own names unless given.
    """
    forms: dict[object, int] = {}
    nets = net_of(a, a_unrolled, forms), net_of(b, b_unrolled, forms)
    matching = match(*nets)
    found = _Changes(nets, matching)
    return Difference(
        *(names or (a.name, b.name)),
        changes=_sorted(list(found.all()), nets, matching),
        totals=totals(a, a_unrolled, b, b_unrolled),
        correspondence=matching,
        nets=nets,
    )


_ORDER: tuple[tuple[Kind, ...], ...] = (
    ("added", "removed", "changed", "replaced", "moved"),
    ("rewired",), ("regrouped",), ("renamed",), ("renumbered",), ("follows",),
)  # fmt: skip


def _sorted(changes: list[Change], nets: tuple[Net, Net], matching: Matching) -> tuple[Change, ...]:
    """By what happened, and then as B has it; what was removed stands behind what it followed in A."""
    place = {key: float(at) for at, key in enumerate(nets[1].parts)}
    other = {x.key: y.key for x, y in matching.layers}
    other |= {x.key: y.key for rows in matching.replaced for x, y in zip(*rows, strict=False)}
    gone: dict[str, float] = {}
    behind = -1.0
    for key in nets[0].parts:
        behind = place.get(other.get(key, ""), behind)
        gone[key] = behind + 0.5
    numbers = {key: at for at, key in enumerate(nets[0].parts)}

    def order(change: Change) -> tuple[int, float, int, str, str]:
        rank = next(i for i, kinds in enumerate(_ORDER) if change.kind in kinds)
        item = change.item
        first = item.layers[0] if item.layers else ""
        at = (
            place.get(first, float(len(place)))
            if change.b is not None
            else gone.get(first, float(len(place)))
        )
        return rank, at, numbers.get(first, 0) if change.b is None else 0, item.path, change.kind

    return tuple(sorted(changes, key=order))


class _Changes:
    """A correspondence on its way to changes."""

    def __init__(self, nets: tuple[Net, Net], matching: Matching) -> None:
        self.nets = nets
        self.matching = matching
        self.owners = {x.key: y.key for x, y in matching.layers}

    def all(self) -> Iterator[Change]:
        found = self.matching
        for item in self.items(0, found.removed, found.dissolved):
            yield Change("removed", item, None)
        for item in self.items(1, found.added, found.wrapped):
            yield Change("added", None, item)
        for before, after in found.replaced:
            yield Change("replaced", self.item(0, before), self.item(1, after))
        for x, y in found.layers:
            yield from self.layer(x, y)
        for x, y in found.regions:
            yield from self.region(x, y)
        for x, y in found.moved:
            yield Change("moved", self.item(0, (x,)), self.item(1, (y,)))
        for side, parts in enumerate((found.dissolved, found.wrapped)):
            for part in parts:
                if part.name and part.kind not in {"branch", "shortcut"}:
                    item = self.item(side, (part,))
                    yield Change("regrouped", *((item, None) if side == 0 else (None, item)))
        yield from self.wires()

    def items(self, side: int, rows: Sequence[Row], opened: Sequence[Part]) -> Iterator[Item]:
        """What only one net has, row by row. What made residuals of layers that both have is one, whatever
        of it stands where: the sum, and the layers of the shortcut.
        """
        around = {part.key: each for each in opened if each.kind == "residual" for part in each.children}
        inside: dict[str, list[Part]] = {}
        for row in rows:
            for own, parts in groupby(row, key=lambda part: around.get(part.key)):
                if own is None:
                    yield self.item(side, tuple(parts))
                else:
                    inside.setdefault(own.key, []).extend(parts)
        residuals = {each.key: each for each in around.values()}
        for key, parts in inside.items():
            made = self.item(side, tuple(parts))
            path = residuals[key].path
            yield replace(made, path=path, what=AROUND, word=AROUND, kind="residual", parent=path)

    def item(self, side: int, row: Row) -> Item:
        """Parts that stand together, as one."""
        net = self.nets[side]
        layers = tuple(leaf.key for part in row for leaf in part.leaves())
        facts = [net.facts[key] for key in layers]
        first = row[0]
        kind = first.kind if len(row) == 1 else "layers"
        path = first.path
        parent = path.removesuffix(first.name).removesuffix(".") if first.name else path
        file, line = (first.span.source.name, first.span.line) if first.span else ("", 0)
        return Item(
            first.key, path, row_text(row), row_text(row, full=False), kind, layers, parent,
            sum(each.params for each in facts), sum(each.macs for each in facts),
            file, line,
        )  # fmt: skip

    # ------------------------------------------------------------------ layers and regions

    def layer(self, x: Part, y: Part) -> Iterator[Change]:
        a, b = self.item(0, (x,)), self.item(1, (y,))
        facts = self.nets[0].facts[x.key], self.nets[1].facts[y.key]
        arguments = tuple(self.arguments(x, y, facts))
        if x.word != y.word or arguments:
            yield Change("changed", a, b, arguments)
        elif _counts(facts[0]) != _counts(facts[1]):
            yield Change("follows", a, b)
        if x.name != y.name and x.word == y.word:
            yield Change("renumbered" if _renumbered(x, y) else "renamed", a, b)

    def arguments(self, x: Part, y: Part, facts: tuple[Facts, Facts]) -> Iterator[Argument]:
        """What is other about a layer."""
        if type(x.layer) is type(y.layer) and x.layer is not None and y.layer is not None:
            yield from _arguments(x.layer, y.layer)
        before, after = facts[0].owner, facts[1].owner
        if (self.owners.get(before, "") if before else None) != after:
            yield Argument("weights", _whose(before), _whose(after))

    def region(self, x: Part, y: Part) -> Iterator[Change]:
        if x.region is None or y.region is None:
            return
        settings = [
            Argument(name, *(_setting(each[name]) for each in (mine, other)))
            for mine, other in [(_settings(x), _settings(y))]
            for name in mine
            if mine[name] != other.get(name)
        ]
        a, b = (replace(self.item(side, (part,)), params=0, macs=0) for side, part in enumerate((x, y)))
        if settings:
            yield Change("changed", a, b, tuple(settings))
        if x.kind == "net":
            return
        if x.kind == "block" and x.word != y.word:
            yield Change("renamed", a, b)
        elif x.name != y.name:
            yield Change("renumbered" if _renumbered(x, y) else "renamed", a, b)

    # ------------------------------------------------------------------ connections and outputs

    def wires(self) -> Iterator[Change]:
        wires = Wires(*self.nets, self.matching)
        for each in wires.rewired(self.matching):
            takes = Argument(
                "order" if each.reordered else "takes", ", ".join(each.before), ", ".join(each.after)
            )
            yield Change("rewired", *self.ends(each), (takes,))
        paired = wires.outputs()
        for (first, _), (second, _) in paired:
            if first != second:
                yield Change("renamed", _output(first), _output(second))
        for name, _ in self.nets[0].graph.outputs:
            if all(name != first for (first, _), _ in paired):
                yield Change("removed", _output(name), None)
        for name, _ in self.nets[1].graph.outputs:
            if all(name != second for _, (second, _) in paired):
                yield Change("added", None, _output(name))

    def ends(self, each: Rewired) -> tuple[Item, Item]:
        if each.output:
            return _output(each.a), _output(each.b)
        return self.item(0, (self.nets[0].parts[each.a],)), self.item(1, (self.nets[1].parts[each.b],))


def _arguments(x: Layer, y: Layer) -> Iterator[Argument]:
    """What is other about a layer of the same class. What an input is called is a name, and no argument."""
    choices = {each.name: each.choices for each in type(x).arguments()} if x.group != "input" else {}
    mine, other = vars(x), vars(y)
    for name in mine:
        if mine[name] == other[name] or (x.group == "input" and name == "name"):
            continue
        shown = "shape" if isinstance(mine[name], TensorType) else name
        values = (value_text(value, choices.get(name, ())) for value in (mine[name], other[name]))
        yield Argument(shown, *values)


def _settings(part: Part) -> dict[str, object]:
    """What a region says itself."""
    region = part.region
    if region is None:
        return {}
    found: dict[str, object] = {"weight": region.weight}
    if region.clique is not None:
        body = region.clique
        updates = "all layers" if body.updates == body.layers else str(body.updates)
        found |= {"layers": body.layers, "stages": body.stages, "updates": updates}
    return found


def _setting(value: object) -> str:
    return value if isinstance(value, str) else value_text(value)


def _counts(facts: Facts) -> tuple[object, ...]:
    return facts.outputs, facts.params, facts.macs


def _whose(owner: str | None) -> str:
    return f"those of {owner}" if owner else "its own"


_NUMBER = re.compile(r"\d+")


def _renumbered(x: Part, y: Part) -> bool:
    """Whether two names are the compiler's own, and differ in the number alone."""
    return not (x.given or y.given) and _NUMBER.sub("#", x.name) == _NUMBER.sub("#", y.name)


def _output(name: str) -> Item:
    return Item(f"output {name}", name, f"output {name}", "output", "output", (), "", 0, 0)
