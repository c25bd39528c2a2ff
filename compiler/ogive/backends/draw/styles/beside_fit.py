"""How much of several nets a space can show side by side: the detail, the size of type, the words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.fitting.space import PAD
from ogive.backends.draw.fold.text import clip
from ogive.backends.draw.scene import Line, line
from ogive.backends.draw.styles.beside_column import Column, column, shortened
from ogive.backends.draw.styles.beside_parts import REPEATED, Detail, Part
from ogive.backends.draw.styles.beside_place import Plan, plan
from ogive.backends.draw.styles.beside_rows import rows, stretches
from ogive.backends.draw.styles.beside_type import NARROWEST, SIZES, Type, wrapped
from ogive.backends.draw.subject import Subject
from ogive.diagnostics import ArchError, Diagnostic
from ogive.report import counts
from ogive.report.units import short

_DETAILS = (
    (Detail(), ""),
    (Detail(rolled=True), "what repeats is drawn once, with ×N"),
    (
        Detail(rolled=True, blocks=True),
        "every use of a block is one box, and what repeats is drawn once, with ×N",
    ),
    (Detail(rolled=True, blocks=True, stages=True), "every stage is one box"),
)
_WIDEST = NARROWEST + 20 * 4.0
"""Points of text in a box, where text is first cut."""
_LONGEST = 28
"""Letters of what is said of a net's work."""
_MOST_NODES = 4000
"""A net of more is not tried without rolling its repeats: no page holds it."""


@dataclass(frozen=True)
class Found:
    """A plan that fits, and how it came to."""

    plan: Plan
    cut: bool
    columns: tuple[Column, ...]
    words: str
    heads: Sequence[Head]
    left: tuple[int, ...]
    unsaid: str = ""

    def notes(self) -> tuple[str, ...]:
        """What a user should know of it."""
        notes = [f"{self.words}, for all layers do not fit at {look.LEAST_TYPE:g} pt"] if self.words else []
        for head, left in zip(self.heads, self.left, strict=True):
            if left:
                notes.append(
                    f"{left} boxes of {head.name} are left out: its stages are too long for the space"
                )
        if self.cut:
            notes.append("some text is cut, for the nets are wider than the space at 6 pt")
        for head, drawn in zip(self.heads, self.columns, strict=True):
            if drawn.left_out:
                verb = "is" if list(drawn.left_out) == ["the auxiliary head"] else "are"
                notes.append(f"{head.name}: {' and '.join(drawn.left_out)} {verb} not drawn")
            if drawn.passed:
                told = "a layer of its own" if len(drawn.passed) > 1 else "".join(drawn.passed)
                notes.append(f"{head.name}: each grey arc passes {told}")
            notes += [f"{head.name}: {each}" for each in drawn.told]
        if self.unsaid:
            notes.append(f"boxes say nothing of {self.unsaid}, for there is no room: their colours do")
        return tuple(notes)


def fitted(
    subjects: Sequence[Subject], colours: Colours, room: tuple[float, float], key: float = 0.0
) -> Found:
    """The most open plan that fits, in the largest type that does.

    Args:
        subjects: the nets.
        colours: what paints; where it measures, boxes say how much they have, if there is room.
        room: points that the drawing may be wide and high.
        key: points that stand below it.

    Raises:
        ArchError: E589.
    """
    heads = [Head.of(subject) for subject in subjects]
    columns: tuple[Column, ...] = ()
    words, unsaid = "", colours.measure.title if colours.measure else ""
    for detail, words in _details(subjects):
        columns = tuple(column(s.structure, detail) for s in subjects)
        if colours.measure is not None:  # what colours tell goes before any text is cut
            told = tuple(_valued(c, colours.on(s)) for c, s in zip(columns, subjects, strict=True))
            found = _in_type(heads, told, room)
            if found is not None and not found[1]:
                return Found(*found, told, words, heads, (0,) * len(columns))
        found = _in_type(heads, columns, room)
        if found is not None:
            return Found(*found, columns, words, heads, (0,) * len(columns), unsaid)
    best: Found | None = None
    low, high = 1, max(len(drawn.boxes) for drawn in columns)
    while low <= high:  # the more of each stretch is kept, the taller the drawing
        most = (low + high) // 2
        kept, left = _shortened(columns, most)
        found = _in_type(heads, kept, room)
        if found is None:
            high = most - 1
        else:
            best, low = Found(*found, kept, words, heads, left, unsaid), most + 1
    if best is None:
        raise _too_small(heads, _shortened(columns, 1)[0], room, key)
    return best


def _details(subjects: Sequence[Subject]) -> Iterator[tuple[Detail, str]]:
    """What is tried, from the most open, with what is said of it; without what would change nothing."""
    kinds = {region.kind for subject in subjects for region in subject.graph.regions.values()}
    for detail, words in _DETAILS:
        large = not detail.rolled and any(len(subject.graph) > _MOST_NODES for subject in subjects)
        idle = (detail.stages and "stage" not in kinds) or (detail.blocks and not kinds & REPEATED)
        if not large and not idle:
            yield detail, words


