"""Figures of tensors of nets whose resolution falls and rises: U-Net, figure 1, and others."""

from __future__ import annotations

from itertools import pairwise

import pytest

from backends.draw.tensor_scenes import boxes, drawn, faults, legend, rows, skips, steps, texts, zoo
from ogive.backends.draw.colours.colour import Colours

FIGURE_1 = [
    (1, 572), (64, 570), (64, 568), (64, 284), (128, 282), (128, 280), (128, 140), (256, 138), (256, 136),
    (256, 68), (512, 66), (512, 64), (512, 32), (1024, 30), (1024, 28), (1024, 56), (512, 54), (512, 52),
    (512, 104), (256, 102), (256, 100), (256, 200), (128, 198), (128, 196), (128, 392), (64, 390), (64, 388),
    (2, 388),
]  # fmt: skip
"""Ronneberger et al. 2015, figure 1, read from left to right: channels and x-y size of each box."""
LEVELS = [
    [0, 1, 2, 24, 25, 26, 27],
    [3, 4, 5, 21, 22, 23],
    [6, 7, 8, 18, 19, 20],
    [9, 10, 11, 15, 16, 17],
    [12, 13, 14],
]
"""The boxes that stand at one height there, from the top down."""


def test_unet_has_the_numbers_of_the_papers_figure():
    found = boxes(zoo("unet"))
    assert len(found) == len(FIGURE_1)
    for i, (box, (channels, side)) in enumerate(zip(found, FIGURE_1, strict=True)):
        pooled = i in {3, 6, 9, 12}  # as in the paper, its channels are those above
        expected = {"image"} if i == 0 else set[str]()
        expected |= set() if pooled else {str(channels)}
        expected |= {f"{side}²"}
        assert set(box.texts) == expected, i


def test_unet_halves_of_a_concatenation_stand_side_by_side_and_the_copy_is_white():
    found = boxes(zoo("unet"))
    paint = Colours().paint("conv")
    for i, box in enumerate(found):
        assert box.mark.fill == paint.fill
        assert len(box.copies) == (i in {15, 18, 21, 24})
        for copy in box.copies:
            assert copy.right == pytest.approx(box.mark.left)
            assert (copy.fill, copy.stroke) == ("#FFFFFF", paint.stroke)
            assert (copy.height, copy.width) == (box.mark.height, box.mark.width)


def test_unet_levels_are_aligned():
    found = boxes(zoo("unet"))
    heights = []
    for level in LEVELS:
        ys = {round(found[i].mark.centre[1], 6) for i in level}
        assert len(ys) == 1
        heights += ys
    assert heights == sorted(heights, reverse=True)


def test_unet_turns_down_and_up_where_resolution_changes():
    drawing = zoo("unet")
    kinds = [arrow.kind for arrow in steps(drawing)]
    assert [i + 1 for i, kind in enumerate(kinds) if kind == "pool"] == [3, 6, 9, 12]
    assert [i + 1 for i, kind in enumerate(kinds) if kind == "up"] == [15, 18, 21, 24]
    assert {kind for kind in kinds if kind not in {"pool", "up"}} == {"conv"}
    for arrow in steps(drawing):
        (x0, y0), (x1, y1) = arrow.points[0], arrow.tip or arrow.points[-1]
        if arrow.kind == "conv":
            assert y0 == pytest.approx(y1)
            assert x0 < x1
        else:
            assert x0 == pytest.approx(x1)
            assert (y0 > y1) == (arrow.kind == "pool")


def test_unet_copies_run_along_their_level():
    drawing = zoo("unet")
    assert skips(drawing) == [
        ("t2", "t24.copy0"),
        ("t5", "t21.copy0"),
        ("t8", "t18.copy0"),
        ("t11", "t15.copy0"),
    ]
    marks = {mark.id: mark for mark in drawing.marks}
    for arrow in drawing.arrows:
        if arrow.kind == "skip" and arrow.tail:
            assert {round(y, 6) for _, y in arrow.points} == {round(marks[arrow.tail].centre[1], 6)}
            assert marks[arrow.tail].centre[1] == pytest.approx(marks[arrow.end].centre[1])
            assert arrow.tip
            assert 0 < marks[arrow.end].left - arrow.tip[0] < 2


def test_unet_legend_lists_what_occurs():
    assert legend(zoo("unet")) == [
        "conv 3×3, ReLU",
        "max pool 2×2",
        "up-conv 2×2",
        "conv 1×1",
        "copy and crop",
    ]


def test_unet_arrows_that_look_alike_are_told_apart():
    assert texts(zoo("unet")).count("1×1") == 2  # over the arrow, and in the legend


