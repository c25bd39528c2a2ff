"""The tree of two nets as units, each a box or a frame: what is the same folded, what is other open."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ogive.backends.draw.fold.opening import LEVELS
from ogive.backends.draw.fold.picture import Text
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import FOLLOWERS, LEADS, clip, fuse, layer_text
from ogive.backends.draw.styles.difference_pieces import SIGNS, Piece, Status
from ogive.backends.draw.styles.difference_words import (
    grown,
    layer_words,
    masked,
    region_words,
    said,
    status_of,
    with_followers,
)
from ogive.report.difference.tree import Net

_LONG = 3
"""A row of more boxes that are the same is one box, where not everything has room."""
_MANY = 3
"""A row of so many regions that only one net has is one box, where nothing else has room."""
_FEW = 4
"""Layers of a branch or a shortcut that are shown though they are the same."""
Key = tuple[int, str]
"""A layer: of the first net or of the second, and its name."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What becomes one box, or a frame around several.

    Attributes:
        pieces: the layers of a run that is the same, or one piece.
        text: what its box says; None where it is open.
        kind: how its box is painted; what region it is, where it is open.
        name: the part of the text that is printed bold; the title of its frame.
        badge: how often what it names stands in it.
        inside: what is in it, where it is open.
        symbol: what stands in a circle in the place of a box.
        form: equal for units that look alike.
        loose: equal for units that differ in numbers only.
        note: more about it, beside the title of its frame.
    """

    pieces: tuple[Piece, ...]
    text: Text | None
    kind: str
    name: str = ""
    badge: int = 1
    inside: tuple[Unit, ...] = ()
    symbol: str | None = None
    form: Hashable = ""
    loose: Hashable = ""
    note: str = ""

    @property
    def piece(self) -> Piece:
        """The first of its pieces."""
        return self.pieces[0]

    def boxed(self) -> tuple[Unit, ...]:
        """The units in it that are boxes, in order; itself, where it is one."""
        return (
            (self,) if self.text is not None else tuple(unit for each in self.inside for unit in each.boxed())
        )

    def keys(self, nets: Sequence[Net]) -> Iterator[Key]:
        """The layers that it stands for, those that it replaces among them."""
        todo = list(self.pieces)
        while todo:
            piece = todo.pop()
            yield from ((0, name) for part in piece.before for name in nets[0].names(part))
            if not piece.children:
                yield from ((piece.side, name) for name in nets[piece.side].names(piece.part))
            yield from ((piece.side, name) for name in nets[piece.side].members.get(piece.part.key, ()))
            todo += piece.children


@dataclass(frozen=True, slots=True)
class Folding:
    """How much is folded.

    Attributes:
        depth: how many levels of stages and blocks are open in which something is other.
        short: whether long rows of layers that are the same become one box.
        loose: whether what differs in numbers only is taken for the same.
        tight: whether norms and activations stand in the box of the changed layer before them, regions of
            which one phrase says what is other are closed, and stages that are alike but for their names are
            taken for the same.
        whole: whether a row of regions that only one net has is one box.
    """

    depth: int
    short: bool = False
    loose: bool = False
    tight: bool = False
    whole: bool = False

    def said(self, top: int) -> str:
        """What is folded in which something is other, in words.

        Args:
            top: how many levels there are.
        """
        said = [f"folded to depth {self.depth} of {top}"] if self.depth < top else []
        if self.tight:
            said.append("norms and activations are in the box of the layer before them")
        if self.whole:
            said.append("rows of parts that only one net has are one box")
        return ", ".join(said)


class Units:
    """The pieces of a tree as units.

    Args:
        structures: of both nets.
        folding: how much is folded.
    """

    def __init__(self, structures: Sequence[Structure], folding: Folding) -> None:
        self.structures = structures
        self.folding = folding

    def of(self, piece: Piece, level: int = 0) -> tuple[Unit, ...]:
        """The units in a region that is open."""
        rows = _one_sided(piece.children) if self.folding.whole else []
        if any(map(_many, rows)):
            made = ((self.block(row),) if _many(row) else self.row(row, level) for row in rows)
            return tuple(unit for units in made for unit in units)
        return self.row(piece.children, level)

    def block(self, row: Sequence[Piece]) -> Unit:
        """Everything in a row that only one net has, in one box: `− stem … 5b`."""
        names = [each.name if each.part.kind != "stage" else each.part.name for each in row if not each.layer]
        layers = sum(1 for each in row for _ in each.leaves())
        ends = " … ".join(dict.fromkeys((names[0], names[-1])))
        return _box(
            tuple(row),
            Text(clip(f"{SIGNS[row[0].status]}{ends}", 60), after=f"{len(names)} parts, {layers} layers"),
            row[0].status, name=ends,
        )  # fmt: skip

    def row(self, children: Sequence[Piece], level: int) -> tuple[Unit, ...]:
        """The units of pieces that stand in a row."""
        found: list[Unit] = []
        run: list[Piece] = []
        behind = self.behind(children) if self.folding.tight else {}
        taken = {id(each) for row in behind.values() for each in row}
        for child in children:
            if id(child) in taken:
                continue
            joins = child.layer and not child.before
            if run and not (joins and self.follows(run[-1], child)):
                found += self.run(run, after=found)
                run = []
            if joins:
                run.append(child)
            else:
                found += self.unit(child, level, behind.get(id(child), ()))
        return (*found, *self.run(run, after=found))

    def follows(self, before: Piece, piece: Piece) -> bool:
        """Whether a layer only carries on from the one before it, and is as new, or as old."""
        return before.status == piece.status and self.only(before, piece)

    def only(self, before: Piece, piece: Piece) -> bool:
        """Whether a layer takes what the one before it gives, and nothing else takes that."""
        graph = self.structures[piece.side].graph
        if before.part.key not in graph or piece.part.key not in graph:
            return False
        alone = len(graph.consumers(before.part.key)) == 1
        return alone and [ref.node for ref in graph.operands(piece.part.key)] == [before.part.key]

    def run(self, run: Sequence[Piece], after: Sequence[Unit]) -> list[Unit]:
        """Layers that are the same, or that one net lacks, each with its norm and activation in a box.

        Args:
            run: the layers, each taking what the one before it gives.
            after: the units before them; norms and activations behind another status stand by themselves.
        """
        if not run:
            return []
        status, graph = run[0].status, self.structures[run[0].side].graph
        if run[0].part.key not in graph:  # a step of a clique
            return [_box((piece,), layer_words(piece), status_of(piece)) for piece in run]
        behind = [piece.part.group in FOLLOWERS for piece in run]
        alone = behind.index(False) if False in behind else len(run)
        if (
            0 < alone < len(run)
            and after
            and after[-1].kind in SIGNS
            and (after[-1].kind if after[-1].kind != "sized" else "same") != status
        ):
            return [*self.run(run[:alone], after), *self.run(run[alone:], ())]
        by_name = {piece.part.key: piece for piece in run}
        found: list[Unit] = []
        for fused in fuse(graph, [graph.node(piece.part.key) for piece in run]):
            members = tuple(by_name[name] for name in fused.nodes)
            look = by_name[fused.lead].part.look
            symbol = look.symbol if look and len(members) == 1 and status == "same" else None
            told: Status = "sized" if any(member.follows for member in members) else status
            kind = "input" if fused.lead in graph.inputs and status == "same" else told
            text = layer_text(graph, fused)
            found.append(_box(members, replace(text, title=SIGNS[told] + text.title), kind, symbol=symbol))
        if (
            self.folding.short
            and len(found) > _LONG
            and all(unit.kind in {"same", "sized"} for unit in found)
        ):
            titles = [
                unit.text.title.removeprefix(SIGNS["sized"]) for unit in (found[0], found[-1]) if unit.text
            ]
            told = "sized" if any(unit.kind == "sized" for unit in found) else "same"
            text = Text(f"{SIGNS[told]}{len(run)} layers", after=clip("  …  ".join(titles), 60))
            return [_box(tuple(run), text, told)]
        return found

    def behind(self, children: Sequence[Piece]) -> dict[int, list[Piece]]:
        """By changed layer with weights: the norms and activations behind it that are the same, or new."""
        found: dict[int, list[Piece]] = {}
        lead: Piece | None = None
        for child in children:
            before = found[id(lead)][-1] if lead is not None and found[id(lead)] else lead
            carries = child.part.group in FOLLOWERS and child.status in {"same", "added"} and not child.before
            if before is not None and lead is not None and carries and self.only(before, child):
                found[id(lead)].append(child)
            else:
                lead = child if child.before and child.part.group in LEADS and child.arguments else None
                found |= {id(lead): []} if lead is not None else {}
        return found

    def unit(self, piece: Piece, level: int, behind: Sequence[Piece] = ()) -> tuple[Unit, ...]:
        """A piece that is no layer that stayed as it was.

        Args:
            piece: it.
            level: how many regions it stands in that could be closed.
            behind: the norms and activations that stand in its box.
        """
        if piece.layer:
            words = with_followers(piece, behind) if behind else layer_words(piece)
            return (_box((piece, *behind), words, status_of(piece)),)
        counted = piece.part.kind in LEVELS
        whole = piece.status in {"added", "removed"} or not piece.children or not self.opens(piece)
        closed = level >= self.folding.depth or (self.folding.tight and said(piece))
        if whole or piece.part.kind == "clique" or (counted and closed):
            text, name, badge = region_words(piece, self.structures)
            box = _box((piece,), text, status_of(piece), name=name, badge=badge)
            if self.folding.tight and piece.part.kind == "stage":
                unnamed = text.title.replace(piece.part.name, "", 1)
                box = replace(box, loose=(box.kind, masked(replace(text, title=unnamed)), None))
            return (box,)
        inside = self.of(piece, level + counted)
        if not counted:
            return inside
        names = [piece.named(part) for part in (piece.was, piece.part) if part is not None]
        name, note = " → ".join(dict.fromkeys(names)), grown(piece)
        own = name if piece.part.kind == "stage" else piece.part.word
        form = (piece.part.kind, own, tuple(unit.form for unit in inside))
        loose = (piece.part.kind, piece.part.word, tuple(unit.loose for unit in inside))
        return (Unit((piece,), None, piece.part.kind, name, 1, inside, None, form, loose, note),)

    def opens(self, piece: Piece) -> bool:
        """Whether there is something to be seen in a region: what is other, or a few layers beside others."""
        small = piece.part.kind not in LEVELS and sum(1 for _ in piece.leaves()) <= _FEW
        return piece.touched() or small


def _one_sided(children: Sequence[Piece]) -> list[list[Piece]]:
    """The row divided into rows that only the same net has, or both."""
    rows = groupby(children, key=lambda child: child.status if child.status in {"added", "removed"} else "")
    return [list(row) for _, row in rows]


def _many(row: Sequence[Piece]) -> bool:
    """Whether only one net has it, and that are many regions."""
    regions = sum(not each.layer for each in row)
    return row[0].status in {"added", "removed"} and regions >= _MANY


def _box(
    members: tuple[Piece, ...],
    text: Text,
    kind: str,
    *,
    name: str = "",
    badge: int = 1,
    symbol: str | None = None,
) -> Unit:
    form = (kind, text, badge, symbol)
    return Unit(members, text, kind, name, badge, (), symbol, form, (kind, masked(text), symbol))


def levels(piece: Piece) -> int:
    """How many levels of stages and blocks there are in which something is other."""
    if piece.layer or piece.status in {"added", "removed"} or not piece.touched():
        return 0
    return max(
        (levels(child) + (child.part.kind in LEVELS and child.touched()) for child in piece.children),
        default=0,
    )
