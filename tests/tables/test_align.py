"""Several nets beside each other: what they have in common in one row, in the order of each."""

from __future__ import annotations

import random

import pytest

from ogive.tables import written
from ogive.tables.align import aligned
from ogive.tables.building import outline
from ogive.tables.cells import Entry, entries
from tables.grids import csv_rows, subjects, table


def entry(name: str, size: int = 8, cell: str = "x", *, continues: bool = False) -> Entry:
    return Entry(name, continues, f"{size}×{size}", 16 - size.bit_length(), (cell,), ())


def names(rows: list[tuple[Entry | None, ...]]) -> list[str]:
    return [" ".join(e.name if e else "-" for e in row) for row in rows]


def test_equal_names_stand_in_one_row():
    a = [entry("stem"), entry("a"), entry("b"), entry("end")]
    b = [entry("stem"), entry("b"), entry("c"), entry("end")]
    assert names(aligned([a, b])) == ["stem stem", "a -", "b b", "- c", "end end"]


def test_other_names_of_one_size_stand_in_one_row():
    a = [entry("conv2", 56), entry("conv3", 28)]
    b = [entry("dense1", 56), entry("transition1", 28), entry("dense2", 28, "y")]
    assert names(aligned([a, b]))[0] == "conv2 dense1"


def test_other_names_of_other_sizes_stand_apart():
    assert names(aligned([[entry("a", 8)], [entry("b", 4)]])) == ["a -", "- b"]


@pytest.mark.parametrize("seed", range(20))
def test_every_net_keeps_its_rows_in_order(seed: int):
    draw = random.Random(seed)
    nets = [
        [entry(draw.choice("abcdef"), draw.choice((8, 4, 2)), continues=draw.random() < 0.3) for _ in range(draw.randrange(9))]
        for _ in range(draw.randrange(1, 5))
    ]  # fmt: skip
    rows = aligned(nets)
    assert all(len(row) == len(nets) for row in rows)
    assert all(any(row) for row in rows)
    for number, net in enumerate(nets):
        assert [row[number] for row in rows if row[number] is not None] == net


def test_very_long_nets_are_aligned_by_name():
    a = [entry(f"{n}") for n in range(3000)]
    b = [entry("new"), *a[:1000], *a[1001:]]
    rows = aligned([a, b])
    assert len(rows) == 3001
    assert names(rows)[:2] == ["- new", "0 0"]
    assert names(rows)[1001] == "1000 -"


def test_families_of_other_make_stand_beside_each_other_by_size():
    rows = csv_rows(written(table("resnet50", "dpn92", "vgg16"), "csv"))
    row, below = (row for row in rows if row[0] == "conv3 / conv4")
    assert row[1] == "28×28"
    assert below == ["conv3 / conv4", "14×14", "", "", "2×2 max pool, stride 2"]
    assert [cell.split(",")[0] for cell in row[2:]] == ["[1×1", "[1×1", "3×3"]
    assert ["fc7", "1×1", "", "", "4096-d fc"] in rows


def test_a_size_wins_over_a_name():
    a = [entry("conv1", 32), entry("conv2", 16), entry("conv3", 8)]
    b = [entry("conv1", 16), entry("conv2", 8), entry("conv3", 4)]
    assert names(aligned([a, b])) == ["conv1 -", "conv2 conv1", "conv3 conv2", "- conv3"]


def test_what_stands_in_one_row_has_one_size_or_says_whose():
    rows = csv_rows(written(table("vgg16", "resnet18", "googlenet"), "csv"))
    assert not any("," in row[1] for row in rows[1:])
    assert next(row for row in rows if row[0] == "conv3 / conv2")[1] == "56×56"
    rows = csv_rows(written(table("inception_v3", "googlenet", rows="stages"), "csv"))
    (row,) = (row for row in rows if row[0] == "mixed_5b / 3a")
    assert row[1] == "35×35 (inception_v3); 28×28 (googlenet)"


def test_the_rows_of_a_part_are_named_once():
    (subject,) = subjects("resnet50")
    rows = entries(subject, outline(subject))
    assert [(row.name, row.continues) for row in rows[:3]] == [
        ("conv1", False),
        ("conv1", True),
        ("conv2", False),
    ]
    spans = [row.cells[0].rows for row in table("resnet50", "resnet18").rows]
    assert spans[:3] == [2, 1, 1]
