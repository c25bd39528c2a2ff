"""What figures of tensors are painted in and say: signs, the key, the sentence; and what has too many."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from backends.draw.tensor_scenes import COLUMN, PAGE, boxes, drawn, faults, subject, text, texts, zoo
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.styles.tensors import MOST, notes, scene
from ogive.backends.draw.styles.tensors_folding import DEGREES, flow
from ogive.backends.draw.styles.tensors_operations import Operation
from ogive.backends.draw.styles.tensors_plan import skip_tags, tags, told_apart
from ogive.backends.draw.styles.tensors_row import chain
from ogive.diagnostics import ArchError


def test_grey_changes_colours_alone():
    grey = scene(subject("unet"), Colours("grey"), fit=PAGE)
    assert [(m.id, m.centre, m.width, m.height) for m in grey.marks] == [
        (m.id, m.centre, m.width, m.height) for m in zoo("unet").marks
    ]
    used = {c for m in grey.marks for c in (m.fill, m.stroke) if c} | {a.stroke for a in grey.arrows}
    assert all(c[1:3] == c[3:5] == c[5:7] for c in used)


def test_boxes_have_the_colour_of_what_made_them():
    one = subject("unet")
    watching = Colours.of([one], "macs").watching()
    scene(one, watching, fit=PAGE)
    assert watching.seen is not None
    assert len(watching.seen) == 23  # every convolution's result; an input and pooling have none
    colours = watching.settled()
    fills = [box.mark.fill for box in boxes(scene(one, colours, fit=PAGE))]
    assert len(set(fills)) > 2


def test_a_reader_is_told_what_made_a_box():
    told = boxes(zoo("unet"))[1].mark.about
    assert told is not None
    assert (told.params, told.shape) == (64 * 9 + 64, "64×570×570")
    assert told.name.endswith("conv1")


def test_the_figure_in_a_sentence():
    assert zoo("unet").alt == (
        "Tensors of unet as boxes on 5 levels of resolution, from 1×572×572 to 2×388×388; arrows are operations: "
        "conv 3×3, ReLU; max pool 2×2; up-conv 2×2; conv 1×1; copy and crop."
    )


def test_the_same_figure_every_time_and_no_torch():
    code = (
        "import sys, hashlib, ogive\n"
        "from ogive.backends.draw.colours.colour import Colours\n"
        "from ogive.backends.draw.styles.tensors import scene\n"
        "from ogive.backends.draw.subject import Subject\n"
        "for name in ('unet', 'resnet18', 'ssd300_vgg16', 'cliquenet_s0', 'siamese'):\n"
        "    net = ogive.load(name)\n"
        "    drawn = scene(Subject(net.ir, net.unrolled), Colours())\n"
        "    print(hashlib.sha256(repr(drawn).encode()).hexdigest())\n"
        "print('torch' in sys.modules)\n"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(seen) == 1
    assert seen.pop().endswith("False\n")


# --------------------------------------------------------------------------- what cannot be drawn so


def test_a_net_of_thousands_of_equal_layers_is_a_few_boxes():
    drawing = drawn("net A() { input x: 4x8x8; repeat 2000 { conv(4, 3x3, padding = 1) -> relu } }")
    assert "×2000" in texts(drawing)
    assert len(boxes(drawing)) == 2


def test_layers_that_differ_in_channels_are_counted_in_the_end():
    drawing = drawn("net A() { input x: 4x8x8; for i in 0..200 { conv(4 + i, 3x3, padding = 1) -> relu } }")
    assert "×200" in texts(drawing)


LONG = "{ conv(4 + i, 3x3, padding = 1) -> relu -> conv(4 + i, 5x5, padding = 2) }"


def test_too_many_tensors_say_what_to_do():
    with pytest.raises(ArchError) as caught:
        drawn(f"net Long() {{ input x: 4x8x8; for i in 0..100 {LONG} }}")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E590"
    assert diagnostic.message == f"Long has 201 tensors in a row, and at most {MOST} are drawn as boxes"
    assert diagnostic.help
    assert "`overview`" in diagnostic.help
    assert "`stage`" in diagnostic.help


def test_stages_help():
    drawing = drawn(f'net Long() {{ input x: 4x8x8; for i in 0..30 {{ stage "s{{i}}" {LONG} }} }}')
    assert not faults(drawing)
    assert len(boxes(drawing)) <= MOST


def test_a_net_that_does_nothing_is_one_box():
    assert len(boxes(drawn("net A() { input x: 3x8x8; identity }"))) == 1


# --------------------------------------------------------------------------- signs, and what has none


@pytest.mark.parametrize("name", ["ssd300_vgg16", "unet", "googlenet", "resnet18"])
def test_no_letter_means_two_operations(name: str) -> None:
    net = subject(name)
    for found in (chain(net.structure, flow(net.structure, degree)) for degree in DEGREES):
        steps = tags(found)
        skips = skip_tags(found.skips, steps.values())
        meant: dict[str, set[object]] = {}
        for operation, tag in [*steps.items(), *((skip.operation, tag) for skip, tag in skips.items())]:
            if tag.isalpha() and tag.islower():
                meant.setdefault(tag, set()).add(operation)
        assert all(len(operations) == 1 for operations in meant.values()), meant


def test_letters_that_are_taken_are_not_given_again() -> None:
    uses = [Operation("conv", "conv"), Operation("conv, tanh", "conv")]
    assert list(told_apart(uses).values()) == ["", "a"]
    assert list(told_apart(uses, {"a"}).values()) == ["", "b"]


def test_letters_that_name_an_input_are_no_signs() -> None:
    made = drawn("""net N() { input a: 1x32x32\n input b: 1x32x32
      a -> concat(b) -> conv(8, 3x3, padding = 1) -> tanh -> conv(8, 3x3, padding = 1) -> relu -> avg_pool(2x2)
      repeat 6 { conv(8, 3x3, padding = 1) -> gelu -> conv(9, 3x3, padding = 1) -> sigmoid -> conv(8, 1x1) -> elu } }""")
    signs = {text(mark) for mark in made.marks if re.match(r"k\d+\.text", mark.id)}
    assert "c" in signs
    assert not signs & {"a", "b"}


@pytest.mark.parametrize(
    ("name", "said"), [("mobilenet_v3_small", "Bneck, in 5 forms"), ("efficientnet_b0", "MBConv, in 3 forms")]
)
def test_the_key_says_nothing_of_a_block_that_is_false_of_some_of_its_uses(name: str, said: str) -> None:
    words = [each for each in texts(zoo(name)) if each.startswith(said.partition(",")[0])]
    assert said in words
    assert not [each for each in words if "×3" in each]


def test_the_key_says_what_is_in_a_block_that_is_the_same_everywhere() -> None:
    assert "Bottleneck (1×1 · 3×3 · 1×1)" in texts(zoo("resnet50"))


def test_blocks_and_layers_are_told_apart_by_a_sign() -> None:
    made = scene(subject("unet"), Colours(), fit=COLUMN)
    assert "1×1" in {"".join(run.text for run in mark.lines[0]) for mark in made.marks if mark.lines}


def test_signs_in_the_key_stand_beside_their_arrows() -> None:
    made = zoo("unet")
    sign = next(m for m in made.marks if re.match(r"k\d+\.text", m.id))
    samples = [arrow for arrow in made.arrows if not arrow.tail and not arrow.end]
    beside = [arrow for arrow in samples if sign.bottom < arrow.points[0][1] < sign.top]
    assert beside
    assert max(arrow.points[0][0] for arrow in beside) > sign.right
    assert not [
        arrow for arrow in beside if arrow.points[0][0] < sign.right and arrow.points[-1][0] > sign.left
    ]


def test_the_output_has_its_size_and_numbers_stand_above_their_boxes() -> None:
    made = zoo("unet")
    last = max((m for m in made.marks if re.fullmatch(r"t\d+", m.id)), key=lambda m: int(m.id[1:]))
    said = {
        "".join(run.text for run in m.lines[0]): m for m in made.marks if m.id.startswith(f"{last.id}.text")
    }
    assert set(said) == {"2", "388²"}
    assert made.width - last.right > 1
    for mark in made.marks:
        text = "".join(run.text for run in mark.lines[0]) if mark.lines else ""
        if text == "1024" and re.match(r"t\d+\.text", mark.id):
            box = next(m for m in made.marks if m.id == mark.id.partition(".")[0])
            assert abs(mark.centre[0] - box.centre[0]) < box.width


def test_auxiliary_heads_are_spoken_of() -> None:
    assert notes(subject("googlenet")) == ("googlenet: the auxiliary heads aux1 and aux2 are not drawn",)
    assert notes(subject("unet")) == ()
