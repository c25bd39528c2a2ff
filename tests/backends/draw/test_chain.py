"""A net as a chain: where text goes on in the next line, what gathers heads, circles that show a measure."""

from __future__ import annotations

from itertools import pairwise

import pytest

import ogive
from backends.draw.places import circles, overlapping
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.destinations import HUES
from ogive.backends.draw.scene import Arrow
from ogive.backends.draw.styles import chain
from ogive.backends.draw.styles.chain_parts import unbroken
from ogive.backends.draw.subject import Subject


def zoo(name: str) -> Subject:
    net = ogive.load(name)
    return Subject(net.ir, net.unrolled)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2×2 avg pool", ["2×2", "avg pool"]), ("512→256, /2", ["512→256, /2"]), ("1×1 conv, 64, /2", ["1×1 conv,", "64, /2"]),
        ("Transition", ["Transition"]), ("pool", ["pool"]), ("", []),
    ],
)  # fmt: skip
def test_where_the_text_of_a_box_may_go_on_in_the_next_line(text: str, expected: list[str]) -> None:
    assert unbroken(text) == expected


@pytest.mark.parametrize("name", ["densenet201", "cliquenet_s3_a"])
def test_no_line_of_a_box_is_but_the_end_of_a_layer(name: str) -> None:
    said = [
        "".join(run.text for run in line)
        for mark in chain.scene(zoo(name), Colours()).marks
        for line in mark.lines
    ]
    assert not [text for text in said if text in {"pool", "conv"} or text.startswith("/")]


def test_what_gathers_heads_is_thinner_and_lies_apart_from_the_flow() -> None:
    scene = chain.scene(zoo("cliquenet_s3_a"), Colours())
    (joining,) = [mark.id for mark in circles(scene) if mark.lines and mark.lines[0][0].text == "C"]
    heads = [a for a in scene.arrows if a.end == joining and len(a.points) > 4]
    (transit,) = [a for a in scene.arrows if a.kind == "flow" and a.end != joining and len(a.points) > 13]
    assert len(heads) == 3
    assert {a.pen for a in heads} == {0.6}
    assert transit.pen == look.PEN
    assert all(a.stroke != transit.stroke for a in heads)
    levels = sorted(_gutter(a) for a in (*heads, transit) if len(a.points) > 13)
    assert len(levels) == 3
    assert min(b - a for a, b in pairwise(levels)) >= 6.0


def _gutter(arrow: Arrow) -> float:
    """The height at which an arrow between rows crosses the drawing: where its longest part lies."""
    parts = [(abs(b[0] - a[0]), a[1]) for a, b in pairwise(arrow.points) if abs(b[1] - a[1]) < 1e-6]
    return max(parts[: len(parts) // 2 + 1])[1]


def test_many_layers_have_circles_that_show_a_measure() -> None:
    one = zoo("densenet201")
    scene = chain.scene(one, Colours.of([one], "params", "paper"))
    assert min(mark.width for mark in circles(scene)) >= 3.0
    assert overlapping(circles(scene)) == []
    assert not {a.stroke for a in scene.arrows if a.kind == "dense" and a.pen < 0.5} & set(HUES)
