"""What a net is made of, as a table tells it: parts, and in each of them lines, units and branches.

A line is a layer with its norm and activation; a unit is what papers put in brackets, with how often it
stands there; branches are what a word joins. Parts are the stages of the program; what stands outside of
stages makes parts of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ogive.graph import Region
from ogive.layers.base import Size, TensorType
from ogive.tables.wording import Wording

_JOINED = {
    "concat": "concatenated", "add": "added", "mul": "multiplied", "mean": "averaged",
    "max": "joined by their maximum", "": "taken on separately",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A layer that a table names.

    Attributes:
        node: its node, the first in its line of the graph that the table names.
        words: what is said of it.
        type: what it gives.
        channels: how many channels enter it.
        sequence: the norm, activation and layer with weights that it stands for (`BN`, `ReLU`, `conv`); empty
            for a layer without weights.
        then: the norms and activations behind a pooling that no convolution has.
        behind: the kind of the unit whose result it takes, where that is `dense`.
    """

    node: str
    words: Wording
    type: TensorType
    channels: Size = 0
    sequence: tuple[str, ...] = ()
    behind: str = ""
    then: tuple[str, ...] = ()

    @property
    def first(self) -> str:
        """Its first node."""
        return self.node


@dataclass(frozen=True, slots=True)
class Branches:
    """What a word joins: `concat { … }`.

    Attributes:
        word: the word.
        branches: an empty one is the tensor itself.
        type: what they give together.
        first: their first node.
        said: the word, where a table tells of each how it joins; empty where a footnote tells it of all.
    """

    word: str
    branches: tuple[tuple[Element, ...], ...]
    type: TensorType
    first: str
    said: str = ""

    @property
    def gate(self) -> bool:
        """Whether it weighs its input by what the other branches make of it."""
        return self.word == "mul" and any(not branch for branch in self.branches)

    @property
    def joined(self) -> str:
        """What becomes of the results: `concatenated`, `added`."""
        return _JOINED.get(self.word, f"joined by {self.word}")


@dataclass(frozen=True, slots=True)
class Unit:
    """What stands in brackets.

    Attributes:
        elements: what it is made of; of several copies, those of the last.
        type: what the last copy gives.
        first: the first node of the first copy.
        name: the block that it is a use of, if it is one.
        kinds: what it is: `residual`, `dense`, `clique`, `shared`, `pair` of two units that take turns,
            `open` where what stands behind the other sums does not stand behind the last; nothing where it
            only repeats.
        count: how many copies.
        strides: layers that have a stride in the first copy alone, with it.
        growth: the channels that a layer of a dense block appends.
        regions: what the copies are, first and last.
        beside: the layers of the first copy that stand beside it, a projection that no word makes.
        after: the norms and activations behind the sum that ends it.
        said: what its bracket says of it beside its layers, where another reads the same and is not.
    """

    elements: tuple[Element, ...]
    type: TensorType
    first: str
    name: str = ""
    kinds: frozenset[str] = frozenset()
    count: int = 1
    strides: tuple[tuple[str, str], ...] = ()
    growth: Size = 0
    regions: tuple[Region, Region] | None = None
    beside: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    said: str = ""

    @property
    def bracketed(self) -> bool:
        """Whether papers put it in brackets: it repeats, or has connections of its own."""
        connected = self.kinds - {"shared"}
        return self.count > 1 or bool(connected) or any(isinstance(e, Branches) for e in self.elements)


Element = Line | Branches | Unit


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a net: a stage, a use of a block, or a layer that stands by itself.

    Attributes:
        name: what it is called.
        elements: what it is made of.
        nodes: all its nodes, in program order.
        kind: `stage`, `block` for what stands outside of stages and is a use of a block or the like,
            `layer` for a layer that stands there.
        given: whether the program names it so; else it is called by what it is.
    """

    name: str
    elements: tuple[Element, ...]
    nodes: tuple[str, ...]
    kind: str = "stage"
    given: bool = True


def single_units(elements: Iterable[Element]) -> Iterator[Unit]:
    """The units directly among some elements: of two that take turns, each."""
    for unit in (element for element in elements if isinstance(element, Unit)):
        if "pair" in unit.kinds:
            yield from single_units(unit.elements)
        else:
            yield unit


def lines_in(elements: Iterable[Element]) -> Iterator[Line]:
    """The lines of some elements, in order, at every depth."""
    for element in elements:
        match element:
            case Line():
                yield element
            case Unit():
                yield from lines_in(element.elements)
            case Branches():
                for branch in element.branches:
                    yield from lines_in(branch)


def branches_in(elements: Iterable[Element]) -> Iterator[Branches]:
    """The branches among some elements, but gates, in order, at every depth."""
    for element in elements:
        match element:
            case Line():
                pass
            case Unit():
                yield from branches_in(element.elements)
            case Branches():
                if not element.gate:
                    yield element
                for branch in element.branches:
                    yield from branches_in(branch)


def units_in(elements: Iterable[Element]) -> Iterator[Unit]:
    """The units among some elements, in order, at every depth, the outer ones first."""
    for element in elements:
        match element:
            case Line():
                pass
            case Unit():
                yield element
                yield from units_in(element.elements)
            case Branches():
                for branch in element.branches:
                    yield from units_in(branch)
