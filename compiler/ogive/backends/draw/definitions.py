"""The blocks of an overview, each drawn once, with the names of its parameters where its uses differ.

Three uses of `Bottleneck` with 64, 128 and 256 give one picture that says `width` and `4·width`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import takewhile

from ogive.backends.draw.clique_text import as_one, clique_lines, form
from ogive.backends.draw.collapse import collapse, deepest
from ogive.backends.draw.folding import ends, folded_text
from ogive.backends.draw.picture import Box, Cluster, Edge, Item, Picture, Ring, Text
from ogive.backends.draw.rolling import Structure
from ogive.backends.draw.text import Fused, clip, layer_text
from ogive.graph import Region

MOST = 4
"""Definitions beside one overview."""
_MOST_BOXES = 24
_SMALL_STAGE = 10
_NUMBER = re.compile(r"\d+")


@dataclass(eq=False)
class _Variant:
    """Uses of one definition that differ only in numbers, and perhaps in having a shortcut."""

    uses: list[Region] = field(default_factory=list)


def definitions(structure: Structure, overview: Picture) -> tuple[Picture, ...]:
    """Pictures of the blocks and dense bodies that are folded in the overview and in each other."""
    found: set[_Variant] = set()
    of_region = _variants(structure)
    waiting = [overview]
    pictures: list[Picture] = []
    while waiting and len(pictures) < MOST:
        picture = waiting.pop(0)
        for box in picture.boxes():
            for region in box.defines if isinstance(box, Box) else ():
                variant = of_region[region]
                if variant in found or len(pictures) == MOST:
                    continue
                found.add(variant)
                made = _define(structure, variant, f"d{len(pictures) + 1}.")
                pictures.append(made)
                waiting.append(made)
    return tuple(pictures)


def stages(structure: Structure, overview: Picture, number: int) -> Iterator[Picture]:
    """Pictures of the small stages and heads of layers that are folded in the overview, each once.

    Args:
        structure: of the graph.
        overview: what they stand beside.
        number: of the definitions there are.
    """
    done: set[Hashable] = set()
    for box in overview.boxes():
        region = structure.graph.regions[box.region] if isinstance(box, Box) and box.region else None
        if region is None or region.kind not in {"stage", "aux"} or (isinstance(box, Box) and box.defines):
            continue
        key = structure.signature(region)
        prefix = f"d{number + 1}."
        picture = collapse(structure, deepest(structure, region.id), region.id, prefix)
        if key not in done and 1 < picture.count <= _SMALL_STAGE + 1:
            done.add(key)
            number += 1
            yield picture


def _variants(structure: Structure) -> dict[int, _Variant]:
    """By region: the uses that one picture can define with it.

    Shortcuts of the uses that project may begin elsewhere than those of the others: a pre-activation unit
    projects what it activated, and else adds what entered. One picture shows both, unless the identities
    begin at different places themselves.
    """
    alike: dict[tuple[str, Hashable], dict[tuple[int, ...], _Variant]] = {}
    for region in structure.graph.regions.values():
        if region.kind in {"block", "dense", "clique"} and structure.nodes[region.id]:
            forms = alike.setdefault(_key(structure, region), {})
            forms.setdefault(_starts(structure, region), _Variant()).uses.append(region)
    found: dict[int, _Variant] = {}
    for forms in alike.values():
        variants = list(forms.values())
        identities = [v for v in variants if not all(_split(structure, use)[1] for use in v.uses)]
        if len(identities) <= 1:
            variants = [_Variant(sorted((use for v in variants for use in v.uses), key=lambda use: use.id))]
        found |= {use.id: variant for variant in variants for use in variant.uses}
    return found


def _key(structure: Structure, region: Region) -> tuple[str, Hashable]:
    """What two uses share when one picture can define both."""
    if region.kind == "dense":
        return "dense", structure.signature(_body(structure, region), labels=False)
    if region.kind == "clique" and region.clique:
        body = region.clique
        return "clique", (body.layers, body.stages, body.updates, form(clique_lines(body)))
    main, _ = _split(structure, region)
    return region.block or "", tuple(structure.graph.node(n).layer.kind for n in main)


def _starts(structure: Structure, region: Region) -> tuple[int, ...]:
    """Of each residual in a use, the place among its nodes of what the shortcut takes; -1: what entered."""
    main, _ = _split(structure, region)
    places = {name: place for place, name in enumerate(main)}
    found: list[int] = []
    waiting = [region] if region.kind == "block" else []
    while waiting:
        inner = waiting.pop()
        if inner.kind == "residual" and inner.inputs:
            found.append(places.get(inner.inputs[0].node, -1))
        waiting += [c for c in reversed(structure.children[inner.id]) if c.kind != "shortcut"]
    return tuple(found)


def _body(structure: Structure, region: Region) -> Region:
    """What a picture of it begins at: the first turn of a dense block, which stands for all."""
    turns = structure.children[region.id] if region.kind == "dense" else []
    return turns[0] if turns else region


def _split(structure: Structure, region: Region) -> tuple[list[str], list[str]]:
    """The nodes of a use outside its shortcuts, and those in them."""
    main: list[str] = []
    beside: list[str] = []
    for name in structure.nodes[region.id]:
        inside = takewhile(region.__ne__, structure.graph.ancestors(structure.graph.node(name).region))
        (beside if any(r.kind == "shortcut" for r in inside) else main).append(name)
    return main, beside


def _define(structure: Structure, variant: _Variant, prefix: str) -> Picture:
    regions = [_body(structure, u) for u in variant.uses]
    model = next((r for r in regions if _split(structure, r)[1]), regions[0])
    if model.kind == "clique":  # the use of whose results most are needed
        model = max(regions, key=lambda r: len(structure.nodes[r.id]))
    identity = any(not _split(structure, r)[1] for r in regions) and bool(_split(structure, model)[1])
    depth = deepest(structure, model.id)
    picture = collapse(structure, depth, model.id, prefix)
    while depth > 0 and picture.count > _MOST_BOXES:
        depth -= 1
        picture = collapse(structure, depth, model.id, prefix)
    numbers = _Numbers(structure, variant.uses, regions, model)
    items = tuple(_reworded(item, numbers, identity) for item in picture.items)
    edges = picture.edges
    if identity:
        edges = (*edges, *_identity(structure, picture, regions, model))
    if model.kind == "clique":
        lines, note = as_one([clique_lines(r.clique) for r in regions if r.clique])
        items = tuple(replace(i, lines=lines) if isinstance(i, Ring) else i for i in picture.items)
        return replace(picture, name="clique", items=items, note=note)
    name = "dense layer" if variant.uses[0].kind == "dense" else clip(variant.uses[0].block or "block")
    note = f"({', '.join(numbers.used)})" if numbers.used else ""
    label = picture.label if len({r.notes for r in regions}) == 1 else ()
    return replace(picture, name=name, items=items, edges=edges, note=note, label=label)


def _identity(structure: Structure, picture: Picture, regions: Sequence[Region], model: Region) -> list[Edge]:
    """The skip of the uses without a projection, from where it begins in them to where projections end."""
    dashed = [e for e in picture.edges if e.style == "projection"]
    tails = [e.tail for e in dashed if all(e.tail != other.head for other in dashed)]
    heads = [e.head for e in dashed if all(e.head != other.tail for other in dashed)]
    plain = next(r for r in regions if not _split(structure, r)[1])
    starts, main = _starts(structure, plain), _split(structure, model)[0]
    if starts != _starts(structure, model) and len(starts) == 1:
        node = main[starts[0]] if starts[0] >= 0 else None
        seen = (b for b in picture.boxes() if isinstance(b, Box))
        tails = [b.id for b in seen if (node in b.nodes if node else b.kind == "input")]
    return [Edge(a, b, "skip") for a, b in zip(tails[:1], heads[:1], strict=True)]


def _reworded(item: Item, numbers: _Numbers, identity: bool) -> Item:
    if isinstance(item, Cluster):
        return replace(item, items=tuple(_reworded(i, numbers, identity) for i in item.items))
    if not isinstance(item, Box) or item.kind in {"input", "output"}:
        return item
    text = numbers.general(item)
    if identity and item.nodes and set(item.nodes) <= numbers.shortcut:
        text = replace(text, after=", ".join(t for t in (text.after, "where shapes differ") if t))
    return replace(item, text=text)


class _Numbers:
    """The texts of a box in all uses, and one text for all of them."""

    def __init__(
        self, structure: Structure, uses: Sequence[Region], regions: Sequence[Region], model: Region
    ) -> None:
        self.structure = structure
        self.used: list[str] = []
        main, beside = _split(structure, model)
        self.shortcut = set(beside)
        place = {n: (0, i) for i, n in enumerate(main)} | {n: (1, i) for i, n in enumerate(beside)}
        self.others: list[tuple[dict[str, str], dict[str, Fraction]]] = []
        for use, region in zip(uses, regions, strict=True):
            halves = _split(structure, region)
            same = {n: halves[half][i] for n, (half, i) in place.items() if i < len(halves[half])}
            self.others.append((same, self.arguments(use, region)))

    def arguments(self, use: Region, region: Region) -> dict[str, Fraction]:
        """The numbers that a use was given, and the channels that enter."""
        found = {
            name: Fraction(value)
            for name, value in use.arguments
            if isinstance(value, int) and not isinstance(value, bool)
        }
        types = ends(self.structure, region)
        if types and isinstance(types[0].channels, int):
            found["in.channels"] = Fraction(types[0].channels)
        return found

    def general(self, box: Box) -> Text:
        """What the box says in every use."""
        texts: list[Text] = []
        known: list[Mapping[str, Fraction]] = []
        for same, arguments in self.others:
            if all(n in same for n in box.nodes):
                text = self.text(box, same)
                if text is not None:
                    texts.append(text)
                    known.append(arguments)
        if not texts:
            return box.text
        title = self.line([t.title for t in texts], known, box.text.title)
        before = self.line([t.before for t in texts], known, box.text.before)
        after = self.line([t.after for t in texts], known, box.text.after)
        return Text(title, before, after, box.text.label)

    def text(self, box: Box, same: Mapping[str, str]) -> Text | None:
        graph = self.structure.graph
        if box.region is None:
            nodes = tuple(same[n] for n in box.nodes)
            titles = [layer_text(graph, Fused((), n, ())).title for n in box.nodes]
            lead = titles.index(box.text.title) if box.text.title in titles else 0
            return layer_text(graph, Fused(nodes[:lead], nodes[lead], nodes[lead + 1 :]))
        kind, inside = graph.regions[box.region].kind, {same[n] for n in box.nodes}
        alike = (r for r in graph.regions.values() if r.kind == kind)
        region = next((r for r in alike if set(self.structure.nodes[r.id]) == inside), None)
        return folded_text(self.structure, region)[0] if region else None

    def line(self, lines: Sequence[str], known: Sequence[Mapping[str, Fraction]], own: str) -> str:
        """One line for all: numbers that vary become parameters, or multiples of them."""
        if len(set(lines)) == 1:
            return lines[0]
        lines = _with_unsaid(lines)
        if len({_NUMBER.sub("#", line) for line in lines}) > 1:
            return own
        columns = list(zip(*(map(int, _NUMBER.findall(line)) for line in lines), strict=True))
        words = iter([self.word(column, known) for column in columns])
        shown = _NUMBER.sub(lambda _: next(words), lines[0])
        return re.sub(r"\b(\w+) \1\b", r"\1", shown)  # `12 heads` with a parameter `heads`

    def word(self, values: Sequence[int], known: Sequence[Mapping[str, Fraction]]) -> str:
        if len(set(values)) == 1:
            if len(known) < len(self.others):  # only some uses have it: what the others call it
                named = [n for n in self.used if all(k.get(n) == values[0] for k in known)]
                return named[0] if named and values[0] > 1 else str(values[0])
            return str(values[0])
        found: list[tuple[Fraction, str]] = []
        for name in (n for n in known[0] if all(n in k for k in known)):
            pairs = [(v, k[name]) for v, k in zip(values, known, strict=True)]
            ratios = {Fraction(v) / n for v, n in pairs if n}
            if len(ratios) == 1 and all((v == 0) == (n == 0) for v, n in pairs):
                found.append((ratios.pop(), name))
        if found:  # the smallest factor there is
            ratio, name = min(found, key=lambda pair: max(pair[0].numerator, pair[0].denominator))
            self.use(name)
            return _times(ratio, "c" if name == "in.channels" else name)
        return "…"

    def use(self, name: str) -> None:
        shown = "c = channels that enter" if name == "in.channels" else name
        if shown not in self.used:
            self.used.append(shown)


def _times(ratio: Fraction, name: str) -> str:
    text = name if ratio.numerator == 1 else f"{ratio.numerator}·{name}"
    return text if ratio.denominator == 1 else f"{text}/{ratio.denominator}"


_UNSAID = ((re.compile(r"/\d+"), "/1"), (re.compile(r"shift \d+"), "shift 0"))


def _with_unsaid(lines: Sequence[str]) -> Sequence[str]:
    """A stride of 1, and no shift, are not printed; beside others they must be."""
    for said, default in _UNSAID:
        split = [line.split(", ") for line in lines]
        at = next((i for words in split for i, w in enumerate(words) if said.fullmatch(w)), None)
        if at is not None:
            has = [len(words) > at and said.fullmatch(words[at]) for words in split]
            lines = [
                ", ".join(w if h else [*w[:at], default, *w[at:]]) for w, h in zip(split, has, strict=True)
            ]
    return lines