def _valued(drawn: Column, colours: Colours) -> Column:
    """The column whose boxes say how much they have of what colours measure."""
    if colours.measure is None:
        return drawn
    boxes: list[Part] = []
    for part in drawn.boxes:
        value = colours.value_text(part.nodes) if part.kind not in {"input", "output"} else ""
        text = part.after if part.folded else part.title
        text = " · ".join(filter(None, (text, value)))
        boxes.append(replace(part, after=text) if part.folded else replace(part, title=text))
    return replace(drawn, boxes=tuple(boxes))


def _shortened(columns: Sequence[Column], most: int) -> tuple[tuple[Column, ...], tuple[int, ...]]:
    """The columns with stretches of at most so many boxes, and how many each has lost."""
    kept: list[Column] = []
    for drawn in columns:
        spans = [(stretch.first, stretch.last) for stretch in stretches(drawn)]
        kept.append(shortened(drawn, spans, most))
    lost = (sum(p.region == 0 for p in short_.boxes) - sum(p.region == 0 for p in drawn.boxes)
            for drawn, short_ in zip(columns, kept, strict=True))  # fmt: skip
    left = (len(drawn.boxes) - len(short_.boxes) + boxes
            for drawn, short_, boxes in zip(columns, kept, lost, strict=True))  # fmt: skip
    return tuple(kept), tuple(left)


def _in_type(
    heads: Sequence[Head], columns: Sequence[Column], room: tuple[float, float]
) -> tuple[Plan, bool] | None:
    """The plan in the largest type that fits, and whether text was cut for it; None where nothing fits."""
    aligned = rows(columns)

    def attempt(type_: Type, even: bool) -> Plan:
        return plan(columns, aligned, [head.lines(type_) for head in heads], type_, even)

    least = (
        attempt(Type(SIZES[-1], second=False, tight=True, room=width), False) for width in (None, _WIDEST)
    )
    if all(found.height > room[1] for found in least):
        return None
    for type_, even in _types():
        found = attempt(type_, even)
        if found.width <= room[0] and found.height <= room[1]:
            return found, type_.room is not None
    return None


def _types() -> Iterator[tuple[Type, bool]]:
    """What is tried, in the order in which it is wanted, and whether all boxes are equally wide."""
    for second, terse in product((True, False), (False, True)):
        for size, tight, even in product(SIZES, (False, True), (True, False)):
            if tight or not terse:
                yield Type(size, second, tight, terse), even
    room = _WIDEST
    while room >= NARROWEST:
        for second in (True, False):
            yield Type(SIZES[-1], second, tight=True, terse=True, room=room), False
        room -= 4.0


@dataclass(frozen=True)
class Head:
    """What stands above a column: its name, and what it costs."""

    name: str
    told: tuple[str, ...]

    @classmethod
    def of(cls, subject: Subject) -> Head:
        """Of a net."""
        params, macs = counts.params(subject.unrolled), counts.macs(subject.unrolled)
        macs_text = short(macs).replace(" * ", "·")
        return cls(clip(subject.name), (f"{short(params)} params", clip(f"{macs_text} MACs", _LONGEST)))

    def lines(self, type_: Type) -> tuple[Line, ...]:
        """Its lines."""
        size = type_.size + 0.5
        told = self.told if type_.tight else (", ".join(self.told),)
        names = [self.name]
        if type_.room is not None:  # nets are told apart by their names: these are not cut
            told, names = (), wrapped(self.name, size, type_.room + 2 * type_.sides)
        return (
            *(line(name, size, bold=True) for name in names),
            *(line(text, type_.small, ink=look.INK_FADED) for text in told),
        )


def _too_small(
    heads: Sequence[Head], columns: Sequence[Column], room: tuple[float, float], key: float
) -> ArchError:
    """The diagnostic, with the space that would do: that of the drawing and of the key below it."""
    type_ = Type(SIZES[-1], second=False, tight=True, terse=True, room=NARROWEST)
    least = plan(columns, rows(columns), [head.lines(type_) for head in heads], type_, False)
    lengths = (least.width, least.height + key)
    needed = " × ".join(f"{math.ceil((length + 2 * PAD) / 7.2) / 10:.1f}" for length in lengths)
    room = (max(least.width, look.PAGE[0] * 72 - 2 * PAD) if math.isinf(room[0]) else room[0], room[1] + key)
    given = " × ".join(f"{(length + 2 * PAD) / 72:.3g}" for length in room)
    names = ", ".join(head.name for head in heads[:6]) + (", …" if len(heads) > 6 else "")
    several = len(heads) > 1
    what = f"{len(heads)} nets side by side need" if several else f"{names} needs"
    at = f"at {look.LEAST_TYPE:g} pt{', its key included' * (key > 0)}"
    message = f"{what} at least {needed} inches {at}, and {given} inches are given"
    notes = (("note", f"they are {names}"),) if several else ()
    fewer = "draw fewer nets, or " if least.width > room[0] and several else ""
    help_ = f"{fewer}give more space: `--fit {needed.replace(' × ', 'x')}in`"
    return ArchError([Diagnostic("E589", message, (), notes, help_)])
