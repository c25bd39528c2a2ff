"""Footnotes, made from the definitions: what stands behind a word, a bracket, a letter of the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ogive.layers.sizes import show
from ogive.layers.tensor import Size
from ogive.report import counts
from ogive.report.units import exact, short
from ogive.tables.building import Net
from ogive.tables.cells import BRANCH, gate_text, is_gate
from ogive.tables.connections import connections
from ogive.tables.loose import loose
from ogive.tables.model import Row, Stack
from ogive.tables.numbers import count
from ogive.tables.outline import Branches, Line, Unit, branches_in, lines_in, units_in
from ogive.tables.prose import by_net, listed
from ogive.tables.residuals import around, behind_sums, some_residual, units_of
from ogive.tables.sequences import noun, sequences
from ogive.tables.subject import Subject

_WHAT = {
    "residual": "residual units",
    "dense": "layers of a dense block",
    "clique": "layers of a clique block",
}
"""What stands in brackets where all of a net are of one kind."""
_MOST_NAMES = 3
"""So many names of blocks are told."""


def footnotes(nets: Sequence[Net], rows: Sequence[Row]) -> Iterator[str]:
    """What is to be said of the cells of some nets, in whole sentences; each sign beside what it is about."""
    yield from sequences(nets)
    signs = Signs(rows, nets)
    yield from signs.layers()
    yield from gates(nets)
    yield from _brackets(nets)
    yield from signs.brackets()
    yield from some_residual(nets)
    yield from behind_sums(nets)
    yield from loose(nets)
    yield from _cliques(nets)
    yield from _strides(nets)
    yield from _shortcuts(nets)
    yield from signs.appended()
    yield from connections(nets, units=False)


def counting(subjects: Sequence[Subject]) -> Iterator[str]:
    """How parameters and FLOPs are counted."""
    shapes: dict[str, list[str]] = {}
    for subject in subjects:
        shapes.setdefault(show(subject.input.sizes), []).append(subject.title)
    sizes = [f"{shape}{by_net(titles, len(subjects))}" for shape, titles in shapes.items()]
    yield (
        f"FLOPs are multiply-adds, a multiplication and its addition counted as one, of convolutions and "
        f"linear layers, for an input of size {listed(sizes)}."
    )
    extra = [(s.title, counts.products(s.graph)) for s in subjects]
    if any(products for _, products in extra):
        named = [f"{count(n).text}{f' in {title}' if len(extra) > 1 else ''}" for title, n in extra if n]
        yield f"Products of activations with each other come on top: {listed(named)}."
    heads = [(s, counts.params(s.graph, heads=True)) for s in subjects if s.graph.heads]
    if heads:
        named = [f"{_with_heads(s, n)} parameters{by_net([s.title], len(subjects))}" for s, n in heads]
        places: dict[str, list[str]] = {}
        for subject, _ in heads:
            places.setdefault(_behind(subject), []).append(subject.title)
        where = [f" behind {rows}{by_net(titles, len(subjects))}" for rows, titles in places.items() if rows]
        yield (
            f"Auxiliary heads{','.join(where)} stand beside the rows and are not counted; with them there "
            f"are {listed(named)}."
        )


def _with_heads(subject: Subject, params: Size) -> str:
    """The parameters with those of auxiliary heads, all digits where three are those of the table's total."""
    alone = counts.params(subject.graph)
    return exact(params) if params != alone and short(params) == short(alone) else short(params)


def _behind(subject: Subject) -> str:
    """What auxiliary heads take the results of: stages and uses of blocks, by their names."""
    graph = subject.graph
    found: dict[str, None] = {}
    for head in (region for region in graph.regions.values() if region.kind == "aux"):
        for ref in head.inputs:
            regions = graph.ancestors(graph.node(ref.node).region)
            if around := [r.path for r in regions if r.kind in {"stage", "block"} and r.name]:
                found[around[-1]] = None
    return listed(list(found))


