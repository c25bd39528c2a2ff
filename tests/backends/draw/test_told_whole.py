"""Captions and descriptions say what is there: skips by what is on them, open frames, repeats, every line."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

import ogive
from backends.draw.test_caption import EMPTY, of_text, subject
from ogive.backends.draw.drawn import Drawing, drawing
from ogive.backends.draw.options import Options
from ogive.backends.draw.scene import Arrow, Frame, Mark, Run, line, straight
from ogive.backends.draw.words.description import alt_text
from ogive.backends.draw.words.marks import everything, name_of, namer
from ogive.backends.draw.words.signs import signs


def made(name: str, **options: Any) -> Drawing:
    return drawing([subject(name)], "dot", Options(**options))


def box(name: str, *texts: str, y: float = 0.0, **more: Any) -> Mark:
    return Mark(name, (0, y), 9, 9, tuple(map(line, texts)), **more)


def arrow(tail: str, end: str, kind: str = "flow", **more: Any) -> Arrow:
    return Arrow(straight((0, 0), (1, 1)), (1, 1), tail, end, kind=kind, **more)


# --------------------------------------------------------------------------- what is on skips


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resnet34_a", "skip connections where shapes differ (zero padding)."),
        ("cifar_resnet20", "skip connections where shapes differ (zero padding)."),
        ("resnet50", "skip connections with a projection."),
    ],
)
def test_a_projection_has_weights(name: str, said: str) -> None:
    assert f"Dashed arrows: {said}" in made(name).caption


def test_a_projection_beside_others_is_one_where_every_net_has_it() -> None:
    both = [subject("resnet18"), subject("resnet34_a")]
    skips = replace(EMPTY, arrows=(arrow("a", "b", "projection"),))
    assert list(signs(skips, Options(), both[:1])) == ["Dashed arrows: skip connections with a projection."]
    assert list(signs(skips, Options(), both)) == ["Dashed arrows: skip connections where shapes differ."]


def test_what_heads_read_off_is_no_skip_connection() -> None:
    one = made("ssd300_vgg16")
    assert "arrows: what regression and classification take from several earlier places." in one.caption
    assert "skip connection" not in one.caption + one.alt
    assert "Regression and classification each take what leaves conv7, conv8_2, conv9_2" in one.alt
    assert "L2 norm" in one.alt
    assert "ayer scale" in one.alt
    assert "Orange arrows: skip connections." in made("unet").caption  # one skip into each


def test_two_meanings_of_a_colour_are_told_apart() -> None:
    assert "Orange arrows outside cliques: " in made("cliquenet_k36_t12").caption
    blue = (arrow("b.x0", "b.x1", "forward", stroke="#0072B2"), arrow("a", "c", "skip", stroke="#D55E00"))
    assert "Orange arrows: skip connections." in list(signs(replace(EMPTY, arrows=blue), Options()))


# --------------------------------------------------------------------------- what frames hold


def test_shared_weights_and_what_joins_two_ways() -> None:
    one = made("siamese")
    through = (
        "two Twin blocks with shared weights side by side, their difference, its absolute value and a linear"
    )
    assert through in one.caption
    assert "for one pair of inputs." in one.caption
    assert re.search(r"Inside each Twin \([^)]*\): 10×10 conv, 64 · ReLU; 2×2 max pool, /2; 7×7", one.alt)


def test_layers_that_are_joined_or_scaled_are_told() -> None:
    body = "a = conv(4, 1x1)\n b = conv(4, 3x3, padding = 1)\n [a, b] -> {} -> scale(2) -> conv(2, 1x1)"
    for merge, said in (("sub", "their difference"), ("mul", "their product"), ("mean", "their mean")):
        one = of_text(f"net T() {{ input x: 4x8x8\n {body.format(merge)} }}")
        text = drawing([one], "dot", Options()).caption
        assert f"{said}; × 2; and a 1×1 convolution" in text or f"{said}, × 2 and a 1×1" in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "vit_b_16",
            "Inside Encoder: LN · attention, 12 heads · dropout beside a skip connection; sum; (LN; lin",
        ),
        (
            "transformer_encoder",
            "PostEncoder: attention, 8 heads · dropout beside a skip connection; sum; LN; (",
        ),
        ("densenet121", "Inside each Transition: BN · ReLU · 1×1 conv, 128 … 512; 2×2 avg pool, /2."),
    ],
)
def test_what_open_frames_hold_is_told(name: str, said: str) -> None:
    text = made(name).alt
    assert said in text
    assert "Two skip connections" not in text


def test_what_repeats_is_told_where_it_stands() -> None:
    text = made("rcnn_96").alt
    turns = "three times (3×3 conv, 96 · shared weights; sum with the first 3×3 conv; ReLU · LRN)"
    assert f"3×3 conv, 96; ReLU · LRN; {turns}." in text


def test_ways_that_cross_are_told_with_their_sources() -> None:
    text = made("dpn92").alt
    assert "input res; input dense; concatenation of res and dense;" in text
    assert (
        "sum of split width and res; output res; concatenation of split width and dense; output dense" in text
    )
    assert "into" not in text


def test_a_ring_is_told_line_by_line() -> None:
    text = made("cliquenet_k36_t12_abc").alt
    assert (
        "a ring of the layers X1 and X2 in two stages, each joined to every other, each BN · ReLU · 1×1"
        in text
    )
    assert (
        "36 · dropout · BN · ReLU · 3×3 conv, 36 · dropout; (concatenation with X0; output features)" in text
    )
    assert "2 layers, 2 stages" not in text


# --------------------------------------------------------------------------- what boxes say


def test_all_lines_of_a_box_are_told() -> None:
    assert "Squash is defined beside it: × 2/3 · tanh; × 1.7159." in made("lenet5_1998").alt
    small = line("BN · ReLU", 7)
    assert (
        everything(Mark("a", (0, 0), 9, 9, (line("3×3 conv,"), line("8"), small)))
        == "3×3 conv, 8 · BN · ReLU"
    )
    twice = Mark("a", (0, 0), 9, 9, (line("conv"), small), badge="×2")
    assert everything(twice) == "(conv · BN · ReLU) ×2"
    folded = Mark("a", (0, 0), 9, 9, (line("Fire 8"), small), pen=1.6)
    assert everything(folded) == "Fire 8 (BN · ReLU)"
    noted = Mark("a", (0, 0), 9, 9, (line("conv"), (Run("a note", 7, italic=True),)))
    assert everything(noted) == "conv"


def test_boxes_are_called_by_their_bold_names() -> None:
    title = (Run("block2 · "), Run("clique", bold=True), Run(" 136 … 144→68 … 72"))
    assert name_of(Mark("a", (0, 0), 9, 9, (title,), badge="×3")) == "block2 · clique ×3"
    called = namer([one := box("a", "conv, 8"), two := box("b", "conv, 4"), other := box("c", "linear, 4")])
    assert list(map(called, (one, two, other))) == ["the first conv", "the second conv", "linear"]


def test_what_stands_behind_the_last_layer_is_told() -> None:
    one = made("lenet5_1998")
    assert "; RBF; and × −1." in one.caption
    assert "RBF, to 10. × −1, to 10. Output: 10." in one.alt
    assert "embedding, × 22.6274, positions" in made("transformer_encoder").caption


# --------------------------------------------------------------------------- how much fits


@pytest.mark.parametrize("fit", [(3.25, 9.0), (6.5, 9.0)])
@pytest.mark.parametrize("name", ["googlenet", "mobilenet_v3_small", "dpn92", "densenet121"])
def test_no_definition_is_cut_off(name: str, fit: tuple[float, float]) -> None:
    one = made(name, fit=fit)
    frames = re.search(r"; defined [a-z ]+: ([^.]*)\.", one.caption)
    assert frames
    defined = re.split(r", | and ", re.sub(r" \([^)]{2,}\)", "", frames[1]))
    assert all(f"{each} " in one.alt for each in defined)
    assert one.alt.count(" is defined ") == len(defined)
    assert not one.alt.endswith("…")


def test_what_is_cut_ends_with_a_sentence_and_says_so() -> None:
    frames = tuple(Frame(f"d{i}_definition", -9, -9, 9, 9, (line(f"Unit{i}"),)) for i in range(9))
    marks = tuple(box(f"m{i}", f"{i}×3 conv, {'width · ' * 9}4", y=i / 9) for i in range(3))
    text = alt_text([subject("lenet5")], replace(EMPTY, name="lenet5", frames=frames, marks=marks))
    assert text.endswith(". …")
    assert 600 < len(text) <= 1000


# --------------------------------------------------------------------------- what a caption explains


def test_signs_of_a_net_with_open_sizes() -> None:
    text = made("transformer_encoder").caption
    assert "Beside arrows: the shapes of tensors, where they change." in text
    assert "t may be of any length." in text
    assert "green for linear layers, embeddings and positions" in text
    image = of_text("net T() { input x: [3, 2 * ?h, ?w]\n conv(8, 3x3, padding = 1) }")
    assert "h and w may be of any size." in drawing([image], "dot", Options()).caption
    assert "may be of any" not in made("lenet5").caption


def test_abbreviations_of_mobile_nets() -> None:
    text = made("mobilenet_v3_small").caption
    for said in ("h-swish: hard swish", "dw: depthwise", "SE: squeeze and excitation"):
        assert said in text
    drawn = replace(EMPTY, marks=(box("a", "SE"),))
    assert list(signs(drawn, Options(), [subject("lenet5")])) == []  # a name of the program


def test_the_example_is_the_first_label_that_one_sees() -> None:
    marks = (
        box("a", "stem · 3×3 conv, 16", y=90), box("b", "5×5 conv, 32, /2", y=50), box("c", "1×1 conv, 8", y=95)
    )  # fmt: skip
    defined = Frame("d_definition", -9, 94, 9, 99)  # is read last, wherever it stands
    said = next(signs(replace(EMPTY, marks=marks, frames=(defined,)), Options()))
    assert said == (
        "A label such as 3×3 conv, 16 gives the kernel and output channels of a convolution, /2 its stride."
    )


@pytest.mark.parametrize("name", ogive.list_models()[1::9])
def test_nothing_is_said_of_what_is_not_there(name: str) -> None:
    one = made(name, fit=(6.5, 9.0))
    assert len(one.alt) <= 1000
    for text in (one.caption, one.alt):
        assert "()" not in text
        assert "; ;" not in text
        assert " of ." not in text
