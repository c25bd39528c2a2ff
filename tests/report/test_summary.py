"""The table and its JSON."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import ogive
from ogive.report.summary import Summary, summarize, to_json, to_text
from ogive.report.units import shape, short, size


def summary(name: str, depth: int = 0) -> Summary:
    net = ogive.load(name)
    return summarize(net.ir, net.unrolled, depth=depth)


@pytest.mark.parametrize(
    ("name", "depth"), [("lenet5", 0), ("resnet18", 1), ("googlenet", 0), ("cliquenet_k36_t12", 0)]
)
def test_the_table(name: str, depth: int, golden: Callable[[str, str], None]):
    golden(to_text(summary(name, depth)) + "\n", f"golden/{name}-{depth}.txt")


@pytest.mark.parametrize("name", ["resnet50", "densenet121", "googlenet", "cliquenet_k36_t12"])
def test_every_depth_adds_up(name: str):
    for depth in range(4):
        result = summary(name, depth)
        tops = [row for row in result.rows if row.level == 0]
        assert sum(row.params for row in tops) == result.params
        assert sum(row.macs for row in tops) == result.macs


def test_an_opened_part_is_the_sum_of_its_parts():
    rows = summary("resnet50", 2).rows
    for position, row in enumerate(rows):
        if row.opened:
            inside = []
            for other in rows[position + 1 :]:
                if other.level <= row.level:
                    break
                if other.level == row.level + 1:
                    inside.append(other)
            assert row.params == sum(other.params for other in inside)
            assert row.shape == inside[-1].shape


def test_json_has_exactly_these_fields():
    value = json.loads(json.dumps(to_json(summary("resnet50"))))
    assert list(value) == [
        "name", "params", "macs", "inputs", "unknown", "outputs", "notes", "stages", "nodes",
    ]  # fmt: skip
    assert value["inputs"] == [{"name": "image", "shape": [3, 224, 224]}]
    assert value["outputs"] == [{"name": "output", "shape": [1000]}]
    assert [stage["name"] for stage in value["stages"]] == ["conv1", "conv2", "conv3", "conv4", "conv5"]
    assert {key for stage in value["stages"] for key in stage} == {"name", "shape", "params", "macs"}
    assert {key for node in value["nodes"] for key in node} == {"name", "kind", "shape", "params", "macs"}
    assert sum(node["params"] for node in value["nodes"]) == value["params"] == 25_557_032
    assert sum(node["macs"] for node in value["nodes"]) == value["macs"]


def test_heads_are_in_no_row_and_said_apart():
    result = summary("googlenet", 9)
    assert sum(row.params for row in result.nodes) == result.params
    assert result.params_with_heads > result.params
    assert f"{result.params:,}; {result.params_with_heads:,} with both aux heads" in to_text(result)


def test_a_net_without_heads_speaks_of_none():
    assert "aux" not in to_text(summary("resnet18"))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (999, "999"), (1000, "1.00 k"), (25_557_032, "25.6 M"), (4_089_184_256, "4.09 G"),
        (999_499, "999 k"), (999_500, "1.00 M"), (11_500_000_000, "11.5 G"), (3 * 10**12, "3.00 T"),
    ],
)  # fmt: skip
def test_short_numbers(number: int, text: str):
    assert short(number) == text


def test_sizes_and_shapes():
    assert [size(n) for n in (0, 1023, 1024, 1536 * 1024)] == ["0 B", "1023 B", "1.0 KiB", "1.5 MiB"]
    assert shape((64, 56, 56)) == "64x56x56"
    assert shape((10,)) == "10"