def test_heights_show_places_and_widths_channels():
    found = boxes(zoo("unet"))
    by_side = sorted(zip([side for _, side in FIGURE_1], found, strict=True), key=lambda pair: pair[0])
    for (a, low), (b, high) in pairwise(by_side):
        assert (low.mark.height < high.mark.height) if a < b else low.mark.height == high.mark.height
    by_channels = sorted(zip([c for c, _ in FIGURE_1], found, strict=True), key=lambda pair: pair[0])
    plain = [(c, box) for c, box in by_channels if not box.copies]
    for (a, thin), (b, thick) in pairwise(plain):
        assert (thin.width < thick.width) if a < b else thin.width == pytest.approx(thick.width)


# --------------------------------------------------------------------------- other encoders and decoders

UNIT = "block Unit(w) { repeat 2 { conv(w, 3x3, padding = 1) -> bn -> relu } }\n"
NESTED = (
    UNIT
    + """
block Level(w, depth) {
  concat { | identity | max_pool(2x2) -> Inner(2 * w, depth - 1) -> conv_transpose(w, 2x2, stride = 2) }
  Unit(w)
}
block Inner(w, depth) { Unit(w); if depth > 0 { Level(w, depth) } }
net A() { input x: 3x64x64; Inner(16, 2) }
"""
)


def test_an_encoder_and_decoder_is_found_in_the_graph_however_it_is_written():
    drawing = drawn(NESTED)
    assert not faults(drawing)
    assert len(set(rows(drawing))) == 3
    assert skips(drawing) == [("t2", "t12.copy0"), ("t5", "t9.copy0")]
    ys = rows(drawing)
    assert (ys[2], ys[5]) == (ys[12], ys[9])
    assert "copy" in legend(drawing)


def test_names_do_not_make_a_u():
    program = "net UNet() { input x: 3x64x64; stage down { conv(8, 3x3) -> relu }; stage up { conv(8, 3x3) -> relu } }"
    assert len(set(rows(drawn(program)))) == 1


def test_an_upsampling_and_its_convolution_are_one_arrow():
    drawing = drawn(
        "net A() { input x: 3x32x32; conv(8, 3x3, padding = 1) as a; max_pool(2x2) -> conv(8, 3x3, padding = 1)\n"
        "upsample(scale_factor = 2) -> conv(4, 3x3, padding = 1) -> relu as b; [a, b] -> concat -> conv(2, 1x1) }"
    )
    assert "upsample ×2, conv 3×3, ReLU" in legend(drawing)
    assert skips(drawing) == [("t1", "t4.copy0")]


def test_skips_that_are_added_reach_the_box_itself():
    drawing = drawn(
        "net A() { input x: 3x32x32; conv(8, 3x3, padding = 1) -> relu as a\n"
        "conv(16, 3x3, stride = 2, padding = 1) -> relu -> conv_transpose(8, 2x2, stride = 2) -> add(a) }"
    )
    assert skips(drawing) == [("t1", "t3")]
    assert "identity, add" in legend(drawing)
    ys = rows(drawing)
    assert ys[1] == ys[3] > ys[2]


def test_two_copies_reach_the_maps_that_they_are():
    drawing = drawn(
        "net A() { input x: 3x32x32; conv(8, 3x3, padding = 1) -> relu as a; conv(64, 3x3, padding = 1) -> relu as b\n"
        "conv(16, 3x3, stride = 2, padding = 1) -> relu -> conv_transpose(4, 2x2, stride = 2) as c\n"
        "[b, a, c] -> concat -> conv(2, 1x1) }"
    )
    end = boxes(drawing)[4]
    wide, thin = end.copies  # in the order of the concatenation
    assert wide.width > thin.width
    assert dict(skips(drawing)) == {"t1": thin.id, "t2": wide.id}
    assert "76" in end.texts
    assert not faults(drawing)


def test_unknown_sizes_are_text():
    drawing = drawn(
        "net A() { input x: [1, 4 * ?h, 4 * ?w]; conv(8, 3x3, padding = 1) -> relu as a\n"
        "max_pool(2x2) -> conv(16, 3x3, padding = 1) -> relu -> conv_transpose(8, 2x2, stride = 2) as b\n"
        "[a, b] -> concat -> conv(2, 1x1) }"
    )
    assert {"4h×4w", "2h×2w"} <= set(texts(drawing))
    assert not faults(drawing)
    assert len(set(rows(drawing))) == 2


def test_maps_of_three_axes_and_of_one():
    volume = drawn("net A() { input x: 1x16x16x16; conv(8, 3x3x3, padding = 1) -> relu -> max_pool(2x2x2) }")
    assert {"16³", "8³"} <= set(texts(volume))
    wave = drawn("net A() { input x: 1x1024; conv(8, [9], stride = 4, padding = 4) -> relu -> max_pool(2) }")
    assert {"1024", "256", "128"} <= set(texts(wave))
    oblong = drawn("net A() { input x: 1x16x24; conv(8, 3x3) }")
    assert {"16×24", "14×22"} <= set(texts(oblong))
