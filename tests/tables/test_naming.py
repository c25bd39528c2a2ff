"""Rows have names that a reader understands: the program's own, or what they are made of."""

from __future__ import annotations

import re

import pytest

import ogive
from ogive.tables.building import outline
from ogive.tabulate import subject_of
from tables.grids import csv_rows, table, text


def rows(program: str) -> list[str]:
    """The names of the rows of a net."""
    return [row[0] for row in csv_rows(text(program))[1:-1]]


def net(body: str, blocks: str = "") -> str:
    return f"{blocks}\nnet N() {{ input x: 8x16x16\n {body} }}"


RESIDUAL = "residual { conv(8, 3x3, padding = 1) -> bn -> relu }"
WIDER = "residual { conv(16, 3x3, stride = 2, padding = 1) -> bn }"


def test_what_repeats_is_called_by_what_it_is_made_of():
    assert rows(net("repeat 3 { conv(8, 3x3, padding = 1) -> relu }")) == ["conv"]
    assert rows(net(f"repeat 3 {{ {RESIDUAL} }}")) == ["residual"]
    assert rows(net("flatten -> linear(4)\n repeat 3 { linear(4) -> relu }")) == ["linear1", "linear2"]
    assert rows(net("repeat 2 { Tiny(8) }", "block Tiny(w) { residual { conv(w, 1x1) } }")) == ["tiny"]


def test_units_that_make_one_row_have_one_name():
    assert rows(net(f"repeat 3 {{ {RESIDUAL} }}\n {RESIDUAL}\n {RESIDUAL}\n {WIDER}")) == [
        "residual1",
        "residual2",
    ]


def test_branches_have_the_names_of_what_they_hold():
    towers = "concat { | Tower(4) | Tower(4) }"
    tower = "block Tower(w) { conv(w, 3x3, padding = 1) -> relu -> conv(w, 3x3, padding = 1) }"
    assert rows(net(towers, tower)) == ["tower"]
    assert rows(net("concat { | conv(4, 1x1) | conv(4, 3x3, padding = 1) }")) == ["branches"]
    assert rows(net("concat { | conv(4, 1x1) | conv(4, 1x1) }")) == ["conv"]
    assert rows(net("a = conv(4, 1x1)\n b = x -> conv(4, 1x1)\n [a, b] -> add")) == ["a, b"]


def test_dense_blocks_and_cliques():
    dense = "dense(layers = 2) { bn -> conv(4, 3x3, padding = 1) }"
    clique = "clique(layers = 3) { bn -> conv(4, 3x3, padding = 1) }"
    assert rows(net(f"{dense}\n {clique}")) == ["dense", "clique"]
    assert rows(net(f"{dense}\n {dense}")) == ["dense1", "dense2"]


def test_names_that_the_program_gives_stay():
    given = "conv(4, 1x1) as conv2\n conv(4, 1x1)\n conv(4, 3x3)\n relu -> conv(6, 1x1) as fc6"
    assert rows(net(given)) == ["conv2", "conv1", "conv3", "fc6"]


def test_footnotes_use_the_names_of_rows():
    body = "conv(8, 3x3, padding = 1)\n repeat 2 { conv(8, 1x1) -> bn -> relu }\n conv(8, 3x3) -> relu"
    made = text(net(body), format_="markdown")
    names = rows(net(body))
    assert names == ["conv1", "conv2", "conv3"]
    assert all(name in names for name in re.findall(r"\bconv\d\b", made))


def test_the_zoos():
    def first(name: str) -> list[str]:
        return [str(row.cells[0].parts[0]) for row in table(name).rows if row.cells[0].parts]

    assert first("bn_mnist")[:2] == ["linear1", "linear2"]
    assert first("alexnet_towers")[2:7] == ["tower", "max pool", "linear1", "linear2", "linear3"]
    assert [name for name in first("inception_resnet_v2") if " × " in name] == [
        "inception_a × 10",
        "inception_b × 20",
        "inception_c × 10",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", ogive.list_models())
def test_no_row_is_called_by_a_word_of_the_language(name: str):
    net = ogive.load(name)
    words = {"repeat", "iteration", "merge", "block", "branch", "concat", "share"}
    stages = {region.path for region in net.unrolled.stages()}
    for part in outline(subject_of(net)):
        assert part.name
        said = {re.sub(r"\d+$", "", word) for word in part.name.split("–")}
        assert part.name in stages or part.kind == "layer" or not words & said, f"{part.name} of {name}"
