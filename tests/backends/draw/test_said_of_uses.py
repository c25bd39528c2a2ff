"""What boxes and definitions say is true of all uses that they stand for, and names which these are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import ogive
from ogive.backends.draw.fold.collapse import collapse
from ogive.backends.draw.fold.definitions import Definition, defined, definitions
from ogive.backends.draw.fold.picture import Box, Cluster, Item, Picture
from ogive.backends.draw.fold.rolling import Structure

HEAD = "net N() { input x: 3x32x32; "


def structure(body: str, blocks: str = "", across: bool = False) -> Structure:
    return Structure(ogive.loads(f"{blocks}\n{HEAD}{body} }}").ir, across=across)


def said(picture: Picture) -> list[str]:
    texts = (b.text for b in picture.boxes() if isinstance(b, Box) and b.symbol is None)
    return [" / ".join(t for t in (text.before, text.title, text.after) if t) for text in texts]


def overview(net: Structure) -> tuple[list[str], list[Definition]]:
    picture = collapse(net, 0)
    return said(picture), definitions(net, picture)


def clusters(items: tuple[Item, ...]) -> Iterator[Cluster]:
    for item in items:
        if isinstance(item, Cluster):
            yield item
            yield from clusters(item.items)


def test_a_dense_layer_speaks_of_all_turns() -> None:
    net = structure("""
        conv(8, 3x3, padding = 1)
        dense(layers = 4) { bn -> relu -> conv(here.channels, 1x1) -> conv(8, 3x3, padding = 1) }
    """)
    (layer,) = overview(net)[1]
    assert "BN · ReLU / 1×1 conv, c" in said(layer.picture)
    assert "3×3 conv, 8" in said(layer.picture)
    assert layer.picture.note == "(c = channels in)"


def test_a_turn_of_other_layers_is_not_asked() -> None:
    net = structure("""
        conv(8, 3x3, padding = 1)
        dense(layers = 3) { conv(here.channels, 1x1) -> (relu if here.channels > 20 else tanh) }
    """)
    assert "1×1 conv, c / tanh" in said(overview(net)[1][0].picture)


def test_forms_of_dense_layers_have_letters() -> None:
    boxes, found = overview(
        structure("""
        dense(layers = 2) { bn -> relu -> conv(4, 3x3, padding = 1) }
        stage s { dense(layers = 3) { conv(4, 3x3, padding = 1) } -> conv(8, 1x1) }
    """)
    )
    assert boxes[1].startswith("dense (a) 3→11")
    assert boxes[2] == "s 11→8 / dense (b) ×3 · 1×1 conv"
    assert [d.name.partition(",")[0] for d in found] == ["dense layer (a)", "dense layer (b)"]


def test_one_form_of_dense_layer_has_none() -> None:
    boxes, found = overview(structure("dense(layers = 2) { conv(4, 3x3, padding = 1) }"))
    assert boxes[1].startswith("dense 3→11")
    assert [d.name for d in found] == ["dense layer"]


CLIQUE = "clique(layers = {}, stages = 2) {{ {} }}"


@pytest.mark.parametrize(
    ("layers", "names"), [((3, 3), ["clique (a)", "clique (b)"]), ((3, 4), ["clique", "clique"])]
)
def test_cliques_have_letters_where_their_numbers_agree(layers: tuple[int, int], names: list[str]) -> None:
    bodies = ("bn -> relu -> conv(4, 3x3, padding = 1)", "relu -> conv(4, 3x3, padding = 1)")
    cliques = (CLIQUE.format(n, body) for n, body in zip(layers, bodies, strict=True))
    boxes, found = overview(structure("conv(8, 1x1) -> {} -> conv(8, 1x1) -> {}".format(*cliques)))
    seen = [box.rpartition(" / ")[0].rpartition(" ")[0] for box in boxes if box.startswith("clique")]
    assert seen == names
    assert len({d.name for d in found}) == 2


def test_stages_made_by_a_repeat_are_all_named() -> None:
    body = 'repeat 4 as i { stage "s{i}" { conv(3, 3x3, padding = 1) -> max_pool(3x3, stride = 1, padding = 1) } }'
    net = structure(body)
    assert said(collapse(net, 0))[1].startswith("s0–s3 3")
    assert [frame.name for frame in clusters(collapse(net, 9).items)] == ["s0–s3"]


def test_widths_of_stages_in_one_box() -> None:
    block = "block B(width) { conv(width, 3x3, padding = 1) -> relu -> conv(2 * width, 1x1) }"
    stages = "; ".join(f"stage s{i} {{ B({w}) -> max_pool(2x2) }}" for i, w in enumerate((4, 8, 16)))
    boxes, _ = overview(structure(stages, block, across=True))
    assert boxes[1] == "s0–s2 3→32, /8 / B · 2×2 max pool, width 4 · 8 · 16"


def test_a_folded_auxiliary_head_is_named() -> None:
    aux = "aux(weight = 0.3) { global_avg_pool -> flatten -> linear(2) }"
    several = structure(f"stage s {{ conv(4, 1x1) -> relu -> max_pool(2x2); {aux} }}")
    assert overview(several)[0][1] == "s 3→4, /2 / 1×1 conv · 2×2 max pool, + auxiliary head"
    one = structure(f"stage s {{ dense(layers = 2) {{ conv(4, 1x1) }}; {aux} }}; relu")
    assert overview(one)[0][1] == "s · dense 3→11 / 1×1, + concat, + auxiliary head"


def test_what_goes_on_from_a_clique_is_what_leaves_it() -> None:
    clique = "conv(8, 1x1); stage s { clique(layers = 3) { conv(4, 3x3, padding = 1) } as c }"
    layers = overview(structure(f"{clique}; relu"))[0]
    whole = overview(structure(f"{clique}; c.features -> relu"))[0]
    assert layers[2].startswith("s · clique 8→12 / ")
    assert whole[2].startswith("s · clique 8→20 / ")


RECURSIVE = """block Deep(w, n) {
  add { | conv(w, 1x1) | max_pool(2x2) -> (Deep(w, n - 1) if n > 1 else conv(w, 3x3, padding = 1))
        -> upsample(scale_factor = 2) }
}"""


def test_a_block_in_itself_is_told_by_its_argument() -> None:
    net = structure("stage s { Deep(3, 3) -> relu }", RECURSIVE)
    uses = [r.id for r in net.graph.regions.values() if r.block == "Deep"]
    assert [d.name for d in defined(net, uses, 1)] == ["Deep, n 3", "Deep, n 2", "Deep, n 1"]
    assert [d.name for d in defined(net, uses[:1], 1)] == ["Deep, n 3"]


def test_whose_weights_are_shared() -> None:
    net = structure("""
        share enc = conv(3, 3x3, padding = 1) -> relu
        share(except = norm) head = conv(3, 1x1) -> bn
        share once = conv(3, 1x1) -> tanh
        enc -> enc -> once -> head -> relu -> head
        repeat 2 share { conv(3, 3x3, padding = 1) -> sigmoid }
    """)
    told = [text.partition(" / ")[2] for text in said(collapse(net, 9))]
    assert "ReLU · weights of enc" in told
    assert "BN · weights of head but its norm" in told
    assert "tanh" in told
    assert "sigmoid · shared weights" in told


def test_a_tensor_taken_twice() -> None:
    net = structure(
        "conv(4, 1x1) -> relu; a = here; a -> add(a) -> conv(2, 1x1); b = here; concat(b, b) -> relu"
    )
    labels = [edge.label for edge in collapse(net, 0).edges]
    assert labels == ["3×32×32", "4×32×32 (×2)", "", "2×32×32 (×3)", "6×32×32", ""]


def test_a_product_is_written_in_one_way() -> None:
    block = """block Wide(width, k = 2) {
      residual { conv(width, 3x3, padding = 1) -> relu -> conv(k * width, 1x1) }
    }"""
    net = structure("Wide(4) -> Wide(8, k = 3) -> Wide(8, k = 4) -> Wide(16, k = 2)", block)
    (wide,) = overview(net)[1]
    assert [text for text in said(wide.picture) if "·width" in text or "width·" in text] == [
        "1×1 conv, k·width",
        "1×1 conv, k·width / where shapes differ",
    ]


EXTRA = """block Extra(narrow, width, stride = 1, padding = 0) {
  conv(narrow, 1x1) -> relu -> conv(width, 3x3, stride = stride, padding = padding) -> relu
}"""


def test_a_padding_that_keeps_the_size_here_and_not_there() -> None:
    boxes, found = overview(structure("Extra(8, 16, 2, padding = 1) -> Extra(4, 16)", EXTRA))
    assert boxes[1:3] == ["Extra 3→16, /2 / narrow 8, padding 1", "Extra 16 / narrow 4, padding 0"]
    assert "3×3 conv, 16, /stride, padding / ReLU" in said(found[0].picture)


def test_a_padding_that_keeps_the_size_everywhere_is_not_said() -> None:
    block = "block K(width, kernel) { conv(width, kernel, padding = kernel // 2) -> relu -> conv(4, 1x1) }"
    _, found = overview(structure("K(8, 3) -> K(8, 5)", block))
    assert not [text for text in said(found[0].picture) if "padding" in text]
