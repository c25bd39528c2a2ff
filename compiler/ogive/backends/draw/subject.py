"""What is drawn: a net, as it was written and as it is computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ogive.backends.draw.colours.facts import Facts
from ogive.backends.draw.fold.rolling import Structure
from ogive.graph import Graph


@dataclass(frozen=True)
class Subject:
    """A net to draw.

    Attributes:
        graph: as it was written, pruned: a clique is a cycle, and its regions are whole.
        unrolled: the same with its cliques unrolled: what is counted.
        title: what it is called in a figure; the name of the net unless given.
    """

    graph: Graph
    unrolled: Graph
    title: str = ""

    @property
    def name(self) -> str:
        """What it is called in a figure."""
        return self.title or self.graph.name

    @cached_property
    def structure(self) -> Structure:
        """What it is made of, region by region."""
        return Structure(self.graph)

    @cached_property
    def facts(self) -> Facts:
        """Counts of its layers."""
        return Facts(self.graph, self.unrolled)
