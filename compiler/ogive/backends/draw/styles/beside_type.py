"""Sizes of type where nets stand side by side, the lengths that follow, and what boxes say in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ogive.backends.draw.colours import look
from ogive.backends.draw.measure import line_width, text_width
from ogive.backends.draw.scene import Line, Run, line
from ogive.backends.draw.styles.beside_parts import Part

SIZES = (8.0, 7.5, 7.0, 6.5, look.LEAST_TYPE)
"""Points of type, from what is wanted to what is just legible."""
NARROWEST = 36.0
"""Points of text that a box must hold, or it says nothing."""
_TERSE = (
    (re.compile(r"^([\d×]+) conv\b"), r"\1"),
    (re.compile(r"^[\d×]+ (avg|max) pool\b"), r"\1 pool"),
    (re.compile(r"^global (avg|max) pool\b"), r"\1 pool"),
    (re.compile(r" groups\b"), " gr."),
)
"""What is left out where there is little room: `3×3, 64, /2` is a convolution, as in table 1 of ResNet."""
_GOES_ON = re.compile(r"[\d.×²³%]| ?[kMGTKi]{1,2}B?\b")
_BEGUN = re.compile(r"[\d/×][.×]$|[/×]$|\d $")
"""What goes on with a number, and a number that is not at its end."""


@dataclass(frozen=True, slots=True)
class Type:
    """The sizes of type of a drawing, and the lengths that follow from them.

    Attributes:
        size: of first lines; second lines are smaller, but not below what is legible.
        second: whether boxes have second lines.
        tight: whether columns stand close, and what stands above them is narrow.
        terse: whether first lines are as short as they can be.
        room: points that the text of a box may be wide; None: as wide as it is.
    """

    size: float
    second: bool = True
    tight: bool = False
    terse: bool = False
    room: float | None = None

    @property
    def small(self) -> float:
        """Of second lines, of sizes and counts."""
        return max(look.LEAST_TYPE, self.size - look.TYPE + look.SMALL)

    @property
    def head(self) -> float:
        """How long the head of an arrow is."""
        return 2.8 if self.size < 7.0 else self.size / 2

    @property
    def gap(self) -> float:
        """Between two boxes."""
        return self.head + 0.12 * self.size

    @property
    def sides(self) -> float:
        """Between the text of a box and its left and right sides."""
        return 3.5 if self.tight else 4.0

    @property
    def apart(self) -> float:
        """Between two columns."""
        return (7.0 if self.room is None else 3.5) if self.tight else 20.0

    @property
    def lane(self) -> float:
        """Between the boxes and an arc, and between two arcs."""
        return 4.5 if self.tight else 5.5

    def height(self, part: Part) -> float:
        """Of a box."""
        return 1.2 * (self.size + self.small) + 3.2 if self.second_line(part) else 1.25 * self.size + 1.0

    def second_line(self, part: Part) -> str:
        """What the second line of a box says."""
        return part.after if self.second and part.folded else ""

    def lines(self, part: Part) -> tuple[Line, ...]:
        """The text of a box, with its ×N."""
        badge = (Run(f" ×{part.badge}", self.size, bold=True),) if part.badge > 1 else ()
        room = None if self.room is None else self.room - line_width(badge)
        second = self.second_line(part)
        below = (line(shortest(second, self.small, self.room), self.small),) if second else ()
        return ((*self.title(part, room), *badge), *below)

    def title(self, part: Part, room: float | None) -> Line:
        """The first line; a name in it is shortened before the numbers behind it are."""
        text = part.title
        if self.terse and not part.folded:
            for pattern, instead in _TERSE:
                text = pattern.sub(instead, text)
        before, strong, after = text.partition(part.strong) if part.strong else (text, "", "")
        if not strong:
            return line(shortest(text, self.size, room), self.size)
        if room is not None:
            left = room - text_width(before + after, self.size)
            if left < text_width("Mm…", self.size, bold=True):
                return line(shortest(text, self.size, room), self.size)
            strong = shortest(strong, self.size, left, bold=True)
        runs = Run(before, self.size), Run(strong, self.size, bold=True), Run(after, self.size)
        return tuple(run for run in runs if run.text)


def _in_number(before: str, behind: str) -> bool:
    """Whether a number, or the unit that belongs to it, would be cut there: what remained would be false."""
    goes_on = before[-1:].isdigit() and _GOES_ON.match(behind)
    return bool(behind and (goes_on or _BEGUN.search(before)))


def shortest(text: str, size: float, room: float | None, bold: bool = False) -> str:
    """The text, cut to so many points where it is longer."""
    if room is None or text_width(text, size, bold) <= room:
        return text
    whole = text
    while text and (text_width(f"{text}…", size, bold) > room or _in_number(text, whole[len(text) :])):
        text = text[:-1]
    return f"{text.rstrip(' ,·')}…"


def wrapped(text: str, size: float, room: float) -> list[str]:
    """Bold text in lines of so many points, broken behind blanks, dashes and underscores where it has any."""
    lines = [""]
    for piece in re.findall(r"[^ _-]+[ _-]?|[ _-]", text):
        if lines[-1] and text_width(lines[-1] + piece.rstrip(), size, bold=True) > room:
            lines.append("")
        for character in piece:
            if text_width(lines[-1] + character, size, bold=True) > room and character != " ":
                lines.append("")
            lines[-1] += character
    return [each.rstrip() for each in lines]
