"""Sizes that are long expressions: told apart by their form, refused soon, shown in brief."""

from __future__ import annotations

import pytest

import ogive
from ogive.cli.check import line
from ogive.diagnostics import ArchError
from ogive.layers.order import at_sample
from ogive.layers.unknown import SizeExpr, unknown


def deep(turns: int) -> SizeExpr:
    """A quotient of a sum with a quotient, as deep."""
    height, width = unknown("h"), unknown("w")
    for _ in range(turns):
        width = (width + 1) // 2 + (height + 1) // 2
    assert isinstance(width, SizeExpr)
    return width


def test_quotients_in_quotients_are_told_apart() -> None:
    one, same, other = deep(40), deep(40), deep(41)
    assert one == same
    assert hash(one) == hash(same)
    assert one.form == same.form
    assert one != other
    assert at_sample(one, 1) != at_sample(other, 1)  # else they would have to be taken apart


@pytest.mark.parametrize(
    ("declared", "suggested"),
    [("[?c, 8, 8]", "3x8x8"), ("[?c, ?h, ?h]", "3x224x224"), ("[8 * ?c, ?h, 2 * ?h]", "8x224x448")],
)
def test_the_size_to_give_is_a_usual_one(declared: str, suggested: str) -> None:
    with pytest.raises(ArchError) as problem:
        ogive.loads(f"net N() {{ input x: {declared}; conv(4, 3x3) }}")
    (diagnostic,) = problem.value.diagnostics
    assert diagnostic.code == "E210"
    assert diagnostic.help == f"give the input its size: `input x: {suggested}`"


def test_each_undecided_extreme_is_one_mistake_with_a_help() -> None:
    with pytest.raises(ArchError) as problem:
        ogive.loads(
            "net N() { input x: [3, ?h, ?w]; upsample(size=[max(here.height, 7), min(here.width, 9)]) }"
        )
    found = problem.value.diagnostics
    assert [d.code for d in found] == ["E211", "E211"]
    assert all(d.help == "give the input its size: `input x: 3x224x224`" for d in found)


def test_the_one_line_says_what_it_leaves_out() -> None:
    turn = "conv(4, 3x3, stride = 2, padding = 1) -> upsample(scale_factor = 3)"
    text = line(ogive.loads(f"net N() {{ input x: [3, ?h, ?w]; repeat 6 {{ {turn} }} }}"))
    assert "about 947 k * h * w / 256 MACs" in text
    assert text.endswith("-> [4, …, …] (in full: `ogive summary`)")
    exact = line(ogive.loads("net N() { input x: [3, ?h, ?w]; conv(4, 3x3, padding = 1) }"))
    assert exact == "N: 112 parameters, 108 * h * w MACs, [3, h, w] -> [4, h, w]"


def test_products_of_long_sizes_are_counted_as_work() -> None:
    turns = "repeat 5 { conv(4, 3, stride = 2, padding = 1) -> upsample(scale_factor = 3) }"
    with pytest.raises(ArchError) as problem:
        ogive.loads(
            f"net N() {{ input x: [3, ?d, ?h, ?w]; {turns}; repeat 30 {{ conv(4, 3, padding = 1) }} }}"
        )
    (diagnostic,) = problem.value.diagnostics
    assert diagnostic.code == "E402"
    assert diagnostic.help == "its sizes grow too long: give the input its size: `input x: 3x224x224x224`"
