"""Two nets as one tree: the second, and in it, where they stood, the parts that only the first has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ogive.report.difference import Argument, Difference
from ogive.report.difference.tree import Part

Status = Literal["same", "added", "removed", "changed", "sized"]
"""What happened; `sized`: the same, with other shapes or parameters because of what changed before it."""

SIGNS: dict[Status, str] = {"same": "", "added": "+ ", "removed": "− ", "changed": "~ ", "sized": "≈ "}
"""What a box begins with, so that no colour is needed to read it."""


class Gone(str):
    """The name of a layer that only the first net has; the second may have another of that name."""

    __slots__ = ()


@dataclass(eq=False)
class Piece:
    """A part of either net, or of both.

    Attributes:
        part: in the second net, or in the first where only that has it.
        side: whose part it is: 0 or 1.
        status: what happened to it, apart from what is in it.
        before: what stood there in the first net, where it is another part or has other arguments.
        was: the same part in the first net, where both have it.
        arguments: what is other about it.
        children: its parts, in the order of the program.
        parent: what it stands in.
        follows: whether it is a layer that has other shapes or parameters as a consequence.
    """

    part: Part
    side: int
    status: Status = "same"
    before: tuple[Part, ...] = ()
    was: Part | None = None
    arguments: tuple[Argument, ...] = ()
    children: list[Piece] = field(default_factory=list)
    parent: Piece | None = field(default=None, repr=False)
    follows: bool = False

    @property
    def layer(self) -> bool:
        """Whether it is a layer."""
        return self.part.layer is not None

    @property
    def name(self) -> str:
        """What it is called in a drawing."""
        return self.named(self.part)

    @staticmethod
    def named(part: Part) -> str:
        """What a region is called in a drawing: a stage by its name, a block by its definition."""
        if part.kind == "iteration" and part.name:
            return "layer"
        return part.name if part.kind in {"stage", "aux"} else part.word

    def leaves(self) -> Iterator[Piece]:
        """The layers in it; itself, where it is one. What only the first net has is among them."""
        todo: list[Piece] = [self]
        while todo:
            piece = todo.pop()
            if piece.layer:
                yield piece
            todo.extend(reversed(piece.children))

    def sized(self) -> bool:
        """Whether sizes are others of anything in it that is the same."""
        return any(leaf.follows for leaf in self.leaves())

    def touched(self) -> bool:
        """Whether anything in it, or it itself, is not as it was."""
        todo = [self]
        while todo:
            piece = todo.pop()
            if piece.status != "same":
                return True
            todo += piece.children
        return False


def pieces(difference: Difference) -> Piece:
    """The tree of a difference."""
    return _Tree(difference).root


class _Tree:
    """The second net on its way to a tree of pieces."""

    def __init__(self, difference: Difference) -> None:
        self.difference = difference
        self.matching = difference.correspondence
        self.changes = {
            change.b.key: change
            for change in difference.of("changed", "rewired")
            if change.b is not None and change.b.kind != "output"
        }
        self.follows = {change.item.key for change in difference.of("follows")}
        self.new = {part.key for row in self.matching.added for part in row}
        self.instead: dict[str, tuple[Part, ...]] = {}
        for before, after in self.matching.replaced:
            self.instead[after[0].key] = before
            self.new |= {part.key for part in after[1:]}
        self.was = {y.key: x for x, y in (*self.matching.layers, *self.matching.regions)}
        self.pieces: dict[tuple[int, str], Piece] = {}
        self.root = self.grown(difference.nets[1].root, 1, None, "same")
        self.insert()

    def grown(self, part: Part, side: int, parent: Piece | None, status: Status) -> Piece:
        """A part with all that is in it."""
        root = self.piece(part, side, parent, status)
        todo = [root]
        while todo:
            piece = todo.pop()
            inherited = piece.status if piece.status in {"added", "removed"} else "same"
            for child in piece.part.children if not piece.before or not _whole(piece) else ():
                piece.children.append(self.piece(child, side, piece, inherited))
            todo += piece.children
        return root

    def piece(self, part: Part, side: int, parent: Piece | None, status: Status) -> Piece:
        found = Piece(part, side, status, parent=parent)
        if side and status == "same":
            if part.key in self.new:
                found.status = "added"
            elif part.key in self.instead:
                found.status, found.before = "changed", self.instead[part.key]
            elif part.key in self.changes:
                found.status, found.before = "changed", (self.was[part.key],)
                found.arguments = self.changes[part.key].arguments
        found.was = self.was.get(part.key) if side else None
        found.follows = side == 1 and found.status == "same" and part.key in self.follows
        self.pieces[side, part.key] = found
        return found

    # ------------------------------------------------------------------ what only the first has

    def insert(self) -> None:
        """Puts the parts that were removed behind what they followed."""
        first = self.difference.nets[0]
        rows = {row[0].key: row for row in self.matching.removed}
        kept = {x.key: y.key for x, y in self.matching.layers}
        for before, after in self.matching.replaced:
            kept |= {leaf.key: after[0].key for part in before for leaf in part.leaves()}
        around = first.parents()
        regions = {x.key: y.key for x, y in self.matching.regions}
        behind: list[Piece] = []  # the layers so far, those that were removed among them
        leaves = list(first.root.leaves())
        after = self.following(leaves, kept)
        for number, part in enumerate(leaves):
            top = part
            while top.key not in rows and top.key in around and top.key not in regions:
                top = around[top.key]
            if top.key in rows and (0, top.key) not in self.pieces:
                at = top
                while at.key not in regions:
                    at = around[at.key]
                home = _inner(self.pieces[1, regions[at.key]], behind, after[number])
                for each in rows[top.key]:
                    piece = self.grown(each, 0, home, "removed")
                    home.children.insert(_place(home, behind), piece)
                    behind.append(piece)
            elif part.key in kept:
                behind.append(self.pieces[1, kept[part.key]])

    def following(self, leaves: Sequence[Part], kept: Mapping[str, str]) -> list[Piece | None]:
        """For each layer of the first net the piece of the next one behind it that the second has."""
        found: list[Piece | None] = []
        following: Piece | None = None
        for part in reversed(leaves):
            found.append(following)
            if part.key in kept:
                following = self.pieces[1, kept[part.key]]
        return found[::-1]


def _whole(piece: Piece) -> bool:
    """Whether it stands in the place of something else, of which nothing is compared."""
    return not piece.arguments and piece.part.layer is None


def _inner(home: Piece, behind: Sequence[Piece], following: Piece | None) -> Piece:
    """The region in which something stands that was removed: `home`, or what is new in it around both the
    layer before it and the layer behind it.
    """
    before = next((child for piece in reversed(behind) if (child := _within(home, piece))), None)
    while before is not None and following is not None and before.children:
        if _within(home, following) is not before or before.was is not None:
            break
        home = before
        before = next((child for piece in reversed(behind) if (child := _within(home, piece))), None)
    return home


def _within(home: Piece, piece: Piece) -> Piece | None:
    """The child of a region that holds a piece, or is it; None where it stands elsewhere."""
    at: Piece | None = piece
    while at is not None and at.parent is not home:
        at = at.parent
    return at


def _place(home: Piece, behind: Sequence[Piece]) -> int:
    """Where the next part of a region stands: behind the child that holds the last layer before it."""
    for piece in reversed(behind):
        at = _within(home, piece)
        if at is not None:
            return next(i for i, child in enumerate(home.children) if child is at) + 1
    return 0
