"""Widths that follow from the growth rate of dense blocks, told once instead of in every cell.

Table 1 of DenseNet writes `1×1 conv` and `3×3 conv`, and what their widths are in the text: 4k and k, the
transition half of what enters it, the first convolution 2k (Huang et al. 2017, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from ogive.layers.base import Size
from ogive.tables.outline import Branches, Element, Line, Part, Unit, lines_in, units_in
from ogive.tables.prose import by_net, listed

_Outline = list[Part]
_SHARES = {Fraction(1): "all", Fraction(1, 2): "half"}


def grown(names: Sequence[str], outlines: Sequence[_Outline]) -> tuple[list[_Outline], str]:
    """The outlines without the widths that follow from growth rates, and what a footnote says of them.

    Nothing is changed where the nets of a table do not follow one rule, or have no dense blocks.
    """
    rates = [_rate(outline) for outline in outlines]
    if not any(rates) or None in rates:
        return list(outlines), ""
    given = zip(names, outlines, rates, strict=True)
    rule = _Rule([(name, outline, rate) for name, outline, rate in given if rate])
    if not rule.inside:
        return list(outlines), ""
    told = [rule.applied(outline) if rate else outline for outline, rate in zip(outlines, rates, strict=True)]
    return told, " ".join([_rates_text(names, [rate or 0 for rate in rates]), rule.text()])


def _dense(outline: _Outline) -> list[Unit]:
    return [unit for part in outline for unit in units_in(part.elements) if "dense" in unit.kinds]


def _rate(outline: _Outline) -> int | None:
    """The growth rate of all its dense blocks; 0 without any, None where they differ."""
    found = {unit.growth for unit in _dense(outline)}
    if not found:
        return 0
    rate = found.pop()
    return rate if not found and isinstance(rate, int) and rate > 0 else None


class _Rule:
    """What the widths of some nets have in common: those of layers, by what they are called.

    Attributes:
        inside: in dense blocks, as multiples of the rate.
        behind: of what takes the result of one, as a part of what enters, net by net.
        first: in front of all of them, as multiples of the rate.
    """

    def __init__(self, nets: Sequence[tuple[str, _Outline, int]]) -> None:
        inside: dict[str, set[Fraction]] = {}
        behind: dict[str, dict[str, set[Fraction | None]]] = {}
        first: dict[str, set[Fraction]] = {}
        for name, outline, rate in nets:
            for unit in _dense(outline):
                for line in _convs(unit.elements):
                    inside.setdefault(line.words.title, set()).add(Fraction(_channels(line), rate))
            for line in (line for part in outline for line in _convs(part.elements)):
                if line.behind:
                    kept = behind.setdefault(line.words.title, {})
                    kept.setdefault(name, set()).add(_kept(line))
            for line in _convs(_before_dense(outline)):
                first.setdefault(line.words.title, set()).add(Fraction(_channels(line), rate))
        whole = all(len(ratios) == 1 and next(iter(ratios)).denominator == 1 for ratios in inside.values())
        self.inside = {title: ratios.pop() for title, ratios in inside.items()} if whole else {}
        self.behind: dict[str, dict[str, Fraction]] = {}
        for title, kept in behind.items():
            told = {
                name: share for name, each in kept.items() if len(each) == 1 and (share := next(iter(each)))
            }
            if len(told) == len(kept):
                self.behind[title] = told
        self.first = {
            title: ratio
            for title, ratios in first.items()
            if len(ratios) == 1 and (ratio := ratios.pop()).denominator == 1
        }

    def applied(self, outline: _Outline) -> _Outline:
        """The outline without the widths that the rule tells."""
        early = {line.node for line in _convs(_before_dense(outline)) if line.words.title in self.first}

        def told(element: Element, dense: bool) -> Element:
            match element:
                case Unit():
                    dense = dense or "dense" in element.kinds
                    return replace(element, elements=tuple(told(e, dense) for e in element.elements))
                case Branches():
                    branches = tuple(tuple(told(e, dense) for e in branch) for branch in element.branches)
                    return replace(element, branches=branches)
                case Line():
                    title = element.words.title
                    hidden = element.node in early or title in (self.inside if dense else ())
                    hidden = hidden or (bool(element.behind) and title in self.behind)
                    return replace(element, words=element.words.without(width=True)) if hidden else element

        return [replace(part, elements=tuple(told(e, False) for e in part.elements)) for part in outline]

    def text(self) -> str:
        """What a footnote says: `In dense blocks a 1×1 conv has 4k channels and a 3×3 conv k.`"""
        widths = [f"a {title} has {_times(ratio)} channels" for title, ratio in self.inside.items()]
        said = [f"in dense blocks {listed(widths)}"]
        for title, kept in self.behind.items():
            shares: dict[Fraction, list[str]] = {}
            for name, share in kept.items():
                shares.setdefault(share, []).append(name)
            each = [
                f"{_SHARES[share]} of the channels{by_net(names, len(kept))}"
                for share, names in shares.items()
            ]
            said.append(f"a {title} behind a dense block keeps {listed(each)}")
        said += [f"the first {title} has {_times(ratio)}" for title, ratio in self.first.items()]
        text = "; ".join(said)
        return f"{text[0].upper()}{text[1:]}."


def _rates_text(names: Sequence[str], rates: Sequence[int]) -> str:
    """`The growth rate is k = 32, and k = 48 in densenet161.`"""
    nets: dict[int, list[str]] = {}
    for name, rate in zip(names, rates, strict=True):
        if rate:
            nets.setdefault(rate, []).append(name)
    (usual, _), *others = sorted(nets.items(), key=lambda item: -len(item[1]))
    if not others:
        return f"The growth rate is k = {usual}."
    said = [f"k = {rate} in {listed(named)}" for rate, named in others]
    if len(nets[usual]) == 1:
        said = [f"k = {usual} in {nets[usual][0]}", *said]
        return f"The growth rate is {listed(said)}."
    return f"The growth rate is k = {usual}, and {listed(said)}."


def _times(ratio: Fraction) -> str:
    return "k" if ratio == 1 else f"{ratio}k"


def _convs(elements: Sequence[Element]) -> list[Line]:
    return [line for line in lines_in(elements) if line.words.kind == "conv" and line.words.width]


def _before_dense(outline: _Outline) -> tuple[Element, ...]:
    """What stands in front of the first dense block."""
    found: list[Element] = []
    for part in outline:
        if any("dense" in unit.kinds for unit in units_in(part.elements)):
            break
        found += part.elements
    return tuple(found)


def _channels(line: Line) -> int:
    return int(line.words.width)


def _kept(line: Line) -> Fraction | None:
    """Which part of its channels a convolution keeps: all, or half, rounded down."""
    entered: Size = line.channels
    made = _channels(line)
    return Fraction(1) if made == entered else Fraction(1, 2) if made == entered // 2 else None
