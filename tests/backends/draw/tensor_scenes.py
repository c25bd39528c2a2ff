"""Figures of tensors, drawn once for all tests of them, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import ogive
from ogive.backends.draw import measure
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.fitting.space import Space
from ogive.backends.draw.scene import Arrow, Mark, Point, Scene
from ogive.backends.draw.styles.tensors import scene
from ogive.backends.draw.subject import Subject

PAGE = Space(*look.PAGE).room(look.LEAST_TYPE)
COLUMN = (Space(3.25, 9.0)).room(look.LEAST_TYPE)


@cache
def subject(name: str) -> Subject:
    net = ogive.load(name)
    return Subject(net.ir, net.unrolled)


@cache
def zoo(name: str) -> Scene:
    return scene(subject(name), Colours(), fit=PAGE)


def drawn(program: str, fit: tuple[float, float] = PAGE) -> Scene:
    net = ogive.loads(program)
    return scene(Subject(net.ir, net.unrolled), Colours(), fit=fit)


@dataclass(frozen=True)
class Box:
    """What is drawn of a tensor."""

    mark: Mark
    copies: tuple[Mark, ...]
    texts: tuple[str, ...]

    @property
    def width(self) -> float:
        return self.mark.width + sum(copy.width for copy in self.copies)


def boxes(drawing: Scene) -> list[Box]:
    """The tensors, in the order of the chain."""
    found: list[Box] = []
    while (id_ := f"t{len(found)}") in {m.id for m in drawing.marks}:
        mark = next(m for m in drawing.marks if m.id == id_)
        copies = tuple(m for m in drawing.marks if m.id.startswith(f"{id_}.copy"))
        texts = tuple(text(m) for m in drawing.marks if m.id.startswith(f"{id_}.text"))
        found.append(Box(mark, copies, texts))
    return found


def text(mark: Mark) -> str:
    return "".join(run.text for line in mark.lines for run in line)


def texts(drawing: Scene) -> list[str]:
    return [text(mark) for mark in drawing.marks if mark.lines]


def legend(drawing: Scene) -> list[str]:
    return [text(m) for m in drawing.marks if m.id[0] == "k" and m.id[1:].isdigit()]


def steps(drawing: Scene) -> list[Arrow]:
    """The arrows between neighbours, in order; not those of the legend."""
    between = [a for a in drawing.arrows if a.tail.startswith("t") and a.kind not in {"skip", "projection"}]
    return sorted(between, key=lambda a: int(a.tail[1:]))


def skips(drawing: Scene, *kinds: str) -> list[tuple[str, str]]:
    return [(a.tail, a.end) for a in drawing.arrows if a.tail and a.kind in (kinds or ("skip", "projection"))]


Rect = tuple[float, float, float, float]


def rect(mark: Mark) -> Rect:
    """The box of a mark, or what its letters take."""
    if mark.shape != "bare":
        return mark.left, mark.bottom, mark.right, mark.top
    width, size = measure.widest(mark.lines), mark.lines[0][0].size
    x, y = mark.centre
    return x - width / 2, y - 0.37 * size, x + width / 2, y + 0.37 * size


def touch(a: Rect, b: Rect, least: float = 0.05) -> bool:
    return a[0] < b[2] - least and b[0] < a[2] - least and a[1] < b[3] - least and b[1] < a[3] - least


def along(arrow: Arrow) -> Iterator[Point]:
    """Points on an arrow, close to one another."""
    for i in range(0, len(arrow.points) - 3, 3):
        a, b, c, d = arrow.points[i : i + 4]
        for t in (k / 40 for k in range(41)):
            u = 1 - t
            weights = u**3, 3 * u * u * t, 3 * u * t * t, t**3
            yield tuple(sum(w * p[j] for w, p in zip(weights, (a, b, c, d), strict=True)) for j in (0, 1))  # type: ignore[misc]
    if arrow.tip:
        yield arrow.tip


def inside(point: Point, r: Rect, least: float = 0.3) -> bool:
    return r[0] + least < point[0] < r[2] - least and r[1] + least < point[1] < r[3] - least


def faults(drawing: Scene) -> list[tuple[str, ...]]:
    """What covers something else, is crossed by an arrow, or is not in the drawing."""
    rects = [(mark.id, rect(mark)) for mark in drawing.marks]
    page = (-0.05, -0.05, drawing.width + 0.05, drawing.height + 0.05)
    out = [("outside", m) for m, r in rects if touch(r, r) and not (r[0] >= page[0] and r[1] >= page[1])]
    out += [("outside", m) for m, r in rects if r[2] > page[2] or r[3] > page[3]]
    over = [(a, b) for (a, ra), (b, rb) in combinations(rects, 2) if touch(ra, rb)]
    crossed: list[tuple[str, ...]] = []
    for arrow in drawing.arrows:
        points = list(along(arrow))
        crossed += [("outside", arrow.tail, arrow.end) for p in points if not inside(p, page, -0.1)]
        crossed += [(arrow.tail, arrow.end, m) for m, r in rects if any(inside(p, r) for p in points)]
    return [*out, *over, *crossed]


def printed_type(drawing: Scene, room: tuple[float, float]) -> float:
    """The smallest type when the drawing is shrunk to its room."""
    scale = min(1.0, room[0] / drawing.width, room[1] / drawing.height)
    return scale * min(run.size for mark in drawing.marks for line in mark.lines for run in line)


def rows(drawing: Scene) -> list[float]:
    """The heights of the tensors' middles, rounded."""
    return [round(box.mark.centre[1], 3) for box in boxes(drawing)]
