"""Mistakes: one diagnostic each, in bounded time, and never a traceback."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard import ends
from ogive.diagnostics import Diagnostic
from ogive.source import SourceFile
from ogive.syntax.limits import LONGEST_LINE, MOST_LEXEMES, MOST_REPORTED
from ogive.syntax.parser import parse, parse_expression
from syntax.programs import PROGRAMS

PIECES = re.compile(r"\w+|->|\*\*|\.\.|\+=|[^\w\s]|\s+")
VOCABULARY = [
    *sorted({piece for text in PROGRAMS for piece in PIECES.findall(text)}),
    "3xsize", "\0", "“", "'", "\\", '"a{b}"', ".5", "é", "=>", "??", ";", "\ufeff",
]  # fmt: skip


def refused(text: str) -> tuple[Diagnostic, ...]:
    file, diagnostics = parse(SourceFile("t.arch", text))
    assert file is None
    assert diagnostics
    return diagnostics


def codes(text: str) -> list[str]:
    return [d.code for d in refused(text)]


@pytest.mark.parametrize(
    "text",
    [
        "net N() {\n conv(64 3x3)\n relu\n tanh -> \n}",
        "block A() { conv(64 3x3) }\nblock B() { let 3 = 4 }",
        "net N() { residual { let = } \n let 3 = 4 }",
        "net N() { concat { | a b | c | let 3 = 4 } }",
        "net N {\n relu\n}\nnet M {\n relu\n}",
        "let a = 0.5.3\nlet b = [1 2]",
        "net N() { a { \nrelu\n}\nlet b = 3xsize",
    ],
)
def test_two_mistakes_are_two_diagnostics(text: str) -> None:
    assert len(refused(text)) == 2


@pytest.mark.parametrize("text", PROGRAMS)
def test_leaving_out_a_piece_is_one_mistake(text: str) -> None:
    """Of all programs that lack one piece, hardly any is told more than one mistake."""
    text = re.sub("#.*", "", text)
    counts: list[int] = []
    for match in re.finditer(r"\w+|->|\*\*|\.\.|\+=|[^\w\s]", text):
        file, diagnostics = parse(SourceFile("t.arch", text[: match.start()] + text[match.end() :]))
        assert (file is None) == bool(diagnostics)
        counts.append(len(diagnostics))
    assert counts.count(1) > 0.75 * len(counts)
    assert sum(count > 1 for count in counts) <= 0.02 * len(counts)


def test_what_is_open_is_found_by_its_indent() -> None:
    text = "net N() {\n  residual {\n    conv\n  relu\n}\n\nnet M() {\n  relu\n}\n"
    (diagnostic,) = refused(text)
    assert diagnostic.code == "E002"
    assert diagnostic.span is not None
    assert diagnostic.span.place == "t.arch:2:12"


@pytest.mark.parametrize(
    "text", ['let a = "a{1]}"', 'let a = "a{f(1}"', 'let a = "a{f(1]}"', 'let a = f("a{1"}")']
)
def test_brackets_in_interpolations(text: str) -> None:
    assert codes(text)[0] in ("E002", "E005")


def test_indent_means_nothing_where_brackets_balance() -> None:
    file, _ = parse(SourceFile("t.arch", "net N() {\nresidual {\n   conv\n         }\n  }\nnet M() { a }"))
    assert file is not None


def test_fixes_repair() -> None:
    """A program with a mistake that has a fix is accepted once the fix is in."""
    repaired = 0
    for text in ["net N { relu }", "net N() { f(1 2) }", "net N() { a b -> c }", "net N() { x = 3 }", "let a = 3xb",
                 "let a = 'b'", "net N() { a => b }", "net N() { if a = 3 { b } }", "nett N() { a }", "let a = \"\\q\"",
                 "net N() { stage 3a { b } }", "net N() { a(1) // b\n }", "let a = 3 → 4", "let a =\u00a03"]:  # fmt: skip
        fixes = [d.fix for d in refused(text) if d.fix is not None]
        if not fixes:
            continue
        (fix,) = fixes
        fixed = text[: fix.span.start] + fix.replacement + text[fix.span.end :]
        repaired += parse(SourceFile("t.arch", fixed))[0] is not None
    assert repaired >= 11


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("let x = " + "(" * 50_000, "E003"),
        ("let x = " + "(" * 50_000 + ")" * 50_000, "E003"),
        ("net N() " + "a {" * 40_000, "E003"),
        ("net N() { " + "if a { b } else " * 5_000 + "{ c } }", "E003"),
        ("let x = " + "1 + " * 10_000 + "1", "E003"),
        ("let x = " + "not " * 10_000 + "1", "E003"),
        ("let x = " + "2 ** " * 10_000 + "1", "E003"),
        ("let x = a" + ".b" * 10_000, "E003"),
        ("let x = a" + "[0]" * 10_000, "E003"),
        ("}" * 20_000, "E002"),
        ("{)" * 20_000, "E003"),
        ("let x = " + "9" * 100_000, "E007"),
        ("let x = " + "1x" * 50_000 + "1", "E007"),
        ("net N() { " + "a b\n" * 20_000 + "}", "E009"),
        ("?\n" * 20_000, "E004"),
        ('let x = "' + "{" * 50_000 + '"', "E005"),
    ],
)
def test_what_is_too_much_is_refused(text: str, code: str) -> None:
    found = codes(text)
    assert code in found
    assert len(found) <= MOST_REPORTED


def fill(piece: str, before: str = "", behind: str = "") -> str:
    """Four million characters."""
    return before + piece * ((4_000_000 - len(before) - len(behind)) // len(piece)) + behind


@pytest.mark.parametrize(
    "text",
    [
        *map(
            fill, ["relu\n", "{", '"', "->", "}", "{)", "?", "?\n", '"\n', "'", "a", "# a\n", "()\n", "a {\n"]
        ),
        fill("{a}", 'let a = "', '"'),
        fill("\\n", 'let a = "', '"'),
        fill("a", 'let a = "'),
        fill("9", "let a = ", "b"),
        fill("1x", "let a = ", "b"),
        fill('let a = "' + "{a}" * 40_000 + '"\n'),
        fill('let a = "' + "\\n" * 60_000 + '"\n'),
        fill("let a = 1a\n"),
        fill("net N() { a }\n"),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_large_file_is_answered(text: str) -> None:
    with ends():
        assert 1 <= len(refused(text)) <= MOST_REPORTED


def test_a_large_program_is_accepted() -> None:
    file, _ = parse(SourceFile("t.arch", "net N() {\n" + "  conv(64, 3x3) -> bn -> relu\n" * 20_000 + "}\n"))
    assert file is not None


def test_what_is_too_large_is_named() -> None:
    assert codes("let a = 1\n" * (MOST_LEXEMES // 5 + 1)) == ["E015"]
    assert codes("# " + "a" * LONGEST_LINE) == ["E015"]
    assert parse(SourceFile("t.arch", "#" * LONGEST_LINE + "\n" + "#" * LONGEST_LINE))[0] is not None


@pytest.mark.parametrize("call", ["f(a = 1, 2)", "f(1, a = 2, b = 3, 4)"])
def test_positional_behind_named(call: str) -> None:
    assert codes(f"let a = {call}") == ["E016"]
    assert codes(f"net N() {{ {call} }}") == ["E016"]


def test_the_deepest_text_is_accepted() -> None:
    file, _ = parse(SourceFile("t.arch", "net N() {" + "a {" * 98 + "b" + "}" * 98 + "}"))
    assert file is not None


@pytest.mark.parametrize("text", ["", "1 2", "1\n", "a b", "{ a }", "let a = 1", "a = 1", "1;2", "f(", ")"])
def test_expressions_refused(text: str) -> None:
    expression, diagnostics = parse_expression(SourceFile("--set", text))
    assert expression is None or text == "1\n"
    assert len(diagnostics) == (text != "1\n")


def check(text: str) -> None:
    file, diagnostics = parse(SourceFile("t.arch", text))
    assert (file is None) == bool(diagnostics)
    starts = [d.labels[0].span.start for d in diagnostics]
    assert starts == sorted(starts)
    for diagnostic in diagnostics:
        assert re.fullmatch(r"E0[01]\d", diagnostic.code)
        for label in diagnostic.labels:
            assert 0 <= label.span.start <= label.span.end <= len(text) + 1


@given(st.text(max_size=80))
@settings(max_examples=150, deadline=None)
def test_any_text(text: str) -> None:
    check(text)


@given(st.binary(max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_bytes(data: bytes) -> None:
    check(data.decode("utf-8", errors="replace"))


@given(st.lists(st.sampled_from(VOCABULARY), max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_words(pieces: list[str]) -> None:
    check(" ".join(pieces))


@given(st.sampled_from(PROGRAMS), st.integers(0, 2**32), st.integers(1, 12))
@settings(max_examples=150, deadline=None)
def test_mutated_programs(text: str, seed: int, edits: int) -> None:
    choose = random.Random(seed)
    pieces = PIECES.findall(text)
    for _ in range(edits):
        at = choose.randrange(len(pieces))
        kind = choose.randrange(3)
        if kind == 0:
            del pieces[at : at + choose.choice([1, 1, 5])]
        elif kind == 1:
            pieces.insert(at, choose.choice(VOCABULARY))
        else:
            other = choose.randrange(len(pieces))
            pieces[at], pieces[other] = pieces[other], pieces[at]
        pieces = pieces or ["a"]
    check("".join(pieces))
