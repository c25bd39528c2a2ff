"""The tables of five papers, each by one call, beside what those papers print."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import ogive
from ogive.tables import written
from tables.grids import csv_rows, subjects, table

PAPERS = {
    "resnet": ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    "densenet": ("densenet121", "densenet169", "densenet201", "densenet161"),
    "googlenet": ("googlenet",),
    "dpn": ("dpn92", "dpn98", "dpn131", "resnext50"),
    "cliquenet": ("cliquenet_s0", "cliquenet_s1", "cliquenet_s2", "cliquenet_s3"),
    "cliquenet_cifar": ("cliquenet_k36_t12", "cliquenet_k64_t15", "cliquenet_k80_t15", "cliquenet_k80_t18"),
    "vgg": ("vgg11", "vgg13", "vgg16", "vgg19"),
    "bn_inception": ("bn_inception_608",),
}


@pytest.mark.parametrize("name", PAPERS)
def test_markdown(name: str, golden: Callable[[str, str], None]):
    golden(written(table(*PAPERS[name]), "markdown"), f"golden/{name}.md")


@pytest.mark.parametrize(("name", "format_", "ending"), [
    ("resnet", "latex", "tex"), ("resnet", "html", "html"), ("resnet", "csv", "csv"),
    ("googlenet", "latex", "tex"), ("googlenet", "html", "html"), ("densenet", "latex", "tex"),
])  # fmt: skip
def test_other_formats(name: str, format_: str, ending: str, golden: Callable[[str, str], None]):
    golden(written(table(*PAPERS[name]), format_), f"golden/{name}.{ending}")


def test_compared(golden: Callable[[str, str], None]):
    golden(written(table("googlenet", compare=True), "markdown"), "golden/googlenet_compared.md")
    names = ("cliquenet_k36_t12", "cifar_densenet_40_12", "cifar_densenet_100_12")
    golden(written(table(*names, compare=True), "markdown"), "golden/cliquenet_compared.md")


def rows_of(*names: str) -> dict[str, list[list[str]]]:
    """The cells of the networks, by the name of their row."""
    found: dict[str, list[list[str]]] = {}
    for name, _, *cells in csv_rows(written(table(*names), "csv"))[1:]:
        found.setdefault(name, []).append(cells)
    return found


def test_resnet():
    """He et al. 2015, table 1."""
    rows = rows_of(*PAPERS["resnet"])
    assert rows["conv1"] == [["7×7, 64, stride 2"] * 5, ["3×3 max pool, stride 2"] * 5]
    layers = {2: (2, 3, 3, 3, 3), 3: (2, 4, 4, 4, 8), 4: (2, 6, 6, 23, 36), 5: (2, 3, 3, 3, 3)}
    for stage, counts in layers.items():
        width = 64 * 2 ** (stage - 2)
        basic = f"[3×3, {width}; 3×3, {width}]"
        deep = f"[1×1, {width}; 3×3, {width}; 1×1, {4 * width}]"
        units = (basic, basic, deep, deep, deep)
        assert rows[f"conv{stage}"] == [[f"{unit} × {n}" for unit, n in zip(units, counts, strict=True)]]
    assert rows["linear"] == [["global average pool, 1000-d fc"] * 5]
    assert [int(params) for params in rows["params"][0]] == [s.params for s in subjects(*PAPERS["resnet"])]


def test_the_first_unit_of_a_stage_has_the_stride():
    notes = [note.text for note in table("resnet50", "resnet50_paper").notes]
    said = (
        "The first unit of conv3, conv4 and conv5 has stride 2: at its 3×3 conv in resnet50, at its first "
        "1×1 conv in resnet50_paper."
    )
    assert said in notes


def test_densenet():
    """Huang et al. 2017, table 1, and section 3."""
    rows = rows_of(*PAPERS["densenet"])
    blocks = {1: (6,) * 4, 2: (12,) * 4, 3: (24, 32, 48, 36), 4: (16, 32, 32, 24)}
    for block, counts in blocks.items():
        assert rows[f"dense{block}"] == [[f"[1×1 conv; 3×3 conv] × {n}" for n in counts]]
    for block in (1, 2, 3):
        assert rows[f"transition{block}"] == [["1×1 conv"] * 4, ["2×2 average pool, stride 2"] * 4]
    assert rows["conv"] == [["7×7 conv, stride 2"] * 4]
    notes = " ".join(note.text for note in table(*PAPERS["densenet"]).notes)
    assert "Each conv is the sequence BN-ReLU-conv" in notes
    assert "The growth rate is k = 32, and k = 48 in densenet161." in notes
    assert "a 1×1 conv has 4k channels and a 3×3 conv has k channels" in notes
    assert "a 1×1 conv behind a dense block keeps half of the channels; the first 7×7 conv has 2k." in notes


GOOGLENET = """
convolution | 7×7/2 | 112×112×64 | 1 | | | | | |
max pool | 3×3/2 | 56×56×64 | 0 | | | | | |
convolution | 3×3/1 | 56×56×192 | 2 | | 64 | 192 | | |
max pool | 3×3/2 | 28×28×192 | 0 | | | | | |
inception (3a) | | 28×28×256 | 2 | 64 | 96 | 128 | 16 | 32 | 32
inception (3b) | | 28×28×480 | 2 | 128 | 128 | 192 | 32 | 96 | 64
max pool | 3×3/2 | 14×14×480 | 0 | | | | | |
inception (4a) | | 14×14×512 | 2 | 192 | 96 | 208 | 16 | 48 | 64
inception (4b) | | 14×14×512 | 2 | 160 | 112 | 224 | 24 | 64 | 64
inception (4c) | | 14×14×512 | 2 | 128 | 128 | 256 | 24 | 64 | 64
inception (4d) | | 14×14×528 | 2 | 112 | 144 | 288 | 32 | 64 | 64
inception (4e) | | 14×14×832 | 2 | 256 | 160 | 320 | 32 | 128 | 128
max pool | 3×3/2 | 7×7×832 | 0 | | | | | |
inception (5a) | | 7×7×832 | 2 | 256 | 160 | 320 | 32 | 128 | 128
inception (5b) | | 7×7×1024 | 2 | 384 | 192 | 384 | 48 | 128 | 128
"""
"""Szegedy et al. 2015, table 1, its first ten columns; the paper's average pool is global here."""


