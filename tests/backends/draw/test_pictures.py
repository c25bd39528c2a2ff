"""What is drawn of a net, before anything has a place."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from math import hypot

import pytest

import ogive
from backends.draw import nets
from ogive.backends.draw import clique_ring, svg
from ogive.backends.draw.fitting.estimate import estimated_height, estimated_width
from ogive.backends.draw.fitting.fit import fitted
from ogive.backends.draw.fold.collapse import collapse, deepest
from ogive.backends.draw.fold.definitions import definitions
from ogive.backends.draw.fold.picture import Box, Cluster, Picture, Ring
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import fuse
from ogive.backends.draw.layout.engine import Engine
from ogive.backends.draw.layout.process import Graphviz
from ogive.layers.act import ReLU
from ogive.layers.base import Layer, map_of
from ogive.layers.conv import Conv
from ogive.layers.norm import BatchNorm
from ogive.layers.pool import AvgPool


def boxes(picture: Picture) -> list[Box]:
    return [b for b in picture.boxes() if isinstance(b, Box)]


def lines(picture: Picture) -> list[tuple[str, str, str]]:
    return [(b.text.before, b.text.title, b.text.after) for b in boxes(picture)]


def test_lenet_is_drawn_whole() -> None:
    assert lines(fitted(Structure(nets.lenet()))) == [
        ("", "image", ""),
        ("", "5×5 conv, 6", "tanh"),
        ("", "2×2 avg pool, /2", ""),
        ("", "5×5 conv, 16", "tanh"),
        ("", "2×2 avg pool, /2", ""),
        ("", "5×5 conv, 120", "tanh · flatten"),
        ("", "linear, 84", "tanh"),
        ("", "linear, 10", ""),
        ("", "output", ""),
    ]


def test_resnet_rolls_what_is_alike_and_keeps_the_first_apart() -> None:
    picture = fitted(Structure(nets.resnet()))
    folded = [(b.text.title, b.text.after, b.badge) for b in boxes(picture) if b.region is not None]
    assert folded == [
        ("Bottleneck 64→256", "1×1 · 3×3 · 1×1, + projection", 1),
        ("Bottleneck 256", "1×1 · 3×3 · 1×1, + skip", 2),
        ("Bottleneck 256→512, /2", "1×1 · 3×3 · 1×1, + projection", 1),
        ("Bottleneck 512", "1×1 · 3×3 · 1×1, + skip", 3),
        ("Bottleneck 512→1024, /2", "1×1 · 3×3 · 1×1, + projection", 1),
        ("Bottleneck 1024", "1×1 · 3×3 · 1×1, + skip", 5),
        ("Bottleneck 1024→2048, /2", "1×1 · 3×3 · 1×1, + projection", 1),
        ("Bottleneck 2048", "1×1 · 3×3 · 1×1, + skip", 2),
    ]


def test_blocks_whose_rates_of_dropout_differ_are_rolled() -> None:
    """No box says a rate, and stochastic depth often gives every block its own (Swin, ConvNeXt)."""
    body = "residual { conv(8, 3x3, padding = 1) -> drop_path(0.1 * k) }"
    text = (
        f"block Unit(k) {{ {body} }}\nnet N() {{ input x: 8x8x8; stage s {{ repeat 3 as k {{ Unit(k) }} }} }}"
    )
    picture = collapse(Structure(ogive.loads(text).ir), 1)
    assert [(b.text.title, b.badge) for b in boxes(picture)][1:-1] == [("s · Unit 8", 3)]


def test_a_block_is_defined_once_with_its_parameters() -> None:
    (definition,) = fitted(Structure(nets.resnet())).definitions
    assert (definition.name, definition.note) == ("Bottleneck", "(width, stride)")
    assert lines(definition) == [
        ("", "in", ""),
        ("", "1×1 conv, width", "BN · ReLU"),
        ("", "3×3 conv, width, /stride", "BN · ReLU"),
        ("", "1×1 conv, 4·width", "BN"),
        ("", "1×1 conv, 4·width, /stride", "BN, where shapes differ"),
        ("", "add", ""),
        ("", "ReLU", ""),
    ]
    assert sorted(e.style for e in definition.edges if e.style != "flow") == [
        "projection",
        "projection",
        "skip",
    ]


def skips(picture: Picture) -> list[tuple[str, str]]:
    """The titles of the boxes that each skip joins."""
    titles = {b.id: b.text.title for b in boxes(picture)}
    return [(titles[e.tail], titles[e.head]) for e in picture.edges if e.style == "skip"]


def test_an_identity_begins_where_it_begins_in_its_own_uses() -> None:
    """A unit that projects what it activated stands in one picture with those that add what entered."""
    structure = Structure(nets.pre_activation([False, False, True, False], pad=False))
    (found,) = definitions(structure, collapse(structure, 0))
    definition = found.picture
    assert skips(definition) == [("in", "add")]
    titles = {b.id: b.text for b in boxes(definition)}
    dashed = [titles[e.tail].title for e in definition.edges if e.style == "projection"]
    assert dashed == ["BN · ReLU", "1×1 conv, 32, /2"]


def test_identities_from_two_places_are_two_pictures() -> None:
    """The first unit of each stage, whose norm and activation are common, and the others."""
    structure = Structure(nets.pre_activation([True, False, True, False], pad=True))
    first, others = (found.picture for found in definitions(structure, collapse(structure, 0)))
    assert (first.name, others.name) == ("Pre (a)", "Pre (b)")
    assert skips(first) == [("BN · ReLU", "add")]
    assert skips(others) == [("in", "add")]
    assert [b.text.title for b in boxes(first) if "pad" in b.text.title] == ["zero pad, 32, /2"]
    assert not [e for e in others.edges if e.style == "projection"]


def test_zeros_are_no_projection() -> None:
    picture = collapse(Structure(nets.pre_activation([True, False, True, False], pad=True)), 0)
    assert [b.text.after.rpartition("+ ")[2] for b in boxes(picture) if b.region is not None] == [
        "skip", "skip", "zero pad", "skip",
    ]  # fmt: skip


def test_numbers_of_table_one_become_its_columns() -> None:
    structure = Structure(nets.inception())
    picture = collapse(structure, 0)
    assert [b.text.after for b in boxes(picture) if b.definition == "Inception"] == [
        "64, 96, 128, 16, 32, 32",
        "128, 128, 192, 32, 96, 64",
    ]
    definition = next(d.picture for d in definitions(structure, picture) if d.name == "Inception")
    assert definition.note == "(c1, c3r, c3, c5r, c5, pool)"
    assert {t for _, t, _ in lines(definition)} >= {
        "1×1 conv, c3r",
        "3×3 conv, c3",
        "5×5 conv, c5",
        "1×1 conv, pool",
    }


def test_dense_blocks_say_how_many_layers() -> None:
    picture = fitted(Structure(nets.densenet()))
    dense = [b for b in boxes(picture) if "dense " in b.text.title]
    assert [b.badge for b in dense] == [6, 12, 24, 16]
    layer = next(d for d in picture.definitions if d.name == "dense layer")
    assert ("BN · ReLU", "1×1 conv, 128", "") in lines(layer)
    assert [e.style for e in layer.edges].count("skip") == 1


def test_small_dense_blocks_are_drawn_whole() -> None:
    picture = collapse(Structure(nets.gated()), 9)
    assert [b.symbol for b in boxes(picture)].count("C") == 3


@pytest.mark.parametrize("name", nets.NETS)
def test_labels_are_shapes_that_change(name: str) -> None:
    picture = collapse(Structure(nets.NETS[name]()), 9)
    into: dict[str, set[str]] = {}
    for edge in picture.edges:
        if edge.style == "skip":
            assert edge.label == ""
        elif edge.label:
            into.setdefault(edge.head, set()).add(edge.label)
    for edge in picture.edges:
        assert not edge.label or edge.label not in into.get(edge.tail, set())


def test_a_label_on_what_changes_inside_a_roll_and_behind_a_ring() -> None:
    picture = collapse(Structure(nets.densenet()), 9)
    assert [e.label for e in picture.edges if e.label.startswith("128×56")] == ["128×56×56"] * 2
    picture = collapse(Structure(nets.cliquenet(4, 3)), 9)
    rings = {b.id for b in picture.boxes() if isinstance(b, Ring)}
    labels = [e.label for e in picture.edges if e.tail in rings and e.label]
    assert labels == ["144×32×32"]  # block2 gives on what it got


def test_a_box_for_copies_that_widen_says_the_whole() -> None:
    structure = Structure(nets.widening())
    told = [(b.text.title, b.badge) for b in boxes(collapse(structure, 0)) if b.region is not None]
    assert told == [("dense 8→152", 12), ("Grow 16→46", 3)]
    clusters = [i for i in collapse(structure, 9).items if isinstance(i, Cluster)]
    assert [(c.name, c.note, c.badge) for c in clusters] == [("dense", "8→152", 4), ("Grow", "16→46", 3)]


def test_a_row_without_stages_keeps_its_head() -> None:
    picture = fitted(Structure(nets.flat(300)))
    assert [(t, a, b.badge) for b, (_, t, a) in zip(boxes(picture), lines(picture), strict=True)] == [
        ("image", "", 1),
        ("3×3 conv, 8 … 10", "BN · ReLU", 300),
        ("global avg pool", "flatten", 1),
        ("linear, 10", "", 1),
        ("output", "", 1),
    ]
    assert [e.label for e in picture.edges] == ["3×8×8", "10×8×8", "10", ""]


def test_a_row_with_a_period_says_it() -> None:
    picture = fitted(Structure(nets.flat(60, pools=True)))
    assert lines(picture)[1][1] == "3×3 conv, 8 … 10 → 3×3 max pool"
    assert [b.badge for b in boxes(picture)] == [1, 60, 1, 1, 1]


def test_a_row_without_a_period_keeps_its_head() -> None:
    picture = fitted(Structure(nets.uneven(70)))
    titles = [t for _, t, _ in lines(picture)]
    assert titles == ["image", "70 convolutions", "global avg pool", "linear, 10", "output"]


def test_both_results_of_a_clique_are_defined() -> None:
    definition = next(d for d in fitted(Structure(nets.cliquenet(12, 3))).definitions if d.name == "clique")
    ring = next(b for b in definition.boxes() if isinstance(b, Ring))
    named = {b.text.title: b.id for b in boxes(definition) if b.kind == "output"}
    assert set(named) == {"features", "transit"}
    before = {e.head: {o.tail for o in definition.edges if o.head == e.tail} for e in definition.edges}
    assert before[named["transit"]] == {ring.id}
    assert before[named["features"]] == {ring.id, ring.source}


def test_small_stages_are_defined_where_there_is_room() -> None:
    picture = fitted(Structure(nets.staged()))
    stem = next(d for d in picture.definitions if d.name == "stem")
    assert [t for _, t, _ in lines(stem)] == ["in", "7×7 conv, 64, /2", "3×3 max pool, /2", "3×3 conv, 192"]


def test_a_unit_is_its_layer_and_no_block() -> None:
    structure = Structure(ogive.load("inception_v3").ir)
    picture = collapse(structure, 0)
    assert ("", "stem 3→192, /8", "3×3 · 3×3 · 3×3 · pool · 1×1 · 3×3 · pool") in lines(picture)
    names = {d.name for d in definitions(structure, picture)}
    assert "InceptionA" in names
    assert "unit" not in names


def test_skips_of_a_unet() -> None:
    picture = fitted(Structure(nets.unet()))
    title = {b.id: b.text.title.split(" ")[0] for b in boxes(picture)}
    skips = {(title[e.tail], title[e.head]) for e in picture.edges if e.style == "skip"}
    assert skips == {("down1", "up4"), ("down2", "up3"), ("down3", "up2"), ("down4", "up1")}


def test_heads_are_grey() -> None:
    picture = collapse(Structure(nets.inception()), 9)
    grey = [b.text.title for b in boxes(picture) if b.kind == "aux"]
    assert grey == ["5×5 avg pool, /3", "1×1 conv, 128", "linear, 1000"]


def test_depth_opens_more() -> None:
    structure = Structure(nets.resnet())
    counts = [collapse(structure, depth).count for depth in range(deepest(structure) + 1)]
    assert counts == sorted(set(counts))


@pytest.mark.parametrize("name", nets.NETS)
@pytest.mark.parametrize("depth", [0, 1, 9])
def test_every_node_and_edge_is_there(name: str, depth: int) -> None:
    """Nothing is lost: each box is reached from the input, as each node of these nets is."""
    graph = nets.NETS[name]()
    picture = collapse(Structure(graph), depth)
    after: dict[str, list[str]] = {}
    for edge in picture.edges:
        after.setdefault(edge.tail, []).append(edge.head)
    seen, stack = set[str](), [picture.items[0].id]
    while stack:
        at = stack.pop()
        if at not in seen:
            seen.add(at)
            stack += after.get(at, [])
    assert {b.id for b in picture.boxes()} <= seen


@pytest.mark.parametrize("name", nets.NETS)
def test_heights_are_estimated(name: str) -> None:
    picture = replace(fitted(Structure(nets.NETS[name]())), definitions=())
    with Graphviz() as graphviz:
        (scene,) = Engine(graphviz).scenes(picture)
    assert estimated_height(picture) == pytest.approx(scene.height, rel=0.25)
    assert estimated_width(picture) <= 1.2 * scene.width


def test_fusing_follows_the_order_of_the_chain() -> None:
    def fused(*layers: Layer) -> list[str]:
        b = nets.Builder("n", map_of(8, 8, 8))
        b.chain(*layers)
        run = [n for n in b.graph if n.name != "image"]
        boxes = fuse(b.graph, run)
        assert [n for f in boxes for n in f.nodes] == [n.name for n in run]
        return [" ".join(b.graph.node(n).layer.kind for n in f.nodes) for f in boxes]

    conv, bn, relu, pool = Conv(8, (1, 1)), BatchNorm(), ReLU(), AvgPool((2, 2))
    assert fused(conv, bn, relu, conv, bn) == ["conv bn relu", "conv bn"]
    assert fused(bn, relu, conv, bn, relu, conv) == ["bn relu conv", "bn relu conv"]
    assert fused(bn, relu, conv, pool) == ["bn relu conv", "avg_pool"]
    assert fused(relu, conv, bn, relu, conv, bn) == ["relu conv bn", "relu conv bn"]
    assert fused(bn, relu, pool) == ["bn relu", "avg_pool"]
    assert fused(conv, relu, pool, bn, conv, relu) == ["conv relu", "avg_pool bn", "conv relu"]


@pytest.mark.parametrize("layers", [2, 3, 4, 5, 6, 8, 12])
def test_arcs_of_a_ring(layers: int) -> None:
    pairs = [(i, j) for i in range(1, layers + 1) for j in range(1, layers + 1) if i != j]
    arcs = clique_ring.arcs(layers, [*pairs, (0, 1)], 5.0)
    assert {(a.tail, a.head) for a in arcs} == set(pairs)
    half_width, half_height = (v / 2 for v in clique_ring.frame(layers))
    for arc in arcs:
        assert arc.kind == ("forward" if arc.tail < arc.head else "backward")
        for end, layer, distance in (
            (arc.curve[0], arc.tail, 0.0),
            (arc.tip, arc.head, 0.0),
            (arc.curve[3], arc.head, 5.0),
        ):
            x, y = clique_ring.place(layer, layers)
            assert hypot(end[0] - x, end[1] - y) == pytest.approx(clique_ring.RADIUS + distance, abs=0.05)
    for a in range(1, layers + 1):
        x, y = clique_ring.place(a, layers)
        assert abs(x) + clique_ring.RADIUS < half_width
        assert abs(y) + clique_ring.RADIUS < half_height
        for b in range(1, a):
            u, v = clique_ring.place(b, layers)
            assert hypot(x - u, y - v) > 2 * clique_ring.RADIUS


@pytest.mark.parametrize("layers", [4, 6])
def test_a_ring_is_drawn_with_all_its_arcs(layers: int) -> None:
    structure = Structure(nets.cliquenet(layers))
    assert any(isinstance(b, Ring) for b in fitted(structure).boxes())
    groups = ET.fromstring(svg(structure.graph)).iter("{http://www.w3.org/2000/svg}g")
    arcs = [(g.get("class"), p) for g in groups for p in g.iter() if p.tag.endswith("path")]
    pairs = layers * (layers - 1) // 2
    assert sum(kind == "edge forward" and not p.get("stroke-dasharray") for kind, p in arcs) == pairs
    assert sum(kind == "edge backward" and bool(p.get("stroke-dasharray")) for kind, p in arcs) == pairs
    assert sum(kind == "edge source" for kind, _ in arcs) == (layers if layers <= 4 else 1)
