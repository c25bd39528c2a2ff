"""What the boxes of a difference say: `~ 3×3 conv, 64 → 128`, `− BN`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ogive.backends.draw.fold.folding import folded_text
from ogive.backends.draw.fold.picture import Text
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import clip
from ogive.backends.draw.styles.difference_pieces import SIGNS, Piece, Status
from ogive.report.difference import Argument
from ogive.report.difference.roll import argument_text
from ogive.report.difference.tree import Part
from ogive.report.difference.words import part_text

_LONGEST = 60
_DIGITS = r"\d+(?:\.\d+)?(?:e[-+]?\d+)?"
_WINDOW = r"(?:\w+ )*(?:conv|pool)"
_NUMBER = re.compile(rf"(?<![\d.])(?<!\d×){_DIGITS}(?![\d.])(?!×\d)(?! {_WINDOW})(?! → {_DIGITS} {_WINDOW})")
"""What layers that look alike may differ in: channels, counts, rates; no kernel (`3×3 conv`, `3 conv`)."""
_STRIDE = re.compile(r", /[#\d]+")


def layer_words(piece: Piece) -> Text:
    """A layer that was added, removed or changed."""
    sign = SIGNS[status_of(piece)]
    now = _label(piece.part)
    if not piece.before:
        return Text(clip(sign + now, _LONGEST))
    old = " · ".join(_label(part) for part in piece.before)
    title = now if old == now else _between(old, now, explained=bool(piece.arguments))
    rest = [each for each in piece.arguments if f"{_drawn(each.a)} → {_drawn(each.b)}" not in title]
    return Text(clip(sign + title, _LONGEST), after=clip(_arguments(rest), _LONGEST))


def with_followers(piece: Piece, behind: Sequence[Piece]) -> Text:
    """A changed layer, and in its second line its channels, and the norms and activations behind it:
    `96 → 64, + BN · ReLU`. `others` of its arguments are for the title of the definition.
    """
    words = layer_words(piece)
    title, _, sizes = words.title.partition(", ")
    carried = " · ".join(
        f"{SIGNS[each.status]}{each.part.look.short if each.part.look else each.part.word}" for each in behind
    )
    return replace(words, title=title, after=clip(", ".join(filter(None, (sizes, carried))), _LONGEST))


def others(piece: Piece) -> list[str]:
    """The names of the arguments of a changed layer that its title does not show."""
    words = layer_words(piece)
    told = [each for each in piece.arguments if f"{_drawn(each.a)} → {_drawn(each.b)}" not in words.title]
    return [each.name for each in told] if words.after else []


def said(piece: Piece) -> bool:
    """Whether one phrase says all that is other in a region: `ReLU → GELU ×3`."""
    others = [leaf for leaf in piece.leaves() if leaf.status != "same"]
    texts = {layer_words(each) for each in others}
    regions = (part.status != "same" or part.arguments for part in (piece, *_regions(piece)))
    return len(texts) == 1 and not texts.pop().after and not any(regions)


def _drawn(value: str) -> str:
    """A value as drawings have it: `3×3`."""
    return value.replace("x", "×")


def _label(part: Part) -> str:
    """What a drawing calls it: `3×3 conv, 64`."""
    return part.look.label if part.look else part_text(part, full=False)


def _between(old: str, now: str, *, explained: bool) -> str:
    """`3×3 conv, 64 → 128, /2`: what two labels share is said once; else one after the other.

    Args:
        old, now: the labels.
        explained: whether what only one of them has is said elsewhere.
    """
    first, second = old.split(", "), now.split(", ")
    kernel, _, word = first[0].rpartition(" ")
    other, _, same = second[0].rpartition(" ")
    if word != same or bool(kernel) != bool(other):
        return f"{old} → {now}"
    words = [second[0] if kernel == other else f"{kernel} → {other} {same}"]
    rest = second[1:]
    if len(first) > 1 and rest and first[1].isdecimal() and rest[0].isdecimal():
        words.append(rest[0] if first[1] == rest[0] else f"{first[1]} → {rest[0]}")
        rest = rest[1:]
    return ", ".join((*words, *(each for each in rest if each in first or not explained)))


def _arguments(arguments: Sequence[Argument]) -> str:
    return ", ".join(argument_text(each) for each in arguments)


def region_words(piece: Piece, structures: Sequence[Structure]) -> tuple[Text, str, int]:
    """A region in one box, what of it is its name, and how often what it names stands in it.

    A region that stands in the place of another says both; one in which something is other says how much.
    """
    region = piece.part.region
    assert region is not None
    structure = structures[piece.side]
    text, name, badge = folded_text(structure, structure.graph.regions[region.id])
    if (
        piece.part.kind == "iteration" and piece.part.name
    ):  # of a dense block: all of them but in the channels alike
        text, name = replace(text, title=part_text(piece.part)), part_text(piece.part)
    sign = SIGNS[status_of(piece)]
    if piece.was is not None and piece.name != piece.named(piece.was):
        text = replace(text, title=text.title.replace(name, f"{piece.named(piece.was)} → {name}", 1))
    if piece.before and not piece.arguments:
        old = " · ".join(part_text(part, full=False) for part in piece.before)
        return Text(clip(f"{sign}{old} → {text.title}", _LONGEST), after=text.after), name, badge
    after = text.after
    if piece.status == "same" and piece.touched():
        after = grown(piece) or told(piece)
    if piece.arguments:
        after = ", ".join(filter(None, (_arguments(piece.arguments), told(piece))))
    return Text(clip(sign + text.title, _LONGEST), text.before, clip(after, _LONGEST), ()), name, badge


def status_of(piece: Piece) -> Status:
    """What a box is painted as that stands for all of it."""
    if piece.status != "same":
        return piece.status
    if piece.touched():
        return "changed"
    return "sized" if piece.sized() else "same"


def told(piece: Piece) -> str:
    """What is other in a region: `ReLU → GELU ×3`; of several things how many layers: `3 changed, 1 added`.
    Nothing of a region that is new, or gone, itself.
    """
    if piece.status in {"added", "removed"}:
        return ""
    others = [leaf for leaf in piece.leaves() if leaf.status != "same"]
    others += [part for part in _regions(piece) if part.status == "changed"]
    words = Counter(layer_words(each).title.removeprefix("~ ") for each in others if each.layer)
    if len(words) == 1 and all(each.layer for each in others):
        ((word, count),) = words.items()
        return f"{word} ×{count}" if count > 1 else word
    counts = Counter(each.status for each in others)
    names: tuple[Status, ...] = ("added", "removed", "changed")
    settings = dict.fromkeys(
        _arguments(each.arguments) for each in others if not each.layer and each.arguments
    )
    counts["changed"] -= sum(1 for each in others if not each.layer and each.arguments)
    return ", ".join((*settings, *(f"{counts[name]} {name}" for name in names if counts[name])))


def grown(piece: Piece) -> str:
    """`6 → 23 Bottleneck`: of what a region holds more or less than before."""
    if piece.was is None:
        return ""
    before, after = (
        Counter(part_text(part, full=False) for part in region.children if part.layer is None)
        for region in (piece.was, piece.part)
    )
    words = (word for word in after if before[word] not in {0, after[word]})
    told = [f"{before[word]} → {after[word]} {word}{'s' * (word == 'layer')}" for word in words]
    return ", ".join(told[:1])


def _regions(piece: Piece) -> list[Piece]:
    found: list[Piece] = []
    todo = list(piece.children)
    while todo:
        each = todo.pop()
        if not each.layer:
            found.append(each)
            todo += each.children
    return found


def masked(text: Text) -> tuple[str, ...]:
    """What two texts share that differ in numbers only, those of kernels aside, or in having a stride."""
    return tuple(_STRIDE.sub("", _NUMBER.sub("#", line)) for line in (text.title, text.before, text.after))


def ranged(texts: Sequence[Text]) -> Text:
    """One text for several that differ in numbers only: the least and the greatest of every number."""
    columns = (
        [text.title for text in texts],
        [text.before for text in texts],
        [text.after for text in texts],
    )
    title, before, after = map(_ranged, columns)
    return Text(title, before, after, texts[0].label)


def _ranged(lines: Sequence[str]) -> str:
    if len(set(lines)) == 1:
        return lines[0]
    if len({_NUMBER.sub("#", line) for line in lines}) > 1:
        lines = _with_strides(lines)
    if len({_NUMBER.sub("#", line) for line in lines}) > 1:
        return _STRIDE.sub("", lines[0])
    columns = [sorted(c, key=float) for c in zip(*(_NUMBER.findall(line) for line in lines), strict=True)]
    spans = iter([c[0] if float(c[0]) == float(c[-1]) else f"{c[0]}–{c[-1]}" for c in columns])
    return _NUMBER.sub(lambda _: next(spans), lines[0])


def _with_strides(lines: Sequence[str]) -> Sequence[str]:
    """A stride of 1 is not printed; beside others it must be."""
    rows = [line.split(", ") for line in lines]
    at = next((i for row in rows for i, word in enumerate(row) if word.startswith("/")), None)
    if at is None:
        return lines
    said = [len(row) > at and row[at].startswith("/") for row in rows]
    return [
        ", ".join(row if has else [*row[:at], "/1", *row[at:]]) for row, has in zip(rows, said, strict=True)
    ]
