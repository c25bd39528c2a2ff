"""Every construct gives the node it should, with the text it should."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from ogive.source import SourceFile
from ogive.syntax import ast
from ogive.syntax.lexeme import ITEM_WORDS, STATEMENT_WORDS
from ogive.syntax.parser import parse, parse_edits, parse_expression
from syntax.programs import PROGRAMS

PARTS = ("in", "with", "before", "after", "from", "extends")
# Words of statements that are names wherever a statement of that word does not begin, or go on.
WORDS = {*ITEM_WORDS.values(), *STATEMENT_WORDS.values(), *PARTS} - {"if"}


def accepted(text: str) -> ast.File:
    file, diagnostics = parse(SourceFile("t.arch", text))
    assert file is not None, [d.message for d in diagnostics]
    return file


def statements(text: str) -> tuple[ast.Statement, ...]:
    item = accepted(f"net N() {{\n{text}\n}}").items[0]
    assert isinstance(item, ast.Definition)
    return item.body.statements


def statement(text: str) -> Any:
    (only,) = statements(text)
    assert only.span.text == text
    return only


def expression(text: str) -> Any:
    parsed, diagnostics = parse_expression(SourceFile("t", text))
    assert parsed is not None, [d.message for d in diagnostics]
    return parsed


def shape(node: Any) -> Any:
    """A node as nested tuples, without spans."""
    if isinstance(node, tuple):
        return tuple(shape(n) for n in node)
    if not is_dataclass(node):
        return node
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Literal):
        return node.value
    inner = (shape(getattr(node, f.name)) for f in fields(node) if not f.name.endswith("span"))
    return (type(node).__name__, *inner)


def nodes(node: Any) -> Iterator[Any]:
    if isinstance(node, tuple):
        for n in node:
            yield from nodes(n)
    elif is_dataclass(node) and hasattr(node, "span"):
        yield node
        for f in fields(node):
            yield from nodes(getattr(node, f.name))


# --------------------------------------------------------------------------- expressions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", ("Binary", "+", 1, ("Binary", "*", 2, 3))),
        ("1 - 2 - 3", ("Binary", "-", ("Binary", "-", 1, 2), 3)),
        ("7 // 2 % 3", ("Binary", "%", ("Binary", "//", 7, 2), 3)),
        ("2 ** 3 ** 4", ("Binary", "**", 2, ("Binary", "**", 3, 4))),
        ("-2 ** 2", ("Unary", "-", ("Binary", "**", 2, 2))),
        ("2 ** -1", ("Binary", "**", 2, ("Unary", "-", 1))),
        ("not a and b or c", ("Logical", "or", ("Logical", "and", ("Unary", "not", "a"), "b"), "c")),
        ("not a == b", ("Unary", "not", ("Compare", ("==",), ("a", "b")))),
        ("a < b <= c != d", ("Compare", ("<", "<=", "!="), ("a", "b", "c", "d"))),
        ("(a < b) < c", ("Compare", ("<",), (("Compare", ("<",), ("a", "b")), "c"))),
        ("a if b else c if d else e", ("Conditional", "a", "b", ("Conditional", "c", "d", "e"))),
        ("0..n + 1", ("Range", 0, ("Binary", "+", "n", 1))),
        ("0..3 if a else 4", ("Range", 0, ("Conditional", 3, "a", 4))),
        ("a.b[1].c", ("Attribute", ("Index", ("Attribute", "a", "b"), 1), "c")),
        ("a[1:]", ("Slice", "a", 1, None)),
        ("a[:-1]", ("Slice", "a", None, ("Unary", "-", 1))),
        ("a[1:2]", ("Slice", "a", 1, 2)),
        ("a[:]", ("Slice", "a", None, None)),
        ("[1, [2], ]", ("ListExpr", (1, ("ListExpr", (2,))))),
        ("[]", ("ListExpr", ())),
        ("f()", ("Call", "f", ())),
        ("f(1, b = 2,)", ("Call", "f", (("Argument", None, 1), ("Argument", "b", 2)))),
        ("f(1)(2)", ("Call", ("Call", "f", (("Argument", None, 1),)), (("Argument", None, 2),))),
        ("3x224x224", ("Kernel", (3, 224, 224))),
        ("max(in.channels, here)", ("Call", "max", (("Argument", None, ("Attribute", "in", "channels")), ("Argument", None, "here")))),
        ("[true, false, none]", ("ListExpr", (True, False, None))),
        ('"conv{i + 2}_{j}"', ("String", ("conv", ("Binary", "+", "i", 2), "_", "j"))),
        ('"{i}"', ("String", ("i",))),
        (r'"a\"\\\n\t\{\}"', ("String", ('a"\\\n\t{}',))),
        ('""', ("String", ())),
        ("1\n + 2".replace("\n ", " "), ("Binary", "+", 1, 2)),
        ("(1\n + 2)", ("Binary", "+", 1, 2)),
        ("f(\n  1,\n  2\n)", ("Call", "f", (("Argument", None, 1), ("Argument", None, 2)))),
    ],
)  # fmt: skip
def test_expressions(text: str, expected: Any) -> None:
    parsed = expression(text)
    assert shape(parsed) == expected
    assert parsed.span.text == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("0.5", 0.5), ("1e-3", 0.001), ("1.5e3", 1500.0), ("1.5M", 1500000.0), ("64k", 64000), ("2G", 2 * 10**9),
     ("0.5k", 500.0), ("007", 7), (str(2**53), 2**53)],
)  # fmt: skip
def test_numbers(text: str, value: float) -> None:
    parsed = expression(text)
    assert parsed.value == value
    assert type(parsed.value) is type(value)


def test_an_interpolated_expression_knows_its_place() -> None:
    parsed = expression('"conv{i + 2}"')
    assert parsed.parts[1].span.text == "i + 2"
    assert parsed.parts[1].left.span.text == "i"


# --------------------------------------------------------------------------- statements


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("relu", ("Flow", ("Chain", ("relu",)), None)),
        ("conv -> relu as x", ("Flow", ("Chain", ("conv", "relu")), ("Pattern", ("x",), False))),
        ("split(2) as [a, _]", ("Flow", ("Chain", (("Call", "split", (("Argument", None, 2),)),)), ("Pattern", ("a", "_"), True))),
        ("x = in", ("Assign", "x", ("Chain", ("in",)))),
        ("taps = []", ("Assign", "taps", ("Chain", (("ListExpr", ()),)))),
        ("taps += here -> relu", ("Collect", "taps", ("Chain", ("here", "relu")))),
        ("let w = 4 * k", ("Let", "w", ("Binary", "*", 4, "k"))),
        ("input image: 3x32x32", ("Input", "image", "float", False, ("Kernel", (3, 32, 32)))),
        ("input x: [3, size]", ("Input", "x", "float", False, ("ListExpr", (3, "size")))),
        ("input x: tokens 100x64", ("Input", "x", "float", True, ("Kernel", (100, 64)))),
        ("input tokens: tokens", ("Input", "tokens", "float", False, "tokens")),
        ("input tokens: int [128]", ("Input", "tokens", "int", False, ("ListExpr", (128,)))),
        ("output logits = linear", ("Output", "logits", ("Chain", ("linear",)))),
        ("output relu -> bn", ("Output", None, ("Chain", ("relu", "bn")))),
        ("output [r, d]", ("Output", None, ("Chain", (("ListExpr", ("r", "d")),)))),
        ("stage a { relu }", ("Stage", ("String", ("a",)), ("Body", (("Flow", ("Chain", ("relu",)), None),)))),
        ('stage "a{i}" { }', ("Stage", ("String", ("a", "i")), ("Body", ()))),
        ("repeat 3 { }", ("Repeat", 3, None, None, ("Body", ()))),
        ("repeat(n) as i { }", ("Repeat", "n", None, "i", ("Body", ()))),
        ("repeat 3 share { }", ("Repeat", 3, (), None, ("Body", ()))),
        ("repeat n share(except = norm) as i { }",
         ("Repeat", "n", (("Argument", "except", "norm"),), "i", ("Body", ()))),
        ("repeat share { }", ("Repeat", "share", None, None, ("Body", ()))),
        ("repeat share share as share { }", ("Repeat", "share", (), "share", ("Body", ()))),
        ("share f = conv -> relu", ("Share", "f", (), ("Chain", ("conv", "relu")))),
        ("share(except = norm) f = conv", ("Share", "f", (("Argument", "except", "norm"),), ("Chain", ("conv",)))),
        ("assert params < 1.5M", ("Assert", ("Compare", ("<",), ("params", 1500000.0)), None)),
        ('assert (a), "k = {k}"', ("Assert", "a", ("String", ("k = ", "k")))),
        ('label "as in {x}"', ("Label", ("String", ("as in ", "x")))),
        ("insert bn before relu", ("Insert", ("Chain", ("bn",)), "before", ("Selector", "relu", ()), None)),
        ('insert se(16) -> drop after conv(5x5) in "a*"',
         ("Insert", ("Chain", (("Call", "se", (("Argument", None, 16),)), "drop")), "after",
          ("Selector", "conv", (("Argument", None, ("Kernel", (5, 5))),)), ("String", ("a*",)))),
        ("insert residual { relu } after conv",
         ("Insert", ("Chain", (("WithBody", "residual", ("Body", (("Flow", ("Chain", ("relu",)), None),))),)),
          "after", ("Selector", "conv", ()), None)),
        ("insert (bn if norm else identity) before relu",
         ("Insert", ("Chain", (("Conditional", "bn", "norm", "identity"),)), "before",
          ("Selector", "relu", ()), None)),
        ("insert before before after", ("Insert", ("Chain", ("before",)), "before", ("Selector", "after", ()), None)),
        ("remove lrn", ("Remove", ("Selector", "lrn", ()), None)),
        ('remove dropout(0.5) in "head{i}"',
         ("Remove", ("Selector", "dropout", (("Argument", None, 0.5),)), ("String", ("head", "i")))),
        ("replace relu with sigmoid", ("Replace", ("Selector", "relu", ()), ("Chain", ("sigmoid",)), None)),
        ('replace act with bn -> relu in "a"',
         ("Replace", ("Selector", "act", ()), ("Chain", ("bn", "relu")), ("String", ("a",)))),
        ("replace with with with", ("Replace", ("Selector", "with", ()), ("Chain", ("with",)), None)),
        ("set conv(3x3, bias = true)",
         ("Set", ("Selector", "conv", (("Argument", None, ("Kernel", (3, 3))), ("Argument", "bias", True))), None)),
        ('set in(a = 1) in "in"', ("Set", ("Selector", "in", (("Argument", "a", 1),)), ("String", ("in",)))),
        ("input x: [3, 32 * ?h, ?w]",
         ("Input", "x", "float", False, ("ListExpr", (3, ("Binary", "*", 32, ("Unknown", "h")), ("Unknown", "w"))))),
        ("for x in xs { }", ("For", None, ("Pattern", ("x",), False), "xs", ("Body", ()))),
        ("for i, [a, b] in in { }", ("For", "i", ("Pattern", ("a", "b"), True), "in", ("Body", ()))),
        ("for i in 0..3 { }", ("For", None, ("Pattern", ("i",), False), ("Range", 0, 3), ("Body", ()))),
        ("if a { }", ("If", "a", ("Body", ()), None)),
        ("if a { } else { }", ("If", "a", ("Body", ()), ("Body", ()))),
        ("if a { } else if b { } else { }",
         ("If", "a", ("Body", ()), ("Body", (("If", "b", ("Body", ()), ("Body", ())),)))),
        ("default conv(padding = same)", ("Default", "conv", (("Argument", "padding", "same"),))),
        ("residual { } -> relu", ("Flow", ("Chain", (("WithBody", "residual", ("Body", ())), "relu")), None)),
        ("residual(shortcut = { }) { }",
         ("Flow", ("Chain", (("WithBody", ("Call", "residual", (("Argument", "shortcut", ("BodyExpr", ("Body", ()))),)),
                              ("Body", ())),)), None)),
        ("x = concat { | a | b }",
         ("Assign", "x", ("Chain", (("WithBranches", "concat", (("Body", (("Flow", ("Chain", ("a",)), None),)),
                                                                 ("Body", (("Flow", ("Chain", ("b",)), None),)))),)))),
        ("conv -> (bn if norm else identity) -> relu",
         ("Flow", ("Chain", ("conv", ("Conditional", "bn", "norm", "identity"), "relu")), None)),
    ],
)  # fmt: skip
def test_statements(text: str, expected: Any) -> None:
    assert shape(statement(text)) == expected


@pytest.mark.parametrize("word", sorted(WORDS))
def test_words_are_names_where_a_name_is_meant(word: str) -> None:
    use, named, collected, argument = statements(
        f"{word} -> relu\n{word} = relu\n{word} += here\nf({word}, {word} = 1)"
    )
    assert shape(use) == ("Flow", ("Chain", (word, "relu")), None)
    assert shape(named) == ("Assign", word, ("Chain", ("relu",)))
    assert shape(collected) == ("Collect", word, ("Chain", ("here",)))
    assert shape(argument)[1][1][0][2] == (("Argument", None, word), ("Argument", word, 1))


@pytest.mark.parametrize(
    ("spread", "plain"),
    [
        ("a\n  -> b ->\n  c", "a -> b -> c"),
        ("a; b;; c;", "a\nb\nc"),
        ("\n\n# x\na # y\n\n-> b\n# z\n", "a -> b"),
        ("x =\n  a", "x = a"),
        ("residual\n{\n  a\n}\n-> b", "residual { a } -> b"),
        ("c {\n| a; b\n\n| d\n}", "c { | a\nb | d }"),
        ("if a { b }\nelse { c }", "if a { b } else { c }"),
        ("let a = 1 +\n 2", "let a = 1 + 2"),
        ("x = in\n[a, b] -> c", "x = in; [a, b] -> c"),
        ("f(a = {\n a\n b\n})", "f(a = { a; b })"),
        ("a\r\nb\r\n", "a\nb"),
        ("\ta", "a"),
    ],
)
def test_newlines(spread: str, plain: str) -> None:
    assert shape(statements(spread)) == shape(statements(plain))


@pytest.mark.parametrize("word", sorted(WORDS))
def test_words_are_names_of_everything(word: str) -> None:
    definitions = accepted(
        f"let {word} = 1\nblock {word}({word}, a = {word}) {{ }}\nvariant {word} = {word}({word} = {word})\n"
        f'use {word} as {word}, {word} from "x"\nrecipe {word} extends {word} {{ {word} {word}; {word} 3 }}'
    )
    assert [item.name.id for item in definitions.named] == [word] * 3
    assert [type(item).__name__ for item in definitions.items[3:]] == ["Use", "Recipe"]
    (recipe,) = definitions.recipes
    assert shape(recipe.settings) == (("Setting", word, (word,)), ("Setting", word, (3,)))
    stage, let, share, loop, use = statements(
        f"stage {word} {{ {word} }}\nlet {word} = {word}\nshare {word} = {word}\n"
        f"for {word}, {word} in {word} {{ }}\na.{word}[{word}] -> [{word}, {word}] as {word}"
    )
    assert shape(stage)[2] == ("Body", (("Flow", ("Chain", (word,)), None),))
    assert shape(let) == ("Let", word, word)
    assert shape(share) == ("Share", word, (), ("Chain", (word,)))
    assert shape(loop) == ("For", word, ("Pattern", (word,), False), word, ("Body", ()))
    assert shape(use)[2] == ("Pattern", (word,), False)


def test_a_word_calls_what_has_its_name() -> None:
    texts = [
        "insert(3) -> relu",
        "share(3) -> relu",
        "set(conv) -> relu",
        "remove(a)",
        "label(3)",
        "use(3) as x",
    ]
    for text in texts:
        flow = statement(text)
        assert isinstance(flow, ast.Flow), text
        assert isinstance(flow.chain.elements[0], ast.Call), text
    assert [type(s) for s in statements("set = here\nlabel += here\nassert -> relu\nuse.channels -> f")] == [
        ast.Assign, ast.Collect, ast.Flow, ast.Flow,
    ]  # fmt: skip


def test_edits_alone() -> None:
    edits, diagnostics = parse_edits(
        SourceFile("--edit", "remove lrn; insert bn before relu\nassert params < 3")
    )
    assert edits is not None, diagnostics
    assert [type(edit).__name__ for edit in edits] == ["Remove", "Insert", "Assert"]
    for wrong in ("", "relu", "let a = 3", "remove", "remove lrn;; }"):
        edits, diagnostics = parse_edits(SourceFile("--edit", wrong))
        assert edits is None, wrong
        assert len(diagnostics) == 1, wrong


def test_a_bracket_on_a_new_line_begins_a_bundle() -> None:
    assert len(statements("x = a[0]")) == 1
    assert len(statements("x = a\n[0] -> b")) == 2


# --------------------------------------------------------------------------- definitions


def test_definitions() -> None:
    text = 'block B[r, d = none](width, n: int = 2, order: "pre" | "post" = "post", act: layer, s = { relu }) { relu }'
    (block,) = accepted(text).items
    assert isinstance(block, ast.Definition)
    assert shape(block.bundle) == (("BundleParameter", "r", False), ("BundleParameter", "d", True))
    assert shape(block.parameters) == (
        ("Parameter", "width", None, (), None),
        ("Parameter", "n", "int", (), 2),
        ("Parameter", "order", None, (("String", ("pre",)), ("String", ("post",))), ("String", ("post",))),
        ("Parameter", "act", "layer", (), None),
        ("Parameter", "s", None, (), ("BodyExpr", ("Body", (("Flow", ("Chain", ("relu",)), None),)))),
    )
    assert not block.is_net
    assert block.header.text == text.removesuffix(" { relu }")
    assert block.span.text == text


def test_variants() -> None:
    plain, edited, empty = accepted(
        "variant a = N\nvariant b = a(1) with {\n  remove lrn; assert params < 3\n\n}\nvariant c = a with { }"
    ).items
    assert shape(plain) == ("Variant", "a", "N", ())
    assert isinstance(edited, ast.Variant)
    assert [type(change).__name__ for change in edited.changes] == ["Remove", "Assert"]
    assert shape(edited.value) == ("Call", "a", (("Argument", None, 1),))
    assert shape(empty) == ("Variant", "c", "a", ())


def test_use_language_recipe() -> None:
    language, whole, names, recipe, other = accepted(
        'language 1\nuse "a.arch"\nuse A, B as C from "b/c.arch"\nrecipe r {\n  batch 128\n'
        '  augment hflip, crop(224), "x" if a else [1,\n 2]\n}\nrecipe s extends r { }'
    ).items
    assert shape(whole) == ("Use", (), ("String", ("a.arch",)))
    assert shape(names) == (
        "Use",
        (("Imported", "A", "A"), ("Imported", "B", "C")),
        ("String", ("b/c.arch",)),
    )
    assert shape(language) == ("Language", 1)
    assert isinstance(recipe, ast.Recipe)
    assert recipe.header.text == "recipe r"
    assert shape(recipe.settings[0]) == ("Setting", "batch", (128,))
    assert len(recipe.settings[1].values) == 3
    assert isinstance(other, ast.Recipe)
    assert (other.base and other.base.id, other.settings) == ("r", ())


def test_a_file() -> None:
    file = accepted("\ufeff# top\nlet a = 1\n\nvariant v = N(1) # side\nvariant w = v\nnet N(a,) { }")
    assert [type(item).__name__ for item in file.items] == ["Let", "Variant", "Variant", "Definition"]
    assert [(c.text, c.span.text) for c in file.comments] == [("# top", "# top"), ("# side", "# side")]
    assert isinstance(file.items[3], ast.Definition)
    assert file.items[3].is_net


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing", " ; ;"])
def test_empty_files(text: str) -> None:
    file = accepted(text)
    assert file.items == ()
    assert file.span.text == text


@pytest.mark.parametrize("text", PROGRAMS)
def test_programs_of_the_description(text: str) -> None:
    file = accepted(text)
    for node in nodes(file):
        assert node.span.text == node.span.text.strip() or isinstance(node, ast.File)
        assert node.span.end > node.span.start


@pytest.mark.parametrize("text", PROGRAMS)
def test_a_span_holds_the_source_of_its_node(text: str) -> None:
    """What an expression's span shows parses, alone, to the same expression."""
    checked = 0
    for node in nodes(accepted(text)):
        if isinstance(node, ast.String) and not node.span.text.startswith('"'):
            assert node.parts == (node.span.text,)  # the bare name of a stage
        elif isinstance(node, ast.Expr) and not isinstance(node, ast.BodyExpr):
            assert shape(expression(node.span.text)) == shape(node)
            checked += 1
        elif isinstance(node, ast.Statement) and not isinstance(node, ast.Let):
            assert shape(statement(node.span.text)) == shape(node)
    assert checked or text == ""


def test_long_texts() -> None:
    assert len(statements("a -> bn\n" * 3_000)) == 3_000
    (flow,) = statements("a -> " * 10_000 + "b")
    assert isinstance(flow, ast.Flow)
    assert len(flow.chain.elements) == 10_001
    assert len(expression("[" + "1, " * 20_000 + "]").items) == 20_000
