"""A difference as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import ogive
from ogive.layers.base import Size
from ogive.network import Network
from ogive.report.depth import depth
from ogive.report.difference.json import to_json
from ogive.report.difference.text import signed, where
from ogive.report.difference.totals import totals

GOLDENS = {
    "blocks": ("resnet50", "resnet101", []),
    "wider": ("resnet50", "resnext50", []),
    "another-net": ("googlenet", "bn_inception", []),
    "clique": ("cliquenet_k36_t12", "cliquenet_k36_t12_abc", []),
    "edited": ("resnet50", "resnet50", ["remove bn", "insert dropout(0.1) after relu", "replace relu with gelu"]),
    "unknown-sizes": ("transformer_encoder", "transformer_encoder", ["replace relu with gelu", "set linear(bias = false)"]),
    "same": ("lenet5", "lenet5", []),
}  # fmt: skip


def nets(name: str) -> tuple[Network, Network]:
    a, b, edits = GOLDENS[name]
    return ogive.load(a), ogive.load(b, edits=edits)


@pytest.mark.parametrize("name", GOLDENS)
def test_text(name: str, golden: Callable[[str, str], None]):
    golden(f"{ogive.diff(*nets(name))}\n", f"golden/difference-{name}.txt")


def test_marks_begin_a_line_and_paths_follow():
    for block in str(ogive.diff(*nets("another-net"))).split("\n\n")[1:-1]:
        first, paths, *_ = block.split("\n")
        assert first[0] in "+-~= "
        assert first[1] == " "
        assert paths.startswith("    ")


@pytest.mark.parametrize("name", ["another-net", "unknown-sizes", "same"])
def test_json_says_the_same_as_the_text(name: str):
    found = ogive.diff(*nets(name))
    value = json.loads(json.dumps(to_json(found)))
    assert value["same"] is found.same
    assert [group["title"] for group in value["groups"]] == [group.title for group in found.groups]
    for at, group in enumerate(value["groups"]):
        inside = [change for change in value["changes"] if change["group"] == at]
        assert len(inside) == group["count"]
        assert {change["kind"] for change in inside} <= {group["kind"]}
        assert sum(change["params"] for change in inside) == group["params"]
    assert all(change["a"] or change["b"] for change in value["changes"])


def test_totals():
    a, b = ogive.load("resnet50"), ogive.load("resnet50", classes=10)
    found = {total.name: total for total in totals(a.ir, a.unrolled, b.ir, b.unrolled)}
    assert found["params"].difference == b.params - a.params == -990 * 2049
    assert found["params"].percent == pytest.approx(100 * (b.params / a.params - 1))
    assert (found["output"].a, found["output"].b, found["output"].difference) == ("1000", "10", None)
    assert "params_with_heads" not in found
    assert "products" not in found


def test_totals_with_heads_and_products():
    a, b = ogive.load("googlenet"), ogive.load("vit_b_16")
    found = {total.name: total for total in totals(a.ir, a.unrolled, b.ir, b.unrolled)}
    assert found["params_with_heads"].a == 13_378_280
    assert found["products"].a == 0
    assert found["products"].b


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("lenet5", 5), ("alexnet", 8), ("vgg16", 16), ("vgg19", 19), ("googlenet", 22), ("resnet18", 18),
        ("resnet34", 34), ("resnet50", 50), ("resnet101", 101), ("resnet152", 152), ("densenet121", 121),
        ("densenet169", 169), ("densenet201", 201), ("cifar_resnet110", 110), ("cifar_densenet_40_12", 40),
    ],
)  # fmt: skip
def test_depth_is_what_papers_count(name: str, layers: int):
    """The numbers in the names, and those of the papers' tables: 22 layers with weights in GoogLeNet."""
    assert depth(ogive.load(name).unrolled) == layers


@pytest.mark.parametrize(("number", "text"), [(1500, "+1.50 k"), (-2_000_000, "−2.00 M"), (0, "+0")])
def test_signed(number: Size, text: str):
    assert signed(number) == text


def test_where_names_few_paths_and_counts_many():
    found = ogive.diff(ogive.load("resnet50"), ogive.load("resnet50", edits=["replace relu with gelu"]))
    items = [change.item for change in found.changes]
    assert where(items[:3]) == "conv1.gelu1, conv2.bottleneck1.gelu1, conv2.bottleneck1.gelu2"
    assert where(items[1:6]) == "conv2.bottleneck1.gelu1 … conv2.bottleneck2.gelu2"
    assert where(items) == "conv1, conv2 ×9, conv3 ×12, conv4 ×18, conv5 ×9"


def field(name: str, **given: list[str]) -> object:
    net = ogive.load(name, **given)
    return next(
        each.b
        for each in totals(net.ir, net.unrolled, net.ir, net.unrolled)
        if each.name == "receptive_field"
    )


def test_a_net_whose_places_see_everything_says_so():
    assert field("resnet50") == 427, "global pooling leaves no places"
    assert field("seresnet50") == "all"
    assert field("vit_b_16") == "all"
    found = ogive.diff(ogive.load("resnet50"), ogive.load("seresnet50"))
    row = next(line for line in str(found).split("\n") if line.startswith("receptive field"))
    assert row.split() == ["receptive", "field", "427", "all", "other"]
    total = next(each for each in to_json(found)["totals"] if each["name"] == "receptive_field")
    assert (total["unit"], total["a"], total["b"], total["difference"]) == ("text", "427", "all", None)


def test_a_receptive_field_that_is_no_whole_number_has_a_difference():
    text = "net N() {{\n  input x: 1x16x16\n  conv(1, 3x3) -> upsample(scale_factor = 8) -> conv(1, {})\n}}"
    small, large = (ogive.loads(text.format(kernel)) for kernel in ("3x3", "5x5"))

    def row(b: Network) -> list[str]:
        lines = str(ogive.diff(small, b)).split("\n")
        return next(line for line in lines if line.startswith("receptive field")).split()[2:]

    first, second, more = row(large)
    assert "." in first
    assert float(more) == float(second) - float(first) > 0
    edited = ogive.loads(text.format("3x3").replace("upsample", "relu -> upsample"))
    assert row(edited) == [first, first, "0"]
