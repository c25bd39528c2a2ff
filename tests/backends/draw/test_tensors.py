"""Figures in which boxes are tensors and arrows are operations."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path

import pytest

import ogive
from ogive.backends.draw import measure
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.fitting.space import Space
from ogive.backends.draw.scene import Arrow, Mark, Point, Scene
from ogive.backends.draw.styles.tensors import MOST, notes, scene
from ogive.backends.draw.styles.tensors_folding import DEGREES, flow
from ogive.backends.draw.styles.tensors_operations import Operation
from ogive.backends.draw.styles.tensors_plan import skip_tags, tags, told_apart
from ogive.backends.draw.styles.tensors_row import chain
from ogive.backends.draw.subject import Subject
from ogive.diagnostics import ArchError

PAGE = Space(*look.PAGE).room(look.LEAST_TYPE)
_NET = re.compile(r"^net (\w+)", re.MULTILINE)
_VARIANT = re.compile(r"^variant (\w+)", re.MULTILINE)
COLUMN = (Space(3.25, 9.0)).room(look.LEAST_TYPE)


@cache
def subject(name: str) -> Subject:
    net = ogive.load(name)
    return Subject(net.ir, net.unrolled)


@cache
def zoo(name: str) -> Scene:
    return scene(subject(name), Colours(), fit=PAGE)


def drawn(program: str, fit: tuple[float, float] = PAGE) -> Scene:
    net = ogive.loads(program)
    return scene(Subject(net.ir, net.unrolled), Colours(), fit=fit)


# --------------------------------------------------------------------------- reading a scene


@dataclass(frozen=True)
class Box:
    """What is drawn of a tensor."""

    mark: Mark
    copies: tuple[Mark, ...]
    texts: tuple[str, ...]

    @property
    def width(self) -> float:
        return self.mark.width + sum(copy.width for copy in self.copies)


def boxes(drawing: Scene) -> list[Box]:
    """The tensors, in the order of the chain."""
    found: list[Box] = []
    while (id_ := f"t{len(found)}") in {m.id for m in drawing.marks}:
        mark = next(m for m in drawing.marks if m.id == id_)
        copies = tuple(m for m in drawing.marks if m.id.startswith(f"{id_}.copy"))
        texts = tuple(text(m) for m in drawing.marks if m.id.startswith(f"{id_}.text"))
        found.append(Box(mark, copies, texts))
    return found


def text(mark: Mark) -> str:
    return "".join(run.text for line in mark.lines for run in line)


def texts(drawing: Scene) -> list[str]:
    return [text(mark) for mark in drawing.marks if mark.lines]


def legend(drawing: Scene) -> list[str]:
    return [text(m) for m in drawing.marks if m.id[0] == "k" and m.id[1:].isdigit()]


def steps(drawing: Scene) -> list[Arrow]:
    """The arrows between neighbours, in order; not those of the legend."""
    between = [a for a in drawing.arrows if a.tail.startswith("t") and a.kind not in {"skip", "projection"}]
    return sorted(between, key=lambda a: int(a.tail[1:]))


def skips(drawing: Scene, *kinds: str) -> list[tuple[str, str]]:
    return [(a.tail, a.end) for a in drawing.arrows if a.tail and a.kind in (kinds or ("skip", "projection"))]


# --------------------------------------------------------------------------- what must hold of every figure

Rect = tuple[float, float, float, float]


def rect(mark: Mark) -> Rect:
    """The box of a mark, or what its letters take."""
    if mark.shape != "bare":
        return mark.left, mark.bottom, mark.right, mark.top
    width, size = measure.widest(mark.lines), mark.lines[0][0].size
    x, y = mark.centre
    return x - width / 2, y - 0.37 * size, x + width / 2, y + 0.37 * size


def touch(a: Rect, b: Rect, least: float = 0.05) -> bool:
    return a[0] < b[2] - least and b[0] < a[2] - least and a[1] < b[3] - least and b[1] < a[3] - least


def along(arrow: Arrow) -> Iterator[Point]:
    """Points on an arrow, close to one another."""
    for i in range(0, len(arrow.points) - 3, 3):
        a, b, c, d = arrow.points[i : i + 4]
        for t in (k / 40 for k in range(41)):
            u = 1 - t
            weights = u**3, 3 * u * u * t, 3 * u * t * t, t**3
            yield tuple(sum(w * p[j] for w, p in zip(weights, (a, b, c, d), strict=True)) for j in (0, 1))  # type: ignore[misc]
    if arrow.tip:
        yield arrow.tip


def inside(point: Point, r: Rect, least: float = 0.3) -> bool:
    return r[0] + least < point[0] < r[2] - least and r[1] + least < point[1] < r[3] - least


def faults(drawing: Scene) -> list[tuple[str, ...]]:
    """What covers something else, is crossed by an arrow, or is not in the drawing."""
    rects = [(mark.id, rect(mark)) for mark in drawing.marks]
    page = (-0.05, -0.05, drawing.width + 0.05, drawing.height + 0.05)
    out = [("outside", m) for m, r in rects if touch(r, r) and not (r[0] >= page[0] and r[1] >= page[1])]
    out += [("outside", m) for m, r in rects if r[2] > page[2] or r[3] > page[3]]
    over = [(a, b) for (a, ra), (b, rb) in combinations(rects, 2) if touch(ra, rb)]
    crossed: list[tuple[str, ...]] = []
    for arrow in drawing.arrows:
        points = list(along(arrow))
        crossed += [("outside", arrow.tail, arrow.end) for p in points if not inside(p, page, -0.1)]
        crossed += [(arrow.tail, arrow.end, m) for m, r in rects if any(inside(p, r) for p in points)]
    return [*out, *over, *crossed]


def printed_type(drawing: Scene, room: tuple[float, float]) -> float:
    """The smallest type when the drawing is shrunk to its room."""
    scale = min(1.0, room[0] / drawing.width, room[1] / drawing.height)
    return scale * min(run.size for mark in drawing.marks for line in mark.lines for run in line)


@pytest.mark.parametrize("name", ogive.list_models())
def test_every_net_of_the_zoo_is_drawn(name: str):
    drawing = zoo(name)
    assert len(boxes(drawing)) >= 3
    assert not faults(drawing)
    assert printed_type(drawing, PAGE) >= look.LEAST_TYPE - 0.01


ARCHITECTURES = Path(__file__).parents[2] / "architectures"
NETS = [
    (path.name, name)
    for path in sorted(ARCHITECTURES.glob("*.arch"))
    for name in _VARIANT.findall(path.read_text()) or _NET.findall(path.read_text())
]


@pytest.mark.parametrize(("file", "name"), NETS)
def test_other_nets_are_drawn(file: str, name: str):
    net = ogive.load(f"{ARCHITECTURES / file}:{name}")
    drawing = scene(Subject(net.ir, net.unrolled), Colours(), fit=PAGE)
    found = faults(drawing)
    if file == "hrnet.arch":  # streams that are joined again and again: arrows cross boxes
        found = [fault for fault in found if len(fault) == 2]
    assert not found


@pytest.mark.parametrize(
    "name", ["unet", "resnet18", "vgg16", "googlenet", "densenet121", "vit_b_16", "mobilenet_v2"]
)
def test_a_column_of_a_page_shows_less_of_a_net(name: str):
    drawing = scene(subject(name), Colours(), fit=COLUMN)
    assert not faults(drawing)
    assert printed_type(drawing, COLUMN) >= look.LEAST_TYPE - 0.01
    assert len(boxes(drawing)) <= len(boxes(zoo(name)))


# --------------------------------------------------------------------------- U-Net

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


def rows(drawing: Scene) -> list[float]:
    """The heights of the tensors' middles, rounded."""
    return [round(box.mark.centre[1], 3) for box in boxes(drawing)]


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


