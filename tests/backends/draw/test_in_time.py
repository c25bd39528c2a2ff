"""All layouts of a drawing have one time limit: what was found by then is drawn, or what is folded further."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

import ogive
from backends.draw import nets
from ogive.backends.draw.colours import look
from ogive.backends.draw.fitting.estimate import estimated
from ogive.backends.draw.fitting.fit import Chosen, chosen
from ogive.backends.draw.fold.picture import Box, Picture
from ogive.backends.draw.layout.process import Graphviz, TooSlow
from ogive.backends.draw.layout.routing import Layout, Rect
from ogive.backends.draw.scene import Scene
from ogive.backends.draw.subject import Subject
from ogive.graph import Graph

LIMIT, RESERVE = 20.0, 3.0
MOST = 3 * LIMIT
"""Seconds that all layouts of a drawing may take: the limit, and the last resorts."""


@dataclass
class Clock:
    """A clock that stands still but for what layouts take."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Slow:
    """Layouts by estimate, each of which takes so many seconds for a box or an arrow."""

    graphviz: Graphviz
    clock: Clock
    seconds: float
    requests: int = 0

    def __call__(self, picture: Picture) -> list[Scene]:
        self.requests += 1
        needed = self.seconds * (picture.count + len(picture.edges))
        patience = self.graphviz.patience()
        self.clock.now += min(needed, patience)
        if needed > patience:
            raise TooSlow
        return estimated(picture)


def bush(layers: int) -> Graph:
    """Layers that each read all before them, which no program grouped."""
    body = "    t = outs -> concat -> conv(4 + i % 7, 1x1) -> relu\n    outs += t"
    loop = f"  for i in 0..{layers} {{\n{body}\n  }}"
    ends = "  input image: 16x32x32\n  outs = [image]", "  outs -> concat -> global_avg_pool"
    return ogive.loads(f"net Bush() {{\n{ends[0]}\n{loop}\n{ends[1]}\n}}").ir


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def graphviz(clock: Clock) -> Iterator[Graphviz]:
    with Graphviz(LIMIT, clock) as found:
        found.begin()
        yield found


def drawn(graph: Graph, slow: Slow, full: bool = False) -> Chosen:
    return chosen(
        Subject(graph, graph), slow, fit=None if full else look.PAGE, full=full,
        is_late=slow.graphviz.is_late,
    )  # fmt: skip


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("seconds", [0.05, 0.3])
@pytest.mark.parametrize("graph", [bush(20), nets.resnet((3, 4, 6, 3))], ids=["bush", "resnet"])
def test_the_limit_is_that_of_all_layouts(
    graph: Graph, seconds: float, full: bool, graphviz: Graphviz, clock: Clock
) -> None:
    slow = Slow(graphviz, clock, seconds)
    found = drawn(graph, slow, full)
    assert slow.requests > 0
    assert clock.now <= MOST
    assert found.scenes
    if clock.now >= LIMIT:
        assert any("time for layouts is over" in note for note in found.notes)


def test_what_was_found_in_time_is_taken(graphviz: Graphviz, clock: Clock) -> None:
    plain = chosen(Subject(nets.gated(), nets.gated()), estimated, fit=look.PAGE)
    assert not any("time" in note for note in plain.notes)
    slow = Slow(graphviz, clock, 0.2)
    found = drawn(nets.gated(), slow)
    assert found.picture.count < plain.picture.count
    assert len([note for note in found.notes if "time for layouts is over" in note]) <= 1


def test_full_folds_what_takes_too_long(graphviz: Graphviz, clock: Clock) -> None:
    found = drawn(bush(30), Slow(graphviz, clock, 0.1), full=True)
    assert found.picture.count < 20
    assert any("takes longer than it may" in note for note in found.notes)


def test_more_arrows_than_are_laid_out() -> None:
    graph = bush(95)
    tried: list[int] = []

    def lay_out(picture: Picture) -> list[Scene]:
        tried.append(len(picture.edges))
        return estimated(picture)

    found = chosen(Subject(graph, graph), lay_out, full=True)
    assert tried
    assert max(tried) <= look.MOST_ARROWS
    assert "arrows are more than can be laid out" in found.notes[0]


def test_full_sums_up_long_rows_as_an_overview_does() -> None:
    body = "for i in 0..1100 { conv(8 + i % 3, 3x3, padding = 1) -> bn -> relu }"
    graph = ogive.loads(f"net Long() {{\n  input image: 3x8x8\n  {body}\n}}").ir
    found = chosen(Subject(graph, graph), estimated, full=True)
    titles = [b.text.title for b in found.picture.boxes() if isinstance(b, Box)]
    assert "3×3 conv, 8 … 10" in titles
    assert "rows of layers that repeat are one box" in found.notes[0]


def test_one_box_is_what_is_left_at_last() -> None:
    def lay_out(picture: Picture) -> list[Scene]:
        if picture.count > 3:
            raise TooSlow
        return estimated(picture)

    graph = nets.resnet()
    found = chosen(Subject(graph, graph), lay_out, full=True)
    (box,) = (b for b in found.picture.boxes() if isinstance(b, Box) and b.kind not in {"input", "output"})
    assert box.text.title.endswith("boxes")
    assert "what is between input and output is one box" in found.notes[-1]
    ends = {name for b in found.picture.boxes() if isinstance(b, Box) and b is not box for name in b.nodes}
    assert set(box.every) == set(found.picture.nodes) - ends
    assert len(box.every) > 100


def test_patience_is_most_of_what_is_left(graphviz: Graphviz, clock: Clock) -> None:
    waited: list[float] = []
    while not graphviz.is_late():
        waited.append(graphviz.patience())
        clock.now += waited[-1]
    assert waited == sorted(waited, reverse=True)
    assert sum(waited) <= LIMIT
    assert graphviz.patience() == pytest.approx(RESERVE)
    clock.now += 1000
    assert graphviz.patience() == pytest.approx(RESERVE)
    graphviz.begin()
    assert not graphviz.is_late()


def test_the_lanes_of_many_skips_touch_nothing() -> None:
    boxes = {f"b{i}": Rect(-20.0, -30.0 * i, 20.0 + i, -30.0 * i + 15) for i in range(12)}
    layout = Layout({}, boxes=boxes, numbers={name: i for i, name in enumerate(boxes)})
    skips = [(f"b{i}", f"b{j}") for j in range(12) for i in range(j - 1)]
    assert len(layout.route(skips, 1.0)) == len(layout.lanes) == len(skips)
    for i, lane in enumerate(layout.lanes):
        assert not any(lane.meets(other, 3.9) for other in layout.lanes[:i])
        assert not any(lane.meets(box) for box in boxes.values())
    assert min(lane.x0 for lane in layout.lanes) > -20 - 9 - 7 * len(
        skips
    )  # none steps out further than needed
