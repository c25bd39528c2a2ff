"""A picture whose boxes are less wide: what they say stands in more lines, each as short as it reads well.

It is for what is wide because many branches stand side by side, as in an Inception module, where less space
between its boxes is not enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from ogive.backends.draw import measure
from ogive.backends.draw.colours import look
from ogive.backends.draw.fold.picture import Box, Cluster, Item, Picture, Text

_SHORT = 30.0
"""Points: a line that is no wider is not divided: its box has its least width anyway."""
_TITLE = 90.0
"""Points: a frame's title that is no wider is not divided."""
_JOINS = (", ", " · ", " → ")
"""After these a line ends well; else between two words."""


def narrowed(picture: Picture, kept: Collection[str] = ()) -> Picture:
    """The same picture, its lines divided where that makes its boxes and its frame less wide, all closer.

    Args:
        picture: as it is.
        kept: the ids of boxes whose lines stay as they are.
    """
    if picture.narrow:
        return picture
    items = tuple(_narrowed(item, kept) for item in picture.items)
    note = _note(picture.name, picture.note)
    return replace(picture, items=items, note=note, tight=True, narrow=True)


def _note(name: str, note: str) -> str:
    """What follows the name of a frame, or stands below it."""
    wide = measure.text_width(name, look.TYPE, bold=True) + measure.text_width(note, look.SMALL) > _TITLE
    return f"\n{note.strip()}" if note and wide else note


def _narrowed(item: Item, kept: Collection[str]) -> Item:
    if isinstance(item, Cluster):
        inside = tuple(_narrowed(each, kept) for each in item.items)
        return replace(item, items=inside, note=_note(item.name, item.note))
    if not isinstance(item, Box) or item.symbol is not None or item.definition or item.id in kept:
        return item  # what a folded box says of its inside stays together
    return replace(item, text=_divided(item.text))


def _divided(text: Text) -> Text:
    label = max((_width(line, look.SMALL) for line in text.label), default=0.0)
    title = text.title if _width(text.title, look.TYPE) <= label else divided(text.title)
    width = max(_width(title, look.TYPE), _SHORT, label)
    return replace(text, title=title, before=wrapped(text.before, width), after=wrapped(text.after, width))


def divided(line: str) -> str:
    """A title as two lines, `3×3 conv,` above `192`, divided where the longer of them is the shortest; at a
    comma, if there is one. As it was, if it is short or one word.
    """
    if _width(line, look.TYPE) <= _SHORT:
        return line
    ways = list(_joined(line)) or list(_spaced(line))
    return min(ways, key=lambda way: _width(way, look.TYPE), default=line)


def wrapped(line: str, width: float) -> str:
    """A second line as several that are no wider than that, where its words allow it."""
    lines: list[str] = []
    for word in line.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width(longer, look.SMALL) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def _joined(line: str) -> Iterator[str]:
    for join in _JOINS:
        at = line.find(join)
        while at >= 0:
            end = at + len(join)
            yield f"{line[:end].rstrip()}\n{line[end:]}"
            at = line.find(join, end)


def _spaced(line: str) -> Iterator[str]:
    words = line.split(" ")
    for cut in range(1, len(words)):
        yield f"{' '.join(words[:cut])}\n{' '.join(words[cut:])}"


def _width(text: str, size: float) -> float:
    return max(measure.text_width(line, size) for line in text.split("\n"))
