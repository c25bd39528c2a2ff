"""Pictures to scenes: Graphviz places boxes and draws what flows; skips, titles and rings are our own.

Each picture is laid out by itself. Graphviz answers in `json0`; what it says of a box by its id is joined
with what the picture says of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ogive.backends.draw import clique_ring
from ogive.backends.draw.colours import destinations, look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.look import Paint
from ogive.backends.draw.fold.picture import ENTRY, Box, Cluster, Item, Picture, Ring, leaves
from ogive.backends.draw.layout import labels
from ogive.backends.draw.layout.dot import SOURCE_RADIUS, Writer, beside
from ogive.backends.draw.layout.process import Graphviz, Json
from ogive.backends.draw.layout.routing import GLYPH, Layout
from ogive.backends.draw.scene import About, Arrow, Frame, Line, Mark, Point, Run, Scene, Shape, line
from ogive.backends.draw.writers.dot import SCALE

_LABEL_HEIGHT = 8.0

AboutBox = Callable[[tuple[str, ...], int | None], About | None]
"""Of the nodes that a box stands for, and the region that is folded into it."""


class Engine:
    """Lays pictures out; the same picture is laid out once.

    Args:
        graphviz: the process that does it.
        colours: what paints.
        about: what a reader is told who points at a box.
    """

    def __init__(
        self, graphviz: Graphviz, colours: Colours | None = None, about: AboutBox | None = None
    ) -> None:
        self.graphviz = graphviz
        self.colours = colours or Colours()
        self.about = about
        self._known: dict[str, Scene] = {}

    def scenes(self, picture: Picture) -> list[Scene]:
        """The overview, then the definitions, each from (0, 0) to its width and height.

        Raises:
            TooSlow: the time limit was reached.
            ArchError: E511, pygraphviz is not installed; E512, Graphviz failed.
        """
        writer = Writer(SCALE, frames=True, colours=self.colours)
        texts = [graph.source for graph in writer.parts(picture)]
        found: list[Scene] = []
        for part, text in zip((picture, *picture.definitions), texts, strict=True):
            if text not in self._known:
                self._known[text] = _Placing(
                    part, self.graphviz.lay_out(text), self.colours, self.about
                ).scene()
            found.append(self._known[text])
        return found


@dataclass
class _Placing:
    """One picture and where Graphviz put what is in it."""

    picture: Picture
    data: Json
    colours: Colours
    about: AboutBox | None
    frames: list[Frame] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    origin: Point = (0.0, 0.0)

    def scene(self) -> Scene:
        skips = {(e.tail, e.head): e.style for e in beside(self.picture)}
        splines = self.routed([*skips])
        x0, y0, x1, y1 = (float(v) for v in self.data["bb"].split(","))
        self.origin = x0, y0
        self.place_items()
        numbers = {o["_gvid"]: o["name"] for o in self.data.get("objects", [])}
        self.place_edges(numbers)
        for (tail, head), spline in splines.items():
            points, tip = self.curve(spline)
            self.arrow(points, tip, tail, head, skips[tail, head])
        width, height = (x1 - x0) / SCALE, (y1 - y0) / SCALE
        marks, arrows, frames = tuple(self.marks), tuple(self.arrows), tuple(self.frames)
        return Scene(self.picture.name, width, height, frames, arrows, marks)

    def routed(self, skips: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The skips' splines; what they and the arrows would cover has moved."""
        layout = Layout.read(self.data)
        splines = layout.route(skips, SCALE)
        straight = [e["pos"] for e in self.data.get("edges", []) if "pos" in e]
        layout.clear_titles([*straight, *splines.values()], SCALE)
        layout.finish(splines)
        return splines

    # ------------------------------------------------------------------ lengths

    def point(self, text: str) -> Point:
        x, y = (float(v) for v in text.split(",")[:2])
        return (x - self.origin[0]) / SCALE, (y - self.origin[1]) / SCALE

    def curve(self, text: str) -> tuple[tuple[Point, ...], Point | None]:
        """The control points and the tip of a `pos` attribute."""
        points: list[Point] = []
        tip: Point | None = None
        for item in text.replace("\\\n", "").split():
            if item.startswith("e,"):
                tip = self.point(item[2:])
            elif not item.startswith("s,"):
                points.append(self.point(item))
        return tuple(points), tip

    # ------------------------------------------------------------------ items

    def place_items(self) -> None:
        objects: dict[str, Json] = {o["name"]: o for o in self.data.get("objects", [])}
        prefix = self.picture.items[0].id if self.picture.items else ""
        if own := objects.get(f"cluster_{prefix}_definition"):
            title = labels.frame_lines(self.picture.name, self.picture.note, 1, self.picture.label)
            self.frame(f"{prefix}_definition", own, title)
        self.clusters(self.picture.items, objects)
        for item in leaves(self.picture.items):
            if isinstance(item, Ring):
                self.ring(item, objects[item.id], objects[item.source])
            else:
                self.box(item, objects[item.id])

    def clusters(self, items: tuple[Item, ...], objects: dict[str, Json]) -> None:
        for item in items:
            if isinstance(item, Cluster):
                title = labels.frame_lines(item.name, item.note, item.badge, item.label)
                inside = tuple(n for box in leaves(item.items) if isinstance(box, Box) for n in box.every)
                about = self.about(inside, item.region) if self.about and item.region else None
                self.frame(item.id, objects[f"cluster_{item.id}"], title, about)
                self.clusters(item.items, objects)

    def frame(self, id: str, o: Json, title: tuple[Line, ...], about: About | None = None) -> None:  # noqa: A002
        x0, y0, x1, y1 = o["bb"].split(",")
        (left, bottom), (right, top) = self.point(f"{x0},{y0}"), self.point(f"{x1},{y1}")
        at = self.point(o["lp"]) if "lp" in o else None
        fill, stroke = self.colours.frame
        self.frames.append(Frame(id, left, bottom, right, top, title, at, fill, stroke, about=about))

    def box(self, box: Box, o: Json) -> None:
        lines = labels.box_lines(box)
        at = self.point(o["pos"])
        width, height = float(o["width"]) * 72 / SCALE, float(o["height"]) * 72 / SCALE
        if box.kind == "title":
            self.marks.append(Mark(box.id, at, width, height, lines, "bare"))
            return
        if box.symbol is not None:
            flow = self.colours.edge("flow")
            plain = Paint(flow if box.kind == ENTRY else "#FFFFFF", flow)
            self.circle(box.id, box.symbol, at, width / 2, plain, look.TYPE, box.every)
            return
        paint = self.colours.paint(box.kind, box.every)
        about = self.about(box.every, box.region) if self.about and box.nodes else None
        pen = look.PEN if box.region is None else look.FOLDED_PEN
        self.marks.append(
            Mark(
                box.id, at, width, height, lines, shape_of(paint), paint.fill, paint.stroke, paint.ink, pen,
                "dashed" in paint.style, badge=labels.badge_text(box.badge), about=about,
            )
        )  # fmt: skip

    def circle(
        self,
        id: str,  # noqa: A002
        text: str,
        at: Point,
        radius: float,
        paint: Paint,
        size: float,
        nodes: tuple[str, ...] = (),
    ) -> None:
        lines = (line(text, size),)
        about = self.about(nodes, None) if self.about and nodes else None
        self.marks.append(
            Mark(
                id, at, 2 * radius, 2 * radius, lines, "circle", paint.fill, paint.stroke, paint.ink,
                about=about,
            )
        )  # fmt: skip

    def ring(self, ring: Ring, o: Json, above: Json) -> None:
        """The layers and arcs of a ring, in its frame, and what they do below."""
        at, source = self.point(o["pos"]), self.point(above["pos"])
        layers, small = ring.body.layers, look.SMALL
        width, height = clique_ring.frame(layers, len(ring.lines))
        left, bottom = at[0] - width / 2, at[1] - height / 2
        self.frames.append(
            Frame(
                ring.id, left, bottom, left + width, bottom + height, fill=None, stroke="#999999", dashed=True
            )
        )
        text = clique_ring.text_height(len(ring.lines))
        below = tuple((Run(words, small, ink=self.colours.edge("flow")),) for words in ring.lines)
        place = at[0], bottom + 2 + text / 2
        self.marks.append(Mark(f"{ring.id}.text", place, width, text, below, "bare"))
        plain = self.colours.paint("plain")
        self.circle(ring.source, "X0", source, SOURCE_RADIUS, plain, look.TYPE - 0.5)
        self.layers(ring, (at[0], at[1] + text / 2), source)

    def layers(self, ring: Ring, centre: Point, source: Point) -> None:
        layers, arrow = ring.body.layers, 10 * look.ARROW

        def at(point: Point) -> Point:
            return centre[0] + point[0], centre[1] + point[1]

        for i in range(1, layers + 1):
            place = at(clique_ring.place(i, layers))
            nodes = ring.members[i - 1] if ring.members else ()
            paint = destinations.member(self.colours, i, nodes)
            self.circle(f"{ring.id}.x{i}", f"X{i}", place, clique_ring.RADIUS, paint, look.TYPE - 0.5, nodes)
        arcs = clique_ring.arcs(layers, ring.body.links(), arrow)
        if layers <= clique_ring.SOURCES_SHOWN:
            above = source[1] - centre[1]
            arcs = clique_ring.source_arcs(layers, above, SOURCE_RADIUS, arrow) + arcs
        for arc in arcs:
            ends = f"{ring.id}.x{arc.tail}", f"{ring.id}.x{arc.head}"
            line, colour = self.colours.line(arc.kind), destinations.leading_to(self.colours, arc.head)
            points, tip = tuple(map(at, arc.curve)), at(arc.tip)
            self.arrows.append(Arrow(points, tip, *ends, colour, line.pen, line.dashed, arc.kind))

    # ------------------------------------------------------------------ edges

    def arrow(self, points: tuple[Point, ...], tip: Point | None, tail: str, end: str, kind: str) -> None:
        line = self.colours.line(kind)
        self.arrows.append(Arrow(points, tip, tail, end, line.colour, line.pen, line.dashed, kind))

    def place_edges(self, numbers: dict[int, Any]) -> None:
        known = {(e.tail, e.head): e for e in self.picture.edges}
        for edge in self.data.get("edges", []):
            if "pos" not in edge or edge.get("style") == "invis":
                continue
            tail, head = numbers[edge["tail"]], numbers[edge["head"]]
            said = known[tail, head]
            points, tip = self.curve(edge["pos"])
            self.arrow(points, tip, tail, head, said.style)
            if "lp" in edge:
                at = self.point(edge["lp"])
                text = (Run(said.label, look.SMALL, ink=self.colours.edge("flow")),)
                width = len(said.label) * GLYPH
                id = f"{tail}.to.{head}"
                self.marks.append(Mark(id, (at[0] + 1, at[1]), width, _LABEL_HEIGHT, (text,), "bare"))


def shape_of(paint: Paint) -> Shape:
    """Round or square corners."""
    return "round" if "rounded" in paint.style else "box"
