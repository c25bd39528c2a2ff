"""Colours: told apart by every eye and in print, legible, and as much as they say."""

from __future__ import annotations

import math
import re
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ogive
from backends.draw.svg import Image
from backends.draw.vision import SIMULATED, apart, difference, grey, lab
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.amounts import MEASURES, STEPS, Amount, scale_of
from ogive.backends.draw.colours.colour import COLOURINGS, THEMES, Colours, contrast, ink_on, measured
from ogive.backends.draw.colours.destinations import GREYS as GREY_HUES
from ogive.backends.draw.colours.destinations import HUES
from ogive.backends.draw.drawn import drawing
from ogive.backends.draw.fold.collapse import collapse, deepest
from ogive.backends.draw.fold.definitions import definitions
from ogive.backends.draw.fold.picture import Box, Picture, Ring
from ogive.backends.draw.fold.rows import condensed
from ogive.backends.draw.options import Options, Style
from ogive.backends.draw.subject import Subject
from ogive.report import counts

KINDS = ("norm", "act", "conv", "attention", "linear", "pool")


def subject(name: str) -> Subject:
    net = ogive.load(name)
    return Subject(net.ir, net.unrolled)


def of_text(text: str) -> Subject:
    net = ogive.loads(text)
    return Subject(net.ir, net.unrolled)


# --------------------------------------------------------------------------- the palettes


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [  # of the pairs in table 1 of Sharma, Wu & Dalal 2005
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, -1.1848, -84.8006), (50.0, 0.0, -82.7485), 1.0000),
        ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_differences_are_those_that_are_published(
    a: tuple[float, float, float], b: tuple[float, float, float], expected: float
) -> None:
    assert difference(a, b) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(("a", "b"), list(combinations((*KINDS, "plain"), 2)))
def test_kinds_are_told_apart_by_every_eye(a: str, b: str) -> None:
    for theme, least in (("paper", 4.5), ("grey", 3.3)):
        colours = Colours(theme)
        assert apart(colours.paint(a).fill, colours.paint(b).fill) > least


@pytest.mark.parametrize("theme", THEMES)
def test_kinds_are_told_apart_in_grey(theme: str) -> None:
    greys = [round(grey(Colours(theme).paint(kind).fill)) for kind in KINDS]
    assert min(a - b for a, b in pairwise(greys)) >= 17, greys


def test_white_is_told_from_greys_as_well() -> None:
    fills = {kind: Colours("grey").paint(kind).fill for kind in (*KINDS, "plain", "input", "aux")}
    assert all(len({fill[1:3], fill[3:5], fill[5:]}) == 1 for fill in fills.values())
    assert round(grey(fills["plain"]) - grey(fills["norm"])) >= 17


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", [*KINDS, "plain", "input", "output", "aux"])
def test_text_on_kinds_is_legible(theme: str, kind: str) -> None:
    paint = Colours(theme).paint(kind)
    assert contrast(paint.fill, paint.ink) >= 6.5


def test_text_on_frames_is_legible() -> None:
    for theme in THEMES:
        fill, _ = Colours(theme).frame
        for ink in ("#333333", look.INK_NOTE, Colours(theme).edge("flow")):
            assert contrast(fill, ink) >= 6.5


def test_strokes_are_seen() -> None:
    for theme in THEMES:
        for kind in (*KINDS, "plain", "input"):
            paint = Colours(theme).paint(kind)
            assert contrast("#FFFFFF", paint.stroke) >= 3 or contrast(paint.fill, paint.stroke) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_steps_grow_darker_for_every_eye(theme: str) -> None:
    steps = Colours(theme, "params").steps
    assert len(steps) == STEPS
    for eye in SIMULATED:
        lightness = [lab(fill, eye)[0] for fill in steps]
        assert min(a - b for a, b in pairwise(lightness)) > 10, (eye, lightness)
    assert min(apart(a, b) for a, b in combinations(steps, 2)) > 6
    greys = [grey(fill) for fill in steps]
    assert min(a - b for a, b in pairwise(greys)) >= 17
    assert min(contrast(fill, ink_on(fill)) for fill in steps) >= 4.5
    assert min(apart(fill, look.PLAIN.fill) for fill in steps) > 3.5


