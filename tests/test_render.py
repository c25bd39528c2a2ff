"""Diagnostics as text, one line, JSON and colour."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from ogive.diagnostics import ArchError, Diagnostic, Fix, Label
from ogive.render import WIDTH, render_line, render_rich, render_text, to_json
from ogive.source import SourceFile, Span

RESNET = SourceFile(
    "resnet.arch",
    "\n" * 13
    + "  residual(shortcut = { identity }) {\n"
    + "    conv(width, 1x1) -> bn -> relu\n"
    + "    conv(width, 3x3) -> bn -> relu\n"
    + "    conv(4 * width, 1x1) -> bn\n"
    + "  }\n",
)


def at(source: SourceFile, text: str, label: str = "") -> Label:
    start = source.text.index(text)
    return Label(Span(source, start, start + len(text)), label)


def body(diagnostic: Diagnostic) -> list[str]:
    """The lines below the message and the place."""
    return render_text(diagnostic).split("\n")[3:]


def test_the_page_of_the_language_reference():
    diagnostic = Diagnostic(
        "E201",
        "`add`: 64x56x56 and 256x56x56 differ in channels",
        (
            at(RESNET, "residual", "64 channels + 256 channels"),
            at(RESNET, "conv(4 * width, 1x1)", "256 channels, set here (width = 64, from resnet.arch:31)"),
        ),
        (
            ("shortcut", "max_pool (line 26) 64x56x56"),
            ("body", "conv -> bn -> relu -> conv -> bn -> relu -> conv -> bn (lines 15-17) 256x56x56"),
        ),
        "let the shortcut project: `residual { … }`",
    )
    assert (
        render_text(diagnostic)
        == """\
error[E201]: `add`: 64x56x56 and 256x56x56 differ in channels
  --> resnet.arch:14:3
   |
