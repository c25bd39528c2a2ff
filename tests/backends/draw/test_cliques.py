"""What a clique's ring shows: the arcs that there are, in which colours, and the work of a layer in words."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from math import hypot

import pytest

import ogive
from backends.draw.places import circles, from_border, named, outside, overlapping, sizes, texts
from ogive.backends.draw import svg
from ogive.backends.draw.clique_ring import SOURCES_SHOWN
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.destinations import HUES
from ogive.backends.draw.fitting.fit import fitted
from ogive.backends.draw.fold.clique_text import as_one, clique_lines
from ogive.backends.draw.fold.picture import Box, Picture, Ring
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.scene import Arrow, Scene
from ogive.backends.draw.styles import chain, clique_figures, unfolded
from ogive.backends.draw.subject import Subject
from ogive.graph import Graph
from ogive.passes.unroll import unroll_cliques


def graph(body: str, given: str = "", layers: int = 4, end: str = "") -> Graph:
    return ogive.loads(f"""net Tiny() {{
  input image: 8x16x16
  default conv(bias = false)
  clique(layers = {layers}{given}) {{ {body} }} as b
  {end}
}}""").ir


def said(body: str, given: str = "", layers: int = 4) -> tuple[str, ...]:
    regions = graph(body, given, layers).regions.values()
    return next(clique_lines(region.clique) for region in regions if region.clique)


def cliques(picture: Picture) -> list[Picture]:
    return [each for each in picture.definitions if each.name.startswith("clique")]


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("bn -> relu -> conv(9, 3x3, padding = 1)", ["BN · ReLU · 3×3 conv, 9"]),
        ("bn -> relu -> conv(9, 1x1) -> dropout(0.2)", ["BN · ReLU · 1×1 conv, 9 · dropout"]),
        (
            "bn -> relu -> conv(9, 1x1) -> bn -> relu -> conv(9, 3x3, padding = 1) -> dropout",
            ["BN · ReLU · 1×1 conv, 9", "BN · ReLU · 3×3 conv, 9 · dropout"],
        ),
        (
            "conv(9, 1x1) -> bn -> relu -> conv(9, 3x3, padding = 1) -> bn -> relu",
            ["1×1 conv, 9 · BN · ReLU", "3×3 conv, 9 · BN · ReLU"],
        ),
        ("bn -> conv(9, 1x1) -> bn -> relu", ["BN · 1×1 conv, 9 · BN · ReLU"]),
        (
            "bn -> leaky_relu(0.2) -> conv(1024, 3x3, padding = 1) -> dropout(0.2)",
            ["BN · LeakyReLU · 3×3 conv, 1024", "dropout"],
        ),
    ],
)
def test_a_line_for_each_convolution(body: str, lines: list[str]) -> None:
    assert said(body) == (*lines, "4 layers, 2 stages")


def test_a_long_body_is_cut() -> None:
    more = " -> ".join(["conv(9, 1x1) -> bn -> relu"] * 8)
    lines = said(more)
    assert len(lines) == 6
    assert lines[-2:] == ("…", "4 layers, 2 stages")


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (", stages = 1", ["4 layers, 1 stage"]),
        (", stages = 3", ["4 layers, 3 stages"]),
        (", updates = 0", ["4 layers, 1 stage"]),
        (", updates = 1", ["4 layers, 2 stages", "stage 2 updates X1"]),
        (", updates = 3", ["4 layers, 2 stages", "stage 2 updates X1 to X3"]),
        (", updates = 3, stages = 4", ["4 layers, 4 stages", "later ones update X1 to X3"]),
    ],
)
def test_how_often(given: str, lines: list[str]) -> None:
    assert said("conv(9, 1x1)", given)[1:] == tuple(lines)


@pytest.mark.parametrize(
    ("given", "backward"), [("", 6), (", updates = 3", 6), (", updates = 1", 3), (", stages = 1", 0)]
)
def test_only_the_links_that_there_are(given: str, backward: int) -> None:
    """No weight leads back to a layer that no later stage computes; the last layer has none behind it."""
    root = ET.fromstring(svg(graph("conv(9, 1x1)", given)))
    paths = list(root.iter("{http://www.w3.org/2000/svg}path"))
    hues = [hue.lower() for hue in HUES[:4]]
    found = [
        p.get("stroke-dasharray") is not None
        for p in paths
        if p.get("stroke") in hues and p.get("fill") == "none"
    ]
    assert sum(found) == backward
    assert found.count(False) == 6 + 4  # from X0 as well


def test_a_first_stage_alone_is_drawn_without_what_leads_back() -> None:
    root = ET.fromstring(svg(graph("conv(9, 1x1)", end="b.stage1 -> bn")))
    paths = root.iter("{http://www.w3.org/2000/svg}path")
    hues = [hue.lower() for hue in HUES]
    assert not [p for p in paths if p.get("stroke") in hues and p.get("stroke-dasharray")]


def test_cliques_of_other_widths_are_one_picture() -> None:
    (definition,) = cliques(fitted(Structure(ogive.load("cliquenet_s3").ir)))
    (ring,) = [box for box in definition.boxes() if isinstance(box, Ring)]
    assert ring.lines == ("BN · ReLU · 1×1 conv, k", "BN · ReLU · 3×3 conv, k", "6 layers, 2 stages")
    assert definition.note == "(k = 40, 80, 160)"


def test_cliques_of_other_kinds_are_not() -> None:
    one, two = cliques(fitted(Structure(ogive.load("cliquenet_k36_t12_i_ii").ir)))
    named = [
        {b.text.title for b in d.boxes() if isinstance(b, Box) and b.kind == "output"} for d in (one, two)
    ]
    assert named == [{"stage1", "transit"}, {"stage1"}]


def test_letters_for_what_differs() -> None:
    uses = [("3×3 conv, 8", "1×1 conv, 4"), ("5×5 conv, 16", "1×1 conv, 8"), ("3×3 conv, 16", "1×1 conv, 8")]
    assert as_one(uses) == (("k×k conv, m", "1×1 conv, n"), "(k = 3, 5; m = 8, 16; n = 4, 8)")
    assert as_one(uses[:1]) == (uses[0], "")


# --------------------------------------------------------------------------- a ring as a figure


def subject(of: Graph) -> Subject:
    return Subject(of, unroll_cliques(of))


def clique_of(layers: int, given: str = "") -> Subject:
    return subject(graph("conv(4, 1x1)", given, layers=layers, end="b.transit -> conv(4, 1x1)"))


def arcs_of(scene: Scene) -> list[Arrow]:
    """The arrows between layers: without those of the key."""
    kinds = {"source", "forward", "backward"}
    return [a for a in scene.arrows if a.kind in kinds and a.tail.startswith("r") and a.end]


RINGS = [
    (2, ""),
    (3, ""),
    (4, ""),
    (5, ""),
    (6, ""),
    (8, ""),
    (12, ""),
    (20, ""),
    (4, ", updates = 2"),
    (6, ", stages = 1"),
]


@pytest.mark.parametrize(("layers", "given"), RINGS)
def test_a_ring_has_an_arrow_for_each_weight(layers: int, given: str) -> None:
    one = clique_of(layers, given)
    links = next(r.clique.links() for r in one.graph.regions.values() if r.clique)
    scene = clique_figures.scene(one, Colours(), "ring")
    expected = {(f"r0.x{j}", f"r0.x{i}") for j, i in links if j or layers <= SOURCES_SHOWN}
    if layers > SOURCES_SHOWN:
        expected.add(("r0.x0", "r0.ring"))
    assert Counter((a.tail, a.end) for a in arcs_of(scene)) == Counter(expected)


@pytest.mark.parametrize(("layers", "given"), RINGS)
def test_arrows_of_a_ring_end_at_circles_that_lie_apart(layers: int, given: str) -> None:
    scene = clique_figures.scene(clique_of(layers, given), Colours(), "ring")
    marks = named(scene)
    for arrow in arcs_of(scene):
        assert arrow.tip is not None
        assert from_border(arrow.points[0], marks[arrow.tail]) == pytest.approx(0, abs=0.05)
        if arrow.end in marks:
            assert from_border(arrow.tip, marks[arrow.end]) == pytest.approx(0, abs=0.05)
    assert overlapping(circles(scene)) == []
    assert outside(scene) == []
    assert min(sizes(scene)) >= look.LEAST_TYPE


def test_arrows_of_a_ring_have_the_colour_of_where_they_lead() -> None:
    scene = clique_figures.scene(clique_of(9), Colours(), "ring")
    marks = named(scene)
    for arrow in (a for a in arcs_of(scene) if a.end in marks):
        layer = int(arrow.end.rpartition("x")[2])
        assert arrow.stroke == marks[arrow.end].stroke == HUES[(layer - 1) % len(HUES)]
        assert arrow.dashed == (int(arrow.tail.rpartition("x")[2]) > layer)


@pytest.mark.parametrize("layers", [3, 4, 6])
def test_layers_stand_alike_in_a_ring_and_in_a_chain(layers: int) -> None:
    def turned(scene: Scene) -> list[tuple[float, float]]:
        marks = [m for m in circles(scene) if m.lines[0][0].text in {"X₁", "X₂", "X₃"}]
        places = {m.lines[0][0].text: m.centre for m in marks}
        (x, y), size = places["X₁"], hypot(*(a - b for a, b in zip(places["X₁"], places["X₂"], strict=True)))
        return [((places[n][0] - x) / size, (places[n][1] - y) / size) for n in ("X₂", "X₃")]

    one = clique_of(layers)
    alone, within = turned(clique_figures.scene(one, Colours(), "ring")), turned(chain.scene(one, Colours()))
    assert within == [pytest.approx(place, abs=1e-6) for place in alone]


def test_rings_that_are_alike_are_one() -> None:
    net = ogive.load("cliquenet_s3")
    scene = clique_figures.scene(Subject(net.ir, net.unrolled), Colours(), "ring")
    assert len(circles(scene)) == 7
    said = " ".join(texts(scene))
    assert "block1, block2, block3, block4" in said
    assert "(k = 40, 80, 160)" in said
    net = ogive.load("cliquenet_s0")
    assert len(circles(clique_figures.scene(Subject(net.ir, net.unrolled), Colours(), "ring"))) == 6 + 7


def test_what_leads_back_is_explained_where_it_does() -> None:
    assert "back" in texts(clique_figures.scene(clique_of(4), Colours(), "ring"))
    assert "back" not in texts(clique_figures.scene(clique_of(4, ", stages = 1"), Colours(), "ring"))


def test_a_ring_of_very_many_layers_fits() -> None:
    scene = clique_figures.scene(clique_of(150), Colours(), "ring", fit=(462.0, 642.0))
    assert scene.width <= 470
    assert overlapping(circles(scene)) == []
    assert "each with all others" in texts(scene)


@pytest.mark.parametrize("layers", [4, 6, 12])
def test_both_ways_of_drawing_side_by_side(layers: int) -> None:
    """Figure 1 of the paper; where there is no room beside, one stands below the other."""
    one = clique_of(layers)
    both = clique_figures.scene(one, Colours(), "clique")
    alone = clique_figures.scene(one, Colours(), "ring"), clique_figures.scene(one, Colours(), "unfolded")
    assert len(both.arrows) == sum(len(scene.arrows) for scene in alone)
    assert overlapping(circles(both)) == []
    assert outside(both) == []
    assert both.width <= unfolded.PAGE + 8
    left = max(mark.right for mark in circles(both) if mark.id.startswith("r"))
    right = min(mark.left for mark in circles(both) if mark.id.startswith("c"))
    assert (left < right) == (layers < 12)


def test_the_ring_of_a_net_without_cliques() -> None:
    net = ogive.load("densenet121")
    shapes: tuple[clique_figures.Shape, ...] = ("ring", "unfolded", "clique")
    for shape in shapes:
        with pytest.raises(ogive.ArchError) as caught:
            clique_figures.scene(Subject(net.ir, net.unrolled), Colours(), shape)
        assert [d.code for d in caught.value.diagnostics] == ["E591"]
