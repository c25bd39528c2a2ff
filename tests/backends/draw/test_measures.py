"""What boxes have of a measure, and the scales of colours for it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ogive
from backends.draw.svg import Image
from ogive.backends.draw.choices import Style
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.amounts import MEASURES, STEPS, Amount, scale_of
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.drawn import drawing
from ogive.backends.draw.fold.collapse import collapse, deepest
from ogive.backends.draw.fold.definitions import definitions
from ogive.backends.draw.fold.picture import Picture, Ring
from ogive.backends.draw.fold.rows import condensed
from ogive.backends.draw.options import Options
from ogive.backends.draw.subject import Subject
from ogive.report import counts

KINDS = ("norm", "act", "conv", "attention", "linear", "pool")


def subject(name: str) -> Subject:
    net = ogive.load(name)
    return Subject(net.ir, net.unrolled)


def of_text(text: str) -> Subject:
    net = ogive.loads(text)
    return Subject(net.ir, net.unrolled)


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


def test_a_dense_layer_has_what_all_layers_have() -> None:
    one = subject("densenet121")
    found = definitions(one.structure, collapse(one.structure, 1))
    layer = next(each.picture for each in found if each.name == "dense layer")
    total = sum(one.facts.params(part) for part in groups(layer))
    assert total == sum(one.facts.params([n.name]) for n in one.graph if ".layer" in n.name)
