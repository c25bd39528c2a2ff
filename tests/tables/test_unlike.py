"""What differs is not written as one: units, shortcuts, activations; and each edit of a net shows in its table."""

from __future__ import annotations

import pytest

import ogive
from ogive.tables import make
from ogive.tables.model import Stack
from ogive.tabulate import subject_of
from tables.grids import table

BLOCKS = """
block R(w) { residual { conv(w, 3x3, padding = 1) -> bn -> relu
  conv(w, 3x3, padding = 1) -> bn } }
block G(w) { residual { conv(w, 3x3, padding = 1) -> bn -> gelu
  conv(w, 3x3, padding = 1) -> bn } }
block N(w) { conv(w, 3x3, padding = 1) -> bn -> relu
  conv(w, 3x3, padding = 1) -> bn }
block Post(w) { residual { conv(w, 3x3, padding = 1) -> bn -> relu
  conv(w, 3x3, padding = 1) -> bn } -> relu }
block Pre(w) { residual { bn -> relu -> conv(w, 3x3, padding = 1) -> bn -> relu
  conv(w, 3x3, padding = 1) } }
"""


def said(body: str) -> tuple[list[str], list[str]]:
    """The stacks of a net of one stage, and its footnotes."""
    net = ogive.loads(f'{BLOCKS} net Net() {{ input x: 16x16x16\n stage "s" {{ {body} }} }}')
    made = make([subject_of(net)])
    parts = [part for row in made.rows for cell in row.cells for part in cell.parts]
    stacks = [f"[{'; '.join(p.lines)}] × {p.count}" for p in parts if isinstance(p, Stack)]
    return stacks, [note.text for note in made.notes]


def notes(name: str) -> list[str]:
    return [note.text for note in table(name).notes]


def test_units_that_take_turns_have_brackets_of_their_own():
    stacks, told = said("repeat 3 { R(16) -> G(16) }")
    assert stacks == ["[[3×3, 16, conv-BN-ReLU; 3×3, 16]; [3×3, 16, conv-BN-GELU; 3×3, 16]] × 3"]
    assert told[0] == "Each conv is the sequence conv-BN."
    assert "Brackets in one bracket are units that take turns." in told


def test_a_unit_without_shortcut_says_so_beside_one_that_has_it():
    stacks, told = said("repeat 2 { R(16) -> N(16) }")
    assert stacks == ["[[3×3, 16; 3×3, 16; with shortcut]; [3×3, 16; 3×3, 16; no shortcut]] × 2"]
    assert not any("residual units" in note for note in told)


def test_post_and_pre_activation_are_told_apart():
    stacks, told = said("repeat 2 { Post(16) -> Pre(16) }")
    post = "[3×3, 16, conv-BN-ReLU; 3×3, 16, conv-BN; then ReLU]"
    assert stacks == [f"[{post}; [3×3, 16, BN-ReLU-conv; 3×3, 16, BN-ReLU-conv]] × 2"]
    assert not any("sequence" in note for note in told)


def test_units_in_one_stage_that_differ_in_activations_are_not_counted_as_one():
    stacks, _ = said("repeat 2 { R(16) }\n repeat 3 { G(16) }")
    assert stacks == ["[3×3, 16, conv-BN-ReLU; 3×3, 16] × 2", "[3×3, 16, conv-BN-GELU; 3×3, 16] × 3"]
    assert said("repeat 5 { R(16) }")[0] == ["[3×3, 16; 3×3, 16] × 5"]


def test_what_takes_turns_in_one_part_is_written_so_in_all():
    stacks = [
        part
        for row in table("swin_t").rows
        for cell in row.cells
        for part in cell.parts
        if isinstance(part, Stack)
    ]
    assert [stack.count for stack in stacks] == [1, 1, 3, 1]
    assert all(len(stack.lines) == 2 for stack in stacks)
    around = "Brackets show units with residual connections around the attention and the linear layers"
    assert any(note.startswith(around) for note in notes("swin_t"))
    assert any(note.startswith(around) for note in notes("vit_b_16"))


