"""A picture that may be chosen, and what is left to do where even the most folded one is too large."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ogive.backends.draw.colours import look
from ogive.backends.draw.fold.arguments import with_arguments
from ogive.backends.draw.fold.definitions import Definition
from ogive.backends.draw.fold.folding import name_of, only_block, told_of
from ogive.backends.draw.fold.forms import letters
from ogive.backends.draw.fold.gather import gathered
from ogive.backends.draw.fold.picture import Box, Cluster, Item, Picture, Text
from ogive.backends.draw.fold.pools import with_pools
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.rows import condensed, shortened
from ogive.backends.draw.fold.segments import segmented
from ogive.backends.draw.fold.text import clip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture, and how it came about.

    Attributes:
        picture: without definitions.
        depth: how many levels are open.
        also: regions that are open at any depth.
        across: whether stages and blocks whose channels differ are one box.
        siblings: what belongs beside it before any definition: other forms of the block that it shows.
        summary: what was done beyond folding, in words; empty: nothing.
    """

    picture: Picture
    depth: int
    also: frozenset[int] = frozenset()
    across: bool = False
    siblings: tuple[Definition, ...] = ()
    summary: str = ""


def summaries(candidate: Candidate, structure: Structure) -> Iterator[Candidate]:
    """What is left to do where even the most folded picture is too large, what says most first."""
    tried = [candidate.picture]
    for changes in _CHANGES:
        picture, done = candidate.picture, [candidate.summary] if candidate.summary else []
        for change in changes:
            changed = change(picture, structure)
            done += [_SAID[change]] if changed != picture and _SAID[change] not in done else []
            picture = changed
        if picture not in tried:
            tried.append(picture)
            yield replace(candidate, picture=picture, summary=", ".join(done))


def _terse(picture: Picture, structure: Structure) -> Picture:
    """The picture without what is in parts, all but what blocks were given there."""
    return replace(picture, items=tuple(_with_arguments_alone(item, structure) for item in picture.items))


def _with_arguments_alone(item: Item, structure: Structure) -> Item:
    if isinstance(item, Cluster):
        inside = tuple(_with_arguments_alone(each, structure) for each in item.items)
        return replace(item, items=inside)
    if not isinstance(item, Box) or not item.region or not item.text.after:
        return item
    region = structure.graph.regions[item.region]
    told = told_of(structure, region)
    after = with_arguments(structure, told, item.every or item.nodes, Text("")).after
    brief = _boxed_without_inside(item, structure)
    after = ", ".join(words for words in (brief.text.after, after) if words)
    return replace(brief, text=replace(brief.text, after=after))


def _brief(picture: Picture, structure: Structure) -> Picture:
    return replace(picture, items=tuple(_without_inside(item, structure) for item in picture.items))


def _without_inside(item: Item, structure: Structure) -> Item:
    if isinstance(item, Cluster):
        return replace(item, items=tuple(_without_inside(each, structure) for each in item.items))
    return (
        _boxed_without_inside(item, structure) if isinstance(item, Box) and item.region is not None else item
    )


def _boxed_without_inside(item: Box, structure: Structure) -> Box:
    """A folded box without what is in it; a stage that uses one block alone says so in its title instead.

    The letters of the forms in it stay: no definition would be known to be theirs.
    """
    name, number = only_block(structure, item.region) if item.region else ("", 0)
    stage = structure.graph.regions[item.region or 0]
    own, channels = name_of(stage), item.text.title.removeprefix(name_of(stage))
    title, badge, definition = item.text.title, item.badge, item.definition
    marked = _lettered(item, structure)
    after = " · ".join(marked.values())
    if number > (0 if marked else 1) and badge == 1 and title.startswith(f"{own} ") and name not in title:
        name, after = marked.get(name, name), ""
        title, badge, definition = clip(f"{own} · {name}{channels}"), number, name
    return replace(
        item, text=replace(item.text, title=title, after=clip(after)), badge=badge, definition=definition
    )


def _lettered(item: Box, structure: Structure) -> dict[str, str]:
    """By name: `MBConv (b, c)`, the blocks in a folded box that have letters, where its title says none."""
    inside, marks = {*item.every, *item.nodes}, letters(structure)
    found: dict[str, list[str]] = defaultdict(list)
    for id_, mark in marks.items() if item.region else ():  # not of several things in one
        region = structure.graph.regions[id_]
        letter = mark.strip(" ()")
        if structure.nodes[id_][0] not in inside or mark in item.text.title:
            continue
        if letter not in found[name_of(region)]:
            found[name_of(region)].append(letter)
    return {name: f"{name} ({', '.join(each)})" for name, each in found.items()}


