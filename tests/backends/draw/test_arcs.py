"""Dense blocks, and whole nets, with every arc."""

from __future__ import annotations

import time
from collections import Counter
from functools import cache
from math import comb

import pytest

import ogive
from backends.draw.places import (
    circles,
    colours,
    crossed,
    from_border,
    named,
    outline_of,
    outside,
    overlapping,
    sizes,
    texts,
)
from ogive.backends.draw import drawing
from ogive.backends.draw.choices import Style
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.destinations import HUES
from ogive.backends.draw.measure import line_width
from ogive.backends.draw.options import Options
from ogive.backends.draw.scene import Arrow, Mark, Scene
from ogive.backends.draw.styles import arcs, chain
from ogive.backends.draw.styles.wired import all_wired, dense_blocks
from ogive.backends.draw.subject import Subject
from ogive.passes.unroll import unroll_cliques


def subject(text: str) -> Subject:
    graph = ogive.loads(text).ir
    return Subject(graph, unroll_cliques(graph))


def zoo(name: str) -> Subject:
    net = ogive.load(name)
    return Subject(net.ir, net.unrolled)


def block_of(
    layers: int, body: str = "bn -> relu -> conv(4, 3x3, padding = 1)", channels: int = 6
) -> Subject:
    return subject(f"""net Block() {{
  input image: {channels}x16x16
  stage block {{ dense(layers = {layers}) {{ {body} }} }}
  conv(4, 1x1) -> avg_pool(2x2)
}}""")


RRDB = """
block RDB(k) { residual { dense(layers = 4) { conv(k, 3x3, padding = 1) -> leaky_relu(0.2) } -> conv(32, 1x1) } }
block RRDB(k) { residual { repeat 3 { RDB(k) } } }
net N() { input x: 3x32x32; conv(32, 3x3, padding = 1); repeat 5 { RRDB(16) }; conv(3, 3x3, padding = 1) }
"""
TIRAMISU = """
net N() {
  input x: 3x64x64
  conv(16, 3x3, padding = 1)
  skips = []
  for i in 0..3 {
    stage "down{i}" { dense(layers = 4) { bn -> relu -> conv(12, 3x3, padding = 1) } }
    skips += here
    conv(32, 1x1) -> max_pool(2x2)
  }
  stage mid { dense(layers = 4) { bn -> relu -> conv(12, 3x3, padding = 1) } }
  for i in 0..3 {
    let j = 2 - i
    conv_transpose(32, 2x2, stride = 2) -> concat(skips[j])
    stage "up{i}" { dense(layers = 4) { bn -> relu -> conv(12, 3x3, padding = 1) } }
  }
  conv(5, 1x1)
}
"""
HEADS = """
net N() {
  input x: 3x64x64
  label "A net with a head"
  conv(16, 3x3, padding = 1)
  stage a { label "the first"; dense(layers = 4) { bn -> relu -> conv(12, 3x3, padding = 1) } }
  aux(weight = 0.3) { global_avg_pool -> flatten -> linear(10) }
  max_pool(2x2)
  stage b { dense(layers = 12) { bn -> relu -> conv(12, 3x3, padding = 1) } }
  global_avg_pool -> flatten -> linear(10)
}
"""
MIXED = """
net N() {
  input x: 8x32x32
  stage a { dense(layers = 1) { conv(8, 3x3, padding = 1) } }
  stage b { clique(layers = 2) { conv(8, 3x3, padding = 1) } as c }
  c.features -> conv(8, 1x1)
  stage d { dense(layers = 70) { conv(8, 3x3, padding = 1) } }
  stage e { clique(layers = 40) { conv(8, 3x3, padding = 1) } }
  output y = global_avg_pool -> flatten -> linear(3)
  output z = conv(1, 1x1)
}
"""
INPUTS = """
net N() {
  input a: 8x32x32
  input b: 8x32x32
  p = a -> conv(8, 1x1)
  q = b -> conv(8, 1x1)
  [p, q] -> concat
  dense(layers = 3) { conv(8, 3x3, padding = 1) } as f
  a -> conv(8, 1x1) -> dense(layers = 5) { conv(4, 3x3, padding = 1) } as g
  [f, g] -> concat -> global_avg_pool -> flatten -> linear(2)
}
"""
WRITTEN = {"rrdb": RRDB, "tiramisu": TIRAMISU, "heads": HEADS, "mixed": MIXED, "inputs": INPUTS}
ZOO = (
    "densenet121", "densenet201", "cifar_densenet_40_12", "cliquenet_k36_t12", "cliquenet_k36_t12_i_ii",
    "cliquenet_k12_t36", "cliquenet_s3", "cliquenet_s0_a",
)  # fmt: skip
NETS = (*WRITTEN, *ZOO)


