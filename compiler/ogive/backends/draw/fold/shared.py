"""Shared weights: whose they are, in words; said once by the frame around layers, and by none of these."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ogive.backends.draw.fold.picture import Cluster, Item, Ring
from ogive.graph import Graph, Node, Region, SharedUse

SHARED = "shared weights"
_LONGEST = 16
_SAYS = re.compile(rf"{SHARED}|weights of [^·,\n]+")


def whose_weights(graph: Graph, at: Region | Node) -> str:
    """`weights of enc`: what is shared, by its name; `weights of head but its norm` where each use has
    its own (`except`); `shared weights` of the turns of a `repeat`. Nothing where it is used but once.

    Args:
        graph: the net.
        at: a layer, or a region, of what is shared.
    """
    own = [(at.shared, False)] if isinstance(at, Node) and at.shared else []
    regions = graph.ancestors(at.region if isinstance(at, Node) else at.id)
    around = [(r.shared, r.kind == "iteration") for r in regions if r.shared]
    for use, turn in (*own, *around):
        uses = list(_uses(graph, use))
        if len(uses) > 1:
            name = use.name if len(use.name) <= _LONGEST else f"{use.name[: _LONGEST - 1]}…"
            return SHARED if turn else f"weights of {name}{_but(graph, uses) if use.apart else ''}"
    return SHARED if isinstance(at, Node) and at.owner else ""


def _uses(graph: Graph, use: SharedUse) -> Iterator[Region | Node]:
    """All uses of what this is one of."""
    for one in (*graph.regions.values(), *graph):
        if one.shared and (one.shared.path, one.shared.home) == (use.path, use.home):
            yield one


def _but(graph: Graph, uses: list[Region | Node]) -> str:
    """What each use has of its own: ` but its norm`."""
    later = {use.id for use in uses if isinstance(use, Region) and use.shared and use.shared.number > 1}
    nodes = (n for n in graph if not n.owner and any(r.id in later for r in graph.ancestors(n.region)))
    kinds: dict[str, None] = {}
    for node in nodes:
        types = graph.operand_types(node.name)
        if node.layer.parameters(types):
            kinds.setdefault(node.layer.look(types).kind)
    return f" but its {' and '.join(kinds)}" if kinds else ""


def says_shared(item: Item) -> bool:
    """Whether something in it says that its weights are shared."""
    return item != without_shared(item)


def without_shared(item: Item) -> Item:
    """The same, not saying of each layer that its weights are shared: the frame around it does."""
    if isinstance(item, Cluster):
        return replace(item, items=tuple(map(without_shared, item.items)))
    if isinstance(item, Ring):
        return item
    return replace(item, text=replace(item.text, after=unshared(item.text.after)))


def of_shared(word: str) -> bool:
    """Whether a word says that weights are shared."""
    return _SAYS.fullmatch(word) is not None


def unshared(words: str) -> str:
    """What stands below a title, without saying that weights are shared."""
    for mark in (" · ", ", "):
        parts = words.split(mark)
        words = mark.join(part for part in parts if not of_shared(part))
    return words
