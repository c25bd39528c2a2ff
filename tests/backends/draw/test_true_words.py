"""What is said of a drawing is true of it: what stands beside what, what is defined where, what is counted."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest

import ogive
from backends.draw.test_caption import EMPTY, of_text, subject
from ogive.backends.draw.drawn import Drawing, drawing
from ogive.backends.draw.options import Options
from ogive.backends.draw.scene import Arrow, Frame, Mark, line, straight
from ogive.backends.draw.words.description import alt_text
from ogive.backends.draw.words.letters import letters
from ogive.backends.draw.words.outline import in_words, outline
from ogive.backends.draw.words.signs import place_of
from ogive.backends.draw.words.woven import woven


def made(name: str, **options: Any) -> Drawing:
    return drawing([subject(name)], "dot", Options(**options))


def said(body: str) -> str:
    one = of_text(f"net T() {{ input x: 8x16x16\n default conv(padding = same)\n {body} }}")
    return "; ".join(in_words(outline(one.structure)))


# --------------------------------------------------------------------------- branches are no chain


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("concat { | conv(4, 1x1)\n | conv(4, 1x1) -> conv(4, 3x3) }",
         "two branches (a 1×1 convolution; beside it a 1×1 convolution and a 3×3 convolution) concatenated"),
        ("concat { | conv(4, 5x5)\n | conv(4, 5x5) }", "two branches (a 5×5 convolution each) concatenated"),
        ("add { | identity\n | conv(8, 3x3) }", "two branches (the tensor itself; beside it a 3×3 convolution) added"),
        ("mul { | relu\n | conv(8, 3x3) }", "two branches (other layers; beside it a 3×3 convolution) multiplied"),
        ("residual { conv(8, 3x3) -> conv(8, 1x1) }", "a residual (a 3×3 convolution and a 1×1 convolution)"),
        ("residual { conv(16, 3x3, stride = 2) }", "a residual (a 3×3 convolution)"),  # its projection is no step
        ("concat { | conv(4, 1x1)\n | conv(4, 3x3) }\n max_pool(2x2)",
         "two branches (a 1×1 convolution; beside it a 3×3 convolution) concatenated; 2×2 max pooling"),
        ("a = conv(8, 3x3)\n b = conv(8, 3x3)\n [a, b] -> concat", "two 3×3 convolutions side by side"),
        ("a = conv(8, 3x3)\n b = conv(8, 1x1)\n [a, b] -> concat",
         "a 3×3 convolution; beside it a 1×1 convolution"),
        ("conv(8, 3x3) -> conv(8, 3x3)", "two 3×3 convolutions"),
        ("stage a { concat { | conv(4, 1x1)\n | conv(4, 3x3) } -> max_pool(2x2) }",
         "stage a (two branches (a 1×1 convolution; beside it a 3×3 convolution) concatenated; and 2×2 max pooling)"),
    ],
)  # fmt: skip
def test_branches_are_told_side_by_side(body: str, expected: str) -> None:
    assert said(body) == expected


@pytest.mark.parametrize(("name", "merges"), [("inception_v4", 3), ("inception_resnet_v2", 1)])
def test_a_stem_with_branches(name: str, merges: int) -> None:
    one = made(name, depth=0)
    for text in (one.caption, one.alt):
        assert text.count("branches (") == merges


def test_parts_side_by_side() -> None:
    assert "Beside it, one Twin block with shared weights, to 4096." in made("siamese").alt
    heads = made("ssd300_vgg16", fit=(3.25, 9.0))
    assert "beside it stage classification" in heads.caption
    assert "Beside it stage classification (" in heads.alt


def boxes(*texts: str) -> list[Mark]:
    """Marks one below the other, called by their texts; of `+`, a circle."""
    return [
        Mark(text, (0, -20 * i), 9, 9, (line(text),), "circle" if text == "+" else "round")
        for i, text in enumerate(texts)
    ]


def arrows(*pairs: str) -> list[Arrow]:
    """`a b` for an arrow; `a b skip` for one past layers."""
    found: list[Arrow] = []
    for pair in pairs:
        tail, end, *kind = pair.split()
        found.append(Arrow(straight((0, 0), (1, 1)), (1, 1), tail, end, kind=kind[0] if kind else "flow"))
    return found


@pytest.mark.parametrize(
    ("names", "pairs", "expected"),
    [
        ("a b c", ["a b", "b c"], "a; b; c"),
        ("a b c +", ["a b", "a c", "b +", "c +"], "a; b beside c; +"),
        ("a b c d +", ["a b", "b c", "a d", "c +", "d +"], "a; (b; c) beside d; +"),
        ("a b +", ["a b", "b +", "a + skip"], "a; b beside a skip connection; +"),
        ("a b +", ["a b", "b +", "a +"], "a; b beside what entered; +"),
        ("a b c + d", ["a b", "a c", "b +", "c +", "+ d"], "a; b beside c; +; d"),
        ("a b", [], "a beside b"),
        ("a b c d", ["a c", "b c", "b d"], "a; b; c from a and b; d from b"),  # not ways that meet in pairs
        ("a b c d e", ["a b", "b c", "c d", "b d skip", "a e", "d e"],
         "a; (b; c beside a skip connection; d) beside what entered; e"),
        ("a b c d + e", ["a b", "a c", "b d", "c d", "d +", "a + skip", "+ e"],
         "a; (b beside c; d) beside a skip connection; +; e"),  # some ways meet before all do
        ("a b c d + e", ["a c", "b c", "c d", "c e", "d +", "a +", "b e"],
         "a; b; c from a and b; d; + of d and a; e from c and b"),
        ("", [], ""),
    ],
)  # fmt: skip
def test_arrows_in_words(names: str, pairs: list[str], expected: str) -> None:
    told = woven(boxes(*names.split()), arrows(*pairs), lambda mark: mark.lines[0][0].text)
    assert "; ".join(told) == expected


def test_each_box_is_told_once_whatever_the_arrows() -> None:
    names = [f"n{i}" for i in range(9)]
    pairs = [f"n{i} n{j}" for i in range(9) for j in range(i + 1, 9) if (i * j) % 3 != 1]
    told = woven(boxes(*names), arrows(*pairs), lambda mark: mark.lines[0][0].text)
    assert sorted(step.partition(" ")[0] for step in told) == names
    sources = {p.split()[0] for p in pairs if p.endswith(" n8")}
    last = next(step for step in told if step.startswith("n8"))
    assert sources == set(re.findall(r"n\d", last)) - {"n8"}


def test_a_projection_and_a_gate_stand_beside() -> None:
    text = made("seresnet50", block="SEBottleneck").alt
    assert (
        "(global avg pool; 1×1 conv, width/4 · ReLU; 1×1 conv, 4·width · sigmoid) beside what entered; product)"
        in text
    )
    assert "/stride · BN, where shapes differ beside a skip connection; sum; ReLU." in text


def test_what_stands_several_times_is_told() -> None:
    text = made("rcnn_96", block="Recurrent").alt
    turns = "three times (3×3 conv, 96 · shared weights; sum with the first 3×3 conv; ReLU · LRN)"
    assert text.endswith(f": 3×3 conv, 96; ReLU · LRN; {turns}.")


def test_copies_in_a_row_and_side_by_side() -> None:
    assert "×N: N of them in a row." in made("resnet50", fit=(6.5, 9.0)).caption
    assert "×N: N of them side by side." in made("cliquenet_k36_t12", fit=(3.25, 9.0)).caption


def test_a_label_in_two_lines_is_told_whole() -> None:
    frame = Frame("d1_definition", -50, -50, 50, 50, (line("Unit"),))
    label = Mark("d1.n1", (0, 0), 9, 9, (line("LN", 7), line("3×3 conv,"), line("2·width"), line("ReLU", 7)))
    scene = type(EMPTY)("lenet5", 100, 100, (frame,), marks=(label,))
    assert "Unit is defined beside it: LN · 3×3 conv, 2·width · ReLU." in alt_text([subject("lenet5")], scene)


def test_arrows_of_gates_are_no_skip_connections() -> None:
    assert (
        "Orange arrows: skip connections and what a gate multiplies."
        in made("seresnet50", block="SEBottleneck").caption
    )
    assert "Orange arrows: what a gate multiplies." in made("seresnet50", block="SE").caption


# --------------------------------------------------------------------------- what is defined


@pytest.mark.parametrize("fit", [(3.25, 9.0), (6.5, 9.0), (3.25, 4.0)])
@pytest.mark.parametrize("name", ["inception_v4", "resnet50", "unet", "dpn68", "mobilenet_v3_small"])
def test_no_definition_is_told_of_that_is_not_there(name: str, fit: tuple[float, float]) -> None:
    one = made(name, fit=fit)
    beside = re.search(r"defined beside it: ([^;]*)", one.notes[-1])
    left = re.search(r"left out: (.*) \(ogive", one.notes[-1])
    told = re.search(r"; defined (?:beside|below|beside and below): ([^.]*)\.", one.caption)
    assert bool(told) == bool(beside)
    assert "as defined" not in one.caption
    if told:
        names = re.split(r", | and ", re.sub(r" \([^)]{2,}\)", "", told[1]))
        assert names == re.split(r", ", re.sub(r" \([^)]{2,}\)", "", beside[1] if beside else ""))
        if left:
            assert not set(names) & set(re.sub(r" \([^)]{2,}\)", "", left[1]).split(", "))


def test_definitions_are_where_they_are_said_to_be() -> None:
    box = Mark("n1", (10, 80), 10, 10)
    beside, below = Frame("d1_definition", 30, 10, 60, 95), Frame("d2_definition", 0, 10, 25, 50)
    for frames, where in (((beside,), "beside"), ((below,), "below"), ((beside, below), "beside and below")):
        scene = type(EMPTY)("net", 100, 100, frames, marks=(box,))
        assert place_of(scene, frames) == where
    narrow, wide = made("resnet50", fit=(3.25, 9.0)), made("resnet50")
    assert "Bottleneck is defined below" in narrow.alt
    assert "Bottleneck is defined beside it" in wide.alt


# --------------------------------------------------------------------------- heads in grey, and measures


def test_heads_in_grey_are_told_by_what_is_theirs_alone() -> None:
    assert "Light grey boxes and arrows: auxiliary heads" in made("googlenet").caption
    grey = made("googlenet", theme="grey").caption
    assert "White boxes with grey text, and pale arrows: auxiliary heads" in grey
    assert "Grey boxes" not in grey


@pytest.mark.parametrize(
    ("by", "copies", "uses"),
    [
        ("params", "that of all N together", "that of all uses together"),
        ("macs", "that of all N together", "that of all uses together"),
        ("memory", "that of all N together", "that of all uses together"),
        ("receptive-field", "the largest of all N", "the largest of all uses"),
    ],
)
def test_sums_are_said_in_the_caption_and_on_the_figure(by: str, copies: str, uses: str) -> None:
    one = drawing([subject("resnet50")], "svg", Options(colour_by=by))
    drawn = one.data.decode()
    assert f"Where ×N stands, a box has {copies}; in a definition, {uses}." in one.caption
    assert f"×N: {copies}" in drawn
    assert f"in a definition: {uses}" in drawn
    plain = drawing([subject("lenet5")], "svg", Options(colour_by=by))
    assert "all N" not in plain.caption + plain.data.decode()
    assert "all uses" not in plain.caption + plain.data.decode()


def test_layers_of_a_clique_count_in_all_stages() -> None:
    for by, counted in (("macs", True), ("params", False)):  # whose weights are the same in every stage
        one = drawing([subject("cliquenet_s0")], "svg", Options("unfolded", colour_by=by))
        assert ("in a clique: that of all stages together" in one.data.decode()) == counted


def test_products_of_activations_are_not_passed_over() -> None:
    said_of = {
        name: drawing([subject(name)], "svg", Options(colour_by="macs")) for name in ("vit_b_16", "resnet18")
    }
    for name, products in (("vit_b_16", True), ("resnet18", False)):
        assert ("without products of activations" in said_of[name].data.decode()) == products
        assert ("Products of activations with each other" in said_of[name].caption) == products
    assert "MACs with weights, " in said_of["vit_b_16"].data.decode()
    assert "MACs between activations" in said_of["vit_b_16"].data.decode()


# --------------------------------------------------------------------------- letters


def test_signs_that_are_not_printed_are_noted() -> None:
    one = of_text('net T() { input x: 4x8x8\n conv(4, 1x1)\n label "Größe 中 ↯ →" }')
    notes = {each: drawing([one], each).notes[-1] for each in ("svg", "pdf", "png", "tex")}
    for each in ("svg", "pdf", "png"):
        assert "lacks 中 (U+4E2D):" in notes[each]
    assert "a box with its number" in notes["png"]
    assert "no name for 中 (U+4E2D), ↯ (U+21AF): pdfLaTeX prints the number" in notes["tex"]
    assert "{4E2D}" in drawing([one], "tex").data.decode()


def test_other_signs_are_not_noted() -> None:
    for each in ("svg", "tex"):
        assert not any("U+" in note for note in drawing([subject("resnet50")], each).notes)
    scene = type(EMPTY)("net", 9, 9, marks=tuple(boxes("".join(map(chr, range(0x4E00, 0x4E10))))))
    assert next(letters(scene, "svg")).count("U+") == 8
    assert "and 8 more" in next(letters(scene, "svg"))


# --------------------------------------------------------------------------- from Python


def test_a_drawing_tells_what_the_command_does(tmp_path: Path) -> None:
    net = ogive.load("resnet50")
    path = tmp_path / "net.svg"
    one = net.draw(path, fit="column")
    assert (one.path, one.format) == (path, "svg")
    assert path.read_bytes() == one.data
    assert "defined beside it: Bottleneck" in one.notes[0]
    assert one.notes[0] in repr(one)
    assert one.caption.startswith("resnet50: from an input of 3×224×224")
    assert one.alt.startswith("Diagram of resnet50.")
    assert len(repr(one)) < 500


def test_a_notebook_shows_a_drawing(tmp_path: Path) -> None:
    net = ogive.load("lenet5")
    shown: Any = net.draw()
    assert shown.path is None
    assert shown._repr_svg_().startswith("<?xml")
    assert shown._repr_png_() is None
    both: Any = ogive.draw([net, ogive.load("vgg11")])
    assert "<svg" in both._repr_svg_()
    png: Any = net.draw(tmp_path / "net.png")
    assert png._repr_png_().startswith(b"\x89PNG")
    assert png._repr_svg_() is None


def test_what_cannot_be_read_is_warned_of(tmp_path: Path) -> None:
    net = ogive.load("resnet50")
    with pytest.warns(UserWarning, match=r"net\.dot: the smallest type is \d\.\d pt.*under 6 pt") as caught:
        net.draw(tmp_path / "net.dot", style="full", fit="column")
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="on a page"):
        ogive.draw([net], style="full")
    with pytest.warns(UserWarning, match="lacks 中"):
        ogive.loads('net T() { input x: 4x8x8\n conv(4, 1x1)\n label "中" }').draw()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.draw(fit="column")
