"""Changes that are alike, taken together: `relu → gelu ×49`, `conv4: 6 → 23 Bottleneck`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ogive.layers.base import Size
from ogive.report.difference.changes import AROUND, Argument, Change, Difference, Item, Kind
from ogive.report.difference.tree import Part
from ogive.report.difference.words import layer_arguments, layer_text, part_text

_MOST_VALUES, _MANY = 4, 8
_NUMBER = re.compile(r"\d+")
_NOUNS = {"stage": "stage", "aux": "auxiliary head"}
"""What parts are together that each have a name of their own."""


@dataclass(frozen=True, slots=True)
class Group:
    """Changes that are alike.

    Attributes:
        kind: what happened.
        subject: to what, or what: `relu → gelu`, `conv`, `conv4`.
        detail: more about it: `out_channels 64 → 128`, `6 → 23 Bottleneck`.
        changes: each of them.
        told: whether the words say how many they are.
    """

    kind: Kind
    subject: str
    detail: str
    changes: tuple[Change, ...]
    told: bool = False

    @property
    def title(self) -> str:
        """`relu → gelu ×49`, `conv4: 6 → 23 Bottleneck`."""
        times = f" ×{self.count}" if self.count > 1 and not self.told else ""
        return f"{self.subject}{times}{f': {self.detail}' if self.detail else ''}"

    @property
    def count(self) -> int:
        """How many."""
        return len(self.changes)

    @property
    def params(self) -> int:
        """How many parameters they add."""
        return sum(change.params for change in self.changes)

    @property
    def macs(self) -> Size:
        """How many multiply-accumulates they add."""
        return sum(change.macs for change in self.changes)


def rolled(difference: Difference) -> tuple[Group, ...]:
    """The groups, in the order of their first changes."""
    rows: dict[Hashable, list[Change]] = {}
    siblings = _Siblings(difference)
    for change in difference.changes:
        rows.setdefault((change.kind, *siblings.key(change)), []).append(change)
    return tuple(siblings.group(changes) for changes in rows.values())


class _Siblings:
    """How many of a kind of part stand in each region of both nets."""

    def __init__(self, difference: Difference) -> None:
        self.nets = difference.nets
        self.names = difference.a, difference.b
        self.around: list[dict[str, Part]] = [net.parents() for net in difference.nets]
        self.other = [
            {x.key: y for x, y in difference.correspondence.regions},
            {y.key: x for x, y in difference.correspondence.regions},
        ]

    # ------------------------------------------------------------------ what is alike

    def key(self, change: Change) -> tuple[Hashable, ...]:
        """Equal for changes that are told together."""
        item = change.item
        match change.kind:
            case "added" | "removed":
                counted = self.counted(change)
                return _NOUNS.get(item.kind, item.word), counted is not None
            case "changed":
                return _words(change), tuple(argument.name for argument in change.arguments)
            case "replaced" | "moved":
                return (_words(change),)
            case "renamed":
                return tuple(_NUMBER.sub("#", _named(each)) for each in (change.a, change.b))
            case "rewired":
                takes = change.arguments[0]
                return takes.name, *(_NUMBER.sub("#", text) for text in (_local(item), takes.a, takes.b))
            case "regrouped":
                return _NOUNS.get(item.kind, item.word), change.b is None
            case "renumbered" | "follows":
                return ()

    def counted(self, change: Change) -> tuple[Part, Part, int, int] | None:
        """The region in A and in B that holds more or fewer of the same, and how many each holds."""
        if change.kind not in {"added", "removed"} or change.item.kind not in {"block", "iteration"}:
            return None
        side = int(change.b is not None)
        around = self.around[side].get(change.item.key)
        other = self.other[side].get(around.key) if around is not None else None
        if around is None or other is None:
            return None
        a, b = (other, around) if side else (around, other)
        before, after = (sum(_word(c) == change.item.word for c in part.children) for part in (a, b))
        return (a, b, before, after) if before and after else None

    # ------------------------------------------------------------------ words

    def group(self, changes: Sequence[Change]) -> Group:
        """What happened, in words."""
        first, every = changes[0], tuple(changes)
        match first.kind:
            case "added" | "removed":
                if self.counted(first):
                    return self.grown(every)
                if first.item.word == AROUND:
                    detail = f"{self.inside(every)}; the layers in {'them' if every[1:] else 'it'} stay"
                    return Group(first.kind, "residual", detail, every)
                text = self.merged([change.item for change in changes], side=int(first.b is not None))
                return Group(first.kind, text, "", every)
            case "changed" if first.a and first.b and first.a.word == first.b.word:
                return Group(first.kind, self.subject(changes), ", ".join(_arguments(changes)), every)
            case "changed" | "replaced":
                sides = ([change.a for change in changes], [change.b for change in changes])
                texts = (self.merged([i for i in items if i], side) for side, items in enumerate(sides))
                return Group(first.kind, " → ".join(texts), "", every)
            case "renamed":
                return Group(
                    first.kind, _examples(changes), "", every, told=len(set(map(_pair, changes))) > 1
                )
            case "rewired":
                return Group(first.kind, _local(first.item), self.takes(first.arguments[0]), every)
            case "moved":
                return Group(first.kind, first.item.word, "in another order", every)
            case "regrouped":
                return Group(first.kind, _regrouped(every), "", every, told=True)
            case "renumbered":
                return Group(first.kind, "other numbers in names", _examples(changes), every)
            case "follows":
                return Group(first.kind, "other shapes or parameters, as a consequence", "", every)

    def inside(self, changes: Sequence[Change]) -> str:
        """What makes residuals of layers: `add ×8, shortcut conv -> bn ×3`."""
        told: dict[str, str] = {}
        for change in changes:
            side = int(change.b is not None)
            for key in change.item.layers:
                part = self.nets[side].parts[key]
                while (around := self.around[side][part.key]).kind != "residual":
                    part = around
                told[part.key] = _word(part)
        counts = Counter(told.values())
        return ", ".join(f"{word} ×{count}" if count > 1 else word for word, count in counts.items())

    def takes(self, takes: Argument) -> str:
        """What is other about what a layer takes."""
        if takes.name == "order":
            return f"takes the same layers in another order{f': {takes.b}' if takes.a != takes.b else ''}"
        if not takes.b:
            return f"no longer takes {takes.a}"
        if takes.a == takes.b:  # other layers, of the same names
            first, second = self.names
            return f"takes {takes.b} of {second} instead of {takes.a} of {first}, another layer"
        return f"takes {takes.b} {f'instead of {takes.a}' if takes.a else 'too'}"

    def grown(self, changes: tuple[Change, ...]) -> Group:
        """`conv4: 6 → 23 Bottleneck`; of several regions `Basic: conv2 2 → 3, conv3 2 → 4`."""
        rows: dict[str, tuple[int, int]] = {}
        for change in changes:
            if counted := self.counted(change):
                a, b, before, after = counted
                rows[" → ".join(dict.fromkeys(part.path or "the net" for part in (a, b)))] = before, after
        first, word = changes[0], changes[0].item.word
        if len(rows) == 1:
            ((where, (before, after)),) = rows.items()
            return Group(first.kind, where, f"{before} → {after} {_many(word, after)}", changes, told=True)
        told = [f"{where} {before} → {after}" for where, (before, after) in rows.items()]
        more = f", …, {len(told)} in all" if len(told) > _MANY else ""
        return Group(first.kind, word, ", ".join(told[:_MANY]) + more, changes)

    def subject(self, changes: Sequence[Change]) -> str:
        """`3×3 conv`, where all of them are; else `conv`."""
        parts = [self.nets[1].parts.get(change.item.key) for change in changes]
        parts += [self.nets[0].parts.get(change.a.key) for change in changes if change.a]
        shorts = {part.short if part else "" for part in parts}
        word = changes[0].item.word
        short = shorts.pop() if len(shorts) == 1 else ""
        return short if short.endswith(f" {word}") else word

    def merged(self, items: Sequence[Item], side: int) -> str:
        """One text for all: arguments that differ are left open."""
        texts = list(dict.fromkeys(item.what for item in items))
        if len(texts) == 1:
            return texts[0]
        if all(item.kind in _NOUNS for item in items):
            return _NOUNS[items[0].kind]
        rows = [[self.nets[side].parts[key] for key in item.layers] for item in items]
        if any(item.kind not in {"layer", "layers"} for item in items) or len({len(row) for row in rows}) > 1:
            return items[0].word
        if len(rows[0]) > _MOST_VALUES:
            return items[0].word
        return " -> ".join(_common_text(column) for column in zip(*rows, strict=True))


def _regrouped(changes: Sequence[Change]) -> str:
    """`Bottleneck ×16 are new, around layers that stay`."""
    items = [change.item for change in changes]
    many, gone = len(items) > 1, changes[0].b is None
    subject = f"{_NOUNS.get(items[0].kind, items[0].word)} ×{len(items)}" if many else items[0].what
    what = f"gone, and {'their' if many else 'its'} layers stay" if gone else "new, around layers that stay"
    return f"{subject} {'are' if many else 'is'} {what}"


def _common_text(parts: Sequence[Part]) -> str:
    """A layer with the arguments that all have alike; `…` for those that differ."""
    layers = [part.layer for part in parts if part.layer is not None]
    given = [layer_arguments(layer) for layer in layers]
    names = dict.fromkeys(name for each in given for name in each)
    shown: dict[str, str] = {}
    for name in names:
        values = {each.get(name) for each in given}
        shown[name] = next(iter(values)) or "…" if len(values) == 1 else "…"
    return layer_text(layers[0], shown)


def _arguments(changes: Sequence[Change]) -> Iterable[str]:
    """`out_channels 64 → 128`; of several values what they have in common: `out_channels ×2`."""
    for column in zip(*(change.arguments for change in changes), strict=True):
        pairs = list(dict.fromkeys((each.a, each.b) for each in column))
        shown = ", ".join(f"{a} → {b}" for a, b in pairs[:_MOST_VALUES])
        more = f", …, {len(pairs)} in all" if len(pairs) > _MOST_VALUES else ""
        ratio = _ratio(column)
        if len(pairs) == 1:
            yield f"{column[0].name} {shown}"
        elif ratio is not None:
            yield f"{column[0].name} ×{ratio} ({shown}{more})"
        else:
            yield f"{column[0].name} ({shown}{more})"


def argument_text(argument: Argument) -> str:
    """`bias true → false`, `takes x instead of y`."""
    if argument.name == "takes":
        return f"takes {argument.b}" if argument.b else f"no longer takes {argument.a}"
    return f"{argument.name} {argument.a} → {argument.b}"


def _ratio(column: Sequence[Argument]) -> str | None:
    """What all numbers are multiplied with, if it is the same."""
    if not all(each.a.isdecimal() and each.b.isdecimal() and int(each.a) for each in column):
        return None
    ratios = {Fraction(int(each.b), int(each.a)) for each in column}
    if len(ratios) > 1:
        return None
    ratio = ratios.pop()
    return str(ratio.numerator) if ratio.denominator == 1 else f"{ratio.numerator}/{ratio.denominator}"


def _examples(changes: Sequence[Change]) -> str:
    """`bn2 → bn3, bn4 → bn5, …`."""
    pairs = list(dict.fromkeys(map(_pair, changes)))
    return ", ".join(pairs[:_MOST_VALUES]) + (", …" if len(pairs) > _MOST_VALUES else "")


def _pair(change: Change) -> str:
    ends = (change.a, change.b)
    if change.kind == "renumbered":
        return " → ".join(_local(each) for each in ends if each)
    return " → ".join(_named(each) for each in ends)


def _words(change: Change) -> tuple[str, ...]:
    return tuple(each.word for each in (change.a, change.b) if each)


def _named(item: Item | None) -> str:
    """What a part is called by those who wrote it: a block by its definition."""
    if item is None:
        return ""
    return item.what if item.kind in {"block", "output", "stage"} else _local(item)


def _local(item: Item) -> str:
    return item.path.removeprefix(f"{item.parent}.") or item.what


def _many(word: str, count: int) -> str:
    return f"{word}s" if word == "layer" and count != 1 else word


def _word(part: Part) -> str:
    return part_text(part, full=False)
