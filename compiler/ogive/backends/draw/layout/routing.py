"""What is set right after dot's layout: skips get lanes beside the flow, titles of frames stay clear.

dot is not told of skips. They never decide which box stands below which (there is a longer way between the
same two), and without them the flow stays in one straight line. Each goes out at the side of its first box,
down a lane and in at the side of its last; short skips lie inside long ones. Lengths are points at the scale
of the layout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from math import hypot
from typing import Any

Json = dict[str, Any]
GLYPH = 4.6
"""Points: the mean width of a digit or a × in a label."""
Point = tuple[float, float]
_MARGIN = 7.0
"""Points between a lane and the frame around it."""
_NESTED = 6.0
"""Points between frames that grew, one in the other."""
_NEAR = 3.0
"""Points between an arrow of dot's and the frame around it."""
_LOWER = 0.7
"""How far below the middle a skip leaves a box that another one reaches, of half its height."""


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
    circles: set[str] = field(default_factory=set)

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
                if o.get("shape") == "circle":
                    layout.circles.add(o["name"])
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
        reached = {head for _, head in known}
        splines = {s: self._lane(*s, scale, lower=s[0] in reached) for s in known}
        self._hold_arrows(scale)
        return splines

    def _middle(self, name: str) -> float:
        return (self.boxes[name].y0 + self.boxes[name].y1) / 2

    def _lane(self, tail: str, head: str, scale: float, lower: bool) -> str:
        """A skip's spline; `lower`: it leaves below the middle, where the tip of another one is."""
        a, b = self.boxes[tail], self.boxes[head]
        top, bottom = self._middle(tail), self._middle(head)
        sideways = (a.x1 - a.x0) / 2  # from the middle of the box to where the skip begins
        if lower:
            half = (a.y1 - a.y0) / 2
            top -= half * _LOWER
            sideways *= (1 - _LOWER**2) ** 0.5 if tail in self.circles else 1
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
            covered = self._covered(self._widened(ends, x, scale))
            cost = crossed * 1000 + covered * 300 * scale
            cost += abs(x - (a.x0 + a.x1) / 2) + (80 * scale if side > 0 else 0)
            if best is None or cost < best[0]:
                best = cost, x, side
        assert best is not None
        _, x, side = best
        self.lanes.append(Rect(x - 1, bottom, x + 1, top))
        self._take(self._widened(ends, x, scale))
        start = (a.x0 + a.x1) / 2 + side * sideways
        return _spline(start, top, x, b.x0 if side < 0 else b.x1, bottom, scale)

    def _widened(self, ends: AbstractSet[int], x: float, scale: float) -> list[tuple[Frame, Rect]]:
        """The frames around all ends, from inside, made so wide that they hold a lane at this x."""
        holding = [frame for frame in self._from_inside() if ends <= frame.nodes]
        if not holding:
            return []
        inner = holding[0]
        return self._grown(inner, _around(inner.rect, x, _MARGIN * scale), scale)

    def _grown(self, frame: Frame, rect: Rect, scale: float) -> list[tuple[Frame, Rect]]:
        """A frame as it is to be, and those around it, which grow with it."""
        found = [(frame, rect)]
        order = self._from_inside()
        for outer in order[order.index(frame) + 1 :]:
            if frame.nodes <= outer.nodes:
                inner, gap, old = found[-1][1], _NESTED * scale, outer.rect
                found.append((outer, _around(_around(old, inner.x0, gap), inner.x1, gap)))
        return found

    def _from_inside(self) -> list[Frame]:
        return sorted(self.frames, key=lambda f: (len(f.nodes), f.rect.y1 - f.rect.y0))

    def _covered(self, grown: Sequence[tuple[Frame, Rect]]) -> int:
        """How much of what is not in frames would lie under them where they grew."""
        found = 0
        for frame, rect in grown:
            outside = [r for name, r in self.boxes.items() if self.numbers[name] not in frame.nodes]
            outside += [f.rect for f in self.frames if not f.nodes & frame.nodes]
            found += sum(r.meets(rect) and not r.meets(frame.rect) for r in outside)
        return found

    @staticmethod
    def _take(grown: Sequence[tuple[Frame, Rect]]) -> None:
        for frame, rect in grown:
            frame.rect = rect

    def _hold_arrows(self, scale: float) -> None:
        """Frames grow around the arrows between what is in them, where nothing else is in the way."""
        for frame in self._from_inside():
            rect = frame.rect
            for edge in self.data.get("edges", []):
                if "pos" in edge and {edge["tail"], edge["head"]} <= frame.nodes:
                    for x, _ in samples(edge["pos"], 3 * scale):
                        rect = _around(rect, x, _NEAR * scale)
            if rect != frame.rect:
                grown = self._grown(frame, rect, scale)
                if not self._covered(grown):
                    self._take(grown)

    def _free(self, side: int, edge: Rect, solid: Sequence[Rect], scale: float) -> float:
        """The nearest lane at that side, outwards of the edge and as tall, that touches nothing."""
        gap = 5 * scale
        low, high = edge.y0 - gap, edge.y1 + gap
        beside = [r for rects in (solid, self.lanes) for r in rects if r.y0 < high and r.y1 > low]
        taken = sorted((r.x0, r.x1) if side > 0 else (-r.x1, -r.x0) for r in beside)
        x = side * edge.x0 + 9 * scale  # from here on, what is further out is larger
        for near, far in taken:  # a lane that has stepped past what begins nearer never meets it again
            if near - gap >= x:
                break
            if x < far + gap:
                x = far + gap + 0.5
        return side * x

    def clear_titles(self, splines: Iterable[str], scale: float) -> None:
        """Moves the titles of frames out of the way of arrows: along the frame, or left with its border."""
        titled = any(frame.title for frame in self.frames)
        points = [p for spline in splines for p in samples(spline, 3 * scale)] if titled else []
        for frame in sorted(self.frames, key=lambda f: (f.rect.x1 - f.rect.x0) * (f.rect.y1 - f.rect.y0)):
            if frame.title:
                row = sorted(x for x, y in points if frame.title.y0 - scale < y < frame.title.y1 + scale)
                self._clear_title(frame, frame.title, row, scale)

    def _clear_title(self, frame: Frame, title: Rect, crossing: Sequence[float], scale: float) -> None:
        """Puts a title where no arrow crosses its row, moving it or widening the frame a little."""
        gap = 4 * scale
        width, inner = title.x1 - title.x0, frame.rect.x0 + gap

        def widened(at: float) -> list[tuple[Frame, Rect]]:
            rect = _around(_around(frame.rect, at, 1.5 * gap), at + width, 1.5 * gap)
            if at >= inner:
                rect.x0 = frame.rect.x0
            return self._grown(frame, rect, scale)

        def usable(at: float) -> bool:
            crossed = any(at - gap + 0.01 < x < at + width + gap - 0.01 for x in crossing)
            return not crossed and not self._covered(widened(at))

        def cost(at: float) -> float:
            """How much wider the frame becomes, or how far from its corner the title is."""
            wider = max(inner - at, 0.0) + max(at + width + 1.5 * gap - frame.rect.x1, 0.0)
            return wider + 0.4 * max(at - inner, 0.0)

        places = [min(title.x0, inner), *(x + gap for x in crossing), *(x - gap - width for x in crossing)]
        places = [at for at in places if usable(at)]
        if places:
            at = min(places, key=cost)
            frame.title = Rect(at, title.y0, at + width, title.y1)
            self._take(widened(at))

    def finish(self, splines: Mapping[tuple[str, str], str]) -> None:
        """Writes the frames back, and the bounds of all."""
        x0, y0, x1, y1 = (float(v) for v in self.data["bb"].split(","))
        for frame in self.frames:
            r = frame.rect
            frame.data["bb"] = f"{r.x0:.2f},{r.y0:.2f},{r.x1:.2f},{r.y1:.2f}"
            if frame.title:
                t = frame.title
                frame.data["lp"] = f"{(t.x0 + t.x1) / 2:.2f},{(t.y0 + t.y1) / 2:.2f}"
        # a lane is straight where it is furthest out, so that no control point is further
        places = (item.removeprefix("e,") for s in splines.values() for item in s.split())
        xs = [float(place.split(",")[0]) for place in places]
        xs += [x for f in self.frames for x in (f.rect.x0, f.rect.x1)]
        x0, x1 = min([x0, *xs]), max([x1, *xs])
        self.data["bb"] = f"{x0:.2f},{y0:.2f},{x1:.2f},{y1:.2f}"


def _around(rect: Rect, x: float, margin: float) -> Rect:
    """The rectangle, made so wide that an x is inside of it by so much."""
    return Rect(min(rect.x0, x - margin), rect.y0, max(rect.x1, x + margin), rect.y1)


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
