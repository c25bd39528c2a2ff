"""The blocks of an overview, each drawn once, with the names of its parameters where its uses differ.

Three uses of `Bottleneck` with 64, 128 and 256 give one picture that says `width` and `4·width`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from ogive.backends.draw.fold.clique_text import as_one, clique_lines
from ogive.backends.draw.fold.collapse import collapse, deepest
from ogive.backends.draw.fold.folding import entering, name_of
from ogive.backends.draw.fold.forms import Variant, body_of, letters, starts, variants
from ogive.backends.draw.fold.numbers import Numbers
from ogive.backends.draw.fold.opening import Hand
from ogive.backends.draw.fold.picture import Box, Cluster, Edge, Item, Picture, Ring, with_nodes
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.shared import SHARED, whose_weights, without_shared
from ogive.backends.draw.fold.text import shape
from ogive.backends.draw.fold.titles import told_apart
from ogive.graph import Region

MOST = 8
"""Definitions that are thought of beside one overview."""
_MOST_BOXES = 24
_WORD = 16
"""So much of a name is looked for: boxes clip longer ones."""
_SMALL_STAGE = 10


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A picture that can stand beside an overview.

    Attributes:
        picture: of the block.
        regions: the uses that it shows.
        folded: kind and definition of what is folded in it.
        key: what it is asked for by.
        parent: the place in the list of the definition that it is wanted in; None: of the overview.
        word: what folded boxes call it; empty: it is a part that is drawn where it stands.
    """

    picture: Picture
    regions: frozenset[int]
    folded: frozenset[tuple[str, str]]
    key: str
    parent: int | None = None

    word: str = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.picture.name


def definitions(structure: Structure, overview: Picture, most: int = MOST) -> list[Definition]:
    """Pictures of the blocks and dense bodies that are folded in the overview and in each other, and of its
    small stages and heads of layers.

    Args:
        structure: of the graph.
        overview: what they are to stand beside.
        most: how many.
    """
    of_region = variants(structure)
    seen: set[Variant] = set()
    found: list[Definition] = []
    waiting: list[tuple[int | None, Picture]] = [(None, overview)]
    while waiting and len(found) < most:
        parent, picture = waiting.pop(0)
        for box in picture.boxes():
            for region in box.defines if isinstance(box, Box) else ():
                variant = of_region[region]
                if variant in seen or len(found) == most:
                    continue
                seen.add(variant)
                made = _define(structure, variant, f"d{len(found) + 1}.")
                use, uses = variant.uses[0], frozenset(use.id for use in variant.uses)
                word = name_of(use)[:_WORD] if use.kind == "block" else ""
                folded = _folded(structure, made)
                found.append(Definition(made, uses, folded, _key_of(use), parent, word))
                waiting.append((len(found) - 1, made))
    for made, regions in _stages(structure, overview, len(found)):
        if len(found) < most:
            uses = frozenset(r.id for r in regions)
            found.append(Definition(made, uses, frozenset(), _key_of(regions[0])))
    return _named(structure, found, of_region)


def defined(
    structure: Structure, regions: Sequence[int], depth: int, hand: Hand | None = None
) -> list[Definition]:
    """Pictures of parts of a net, each form once, with so many levels open in them, and what `hand` opens."""
    of_region = variants(structure)
    found: list[Definition] = []
    seen: set[object] = set()
    for id in regions:
        region, prefix = structure.graph.regions[id], f"p{len(found) + 1}."
        variant = of_region.get(id)
        key = variant or structure.signature(region)
        if key in seen:
            continue
        seen.add(key)
        if variant:
            picture = _define(structure, variant, prefix, depth, hand)
        else:
            picture = collapse(structure, depth, id, prefix, hand=hand)
        uses = frozenset(use.id for use in variant.uses) if variant else frozenset((id,))
        found.append(Definition(picture, uses, _folded(structure, picture), _key_of(region)))
    return _named(structure, found, of_region)


