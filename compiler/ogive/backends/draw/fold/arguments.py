"""What a use of a block was given, where its definition speaks of it and the box does not say it already.

`Inception 192→256` is drawn with `c1 64, c3r 96, …` below: the definition beside it says `1×1 conv, c1`. Of a
bottleneck nothing is added: its width is a quarter of the channels that leave it, and its stride is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from ogive.backends.draw.fold.folding import ends, folded_text
from ogive.backends.draw.fold.numbers import Numbers
from ogive.backends.draw.fold.picture import Box, Text
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.symbols import ENTERS
from ogive.backends.draw.fold.text import SHARED, Fused, layer_text
from ogive.graph import Region
from ogive.layers.order import magnitude

_LONGEST = 44
_LONGEST_OF_STAGE = 48


def with_arguments(structure: Structure, block: Region, nodes: Collection[str], text: Text) -> Text:
    """The text of a box with the arguments in its second line, in the place of what is inside.

    Args:
        structure: of the graph.
        block: the use that the box names; of several, the first; or a stage of several blocks.
        nodes: all that the box stands for. Of uses with other arguments nothing is said.
        text: of the box.
    """
    if block.kind == "stage":
        return _with_common(structure, block, text)
    if block.kind != "block" or not block.block:
        return text
    names = _wanted(structure, block.block)
    inside = set(nodes)
    uses = (use for use in _uses(structure, block.block) if structure.nodes[use.id][0] in inside)
    values = {tuple(dict(use.arguments).get(name) for name in names) for use in uses}
    if not names or len(values) != 1:
        return text
    shown = list(map(_shown, values.pop()))
    named = ", ".join(f"{name} {value}" for name, value in zip(names, shown, strict=True))
    line = named if len(named) <= _LONGEST else ", ".join(shown)
    if len(line) > _LONGEST:
        return text
    kept = [word for word in text.after.split(", ") if word.startswith("+ ") or word == SHARED]
    longer = ", ".join([line, *kept])
    return replace(text, after=longer if len(longer) <= _LONGEST else line)


def _with_common(structure: Structure, stage: Region, text: Text) -> Text:
    """The text of a stage, and the arguments that all uses of blocks directly in it share."""
    units = [unit for unit in structure.units(stage.id) if isinstance(unit, Region)]
    uses = [unit for unit in units if unit.kind == "block" and unit.block]
    if not uses or len(uses) < len(units):
        return text
    names = dict.fromkeys(name for use in uses for name in _wanted(structure, use.block or ""))
    common: list[str] = []
    for name in names:
        values = {dict(use.arguments).get(name) for use in uses}
        if len(values) == 1:
            common.append(f"{name} {_shown(values.pop())}")
    longer = ", ".join([text.after, *common] if text.after else common)
    return replace(text, after=longer) if common and len(longer) <= _LONGEST_OF_STAGE else text


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _uses(structure: Structure, block: str) -> list[Region]:
    """The uses of a block that hold anything."""
    if not structure.uses:
        for region in structure.graph.regions.values():
            if region.kind == "block" and region.block and structure.nodes[region.id]:
                structure.uses[region.block].append(region)
    return structure.uses[block]


def _wanted(structure: Structure, block: str) -> tuple[str, ...]:
    """The parameters to say at each use, in the order of the program; kept with the structure."""
    if block not in structure.spoken:
        uses = _uses(structure, block)
        named = _named(structure, uses)
        given = [dict(use.arguments) for use in uses]
        names = [n for n in given[0] if n in named and all(_is_number(one.get(n)) for one in given)]
        unsaid = [n for n in names if len({one[n] for one in given}) > 1]
        unsaid = [n for n in unsaid if not _said(structure, uses, [one[n] for one in given])]
        if len(unsaid) == 1 and _in_proportion(structure, uses, [one[unsaid[0]] for one in given]):
            unsaid = []
        structure.spoken[block] = tuple(unsaid)
    return structure.spoken[block]


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


def _said(structure: Structure, uses: Sequence[Region], values: Sequence[object]) -> bool:
    """Whether the boxes say the number in each use: channels in or out, stride, kernel."""
    sides = list(zip(*(_sides(structure, use) for use in uses), strict=True))
    kernels = (f"{v}×{v}" in folded_text(structure, u)[0].after for u, v in zip(uses, values, strict=True))
    return list(values) in [list(side) for side in sides] or all(kernels)


def _in_proportion(structure: Structure, uses: Sequence[Region], values: Sequence[object]) -> bool:
    """Whether a number is the same part of the channels that leave, or of those that enter, in each use."""
    for side in list(zip(*(_sides(structure, use) for use in uses), strict=True))[:2]:
        pairs = [(Fraction(str(v)), s) for v, s in zip(values, side, strict=True) if isinstance(s, int) and s]
        if len(pairs) == len(values) and len({value / channels for value, channels in pairs}) == 1:
            return True
    return False


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
    yield round(places[0] / places[1]) if all(places) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
