"""Footnotes on what connects the layers of units beside what stands in brackets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ogive.graph import Region
from ogive.layers.sizes import show
from ogive.tables.building import Net
from ogive.tables.outline import Branches, Unit, units_in
from ogive.tables.prose import by_net, listed, sentence
from ogive.tables.subject import Subject

_CUTS = {"chunk", "split"}


def connections(nets: Sequence[Net], *, units: bool = True) -> Iterator[str]:
    """What is to be said of the units of some nets, in whole sentences.

    Args:
        nets: the nets of a table.
        units: whether the table says of no bracket that it is a residual unit.
    """
    said: dict[str, list[str]] = {}
    for subject, outline in nets:
        found: dict[str, dict[str, None]] = {}
        for part in outline:
            for unit in units_in(part.elements):
                for what in (*_residual(subject, unit, plain=units), *_channels(subject, unit)):
                    found.setdefault(what, {})[part.name] = None
        for what, parts in found.items():
            said.setdefault(what.format(listed(list(parts))), []).append(subject.title)
    for text, titles in said.items():
        named = by_net(titles, len(nets)).strip()
        yield sentence(f"{named} {text}" if named else text)
    yield from _beside(nets)


def _beside(nets: Sequence[Net]) -> Iterator[str]:
    """The projections of nets, with the channels that they append: net by net where these differ."""
    ways: dict[tuple[str, tuple[str, ...]], dict[tuple[str, ...], list[str]]] = {}
    for subject, outline in nets:
        units = [(part.name, unit) for part in outline for unit in units_in(part.elements)]
        text, appended = _projections(subject, units)
        if text:
            ways.setdefault((text, tuple(appended)), {}).setdefault(tuple(appended.values()), []).append(
                subject.title
            )
    for (text, parts), numbers in ways.items():
        titles = [title for each in numbers.values() for title in each]
        named = by_net(titles, len(nets)).strip()
        said = sentence(f"{named} {text}" if named else text)
        if parts:
            widths = [f"{listed(each)}{by_net(nets_, len(titles))}" for each, nets_ in numbers.items()]
            order = "" if f"of {listed(parts)}" in text else f" for {listed(parts)}"
            said = (
                f"{said[:-1]}; it makes what that unit adds to, and channels that come before those appended"
                f"{order}, {', '.join(widths)}."
            )
        yield said


def _residual(subject: Subject, unit: Unit, *, plain: bool) -> Iterator[str]:
    """Units of branches whose result is added to what comes in (Szegedy et al. 2017, figures 10 to 19)."""
    branching = any(isinstance(element, Branches) for element in unit.elements)
    if not branching or "residual" not in unit.kinds or unit.regions is None:
        return
    kinds = [subject.graph.node(name).layer.kind for name in subject.nodes[unit.regions[1].id]]
    if "scale" in kinds:
        yield "the result of each unit of {} is scaled and added to its input"
    elif plain:
        yield "the result of each unit of {} is added to its input"


def _channels(subject: Subject, unit: Unit) -> Iterator[str]:
    """Channels that are divided between branches, and shuffled (Ma et al. 2018, figure 3)."""
    if unit.regions is None:
        return
    region: Region = unit.regions[1]
    nodes = [subject.graph.node(name) for name in subject.nodes[region.id]]
    branching = any(isinstance(element, Branches) for element in unit.elements)
    kinds = {node.layer.kind for node in nodes}
    identity = any(isinstance(e, Branches) and not all(e.branches) for e in unit.elements)
    if branching and identity and kinds & _CUTS:
        yield "each branch of the units of {} that have an identity takes a part of the channels"
    if "channel_shuffle" in kinds and (branching or "residual" in unit.kinds):
        where = "at the end of each unit" if nodes[-1].layer.kind == "channel_shuffle" else "in each unit"
        yield f"channels are shuffled {where} of {{}}"


def _projections(subject: Subject, units: Sequence[tuple[str, Unit]]) -> tuple[str, dict[str, str]]:
    """A projection that no word makes, beside the first unit of a stage (Chen et al. 2017, figure 2d), and
    how many channels it makes in each part that others are appended to.
    """
    found: dict[str, list[str]] = {}
    appended: dict[str, str] = {}
    for part, unit in units:
        for name in unit.beside:
            if subject.looks[name].kind != "conv":
                continue
            found.setdefault(subject.looks[name].short, []).append(part)
            parts = [node for _, node in subject.users[name] if len(subject.graph.node(node).outputs) == 2]
            if parts:
                appended[part] = show((subject.graph.node(parts[0]).outputs[1].channels,))
    said = [
        f"a projection (a {conv}) stands beside the first unit of {listed(parts)}"
        for conv, parts in found.items()
    ]
    return "; ".join(said), appended
