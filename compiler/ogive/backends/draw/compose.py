"""Laid-out parts to one drawing: the overview at the left, definitions beside it, rings in their frames.

Works on Graphviz's `json0` and gives DOT text in which everything has its place, so that the renderer
(`nop2`) has nothing left to decide and all formats come out alike. Lengths are points at the parts' scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

import graphviz

from ogive.backends.draw import clique_ring, look
from ogive.backends.draw.clique_ring import Arc, Point
from ogive.backends.draw.dot import SOURCE_RADIUS, Writer
from ogive.backends.draw.routing import Layout

GAP = 26.0
"""Points between the overview and the definitions."""
_PAD = 6.0
_PLACED = {
    "name", "pos", "bb", "lp", "lheight", "lwidth", "width", "height", "group", "rects",
    "weight", "constraint", "margin", "ltail", "id",
}  # fmt: skip
"""Attributes that the layout took or gave."""

Json = dict[str, Any]


class RingSpec(TypedDict):
    """What a worker is told about a ring."""

    id: str
    layers: int
    lines: int
    links: list[tuple[int, int]]


@dataclass
class _Part:
    data: Json
    width: float
    height: float
    dx: float = 0.0
    dy: float = 0.0

    def point(self, text: str) -> Point:
        x, y = (float(v) for v in text.split(",")[:2])
        return x + self.dx, y + self.dy

    def pairs(self, text: str) -> str:
        """A list of points, and `e,` and `s,` before some, moved."""
        moved: list[str] = []
        for item in text.replace("\\\n", "").split():
            head = item[:2] if item[:2] in ("e,", "s,") else ""
            x, y = item[len(head) :].split(",")
            moved.append(f"{head}{float(x) + self.dx:.2f},{float(y) + self.dy:.2f}")
        return " ".join(moved)

    def box(self, text: str) -> str:
        x0, y0, x1, y1 = (float(v) for v in text.split(","))
        return f"{x0 + self.dx:.2f},{y0 + self.dy:.2f},{x1 + self.dx:.2f},{y1 + self.dy:.2f}"


def compose(
    parts: list[Json], rings: list[RingSpec], skips: list[tuple[str, str]], writer: Writer
) -> tuple[str, float, float]:
    """One DOT text with positions, and the drawing's width and height in points at scale 1.

    Args:
        parts: json0 of the overview, then of the definitions.
        rings: those whose frames are to be filled.
        skips: boxes to join by lanes.
        writer: whose scale the parts have.
    """
    for data in parts:
        _route(data, skips, writer.scale)
    placed = _arrange([_Part(p, *_size(p)) for p in parts], GAP * writer.scale)
    graph = writer.defaults("drawing")
    for part in placed:  # a lane may lie left of what dot called zero
        part.dx -= float(part.data["bb"].split(",")[0])
    width = max(p.dx + float(p.data["bb"].split(",")[2]) for p in placed)
    height = max(p.dy + p.height for p in placed) - min(p.dy for p in placed)
    by_id = {r["id"]: r for r in rings}
    for part in placed:
        _emit(graph, part, by_id, writer)
    graph.attr("graph", pad=f"{_PAD / 72:.4f}")
    return graph.source, width / writer.scale, height / writer.scale


def _route(data: Json, skips: list[tuple[str, str]], scale: float) -> None:
    """Adds the skips, and moves what they and the arrows would cover."""
    layout = Layout.read(data)
    splines = layout.route(skips, scale)
    straight = [e["pos"] for e in data.get("edges", []) if "pos" in e]
    layout.clear_titles([*straight, *splines.values()], scale)
    layout.finish(splines)
    edges: list[Json] = data.setdefault("edges", [])
    for (tail, head), spline in splines.items():
        ends = {"tail": layout.numbers[tail], "head": layout.numbers[head]}
        edges.insert(0, {**ends, "pos": spline, "color": look.SKIP})


def _size(data: Json) -> tuple[float, float]:
    x0, y0, x1, y1 = (float(v) for v in data["bb"].split(","))
    return x1 - x0, y1 - y0


def _arrange(parts: list[_Part], gap: float) -> list[_Part]:
    """The overview, then columns of definitions that are not much taller than it; their tops in one line."""
    overview, *definitions = parts
    top = overview.height
    limit = max(overview.height * 1.1, max((d.height for d in definitions), default=0.0))
    left, used, widest = overview.width + gap, 0.0, 0.0
    for part in definitions:
        if used and used + part.height > limit:
            left, used, widest = left + widest + gap, 0.0, 0.0
        part.dx, part.dy = left, top - used - part.height
        used += part.height + gap * 0.6
        widest = max(widest, part.width)
    return parts


def _emit(graph: graphviz.Digraph, part: _Part, rings: dict[str, RingSpec], writer: Writer) -> None:
    """Writes a part's frames with what they hold, then what stands outside, then the edges."""
    objects: list[Json] = part.data.get("objects", [])
    by_number = {o["_gvid"]: o for o in objects}
    inner = {number for o in objects for number in o.get("subgraphs", ())}
    for o in objects:
        if "bb" in o and o["_gvid"] not in inner:
            _frame(graph, o, by_number, part, rings, writer)
    framed = {number for o in objects for number in o.get("nodes", ())}
    for o in objects:
        if "bb" not in o and o["_gvid"] not in framed:
            _node(graph, o, part, rings, writer)
    for edge in part.data.get("edges", []):
        if "pos" not in edge or edge.get("style") == "invis":
            continue
        found = _attributes(edge)
        if "lp" in edge:
            found["lp"] = part.pairs(edge["lp"])
        ends = by_number[edge["tail"]]["name"], by_number[edge["head"]]["name"]
        graph.edge(*ends, pos=part.pairs(edge["pos"]), **found)


