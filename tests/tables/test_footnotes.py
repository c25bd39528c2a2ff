"""Footnotes say what is so, of each net of which it is so."""

from __future__ import annotations

import ogive
from ogive.tables import Options, make
from ogive.tables.numbers import count, difference, powers
from ogive.tabulate import subject_of
from tables.grids import table

UNIT = """
block Unit(w) { residual { conv(w, 3x3, padding = 1) -> bn -> relu
  conv(w, 3x3, padding = 1) -> bn } -> relu }
block Pre(w) { bn -> relu -> conv(w, 3x3, padding = 1) }
"""


def notes(*names: str) -> list[str]:
    return [note.text for note in table(*names).notes]


def notes_of(body: str, **options: object) -> list[str]:
    net = ogive.loads(f"{UNIT} net N() {{ input x: 8x16x16\n{body} }}")
    return [note.text for note in make([subject_of(net)], Options(**options)).notes]  # type: ignore[arg-type]


def test_what_a_convolution_stands_for():
    assert "Each conv is the sequence conv-BN-ReLU; the last of each unit is conv-BN." in notes_of(
        "repeat 3 { Unit(8) }"
    )
    pre = notes_of("conv(8, 1x1)\n repeat 5 { Pre(8) }\n bn -> relu")
    assert pre[0] == "Each conv is the sequence BN-ReLU-conv; the first stands alone."
    assert notes_of("stage s { conv(8, 1x1) -> conv(8, 1x1) }")[0].startswith("FLOPs")
    mixed = notes_of(
        "repeat 2 { conv(8, 3x3, padding = 1) -> relu }\n stage t { conv(8, 1x1) -> sigmoid }\n conv(2, 5x5) -> relu"
    )
    assert mixed[0] == "Each conv is the sequence conv-ReLU; the 1×1 conv is conv-sigmoid."


def test_of_several_nets_each_is_told_what_holds_for_it():
    said = notes("resnet50", "densenet121")
    assert "In resnet50 each conv is the sequence conv-BN-ReLU; the last of each unit is conv-BN." in said
    assert "In densenet121 each conv is the sequence BN-ReLU-conv; the first is conv-BN-ReLU." in said
    assert "Brackets in resnet50 show residual units, with their numbers." in said
    assert "Brackets in densenet121 show layers of a dense block, with their numbers." in said


def test_shortcuts():
    assert "Shortcuts that change the shape are projections (a 1×1 conv)." in notes("resnet34")
    a = notes("resnet34_a", "resnet34_b")
    assert (
        "Shortcuts in resnet34_a that change the shape are identities, with zeros in the new channels." in a
    )
    assert "Shortcuts in resnet34_b that change the shape are projections (a 1×1 conv)." in a


def test_cliques():
    said = " ".join(notes("cliquenet_k64_t15", "cliquenet_k64_t15_x2", "cliquenet_k36_t12_i_i"))
    assert (
        "in cliquenet_k64_t15 are computed once, each from all before it, and then updated, each from all others"
        in said
    )
    assert "in cliquenet_k64_t15_x2 are computed once, and the first 2 of them updated" in said
    assert "in cliquenet_k36_t12_i_i are computed once, each from all before it." in said


def test_growth_rates():
    one = notes("densenet121")
    assert any(note.startswith("The growth rate is k = 32. In dense blocks") for note in one)
    several = " ".join(notes("cifar_densenet_bc_100_12", "cifar_densenet_40_12", "cifar_densenet_100_24"))
    assert "The growth rate is k = 12, and k = 24 in cifar_densenet_100_24." in several
    kept = "keeps half of the channels in cifar_densenet_bc_100_12 and all of the channels in cifar_densenet_40_12 and cifar_densenet_100_24"
    assert kept in several


def test_widths_that_follow_no_growth_rate_stay():
    body = "dense(layers = 2) { conv(6, 1x1) }\n conv(5, 1x1)\n dense(layers = 2) { conv(7, 1x1) }"
    net = ogive.loads(f"net N() {{ input x: 8x16x16\n stage s {{ {body} }} }}")
    made = make([subject_of(net)])
    assert not any("growth" in note.text for note in made.notes)
    assert "1×1, 6" in str(made.rows)


def test_how_is_counted():
    (flops,) = (note for note in notes("vit_b_16") if note.startswith("FLOPs"))
    assert flops == (
        "FLOPs are multiply-adds, a multiplication and its addition counted as one, of convolutions and linear "
        "layers, for an input of size 3×224×224."
    )
    assert "Products of activations with each other come on top: 715 M." in notes("vit_b_16")
    heads = "Auxiliary heads behind 4a and 4d stand beside the rows and are not counted; with them there are 13.4 M parameters."
    assert heads in notes("googlenet")
    said = next(n for n in notes("resnet18", "inception_v3") if n.startswith("FLOPs"))
    assert said.endswith("for an input of size 3×224×224 in resnet18 and 3×299×299 in inception_v3.")


