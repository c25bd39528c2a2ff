"""Captions and descriptions: true, readable, and about this drawing alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import ogive
from backends.draw import nets
from backends.draw.test_draw import HOSTILE
from ogive.backends.draw.colours import look
from ogive.backends.draw.drawn import drawing
from ogive.backends.draw.options import Options
from ogive.backends.draw.scene import Arrow, Frame, Mark, Scene, line, straight
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.caption import caption
from ogive.backends.draw.words.description import alt_text
from ogive.backends.draw.words.outline import Thing, in_words, layer_word, listed, outline, told
from ogive.backends.draw.words.signs import signs

Golden = Callable[[str, str | Path], None]
EMPTY = Scene("net", 100, 100)
OUTLINED = (
    "alexnet", "bn_inception", "char_lstm", "cifar_densenet_bc_100_12", "cifar_resnet20", "cliquenet_k36_t12",
    "cliquenet_s0", "convnext_tiny", "dcgan_generator", "densenet121", "dpn92", "efficientnet_b0", "fractalnet",
    "googlenet", "inception_v3", "lenet5", "mobilenet_v2", "rcnn_96", "resnet50", "siamese", "squeezenet1_1",
    "ssd300_vgg16", "swin_t", "transformer_encoder", "unet", "vgg16", "vit_b_16",
)  # fmt: skip
DRAWN = {
    "resnet50": (["resnet50"], Options()),
    "googlenet": (["googlenet"], Options()),
    "densenet121": (["densenet121"], Options()),
    "cliquenet": (["cliquenet_s0"], Options()),
    "unet": (["unet"], Options()),
    "vit": (["vit_b_16"], Options()),
    "lenet": (["lenet5"], Options()),
    "siamese": (["siamese"], Options(theme="grey")),
    "resnet50-params": (["resnet50"], Options(colour_by="params", theme="grey")),
    "bottleneck": (["resnet50"], Options(block="Bottleneck")),
    "beside": (["resnet18", "resnet34"], Options()),
    "tensors": (["unet"], Options(style="tensors")),
    "unfolded": (["cliquenet_s0"], Options(style="unfolded")),
}


def subject(name: str) -> Subject:
    net = ogive.load(name)
    return Subject(net.ir, net.unrolled)


def bare(one: Subject) -> Scene:
    return replace(EMPTY, name=one.name)


def of_text(text: str) -> Subject:
    net = ogive.loads(text)
    return Subject(net.ir, net.unrolled)


@pytest.mark.parametrize("name", DRAWN)
def test_captions(name: str, golden: Golden) -> None:
    names, options = DRAWN[name]
    made = drawing([subject(each) for each in names], "dot", options)
    assert "\n" not in made.caption + made.alt
    own = options.style == "overview" and len(names) == 1  # other styles describe themselves
    golden(made.caption + (f"\n\n{made.alt}" if own else "") + "\n", f"golden/captions/{name}.txt")


def test_outlines(golden: Golden) -> None:
    told: list[str] = []
    for name in OUTLINED:
        parts = [part for part in outline(subject(name).structure) if part.kind != "aux"]
        told.append(f"{name}: {'; '.join(in_words(parts))}\n")
    golden("".join(told), "golden/captions/outlines.txt")


# --------------------------------------------------------------------------- of the net


def test_counts_are_those_of_the_net() -> None:
    text = caption([subject("resnet50")], EMPTY, Options())
    assert "from an input of 3×224×224 to an output of 1000" in text
    assert "25.6 million parameters" in text  # torchvision's: 25,557,032
    assert "4.09 billion multiply-adds" in text
    heads = caption([subject("googlenet")], EMPTY, Options())
    assert "7.00 million parameters (13.4 million with both auxiliary heads)" in heads


def test_a_small_head_makes_a_difference_that_is_seen() -> None:
    net = """net Small() {
  input x: 3x16x16
  conv(64, 3x3, padding = 1) -> conv(256, 3x3, padding = 1)
  aux (weight = 0.3) { global_avg_pool -> flatten -> linear(1) }
  global_avg_pool -> flatten -> linear(10)
}"""
    graph = ogive.loads(net)
    words = drawing([Subject(graph.ir, graph.unrolled)], "dot").caption
    main = graph.params
    assert f"It has {main:,} parameters ({main + 256 + 1:,} with the auxiliary head)" in words


def test_several_inputs_and_outputs() -> None:
    text = caption([subject("siamese")], EMPTY, Options())
    assert "from two inputs of 1×105×105 to an output of 1," in text
    several = caption([subject("ssd300_vgg16")], EMPTY, Options())
    assert "to the outputs bbox_regression (8732×4) and cls_logits (8732×91)," in several


def test_unknown_sizes() -> None:
    one = of_text("net T() { input image: [3, 2 * ?h, 2 * ?w]\n conv(8, 3x3, padding = 1) -> max_pool(2x2) }")
    text = caption([one], EMPTY, Options())
    assert "an input of 3×2h×2w to an output of 8×h×w" in text
    assert "864·h·w multiply-adds" in text


def test_a_net_that_computes_nothing() -> None:
    graph = nets.nothing(ogive.load("lenet5").inputs[0][1])
    text = caption([Subject(graph, graph)], EMPTY, Options())
    assert "through nothing that computes" in text
    assert "0 parameters" in text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"),
        (["a, b", "c"], "a, b; and c"), (["a and b", "c", "d"], "a and b; c; and d"),
    ],
)  # fmt: skip
def test_lists(words: list[str], expected: str) -> None:
    assert listed(words) == expected


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        (Thing("3×3 convolution"), "a 3×3 convolution"), (Thing("11×11 convolution"), "an 11×11 convolution"),
        (Thing("3×3 convolution", 3), "three 3×3 convolutions"),
        (Thing("3×3 convolution", 16), "16 convolutions of 3×3"),
        (Thing("Bottleneck block", 6), "six Bottleneck blocks"), (Thing("Fire block"), "one Fire block"),
        (Thing("Basic block", 1000), "1,000 Basic blocks"), (Thing("dense block", 6, True), "a dense block of 6 layers"),
        (Thing("3×3 max pooling", 2), "two 3×3 max pooling"), (Thing("linear layer", 2), "two linear layers"),
        (Thing("positions"), "positions"),
    ],
)  # fmt: skip
def test_things(thing: Thing, expected: str) -> None:
    assert told(thing) == expected


@pytest.mark.parametrize(
    ("short", "expected"),
    [
        ("3×3 conv", "3×3 convolution"), ("2×2 up-conv", "2×2 up-convolution"), ("3×3 max pool", "3×3 max pooling"),
        ("avg pool", "average pooling"), ("global avg pool", "global average pooling"), ("linear", "linear layer"),
        ("LSTM", "LSTM"),
    ],
)  # fmt: skip
def test_words_of_layers(short: str, expected: str) -> None:
    assert layer_word(short) == expected


# --------------------------------------------------------------------------- of the drawing


def arrow(kind: str) -> Arrow:
    return Arrow(straight((0, 0), (1, 1)), (1, 1), "a", "b", kind=kind)


@pytest.mark.parametrize(
    ("kind", "paper", "grey"),
    [
        ("skip", "Orange arrows: skip connections.", "Thick grey arrows: skip connections."),
        ("projection", "Dashed arrows: skip connections where shapes differ.",
         "Dashed arrows: skip connections where shapes differ."),
        ("aux", "Light grey boxes and arrows: auxiliary heads, there in training only.",
         "White boxes with grey text, and pale arrows: auxiliary heads, there in training only."),
        ("flow", None, None),
    ],
)  # fmt: skip
def test_arrows_are_explained_where_they_are(kind: str, paper: str | None, grey: str | None) -> None:
    drawn = replace(EMPTY, arrows=(arrow(kind),))
    assert list(signs(drawn, Options())) == ([paper] if paper else [])
    assert list(signs(drawn, Options(theme="grey"))) == ([grey] if grey else [])


# --------------------------------------------------------------------------- of wires


@cache
def wired(given: str, style: str, **options: str) -> str:
    """The caption of a clique, from what its signs mean."""
    body = "bn -> relu -> conv(4, 3x3, padding = 1)"
    one = of_text(
        f"net T() {{ input x: 4x8x8\n clique({given}) {{ {body} }} as b\n b.features -> conv(4, 1x1) }}"
    )
    made = drawing([one], "dot", Options(style=style, **options))  # type: ignore[arg-type]
    return made.caption.partition("for one input. ")[2]


@pytest.mark.parametrize("style", ["ring", "unfolded", "clique", "chain", "overview"])
def test_nothing_leads_back_where_there_is_one_stage(style: str) -> None:
    text = wired("layers = 4, stages = 1", style)
    assert "back" not in text
    assert "dashed" not in text
    assert "both ways" not in text
    assert "later" not in text
    assert "the colour of the layer that it leads to." in text


@pytest.mark.parametrize("style", ["ring", "clique", "chain"])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("layers = 5", "Every two layers of a clique are joined both ways"),
        (
            "layers = 5, updates = 4",
            "Every two layers of a clique are joined both ways",
        ),  # nothing is after the last
        ("layers = 5, updates = 3", "X1 to X3 also take those after them."),
        ("layers = 5, updates = 1", "X1 also takes those after it."),
        ("layers = 2, stages = 1", "takes X0, which enters, and the layers before it."),
        ("layers = 2", "Every two layers of a clique are joined both ways"),
        ("layers = 40", "Every two layers of a clique are joined both ways"),  # most arcs are left out
        ("layers = 40, updates = 7", "X1 to X7 also take those after them."),
    ],
)
def test_which_layers_are_joined_both_ways(given: str, said: str, style: str) -> None:
    assert said in wired(given, style)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("layers = 4", "Each row is a stage: in the first, a layer takes X0 and the layers before it, later all others as they are by then."),
        ("layers = 4, updates = 2", "as they are by then; circles with dashed borders stay as they were."),
        ("layers = 4, stages = 6", "A row is a stage or several that are alike:"),
        ("layers = 4, stages = 1", "A layer takes X0, which enters, and the layers before it."),
    ],
)  # fmt: skip
def test_what_rows_are(given: str, said: str) -> None:
    assert said in wired(given, "unfolded")


@pytest.mark.parametrize("style", ["ring", "unfolded", "clique", "chain", "overview"])
def test_dashes_and_colours_are_explained_once(style: str) -> None:
    text = wired("layers = 6", style)
    assert (
        text.count(
            "arrow has the colour of the layer that it leads to; dashed ones lead back to earlier layers"
        )
        == 1
    )
    assert text.count("dashed ones") == 1


def test_colours_that_begin_again() -> None:
    again = "eight colours, which then begin again"
    assert again not in wired("layers = 8", "unfolded")
    assert again in wired("layers = 9", "unfolded")
    assert "the grey of the layer" in wired("layers = 4", "unfolded", theme="grey")
    many = wired("layers = 5", "unfolded", theme="grey")  # X5 has the grey of X1
    assert "colour" not in many
    assert "Dashed arrows lead back" in many


def test_measured_circles_have_no_colours_of_their_own() -> None:
    text = wired("layers = 5", "ring", colour_by="params")
    assert "Darker circles have more parameters." in text
    assert "colour of the layer" not in text


def test_copies_are_explained_where_they_are() -> None:
    made = drawing([subject("unet")], "dot", Options(style="tensors"))
    assert "The white part of a box is the copy that the orange arrow brings." in made.caption
    assert "skip connections" not in made.caption  # the legend names what the arrows do
    plain = drawing([subject("resnet18")], "dot", Options(style="tensors"))
    assert "copy" not in plain.caption


def test_a_chain_says_what_its_boxes_leave_out() -> None:
    omits = "whose normalizations and activations are not named"
    assert omits in drawing([subject("cliquenet_s3_a")], "dot", Options(style="chain")).caption
    assert omits not in drawing([subject("cliquenet_s3_a")], "dot", Options()).caption


def test_a_ring_in_words() -> None:
    def alt(given: str) -> str:
        one = of_text(
            f"net T() {{ input x: 4x8x8\n clique({given}) {{ conv(4, 1x1) }} as b\n b.features -> conv(4, 1x1) }}"
        )
        return drawing([one], "dot", Options(depth=0)).alt

    assert "back" not in alt("layers = 4, stages = 1")


def mark(*texts: str, **more: object) -> Mark:
    return Mark("n1", (0, 0), 10, 10, tuple(map(line, texts)), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (mark("7×7 conv, 64, /2"), "A label such as 7×7 conv, 64, /2 gives the kernel, output channels and stride of a convolution."),
        (mark("3×3 conv, 64"), "A label such as 3×3 conv, 64 gives the kernel and output channels of a convolution."),
        (mark("BN · ReLU"), "BN: batch normalization; ReLU: rectified linear unit."),
        (mark("BNx"), None),
        (mark("x", badge="×3"), "×N: N of them in a row."),
        (mark("x", pen=look.FOLDED_PEN, stroke="#000000"), "Boxes with thick borders stand for whole blocks or stages."),
        (mark("+", shape="circle"), "Circles: + adds."),
        (mark("x", fill=look.PAINTS["conv"].fill), "Colours: blue for convolution."),
        (Mark("a.to.b", (0, 0), 9, 9, (line("64×56×56"),), "bare"), "Beside arrows: the shapes of tensors, where they change."),
        (mark("x"), None),
    ],
)  # fmt: skip
def test_boxes_are_explained_where_they_are(one: Mark, expected: str | None) -> None:
    assert list(signs(replace(EMPTY, marks=(one,)), Options())) == ([expected] if expected else [])


def test_colours_that_measure() -> None:
    drawn = replace(EMPTY, marks=(mark("x", fill=look.STEPS[2]),))
    for by, much in (("params", "more parameters"), ("receptive-field", "a larger receptive field")):
        assert list(signs(drawn, Options(colour_by=by))) == [
            f"Darker boxes have {much}, and say so in numbers."
        ]
    framed = replace(drawn, frames=(Frame("d1_definition", 0, 0, 1, 1),))
    assert "all uses" in list(signs(framed, Options(colour_by="params")))[-1]
    assert list(signs(EMPTY, Options(colour_by="params"))) == []


# --------------------------------------------------------------------------- for those who cannot see it


def test_description_follows_the_flow() -> None:
    one = subject("vgg16")
    text = alt_text([one], bare(one))
    places = [
        text.index(shape)
        for shape in ("3×224×224", "64×112×112", "128×56×56", "512×7×7", "4096", "Output: 1000")
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("name", ogive.list_models()[::6])
def test_description_is_short(name: str) -> None:
    one = subject(name)
    text = alt_text([one], bare(one))
    assert 60 < len(text) <= 1010, text
    assert text.endswith((".", "…"))


def test_description_of_a_long_net() -> None:
    one = Subject(nets.uneven(300), nets.uneven(300))
    text = alt_text([one], bare(one))
    assert len(text) <= 1010
    assert "more parts" in text or "convolutions" in text


def test_skips_and_definitions_are_told() -> None:
    def at(name: str, x: float, y: float, text: str) -> Mark:
        return Mark(name, (x, y), 10, 4, (line(text),))

    marks = (
        at("n1", 10, 90, "first"), at("n2", 10, 50, "second"),
        replace(at("d1.n1", 60, 90, "in"), dashed=True), at("d1.n2", 60, 70, "1×1 conv, width"),
        Mark("d1.n3", (60, 50), 4, 4, (line("+"),), "circle"),
    )  # fmt: skip
    frame = Frame("d1.n1_definition", 50, 40, 80, 95, (line("Unit"),))
    skips = (
        replace(arrow("skip"), tail="n1", end="n2"), replace(arrow("skip"), tail="d1.n1", end="d1.n3"),
        replace(arrow("flow"), tail="d1.n1", end="d1.n2"), replace(arrow("flow"), tail="d1.n2", end="d1.n3"),
    )  # fmt: skip
    scene = Scene("lenet5", 100, 100, (frame,), skips, marks)
    text = alt_text([subject("lenet5")], scene)
    assert "Skip connection from first to second." in text
    assert "Unit is defined beside it: 1×1 conv, width beside a skip connection; sum." in text
    many = replace(scene, arrows=skips[:1] * 7)
    assert "Seven skip connections." in alt_text([subject("lenet5")], many)


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_things_are_called(name: str) -> None:
    graph = nets.hostile(name)
    one = Subject(graph, graph)
    for text in (caption([one], EMPTY, Options()), alt_text([one], replace(EMPTY, name=name))):
        shown = text.replace(name, "") if text.startswith("Diagram") else text
        assert all(c.isprintable() for c in shown)
        assert "million" in text or "parameters" in text or "Input" in text
