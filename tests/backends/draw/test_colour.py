"""Painting: colours say as much as their legend does."""

from __future__ import annotations

import math
import re

import pytest

import ogive
from backends.draw.svg import Image
from ogive.backends.draw.choices import COLOURINGS, THEMES
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.amounts import MEASURES, STEPS
from ogive.backends.draw.colours.colour import Colours, ink_on, measured
from ogive.backends.draw.drawn import drawing
from ogive.backends.draw.fold.collapse import collapse
from ogive.backends.draw.fold.definitions import definitions
from ogive.backends.draw.fold.picture import Box, Ring
from ogive.backends.draw.options import Options
from ogive.backends.draw.subject import Subject

KINDS = ("norm", "act", "conv", "attention", "linear", "pool")


def subject(name: str) -> Subject:
    net = ogive.load(name)
    return Subject(net.ir, net.unrolled)


def of_text(text: str) -> Subject:
    net = ogive.loads(text)
    return Subject(net.ir, net.unrolled)


@pytest.mark.parametrize("theme", THEMES)
def test_paint_by_kind(theme: str) -> None:
    one = subject("lenet5")
    colours = Colours.of([one], "kind", theme)
    assert colours.measure is None
    palette = look.PAINTS if theme == "paper" else look.GREYS
    assert colours.paint("conv", ["conv1"]) == palette["conv"]
    assert colours.paint("reshape") == look.PLAIN
    assert colours.value_text(["conv1"]) == ""
    assert colours.on(one) is colours


@pytest.mark.parametrize("theme", THEMES)
def test_paint_by_parameters(theme: str) -> None:
    one = subject("resnet50")
    picture, colours = measured(collapse(one.structure, 1), Colours.of([one], "params", theme))
    boxes = [box for box in picture.boxes() if isinstance(box, Box)]
    told = {box.text.title: (box.text.after, colours.paint(box.kind, box.every).fill) for box in boxes}
    steps = colours.steps
    assert colours.scale is not None
    assert colours.scale.bounds == (20_000, 100_000, 500_000, 2_000_000, 10_000_000)
    assert colours.scale.logarithmic
    assert told["7×7 conv, 64, /2"] == ("BN · ReLU, 9.54 k", steps[0])
    assert told["Bottleneck 64→256"][1] == steps[1]
    assert told["Bottleneck 512"] == ("1×1 · 3×3 · 1×1, + skip, 840 k", steps[3])
    assert told["Bottleneck 2048"] == ("1×1 · 3×3 · 1×1, + skip, 8.93 M", steps[4])
    assert told["3×3 max pool, /2"] == ("", "#FFFFFF")
    assert told["image"] == ("", "#FFFFFF")
    linear, pool = (colours.paint(kind, ["linear1"]) for kind in ("linear", "pool"))
    assert (linear.style, pool.style) == ("filled", "rounded,filled")  # shapes stay those of kinds
    assert linear.ink == ink_on(linear.fill)


def test_a_definition_has_what_all_uses_have() -> None:
    one = subject("resnet50")
    overview = collapse(one.structure, 1)
    (bottleneck,) = (
        found.picture for found in definitions(one.structure, overview) if found.name == "Bottleneck"
    )
    convs = [box for box in bottleneck.boxes() if isinstance(box, Box) and box.kind == "conv"]
    names = {box.text.title: set(box.every) for box in convs}
    nodes = [node.name for node in one.graph]
    three = {n for n in nodes if ".bottleneck" in n and n.endswith((".conv2", ".bn2", ".relu2"))}
    assert names["3×3 conv, width, /stride"] == three
    projections = {n for n in nodes if ".shortcut." in n}
    assert names["1×1 conv, 4·width, /stride"] == projections
    held = sum(one.facts.params(box.every) for box in convs)
    assert held == sum(one.facts.params([n]) for n in nodes if ".bottleneck" in n)


def test_aux_heads_stay_grey_and_stretch_no_scale() -> None:
    one = subject("googlenet")
    picture, colours = measured(collapse(one.structure, 0), Colours.of([one], "params"))
    heads = [box for box in picture.boxes() if isinstance(box, Box) and box.kind == "aux"]
    assert len(heads) == 2
    for head in heads:
        assert colours.paint(head.kind, head.every) == look.PAINTS["aux"]
        assert head.text.after.endswith("3.19 M")
    assert colours.scale is not None
    assert colours.scale.bounds[-1] < 3_190_000


def test_several_nets_have_one_scale_and_their_own_amounts() -> None:
    small, large = subject("resnet18"), subject("resnet50")
    colours = Colours.of([small, large], "params")
    watching = colours.watching()
    watching.on(small).paint("linear", ["linear1"])
    watching.on(large).paint("linear", ["linear1"])
    settled = watching.settled()
    assert settled.scale is not None
    assert settled.scale.bounds == (500_000, 1_000_000, 1_500_000, 2_000_000, 2_500_000)
    assert settled.on(small).value_text(["linear1"]) == "513 k"
    assert settled.on(large).value_text(["linear1"]) == "2.05 M"
    fills = [settled.on(one).paint("linear", ["linear1"]).fill for one in (small, large)]
    assert fills == [settled.steps[1], settled.steps[4]]
    with pytest.raises(ValueError, match="whose nodes"):
        settled.paint("linear", ["linear1"])


def test_nothing_that_was_painted_means_no_scale() -> None:
    one = subject("lenet5")
    watching = Colours.of([one], "params").watching()
    assert watching.scale is not None
    watching.paint("input", ["image"])
    assert watching.settled().scale is None


def test_a_ring_tells_the_least_and_the_most_of_its_layers() -> None:
    one = subject("cliquenet_s0")
    picture, colours = measured(collapse(one.structure, 9), Colours.of([one], "params"))
    rings = [box for box in picture.boxes() if isinstance(box, Ring)]
    assert [len(ring.members) for ring in rings] == [5, 6, 6, 6]
    first = rings[0]
    values = [one.facts.params(nodes) for nodes in first.members]
    assert first.lines[-1] == "19.7 k … 20.0 k each"
    assert (min(values), max(values)) == (19_712, 20_000)
    assert colours.paint("conv", first.members[0]).fill in colours.steps


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    ("name", "by"), [("googlenet", "macs"), ("resnet50", "params"), ("densenet121", "params")]
)
def test_a_drawing_is_painted_as_its_legend_says(name: str, by: str, theme: str) -> None:
    made = drawing([subject(name)], "svg", Options(colour_by=by, theme=theme))
    steps = [fill.lower() for fill in Colours(theme, by).steps]
    units = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}
    boxes = [box for box in Image(made.data.decode()).boxes if box.fill in steps]
    value = re.compile(r"(?:^|, )([\d.]+) ?([kMG]?)$|^(more)$")
    last = [next(found for text in reversed(box.text) if (found := value.search(text))) for box in boxes]
    numbers = [math.inf if found[3] else float(found[1]) * units[found[2]] for found in last]
    legend, painted = numbers[-STEPS:], list(zip(numbers, boxes, strict=True))[:-STEPS]
    assert [box.fill for box in boxes[-STEPS:]] == steps
    assert legend == sorted(legend)
    assert len(painted) > 8
    for number, box in painted:
        step = steps.index(box.fill)
        assert number <= legend[step] * 1.005, box  # three digits are shown
        assert step == 0 or number >= legend[step - 1] * 0.995, box


def test_choices() -> None:
    assert COLOURINGS == ("kind", "params", "macs", "memory", "receptive-field")
    assert set(COLOURINGS) - {"kind"} == set(MEASURES)
