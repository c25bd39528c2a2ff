"""What a picture says of repeats, of tensors that several parts take, and of what blocks were given."""

from __future__ import annotations

import ogive
from ogive.backends.draw.fold.collapse import collapse, deepest
from ogive.backends.draw.fold.definitions import definitions
from ogive.backends.draw.fold.picture import ENTRY, Box, Cluster, Picture
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.rows import _joined  # pyright: ignore[reportPrivateUsage]


def drawn(text: str, depth: int | None = None) -> Picture:
    structure = Structure(ogive.loads(text).ir)
    return collapse(structure, deepest(structure) if depth is None else depth)


def boxes(picture: Picture) -> dict[str, Box]:
    return {b.id: b for b in picture.boxes() if isinstance(b, Box)}


def arrows(picture: Picture, style: str) -> list[tuple[str, str]]:
    """What stands in the boxes at the ends of the arrows; `entry` for a dot."""
    said = {id: "entry" if b.kind == ENTRY else b.symbol or b.text.title for id, b in boxes(picture).items()}
    return [(said[e.tail], said[e.head]) for e in picture.edges if e.style == style]


def test_what_copies_hand_on_goes_out_from_a_dot_in_the_frame() -> None:
    picture = drawn(
        "net N() { input x: 8x9x9; conv(8, 1x1); "
        "repeat 5 { residual { conv(8, 3x3, padding = 1) -> bn -> relu } } }"
    )
    assert arrows(picture, "skip") == [("entry", "+")]
    (frame,) = (item for item in picture.items if isinstance(item, Cluster))
    assert frame.badge == 5
    first = frame.items[0]
    assert isinstance(first, Box)
    assert first.kind == ENTRY
    assert not first.nodes
    assert ("1×1 conv, 8", "entry") in arrows(picture, "flow")
    assert [e.label for e in picture.edges if e.head == first.id] == [""]


def test_what_all_copies_take_comes_from_outside_their_frame() -> None:
    """The feed-forward input of a recurrent layer is added in every turn (Liang & Hu 2015)."""
    picture = drawn(
        "net N() { input x: 8x9x9; conv(8, 1x1) as entered; relu -> lrn(size = 3); "
        "repeat 3 share { conv(8, 3x3, padding = 1) -> add(entered) -> relu -> lrn(size = 3) } }"
    )
    assert arrows(picture, "skip") == [("1×1 conv, 8", "+")]
    assert not any(b.kind == ENTRY for b in boxes(picture).values())


def test_a_frame_that_one_arrow_enters_needs_no_dot() -> None:
    picture = drawn("net N() { input x: 8x9x9; repeat 4 { conv(8, 1x1) -> bn; max_pool(1x1) } }")
    assert any(isinstance(item, Cluster) for item in picture.items)
    assert not any(b.kind == ENTRY for b in boxes(picture).values())


def test_one_box_for_many_is_left_by_the_shape_that_it_gives() -> None:
    """A second arrow out of its last box, which says nothing there, as the first says it already."""
    picture = drawn(
        "net N() { input x: 8x9x9; stage a { conv(4, 1x1) }; stage b { conv(6, 1x1) }; "
        "output o = b -> max_pool(3x3); output p = b -> max_pool(9x9) }"
    )
    row = [b for b in boxes(picture).values() if b.kind == "conv"]
    joined = _joined(picture, [(row[0], row)])
    labels = [e.label for e in joined.edges if e.tail == row[0].id and e.label]
    assert labels == ["6×9×9"]
    alone = [e for e in picture.edges if e.tail == row[-1].id]
    assert len(alone) == 2
    assert {e.carried for e in alone} == {"6×9×9"}


def test_no_range_where_tensors_of_different_channels_enter() -> None:
    titles = [
        b.text.title
        for b in boxes(
            drawn(
                "net N() { input x: 8x9x9; a = conv(4, 1x1); b = conv(6, 1x1); c = conv(7, 1x1); "
                "stage both { l = a -> conv(3, 1x1); r = b -> conv(3, 1x1); m = c -> conv(3, 1x1); [l, r, m] -> concat } }",
                0,
            )
        ).values()
    ]
    assert "both 9" in titles


_INCEPTION = """
block Two(left, right) {
  concat { | conv(left, 1x1) -> relu | conv(right, 3x3, padding = 1) -> relu }
}
"""


def seconds(text: str) -> list[tuple[str, str]]:
    return [(b.text.title, b.text.after) for b in boxes(drawn(text, 0)).values() if b.region is not None]


def test_a_box_says_what_a_block_was_given() -> None:
    text = "net N() { input x: 8x9x9; stage a { Two(3, 5) }; stage b { Two(6, 1) }; stage c { Two(4, 4) } }"
    assert seconds(_INCEPTION + text) == [
        ("a · Two 8", "left 3, right 5"),
        ("b · Two 8→7", "left 6, right 1"),
        ("c · Two 7→8", "left 4, right 4"),
    ]


def test_a_stage_of_different_uses_says_what_each_was_given() -> None:
    text = "net N() { input x: 8x9x9; stage a { Two(3, 5); Two(6, 5) }; stage b { Two(6, 1) } }"
    assert seconds(_INCEPTION + text)[0] == ("a 8→11", "Two ×2, left 3 · 6, right 5")


