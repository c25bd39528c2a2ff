"""The correspondence of two nets, part by part: what stayed, what came, what went, what took whose place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ogive.report.difference.align import WHOLE, Aligner, Alignment
from ogive.report.difference.regroup import ENOUGH, ascending, divided, in_stage, regrouped
from ogive.report.difference.tree import Net, Part

_ENOUGH = ENOUGH
"""Parts that do not correspond are opened where so much of the smaller side is found in the other."""
_HALF = 0.5
"""Where one side has so much more than the other, that is not enough: any two nets have convolutions."""
_SHORT = 3
"""A layer can be replaced with so many, and so many with one."""
_MOVED = 3
"""What weighs less is not looked for elsewhere."""

Row = tuple[Part, ...]
_X = TypeVar("_X")
_Y = TypeVar("_Y")


@dataclass(eq=False)
class Matching:
    """The correspondence. Every layer of either net is in exactly one of the first four.

    Attributes:
        layers: pairs of layers that are the same one, changed or not.
        replaced: rows that stand in each other's place.
        removed: rows of A that have nothing in B.
        added: rows of B that have nothing in A.
        regions: pairs of regions that are the same one.
        dissolved: regions of A whose layers stand in B without it.
        wrapped: regions of B whose layers stood in A without it.
        moved: pairs of regions, among `regions`, that stand in another order.
    """

    layers: list[tuple[Part, Part]] = field(default_factory=list)
    replaced: list[tuple[Row, Row]] = field(default_factory=list)
    removed: list[Row] = field(default_factory=list)
    added: list[Row] = field(default_factory=list)
    regions: list[tuple[Part, Part]] = field(default_factory=list)
    dissolved: list[Part] = field(default_factory=list)
    wrapped: list[Part] = field(default_factory=list)
    moved: list[tuple[Part, Part]] = field(default_factory=list)

    def mirrored(self) -> Matching:
        """The same with A and B exchanged."""
        return Matching(
            _swapped(self.layers), _swapped(self.replaced), self.added, self.removed,
            _swapped(self.regions), self.wrapped, self.dissolved, _swapped(self.moved),
        )  # fmt: skip


def _swapped(pairs: Sequence[tuple[_X, _Y]]) -> list[tuple[_Y, _X]]:
    return [(y, x) for x, y in pairs]


def match(a: Net, b: Net) -> Matching:
    """Finds the correspondence of two nets; that of B and A is its mirror image."""
    if _order(b) < _order(a):
        return match(b, a).mirrored()
    found = Matching()
    aligner = Aligner()
    todo: list[tuple[Part, Part]] = [(a.root, b.root)]
    while todo:
        x, y = todo.pop()
        found.regions.append((x, y))
        todo += _Level(aligner, found).run(x.children, y.children, aligner.inside(x, y))
        if not todo:
            todo += _regrouped(found, a, b) or _elsewhere(found, a, b)
    return found


def _order(net: Net) -> tuple[int, list[tuple[str, str]]]:
    """What decides which of two nets is looked at first: of two that are equal it does not matter."""
    return len(net.parts), [(key, repr(part.layer)) for key, part in net.parts.items()]


class _Level:
    """What stands in a pair of regions, once it is known which of it corresponds."""

    def __init__(self, aligner: Aligner, found: Matching) -> None:
        self.aligner = aligner
        self.found = found
        self.deeper: list[tuple[Part, Part]] = []
        self.gone: list[Row] = []
        self.new: list[Row] = []

    def run(self, xs: Row, ys: Row, aligned: Alignment) -> list[tuple[Part, Part]]:
        """Files everything; returns the pairs of regions that are to be compared."""
        if not (self.divided(xs, ys) or self.swapped(xs, ys)):
            self.row(*(self.opened(xs, ys, aligned) or (xs, ys, aligned)))
        self.moves()
        self.found.removed += [piece for row in self.gone for piece in _pieces(row)]
        self.found.added += [piece for row in self.new for piece in _pieces(row)]
        return self.deeper

    def divided(self, xs: Row, ys: Row) -> bool:
        """Files two rows that hold the same, and have other stages around it."""
        stages = divided(xs, ys)
        if stages is None:
            return False
        self.found.regions += stages
        same = [{part.key for part in side} for side in zip(*stages, strict=True)] or [set[str](), set[str]()]
        self.found.dissolved += [x for x in xs if x.kind == "stage" and x.key not in same[0]]
        self.found.wrapped += [y for y in ys if y.kind == "stage" and y.key not in same[1]]
        flat = ([each for part in row for each in in_stage(part)] for row in (xs, ys))
        for x, y in zip(*flat, strict=True):
            self.pair(x, y)
        return True

    def swapped(self, xs: Row, ys: Row) -> bool:
        """Files two rows of branches that are the same in another order."""
        forms = [_by_run(row) for row in (xs, ys)]
        if forms[0] == forms[1] or sorted(forms[0]) != sorted(forms[1]) or len(set(forms[0])) < len(xs):
            return False
        places = {form: place for place, form in enumerate(forms[1])}
        order = [places[form] for form in forms[0]]
        stay = set(ascending(order))
        for x, place in zip(xs, order, strict=True):
            self.pair(x, ys[place])
            if place not in stay:
                self.found.moved.append((x, ys[place]))
        return True

    def row(self, xs: Row, ys: Row, aligned: Alignment) -> None:
        """Files two rows of which it is known what corresponds."""
        at_x = at_y = 0
        for i, j in (*aligned.pairs, (len(xs), len(ys))):
            self.gap(xs[at_x:i], ys[at_y:j])
            if i < len(xs):
                self.pair(xs[i], ys[j])
            at_x, at_y = i + 1, j + 1

    def pair(self, x: Part, y: Part) -> None:
        """Files two parts that correspond."""
        if x.layer is not None:
            self.found.layers.append((x, y))
        elif self.aligner.how(x, y) == "replaced":
            self.found.replaced.append(((x,), (y,)))
        else:
            self.deeper.append((x, y))

    def gap(self, xs: Row, ys: Row) -> None:
        """Files what is left between two pairs."""
        if xs and ys and (opened := self.opened(xs, ys, Alignment(0, ()))):
            self.row(*opened)
        elif xs and ys and _in_place(xs, ys):
            self.found.replaced.append((xs, ys))
        else:
            self.gone += [xs] if xs else []
            self.new += [ys] if ys else []

    def opened(self, xs: Row, ys: Row, aligned: Alignment) -> tuple[Row, Row, Alignment] | None:
        """The rows with regions opened that correspond to nothing, the highest first, once that finds most of
        what is left of the smaller side in the other; None where nothing does.
        """
        left_x, left_y = _left(xs, ys, aligned)
        few, many = sorted((sum(x.weight for x in left_x), sum(y.weight for y in left_y)))
        score = aligned.score
        rows = xs, ys
        levels: list[tuple[Row, Row]] = []
        while few and (height := max((part.height for part in (*left_x, *left_y)), default=0)):
            high_x, high_y = (
                tuple(part for part in left if part.height == height) for left in (left_x, left_y)
            )
            levels.append((high_x, high_y))
            xs, ys = _opened(xs, high_x), _opened(ys, high_y)
            aligned = self.aligner.rows(xs, ys)
            found = aligned.score - score
            enough = 2 * found >= _HALF * WHOLE * (few + many) or self.kept(xs, ys, aligned)
            if found >= _ENOUGH * WHOLE * few and enough:
                return self.closed(rows, levels, [(xs[i], ys[j]) for i, j in aligned.pairs], aligned.score)
            left_x, left_y = _left(xs, ys, aligned)
        return None

    def closed(
        self,
        rows: tuple[Row, Row],
        levels: Sequence[tuple[Row, Row]],
        pairs: Sequence[tuple[Part, Part]],
        score: int,
    ) -> tuple[Row, Row, Alignment]:
        """Rows of which regions were opened, with those whole again in which nothing was found.

        Args:
            rows: before anything was opened.
            levels: the regions of both that were opened, the highest first.
            pairs: what was found.
            score: what that is worth.
        """
        pairs = _together(levels, pairs)
        open_rows: list[Row] = []
        for side, opened in enumerate((self.found.dissolved, self.found.wrapped)):
            row, whole = rows[side], {pair[side].key for pair in pairs}
            found = set(whole)
            above = {child.key: part for level in levels for part in level[side] for child in part.children}
            for key in list(found):
                while key in above and (key := above[key].key) not in found:
                    found.add(key)
            for level in levels:
                holding = tuple(part for part in level[side] if part.key in found - whole)
                opened += holding
                row = _opened(row, holding)
            open_rows.append(row)
        xs, ys = open_rows
        at_x, at_y = ({part.key: place for place, part in enumerate(row)} for row in open_rows)
        return xs, ys, Alignment(score, tuple((at_x[x.key], at_y[y.key]) for x, y in pairs))

    def kept(self, xs: Row, ys: Row, aligned: Alignment) -> bool:
        """Whether most of what corresponds is just as it was."""
        pairs = [(xs[i], ys[j]) for i, j in aligned.pairs]
        same = sum(x.weight for x, y in pairs if self.aligner.how(x, y) == "same")
        return same >= _ENOUGH * sum(x.weight for x, _ in pairs)

    def moves(self) -> None:
        """Finds regions that went and came again at another place of the same row."""
        lost = [part for row in self.gone for part in row if _can_move(part)]
        for part in lost:
            alike = (p for row in self.new for p in row if _can_move(p) and p.form == part.form)
            other = next(alike, None)
            if other is not None:
                self.found.moved.append((part, other))
                self.deeper.append((part, other))
                self.gone = _without(self.gone, part)
                self.new = _without(self.new, other)


def _by_run(row: Row) -> list[tuple[int, int]]:
    """Of every branch its run of branches and its form; any other part is a run of its own."""
    found: list[tuple[int, int]] = []
    run = 0
    before = ""
    for part in row:
        run += not (part.kind == before == "branch")
        before = part.kind
        found.append((run, part.form))
    return found


def _left(xs: Row, ys: Row, aligned: Alignment) -> tuple[Row, Row]:
    """What corresponds to nothing."""
    paired_x, paired_y = ({pair[side] for pair in aligned.pairs} for side in (0, 1))
    return (
        tuple(x for i, x in enumerate(xs) if i not in paired_x),
        tuple(y for j, y in enumerate(ys) if j not in paired_y),
    )


def _opened(row: Row, parts: Row) -> Row:
    """The row with what is in some of its parts in their place."""
    keys = {part.key for part in parts}
    return tuple(each for part in row for each in (part.children if part.key in keys else (part,)))


def _together(
    levels: Sequence[tuple[Row, Row]], pairs: Sequence[tuple[Part, Part]]
) -> list[tuple[Part, Part]]:
    """The pairs, in order, with two opened regions of one definition in the place of those in them, where
    these are all that either holds: what is around a block may be new, the block itself is what it was.

    Args:
        levels: the regions of both nets that were opened, the highest first.
        pairs: what was found in them.
    """
    around = [
        {child.key: part for level in levels for part in level[side] for child in part.children}
        for side in (0, 1)
    ]
    held: tuple[dict[str, list[int]], dict[str, list[int]]] = ({}, {})
    for number, pair in enumerate(pairs):
        for side, part in enumerate(pair):
            key = part.key
            while key in around[side]:
                key = around[side][key].key
                held[side].setdefault(key, []).append(number)
    instead: dict[int, tuple[Part, Part]] = {}
    for x, y in ((x, y) for xs, _ in levels for x in xs for _, ys in levels for y in ys):
        numbers = held[0].get(x.key)
        if numbers and x.kind == y.kind and x.word == y.word and numbers == held[1].get(y.key):
            for number in numbers:
                instead.setdefault(number, (x, y))
    return list(dict.fromkeys(instead.get(number, pair) for number, pair in enumerate(pairs)))


def _in_place(xs: Row, ys: Row) -> bool:
    """Whether one row stands in the other's place, rather than being another matter: layers with weights do
    not stand in that of a norm or an activation.
    """
    few, many = sorted((xs, ys), key=len)
    if len(few) == 1 < len(many) and few[0].group in {"norm", "act"}:
        return len(many) <= _SHORT and all(part.weight == 1 for part in many)
    return len(few) == 1 and (len(many) == 1 or (len(many) <= _SHORT and not any(p.height for p in many)))


def _can_move(part: Part) -> bool:
    return part.height > 0 and part.weight >= _MOVED


def _without(rows: list[Row], part: Part) -> list[Row]:
    """The rows with one part taken out."""
    kept: list[Row] = []
    for row in rows:
        if part not in row:
            kept.append(row)
            continue
        at = row.index(part)
        kept += [half for half in (row[:at], row[at + 1 :]) if half]
    return kept


def _pieces(row: Row) -> list[Row]:
    """Regions one by one, and between them runs of layers; a run that repeats itself, turn by turn."""
    pieces: list[Row] = []
    run: list[Part] = []
    for part in (*row, None):
        if part is not None and part.layer is not None:
            run.append(part)
            continue
        if run:
            period = _period([leaf.word for leaf in run])
            pieces += [tuple(run[at : at + period]) for at in range(0, len(run), period)]
            run = []
        if part is not None:
            pieces.append((part,))
    return pieces


def _period(words: Sequence[str]) -> int:
    """After how many words they begin again; all of them where they do not."""
    size = len(words)
    border = [0] * size  # of each beginning, how much of it is also its end (Knuth, Morris & Pratt 1977)
    for at in range(1, size):
        length = border[at - 1]
        while length and words[at] != words[length]:
            length = border[length - 1]
        border[at] = length + (words[at] == words[length])
    period = size - border[-1]
    return period if size % period == 0 else size


# --------------------------------------------------------------------------- what stands elsewhere


def _regrouped(found: Matching, a: Net, b: Net) -> list[tuple[Part, Part]]:
    """Layers and blocks that stand in another stage, and in the same place: the layers are filed, the pairs
    of blocks returned. What was removed and added loses them.
    """
    pairs = regrouped(found.removed, found.added, found.layers, (a, b))
    if pairs:
        found.removed = _taken_out(found.removed, {x.key for x, _ in pairs}, found.dissolved)
        found.added = _taken_out(found.added, {y.key for _, y in pairs}, found.wrapped)
        found.layers += [(x, y) for x, y in pairs if x.layer is not None]
    return [(x, y) for x, y in pairs if x.layer is None]


def _elsewhere(found: Matching, a: Net, b: Net) -> list[tuple[Part, Part]]:
    """Blocks that left one region and came to another, as when a stage is divided: pairs of those that hold
    the same, if they are most of what is left of the smaller side. What was removed and added loses them.
    """
    gone, new = _blocks(found.removed, a), _blocks(found.added, b)
    if not (gone and new):
        return []
    places: dict[int, list[Part]] = {}
    for part in reversed(new):
        places.setdefault(part.form, []).append(part)
    pairs = [(part, places[part.form].pop()) for part in gone if places.get(part.form)]
    few = min(sum(part.weight for row in rows for part in row) for rows in (found.removed, found.added))
    if sum(x.weight for x, _ in pairs) < _ENOUGH * few:
        return []
    found.removed = _taken_out(found.removed, {x.key for x, _ in pairs}, found.dissolved)
    found.added = _taken_out(found.added, {y.key for _, y in pairs}, found.wrapped)
    return pairs


def _blocks(rows: Sequence[Row], net: Net) -> list[Part]:
    """The regions in these rows, those in a stage in its place, in program order."""
    order = {key: at for at, key in enumerate(net.parts)}
    inside = [each for row in rows for part in row for each in in_stage(part) if _can_move(each)]
    return sorted(inside, key=lambda part: order[next(part.leaves()).key])


def _taken_out(rows: Sequence[Row], keys: set[str], opened: list[Part]) -> list[Row]:
    """The rows without these parts; stages that held one are opened."""
    kept: list[Row] = []
    for row in rows:
        flat: Row = ()
        for part in row:
            inside = in_stage(part)
            holds = any(each.key in keys for each in inside)
            if holds and part.kind == "stage":
                opened.append(part)
            flat += inside if holds else (part,)
        rest: list[Row] = [flat]
        for part in flat:
            if part.key in keys:
                rest = _without(rest, part)
        kept += [piece for each in rest for piece in _pieces(each)]
    return kept
