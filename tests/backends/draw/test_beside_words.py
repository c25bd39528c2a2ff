"""Several nets side by side: what boxes, columns and notes say, and that it is true."""

from __future__ import annotations

import re

import pytest

from backends.draw.beside_scenes import FIGURE_3, PAGE, boxes, subject, text, texts, zoo  # fmt: skip
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.fitting.space import PAD
from ogive.backends.draw.measure import text_width
from ogive.backends.draw.styles import beside
from ogive.backends.draw.styles.beside_type import shortest


def test_boxes_are_painted_by_their_kind_and_told_about() -> None:
    scene, _ = zoo("alexnet", "vgg16")
    paint = {text(mark): mark.fill for mark in boxes(scene, 1)}
    assert paint["3×3 conv, 64"] == look.PAINTS["conv"].fill
    assert paint["2×2 max pool, /2"] == look.PAINTS["pool"].fill
    assert paint["linear, 4096"] == look.PAINTS["linear"].fill
    told = boxes(scene, 1)[1].about
    assert told is not None
    assert (told.name, told.shape, told.params) == ("conv1.conv1", "64×224×224", 1792)


def test_the_drawing_is_told_in_words() -> None:
    scene, _ = zoo(*FIGURE_3)
    assert scene.alt == (
        "vgg19, plain34, resnet34_a, side by side, stages of one output size at one height: 25, 37, 37 boxes. "
        "Sizes of outputs from the top down: 224×224, 112×112, 56×56, 28×28, 14×14, 7×7, 1×1."
    )


def test_amounts_go_before_any_number_is_cut() -> None:
    subjects = [subject(name) for name in ("vgg19", "plain34", "resnet34")]
    colours = Colours.of(subjects, "params")
    scene, notes = beside.scene(subjects, colours, fit=(3.25 * 72 - 2 * PAD, PAGE[1]))
    said = [text(mark) for number in range(3) for mark in boxes(scene, number)]
    assert not [each for each in said if "…" in each]
    assert not [each for each in said if "·" in each]
    assert "boxes say nothing of parameters, for there is no room: their colours do" in notes


@pytest.mark.parametrize(("whole", "least"), [("3×3, 64, /2", "3×3"), ("avg pool to 7×7", "avg pool to")])
def test_no_number_is_cut(whole: str, least: str) -> None:
    for room in range(8, 80):
        cut = shortest(whole, 6.0, room)
        if cut != whole:
            kept = cut.removesuffix("…")
            assert not re.search(r"\d$", kept) or not re.match(r"[\d×]", whole[len(kept) :])
            assert not kept.endswith(("×", "/"))
    assert shortest(whole, 6.0, text_width(least + "…", 6.0) + 0.1) == f"{least}…"


def test_every_input_is_named_and_what_branches_is_said() -> None:
    scene, notes = zoo("char_lstm", "unet", "siamese")
    assert texts(scene, 2) == ["first, second", "2 × Twin, sub", "linear, 1"]
    assert "siamese: what branches is one box: 2 × Twin, sub" in notes
    assert "1×1" in {text(mark) for mark in scene.marks if mark.id.startswith("size")}


def test_the_flow_ends_below_the_last_box_of_its_column() -> None:
    scene, _ = zoo("transformer_encoder", "unet")
    last = boxes(scene, 0)[-1]
    tail = next(arrow for arrow in scene.arrows if arrow.tail == last.id and not arrow.end)
    assert tail.tip
    assert 0 < last.bottom - tail.tip[1] < 25


def test_work_that_depends_on_a_size_stands_above_the_column() -> None:
    scene, _ = zoo("transformer_encoder", "char_lstm")
    title = next(mark for mark in scene.marks if mark.id == "c0.title")
    assert "18.9 M·t MACs" in " ".join("".join(run.text for run in one) for one in title.lines)


def test_each_column_says_its_own_size_where_they_differ() -> None:
    scene, _ = zoo("lenet5", "alexnet", "vgg16", "googlenet", "resnet34", "densenet121")
    own = {mark.id: text(mark) for mark in scene.marks if re.match(r"c\d\.size", mark.id)}
    assert own["c1.size1"] == "55²"
    assert not [text(mark) for mark in scene.marks if mark.id.startswith("size") and "," in text(mark)]


def test_a_way_that_only_passes_a_layer_looks_other_than_a_projection() -> None:
    scene, notes = zoo("cliquenet_k36_t12", "resnet34_a")
    pooled = [arrow for arrow in scene.arrows if arrow.kind == "source"]
    dashed = [arrow for arrow in scene.arrows if arrow.kind == "projection"]
    assert pooled
    assert not any(arrow.dashed for arrow in pooled)
    assert dashed
    assert {arrow.tail[:2] for arrow in dashed} == {"c1"}
    assert "cliquenet_k36_t12: each grey arc passes global avg pool" in notes
