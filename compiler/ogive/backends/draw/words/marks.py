"""What boxes and frames of a drawing say: all of it, their titles, what they are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby

from ogive.backends.draw.colours import look
from ogive.backends.draw.scene import Frame, Line, Mark, Scene

_BADGE = re.compile(r"^×\d+$")
_MERGES = {
    "+": "sum", "−": "difference", "×": "product", "μ": "mean", "max": "maximum", "C": "concatenation",
    "S": "stack",
}  # fmt: skip
"""What stands in circles, in words."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def symbol_of(mark: Mark) -> str:
    """What stands in a circle; empty for other marks."""
    return mark.lines[0][0].text if mark.shape == "circle" and mark.lines else ""


def title(mark: Mark) -> str:
    """The lines of a mark that are set in the largest type, and how often it stands there."""
    if not any(mark.lines):
        return ""
    for size, text in _stretches(mark):
        if size == _largest(mark):
            return _MERGES.get(text, text) if mark.shape == "circle" else f"{text} {mark.badge}".strip()
    return ""


def everything(mark: Mark) -> str:
    """All of its lines but a user's notes: `BN · ReLU · 1×1 conv, 8`; in brackets what a folded box holds."""
    if mark.shape == "circle" or not any(mark.lines):
        return title(mark)
    if mark.pen == look.FOLDED_PEN:
        held = ", ".join(text for size, text in _stretches(mark) if size < _largest(mark))
        return f"{title(mark)} ({held})" if held else title(mark)
    texts = [text for _, text in _stretches(mark)]
    told = " · ".join(texts)
    if not mark.badge:
        return told
    return f"({told}) {mark.badge}" if len(texts) > 1 else f"{told} {mark.badge}"


def name_of(mark: Mark) -> str:
    """What a mark is called: of a folded box, its title as far as that is bold (`conv2 · Basic`)."""
    runs = [run for line in mark.lines for run in line if run.size == _largest(mark)]
    bold = max((i for i, run in enumerate(runs) if run.bold), default=None)
    if bold is None:
        return title(mark)
    named = "".join(run.text for run in runs[: bold + 1]).strip()
    return f"{named} {mark.badge}".strip()


def namer(marks: Sequence[Mark]) -> Callable[[Mark], str]:
    """What marks are called beside each other: `3×3 conv`; where several are, `the second 3×3 conv`."""
    short = {mark.id: name_of(mark).partition(", ")[0] for mark in marks}
    count = Counter(short.values())
    found: dict[str, str] = {}
    met: Counter[str] = Counter()
    for mark in marks:
        text = short[mark.id]
        met[text] += 1
        if count[text] > 1 and text:
            at = met[text]
            text = f"the {_ORDINALS[at - 1] if at <= len(_ORDINALS) else f'{at}th'} {text}"
        found[mark.id] = text
    return lambda mark: found.get(mark.id, title(mark))


def heading(frame: Frame) -> tuple[str, int]:
    """What stands above a frame, without its notes, and how often what it holds stands there."""
    runs = [run.text for run in (frame.lines[0] if frame.lines else ())]
    badge = next((run for run in runs if _BADGE.match(run)), "")
    text = " ".join("".join(run for run in runs if run != badge).split())
    return text, int(badge[1:]) if badge else 1


def definition_frames(scene: Scene) -> list[Frame]:
    """The frames of the blocks that are defined in a drawing."""
    return [frame for frame in scene.frames if frame.id.endswith("_definition")]


def holds(frame: Frame, mark: Mark) -> bool:
    """Whether a mark is in a frame."""
    x, y = mark.centre
    return frame.left <= x <= frame.right and frame.bottom <= y <= frame.top


def within(frame: Frame, outer: Frame) -> bool:
    """Whether a frame is in another."""
    return (
        frame.id != outer.id
        and outer.left <= frame.left
        and frame.right <= outer.right
        and outer.bottom <= frame.bottom
        and frame.top <= outer.top
    )


def taps(scene: Scene) -> dict[str, list[str]]:
    """What boxes, not circles, take over several skips: nothing is added to a way there, it is read off.

    Returns:
        The ids of all that lead to each such box, by its id, in the order of the arrows.
    """
    boxes = {mark.id for mark in scene.marks if mark.shape != "circle"}
    joined = dict.fromkeys((arrow.tail, arrow.end) for arrow in scene.arrows if arrow.kind == "skip")
    skips = Counter(end for _, end in joined if end in boxes)
    return {
        end: list(dict.fromkeys(a.tail for a in scene.arrows if a.end == end and a.tail))
        for end, count in skips.items()
        if count > 1
    }


def _largest(mark: Mark) -> float:
    return max((run.size for line in mark.lines for run in line), default=0.0)


def _stretches(mark: Mark) -> list[tuple[float, str]]:
    """The type of each stretch of lines of one size, and what it says; without notes in italics."""
    lines = [line for line in mark.lines if line and not all(run.italic for run in line)]
    found: list[tuple[float, str]] = []
    for size, same in groupby(lines, key=lambda line: max(run.size for run in line)):
        texts = list(map(_text, same))
        small = size < _largest(mark)
        text = texts[0]
        for each in texts[1:]:
            text += f"{' ' if not small or text.endswith((',', '·')) else ', '}{each}"
        found.append((size, text))
    return found


def _text(line: Line) -> str:
    return "".join(run.text for run in line).strip()
