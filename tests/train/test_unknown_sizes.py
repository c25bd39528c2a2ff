"""A net of unknown sizes is trained on images of the data set's size, or the nearest that it takes."""

from __future__ import annotations

import pytest

from ogive.layers.unknown import Size, unknown
from ogive.train.checks import image_shape

h, w = unknown("h"), unknown("w")


@pytest.mark.parametrize(
    ("shape", "least", "found"),
    [
        ((1, h, w), {"h": 1, "w": 1}, (1, 8, 8)),
        ((3, h, w), {"h": 11, "w": 2}, (3, 11, 8)),
        ((1, 32 * h, 3 * w), {}, (1, 32, 9)),
        ((1, 12, h), {}, (1, 12, 8)),
        ((1, h, h + 2), {}, (1, 8, 10)),
    ],
)
def test_the_size_of_the_images(
    shape: tuple[Size, ...], least: dict[str, int], found: tuple[int, int, int]
) -> None:
    assert image_shape([("image", shape)], "digits", (1, 8, 8), least) == found
