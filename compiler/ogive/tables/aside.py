"""Rows that stand beside the row above them and not behind it: heads, towers, side branches.

A table is a list, and what a reader takes for a chain need not be one. Such rows bear a mark, and a footnote
says what they take.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ogive.graph import Graph
from ogive.tables.model import Note
from ogive.tables.prose import by_net, listed
from ogive.tables.subject import Subject

MARK = "†"
_BRIEF = "Takes another result than that of the row above."


@dataclass(frozen=True, slots=True)
class Place:
    """A row as the graph has it.

    Attributes:
        name: what its part is called.
        size: the size of what it gives, which tells the rows of one part apart.
        nodes: the nodes behind it, in program order.
        leads: those of the layers that it names; without any it is all of them.
    """

    name: str
    size: str
    nodes: tuple[str, ...]
    leads: tuple[str, ...]


Taken = tuple[int | str, ...]
"""What a row takes: the places of rows, and the names of inputs."""


def aside(graph: Graph, places: Sequence[Place]) -> list[Taken]:
    """For each row what it takes, if that is not the result of the row above; else nothing.

    What stands in a row without belonging to its layers, such as a norm on the way from another row to a
    later one, is followed back to where it comes from.

    Args:
        graph: the graph of a net.
        places: its rows, in program order.
    """
    at = {name: number for number, place in enumerate(places) for name in place.nodes}
    made = frozenset(name for place in places for name in _made(graph, place))
    found: list[Taken] = []
    for number, place in enumerate(places):
        takes: set[int | str] = set()
        seen: set[str] = set()
        waiting = _needed(graph, place)
        while waiting:
            for ref in graph.operands(waiting.pop()):
                name = ref.node
                if name in seen:
                    continue
                seen.add(name)
                if name in graph.inputs:
                    takes.add(name)
                elif name in made and at[name] != number:
                    takes.add(at[name])
                elif name in at and at[name] != number:
                    waiting.append(name)
        behind = not number or number - 1 in takes or not takes
        found.append(() if behind else tuple(sorted(takes, key=lambda each: (isinstance(each, int), each))))
    return found


def _needed(graph: Graph, place: Place) -> list[str]:
    """The nodes of a row that its layers depend on, those among them."""
    inside = frozenset(place.nodes)
    found = set(place.leads or place.nodes)
    waiting = list(found)
    while waiting:
        for ref in graph.operands(waiting.pop()):
            if ref.node in inside and ref.node not in found:
                found.add(ref.node)
                waiting.append(ref.node)
    return list(found)


def _made(graph: Graph, place: Place) -> set[str]:
    """The nodes of a row that depend on its layers, or that these depend on."""
    if not place.leads:
        return set(place.nodes)
    found = set(_needed(graph, place))
    for name in place.nodes:
        if any(ref.node in found for ref in graph.operands(name)):
            found.add(name)
    return found


def asides(nets: Sequence[tuple[Subject, Sequence[Place]]]) -> list[Note]:
    """The footnotes on marked rows, each of all nets of which the same is true."""
    said: dict[str, list[str]] = {}
    for subject, places in nets:
        taken = aside(subject.graph, places)
        if any(taken):
            said.setdefault(_told(subject, places, taken), []).append(subject.title)
    return [
        Note(f"Beside the row above{by_net(titles, len(nets))}, not behind it: {text}.", MARK)
        for text, titles in said.items()
    ]


def brief() -> Note:
    """The footnote of a table in which many rows are marked."""
    return Note(_BRIEF, MARK)


def _told(subject: Subject, places: Sequence[Place], taken: Sequence[Taken]) -> str:
    """`transition1 and transition2 take the results of block1 and block2`."""
    rows = [place.name for place in places]
    whole: dict[tuple[str, ...], list[str]] = {}  # parts all of whose rows are marked, by what these take
    alike: dict[tuple[str, ...], list[str]] = {}
    for name in dict.fromkeys(rows):
        numbers = [number for number, row in enumerate(rows) if row == name]
        sources = [tuple(_source(subject, places, each) for each in taken[number]) for number in numbers]
        if len(numbers) > 1 and all(sources):
            whole.setdefault(tuple(dict.fromkeys(s for each in sources for s in each)), []).append(name)
            continue
        for number, each in zip(numbers, sources, strict=True):
            if each:
                label = name if number == numbers[0] else f"the row {places[number].size} of {name}"
                alike.setdefault(each, []).append(label)
    said: list[str] = []
    single = {sources[0]: labels[0] for sources, labels in alike.items() if len(sources) == len(labels) == 1}
    results = {source: label for source, label in single.items() if not source.startswith("the input")}
    if len(results) > 1:
        said.append(f"{listed(list(results.values()))} take the results of {listed(list(results))}")
        alike = {
            sources: labels
            for sources, labels in alike.items()
            if sources[0] not in results or len(sources) > 1
        }
    said += [
        f"{listed(labels)} take{'s' * (len(labels) == 1)} {_results(each)}" for each, labels in alike.items()
    ]
    said += [f"the rows of {listed(names)} take {_results(each)}, in turn" for each, names in whole.items()]
    return "; ".join(said)


def _source(subject: Subject, places: Sequence[Place], taken: int | str) -> str:
    """What a row takes, in words."""
    if isinstance(taken, str):
        return "the input" if len(subject.graph.inputs) == 1 else f"the input {taken}"
    name = places[taken].name
    last = taken + 1 == len(places) or places[taken + 1].name != name
    return name if last else f"the row {places[taken].size} of {name}"


def _results(sources: Sequence[str]) -> str:
    """`the input and the results of conv1 and conv2`."""
    inputs = [source for source in sources if source.startswith("the input")]
    rows = [source for source in sources if source not in inputs]
    results = [f"the result{'s' * (len(rows) > 1)} of {listed(rows)}"] if rows else []
    return listed([*inputs, *results])
