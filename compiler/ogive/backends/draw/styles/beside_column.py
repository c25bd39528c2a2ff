"""One net as one column of boxes with arcs at its right: which part stands below which, and what folds.

The column is the longest way from an input to the output. What leaves it and comes back is an arc, if it is
nothing but a tensor that is passed on, or a single layer beside several; whatever else branches is folded
into one box, by the smallest region that holds it where there is one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import clip
from ogive.backends.draw.styles.beside_parts import Detail, Part, Parts, parts
from ogive.graph import Region

Style = Literal["skip", "projection", "source"]
MOST_LANES = 5
"""So many arcs stand side by side; what has more is folded."""
_USES = {"block", "iteration", "merge", "residual"}
_OPENED = _USES | {"stage"}
_LONGEST = 40
_SHORT = 20
"""So long may be what a box says that several parts are gathered in."""
_ROOM = 1.6
"""A region is folded for a branching part in it if it has at most this many times its parts."""


@dataclass(frozen=True, slots=True)
class Arc:
    """A tensor that goes past boxes: from the gap above box `first` to the gap below box `last`.

    Attributes:
        first: index of the first box that it passes.
        last: index of the last.
        style: `skip`, where the tensor stays what it is; `projection`, of a shortcut that changes it;
            `source`, where a layer stands in its way that no residual speaks of: the look of what comes from
            further up.
        into: the index of the box that it enters at its side, rather than the gap; None for a sum.
        nodes: the nodes of the graph in its way.
    """

    first: int
    last: int
    style: Style
    into: int | None = None
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bracket:
    """Boxes `first` … `last` that stand for `count` copies."""

    first: int
    last: int
    count: int


@dataclass(frozen=True)
class Column:
    """A net as a column.

    Attributes:
        boxes: from the top down.
        arcs: shorter ones first.
        brackets: inner ones first; of boxes that are more than one.
        left_out: what is not drawn, in words.
        passed: what grey arcs pass, in words.
        told: what else a user should know, in words.
    """

    boxes: tuple[Part, ...]
    arcs: tuple[Arc, ...]
    brackets: tuple[Bracket, ...]
    left_out: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def column(structure: Structure, detail: Detail) -> Column:
    """The column of a net, folded as far as it must be to be one."""
    folded: set[int] = set()
    while True:
        taken = parts(structure, detail, folded)
        wrong = _Chain(structure, taken).offending()
        regions = {region for hull in wrong for region in _regions(structure, taken, hull)}
        if not regions - folded:
            break
        folded |= regions
    for _ in range(len(taken.parts)):
        wrong = _Chain(structure, taken).offending()
        if not wrong:
            break
        taken = _merged(structure, taken, wrong[0])
    return _Chain(structure, taken).column()


def _regions(structure: Structure, taken: Parts, hull: Sequence[int]) -> set[int]:
    """What to fold for these parts: the block around them; else the blocks among them; else the stage around.

    Nothing where the smallest region around them would take much else with it.
    """
    held = {n for i in hull for n in taken.parts[i].nodes}
    around = _around(structure, taken, hull, len(held))
    if around and around.kind != "stage":
        return {around.id}
    among: set[int] = set()
    for i in hull:
        outermost: int | None = None
        for region in structure.graph.ancestors(structure.graph.node(taken.parts[i].leads).region):
            nodes = structure.nodes[region.id]
            if region.kind in _USES and 1 < len(nodes) < len(held) and held.issuperset(nodes):
                outermost = region.id
        if outermost is not None and outermost != taken.parts[i].region:
            among.add(outermost)
    return among or ({around.id} if around else set())


def _around(structure: Structure, taken: Parts, hull: Sequence[int], held: int) -> Region | None:
    """The region to fold for these parts, which stand for so many nodes."""
    graph = structure.graph
    above = [[r.id for r in graph.ancestors(graph.node(taken.parts[i].leads).region)] for i in hull]
    shared = set(above[0]).intersection(*above[1:]) - {0}
    for id in (r for r in above[0] if r in shared):
        region = graph.regions[id]
        if region.kind in _OPENED and 1 < len(structure.nodes[id]) <= _ROOM * held:
            outer = graph.regions[region.parent or 0]
            while outer.id and outer.kind in _USES and len(structure.nodes[outer.id]) <= _ROOM * held:
                region, outer = outer, graph.regions[outer.parent or 0]
            return region
    return None


def _merged(structure: Structure, taken: Parts, hull: Sequence[int]) -> Parts:
    """The parts with those in the hull as one."""
    inside = set(hull)
    nodes = tuple(n for i in hull for n in taken.parts[i].nodes)
    last = taken.parts[hull[-1]]
    graph = structure.graph
    common = set(structure.graph.regions)
    for n in nodes:
        common &= {r.id for r in graph.ancestors(graph.node(n).region)}
    kind = next(
        (p.kind for i in hull if (p := taken.parts[i]).kind in {"conv", "attention", "linear"}), last.kind
    )
    rolls = [taken.parts[i].rolls for i in hull]
    same = 0
    while all(len(r) > same and r[same] == rolls[0][same] for r in rolls):
        same += 1
    one = Part(
        nodes, kind, _gathered_title([taken.parts[i] for i in hull]), last.type, last.leads,
        region=0, rolls=rolls[0][:same], stage=last.stage, folded=True,
    )  # fmt: skip
    number: dict[int, int] = {}
    kept: list[Part] = []
    for i, part in enumerate(taken.parts):
        if i in inside and i != hull[-1]:
            continue
        number[i] = len(kept)
        kept.append(one if i == hull[-1] else part)
    number.update(dict.fromkeys(inside, number[hull[-1]]))
    links = {(number[a], number[b]) for a, b in taken.links if number[a] != number[b]}
    outputs = tuple(dict.fromkeys(number[i] for i in taken.outputs))
    return Parts(tuple(kept), frozenset(links), taken.counts, outputs, taken.heads)


def _gathered_title(held: Sequence[Part]) -> str:
    """`2 × Twin, sub`; how many parts there are where that is long."""
    shown = [part for part in held if part.shown and part.kind != "input"]
    names = Counter(part.strong or part.title.partition(",")[0] for part in shown)
    text = ", ".join(f"{count} × {name}" if count > 1 else name for name, count in names.items())
    what = "parts" if any(part.folded for part in shown) else "layers"
    return text if len(text) <= _SHORT else f"{len(shown)} {what}, in branches"


class _Way(NamedTuple):
    """A way past the main one: from a part to a part of it, and the parts in it."""

    tail: int
    head: int
    style: Style
    inside: tuple[int, ...] = ()


class _Chain:
    """The parts in order, the main way through them, and what stands beside it."""

    def __init__(self, structure: Structure, taken: Parts) -> None:
        self.structure = structure
        self.taken = taken
        self.parts = taken.parts
        self.before: dict[int, list[int]] = defaultdict(list)
        self.after: dict[int, list[int]] = defaultdict(list)
        for a, b in sorted(taken.links):
            self.before[b].append(a)
            self.after[a].append(b)
        behind = {end: self._behind(end) for end in taken.outputs}
        self.end = max(taken.outputs, key=lambda end: len(behind[end]), default=len(self.parts) - 1)
        self.kept = sorted(behind.get(self.end) or self._behind(self.end))
        self.main = self._longest()
        self.place = {part: i for i, part in enumerate(self.main)}
        self.ways, self.loose = self._beside()

    def _behind(self, end: int) -> set[int]:
        seen, waiting = {end}, [end]
        while waiting:
            for part in self.before[waiting.pop()]:
                if part not in seen:
                    seen.add(part)
                    waiting.append(part)
        return seen

    def _longest(self) -> list[int]:
        length: dict[int, tuple[int, int]] = {}
        come: dict[int, int | None] = {}
        kept = set(self.kept)
        for i in self.kept:
            best = max((b for b in self.before[i] if b in kept), key=lambda b: length[b], default=None)
            shown, any_ = length[best] if best is not None else (0, 0)
            part = self.parts[i]
            length[i] = shown + (part.shown and not part.beside), any_ - 1
            come[i] = best
        path: list[int] = []
        at: int | None = self.end
        while at is not None:
            path.append(at)
            at = come[at]
        return path[::-1]

    def _beside(self) -> tuple[list[_Way], list[list[int]]]:
        """The ways past the main one, (from, to, style, what is in it), and what is no such way."""
        aside = [i for i in self.kept if i not in self.place]
        past = ((a, b) for a, b in sorted(self.taken.links) if a in self.place and b in self.place)
        found = [_Way(a, b, "skip") for a, b in past if self.place[b] > self.place[a] + 1]
        beside: list[tuple[int, int, Style | Literal["layer"], list[int]]] = []
        loose: list[list[int]] = []
        for group in self._groups(aside):
            tails = {b for i in group for b in self.before[i] if b in self.place}
            heads = {a for i in group for a in self.after[i] if a in self.place}
            if not any(self.parts[i].shown or self.parts[i].beside for i in group):
                pairs = ((a, b) for a in sorted(tails) for b in sorted(heads))
                found += [_Way(a, b, "skip") for a, b in pairs if self._joined(a, b, group)]
                continue
            inner = [sum(1 for a in self.after[i] if a in self.kept) for i in group]
            simple = len(tails) == len(heads) == 1 and all(n == 1 for n in inner)
            style = self._style(group, min(tails), min(heads)) if simple else None
            if style is None:
                loose.append(group)
            else:
                beside.append((min(tails), min(heads), style, group))
        layers = Counter((a, b) for a, b, style, _ in beside if style == "layer")
        for a, b, style, group in beside:
            if style == "layer" and (layers[a, b] > 1 or self._has_region(group)):
                loose.append(group)
            else:
                found.append(_Way(a, b, "source" if style == "layer" else style, tuple(group)))
        return found, loose

    def _joined(self, tail: int, head: int, group: Sequence[int]) -> bool:
        """Whether there is a way down from one part to another through the group."""
        seen = {tail}
        for i in group:  # in program order
            if seen.intersection(self.before[i]):
                seen.add(i)
        return self.place[tail] < self.place[head] and bool((seen - {tail}).intersection(self.before[head]))

    def _has_region(self, group: Sequence[int]) -> bool:
        """Whether a region could be folded for what stands beside the main way."""
        hull = self._hull(group)
        held = sum(len(self.parts[i].nodes) for i in hull)
        return _around(self.structure, self.taken, hull, held) is not None

    def _style(self, group: Sequence[int], tail: int, head: int) -> Style | Literal["layer"] | None:
        """How a single way past the main one is drawn; None where it is as much as that.

        `layer` is a projection that no residual speaks of: one layer beside several.
        """
        shown = [i for i in group if self.parts[i].shown]
        passed = [i for i in self.main[self.place[tail] + 1 : self.place[head]] if self.parts[i].shown]
        shortcut = all(self.parts[i].beside for i in group)
        changes = any(self.parts[i].type.sizes != self.parts[tail].type.sizes for i in group)
        if not shown:
            return "projection" if shortcut and changes else "skip"
        if shortcut:
            return "projection"
        return "layer" if len(shown) == 1 and len(passed) > 1 else None

    def _groups(self, aside: Iterable[int]) -> list[list[int]]:
        waiting, groups = set(aside), list[list[int]]()
        while waiting:
            todo, group = [min(waiting)], list[int]()
            while todo:
                at = todo.pop()
                if at in waiting:
                    waiting.remove(at)
                    group.append(at)
                    todo += [n for n in (*self.before[at], *self.after[at]) if n in waiting]
            groups.append(sorted(group))
        return groups

    # ------------------------------------------------------------------ what cannot be drawn

    def offending(self) -> list[list[int]]:
        """Sets of parts, each to be folded into one box."""
        hulls = [self._hull(group) for group in self.loose]
        hulls += self._dips() + self._crowded()
        return [hull for hull in hulls if len(hull) > 1]

    def _hull(self, group: Sequence[int]) -> list[int]:
        """A group with all that stands between where it leaves the main way and where it comes back."""
        tails = [self.place[b] for i in group for b in self.before[i] if b in self.place]
        heads = [self.place[a] for i in group for a in self.after[i] if a in self.place]
        given = 0 if self.parts[self.main[0]].kind == "input" else -1
        low, high = min(tails, default=given), max(heads)
        inside = set(self.main[low + 1 : high + 1]) | set(group)
        return self._closed(inside)

    def _closed(self, inside: set[int]) -> list[int]:
        """With what lies on ways between two of these parts."""
        low, high = min(inside), max(inside)
        reached, reaching = set(inside), set(inside)
        kept = [i for i in self.kept if low <= i <= high]
        for i in kept:
            if any(b in reached for b in self.before[i]):
                reached.add(i)
        for i in reversed(kept):
            if any(a in reaching for a in self.after[i]):
                reaching.add(i)
        return sorted(reached & reaching)

    def _dips(self) -> list[list[int]]:
        """Gates: ways that go down to a single place and come back, beside a tensor that is passed on."""
        found: list[list[int]] = []
        for tail, head, style, _ in self.ways:
            low, high = self.place[tail], self.place[head]
            around = self.parts[tail].type.spatial
            inside = self.main[low + 1 : high]
            single = [i for i in inside if all(s == 1 for s in self.parts[i].type.spatial)]
            wide = any(s != 1 for s in around)
            if style == "skip" and wide and single and len(inside) - len(single) <= 1:
                found.append(sorted({*inside, head}))
        return found

    def _crowded(self) -> list[list[int]]:
        """The parts below the arcs of a stretch that has too many side by side."""
        spans = sorted((self.place[a], self.place[b]) for a, b, *_ in self.ways)
        found: list[list[int]] = []
        group: list[tuple[int, int]] = []
        for span in [*spans, None]:
            if span is not None and (not group or span[0] < max(high for _, high in group)):
                group.append(span)
                continue
            deep = max(sum(low <= at < high for low, high in group) for at, _ in group) if group else 0
            if deep > MOST_LANES:
                low, high = min(low for low, _ in group), max(high for _, high in group)
                found.append(self._closed(set(self.main[low + 1 : high + 1])))
            group = [span] if span is not None else []
        return found

    # ------------------------------------------------------------------ the column

    def column(self) -> Column:
        shown = [i for i in self.main if self.parts[i].shown]
        index = {part: n for n, part in enumerate(shown)}
        upto: list[int] = []  # how many boxes there are up to each part of the main way
        for i in self.main:
            upto.append((upto[-1] if upto else 0) + (i in index))
        boxes = [self.parts[i] for i in shown]
        arcs: dict[tuple[int, int, int | None], Arc] = {}
        for tail, head, style, inside in self.ways:
            first, into = upto[self.place[tail]], index.get(head)
            last = upto[self.place[head] - 1] - 1
            into = into if into is not None and self.parts[head].merge else None
            nodes = tuple(n for i in inside for n in self.parts[i].nodes)
            if first <= last:
                old = arcs.get((first, last, into))
                if old is None or old.style == "skip":
                    arcs[first, last, into] = Arc(first, last, style, into, nodes)
        for n, part in enumerate(boxes):
            if part.around and (n, n, None) not in arcs:
                arcs[n, n, None] = Arc(n, n, "projection" if part.around == "projection" else "skip")
        boxes, apart = self._inputs(boxes)
        boxes, brackets = self._brackets(boxes)
        ordered = sorted(arcs.values(), key=lambda arc: (arc.last - arc.first, arc.first))
        passed = (self.parts[i] for way in self.ways if way.style == "source" for i in way.inside)
        titles = dict.fromkeys(part.title for part in passed if part.shown)
        gathered = [f"what branches is one box: {part.title}" for part in boxes if part.region == 0]
        told = (*apart, *dict.fromkeys(gathered))
        return Column(tuple(boxes), tuple(ordered), tuple(brackets), self._left_out(), tuple(titles), told)

    def _inputs(self, boxes: Sequence[Part]) -> tuple[list[Part], list[str]]:
        """The boxes, the first with the names of all inputs that enter as it does; what is said of others."""
        graph = self.structure.graph
        first, below = boxes[0], boxes[1].nodes if len(boxes) > 1 else ()
        others = [
            name for name in graph.inputs if not any(name in b.nodes for b in boxes if b.kind == "input")
        ]
        alike = [name for name in others if name in below and graph.node(name).outputs[0] == first.type]
        if first.kind != "input":
            alike = []
        named = {*alike, *first.nodes}
        title = clip(", ".join(name for name in graph.inputs if name in named), _LONGEST)
        told = [f"the input {clip(name)} has no box of its own" for name in others if name not in alike]
        return [replace(first, title=title) if alike else first, *boxes[1:]], told

    def _brackets(self, boxes: Sequence[Part]) -> tuple[list[Part], list[Bracket]]:
        spans: dict[int, list[int]] = defaultdict(list)
        for n, part in enumerate(boxes):
            for roll in part.rolls:
                spans[roll].append(n)
        done, found = list(boxes), list[Bracket]()
        for roll, members in spans.items():
            if len(members) == 1:
                at = members[0]
                done[at] = replace(done[at], badge=done[at].badge * self.taken.counts[roll])
            else:
                found.append(Bracket(members[0], members[-1], self.taken.counts[roll]))
        return done, sorted(found, key=lambda b: (b.last - b.first, b.first))

    def _left_out(self) -> tuple[str, ...]:
        kept = set(self.kept)
        out = [self.parts[i] for i in range(len(self.parts)) if i not in kept and self.parts[i].shown]
        heads = [f"the auxiliary head{'s' * (len(self.taken.heads) > 1)}"] if self.taken.heads else []
        rest = [f"{len(out)} layer{'s' * (len(out) > 1)} that lead to other outputs"] if out else []
        return (*heads, *rest)


def shortened(whole: Column, spans: Iterable[tuple[int, int]], longest: int) -> Column:
    """The column with the middle of each stretch of boxes left out where there are more than so many.

    Args:
        whole: the column.
        spans: the first and last box of each stretch.
        longest: how many boxes a stretch may keep, that for those that are left out among them; at least 1.
    """
    boxes: list[Part] = []
    place: dict[int, int] = {}  # of a box that is kept
    for first, last in spans:
        count = last - first + 1
        kept = count if count <= longest else longest - 1
        head, tail = (kept + 1) // 2, kept // 2
        for i in range(first, last + 1):
            if i < first + head or i > last - tail:
                place[i] = len(boxes)
                boxes.append(whole.boxes[i])
            elif i == first + head:
                boxes.append(_gathered(whole.boxes[i : last + 1 - tail]))
    arcs = [
        replace(
            arc,
            first=place[arc.first],
            last=place[arc.last],
            into=place[arc.into] if arc.into is not None else None,
        )
        for arc in whole.arcs
        if {arc.first, arc.last, arc.first if arc.into is None else arc.into} <= place.keys()
    ]
    brackets = [
        replace(b, first=place[b.first], last=place[b.last])
        for b in whole.brackets
        if all(i in place for i in range(b.first, b.last + 1))
    ]
    return replace(whole, boxes=tuple(boxes), arcs=tuple(arcs), brackets=tuple(brackets))


def _gathered(left: Sequence[Part]) -> Part:
    """The box that says how many are left out."""
    nodes = tuple(n for part in left for n in part.nodes)
    kinds = Counter(part.kind for part in left)
    title = f"… {len(left)} more …"
    return Part(
        nodes, kinds.most_common(1)[0][0], title, left[-1].type, left[-1].leads, region=0, folded=True
    )
