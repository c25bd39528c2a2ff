"""A region in one box: its name, what it does to the channels, what is inside."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from types import MappingProxyType
from typing import NamedTuple

from ogive.backends.draw.fold.picture import Text
from ogive.backends.draw.fold.rolling import Rolled, Structure, Unit
from ogive.backends.draw.fold.shared import whose_weights
from ogive.backends.draw.fold.text import Fused, channels_text, clip, clipped_name, look, ranged
from ogive.graph import Ref, Region
from ogive.layers.base import TensorType

_DEFINED = {"block", "dense", "clique"}
_NAMED = {"conv", "linear", "attention", "pool"}
_AUX = "+ auxiliary head"
_LONGEST = 46
_LONGEST_NAME = 32
_NO_LETTERS: Mapping[int, str] = MappingProxyType({})
_HEAVIEST = ("conv", "attention", "linear", "pool", "norm", "act")


def entering(structure: Structure, region: Region) -> list[Ref]:
    """The tensors from outside that something in a region takes, in order, each once."""
    members = set(structure.nodes[region.id])
    operands = (ref for name in structure.nodes[region.id] for ref in structure.graph.operands(name))
    return list(dict.fromkeys(ref for ref in operands if ref.node not in members))


def entry(structure: Structure, region: Region) -> Ref | None:
    """The tensor that enters a region."""
    outside = entering(structure, region)
    own = region.inputs[:1]
    if own and (not outside or region.clique or own[0] in outside):
        return own[0]
    return outside[0] if outside else None


def ends(structure: Structure, region: Region) -> tuple[TensorType, TensorType] | None:
    """The types of what enters a region and of what leaves it."""
    start = entry(structure, region)
    nodes = structure.nodes[region.id]
    if start is None or not nodes:
        return None
    end = _leaving(structure, region)
    if region.clique and (end not in region.outputs or not _goes_on(structure, region, end)):
        body = region.clique
        return structure.graph.type(start), body.result.with_channels(body.layers * body.result.channels)
    return structure.graph.type(start), structure.graph.type(end)


def _leaving(structure: Structure, region: Region) -> Ref:
    """The tensor that leaves a region: what it gives, or where nothing goes on from that, the one in it from
    which something does. Of what a clique gives, its layers before those with X0.
    """
    given = (
        region.outputs[-1 if region.clique else 0] if region.outputs else Ref(structure.nodes[region.id][-1])
    )
    if _goes_on(structure, region, given):
        return given
    others = {Ref(name, at) for name in structure.nodes[region.id] for at in _taken(structure, region, name)}
    return others.pop() if len(others) == 1 else given


def _goes_on(structure: Structure, region: Region, ref: Ref) -> bool:
    outputs = (other for _, other in structure.graph.outputs)
    return ref in outputs or ref.output in _taken(structure, region, ref.node)


def _taken(structure: Structure, region: Region, name: str) -> set[int]:
    """The outputs of a node that something outside a region takes, auxiliary heads aside."""
    graph = structure.graph
    found: set[int] = set()
    for at, user, _ in graph.consumers(name):
        around = list(graph.ancestors(graph.node(user).region))
        if region not in around and not any(each.kind == "aux" for each in around):
            found.add(at)
    return found


def _of_several(structure: Structure, region: Region) -> bool:
    """Whether maps of more than two widths enter: a range from one would be false of the others.

    Of two, one is what flows in, and the other comes over a skip (a U-Net's decoder).
    A vector beside a map, such as a code of the time, is not one of them.
    """
    main = entry(structure, region)
    if main is None or region.clique:
        return False
    places = len(structure.graph.type(main).spatial)
    types = [structure.graph.type(ref) for ref in entering(structure, region)]
    return len({one.channels for one in types if len(one.spatial) == places}) > 2


def folded_kind(structure: Structure, region: Region) -> str:
    """The kind of layer that a folded region is painted as: the heaviest inside."""
    if any(r.kind == "aux" for r in structure.graph.ancestors(region.id)):
        return "aux"
    kinds = {look(structure.graph, structure.graph.node(n)).kind for n in structure.nodes[region.id]}
    return next((k for k in _HEAVIEST if k in kinds), "shape")


def name_of(region: Region) -> str:
    """What a region is called: a stage by its name, a block by its definition, a word by itself."""
    match region.kind:
        case "stage":
            return clipped_name(region.name or region.path, _LONGEST_NAME)
        case "aux":
            return "auxiliary head"
        case _:
            return clipped_name(region.block or region.kind, _LONGEST_NAME)


def names_of(structure: Structure, region: Region, rolled: Rolled | None) -> str:
    """`4b–4d`, where stages are taken together; else the name of the region."""
    nodes = structure.nodes[region.id]
    if region.kind != "stage" or not rolled or rolled.count < 2 or nodes[0] not in rolled.copies[0]:
        return name_of(region)
    graph = structure.graph
    depth = len(list(graph.ancestors(region.id)))
    beginning = rolled.copies[-1][rolled.copies[0].index(nodes[0])]
    around = list(graph.ancestors(graph.node(beginning).region))
    last = around[-depth] if len(around) >= depth else region
    if last.kind != "stage" or name_of(last) == name_of(region):
        return name_of(region)
    first = name_of(region).rpartition("_")[0]
    same, _, other = name_of(last).rpartition("_")
    return clip(f"{name_of(region)}–{other if first and first == same else name_of(last)}")


def layers_text(structure: Structure, stage: Region, rolled: Rolled) -> str:
    """`conv3–conv5 · 3×3 conv, 64 … 256`: stages of one layer each, taken together."""
    unit = structure.units(stage.id)[0]
    if not isinstance(unit, Fused):
        return ""
    place = rolled.copies[0].index(unit.lead)
    leads = (structure.graph.node(copy[place]) for copy in rolled.copies)
    titles = [look(structure.graph, node).label for node in leads]
    return clip(f"{names_of(structure, stage, rolled)} · {ranged(titles)}")


def after_all(structure: Structure, region: Region, rolled: Rolled) -> TensorType | None:
    """The type that leaves the last copy of a roll, where `region`, in the first copy, is what it holds."""
    types = ends(structure, region)
    end = _leaving(structure, region)
    if types is None or region.clique or end.node not in rolled.copies[0]:
        return types[1] if types else None
    last = rolled.copies[-1][rolled.copies[0].index(end.node)]
    return structure.graph.type(end._replace(node=last))


def strides(structure: Structure, region: Region, rolled: Rolled | None = None) -> bool:
    """Whether any layer in a region, or in the copies of it, takes steps: what an edge loses is none."""
    names = chain(*rolled.copies) if rolled else structure.nodes[region.id]
    for name in names:
        window = structure.graph.node(name).layer.window(structure.graph.operand_types(name))
        if any(step != 1 for _, step in window or ()):
            return True
    return False


def _only(structure: Structure, region: Region) -> Rolled | None:
    """What a region holds, if it is one thing, dropout and auxiliary heads aside."""
    weighty = [
        rolled
        for rolled in structure.rolled(region.id)
        if not _is_dropout(structure, rolled.unit) and not _is_aux(rolled.unit)
    ]
    return weighty[0] if len(weighty) == 1 else None


def told_of(structure: Structure, region: Region) -> Region:
    """What a box is about: the block, dense block or clique that is all that a stage holds, or the region."""
    only = _only(structure, region) if region.kind == "stage" else None
    unit = only.unit if only else None
    return unit if isinstance(unit, Region) and unit.kind in _DEFINED else region


def folded_text(
    structure: Structure,
    region: Region,
    rolled: Rolled | None = None,
    letters: Mapping[int, str] = _NO_LETTERS,
) -> tuple[Text, str, int]:
    """`Bottleneck 256→512, /2` over `1×1 · 3×3 · 1×1, + projection`; what of it is the name; how often.

    Args:
        structure: of the graph.
        region: what is folded.
        rolled: the copies that it stands for: the channels are those before the first and after the last.
        letters: by region, what tells the form of a block from others; it stands behind its name.
    """
    only = _only(structure, region)
    name, prefix, badge, told = names_of(structure, region, rolled), "", 1, told_of(structure, region)
    if only and told != region:
        prefix, name, badge = f"{name} · ", name_of(told), only.count
        rolled = rolled or only
    name += letters.get(told.id, "")
    types = ends(structure, told)
    if types and rolled and rolled.count > 1:
        types = types[0], after_all(structure, told, rolled) or types[1]
    if types and _of_several(structure, told):
        types = types[1], types[1]
    steps = strides(structure, told, rolled)
    about = f" {channels_text(*types, steps)}" if types and region.kind != "aux" else ""
    if told.kind == "dense":
        badge *= max(len(structure.children[told.id]), 1)
    parts, suffix = summary(structure, told, letters if told.kind == "stage" else _NO_LETTERS)
    if only and told is only.unit:
        beside = [each.unit for each in structure.rolled(region.id) if each is not only]
        suffix = [*suffix, *(["dropout"] if any(_is_dropout(structure, unit) for unit in beside) else [])]
        suffix = [*suffix, *([_AUX] if any(map(_is_aux, beside)) else [])]
    lines = _joined(parts)
    if region.kind == "aux" and region.weight is not None:
        suffix = [*suffix, f"weight {region.weight:g}"]
    if whose := whose_weights(structure.graph, region):
        suffix = [*suffix, whose]
    after = ", ".join([*([lines] if lines else []), *suffix])
    text = Text(clip(prefix + name, max(_LONGEST - len(about), _LONGEST_NAME)) + about, after=clip(after, 60))
    return text, name if told.kind in _DEFINED else prefix + name, badge


def _is_aux(unit: Unit) -> bool:
    return isinstance(unit, Region) and unit.kind == "aux"


def _is_dropout(structure: Structure, unit: Unit) -> bool:
    """Whether a unit is dropout alone: stages that differ in that are drawn alike."""
    return isinstance(unit, Fused) and {
        look(structure.graph, structure.graph.node(name)).kind for name in unit.nodes
    } == {"dropout"}


def own_layers(structure: Structure, region: Region) -> bool:
    """Whether a region has layers beside the blocks in it, dropout aside: no definition shows them."""
    units = [u for u in structure.units(region.id) if not _is_dropout(structure, u)]
    return len(units) > 1 and any(isinstance(u, Fused) for u in units)


def only_block(structure: Structure, region: Region | int) -> tuple[str, int]:
    """The name of the block whose uses a stage is made of, and how many; nothing where it has more."""
    stage = structure.graph.regions[region] if isinstance(region, int) else region
    units = tuple(_turns(structure, stage)) if stage.kind == "stage" else ()
    names = {u.block if isinstance(u, Region) and u.kind == "block" else None for u in units}
    name = names.pop() if len(names) == 1 else None
    return (clip(name), len(units)) if name else ("", 0)


def _turns(structure: Structure, region: Region) -> Iterator[Unit]:
    """The units of a region, those of the turns of a `repeat` in their place."""
    for unit in structure.units(region.id):
        if isinstance(unit, Region) and unit.kind == "iteration":
            yield from _turns(structure, unit)
        else:
            yield unit


def inside(structure: Structure, region: Region) -> tuple[int, ...]:
    """The regions that can be defined beside an overview: this one, or the first of each name inside."""
    if region.kind in _DEFINED:
        return (region.id,)
    found: list[int] = []
    for rolled in structure.rolled(region.id):
        if isinstance(rolled.unit, Region):
            found += inside(structure, rolled.unit)
    return tuple(found)


class Part(NamedTuple):
    """A word about something inside, what tells it from others of that name, and the letter that says so."""

    text: str
    form: Hashable = None
    letter: str = ""


def summary(
    structure: Structure, region: Region, letters: Mapping[int, str] = _NO_LETTERS
) -> tuple[list[Part], list[str]]:
    """What is inside, in order, and what joins it (`+ skip`); blocks with the letters of their forms."""
    parts: list[Part] = []
    suffix: list[str] = []
    if region.kind == "clique" and region.clique:
        stages = region.clique.stages
        return [Part(f"{region.clique.layers} layers")], [f"{stages} stages" if stages > 1 else "1 stage"]
    if region.kind == "merge":
        branches = [summary(structure, b, letters) for b in structure.children[region.id]]
        full = [b for b in branches if b[0]]
        word = clip(region.block or "merge")
        if len(full) == 1:
            return full[0][0], [*full[0][1], word]
        return [Part(f"{len(branches)} branches")], [word]
    turns = structure.rolled(region.id)
    for rolled in turns[:1] if region.kind == "dense" else turns:
        held, joins = _unit(structure, rolled, letters)
        if rolled.count > 1 and region.kind != "dense":
            held = held * rolled.count if len(held) < 2 else [Part(f"{_joined(held)} ×{rolled.count}")]
        parts += held
        suffix += [j for j in joins if j not in suffix]
    if region.kind == "residual":
        suffix.append(_shortcut(structure, region))
    if region.kind == "dense":
        suffix.append("+ concat")
    return parts, suffix


def _shortcut(structure: Structure, region: Region) -> str:
    """What a residual adds to its body."""
    beside = [c for c in structure.children[region.id] if c.kind == "shortcut"]
    kinds = {structure.graph.node(n).layer.kind for c in beside for n in structure.nodes[c.id]}
    if kinds == {"subsample"}:
        return "+ zero pad"
    return "+ projection" if beside else "+ skip"


def _unit(structure: Structure, rolled: Rolled, letters: Mapping[int, str]) -> tuple[list[Part], list[str]]:
    unit = rolled.unit
    if isinstance(unit, Fused):
        lead = look(structure.graph, structure.graph.node(unit.lead))
        return ([Part(clip(lead.short, 24))] if lead.kind in _NAMED else []), []
    if unit.kind == "stage" or unit.kind == "block":
        return [Part(name_of(unit), structure.kinds(unit), letters.get(unit.id, ""))], []
    if unit.id in letters:
        turns = len(structure.children[unit.id]) if unit.kind == "dense" else 1
        return [Part(unit.kind, structure.signature(unit, "kind"), letters[unit.id])] * max(turns, 1), []
    if unit.kind in {"aux", "shortcut"}:
        return [], [_AUX] if unit.kind == "aux" else []
    return summary(structure, unit, letters)


def _counted(counted: Sequence[tuple[Part, int]]) -> str:
    """Blocks are counted from two on, layers, whose words are short, from three.

    Of forms of one block behind each other the name is said once: `MBConv (a) · (b) ×2`.
    """
    words: list[str] = []
    before = Part("")
    for part, n in counted:
        again = part.letter and before.letter and part.text == before.text
        word = part.letter.strip() if again else part.text + part.letter
        few = n <= (1 if part.form is not None else 2)
        words += [word] * n if few else [f"{word} ×{n}"]
        before = part
    return " · ".join(words)


def _joined(parts: Sequence[Part]) -> str:
    """`1×1 · 3×3 · 1×1`: convolutions alone need no word for themselves."""
    bare = [p.text.removesuffix(" conv") for p in parts]
    if all(p.text.endswith(" conv") for p in parts):
        parts = [Part(text) for text in bare]
    counted = [(part, len(list(same))) for part, same in groupby(parts)]
    text = _counted(counted)
    if len(text) > _LONGEST:
        runs = [list(same) for _, same in groupby(parts, key=lambda part: (part.text, part.letter))]
        text = _counted([(same[0], len(same)) for same in runs])
    if len(text) > _LONGEST:
        text = " · ".join("pool" if p.endswith("pool") else p for p in bare)
    return text if len(text) <= _LONGEST else f"{len(parts)} layers"