def _named(
    structure: Structure, found: Sequence[Definition], of_region: Mapping[int, Variant]
) -> list[Definition]:
    """The definitions, those of one name told apart, and from the forms without letters that are not here."""
    marks = letters(structure)
    groups = [[structure.graph.regions[id] for id in sorted(d.regions)] for d in found]
    names = [d.name for d in found]
    bare = {name for name, uses in zip(names, groups, strict=True) if uses[0].id not in marks}
    here = {id for d in found for id in d.regions}
    elsewhere = {id(v): v.uses for v in of_region.values() if here.isdisjoint(use.id for use in v.uses)}
    others = [uses for uses in elsewhere.values() if _name(uses[0]) in bare]
    names = told_apart(structure, [*groups, *others], [*names, *(_name(uses[0]) for uses in others)], marks)
    names = names[: len(found)]
    return [replace(d, picture=replace(d.picture, name=n)) for d, n in zip(found, names, strict=True)]


def _key_of(region: Region) -> str:
    return region.path if region.kind in {"stage", "aux"} else region.block or region.kind


def _folded(structure: Structure, picture: Picture) -> frozenset[tuple[str, str]]:
    regions = (b.region for b in picture.boxes() if isinstance(b, Box) and b.region is not None)
    return frozenset((r.kind, r.block or "") for r in map(structure.graph.regions.__getitem__, regions))


def _stages(structure: Structure, overview: Picture, number: int) -> Iterator[tuple[Picture, list[Region]]]:
    """Pictures of the small stages and heads of layers that are folded in the overview, each once.

    Args:
        structure: of the graph.
        overview: what they stand beside.
        number: of the definitions there are.
    """
    alike: dict[Hashable, list[Region]] = {}
    for box in overview.boxes():
        region = structure.graph.regions[box.region] if isinstance(box, Box) and box.region else None
        if (
            region is not None
            and region.kind in {"stage", "aux"}
            and not (isinstance(box, Box) and box.defines)
        ):
            alike.setdefault(structure.signature(region), []).append(region)
    for regions in alike.values():
        first = regions[0]
        picture = collapse(structure, deepest(structure, first.id), first.id, f"d{number + 1}.")
        if 2 < picture.count <= _SMALL_STAGE + 1:  # what enters, and more than one layer
            number += 1
            yield picture, regions


def _define(
    structure: Structure, variant: Variant, prefix: str, depth: int | None = None, hand: Hand | None = None
) -> Picture:
    """The picture of a variant, with so many levels open, or as many as make it no larger than it may be."""
    regions = [body_of(structure, u) for u in variant.uses]
    model = next((r for r in regions if structure.split(r)[1]), regions[0])
    if model.kind == "clique":  # the use of whose results most are needed
        model = max(regions, key=lambda r: len(structure.nodes[r.id]))
    identity = any(not structure.split(r)[1] for r in regions) and bool(structure.split(model)[1])
    picture = _opened(structure, model, prefix, depth, hand)
    picture = _everywhere(structure, picture, variant.uses, model)
    if len({_shapes(structure, r) for r in regions}) > 1:
        picture = replace(picture, items=_numbered(picture.items))
    numbers = Numbers(structure, variant.uses, regions, model)
    items = tuple(_reworded(item, numbers, identity) for item in picture.items)
    edges = picture.edges
    if identity:
        edges = (*edges, *_identity(structure, picture, regions, model))
    if model.kind == "clique":
        lines, note = as_one([clique_lines(r.clique) for r in regions if r.clique])
        items = tuple(replace(i, lines=lines) if isinstance(i, Ring) else i for i in picture.items)
        return replace(picture, name=_name(model), items=items, note=note)
    name = _name(variant.uses[0])
    symbols = numbers.symbols.notes
    if all(r.shared for r in regions) and any(i != without_shared(i) for i in items):
        items, symbols = tuple(map(without_shared, items)), [*symbols, _whose(structure, regions)]
    note = f"({', '.join(symbols)})" if symbols else ""
    label = picture.label if len({r.notes for r in regions}) == 1 else ()
    return replace(picture, name=name, items=items, edges=edges, note=note, label=label)


