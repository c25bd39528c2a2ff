"""Picture to DOT text without places: `graphviz` quotes, labels are HTML-like, names are escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import graphviz

from ogive.backends.draw import clique_ring as ring_shape
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.look import Paint
from ogive.backends.draw.fold.picture import ENTRY, Box, Cluster, Edge, Item, Picture, Ring, order
from ogive.backends.draw.layout import labels, markup
from ogive.backends.draw.layout.branches import Fork, forks

SOURCE_RADIUS = 10.0
_EDGES = {
    "flow": {},
    "skip": {"weight": "0"},
    "projection": {"weight": "0"},
    "aux": {},
    "source": {"weight": "50"},
    "title": {"style": "invis", "weight": "50"},
    "removed": {},
}


class Writer:
    """Writes pictures at a scale.

    Graphviz takes type sizes inside labels as whole points only, so 6.5 points are laid out as 13 at scale 2
    and the finished drawing is halved.

    Args:
        scale: of every length and size of type.
        frames: draw each ring as one empty frame and leave the skips out; both are added after the layout.
        colours: what paints.
    """

    def __init__(self, scale: float = 1.0, frames: bool = False, colours: Colours | None = None) -> None:
        self.scale = scale
        self.frames = frames
        self.colours = colours or Colours()

    # ------------------------------------------------------------------ lengths

    def points(self, length: float) -> str:
        """A length or size of type in points."""
        return f"{length * self.scale:g}"

    def inches(self, points: float) -> str:
        """A length in points, as inches."""
        return f"{points * self.scale / 72:.4f}"

    # ------------------------------------------------------------------ graphs

    def defaults(self, name: str, tight: bool = False, narrow: bool = False) -> graphviz.Digraph:
        """An empty graph with the look of all drawings.

        Args:
            name: of the graph.
            tight: with less between boxes.
            narrow: with less at their sides, too.
        """
        apart = self.scale * (look.TIGHT if tight else 1.0)
        least, side = look.NARROW_BOX if narrow else look.BOX
        graph = graphviz.Digraph(graphviz.escape(name))  # a name such as `<b>` is no markup here either
        graph.attr(
            "graph", rankdir="TB", splines="spline", newrank="true", compound="true", labeljust="l",
            outputorder="edgesfirst", bgcolor="white",
            fontname=look.FONT, fontsize=self.points(look.TYPE), fontcolor="#333333",
            nodesep=f"{look.NODE_SEP * apart:g}", ranksep=f"{look.RANK_SEP * apart:g}",
        )  # fmt: skip
        graph.attr(
            "node", shape="box", style="rounded,filled", fontname=look.FONT, fontsize=self.points(look.TYPE),
            height=self.inches(15), width=self.inches(least), margin=f"{self.inches(side)},{self.inches(3)}",
            penwidth=self.points(look.PEN),
        )  # fmt: skip
        graph.attr(
            "edge", arrowsize=f"{look.ARROW * self.scale:g}", penwidth=self.points(look.PEN),
            color=self.colours.edge("flow"), fontcolor=look.FLOW, fontname=look.FONT,
            fontsize=self.points(look.SMALL),
        )  # fmt: skip
        return graph

    def whole(self, picture: Picture) -> graphviz.Digraph:
        """The overview and, in frames of their own, the definitions."""
        graph = self.defaults(picture.name, picture.tight, picture.narrow)
        self.fill(graph, picture)
        for definition in picture.definitions:
            self.fill_definition(graph, definition)
        return graph

    def parts(self, picture: Picture) -> list[graphviz.Digraph]:
        """The overview and the definitions, each as a graph to lay out by itself."""
        overview = self.defaults("overview", picture.tight, picture.narrow)
        self.fill(overview, picture)
        graphs = [overview]
        for definition in picture.definitions:
            graph = self.defaults("definition", definition.tight, definition.narrow)
            self.fill_definition(graph, definition)
            graphs.append(graph)
        return graphs

    def fill(self, graph: graphviz.Digraph, picture: Picture) -> None:
        """Writes a picture's items, then its edges."""
        modules = forks(picture)
        between = {fork.begins[len(fork.begins) // 2]: fork for fork in modules if len(fork.begins) % 2 == 0}
        lines = dict.fromkeys(picture.spine, "spine") | _lines(picture)
        for item in picture.items:
            self.item(graph, item, lines, between)
        rings = {b.id: b for b in picture.boxes() if isinstance(b, Ring)}
        aside = set(beside(picture))
        for edge in picture.edges:
            fork = between.get(edge.head)
            if fork and fork.tail == edge.tail:  # what is joined stands straight below what forks
                graph.edge(fork.tail, fork.middle, style="invis", weight="12")
                graph.edge(fork.middle, fork.join, style="invis", weight="12")
            if not self.frames or edge not in aside:
                self.edge(graph, edge, picture, rings)
        for above, below in _pushed(picture):
            graph.edge(above, below, style="invis", weight="0")
        for fork in modules:
            begins = graphviz.Digraph()  # they begin at one height
            begins.attr(rank="same")
            half = len(fork.begins) // 2
            middle = (fork.middle,) if fork in between.values() else ()
            for left, right in pairwise((*fork.begins[:half], *middle, *fork.begins[half:])):
                begins.edge(left, right, style="invis", weight="0")
            graph.subgraph(begins)

    def fill_definition(self, graph: graphviz.Digraph, picture: Picture) -> None:
        """The same in a frame with the name of the block."""
        prefix = picture.items[0].id
        frame = graphviz.Digraph(f"cluster_{prefix}_definition")
        frame.attr(**self.frame(picture.name, picture.note, 1, picture.label))
        if picture.narrow:
            frame.attr(margin=self.points(look.NARROW_FRAME))
        self.fill(frame, picture)
        graph.subgraph(frame)

    # ------------------------------------------------------------------ items

    def item(
        self, graph: graphviz.Digraph, item: Item, lines: Mapping[str, str], between: Mapping[str, Fork]
    ) -> None:
        """Writes a box, a ring, or a cluster with what is in it; `lines` say which boxes stand in one."""
        if isinstance(item, Cluster):
            frame = graphviz.Digraph(f"cluster_{item.id}")
            frame.attr(**self.frame(item.name, item.note, item.badge, item.label))
            for inside in item.items:
                self.item(frame, inside, lines, between)
            graph.subgraph(frame)
        elif isinstance(item, Ring):
            self.ring(graph, item, lines)
        else:
            if fork := between.get(item.id):
                graph.node(fork.middle, "", style="invis", shape="point", width="0", height="0", margin="0")
            group = {"group": lines[item.id]} if item.id in lines else {}
            graph.node(item.id, **self.box(item), **group)

    def frame(self, name: str, note: str, badge: int, label: tuple[str, ...] = ()) -> dict[str, str]:
        """Attributes of a cluster."""
        return {
            "label": markup.title(labels.frame_lines(name, note, badge, label), self.scale),
            "style": "rounded,filled", "fillcolor": look.CLUSTER_FILL, "color": look.CLUSTER_STROKE,
            "penwidth": self.points(look.PEN), "margin": self.points(look.FRAME),
        }  # fmt: skip

    def box(self, box: Box) -> dict[str, str]:
        """Attributes of a box or circle."""
        lines = labels.box_lines(box)
        if box.kind == "title":
            text = markup.label(lines, self.scale)
            return {"label": text, "style": "filled", "fillcolor": "white", "color": "white"}
        if box.kind == ENTRY:
            flow = self.colours.edge("flow")
            return self.circle("", Paint(flow, flow), look.DOT)
        if box.symbol is not None:
            paint = Paint("#FFFFFF", self.colours.edge("flow"))
            return {**self.circle(box.symbol, paint, 7.0), "fontsize": self.points(look.TYPE)}
        paint = self.colours.paint(box.kind, box.every)
        found = {
            "label": markup.label(lines, self.scale, labels.badge_text(box.badge)),
            "style": paint.style, "fillcolor": paint.fill, "color": paint.stroke, "fontcolor": paint.ink,
        }  # fmt: skip
        if box.region is not None:
            found["penwidth"] = self.points(look.FOLDED_PEN)
        return found

    def circle(self, name: str, paint: Paint, radius: float) -> dict[str, str]:
        """Attributes of X0 or of a layer of a ring."""
        return {
            "label": f"<{markup.escape(name)}>", "shape": "circle", "style": "filled",
            "fillcolor": paint.fill, "color": paint.stroke, "fixedsize": "true",
            "width": self.inches(2 * radius),
            "height": self.inches(2 * radius), "fontsize": self.points(look.TYPE - 0.5), "margin": "0",
        }  # fmt: skip

    def ring(self, graph: graphviz.Digraph, ring: Ring, lines: Mapping[str, str]) -> None:
        """X0 and a frame to be filled, or the layers themselves."""
        layers = ring.body.layers
        group = {"group": lines.get(ring.id, ring.id)}
        graph.node(ring.source, **self.circle("X0", look.PLAIN, SOURCE_RADIUS), **group)
        if self.framed(ring):
            width, height = (self.inches(v) for v in ring_shape.frame(layers, len(ring.lines)))
            space = f'<FONT POINT-SIZE="{markup.type_size(2, self.scale)}"> </FONT>'
            below = "<BR/>".join([*map(markup.escape, ring.lines), space])
            graph.node(
                ring.id, label=f"<{below}>", labelloc="b", style="rounded,dashed",
                width=width, height=height, fixedsize="true", color="#999999",
                fontsize=self.points(look.SMALL), fontcolor=look.FLOW, **group,
            )  # fmt: skip
            return
        for layer in range(1, layers + 1):
            graph.node(
                member(ring, layer), **self.circle(f"X{layer}", self.colours.paint("conv"), ring_shape.RADIUS)
            )
        for layer in range(1, layers + 1):
            graph.edge(ring.source, member(ring, layer), color=self.colours.edge("source"))
        for j, i in sorted(ring.body.links()):
            if j > 0:
                graph.edge(member(ring, j), member(ring, i), constraint="false", **self.arc(j < i))

    def arc(self, forward: bool) -> dict[str, str]:
        """Attributes of an arc between two layers of a ring."""
        return self.line("forward" if forward else "backward")

    def line(self, kind: str) -> dict[str, str]:
        """Attributes of an arrow of that kind, as far as they are not those of the flow."""
        line = self.colours.line(kind)
        found = {"color": line.colour} if kind not in {"flow", "projection"} else {}
        if line.pen != look.PEN:
            found["penwidth"] = self.points(line.pen)
        if line.dashed:
            found["style"] = "dashed"
        return found

    def framed(self, ring: Ring) -> bool:
        """Whether a ring is one node here."""
        return self.frames or ring.body.layers > ring_shape.ARCS_SHOWN

    # ------------------------------------------------------------------ edges

    def edge(self, graph: graphviz.Digraph, edge: Edge, picture: Picture, rings: dict[str, Ring]) -> None:
        """Writes an edge. Where a ring's layers are drawn, one out of the ring starts at its last layer."""
        found = {**(self.line(edge.style) if edge.style != "title" else {}), **_EDGES[edge.style]}
        tail = edge.tail
        if edge.style == "source":
            ring = rings[edge.head]
            if not self.framed(ring):
                return
            if ring.body.layers <= ring_shape.SOURCES_SHOWN:
                found["style"] = "invis"
        if tail in rings and not self.framed(rings[tail]):
            tail = member(rings[tail], rings[tail].body.layers)
        if edge.style == "flow" and {edge.tail, edge.head} <= picture.spine:
            found["weight"] = "12"
        if edge.label:
            found["label"] = f"<&nbsp;{markup.escape(edge.label)}>"
        graph.edge(tail, edge.head, **found)


def member(ring: Ring, layer: int) -> str:
    """The id of a layer of a ring."""
    return f"{ring.id}.x{layer}"


def _pushed(picture: Picture) -> Iterator[tuple[str, str]]:
    """Pairs that keep the flow straight: what leaves a frame in its middle stands below all that is in it.

    Otherwise the frame, a rectangle, would stand in its way, and the flow would step aside.
    """
    place = {id: i for i, id in enumerate(order(picture.items))}
    leaving = {e.tail for e in picture.edges}
    for _, held in _clusters(picture.items):
        going_on = {e.tail for e in picture.edges if e.tail in held and e.head in held}
        ends = sorted(held & leaving - going_on, key=place.__getitem__)
        for edge in picture.edges:
            out = edge.style == "flow" and edge.tail in held and edge.head not in held
            if out and {edge.tail, edge.head} <= picture.spine:
                below = [end for end in ends if end != edge.tail and place[end] < place[edge.head]]
                yield from ((end, edge.head) for end in below)


def beside(picture: Picture) -> list[Edge]:
    """What goes past boxes in the line of the flow, in lanes of its own: skips, and what leads on into a box
    that stands for several, each of which reads another one.
    """
    line = [id for id in order(picture.items) if id in picture.spine]
    place = {id: i for i, id in enumerate(line)}
    return [
        e
        for e in picture.edges
        if e.style == "skip"
        or (e.style == "flow" and {e.tail, e.head} <= place.keys() and place[e.head] > place[e.tail] + 1)
    ]


def _lines(picture: Picture) -> dict[str, str]:
    """By box: the frame in which it stands in a line, where that holds one chain beside the spine."""
    found: dict[str, str] = {}
    for frame, held in _clusters(picture.items):
        ways = [(e.tail, e.head) for e in picture.edges if e.tail in held and e.head in held]
        chain = list(pairwise(order(frame.items)))
        if chain and ways == chain and picture.spine.isdisjoint(held):
            found |= dict.fromkeys(held, frame.id)
    return found


def _clusters(items: tuple[Item, ...]) -> Iterator[tuple[Cluster, set[str]]]:
    for item in items:
        if isinstance(item, Cluster):
            yield item, set(order(item.items))
            yield from _clusters(item.items)