def test_ink_is_that_which_is_read_better() -> None:
    for level in range(256):
        fill = f"#{level:02X}{level:02X}{level:02X}"
        other = {"#000000": "#FFFFFF", "#FFFFFF": "#000000"}[ink_on(fill)]
        assert contrast(fill, ink_on(fill)) >= contrast(fill, other)
        assert contrast(fill, ink_on(fill)) >= 4.5
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


@pytest.mark.parametrize("theme", THEMES)
def test_arrows_are_told_apart(theme: str) -> None:
    strokes = look.STROKES if theme == "paper" else look.GREY_STROKES
    assert {kind: Colours(theme).line(kind) for kind in strokes} == strokes
    for a, b in combinations(strokes.values(), 2):
        same = a.dashed == b.dashed and a.pen == b.pen
        assert not same or apart(a.colour, b.colour) > 9, (a, b)
    assert Colours(theme).line("no such kind") == strokes["flow"]
    for stroke in strokes.values():
        assert contrast("#FFFFFF", stroke.colour) >= 2.5


def test_destinations_are_told_apart() -> None:
    assert len(HUES) == 8
    assert min(apart(a, b) for a, b in combinations(HUES, 2)) > 6.5
    assert min(contrast("#FFFFFF", hue) for hue in HUES) >= 3
    assert min(apart(a, b) for a, b in combinations(GREY_HUES, 2)) > 7.5


# --------------------------------------------------------------------------- scales


def amounts(*numbers: float) -> list[Amount]:
    return [Amount(number, str(number)) for number in numbers]


def test_scale_of_equal_steps() -> None:
    scale = scale_of(amounts(2_400_000, 900_000, 1_300_000))
    assert scale is not None
    assert scale.bounds == (500_000, 1_000_000, 1_500_000, 2_000_000, 2_500_000)
    assert not scale.logarithmic
    assert [scale.step(a) for a in amounts(1, 500_000, 500_001, 2_400_000, 10**9)] == [0, 0, 1, 4, 4]


def test_scale_of_orders_of_magnitude() -> None:
    scale = scale_of(amounts(120, 900, 4_000, 90_000, 2_000_000))
    assert scale is not None
    assert scale.bounds == (200, 2_000, 20_000, 200_000, 2_000_000)
    assert scale.logarithmic


def test_scale_of_bytes_is_binary() -> None:
    scale = scale_of(amounts(3 * 2**20, 9 * 2**20), binary=True)
    assert scale is not None
    assert scale.bounds == tuple(2 * 2**20 * n for n in range(1, 6))
    scale = scale_of(amounts(3000, 3000, 3000, 2**24), binary=True)
    assert scale is not None
    assert scale.logarithmic
    assert scale.bounds == (2**12, 2**15, 2**18, 2**21, 2**24)


def test_the_scale_is_that_which_tells_most_apart() -> None:
    many = amounts(9.54e3, 75e3, 141e3, 379e3, 840e3, 1.51e6, 5.59e6, 6.04e6, 8.93e6, 2.05e6)
    scale = scale_of(many)
    assert scale is not None
    assert scale.logarithmic
    assert scale.step(many[0]) < scale.step(many[4])  # 90 times as many parameters
    even = scale_of(amounts(1, 22, 41, 62, 85, 100))
    assert even is not None
    assert not even.logarithmic  # the least alone is far from the others
    narrow = scale_of(amounts(100, 110, 120, 130, 950))
    assert narrow is not None
    assert not narrow.logarithmic  # less than an order of magnitude
    ends = [scale_of(amounts(10**exponent, 10 ** (exponent + gap))) for exponent in (0, 3) for gap in (3, 6)]
    assert all(each is not None and each.step(amounts(1)[0]) == 0 for each in ends)
    uneven = scale_of(amounts(1.79e3, 9.5e3, 37e3, 74e3, 148e3, 590e3, 1.2e6, 2.4e6, 17e6, 103e6))
    assert uneven is not None
    assert uneven.step(amounts(1.79e3)[0]) == 0  # no step that no box can have


def test_sums_do_not_stretch_the_scale_of_others() -> None:
    own = amounts(10, 30, 50, 70, 90)
    scale = scale_of(own, amounts(400, 300))
    assert scale is not None
    assert scale.bounds == (20, 40, 60, 80, 100)
    assert scale.open
    assert scale.step(amounts(400)[0]) == STEPS - 1
    assert MEASURES["params"].bounds(scale) == ["20", "40", "60", "80", "more"]
    closed = scale_of(own, amounts(95))
    assert closed is not None
    assert not closed.open
    alone = scale_of([], amounts(10, 90))
    assert alone is not None
    assert alone.bounds == scale.bounds


