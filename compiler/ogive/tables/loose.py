"""Footnotes on drop paths, and on norms, activations and dropouts that go with no layer of a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ogive.graph import Node
from ogive.tables.building import Net
from ogive.tables.lines import Lines
from ogive.tables.outline import Part
from ogive.tables.prose import by_net, listed, sentence
from ogive.tables.subject import Subject

_FOLLOWERS = {"norm", "act"}
_PASSED = {*_FOLLOWERS, "dropout", "shape"}
_LEADS = {"conv", "linear", "attention"}


def loose(nets: Sequence[Net]) -> Iterator[str]:
    """`Dropout, 0.5 stands before linear1 and linear2`, in a sentence for all nets of which it is true."""
    said: dict[str, list[str]] = {}
    for subject, outline in nets:
        for text in _told(subject, outline):
            said.setdefault(text, []).append(subject.title)
    for text, titles in said.items():
        named = by_net(titles, len(nets)).strip()
        yield sentence(f"{named} {text}" if named else text)


def _told(subject: Subject, outline: Sequence[Part]) -> Iterator[str]:
    yield from _drop_paths(subject, outline)
    parts = {name: part.name for part in outline for name in part.nodes}
    layers = frozenset(part.name for part in outline if part.kind == "layer")
    found: dict[tuple[str, str], list[str]] = {}
    for node in _unclaimed(subject):
        where, part = _place(subject, parts, layers, node)
        here = found.setdefault((where, part), [])
        if part and (text := _text(subject, node)) not in here:
            here.append(text)
    alike: dict[str, dict[str, list[str]]] = {}
    for (where, part), texts in found.items():
        alike.setdefault("-".join(texts), {}).setdefault(where, []).append(part)
    for text, places in alike.items():
        if text:
            said = [f"{where} {listed(names)}" for where, names in places.items()]
            yield f"{text} stands {listed(said)}"


def _drop_paths(subject: Subject, outline: Sequence[Part]) -> Iterator[str]:
    """`drop path (0.025 to 0.175) stands in conv2 and conv3`: rates mostly rise from unit to unit."""
    parts = {name: part.name for part in outline for name in part.nodes}
    rates: set[float] = set()
    places: dict[str, None] = {}
    for node in subject.order:
        rate = subject.looks[node.name].label.partition(", ")[2]
        if node.layer.kind == "drop_path" and rate and float(rate):
            rates.add(float(rate))
            places[parts.get(node.name, "")] = None
    if rates:
        low, high = f"{min(rates):.3g}", f"{max(rates):.3g}"
        named = [name for name in places if name]
        where = f" stands in {listed(named)}" if named else " stands in the network"
        yield f"drop path ({low if low == high else f'{low} to {high}'}){where}"


def _text(subject: Subject, node: Node) -> str:
    """`BN`, `dropout (0.5)`."""
    look = subject.looks[node.name]
    title, _, rate = look.label.partition(", ")
    return f"{title} ({rate})" if look.kind == "dropout" else look.short


def _unclaimed(subject: Subject) -> list[Node]:
    """The norms and activations that no line tells, and all dropouts that drop anything."""
    lines = Lines(subject)
    claimed = {name for node in subject.order for name in lines.followers(node)}
    told = {node.name for node in subject.order}  # and no auxiliary heads
    regions = (r for r in subject.graph.regions.values() if r.outputs and r.outputs[0].node in told)
    claimed |= {name for region in regions for name in lines.after_sum(region)}
    return [
        node
        for node in subject.order
        if (node.name not in claimed and subject.looks[node.name].kind in _FOLLOWERS)
        or (node.layer.kind == "dropout" and not subject.looks[node.name].label.endswith(", 0"))
    ]


def _place(subject: Subject, parts: dict[str, str], layers: frozenset[str], node: Node) -> tuple[str, str]:
    """Where a layer stands: `in` a part, `before` the layers of one, or `behind` them.

    Of parts that are single layers, `layers`, it is `behind` what it would be `in` of others.
    """
    here = parts.get(node.name, "")
    ahead = _weighs_next(subject, node, back=False)
    if ahead and parts.get(ahead) == here:
        same = [n for n in parts if parts[n] == here and subject.looks[n].kind in _LEADS]
        return ("before" if ahead == same[0] else "in"), here
    behind = _weighs_next(subject, node, back=True)
    if behind and parts.get(behind):
        return ("in" if parts[behind] == here and here not in layers else "behind"), parts[behind]
    if (
        ahead
        and parts.get(ahead)
        and not any(parts[n] == here and subject.looks[n].kind in _LEADS for n in parts)
    ):
        return "before", parts[ahead]
    return "in", here


def _weighs_next(subject: Subject, node: Node, *, back: bool) -> str:
    """The layer with weights before or behind a layer, through nothing that joins, divides or pools."""
    name = node.name
    while True:
        if back:
            refs = subject.graph.operands(name)
            near = [refs[0].node] if len(refs) == 1 else []
        else:
            near = [user for _, user in subject.users[name]]
        if len(near) != 1 or near[0] not in subject.looks:
            return ""
        (name,) = near
        if subject.looks[name].kind in _LEADS:
            return name
        if subject.looks[name].kind not in {*_PASSED, "pool"}:
            return ""