# --------------------------------------------------------------------------- chains


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


# --------------------------------------------------------------------------- how it is painted and said


def test_grey_changes_colours_alone():
    grey = scene(subject("unet"), Colours("grey"), fit=PAGE)
    assert [(m.id, m.centre, m.width, m.height) for m in grey.marks] == [
        (m.id, m.centre, m.width, m.height) for m in zoo("unet").marks
    ]
    used = {c for m in grey.marks for c in (m.fill, m.stroke) if c} | {a.stroke for a in grey.arrows}
    assert all(c[1:3] == c[3:5] == c[5:7] for c in used)


def test_boxes_have_the_colour_of_what_made_them():
    one = subject("unet")
    watching = Colours.of([one], "macs").watching()
    scene(one, watching, fit=PAGE)
    assert watching.seen is not None
    assert len(watching.seen) == 23  # every convolution's result; an input and pooling have none
    colours = watching.settled()
    fills = [box.mark.fill for box in boxes(scene(one, colours, fit=PAGE))]
    assert len(set(fills)) > 2


def test_a_reader_is_told_what_made_a_box():
    told = boxes(zoo("unet"))[1].mark.about
    assert told is not None
    assert (told.params, told.shape) == (64 * 9 + 64, "64×570×570")
    assert told.name.endswith("conv1")


def test_the_figure_in_a_sentence():
    assert zoo("unet").alt == (
        "Tensors of unet as boxes on 5 levels of resolution, from 1×572×572 to 2×388×388; arrows are operations: "
        "conv 3×3, ReLU; max pool 2×2; up-conv 2×2; conv 1×1; copy and crop."
    )


