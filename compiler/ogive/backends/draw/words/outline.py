"""A net in words, part by part: what captions and descriptions are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ogive.backends.draw.fold.folding import ends, name_of
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import Fused, look
from ogive.graph import Ref, Region
from ogive.layers.base import TensorType

_SAID = {"conv", "linear", "attention", "pool"}
"""Kinds of layers that are told of; the others only prepare or carry on."""
_NUMBERS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
_VOWELS = ("11×", "18×", "8×")
"""What begins with a vowel when it is spoken."""
_LAYERS = (
    (re.compile(r"^(\S+) conv$"), r"\1 convolution"),
    (re.compile(r"^(\S+) up-conv$"), r"\1 up-convolution"),
    (re.compile(r"^(\S+) depthwise$"), r"\1 depthwise convolution"),
    (re.compile(r"^(.*)avg pool(.*)$"), r"\1average pooling\2"),
    (re.compile(r"^(.*)\bpool(.*)$"), r"\1pooling\2"),
    (re.compile(r"^linear$"), "linear layer"),
)


@dataclass(frozen=True, slots=True)
class Thing:
    """What stands in a part, and how often in a row.

    Attributes:
        word: `3×3 convolution`, `Bottleneck block`, `dense block`.
        count: how often; or, of a dense block or clique, how many layers it has.
        layers: whether `count` are its layers.
    """

    word: str
    count: int = 1
    layers: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A stage, a block use, a layer: what stands directly in a net.

    Attributes:
        name: of a stage, or of the block; empty for a layer.
        things: what is in it, in order.
        out: what leaves it.
        kind: `stage`, `block`, `aux` or `layer`.
    """

    name: str
    things: tuple[Thing, ...]
    out: TensorType | None = None
    kind: str = "layer"

    @property
    def form(self) -> tuple[object, ...]:
        """What parts share that are told of together: all but their names and counts."""
        return self.kind, *((thing.word, thing.layers) for thing in self.things)

    @property
    def called(self) -> tuple[object, ...]:
        """The same with the name."""
        return self.name, *self.form


def outline(structure: Structure, region: int = 0) -> list[Part]:
    """The parts of a net or of a block, in the order of the program; inputs are none."""
    parts: list[Part] = []
    for rolled in structure.rolled(region):
        unit = rolled.unit
        if isinstance(unit, Fused):
            things = tuple(_of_layer(structure, unit, rolled.count))
            if things:
                out = structure.graph.type(Ref(rolled.copies[-1][-1]))
                parts.append(Part("", things, out))
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
            parts.append(Part(name, held, out, kind))
    return parts


def contents(structure: Structure, region: Region) -> Iterator[Thing]:
    """What is in a region, equal neighbours counted; repeats are seen through, blocks are not."""
    found: list[Thing] = []
    for unit in structure.units(region.id):
        found += _of_layer(structure, unit, 1) if isinstance(unit, Fused) else _of_region(structure, unit, 1)
    yield from _merged(found)


def _merged(things: Sequence[Thing]) -> Iterator[Thing]:
    """Equal neighbours as one, counted."""
    for _, same in groupby(things, key=lambda thing: (thing.word, thing.layers)):
        alike = list(same)
        if alike[0].layers:
            yield from alike
        else:
            yield replace(alike[0], count=sum(thing.count for thing in alike))


def _of_layer(structure: Structure, fused: Fused, count: int) -> Iterator[Thing]:
    seen = look(structure.graph, structure.graph.node(fused.lead))
    if seen.kind in _SAID:
        yield Thing(layer_word(seen.short), count)


def _of_region(structure: Structure, region: Region, count: int) -> Iterator[Thing]:
    match region.kind:
        case "block" | "stage":
            yield Thing(block_word(name_of(region)), count)
        case "dense":
            yield Thing("dense block", max(len(structure.children[region.id]), 1), layers=True)
        case "clique" if region.clique:
            yield Thing("clique", region.clique.layers, layers=True)
        case "aux":
            return
        case _:
            for thing in contents(structure, region):
                yield thing if thing.layers else replace(thing, count=thing.count * count)


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
    found: list[str] = []
    at = 0
    while at < len(parts):
        run = _run(parts, at)
        if run is not None:
            found.append(_stages(run))
            at = run.end
        elif parts[at].kind == "stage":
            found.append(f"{_stage(parts[at].name)} ({listed(list(map(told, parts[at].things)))})")
            at += 1
        else:
            end = next((i for i in range(at, len(parts)) if parts[i].kind == "stage"), len(parts))
            found += map(told, _merged([thing for part in parts[at:end] for thing in part.things]))
            at = end
    if len(found) > most:
        found[most - 3 : -2] = [f"{number(len(found) - most + 1)} more parts"]
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


def told(thing: Thing) -> str:
    """`two 3×3 convolutions`, `a clique of 5 layers`, `one Bottleneck block`."""
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
    if len(words) > 1 and any(", " in word or " and " in word for word in words):
        return f"{'; '.join(words[:-1])}; and {words[-1]}"
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
