"""What is set right after dot's layout: skips get lanes beside the flow, titles of frames stay clear.

dot is not told of skips. They never decide which box stands below which (there is a longer way between the
same two), and without them the flow stays in one straight line. Each goes out at the side of its first box,
down a lane and in at the side of its last; short skips lie inside long ones. Lengths are points at the scale
of the layout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot
from typing import Any

Json = dict[str, Any]
GLYPH = 4.6
"""Points: the mean width of a digit or a × in a label."""
Point = tuple[float, float]


@dataclass
class Rect:
    """Corners: left, bottom, right, top."""

    x0: float
    y0: float
    x1: float
    y1: float

    def meets(self, other: Rect, apart: float = 0.0) -> bool:
        """Whether they overlap, or are nearer than that."""
        return (
            self.x0 < other.x1 + apart and other.x0 < self.x1 + apart
            and self.y0 < other.y1 + apart and other.y0 < self.y1 + apart
        )  # fmt: skip

    def holds(self, other: Rect) -> bool:
        """Whether the other lies inside."""
        return self.x0 <= other.x0 and self.y0 <= other.y0 and self.x1 >= other.x1 and self.y1 >= other.y1


@dataclass
class Frame:
    """A cluster: where it is, where its title is (None without one), and the boxes in it."""

    rect: Rect
    title: Rect | None
    nodes: frozenset[int]
    data: Json


@dataclass
class Layout:
    """A part that dot has laid out, as rectangles."""

    data: Json
    boxes: dict[str, Rect] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    lanes: list[Rect] = field(default_factory=list)

    @classmethod
    def read(cls, data: Json) -> Layout:
        """From Graphviz's json0."""
        layout = cls(data)
        for o in data.get("objects", []):
            if "bb" in o:
                rect = Rect(*(float(v) for v in o["bb"].split(",")))
                title = None
                if "lp" in o:
                    x, y = (float(v) for v in o["lp"].split(","))
                    w, h = float(o["lwidth"]) * 36, float(o["lheight"]) * 36
                    title = Rect(x - w, y - h, x + w, y + h)
                layout.frames.append(Frame(rect, title, frozenset(o.get("nodes", ())), o))
            elif "pos" in o:  # and not what only stands at one height
                x, y = (float(v) for v in o["pos"].split(","))
                w, h = float(o["width"]) * 36, float(o["height"]) * 36
                layout.boxes[o["name"]] = Rect(x - w, y - h, x + w, y + h)
                layout.numbers[o["name"]] = o["_gvid"]
        return layout

    def labels(self, scale: float) -> list[Rect]:
        """About where the labels of edges are; dot does not say how wide it made them."""
        found: list[Rect] = []
        for edge in self.data.get("edges", []):
            if "lp" in edge:
                x, y = (float(v) for v in edge["lp"].split(","))
                half = len(edge["label"].replace("&nbsp;", "")) * GLYPH * scale / 2
                found.append(Rect(x - half, y - 4 * scale, x + half, y + 4 * scale))
        return found

    def route(self, skips: Iterable[tuple[str, str]], scale: float) -> dict[tuple[str, str], str]:
        """Splines for the skips, as `pos` attributes; frames that hold both ends grow around them."""
        known = [s for s in skips if s[0] in self.boxes and s[1] in self.boxes]
        known.sort(key=lambda s: self._middle(s[0]) - self._middle(s[1]))
        return {s: self._lane(*s, scale) for s in known}

    def _middle(self, name: str) -> float:
        return (self.boxes[name].y0 + self.boxes[name].y1) / 2

    def _lane(self, tail: str, head: str, scale: float) -> str:
        a, b = self.boxes[tail], self.boxes[head]
        top, bottom = self._middle(tail), self._middle(head)
        ends = {self.numbers[tail], self.numbers[head]}
        solid = [r for name, r in self.boxes.items() if name not in (tail, head)]
        solid += [f.rect for f in self.frames if not f.nodes & ends]
        labels = self.labels(scale)
        borders = [
            Rect(x - 1, f.rect.y0, x + 1, f.rect.y1)
            for f in self.frames
            if len(f.nodes & ends) == 1
            for x in (f.rect.x0, f.rect.x1)
        ]
        best: tuple[float, float, int] | None = None
        for side in (-1, 1):  # left, right
            start = min(a.x0, b.x0) if side < 0 else max(a.x1, b.x1)
            x = self._free(side, Rect(start, bottom, start, top), [*solid, *borders, *labels], scale)
            ways = [Rect(min(x, end.x0), y - 1, max(x, end.x1), y + 1) for end, y in ((a, top), (b, bottom))]
            crossed = sum(r.meets(w) for w in ways for r in solid)
            cost = crossed * 1000 + abs(x - (a.x0 + a.x1) / 2) + (80 * scale if side > 0 else 0)
            if best is None or cost < best[0]:
                best = cost, x, side
        assert best is not None
        _, x, side = best
        self.lanes.append(Rect(x - 1, bottom, x + 1, top))
        for frame in self.frames:
            if ends <= frame.nodes:
                margin = 7 * scale
                frame.rect.x0, frame.rect.x1 = min(frame.rect.x0, x - margin), max(frame.rect.x1, x + margin)
        return _spline(a.x0 if side < 0 else a.x1, top, x, b.x0 if side < 0 else b.x1, bottom, scale)

    def _free(self, side: int, edge: Rect, solid: Sequence[Rect], scale: float) -> float:
        """The nearest lane at that side, outwards of the edge and as tall, that touches nothing."""
        x = edge.x0 + side * 9 * scale
        gap = 5 * scale
        for _ in range(len(solid) + len(self.lanes) + 1):
            lane = Rect(x, edge.y0, x, edge.y1)
            hit = next((r for r in (*solid, *self.lanes) if r.meets(lane, gap)), None)
            if hit is None:
                break
            x = (hit.x0 if side < 0 else hit.x1) + side * (gap + 0.5)
        return x

    def clear_titles(self, splines: Iterable[str], scale: float) -> None:
        """Moves the titles of frames out of the way of arrows: along the frame, or left with its border."""
        points = [p for spline in splines for p in samples(spline, 3 * scale)]
        for frame in sorted(self.frames, key=lambda f: (f.rect.x1 - f.rect.x0) * (f.rect.y1 - f.rect.y0)):
            if frame.title:
                row = sorted(x for x, y in points if frame.title.y0 - scale < y < frame.title.y1 + scale)
                self._clear_title(frame, frame.title, row, 4 * scale)
        for frame in self.frames:  # what holds a frame that grew grows too
            for inner in self.frames:
                if inner is not frame and inner.nodes < frame.nodes:
                    frame.rect.x0 = min(frame.rect.x0, inner.rect.x0 - 6 * scale)
                    frame.rect.x1 = max(frame.rect.x1, inner.rect.x1 + 6 * scale)

    def _clear_title(self, frame: Frame, title: Rect, crossing: Sequence[float], gap: float) -> None:
        """Puts a title where no arrow crosses its row, moving it or widening the frame a little."""
        width, inner = title.x1 - title.x0, frame.rect.x0 + gap
        others = [r for name, r in self.boxes.items() if self.numbers[name] not in frame.nodes]
        others += [f.rect for f in self.frames if not f.nodes & frame.nodes]

        def usable(at: float) -> bool:
            crossed = any(at - gap + 0.01 < x < at + width + gap - 0.01 for x in crossing)
            left, right = at - 1.5 * gap, at + width + 1.5 * gap
            strips = [Rect(left, frame.rect.y0, frame.rect.x0, frame.rect.y1)] if at < inner else []
            if right > frame.rect.x1:
                strips.append(Rect(frame.rect.x1, frame.rect.y0, right, frame.rect.y1))
            return not crossed and not any(r.meets(strip, gap / 4) for r in others for strip in strips)

        def cost(at: float) -> float:
            """How much wider the frame becomes, or how far from its corner the title is."""
            wider = max(inner - at, 0.0) + max(at + width + 1.5 * gap - frame.rect.x1, 0.0)
            return wider + 0.4 * max(at - inner, 0.0)

        places = [min(title.x0, inner), *(x + gap for x in crossing), *(x - gap - width for x in crossing)]
        places = [at for at in places if usable(at)]
        if places:
            at = min(places, key=cost)
            frame.title = Rect(at, title.y0, at + width, title.y1)
            frame.rect.x0 = min(frame.rect.x0, at - 1.5 * gap)
            frame.rect.x1 = max(frame.rect.x1, at + width + 1.5 * gap)

    def finish(self, splines: Mapping[tuple[str, str], str]) -> None:
        """Writes the frames back, and the bounds of all."""
        x0, y0, x1, y1 = (float(v) for v in self.data["bb"].split(","))
        for frame in self.frames:
            r = frame.rect
            frame.data["bb"] = f"{r.x0:.2f},{r.y0:.2f},{r.x1:.2f},{r.y1:.2f}"
            if frame.title:
                t = frame.title
                frame.data["lp"] = f"{(t.x0 + t.x1) / 2:.2f},{(t.y0 + t.y1) / 2:.2f}"
        xs = [x for s in splines.values() for x, _ in samples(s, 10.0)]
        xs += [x for f in self.frames for x in (f.rect.x0, f.rect.x1)]
        x0, x1 = min([x0, *xs]), max([x1, *xs])
        self.data["bb"] = f"{x0:.2f},{y0:.2f},{x1:.2f},{y1:.2f}"