def test_the_same_figure_every_time_and_no_torch():
    code = (
        "import sys, hashlib, ogive\n"
        "from ogive.backends.draw.colours.colour import Colours\n"
        "from ogive.backends.draw.styles.tensors import scene\n"
        "from ogive.backends.draw.subject import Subject\n"
        "for name in ('unet', 'resnet18', 'ssd300_vgg16', 'cliquenet_s0', 'siamese'):\n"
        "    net = ogive.load(name)\n"
        "    drawn = scene(Subject(net.ir, net.unrolled), Colours())\n"
        "    print(hashlib.sha256(repr(drawn).encode()).hexdigest())\n"
        "print('torch' in sys.modules)\n"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(seen) == 1
    assert seen.pop().endswith("False\n")


# --------------------------------------------------------------------------- what cannot be drawn so


def test_a_net_of_thousands_of_equal_layers_is_a_few_boxes():
    drawing = drawn("net A() { input x: 4x8x8; repeat 2000 { conv(4, 3x3, padding = 1) -> relu } }")
    assert "×2000" in texts(drawing)
    assert len(boxes(drawing)) == 2


def test_layers_that_differ_in_channels_are_counted_in_the_end():
    drawing = drawn("net A() { input x: 4x8x8; for i in 0..200 { conv(4 + i, 3x3, padding = 1) -> relu } }")
    assert "×200" in texts(drawing)


LONG = "{ conv(4 + i, 3x3, padding = 1) -> relu -> conv(4 + i, 5x5, padding = 2) }"


def test_too_many_tensors_say_what_to_do():
    with pytest.raises(ArchError) as caught:
        drawn(f"net Long() {{ input x: 4x8x8; for i in 0..100 {LONG} }}")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E590"
    assert diagnostic.message == f"Long has 201 tensors in a row, and at most {MOST} are drawn as boxes"
    assert diagnostic.help
    assert "`overview`" in diagnostic.help
    assert "`stage`" in diagnostic.help


def test_stages_help():
    drawing = drawn(f'net Long() {{ input x: 4x8x8; for i in 0..30 {{ stage "s{{i}}" {LONG} }} }}')
    assert not faults(drawing)
    assert len(boxes(drawing)) <= MOST


def test_a_net_that_does_nothing_is_one_box():
    assert len(boxes(drawn("net A() { input x: 3x8x8; identity }"))) == 1


# --------------------------------------------------------------------------- signs, and what has none


@pytest.mark.parametrize("name", ["ssd300_vgg16", "unet", "googlenet", "resnet18"])
def test_no_letter_means_two_operations(name: str) -> None:
    net = subject(name)
    for found in (chain(net.structure, flow(net.structure, degree)) for degree in DEGREES):
        steps = tags(found)
        skips = skip_tags(found.skips, steps.values())
        meant: dict[str, set[object]] = {}
        for operation, tag in [*steps.items(), *((skip.operation, tag) for skip, tag in skips.items())]:
            if tag.isalpha() and tag.islower():
                meant.setdefault(tag, set()).add(operation)
        assert all(len(operations) == 1 for operations in meant.values()), meant


def test_letters_that_are_taken_are_not_given_again() -> None:
    uses = [Operation("conv", "conv"), Operation("conv, tanh", "conv")]
    assert list(told_apart(uses).values()) == ["", "a"]
    assert list(told_apart(uses, {"a"}).values()) == ["", "b"]


def test_blocks_and_layers_are_told_apart_by_a_sign() -> None:
    made = scene(subject("unet"), Colours(), fit=COLUMN)
    assert "1×1" in {"".join(run.text for run in mark.lines[0]) for mark in made.marks if mark.lines}


def test_signs_in_the_key_stand_beside_their_arrows() -> None:
    made = zoo("unet")
    sign = next(m for m in made.marks if re.match(r"k\d+\.text", m.id))
    samples = [arrow for arrow in made.arrows if not arrow.tail and not arrow.end]
    beside = [arrow for arrow in samples if sign.bottom < arrow.points[0][1] < sign.top]
    assert beside
    assert max(arrow.points[0][0] for arrow in beside) > sign.right
    assert not [
        arrow for arrow in beside if arrow.points[0][0] < sign.right and arrow.points[-1][0] > sign.left
    ]


def test_the_output_has_its_size_and_numbers_stand_above_their_boxes() -> None:
    made = zoo("unet")
    last = max((m for m in made.marks if re.fullmatch(r"t\d+", m.id)), key=lambda m: int(m.id[1:]))
    said = {
        "".join(run.text for run in m.lines[0]): m for m in made.marks if m.id.startswith(f"{last.id}.text")
    }
    assert set(said) == {"2", "388²"}
    assert made.width - last.right > 1
    for mark in made.marks:
        text = "".join(run.text for run in mark.lines[0]) if mark.lines else ""
        if text == "1024" and re.match(r"t\d+\.text", mark.id):
            box = next(m for m in made.marks if m.id == mark.id.partition(".")[0])
            assert abs(mark.centre[0] - box.centre[0]) < box.width


def test_auxiliary_heads_are_spoken_of() -> None:
    assert notes(subject("googlenet")) == ("googlenet: the auxiliary heads aux1 and aux2 are not drawn",)
    assert notes(subject("unet")) == ()
