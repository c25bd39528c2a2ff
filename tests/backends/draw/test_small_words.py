"""What boxes say in small type, what they leave out, and that their strides are strides."""

from __future__ import annotations

import pytest

import ogive
from ogive.backends.draw.fitting.candidates import Candidate, summaries
from ogive.backends.draw.fold.collapse import collapse, deepest
from ogive.backends.draw.fold.picture import Box, Picture, Text
from ogive.backends.draw.fold.rolling import Structure


def picture_of(text: str, depth: int | None = None, *, apart: bool = False) -> Picture:
    structure = Structure(ogive.loads(text).ir, apart=apart)
    return collapse(structure, deepest(structure) if depth is None else depth)


def texts(picture: Picture) -> list[Text]:
    boxes = (b for b in picture.boxes() if isinstance(b, Box))
    return [b.text for b in boxes if b.kind not in {"input", "output"}]


_TOKENS = """net N() { input x: 8x6x6
  conv(8, 3x3, padding = 1) -> permute(2, 3, 1) -> ln -> linear(16) -> gelu -> linear(8) -> map
  tokens -> linear(4) -> map(6, 6) }"""


def test_what_only_orders_numbers_anew_stands_in_the_box_of_a_layer() -> None:
    assert [(t.before, t.title, t.after) for t in texts(picture_of(_TOKENS))] == [
        ("", "3×3 conv, 8", "channels last · LN"),
        ("", "linear, 16", "GELU"),
        ("", "linear, 8", "channels first · to tokens"),
        ("", "linear, 4", "to map"),
    ]


def test_each_is_a_box_of_its_own_where_nothing_is_folded() -> None:
    said = [t.title for t in texts(picture_of(_TOKENS, apart=True))]
    assert [t for t in said if t[0].islower() and not t.startswith("linear")] == [
        "channels last", "channels first", "to tokens", "to map",
    ]  # fmt: skip


def test_an_order_of_axes_without_a_name_is_said() -> None:
    net = "net N() { input x: 8x6x4; permute(1, 3, 2) -> space_to_depth(2) -> permute(3, 2, 1) }"
    (text,) = texts(picture_of(net))
    assert (text.before, text.title, text.after) == (
        "permute 1, 3, 2",
        "space to depth /2",
        "permute 3, 2, 1",
    )


@pytest.mark.parametrize(("index", "word"), [(0, "first token"), (-1, "last token"), (3, "select 3")])
def test_a_token_has_a_name(index: int, word: str) -> None:
    net = f"net N() {{ input x: 8x6x6; tokens -> class_token -> ln -> select({index}) -> linear(3) }}"
    assert [(t.title, t.after) for t in texts(picture_of(net))] == [
        ("class token", f"LN · {word}"),
        ("linear, 3", ""),
    ]


_POOL = "conv(8, 3x3, padding = 1) -> max_pool(2x2) -> adaptive_avg_pool(%d) -> flatten -> linear(3)"


def test_a_pooling_that_does_nothing_at_this_size_is_left_out_and_one_that_does_is_not() -> None:
    net = f"net N() {{ input x: 8x6x6; {_POOL} }}"
    idle = picture_of(net % 3)
    assert [t.title for t in texts(idle)] == ["3×3 conv, 8", "2×2 max pool, /2", "linear, 3"]
    assert [t.title for t in texts(picture_of(net % 2))][2] == "avg pool to 2×2"
    every = [t.title for t in texts(picture_of(net % 3, apart=True))]
    assert "avg pool to 3×3" in every


def test_it_is_left_out_where_it_stands_alone_between_two_parts() -> None:
    net = (
        "net N() { input x: 8x6x6; stage a { conv(8, 3x3, padding = 1) -> max_pool(2x2) }; "
        "adaptive_avg_pool(3); stage b { conv(4, 1x1) -> relu -> max_pool(3x3) } }"
    )
    picture = picture_of(net, 0)
    assert [t.title for t in texts(picture)] == ["a 8, /2", "b 8→4"]
    titles = {b.id: b.text.title for b in picture.boxes() if isinstance(b, Box)}
    assert [(titles[e.tail][0], titles[e.head][0]) for e in picture.edges] == [
        ("x", "a"),
        ("a", "b"),
        ("b", "o"),
    ]
    assert {n for b in picture.boxes() if isinstance(b, Box) for n in b.every} >= {"adaptive_avg_pool1"}


def test_what_an_edge_loses_is_no_stride() -> None:
    """A valid 3×3 convolution makes 3 places of 5, about half as many, in steps of 1."""
    block = "block B(w, s) { conv(4, 1x1) -> relu -> conv(w, 3x3, stride = s) -> relu }\n"
    net = block + "net N() { input x: 8x5x5; stage a { B(6, %d) }; stage b { B(7, 1) -> max_pool(1x1) } }"
    small = net.replace("B(7, 1)", "conv(7, 1x1)")
    assert texts(picture_of(small % 1, 0))[0].title == "a · B 8→6"
    assert texts(picture_of(small % 2, 0))[0].title == "a · B 8→6, /2"


_EXTRA = """block Extra(narrow, width) { conv(narrow, 1x1) -> relu -> conv(width, 3x3, padding = 1) -> relu }
net N() { input x: 8x5x5; stage a { Extra(4, 8) }; max_pool(1x1); stage b { Extra(8, 16) } }"""


def test_a_width_in_proportion_is_said_where_the_definition_does_not_tell_it() -> None:
    """`narrow` is half of what leaves, but the definition calls that `width`."""
    said = [(t.title, t.after) for t in texts(picture_of(_EXTRA, 0))]
    assert said[0] == ("a · Extra 8", "narrow 4")
    assert said[-1] == ("b · Extra 8→16", "narrow 8")


def test_where_room_is_short_what_blocks_were_given_goes_last() -> None:
    structure = Structure(
        ogive.loads(_EXTRA.replace("max_pool(1x1)", "stage c { conv(8, 1x1) -> max_pool(1x1) }")).ir
    )
    whole = Candidate(collapse(structure, 0), 0)
    terse = next(c.picture for c in summaries(whole, structure) if "what is in parts" in c.summary)
    assert [t.after for t in texts(terse)] == ["narrow 4", "", "narrow 8"]


def test_a_long_name_keeps_its_ends_and_its_channels() -> None:
    long = "Very_long_name_of_a_block_that_does_something"
    blocks = "\n".join(
        f"block {long}_{end}(w) {{ conv(w, 3x3, padding = 1) -> relu -> conv(w, 1x1) }}" for end in "AB"
    )
    net = f"{blocks}\nnet N() {{\n  input x: 4x8x8\n  {long}_A(6) -> {long}_B(7)\n}}"
    titles = [
        box.text.title
        for box in collapse(Structure(ogive.loads(net).ir), 0).boxes()
        if isinstance(box, Box) and box.region
    ]
    assert len(titles) == 2
    for title, end, channels in zip(titles, "AB", ("4→6", "6→7"), strict=True):
        assert title.startswith("Very_long_name")
        assert title.endswith(f"omething_{end} {channels}")
