"""Rows that stand beside the row above are marked, and a footnote says what they take."""

from __future__ import annotations

import pytest

import ogive
from ogive.tables import FORMATS, Options, Table, make, written
from ogive.tables.aside import MARK
from ogive.tabulate import subject_of
from tables.grids import csv_rows, table, text

HEADS = """
net N() {
  input x: 3x32x32
  stage body { conv(8, 3x3, padding = 1) -> relu -> max_pool(2x2) }
  kept = here -> bn
  stage deep { conv(16, 3x3, padding = 1) }
  stage above { deep -> conv(4, 1x1) }
  stage boxes { deep -> conv(2, 1x1) }
  stage early { kept -> conv(6, 1x1) }
  output a = above
  output b = boxes
  output c = early
}
"""


def marked(made: Table) -> list[str]:
    """The names of marked rows; of one that goes on, its size."""
    return [
        str(cell.parts[0]) for row in made.rows for cell in row.cells[:2] if cell.mark == MARK and cell.parts
    ]


def note(made: Table) -> str:
    (found,) = [each.text for each in made.notes if each.mark == MARK]
    return found


def own(program: str, **options: object) -> Table:
    return make([subject_of(ogive.loads(program))], Options(**options))  # type: ignore[arg-type]


def test_heads_of_a_detector():
    made = table("ssd300_vgg16")
    sizes = ["19×19", "10×10", "5×5", "3×3", "1×1"]
    assert marked(made) == ["regression", *sizes, "classification", *sizes]
    assert note(made) == (
        "Beside the row above, not behind it: the rows of regression and classification take the results of "
        "conv4_3, conv7, conv8_2, conv9_2, conv10_2 and conv11_2, in turn."
    )


def test_what_scales_a_tensor_on_its_way_counts_where_that_comes_from():
    rows = {row[0]: row for row in csv_rows(written(table("ssd300_vgg16"), "csv")) if row[1] == "38×38"}
    convs = 2 * (512 * 512 * 9 + 512) + 256 * 512 * 9 + 512
    assert int(rows["conv4_3"][3]) == convs + 512


def test_transitions_stand_beside_heads():
    made = table("cliquenet_s0", "cliquenet_s1")
    assert marked(made) == ["transition1", "transition2", "transition3"]
    assert note(made) == (
        "Beside the row above, not behind it: transition1, transition2 and transition3 take the results of "
        "block1, block2 and block3."
    )


def test_one_of_several_nets_is_named():
    made = table("cliquenet_k36_t12", "cifar_densenet_40_12")
    assert note(made).startswith("Beside the row above in cliquenet_k36_t12, not behind it: transition1 and")


def test_towers_take_inputs():
    made = table("siamese")
    assert marked(made) == ["twin_2"]
    assert note(made) == "Beside the row above, not behind it: twin_2 takes the input first."
    assert "difference of twin_2 and twin" in written(made, "markdown")


def test_heads_of_one_tensor_and_of_an_earlier_one():
    made = own(HEADS)
    assert marked(made) == ["boxes", "early"]
    assert note(made) == (
        "Beside the row above, not behind it: boxes and early take the results of deep and body."
    )


@pytest.mark.parametrize(
    "names",
    [
        ("resnet18", "resnet50"),
        ("densenet121",),
        ("unet",),
        ("googlenet",),
        ("inception_v4",),
        ("dpn92",),
        ("swin_t",),
        ("vit_b_16",),
        ("lenet5_1998",),
        ("alexnet_towers",),
        ("char_lstm",),
    ],
)
def test_a_chain_has_no_marks(names: tuple[str, ...]):
    made = table(*names)
    assert not marked(made)
    assert not any(each.mark for each in made.notes)


def test_the_layers_of_branches_are_marked_one_by_one():
    made = table("googlenet", rows="layers")
    found = marked(made)
    assert note(made) == "Takes another result than that of the row above."
    module = [str(row.cells[0].parts[0]) for row in made.rows if str(row.cells[0].parts[0]).startswith("3a.")]
    assert [name in found for name in module] == [False, True, False, True, False, True, False]
    assert not marked(table("lenet5", rows="layers"))


@pytest.mark.parametrize(
    ("format_", "mark"),
    [
        ("markdown", "boxes<sup>†</sup>"),
        ("html", "boxes<sup>†</sup>"),
        ("latex", r"boxes\textsuperscript{$\dagger$}"),
    ],
)
def test_marks_in_formats(format_: str, mark: str):
    assert mark in text(HEADS, format_=format_)
    assert set(FORMATS) == {"markdown", "html", "latex", "csv"}
    assert MARK not in text(HEADS, format_="csv")


def test_auxiliary_heads_are_told_with_their_place():
    said = next(each.text for each in table("googlenet").notes if "Auxiliary" in each.text)
    assert said.startswith("Auxiliary heads behind 4a and 4d stand beside the rows and are not counted")