class Signs:
    """What signs mean that stand in the cells of a table.

    Args:
        rows: those of the table.
        nets: the nets of it.
    """

    def __init__(self, rows: Sequence[Row], nets: Sequence[Net]) -> None:
        self._nets = nets
        self._texts = [
            text
            for row in rows
            for cell in row.cells
            for part in cell.parts
            for text in (part.lines if isinstance(part, Stack) else (part,) if isinstance(part, str) else ())
        ]

    def layers(self) -> Iterator[str]:
        """Those of single layers."""
        said = ["G is the number of groups"] if self._has("G=") else []
        said += ["dw is a depthwise convolution"] if self._has(" dw") else []
        if said:
            yield f"{'; '.join(said)}."

    def appended(self) -> Iterator[str]:
        """`(+k)`."""
        if self._has("(+"):
            yield "(+k) are channels that are appended, where the others are added."

    def brackets(self) -> Iterator[str]:
        """Those of branches, and of brackets in brackets."""
        if any(text.startswith(BRANCH) for text in self._texts):
            joins = [
                join for _, outline in self._nets for part in outline for join in branches_in(part.elements)
            ]
            ways = dict.fromkeys(join.joined for join in joins)
            how = (
                f"branches whose results are {next(iter(ways))}"
                if len(ways) == 1
                else "branches; the word below them says how their results are joined"
            )
            yield f"Lines that begin with {BRANCH.strip()} are {how}."
        if any("pair" in u.kinds for _, parts in self._nets for p in parts for u in units_in(p.elements)):
            yield "Brackets in one bracket are units that take turns."

    def _has(self, sign: str) -> bool:
        return any(sign in text for text in self._texts)


# --------------------------------------------------------------------------- what brackets stand for


def _brackets(nets: Sequence[Net]) -> Iterator[str]:
    kinds: dict[str, list[str]] = {}
    numbered: set[str] = set()
    for subject, outline in nets:
        units = [unit for _, unit in units_of(outline)]
        each = {unit.kinds & set(_WHAT) for unit in units}
        names = {unit.name for unit in units}
        if len(each) == 1 and len(kind := each.pop()) == 1:
            what = _WHAT[next(iter(kind))]
            sums = {around(unit) for unit in units}
            if len(sums) == 1 and (where := sums.pop()):
                what = f"units with residual connections around {where}"
            elif sums - {""}:
                what = "residual units, some of several connections"
            kinds.setdefault(what, []).append(subject.title)
        elif 0 < len(names) <= _MOST_NAMES and all(names) and len(each) == 1:
            kinds.setdefault(f"{listed(sorted(names))} blocks", []).append(subject.title)
        if any(unit.count > 1 or unit.kinds for unit in units):
            numbered.add(subject.title)
    for what, titles in kinds.items():
        numbers = ", with their numbers" if numbered & set(titles) else ""
        yield f"Brackets{by_net(titles, len(nets))} show {what}{numbers}."
    shared = [
        part.name
        for _, outline in nets
        for part in outline
        if any("shared" in unit.kinds and unit.count > 1 for unit in units_in(part.elements))
    ]
    if shared:
        where = listed(list(dict.fromkeys(shared)))
        yield f"In {where} a bracket runs several times with one set of weights."


def _cliques(nets: Sequence[Net]) -> Iterator[str]:
    """How the layers of cliques are computed (Yang et al. 2018, section 3)."""
    bodies = [
        (subject.title, part.name, unit.regions[0].clique)
        for subject, outline in nets
        for part in outline
        for unit in units_in(part.elements)
        if unit.regions is not None and unit.regions[0].clique is not None
    ]
    if not bodies:
        return
    ways: dict[str, dict[str, list[str]]] = {}
    for title, part, body in bodies:
        if body.stages == 1:
            way = "are computed once, each from all before it"
        elif body.updates < body.layers:
            way = f"are computed once, and the first {body.updates} of them updated"
        else:
            times = {2: "", 3: " twice"}.get(body.stages, f" {body.stages - 1} times")
            way = f"are computed once, each from all before it, and then updated{times}, each from all others"
        ways.setdefault(way, {}).setdefault(title, []).append(part)
    for way, places in ways.items():
        weights = ", with the same weights" if "updated" in way else ""
        mixed = [title for title in places if any(title in other for w, other in ways.items() if w != way)]
        plain = [title for title in places if title not in mixed]
        if plain:
            of = by_net(plain, len(nets) if len(ways) == 1 else 0)
            yield f"The layers of a clique block{of} {way}{weights}."
        for title in mixed:  # that has both
            where = f"{listed(list(dict.fromkeys(places[title])))}{by_net([title], len(nets))}"
            yield f"The layers of {where} {way}{weights}."


