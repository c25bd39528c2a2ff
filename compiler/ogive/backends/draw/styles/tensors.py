"""Boxes are tensors, arrows are operations, as figure 1 of the U-Net paper has it (Ronneberger et al. 2015).

The height of a box tells how many places its map has along a side, its width how many channels. Where
resolution falls and rises again, its levels stand below one another, unless arrows would cross boxes; any
other net runs from left to right. How far blocks are folded, and repeats counted, depends on the room; in the
end the middle is left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.look import LEAST_TYPE, PAGE
from ogive.backends.draw.fitting.space import PAD
from ogive.backends.draw.fold.text import clip
from ogive.backends.draw.scene import Scene
from ogive.backends.draw.styles.tensors_boxes import LABEL, Body, bodies
from ogive.backends.draw.styles.tensors_chain import Chain, Tensor, rolled
from ogive.backends.draw.styles.tensors_figure import crossed, figure
from ogive.backends.draw.styles.tensors_folding import DEGREES, flow
from ogive.backends.draw.styles.tensors_gathered import shortened
from ogive.backends.draw.styles.tensors_place import Placing
from ogive.backends.draw.styles.tensors_plan import Plan, in_levels, in_rows, levels, turns_up
from ogive.backends.draw.styles.tensors_row import chain
from ogive.backends.draw.subject import Subject
from ogive.diagnostics import ArchError, Diagnostic

MOST = 60
"""More tensors than these are not read, and not drawn."""
_MOST_LABELS = 12
"""Operations are written at their arrows where there are no more arrows than these."""
_HEIGHTS = (88.0, 66.0, 48.0)
"""Points: the tallest map; lower ones where the room is low."""
_THICK, _THIN = (1.0, 0.72), 0.5
"""How thick maps are, for their channels: thinner ones before anything is folded, and the thinnest in a U."""
_WRAP_MARGIN = 24.0
_ROWS = (2, 3, 4)
"""As few as there is room for."""
_UNEVEN = 3
"""Where the middle is left out, the longest row holds at most so many times the boxes of the shortest."""
_LOOSE = LABEL / LEAST_TYPE
"""How much larger than its room a figure may be whose type is not under 6 pt there."""

Room = tuple[float, float]
Way = Callable[[Sequence[Body]], Plan | None]
"""From boxes to a plan; None: it cannot be made."""


def scene(subject: Subject, colours: Colours, *, fit: Room | None = None) -> Scene:
    """A net as a figure of tensors.

    Args:
        subject: the net.
        colours: what paints it.
        fit: points that it may be wide and high where its type is 6 pt; a page unless given.

    Returns:
        As much of the net as there is room for. Its type is at least 6 pt when it is shrunk to `fit`, unless
        that is too narrow even for the whole net in a few boxes.

    Raises:
        ArchError: E590, it has too many tensors, however it is folded.
    """
    return drawn(subject, colours, fit=fit)[0]


def drawn(subject: Subject, colours: Colours, *, fit: Room | None = None) -> tuple[Scene, tuple[str, ...]]:
    """The `scene`, and what a user should know of it."""
    width, height = fit or (PAGE[0] * 72 - 2 * PAD, PAGE[1] * 72 - 2 * PAD)
    room = (width * _LOOSE, height * _LOOSE)
    best: tuple[float, Plan] | None = None
    last: Chain | None = None
    fewest = 0
    for found, ways in _ways(subject, room[0]):
        count = len(found.tensors)
        fewest = min(fewest, count) if fewest else count
        if count > MOST:
            continue
        last = found
        for way in ways:
            for plan, made in _tried(subject, found, way, room):
                if made.width <= room[0] and made.height <= room[1]:
                    return figure(subject, plan, colours, width), notes(subject)
                if best is None or made.width <= best[0]:
                    best = made.width, plan
    if best is None or last is None:
        raise ArchError([_too_many(subject, fewest)])
    for forms in shortened(last):
        if plan := _longest(subject, forms, room):
            told = f"{subject.name}: {_left_out(plan.chain)}"
            return figure(subject, plan, colours, width), (*notes(subject), told)
    made = figure(subject, best[1], colours, width)
    needed = "x".join(
        f"{math.ceil((size / _LOOSE + 2 * PAD) / 7.2) / 10:g}" for size in (made.width, made.height)
    )
    return made, (*notes(subject), f"`--fit {needed}in` has room for it at {LEAST_TYPE:g} pt")


def _longest(subject: Subject, forms: Sequence[Chain], room: Room) -> Plan | None:
    """The plan of the first form that there is room for; they become ever shorter."""
    best: Plan | None = None
    low, high = 0, len(forms)
    while low < high:
        middle = (low + high) // 2
        tried = _gathered(subject, forms[middle], room)
        fits = (plan for plan, made in tried if made.width <= room[0] and made.height <= room[1])
        if plan := next(fits, None):
            best, high = plan, middle
        else:
            low = middle + 1
    return best


def _gathered(subject: Subject, found: Chain, room: Room) -> Iterator[tuple[Plan, Scene]]:
    """The ways to place what is left of a net."""
    ways = [partial(in_levels, found)] if turns_up(levels(found)) else list(_in_one_row(found))
    for way in (*ways, *(partial(_in_several_rows, found, room[0], k) for k in _ROWS)):
        yield from ((plan, made) for plan, made in _tried(subject, found, way, room) if _even(plan))


def _even(plan: Plan) -> bool:
    """Whether no row holds so little that fewer boxes in fewer rows would be the better figure."""
    counts = Counter(wish.row for wish in plan.wishes[: len(plan.chain.tensors)]).values()
    return plan.by_levels or min(counts) * _UNEVEN >= max(counts)


def _left_out(found: Chain) -> str:
    """What the arrows do not say that stand for the middle of a net."""
    words = f"{found.gathered} operations are gathered in arrows that say how many they are"
    if found.lost:
        words += f", and what began or ended among them is left out: {', '.join(found.lost)}"
    return f"{words}, for there is no room for more at {LEAST_TYPE:g} pt"


def notes(subject: Subject) -> tuple[str, ...]:
    """What a figure of tensors leaves out without a trace."""
    heads = [clip(r.name or r.path) for r in subject.graph.regions.values() if r.kind == "aux"]
    if not heads:
        return ()
    several = len(heads) > 1
    words = f"auxiliary head{'s' * several} {' and '.join(heads)} {'are' if several else 'is'}"
    return (f"{subject.name}: the {words} not drawn",)


def _tried(subject: Subject, found: Chain, way: Way, room: Room) -> Iterator[tuple[Plan, Scene]]:
    """A plan with thick boxes and with thin ones, and lower where it is too high."""
    beside = [Tensor(aside.type, ()) for aside in found.asides if aside.end is not None]
    for thick in (*_THICK, *((_THIN,) if turns_up(levels(found)) else ())):
        for tallest in _HEIGHTS:
            plan = way(bodies([*found.tensors, *beside], tallest, thick))
            if plan is None:
                break
            made = figure(subject, plan, None, room[0] / _LOOSE)
            if plan.by_levels and crossed(made):  # several streams at once: arcs over one row cross nothing
                boxes = [wish.body for wish in plan.wishes]
                plan = in_rows(found, boxes, [0] * len(found.tensors), labelled=False)
                made = figure(subject, plan, None, room[0] / _LOOSE)
            yield plan, made
            if made.height <= room[1] or made.width > room[0]:
                break


def _too_many(subject: Subject, count: int) -> Diagnostic:
    return Diagnostic(
        "E590",
        f"{subject.name} has {count} tensors in a row, and at most {MOST} are drawn as boxes",
        notes=(("folded", "every block and stage is one operation already, and equal ones are counted"),),
        help="draw it in the style `overview`, or put parts of it into a `stage` each: one operation then",
    )


def _ways(subject: Subject, width: float) -> Iterator[tuple[Chain, list[Way]]]:
    """The tensors of a net and ways to place them: whole first, then ever fewer; in several rows before
    blocks lose their names.
    """
    flat: list[Chain] = []
    for found, several in _chains(subject):
        if len(found.tensors) > MOST:
            yield found, []
        elif turns_up(levels(found)):
            yield found, [partial(in_levels, found)]
        else:
            flat.append(found)
            yield found, list(_in_one_row(found))
        if several:
            yield from ((each, [partial(_in_several_rows, each, width, k)]) for k in _ROWS for each in flat)


def _in_one_row(found: Chain) -> Iterator[Way]:
    rows = [0] * len(found.tensors)
    if len(found.steps) <= _MOST_LABELS:
        yield lambda boxes: in_rows(found, boxes, rows, labelled=True)
    yield lambda boxes: in_rows(found, boxes, rows, labelled=False)


def _in_several_rows(found: Chain, width: float, count: int, boxes: Sequence[Body]) -> Plan | None:
    """So many rows, no more and no fewer, that no skip leads out of."""
    one = in_rows(found, boxes, [0] * len(found.tensors), labelled=False)
    placed = Placing(one.wishes).placed
    over = {i for skip in found.skips for i in range(skip.start + 1, skip.end + 1)}
    rows = [0]
    start = last = 0
    for i in range(1, len(found.tensors)):
        if placed[i].right - placed[start].left > width - _WRAP_MARGIN:
            if last <= start:
                return None
            rows[last:] = [rows[-1] + 1] * (i - last)
            start = last
        if i not in over:
            last = i
        rows.append(rows[-1])
    return in_rows(found, boxes, rows, labelled=False) if rows[-1] + 1 == count else None


def _chains(subject: Subject) -> Iterator[tuple[Chain, bool]]:
    """The tensors of a net, ever fewer; and whether it is time to try several rows."""
    structure, known = subject.structure, set[Chain]()
    for degree in DEGREES:
        whole = chain(structure, flow(structure, degree))
        equal = rolled(whole)
        forms = (equal, rolled(whole, alike=degree)) if degree else (whole, equal)
        for k, found in enumerate(forms):
            several = degree > 0 and k == len(forms) - 1
            if found not in known or several:
                known.add(found)
                yield found, several
