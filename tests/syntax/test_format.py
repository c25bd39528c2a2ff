"""The one style: what it looks like, and that it changes nothing else."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ogive
from guard import ends
from ogive import resources
from ogive.diagnostics import ArchError
from ogive.source import SourceFile
from ogive.syntax import format as package
from ogive.syntax.format import format_text
from ogive.syntax.format.same import same_comments, same_tree
from ogive.syntax.parser import Parsed, read
from syntax.programs import PROGRAMS
from syntax.scatter import scattered

ROOT = Path(__file__).parents[2]
DOCUMENTS = re.findall(
    r"```arch\n(.*?)```", (ROOT / "docs" / "language.md").read_text(encoding="utf-8"), re.DOTALL
)
ZOO = [path.read_text(encoding="utf-8") for path in sorted(resources.zoo().rglob("*.arch"))]
TEXTS = [*PROGRAMS, *ZOO, *DOCUMENTS]


def parsed(text: str) -> Parsed:
    result, diagnostics = read(SourceFile("t.arch", text))
    assert result is not None, diagnostics
    return result


def check(text: str) -> str:
    """Formats a program, and proves what `format_text` proves, without its own proof."""
    formatted = package._lay_out(parsed(text))
    before, after = parsed(text), parsed(formatted)
    assert same_tree(before.tree, after.tree)
    assert [c.text for c in before.tree.comments] == [c.text for c in after.tree.comments]
    assert same_comments(before, after)
    assert package._lay_out(after) == formatted
    for line in formatted.split("\n"):
        assert line == line.rstrip()
    assert not formatted or formatted.endswith("\n")
    assert "\n\n\n" not in formatted
    return formatted


# --------------------------------------------------------------------------- what it looks like

STYLE = (Path(__file__).with_name("style.md")).read_text(encoding="utf-8")
CASES = re.findall(
    r"^## ([^\n]*)\n\n[^\n]*\n\n```arch\n(.*?)```\n\n```arch\n(.*?)```$", STYLE, re.DOTALL | re.MULTILINE
)


def test_there_are_cases_of_style() -> None:
    assert len(CASES) == STYLE.count("\n## ") > 15


@pytest.mark.parametrize(("before", "after"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_style(before: str, after: str) -> None:
    assert check(before) == format_text(before) == after
    assert check(after) == format_text(after) == after


@pytest.mark.parametrize("text", PROGRAMS, ids=[text.split("(")[0][-20:] for text in PROGRAMS])
def test_programs_of_the_description_stay(text: str) -> None:
    """The programs that show how the language should look stay as they are, but for an empty line."""
    formatted = check(text)
    assert formatted.replace("\n\n", "\n") == text.replace("\n\n", "\n")


@pytest.mark.parametrize("text", ZOO)
def test_the_zoo_is_in_it(text: str) -> None:
    assert check(text) == text


# --------------------------------------------------------------------------- what it leaves alone


@given(st.sampled_from(TEXTS), st.integers(0, 2**32), st.sampled_from([0.02, 0.1, 0.3, 0.6]))
@settings(max_examples=40, deadline=None)
def test_strange_files(text: str, seed: int, density: float) -> None:
    """Any white space, any line ends, comments in every place that a line may end."""
    strange = scattered(text, seed, density)
    formatted = check(strange.replace("\r\n", "\n"))
    assert same_tree(parsed(formatted).tree.items, parsed(text).tree.items)


@given(st.sampled_from(TEXTS), st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_long_names(text: str, seed: int) -> None:
    """Names of all lengths make lines end in all places."""
    choose = random.Random(seed)

    def longer(match: re.Match[str]) -> str:
        grows = choose.random() < 0.15
        return match[0] + "_" + "x" * choose.choice([0, 3, 10, 30, 60, 110, 130]) if grows else match[0]

    names = r"\b(relu|bn|width|stride|padding|sgd|identity|c3|resnet18|bn_x5|batch|inception|unit|layers)\b"
    bare = re.sub(r'("[^"\n]*")|#.*', lambda match: match[1] or "", text)  # a string may hold a `#`
    check(scattered(re.sub(names, longer, bare), seed, choose.choice([0.0, 0.1])))


@pytest.mark.parametrize("text", TEXTS)
def test_a_comment_in_every_place(text: str) -> None:
    """Wherever a line may end, all at once, and one after another."""
    check(scattered(text, 1, density=0.9).replace("\r\n", "\n"))


def test_numbers_strings_and_parentheses_stay() -> None:
    text = 'let a = [64k, 1.5M, 1e-3, 007, 1.50, ((2)), (1 + 2), "\\t{ i+1 }\\{", "a  b"]\n'
    assert check(text) == text


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", ""),
        ("\n\n \t\n", ""),
        (";;\n;", ""),
        ("# only", "# only\n"),
        ("\n\n# a  \n\n\n\n# b\n\n", "# a\n\n# b\n"),
        ("\ufefflet a = 1", "let a = 1\n"),
        ("let a = 1\r\nlet b = 2\r\n", "let a = 1\nlet b = 2\n"),
        ("# a\rlet a = 1", "# a\nlet a = 1\n"),
        ("let a = 1 # x\u2028y", "let a = 1  # x\u2028y\n"),
        ("\tlet\ta\f=\t1", "let a = 1\n"),
    ],
)
def test_ends_of_lines_and_files(text: str, after: str) -> None:
    assert format_text(text) == after
    assert format_text(after) == after


def test_the_function_of_the_package() -> None:
    assert ogive.format("net A(){relu}") == "net A() { relu }\n"


# --------------------------------------------------------------------------- what it refuses


def test_mistakes_of_syntax() -> None:
    with pytest.raises(ArchError) as error:
        format_text("net A() {\r\n  conv(1 2)\r\n}", "a.arch")
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "E010"
    assert diagnostic.span is not None
    assert diagnostic.span.place == "a.arch:2:10"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (lambda text, _: text.replace("relu", "selu"), "something else"),
        (lambda text, _: text.replace("# a", "# b"), "something else"),
        (lambda text, _: text.replace("  # a\n  relu", "  relu  # a"), "comment"),
        (lambda text, _: text.replace("f(1)", "f((1))"), "comment"),
        (lambda text, _: text.replace("}", ""), "would not parse"),
        (lambda text, count: "\n" * count + text, "once more"),
    ],
)
def test_a_fault_of_the_formatter_is_noticed(
    fault: Callable[[str, int], str], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, counts = package.layout, itertools.count()
    monkeypatch.setattr(package, "layout", lambda items, end: fault(real(items, end), next(counts)))
    with pytest.raises(ArchError, match=why) as error:
        format_text("net A() {\n  # a\n  relu;  f(1)\n}\n")
    assert [d.code for d in error.value.diagnostics] == ["E531"]


# --------------------------------------------------------------------------- how long it takes


@pytest.mark.parametrize(
    "text",
    [
        "net N() {\n" + "  conv(64,3x3)->bn -> relu # b\n" * 1_500 + "}\n",
        "# a\n" * 20_000 + "net N() { a }\n" + "# b\n" * 20_000,
        "net N() {" + "a -> " * 5_000 + "b}\n",
        "net N() {" + "a; " * 5_000 + "b}\n",
        "let a = [" + "1, " * 8_000 + "]\n",
        "let a = [\n" + "# x\n1, # y\n" * 3_000 + "]",
        "let a = [\n" + "[1, 2, 3, 4],\n" * 1_000 + "]",
        "let a = f(" + "abc = 3, " * 3_000 + ")\n",
        "net N() { concat {" + "| a\n" * 3_000 + "} }",
        "recipe a {\n" + "batch 128\n" * 3_000 + "}",
        "net N() {" + "a {\n" * 98 + "b" + " }" * 98 + "}",
        "net N() {" + "f(a = { " * 32 + "b" + " })" * 32 + "}",
    ],
    ids=lambda text: repr(text[:20]),
)  # fmt: skip
def test_long_files(text: str) -> None:
    with ends():
        formatted = format_text(text)
    assert formatted.count("#") == text.count("#")