def _frame(
    into: graphviz.Digraph,
    o: Json,
    by_number: dict[int, Json],
    part: _Part,
    rings: dict[str, RingSpec],
    writer: Writer,
) -> None:
    frame = graphviz.Digraph(o["name"])
    frame.attr(**_attributes(o), bb=part.box(o["bb"]), **({"lp": part.pairs(o["lp"])} if "lp" in o else {}))
    deeper: set[int] = set()
    for number in o.get("subgraphs", ()):
        _frame(frame, by_number[number], by_number, part, rings, writer)
        deeper.update(by_number[number].get("nodes", ()))
    for number in o.get("nodes", ()):
        if number not in deeper:
            _node(frame, by_number[number], part, rings, writer)
    into.subgraph(frame)


def _attributes(o: Json) -> dict[str, str]:
    """What the part said about it; every label that there is was HTML-like, and json0 drops the brackets."""
    found = {k: v for k, v in o.items() if k not in _PLACED and isinstance(v, str)}
    if "label" in found:
        found["label"] = f"<{found['label']}>" if found["label"] else ""
    return found


def _node(graph: graphviz.Digraph, o: Json, part: _Part, rings: dict[str, RingSpec], writer: Writer) -> None:
    at = part.point(o["pos"])
    ring = rings.get(o["name"])
    attributes = {**_attributes(o), "fixedsize": "true", "margin": "0"}
    graph.node(o["name"], pos=_pair(at), width=o["width"], height=o["height"], **attributes)
    if ring:
        source = next(s for s in part.data["objects"] if s["name"] == f"{ring['id']}.x0")
        _fill(graph, ring, at, part.point(source["pos"]), writer)


def _fill(graph: graphviz.Digraph, ring: RingSpec, centre: Point, source: Point, writer: Writer) -> None:
    """The layers and arcs of a ring, in its frame."""
    layers, scale = ring["layers"], writer.scale
    arrow = 10 * look.ARROW

    centre = centre[0], centre[1] + clique_ring.text_height(ring["lines"]) / 2 * scale

    def at(point: Point) -> Point:
        return centre[0] + point[0] * scale, centre[1] + point[1] * scale

    for layer in range(1, layers + 1):
        attributes = writer.circle(f"X{layer}", look.paint("conv"), clique_ring.RADIUS)
        graph.node(f"{ring['id']}.x{layer}", pos=_pair(at(clique_ring.place(layer, layers))), **attributes)
    colour = {"forward": look.FORWARD, "backward": look.BACKWARD, "source": look.SOURCE}
    arcs = clique_ring.arcs(layers, [(j, i) for j, i in ring["links"]], arrow)
    if layers <= clique_ring.SOURCES_SHOWN:
        above = (source[1] - centre[1]) / scale
        arcs = clique_ring.source_arcs(layers, above, SOURCE_RADIUS, arrow) + arcs
    for arc in arcs:
        style = {"style": "dashed"} if arc.kind == "backward" else {}
        names = f"{ring['id']}.x{arc.tail}", f"{ring['id']}.x{arc.head}"
        graph.edge(*names, color=colour[arc.kind], pos=_spline(arc, at), **style)


def _spline(arc: Arc, at: Any) -> str:
    return f"e,{_pair(at(arc.tip))} " + " ".join(_pair(at(p)) for p in arc.curve)


def _pair(point: Point) -> str:
    return f"{point[0]:.2f},{point[1]:.2f}"
