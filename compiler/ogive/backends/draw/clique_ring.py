"""The ring of a clique: where its layers stand, and its arcs, which no layout program is asked to route.

After figure 1 of Yang et al. 2018: the layers on a circle, X0 above it, an arrow each way between every pair.
Lengths are in points.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, hypot, pi, sin
from typing import Literal

from ogive.backends.draw.curves import Curve, Point, circle, clipped

RADIUS = 11.0
"""Of a layer's circle."""
SOURCES_SHOWN = 4
"""Up to so many layers X0 gets an arrow to each; above, one to the frame."""
ARCS_SHOWN = 32
"""Above so many layers all arcs together are one grey disc: only those between neighbours are drawn."""
_BULGE = 0.17
_LEAST_GAP = 2.1
"""Between neighbours' centres, in diameters."""
_MARGIN = 9.0
_LINE = 9.0
"""The height of a line below a ring."""

Kind = Literal["forward", "backward", "source"]


@dataclass(frozen=True, slots=True)
class Arc:
    """A cubic curve from layer `tail` to layer `head` (0 is X0), clipped at their circles.

    The arrow's tip is `tip`; the curve ends where the arrow begins.
    """

    tail: int
    head: int
    kind: Kind
    curve: Curve
    tip: Point


def radius(layers: int) -> float:
    """Of the circle on which the layers stand."""
    spacing = {2: 2.9, 3: 2.9, 4: 2.8, 5: 2.5, 6: 2.3}.get(layers, _LEAST_GAP)
    return spacing * RADIUS * 2 / (2 * sin(pi / max(layers, 2)))


def frame(layers: int, lines: int = 2) -> tuple[float, float]:
    """Width and height of what holds the ring, its outer arcs, and below it some lines of text."""
    side = _side(layers)
    return side, side + text_height(lines)


def text_height(lines: int) -> float:
    """Of what stands below a ring."""
    return _LINE * lines


def _side(layers: int) -> float:
    return 2 * (radius(layers) + RADIUS + _MARGIN) + (8 if layers <= SOURCES_SHOWN else 2)


def place(layer: int, layers: int) -> Point:
    """The centre of layer `layer` (from 1), the ring's own centre being the origin, y upwards.

    Clockwise; the first stands to the right of the top, so that the last is its neighbour across it.
    """
    turn = pi / 2 - (layer - 0.5) * 2 * pi / layers if layers > 2 else (-1) ** layer * pi / 2 + pi
    r = radius(layers)
    return r * cos(turn), r * sin(turn)


def arcs(layers: int, links: Iterable[tuple[int, int]], arrow: float) -> list[Arc]:
    """An arc for each link between layers, backward ones first so that forward ones lie on top.

    Args:
        layers: how many there are.
        links: from which layer to which; those from X0 are left to `source_arcs`.
        arrow: the length of an arrow's head.
    """
    pairs = sorted((j, i) for j, i in links if j > 0)
    if layers > ARCS_SHOWN:
        pairs = [(j, i) for j, i in pairs if (j - i) % layers in (1, layers - 1)]
    found = [_arc(j, i, layers, arrow) for j, i in pairs]
    return sorted(found, key=lambda a: a.kind == "forward")


def _arc(tail: int, head: int, layers: int, arrow: float) -> Arc:
    a, b = place(tail, layers), place(head, layers)
    length = hypot(b[0] - a[0], b[1] - a[1])
    left = (-(b[1] - a[1]) / length, (b[0] - a[0]) / length)
    lift = _BULGE * length * 4 / 3

    def lifted(p: Point, q: Point) -> Point:
        return p[0] + (q[0] - p[0]) * 0.3 + left[0] * lift, p[1] + (q[1] - p[1]) * 0.3 + left[1] * lift

    curve = (a, lifted(a, b), lifted(b, a), b)
    return _clipped(tail, head, "forward" if tail < head else "backward", curve, arrow)


def source_arcs(layers: int, above: float, source_radius: float, arrow: float) -> list[Arc]:
    """From X0, `above` the centre of the ring, to every layer; to those far from it around the outside."""
    start = (0.0, above)
    found: list[Arc] = []
    for layer in range(1, layers + 1):
        x, y = end = place(layer, layers)
        hand = 1 if x > 0 or (abs(x) < 1e-6 and layer == 1) else -1
        outer = hand * frame(layers)[0] / 2  # the curves reach 0.9 of it
        if y > 0.1 * radius(layers):
            bend = ((x * 0.55, above - 4), (x, y + (above - y) * 0.55))
        elif abs(x) < 1e-6:
            bend = ((outer * 1.1, above), (outer * 1.1, y))
        else:
            bend = ((outer * 1.16, above + 2), (outer * 1.12, y + radius(layers) * 0.55))
        found.append(_clipped(0, layer, "source", (start, bend[0], bend[1], end), arrow, source_radius))
    return found


def _clipped(
    tail: int, head: int, kind: Kind, curve: Curve, arrow: float, around_tail: float = RADIUS
) -> Arc:
    """Cuts a curve between two centres at the circles around them, and leaves room for the arrow's head."""
    found, tip = clipped(curve, circle(curve[0], around_tail), circle(curve[3], RADIUS), arrow)
    return Arc(tail, head, kind, found, tip)
