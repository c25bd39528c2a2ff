"""Units that would read alike in one row and are not: each says in its brackets what sets it apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ogive.tables.building import Net
from ogive.tables.cells import unit_texts
from ogive.tables.outline import Branches, Element, Line, Part, Unit, single_units
from ogive.tables.rolling import key, without_strides


def distinct(nets: Sequence[Net]) -> list[Net]:
    """The nets, with what two units differ in said in their brackets where these read the same in one row.

    Such are units with other norms or activations, and units with a shortcut beside units without. Lines that
    say their norms and activations themselves need no footnote on them, and have no `sequence`.
    """
    return [(subject, [_part(part) for part in parts]) for subject, parts in nets]


def _part(part: Part) -> Part:
    groups: dict[tuple[str, ...], list[Unit]] = {}
    for unit in single_units(part.elements):
        plain = without_strides(unit)
        assert isinstance(plain, Unit)
        groups.setdefault(tuple(unit_texts(plain)), []).append(replace(plain, count=1))
    alike = {texts: units for texts, units in groups.items() if len({key(unit) for unit in units}) > 1}
    if not alike:
        return part
    return replace(part, elements=tuple(_element(element, alike) for element in part.elements))


def _element(element: Element, alike: dict[tuple[str, ...], list[Unit]]) -> Element:
    if not isinstance(element, Unit):
        return element
    if "pair" in element.kinds:
        return replace(element, elements=tuple(_element(each, alike) for each in element.elements))
    plain = without_strides(element)
    assert isinstance(plain, Unit)
    others = alike.get(tuple(unit_texts(plain)))
    return _told(element, others) if others else element


def _told(unit: Unit, others: Sequence[Unit]) -> Unit:
    """A unit that says what others that read the same do not have, or have."""
    said: list[str] = []
    if len({"residual" in other.kinds for other in others}) > 1:
        said.append("with shortcut" if "residual" in unit.kinds else "no shortcut")
    if len({other.after for other in others}) > 1:
        said += [f"then {'-'.join(unit.after)}"] if unit.after else []
    sequences = [_sequences(other.elements) for other in others]
    apart = [len(set(at)) > 1 for at in zip(*sequences, strict=False)]
    elements = unit.elements
    if any(apart):
        elements, _ = _spelled(elements, apart, 0)
    return replace(unit, elements=elements, said=", ".join(said))


def _sequences(elements: Sequence[Element]) -> list[tuple[str, ...]]:
    """What the lines of some elements stand for, in order, but those of gates."""
    found: list[tuple[str, ...]] = []
    for element in elements:
        match element:
            case Line():
                found.append(element.sequence or element.then)
            case Unit():
                found += _sequences(element.elements)
            case Branches():
                for branch in element.branches:
                    found += _sequences(branch)
    return found


def _spelled(elements: Sequence[Element], apart: Sequence[bool], at: int) -> tuple[tuple[Element, ...], int]:
    """The elements, with the lines that are set apart saying what they stand for, and how far they go."""
    found: list[Element] = []
    for element in elements:
        match element:
            case Line():
                text = "-".join(element.sequence or element.then)
                if apart[at] and text:
                    words = replace(element.words, rest=(*element.words.rest, text))
                    found.append(replace(element, words=words, sequence=(), then=()))
                else:
                    found.append(element)
                at += 1
            case Unit():
                inner, at = _spelled(element.elements, apart, at)
                found.append(replace(element, elements=inner))
            case Branches():
                branches: list[tuple[Element, ...]] = []
                for branch in element.branches:
                    inner, at = _spelled(branch, apart, at)
                    branches.append(inner)
                found.append(replace(element, branches=tuple(branches)))
    return tuple(found), at