def test_signs_are_explained_where_they_stand():
    assert "G is the number of groups." in notes("resnext50")
    assert "G is the number of groups." not in notes("resnet50")
    assert "dw is a depthwise convolution." in notes("mobilenet_v2")
    gate = (
        "SE is a gate on channels: global average pool, 1×1 conv-ReLU, 1×1 conv-sigmoid; the number is its "
        "width inside."
    )
    assert gate in notes("seresnet50")
    assert (
        "In layer2, layer3, layer4 and layer5 a bracket runs several times with one set of weights."
        in notes("rcnn_96")
    )


def test_numbers():
    assert [(n.text, n.exponent) for n in powers([1_814_073_344, 11_513_626_624])] == [
        ("1.8", 9),
        ("11.5", 9),
    ]
    assert [(n.text, n.exponent) for n in powers([455_000_000, 4_210_000_000])] == [("0.46", 9), ("4.2", 9)]
    assert [(n.text, n.exponent) for n in powers([265_000_000, 2_000])] == [("265", 6), ("2.0", 3)]
    assert [(n.text, n.exponent) for n in powers([999_999_999, 0])] == [("1.0", 9), ("0", None)]
    assert [n.text for n in (count(25_557_032), count(412), count(0))] == ["25.6 M", "412", "0"]
    assert [difference(*pair).text for pair in ((935_994, 0.94e6), (104, 100), (100, 100))] == [
        "−0.4 %",
        "+4.0 %",
        "0.0 %",
    ]  # type: ignore[union-attr]
    assert difference(1, 0) is None


def test_how_branches_are_joined():
    for word, said in (("add", "added"), ("concat", "concatenated"), ("mean", "averaged")):
        body = f"stage s {{ {word} {{ | conv(8, 1x1) | conv(8, 3x3, padding = 1) }} }}"
        assert f"Lines that begin with | are branches whose results are {said}." in notes_of(body)


def test_an_activation_belongs_to_one_convolution():
    body = """conv(8, 1x1) -> relu
    residual { conv(8, 3x3, padding = 1) -> relu -> conv(8, 3x3, padding = 1) } -> relu"""
    assert notes_of(body)[0] == "Each conv is the sequence conv-ReLU; the last of each unit stands alone."
    told = notes_of("conv(8, 1x1) -> bn -> relu -> conv(8, 1x1) -> max_pool(2x2)")[0]
    assert told == "Each conv is the sequence conv-BN-ReLU; the last stands alone."


def test_what_stands_behind_a_pooling():
    assert "LRN stands behind the 3×3 max pool that makes 56×56." in notes("googlenet")


def test_connections_beside_the_brackets():
    said = " ".join(notes("inception_resnet_v2"))
    assert "result of each unit of inception_a, inception_b and inception_c is scaled and added" in said
    assert "some" not in said
    said = " ".join(notes("dpn92", "resnext50"))
    assert "In dpn92 a projection (a 1×1 conv) stands beside the first unit of conv2" in said
    said = " ".join(notes("shufflenet_v2_x1_0"))
    assert "Channels are shuffled at the end of each unit" in said
    assert "takes a part of the channels" in said


def test_what_is_parallel_is_printed_as_branches():
    cells = str(table("lenet5_1998").rows)
    assert "| 5×5, 3, G=3" in cells
    assert "| [| 3×3, 64; | 3×3, 64 → 3×3, 64] × 2" in str(table("fractalnet").rows)


def test_where_drop_paths_are():
    said = notes("efficientnet_b0", "swin_t")
    assert any(
        each.startswith("In efficientnet_b0 drop path (0.025 to 0.175) stands in stage3, stage4,")
        for each in said
    )
    assert any(each.startswith("In swin_t drop path (0.0182 to 0.2) stands in stage1,") for each in said)
    body = "stage s {{ residual {{ conv(8, 3x3, padding = 1) -> drop_path({}) }} }}"
    assert "Drop path (0.2) stands in s." in notes_of(body.format("0.2"))
    assert not any("rop path" in each for each in notes_of(body.format("0")))


def test_small_auxiliary_heads_change_the_number_that_is_told():
    body = "conv(256, 3x3) -> conv(64, 3x3) -> {}\n global_avg_pool -> flatten -> linear(10)"
    head = "aux(weight = 0.3) {{ global_avg_pool -> flatten -> linear({}) }}"
    small, large = (
        next(each for each in notes_of(body.format(head.format(units))) if "Auxiliary" in each)
        for units in (1, 1000)
    )
    assert "there are 166,923 parameters" in small
    assert "there are 232 k parameters" in large