def _name(use: Region) -> str:
    """What the definition of this and its like is called."""
    return {"dense": "dense layer", "clique": "clique"}.get(use.kind) or name_of(use)


def _whose(structure: Structure, regions: Sequence[Region]) -> str:
    """Whose weights these have, where they are all the same."""
    found = {whose_weights(structure.graph, region) for region in regions}
    return found.pop() if len(found) == 1 else SHARED


def _shapes(structure: Structure, region: Region) -> tuple[str, ...]:
    return tuple(shape(structure.graph.type(ref)) for ref in entering(structure, region))


def _numbered(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items, what enters told by number: told by its shape it would be false of other uses."""
    found: list[Item] = []
    number = 0
    for item in items:
        if isinstance(item, Box) and item.kind == "input" and item.text.title.startswith("in ("):
            number += 1
            item = replace(item, text=replace(item.text, title=f"in {number}"))
        found.append(item)
    return tuple(found)


def _everywhere(structure: Structure, picture: Picture, uses: Sequence[Region], model: Region) -> Picture:
    """The picture of one use, its boxes standing for the nodes of all uses, and of all turns of these."""
    found: dict[str, list[str]] = {box.id: [] for box in picture.boxes()}
    halves = structure.split(model)
    place = {name: (half, i) for half in (0, 1) for i, name in enumerate(halves[half])}
    shown: dict[str, tuple[str, ...]] = {}
    for box in picture.boxes():
        turns = () if isinstance(box, Box) else zip(*box.members, strict=True)
        shown[box.id] = box.every if isinstance(box, Box) else tuple(chain.from_iterable(turns))
    for use in uses:
        for turn in structure.children[use.id] if use.kind == "dense" else (use,):
            other = structure.split(turn)
            for id_, names in shown.items():
                at = (place[name] for name in names if name in place)
                found[id_] += [other[half][i] for half, i in at if i < len(other[half])]
    return replace(picture, items=with_nodes(picture.items, found))


def _opened(
    structure: Structure, model: Region, prefix: str, depth: int | None, hand: Hand | None
) -> Picture:
    if depth is not None:
        return collapse(structure, depth, model.id, prefix, hand=hand)
    depth = deepest(structure, model.id)
    picture = collapse(structure, depth, model.id, prefix)
    while depth > 0 and picture.count > _MOST_BOXES:
        depth -= 1
        picture = collapse(structure, depth, model.id, prefix)
    return picture


def _identity(structure: Structure, picture: Picture, regions: Sequence[Region], model: Region) -> list[Edge]:
    """The skip of the uses without a projection, from where it begins in them to where projections end."""
    dashed = [e for e in picture.edges if e.style == "projection"]
    tails = [e.tail for e in dashed if all(e.tail != other.head for other in dashed)]
    heads = [e.head for e in dashed if all(e.head != other.tail for other in dashed)]
    plain = next(r for r in regions if not structure.split(r)[1])
    begins, main = starts(structure, plain), structure.split(model)[0]
    if begins != starts(structure, model) and len(begins) == 1:
        node = main[begins[0]] if begins[0] >= 0 else None
        seen = (b for b in picture.boxes() if isinstance(b, Box))
        tails = [b.id for b in seen if (node in b.nodes if node else b.kind == "input")]
    return [Edge(a, b, "skip") for a, b in zip(tails[:1], heads[:1], strict=True)]


def _reworded(item: Item, numbers: Numbers, identity: bool) -> Item:
    if isinstance(item, Cluster):
        return replace(item, items=tuple(_reworded(i, numbers, identity) for i in item.items))
    if not isinstance(item, Box) or item.kind in {"input", "output"}:
        return item
    text = numbers.general(item)
    if identity and item.nodes and set(item.nodes) <= numbers.shortcut:
        text = replace(text, after=", ".join(t for t in (text.after, "where shapes differ") if t))
    return replace(item, text=text)
