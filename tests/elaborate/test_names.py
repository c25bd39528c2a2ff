"""The static check of unused definitions: it finds wrong names, and never accuses a program that is right.

Every program here is legal, which elaboration itself confirms; then the check sees it as if nothing used its
definitions. Programs of the zoo and those of the explanations join in.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ogive import pipeline, resources
from ogive.elaborate.modules import visible_items
from ogive.elaborate.names import check_names
from ogive.layers.base import Initializer
from ogive.layers.library import Library
from ogive.reading import read_text

LIBRARY = Library.standard()

LEGAL = {
    "choices as bare words": """
        block Unit(order: "pre" | "post" = "post", mode: "a b" | "c" = c) { if order == "pre" and mode == "c" { bn }; conv(8, 3x3) }
        net N() { input x: 3x16x16; Unit(order = pre) -> Unit(post) }
    """,
    "choices of a block that came as an argument": """
        block Unit(order: "pre" | "post" = "post") { if order == "pre" { bn }; relu }
        block Twice(unit) { unit(order = pre) -> unit(post) }
        net N() { input x: 3x16x16; Twice(Unit) }
    """,
    "choices on either side of an if": """
        block Down(stride = 1, deep = false) {
          conv(8, 3x3, stride = stride, padding = same if stride == 1 else 1, init = zeros if deep else normal(0.1))
        }
        net N() { input x: 3x16x16; Down(2) -> Down(deep = true) }
    """,
    "choices in a default": """
        net N() { input x: 3x16x16; default conv(padding = same, init = orthogonal(gain = 2)); conv(8, 3x3) }
    """,
    "initialisers": """
        net N() { input x: 3x16x16; conv(8, 3x3, init = constant(1)) -> bn(init = ones) -> conv(8, 3x3, init = none) }
    """,
    "a parameter that hides a layer": """
        block Wrap(conv, relu = 3) { conv(8, size = relu) }
        block Make(width, size) { conv(width, size) }
        net N() { input x: 3x16x16; Wrap(Make) }
    """,
    "a block that hides a layer": """
        block relu(leak = 0.1) { leaky_relu(leak) }
        net N() { input x: 3x16x16; relu(leak = 0.2) -> relu }
    """,
    "a let that hides a layer, and one that is one": """
        let act = gelu
        let conv3 = conv(8, kernel_size = 3x3)
        net N() { input x: 3x16x16; let tanh = relu; conv3 -> act -> tanh -> conv3(padding = 1) }
    """,
    "stage names as tensors": """
        net N() { input x: 3x16x16; stage stem { conv(8, 3x3) }; stage "body" { relu }; stem -> add(body) }
    """,
    "counted stage names as tensors": """
        net N(n = 3) {
          input x: 3x16x16
          for i in 0..n { stage "conv{i + 1}" { conv(8, 3x3, padding = 1) } }
          stage "b{n}c" { relu }
          b3c -> add(b3c)
        }
    """,
    "names that loops take apart": """
        net N(table = [[8, 1], [16, 2]]) {
          input x: 3x16x16
          for i, [width, n] in table { repeat n as j { conv(width + i + j, 1x1) } }
          for [width, _] in table { conv(width, 1x1) }
          for k, _ in table { conv(k + 1, 1x1) }
        }
    """,
    "bundles taken apart": """
        block Split[a, b = none](w) { if b != none { a -> concat(b) }; conv(w, 1x1); output [here, a] }
        net N() { input x: 4x16x16; split(2, 2) as [l, _]; [l, l] -> Split(4) as [p, q]; p -> concat(q) }
    """,
    "nested blocks": """
        block Inner(w) { conv(w, 3x3, padding = 1) -> bn }
        block Outer(unit, w) { residual { unit(w) -> relu -> unit(here.channels) } }
        net N() { input x: 3x16x16; Outer(Inner, 3) -> Outer(w = 3, unit = Inner) }
    """,
    "functions, also those called like layers": """
        net N(k = 5) { input x: 3x16x16; conv(max(k, min(3, k)) + abs(-k) + round(2.5), 1x1) -> conv(divisible(k, by = 8), 1x1) }
    """,
    "words with arguments and bodies": """
        net N(k = 4) {
          input x: 4x16x16
          residual(shortcut = { identity -> conv(8, 1x1) }) { conv(8, 3x3, padding = same) }
          dense(layers = 2) { unit(k, 3x3, padding = 1, order = "norm act conv", act = gelu) }
          clique(layers = 2) { conv(k, 1x1) } as b
          heads = []
          heads += b.features -> relu
          heads += b.transit
          heads -> concat
        }
    """,
    "a net in a net, and one that nobody completes": """
        net Part(k) { input y: 3x8x8; conv(k, 3x3, padding = same); in -> concat(here) }
        net N() { input x: 3x16x16; Part(4) }
    """,
    "values of the file, in any order": """
        let wide = 2 * narrow
        let narrow = len(table)
        let table = [a, a]
        let a = "x"
        net N(k = wide) { input x: [3, 4 * wide, 4 * wide]; conv(k, 1x1); output y = here; output z = y_of }
    """.replace("; output y = here; output z = y_of", ""),
    "outputs and names given later": """
        net N() { input x: 3x16x16; y = conv(8, 1x1); output first = y; output second = y -> relu }
    """,
    "`here` as an element": """
        block Keep(skip = false) { (bn if skip else here) -> here -> identity }
        net N() { input x: 3x16x16; conv(here.channels, 1x1) -> Keep }
    """,
}


def unused(text: str) -> list[str]:
    """What the check says when no definition counts as used."""
    program = read_text(text)
    return [d.message for d in check_names(program.tree, LIBRARY, set(), visible_items(program))]


@pytest.mark.parametrize("text", LEGAL.values(), ids=LEGAL)
def test_legal_programs_are_not_accused(text: str):
    program = pipeline.read_program(text)
    compiled, found = pipeline.check_program(program)
    assert [d.message for d in found if d.severity == "error"] == [], "the program is meant to be legal"
    assert compiled
    assert unused(text) == []


@pytest.mark.parametrize("path", resources.zoo_files(), ids=lambda path: path.stem)
def test_the_zoo_is_not_accused(path):
    assert unused(path.read_text(encoding="utf-8")) == []


def right_examples() -> list[str]:
    """The second examples of the explanations."""
    pages = sorted(resources.explanations().glob("*.md"))
    found = [
        re.findall(r"^```arch\n((?:.*\n)*?)```$", page.read_text(encoding="utf-8"), re.MULTILINE)
        for page in pages
    ]
    return [examples[-1] for examples in found if examples]


@pytest.mark.parametrize("text", right_examples())
def test_right_examples_are_not_accused(text: str):
    assert unused(text) == []


# what stands in an argument of a block, with what it needs to be legal
ARGUMENTS = st.recursive(
    st.one_of(
        st.sampled_from(
            ["k", "here.channels", "in.channels", "len(rows)", "rows[0]", "i", "3", "max(k, 2)", "one"]
        )
    ),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: f"{p[0]} if k > 2 else {p[1]}"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}) + ({p[1]})"),
        inner.map(lambda e: f"min({e}, 9)"),
    ),
    max_leaves=4,
)
ELEMENTS = st.one_of(
    ARGUMENTS.map(lambda e: f"conv({e}, 1x1)"),
    ARGUMENTS.map(lambda e: f"U({e})"),
    st.sampled_from([
        "relu", "bn", "identity", "here", "act", "unit(8, 3x3, padding = same)", "U(k, mode = soft)", "U(k, hard)",
        "residual { relu -> act }", "concat { | identity | bn -> act | x }", "(bn if k > 2 else act)",
        "conv(8, 3x3, padding = same if k > 2 else 1, init = kaiming_normal)", "dense(layers = 2) { U(2) }",
    ]),
)  # fmt: skip
CHAINS = st.lists(ELEMENTS, min_size=1, max_size=3).map(" -> ".join)


@st.composite
def bodies(draw) -> str:
    """Statements in which every name means something."""
    lines: list[str] = []
    for number in range(draw(st.integers(1, 5))):
        chain = draw(CHAINS)
        form = draw(st.sampled_from(["{c}", "t{n} = {c}", "{c} as t{n}", 'stage "s{n}_{{k}}" {{ {c} }}', "taps += {c}",
                                     "repeat 2 {{ {c} }}", "if k > 2 {{ {c} }} else {{ relu }}"]))  # fmt: skip
        lines.append(form.format(c=chain, n=number))
        if form.startswith(("t{n}", "{c} as")):
            lines.append(f"t{number} -> relu")
        if form.startswith("stage"):
            lines.append(f"s{number}_3 -> relu")
    return "\n  ".join(lines)


@settings(max_examples=150, deadline=None)
@given(bodies())
def test_random_legal_programs_are_not_accused(body: str):
    text = (
        "let one = 1\n"
        'block U(w, mode: "soft" | "hard" = soft) { if mode == "soft" { bn }; conv(w, 1x1) }\n'
        "net N(k = 3, act = relu, rows = [1, 2], i = 2) {\n  input x: 3x8x8\n  taps = []\n  " + body + "\n}\n"
    )
    _, found = pipeline.check_program(pipeline.read_program(text))
    # shapes may disagree, and a combination may be too many; names are right
    assert not [d.message for d in found if d.code in {"E101", "E103", "E107"}]
    assert unused(text) == []


@pytest.mark.parametrize("name", ["relux", "BatchNorm2d", "skip", "pre", "zeros_", "sames"])
@pytest.mark.parametrize(
    "form",
    ["{} -> relu", "conv(8, 3x3) -> {}", "let w = {}", "conv({}, 3x3)", "residual {{ {} }}", "taps += {}",
     "if {} {{ relu }}", "for w in {} {{ relu }}", "repeat {} {{ relu }}", 'stage "a{{{}}}" {{ relu }}', "output y = {}",
     "concat {{ | relu | {} }}", "relu -> ({} if k > 2 else bn)", "default {}(stride = 2)"],
)  # fmt: skip
def test_wrong_names_are_found(name: str, form: str):
    text = f"block B(k) {{\n  taps = []\n  {form.format(name)}\n}}\n"
    assert [m for m in unused(text) if f"`{name}`" in m]


def test_wrong_names_in_defaults_and_values_are_found():
    assert unused("block B(k = kk) { conv(k, 3x3) }") == ["no name is called `kk`"]
    assert unused("let a = b + 1") == ["no name is called `b`"]
    assert unused("variant small = Net(3)") == ["no name is called `Net`"]


def test_a_missing_name_is_reported_once():
    assert unused("block B() { conv(k, 3x3) -> conv(k, 3x3) -> conv(2 * k, 3x3) }") == [
        "no name is called `k`"
    ]


def test_wrong_arguments_are_found():
    messages = unused("block B() { conv(8, 3x3, pad = 1); default bn(epsilon = 1) }")
    assert messages == ["`conv` has no argument `pad`", "`bn` has no argument `epsilon`"]


def test_initialisers_are_words_only_as_arguments():
    for name in Initializer.CHOICES:
        assert unused(f"block B() {{ conv(8, 3x3, init = {name}) }}") == []
        assert unused(f"block B() {{ relu -> {name} }}")
