"""What a clique's ring shows: the arcs that there are, and the work of a layer in words."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

import ogive
from ogive.backends.draw import look, svg
from ogive.backends.draw.clique_text import as_one, clique_lines
from ogive.backends.draw.fit import fitted
from ogive.backends.draw.picture import Box, Picture, Ring
from ogive.backends.draw.rolling import Structure
from ogive.graph import Graph


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
    return [definition for definition in picture.definitions if definition.name == "clique"]


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
    strokes = [path.get("stroke") for path in root.iter("{http://www.w3.org/2000/svg}path")]
    dashed = [path for path in root.iter("{http://www.w3.org/2000/svg}path") if path.get("stroke-dasharray")]
    assert sum(path.get("stroke") == look.BACKWARD.lower() for path in dashed) == backward
    assert strokes.count(look.FORWARD.lower()) >= 6


def test_a_first_stage_alone_is_drawn_without_what_leads_back() -> None:
    root = ET.fromstring(svg(graph("conv(9, 1x1)", end="b.stage1 -> bn")))
    paths = root.iter("{http://www.w3.org/2000/svg}path")
    assert not [p for p in paths if p.get("stroke") == look.BACKWARD.lower() and p.get("stroke-dasharray")]


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