def test_what_sees_everything_lies_in_the_last_step() -> None:
    scale = scale_of([*amounts(3, 7, 15), Amount(4000.0, "field: all", whole=True)])
    assert scale is not None
    assert scale.bounds == (3, 6, 9, 12, 15)
    assert scale.whole
    assert scale.step(Amount(5.0, "field: all", whole=True)) == STEPS - 1
    assert scale_of(amounts(0, 0)) is None
    alone = scale_of([Amount(5.0, "field: all", whole=True)])
    assert alone is not None
    assert alone.bounds == ()
    assert alone.step(Amount(5.0, "field: all", whole=True)) == STEPS - 1


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=40), st.booleans())
def test_every_scale(numbers: list[int], binary: bool) -> None:
    scale = scale_of(amounts(*numbers), binary=binary)
    assert scale is not None
    assert len(scale.bounds) == STEPS
    assert all(a < b for a, b in pairwise(scale.bounds))
    assert scale.bounds[-1] >= max(numbers)
    for amount in amounts(*numbers):
        step = scale.step(amount)
        assert amount.number <= scale.bounds[step]
        assert step == 0 or amount.number > scale.bounds[step - 1]
    assert max(numbers) < STEPS or scale.step(Amount(max(numbers), "")) >= STEPS - 2  # not much too long
    assert binary or all(len(f"{bound:.0f}".rstrip("0")) <= 3 for bound in scale.bounds)  # round numbers


# --------------------------------------------------------------------------- what boxes have


NETS = (
    "resnet50", "googlenet", "densenet121", "cliquenet_s0", "cliquenet_k36_t12", "siamese", "unet",
    "cifar_resnet110", "squeezenet1_1", "vit_b_16", "ssd300_vgg16", "fractalnet",
)  # fmt: skip


def groups(picture: Picture) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for box in picture.boxes():
        found += box.members if isinstance(box, Ring) else (box.every,)
    return found


@pytest.mark.parametrize("name", NETS)
def test_boxes_together_have_what_the_net_has(name: str) -> None:
    one = subject(name)
    path, unrolled = counts.with_heads(one.unrolled), one.unrolled
    work = sum(counts.node_macs(unrolled, node) for node in unrolled if node.name in path)
    for depth in range(deepest(one.structure) + 1):
        picture = collapse(one.structure, depth)
        for drawn in (picture, condensed(picture)):
            parts = groups(drawn)
            nodes = [node for part in parts for node in part]
            # X0 and what joins a clique's layers are no boxes
            assert len(nodes) == len(set(nodes))
            assert sum(one.facts.params(part) for part in parts) == counts.params(unrolled, heads=True)
            assert sum(one.facts.macs(part) for part in parts) == work


def test_shared_weights_count_once() -> None:
    one = of_text(
        "net T() { input image: 3x8x8\n share f = conv(3, 3x3, padding = 1, bias = false)\n f\n f\n relu\n f }"
    )
    colours = Colours.of([one], "params")
    assert one.facts.params(["f", "f_2", "f_3"]) == 81
    # every box that uses them shows them, and what has several uses in it has them once
    assert [colours.value_text([name]) for name in ("f", "f_2", "f_3")] == ["81", "81", "81"]
    assert colours.value_text(["f", "f_2", "relu1", "f_3"]) == "81"
    assert colours.value_text(["f_2", "f_3"]) == "81"
    assert one.facts.owners(["f_2"]) == ["f"]
    assert colours.paint("conv", ["f_2"]) == colours.paint("conv", ["f"])
    assert one.facts.shares


@pytest.mark.parametrize(
    ("name", "shares"), [("siamese", True), ("resnet18", False), ("cliquenet_s0", False)]
)
def test_which_nets_share_weights(name: str, shares: bool) -> None:
    assert subject(name).facts.shares == shares  # what is shared in a clique alone is no sharing of boxes


def test_twins_are_painted_alike() -> None:
    one = subject("siamese")
    made = drawing([one], "svg", Options(colour_by="params"))
    boxes = [box for box in Image(made.data.decode()).boxes if "linear, 4096" in box.text]
    assert len(boxes) == 2
    assert len({box.fill for box in boxes}) == 1
    assert boxes[0].fill in {step.lower() for step in look.STEPS}
    assert boxes[0].text == boxes[1].text
    note = "shown wherever they are used, counted once"
    assert f"shared weights: {note}" in made.data.decode()
    assert f"Shared weights are {note}." in made.caption


