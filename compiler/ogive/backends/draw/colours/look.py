"""The look of a drawing: colours, sizes of type, pens. One place, so that all formats agree.

Fills are told apart in grey (at least 16 of 255 between neighbours, as printers turn colours into grey) and
under the three simulated kinds of colour blindness, and never carry a meaning alone: every box says in words
what it is.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paint:
    """How a box of one kind is filled and bordered; `style` is Graphviz's."""

    fill: str
    stroke: str
    style: str = "rounded,filled"
    ink: str = "#111111"


PAPER = "#FFFFFF"
"""What is printed on: behind text that stands on a line."""

INK_FADED = "#505050"
"""Text of what is not there at inference."""

INK_NOTE = "#333333"
"""What a program notes about itself, in italics."""

PAINTS: dict[str, Paint] = {
    "norm": Paint("#FBF6C2", "#8A7F00"),
    "act": Paint("#FBDDA5", "#B37400"),
    "conv": Paint("#B3D7F0", "#0072B2"),
    "attention": Paint("#D9AECB", "#8A3B70"),
    "linear": Paint("#76C7AA", "#00664B", "filled"),
    "pool": Paint("#D9824A", "#8F3F00"),
    "input": Paint("#FFFFFF", "#444444", "rounded,filled,dashed"),
    "output": Paint("#FFFFFF", "#444444", "rounded,filled,dashed"),
    "aux": Paint("#EEEEEE", "#999999", "rounded,filled", INK_FADED),
}
PLAIN = Paint("#FFFFFF", "#777777")
"""Layers of any other kind: reshapes, dropout, merges that have no symbol."""

_GREY_LEVELS = {"norm": 238, "act": 221, "conv": 204, "attention": 187, "linear": 169, "pool": 150}
GREYS: dict[str, Paint] = {
    **{
        kind: Paint(f"#{level:02X}{level:02X}{level:02X}", "#444444", PAINTS[kind].style, "#000000")
        for kind, level in _GREY_LEVELS.items()
    },
    **{kind: PAINTS[kind] for kind in ("input", "output")},
    "aux": Paint("#FFFFFF", "#999999", "rounded,filled", INK_FADED),
}
"""The kinds where there is no colour. White is as far from the lightest as they are from each other."""


def paint(kind: str) -> Paint:
    """The paint of a kind of layer."""
    return PAINTS.get(kind, PLAIN)


STEPS = ("#F8F1D2", "#A2D9AF", "#12B0C4", "#0077AE", "#0C4084")
"""From little to much: ever darker, and told apart by every eye. Text on them is black or white."""
GREY_STEPS = ("#EAEAEA", "#CDCDCD", "#A3A3A3", "#707070", "#424242")
STEP_STROKE = "#444444"

