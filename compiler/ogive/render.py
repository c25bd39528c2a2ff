"""Diagnostics as people and programs read them: a picture of the source, one line, JSON.

Sources may be hostile: whatever could move a cursor or reorder text is shown as an escape, never sent.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ogive.diagnostics import Diagnostic, Fix, Label
from ogive.source import SourceFile, Span

if TYPE_CHECKING:
    from rich.text import Text

WIDTH = 100
"""Columns of source that are shown; longer lines are clipped around the span."""
_LEAD = 24
"""Columns kept before the span in a clipped line."""
_TAB = 4
_TITLE = 60
"""Characters of source that the title of a fix quotes."""

Piece = tuple[str, str]
"""A text and its role: a key of `_STYLES`, or nothing."""

_STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "message": "bold",
    "gutter": "bold blue",
    "secondary": "bold blue",
    "heading": "bold",
    "help": "bold green",
}


def render_text(diagnostic: Diagnostic) -> str:
    """The whole diagnostic with its source, as plain text that ends without a newline."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in _layout(diagnostic))


def render_rich(diagnostic: Diagnostic) -> Text:
    """The same in colour, for a terminal."""
    from rich.text import Text

    out = Text(no_wrap=True, overflow="ignore")
    for number, line in enumerate(_layout(diagnostic)):
        if number:
            out.append("\n")
        for text, role in line:
            out.append(text, style=_STYLES.get(role))
    return out


def render_line(diagnostic: Diagnostic) -> str:
    """`file:line:column: error[E201]: message`, as editors and grep want it."""
    place = f"{visible(diagnostic.span.place)}: " if diagnostic.span else ""
    return f"{place}{diagnostic.severity}[{diagnostic.code}]: {visible(diagnostic.message)}"


def to_json(diagnostic: Diagnostic) -> dict[str, object]:
    """The diagnostic as values that `json.dumps` takes, in the form of docs/check-json.md.

    Ranges are those of the Language Server Protocol: lines from 0, characters in UTF-16 units from 0, ends
    exclusive. `offsets` count characters of the text (code points) from 0. The first label is the primary.
    """
    span = diagnostic.span
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        **(_place(span) if span else {"file": None, "range": None, "offsets": None}),
        "labels": [{**_place(label.span), "text": label.text} for label in diagnostic.labels],
        "notes": [{"heading": heading, "text": text} for heading, text in diagnostic.notes],
        "help": diagnostic.help,
        "fixes": [_fix_json(diagnostic.fix)] if diagnostic.fix else [],
    }


def fix_title(fix: Fix) -> str:
    """What a fix does, for a menu: "Write `3x3` for `3 x 3`", "Insert `,`", "Remove `;`"."""
    old, new = _shortened(fix.span.text), _shortened(fix.replacement)
    if not fix.replacement:
        return f"Remove `{old}`"
    return f"Write `{new}` for `{old}`" if fix.span.text else f"Insert `{new.strip()}`"


def _shortened(text: str) -> str:
    plain = visible(text)
    return plain if len(plain) <= _TITLE else plain[: _TITLE - 1] + "…"


def _fix_json(fix: Fix) -> dict[str, object]:
    edit = {**_place(fix.span), "newText": fix.replacement}
    return {"title": fix_title(fix), "safe": fix.safe, "edits": [edit]}


def visible(text: str) -> str:
    """The text with all that a terminal might obey (escapes, newlines, overrides of direction) spelt out."""
    return "".join(_glyph(c)[0] for c in text)