def _unlabelled(picture: Picture, _: Structure) -> Picture:
    return replace(picture, edges=tuple(replace(e, label="") for e in picture.edges))


def unframed(picture: Picture) -> Picture:
    """The picture without the frames of stages, which take room."""
    return replace(picture, items=_unframed(picture.items))


def _unframed(items: tuple[Item, ...]) -> tuple[Item, ...]:
    found: list[Item] = []
    for item in items:
        if isinstance(item, Cluster) and item.kind == "stage" and item.badge == 1 and not item.label:
            found += _unframed(item.items)
        else:
            found.append(item)
    return tuple(found)


def too_large(picture: Picture) -> bool:
    """Whether a picture has more boxes or arrows than are laid out."""
    return picture.count > look.MOST_BOXES or len(picture.edges) > look.MOST_ARROWS


def in_one(candidate: Candidate) -> Candidate:
    """The candidate with one box between its inputs and outputs: what is always laid out in no time."""
    said = "what is between input and output is one box"
    summary = f"{candidate.summary}, {said}" if candidate.summary else said
    return replace(candidate, picture=_between_ends(candidate.picture), summary=summary)


def _between_ends(picture: Picture) -> Picture:
    total = sum(1 for _ in picture.boxes())
    ends = [i for i in picture.items if isinstance(i, Box) and i.kind in {"input", "output"}]
    text = Text(f"{total - len(ends)} boxes", after="more than a drawing can hold")
    boxes = [b for b in picture.boxes() if isinstance(b, Box) and b.symbol is None and b not in ends]
    kind = Counter(b.kind for b in boxes).most_common(1)[0][0] if boxes else "conv"
    told = {name for b in ends for name in (*b.nodes, *b.every)}
    every = tuple(name for name in picture.nodes if name not in told)
    middle = Box("rest", kind, text, region=0, every=every)
    inputs = [b for b in ends if b.kind == "input"]
    outputs = [b for b in ends if b.kind == "output"]
    known = {b.id for b in inputs}
    into = [replace(e, head="rest") for e in picture.edges if e.tail in known]
    out = [replace(e, tail="rest") for e in picture.edges if any(e.head == b.id for b in outputs)]
    edges = {(e.tail, e.head): e for e in (*into, *out)}
    items = (*inputs, middle, *outputs)
    spine = frozenset(b.id for b in items)
    return Picture(
        picture.name, items, tuple(edges.values()), spine=spine, hidden=picture.hidden, nodes=picture.nodes
    )


def _gathered(picture: Picture, _: Structure) -> Picture:
    return gathered(picture)


def _loosely_gathered(picture: Picture, _: Structure) -> Picture:
    return gathered(picture, loosely=True)


def _condensed(picture: Picture, _: Structure) -> Picture:
    return condensed(picture)


def _with_pools(picture: Picture, _: Structure) -> Picture:
    return with_pools(picture)


_ALIKE = (_gathered, _loosely_gathered)
_SAID: dict[Callable[[Picture, Structure], Picture], str] = {
    _gathered: "parallel parts that are alike are one box",
    _loosely_gathered: "parallel parts that are alike are one box",
    _terse: "what is in parts is left out",
    _brief: "what is in parts is left out",
    _unlabelled: "shapes are left out",
    _with_pools: "a pooling is in the box that it leads to",
    _condensed: "rows of layers that repeat are one box",
    shortened: "long rows of layers are one box",
    segmented: "what is between two boxes that all flow passes is one box",
}
_CHANGES = (
    (_gathered,),
    _ALIKE,
    (_terse,),
    (_brief,),
    (_unlabelled,),
    (_brief, _unlabelled),
    (*_ALIKE, _brief),
    (*_ALIKE, _brief, _unlabelled),
    (*_ALIKE, _brief, _unlabelled, _with_pools),
    (*_ALIKE, _condensed),
    (*_ALIKE, _condensed, _brief),
    (*_ALIKE, _condensed, _brief, _unlabelled),
    (*_ALIKE, _condensed, shortened),
    (*_ALIKE, _condensed, shortened, _brief),
    (*_ALIKE, _condensed, shortened, _brief, _unlabelled),
    (*_ALIKE, shortened),
    (*_ALIKE, shortened, _brief),
    (*_ALIKE, _condensed, shortened, _brief, _unlabelled, segmented),
)
"""What is done one after the other, each time from the beginning."""
