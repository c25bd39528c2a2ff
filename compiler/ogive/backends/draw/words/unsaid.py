"""What nets side by side do and no box shows: norms, activations and dropout, counted net by net."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ogive.backends.draw.fold.text import clip, look
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.outline import listed
from ogive.report.counts import main_path

_SILENT = {"norm", "act", "dropout"}
_NAMES = {
    "BN": "batch normalization", "LN": "layer normalization", "GN": "group normalization",
    "IN": "instance normalization", "LRN": "local response normalization",
}  # fmt: skip


def unsaid(subjects: Sequence[Subject]) -> Iterator[str]:
    """A sentence with the number of each kind in each net, equal nets together; none where there are none."""
    of: dict[tuple[str, ...], list[str]] = {}
    for subject in subjects:
        counts = tuple(f"{count} {name}" for name, count in _counted(subject).items())
        of.setdefault(counts, []).append(clip(subject.name) or "the network")
    found = [
        f"in {listed(names)}{' each' * (len(names) > 1)} {listed(counts)} layers"
        for counts, names in of.items()
        if counts
    ]
    if found:
        yield f"Not drawn, but part of the nets: {'; '.join(found)}."


def _counted(subject: Subject) -> Counter[str]:
    """How many there are of each, in the order in which they first occur; those of auxiliary heads aside."""
    graph = subject.unrolled  # in which the layers of a clique stand as often as they are computed
    path = main_path(graph)
    found: Counter[str] = Counter()
    for node in graph:
        seen = look(graph, node)
        if node.name in path and seen.kind in _SILENT:
            name = seen.label.partition(",")[0] if seen.kind != "dropout" else "dropout"
            found[_NAMES.get(name, name)] += 1
    return found
