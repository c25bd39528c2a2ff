"""The look of a drawing: colours, sizes of type, pens. One place, so that all formats agree.

Fills and strokes are told apart in grey (at least 17 of 255 between neighbours) and under the three simulated
kinds of colour blindness, and never carry a meaning alone: every box says in words what it is.
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


INK_FADED = "#555555"
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


def paint(kind: str) -> Paint:
    """The paint of a kind of layer."""
    return PAINTS.get(kind, PLAIN)


CLUSTER_FILL, CLUSTER_STROKE = "#F7F7F7", "#BBBBBB"
FLOW, SKIP = "#444444", "#D55E00"
FORWARD, BACKWARD, SOURCE = "#0072B2", "#D55E00", "#888888"
"""Arcs of a clique: from a lower to a higher layer, back, and from X0."""

FONT = "DejaVu Sans"
TYPE, SMALL, BADGE = 8.0, 6.5, 10.0
"""Points: first lines, second lines and edge labels, the ×N."""
LEAST_TYPE = 6.0
"""Points: below it a journal's reader needs a glass."""

PEN, FOLDED_PEN, ARROW = 0.8, 1.6, 0.5
NODE_SEP, RANK_SEP = 0.18, 0.22
"""Inches."""

PAGE = (6.5, 9.0)
"""Inches: the text of a letter or A4 page, width and height."""
COLUMN_HEIGHT = PAGE[1] * 72 * TYPE / LEAST_TYPE
"""Points: how tall a drawing may be before its type falls below `LEAST_TYPE` on a page."""
COLUMN_WIDTH = PAGE[0] * 72 * TYPE / LEAST_TYPE
MANY_BOXES = 60
"""More than these are not read."""
MOST_BOXES = 1000
"""More than these are not laid out."""
