"""Figures of tensors of all nets: nothing covers anything else, and all type is legible."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ogive
from backends.draw.tensor_scenes import COLUMN, PAGE, boxes, faults, printed_type, subject, zoo
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.styles.tensors import scene
from ogive.backends.draw.subject import Subject

_NET = re.compile(r"^net (\w+)", re.MULTILINE)
_VARIANT = re.compile(r"^variant (\w+)", re.MULTILINE)


@pytest.mark.parametrize("name", ogive.list_models())
def test_every_net_of_the_zoo_is_drawn(name: str):
    drawing = zoo(name)
    assert len(boxes(drawing)) >= 3
    assert not faults(drawing)
    assert printed_type(drawing, PAGE) >= look.LEAST_TYPE - 0.01


ARCHITECTURES = Path(__file__).parents[2] / "architectures"
NETS = [
    (path.name, name)
    for path in sorted(ARCHITECTURES.glob("*.arch"))
    for name in _VARIANT.findall(path.read_text()) or _NET.findall(path.read_text())
]


@pytest.mark.parametrize(("file", "name"), NETS)
def test_other_nets_are_drawn(file: str, name: str):
    net = ogive.load(f"{ARCHITECTURES / file}:{name}")
    for room in (PAGE, COLUMN):
        drawing = scene(Subject(net.ir, net.unrolled), Colours(), fit=room)
        assert not faults(drawing)
        assert printed_type(drawing, room) >= look.LEAST_TYPE - 0.01


@pytest.mark.parametrize(
    "name", ["unet", "resnet18", "vgg16", "googlenet", "densenet121", "vit_b_16", "mobilenet_v2"]
)
def test_a_column_of_a_page_shows_less_of_a_net(name: str):
    drawing = scene(subject(name), Colours(), fit=COLUMN)
    assert not faults(drawing)
    assert printed_type(drawing, COLUMN) >= look.LEAST_TYPE - 0.01
    assert len(boxes(drawing)) <= len(boxes(zoo(name)))
