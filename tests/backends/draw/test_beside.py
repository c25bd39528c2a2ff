"""Several nets side by side: what is drawn, that it is aligned, and what is said of it."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from backends.draw.beside_scenes import (
    FIGURE_3,
    PAGE,
    SETS,
    arcs,
    boxes,
    drawn,
    opened,
    spatial,
    subject,
    text,
    texts,
    written,
    zoo,
)  # fmt: skip
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.fitting.space import PAD, smallest_type
from ogive.backends.draw.measure import text_width
from ogive.backends.draw.styles import beside
from ogive.backends.draw.styles.beside_column import column
from ogive.backends.draw.styles.beside_parts import Detail
from ogive.backends.draw.styles.beside_rows import rows
from ogive.backends.draw.styles.beside_type import shortest
from ogive.backends.draw.subject import Subject
from ogive.diagnostics import ArchError
from ogive.report import counts

# --------------------------------------------------------------------------- figure 3


def residual(width: int, units: int, first: str = "") -> list[str]:
    return [f"3×3 conv, {width}{first}"] + [f"3×3 conv, {width}"] * (2 * units - 1)


def test_figure_3_of_resnet_shows_every_layer_on_one_page() -> None:
    scene, notes = zoo(*FIGURE_3)
    stages = residual(64, 3) + residual(128, 4, ", /2") + residual(256, 6, ", /2") + residual(512, 3, ", /2")
    thirty_four = [
        "image",
        "7×7 conv, 64, /2",
        "3×3 max pool, /2",
        *stages,
        "global avg pool",
        "linear, 1000",
    ]
    assert texts(scene, 1) == texts(scene, 2) == thirty_four
    assert sum("conv" in each or "linear" in each for each in thirty_four) == 34
    nineteen = ["image"]
    for width, count in ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4)):
        nineteen += [f"3×3 conv, {width}"] * count + ["2×2 max pool, /2"]
    assert texts(scene, 0) == [*nineteen, "avg pool to 7×7", "linear, 4096", "linear, 4096", "linear, 1000"]
    assert not notes
    assert smallest_type([scene]) >= look.LEAST_TYPE


def test_its_shortcuts_are_solid_and_dashed_where_the_paper_has_them() -> None:
    """Three of sixteen change the shape (dotted in the paper); the plain net and VGG have none."""
    scene, _ = zoo(*FIGURE_3)
    found = arcs(scene)
    assert {arrow.tail.partition(".")[0] for arrow in found} == {"c2"}
    assert [arrow.kind for arrow in sorted(found, key=lambda a: -a.points[0][1])] == (
        ["skip"] * 3
        + ["projection"]
        + ["skip"] * 3
        + ["projection"]
        + ["skip"] * 5
        + ["projection"]
        + ["skip"] * 2
    )
    assert all(arrow.dashed == (arrow.kind == "projection") for arrow in found)


def test_stages_of_one_output_size_begin_at_one_height() -> None:
    scene, _ = zoo(*FIGURE_3)
    for size in ("112×112", "56×56", "28×28", "14×14", "7×7"):
        tops = {
            round(next(m.top for m in boxes(scene, number) if spatial(m) == size), 6)
            for number in range(3)
            if any(spatial(m) == size for m in boxes(scene, number))
        }
        assert len(tops) == 1, size
    linear = [
        next(m.top for m in boxes(scene, n) if text(m).startswith(("linear", "global"))) for n in range(3)
    ]
    assert max(linear) - min(linear) < 1e-6


def test_the_gutter_says_the_size_beside_the_first_boxes_of_a_row() -> None:
    scene, _ = zoo(*FIGURE_3)
    sizes = [mark for mark in scene.marks if mark.id.startswith("size")]
    said = ["224×224", "112×112", "56×56", "28×28", "14×14", "7×7", "1×1"]
    assert [text(mark) for mark in sizes] == said
    for mark in sizes[1:-1]:
        first = [next(m for m in boxes(scene, number) if spatial(m) == text(mark)) for number in range(3)]
        assert all(abs(m.centre[1] - mark.centre[1]) < 1e-6 for m in first)


def test_the_layers_of_the_plain_net_stand_beside_those_of_the_residual_one() -> None:
    scene, _ = zoo(*FIGURE_3)
    plain, residual_ = ([mark.top for mark in boxes(scene, number)] for number in (1, 2))
    assert plain == pytest.approx(residual_)


def test_above_each_column_stand_its_name_and_what_it_costs() -> None:
    """He et al. 2015, figure 3: 19.6 and 3.6 billion FLOPs."""
    scene, _ = drawn(
        [subject("vgg19", "VGG-19"), subject("plain34", "34-layer plain"), subject("resnet34_a")]
    )
    titles = [mark for mark in scene.marks if mark.id.endswith(".title")]
    assert [text(mark) for mark in titles] == ["VGG-19", "34-layer plain", "resnet34_a"]
    assert all(mark.lines[0][0].bold for mark in titles)
    assert [re.findall(r"([\d.]+) G MACs", mark.lines[1][0].text) for mark in titles] == [
        ["19.6"],
        ["3.64"],
        ["3.64"],
    ]
    for number, mark in enumerate(titles):
        assert mark.centre[0] == pytest.approx(boxes(scene, number)[0].centre[0])
        assert mark.bottom > boxes(scene, number)[0].top - 0.01


# --------------------------------------------------------------------------- arcs


@pytest.mark.parametrize(
    "name", ["resnet18", "resnet50", "cifar_preresnet110", "wide_resnet50_2", "resnet34_c"]
)
def test_every_arc_goes_around_the_body_of_a_residual(name: str) -> None:
    """Found from the regions of the graph: the first and last convolution of each body, and its shortcut."""
    graph, open_ = subject(name).graph, opened(name)
    owner = {node: i for i, part in enumerate(open_.boxes) for node in part.nodes}
    expected: list[tuple[int, int, str]] = []
    for region in graph.regions.values():
        if region.kind != "residual":
            continue
        inside = [n for n in graph if any(r.id == region.id for r in graph.ancestors(n.region))]
        beside_ = [n for n in inside if any(r.kind == "shortcut" for r in graph.ancestors(n.region))]
        body = [n.name for n in inside if n not in beside_ and n.layer.kind == "conv"]
        expected.append((owner[body[0]], owner[body[-1]], "projection" if beside_ else "skip"))
    assert expected
    found = [(arc.first, arc.last, arc.style) for arc in open_.arcs]
    assert sorted(found) == sorted(expected)


def test_an_arc_leaves_above_the_first_box_and_comes_back_below_the_last() -> None:
    scene, _ = zoo("resnet18", "resnet50", "resnet152")
    found = [arrow for arrow in arcs(scene) if arrow.tail.startswith("c0.")]
    column_ = {mark.id: mark for mark in boxes(scene, 0)}
    assert found
    for arrow in found:
        start, end = column_[arrow.tail], column_[arrow.end]
        assert arrow.tip is not None
        assert start.bottom > arrow.points[0][1] > arrow.tip[1] > end.top
        assert arrow.points[0][0] == pytest.approx(start.centre[0])
        assert max(x for x, _ in arrow.points) > start.right


def test_skips_of_a_unet_enter_the_concatenation_at_its_side() -> None:
    scene, _ = zoo("unet", "vgg11")
    marks = {mark.id: mark for mark in scene.marks}
    joined = [(text(marks[a.tail]), text(marks[a.end]), a.tip) for a in arcs(scene)]
    assert [(a, b) for a, b, _ in sorted(joined, key=lambda each: -(each[2] or (0, 0))[1])] == [
        ("3×3 conv, 512", "concat"), ("3×3 conv, 256", "concat"), ("3×3 conv, 128", "concat"), ("3×3 conv, 64", "concat"),
    ]  # fmt: skip
    for arrow in arcs(scene):
        end = marks[arrow.end]
        assert arrow.tip == pytest.approx((end.right, end.centre[1]))


def test_arcs_that_cross_the_same_boxes_have_lanes_of_their_own() -> None:
    scene, _ = zoo("unet", "vgg11")
    lanes = [max(x for x, _ in arrow.points) for arrow in arcs(scene)]
    assert min(b - a for a, b in pairwise(sorted(lanes))) > 3


def test_the_last_sum_of_a_net_has_an_arrow_to_end_in() -> None:
    scene, _ = drawn([written("net N() { input x: 8x4x4; residual { conv(8, 3x3, padding = 1) } }")])
    (arc,) = arcs(scene)
    below = next(arrow for arrow in scene.arrows if arrow.kind == "flow" and not arrow.end)
    assert arc.tip is not None
    assert below.tip is not None
    assert below.points[0][1] > arc.tip[1] > below.tip[1] > 0


def test_a_sum_written_without_residual_is_an_arc_too() -> None:
    body = "a = x -> conv(8, 3x3, padding = 1); b = a -> conv(8, 3x3, padding = 1) -> relu -> conv(8, 1x1)"
    scene, _ = drawn([written(f"net N() {{ input x: 8x4x4; {body}; [a, b] -> add -> conv(4, 1x1) }}")])
    assert texts(scene, 0) == ["x", "3×3 conv, 8", "3×3 conv, 8", "1×1 conv, 8", "1×1 conv, 4"]
    assert [(arrow.tail, arrow.end) for arrow in arcs(scene)] == [("c0.b1", "c0.b4")]


# --------------------------------------------------------------------------- what branches


@pytest.mark.parametrize(
    ("name", "some"),
    [
        ("googlenet", ["Inception 192→256", "Inception 832→1024"]),
        ("densenet121", ["dense 64→256 ×6", "dense 512→1024 ×16"]),
        ("cliquenet_k36_t12", ["clique 64→144", "clique 144"]),
        ("dpn92", ["Fork 64→256", "DualPath 1024"]),
        ("seresnet50", ["SE 256", "SE 2048"]),
    ],
)
def test_what_branches_is_one_box_with_its_name(name: str, some: list[str]) -> None:
    scene, _ = drawn([subject(name)], None if name != "dpn92" else PAGE)
    assert set(some) <= {re.sub(r" ×\d+$", "", t) if "dense" not in t else t for t in texts(scene, 0)}
    named = [mark for mark in boxes(scene, 0) if text(mark).startswith(some[0].split()[0])]
    assert all(mark.lines[0][0].bold and mark.pen > look.PEN for mark in named)


def test_auxiliary_heads_are_left_out_and_that_is_said() -> None:
    scene, notes = zoo("googlenet")
    assert "googlenet: the auxiliary heads are not drawn" in notes
    assert not [mark for mark in boxes(scene, 0) if "softmax" in text(mark) or "aux" in text(mark)]


@pytest.mark.parametrize("name", sorted({name for names in SETS for name in names}))
@pytest.mark.parametrize("detail", [Detail(), Detail(True), Detail(True, True), Detail(True, True, True)])
def test_every_layer_with_weights_is_in_a_box_or_an_arc(name: str, detail: Detail) -> None:
    net = subject(name)
    made = column(net.structure, detail)
    held = [node for part in made.boxes for node in part.nodes] + [
        node for arc in made.arcs for node in arc.nodes
    ]
    kinds = {"conv", "linear", "attention", "pool", "clique", "recurrent"}
    path = counts.main_path(net.graph)
    needed = {n.name for n in net.graph if n.name in path and n.layer.group in kinds}
    missing = needed - set(held)
    outputs = len(net.graph.outputs) > 1
    assert not missing or outputs, sorted(missing)[:5]
    assert len(held) == len(set(held))


def test_what_leads_to_other_outputs_is_left_out_and_that_is_said() -> None:
    _, notes = zoo("ssd300_vgg16")
    assert "ssd300_vgg16: 7 layers that lead to other outputs are not drawn" in notes


# --------------------------------------------------------------------------- how much is shown


def test_what_repeats_is_rolled_where_a_page_is_too_small() -> None:
    scene, notes = zoo("resnet18", "resnet50", "resnet152")
    assert notes == ("what repeats is drawn once, with ×N, for all layers do not fit at 6 pt",)
    said = [text(mark) for mark in scene.marks if re.fullmatch(r"c2\.f\d+\.n", mark.id)]
    assert sorted(said) == ["×2", "×2", "×35", "×7"]


def test_what_is_rolled_stands_for_all_layers() -> None:
    made = column(subject("resnet152").structure, Detail(rolled=True))
    times = [part.badge for part in made.boxes]
    for bracket in made.brackets:
        for i in range(bracket.first, bracket.last + 1):
            times[i] *= bracket.count
    weighted = (
        n
        for part, n in zip(made.boxes, times, strict=True)
        for _ in range(n)
        if part.kind in {"conv", "linear"}
    )
    assert sum(1 for _ in weighted) == 152


def test_a_frame_holds_the_arcs_of_what_it_repeats() -> None:
    scene, _ = zoo("cifar_resnet20", "cifar_resnet1202")
    frames = [frame for frame in scene.frames if frame.id.startswith("c1.f")]
    assert len(frames) == 3
    for frame in frames:
        held = [m for m in boxes(scene, 1) if frame.bottom < m.centre[1] < frame.top]
        inside = [
            a
            for a in arcs(scene)
            if a.tip and a.end.startswith("c1.") and frame.bottom < a.tip[1] < frame.top
        ]
        assert len(held) == 2
        (arc,) = inside
        assert all(frame.left < x < frame.right and frame.bottom < y < frame.top for x, y in arc.points)


def test_blocks_and_stages_fold_where_repeats_alone_do_not_help() -> None:
    scene, notes = drawn([subject("resnet152")], (PAGE[0], 225.0))
    assert notes[0].startswith("every use of a block is one box")
    assert "Bottleneck 1024 ×35" in texts(scene, 0)
    assert len(arcs(scene)) == 8
    scene, notes = drawn([subject("resnet152")], (PAGE[0], 140.0))
    assert notes == ("every stage is one box, for all layers do not fit at 6 pt",)


def test_the_middle_of_a_long_stage_is_left_out_in_the_end() -> None:
    long = written("net N() { input x: 8x4x4; for i in 0..500 { conv(8 + i, 1x1) } }")
    scene, notes = drawn([long])
    (more,) = [t for t in texts(scene, 0) if t.startswith("…")]
    number = int(re.findall(r"\d+", more)[0])
    assert number + len(texts(scene, 0)) - 2 == 500
    assert f"{number} boxes of N are left out: its stages are too long for the space" in notes
    assert texts(scene, 0)[-1] == "1×1 conv, 507"


def test_too_many_nets_are_refused_with_the_space_that_they_need() -> None:
    nets = [subject("resnet34")] * 12
    with pytest.raises(ArchError) as caught:
        drawn(nets)
    (found,) = caught.value.diagnostics
    assert found.code == "E589"
    width, height = (float(v) for v in re.findall(r"at least ([\d.]+) × ([\d.]+) inches", found.message)[0])
    assert found.message.endswith("at 6 pt, and 6.5 × 9 inches are given")
    assert found.help == f"draw fewer nets, or give more space: `--fit {width:g}x{height:g}in`"
    scene, _ = drawn(nets, (width * 72 - 2 * PAD, height * 72 - 2 * PAD))
    assert len(boxes(scene, 11)) > 0


def test_a_space_that_is_too_low_is_refused_too() -> None:
    with pytest.raises(ArchError) as caught:
        drawn([subject("resnet34")], (PAGE[0], 60.0))
    (found,) = caught.value.diagnostics
    assert re.fullmatch(
        r"resnet34 needs at least 1\.\d × 1\.\d inches at 6 pt, and 6.5 × 0.917 inches are given",
        found.message,
    )
    assert re.fullmatch(r"give more space: `--fit 1\.\dx1\.\din`", found.help or "")


def test_names_are_never_cut() -> None:
    """Nets are told apart by them."""
    scene, notes = zoo(
        "resnet34",
        "googlenet",
        "resnet18",
        "cliquenet_k36_t12",
        "resnet50",
        "inception_resnet_v2",
        "resnet101",
    )
    titles = [
        "".join(run.text for one in mark.lines for run in one)
        for mark in scene.marks
        if mark.id.endswith(".title")
    ]
    assert titles[3] == "cliquenet_k36_t12"
    assert titles[5] == "inception_resnet_v2"
    assert "some text is cut, for the nets are wider than the space at 6 pt" in notes


def test_without_a_space_the_width_is_free() -> None:
    scene, notes = drawn([subject("resnet34")] * 9, None)
    assert scene.width > 6.5 * 72
    assert scene.height <= 9 * 72
    assert not notes


# --------------------------------------------------------------------------- rows


def aligned(*names: str) -> list[list[str]]:
    columns = [opened(name) for name in names]
    return [[row[i].text if i in row else "" for i in range(len(names))] for row in rows(columns)]


def test_sizes_that_are_nearly_equal_stand_in_one_row() -> None:
    assert aligned("alexnet", "vgg16") == [
        ["227×227", "224×224"], ["", "224×224"], ["", "112×112"], ["55×55", "56×56"], ["27×27", "28×28"],
        ["13×13", "14×14"], ["6×6", "7×7"], ["1×1", "1×1"],
    ]  # fmt: skip


def test_where_sizes_differ_each_column_says_its_own() -> None:
    scene, _ = zoo("alexnet", "vgg16")
    own = [mark for mark in scene.marks if re.match(r"c\d+\.size", mark.id)]
    assert {text(mark) for mark in own} == {
        "227×227", "224×224", "55×55", "56×56", "27×27", "28×28", "13×13", "14×14", "6×6", "7×7",
    }  # fmt: skip
    for mark in own:
        number, box = re.findall(r"\d+", mark.id)
        beside_ = next(m for m in scene.marks if m.id == f"c{number}.b{box}")
        assert mark.right < beside_.left
        assert mark.centre[1] == pytest.approx(beside_.centre[1])


def test_a_net_may_lack_stages() -> None:
    assert aligned("cifar_resnet20", "resnet18") == [
        ["32×32", "224×224"], ["", "112×112"], ["", "56×56"], ["32×32", "28×28"], ["16×16", "14×14"],
        ["8×8", "7×7"], ["1×1", "1×1"],
    ]  # fmt: skip


def test_a_bottleneck_belongs_to_the_stage_that_it_leads_to() -> None:
    """Table 1 of ResNet: all of conv3_x stands at 28×28, though its first convolution comes before the stride."""
    columns = [opened(name) for name in ("resnet18", "resnet50")]
    row = next(row for row in rows(columns) if row[0].text == "28×28")
    first = columns[1].boxes[row[1].first]
    assert (first.title, first.stage) == ("1×1 conv, 128", "conv3")


def test_unknown_sizes_are_told_and_aligned_by_their_part_of_the_input() -> None:
    body = (
        "conv(16, 3x3, stride = 2, padding = 1) -> relu -> max_pool(2x2) -> conv(8, 1x1) -> global_avg_pool"
    )
    net = written(f"net N() {{ input x: [3, ?h, ?w]; {body} }}")
    found = rows([column(net.structure, Detail()), opened("resnet18")])
    assert [[row[i].text if i in row else "" for i in range(2)] for row in found] == [
        ["h×w", "224×224"], ["⌈h/2⌉×⌈w/2⌉", "112×112"], ["⌊(h+1)/4⌋×⌊(w+1)/4⌋", "56×56"], ["", "28×28"],
        ["", "14×14"], ["", "7×7"], ["1×1", "1×1"],
    ]  # fmt: skip


def test_nets_without_sizes_are_aligned_by_the_names_of_their_stages() -> None:
    def net(more: str) -> Subject:
        ends = "stage body { linear(32) -> relu -> linear(32) -> relu }\n stage head { linear(4) }"
        return written(f"net N() {{ input x: [16]\n stage stem {{ linear(32) -> relu }}\n {more}\n {ends} }}")

    found = rows(
        [column(net(more).structure, Detail()) for more in ("", "stage extra { linear(32) -> relu }")]
    )
    flat = [["" if i not in row else row[i].text for i in range(2)] for row in found]
    assert flat == [["", ""], ["stem", "stem"], ["", "extra"], ["body", "body"], ["head", "head"]]


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
        "vgg19, plain34, resnet34_a, side by side, stages of one output size at one height: 26, 37, 37 boxes. "
        "Sizes of outputs from the top down: 224×224, 112×112, 56×56, 28×28, 14×14, 7×7, 1×1."
    )


# --------------------------------------------------------------------------- what is said is true


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


def test_tokens_do_not_stand_beside_maps() -> None:
    stand = rows([opened("char_lstm"), opened("unet")])
    assert not [row for row in stand if len(row) == 2 and len({len(s.sizes) for s in row.values()}) > 1
                and all(s.kind == "size" for s in row.values())]  # fmt: skip
