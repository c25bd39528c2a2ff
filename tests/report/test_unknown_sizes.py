"""Reports about nets of unknown sizes: expressions in tables, in JSON, and the sizes that will do."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import ogive
from ogive.layers.tensor import TensorType
from ogive.layers.unknown import Size, unknown
from ogive.report.least import usual_sizes
from ogive.report.summary import to_json, to_text
from ogive.report.units import exact, plain, shape, short, size

h, w = unknown("h"), unknown("w")

NET = """
net Net(width = 16) {
  input image: [3, ?h, 2 * ?w]
  stage stem { conv(width, 3x3, stride = 2, padding = 1) -> bn -> relu -> max_pool(2x2) }
  stage wide { conv(2 * width, 3x3, padding = 1) -> relu as skip }
  global_avg_pool -> conv(32, 1x1) -> upsample(size = [skip.height, skip.width]) -> concat(skip)
  adaptive_avg_pool(2x2) -> flatten -> linear(10)
}
"""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567 * h * w, "1.23 M * h * w"),
        (64 * h * w + 999 * h + 12, "64 * h * w"),
        (((h + 1) // 2) * ((w + 1) // 2) * 118_013_952, "29.5 M * h * w"),
        (h // 4 + 12345, "h / 4 + 12.3 k"),
        (3 * h + 5 * w, "3 * h + 5 * w"),
        (25_600_000, "25.6 M"),
    ],
)
def test_three_digits_of_what_counts(value: Size, text: str) -> None:
    assert short(value) == text


def test_units() -> None:
    assert exact(12345 * ((h + 1) // 2) + 67890) == "12,345 * ceil(h / 2) + 67,890"
    assert size(4096 * h * w + h) == "4.0 KiB * h * w"
    assert shape((64, (h + 1) // 2, w)) == "[64, ceil(h / 2), w]"
    assert (plain(h), plain(7)) == ("h", 7)


def test_the_table(golden: Callable[[str, str], None]) -> None:
    golden(to_text(ogive.loads(NET).summary()) + "\n", "golden/unknown_sizes.txt")


def test_json_has_texts_where_it_depends() -> None:
    found = json.loads(json.dumps(to_json(ogive.loads(NET).summary())))
    assert found["unknown"] == {"h": 3, "w": 2}
    assert found["inputs"] == [{"name": "image", "shape": [3, "h", "2 * w"]}]
    assert found["outputs"] == [{"name": "output", "shape": [10]}]
    assert isinstance(found["params"], int)
    assert found["stages"][0]["shape"] == [16, "floor((h + 1) / 4)", "floor(w / 2)"]


def test_a_field_follows_the_size() -> None:
    network = ogive.loads(
        "net N() { input image: [3, ?h, 8]\n conv(4, 3x3, padding = 1) -> adaptive_avg_pool(4x4)\n conv(4, 3x3) }"
    )
    fields = [str(row.field) for row in network.summary().nodes]
    assert fields[:2] == ["1", "3"]
    assert fields[2] == "[ceil(h / 4) + 3, 4]"
    assert fields[3] == "[h / 2 + ceil(h / 4) + 3, 8]"


@pytest.mark.parametrize(
    ("sizes", "least", "usual"),
    [
        ((3, h, w), {}, {"h": 224, "w": 224}),
        ((3, 32 * h, 7 * w), {}, {"h": 7, "w": 32}),
        ((h, 16), {"h": 200}, {"h": 200}),
        ((3, h, h + 8), {"h": 1}, {"h": 224}),
    ],
)
def test_usual_sizes(sizes: tuple[Size, ...], least: dict[str, int], usual: dict[str, int]) -> None:
    from ogive.layers.tensor import Layout

    assert usual_sizes([TensorType(sizes, Layout.MAP)], least) == usual


def test_the_graph_of_a_user_has_expressions() -> None:
    network = ogive.loads(NET)
    assert network.graph.nodes["stem.conv1"]["shape"] == (16, (h + 1) // 2, w)
    assert str(network.graph.nodes["stem.conv1"]["macs"]) == "432 * ceil(h / 2) * w"
    assert repr(network).startswith("<Network Net: [3, h, 2 * w] -> [10], ")
