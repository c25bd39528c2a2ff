"""Definitions of one name told apart: `Basic, first of a stage`, `MBConv, expand 1`, `clique of 6 layers`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import clip
from ogive.graph import Region

Says = Callable[[Region], str]
"""What could be said of a use; empty: nothing."""
_MOST_STAGES, _LONGEST = 3, 60


def told_apart(
    structure: Structure,
    groups: Sequence[Sequence[Region]],
    names: Sequence[str],
    letters: Mapping[int, str] | None = None,
) -> list[str]:
    """The names, and behind each that stands there twice what all uses of it have and no others of its name.

    Args:
        structure: of the graph.
        groups: the uses of each definition.
        names: of the definitions.
        letters: by region, the letter by which boxes call the form of a block; it stands behind the name.
    """
    marks = [(letters or {}).get(uses[0].id, "") for uses in groups]
    found = [name + mark for name, mark in zip(names, marks, strict=True)]
    alike: dict[str, list[int]] = defaultdict(list)
    for i, name in enumerate(names):
        alike[name].append(i)
    for places in alike.values():
        if len(places) > 1:
            qualities = _qualities(structure, [groups[i] for i in places])
            for i, quality in zip(places, qualities, strict=True):
                if not (marks[i] and quality == _numbered(places.index(i))):
                    told = quality if quality.startswith(" ") else f", {quality}"
                    found[i] = clip(f"{found[i]}{told}", _LONGEST)
    return found


def _qualities(structure: Structure, groups: Sequence[Sequence[Region]]) -> list[str]:
    """What tells each from the others: one thing said of all, if there is one, else something of each."""
    known: list[Says] = [_layers, _turns, lambda r: _skip(structure, r), lambda r: _place(structure, r)]
    known += _arguments(groups)
    for says in known:
        found = [_common(says, uses) for uses in groups]
        if all(found) and len(set(found)) == len(found):
            return found
    return [_own(structure, i, groups, known) for i in range(len(groups))]


def _own(structure: Structure, at: int, groups: Sequence[Sequence[Region]], known: Sequence[Says]) -> str:
    """What all uses of one have and none of the others; or else where they are."""
    others = [use for i, uses in enumerate(groups) if i != at for use in uses]
    mine = [(says, word) for says in known if (word := _common(says, groups[at]))]
    for number in (1, 2):
        for these in combinations(mine, number):
            if not any(all(says(other) == word for says, word in these) for other in others):
                return ", ".join(word for _, word in these)
    stages = list(dict.fromkeys(_stage(structure, use) for use in groups[at]))
    told = ", ".join(stages[:_MOST_STAGES]) + (" …" if len(stages) > _MOST_STAGES else "")
    return f"of {told}" if any(stages) else _numbered(at)


def _numbered(at: int) -> str:
    return f" ({at + 1})"


def _common(says: Says, uses: Sequence[Region]) -> str:
    words = {says(use) for use in uses}
    return words.pop() if len(words) == 1 else ""


def _layers(region: Region) -> str:
    return f" of {region.clique.layers} layers" if region.clique else ""


def _turns(region: Region) -> str:
    return f" of {region.clique.stages} stages" if region.clique and region.clique.stages > 1 else ""


def _arguments(groups: Sequence[Sequence[Region]]) -> list[Says]:
    """The arguments that tell a use from others, `expand 1`, `with se`; those of the fewest values first."""
    given = [dict(use.arguments) for uses in groups for use in uses]
    values = {name: {one.get(name) if _plain(one.get(name)) else None for one in given} for name in given[0]}
    names = sorted((n for n, held in values.items() if None not in held), key=lambda n: len(values[n]))
    return [lambda region, name=name: _argument(name, dict(region.arguments)[name]) for name in names]


def _plain(value: object) -> bool:
    return isinstance(value, int | float | str)


def _argument(name: str, value: object) -> str:
    if isinstance(value, bool):
        return f"{'with' if value else 'without'} {name}"
    return f"{name} {value:g}" if isinstance(value, int | float) else f"{name} {value}"


def _place(structure: Structure, region: Region) -> str:
    """Whether it is the first of its name in its stage; nothing of one inside another of its name."""
    around = list(structure.graph.ancestors(region.parent or 0))
    stage = next((r for r in around if r.kind == "stage"), None)
    if stage is None or any(r.block == region.block and r.kind == region.kind for r in around):
        return ""
    inside = (r for r in structure.inside(stage.id) if r.block == region.block and r.kind == region.kind)
    return "first of a stage" if next(inside) == region else "not first of a stage"


def _skip(structure: Structure, region: Region) -> str:
    joined = any(r.kind == "residual" for r in structure.inside(region.id))
    return "with a skip" if joined else "without a skip"


def _stage(structure: Structure, region: Region) -> str:
    around = (r for r in structure.graph.ancestors(region.id) if r.kind == "stage")
    return next((r.path for r in around), "")
