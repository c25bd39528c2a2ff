"""What a use of a block was given, where its definition speaks of it and the box does not say it already.

`Inception 192→256` is drawn with `c1 64, c3r 96, …` below: the definition beside it says `1×1 conv, c1`. Of a
bottleneck nothing is added: its width is a quarter of the channels that leave it, and its stride is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby

from ogive.backends.draw.fold.folding import ends, folded_text, strides
from ogive.backends.draw.fold.numbers import Numbers
from ogive.backends.draw.fold.picture import Box, Text
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.shared import of_shared
from ogive.backends.draw.fold.symbols import ENTERS
from ogive.backends.draw.fold.text import Fused, layer_text
from ogive.graph import Region
from ogive.layers.order import magnitude

_LONGEST = 44
_LONGEST_OF_STAGE = 48
_INSIDE = {"iteration", "repeat", "residual", "merge", "branch"}
"""What in a stage is looked through for the uses of blocks in it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a box says of the uses that it stands for: the channels that leave each, the stride of each."""

    leaving: bool
    stride: bool


_MOST_TURNS = 4
"""So many different values of one parameter are said."""


def with_arguments(structure: Structure, block: Region, nodes: Collection[str], text: Text) -> Text:
    """The text of a box with the arguments in its second line, in the place of what is inside; those of the
    uses in a stage in a line of their own, where there is no room for them.

    Args:
        structure: of the graph.
        block: the use that the box names; of several, the first; or a stage of several blocks.
        nodes: all that the box stands for. Where these were given other values, they are told in turn:
            `expanded 200 · 184 ×2`.
        text: of the box.
    """
    if block.kind == "stage":
        return _with_those_inside(structure, _copies(structure, block, nodes), text)
    if block.kind != "block" or not block.block:
        return text
    inside = set(nodes)
    uses = [use for use in _uses(structure, block.block) if structure.nodes[use.id][0] in inside]
    named = _told(structure, uses, _seen(structure, uses))
    if not named:
        return text
    line = ", ".join(f"{name} {value}" for name, value in named)
    if len(line) > _LONGEST:
        line = ", ".join(value for _, value in named)
    if len(line) > _LONGEST:
        return text
    kept = [word for word in text.after.split(", ") if word.startswith("+ ") or of_shared(word)]
    longer = ", ".join([line, *kept])
    return replace(text, after=longer if len(longer) <= _LONGEST else line)


def _copies(structure: Structure, stage: Region, nodes: Collection[str]) -> list[Region]:
    """The stages that a box stands for, this one and those that are taken together with it."""
    if len(nodes) == len(structure.nodes[stage.id]):
        return [stage]
    graph, inside = structure.graph, set(nodes)
    depth = len(list(graph.ancestors(stage.id)))
    return [
        each
        for each in graph.regions.values()
        if each.kind == "stage"
        and inside.issuperset(structure.nodes[each.id][:1] or ("",))
        and len(list(graph.ancestors(each.id))) == depth
    ]


def _with_those_inside(structure: Structure, stages: Sequence[Region], text: Text) -> Text:
    """The text of a stage, or of several in one box, and the arguments of the uses of blocks in them."""
    uses = [use for stage in stages for use in _used_in(structure, stage)]
    named = _told(structure, uses, _seen(structure, uses, stages[-1]))
    line = ", ".join(f"{name} {value}" for name, value in named)
    if not line or len(line) > _LONGEST_OF_STAGE:
        return text
    longer = f"{text.after}, {line}" if text.after else line
    return replace(text, after=longer if len(longer) <= _LONGEST else f"{text.after}\n{line}")


def _used_in(structure: Structure, region: Region) -> Iterator[Region]:
    """The uses of blocks in a stage, in order, and not those in other stages."""
    for child in structure.children[region.id]:
        if child.kind == "block" and child.block and structure.nodes[child.id]:
            yield child
        elif child.kind in _INSIDE:
            yield from _used_in(structure, child)


def _seen(structure: Structure, uses: Sequence[Region], stage: Region | None = None) -> _Seen:
    """What one box says of each of these uses: the channels that leave it, if as many leave all, and the
    stage that they are in; its stride, if none but the first has one.
    """
    sides = [tuple(_sides(structure, use)) for use in uses]
    left = {leaving for _, leaving, _ in sides}
    if stage is not None:
        types = ends(structure, stage)
        left.add(types[1].channels if types else None)
    return _Seen(len(left) == 1, all(stride == 1 for _, _, stride in sides[1:]))


def _told(structure: Structure, uses: Sequence[Region], seen: _Seen) -> list[tuple[str, str]]:
    """What to say of each parameter of these uses; nothing of any, if one varies too much to be told."""
    found: list[tuple[str, str]] = []
    for name in dict.fromkeys(name for use in uses for name in _wanted(structure, use.block or "", seen)):
        taking = [use for use in uses if name in _wanted(structure, use.block or "", seen)]
        value = _in_turn([_shown(dict(use.arguments).get(name)) for use in taking])
        if not value:
            return []
        found.append((name, value))
    return found


def _in_turn(values: Sequence[str]) -> str:
    """`3`; `200 · 184 ×2`; `0 · 3, in turn` where they come again; nothing, where there are too many."""
    runs = [(value, len(list(same))) for value, same in groupby(values)]
    if len(runs) == 1:
        return values[0]
    turns = next((n for n in range(2, len(values) // 2 + 1) if _comes_again(values, n)), 0)
    if turns and turns <= _MOST_TURNS:
        return f"{' · '.join(values[:turns])} in turn"
    words = [f"{value} ×{n}" if n > 1 else value for value, n in runs]
    return " · ".join(words) if len(words) <= _MOST_TURNS else ""


def _comes_again(values: Sequence[str], period: int) -> bool:
    return len(values) % period == 0 and all(v == values[i % period] for i, v in enumerate(values))


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _uses(structure: Structure, block: str) -> list[Region]:
    """The uses of a block that hold anything."""
    if not structure.uses:
        for region in structure.graph.regions.values():
            if region.kind == "block" and region.block and structure.nodes[region.id]:
                structure.uses[region.block].append(region)
    return structure.uses[block]


def _wanted(structure: Structure, block: str, seen: _Seen) -> tuple[str, ...]:
    """The parameters to say at each use, in the order of the program; kept with the structure."""
    if (block, seen) not in structure.spoken:
        uses = _uses(structure, block)
        named = _named(structure, uses)
        given = [dict(use.arguments) for use in uses]
        names = [n for n in given[0] if n in named and all(_is_number(one.get(n)) for one in given)]
        values = {n: [one[n] for one in given] for n in names if len({one[n] for one in given}) > 1}
        unsaid = [n for n in values if not _said(structure, uses, values[n], seen)]
        if seen.leaving and len(unsaid) == 1:
            others = [each for n, each in values.items() if n not in unsaid]
            if _in_proportion(structure, uses, values[unsaid[0]], others):
                unsaid = []
        structure.spoken[block, seen] = tuple(unsaid)
    return structure.spoken[block, seen]


def _named(structure: Structure, uses: Sequence[Region]) -> set[str]:
    """The parameters of which definitions of these uses speak."""
    alike: dict[Hashable, list[Region]] = defaultdict(list)
    for use in uses:
        alike[structure.kinds(use)].append(use)
    found: set[str] = set()
    for group in alike.values():
        model = next((use for use in group if structure.split(use)[1]), group[0])
        numbers = Numbers(structure, group, group, model)
        for name in structure.nodes[model.id]:
            layer = layer_text(structure.graph, Fused((), name, ()))
            numbers.general(Box(name, "", layer, (name,)))
        found.update(numbers.symbols.used)
    return found - {ENTERS}


def _said(structure: Structure, uses: Sequence[Region], values: Sequence[object], seen: _Seen) -> bool:
    """Whether the boxes say the number in each use: channels in or out, stride, kernel."""
    entering, leaving, stride = zip(*(_sides(structure, use) for use in uses), strict=True)
    sides = [entering, *([leaving] if seen.leaving else []), *([stride] if seen.stride else [])]
    kernels = (f"{v}×{v}" in folded_text(structure, u)[0].after for u, v in zip(uses, values, strict=True))
    return tuple(values) in sides or all(kernels)


def _in_proportion(
    structure: Structure, uses: Sequence[Region], values: Sequence[object], told: Sequence[Sequence[object]]
) -> bool:
    """Whether a number is the same part of the channels that leave in each use, and the definition says so:
    its last layer has a multiple of this parameter, and not one that is `told` otherwise.
    """
    leaving = [leaving for _, leaving, _ in (_sides(structure, use) for use in uses)]
    if leaving in map(list, told):
        return False
    pairs = [(Fraction(str(v)), s) for v, s in zip(values, leaving, strict=True) if isinstance(s, int) and s]
    return len(pairs) == len(values) and len({value / channels for value, channels in pairs}) == 1


def _sides(structure: Structure, use: Region) -> Iterator[object]:
    """The channels that enter and that leave, and the stride."""
    types = ends(structure, use)
    if types is None:
        yield from (None, None, None)
        return
    before, after = types
    yield before.channels
    yield after.channels
    places = [int(magnitude(one.spatial[0])) if one.spatial else 0 for one in types]
    yield (round(places[0] / places[1]) if strides(structure, use) else 1) if all(places) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
