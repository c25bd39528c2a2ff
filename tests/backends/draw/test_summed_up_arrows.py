"""What is summed up keeps its arrows, and says how it is joined: no net reads as another one."""

from __future__ import annotations

import ogive
from backends.draw import nets
from ogive.backends.draw.fitting.estimate import alone_in_row
from ogive.backends.draw.fold.collapse import collapse
from ogive.backends.draw.fold.gather import gathered
from ogive.backends.draw.fold.picture import Box, Cluster, Edge, Picture, Text, order
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.segments import segmented
from ogive.backends.draw.layout.engine import Engine
from ogive.backends.draw.layout.narrow import narrowed
from ogive.backends.draw.layout.process import Graphviz
from ogive.backends.draw.scene import Scene

DENSE = """net Dense() {
  input image: 16x32x32
  outs = [image]
  for i in 0..6 {
    t = outs -> concat -> conv(4 + i % 3, 1x1) -> relu
    outs += t
  }
  outs -> concat -> global_avg_pool -> flatten -> linear(10)
}"""
PART = DENSE.replace("    t = outs ->", "    t = [outs[i], outs[0]] ->")


def laid_out(picture: Picture) -> Scene:
    with Graphviz() as graphviz:
        (scene,) = Engine(graphviz).scenes(picture)
    return scene


def summed_up(program: str) -> tuple[Picture, Box]:
    """The net with its middle in one box, and that box."""
    structure = Structure(ogive.loads(program).ir)
    found = segmented(collapse(structure, 0), structure)
    (box,) = (b for b in found.boxes() if isinstance(b, Box) and b.region == 0)
    return found, box


def test_layers_that_each_read_all_before_them_do_not_read_as_a_row() -> None:
    picture, box = summed_up(DENSE)
    assert box.text == Text("6 convolutions", after="1×1 conv, 4 … 6\neach reads all before it")
    assert box.kind == "conv"
    assert any(e.style == "skip" and e.head != box.id for e in picture.edges)


def test_skips_in_what_is_summed_up_are_said() -> None:
    _, box = summed_up(PART)
    assert box.text.after.endswith("\nwith skips")


def test_what_is_left_out_of_a_list_is_marked() -> None:
    turns = ("conv(4, 1x1)", "conv(4, 3x3, padding = 1)", "conv(4, 5x5, padding = 2)")
    program = DENSE.replace("  for i in 0..6 {", "  for f in [0, 1, 2, 0, 1, 2] {").replace(
        "    t = outs -> concat -> conv(4 + i % 3, 1x1) -> relu\n    outs += t",
        "\n".join(f"    a{i} = outs -> concat -> {turn}\n    outs += a{i}" for i, turn in enumerate(turns)),
    )
    _, box = summed_up(program)
    assert box.text.after.splitlines()[0] == "1×1 conv, 4 ×6, 3×3 conv, 4 ×6, …"


def heads() -> Picture:
    """Three blocks in a row, and behind each a head."""
    titles = ("in", "A", "B", "C", "Head 8", "Head 8", "Head 8", "out")
    boxes = tuple(Box(f"b{i}", "conv", Text(t), region=1, every=(f"n{i}",)) for i, t in enumerate(titles))
    pairs = [(0, 1), (1, 2), (2, 3), (1, 4), (2, 5), (3, 6), (4, 7), (5, 7), (6, 7)]
    return Picture("p", boxes, tuple(Edge(f"b{a}", f"b{b}") for a, b in pairs))


def test_heads_that_each_read_another_block_are_reached_by_arrows_of_one_kind() -> None:
    found = gathered(heads())
    (head,) = (b for b in found.boxes() if isinstance(b, Box) and b.badge == 3)
    assert [e.tail for e in found.edges if e.head == head.id] == ["b1", "b2", "b3"]
    assert {e.style for e in found.edges} == {"flow"}


def test_these_arrows_go_down_lanes_and_the_flow_stays_straight() -> None:
    scene = laid_out(gathered(heads()))
    middle = {m.id: m.centre[0] for m in scene.marks}
    assert {round(middle[id]) for id in ("b0", "b1", "b2", "b3")} == {round(middle["b0"])}
    styles = {(a.tail, a.end): a.kind for a in scene.arrows}
    assert len(styles) == len(gathered(heads()).edges)
    assert set(styles.values()) == {"flow"}


def test_a_real_skip_into_a_head_stays_one() -> None:
    picture = heads()
    edges = (*picture.edges, Edge("b1", "b6", "skip"))
    found = gathered(Picture("p", picture.items, edges))
    assert any(e.style == "skip" for e in found.edges)


def test_a_chain_in_a_frame_is_straight() -> None:
    picture = collapse(Structure(ogive.load("siamese").ir), 9)
    scene = laid_out(picture)
    middle = {m.id: m.centre[0] for m in scene.marks}
    frames = [item for item in picture.items if isinstance(item, Cluster)]
    assert len(frames) == 2
    for frame in frames:
        xs = [middle[id] for id in order(frame.items)]
        assert len(xs) > 5
        assert max(xs) - min(xs) < 0.5


def test_only_what_has_others_beside_it_is_divided_first() -> None:
    graph = nets.inception()
    picture = collapse(Structure(graph), 9)
    kept = alone_in_row(picture)
    before = {b.id: b for b in picture.boxes() if isinstance(b, Box)}
    after = {b.id: b for b in narrowed(picture, kept).boxes() if isinstance(b, Box)}
    assert kept
    assert all(after[id].text == before[id].text for id in kept & before.keys())
    assert any(after[id].text != before[id].text for id in before.keys() - kept)


def test_a_title_above_a_wide_note_is_not_divided() -> None:
    text = Text("3×3 conv, 16", after="BN · ReLU", label=("a note that is far wider than the title",))
    wide = Box("a", "conv", text)
    plain = Box("b", "conv", Text("3×3 conv, 16"))
    found = [b.text for b in narrowed(Picture("p", (wide, plain), ())).boxes() if isinstance(b, Box)]
    assert found[0] == text
    assert found[1].title == "3×3 conv,\n16"
