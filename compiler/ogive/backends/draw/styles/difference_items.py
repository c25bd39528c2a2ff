"""Units as a picture: what is alike rolled up, arrows of both nets between the boxes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ogive.backends.draw.fold import flow
from ogive.backends.draw.fold.picture import Box, Cluster, Edge, Item, Picture, Text, order, with_badge
from ogive.backends.draw.fold.text import clip
from ogive.backends.draw.styles.difference_pieces import SIGNS, Gone
from ogive.backends.draw.styles.difference_steps import taken
from ogive.backends.draw.styles.difference_units import Key, Unit
from ogive.backends.draw.styles.difference_words import ranged
from ogive.graph import Graph, Ref
from ogive.report.difference import Difference

_PERIOD, _TURNS = 6, (2, 3)
"""A row of boxes that repeats itself is rolled up if it is no longer than this, and does so at least as
often: a single box, and several; or where that is many boxes.
"""
Column = tuple[Unit, ...]
"""Units that look alike, of which one item is made: one unit, or one of every use of a definition."""


_USE = -1
"""The number of the roll of the uses that one definition is drawn for."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Units of a row from `start`, `times` turns of `period` units."""

    start: int
    period: int
    times: int


class Builder:
    """Units on their way to a picture.

    Args:
        difference: whose units they are.
        loose: whether units that differ in numbers only are taken for the same.
        prefix: begins the ids.
        steps: whether it is a clique that is drawn, the steps of its body as boxes.
    """

    def __init__(self, difference: Difference, *, loose: bool, prefix: str = "", steps: bool = False) -> None:
        self.nets = difference.nets
        self.loose = loose
        self.prefix = prefix
        self.counter = 0
        self.at: dict[Key, str] = {}  # where a layer is drawn
        self.gone: set[Key] = set()  # what only the first net has, and nothing stands in the place of
        self.path: dict[Key, dict[int, int]] = defaultdict(dict)  # of a layer: which copy it is in, by roll
        self.rolls = 0
        self.outputs = dict(_outputs(difference))
        self.taken = [taken(net.graph) if steps else {} for net in difference.nets]
        self.kept = {x.key: y.key for x, y in difference.correspondence.layers}
        for x, y in difference.correspondence.regions:
            pairs = zip(
                *(net.members.get(part.key, ()) for net, part in zip(self.nets, (x, y), strict=True)),
                strict=False,
            )
            self.kept |= dict(pairs)

    def overview(self, name: str, units: Sequence[Unit]) -> Picture:
        """The picture of all units of the nets."""
        items = self.items([(unit,) for unit in units])
        edges = list(self.edges([]))
        outputs: list[Box] = []
        for output, ref in self.nets[1].graph.outputs:
            kind, text = self.outputs.get(output, ("output", output))
            outputs.append(Box(self.id(), kind, Text(clip(text))))
            edges.append(Edge(self.at[1, ref.node], outputs[-1].id))
        return _finished(name, (*items, *outputs), edges, {self.at[key] for key in self.gone})

    def definition(self, name: str, uses: Sequence[tuple[Unit, ...]]) -> Picture:
        """One picture for units that look alike but for numbers, with the arrows of the first."""
        for copy, units in enumerate(uses):
            for unit in units:
                for key in unit.keys(self.nets):
                    self.path[key][_USE] = copy
        items = self.items([tuple(column) for column in zip(*uses, strict=True)])
        sources: list[Box] = []
        edges = list(self.edges(sources))
        return _finished(name, (*sources, *items), edges, {self.at[key] for key in self.gone})

    # ------------------------------------------------------------------ items

    def id(self) -> str:
        """One that is not yet used."""
        self.counter += 1
        return f"{self.prefix}n{self.counter}"

    def items(self, columns: Sequence[Column]) -> tuple[Item, ...]:
        """Boxes and frames, with rows that repeat themselves rolled up. Of a column one item is made."""
        found: list[Item] = []
        for stretch in self.stretches(columns):
            turns = [
                columns[stretch.start + turn * stretch.period :][: stretch.period]
                for turn in range(stretch.times)
            ]
            if stretch.times > 1:
                self.roll(turns)
            made = tuple(
                self.item(tuple(unit for column in same for unit in column))
                for same in zip(*turns, strict=True)
            )
            if stretch.times > 1 and len(made) == 1:
                made = (with_badge(made[0], stretch.times),)
            elif stretch.times > 1:
                made = (Cluster(self.id(), "", "", made, stretch.times),)
            found += made
        return tuple(found)

    def roll(self, turns: Sequence[Sequence[Column]]) -> None:
        """Notes of every layer in which turn it is."""
        self.rolls += 1
        for copy, columns in enumerate(turns):
            for column in columns:
                for unit in column:
                    for key in unit.keys(self.nets):
                        self.path[key][self.rolls] = copy

    def item(self, column: Column) -> Item:
        """One item for units that look alike."""
        first = column[0]
        if first.text is None:
            inside = [tuple(each) for each in zip(*(unit.inside for unit in column), strict=True)]
            names = list(dict.fromkeys(unit.name for unit in column))
            name = names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
            return Cluster(self.id(), clip(name), clip(first.note), self.items(inside), kind=first.kind)
        made = self.id()
        for unit in column:
            for key in unit.keys(self.nets):
                self.at[key] = made
            if unit.piece.side == 0:
                self.gone.update(unit.keys(self.nets))
        text = ranged(_named_alike(column))
        region = None if first.piece.layer or len(first.pieces) > 1 else first.piece.part.region
        nodes = tuple(name for unit in column for side, name in unit.keys(self.nets) if side == 1)
        if first.piece.side == 0:
            nodes = tuple(Gone(name) for unit in column for _, name in unit.keys(self.nets))
        return Box(
            made, first.kind, text, nodes[: max(len(nodes) // len(column), 1)], region.id if region else None,
            first.badge, first.symbol, first.name, every=nodes,
        )  # fmt: skip

    def stretches(self, columns: Sequence[Column]) -> Iterator[_Stretch]:
        """The row as stretches that repeat themselves, each as long as it goes."""
        forms = [tuple(unit.loose if self.loose else unit.form for unit in column) for column in columns]
        row = [column[0] for column in columns]
        at = 0
        while at < len(columns):
            best = _Stretch(at, 1, 1)
            for period in range(1, min(_PERIOD, len(columns) - at) + 1):
                times = 1
                while self.repeats(row, forms, at, period, times):
                    times += 1
                enough = times >= _TURNS[period > 1] or (times > 1 and times * period >= _PERIOD)
                if enough and period * times > best.period * best.times:
                    best = _Stretch(at, period, times)
            yield best
            at += best.period * best.times

    def repeats(self, row: Sequence[Unit], forms: Sequence[object], at: int, period: int, times: int) -> bool:
        """Whether the next turn is like the first, and goes on where the last one ended."""
        start = at + period * times
        if list(forms[at : at + period]) != list(forms[start : start + period]) or row[at].symbol:
            return False
        return self.chained(row[start - period : start], row[start : start + period])

    def chained(self, before: Sequence[Unit], after: Sequence[Unit]) -> bool:
        """Whether one turn feeds the next, and nothing else."""
        first = {key for unit in before for key in unit.keys(self.nets)}
        second = {key for unit in after for key in unit.keys(self.nets)}
        own = max(side for side, _ in first)
        users = {
            (own, user)
            for side, name in first
            if side == own and name in self.nets[own].graph
            for _, user, _ in self.nets[own].graph.consumers(name)
        } - first
        return bool(users) and users <= second

    # ------------------------------------------------------------------ edges

    def operands(self, side: int, name: str) -> tuple[Ref, ...]:
        """What a layer of either net takes; a step of a clique takes nothing where that is one box."""
        graph: Graph = self.nets[side].graph
        return graph.operands(name) if name in graph else self.taken[side].get(name, ())

    def users(self, side: int, name: str) -> Iterator[str]:
        """The layers that take what a layer of either net gives."""
        graph: Graph = self.nets[side].graph
        if name in graph:
            yield from (user for _, user, _ in graph.consumers(name))
        else:
            takers = self.taken[side].items()
            yield from (user for user, refs in takers if any(ref.node == name for ref in refs))

    def edges(self, sources: list[Box]) -> Iterator[Edge]:
        """The arrows between boxes, each once: those of the second net, then what only the first has."""
        known: dict[tuple[str, str], Edge] = {}
        outside: dict[str, str] = {}
        for side in (1, 0):
            for (own, name), head in list(self.at.items()):
                other = own != side or (side == 0 and (own, name) not in self.gone)
                if other or self.path[own, name].get(_USE, 0):
                    continue
                for ref in self.operands(side, name):
                    source = self.of(side, ref.node)
                    if source is None or self.path[source].get(_USE, 0):
                        enters = side or self.path[own, name].get(_USE) == 0
                        tail = (outside.get("in") or outside.setdefault("in", self.id())) if enters else None
                    else:
                        tail = self.at[source] if self.seen(source, (side, name)) else None
                    if tail is not None and tail != head:
                        known.setdefault((tail, head), Edge(tail, head, "flow" if side else "removed"))
        for own, name in [key for key in self.at if key in self.gone]:
            tail = self.at[own, name]
            if not self.path[own, name].get(_USE, 0):
                for user in self.users(0, name):
                    target = self.of(0, user)
                    if target is not None and self.seen((0, name), target) and self.at[target] != tail:
                        known.setdefault((tail, self.at[target]), Edge(tail, self.at[target], "removed"))
        sources += [Box(id, "input", Text(word)) for word, id in outside.items()]
        yield from known.values()

    def of(self, side: int, name: str) -> Key | None:
        """The layer that is drawn for a layer of either net."""
        key = (1, self.kept[name]) if side == 0 and name in self.kept else (side, name)
        return key if key in self.at else None

    def seen(self, tail: Key, head: Key) -> bool:
        """Whether an arrow is to be drawn: none from one copy of a roll to the next."""
        here = self.path[head]
        return all(here.get(roll, copy) == copy for roll, copy in self.path[tail].items())


def _named_alike(column: Column) -> list[Text]:
    """The texts of boxes; those of stages with other names say the first and the last of them."""
    texts = [unit.text for unit in column if unit.text]
    names = list(dict.fromkeys(unit.piece.part.name for unit in column))
    if len(names) < 2 or any(unit.piece.part.kind != "stage" for unit in column):
        return texts
    joint = f"{names[0]} … {names[-1]}" if len(names) > 2 else ", ".join(names)
    return [
        replace(text, title=text.title.replace(unit.piece.part.name, joint, 1))
        for unit, text in zip(column, texts, strict=True)
    ]


def _outputs(difference: Difference) -> Iterator[tuple[str, tuple[str, str]]]:
    """By the name of an output in which something is other: how its box is painted, and what it says."""
    for change in difference.changes:
        if change.b is None or change.b.kind != "output":
            continue
        name = change.b.path
        if change.kind == "added":
            yield name, ("added", f"{SIGNS['added']}{name}")
        elif change.kind == "rewired":
            yield name, ("changed", f"{SIGNS['changed']}{name}")
        elif change.a is not None:
            yield name, ("output", f"{change.a.path} → {name}")


def _finished(name: str, items: tuple[Item, ...], edges: Sequence[Edge], gone: set[str]) -> Picture:
    places = {id: at for at, id in enumerate(order(items))}
    edges = flow.mark_skips(_without_bypasses(edges, places, gone), frozenset())
    line = [replace(edge, style="flow") if edge.style == "removed" else edge for edge in edges]
    return Picture(clip(name, 60), items, tuple(edges), spine=flow.spine(order(items), line))


def _without_bypasses(edges: Sequence[Edge], places: dict[str, int], gone: set[str]) -> list[Edge]:
    """The arrows without those that only go past what was removed, and without those of the first net that go
    back.

    Arrows of the second net are left out only where a way that is drawn stands for them, over boxes that are
    `gone` and nothing else.
    """
    edges = [e for e in edges if e.style != "removed" or places[e.tail] < places[e.head]]
    after: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        if edge.style == "removed":
            after[edge.tail].append(edge.head)
    return [e for e in edges if e.style != "flow" or e.head not in _reached(after, e.tail, gone)]


def _reached(after: dict[str, list[str]], start: str, gone: set[str]) -> set[str]:
    """Where ways lead that go over boxes that are gone."""
    found: set[str] = set()
    todo = list(after.get(start, ()))
    while todo:
        each = todo.pop()
        if each not in found:
            found.add(each)
            todo += after.get(each, ()) if each in gone else ()
    return found