def test_uses_in_the_turns_of_a_repeat_say_their_arguments_though_layers_stand_beside_them() -> None:
    text = (
        "net N() { input x: 8x9x9; stage a { repeat 2 { Two(3, 5) }; repeat 4 as i { Two(3 + i % 2, 2) }; "
        "conv(4, 1x1) }; stage b { Two(6, 1) } }"
    )
    assert seconds(_INCEPTION + text)[0][1] == "Two ×6 · 1×1 conv\nleft 3 ×3 · 4 · 3 · 4, right 5 ×2 · 2 ×4"


def test_what_comes_again_is_said_once_and_what_varies_too_much_not_at_all() -> None:
    start = "net N() { input x: 8x9x9; stage a { repeat 6 as i "
    again = start + "{ Two(3 + i % 2, 2) } }; stage b { Two(6, 1) } }"
    assert seconds(_INCEPTION + again)[0][1].endswith("left 3 · 4 in turn, right 2")
    many = start + "{ Two(3 + i, 2) } }; stage b { Two(6, 1) } }"
    assert seconds(_INCEPTION + many)[0][1] == "Two ×6"


def test_a_width_that_does_not_leave_the_stage_is_said() -> None:
    """The channels behind a stage are those of its last block, and are no channels of the others."""
    block = "block B(w) { conv(w, 3x3, padding = 1) -> relu -> max_pool(3x3, stride = 1, padding = 1) }\n"
    start = "net N() { input x: 8x9x9; stage a { B(%d); avg_pool(1x1); B(9) }; stage b { B(6) } }"
    assert seconds(block + start % 9)[0] == ("a 8→9", "B · 1×1 avg pool · B")
    assert seconds(block + start % 4)[0] == ("a 8→9", "B · 1×1 avg pool · B, w 4 · 9")


_FORMS = """
block B(w, wide = false) { if wide { conv(2 * w, 1x1) -> relu }
  conv(w, 3x3, padding = 1) -> bn -> relu -> max_pool(1x1) }
"""


def test_forms_of_a_block_are_told_apart_in_boxes_as_in_definitions() -> None:
    text = _FORMS + (
        "net N() { input x: 8x9x9; B(4); stage a { B(4, true); B(4); B(4) }; stage b { B(6, true) } }"
    )
    structure = Structure(ogive.loads(text).ir)
    picture = collapse(structure, 0)
    said = [(b.text.title, b.text.after) for b in boxes(picture).values() if b.region is not None]
    assert [title for title, _ in said] == ["B (a) 8→4", "a 4", "b · B (b) 4→6"]
    assert said[1][1] == "B (b) · (a) ×2"
    names = [made.name for made in definitions(structure, picture)]
    assert [name.split(",")[0] for name in names] == ["B (a)", "B (b)"]


def test_a_block_of_one_form_has_no_letter() -> None:
    text = "net N() { input x: 8x9x9; B(4, true); stage a { B(6, true); B(6, true) } }"
    assert [title for title, _ in seconds(_FORMS + text)] == ["B 8→4", "a · B 4→6"]


_BUNDLE = """
block Ends(w) { ends = []; ends += in -> conv(w, 1x1)
  conv(w, 3x3, padding = 1) as deep; ends += deep; ends += deep -> conv(w, 1x1); ends }
block Each() { done = []; for end in here { done += end -> max_pool(3x3) }; done }
"""


def defined_in(text: str) -> dict[str, Picture]:
    structure = Structure(ogive.loads(text).ir)
    return {made.name: made.picture for made in definitions(structure, collapse(structure, 0))}


def ends(picture: Picture, kind: str) -> list[str]:
    return [b.text.title for b in boxes(picture).values() if b.kind == kind]


def test_what_a_block_gives_is_marked_where_arrows_do_not_show_it() -> None:
    pictures = defined_in(
        _BUNDLE + "net N() { input x: 8x9x9; Ends(3) -> Each -> concat; Ends(4) -> Each -> concat }"
    )
    assert ends(pictures["Ends"], "output") == ["out 1", "out 2", "out 3"]
    assert ("3×3 conv, w", "out 2") in arrows(pictures["Ends"], "flow")
    assert ends(pictures["Each"], "output") == ["out 1", "out 2", "out 3"]
    plain = defined_in(_FORMS + "net N() { input x: 8x9x9; B(4); B(5) }")
    assert ends(plain["B"], "output") == []


def test_a_definition_of_uses_of_several_sizes_says_none_of_them() -> None:
    block = "block Both() { a = here[0] -> max_pool(3x3); b = here[1] -> conv(2, 1x1); [a, b] }\n"
    start = block + "net N() { input x: 8x9x9; a = conv(3, 1x1); b = conv(4, 3x3); [a, b] -> Both as [c, d]; "
    once = defined_in(start + "output p = c; output q = d }")
    assert ends(once["Both"], "input") == ["in (3×9×9)", "in (4×7×7)"]
    e = "[c, d] -> Both as [e, f]; output p = e; output q = f }"
    assert ends(defined_in(start + e)["Both"], "input") == ["in 1", "in 2"]


def test_a_width_that_the_channels_tell_is_not_said() -> None:
    body = "residual { conv(w, 1x1) -> relu -> conv(4 * w, 1x1) }"
    text = f"block B(w) {{ {body} }}\nnet N() {{ input x: 8x9x9; B(2); conv(12, 1x1); B(3) }}"
    assert seconds(text) == [("B 8", "1×1 · 1×1, + skip"), ("B 12", "1×1 · 1×1, + skip")]