def _strides(nets: Sequence[Net]) -> Iterator[str]:
    """`The first unit of conv3, conv4 and conv5 has stride 2, at its 3×3 conv.`"""
    places: dict[tuple[str, ...], dict[tuple[str, str], list[str]]] = {}
    for subject, outline in nets:
        found: dict[tuple[str, str], list[str]] = {}
        for part in outline:
            for unit in (e for e in part.elements if isinstance(e, Unit) and e.strides):
                for step in _entering(unit):
                    found.setdefault(step, []).append(part.name)
        for how, parts in found.items():
            places.setdefault(tuple(dict.fromkeys(parts)), {}).setdefault(how, []).append(subject.title)
    for parts, ways in places.items():
        steps = {step for step, _ in ways}
        if len(ways) > 1 and len(steps) == 1:
            said = [f"at its {layer}{by_net(titles, len(nets))}" for (_, layer), titles in ways.items()]
            yield f"The first unit of {listed(parts)} has stride {steps.pop()}: {', '.join(said)}."
        else:
            said = [
                f"stride {step} at its {layer}{by_net(titles, len(nets))}"
                for (step, layer), titles in ways.items()
            ]
            yield f"The first unit of {listed(parts)} has {listed(said)}."


def _entering(unit: Unit) -> list[tuple[str, str]]:
    """Its strides, with the layers that have them: `2`, `first 3×3 conv`."""
    titles = [line.words.title for line in lines_in(unit.elements)]
    return [
        (step, f"first {title}" if titles.count(title) > 1 else title)
        for title, step in dict.fromkeys(unit.strides)
    ]


def _shortcuts(nets: Sequence[Net]) -> Iterator[str]:
    """What stands beside a residual unit where the shape changes (He et al. 2015, section 3.3)."""
    ways: dict[str, list[str]] = {}
    for subject, _ in nets:
        for way in sorted(_ways_beside(subject)):
            ways.setdefault(way, []).append(subject.title)
    for way, titles in ways.items():
        yield f"Shortcuts{by_net(titles, len(nets))} that change the shape are {way}."


def _ways_beside(subject: Subject) -> set[str]:
    found: set[str] = set()
    for region in subject.graph.regions.values():
        if region.kind == "shortcut" and subject.nodes[region.id]:
            kinds = [subject.looks[name] for name in subject.nodes[region.id]]
            convs = [look.short for look in kinds if look.kind == "conv"]
            pools = [look.short for look in kinds if look.kind == "pool"]
            if convs:
                behind = f" behind a {pools[0]}" if pools else ""
                found.add(f"projections (a {convs[0]}{behind})")
            else:
                found.add("identities, with zeros in the new channels")
    return found


def gates(nets: Sequence[Net]) -> Iterator[str]:
    """`SE is a gate on channels: global average pool, 1×1 conv-ReLU, 1×1 conv-sigmoid; …`"""
    ways: dict[str, dict[str, None]] = {}
    for _, outline in nets:
        for part in outline:
            for unit in units_in(part.elements):
                for element in unit.elements:
                    if isinstance(element, Branches) and element.gate:
                        name = unit.name if is_gate(unit) and unit.name else "gate"
                        titles = ", ".join(_with_followers(line) for line in lines_in((element,)))
                        if "," in gate_text(element, name):
                            titles += "; the number is its width inside"
                        ways.setdefault(name, {}).setdefault(titles)
    for name, titles in ways.items():
        for way in titles:
            yield f"{name} is a gate on channels: {way}."


def _with_followers(line: Line) -> str:
    """A layer with the norms and activations around it: `1×1 conv-ReLU`."""
    word = noun(line)
    if not word:
        return "-".join((line.words.title, *line.then))
    at = line.sequence.index(word)
    return "-".join((*line.sequence[:at], line.words.title, *line.sequence[at + 1 :]))
