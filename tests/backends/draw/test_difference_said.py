"""What a difference says of what it folds: boxes and frames mean each other, ranges are of like layers."""

from __future__ import annotations

import re
from functools import cache

import pytest

import ogive
from ogive.backends.draw.colours import look
from ogive.backends.draw.fold.picture import Box, Text
from ogive.backends.draw.layout.process import Graphviz
from ogive.backends.draw.styles.difference import Placed, place
from ogive.backends.draw.styles.difference_search import candidates
from ogive.backends.draw.styles.difference_words import masked, ranged

PAGE = look.PAGE
FORMS = """
block Old(w) { residual { conv(w, 3x3, padding = 1) -> bn } }
block One(w) { conv(w, 3x3, padding = 1) -> bn }
block Form(w, gate = 0) {
  residual {
    conv(w, 3x3, padding = 1) -> bn
    if gate > 0 { relu -> conv(w, 1x1) }
    bn
  }
}
"""


@cache
def placed(a: str, b: str, fit: tuple[float, float] | None = None) -> Placed:
    found = ogive.diff(ogive.load(a), ogive.load(b))
    with Graphviz() as graphviz:
        return place(found, graphviz, fit)


def definitions(drawn: Placed) -> list[str]:
    return [part.name for part in drawn.picture.definitions]


def said(drawn: Placed) -> set[str]:
    return {box.definition for box in drawn.picture.boxes() if isinstance(box, Box)}


def test_boxes_of_a_new_block_of_several_forms_say_which_frame_they_mean() -> None:
    drawn = placed("mobilenet_v2", "mobilenet_v3_large", PAGE)
    frames = {name for name in definitions(drawn) if name.startswith("Bneck")}
    boxes = {name for name in said(drawn) if name.startswith("Bneck")}
    assert frames, "a frame of it has room"
    assert all(re.fullmatch(r"Bneck \([a-z]\)", name) for name in boxes)
    assert frames < boxes, "no frame is drawn that no box means"
    (note,) = [note for note in drawn.notes if note.startswith("no room for the definitions of")]
    assert set(re.findall(r"Bneck \([a-z]\)", note)) == boxes - frames
    assert note.endswith((": a larger --fit has room for more", ": a figure has 4 at most"))


def test_boxes_that_roll_up_are_of_one_form() -> None:
    drawn = placed("mobilenet_v2", "mobilenet_v3_large", PAGE)
    titles = [box.text.title for box in drawn.picture.boxes() if isinstance(box, Box) and box.badge > 1]
    assert [title for title in titles if title.startswith("+ Bneck (g) 80")]


def test_a_replaced_block_says_the_forms_of_both() -> None:
    nets = [
        f"{FORMS} net N() {{ input x: 8x16x16\n stage s {{ {blocks} }} }}"
        for blocks in ("Form(8, gate = 0) -> Form(8, gate = 1)", "Old(8) -> One(8)")
    ]
    pictures = list(candidates(ogive.diff(*map(ogive.loads, nets))))
    (folded,) = [
        [box.text.title for box in picture.boxes() if isinstance(box, Box)]
        for picture in pictures
        if "Old" in {part.name for part in picture.definitions}
        and "Form (b)" in {part.name for part in picture.definitions}
    ]
    assert folded[1:-1] == ["~ Form (a) → Old 8", "~ Form (b) → One 8"]


def test_parts_with_other_kernels_share_no_frame() -> None:
    drawn = placed("mobilenet_v2", "mobilenet_v3_large", PAGE)
    assert {"stem", "last"} <= set(definitions(drawn))
    titles = [
        box.text.title for part in drawn.picture.definitions for box in part.boxes() if isinstance(box, Box)
    ]
    assert "~ 3×3 conv, 32 → 16, /2" in titles
    assert "~ 1×1 conv, 1280 → 960" in titles


@pytest.mark.parametrize(
    ("one", "other", "like"),
    [
        ("~ 3×3 conv, 32 → 16, /2", "~ 1×1 conv, 1280 → 960", False),
        ("~ 3×3 conv, 32 → 16, /2", "~ 3×3 conv, 64 → 32", True),
        ("+ 3 conv, 64", "+ 9 conv, 64", False),
        ("~ 3 → 5 conv, 64", "~ 7 → 5 conv, 64", False),
        ("− 3×3 max pool, /2", "− 2×2 max pool, /2", False),
        ("~ linear, 10 → 20", "~ linear, 30 → 40", True),
        ("drop path, 0", "drop path, 0.0181818", True),
    ],
)
def test_kernels_tell_layers_apart_and_numbers_do_not(one: str, other: str, like: bool) -> None:
    assert (masked(Text(one)) == masked(Text(other))) == like


def test_ranges_are_of_whole_numbers_and_of_rates() -> None:
    texts = [Text(f"3×3 conv, {width}", after=f"eps {eps}") for width, eps in ((64, "1e-05"), (512, "0.001"))]
    assert ranged(texts).title == "3×3 conv, 64–512"
    assert ranged(texts).after == "eps 1e-05–0.001"


def test_a_note_of_nothing_folded_begins_with_what_is_defined() -> None:
    drawn = placed("cliquenet_k36_t12", "cliquenet_k36_t12_a")
    assert drawn.notes[0].startswith("defined beside it: ")