def test_googlenet():
    header, *rows = csv_rows(written(table("googlenet"), "csv"))
    assert header == [
        "type", "patch size/stride", "output size", "depth", "#1×1", "#3×3 reduce", "#3×3", "#5×5 reduce", "#5×5",
        "pool proj", "params", "FLOPs",
    ]  # fmt: skip
    expected = [[cell.strip() for cell in line.split("|")] for line in GOOGLENET.strip().split("\n")]
    assert [row[:10] for row in rows[:15]] == [row + [""] * (10 - len(row)) for row in expected]
    assert [row[0] for row in rows[15:]] == ["global average pool", "dropout (40 %)", "linear", "total"]


BN_INCEPTION = """
inception (3a) | | 3 | 64 | 64 | 64 | 64 | 96 | avg + 32
inception (3b) | | 3 | 64 | 64 | 96 | 64 | 96 | avg + 64
reduction (3c) | stride 2 | 3 | | 128 | 160 | 64 | 96 | max
inception (4a) | | 3 | 224 | 64 | 96 | 96 | 128 | avg + 128
inception (4b) | | 3 | 192 | 96 | 128 | 96 | 128 | avg + 128
inception (4c) | | 3 | 160 | 128 | 160 | 128 | 160 | avg + 128
inception (4d) | | 3 | 96 | 128 | 192 | 160 | 192 | avg + 128
reduction (4e) | stride 2 | 3 | | 128 | 192 | 192 | 256 | max
inception (5a) | | 3 | 352 | 192 | 320 | 160 | 224 | avg + 128
inception (5b) | | 3 | 352 | 192 | 320 | 192 | 224 | max + 128
"""
"""Ioffe & Szegedy 2015, figure 5, without its output sizes, which contradict the widths."""


