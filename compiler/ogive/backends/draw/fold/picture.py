"""What a drawing holds before anything has a place: boxes, clusters, rings, edges."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ogive.graph import CliqueBody

ENTRY = "entry"
"""The kind of the dot in the frame of a repeat from which goes out what its copies hand on to each other."""
EdgeStyle = Literal["flow", "skip", "projection", "aux", "source", "title", "removed"]


@dataclass(frozen=True, slots=True)
class Text:
    """The lines of a box: small, large, small. Read downwards, they are in the order of the computation.

    Each may be divided in several by line breaks, in a narrow picture.
    `label` are the lines of the program's own notes, in italics below.
    """

    title: str
    before: str = ""
    after: str = ""
    label: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A box, or a circle where `symbol` is given.

    Attributes:
        id: unique in the drawing.
        kind: picks the paint.
        text: what it says.
        nodes: the nodes of the graph that it stands for; of what is repeated, those of the first copy.
        every: those of all copies, in program order.
        region: the region that is folded into it; None for layers.
        badge: the N of ×N.
        symbol: what stands in the circle.
        definition: the part of its title that names what is inside; it is printed bold.
        defines: the regions inside that could be defined beside the overview.
        form: of what is folded: equal where that differs in channels alone.
    """

    id: str
    kind: str
    text: Text
    nodes: tuple[str, ...] = ()
    region: int | None = None
    badge: int = 1
    symbol: str | None = None
    definition: str = ""
    defines: tuple[int, ...] = ()
    every: tuple[str, ...] = ()
    form: Hashable = None


@dataclass(frozen=True, slots=True)
class Ring:
    """A clique: X0 above a circle of layers, each joined to every other both ways.

    `lines` say what a layer does; `members` are the nodes of each layer, those of all copies.
    """

    id: str
    body: CliqueBody
    lines: tuple[str, ...] = ()
    badge: int = 1
    members: tuple[tuple[str, ...], ...] = ()

    @property
    def source(self) -> str:
        """The id of X0."""
        return f"{self.id}.x0"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A frame around items: a stage, a block use, what is repeated.

    Attributes:
        name: bold; `note` follows it in plain type.
        badge: the N of ×N.
        label: lines of the program's own notes, in italics below its name.
        region: what it stands around; None for a mere repetition.
    """

    id: str
    name: str
    note: str
    items: tuple[Item, ...]
    badge: int = 1
    kind: str = ""
    label: tuple[str, ...] = ()
    region: int | None = None


Item = Box | Ring | Cluster


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two boxes (or X0, or a ring).

    The label is the shape of the tensor, where it is said; `carried` is it anyhow, in a net's own picture.
    """

    tail: str
    head: str
    style: EdgeStyle = "flow"
    label: str = ""
    carried: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """One flow of boxes, and beside it the blocks that it uses, each defined once.

    Attributes:
        name: of the net, or of the block that this defines.
        note: more about it, in plain type: the names of its parameters.
        definitions: pictures of the blocks.
        label: lines of the program's own notes about the block.
        spine: the boxes that all flow passes; they stand in one line.
        hidden: the nodes of the graph that no box shows by themselves: they are folded away.
        nodes: all nodes that it shows or hides.
        tight: whether its boxes stand closer to each other than they would.
        narrow: whether its boxes have smaller margins, too (see `layout.narrow`).
    """

    name: str
    items: tuple[Item, ...]
    edges: tuple[Edge, ...]
    note: str = ""
    definitions: tuple[Picture, ...] = ()
    label: tuple[str, ...] = ()
    spine: frozenset[str] = field(default_factory=frozenset)
    hidden: frozenset[str] = field(default_factory=frozenset)
    nodes: tuple[str, ...] = ()
    tight: bool = False
    narrow: bool = False

    def boxes(self) -> Iterator[Box | Ring]:
        """Every box and ring, in order."""
        yield from leaves(self.items)

    @property
    def count(self) -> int:
        """How many boxes it has, definitions included; a ring counts as its layers."""
        own = sum(1 if isinstance(b, Box) else b.body.layers + 1 for b in self.boxes())
        return own + sum(d.count for d in self.definitions)


def leaves(items: tuple[Item, ...]) -> Iterator[Box | Ring]:
    """The boxes and rings inside."""
    for item in items:
        if isinstance(item, Cluster):
            yield from leaves(item.items)
        else:
            yield item


def with_nodes(items: tuple[Item, ...], every: Mapping[str, Sequence[str]]) -> tuple[Item, ...]:
    """The same items, and in each box and ring the nodes of all copies that it stands for, by its id."""
    found: list[Item] = []
    for item in items:
        if isinstance(item, Cluster):
            item = replace(item, items=with_nodes(item.items, every))
        elif isinstance(item, Box):
            item = replace(item, every=tuple(every.get(item.id, ())))
        else:
            layers = range(item.body.layers)
            names = every.get(item.id, ())
            item = replace(item, members=tuple(tuple(names[i :: item.body.layers]) for i in layers))
        found.append(item)
    return tuple(found)


def with_badge(item: Item, badge: int) -> Item:
    """The same, repeated."""
    return replace(item, badge=item.badge * badge)


def with_label(item: Item, before: tuple[str, ...] = (), after: tuple[str, ...] = ()) -> Item:
    """The same with more notes; a circle, which has no room for them, becomes a box."""
    if isinstance(item, Ring) or not (before or after):
        return item
    if isinstance(item, Cluster):
        return replace(item, label=(*before, *item.label, *after))
    return replace(item, symbol=None, text=replace(item.text, label=(*before, *item.text.label, *after)))


def order(items: Sequence[Item]) -> list[str]:
    """The ids of boxes, rings and X0s, in the order of the program."""
    ids: list[str] = []
    for box in leaves(tuple(items)):
        ids += [box.source, box.id] if isinstance(box, Ring) else [box.id]
    return ids
