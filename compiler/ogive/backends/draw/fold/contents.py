"""What is in boxes that were summed up, counted: `5 stages, 49 convolutions`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ogive.backends.draw.fold.picture import Box, Ring
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import look

_WORDS = {"conv": "convolution", "linear": "linear layer", "attention": "attention layer", "pool": "pooling"}
_FIRST = 2
"""So many kinds of layers are counted, those first that are most."""


def contents(structure: Structure, boxes: Sequence[Box | Ring]) -> str:
    """What boxes stand for, in all copies: stages, or else blocks, where there are several; then layers.

    A clique counts as itself: its convolutions are its links, and are not nodes of the graph.
    """
    names = [name for box in boxes for name in _nodes(box)]
    kinds = Counter(_kind(structure, name) for name in names)
    parts = _parts(structure, names, "stage") or _parts(structure, names, "block")
    found = [parts] if parts else []
    around = (r for n in names for r in structure.graph.ancestors(structure.graph.node(n).region))
    cliques = {region.id for region in around if region.kind == "clique"}
    if cliques:
        found.append(_number(len(cliques), "clique"))
    counted = sorted(((n, kind) for kind, n in kinds.items() if kind in _WORDS), key=lambda one: -one[0])
    found += [_number(n, _WORDS[kind]) for n, kind in counted[: _FIRST - bool(found)]]
    return ", ".join(found) or _number(len(names), "layer")


def _nodes(box: Box | Ring) -> Iterator[str]:
    if isinstance(box, Box):
        yield from box.every or box.nodes
    else:
        for turn in box.members:
            yield from turn


def _kind(structure: Structure, name: str) -> str:
    node = structure.graph.node(name)
    return "clique" if node.layer.group == "clique" else look(structure.graph, node).kind


def _parts(structure: Structure, names: Sequence[str], kind: str) -> str:
    """How many outermost stages, or blocks, these nodes make up; nothing of a single one."""
    found: set[int] = set()
    for name in names:
        around = [
            r.id for r in structure.graph.ancestors(structure.graph.node(name).region) if r.kind == kind
        ]
        found.update(around[-1:])
    inside = set(names)
    whole = [id for id in found if inside.issuperset(structure.nodes[id])]
    return _number(len(whole), kind) if len(whole) > 1 else ""


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}{'s' if count != 1 else ''}"