def test_layers_of_a_clique_have_what_all_stages_have() -> None:
    one = subject("cliquenet_s0")
    members = [node.name for node in one.graph if node.layer.group == "clique" and "block1" in node.name]
    assert len(members) == 5
    assert members[0] not in one.unrolled
    held = one.facts.params([n.name for n in one.graph if n.name.startswith("block1.")])
    assert held == sum(one.facts.params([name]) for name in members) > 0
    assert one.facts.memory([members[0]]) > one.facts.memory(["block1.clique1.transit"]) / 5
    assert one.facts.field([members[0]]).axes[0].extent > one.facts.field(["max_pool1"]).axes[0].extent


def test_memory_is_that_of_the_outputs() -> None:
    one = of_text("net T() { input image: 3x8x8\n conv(5, 3x3) -> relu }")
    assert one.facts.memory(["conv1"]) == 5 * 6 * 6 * 4
    assert one.facts.memory(["conv1", "relu1"]) == 2 * 5 * 6 * 6 * 4


def test_fields() -> None:
    one = of_text(
        "net T() { input image: 3x32x32\n conv(5, 3x5) -> conv(5, 3x3, stride = 2) -> flatten -> linear(2) }"
    )
    colours = Colours.of([one], "receptive-field")
    texts = [colours.value_text([name]) for name in ("conv1", "conv2", "linear1", "conv1")]
    assert texts == ["field 3×5", "field 5×7", "field: all", "field 3×5"]
    assert colours.value_text(["conv1", "conv2"]) == "field 5×7"


def test_fields_of_up_convolutions_are_whole_numbers() -> None:
    """A place sees elements, of which there are no fractions; of a map of one element, it sees that."""
    one = of_text(
        "net T() { input noise: 100x4x4\n"
        " conv_transpose(8, 4x4, stride = 2, padding = 1)\n"
        " conv_transpose(8, 4x4, stride = 2, padding = 1) }"
    )
    colours = Colours.of([one], "receptive-field")
    layers = ["conv_transpose1", "conv_transpose2"]
    assert [str(one.facts.field([name])) for name in layers] == ["2", "2.5"]
    assert [colours.value_text([name]) for name in layers] == ["field 2×2", "field 3×3"]
    noise = Colours.of([subject("dcgan_generator")], "receptive-field")
    graph = noise.nets[0].graph
    layers = [node.name for node in graph if graph.operands(node.name)]
    assert {noise.value_text([name]) for name in layers} == {"field: all"}


@pytest.mark.parametrize(
    ("by", "text"),
    [
        ("receptive-field", "a receptive field (these are tokens or vectors, not maps)"),
        ("params", "parameters"),
    ],
)
@pytest.mark.parametrize("style", ["overview", "tensors"])
def test_a_drawing_that_has_none_of_it_says_so(by: str, text: str, style: Style) -> None:
    made = drawing(
        [of_text("net T() { input tokens: [32]\n relu -> softmax(axis = -1) }")],
        "svg",
        Options(style, colour_by=by),
    )
    assert f"nothing here has {text}: no box is coloured" in made.notes
    assert "up to" not in made.data.decode()


def test_unknown_sizes_are_usual_ones() -> None:
    one = of_text("net T() { input image: [3, 32 * ?h, 32 * ?w]\n conv(8, 3x3, padding = 1) }")
    colours = Colours.of([one], "macs")
    amount = colours.amount(["conv1"])
    assert amount is not None
    assert amount.number == 3 * 8 * 9 * 224 * 224
    assert amount.text == "10.8 M"
    memory = Colours.of([one], "memory").amount(["conv1"])
    assert memory is not None
    assert memory.number == 8 * 224 * 224 * 4


# --------------------------------------------------------------------------- painting


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


def test_a_dense_layer_has_what_all_layers_have() -> None:
    one = subject("densenet121")
    found = definitions(one.structure, collapse(one.structure, 1))
    layer = next(each.picture for each in found if each.name == "dense layer")
    total = sum(one.facts.params(part) for part in groups(layer))
    assert total == sum(one.facts.params([n.name]) for n in one.graph if ".layer" in n.name)


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