CLUSTER_FILL, CLUSTER_STROKE = "#F7F7F7", "#BBBBBB"
FLOW, SKIP = "#444444", "#D55E00"
FORWARD, BACKWARD, SOURCE = "#0072B2", "#D55E00", "#777777"
"""Arcs of a clique: from a lower to a higher layer, back, and from X0."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """How an arrow is drawn."""

    colour: str
    pen: float
    dashed: bool = False


PEN, FOLDED_PEN, ARROW = 0.8, 1.6, 0.5
STROKES: dict[str, Stroke] = {
    "flow": Stroke(FLOW, PEN),
    "skip": Stroke(SKIP, PEN),
    "projection": Stroke(FLOW, PEN, dashed=True),
    "aux": Stroke("#999999", PEN),
    "source": Stroke(SOURCE, PEN),
    "forward": Stroke(FORWARD, PEN),
    "backward": Stroke(BACKWARD, PEN, dashed=True),
}
"""By the kind of arrow."""
GREY_STROKES: dict[str, Stroke] = {
    "flow": Stroke(FLOW, PEN),
    "skip": Stroke("#808080", 2 * PEN),
    "projection": Stroke(FLOW, PEN, dashed=True),
    "aux": Stroke("#A0A0A0", PEN),
    "source": Stroke(SOURCE, PEN),
    "forward": Stroke("#111111", PEN),
    "backward": Stroke("#707070", PEN, dashed=True),
}
"""The same where there is no colour: skips are told from the flow by their width as well."""

OPERATIONS: dict[str, Stroke] = {
    **{kind: Stroke(PAINTS[kind].stroke, 1.1) for kind in ("conv", "linear", "attention")},
    "pool": Stroke(PAINTS["pool"].stroke, 1.6),
    "up": Stroke("#009E73", 1.6),
    "other": Stroke(FLOW, PEN),
}
"""Arrows that stand for operations, where boxes are tensors: by what they do. `up` makes a map larger."""
GREY_OPERATIONS: dict[str, Stroke] = {
    "conv": Stroke("#111111", 1.1),
    "linear": Stroke("#111111", 1.1, dashed=True),
    "attention": Stroke("#6A6A6A", 1.6, dashed=True),
    "pool": Stroke("#555555", 2.2),
    "up": Stroke("#A0A0A0", 2.2, dashed=True),
    "other": Stroke("#444444", PEN),
}

CHANGES: dict[str, Paint] = {
    "same": Paint("#FAFAFA", "#BDBDBD", ink="#595959"),
    "sized": Paint("#EDF2F8", "#8195AB", ink="#47525E"),
    "removed": Paint("#FAD8D4", "#B5431A", "rounded,filled,dashed"),
    "added": Paint("#96D6B6", "#00664B"),
    "changed": Paint("#F2A32C", "#7A5200"),
    "input": Paint("#FFFFFF", "#BDBDBD", "rounded,filled,dashed", "#595959"),
    "output": Paint("#FFFFFF", "#BDBDBD", "rounded,filled,dashed", "#595959"),
}
"""Boxes of a difference, by what happened: the lighter the less, and what is gone is dashed."""
GREY_CHANGES: dict[str, Paint] = {
    **CHANGES,
    "sized": Paint("#F0F0F0", "#8A8A8A", ink="#4A4A4A"),
    "removed": Paint("#E2E2E2", "#444444", "rounded,filled,dashed", "#000000"),
    "added": Paint("#C6C6C6", "#444444", ink="#000000"),
    "changed": Paint("#A2A2A2", "#222222", ink="#000000"),
}
CHANGE_STROKES: dict[str, Stroke] = {
    "flow": Stroke("#9A9A9A", PEN),
    "removed": Stroke("#B5431A", PEN, dashed=True),
}
GREY_CHANGE_STROKES: dict[str, Stroke] = {
    "flow": Stroke("#9A9A9A", PEN),
    "removed": Stroke("#444444", PEN, dashed=True),
}

FONT = "DejaVu Sans"
TYPE, SMALL, BADGE = 8.0, 7.0, 10.0
"""Points: first lines, second lines and edge labels, the ×N."""
LEAST_TYPE = 6.0
"""Points: below it a journal's reader needs a glass."""

DOT = 2.0
"""Points: the radius of the dot at which a tensor enters the frame of a repeat."""
NODE_SEP, RANK_SEP = 0.18, 0.22
"""Inches."""
TIGHT = 0.65
"""What remains of these where a drawing would not fit otherwise."""

BOX, NARROW_BOX = (34.0, 6.0), (24.0, 3.5)
"""Points: the least width of a box, and what is free at each of its sides; the same in narrow pictures."""
FRAME, NARROW_FRAME = 7.0, 4.0
"""Points: what is left free inside of a frame; the same around a narrow definition."""

PAGE = (6.5, 9.0)
"""Inches: the text of a letter or A4 page, width and height."""
MANY_BOXES = 60
"""More than these are not read."""
MOST_BOXES = 1000
"""More than these are not laid out."""
MOST_ARROWS = 4000
"""Nor are more arrows."""