14 |   residual(shortcut = { identity }) {
   |   ^^^^^^^^ 64 channels + 256 channels
   |
17 |     conv(4 * width, 1x1) -> bn
   |     -------------------- 256 channels, set here (width = 64, from resnet.arch:31)
   |
   = shortcut: max_pool (line 26) 64x56x56
   = body:     conv -> bn -> relu -> conv -> bn -> relu -> conv -> bn (lines 15-17) 256x56x56
   = help:     let the shortcut project: `residual { … }`"""
    )
    assert render_line(diagnostic) == (
        "resnet.arch:14:3: error[E201]: `add`: 64x56x56 and 256x56x56 differ in channels"
    )


def test_neighbouring_lines_are_not_parted():
    d = Diagnostic("E101", "m", (at(RESNET, "conv(width, 1x1)", "a"), at(RESNET, "conv(width, 3x3)", "b")))
    assert body(d) == [
        "15 |     conv(width, 1x1) -> bn -> relu",
        "   |     ^^^^^^^^^^^^^^^^ a",
        "16 |     conv(width, 3x3) -> bn -> relu",
        "   |     ---------------- b",
    ]


def test_several_labels_on_a_line_each_keep_their_marker():
    labels = at(RESNET, "residual", "one"), at(RESNET, "shortcut", "two"), at(RESNET, "identity", "three")
    assert body(Diagnostic("E201", "m", labels)) == [
        "14 |   residual(shortcut = { identity }) {",
        "   |   ^^^^^^^^ --------     -------- three",
        "   |   |        |",
        "   |   |        two",
        "   |   one",
    ]


def test_the_primary_marker_lies_over_the_others():
    d = Diagnostic("E201", "m", (at(RESNET, "identity", "here"), at(RESNET, "{ identity }")))
    assert body(d)[1:] == [
        "   |                       --^^^^^^^^--",
        "   |                         |",
        "   |                         here",
    ]


def test_another_file_has_its_own_place():
    other = SourceFile("blocks.arch", "block B(w) {\n  conv(w)\n}\n")
    d = Diagnostic("E201", "m", (at(RESNET, "residual", "used"), at(other, "conv(w)", "defined")), help="do")
    assert render_text(d).split("\n")[3:] == [
        "14 |   residual(shortcut = { identity }) {",
        "   |   ^^^^^^^^ used",
        "  ::: blocks.arch:2:3",
        "   |",
        " 2 |   conv(w)",
        "   |   ------- defined",
        "   |",
        "   = help: do",
    ]


def test_a_span_of_several_lines_shows_both_ends():
    text = "residual(shortcut = { identity }) {\n    conv(width, 1x1) -> bn -> relu\n    conv(width"
    assert body(Diagnostic("E301", "m", (at(RESNET, text, "all of this"),))) == [
        "14 |   residual(shortcut = { identity }) {",
        "   |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ all of this",
        "   |",
        "16 |     conv(width, 3x3) -> bn -> relu",
        "   |     ^^^^^^^^^^ to here",
    ]


def test_the_end_of_the_file_can_be_pointed_at():
    source = SourceFile("a.arch", "net A {")
    assert body(Diagnostic("E001", "m", (Label(Span(source, 7, 7), "unclosed"),))) == [
        "1 | net A {",
        "  |        ^ unclosed",
    ]


def test_tabs_and_wide_characters_keep_the_marker_in_place():
    source = SourceFile("a.arch", '\tlabel "日本"\tconv(3)\n')
    line, marker = body(Diagnostic("E101", "m", (at(source, "conv(3)"),)))
    assert line == '1 |     label "日本"    conv(3)'
    # the two ideographs take two columns each
    assert len(marker) - len("^^^^^^^") == line.index("conv") + 2


def test_a_combining_mark_takes_no_column():
    source = SourceFile("a.arch", "# e\u0301\u0301 x\n")
    assert body(Diagnostic("E101", "m", (at(source, "x"),)))[1] == "  |     ^"


def test_a_long_line_is_clipped_around_the_span():
    source = SourceFile("a.arch", "conv(1) -> " * 500 + "bad" + " -> conv(2)" * 500)
    line, marker = body(Diagnostic("E101", "m", (at(source, "bad", "here"),)))
    assert len(line) <= WIDTH + 6
    assert line[4] == line[-1] == "…"
    assert line[marker.index("^") :].startswith("bad")
    assert marker.endswith("^^^ here")


def test_labels_outside_the_clipped_part_keep_their_texts():
    source = SourceFile("a.arch", "first" + " " * 400 + "bad")
    page = render_text(Diagnostic("E101", "m", (at(source, "bad", "here"), at(source, "first", "cause"))))
    assert "here" in page
    assert "cause" in page
    assert max(map(len, page.split("\n"))) < WIDTH + 20


def test_a_clipped_line_is_shown_again_for_a_label_that_falls_outside():
    source = SourceFile("a.arch", "first" + " -> relu" * 60 + " -> bad")
    labels = (at(source, "bad", "here"), at(source, "first", "cause"))
    one, under_one, two, under_two = body(Diagnostic("E101", "m", labels))
    assert one[under_one.index("^") :].startswith("bad")
    assert under_one.endswith("^^^ here")
    assert two[under_two.index("-") :].startswith("first")
    assert under_two.endswith("----- cause")


def test_a_fix_without_help_is_spelled_out():
    label = at(RESNET, "identity")
    write, remove = Fix(label.span, "here"), Fix(label.span, "")
    assert "= help: write `here` for `identity`" in render_text(Diagnostic("E1", "m", (label,), fix=write))
    assert "= help: remove `identity`" in render_text(Diagnostic("E1", "m", (label,), fix=remove))


def test_help_of_several_lines_is_aligned():
    assert render_text(Diagnostic("E501", "no file", help="one\ntwo")) == (
        "error[E501]: no file\n  = help: one\n          two"
    )


def test_json_has_ranges_and_survives_a_round_trip():
    label = at(RESNET, "identity", "here")
    d = Diagnostic("W301", "m", (label,), (("body", "x"),), "h", Fix(label.span, "y", safe=True))
    value = json.loads(json.dumps(to_json(d)))
    place = {
        "file": "resnet.arch",
        "range": {"start": {"line": 13, "character": 24}, "end": {"line": 13, "character": 32}},
        "offsets": {"start": label.span.start, "end": label.span.end},
    }
    assert value == {
        "code": "W301",
        "severity": "warning",
        "message": "m",
        **place,
        "labels": [{**place, "text": "here"}],
        "notes": [{"heading": "body", "text": "x"}],
        "help": "h",
        "fixes": [{"title": "Write `y` for `identity`", "safe": True, "edits": [{**place, "newText": "y"}]}],
    }


def test_an_error_prints_all_its_diagnostics():
    error = ArchError([Diagnostic("E101", "one"), Diagnostic("W101", "two")])
    assert str(error) == "error[E101]: one\nwarning[W101]: two"


def test_colour_changes_no_character():
    d = Diagnostic(
        "W201", "m", (at(RESNET, "residual", "a"), at(RESNET, "identity", "b")), (("x", "y"),), "z"
    )
    text = render_rich(d)
    assert "\n".join(line.rstrip() for line in text.plain.split("\n")) == render_text(d)
    assert any("yellow" in str(span.style) for span in text.spans)


hostile = st.text(st.characters(codec=None), max_size=200)
ranges = st.lists(st.tuples(st.integers(0, 210), st.integers(0, 210)), max_size=4)


@given(text=hostile, message=hostile, spans=ranges)
def test_nothing_that_a_terminal_obeys_is_sent(text: str, message: str, spans: list[tuple[int, int]]):
    source = SourceFile(message, text)
    labels = tuple(
        Label(Span(source, min(a, len(text)), min(max(a, b), len(text))), message) for a, b in spans
    )
    d = Diagnostic("E101", message, labels, ((message, message),), message)
    for page in render_text(d), render_rich(d).plain, render_line(d):
        for char in page:
            assert char == "\n" or unicodedata.category(char)[0] != "C", repr(char)
            assert unicodedata.category(char) not in {"Zl", "Zp"}
    page = render_text(d)
    assert page.count("^") >= bool(labels)
    json.dumps(to_json(d))
