"""`ogive check --fix`: what is corrected, what is left alone, and what can never happen to a file."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.cases import all_cases
from ogive import fixing
from ogive.diagnostics import ArchError, Diagnostic, Fix, Label
from ogive.fixing import fix_text, replaced
from ogive.pipeline import check_program
from ogive.reading import read_text
from ogive.source import SourceFile, Span

WRONG = """\
net A {
  input image: 3x8x8
  // a comment
  w = 4 * 2
  conv(8, 3 x 3) => bn → relu // another
  if w = 8 { conv(8, 3×3, padding = 1_0) }
  conv(w, 3X3, bias: true)   # kept
  label note
  stage 3a { relu }
}
"""
RIGHT = """\
net A() {
  input image: 3x8x8
  # a comment
  let w = 4 * 2
  conv(8, 3x3) -> bn -> relu # another
  if w == 8 { conv(8, 3x3, padding = 10) }
  conv(w, 3x3, bias = true)   # kept
  label "note"
  stage "3a" { relu }
}
"""


def examine(text: str) -> list[Diagnostic]:
    try:
        return check_program(read_text(text, "net.arch"))[1]
    except ArchError as error:
        return list(error.diagnostics)


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("net.arch")
    path.write_text(WRONG, encoding="utf-8")
    return path


def test_all_of_it(ogive: Callable, net: Path):
    ran = ogive("check", "--fix", net)
    assert (ran.code, ran.err) == (0, "")
    assert net.read_text(encoding="utf-8") == RIGHT
    assert "net.arch:5:11: fixed E006: `3 x 3` -> `3x3`\n" in ran.out
    assert "net.arch:1:6: fixed E012: `()` inserted\n" in ran.out
    assert ran.out.count(": fixed E") == 14
    assert ran.out.splitlines()[-1].startswith("A: ")
    again = ogive("check", "--fix", net)
    assert ": fixed" not in again.out
    assert net.read_text(encoding="utf-8") == RIGHT


def test_without_it_nothing_is_written_and_it_is_offered(ogive: Callable, net: Path):
    ran = ogive("check", net)
    assert ran.code == 1
    assert ran.err.endswith("\n`ogive check --fix` corrects 2 of these\n")
    assert net.read_text(encoding="utf-8") == WRONG


def test_a_diff_writes_nothing(ogive: Callable, net: Path):
    ran = ogive("check", "--fix", "--diff", net)
    assert ran.code == 1
    assert net.read_text(encoding="utf-8") == WRONG
    lines = ran.out.splitlines()
    assert lines[:2] == ["--- net.arch", "+++ net.arch"]
    assert [line for line in lines if line.startswith("+  conv(8")] == [
        "+  conv(8, 3x3) -> bn -> relu # another"
    ]
    net.write_text(RIGHT, encoding="utf-8")
    ran = ogive("check", "--fix", "--diff", net)
    assert ran.code == 0
    assert ran.out.startswith("A: ")


def test_its_options_go_together(ogive: Callable, net: Path):
    assert ogive("check", "--diff", net).code == 2
    assert ogive("check", "--unsafe-fixes", net).code == 2


def test_a_guess_is_left_unless_it_is_asked_for(ogive: Callable, net: Path):
    text = 'net A() {\n  input x: 3x8x8\n  conw(8, 3x3, paddin = "sam") -> BatchNorm2d\n  let k = x.chanels\n  conv(k, 1x1)\n}\n'
    net.write_text(text, encoding="utf-8")
    ran = ogive("check", "--fix", net)
    assert (ran.code, net.read_text(encoding="utf-8")) == (1, text)
    assert "did you mean `conv`?" in ran.err
    ran = ogive("check", "--fix", "--unsafe-fixes", net)
    assert ran.code == 0, ran.err
    assert net.read_text(encoding="utf-8") == (
        'net A() {\n  input x: 3x8x8\n  conv(8, 3x3, padding = "same") -> bn\n  let k = x.channels\n  conv(k, 1x1)\n}\n'
    )


def test_json_says_what_was_done(ogive: Callable, net: Path):
    document = json.loads(ogive("check", "--fix", "--json", net).out)
    (file,) = document["fixed"]
    assert (document["ok"], document["diagnostics"], file["file"]) == (True, [], "net.arch")
    assert len(file["changes"]) == 14
    assert {"code": "E006", "before": "3X3", "after": "3x3", "line": 6}.items() <= next(
        change for change in file["changes"] if change["before"] == "3X3"
    ).items()
    assert all(change["safe"] for change in file["changes"])


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_line_endings_and_a_mark_stay(ogive: Callable, net: Path, ending: str):
    net.write_bytes(("\ufeff" + WRONG.replace("\n", ending)).encode())
    assert ogive("check", "--fix", net).code == 0
    assert net.read_bytes() == ("\ufeff" + RIGHT.replace("\n", ending)).encode()


def test_mixed_line_endings_stay_where_they_are(ogive: Callable, net: Path):
    net.write_bytes(b"net A {\r\n  input x: 3x8x8\n  conv(8, 3 x 3)\r\n}")
    assert ogive("check", "--fix", net).code == 0
    assert net.read_bytes() == b"net A() {\r\n  input x: 3x8x8\n  conv(8, 3x3)\r\n}"


def test_permissions_and_links_stay(ogive: Callable, net: Path):
    net.chmod(0o640)
    Path("link.arch").symlink_to(net)
    assert ogive("check", "--fix", "link.arch").code == 0
    assert Path("link.arch").is_symlink()
    assert net.read_text(encoding="utf-8") == RIGHT
    assert stat.S_IMODE(net.stat().st_mode) == 0o640
    assert sorted(path.name for path in Path().iterdir()) == ["link.arch", "net.arch"]


def test_a_file_of_two_names_is_changed_once(ogive: Callable, net: Path):
    ran = ogive("check", "--fix", net, f".{os.sep}net.arch", "net.arch:A")
    assert ran.code == 0, ran.err
    assert ran.out.count(": fixed E006: `3 x 3`") == 1


def test_a_file_that_is_used_is_not_touched(ogive: Callable, net: Path):
    blocks = Path("blocks.arch")
    blocks.write_text("block B(w) { conv(w, 3 x 3) }\n", encoding="utf-8")
    net.write_text('use "blocks.arch"\nnet A() {\n  input x: 3x8x8\n  B(4)\n}\n', encoding="utf-8")
    ran = ogive("check", "--fix", net)
    assert ran.code == 1
    assert "`3x3`" in ran.err
    assert blocks.read_text(encoding="utf-8") == "block B(w) { conv(w, 3 x 3) }\n"
    assert ogive("check", "--fix", net, blocks).code == 0
    assert blocks.read_text(encoding="utf-8") == "block B(w) { conv(w, 3x3) }\n"


def test_the_zoo_by_its_name_is_not_touched(ogive: Callable):
    ran = ogive("check", "--fix", "lenet5", "no_such_net")
    assert "lenet5: " in ran.out
    assert ran.code == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(ogive: Callable, net: Path):
    net.parent.resolve().chmod(0o500)
    try:
        ran = ogive("check", "--fix", net)
    finally:
        net.parent.resolve().chmod(0o700)
    assert "E510" in ran.err
    assert net.read_text(encoding="utf-8") == WRONG


def test_a_file_that_changes_meanwhile_is_not_overwritten(
    ogive: Callable, net: Path, monkeypatch: pytest.MonkeyPatch
):
    original = fixing.replaced

    def meddle(text, fixes):
        net.write_text("# somebody else\n", encoding="utf-8")
        return original(text, fixes)

    monkeypatch.setattr(fixing, "replaced", meddle)
    ran = ogive("check", "--fix", net)
    assert "error[E510]: `net.arch` was changed while it was checked" in ran.err
    assert net.read_text(encoding="utf-8") == "# somebody else\n"


def test_settings_and_plugins_count(ogive: Callable, net: Path):
    """A fix is judged with the settings of the command: the same net, the same mistakes."""
    net.write_text("net A(n) {\n  input x: 3x8x8\n  conv(n, 3 x 3)\n}\n", encoding="utf-8")
    ran = ogive("check", "--fix", net, "--set", "n=4")
    assert ran.code == 0
    assert "4x6x6" in ran.out


def test_a_guess_is_offered_too(ogive: Callable, net: Path):
    guess, sure = "  conw(8, 3x3)\n", "  conv(8, 3 x 3)\n"
    net.write_text(f"net A() {{\n  input x: 3x8x8\n{guess}}}\n", encoding="utf-8")
    assert ogive("check", net).err.endswith("\n`ogive check --fix --unsafe-fixes` tries a guess at it\n")
    net.write_text(f"net A() {{\n  input x: 3x8x8\n{sure}  if true & true {{ relu }}\n}}\n", encoding="utf-8")
    offer = (
        "`ogive check --fix` corrects 1 of these; with `--unsafe-fixes` it tries a guess at 1 more of these"
    )
    assert ogive("check", net).err.endswith(f"\n{offer}\n")


@pytest.mark.parametrize("mode", [0o444, 0o400])
def test_a_read_only_file_keeps_all_of_them_as_they_are(ogive: Callable, net: Path, mode: int):
    locked = Path("locked.arch")
    locked.write_text(WRONG, encoding="utf-8")
    locked.chmod(mode)
    ran = ogive("check", "--fix", net, locked)
    assert ran.code == 1
    assert ran.err.startswith("error[E510]: cannot write `locked.arch`: it is read-only\n")
    assert net.read_text(encoding="utf-8") == locked.read_text(encoding="utf-8") == WRONG
    assert stat.S_IMODE(locked.stat().st_mode) == mode
    assert ogive("check", "--fix", "--diff", locked).out.startswith("--- locked.arch\n")


# --------------------------------------------------------------------------- what each gives

BODY = "net A() {{\n  input x: 3x8x8\n  {}\n}}\n"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("relu // fast", "relu # fast"),
        ("relu // 2 (or 3)", "relu # 2 (or 3)"),
        ("relu - > bn", "relu -> bn"),
        ("let a == 3; conv(a, 3x3)", "let a = 3; conv(a, 3x3)"),
        ("share f == conv(3, 3x3); f", "share f = conv(3, 3x3); f"),
        ("conv（8，3x3）", "conv(8,3x3)"),
        ("repeat 3 as i share { relu }", "repeat 3 share as i { relu }"),
        ("conv(8, 3 x 3) surplus stuff", "conv(8, 3x3) surplus stuff"),
    ],
)
def test_what_is_safe(wrong: str, right: str):
    done = fix_text(BODY.format(wrong), examine)
    assert done.text == BODY.format(right)
    assert all(each.safe for each in done.applied)


def test_a_recipe_is_safe():
    done = fix_text("recipe a {\n  batch = 128\n  epochs: 3\n}\n" + RIGHT, examine)
    assert done.text == "recipe a {\n  batch 128\n  epochs 3\n}\n" + RIGHT


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("if x.channels > 2 && true { relu }", "if x.channels > 2 and true { relu }"),
        ("if 3>2&&2<3 { relu }", "if 3>2 and 2<3 { relu }"),
        ("if !(3 < 2) { relu }", "if not (3 < 2) { relu }"),
        ("relu\n  assert true && 3 > 2", "relu\n  assert true and 3 > 2"),
        ("let b = True; conv(3, 3x3, bias = b)", "let b = true; conv(3, 3x3, bias = b)"),
        ("conv(3, 3x3, bias = False)", "conv(3, 3x3, bias = false)"),
        ("conv(8, kernel = 3)", "conv(8, kernel_size = 3)"),
        ("let h = 8; let w = 4; expand(3xhxw)", "let h = 8; let w = 4; expand([3, h, w])"),
    ],
)
def test_what_is_a_guess(wrong: str, right: str):
    text = BODY.format(wrong)
    assert fix_text(text, examine).text == text
    assert replaced(text, [d.fix for d in examine(text) if d.fix is not None]) == BODY.format(right)


@pytest.mark.parametrize(
    "wrong",
    [
        BODY.format("assert params <= 3k parameters"),
        BODY.format('conv(3, 3x3) -> relu in "s"'),
        BODY.format("conv(8, 3x3, kernel = 3)"),
        BODY.format("relu // c }"),
        "net A() { input x: 3x32x32; relu // c }\n",
        "net A() { input x: 3x32x32; relu // 2 }\n",
        "net A() {input x: 3xhxw; relu}\n",
        "net A() { input x: 3x8x8; conv(4,3x3) }\nvariant v = A() with { set conv(3x3, stride 2) }\n",
    ],
)
def test_what_would_not_help_is_not_done(wrong: str):
    assert fix_text(wrong, examine, unsafe=True).text == wrong


def test_a_comment_behind_which_statements_may_stand_is_a_guess():
    text = BODY.format("relu // one; conv(8, 3x3)")
    assert fix_text(text, examine).text == text


# --------------------------------------------------------------------------- never worse


def test_a_fix_under_which_another_mistake_lies_is_undone():
    """Though fewer are left: the fix itself cannot have been meant."""

    def find(text: str) -> list[Diagnostic]:
        if "bad" in text:
            return [made(text, "bad", "worse"), Diagnostic("E102", "one"), Diagnostic("E102", "two")]
        return [made(text, "worse", "", "E103", safe=False)]

    done = fix_text("a bad text", find)
    assert (done.text, done.applied) == ("a bad text", ())


@pytest.mark.parametrize(("word", "helps"), [("next", False), ("further", True)])
def test_what_a_guess_touches_must_be_right(word: str, helps: bool):
    """A comma between two words of which one means nothing."""
    text = "call(word next) and further"

    def find(version: str) -> list[Diagnostic]:
        if "," not in version:
            at = version.index("word") + 4
            fix = Fix(Span(SourceFile("net.arch", version), at, at), ",")
            return [Diagnostic("E001", "comma", (Label(fix.span),), fix=fix), Diagnostic("E102", "one")]
        return [made(version, word, "", "E103", safe=False)]

    unfixable = [replace(d, fix=None) for d in find("call(word, next) and further")]
    done = fix_text(text, lambda v: find(v) if "," not in v else unfixable_at(v, unfixable), unsafe=True)
    assert (done.text != text) is helps


def unfixable_at(text: str, found: list[Diagnostic]) -> list[Diagnostic]:
    source = SourceFile("net.arch", text)
    return [replace(d, labels=(Label(Span(source, d.span.start, d.span.end)),)) for d in found if d.span]


@pytest.mark.parametrize(("safe", "expected"), [(False, "one at the end"), (True, "two at the end")])
def test_a_guess_that_leaves_as_many_mistakes_is_undone(safe: bool, expected: str):
    def find(text: str) -> list[Diagnostic]:
        if "one" in text:
            return [made(text, "one", "two", safe=safe)]
        return [replace(made(text, "end", ""), fix=None)]

    assert fix_text("one at the end", find, unsafe=True).text == expected


def made(text: str, found: str, replacement: str, code: str = "E101", safe: bool = True) -> Diagnostic:
    start = text.index(found)
    span = Span(SourceFile("net.arch", text), start, start + len(found))
    return Diagnostic(code, "wrong", (Label(span, ""),), fix=Fix(span, replacement, safe))


def test_a_fix_after_which_more_is_wrong_is_not_applied():
    def find(text: str) -> list[Diagnostic]:
        if "bad" in text:
            return [made(text, "bad", "worse")]
        return [made(text, "worse", "", safe=False), Diagnostic("E101", "another")] if "worse" in text else []

    done = fix_text("a bad text", find)
    assert (done.text, done.applied, len(done.left)) == ("a bad text", (), 1)


def test_of_several_fixes_those_that_help_are_applied():
    def find(text: str) -> list[Diagnostic]:
        found = [
            made(text, word, fix)
            for word, fix in (("one", "1"), ("bad", "worse"), ("two", "2"))
            if word in text
        ]
        return [*found, *[Diagnostic("E102", f"{n}") for n in range(4) if "worse" in text]]

    done = fix_text("one bad two", find)
    assert done.text == "1 bad 2"
    assert [each.after for each in done.applied] == ["1", "2"]


def test_a_fix_that_does_not_help_ends():
    calls = 0

    def find(text: str) -> list[Diagnostic]:
        nonlocal calls
        calls += 1
        return [made(text, "x", "xx")]

    done = fix_text("x", find)
    assert (done.text, done.applied) == ("x", ())
    assert calls < 10


def test_fixes_in_a_circle_end():
    def find(text: str) -> list[Diagnostic]:
        return [made(text, "a", "b", "E101") if "a" in text else made(text, "b", "a", "E102")]

    assert len(fix_text("a", find).text) == 1


def test_fixes_that_overlap_are_applied_one_after_the_other():
    def find(text: str) -> list[Diagnostic]:
        pairs = (("abc", "x"), ("bcd", "y"), ("de", "z"))
        return [made(text, old, new) for old, new in pairs if old in text]

    assert fix_text("abcde", find).text == "xz"


def test_replacing():
    text = "0123456789"
    source = SourceFile("x", text)
    fixes = [Fix(Span(source, 7, 9), "B"), Fix(Span(source, 2, 2), "A"), Fix(Span(source, 0, 1), "")]
    assert replaced(text, fixes) == "1A23456B9"


CASES = [
    case
    for case in all_cases()
    if case.code != "E402" and not any(words for words, _ in case.sources)  # those take their time
]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_every_case_of_a_diagnostic_ends_no_worse(case):
    """Safe fixes and guesses alike."""
    for _, text in case.sources:
        before = examine(text)
        for unsafe in (False, True):
            done = fix_text(text, examine, unsafe=unsafe)
            assert len(examine(done.text)) == len(done.left)
            assert badness(done.left) <= badness(before)
            assert bool(done.applied) is (done.text != text)
            if done.applied:
                assert fix_text(done.text, examine, unsafe=unsafe).text == done.text


def badness(found) -> tuple[int, int]:
    errors = [d for d in found if d.severity == "error"]
    syntax = sum(d.code.startswith("E0") for d in errors)
    return syntax, len(errors) - syntax


LINES = WRONG.splitlines()


@given(
    st.lists(
        st.sampled_from([*LINES, "}", "{", "relu", "net B() {", "bad(3 x 3)", "x = 3 // y", '"', "é×→"]),
        max_size=12,
    )
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_text_ends_no_worse(lines):
    text = "\n".join(lines)
    before, done = examine(text), fix_text(text, examine, unsafe=True)
    assert badness(done.left) <= badness(before)


@pytest.mark.parametrize(
    ("length", "most"), [(100, fixing.ROUNDS + 1), (600, 100), (6_000, fixing.FEWEST_CHECKS)]
)
def test_a_long_text_is_checked_less_often(length: int, most: int):
    """Each guess brings another one to light, without end: how often that is looked at has a bound."""
    checked = 0

    def examine(text: str) -> list[Diagnostic]:
        nonlocal checked
        checked += 1
        span = Span(SourceFile("x.arch", text), checked % len(text), checked % len(text) + 1)
        return [Diagnostic("E101", "no", (Label(span),), fix=Fix(span, str(checked)))]

    fix_text("a" * length, examine, unsafe=True)
    assert most - 1 <= checked <= most
