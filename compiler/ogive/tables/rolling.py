"""Equal neighbours as one, with how often: what papers write as × 3."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace

from ogive.tables.outline import Branches, Element, Line, Unit, lines_in

MOST_LINES = 4
"""So many equal layers in a row are still written one below the other, as table 1 of VGG has them."""

Follows = Callable[[Element, Element], bool]


def rolled(elements: Iterable[Element], follows: Follows) -> list[Element]:
    """The elements with runs of equal ones taken together.

    Units are equal when they compute alike, with the same norms, activations and connections. A stride of
    the first alone is no difference: papers write it into the caption. A layer becomes a unit where more
    than `MOST_LINES` of it follow each other.

    Args:
        elements: in program order.
        follows: whether the second of two takes the result of the first, and is no neighbour by chance.
    """
    found: list[Element] = []
    for element in elements:
        last = found[-1] if found else None
        joined = _joined(last, element) if isinstance(last, Unit) and isinstance(element, Unit) else None
        if joined is not None and last is not None and follows(last, element):
            found[-1] = joined
        else:
            found.append(element)
    return _layers(_pairs(found, follows), follows)


def key(element: Element) -> Hashable:
    """Equal for what computes alike but for strides: layers, norms, activations, and what connects them."""
    match element:
        case Line():
            return element.words.without(stride=True), element.sequence, element.then
        case Unit():
            kinds = element.kinds - {"shared"}
            return "unit", kinds, element.count, element.after, tuple(key(e) for e in element.elements)
        case Branches():
            return element.word, tuple(tuple(key(e) for e in branch) for branch in element.branches)


def strides(element: Element) -> tuple[tuple[str, str], ...]:
    """The layers in it that have a stride, with it."""
    return tuple((line.words.title, line.words.stride) for line in lines_in((element,)) if line.words.stride)


def without_strides(element: Element) -> Element:
    """The same, and nothing of its strides."""
    match element:
        case Line():
            return replace(element, words=element.words.without(stride=True))
        case Unit():
            return replace(element, elements=tuple(without_strides(e) for e in element.elements))
        case Branches():
            branches = tuple(tuple(without_strides(e) for e in branch) for branch in element.branches)
            return replace(element, branches=branches)


def _joined(group: Unit, unit: Unit) -> Unit | None:
    """A group with more copies, if they are equal; blocks that are dense inside stay apart."""
    whole = {"dense", "clique"} & (group.kinds | unit.kinds)
    if (
        "residual" in unit.kinds and group.after and not unit.after
    ):  # the last sum alone has nothing behind it
        unit = replace(unit, after=group.after)
        joined = _joined(group, unit)
        return replace(joined, kinds=joined.kinds | {"open"}) if joined else None
    if whole or key(replace(group, count=1)) != key(replace(unit, count=1)):
        return None
    first = group.strides
    if unit.strides or strides(unit) != strides(group):
        # only the first copy may have strides of its own
        if group.count > 1 or unit.strides or strides(unit):
            return None
        first = strides(group)
    regions = (group.regions[0], unit.regions[1]) if group.regions and unit.regions else None
    kinds = group.kinds | unit.kinds
    return replace(
        unit,
        count=group.count + unit.count,
        first=group.first,
        strides=first,
        regions=regions,
        kinds=kinds,
        beside=group.beside,
    )


def _pairs(elements: list[Element], follows: Follows) -> list[Element]:
    """Two units in turn, at least twice, as one unit of both (Liu et al. 2021: windows, shifted windows)."""
    found: list[Element] = []
    at = 0
    while at < len(elements):
        pair = elements[at : at + 2]
        count = 1
        while _again(pair, elements, at + 2 * count, follows):
            count += 1
        if count == 1:
            found.append(elements[at])
            at += 1
            continue
        first, second = pair
        assert isinstance(first, Unit)
        assert isinstance(second, Unit)
        last = elements[at + 2 * count - 1]
        assert isinstance(last, Unit)
        found.append(_pair(first, second, last, count))
        at += 2 * count
    return found


def _pair(first: Unit, second: Unit, last: Unit, count: int) -> Unit:
    ends = (first.regions, last.regions)
    regions = (ends[0][0], ends[1][1]) if ends[0] and ends[1] else None
    kinds = (first.kinds & second.kinds) | {"pair"}
    return Unit((first, second), last.type, first.first, first.name, kinds, count, regions=regions)


def paired(outlines: Iterable[Sequence[Element]], follows: Follows) -> list[list[Element]]:
    """The elements of the parts of a net, with single units as a pair where another part has them in turn."""
    parts = [list(elements) for elements in outlines]
    in_turn = {
        _signature(e) for elements in parts for e in elements if isinstance(e, Unit) and "pair" in e.kinds
    }
    if not in_turn:
        return parts
    found: list[list[Element]] = []
    for elements in parts:
        told: list[Element] = []
        for element in elements:
            last = told[-1] if told else None
            if isinstance(last, Unit) and isinstance(element, Unit) and last.count == element.count == 1:
                pair = _pair(last, element, element, 1)
                if _signature(pair) in in_turn and follows(last, element):
                    told[-1] = pair
                    continue
            told.append(element)
        found.append(told)
    return found


def _signature(pair: Unit) -> Hashable:
    """What two units in turn are, at whatever width."""
    return tuple(
        (unit.name, unit.kinds, unit.after, tuple(line.words.title for line in lines_in((unit,))))
        for unit in pair.elements
        if isinstance(unit, Unit)
    )


def _again(pair: list[Element], elements: list[Element], at: int, follows: Follows) -> bool:
    """Whether a pair of different single units stands again at a place, and takes the result before it."""
    again = elements[at : at + 2]
    if len(again) < 2 or not all(isinstance(e, Unit) and e.count == 1 for e in (*pair, *again)):
        return False
    alike = [key(e) for e in pair] == [key(e) for e in again]
    plain = not any(strides(e) or (isinstance(e, Unit) and e.strides) for e in again)
    chained = follows(elements[at - 1], again[0]) and follows(again[0], again[1])
    return alike and plain and chained and not any(strides(e) for e in pair)


def _layers(elements: list[Element], follows: Follows) -> list[Element]:
    """Long runs of one layer as units."""
    found: list[Element] = []
    run: list[Line] = []

    def close() -> None:
        if len(run) > MOST_LINES:
            unit = Unit((run[-1],), run[-1].type, run[0].first, count=len(run))
            found.append(unit)
        else:
            found.extend(run)
        run.clear()

    for element in elements:
        same = isinstance(element, Line) and run and run[-1].words == element.words
        if not same or not follows(run[-1], element):
            close()
        if isinstance(element, Line):
            run.append(element)
        else:
            found.append(element)
    close()
    return found
