"""Several nets side by side: all of it fits, can be read, and nothing lies on anything else."""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise

import pytest

import ogive
from backends.draw.beside_scenes import NARROW, PAGE, SETS, boxes, drawn, subject, text
from ogive.backends.draw.colours import look
from ogive.backends.draw.fitting.space import PAD, smallest_type
from ogive.backends.draw.measure import line_width
from ogive.backends.draw.scene import Arrow, Mark, Scene
from ogive.backends.draw.subject import Subject

EVERY = [*SETS, *[(*names,) for names in NARROW]]


@cache
def fitted(names: tuple[str, ...]) -> tuple[Scene, tuple[float, float]]:
    room = (3.25 * 72 - 2 * PAD, PAGE[1]) if names in NARROW else PAGE
    return drawn([subject(name) for name in names], room)[0], room


@pytest.mark.parametrize("names", EVERY, ids="|".join)
def test_it_fits_and_its_type_can_be_read(names: tuple[str, ...]) -> None:
    scene, room = fitted(names)
    assert scene.width <= room[0]
    assert scene.height <= room[1]
    assert smallest_type([scene]) >= look.LEAST_TYPE


@pytest.mark.parametrize("names", EVERY, ids="|".join)
def test_every_text_is_inside_its_box(names: tuple[str, ...]) -> None:
    scene, _ = fitted(names)
    for mark in scene.marks:
        if mark.shape == "bare":
            continue
        assert max(map(line_width, mark.lines), default=0) <= mark.width - 2 * mark.pen - 3, text(mark)
        assert sum(max(run.size for run in one) * 1.17 for one in mark.lines) <= mark.height, text(mark)


def extent(mark: Mark) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of a box, or of a text that has none."""
    if mark.shape != "bare":
        return mark.left, mark.bottom, mark.right, mark.top
    width = max(map(line_width, mark.lines))
    left = mark.left if mark.align == "left" else mark.centre[0] - width / 2
    half = sum(max(run.size for run in one) for one in mark.lines) / 2
    return left, mark.centre[1] - half, left + width, mark.centre[1] + half


@pytest.mark.parametrize("names", EVERY, ids="|".join)
def test_nothing_overlaps_and_nothing_is_outside(names: tuple[str, ...]) -> None:
    scene, _ = fitted(names)
    rectangles = [(mark.id, *extent(mark)) for mark in scene.marks]
    for (a, *r), (b, *s) in combinations(rectangles, 2):
        assert not (r[0] < s[2] and s[0] < r[2] and r[1] < s[3] and s[1] < r[3]), f"{a} and {b}"
    for id_, left, bottom, right, top in rectangles:
        assert 0 <= left < right <= scene.width, id_
        assert 0 <= bottom < top <= scene.height, id_
    for arrow in scene.arrows:
        assert all(0 <= x <= scene.width and 0 <= y <= scene.height for x, y in arrow.points)


def along(arrow: Arrow) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for i in range(0, len(arrow.points) - 3, 3):
        a, b, c, d = arrow.points[i : i + 4]
        for step in range(41):
            t = step / 40
            weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t**3)
            points.append(
                tuple(sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) for axis in (0, 1))  # pyright: ignore[reportArgumentType]
            )
    return points


@pytest.mark.parametrize("names", EVERY, ids="|".join)
def test_no_arrow_crosses_a_box_or_a_text(names: tuple[str, ...]) -> None:
    scene, _ = fitted(names)
    extents = [(mark.id, *extent(mark)) for mark in scene.marks]
    for arrow in scene.arrows:
        for x, y in along(arrow):
            hit = [id_ for id_, left, bottom, right, top in extents if left < x - 0.01 and x + 0.01 < right
                   and bottom < y - 0.01 and y + 0.01 < top]  # fmt: skip
            assert not hit, (arrow.kind, arrow.tail, hit)


@pytest.mark.parametrize("names", EVERY, ids="|".join)
def test_arrows_point_down_and_join_neighbours(names: tuple[str, ...]) -> None:
    scene, _ = fitted(names)
    for number in range(len(names)):
        ids = [mark.id for mark in boxes(scene, number)]
        flow = [a for a in scene.arrows if a.kind == "flow" and a.tail.startswith(f"c{number}.")]
        assert [(a.tail, a.end) for a in flow][: len(ids) - 1] == list(pairwise(ids))
        assert all(a.tip and a.points[0][1] > a.points[-1][1] > a.tip[1] for a in flow)


def test_the_same_nets_give_the_same_scene() -> None:
    names = ("resnet18", "googlenet", "cliquenet_k36_t12")
    fresh = []
    for name in names:
        net = ogive.load(name)
        fresh.append(Subject(net.ir, net.unrolled))
    assert drawn(fresh) == drawn([subject(name) for name in names])