@cache
def net(name: str) -> Subject:
    return subject(WRITTEN[name]) if name in WRITTEN else zoo(name)


def dense_arrows(scene: Scene) -> list[Arrow]:
    return [arrow for arrow in scene.arrows if arrow.kind == "dense"]


@cache
def drawn(name: str) -> Scene:
    return chain.scene(net(name), Colours())


# --------------------------------------------------------------------------- what a dense block is


@pytest.mark.parametrize("layers", [1, 2, 5, 12])
def test_every_layer_reads_all_before(layers: int) -> None:
    (dense,) = dense_blocks(block_of(layers), None)
    assert set(dense.links) == {(j, i) for i in range(1, layers + 1) for j in range(i)}
    assert dense.joined == tuple(range(layers + 1))
    assert len(dense.links) == layers * (layers + 1) // 2


@pytest.mark.parametrize("name", ["densenet121", "densenet201", "densenet161"])
def test_the_links_are_those_of_the_graph(name: str) -> None:
    """What a layer reads has as many channels as the x_j together that are said to lead to it."""
    one = zoo(name)
    for dense in dense_blocks(one, None):
        channels = [dense.entering, *(layer.channels for layer in dense.layers)]
        for i, layer in enumerate(dense.layers, 1):
            (entry, *_) = one.graph.operands(layer.nodes[0])
            assert one.graph.type(entry).channels == sum(channels[j] for j, to in dense.links if to == i)
        assert sum(channels[j] for j in dense.joined) == one.graph.type(dense.region.outputs[0]).channels


def test_who_takes_the_value() -> None:
    one = zoo("densenet121")
    assert [dense.users for dense in dense_blocks(one, None)] == [
        ("Transition",), ("Transition",), ("Transition",), ("BN",),
    ]  # fmt: skip
    assert [dense.name for dense in dense_blocks(one, None)] == ["dense1", "dense2", "dense3", "dense4"]
    assert [dense.places for dense in dense_blocks(one, None)] == ["56×56", "28×28", "14×14", "7×7"]


# --------------------------------------------------------------------------- one block


@pytest.mark.parametrize("layers", [1, 2, 3, 5, 6, 7, 12, 24, 25, 48, 70])
def test_a_block_alone_has_every_arc(layers: int) -> None:
    """L (L + 1) / 2 between its layers, and one from each to what takes them all; of very many when asked."""
    expand = ["block"] if layers > arcs.MOST_LAYERS else []
    scene = arcs.scene(block_of(layers), Colours(), block="block", expand=expand)
    assert arcs.notes(block_of(layers), "block", expand) == ()
    arrows = dense_arrows(scene)
    assert len(arrows) == layers * (layers + 1) // 2 + layers + 1
    assert len({(a.tail, a.end) for a in arrows}) == len(arrows)
    assert outside(scene) == []
    assert overlapping(circles(scene)) == []
    assert overlapping(mark for mark in scene.marks if mark.lines) == []


def test_a_small_block_shows_feature_maps() -> None:
    """Figure 1 of the paper: 5 layers, k = 4; x_0 has 6 feature maps."""
    scene = arcs.scene(block_of(5), Colours(), block="block")
    plates = Counter(mark.id.split(".")[1] for mark in scene.marks if mark.id.count(".") == 2)
    assert plates == {"x0": 6, "x1": 4, "x2": 4, "x3": 4, "x4": 4, "x5": 4}
    assert [line for line in texts(scene) if line in {"BN", "ReLU", "3×3 conv"}] == [
        "BN",
        "ReLU",
        "3×3 conv",
    ] * 5
    assert scene.width <= look.PAGE[0] * 72 * look.SMALL / look.LEAST_TYPE
    for arrow in dense_arrows(scene):
        plate = named(scene)[arrow.tail]
        assert arrow.stroke == plate.stroke == HUES[int(arrow.tail.split(".")[1][1:])]