def test_bn_inception():
    header, *rows = csv_rows(written(table("bn_inception_608"), "csv"))
    assert header[4:10] == ["#1×1", "#3×3 reduce", "#3×3", "double #3×3 reduce", "double #3×3", "pool proj"]
    modules = [[*row[:2], *row[3:10]] for row in rows if "(" in row[0] and "dropout" not in row[0]]
    expected = [[cell.strip() for cell in line.split("|")] for line in BN_INCEPTION.strip().split("\n")]
    assert modules == expected


def test_dpn():
    """Chen et al. 2017, table 1: the units of DPN-92 and DPN-98, beside those of ResNeXt-50 (32x4d)."""
    rows = rows_of("dpn92", "dpn98", "resnext50")
    assert rows["conv2"][0] == [
        "[1×1, 96; 3×3, 96, G=32; 1×1, 256 (+16)] × 3",
        "[1×1, 160; 3×3, 160, G=40; 1×1, 256 (+16)] × 3",
        "[1×1, 128; 3×3, 128, G=32; 1×1, 256] × 3",
    ]
    assert rows["conv4"][0] == [
        "[1×1, 384; 3×3, 384, G=32; 1×1, 1024 (+24)] × 20",
        "[1×1, 640; 3×3, 640, G=40; 1×1, 1024 (+32)] × 20",
        "[1×1, 512; 3×3, 512, G=32; 1×1, 1024] × 6",
    ]
    assert rows["conv1"][0] == ["7×7, 64, stride 2", "7×7, 96, stride 2", "7×7, 64, stride 2"]
    assert rows["max pool"] == [["3×3 max pool, stride 2"] * 3]


def test_cliquenet():
    """The constructors of the authors' code: channels and layers of the four blocks."""
    rows = rows_of(*PAPERS["cliquenet"])
    k = {
        "s0": (36, 64, 100, 80),
        "s1": (36, 80, 120, 100),
        "s2": (36, 80, 150, 120),
        "s3": (40, 80, 160, 160),
    }
    n = {"s0": (5, 6, 6, 6), "s1": (5, 6, 6, 6), "s2": (5, 5, 6, 6), "s3": (6, 6, 6, 6)}
    for block in range(4):
        cells = [f"[1×1, {k[net][block]}; 3×3, {k[net][block]}] × {n[net][block]}" for net in k]
        assert rows[f"block{block + 1}"] == [cells]


def test_vgg():
    """Simonyan & Zisserman 2015, table 1, columns A, B, D and E: conv3-64 is 3×3, 64 here."""
    rows = rows_of(*PAPERS["vgg"])
    numbers = {1: (1, 2, 2, 2), 2: (1, 2, 2, 2), 3: (2, 2, 3, 4), 4: (2, 2, 3, 4), 5: (2, 2, 3, 4)}
    widths = {1: 64, 2: 128, 3: 256, 4: 512, 5: 512}
    for stage, counts in numbers.items():
        convs, pools = rows[f"conv{stage}"]
        assert convs == ["; ".join([f"3×3, {widths[stage]}"] * n) for n in counts]
        assert pools == ["2×2 max pool, stride 2"] * 4
    assert [rows[f"fc{n}"][0][0] for n in (6, 7, 8)] == ["4096-d fc", "4096-d fc", "1000-d fc"]


def test_the_pages_calls_and_the_papers_flops():
    """What docs/tables.md calls the tables of papers names networks of the zoo, and prints what it says there."""
    page = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
    calls = re.findall(r"^ogive table ([\w ]+?)(?= +-| +#|$)", page, re.MULTILINE)
    assert len(calls) >= 6
    assert all(set(call.split()) <= set(ogive.list_models()) for call in calls)
    he = next(call.split() for call in calls if "resnet50_paper" in call)
    flops = [f"{int(each) / 1e9:.1f}" for each in rows_of(*he)["FLOPs"][0]]
    assert f"with {', '.join(flops[:-1])} and {flops[-1]} × 10⁹ FLOPs" in page
