"""A scene as DOT text in which everything has its place: nothing is left to a layout (`neato -n2`)."""

from __future__ import annotations

import math

import graphviz

from ogive.backends.draw.colours import look
from ogive.backends.draw.layout import markup
from ogive.backends.draw.scene import Arrow, Frame, Mark, Point, Scene

SCALE = 2.0
"""Graphviz takes sizes of type inside labels as whole points only, so 6.5 points are written as 13 at scale 2
and the
finished drawing is shrunk."""
_HEAD = 10 * look.ARROW
"""Points: how long the head of an arrow is that has room for it."""
_POINT = 0.36 / SCALE
"""Graphviz makes no node smaller than 0.72 points: half of it, so that corners are at the edge."""
_STYLES = {"round": ("box", "rounded,filled"), "box": ("box", "filled"), "circle": ("ellipse", "filled")}


def placed_dot(scene: Scene, size: tuple[float, float] | None = None) -> str:
    """DOT text of a scene.

    Args:
        scene: what to write.
        size: points that the finished drawing is at most wide and high; the scene's own unless given.
    """
    width, height = size or (scene.width, scene.height)
    graph = graphviz.Digraph(graphviz.escape(scene.name))  # a name such as `<b>` is no markup here either
    graph.attr(
        "graph", bgcolor="white", outputorder="edgesfirst", pad="0", margin="0", splines="true",
        fontname=look.FONT, fontsize=_number(look.TYPE), labeljust="l",
        size=f"{width / 72:.5f},{height / 72:.5f}",  # Graphviz shrinks to it
    )  # fmt: skip
    graph.attr(
        "node", shape="box", fontname=look.FONT, fontsize=_number(look.TYPE), fixedsize="true", margin="0"
    )
    graph.attr("edge", arrowsize=f"{look.ARROW * SCALE:g}", penwidth=_number(look.PEN), color=look.FLOW)
    corners = (_POINT, _POINT), (scene.width - _POINT, scene.height - _POINT)
    for name, at in zip(("ogive_low", "ogive_high"), corners, strict=True):
        graph.node(name, shape="point", style="invis", width="0", height="0", pos=_pair(at))
    for frame in scene.frames:
        graph.subgraph(_frame(frame))
    for mark in scene.marks:
        graph.node(mark.id, **_mark(mark))
    known = {mark.id for mark in scene.marks}
    for arrow in scene.arrows:
        tail = arrow.tail if arrow.tail in known else "ogive_low"
        end = arrow.end if arrow.end in known else "ogive_high"
        graph.edge(tail, end, **_arrow(arrow))
    return graph.source


def _frame(frame: Frame) -> graphviz.Digraph:
    inside = graphviz.Digraph(f"cluster_{frame.id}")
    low, high = (frame.left, frame.bottom), (frame.right, frame.top)
    at = frame.title_at or (
        frame.left + 7 + sum(len(run.text) for run in frame.lines[0]) * 2.4 if frame.lines else frame.left,
        frame.top - 8,
    )
    inside.attr(
        id=f"frame-{frame.id}", bb=f"{_pair(low)},{_pair(high)}", label=markup.title(frame.lines, SCALE),
        style=_style("rounded,filled" if frame.rounded else "filled", frame.fill, frame.dashed),
        color=frame.stroke or "#00000000", penwidth=_number(frame.pen), fontcolor=frame.ink,
        **({"fillcolor": frame.fill} if frame.fill else {}),
        **({"lp": _pair(at)} if frame.lines else {}),
    )  # fmt: skip
    return inside


def _mark(mark: Mark) -> dict[str, str]:
    left = mark.width if mark.align == "left" else None
    found = {
        "id": f"mark-{mark.id}", "pos": _pair(mark.centre),
        "width": f"{mark.width * SCALE / 72:.4f}", "height": f"{mark.height * SCALE / 72:.4f}",
        "label": markup.label(mark.lines, SCALE, mark.badge, left), "fontcolor": mark.ink,
    }  # fmt: skip
    if mark.shape == "bare":
        return {**found, "shape": "none"}
    shape, style = _STYLES[mark.shape]
    return {
        **found, "shape": shape, "style": _style(style, mark.fill, mark.dashed),
        "color": mark.stroke or "#00000000", "penwidth": _number(mark.pen),
        **({"fillcolor": mark.fill} if mark.fill else {}),
    }  # fmt: skip


def _arrow(arrow: Arrow) -> dict[str, str]:
    tip = f"e,{_pair(arrow.tip)} " if arrow.tip else ""
    found = {"pos": tip + " ".join(map(_pair, arrow.points)), "color": arrow.stroke, "class": arrow.kind}
    if arrow.pen != look.PEN:
        found["penwidth"] = _number(arrow.pen)
    if arrow.dashed:
        found["style"] = "dashed"
    if arrow.tip is None:
        found["arrowhead"] = "none"
    elif (length := math.dist(arrow.points[-1], arrow.tip)) < 0.9 * _HEAD:
        found["arrowsize"] = (
            f"{length / _HEAD * look.ARROW * SCALE:.3f}"  # Graphviz draws it from where the line ends
        )
    return found


def _style(style: str, fill: str | None, dashed: bool) -> str:
    words = [word for word in style.split(",") if fill or word != "filled"]
    return ",".join([*words, *(["dashed"] if dashed else [])])


def _number(points: float) -> str:
    return f"{points * SCALE:g}"


def _pair(point: Point) -> str:
    return f"{point[0] * SCALE:.2f},{point[1] * SCALE:.2f}"
