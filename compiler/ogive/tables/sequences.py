"""The footnote that defines what a convolution of the table stands for: `each conv is BN-ReLU-conv`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ogive.tables.building import Net
from ogive.tables.cells import bracketed, brackets
from ogive.tables.outline import Branches, Element, Line, Unit
from ogive.tables.prose import by_net, listed, sentence

_ALONE = ("conv",)
_MOST_PLACES = 3


@dataclass(frozen=True, slots=True)
class _Conv:
    """A convolution, the part that it stands in, and whether it is the last of a unit in brackets."""

    line: Line
    part: str
    ends: bool

    @property
    def sequence(self) -> tuple[str, ...]:
        return self.line.sequence


def sequences(nets: Sequence[Net]) -> Iterator[str]:
    """What is to be said, in a sentence for all nets of which the same is true."""
    said: dict[str, list[str]] = {}
    for subject, outline in nets:
        named = brackets(outline)
        convs = [conv for part in outline for conv in _within(part.elements, part.name, named, ends=False)]
        if text := _told(convs):
            said.setdefault(text, []).append(subject.title)
    for text, titles in said.items():
        named = by_net(titles, len(nets)).strip()
        yield sentence(f"{named} {text}" if named else text)


def _within(elements: Sequence[Element], part: str, named: frozenset[str], *, ends: bool) -> Iterator[_Conv]:
    """The convolutions of some elements, but those of gates."""
    last = next((e for e in reversed(elements) if isinstance(e, Line)), None)
    for element in elements:
        match element:
            case Line():
                if element.sequence:
                    yield _Conv(element, part, ends and element is last)
            case Branches():
                for branch in () if element.gate else element.branches:
                    yield from _within(branch, part, named, ends=False)
            case Unit():
                whole = bracketed(element, named) and not any(
                    isinstance(e, Branches) for e in element.elements
                )
                yield from _within(element.elements, part, named, ends=whole)


def _told(convs: Sequence[_Conv]) -> str:
    """`each conv is conv-BN-ReLU; the last of each residual unit is conv-BN`."""
    kinds = Counter(conv.sequence for conv in convs)
    if not kinds or set(kinds) == {_ALONE}:
        return ""
    usual = max(kinds, key=lambda sequence: (kinds[sequence], len(sequence)))
    said = [f"each conv is the sequence {'-'.join(usual)}" if usual != _ALONE else "most convs stand alone"]
    for sequence in kinds:
        if sequence != usual:
            places = _places(convs, sequence)
            many = len(places) > 1 or places == ["some"]
            if sequence == _ALONE:
                said.append(f"{listed(places)} stand{'' if many else 's'} alone")
            else:
                said.append(f"{listed(places)} {'are' if many else 'is'} {'-'.join(sequence)}")
    return "; ".join(said)


def _places(convs: Sequence[_Conv], sequence: tuple[str, ...]) -> list[str]:
    """Where the convolutions of a sequence stand, in a few words; `some` if that takes too many."""
    having = [conv for conv in convs if conv.sequence == sequence]
    if all(conv.ends for conv in having) and not any(c.ends and c.sequence != sequence for c in convs):
        return ["the last of each unit"]
    if having == [convs[0]]:
        return ["the first"]
    if having == [convs[-1]]:
        return ["the last"]
    found: list[str] = []
    left = list(having)
    for title in dict.fromkeys(conv.line.words.title for conv in having):
        alike = [conv for conv in convs if conv.line.words.title == title]
        if all(conv.sequence == sequence for conv in alike):
            found.append(f"each {title}" if len(alike) > 1 else f"the {title}")
            left = [conv for conv in left if conv.line.words.title != title]
    for part in dict.fromkeys(conv.part for conv in left):
        inside = [conv for conv in convs if conv.part == part]
        titles = {conv.line.words.title for conv in left if conv.part == part}
        alike = [conv for conv in inside if conv.line.words.title in titles]
        if not all(conv.sequence == sequence for conv in alike):
            return ["some"]
        what = "convs" if len(alike) == len(inside) > 1 else listed(sorted(titles))
        found.append(f"the {what} of {part}")
    return found if len(found) <= _MOST_PLACES else ["some"]