def test_arcs_pass_above_what_is_between() -> None:
    scene = arcs.scene(block_of(5), Colours(), block="block")
    boxes = [mark for mark in scene.marks if mark.shape in {"round", "box"}]
    for arrow in dense_arrows(scene):
        own = arrow.tail.rpartition(".")[0]
        assert not [id for id in crossed(arrow, boxes) if not id.startswith(own)]


@pytest.mark.parametrize("layers", [8, 12, 20])
def test_arcs_end_at_their_circles(layers: int) -> None:
    scene = arcs.scene(block_of(layers), Colours(), block="block")
    marks = named(scene)
    for arrow in dense_arrows(scene):
        assert arrow.tip is not None
        assert from_border(arrow.tip, marks[arrow.end]) == pytest.approx(0, abs=0.05)
        assert from_border(arrow.points[0], marks[arrow.tail]) == pytest.approx(0, abs=0.05)


def test_what_the_letters_mean() -> None:
    said = " ".join(texts(arcs.scene(zoo("densenet121"), Colours(), block="dense2")))
    assert "dense2 · 12 layers, growth rate k = 32" in said
    assert "xᵢ = Hᵢ([x₀ … xᵢ₋₁])" in said
    assert "Hᵢ: BN · ReLU · 1×1 conv, 128 · BN · ReLU · 3×3 conv, 32" in said


def test_layers_that_differ_are_not_said_to_be_alike() -> None:
    one = subject("""net N() {
  input x: 4x8x8
  stage a { dense(layers = 8) { conv(here.channels, 3x3, padding = 1) } }
}""")
    (dense,) = dense_blocks(one, None)
    assert dense.growth == "4 … 512"
    assert "the layers Hᵢ are not all alike" in " ".join(texts(arcs.scene(one, Colours(), block="a")))


def test_of_very_many_layers_the_first_and_last_are_drawn() -> None:
    one = block_of(300, "conv(1, 1x1)")
    (dense,) = dense_blocks(one, None)
    assert dense.shown == (*range(9), *range(295, 301))
    scene = arcs.scene(one, Colours(), block="block")
    assert len(dense_arrows(scene)) == comb(15, 2) + 15
    assert "⋯" in texts(scene)
    assert any("⋯ x₉ … x₂₉₄: 286 more layers, joined alike" in line for line in texts(scene))


def test_blocks_that_are_alike_are_one() -> None:
    """Three blocks of 12 layers; what enters them has other channels."""
    scene = arcs.scene(zoo("cifar_densenet_40_12"), Colours())
    assert len(dense_arrows(scene)) == 12 * 13 // 2 + 13
    said = " ".join(texts(scene))
    assert "dense1, dense2, dense3 · 12 layers, growth rate k = 12" in said
    assert "x₀ has 16, 160, 304 channels" in said


