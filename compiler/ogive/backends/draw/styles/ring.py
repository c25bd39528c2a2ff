"""A clique folded: its layers on a ring, X0 outside, arrows in the colour of the layer that they lead to.

After figure 1 of Yang et al. 2018. An arrow to a later layer is solid, one back to an earlier layer dashed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import hypot

from ogive.backends.draw import clique_ring
from ogive.backends.draw.clique_ring import ARCS_SHOWN, RADIUS, SOURCES_SHOWN
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.destinations import leading_to, member
from ogive.backends.draw.curves import Point
from ogive.backends.draw.measure import text_width
from ogive.backends.draw.scene import Arrow, Frame, Line, Run, line
from ogive.backends.draw.styles.sketch import HEAD, Sketch, text_size
from ogive.backends.draw.styles.unfolded_key import wrapped
from ogive.backends.draw.styles.unfolded_key import x as layer_name
from ogive.backends.draw.styles.wired import Clique
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.about import about
from ogive.graph import CliqueBody

SOURCE_RADIUS, _LEAST_RADIUS = 10.0, 6.5
"""Of the circle of X0, and what it is at least in a small ring."""
_SOURCE_GAP = 12.0
"""From X0 to the frame."""
_CLOSE = 4.0
"""From the layers to their frame, where X0 stands at the left: no arrow goes around them."""
_LEAST = look.SMALL
_HEADED = 8
"""In a small ring of more layers arrows have no heads: their colours say where they lead."""
_TEXT = 200.0
"""How wide the text below a small ring may be."""
_SAMPLE = 22.0


def alt(subject: Subject, found: list[Clique]) -> str:
    """The rings in words."""
    parts = [
        f"{', '.join(clique.names)}: {clique.body.layers} layers on a ring, X0 outside; "
        f"{len(clique.body.links())} arrows, one for each weight, in the colour of where they lead."
        for clique in found
    ]
    return f"{subject.name}, its cliques folded. {' '.join(parts)}"


# ---------------------------------------------------------------------- one ring


def titled(subject: Subject, clique: Clique, colours: Colours, prefix: str, page: float) -> Sketch:
    """A ring, and below it what its lines mean, where it is used and what a layer does."""
    sketch = fitted(subject, clique, colours, prefix, page)
    left, _, right, _ = sketch.bounds()
    key(sketch, prefix, clique.body)
    bottom = sketch.bounds()[1]
    parts: list[Line] = [(Run(", ".join(clique.names), look.SMALL, bold=True),)]
    parts += [(Run(text, look.SMALL),) for text in clique.lines]
    if clique.note:
        parts.append((Run(clique.note, look.SMALL),))
    lines = wrapped(parts, max(min(page, _TEXT), right - left))
    wide = text_size(lines)[0]
    middle = (left + right) / 2
    sketch.text(f"{prefix}.told", (middle - wide / 2, bottom - 3), lines, "top left")
    return sketch


def fitted(subject: Subject, clique: Clique, colours: Colours, prefix: str, width: float) -> Sketch:
    """A ring, as large as it is drawn best, or as there is room for."""
    scale = min(1.0, width / clique_ring.frame(clique.body.layers, 0)[0])
    return folded(subject, clique.body, clique.members, colours, prefix, scale=scale)


def key(sketch: Sketch, prefix: str, body: CliqueBody) -> None:
    """Samples of the lines, below a ring; where no arrow leads back, all are alike."""
    if not any(j > i for j, i in body.links()):
        return
    left, bottom, right, _ = sketch.bounds()
    said = (("forward", "forward", False), ("back", "backward", True))
    widths = [_SAMPLE + 3 + text_width(text, look.SMALL) for text, _, _ in said]
    at, y = (left + right - sum(widths) - 12) / 2, bottom - 9
    for (text, kind, dashed), width in zip(said, widths, strict=True):
        flow = sketch.colours.edge("flow")
        sketch.line([(at, y), (at + _SAMPLE, y)], kind, dashed=dashed, stroke=flow)
        sketch.text(f"{prefix}.key.{text}", (at + _SAMPLE + 3, y), (line(text, look.SMALL),), "left")
        at += width + 12


def folded(
    subject: Subject, body: CliqueBody, members: Sequence[Sequence[str]], colours: Colours, prefix: str,
    *, scale: float = 1.0, beside: bool = False, framed: bool = True,
) -> Sketch:  # fmt: skip
    """A ring around (0, 0), X0 above it or, where `beside`, at its left.

    Args:
        subject: the net.
        body: of the clique.
        members: the nodes of each layer.
        colours: what paints.
        prefix: begins all ids.
        scale: of the ring; type and arrow heads stay legible.
        beside: whether X0 stands at the left, with one arrow to all layers together.
        framed: whether there is a frame around the layers; there is where one arrow leads from X0 to all.
    """
    sketch = Sketch(colours)
    layers = body.layers
    half = clique_ring.radius(layers) + RADIUS + _CLOSE if beside else clique_ring.frame(layers, 0)[0] / 2
    source_radius = max(SOURCE_RADIUS, _LEAST_RADIUS / scale)
    source_at = half + _SOURCE_GAP / scale + source_radius

    def put(point: Point) -> Point:
        px, py = point
        return px * scale, py * scale

    one = layers > SOURCES_SHOWN or beside
    if framed or one:
        edge = half * scale
        sketch.frames.append(Frame(f"{prefix}.ring", -edge, -edge, edge, edge, fill=None,
                                   stroke=colours.edge("source"), dashed=True))  # fmt: skip
    size = _type(scale)
    source = sketch.circle(
        f"{prefix}.x0",
        layer_name(0),
        put((-source_at, 0.0) if beside else (0.0, source_at)),
        source_radius * scale,
        member(colours, 0),
        size,
    )
    name = _naming(layers, RADIUS * scale, size)
    for layer in range(1, layers + 1):
        at = put(clique_ring.place(layer, layers))
        nodes = members[layer - 1]
        paint = member(colours, layer, nodes)
        told = about(subject, nodes)
        sketch.circle(f"{prefix}.x{layer}", name(layer), at, RADIUS * scale, paint, size, told)
    headed = scale == 1.0 or layers <= _HEADED
    arrow = HEAD / scale if headed else 0.0
    pen = look.PEN * min(1.0, max(scale, 0.5)) * (1.0 if layers <= 8 else 0.7)
    arcs = clique_ring.arcs(layers, body.links(), arrow)
    if one:
        a, b = (source.centre[0], source.centre[1]), put((-half, 0.0) if beside else (0.0, half))
        start = _towards(a, b, source.width / 2)
        sketch.line([start, b], "source", source.id, f"{prefix}.ring")
    else:
        arcs = clique_ring.source_arcs(layers, source_at, source_radius, arrow) + arcs
    for arc in arcs:
        points = tuple(map(put, arc.curve))
        sketch.arrows.append(
            Arrow(
                points, put(arc.tip) if headed else None, f"{prefix}.x{arc.tail}", f"{prefix}.x{arc.head}",
                leading_to(colours, arc.head), pen, arc.kind == "backward", arc.kind,
            )
        )  # fmt: skip
    if layers > ARCS_SHOWN:
        sketch.text(f"{prefix}.all", (0.0, 0.0), (line("each with all others", look.SMALL),))
    return sketch


def _towards(a: Point, b: Point, by: float) -> Point:
    far = hypot(b[0] - a[0], b[1] - a[1])
    return a[0] + (b[0] - a[0]) * by / far, a[1] + (b[1] - a[1]) * by / far


def _type(scale: float) -> float:
    """The size of type in circles: whole half points, as they are laid out."""
    return max(_LEAST, round((look.TYPE - 0.5) * scale * 2) / 2)


def _naming(layers: int, radius: float, size: float) -> Callable[[int], str]:
    """How layers are called: by name, by number, or not at all, as their circles have room."""
    for name in (layer_name, str):
        if text_width(name(layers), size) <= 2 * radius - 2:
            return name
    return lambda _: ""