@pytest.mark.parametrize("name", ["efficientnet_b0", "mobilenet_v2", "mobilenet_v3_small"])
def test_shortcuts_that_only_some_units_have(name: str):
    shape = "Units whose input and output have one shape are residual units, with an identity shortcut; the others have none."
    assert shape in notes(name)
    assert "residual units" not in " ".join(notes("vgg16"))


def test_shortcuts_that_no_shape_tells_are_told_by_place():
    _, told = said("N(16)\n R(16)\n conv(16, 1x1)")
    assert not any("one shape" in note for note in told)
    body = 'repeat 2 { N(16) } }\n stage "t" { repeat 2 { R(16) }'
    _, told = said(body)
    assert "All units of t show residual units, the others none." in told


def test_what_follows_the_sums():
    assert "ReLU follows each residual sum." in notes("resnet18")
    assert "LN follows each residual sum." in notes("transformer_encoder")
    assert not any("residual sum" in note for note in notes("cifar_preresnet110"))
    _, told = said("repeat 3 { Post(16) }\n R(16)")
    assert "ReLU follows each residual sum but the last of s." in told


def test_activations_and_norms_of_linear_layers_and_attention():
    vit = " ".join(notes("vit_b_16"))
    assert "first linear of each unit is LN-linear-GELU; each attention is LN-attention" in vit
    assert "LN stands before linear." in vit
    assert "each fc is fc-sigmoid" in " ".join(notes("siamese"))
    assert "Tanh stands" in " ".join(notes("lenet5_1998"))
    assert "each 4096-d fc is fc-ReLU" in " ".join(notes("vgg16"))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("vit_b_16", "replace gelu with relu"),
        ("swin_t", "replace gelu with relu"),
        ("efficientnet_b0", "remove residual"),
        ("mobilenet_v2", "remove residual"),
        ("resnet18", "replace relu with gelu"),
    ],
)
def test_an_edit_shows(name: str, change: str):
    before = subject_of(ogive.load(name))
    after = subject_of(ogive.load(name, edits=[change]))
    assert make([before]).notes != make([after]).notes


def test_dropout_and_softmax_in_stages():
    _, told = said("conv(16, 1x1) -> relu -> flatten -> dropout(0.3) -> linear(10) -> softmax")
    assert "Dropout (0.3) stands in s." in told
    assert any("the 10-d fc is fc-softmax" in note for note in told)


def test_dropout_behind_what_a_line_tells():
    assert "Dropout (0.5) stands in fc6 and fc7." in notes("vgg16")
    assert "Dropout (0.5) stands behind linear1 and linear2." in notes("alexnet")
    _, told = said("conv(16, 1x1) -> dropout(0.0) -> relu")
    assert not any("ropout" in note for note in told)


def test_what_is_cropped_says_so():
    lines = [part for row in table("unet").rows for cell in row.cells for part in cell.parts]
    assert "concat, down4 (cropped)" in lines


def test_projections_that_differ_in_numbers_alone_are_one_sentence():
    told = [note.text for note in table("dpn92", "dpn98").notes]
    (beside,) = (note for note in told if "projection" in note)
    assert "32, 64, 48 and 256 in dpn92, 32, 64, 64 and 256 in dpn98" in beside
    assert told[told.index(beside) - 1].startswith("(+k)")


def test_numbers_agree():
    told = " ".join(notes("cliquenet_s0"))
    assert "the 1×1 convs of head1, head2, head3 and head4 are BN-ReLU-conv-BN-ReLU" in told


def test_equal_branches_are_written_once():
    lines = [
        line
        for row in table("fractalnet").rows
        for cell in row.cells
        for part in cell.parts
        if isinstance(part, Stack)
        for line in part.lines
    ]
    assert "| 2×2 max pool, stride 2 (3 branches)" in lines


def test_residuals_in_an_auxiliary_head_are_no_rows() -> None:
    net = """
block Unit(width) { residual { conv(width, 3x3, padding = 1) -> bn } -> relu }
net Headed() {
  input image: 3x16x16
  conv(8, 3x3, padding = 1)
  aux (weight = 0.3) { Unit(8) -> global_avg_pool -> flatten -> linear(2) }
  Unit(8) -> global_avg_pool -> flatten -> linear(10)
}
"""
    assert "ReLU follows each residual sum" in ogive.table(ogive.loads(net))
