"""Footnotes on residual connections: which units have them, around what, and what stands behind the sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ogive.tables.building import Net
from ogive.tables.cells import bracketed, brackets, is_gate
from ogive.tables.outline import Part, Unit, lines_in, single_units
from ogive.tables.prose import by_net, listed, sentence
from ogive.tables.sequences import noun
from ogive.tables.subject import Subject

_LAYERS = {"linear": "the linear layers", "fc": "the linear layers", "conv": "the convs"}
"""What several of a noun are together."""


def units_of(outline: Sequence[Part]) -> list[tuple[str, Unit]]:
    """The units of a net in brackets, with their parts: two that take turns are each one, gates are none."""
    named = brackets(outline)
    return [
        (part.name, unit)
        for part in outline
        for unit in single_units(part.elements)
        if not is_gate(unit) and bracketed(unit, named)
    ]


def around(unit: Unit) -> str:
    """What the sums of a unit are around: `the attention and the linear layers`; nothing where it has one."""
    inner = [e for e in unit.elements if isinstance(e, Unit) and "residual" in e.kinds]
    if len(inner) < 2:
        return ""
    said: list[str] = []
    for each in inner:
        nouns = [noun(line) for line in lines_in((each,)) if line.sequence]
        several = len(nouns) > 1
        said.append(" and ".join(_LAYERS.get(n, n) if several else f"the {n}" for n in dict.fromkeys(nouns)))
    return listed(list(dict.fromkeys(said))) if all(said) else ""


def some_residual(nets: Sequence[Net]) -> Iterator[str]:
    """Which units have a shortcut, where not all in brackets have: by shape, if that decides, or by name."""
    said: dict[str, list[str]] = {}
    for subject, outline in nets:
        units = units_of(outline)
        having = [unit for _, unit in units if "residual" in unit.kinds]
        silent = [(part, unit) for part, unit in units if "shortcut" not in unit.said]
        if having and len(having) < len(units) and silent:
            said.setdefault(_which(subject, units, silent), []).append(subject.title)
    for text, titles in said.items():
        named = by_net(titles, len(nets)).strip()
        yield sentence(f"{named} {text}" if named else text)


def _which(subject: Subject, units: Sequence[tuple[str, Unit]], silent: Sequence[tuple[str, Unit]]) -> str:
    if all(("residual" in unit.kinds) == _keeps(subject, unit) for _, unit in units):
        return (
            "units whose input and output have one shape are residual units, with an identity shortcut; the "
            "others have none"
        )
    parts: dict[str, list[Unit]] = {}
    for part, unit in silent:
        parts.setdefault(part, []).append(unit)
    whole = [part for part, each in parts.items() if all("residual" in unit.kinds for unit in each)]
    said = [f"all units of {listed(whole)}"] if whole else []
    for part, each in parts.items():
        places = [str(at) for at, unit in enumerate(each, 1) if "residual" in unit.kinds]
        if places and part not in whole:
            said.append(f"bracket{'s' * (len(places) > 1)} {listed(places)} of {part}")
    if not said:
        return "other brackets than those that say so show no residual units"
    return f"{listed(said)} show residual units, the others none"


def _keeps(subject: Subject, unit: Unit) -> bool:
    """Whether the copies of a unit give the shape that they take."""
    graph = subject.graph
    return unit.regions is not None and all(
        len(region.inputs) > 0
        and len(region.outputs) == 1
        and graph.type(region.inputs[0]) == graph.type(region.outputs[0])
        for region in unit.regions
    )


def behind_sums(nets: Sequence[Net]) -> Iterator[str]:
    """`ReLU follows each sum` of residual units (He et al. 2015, figure 2), or which of them."""
    said: dict[str, list[str]] = {}
    for subject, outline in nets:
        for text in _behind(units_of(outline)):
            said.setdefault(text, []).append(subject.title)
    for text, titles in said.items():
        named = by_net(titles, len(nets)).strip()
        yield sentence(f"{named} {text}" if named else text)


def _behind(units: Sequence[tuple[str, Unit]]) -> Iterator[str]:
    told: list[tuple[str, Unit]] = []
    for part, unit in units:
        if "residual" not in unit.kinds or unit.said:
            continue
        inner = [e for e in unit.elements if isinstance(e, Unit) and "residual" in e.kinds]
        told += [(part, each) for each in (inner if len(inner) > 1 else [unit])]
    ways = dict.fromkeys(unit.after for _, unit in told)
    ends = [part for part, unit in told if "open" in unit.kinds]
    but = f" but the last of {listed(list(dict.fromkeys(ends)))}" if ends else ""
    for way in filter(None, ways):
        if len(ways) == 1:
            yield f"{'-'.join(way)} follows each residual sum{but}"
            continue
        parts = dict.fromkeys(part for part, unit in told if unit.after == way)
        others = [part for part, unit in told if unit.after != way]
        mixed = [part for part in parts if part in others]
        where = [part for part in parts if part not in others]
        said = [f"of {listed(where)}"] if where else []
        said += [f"of some units of {listed(mixed)}"] if mixed else []
        yield f"{'-'.join(way)} follows the residual sums {' and '.join(said)}{but}"
