"""Dense blocks of very many layers: what is left out of a drawing is said, and drawn when asked for."""

from __future__ import annotations

from math import comb

import pytest

import ogive
from backends.draw.test_arcs import dense_arrows, zoo
from ogive.backends.draw import drawing
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.options import Options
from ogive.backends.draw.styles import arcs


def test_blocks_of_more_than_24_layers_are_drawn_whole_when_asked() -> None:
    """DenseNet-161 has 6, 12, 36 and 24: as cloudy as its arcs of 36 layers are, they can be had."""
    one = zoo("densenet161")
    assert arcs.notes(one) == (
        "of the 36 layers of `dense3`, 9 to 30 are not drawn; `--expand dense3` draws them all",
    )
    scene = arcs.scene(one, Colours())
    assert len(dense_arrows(scene)) == sum(comb(n + 1, 2) + n + 1 for n in (6, 12, 24)) + comb(15, 2) + 15
    assert "dense3: x0 and 36 layers in a row" in scene.alt
    assert "105 arrows (layers 9 to 30 are not drawn)" in scene.alt
    whole = arcs.scene(one, Colours(), expand=["dense"])
    assert len(dense_arrows(whole)) == sum(comb(n + 1, 2) + n + 1 for n in (6, 12, 36, 24))


def test_what_is_to_be_drawn_whole_is_a_dense_block() -> None:
    one = zoo("densenet161")
    for name, code in (("dens3", "E514"), ("transition1", "E592")):
        with pytest.raises(ogive.ArchError) as caught:
            arcs.scene(one, Colours(), expand=[name])
        assert [each.code for each in caught.value.diagnostics] == [code]


def test_dots_are_told_below_the_drawing() -> None:
    one = zoo("densenet161")
    made = drawing([one], "tikz", Options(style="arcs"))
    assert made.notes == arcs.notes(one)
    assert "Dots stand for layers that are not drawn" in made.caption
    made = drawing([one], "tikz", Options(style="arcs", expand=("dense3",)))
    assert made.notes == ()
    assert "Dots" not in made.caption
    with pytest.raises(ogive.ArchError, match="not folded by hand"):
        drawing([one], "tikz", Options(style="arcs", expand=("dense3",), depth=2))
