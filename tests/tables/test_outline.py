"""What a table tells of a net: every node once, equal units together, projections beside, strides apart."""

from __future__ import annotations

from itertools import groupby

import pytest

import ogive
from ogive.tables import Subject
from ogive.tables.building import outline
from ogive.tables.cells import entries, line_texts
from ogive.tables.outline import Part, Unit, units_in
from tables.grids import csv_rows, text

RESIDUAL = "block Unit(w, s = 1) { residual { conv(w, 3x3, stride = s, padding = 1) -> bn -> relu\n conv(w, 3x3, padding = 1) -> bn } -> relu }"


def parts(program: str, name: str | None = None) -> list[Part]:
    return outline(Subject(ogive.loads(program, name).unrolled))


def cells(program: str) -> list[str]:
    """The column of a net."""
    return [row[2] for row in csv_rows(text(program))[1:-1]]


def units(program: str) -> list[Unit]:
    return [unit for part in parts(program) for unit in units_in(part.elements)]


QUICK = [
    "resnet50",
    "densenet121",
    "googlenet",
    "dpn92",
    "cliquenet_s0",
    "unet",
    "siamese",
    "swin_t",
    "vit_b_16",
    "mobilenet_v3_small",
]


@pytest.mark.parametrize("name", QUICK)
def test_every_node_is_behind_one_row(name: str):
    subject = Subject(ogive.load(name).unrolled)
    order = [node.name for node in subject.order if node.name not in subject.graph.inputs]
    whole = outline(subject)
    assert sorted(node for part in whole for node in part.nodes) == sorted(order)
    rows = entries(subject, whole)
    assert sorted(node for row in rows for node in row.nodes) == sorted(order)
    assert sum(subject.params_of(row.nodes) for row in rows) == subject.params
    assert sum(subject.macs_of(row.nodes) for row in rows) == subject.macs


def test_equal_units_are_counted():
    net = f"{RESIDUAL}\nnet N() {{ input x: 8x16x16\n repeat 3 {{ Unit(8) }}\n Unit(16, 2)\n Unit(16) }}"
    assert cells(net) == ["[3×3, 8; 3×3, 8] × 3", "[3×3, 16; 3×3, 16] × 2"]
    (first, second) = units(net)
    assert (first.strides, second.strides) == ((), (("3×3 conv", "2"),))
    assert first.kinds == second.kinds == {"residual"}


def test_a_stride_that_is_not_the_firsts_keeps_units_apart():
    net = f"{RESIDUAL}\nnet N() {{ input x: 8x16x16\n stage s {{ Unit(8)\n Unit(8, 2)\n Unit(8) }} }}"
    assert [unit.count for unit in units(net)] == [1, 2]


def test_units_beside_each_other_are_not_one_behind_the_other():
    net = f"""{RESIDUAL}
    net N() {{ input x: 8x16x16
      stage s {{
        a = x -> Unit(8)
        b = x -> Unit(8)
        [a, b] -> concat
      }} }}"""
    assert [unit.count for unit in units(net)] == [1, 1]


def test_units_in_turn_are_counted_in_pairs():
    body = "residual { conv(8, 3x3, padding = 1) }\n residual { conv(8, 5x5, padding = 2) }"
    net = f"net N() {{ input x: 8x16x16\n stage s {{ {body}\n {body}\n {body} }} }}"
    assert cells(net) == ["[[3×3, 8]; [5×5, 8]] × 3"]


def test_few_equal_layers_are_lines_and_many_a_bracket():
    def net(n: int) -> str:
        return f"net N() {{ input x: 8x16x16\n stage s {{ for _ in 0..{n} {{ conv(8, 3x3, padding = 1) -> relu }} }} }}"

    assert cells(net(4)) == ["; ".join(["3×3, 8"] * 4)]
    assert cells(net(5)) == ["[3×3, 8] × 5"]


def test_dense_blocks_in_a_row_stay_two():
    dense = "dense(layers = 4) { bn -> relu -> conv(6, 3x3, padding = 1) }"
    net = f"net N() {{ input x: 8x16x16\n stage s {{ {dense}\n {dense} }} }}"
    assert [(unit.count, unit.growth) for unit in units(net)] == [(4, 6), (4, 6)]


def test_a_projection_that_is_written_out_stands_beside_the_unit():
    """As in the first unit of a stage of a dual path network (Chen et al. 2017)."""
    net = """
    block Forked(w) {
      short = in -> conv(w, 1x1)
      in -> conv(4, 1x1) -> relu -> conv(w, 3x3, padding = 1) -> add(short)
    }
    net N() { input x: 8x16x16
      stage s { Forked(16) } }"""
    assert cells(net) == ["[1×1, 4; 3×3, 16] × 1"]
    (unit,) = units(net)
    assert unit.kinds == {"residual"}


def test_channels_that_are_split_between_a_sum_and_a_concatenation():
    net = """
    block Dual[r, d](w, inc) {
      [r, d] -> concat -> conv(w + inc, 1x1) -> split(w, inc) as [a, b]
      output res = r -> add(a)
      output dense = d -> concat(b)
    }
    net N() { input x: 12x16x16
      split(8, 4) as [r, d]
      stage s { [r, d] -> Dual(8, 4) -> concat } }"""
    assert cells(net) == ["[1×1, 8 (+4)] × 1"]


