"""The footnote that defines what a convolution of the table stands for: `each conv is BN-ReLU-conv`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ogive.tables.building import Net
from ogive.tables.cells import bracketed, brackets, size_text
from ogive.tables.outline import Branches, Element, Line, Part, Unit, lines_in
from ogive.tables.prose import by_net, listed, sentence
from ogive.tables.subject import Subject

_ALONE = ("conv",)
_CONV = "conv"
_NOUNS = (_CONV, "linear", "fc", "attention")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True, slots=True)
class _Conv:
    """A layer with weights, and where it stands.

    Attributes:
        line: its line.
        part: the part that it stands in.
        ends: whether it is the last of a unit in brackets.
        joins: whether it stands behind branches in one.
        at: which of the layers of its noun in a unit it is, and of how many; nothing outside of units.
    """

    line: Line
    part: str
    ends: bool
    joins: bool
    at: tuple[int, int] | None = None

    @property
    def noun(self) -> str:
        """`conv`, `linear`, `fc`, `attention`."""
        return noun(self.line)

    @property
    def sequence(self) -> tuple[str, ...]:
        return self.line.sequence


def sequences(
    nets: Sequence[Net], place: Callable[[Subject, Part, Line], str] = lambda _, part, __: part.name
) -> Iterator[str]:
    """What is to be said, in a sentence for all nets of which the same is true.

    Args:
        nets: the nets of a table.
        place: what the table calls the row of a convolution in a part.
    """
    said: dict[str, list[str]] = {}
    for subject, outline in nets:
        named = brackets(outline)
        convs = [
            conv
            for part in outline
            for conv in _within(part.elements, partial(place, subject, part), named, ends=False)
        ]
        nouns = dict.fromkeys(conv.noun for conv in convs)
        told = [_told([conv for conv in convs if conv.noun == _CONV])]
        told += [_others([c for c in convs if c.noun == each], each) for each in nouns if each != _CONV]
        if text := "; ".join(filter(None, told)):
            said.setdefault(text, []).append(subject.title)
        if text := _behind_pools(subject, outline):
            said.setdefault(text, []).append(subject.title)
    for text, titles in said.items():
        named = by_net(titles, len(nets)).strip()
        yield sentence(f"{named} {text}" if named else text)


def _behind_pools(subject: Subject, outline: Sequence[Part]) -> str:
    """`LRN stands behind the 3×3 max pool that makes 56×56`: what belongs to no convolution."""
    found: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for line in (line for part in outline for line in lines_in(part.elements) if line.then):
        pools = found.setdefault(line.then, {}).setdefault(line.words.title, [])
        if (size := size_text(subject, line.type)) not in pools:
            pools.append(size)
    said = [
        f"{'-'.join(kinds)} stands behind "
        + listed(
            [f"the {title} that makes {listed(list(dict.fromkeys(sizes)))}" for title, sizes in pools.items()]
        )
        for kinds, pools in found.items()
    ]
    return "; ".join(said)


def _within(
    elements: Sequence[Element], part: Callable[[Line], str], named: frozenset[str], *, ends: bool
) -> Iterator[_Conv]:
    """The layers with weights of some elements, but those of gates."""
    last = next((e for e in reversed(elements) if isinstance(e, Line)), None)
    for at, element in enumerate(elements):
        match element:
            case Line():
                if element.sequence:
                    joins = at > 0 and isinstance(elements[at - 1], Branches)
                    yield _Conv(element, part(element), ends and element is last, joins)
            case Branches():
                for branch in () if element.gate else element.branches:
                    yield from _within(branch, part, named, ends=False)
            case Unit():
                whole = bracketed(element, named) and not any(
                    isinstance(e, Branches) for e in element.elements
                )
                inside = list(_within(element.elements, part, named, ends=whole))
                yield from _placed(inside) if bracketed(element, named) else inside


def noun(line: Line) -> str:
    """What the sequence of a line calls it: `conv`, `linear`, `fc`, `attention`."""
    return next((each for each in line.sequence if each in _NOUNS), "")


def _placed(inside: Sequence[_Conv]) -> Iterator[_Conv]:
    """The layers of a unit, with which of their noun they are; those of a unit inside keep theirs."""
    often = Counter(conv.noun for conv in inside)
    so_far: Counter[str] = Counter()
    for conv in inside:
        so_far[conv.noun] += 1
        at = conv.at or (so_far[conv.noun], often[conv.noun])
        yield replace(conv, at=at)


def _others(layers: Sequence[_Conv], word: str) -> str:
    """`each attention is LN-attention; the first linear of each unit is LN-linear-GELU`.

    Of what stands alone nothing is said.
    """
    kinds = dict.fromkeys(layer.sequence for layer in layers)
    said: list[str] = []
    for sequence in kinds:
        if sequence == (word,):
            continue
        having = [layer for layer in layers if layer.sequence == sequence]
        where, many = _where(layers, having, word)
        said.append(f"{where} {'are' if many else 'is'} {'-'.join(sequence)}")
    return "; ".join(said)


def _where(layers: Sequence[_Conv], having: Sequence[_Conv], word: str) -> tuple[str, bool]:
    """Which of all layers of a noun some are, and whether that is said in the plural."""
    if len(having) == len(layers):
        return (f"each {word}" if len(having) > 1 or having[0].at else f"the {_text(having[0])}"), False
    places = {layer.at for layer in having}
    if len(places) == 1 and (at := places.pop()) and all(x in having for x in layers if x.at == at):
        number, of = at
        which = "" if of == 1 else "last " if number == of else f"{_ordinal(number)} "
        return f"the {which}{word} of each unit", False
    texts = {_text(layer) for layer in having}
    if len(texts) == 1 and all(x in having for x in layers if _text(x) in texts):
        return (f"each {texts.pop()}" if len(having) > 1 else f"the {texts.pop()}"), False
    outside = all(layer.at is None for layer in having)
    mixed = False
    parts: dict[str, list[str]] = {}
    for part in dict.fromkeys(layer.part for layer in having):
        inside = [layer for layer in layers if layer.part == part]
        mine = [layer for layer in inside if not outside or layer.at is None]
        mixed = mixed or len(mine) < len(inside)
        places = [str(n) for n, layer in enumerate(mine, 1) if layer in having]
        several = "s" * (len(places) > 1)
        what = f"the {word}{several}" if len(places) == len(mine) else f"{word}{several} {listed(places)}"
        parts.setdefault(what, []).append(part)
    said = [f"{_plural(what, len(where), word)} of {listed(where)}" for what, where in parts.items()]
    return listed(said) + " outside of brackets" * mixed, len(having) > 1


def _text(layer: _Conv) -> str:
    """`4096-d fc`, `linear, 384`."""
    return layer.line.words.text()


def _ordinal(number: int) -> str:
    return _ORDINALS[number - 1] if number <= len(_ORDINALS) else f"{number}th"


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
            many = len(places) > 1 or places[0].startswith(("the convs", "convs")) or " and " in places[0]
            if sequence == _ALONE:
                said.append(f"{listed(places)} stand{'' if many else 's'} alone")
            else:
                said.append(f"{listed(places)} {'are' if many else 'is'} {'-'.join(sequence)}")
    return "; ".join(said)


def _places(convs: Sequence[_Conv], sequence: tuple[str, ...]) -> list[str]:
    """Where the convolutions of a sequence stand, in a few words."""
    having = [conv for conv in convs if conv.sequence == sequence]
    if all(conv.ends for conv in having) and not any(c.ends and c.sequence != sequence for c in convs):
        return ["the last of each unit"]
    if having == [convs[0]]:
        return ["the first"]
    if having == [convs[-1]]:
        return [
            "the last conv of all" if any(c.ends and c.sequence != sequence for c in convs) else "the last"
        ]
    if all(conv.joins for conv in having) and not any(c.joins and c.sequence != sequence for c in convs):
        return ["what takes the results of branches"]
    found: list[str] = []
    left = list(having)
    for title in dict.fromkeys(conv.line.words.title for conv in having):
        alike = [conv for conv in convs if conv.line.words.title == title]
        if all(conv.sequence == sequence for conv in alike):
            found.append(f"each {title}" if len(alike) > 1 else f"the {title}")
            left = [conv for conv in left if conv.line.words.title != title]
    if left and (where := _but_the_last(convs, having)):
        return [f"the convs of {listed(where)} but the last of each unit"]
    parts: dict[str, list[str]] = {}
    for part in dict.fromkeys(conv.part for conv in left):
        inside = [conv for conv in convs if conv.part == part]
        for what in _within_part(inside, sequence):
            parts.setdefault(what, []).append(part)
    return [*found, *(f"{_plural(what, len(where))} of {listed(where)}" for what, where in parts.items())]


def _plural(what: str, of: int, word: str = _CONV) -> str:
    """`the 1×1 convs` of several parts."""
    return f"{what}s" if of > 1 and what.startswith("the ") and what.endswith(word) else what


def _but_the_last(convs: Sequence[_Conv], having: Sequence[_Conv]) -> list[str]:
    """The parts whose convolutions all are of a sequence but the last of each unit; none if others are."""
    parts = list(dict.fromkeys(conv.part for conv in having))
    inside = [conv for conv in convs if conv.part in parts]
    before = [conv for conv in inside if not conv.ends]
    return parts if len(before) < len(inside) and before == list(having) else []


def _within_part(inside: Sequence[_Conv], sequence: tuple[str, ...]) -> list[str]:
    """Which convolutions of a part those of a sequence are: by kernel, by width, or by their place."""
    having = [conv for conv in inside if conv.sequence == sequence]
    titles = sorted({conv.line.words.title for conv in having})
    alike = [conv for conv in inside if conv.line.words.title in titles]
    if len(having) == len(inside) > 1:
        return ["the convs"]
    if len(having) == len(alike):
        return [f"the {listed(titles)}"]
    if len(having) == 1 and having[0] is inside[-1]:
        return ["the last conv"]
    texts = list(dict.fromkeys(conv.line.words.text() for conv in having))
    alike = [conv for conv in inside if conv.line.words.text() in texts]
    if len(having) == len(alike):
        return [f"the conv {text}" for text in texts]
    places = [str(at) for at, conv in enumerate(inside, 1) if conv.sequence == sequence]
    return [f"conv{'s' * (len(places) > 1)} {listed(places)}"]
