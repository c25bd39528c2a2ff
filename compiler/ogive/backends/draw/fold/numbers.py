"""What boxes of a definition say: the numbers in which its uses differ become names of its parameters."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from typing import cast

from ogive.backends.draw.fold.folding import ends, folded_text
from ogive.backends.draw.fold.picture import Box, Text
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.symbols import ENTERS, Given, Symbols, arguments
from ogive.backends.draw.fold.text import Fused, layer_text
from ogive.graph import Region

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Numbers:
    """The texts of a box in all uses, and one text for all of them.

    Args:
        structure: of the graph.
        uses: the uses of a definition.
        regions: what is shown of each: the use itself, or the first turn of a dense block, whose other turns
            are uses, too: more channels enter each.
        model: the one of these that is drawn.
    """

    def __init__(
        self, structure: Structure, uses: Sequence[Region], regions: Sequence[Region], model: Region
    ) -> None:
        self.structure = structure
        self.symbols = Symbols()
        main, beside = structure.split(model)
        self.shortcut = set(beside)
        place = {n: (0, i) for i, n in enumerate(main)} | {n: (1, i) for i, n in enumerate(beside)}
        self.others: list[tuple[dict[str, str], Given]] = []
        seen: set[Hashable] = set()
        shown = [*zip(uses, regions, strict=True), *_later_turns(structure, uses)]
        for use, region in shown:
            key = structure.signature(region), repr(self.given(use, region))
            if key in seen:  # a thousand uses that say the same are one
                continue
            seen.add(key)
            halves = structure.split(region)
            same = {n: halves[half][i] for n, (half, i) in place.items() if i < len(halves[half])}
            self.others.append((same, self.given(use, region)))

    def given(self, use: Region, region: Region) -> Given:
        """What a use was given, and the channels that enter."""
        found: dict[str, object] = dict(use.arguments)
        types = ends(self.structure, region)
        if types and isinstance(types[0].channels, int):
            found[ENTERS] = types[0].channels
        return found

    def general(self, box: Box) -> Text:
        """What the box says in every use."""
        if not box.nodes:
            return box.text
        texts: list[Text] = []
        known: list[Given] = []
        paddings: list[tuple[int, bool] | None] = []
        for same, given in self.others:
            if all(n in same for n in box.nodes):
                text = self.text(box, same)
                if text is not None:
                    texts.append(text)
                    known.append(given)
                    paddings.append(self.padding(box, same))
        if not texts:
            return box.text
        written = self.written(box)
        title = self.line([t.title for t in texts], known, box.text.title, written)
        before = self.line([t.before for t in texts], known, box.text.before, written)
        after = self.line([t.after for t in texts], known, box.text.after, written)
        found = [one for one in paddings if one]
        if len(found) == len(paddings) and len({keeps for _, keeps in found}) > 1:  # no title says it
            padding = self.line([f"padding {zeros}" for zeros, _ in found], known, "", written)
            title = ", ".join(words for words in (title, padding) if words)  # below, it would read as a layer
        return Text(title, before, after, box.text.label)

    def padding(self, box: Box, same: Mapping[str, str]) -> tuple[int, bool] | None:
        """The zeros on each side of the maps that a layer in the box takes, and whether they are what keeps
        the size of the maps where the stride is 1.
        """
        for name in box.nodes if box.region is None else ():
            layer = self.structure.graph.node(same[name]).layer
            zeros, steps = getattr(layer, "padding", None), getattr(layer, "dilation", 1)
            kernel = getattr(layer, "kernel_size", None)
            if isinstance(zeros, int) and isinstance(steps, int) and isinstance(kernel, tuple):
                return zeros, all(2 * zeros == steps * (side - 1) for side in cast("tuple[int, ...]", kernel))
        return None

    def written(self, box: Box) -> list[str]:
        """The expressions in the calls that made what is in a box."""
        spans = (self.structure.graph.node(name).span for name in box.nodes)
        return [text for span in spans if span for text in arguments(span.text)] if box.region is None else []

    def text(self, box: Box, same: Mapping[str, str]) -> Text | None:
        """What the box would say in another use, `same` of whose nodes are as those of the model."""
        graph = self.structure.graph
        if box.region is None:
            nodes = tuple(same[n] for n in box.nodes)
            titles = [layer_text(graph, Fused((), n, ())).title for n in box.nodes]
            lead = titles.index(box.text.title) if box.text.title in titles else 0
            return layer_text(graph, Fused(nodes[:lead], nodes[lead], nodes[lead + 1 :]))
        kind, inside = graph.regions[box.region].kind, {same[n] for n in box.nodes}
        around = chain.from_iterable(graph.ancestors(graph.node(name).region) for name in sorted(inside)[:1])
        alike = (r for r in around if r.kind == kind)
        region = next((r for r in alike if set(self.structure.nodes[r.id]) == inside), None)
        return folded_text(self.structure, region)[0] if region else None

    def line(self, lines: Sequence[str], known: Sequence[Given], own: str, written: Sequence[str]) -> str:
        """One line for all: numbers that vary become parameters, or what else `symbols` finds for them."""
        if len(set(lines)) == 1:
            return lines[0]
        lines = _with_unsaid(lines)
        if len({_NUMBER.sub("#", line) for line in lines}) > 1:
            return own
        columns = list(zip(*(map(Fraction, _NUMBER.findall(line)) for line in lines), strict=True))
        words = iter([self.word(column, known, written) for column in columns])
        shown = _NUMBER.sub(lambda _: next(words), lines[0])
        return re.sub(r"\b(\w+) \1\b", r"\1", shown)  # `12 heads` with a parameter `heads`

    def word(self, values: Sequence[Fraction], known: Sequence[Given], written: Sequence[str]) -> str:
        """A number, or a name for it where it varies."""
        if len(set(values)) > 1:
            return self.symbols.word(values, known, written)
        text = f"{float(values[0]):g}" if values[0].denominator != 1 else str(values[0])
        if len(known) < len(self.others) and values[0] > 1:  # only some uses have it: what the others call it
            named = [n for n in self.symbols.used if all(k.get(n) == values[0] for k in known)]
            return named[0] if named else text
        return text


def _later_turns(structure: Structure, uses: Sequence[Region]) -> Iterator[tuple[Region, Region]]:
    """The turns of dense blocks after the first, of the same layers as that, with their blocks."""
    for use in uses:
        turns = structure.children[use.id] if use.kind == "dense" else []
        for turn in turns[1:]:
            if structure.signature(turn, by="kind") == structure.signature(turns[0], by="kind"):
                yield use, turn


_UNSAID = ((re.compile(r"/\d+"), "/1"), (re.compile(r"shift \d+"), "shift 0"))


def _with_unsaid(lines: Sequence[str]) -> Sequence[str]:
    """A stride of 1, and no shift, are not printed; beside others they must be."""
    for said, default in _UNSAID:
        split = [line.split(", ") for line in lines]
        at = next((i for words in split for i, w in enumerate(words) if said.fullmatch(w)), None)
        if at is not None:
            has = [len(words) > at and said.fullmatch(words[at]) for words in split]
            lines = [
                ", ".join(w if h else [*w[:at], default, *w[at:]]) for w, h in zip(split, has, strict=True)
            ]
    return lines
