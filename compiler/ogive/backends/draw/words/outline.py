"""A net in words, part by part: what captions and descriptions are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby

from ogive.backends.draw.fold.folding import ends, name_of
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import Fused, look
from ogive.graph import Ref, Region
from ogive.layers.base import TensorType
from ogive.layers.merge import Max, Mean, Mul, Sub
from ogive.layers.norm import L2Norm
from ogive.layers.scale import Abs, LayerScale, Scale

_SAID = {"conv", "linear", "attention", "pool"}
"""Kinds of layers that are told of; the others only prepare or carry on."""
_COMPUTED = (Abs, LayerScale, L2Norm, Scale)
"""Those that are told of besides, as they change numbers."""
_JOINED = ((Sub, "their difference"), (Mul, "their product"), (Mean, "their mean"), (Max, "their maximum"))
"""What several tensors become where no region says so."""
_NUMBERS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
_MERGED = {
    "concat": "concatenated", "add": "added", "mul": "multiplied", "mean": "averaged", "stack": "stacked",
    "max": "of which the maximum is taken",
}  # fmt: skip
"""What happens to branches, by the word of the program."""
_VOWELS = ("11×", "18×", "8×")
"""What begins with a vowel when it is spoken."""
_LAYERS = (
    (re.compile(r"^(\S+) conv$"), r"\1 convolution"),
    (re.compile(r"^(\S+) up-conv$"), r"\1 up-convolution"),
    (re.compile(r"^(\S+) depthwise$"), r"\1 depthwise convolution"),
    (re.compile(r"^(.*)avg pool(.*)$"), r"\1average pooling\2"),
    (re.compile(r"^(.*)\bpool(.*)$"), r"\1pooling\2"),
    (re.compile(r"^linear$"), "linear layer"),
    (re.compile(r"^\|x\|$"), "its absolute value"),
    (re.compile(r"^scale$"), "layer scale"),
    (re.compile(r"^× ?-(\S+)$"), r"× −\1"),
)


@dataclass(frozen=True, slots=True)
class Thing:
    """What stands in a part, and how often in a row.

    Attributes:
        word: `3×3 convolution`, `Bottleneck block`, `dense block`.
        count: how often; or, of a dense block or clique, how many layers it has.
        layers: whether `count` are its layers.
        branches: what is in each branch of a merge, or in the body of a residual.
        beside: whether it takes nothing of what stands before it.
        side: whether those that are counted stand side by side.
        shared: whether it has the weights of another.
    """

    word: str
    count: int = 1
    layers: bool = False
    branches: tuple[tuple[Thing, ...], ...] = ()
    beside: bool = False
    side: bool = False
    shared: bool = False

    @property
    def form(self) -> tuple[object, ...]:
        """All but how often, and where it stands."""
        return self.word, self.layers, self.branches, self.shared


@dataclass(frozen=True, slots=True)
class Part:
    """A stage, a block use, a layer: what stands directly in a net.

    Attributes:
        name: of a stage, or of the block; empty for a layer.
        things: what is in it, in order.
        out: what leaves it.
        kind: `stage`, `block`, `aux` or `layer`.
        beside: whether it takes nothing of the part before it.
    """

    name: str
    things: tuple[Thing, ...]
    out: TensorType | None = None
    kind: str = "layer"
    beside: bool = False

    @property
    def form(self) -> tuple[object, ...]:
        """What parts share that are told of together: all but their names and counts."""
        return self.kind, self.beside, *((*thing.form, thing.beside, thing.side) for thing in self.things)

    @property
    def called(self) -> tuple[object, ...]:
        """The same with the name."""
        return self.name, *self.form


def outline(structure: Structure, region: int = 0) -> list[Part]:
    """The parts of a net or of a block, in the order of the program; inputs are none."""
    parts: list[Part] = []
    flow = _Flow(structure, [tuple(chain.from_iterable(r.copies)) for r in structure.rolled(region)])
    for place, rolled in enumerate(structure.rolled(region)):
        unit = rolled.unit
        if isinstance(unit, Fused):
            things = tuple(_of_layer(structure, unit, rolled.count))
            if things:
                out = structure.graph.type(Ref(rolled.copies[-1][-1]))
                parts.append(Part("", things, out, beside=flow.beside(place)))
            continue
        if unit.kind in {"stage", "aux"}:
            held = tuple(contents(structure, unit))
            name = name_of(unit)
        else:
            held = tuple(_of_region(structure, unit, rolled.count))
            name = unit.block or ""
        kind = unit.kind if unit.kind in {"stage", "aux"} else "block"
        types = ends(structure, unit)
        out = types[1] if types else None
        if rolled.count > 1:
            last = rolled.copies[-1][-1]
            out = structure.graph.node(last).outputs[0]
        if held:
            parts.append(Part(name, held, out, kind, kind != "aux" and flow.beside(place)))
    return parts


class _Flow:
    """What depends on what, among things that stand one behind the other in the program.

    Args:
        structure: of the graph.
        nodes: of each thing.
    """

    def __init__(self, structure: Structure, nodes: Sequence[Sequence[str]]) -> None:
        place = {name: i for i, names in enumerate(nodes) for name in names}
        self._behind: list[set[int]] = []
        self._last: int | None = None
        for i, names in enumerate(nodes):
            refs = (ref.node for name in names for ref in structure.graph.operands(name))
            direct = {place[name] for name in refs if place.get(name, i) < i}
            self._behind.append(direct.union(*(self._behind[j] for j in direct)))

    def beside(self, place: int) -> bool:
        """Whether a thing that is told of depends in no way on the one that was told of before."""
        last, self._last = self._last, place
        return last is not None and last not in self._behind[place]


def contents(structure: Structure, region: Region) -> Iterator[Thing]:
    """What is in a region, equal neighbours counted; repeats are seen through, blocks are not."""
    found: list[Thing] = []
    units = structure.units(region.id)
    flow = _Flow(structure, list(map(structure.unit_nodes, units)))
    for place, unit in enumerate(units):
        layer = isinstance(unit, Fused)
        things = list(_of_layer(structure, unit, 1) if layer else _of_region(structure, unit, 1))
        if things:
            things[0] = replace(things[0], beside=flow.beside(place))
        found += things
    yield from _merged(found)


def _merged(things: Sequence[Thing]) -> Iterator[Thing]:
    """Equal neighbours as one, counted: those in a row, and those side by side."""
    for _, same in groupby(things, key=lambda thing: thing.form):
        waiting = list(same)
        while waiting:
            first, waiting = waiting[0], waiting[1:]
            side = bool(waiting) and waiting[0].beside and first.count == 1
            while (
                waiting
                and not first.layers
                and waiting[0].beside == side
                and (not side or waiting[0].count == 1)
            ):
                first = replace(first, count=first.count + waiting.pop(0).count, side=side)
            yield first


def _of_layer(structure: Structure, fused: Fused, count: int) -> Iterator[Thing]:
    node = structure.graph.node(fused.lead)
    seen = look(structure.graph, node)
    if seen.kind in _SAID or isinstance(node.layer, _COMPUTED):
        yield Thing(layer_word(seen.short), count)
    joined = next((word for layer, word in _JOINED if isinstance(node.layer, layer)), "")
    if joined and structure.graph.regions[node.region].kind not in {"merge", "residual"}:
        yield Thing(joined)


def _of_region(structure: Structure, region: Region, count: int) -> Iterator[Thing]:
    match region.kind:
        case "block" | "stage":
            shared = region.shared is not None and not region.shared.apart
            yield Thing(block_word(name_of(region)), count, shared=shared)
        case "dense":
            yield Thing("dense block", max(len(structure.children[region.id]), 1), layers=True)
        case "clique" if region.clique:
            yield Thing("clique", region.clique.layers, layers=True)
        case "aux":
            return
        case "merge":
            yield from _of_merge(structure, region, count)
        case "residual":
            held = tuple(contents(structure, region))
            if held:
                yield Thing("residual", count, branches=(held,))
        case "shortcut":
            return
        case _:
            for thing in contents(structure, region):
                yield thing if thing.layers else replace(thing, count=thing.count * count)


def _of_merge(structure: Structure, region: Region, count: int) -> Iterator[Thing]:
    """The branches of a concatenation or sum: what is told of in them; a branch may be the tensor itself."""
    branches = [each for each in structure.graph.regions.values() if each.parent == region.id]
    held = [tuple(contents(structure, branch)) for branch in branches]
    if not any(held):
        return
    empty = (Thing("the tensor itself"),), (Thing("other layers"),)
    told = (
        things or empty[bool(structure.nodes[branch.id])]
        for things, branch in zip(held, branches, strict=True)
    )
    yield Thing(_MERGED.get(region.block or "", "merged"), count, branches=tuple(told))


def block_word(name: str) -> str:
    """`Bottleneck block`, and `ConvNeXtBlock`, which says so itself."""
    return name if name.lower().endswith("block") else f"{name} block"


def layer_word(short: str) -> str:
    """What a layer is called in a sentence: `3×3 convolution`."""
    for pattern, word in _LAYERS:
        if pattern.match(short):
            return pattern.sub(word, short)
    return short


# --------------------------------------------------------------------------- sentences


def in_words(parts: Sequence[Part], most: int = 12) -> list[str]:
    """Parts in words; stages of one form together, with what stands between them; at most so many phrases."""
    return [text for text, _ in phrases(parts, most)]


def phrases(parts: Sequence[Part], most: int = 12) -> list[tuple[str, TensorType | None]]:
    """The same, each with what leaves it; None where that is not one tensor."""
    found: list[tuple[str, TensorType | None]] = []
    at = 0
    while at < len(parts):
        run = _run(parts, at)
        if run is not None:
            found.append((_stages(run), parts[run.end - 1].out))
            at = run.end
        elif parts[at].kind == "stage":
            where = "beside it " if parts[at].beside else ""
            found.append((f"{where}{_stage(parts[at].name)} ({row(parts[at].things)})", parts[at].out))
            at += 1
        else:
            end = next((i for i in range(at, len(parts)) if parts[i].kind == "stage"), len(parts))
            told_of = list(map(within, _merged(list(chain.from_iterable(map(_things, parts[at:end]))))))
            found += [*((text, None) for text in told_of[:-1]), (told_of[-1], parts[end - 1].out)]
            at = end
    if len(found) > most:
        found[most - 3 : -2] = [(f"{number(len(found) - most + 1)} more parts", None)]
    return found


@dataclass(frozen=True, slots=True)
class _Run:
    """Stages of one form; `behind` each of them, and `between` two, stands the same."""

    stages: tuple[Part, ...]
    behind: tuple[Part, ...]
    between: tuple[Part, ...]
    end: int


def _run(parts: Sequence[Part], at: int) -> _Run | None:
    """The stages of one form from here on, at least two, with up to two parts between them."""
    if parts[at].kind != "stage":
        return None
    for gap in range(3):
        others = [part.called for part in parts[at + 1 : at + 1 + gap]]
        if any(part.kind == "stage" for part in parts[at + 1 : at + 1 + gap]):
            break
        stages = [parts[at]]
        end = at + 1
        while end + gap < len(parts) and parts[end + gap].form == parts[at].form:
            if [part.called for part in parts[end : end + gap]] != others:
                break
            stages.append(parts[end + gap])
            end += gap + 1
        if len(stages) > 1:
            tail = [part.called for part in parts[end : end + gap]]
            same = next((i for i, form in enumerate(others) if tail[i : i + 1] != [form]), gap)
            start = at + 1
            return _Run(
                tuple(stages), tuple(parts[start : start + same]), tuple(parts[start + same : start + gap]),
                end + same,
            )  # fmt: skip
    return None


def _stages(run: _Run) -> str:
    """`the stages conv2 to conv5 with 3, 4, 6 and 3 Bottleneck blocks`."""
    names = [part.name for part in run.stages]
    named = f"{names[0]} to {names[-1]}" if len(names) > 2 else " and ".join(names)
    columns = [tuple(column) for column in zip(*(part.things for part in run.stages), strict=True)]
    each = " each" if all(len({thing.count for thing in column}) == 1 for column in columns) else ""
    text = f"{_stage(named, many=True)} with {', then '.join(map(_column, columns))}{each}"
    for parts, where in ((run.behind, "behind each"), (run.between, "between them")):
        if parts:
            text += f", {listed([told(thing) for part in parts for thing in part.things])} {where}"
    return text


def _column(things: Sequence[Thing]) -> str:
    """The same thing in several stages: `3, 4, 6 and 3 Bottleneck blocks`."""
    counts = [thing.count for thing in things]
    if len(set(counts)) == 1:
        return told(things[0])
    each = listed(list(map(str, counts)))
    if things[0].layers:
        return f"{plural(things[0].word)} of {each} layers"
    return f"{each} {_turned(things[0].word)}"


def _stage(name: str, many: bool = False) -> str:
    """`stage conv1`, and `stage1`, which says so itself."""
    return name if name.startswith("stage") else f"stage{'s' * many} {name}"


def _things(part: Part) -> tuple[Thing, ...]:
    """What is in a part; where the part stands beside another, its first thing does."""
    return (replace(part.things[0], beside=part.beside), *part.things[1:])


def row(things: Sequence[Thing]) -> str:
    """Things one behind the other: `a 1×1 convolution and a 3×3 convolution`."""
    return listed(list(map(within, things)))


def within(thing: Thing) -> str:
    """A thing in a row: `beside it a 3×3 convolution`, where it takes nothing of what stands before it."""
    return f"{'beside it ' if thing.beside else ''}{told(thing)}"


def _branched(thing: Thing) -> str:
    """`two branches (3×3 max pooling; beside it a 3×3 convolution), concatenated`."""
    rows = list(map(row, thing.branches))
    if thing.word == "residual":
        several = f"{number(thing.count)} residuals" if thing.count > 1 else "a residual"
        return f"{several} ({rows[0]})"
    each = f"{rows[0]} each" if len(set(rows)) == 1 else "; beside it ".join(rows)
    times = f"{number(thing.count)} times " if thing.count > 1 else ""
    return f"{times}{number(len(rows))} branches ({each}) {thing.word}"


def told(thing: Thing) -> str:
    """`two 3×3 convolutions`, `a clique of 5 layers`, `one Bottleneck block`."""
    if thing.branches:
        return _branched(thing)
    if thing.shared:
        plain = told(replace(thing, shared=False, side=False))
        return f"{plain} with shared weights{' side by side' if thing.side else ''}"
    if thing.side:
        return f"{told(replace(thing, side=False))} side by side"
    if thing.layers:
        return f"a {thing.word} of {thing.count} layers"
    if thing.count == 1:
        if thing.word.endswith(("convolution", "layer")):
            return f"{'an' if thing.word.startswith(_VOWELS) else 'a'} {thing.word}"
        return f"one {thing.word}" if thing.word.lower().endswith("block") else thing.word
    if thing.count < len(_NUMBERS):
        return f"{number(thing.count)} {plural(thing.word)}"
    return f"{number(thing.count)} {_turned(thing.word)}"


def number(count: int) -> str:
    """A number in words, as far as twelve."""
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"


def plural(word: str) -> str:
    """A word for several."""
    return word if word.endswith(("pooling", "s")) else f"{word}s"


def _turned(word: str) -> str:
    """Several, where a number stands before: `convolutions of 3×3`."""
    kernel, _, rest = word.partition(" ")
    return f"{plural(rest)} of {kernel}" if rest and kernel[0].isdecimal() else plural(word)


def listed(words: Sequence[str]) -> str:
    """`a, b and c`; `a, of b; c; and d` where commas would not tell the parts apart."""
    if len(words) > 1 and any(mark in word for word in words for mark in (", ", " and ", " branches (")):
        return f"{'; '.join(words[:-1])}; and {words[-1]}"
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
