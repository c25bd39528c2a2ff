"""`label`: to what a note belongs, that it survives, and that it is drawn."""

from __future__ import annotations

import re

import ogive
from elaborate.helpers import codes, kinds, net
from ogive.backends.draw import dot_text
from ogive.passes.unroll import unroll_cliques
from ogive.report.summary import to_json

BASIC = "block Basic(k) { %s residual { conv(k, 3x3, padding = 1) -> bn -> relu } }"


def notes(body: str, before: str = "", shape: str = "3x32x32") -> dict[str, str]:
    """Path -> note, of a net with this body."""
    return dict(net(body, shape, before).ir.notes())


def test_behind_an_element_it_belongs_to_that() -> None:
    found = notes(
        """
  label "an image"
  conv(8, 3x3) -> bn -> relu
  label "the stem"
  Basic(8)
  label "the unit"
  stage s { conv(8, 3x3) }
  label "the stage"
  repeat 2 { conv(8, 3x3) -> relu }
  label "twice"
  concat { | conv(4, 1x1) | identity }
  label "joined"
  dense(layers = 2) { conv(4, 3x3, padding = 1) }
  label "dense"
""",
        BASIC % "",
    )
    assert found == {
        "image": "an image", "relu1": "the stem", "basic1": "the unit", "s": "the stage", "repeat1": "twice",
        "concat1": "joined", "dense1": "dense",
    }  # fmt: skip


def test_at_the_beginning_of_a_body_it_belongs_to_the_body() -> None:
    found = notes(
        """
  conv(8, 3x3)
  Basic(8)
  stage s { label "a stage"; conv(8, 3x3) }
  concat {
    | label "left"; conv(4, 1x1)
    | conv(4, 3x3, padding = 1); label "right"
  }
  aux { label "a head"; global_avg_pool -> flatten -> linear(2) }
""",
        BASIC % 'label "a unit";',
    )
    assert found == {"basic1": "a unit", "s": "a stage", "conv2": "left", "conv3": "right", "aux1": "a head"}


def test_before_the_input_it_belongs_to_the_net() -> None:
    network = ogive.loads('net N() { label "all of it"; input image: 3x8x8; relu }')
    assert network.ir.regions[0].notes == ("all of it",)
    assert network.ir.notes() == [("", "all of it")]


def test_bodies_without_a_part_of_their_own_go_with_the_text_around() -> None:
    found = notes('conv(8, 3x3)\n  if true { label "here" }\n  for i in 0..2 { relu; label "turn {i}" }')
    assert found == {"conv1": "here", "relu1": "turn 0", "relu2": "turn 1"}


def test_it_names_no_layer_anew() -> None:
    plain = net("repeat 2 { Basic(3) }", before=BASIC % "")
    noted = net('repeat 2 { label "x"; Basic(3); assert true }', before=BASIC % 'label "y";')
    assert [n.name for n in plain.ir] == [n.name for n in noted.ir]
    assert kinds(plain) == kinds(noted)


def test_notes_survive_the_passes() -> None:
    network = net(
        'conv(8, 3x3)\n  label "kept"\n  clique(layers = 3) { label "both ways"; conv(8, 3x3, padding = 1) }'
    )
    assert network.ir.notes() == [("conv1", "kept"), ("clique1", "both ways")]
    assert unroll_cliques(network.ir).notes() == network.ir.notes()
    assert to_json(network.summary())["notes"] == [
        {"name": "conv1", "text": "kept"}, {"name": "clique1", "text": "both ways"},
    ]  # fmt: skip
    assert "note         conv1: kept" in str(network.summary())


def test_the_same_note_twice_is_said_once() -> None:
    network = net('conv(8, 3x3)\n  label "x"\n  label "x"\n  label "y"')
    assert network.ir.node("conv1").notes == ("x", "y")


def test_a_note_that_an_argument_leaves_empty_is_none() -> None:
    assert notes('let text = ""\n  conv(8, 3x3)\n  label "{text}"') == {}
    assert codes('conv(8, 3x3)\n  label "  "') == ["E108"]


def test_spaces_and_lines_of_a_note_become_one_space() -> None:
    assert notes('conv(8, 3x3)\n  label "a\\n\\t b"') == {"conv1": "a b"}


def test_a_mistake_before_it_is_the_only_one() -> None:
    assert codes('conv(8, 99x99)\n  label "x"') == ["E202"]


def test_it_is_drawn_in_italics_with_its_marks() -> None:
    network = net(
        'label "one"\n  conv(8, 3x3) -> bn -> relu\n  label "a < b & \\"c\\""\n  stage s { label "in s"; conv(8, 3x3) }'
    )
    text = dot_text(network.ir)
    assert "<I>a &lt; b &amp; &quot;c&quot;</I>" in text
    assert "<I>in s</I>" in text
    assert "<I>one</I>" in text


def test_equal_parts_are_still_drawn_once() -> None:
    repeated = re.compile("[>;]×3<")  # not the 3×3 of a convolution
    alike = net("repeat 3 { Basic(3) }", before=BASIC % 'label "a unit";')
    assert dot_text(alike.ir).count("<I>a unit</I>") == 1
    assert repeated.search(dot_text(alike.ir))
    unlike = net('repeat 3 as i { label "number {i}"; Basic(3) }', before=BASIC % "")
    assert all(f"<I>number {i}</I>" in dot_text(unlike.ir) for i in range(3))
    assert not repeated.search(dot_text(unlike.ir))


def test_a_note_of_a_circle_makes_it_a_box() -> None:
    text = dot_text(net('residual { conv(3, 3x3, padding = 1) }\n  label "element-wise"').ir)
    assert "<I>element-wise</I>" in text
    assert "circle" not in text


def test_a_long_note_is_broken_and_cut() -> None:
    text = dot_text(net(f'conv(8, 3x3)\n  label "{"word " * 39}"').ir)
    lines = re.findall("<I>(.*?)</I>", text)
    assert len(lines) == 4
    assert lines[-1].endswith("…")
    assert max(map(len, lines)) <= 44


def test_the_printed_module_says_what_its_blocks_say() -> None:
    text = net("repeat 2 { Basic(3) }", before=BASIC % r'label "a \"unit\" \\";').source()
    assert "    a 'unit' /\n" in text
    compile(text, "net", "exec")