def _place(span: Span) -> dict[str, object]:
    def point(offset: int) -> dict[str, int]:
        line, column = span.source.position(offset)
        before = span.source.text[offset - column + 1 : offset]
        return {"line": line - 1, "character": len(before.encode("utf-16-le", "surrogatepass")) // 2}

    return {
        "file": span.source.name,
        "range": {"start": point(span.start), "end": point(span.end)},
        "offsets": {"start": span.start, "end": span.end},
    }


def _glyph(char: str) -> tuple[str, int]:
    """What is shown for a character, and how many columns that takes."""
    if " " <= char <= "~":
        return char, 1
    category = unicodedata.category(char)
    if category in {"Mn", "Me"}:
        return char, 0
    if category[0] == "C" or category in {"Zl", "Zp"}:
        escape = char.encode("unicode_escape", "surrogatepass").decode("ascii")
        return escape, len(escape)
    return char, 2 if unicodedata.east_asian_width(char) in "WF" else 1


# --------------------------------------------------------------------------- lines of source


@dataclass(frozen=True)
class _Mark:
    """The part of a label that falls on one line, in characters of that line from 0."""

    start: int
    end: int
    text: str
    primary: bool


@dataclass(frozen=True)
class _Shown:
    """A line as it is printed, and the column on which each character begins (and one for the end).

    In a clipped line the columns are moved by `shift`, and none is beyond `end`.
    """

    text: str
    columns: Sequence[int]
    shift: int
    end: int

    def holds(self, mark: _Mark) -> bool:
        """Whether some of what is marked is seen, at least as the dots where the line is cut."""
        last = len(self.columns) - 1
        start, end = (self.columns[min(at, last)] + self.shift for at in (mark.start, mark.end))
        return start <= self.end and max(end, start + 1) > 0

    def span(self, mark: _Mark) -> tuple[int, int]:
        """The columns of a mark, at least one."""
        start, end = self._column(mark.start), self._column(mark.end)
        return start, max(end, start + 1)

    def _column(self, character: int) -> int:
        column = self.columns[min(character, len(self.columns) - 1)]
        return min(max(column + self.shift, 0), self.end)


@lru_cache(maxsize=4)  # hundreds of mistakes may stand on one endless line
def _glyphs(line: str) -> tuple[list[str], list[int]]:
    """What is shown for each character, tabs expanded and control characters spelt out, and the columns on
    which they begin.
    """
    texts: list[str] = []
    columns = [0]
    for char in line:
        room = _TAB - columns[-1] % _TAB
        text, width = (" " * room, room) if char == "\t" else _glyph(char)
        texts.append(text)
        columns.append(columns[-1] + width)
    return texts, columns


def _show(line: str, focus: int) -> _Shown:
    """A line, clipped around the character `focus` where it is long."""
    texts, columns = _glyphs(line)
    width = columns[-1]
    if width <= WIDTH:
        return _Shown("".join(texts), columns, 0, width)
    left = max(0, min(columns[min(focus, len(line))] - _LEAD, width - WIDTH))
    right = left + WIDTH
    first = bisect_left(columns, left)
    kept = texts[first : bisect_right(columns, right) - 1]
    before, after = "…" if left else "", "…" if right < width else ""
    shift = len(before) - columns[first]
    return _Shown(before + "".join(kept) + after, columns, shift, min(right, width) + shift)


def _marks(label: Label, primary: bool) -> Iterable[tuple[int, _Mark]]:
    """The lines that a label touches: one, or its first and its last."""
    source, size = label.span.source, len(label.span.source.text)
    begin, finish = min(label.span.start, size), min(max(label.span.end, label.span.start), size)
    (first, start), (last, end) = source.position(begin), source.position(finish)
    if first != last and end == 1:  # it ends with a newline
        last, end = last - 1, len(source.line(last - 1)) + 1
    text = visible(label.text)
    if first == last:
        yield first, _Mark(start - 1, end - 1, text, primary)
        return
    yield first, _Mark(start - 1, max(len(source.line(first).rstrip()), start), text, primary)
    tail = source.line(last)
    indent = len(tail) - len(tail.lstrip())
    yield last, _Mark(min(indent, end - 1), end - 1, "to here", primary)


def _underline(shown: _Shown, marks: Sequence[_Mark]) -> list[list[Piece]]:
    """The rows under a line: markers with the rightmost text, then the other texts, each under its marker."""
    spans = [shown.span(mark) for mark in marks]
    width = max(end for _, end in spans)
    row = [(" ", "")] * width
    for (start, end), mark in sorted(zip(spans, marks, strict=True), key=lambda pair: pair[1].primary):
        row[start:end] = [("^", "error") if mark.primary else ("-", "secondary")] * (end - start)
    texts = sorted(
        ((start, end, mark) for (start, end), mark in zip(spans, marks, strict=True) if mark.text),
        key=lambda item: (item[0], item[1]),
    )
    markers: list[Piece] = list(row)
    if texts and texts[-1][1] == width:
        mark = texts.pop()[2]
        markers.append((f" {mark.text}", _role(mark)))
    rows = [markers]
    if texts:
        rows.append(_stems(texts))
    while texts:
        start, _, mark = texts.pop()
        left = [item for item in texts if item[0] < start]
        pad = _stems(left)
        used = sum(len(text) for text, _ in pad)
        rows.append([*pad, (" " * (start - used), ""), (mark.text, _role(mark))])
    return rows


def _role(mark: _Mark) -> str:
    return "error" if mark.primary else "secondary"


def _stems(texts: Sequence[tuple[int, int, _Mark]]) -> list[Piece]:
    """A row of `|` under the markers whose texts still have to come."""
    row: list[Piece] = []
    at = 0
    for start, _, mark in texts:
        if start >= at:
            row += [(" " * (start - at), ""), ("|", _role(mark))]
            at = start + 1
    return row


# --------------------------------------------------------------------------- the page


def _layout(diagnostic: Diagnostic) -> list[list[Piece]]:
    files: dict[SourceFile, dict[int, list[_Mark]]] = {}
    places: dict[SourceFile, str] = {}
    for position, label in enumerate(diagnostic.labels):
        lines = files.setdefault(label.span.source, {})
        places.setdefault(label.span.source, visible(label.span.place))
        for line, mark in _marks(label, primary=position == 0):
            lines.setdefault(line, []).append(mark)
    gutter = max((len(str(line)) for lines in files.values() for line in lines), default=1)

    severity = diagnostic.severity
    page: list[list[Piece]] = [
        [(f"{severity}[{diagnostic.code}]", severity), (f": {visible(diagnostic.message)}", "message")]
    ]
    for position, (source, lines) in enumerate(files.items()):
        page.append([(" " * gutter + ("::: " if position else "--> "), "gutter"), (places[source], "")])
        page.append(_bare(gutter))
        page += _excerpt(source, lines, gutter)
    page += _notes(diagnostic, gutter)
    # a doubt is marked in its own colour
    return [[(text, severity if role == "error" else role) for text, role in line] for line in page]


def _bare(gutter: int) -> list[Piece]:
    return [(" " * (gutter + 1) + "|", "gutter")]


def _excerpt(source: SourceFile, lines: dict[int, list[_Mark]], gutter: int) -> Iterable[list[Piece]]:
    previous: int | None = None
    for number in sorted(lines):
        if previous is not None and number > previous + 1:
            yield _bare(gutter)
        previous = number
        left = sorted(lines[number], key=lambda mark: (not mark.primary, mark.start))
        while left:  # a line that is clipped is shown again for the marks that fall outside
            shown = _show(source.line(number), left[0].start)
            marks = [mark for mark in left if mark is left[0] or shown.holds(mark)]
            left = [mark for mark in left if mark not in marks]
            yield [(f"{number:>{gutter}} | ", "gutter"), (shown.text, "")]
            for row in _underline(shown, marks):
                yield [(" " * (gutter + 1) + "| ", "gutter"), *row]


def _notes(diagnostic: Diagnostic, gutter: int) -> Iterable[list[Piece]]:
    entries = [(heading, text, "heading") for heading, text in diagnostic.notes]
    if diagnostic.help:
        entries.append(("help", diagnostic.help, "help"))
    elif diagnostic.fix:
        old, new = diagnostic.fix.span.text, diagnostic.fix.replacement
        advice = f"remove `{old}`" if not new else f"write `{new}`" + (f" for `{old}`" if old else "")
        entries.append(("help", advice, "help"))
    if not entries:
        return
    if diagnostic.labels:
        yield _bare(gutter)
    width = max(len(visible(heading)) for heading, _, _ in entries) + 1
    for heading, text, role in entries:
        first, *more = text.split("\n")
        yield [
            (" " * (gutter + 1) + "= ", "gutter"),
            (f"{visible(heading) + ':':<{width}} ", role),
            (visible(first), ""),
        ]
        for line in more:
            yield [(" " * (gutter + width + 4), ""), (visible(line), "")]
