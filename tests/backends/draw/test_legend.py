"""The key of a drawing: right numbers in right colours, legible, in its place."""

from __future__ import annotations

from itertools import combinations

import pytest

import ogive
from backends.draw.svg import text_width
from ogive.backends.draw.choices import THEMES
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.amounts import MEASURES, Scale
from ogive.backends.draw.colours.colour import Colours, contrast, measured
from ogive.backends.draw.colours.legend import legend
from ogive.backends.draw.fold.collapse import collapse
from ogive.backends.draw.scene import Mark, Scene, Shape
from ogive.backends.draw.subject import Subject


def subject(name: str) -> Subject:
    net = ogive.load(name)
    return Subject(net.ir, net.unrolled)


def key(name: str, by: str, theme: str = "paper") -> tuple[Scene, Colours]:
    one = subject(name)
    _, colours = measured(collapse(one.structure, 1), Colours.of([one], by, theme))
    found = legend(colours, [one])
    assert found is not None
    return found, colours


def texts(scene: Scene) -> list[str]:
    return ["".join(run.text for run in line) for mark in scene.marks for line in mark.lines]


def steps(scene: Scene) -> list[Mark]:
    return [mark for mark in scene.marks if mark.id.startswith("legend.step")]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("by", MEASURES)
@pytest.mark.parametrize("name", ["resnet50", "cliquenet_s0", "googlenet"])
def test_every_step_has_its_colour_and_its_number(name: str, by: str, theme: str) -> None:
    scene, colours = key(name, by, theme)
    assert colours.scale is not None
    assert [mark.fill for mark in steps(scene)] == list(colours.steps)
    written = MEASURES[by].bounds(colours.scale)
    assert len(set(written)) == 5
    shown = ["".join(run.text for run in mark.lines[0]).removesuffix(", all") for mark in steps(scene)]
    assert shown == written
    assert texts(scene)[0] == f"{MEASURES[by].title}, up to"
    assert ("logarithmic steps" in texts(scene)) == colours.scale.logarithmic
    assert any(", all" in text for text in texts(scene)) == (by == "receptive-field")


@pytest.mark.parametrize("by", MEASURES)
def test_text_is_inside(by: str) -> None:
    for theme in THEMES:
        scene, _ = key("densenet121", by, theme)
        for mark in scene.marks:
            assert 0 <= mark.left < mark.right <= scene.width
            assert 0 <= mark.bottom < mark.top <= scene.height
            for line in mark.lines:
                wide = sum(text_width(run.text, run.size, run.bold) for run in line)
                assert wide <= mark.width + 0.01, line
                for run in line:
                    assert run.size >= look.LEAST_TYPE
                    assert contrast(mark.fill or "#FFFFFF", run.ink or mark.ink) >= 4.5
        for a, b in combinations(scene.marks, 2):
            apart = (
                a.right <= b.left + 0.01 or b.right <= a.left + 0.01 or a.top <= b.bottom or b.top <= a.bottom
            )
            assert apart, (a, b)


@pytest.mark.parametrize(
    ("by", "bounds", "logarithmic", "expected"),
    [
        ("params", (5e5, 1e6, 1.5e6, 2e6, 2.5e6), False, ["500 k", "1 M", "1.5 M", "2 M", "2.5 M"]),
        ("params", (200, 2e3, 2e4, 2e5, 2e6), True, ["200", "2 k", "20 k", "200 k", "2 M"]),
        ("macs", (2.5e8, 5e8, 7.5e8, 1e9, 1.25e9), False, ["250 M", "500 M", "750 M", "1 G", "1.25 G"]),
        ("memory", tuple(n * 2**20 / 5 for n in range(1, 6)), False,
         ["0.2 MiB", "0.4 MiB", "0.6 MiB", "0.8 MiB", "1 MiB"]),
        ("memory", (2**9, 2**12, 2**15, 2**18, 2**21), True, ["512 B", "4 KiB", "32 KiB", "256 KiB", "2 MiB"]),
        ("receptive-field", (80.0, 160.0, 240.0, 320.0, 400.0), False, ["80", "160", "240", "320", "400"]),
    ],
)  # fmt: skip
def test_numbers_are_short(
    by: str, bounds: tuple[float, ...], logarithmic: bool, expected: list[str]
) -> None:
    assert MEASURES[by].bounds(Scale(bounds, logarithmic)) == expected


def test_what_unknown_sizes_are_taken_to_be() -> None:
    net = ogive.loads(
        "net T() { input image: [3, 32 * ?h, 32 * ?w]\n conv(8, 3x3, padding = 1) -> conv(8, 3x3) }"
    )
    one = Subject(net.ir, net.unrolled)
    for by, told in (("macs", True), ("params", False)):
        scene = legend(Colours.of([one], by), [one])
        assert scene is not None
        assert any("3×224×224" in text for text in texts(scene)) == told


def test_no_key_where_there_is_nothing_to_tell() -> None:
    one = subject("lenet5")
    assert legend(Colours.of([one]), [one]) is None
    pools = ogive.loads("net T() { input image: 3x8x8\n max_pool(2x2) }")
    bare = Subject(pools.ir, pools.unrolled)
    assert legend(Colours.of([bare], "params"), [bare]) is None
    assert legend(Colours.of([bare], "memory"), [bare]) is not None


def test_none_stands_there_where_a_box_has_none() -> None:
    one = subject("lenet5")
    colours = Colours.of([one], "params")
    marks: tuple[tuple[str, tuple[str, ...], Shape, bool], ...] = (
        ("conv", ("conv1",), "round", False),
        ("input", (), "round", False),
        ("merge", (), "circle", False),
        ("pool", ("avg_pool1",), "round", True),
    )
    for kind, nodes, shape, there in marks:
        paint = colours.paint(kind, nodes)
        mark = Mark("a", (1, 1), 2, 2, shape=shape, fill=paint.fill, stroke=paint.stroke)
        scene = legend(colours, [one], Scene("lenet5", 9, 9, marks=(mark,)))
        assert scene is not None
        assert ("none" in texts(scene)) == there, kind


def test_a_key_of_one_step_where_everything_sees_everything() -> None:
    one = subject("dcgan_generator")
    scene = legend(Colours.of([one], "receptive-field"), [one])
    assert scene is not None
    assert texts(scene)[:2] == ["side of the receptive field", "all"]
    assert [mark.fill for mark in steps(scene)] == [look.STEPS[-1]]


@pytest.mark.parametrize("theme", THEMES)
def test_kinds_that_occur(theme: str) -> None:
    one = subject("lenet5")
    colours = Colours.of([one], "kind", theme)
    scene = legend(colours, [one], kinds=True)
    assert scene is not None
    assert texts(scene) == ["convolution", "activation", "pooling", "linear"]
    swatches = [mark for mark in scene.marks if mark.shape != "bare"]
    assert [mark.fill for mark in swatches] == [
        colours.paint(k).fill for k in ("conv", "act", "pool", "linear")
    ]
    assert {mark.id: mark.shape for mark in swatches}["legend.linear"] == "box"
    drawn = Scene("lenet5", 9, 9, marks=(Mark("a", (1, 1), 2, 2, fill=colours.paint("linear").fill),))
    alone = legend(colours, [one], drawn, kinds=True)
    assert alone is not None
    assert texts(alone) == ["linear"]
    ids = [mark.id for mark in scene.marks]
    assert len(ids) == len(set(ids))
