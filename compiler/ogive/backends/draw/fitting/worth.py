"""What a definition beside an overview is worth: the part of the net's layers that it shows, in all uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from ogive.backends.draw.fold.definitions import Definition
from ogive.backends.draw.fold.folding import inside, own_layers
from ogive.backends.draw.fold.picture import Box, Picture
from ogive.backends.draw.fold.rolling import Structure
from ogive.graph import Region

_CLIQUE = 12
"""What a layer of a clique counts for: it stands for a body, in every stage."""
_AUXILIARY = 0.25
"""What a layer of an auxiliary head counts for: it is no part of the net that is used."""


def named_in(overview: Picture, found: Sequence[Definition]) -> list[Definition]:
    """Those whose names occur in the overview, or in one of them: else none would know what they define."""
    written = [_text(overview)]
    kept: dict[int, int] = {}
    for i, definition in enumerate(found):
        if definition.parent is not None and definition.parent not in kept:
            continue
        if not any(definition.word in text for text in written):
            continue
        kept[i] = len(kept)
        written.append(_text(definition.picture))
    return _with(found, kept)


def heaviest(
    structure: Structure, overview: Picture, found: Sequence[Definition], most: int
) -> list[Definition]:
    """The so many that show most, each with what it is wanted in; in the order in which they were."""
    if len(found) <= most:
        return list(found)
    shown = Shown(structure, overview, found)
    worth = [shown.part((i,)) for i in range(len(found))]
    kept: set[int] = set()
    for i in sorted(range(len(found)), key=lambda i: (-worth[i], i)):
        chain = {i}
        while (parent := found[min(chain)].parent) is not None:
            chain.add(parent)
        if len(kept | chain) <= most:
            kept |= chain
    return _with(found, {i: place for place, i in enumerate(sorted(kept))})


def folded_stages(structure: Structure, overview: Picture, known: Collection[int]) -> Iterator[Region]:
    """The folded stages whose own layers neither the overview nor a known definition shows."""
    for box in overview.boxes():
        if not isinstance(box, Box) or box.region is None:
            continue
        regions = [structure.graph.regions[box.region]]
        if not box.region:  # several things were put together
            regions = list(_outermost(structure, box.every))
        for region in regions:
            said = region.id in known or not (own_layers(structure, region) or not inside(structure, region))
            if region.kind == "stage" and not said:
                yield region


def _outermost(structure: Structure, names: Sequence[str]) -> Iterator[Region]:
    """The stages directly in the net that nodes are in, each once."""
    seen: set[int] = set()
    for name in names:
        for region in structure.graph.ancestors(structure.graph.node(name).region):
            if region.kind == "stage" and region.parent == 0 and region.id not in seen:
                seen.add(region.id)
                yield region


def _with(found: Sequence[Definition], kept: dict[int, int]) -> list[Definition]:
    """Those that are kept, at their new places."""
    return [replace(found[i], parent=None if (p := found[i].parent) is None else kept[p]) for i in kept]


def _text(picture: Picture) -> str:
    """All that is written in its boxes and frames."""
    words: list[str] = []
    for box in picture.boxes():
        words += [box.text.title, box.text.before, box.text.after] if isinstance(box, Box) else []
    return "\n".join(words)


class Shown:
    """Which part of a net's layers an overview shows, together with definitions, by themselves."""

    def __init__(self, structure: Structure, picture: Picture, wanted: Sequence[Definition]) -> None:
        graph = structure.graph
        weight = {name: _weight(structure, name) for name in picture.nodes}
        summed_up = (b.every for b in picture.boxes() if isinstance(b, Box) and b.region == 0)
        folded = picture.hidden.union(*summed_up)
        self.total = max(sum(weight.values()), 1)
        self.open = self.total - sum(weight[name] for name in folded)
        self.folded = [definition.folded for definition in wanted]
        defined = {id: i for i, definition in enumerate(wanted) for id in definition.regions}
        hidden: dict[int, float] = defaultdict(float)
        for name in folded:
            hidden[graph.node(name).region] += weight[name]
        # by the parts around a layer, from outside: which definition shows it, and what it is called
        self.hidden: dict[tuple[tuple[int | None, tuple[str, str]], ...], float] = defaultdict(float)
        for region, count in hidden.items():
            around = list(graph.ancestors(region))[::-1]
            self.hidden[tuple((defined.get(r.id), (r.kind, r.block or "")) for r in around)] += count

    def part(self, these: Collection[int]) -> float:
        """Of 1, with these definitions."""
        return (
            self.open + sum(n for way, n in self.hidden.items() if self.is_shown(way, these))
        ) / self.total

    def is_shown(self, way: Sequence[tuple[int | None, tuple[str, str]]], these: Collection[int]) -> bool:
        """Whether these definitions show what is within the parts of a way, from outside."""
        shown, folded = False, frozenset[tuple[str, str]]()
        for definition, called in way:
            if definition is not None and definition in these:
                shown, folded = True, self.folded[definition]
            elif shown and called in folded:
                shown = False
        return shown


def _weight(structure: Structure, name: str) -> float:
    node = structure.graph.node(name)
    if node.layer.group == "clique":
        return _CLIQUE
    aux = any(region.kind == "aux" for region in structure.graph.ancestors(node.region))
    return _AUXILIARY if aux else 1.0
