"""Figures of tensors that have too little room: what is left of the middle of a net, and what is said of it."""

from __future__ import annotations

import re

import pytest

import ogive
from backends.draw.tensor_scenes import COLUMN, boxes, faults, legend, printed_type, skips, subject, texts
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.fitting.space import Space
from ogive.backends.draw.styles.tensors import drawn, scene
from ogive.backends.draw.styles.tensors_chain import Chain
from ogive.backends.draw.styles.tensors_folding import flow
from ogive.backends.draw.styles.tensors_gathered import by_level, of_all, shortened
from ogive.backends.draw.styles.tensors_plan import levels
from ogive.backends.draw.styles.tensors_row import chain
from ogive.backends.draw.subject import Subject

LONG = """
net Long() {
  input x: 4x16x16
  taken = []
  for i in 0..20 { residual { conv(4, 3x3, padding = 1) -> tanh }; taken += here }
  taken -> add -> conv(8, 1x1)
}
"""
"""Twenty residuals, all of which the last sum takes: nothing can be counted, and no row can be broken."""


def written(text: str) -> Subject:
    net = ogive.loads(text)
    return Subject(net.ir, net.unrolled)


def of(net: Subject) -> Chain:
    return chain(net.structure, flow(net.structure, 0))


def steps(found: Chain) -> int:
    """How many operations the arrows of a row stand for."""
    said = (re.fullmatch(r"(\d+) operations", step.operation.text) for step in found.steps)
    return sum(int(m[1]) if m else step.count for m, step in zip(said, found.steps, strict=True))


@pytest.mark.parametrize("name", ["ssd300_vgg16", "unet", "resnet18"])
def test_an_arrow_says_how_many_operations_it_stands_for(name: str) -> None:
    whole = of(subject(name))
    for found in (form for forms in shortened(whole) for form in forms):
        assert steps(found) == steps(whole)
        assert len(found.steps) == len(found.tensors) - 1
        assert (found.tensors[0].type, found.tensors[-1].type) == (
            whole.tensors[0].type,
            whole.tensors[-1].type,
        )
        assert {n for t in found.tensors for n in t.made_by} == {n for t in whole.tensors for n in t.made_by}


def test_every_level_of_resolution_keeps_a_box() -> None:
    whole = of(subject("unet"))
    found = by_level(whole, 1)
    assert len(found.tensors) < len(whole.tensors)
    assert set(levels(found)) == set(levels(whole))
    assert len(of_all(whole, 3).tensors) == 3


def test_skips_are_kept_or_told() -> None:
    whole = of(subject("resnet18"))
    for found in (form for forms in shortened(whole) for form in forms):
        told = sum(int(m[1]) if (m := re.match(r"(\d+) × ", words)) else 1 for words in found.lost)
        assert len(found.skips) + told == len(whole.skips)
        assert all(skip.start < skip.end < len(found.tensors) for skip in found.skips)


def test_a_net_that_cannot_be_folded_is_legible_in_a_column() -> None:
    made, notes = drawn(written(LONG), Colours(), fit=COLUMN)
    assert not faults(made)
    assert printed_type(made, COLUMN) >= look.LEAST_TYPE - 0.01
    (note,) = notes
    count = re.match(r"Long: (\d+) operations are gathered in arrows that say how many they are, and", note)
    assert count
    assert f"…{count[1]}" in texts(made)
    assert f"{count[1]} operations" in legend(made)
    lost = sum(map(int, re.findall(r"(\d+) × identity, add", note)))
    assert lost + len(skips(made)) == 19  # to the last sum; the twentieth goes straight on


def test_no_row_holds_a_box_or_two_beside_a_long_one() -> None:
    made = scene(written(LONG), Colours(), fit=Space(5.0, 9.0).room(look.LEAST_TYPE))
    rows = [round(box.mark.centre[1]) for box in boxes(made)]
    counts = [rows.count(row) for row in set(rows)]
    assert max(counts) <= 3 * min(counts)


def test_outputs_whose_boxes_go_are_named_below() -> None:
    half = "for i in 0..9 {{ conv({} + i, 1x1) -> tanh }}"
    whole = of(
        written(
            f"net N() {{ input x: 4x8x8; {half.format(4)}; output early = here; {half.format(40)}\n output late = here }}"
        )
    )
    found = by_level(whole, 3)
    assert [aside.name for aside in found.asides] == ["early"]


def test_where_nothing_helps_the_space_that_would_do_is_told() -> None:
    tiny = Space(0.5, 0.5).room(look.LEAST_TYPE)
    _, notes = drawn(subject("vgg16"), Colours(), fit=tiny)
    (size,) = re.findall(r"`--fit ([\d.]+)x([\d.]+)in` has room for it at 6 pt", notes[-1])
    enough = Space(float(size[0]), float(size[1])).room(look.LEAST_TYPE)
    made, _ = drawn(subject("vgg16"), Colours(), fit=enough)
    assert printed_type(made, enough) >= look.LEAST_TYPE - 0.01
