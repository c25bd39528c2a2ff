"""Who writes a random program: choices, names, and what is known about the tensors at a place of the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar

from ogive.layers.base import Layer, TensorType
from ogive.layers.library import Library

_T = TypeVar("_T")

LARGEST = 4_000
"""Elements of a tensor of a random program, at most."""
HEAVIEST = 40_000
"""Parameters of one of its layers, at most."""


@dataclass
class Place:
    """A place of the text: the tensor that arrives there, and the names that can be seen.

    The types are what the author believes. Where a loop or another argument may have changed them, `sure` is
    false; `Author.settle` makes them certain again.

    Attributes:
        flow: the tensor that arrives; a list where a bundle does.
        entered: what entered the block or the net (`in`).
        tensors, bundles: those that have names.
        values: named values: numbers, lists, layers (as a `Made`).
        varying: names of values that differ from turn to turn.
        defaults: what `default` statements said, by layer.
        loops: names of the loops around, for the names of stages; None where no stage may stand.
        depth: bodies that may still stand inside.
        net: whether it is the outermost body of a net, where outputs may stand.
        sure: whether `flow` is exact.
        bound: inside of a clique: no tensor from outside can be read.
        flexible: whether the sizes of places are unknown when the program is checked.
    """

    flow: TensorType
    entered: TensorType
    tensors: dict[str, TensorType] = field(default_factory=dict)
    bundles: dict[str, list[TensorType]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    varying: frozenset[str] = frozenset()
    defaults: dict[str, dict[str, tuple[object, str]]] = field(default_factory=dict)
    loops: tuple[str, ...] | None = ()
    depth: int = 3
    net: bool = False
    sure: bool = True
    flexible: bool = False

    def inner(self, **changes: Any) -> Place:
        """The beginning of a body at this place: it sees the names, and keeps its own."""
        copies = {
            "tensors": dict(self.tensors),
            "bundles": dict(self.bundles),
            "values": dict(self.values),
            "defaults": {kind: dict(given) for kind, given in self.defaults.items()},
            "depth": self.depth - 1,
            "net": False,
        }
        return replace(self, **{**copies, **changes})


@dataclass(frozen=True)
class Made:
    """A layer with its arguments, as a value."""

    layer: Layer
    text: str


@dataclass(frozen=True)
class Shared:
    """A chain with one set of weights: what it takes, and what it gives."""

    start: TensorType
    result: TensorType


@dataclass(frozen=True)
class Definition:
    """A block that was written, as it was used first.

    Attributes:
        name: its name.
        start, result: the types it was written for, and gives.
        arguments: the text of the arguments of that use, with the parentheses.
        ints: its parameters that are ints, with their values there.
        defaults: the `default` statements that were in force.
        bundle: whether it takes a bundle.
    """

    name: str
    start: TensorType
    result: TensorType
    arguments: str
    ints: Mapping[str, int]
    defaults: Mapping[str, Mapping[str, tuple[object, str]]]


class Author:
    """Makes the choices, gives the names, and remembers what was used.

    Args:
        random: where the choices come from: a seed, or Hypothesis.
        library: the layers there are.
        reckless: how often something is written that does not fit what is known.
    """

    def __init__(self, random: Random, library: Library, *, reckless: float = 0.015) -> None:
        self.random = random
        self.library = library
        self.reckless = reckless
        self.used: set[str] = set()
        self.kinds: list[Made] = []
        self.blocks: list[Definition] = []
        self.top: list[str] = []
        self.uses: dict[str, None] = {}
        self.budget = 40
        self._names = 0

    # ------------------------------------------------------------------ choices

    def chance(self, probability: float) -> bool:
        """True with that probability. Hypothesis shrinks it to False."""
        return self.random.random() >= 1 - probability

    def careless(self) -> bool:
        """Whether to write what need not fit."""
        return self.chance(self.reckless)

    def pick(self, choices: Sequence[_T]) -> _T:
        """One of them."""
        return choices[self.random.randrange(len(choices))]

    def weighted(self, choices: Mapping[_T, float]) -> _T:
        """One of them, by weight. The first is the simplest."""
        at = self.random.random() * sum(choices.values())
        for choice, weight in choices.items():
            at -= weight
            if at < 0:
                return choice
        return next(reversed(choices))

    def count(self, low: int, high: int) -> int:
        """An int, both ends included."""
        return self.random.randint(low, high)

    def shuffled(self, items: Sequence[_T]) -> list[_T]:
        """The items in another order."""
        rest, out = list(items), []
        while rest:
            out.append(rest.pop(self.random.randrange(len(rest))))
        return out

    # ------------------------------------------------------------------ names

    def fresh(self, stem: str) -> str:
        """A name that nothing has yet."""
        self._names += 1
        return f"{stem}{self._names}"

    def use(self, what: str) -> None:
        """Remembers that a construct was written."""
        self.used.add(what)

    # ------------------------------------------------------------------ tensors

    def fits(self, layer: Layer, inputs: Sequence[TensorType]) -> list[TensorType] | None:
        """What a layer makes of tensors, or None when it refuses them or the result is too large."""
        from ogive.layers.base import ShapeError

        low, high = layer.arity
        if len(inputs) < low or (high is not None and len(inputs) > high):
            return None
        try:
            outputs = layer.infer(inputs)
            weights = layer.parameters(inputs)
        except ShapeError:
            return None
        if not outputs or any(not 1 <= x.elements <= LARGEST for x in outputs):
            return None
        return None if _total(weights.values()) > HEAVIEST else list(outputs)


def _total(shapes: Iterator[Sequence[int]] | Any) -> int:
    total = 0
    for shape in shapes:
        size = 1
        for n in shape:
            size *= n
        total += size
    return total


Writer = Callable[[Author, Place], list[str]]
"""Writes statements at a place, and moves it behind them."""


def braces(lines: Sequence[str], head: str = "") -> list[str]:
    """`head { … }`, indented, or on one line where there is only one short one."""
    start = f"{head} {{" if head else "{"
    if len(lines) == 1 and len(lines[0]) < 50 and "\n" not in lines[0]:
        return [f"{start} {lines[0]} }}"]
    return [start, *(f"  {line}" for line in lines), "}"]


@contextmanager
def nothing() -> Iterator[None]:
    """For symmetry."""
    yield