def _spline(start: float, top: float, lane: float, end: float, bottom: float, scale: float) -> str:
    """Out, down, in, with round corners; the arrow's head points inwards."""
    inwards = 1 if end > lane else -1
    tip = 5 * scale * inwards
    radius = min(9 * scale, (top - bottom) / 2, abs(start - lane), abs(end - tip - lane))
    k = 0.45  # the part of a corner's sides that its control points leave
    bend, back = lane + inwards * radius, lane + inwards * radius * k
    points: list[Point] = [(start, top)]
    points += _straight((start, top), (bend, top))
    points += [(back, top), (lane, top - radius * k), (lane, top - radius)]
    points += _straight((lane, top - radius), (lane, bottom + radius))
    points += [(lane, bottom + radius * k), (back, bottom), (bend, bottom)]
    points += _straight((bend, bottom), (end - tip, bottom))
    return f"e,{end:.2f},{bottom:.2f} " + " ".join(f"{x:.2f},{y:.2f}" for x, y in points)


def _straight(a: Point, b: Point) -> list[Point]:
    return [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for t in (1 / 3, 2 / 3, 1.0)]


def samples(spline: str, step: float) -> Iterator[Point]:
    """Points along a `pos` attribute about that far apart, its arrow's tip among them."""
    control: list[Point] = []
    tips: list[Point] = []
    for item in spline.replace("\\\n", "").split():
        marked = item[:2] in ("e,", "s,")
        x, y = (float(v) for v in (item[2:] if marked else item).split(","))
        (tips if marked else control).append((x, y))
    for (x, y), (u, v) in zip(tips, control[-1:], strict=False):
        yield from ((x + (u - x) * t / 4, y + (v - y) * t / 4) for t in range(4))
    for i in range(0, len(control) - 3, 3):
        a, b, c, d = control[i : i + 4]
        length = sum(hypot(q[0] - p[0], q[1] - p[1]) for p, q in ((a, b), (b, c), (c, d)))
        steps = max(4, int(length / step))
        for n in range(steps + 1):
            t = n / steps
            weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t**3)
            points = tuple(zip(weights, (a, b, c, d), strict=True))
            yield sum(w * p[0] for w, p in points), sum(w * p[1] for w, p in points)