def test_a_gate_is_one_line_with_its_width_inside():
    net = """
    block SE(r) { mul { | identity | global_avg_pool -> conv(in.channels // r, 1x1) -> relu -> conv(in.channels, 1x1) -> sigmoid } }
    net N() { input x: 8x16x16
      stage s { residual { conv(8, 3x3, padding = 1) -> bn -> SE(4) } }
      stage t { mul { | identity | conv(8, 1x1) -> sigmoid } } }"""
    assert cells(net) == ["[3×3, 8; SE, 2] × 1", "gate"]


def test_branches_are_lines():
    net = """
    net N() { input x: 8x16x16
      stage s {
        concat { | identity | conv(4, 1x1) -> relu -> concat { | conv(2, 1x3, padding = 0x1) | conv(2, 3x1, padding = 1x0) } }
      } }"""
    assert cells(net) == ["[| identity; | 1×1, 4 → (1×3, 2 | 3×1, 2)]"]


def test_what_is_shared_is_told_once():
    net = """
    block Twin() { conv(4, 3x3) -> relu -> conv(4, 3x3) -> relu }
    net N() { input a: 3x16x16
      input b: 3x16x16
      share twin = Twin
      other = b -> twin
      a -> twin -> sub(other)
      stage s { repeat 3 share { conv(4, 3x3, padding = 1) -> relu } } }"""
    rows = {row[0]: row[2:] for row in csv_rows(text(net))[1:]}
    assert rows["twin"][:2] == ["3×3, 4", "148"]
    assert rows["twin_2"][:2] == ["as twin, same weights", ""]
    assert rows["s"][:2] == ["[3×3, 4] × 3", "148"]


def test_skips_that_are_taken_up_again_are_named():
    net = """
    net N() { input x: 3x16x16
      stage down { conv(4, 3x3, padding = 1) }
      stage low { max_pool(2x2) -> conv(8, 3x3, padding = 1) }
      stage up { conv_transpose(4, 2x2, stride = 2) as u
        down -> concat(u) -> conv(4, 3x3, padding = 1) } }"""
    assert cells(net)[-1] == "2×2 up-conv, 4, ×2; concat, down; 3×3, 4"


def test_rows_outside_of_stages_have_the_names_of_layers_and_blocks():
    net = """
    block Body(w) { conv(w, 3x3, padding = 1) -> relu -> max_pool(2x2) }
    net N() { input x: 3x32x32
      conv(4, 3x3, padding = 1)
      max_pool(2x2)
      Body(8) as body
      conv(8, 1x1)
      repeat 2 { Body(8) }
      global_avg_pool -> flatten -> linear(3) }"""
    names = [name for name, _ in groupby(row[0] for row in csv_rows(text(net))[1:])]
    assert names == ["conv1", "max pool", "body", "conv2", "body1", "linear", "total"]


def test_a_stage_of_several_sizes_has_a_row_for_each():
    net = "net N() { input x: 3x16x16\n stage s { conv(4, 3x3) -> relu -> conv(4, 3x3) -> max_pool(2x2) } }"
    rows = csv_rows(text(net))[1:-1]
    assert [(row[0], row[1]) for row in rows] == [("s", "14×14"), ("s", "12×12"), ("s", "6×6")]


@pytest.mark.parametrize(("program", "sizes"), [
    ("net N() { input x: 3x8x8\n conv(4, 1x1) }", ["8×8"]),
    ("net N() { input x: 3x8x8\n relu }", ["8×8"]),
    ("net N() { input x: 3x8x8\n here }", []),
    ("net N() { input x: [3, 2 * ?h, ?w]\n max_pool(2x1) -> conv(4, 1x1) }", ["h×w", "h×w"]),
    ("net N() { input v: 1x16x32x32\n conv(4, 3x3x3, padding = 1) -> global_avg_pool -> flatten -> linear(2) }", ["16×32×32", "1×1×1"]),
    ("net N() { input w: 4x100\n conv(8, 5, stride = 5) }", ["20"]),
    ("net N() { input x: 1x4x4\n flatten -> linear(8) -> relu -> linear(2) }", ["8", "2"]),
    ("net N() { input t: int [12]\n embedding(100, 16) -> lstm(8) }", ["12", "12"]),
])  # fmt: skip
def test_sizes(program: str, sizes: list[str]):
    assert [row[1] for row in csv_rows(text(program))[1:-1]] == sizes


def test_nested_stacks_stand_in_a_line():
    net = f"""{RESIDUAL}
    block Group() {{ conv(8, 1x1)
      repeat 2 {{ Unit(8) }} }}
    net N() {{ input x: 8x16x16
      stage s {{ repeat 3 {{ Group }} }} }}"""
    (part,) = parts(net)
    assert line_texts(part.elements) == ["[1×1, 8; [3×3, 8; 3×3, 8] × 2] × 3"]
