"""Captions of nets that stand side by side count what no box shows."""

from __future__ import annotations

import ogive
from ogive.backends.draw import Options, drawing
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.unsaid import unsaid


def subject(text: str, title: str) -> Subject:
    net = ogive.loads(text)
    return Subject(net.ir, net.unrolled, title)


PLAIN = subject("net A() { input x: 3x8x8; repeat 3 { conv(4, 3x3, padding = 1) -> bn -> relu } }", "plain")
BARE = subject("net B() { input x: 3x8x8; conv(4, 3x3) -> max_pool(2x2) }", "bare")


def test_each_net_has_its_own_numbers() -> None:
    """He et al. 2015: each of the 33 convolutions is followed by batch normalization; three shortcuts more."""
    nets = [(name, ogive.load(name)) for name in ("vgg19", "plain34", "resnet34")]
    (said,) = unsaid([Subject(net.ir, net.unrolled, name) for name, net in nets])
    assert said == (
        "Not drawn, but part of the nets: in vgg19 18 ReLU and 2 dropout layers; "
        "in plain34 33 batch normalization and 33 ReLU layers; in resnet34 36 batch normalization and 33 ReLU layers."
    )


def test_equal_nets_are_told_together_and_nothing_is_said_of_nothing() -> None:
    (said,) = unsaid([PLAIN, BARE, PLAIN])
    assert said.endswith("in plain and plain each 3 batch normalization and 3 ReLU layers.")
    assert not list(unsaid([BARE, BARE]))


def test_it_stands_in_the_caption_of_several_nets_alone() -> None:
    assert "Not drawn" in drawing([PLAIN, BARE], "tikz", Options()).caption
    assert "Not drawn" not in drawing([PLAIN], "tikz", Options()).caption
