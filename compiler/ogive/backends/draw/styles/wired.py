"""What of a net has its own wires: its cliques and its dense blocks, those that are alike together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ogive.backends.draw.fold.clique_text import as_one, clique_lines, form
from ogive.backends.draw.fold.folding import name_of
from ogive.backends.draw.fold.opening import find
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import clip, look
from ogive.backends.draw.subject import Subject
from ogive.diagnostics import ArchError, Diagnostic
from ogive.graph import CliqueBody, Ref, Region
from ogive.layers.base import Size
from ogive.layers.sizes import show

Word = Literal["clique", "dense"]
_STYLE = {"clique": "clique", "dense": "arcs"}
_CALLED = {"clique": "clique", "dense": "dense block"}
_CODES = {"clique": "E591", "dense": "E592"}
MOST_LAYERS = 64
"""Of blocks of more layers the first and the last ones are drawn: there are as many wires as its square."""
FIRST_LAYERS, LAST_LAYERS = 8, 6
_MOST_NAMES = 6
_CARRIED = {"identity"}


@dataclass(frozen=True, slots=True)
class Result:
    """What a clique gives on: `transit`, `features` or `stage1`, and the names of what takes it."""

    name: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clique:
    """Cliques that are alike but for numbers.

    Attributes:
        body: of the first.
        region: of the first.
        members: the nodes X_1 … X_n of each, layer by layer.
        names: of all, in order.
        lines: what a layer does, with letters for numbers that differ.
        note: what the letters stand for.
        results: what of the results is used, by any of them.
    """

    body: CliqueBody
    region: Region
    members: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    lines: tuple[str, ...]
    note: str
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class DenseLayer:
    """A layer H_i of a dense block: its nodes, what they do in words, and the channels of its result x_i."""

    nodes: tuple[str, ...]
    words: tuple[str, ...]
    channels: Size


@dataclass(frozen=True, slots=True)
class Dense:
    """A dense block (Huang et al. 2017, section 3).

    Attributes:
        region: of the graph.
        name: of the stage around it, where it stands there alone, or else its path.
        entering: channels of x_0.
        layers: H_1 … H_n.
        shown: which x_i are drawn, 0 among them: all, or the first and the last of very many.
        links: the pairs (j, i) of those that are drawn: layer i reads x_j.
        joined: which of those the value of the block holds.
        users: what takes that value: `Transition`.
        places: the height and width of all x_i: `56×56`.
    """

    region: Region
    name: str
    entering: Size
    layers: tuple[DenseLayer, ...]
    shown: tuple[int, ...]
    links: tuple[tuple[int, int], ...]
    joined: tuple[int, ...]
    users: tuple[str, ...]
    places: str

    @property
    def growth(self) -> str:
        """The channels that a layer adds: `32`, or `8 … 64` where they differ."""
        found = [show((layer.channels,)) for layer in self.layers]
        return found[0] if len(set(found)) == 1 else f"{found[0]} … {found[-1]}"

    @property
    def omitted(self) -> tuple[int, int] | None:
        """The first and the last of the x_i that are not drawn, where there are some."""
        gaps = ((a + 1, b - 1) for a, b in pairwise(self.shown) if b > a + 1)
        return next(gaps, None)

    @property
    def joins_all(self) -> bool:
        """Whether each layer that is drawn reads all that are drawn before it."""
        return len(self.links) == len(self.shown) * (len(self.shown) - 1) // 2


def is_wired(region: Region) -> bool:
    """Whether a region is a clique or a dense block with layers."""
    return region.clique is not None or region.kind == "dense"


def wired(subject: Subject, word: Word, block: str | None) -> list[Region]:
    """The cliques or dense blocks of a net, or those in what is called `block`.

    Raises:
        ArchError: E591 or E592, there are none; E514, nothing is called that.
    """
    structure = subject.structure
    every = [r for r in structure.graph.regions.values() if is_wired(r) and structure.nodes[r.id]]
    own = [r for r in every if _word(r) == word]
    if not own:
        raise ArchError([_none(subject.name, word, every, structure)])
    if block is None:
        return own
    meant = {part.id for part in find(structure, block, "draw")}
    inside = [r for r in own if any(a.id in meant for a in structure.graph.ancestors(r.id))]
    inside = inside or [
        r for r in own if any(a.id == r.id for m in meant for a in structure.graph.ancestors(m))
    ]
    if not inside:
        raise ArchError([_none_there(block, word, own, structure)])
    return inside


def all_wired(subject: Subject) -> list[Region]:
    """The cliques and dense blocks of a net; of those inside of others, the outer ones.

    Raises:
        ArchError: E592, there are none.
    """
    structure = subject.structure
    every = [r for r in structure.graph.regions.values() if is_wired(r) and structure.nodes[r.id]]
    if not every:
        told = _none(subject.name, "dense", every, structure, " and no clique")
        raise ArchError([told])
    ids = {region.id for region in every}
    return [r for r in every if not any(a.id in ids for a in structure.graph.ancestors(r.parent or 0))]


def names(structure: Structure, regions: Sequence[Region]) -> dict[int, str]:
    """What to call each region: the part around it, where that holds no other of them, or its path."""
    homes: dict[int, Region] = {}
    for region in regions:
        ways = structure.graph.ancestors(region.id)
        homes[region.id] = next((a for a in ways if a.kind in {"stage", "block"} and a.name), region)
    shared = [home.id for home in homes.values()]
    return {
        region.id: homes[region.id].path
        if shared.count(homes[region.id].id) == 1
        else region.path or name_of(region)
        for region in regions
    }


def cliques(subject: Subject, block: str | None) -> list[Clique]:
    """The cliques of a net, those that differ only in numbers as one.

    Raises:
        ArchError: E591, it has none, or none in `block`.
    """
    structure = subject.structure
    regions = wired(subject, "clique", block)
    titles = names(structure, regions)
    groups: dict[Hashable, list[Region]] = {}
    for region in regions:
        body = _body(region)
        key = body.layers, body.stages, body.updates, form(clique_lines(body))
        groups.setdefault(key, []).append(region)
    found: list[Clique] = []
    for alike in groups.values():
        lines, note = as_one([clique_lines(_body(region)) for region in alike])
        results = _merged(result for region in alike for result in _results(structure, region))
        uses = tuple(clip(titles[region.id]) for region in alike)
        layers = tuple(zip(*(members(structure, region) for region in alike), strict=True))
        nodes = tuple(tuple(node for (node,) in layer) for layer in layers)
        found.append(Clique(_body(alike[0]), alike[0], nodes, uses, lines, note, results))
    return found


def called(subject: Subject, found: Sequence[Clique | Dense], block: str | None) -> str:
    """What a drawing of these is called: after the net, or after the parts of it that are drawn alone."""
    if block is None:
        return subject.name
    parts = [name for each in found for name in (each.names if isinstance(each, Clique) else (each.name,))]
    return clip(", ".join(parts))


def members(structure: Structure, region: Region) -> list[tuple[str, ...]]:
    """The nodes of each layer of a clique: one."""
    return [(n,) for n in structure.nodes[region.id] if structure.graph.node(n).layer.group == "clique"]


def dense_blocks(
    subject: Subject, block: str | None, *, most: int = MOST_LAYERS, whole: Sequence[str] = ()
) -> list[Dense]:
    """The dense blocks of a net, or those in what is called `block`.

    Args:
        subject: the net.
        block: the name or path of a dense block, or of a part that holds some; all of the net's unless given.
        most: of blocks of more layers the first and the last ones are drawn.
        whole: names or paths of dense blocks, or of parts that hold some, of which all layers are drawn.

    Raises:
        ArchError: E592, there are none, or one of `whole` holds none; E514, nothing is called that.
    """
    structure = subject.structure
    regions = wired(subject, "dense", block)
    titles = names(structure, regions)
    entire = {region.id for name in whole for region in wired(subject, "dense", name)}
    return [
        dense(structure, region, clip(titles[region.id]), None if region.id in entire else most)
        for region in regions
    ]


def distinct(found: Sequence[Dense]) -> list[tuple[Dense, ...]]:
    """The dense blocks, those together whose layers are alike: they differ in what enters them."""
    groups: dict[Hashable, list[Dense]] = {}
    for dense in found:
        layers = tuple((layer.words, layer.channels) for layer in dense.layers)
        groups.setdefault((dense.links, dense.joined, layers), []).append(dense)
    return [tuple(alike) for alike in groups.values()]


def dense(structure: Structure, region: Region, name: str, most: int | None = MOST_LAYERS) -> Dense:
    """A dense block as its graph has it; of more than `most` layers the first and the last are drawn."""
    graph = structure.graph
    turns = [turn for turn in structure.children[region.id] if structure.nodes[turn.id]]
    layers: list[DenseLayer] = []
    own: dict[Ref, int] = {region.inputs[0]: 0}  # which x_j a tensor is
    joins: dict[Ref, tuple[Ref, ...]] = {}  # what a concatenation holds
    for i, turn in enumerate(turns, 1):
        value = turn.outputs[0]
        joins[value] = graph.operands(value.node)
        result = joins[value][-1]
        own.setdefault(result, i)
        nodes = tuple(n for n in structure.nodes[turn.id] if n != value.node)
        layers.append(DenseLayer(nodes, _words(structure, turn, value.node), graph.type(result).channels))
    drawn = shown(len(turns), most)

    def held(ref: Ref) -> tuple[int, ...]:
        found: list[int] = []
        waiting = [ref]
        while waiting:
            at = waiting.pop()
            if at in own:
                found.append(own[at])
            else:
                waiting += joins.get(at, ())
        return tuple(j for j in sorted(found) if j in drawn)

    links = tuple((j, i) for i in drawn if i for j in held(turns[i - 1].inputs[0]))
    joined = held(region.outputs[0]) if region.outputs else ()
    entering = graph.type(region.inputs[0])
    inside = set(structure.nodes[region.id])
    users = [
        _user(structure, region, user)
        for node in dict.fromkeys(ref.node for ref in region.outputs)
        for _, user, _ in graph.consumers(node)
        if user not in inside
    ]
    users += [f"output {name}" for name, ref in graph.outputs if ref in region.outputs]
    return Dense(
        region, name, entering.channels, tuple(layers), drawn, links, joined, tuple(dict.fromkeys(users)),
        show(entering.spatial),
    )  # fmt: skip


def shown(layers: int, most: int | None = MOST_LAYERS) -> tuple[int, ...]:
    """Which of 0 … `layers` are drawn: all up to `most`, of more the first and the last."""
    if most is None or layers <= max(most, FIRST_LAYERS + LAST_LAYERS):
        return tuple(range(layers + 1))
    return (*range(FIRST_LAYERS + 1), *range(layers - LAST_LAYERS + 1, layers + 1))


def _words(structure: Structure, turn: Region, joining: str) -> tuple[str, ...]:
    """`BN`, `ReLU`, `3×3 conv, 4`."""
    words: list[str] = []
    for unit in structure.units(turn.id):
        if isinstance(unit, Region):
            words.append(name_of(unit))
            continue
        for node in (structure.graph.node(name) for name in unit.nodes if name != joining):
            if node.layer.kind not in _CARRIED:
                each = look(structure.graph, node)
                words.append(
                    clip(each.label if each.kind in {"conv", "linear", "attention"} else each.short, 24)
                )
    return tuple(words)


def _results(structure: Structure, region: Region) -> list[Result]:
    """What a clique gives on, as far as it is used."""
    graph = structure.graph
    own = [node for (node,) in members(structure, region)]
    newest = [Ref(node) for node in own]
    forms = {
        tuple(newest): "transit", (*region.inputs, *newest): "features",
        tuple(Ref(node, 1) for node in own): "stage1",
    }  # fmt: skip
    found: list[Result] = []
    for node in structure.nodes[region.id]:
        name = forms.get(tuple(graph.operands(node)))
        if name and look(graph, graph.node(node)).kind == "merge":
            users = [_user(structure, region, user) for _, user, _ in graph.consumers(node)]
            users += [f"output {out}" for out, ref in graph.outputs if ref.node == node]
            found.append(Result(name, tuple(dict.fromkeys(users))))
    return found


def _user(structure: Structure, region: Region, user: str) -> str:
    """The outermost part around a layer that the clique is not in, or else the layer."""
    around = {r.id for r in structure.graph.ancestors(region.id)}
    outside = [r for r in structure.graph.ancestors(structure.graph.node(user).region) if r.id not in around]
    return name_of(outside[-1]) if outside else look(structure.graph, structure.graph.node(user)).short


def _merged(results: Iterable[Result]) -> tuple[Result, ...]:
    users: dict[str, dict[str, None]] = {}
    for result in results:
        users.setdefault(result.name, {}).update(dict.fromkeys(result.users))
    return tuple(
        Result(name, tuple(users[name])) for name in ("features", "transit", "stage1") if name in users
    )


def _body(region: Region) -> CliqueBody:
    assert region.clique is not None
    return region.clique


def _word(region: Region) -> Word:
    return "clique" if region.clique is not None else "dense"


def _none(net: str, word: Word, others: Sequence[Region], structure: Structure, more: str = "") -> Diagnostic:
    message = f"`{clip(net)}` has no {_CALLED[word]}{more}"
    if others:
        other = _word(others[0])
        many = f"{len(others)} {_CALLED[other]}s" if len(others) > 1 else f"a {_CALLED[other]}"
        there = _listed([f"`{clip(name)}`" for name in names(structure, others).values()])
        return Diagnostic(
            _CODES[word], message, help=f"it has {many}, {there}; draw with `--style {_STYLE[other]}`"
        )
    stages = [f"`{clip(stage.name)}`" for stage in structure.graph.stages()]
    parts = f", and is made of {_listed(stages)}" if stages else ""
    return Diagnostic(
        _CODES[word], f"{message}{parts}",
        help="`--style overview` draws every net, `--style tensors` what flows in it",
    )  # fmt: skip


def _none_there(block: str, word: Word, own: Sequence[Region], structure: Structure) -> Diagnostic:
    there = list(dict.fromkeys(names(structure, own).values()))
    kind = _CALLED[word]
    has = f"{kind}s are in" if len(there) > 1 else f"the {kind} is"
    return Diagnostic(
        _CODES[word], f"`{clip(block)}` holds no {kind}",
        help=f"{has} {_listed([f'`{clip(name)}`' for name in there])}",
    )  # fmt: skip


def _listed(words: Sequence[str]) -> str:
    """`a, b and c`; of many, the first few."""
    if len(words) > _MOST_NAMES:
        return f"{', '.join(words[:_MOST_NAMES])} and {len(words) - _MOST_NAMES} more"
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
