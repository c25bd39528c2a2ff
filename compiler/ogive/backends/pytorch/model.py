"""The text before it is printed: classes, what their constructors make, and what they do in turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ogive.backends.pytorch.pieces import Piece
from ogive.backends.pytorch.rows import Row
from ogive.backends.pytorch.structure import Scope
from ogive.backends.pytorch.unify import Atom, Slot

if TYPE_CHECKING:
    from ogive.backends.pytorch.clique import CliquePlan
    from ogive.backends.pytorch.forms import Step


@dataclass(eq=False, repr=False, slots=True)
class Instance:
    """A module that is an instance of a class."""

    attr: str
    cls: Class
    args: list[Slot]


@dataclass(eq=False, repr=False, slots=True)
class Chain:
    """`named(conv1=…, bn1=…)`."""

    attr: str
    parts: list[Part]


@dataclass(eq=False, repr=False, slots=True)
class Leaf:
    """A layer with a module of its own."""

    attr: str
    piece: Piece


@dataclass(eq=False, repr=False, slots=True)
class Numbered:
    """`numbered("basic", …)`."""

    attr: str
    row: Row


@dataclass(eq=False, repr=False, slots=True)
class Maybe:
    """A shortcut that only some instances have; in the others it is an identity."""

    part: Part
    condition: Slot

    @property
    def attr(self) -> str:
        """The attribute that holds it."""
        return self.part.attr


Part = Instance | Chain | Leaf | Numbered | Maybe


@dataclass(eq=False, repr=False, slots=True)
class Line:
    """A step of a class, over all its instances.

    Attributes:
        steps: the step of each instance.
        piece: the text of a layer.
        part: what the constructor makes for it, if anything.
        row: several modules in a row, one after the other.
    """

    steps: list[Step]
    piece: Piece | None = None
    part: Part | None = None
    row: Row | None = None


@dataclass(eq=False, repr=False, slots=True)
class Class:
    """A class of the text.

    Attributes:
        scopes: its instances.
        name: its name.
        params: its parameters, in order.
        lines: what it does.
        args: for every instance the values of the parameters.
        clique: what it computes, if it is a clique.
    """

    scopes: list[Scope]
    name: str = ""
    params: list[Atom] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    args: dict[Scope, list[Any]] = field(default_factory=dict)
    clique: CliquePlan | None = None

    @property
    def model(self) -> Scope:
        """The instance whose wiring is printed."""
        return self.scopes[0]


def part_slots(part: Part | None) -> list[Slot]:
    """The slots of what a constructor makes."""
    match part:
        case None:
            return []
        case Instance(_, _, args):
            return args
        case Leaf(_, text):
            return text.slots
        case Numbered(_, found):
            return found.slots
        case Chain(_, parts):
            return [slot for inner in parts for slot in part_slots(inner)]
        case Maybe(inner, _):
            return part_slots(inner)


def _part_arguments(part: Part | None) -> list[str]:
    match part:
        case None:
            return []
        case Instance(_, cls, _):
            return [atom.name for atom in cls.params]
        case Leaf(_, text):
            return list(text.arguments)
        case Numbered(_, found):
            return _row_arguments(found)
        case Chain(_, parts):
            return [name for inner in parts for name in _part_arguments(inner)]
        case Maybe(inner, _):
            return _part_arguments(inner)


def _row_arguments(row: Row) -> list[str]:
    return [atom.name for segment in row.segments for atom in segment.cls.params]


def line_arguments(line: Line) -> list[str]:
    """The names of the arguments of every layer and block in a step, each as often as it occurs."""
    found = line.piece.arguments if line.piece is not None else ()
    return [*found, *_part_arguments(line.part), *(_row_arguments(line.row) if line.row is not None else [])]


def line_slots(line: Line) -> list[Slot]:
    """The slots of a step."""
    found = line.piece.slots if line.piece is not None else []
    return [*found, *part_slots(line.part), *(line.row.slots if line.row is not None else [])]
