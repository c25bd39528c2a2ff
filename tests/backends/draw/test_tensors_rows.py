"""Figures of tensors from left to right: rows, arcs, counts, blocks, inputs and outputs beside the row."""

from __future__ import annotations

import pytest

from backends.draw.tensor_scenes import COLUMN, boxes, drawn, legend, rows, skips, steps, subject, texts, zoo
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.styles.tensors import scene


def test_lenet_says_at_its_arrows_what_they_do():
    drawing = zoo("lenet5")
    assert [box.texts[0] for box in boxes(drawing)] == ["1", "6", "6", "16", "16", "120", "84", "10"]
    assert [arrow.kind for arrow in steps(drawing)] == ["conv", "pool"] * 2 + ["conv", "linear", "linear"]
    assert {"conv 5×5", "tanh", "avg pool", "2×2", "linear"} <= set(texts(drawing))
    assert not legend(drawing)


def test_a_vector_is_thin():
    found = boxes(zoo("alexnet"))
    assert [box.texts for box in found[-3:]] == [("4096",), ("4096",), ("1000",)]
    assert found[-1].mark.width < found[-4].mark.width
    assert found[-1].mark.height < found[-2].mark.height


def test_vgg_is_drawn_whole_on_a_page_and_counted_in_a_column():
    assert len(boxes(zoo("vgg16"))) == 1 + 13 + 5 + 3
    narrow = scene(subject("vgg16"), Colours(), fit=COLUMN)
    assert sorted(t for t in texts(narrow) if t.startswith("×")) == ["×2", "×2", "×2", "×3", "×3", "×3"]


def test_rows_go_on_from_one_another():
    narrow = scene(subject("vgg16"), Colours(), fit=COLUMN)
    ys = rows(narrow)
    assert len(set(ys)) == 2
    assert ys == sorted(ys, reverse=True)


def test_residual_units_have_arcs_above_them():
    drawing = zoo("resnet18")
    assert skips(drawing, "skip") == [
        ("t2", "t4"),
        ("t4", "t6"),
        ("t8", "t10"),
        ("t12", "t14"),
        ("t16", "t18"),
    ]
    assert skips(drawing, "projection") == [("t6", "t8"), ("t10", "t12"), ("t14", "t16")]
    tops = {box.mark.id: box.mark.top for box in boxes(drawing)}
    for arrow in drawing.arrows:
        if arrow.kind in {"skip", "projection"} and arrow.tail:
            span = range(int(arrow.tail[1:]), int(arrow.end[1:]) + 1)
            assert max(y for _, y in arrow.points) > max(tops[f"t{i}"] for i in span) + 8
            assert arrow.dashed == (arrow.kind == "projection")
    assert {"identity, add", "conv 1×1 /2, BN, add"} <= set(legend(drawing))


@pytest.mark.parametrize(
    ("name", "counts", "said"),
    [
        ("resnet50", ["×3", "×4", "×6", "×3"], "Bottleneck (1×1 · 3×3 · 1×1)"),
        ("densenet121", ["×6", "×12", "×24", "×16"], "dense layer (1×1 · 3×3)"),
        ("vit_b_16", ["×12"], None),
        ("cifar_resnet1202", ["×200", "×200", "×200"], None),
    ],
)
def test_what_repeats_is_counted(name: str, counts: list[str], said: str | None):
    drawing = zoo(name)
    assert [t for t in texts(drawing) if t.startswith("×") and t[1:].isdigit()] == counts
    assert said is None or said in legend(drawing)


def test_branches_are_one_operation_called_after_their_block():
    drawing = zoo("googlenet")
    assert "Inception" in legend(drawing)
    assert [box.texts[0] for box in boxes(drawing)[6:9]] == ["256", "480", "480"]
    assert not skips(drawing)
    fire = zoo("squeezenet1_1")
    assert "Fire" in legend(fire)


def test_a_clique_is_one_operation():
    assert {"clique, 5 layers", "clique, 6 layers"} <= set(legend(zoo("cliquenet_s0")))


def test_tokens_have_two_sizes():
    found = boxes(zoo("vit_b_16"))
    assert found[2].texts == ("768", "197")
    assert found[1].texts == ("768", "14²")


def test_tensors_that_are_handed_on_together_stand_side_by_side():
    found = boxes(zoo("dpn92"))
    assert found[3].texts[0] == "256+48"
    assert {mark.id for mark in zoo("dpn92").marks} >= {"t3", "t3.1"}


def test_layers_that_do_nothing_at_a_size_are_not_shown():
    assert not any("avg pool" in t for t in legend(zoo("vgg16")))  # 7×7 to 7×7


def test_what_is_there_in_training_only_is_left_out():
    said = " ".join(texts(zoo("googlenet")))
    assert "aux" not in said
    assert "dropout" not in said


def test_a_last_norm_is_no_part_of_the_last_block():
    drawing = drawn(
        "block B(w) { residual { bn -> relu -> conv(w, 3x3, padding = 1) } }\n"
        "net A() { input x: 32x16x16; repeat 40 { B(32) }; bn }"
    )
    assert "×40" in texts(drawing)
    assert "BN" in texts(drawing)


def test_arcs_that_cross_no_other_share_a_height():
    drawing = zoo("resnet18")
    tops = {
        max(y for _, y in a.points) for a in drawing.arrows if a.kind == "skip" and a.tail in {"t2", "t4"}
    }
    assert len(tops) == 1


# --------------------------------------------------------------------------- several inputs and outputs


def test_a_second_input_joins_from_below():
    drawing = zoo("siamese")
    assert {"first", "second", "the same 8 operations"} <= set(texts(drawing))
    (joining,) = [arrow for arrow in drawing.arrows if arrow.kind == "flow" and arrow.tail]
    marks = {mark.id: mark for mark in drawing.marks}
    assert marks[joining.tail].top < min(
        box.mark.bottom for box in boxes(drawing) if box.mark.id != joining.tail
    )
    assert joining.end == "t8"


def test_outputs_are_named_and_one_without_a_box_is_told():
    said = texts(zoo("ssd300_vgg16"))
    assert "bbox_regression" in said
    assert "output cls_logits, 8732×91: L2 norm, scale, classification, of 6 tensors" in said
    assert len(skips(zoo("ssd300_vgg16"))) == 5
