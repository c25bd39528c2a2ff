"""Cubic curves between shapes: where they leave one and reach the other. Lengths are in points."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import hypot

Point = tuple[float, float]
Curve = tuple[Point, Point, Point, Point]
Inside = Callable[[Point, float], bool]
"""Whether a point is in a shape that is grown by so much on all sides."""
_HALVINGS = 26


def circle(centre: Point, radius: float) -> Inside:
    """What is inside of a circle."""
    return lambda p, more: hypot(p[0] - centre[0], p[1] - centre[1]) < radius + more


def box(left: float, bottom: float, right: float, top: float) -> Inside:
    """What is inside of a box."""
    return lambda p, more: left - more < p[0] < right + more and bottom - more < p[1] < top + more


def direct(a: Point, b: Point) -> Curve:
    """A straight line as a curve."""
    first, second = ((a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for t in (1 / 3, 2 / 3))
    return a, first, second, b


def at(curve: Curve, t: float) -> Point:
    """The point of a curve at a parameter from 0 to 1."""
    s = 1 - t
    a, b, c, d = s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t
    (px, py), (qx, qy), (rx, ry), (sx, sy) = curve
    return a * px + b * qx + c * rx + d * sx, a * py + b * qy + c * ry + d * sy


def sampled(curve: Curve, steps: int) -> list[Point]:
    """Points along a curve, both ends among them."""
    return [at(curve, i / steps) for i in range(steps + 1)]


def part(curve: Curve, start: float, end: float) -> Curve:
    """The curve between two parameters, by its blossom."""

    def blossom(*parameters: float) -> Point:
        points = list(curve)
        for t in parameters:
            points = [(p[0] * (1 - t) + q[0] * t, p[1] * (1 - t) + q[1] * t) for p, q in pairwise(points)]
        return points[0]

    first, second = blossom(start, start, start), blossom(start, start, end)
    return first, second, blossom(start, end, end), blossom(end, end, end)


def clipped(curve: Curve, tail: Inside, head: Inside, arrow: float) -> tuple[Curve, Point]:
    """What of a curve is outside of the shapes at its ends, and the point where it reaches the second.

    Args:
        curve: from inside of one shape to inside of the other.
        tail: the shape that it leaves.
        head: the shape that it reaches.
        arrow: the length of the arrow's head, before which the curve ends.
    """
    start = _leaves(curve, 0.0, tail, 0.0)
    tip = _leaves(curve, 1.0, head, 0.0)
    end = _leaves(curve, 1.0, head, arrow)
    return part(curve, min(start, end), end), at(curve, tip)


def _leaves(curve: Curve, near: float, inside: Inside, more: float) -> float:
    """The parameter at which the curve leaves the shape in which it is at `near`, by bisection."""
    far = 1.0 - near if inside(at(curve, 0.5), more) else 0.5
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        if inside(at(curve, middle), more):
            near = middle
        else:
            far = middle
    return near
