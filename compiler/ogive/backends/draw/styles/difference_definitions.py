"""The blocks in which something is other, each drawn once beside the picture in which they are folded."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase

from ogive.backends.draw.fold.definitions import defined
from ogive.backends.draw.fold.forms import letters
from ogive.backends.draw.fold.picture import Box, Cluster, Edge, Item, Picture
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.styles.difference_items import Builder
from ogive.backends.draw.styles.difference_pieces import SIGNS, Piece, Status
from ogive.backends.draw.styles.difference_units import Folding, Unit, Units
from ogive.backends.draw.styles.difference_words import others
from ogive.report.difference import Difference
from ogive.report.difference.tree import Part

MOST = 4
"""Definitions beside one picture."""
THOUGHT_OF = 12
"""Definitions that are made; those that do not stand beside the picture are named in a note."""
_LETTER = re.compile(r" \((?:[a-z]|\d+)\)$")
_DEFINED = {"block", "dense", "clique", "stage", "aux"}
_DEEP = 99
_NAMED = 3
"""Stages that are named; of more the first and the last."""


@dataclass(frozen=True, slots=True)
class Defined:
    """What stands beside a picture.

    Attributes:
        pictures: the definitions, the most used first.
        letters: by piece, its `id`: ` (a)`, ` (b)` where one name has several definitions that no stage tells
            apart; the frame of each says the same letter. By part, its `id`, where that was replaced.
        left_out: the names of those that are too many to be made.
    """

    pictures: tuple[Picture, ...]
    letters: Mapping[int, str]
    left_out: tuple[str, ...] = ()

    def lettered(self, units: Sequence[Unit]) -> tuple[Unit, ...]:
        """The units, their boxes saying which definition they mean."""
        return tuple(self._lettered(unit) for unit in units) if self.letters else tuple(units)

    def _lettered(self, unit: Unit) -> Unit:
        if unit.text is None:
            inside = self.lettered(unit.inside)
            forms = tuple(each.form for each in inside), tuple(each.loose for each in inside)
            return replace(unit, inside=inside, form=(unit.form, forms[0]), loose=(unit.loose, forms[1]))
        if len(unit.pieces) > 1:
            return unit
        letter = self.letters.get(id(unit.piece), "")
        gone = [(part.word, self.letters.get(id(part), "")) for part in _replaced(unit.piece)]
        old, arrow, title = unit.text.title.rpartition(" → ") if gone else ("", "", unit.text.title)
        for word, its in gone:
            old = old.replace(word, word + its, 1)
        title = old + arrow + title.replace(unit.name, unit.name + letter, 1)
        if title == unit.text.title:
            return unit
        text, name, key = replace(unit.text, title=title), unit.name + letter, (letter, *gone)
        return replace(unit, text=text, name=name, form=(unit.form, key), loose=(unit.loose, key))


def definitions(
    difference: Difference, structures: Sequence[Structure], units: Sequence[Unit], *, tight: bool = False
) -> Defined:
    """Pictures of what is folded among these units and has something other in it; uses that differ in numbers
    only, or in having a shortcut, are one.

    Args:
        difference: whose units they are.
        structures: of both nets.
        units: what is drawn.
        tight: whether norms and activations stand in the box of the changed layer before them.
    """
    alike: dict[Hashable, list[tuple[Piece, tuple[Unit, ...]]]] = {}
    opener = Units(structures, Folding(_DEEP, tight=tight))
    for piece in _folded(units):
        inside = opener.row(_steps(piece, structures), 0) if piece.part.kind == "clique" else opener.of(piece)
        key = piece.part.kind, piece.part.word, tuple(unit.loose for unit in _main(inside))
        alike.setdefault(key, []).append((piece, inside))
    told = [uses for uses in alike.values() if any(_several(inside) for _, inside in uses)]
    told.sort(key=len, reverse=True)
    names = [_name(uses) for uses in told]
    stages = [_stages(uses) if names.count(name) > 1 else "" for name, uses in zip(names, told, strict=True)]
    marks = _letters(names, stages)
    found: list[Picture] = []
    for at, uses in enumerate(told[:THOUGHT_OF]):
        made = _define(difference, uses, names[at] + marks[at], f"d{at + 1}.")
        notes = _each_layer(uses), stages[at], _unsaid(uses) if tight else ""
        found.append(replace(made, note="; ".join(filter(None, notes))))
    of_piece = {id(piece): marks[at] for at, uses in enumerate(told) for piece, _ in uses if marks[at]}
    alone = _blocks_of_one(difference, structures, units)
    of_piece |= {key: form.letter for form in alone for key in form.shown if form.letter}
    of_piece |= _renamed(structures, units, {form.part.word for form in alone if form.letter})
    if len({form.part.word for form in alone}) > MOST - len(found):
        return Defined(tuple(found), of_piece, tuple(form.part.word + form.letter for form in alone))
    for form in alone:
        found.append(_define_alone(structures[form.side], form.part, form.status, f"d{len(found) + 1}."))
    return Defined(tuple(found), of_piece)


def plain(name: str) -> str:
    """The name of a definition without its letter."""
    return _LETTER.sub("", name)


def _letters(names: Sequence[str], stages: Sequence[str]) -> list[str]:
    """For each definition a letter, where its stages do not tell it from others of its name."""
    found = [""] * len(names)
    for name in dict.fromkeys(names):
        same = [at for at, each in enumerate(names) if each == name]
        where = {stages[at] for at in same}
        if len(where) < len(same) or "" in where:
            for number, at in enumerate(same if len(same) > 1 else ()):
                found[at] = f" ({ascii_lowercase[number] if number < len(ascii_lowercase) else number + 1})"
    return found


def _steps(clique: Piece, structures: Sequence[Structure]) -> list[Piece]:
    """What a clique does at each of its layers, without what gathers their results for others."""
    return [child for child in clique.children if child.part.key not in structures[child.side].graph]


def _several(inside: Sequence[Unit]) -> bool:
    """Whether there is more to be seen in a region than one box."""
    return sum(len(unit.boxed()) for unit in inside) > 1


def _name(uses: Sequence[tuple[Piece, tuple[Unit, ...]]]) -> str:
    """What a definition is called: by the names of its uses, of many the first and the last."""
    names = list(dict.fromkeys(_called(use) for use, _ in uses))
    return " … ".join((names[0], names[-1])) if len(names) > 2 else ", ".join(names)


def _stages(uses: Sequence[tuple[Piece, tuple[Unit, ...]]]) -> str:
    """`in conv2, conv3`: where a definition holds that is not the only one of its name."""
    stages: dict[str, None] = {}
    for piece, _ in uses:
        at = piece.parent
        while at is not None and at.part.kind != "stage":
            at = at.parent
        if at is not None:
            stages[at.name] = None
    names = list(stages)
    told = ", ".join(names) if len(names) <= _NAMED else f"{names[0]} … {names[-1]}"
    return f"in {told}" if told else ""


def _each_layer(uses: Sequence[tuple[Piece, tuple[Unit, ...]]]) -> str:
    """`at each layer`: what a picture of a clique shows."""
    return "at each layer" if uses[0][0].part.kind == "clique" else ""


def _unsaid(uses: Sequence[tuple[Piece, tuple[Unit, ...]]]) -> str:
    """`~: other padding, bias too`: what the boxes of a tight definition do not say of their layers."""
    boxes = [box for _, inside in uses for unit in inside for box in unit.boxed() if len(box.pieces) > 1]
    names = dict.fromkeys(name for box in boxes for name in others(box.piece))
    return f"~: other {', '.join(names)} too" if names else ""


@dataclass(slots=True)
class _Form:
    """What boxes say of a block that only one of the nets uses.

    Attributes:
        part: the first use.
        side: the net.
        status: of the first use.
        letter: tells it from other forms of the block.
        shown: the `id` of every piece, or part that was replaced, whose box means it.
    """

    part: Part
    side: int
    status: Status
    letter: str
    shown: list[int]


def _blocks_of_one(
    difference: Difference, structures: Sequence[Structure], units: Sequence[Unit]
) -> list[_Form]:
    """The forms of the blocks that only one of the nets uses, each of which has a box here.

    One form of every block stands before the second of any, and those with more boxes before others.
    """
    words = [{part.word for part in _parts(net.root) if part.kind == "block"} for net in difference.nets]
    marks = [letters(structure) for structure in structures]
    found: dict[tuple[str, str], _Form] = {}
    for unit in (box for each in units for box in each.boxed()):
        for piece in unit.pieces:
            if piece.status == "same":
                continue
            shown = (*((part, 0, id(part)) for part in piece.before), (piece.part, piece.side, id(piece)))
            for part, side, key in shown:
                if part.kind != "block" or part.region is None or part.word in words[1 - side]:
                    continue
                letter = marks[side].get(part.region.id, "")
                if letter and len(unit.pieces) > 1:  # a box of many parts says no letter
                    continue
                status: Status = "added" if side else "removed"
                form = found.setdefault((part.word, letter), _Form(part, side, status, letter, []))
                form.shown.append(key)
    forms = sorted(found.values(), key=lambda form: -len(form.shown))
    first = {form.part.word: form for form in reversed(forms)}
    return sorted(forms, key=lambda form: form is not first[form.part.word])


def _replaced(piece: Piece) -> list[Part]:
    """The parts of the first net that the box of a piece names beside its own."""
    was = piece.was
    return [*piece.before, *([was] if was and was.kind == "block" and was.word != piece.part.word else [])]


def _renamed(structures: Sequence[Structure], units: Sequence[Unit], words: set[str]) -> dict[int, str]:
    """The letters of what was renamed, by part, its `id`, where definitions with these words have some."""
    marks = letters(structures[0])
    boxes = (box for each in units for box in each.boxed() if len(box.pieces) == 1)
    parts = (part for box in boxes for part in _replaced(box.piece))
    return {id(p): marks.get(p.region.id, "") for p in parts if p.region is not None and p.word in words}


def _parts(part: Part) -> Iterator[Part]:
    todo = [part]
    while todo:
        each = todo.pop()
        yield each
        todo += each.children


def _define_alone(structure: Structure, part: Part, status: Status, prefix: str) -> Picture:
    """A block that is all new, or all gone, for all of its uses."""
    assert part.region is not None
    picture = defined(structure, (part.region.id,), _DEEP)[0].picture
    edges = tuple(replace(e, tail=prefix + e.tail, head=prefix + e.head) for e in picture.edges)
    spine = frozenset(prefix + id for id in picture.spine)
    items = tuple(_painted(item, status, prefix) for item in picture.items)
    return replace(picture, items=items, edges=edges, spine=spine)


def _painted(item: Item, status: Status, prefix: str) -> Item:
    """The same in the colour of what happened; circles, and where tensors enter, stay pale."""
    item = replace(item, id=prefix + item.id)
    if isinstance(item, Cluster):
        return replace(item, items=tuple(_painted(each, status, prefix) for each in item.items))
    if not isinstance(item, Box) or item.symbol is not None or item.kind in {"input", "output"}:
        return item
    return replace(item, kind=status, text=replace(item.text, title=SIGNS[status] + item.text.title))


def _folded(units: Sequence[Unit]) -> Iterator[Piece]:
    """The pieces that are one box here and have something other inside; of a stage of blocks, its blocks."""
    for unit in units:
        for box in unit.boxed():
            for piece in box.pieces:
                yield from _blocks(piece)


def _blocks(piece: Piece) -> Iterator[Piece]:
    if piece.layer or piece.status in {"added", "removed"} or not piece.children or not piece.touched():
        return
    inner = [
        child for child in piece.children if child.part.kind in {"block", "dense", "clique", "iteration"}
    ]
    loose = [child for child in piece.children if child.layer]
    if piece.part.kind == "stage" and inner and not loose:
        for child in piece.children:
            yield from _blocks(child)
    elif piece.part.kind in _DEFINED | {"iteration"}:
        yield piece


def _main(inside: Sequence[Unit]) -> list[Unit]:
    """The units outside of shortcuts."""
    return [unit for unit in inside if not _beside(unit)]


def _beside(unit: Unit) -> bool:
    at: Piece | None = unit.piece
    while at is not None:
        if at.part.kind == "shortcut":
            return True
        at = at.parent
    return False


def _define(
    difference: Difference, uses: Sequence[tuple[Piece, tuple[Unit, ...]]], name: str, prefix: str
) -> Picture:
    """One picture for all uses: of those without a shortcut, where others have one, it says so."""
    _, model = max(uses, key=lambda use: len(use[1]))
    forms = [unit.loose for unit in model]
    same = [inside for _, inside in uses if [unit.loose for unit in inside] == forms]
    steps = uses[0][0].part.kind == "clique"
    builder = Builder(difference, loose=False, prefix=prefix, steps=steps)
    picture = builder.definition(name, same)
    if len(same) == len(uses):
        return picture
    boxes = [box for unit in model for box in unit.boxed() if _beside(box)]
    shortcuts = {builder.at[key] for box in boxes for key in box.keys(difference.nets)}
    past = [
        Edge(into.tail, out.head, "skip")
        for into in picture.edges
        for out in picture.edges
        if into.head in shortcuts and into.tail not in shortcuts
        if out.tail in shortcuts and out.head not in shortcuts
    ]
    items = tuple(_sometimes(item, shortcuts) for item in picture.items)
    return replace(picture, items=items, edges=(*picture.edges, *dict.fromkeys(past)))


def _called(piece: Piece) -> str:
    """What a definition is called: a dense block by the stage that it stands in."""
    around = piece.parent
    named = piece.part.kind == "dense" and around is not None and around.part.kind == "stage"
    return f"{around.name} · {piece.name}" if named and around is not None else piece.name


def _sometimes(item: Item, shortcuts: set[str]) -> Item:
    """The same, and where it is one of the boxes that not all uses have, that is said."""
    if isinstance(item, Cluster):
        return replace(item, items=tuple(_sometimes(each, shortcuts) for each in item.items))
    if not isinstance(item, Box) or item.id not in shortcuts:
        return item
    after = ", ".join(filter(None, (item.text.after, "where shapes differ")))
    return replace(item, text=replace(item.text, after=after))