def test_all_blocks_of_a_part() -> None:
    scene = arcs.scene(zoo("densenet121"), Colours(), block="dense*")
    assert len(dense_arrows(scene)) == sum(n * (n + 1) // 2 + n + 1 for n in (6, 12, 24, 16))
    assert overlapping(circles(scene)) == []


# --------------------------------------------------------------------------- whole nets


def shown_links(one: Subject) -> int:
    """Arrows inside of all dense blocks and cliques that a drawing of the net has room for."""
    total = sum(len(dense.links) for dense in dense_blocks(one, None)) if _has(one, "dense") else 0
    for region in all_wired(one):
        if region.clique is not None:
            links = region.clique.links()
            inner = [(j, i) for j, i in links if j]
            n = region.clique.layers
            near = [(j, i) for j, i in inner if (j - i) % n in (1, n - 1)]
            total += len(near if n > 32 else inner) + 1  # one arrow from X0 to all
    return total


def _has(one: Subject, kind: str) -> bool:
    return any(r.kind == kind for r in one.graph.regions.values())


@pytest.mark.parametrize("name", [name for name in NETS if name != "rrdb"])
def test_every_connection_is_drawn(name: str) -> None:
    inner = {"dense", "source", "forward", "backward"}
    assert sum(arrow.kind in inner for arrow in drawn(name).arrows) == shown_links(net(name))


def test_what_is_repeated_is_drawn_once_in_frames() -> None:
    scene = drawn("rrdb")
    assert len(dense_arrows(scene)) == 4 * 5 // 2
    titles = ["".join(run.text for run in frame.lines[0]) for frame in scene.frames]
    assert [title.split()[-1] for title in titles[:2]] == ["×5", "×3"]
    outer, middle, inner = (outline_of(frame) for frame in scene.frames)
    assert outer.left < middle.left < inner.left
    assert outer.top > middle.top > inner.top
    assert outer.bottom < middle.bottom < inner.bottom


@pytest.mark.parametrize("name", NETS)
def test_nothing_covers_anything(name: str) -> None:
    scene = drawn(name)
    assert outside(scene) == []
    assert overlapping(circles(scene)) == []
    boxes = [mark for mark in scene.marks if mark.shape in {"round", "box"}]
    blocks = [outline_of(f) for f in scene.frames if "." not in f.id]
    assert overlapping([*boxes, *blocks]) == []
    for mark in boxes:
        assert max(map(line_width, mark.lines), default=0) <= mark.width + 1e-6


@pytest.mark.parametrize("name", NETS)
def test_arrows_go_around_what_they_do_not_join(name: str) -> None:
    scene = drawn(name)
    boxes: list[Mark] = [mark for mark in scene.marks if mark.shape in {"round", "box"}]
    boxes += [outline_of(f) for f in scene.frames if "." not in f.id]
    for arrow in scene.arrows:
        if arrow.kind in {"flow", "skip", "projection", "aux"}:
            own = {arrow.tail.split(".")[0], arrow.end.split(".")[0]}
            assert not [id for id in crossed(arrow, boxes) if id not in own], (arrow.tail, arrow.end)


@pytest.mark.parametrize("name", NETS)
def test_every_arrow_between_parts_has_its_ends(name: str) -> None:
    """Each leads from a border to a border."""
    scene = drawn(name)
    marks = named(scene) | {frame.id: outline_of(frame) for frame in scene.frames}
    between = [a for a in scene.arrows if a.kind in {"flow", "skip", "projection", "aux"}]
    assert between
    for arrow in between:
        assert arrow.tip is not None
        assert from_border(arrow.tip, marks[arrow.end]) == pytest.approx(0, abs=0.3)
        assert from_border(arrow.points[0], marks[arrow.tail]) == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("name", NETS)
def test_it_stays_legible_on_a_page(name: str) -> None:
    scene = drawn(name)
    scale = min(1.0, look.PAGE[0] * 72 / (scene.width + 6))
    assert min(sizes(scene)) * scale >= look.LEAST_TYPE - 0.05


def test_three_blocks_stand_in_one_row() -> None:
    """Figure 2 of the paper."""
    one = subject("""
block Transition() { bn -> relu -> conv(here.channels, 1x1) -> avg_pool(2x2) }
net N(classes = 10) {
  input image: 3x32x32
  conv(16, 3x3, padding = 1)
  for i in 0..3 {
    if i > 0 { Transition }
    stage "block{i + 1}" { dense(layers = 5) { bn -> relu -> conv(12, 3x3, padding = 1) } }
  }
  bn -> relu -> global_avg_pool -> flatten -> linear(classes)
}""")
    scene = chain.scene(one, Colours())
    levels = {round(mark.centre[1], 3) for mark in circles(scene)}
    assert len(levels) == 1
    assert [line for line in texts(scene) if line.startswith("block")] == [
        "block1\xa0 32×32", "block2\xa0 16×16", "block3\xa0 8×8",
    ]  # fmt: skip
    narrow = chain.scene(one, Colours(), fit=(250.0, 800.0))
    assert len({round(mark.centre[1], 3) for mark in circles(narrow)}) > 1
    assert narrow.width < 250 * look.SMALL / look.LEAST_TYPE + 30
    assert len(dense_arrows(narrow)) == len(dense_arrows(scene)) == 3 * 15


def test_heads_hang_below_their_blocks() -> None:
    """Figure 2 of CliqueNet's paper: every block is pooled into the classifier."""
    scene = drawn("cliquenet_k36_t12")
    marks = named(scene) | {frame.id: outline_of(frame) for frame in scene.frames}
    heads = [mark for mark in scene.marks if mark.lines and "Head" in mark.lines[0][0].text]
    assert len(heads) == 3
    joined = {arrow.end for arrow in scene.arrows if arrow.tail in {head.id for head in heads}}
    assert len(joined) == 1
    for head in heads:
        (into,) = [arrow for arrow in scene.arrows if arrow.end == head.id]
        block = marks[into.tail]
        assert head.centre[0] == pytest.approx(block.centre[0])
        assert head.top < block.bottom


def test_what_a_program_notes_is_said() -> None:
    said = texts(drawn("heads"))
    assert "A net with a head" in said
    assert "the first" in said
    assert "auxiliary head" in said


def test_without_colour() -> None:
    for name in ("densenet121", "cliquenet_k36_t12"):
        scene = chain.scene(zoo(name), Colours("grey"))
        assert all(len({c[1:3], c[3:5], c[5:7]}) == 1 for c in colours(scene))


def test_colours_by_parameters() -> None:
    one = zoo("densenet121")
    watching = Colours.of([one], "params").watching()
    chain.scene(one, watching)
    scene = chain.scene(one, watching.settled())
    fills = {mark.fill for mark in circles(scene) if ".x" in mark.id and not mark.id.endswith(".x0")}
    assert fills <= set(look.STEPS)
    assert {mark.fill for mark in circles(scene) if mark.id.endswith(".x0")} == {look.PLAIN.fill}


def test_the_same_net_gives_the_same_scene() -> None:
    for name in ("cliquenet_s3", "densenet121", "tiramisu"):
        again = subject(WRITTEN[name]) if name in WRITTEN else zoo(name)
        assert chain.scene(again, Colours()) == drawn(name)


def test_a_large_net_takes_no_time() -> None:
    """1,803 arcs: 6, 12, 48 and 32 layers."""
    one = zoo("densenet201")
    start = time.process_time()
    scene = chain.scene(one, Colours())
    assert time.process_time() - start < 5
    assert len(dense_arrows(scene)) == 21 + 78 + 1176 + 528


def test_thousands_of_layers_take_no_time() -> None:
    one = block_of(1200, "conv(1, 1x1)")
    start = time.process_time()
    scene = chain.scene(one, Colours())
    assert time.process_time() - start < 10
    assert len(dense_arrows(scene)) == comb(15, 2)


@pytest.mark.parametrize(
    ("style", "name"),
    [
        ("arcs", "densenet121"), ("chain", "densenet121"), ("chain", "cliquenet_s3"), ("ring", "cliquenet_s3"),
        ("unfolded", "cliquenet_s3"), ("clique", "cliquenet_s3"),
    ],
)  # fmt: skip
def test_each_is_a_style_of_drawings(style: Style, name: str) -> None:
    made = drawing([zoo(name)], "svg", Options(style=style))
    assert made.data.startswith(b"<?xml")
    assert made.notes == ()
    assert name in made.alt
    assert "in the colour" in made.caption or "has the colour" in made.caption
    assert made.size[0] <= look.PAGE[0] + 0.01


# --------------------------------------------------------------------------- what there is not


def refused(name: str, block: str | None = None) -> tuple[str, str, str | None]:
    with pytest.raises(ogive.ArchError) as caught:
        arcs.scene(zoo(name), Colours(), block=block)
    (told,) = caught.value.diagnostics
    return told.code, told.message, told.help


def test_a_whole_net_without_wires() -> None:
    with pytest.raises(ogive.ArchError) as caught:
        chain.scene(zoo("lenet5"), Colours())
    (told,) = caught.value.diagnostics
    assert (told.code, told.message) == ("E592", "`lenet5` has no dense block and no clique")


def test_a_net_without_wires() -> None:
    code, message, _ = refused("resnet50")
    assert code == "E592"
    assert message == (
        "`resnet50` has no dense block, and is made of `conv1`, `conv2`, `conv3`, `conv4` and `conv5`"
    )
    assert refused("lenet5")[2] == "`--style overview` draws every net, `--style tensors` what flows in it"


def test_a_part_without_dense_blocks() -> None:
    assert refused("densenet121", "transition1") == (
        "E592", "`transition1` holds no dense block",
        "dense blocks are in `dense1`, `dense2`, `dense3` and `dense4`",
    )  # fmt: skip
    code, message, advice = refused("cliquenet_k36_t12", "block1")
    assert (code, message) == ("E592", "`cliquenet_k36_t12` has no dense block")
    assert advice == "it has 3 cliques, `block1`, `block2` and `block3`; draw with `--style clique`"
    assert refused("densenet121", "dens1")[0] == "E514"
