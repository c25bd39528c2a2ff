"""Several nets side by side as in figure 3 of ResNet: every layer, shortcuts, heights, costs, arcs."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from backends.draw.beside_scenes import (
    FIGURE_3,
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
from ogive.backends.draw.fitting.space import smallest_type

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
    assert texts(scene, 0) == [*nineteen, "linear, 4096", "linear, 4096", "linear, 1000"]
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
