"""Layers that are joined with one another, in the colours by which an arrow tells where it leads."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.look import Paint

HUES = ("#0072B2", "#D55E00", "#009E73", "#7418D0", "#80103F", "#003973", "#4C3900", "#BA39E6")
"""3:1 or more on white, and told apart under the three simulated kinds of colour blindness."""
GREYS = ("#1A1A1A", "#767676", "#4A4A4A", "#8C8C8C")
"""In print without colour; there the arrow's head has to say it."""
_TINT = 0.22
_INK = "#111111"


def leading_to(colours: Colours, layer: int) -> str:
    """The colour of an arrow to a layer, from 1; 0 is what enters. After the last one they begin again."""
    if layer == 0:
        return colours.edge("source")
    palette = GREYS if colours.theme == "grey" else HUES
    return palette[(layer - 1) % len(palette)]


def member(colours: Colours, layer: int, nodes: Sequence[str] = ()) -> Paint:
    """How such a layer itself is painted: its colour around a tint of it; 0 is what enters.

    Where colours mean a measure, it is painted by how much its nodes have of it.
    """
    if layer == 0:
        return colours.paint("plain")
    if nodes and colours.measure is not None:
        return colours.paint("conv", nodes)
    stroke = leading_to(colours, layer)
    return Paint(tint(stroke), stroke, "filled", _INK)


def tint(colour: str, share: float = _TINT) -> str:
    """`#rrggbb`, much lighter: so much of it on white."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * share):02X}" for part in parts)


def carrying(colours: Colours, source: int) -> str:
    """The colour of an arrow by what it carries: x_0, x_1, …; as those above, from x_0."""
    return leading_to(colours, source + 1)


def carrier(colours: Colours, source: int, nodes: Sequence[str] = ()) -> Paint:
    """How that itself is painted, or what makes it."""
    return member(colours, source + 1, nodes)
