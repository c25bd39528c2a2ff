"""The forms of a block: which of its uses one picture can define, and a letter for each where one cannot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from string import ascii_lowercase

from ogive.backends.draw.fold.clique_text import clique_lines, form
from ogive.backends.draw.fold.rolling import Structure
from ogive.graph import Region


@dataclass(eq=False)
class Variant:
    """Uses of one definition that differ only in numbers, and perhaps in having a shortcut."""

    uses: list[Region] = field(default_factory=list)


def variants(structure: Structure) -> dict[int, Variant]:
    """By region: the uses that one picture can define with it.

    Shortcuts of the uses that project may begin elsewhere than those of the others: a pre-activation unit
    projects what it activated, and else adds what entered. One picture shows both, unless the identities
    begin at different places themselves.
    """
    alike: dict[tuple[str, Hashable], dict[tuple[int, ...], Variant]] = {}
    for region in structure.graph.regions.values():
        if region.kind in {"block", "dense", "clique"} and structure.nodes[region.id]:
            forms = alike.setdefault(_key(structure, region), {})
            forms.setdefault(starts(structure, region), Variant()).uses.append(region)
    found: dict[int, Variant] = {}
    for forms in alike.values():
        these = list(forms.values())
        identities = [v for v in these if not all(structure.split(use)[1] for use in v.uses)]
        if len(identities) <= 1:
            these = [Variant(sorted((use for v in these for use in v.uses), key=lambda use: use.id))]
        found |= {use.id: variant for variant in these for use in variant.uses}
    return found


def letters(structure: Structure) -> Mapping[int, str]:
    """By region: ` (a)`, ` (b)` behind the name of a block, where no one picture can define all uses of it.

    A box, and the definition that it means, say the same letter. Blocks inside others have none: they are
    seen in the definitions of these. Dense blocks have letters as blocks have, and cliques where
    their numbers of layers and stages do not tell them apart. The forms stand in the order of the program;
    found once for a structure.
    """
    if structure.letters is None:
        found: dict[str, list[Variant]] = defaultdict(list)
        of_region = variants(structure)
        for id_, variant in of_region.items():
            region = structure.graph.regions[id_]
            if _is_outermost(structure, region):
                known = found[_said(region)]
                if variant not in known:
                    known.append(variant)
        structure.letters = {
            use.id: f" ({_letter(i)})"
            for forms in found.values()
            for i, variant in enumerate(forms)
            for use in variant.uses
            if len(forms) > 1
        }
    return structure.letters


def _said(region: Region) -> str:
    """What boxes say of a region before its letter."""
    if region.clique:
        return f"clique {region.clique.layers} {region.clique.stages}"
    return f"block {region.block}" if region.kind == "block" else region.kind


def _is_outermost(structure: Structure, region: Region) -> bool:
    return not any(r.kind == "block" for r in structure.graph.ancestors(region.parent or 0))


def _letter(number: int) -> str:
    """The letters of the alphabet, and then 27, 28, …"""
    return ascii_lowercase[number] if number < len(ascii_lowercase) else str(number + 1)


def _key(structure: Structure, region: Region) -> tuple[str, Hashable]:
    """What two uses share when one picture can define both."""
    if region.kind == "dense":
        return "dense", structure.signature(body_of(structure, region), by="kind")
    if region.kind == "clique" and region.clique:
        body = region.clique
        return "clique", (body.layers, body.stages, body.updates, form(clique_lines(body)))
    return region.block or "", structure.kinds(region)


def starts(structure: Structure, region: Region) -> tuple[int, ...]:
    """Of each residual in a use, the place among its nodes of what the shortcut takes; -1: what entered."""
    main, _ = structure.split(region)
    places = {name: place for place, name in enumerate(main)}
    found: list[int] = []
    waiting = [region] if region.kind == "block" else []
    while waiting:
        inner = waiting.pop()
        if inner.kind == "residual" and inner.inputs:
            found.append(places.get(inner.inputs[0].node, -1))
        waiting += [c for c in reversed(structure.children[inner.id]) if c.kind != "shortcut"]
    return tuple(found)


def body_of(structure: Structure, region: Region) -> Region:
    """What a picture of it begins at: the first turn of a dense block, which stands for all."""
    turns = structure.children[region.id] if region.kind == "dense" else []
    return turns[0] if turns else region
