"""What a reader of a difference is told who points at a box: what it is, and what happened to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ogive.backends.draw.fold.text import shape
from ogive.backends.draw.scene import About
from ogive.backends.draw.styles.difference_pieces import Gone
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.about import about
from ogive.report.difference import Change, Difference
from ogive.report.difference.roll import argument_text

_FEW = 3
"""Things that are named; of more it is said how many layers there are of each kind."""


class Told:
    """What is told of the boxes of a difference.

    Args:
        difference: that is drawn.
    """

    def __init__(self, difference: Difference) -> None:
        self.difference = difference
        self.subjects = [Subject(net.graph, net.unrolled) for net in difference.nets]
        self.was = {y.key: x.key for x, y in difference.correspondence.layers}
        self.only = f"only in {difference.b}"
        self.changes: dict[str, Change] = {}
        for change in difference.of("added", "changed", "replaced", "rewired"):
            layers = change.b.layers if change.b is not None else ()
            one = change.kind in {"added", "replaced"} or len(layers) == 1
            self.changes |= dict.fromkeys(layers if one else (), change)

    def __call__(self, nodes: tuple[str, ...], region: int | None) -> About | None:
        """Of the layers of a box, and the region that they are where it is one; None of what is not in the
        program.
        """
        gone = all(isinstance(name, Gone) for name in nodes)
        subject = self.subjects[0 if gone else 1]
        known = tuple(str(name) for name in nodes if name in subject.graph)
        found = about(subject, known, region) if known else None
        if found is None:
            return None
        happened = [f"only in {self.difference.a}"] if gone else list(self.happened(known))
        return replace(found, note=" · ".join(filter(None, (found.note, *happened))))

    def happened(self, nodes: Sequence[str]) -> Iterator[str]:
        """What is other about layers of the second net: in words, and in parameters."""
        words = Counter(self.phrase(self.changes[name]) for name in nodes if name in self.changes)
        if len(words) <= _FEW:
            for word, count in words.items():
                yield word if count == 1 or word == self.only else f"{word} ×{count}"
        else:
            kinds = Counter(self.changes[name].kind for name in nodes if name in self.changes)
            yield ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        first, second = self.difference.nets
        kept = [(first.facts[self.was[name]], second.facts[name]) for name in nodes if name in self.was]
        before, after = (sum(pair[side].params for pair in kept) for side in (0, 1))
        if before != after:
            yield f"{before:,} parameters in {self.difference.a}"
        shapes = {(shape(a.outputs[0]), shape(b.outputs[0])) for a, b in kept if a.outputs and b.outputs}
        others = [first for first, now in shapes if first != now]
        if len(shapes) == len(others) == 1:
            yield f"{others[0]} in {self.difference.a}"

    def phrase(self, change: Change) -> str:
        """`relu → gelu`, `bias true → false`, `only in B`."""
        if change.a is None or change.b is None:
            return self.only
        if change.kind == "replaced":
            return f"in the place of {change.a.word}"
        if change.a.word != change.b.word:
            return f"{change.a.word} → {change.b.word}"
        return ", ".join(argument_text(each) for each in change.arguments)
