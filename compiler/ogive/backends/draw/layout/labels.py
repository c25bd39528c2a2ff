"""What boxes and frames of a picture say, as lines of type."""

from __future__ import annotations

from ogive.backends.draw.colours import look
from ogive.backends.draw.fold.picture import Box
from ogive.backends.draw.scene import Line, Run


def box_lines(box: Box) -> tuple[Line, ...]:
    """Small line, large line, small line, notes; what is inside is named in bold."""
    text = box.text
    lines: list[Line] = []
    lines += [(Run(each, look.SMALL),) for each in text.before.splitlines()]
    if text.title or not text.label:
        lines += [_title(each, box.definition) for each in (text.title or " ").splitlines()]
    lines += [(Run(each, look.SMALL),) for each in text.after.splitlines()]
    return (*lines, *(note_line(note, None) for note in text.label))


def _title(title: str, definition: str) -> Line:
    if not definition or definition not in title:
        return (Run(title),)
    before, _, after = title.rpartition(definition)
    runs = (Run(before), Run(definition, bold=True), Run(after))
    return tuple(run for run in runs if run.text)


def note_line(text: str, ink: str | None = look.INK_NOTE) -> Line:
    """A line of the program's own notes; in a box in the ink that is read well on its colour."""
    return (Run(text, look.SMALL, italic=True, ink=ink),)


def frame_lines(name: str, note: str, badge: int, label: tuple[str, ...] = ()) -> tuple[Line, ...]:
    """The title of a frame: its name, more about it, how often it stands there; the program's notes below.

    What begins with a line break stands below the name.
    """
    beside, _, below = note.partition("\n")
    runs: list[Run] = []
    if name:
        runs.append(Run(name, bold=True))
    if beside:
        runs.append(Run(beside, look.SMALL))
    if badge > 1:
        runs.append(Run(f"×{badge}", look.BADGE, bold=True, ink="#111111"))
    spaced: list[Run] = []
    for run in runs:
        spaced += [Run("\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}"), run] if spaced else [run]
    more = [(Run(line, look.SMALL),) for line in below.splitlines()]
    return (*([tuple(spaced)] if spaced else []), *more, *map(note_line, label))


def badge_text(badge: int) -> str:
    """`×3`; nothing for what stands there once."""
    return f"×{badge}" if badge > 1 else ""
