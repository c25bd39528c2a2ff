"""Frames around stages and blocks: none lies over another, and what joins two boxes in one stays inside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import ogive
from ogive.backends.draw.curves import at
from ogive.backends.draw.fitting.fit import chosen
from ogive.backends.draw.fitting.space import COLUMN, parse_fit
from ogive.backends.draw.layout.engine import Engine
from ogive.backends.draw.layout.process import Graphviz
from ogive.backends.draw.scene import Arrow, Frame, Mark, Point, Scene
from ogive.backends.draw.subject import Subject

TOWERS = """
block Block(heads = 4) {
  residual { ln -> attention(heads) }
  residual { ln -> linear(4 * in.channels) -> gelu -> linear(in.channels) }
}
net Towers() {
  input image: 3x32x32
  input text: int [16]
  stage "vision" {
    image -> conv(64, 4x4, stride = 4) -> tokens
    repeat 6 { Block }
    select(0)
  }
  stage "language" {
    text -> embedding(100, 64)
    repeat 6 { Block }
    select(-1)
  }
  output image_embedding = vision -> linear(32) -> l2_norm
  output text_embedding = language -> linear(32) -> l2_norm
}
"""
NETS = ("vit_b_16", "shufflenet_v2_x1_0", "inception_v3", "resnet50", "siamese", "swin_t")


@pytest.fixture(scope="module")
def graphviz() -> Iterator[Graphviz]:
    with Graphviz() as graphviz:
        yield graphviz


def _scenes(graphviz: Graphviz, target: str, fit: tuple[float, float], full: bool = False) -> list[Scene]:
    net = ogive.loads(target) if "\n" in target else ogive.load(target)
    subject = Subject(net.ir, net.unrolled)
    return list(chosen(subject, Engine(graphviz).scenes, fit=fit, full=full).scenes)


def _holds(frame: Frame, x: float, y: float, slack: float = 0.05) -> bool:
    return frame.left - slack <= x <= frame.right + slack and frame.bottom - slack <= y <= frame.top + slack


def _within(inner: Frame, outer: Frame) -> bool:
    return _holds(outer, inner.left, inner.bottom) and _holds(outer, inner.right, inner.top)


def _points(arrow: Arrow) -> Iterator[Point]:
    for i in range(0, len(arrow.points) - 3, 3):
        a, b, c, d = arrow.points[i : i + 4]
        yield from (at((a, b, c, d), step / 12) for step in range(13))


def _check(scene: Scene) -> None:
    for i, a in enumerate(scene.frames):
        for b in scene.frames[:i]:
            apart = a.right <= b.left or b.right <= a.left or a.top <= b.bottom or b.top <= a.bottom
            assert apart or _within(a, b) or _within(b, a), (a, b)
    marks: dict[str, Mark] = {mark.id: mark for mark in scene.marks}
    for arrow in scene.arrows:
        ends = [marks[id].centre for id in (arrow.tail, arrow.end) if id in marks]
        for frame in scene.frames:
            if len(ends) == 2 and all(_holds(frame, *end) for end in ends):
                assert all(_holds(frame, *point) for point in _points(arrow)), (arrow, frame)


@pytest.mark.parametrize("target", [TOWERS, *NETS], ids=lambda target: "towers" if "\n" in target else target)
@pytest.mark.parametrize("fit", [COLUMN, parse_fit("page")], ids=["column", "page"])
def test_frames_hold_what_is_in_them(graphviz: Graphviz, target: str, fit: tuple[float, float]) -> None:
    for scene in _scenes(graphviz, target, fit):
        _check(scene)


def test_frames_of_every_layer(graphviz: Graphviz) -> None:
    for target in (TOWERS, "resnet18", "cliquenet_k36_t12"):
        for scene in _scenes(graphviz, target, COLUMN, full=True):
            _check(scene)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ogive.list_models()))
def test_frames_of_the_zoo(graphviz: Graphviz, name: str) -> None:
    for fit in (COLUMN, parse_fit("page")):
        for scene in _scenes(graphviz, name, fit):
            _check(scene)


def test_two_skips_in_a_row_are_two_lines(graphviz: Graphviz) -> None:
    """The second begins below the tip of the first: at one height they would read as one line."""
    (scene,) = _scenes(graphviz, "vit_b_16", COLUMN)
    skips = [arrow for arrow in scene.arrows if arrow.kind == "skip"]
    followed = [(a, b) for a in skips for b in skips if a.end == b.tail]
    assert followed
    for first, second in followed:
        assert first.tip is not None
        assert first.tip[1] - second.points[0][1] > 3
