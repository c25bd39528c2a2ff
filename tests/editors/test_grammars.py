"""The grammars for editors: current, valid, and of one mind about every program there is."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String

from diagnostics.cases import all_cases
from ogive.editors import build, textmate
from ogive.editors.lexer import TOKENS, ArchLexer
from ogive.editors.rules import ROLES, rules
from ogive.editors.vocabulary import vocabulary
from ogive.layers.library import Library

ROOT = Path(__file__).parents[2]
LEXER = ArchLexer(stripnl=False, ensurenl=False)
BLOCK = re.compile(r"^```arch(?: \w+)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROGRAMS = {
    **{
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for path in (ROOT / "archs").rglob("*.arch")
    },
    **{
        f"{path.relative_to(ROOT)}:{number}": text
        for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
        for number, text in enumerate(BLOCK.findall(path.read_text(encoding="utf-8")), 1)
    },
}


# --------------------------------------------------------------------------- what is checked in


@pytest.mark.parametrize("path", build.files(), ids=lambda path: path.name)
def test_the_file_is_current(path: Path):
    assert path.read_text(encoding="utf-8") == build.files()[path], "write it again with `make editors`"


def test_the_lexer_is_what_pygments_finds():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["entry-points"]["pygments.lexers"]["arch"].partition(":")
    assert getattr(import_module(module), name) is ArchLexer
    assert "arch" in ArchLexer.aliases


def test_every_layer_and_word_is_known():
    v = vocabulary()
    kinds = {layer.kind for layer in Library.standard().layers()}
    assert kinds <= {*v.layers, *v.words, *v.reserved}
    assert {"residual", "dense", "clique", "concat", "add"} <= set(v.words)
    assert {"let", "stage", "insert", "assert", "label", "use"} <= set(v.soft)
    assert not set(v.words) & set(v.layers)


def test_every_role_has_a_colour_everywhere():
    used = {role for rule in rules() for role in rule.roles} | {"string", "escape", "interpolation"}
    assert used == set(ROLES) == set(TOKENS) == {*textmate.SCOPES, "space"}


# --------------------------------------------------------------------------- Pygments


@pytest.mark.parametrize("name", PROGRAMS)
def test_pygments_knows_every_program(name: str):
    text = PROGRAMS[name]
    tokens = list(LEXER.get_tokens(text))
    assert "".join(value for _, value in tokens) == text
    assert [value for kind, value in tokens if kind in Error] == []


@pytest.mark.parametrize("part", range(4))
def test_pygments_loses_nothing_of_what_is_wrong(part: int):
    for case in all_cases()[part::4]:
        for words, text in case.sources:
            if "python" not in words:
                assert "".join(value for _, value in LEXER.get_tokens(text)) == text


def pieces(text: str) -> list[tuple[object, str]]:
    return [(kind, value) for kind, value in LEXER.get_tokens(text) if value.strip()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("let w = 4", [(Keyword, "let"), (Name, "w")]),
        ("let = conv(3)", [(Name, "let")]),
        ("stage -> conv(8)", [(Name, "stage"), (Operator, "->"), (Name.Builtin, "conv")]),
        ('stage "a{i}" {', [(Keyword, "stage"), (String.Double, '"'), (String.Double, "a"), (String.Interpol, "{")]),
        ("{ set conv(bias = true) }", [(Punctuation, "{"), (Keyword, "set"), (Name.Builtin, "conv")]),
        ("set as x", [(Name, "set"), (Keyword, "as")]),
        ("conv(set = 3)", [(Name.Builtin, "conv"), (Punctuation, "("), (Name.Attribute, "set")]),
        ("insert bn before relu", [(Keyword, "insert"), (Name.Builtin, "bn"), (Keyword, "before"), (Name.Builtin, "relu")]),
        ("before -> conv(3)", [(Name, "before")]),
        ("for x in list {", [(Keyword, "for"), (Name, "x"), (Keyword, "in"), (Name, "list")]),
        ("in -> conv(in.channels, 1x1)", [(Name.Builtin.Pseudo, "in")]),
        ("repeat n share as i {", [(Keyword, "repeat"), (Name, "n"), (Keyword, "share"), (Keyword, "as")]),
        ("share(except = norm) f = conv(3)", [(Keyword, "share"), (Punctuation, "(")]),
        ("share(3) -> conv(3)", [(Name, "share"), (Punctuation, "(")]),
        ("label", [(Name, "label")]),
        ('label "x"', [(Keyword, "label")]),
        ("x.conv", [(Name, "x"), (Punctuation, "."), (Name.Property, "conv")]),
        ("0..depth", [(Number, "0"), (Operator, ".."), (Name, "depth")]),
        ("3x3 1.5M 64k ?h", [(Number.Integer, "3x3"), (Number, "1.5M"), (Number, "64k"), (Name.Variable, "?h")]),
        ("net A(n: int = 3) {", [(Keyword.Declaration, "net"), (Name.Class, "A"), (Punctuation, "("), (Name, "n"), (Punctuation, ":"), (Keyword.Type, "int")]),
        ("  batch 128", [(Keyword, "batch"), (Number, "128")]),
        ("  optimizer sgd(lr = 0.1)", [(Keyword, "optimizer"), (Name, "sgd")]),
        ("x if c else y", [(Name, "x"), (Keyword, "if")]),
        ('"a # b" # c', [(String.Double, '"'), (String.Double, "a # b"), (String.Double, '"'), (Comment.Single, "# c")]),
        ('"never closed', [(String.Double, '"'), (String.Double, "never closed")]),
        ('"a{b', [(String.Double, '"'), (String.Double, "a"), (String.Interpol, "{"), (Name, "b")]),
        ('"a{b"\nnet C() {', [(String.Double, '"'), (String.Double, "a")]),
        ("conver(3)", [(Name, "conver")]),
        ("\N{MULTIPLICATION SIGN}", [(Error, "\N{MULTIPLICATION SIGN}")]),
    ],
)  # fmt: skip
def test_colours(text: str, expected: list[tuple[object, str]]):
    assert pieces(text)[: len(expected)] == expected


def test_a_string_that_is_not_closed_ends_with_its_line():
    assert (Keyword.Declaration, "net") in pieces('"a{b\nnet C() {')


# --------------------------------------------------------------------------- TextMate

GRAMMAR = json.loads(
    (ROOT / "grammar/editors/vscode/syntaxes/arch.tmLanguage.json").read_text(encoding="utf-8")
)


def scopes(text: str) -> list[tuple[str, str]]:
    """What an editor makes of a text, line by line: the innermost scope of each piece. As vscode-textmate: the
    match that begins first, and of those the first rule.
    """
    found: list[tuple[str, str]] = []
    stack: list[dict] = [GRAMMAR]
    for line in text.splitlines(keepends=True):
        at = 0
        while at < len(line):
            top = stack[-1]
            best = None
            end = re.compile(top["end"]).search(line, at) if "end" in top else None
            for rule in patterns(top["patterns"]):
                match = re.compile(rule.get("match") or rule["begin"]).search(line, at)
                if (
                    match
                    and match.end() > match.start()
                    and (best is None or match.start() < best[1].start())
                ):
                    best = rule, match
            if end and (best is None or end.start() <= best[1].start()):
                best = None
            start = end.start() if end and best is None else best[1].start() if best else len(line)
            if start > at:
                found.append((line[at:start], top.get("name", "")))
            if best is not None:
                at = piece(found, *best)
                if "begin" in best[0]:
                    stack.append(best[0])
            elif end is not None:
                if end[0].strip("\n"):
                    found.append((end[0], top.get("endCaptures", {}).get("0", {}).get("name", top["name"])))
                at = end.end()
                stack.pop()
            else:
                at = len(line)
    return [(part, scope) for part, scope in found if part.strip()]


def patterns(entries: list[dict]):
    for entry in entries:
        if "include" in entry:
            target = GRAMMAR["repository"][entry["include"].lstrip("#")]
            yield from [target] if "begin" in target else patterns(target["patterns"])
        else:
            yield entry


def piece(found: list[tuple[str, str]], rule: dict, match: re.Match[str]) -> int:
    if "captures" in rule:
        for number, text in enumerate(match.groups(), 1):
            found.append((text, rule["captures"].get(str(number), {}).get("name", "")))
    else:
        found.append((match[0], rule.get("beginCaptures", {}).get("0", {}).get("name", rule.get("name", ""))))
    return match.end()


def test_every_pattern_is_valid_and_consumes_its_groups():
    def visit(node: object) -> None:
        if isinstance(node, dict):
            for key in ("match", "begin", "end"):
                if key in node:
                    re.compile(node[key])
            for inner in node.values():
                visit(inner)
        for inner in node if isinstance(node, list) else ():
            visit(inner)

    visit(GRAMMAR)
    for rule in rules():
        compiled = re.compile(rule.pattern, re.MULTILINE)
        assert compiled.groups == len(rule.roles), rule.pattern
        assert not compiled.fullmatch(""), f"{rule.pattern} matches nothing at all"


ONIGURUMA_LACKS = re.compile(r"\(\?P|\(\?[aiLmsux]+\)|\\[AZ]|(?<!\\)\$\w")


def test_the_dialect_is_common_to_both():
    """No named groups as only Python writes them, no inline flags, no lookbehind of several lengths."""
    for rule in rules():
        assert not ONIGURUMA_LACKS.search(rule.pattern), rule.pattern
        for behind in re.findall(r"\(\?<[=!]((?:\\.|\[(?:\\.|[^\]])*\]|[^()\\])*)\)", rule.pattern):
            assert "|" not in re.sub(r"\[(?:\\.|[^\]])*\]", "", behind)


@pytest.mark.parametrize("name", PROGRAMS)
def test_textmate_and_pygments_agree(name: str):
    """The same role for every piece of every program."""
    role_of = {f"{scope}.arch": role for role, scope in textmate.SCOPES.items()}
    ours = [(text, role_of[scope]) for text, scope in joined(scopes(PROGRAMS[name]))]
    kinds = [
        (text, kind)
        for text, kind in joined((v, k) for k, v in LEXER.get_tokens(PROGRAMS[name]) if v.strip())
    ]
    assert [text for text, _ in ours] == [text for text, _ in kinds]
    for (text, role), (_, kind) in zip(ours, kinds, strict=True):
        assert TOKENS[role] == kind, f"{text!r} is {role} in TextMate and {kind} in Pygments"


def joined(found) -> list:
    """Strings, in one piece: how they are cut does not matter."""
    result: list = []
    for text, kind in found:
        is_string = kind in ("string.quoted.double.arch", String.Double)
        if is_string and result and result[-1][1] == kind:
            result[-1] = (result[-1][0] + text, kind)
        else:
            result.append((text, kind))
    return [(text.strip(), kind) for text, kind in result]


def test_the_extension_holds_what_it_names():
    folder = ROOT / "grammar/editors/vscode"
    manifest = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    (language,), (grammar,) = manifest["contributes"]["languages"], manifest["contributes"]["grammars"]
    for path in (language["configuration"], grammar["path"]):
        json.loads((folder / path).read_text(encoding="utf-8"))
    assert grammar["scopeName"] == GRAMMAR["scopeName"] == "source.arch"
    assert language["id"] == grammar["language"] == "arch"


# --------------------------------------------------------------------------- LaTeX


def test_the_listings_style_is_well_formed():
    """There is no LaTeX here: brackets balance, and each word stands in one class."""
    text = (ROOT / "grammar/editors/latex/lstlang-arch.sty").read_text(encoding="utf-8")
    code = re.sub(r"(?<!\\)%.*", "", text).replace(r"\{", "").replace(r"\}", "")
    depth = 0
    for char in code:
        depth += (char == "{") - (char == "}")
        assert depth >= 0
    assert depth == 0
    classes = re.findall(r"morekeywords=\[(\d)\]\{(.*?)\}", code, re.DOTALL)
    assert [number for number, _ in classes] == ["1", "2", "3"]
    words = [word.strip() for _, listed in classes for word in listed.split(",")]
    assert len(words) == len(set(words)) > 100
    assert all(re.fullmatch(r"\w+", word) for word in words)
    assert {"let", "conv", "residual", "true", "optimizer"} <= set(words)
    for needed in (
        r"\lstdefinelanguage{arch}",
        r"\lstdefinestyle{arch}",
        r"morecomment=[l]{\#}",
        'morestring=[b]{"}',
    ):
        assert needed in text
