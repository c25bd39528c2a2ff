r"""Drawings as TikZ, looked at as text. What LaTeX makes of them: tests/latex."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from backends.draw import nets, scenes
from backends.draw.scenes import SIGNS
from ogive import diff, loads
from ogive.backends.draw import Options, Subject, drawing
from ogive.backends.draw.colours import look
from ogive.backends.draw.scene import Arrow, Mark, Scene, line, straight
from ogive.backends.draw.styles.difference import difference_drawing
from ogive.backends.draw.writers.tikz import tikz
from ogive.graph import Graph
from ogive.latex_text import comment, latex

TEXTS = {
    "3×3 conv, 128, /2": r"3$\times$3 conv, 128, /2",
    "64→⌈h/2⌉": r"64$\to$$\lceil$h/2$\rceil$",
    "BN · ReLU": r"BN $\cdot$ ReLU",
    "a_b & 50% of #1 for $2": r"a\_b \& 50\% of \#1 for \$2",
    "\\{}^~": r"$\backslash$$\{$$\}$\^{}$\sim$",
    "W²₀ ≤ −1…": r"W\textsuperscript{2}\textsubscript{0} $\leq$ $-$1\ldots{}",
    "Ünïcödé ł ß": r"\"{U}n\"{\i}c\"{o}d\'{e} \l{} \ss{}",
    "ệ": r"\d{\^{e}}",
    "e\u0301\u0300": r"\'{e}",  # not two beside each other
    "ą": "a",  # OT1 has no ogonek
    "ﬁ ½ ＡＢ": "fi 1/2 AB",
    "--x, ,, `` '' ?`": r"-{}-x, ,{}, `{}` '{}' ?{}`",  # no dashes and quotes that nobody wrote
    "–—“”": r"--{}---``''",
    "αΣ": r"$\alpha$$\Sigma$",
    "two\u00a0words": r"two\ words",
    "网😀": r"\ogivecode{7F51}\ogivecode{1F600}",
    "\ud800": r"\ogivecode{D800}",
    "a\nb\x00\x1bc\u202e\u200b": r"a b \ c",
    "W₀₁² ⋯": r"W\textsubscript{01}\textsuperscript{2} $\cdots$",
    "name    more": r"name \ \ \ more",
    "": "",
}  # fmt: skip
_MACRO = re.compile(r"\\([a-zA-Z]+|.)")


@pytest.mark.parametrize("name", nets.NETS)
def test_text_of(name: str, golden: Callable[[str, str | Path], None]) -> None:
    golden(_drawn(name, Options()), f"golden/{name}.tex")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("clique4", Options(style="unfolded")),
        ("clique6", Options(style="ring", theme="grey")),
        ("resnet50", Options(block="Bottleneck", theme="grey")),
    ],
    ids=["unfolded", "ring", "block"],
)
def test_text_of_a_style(
    name: str, options: Options, golden: Callable[[str, str | Path], None], request: pytest.FixtureRequest
) -> None:
    golden(_drawn(name, options), f"golden/{name}-{request.node.callspec.id}.tex")


SMALL: dict[str, tuple[list[Graph], Options]] = {
    "tensors": ([nets.unet(2, 16)], Options(style="tensors")),
    "tensors-row": ([nets.lenet()], Options(style="tensors", theme="grey")),
    "arcs": ([nets.densenet((4,))], Options(style="arcs")),
    "chain": ([nets.densenet((3, 2))], Options(style="chain")),
    "chain-clique": ([nets.cliquenet(3)], Options(style="chain", theme="grey")),
    "beside": ([nets.lenet(), nets.resnet((1, 2, 1, 1)), nets.densenet((2, 3))], Options()),
    "measured": ([nets.resnet((1, 2))], Options(colour_by="params")),
}


@pytest.mark.parametrize("name", SMALL)
def test_text_of_small_nets_in_every_style(name: str, golden: Callable[[str, str | Path], None]) -> None:
    graphs, options = SMALL[name]
    made = drawing([Subject(graph, graph) for graph in graphs], "tikz", options)
    golden(made.data.decode(), f"golden/small-{name}.tex")


def test_text_of_a_difference(golden: Callable[[str, str | Path], None]) -> None:
    before, after = (
        loads(f"net {name}() {{ input image: 3x32x32\n {body} -> max_pool(2x2) -> flatten -> linear(10) }}")
        for name, body in (
            ("Before", "conv(16, 3x3) -> relu -> dropout"),
            ("After", "conv(24, 3x3) -> bn -> relu"),
        )
    )
    golden(difference_drawing(diff(before, after), "tikz").data.decode(), "golden/small-difference.tex")


def _drawn(name: str, options: Options) -> str:
    graph = nets.NETS[name]()
    return drawing([Subject(graph, graph)], "tikz", options).data.decode()


def test_text_of_every_shape(golden: Callable[[str, str | Path], None]) -> None:
    golden(
        tikz(scenes.shapes(), caption="A round box, a square one; at most 100 % of a page. " * 3),
        "golden/shapes.tex",
    )


@pytest.mark.parametrize("text", TEXTS)
def test_any_text(text: str) -> None:
    assert latex(text) == TEXTS[text]


def test_every_character_of_the_first_plane() -> None:
    """Each gives ASCII with its braces balanced, dollars in pairs and no other sign that TeX acts on."""
    for code in range(0x10000):
        text = latex(chr(code) * 2)
        assert text.isascii(), code
        assert _balanced(text), code
        assert text.count("$") % 2 == text.count(r"\$") % 2, code
        outside = re.sub(r"(?<!\\)\$.*?(?<!\\)\$", "", _MACRO.sub("", text))
        assert not set(outside) & set("#%&_^~\\\n"), code


@pytest.mark.parametrize("text", SIGNS)
def test_any_text_anywhere(text: str) -> None:
    written = tikz(scenes.of_texts([text, text]), caption=text)
    body = "\n".join(each.partition(" % ")[0] for each in written.splitlines() if not each.startswith("%"))
    assert body.isascii()
    assert _balanced(body)
    assert body.count(r"\end{document}") == 1  # our own
    assert written == written.encode().decode()
    assert sum(each.startswith(r"\node") for each in written.split("\n")) == 4  # and none is broken off


def test_comments_stay_in_their_line() -> None:
    assert comment("a\nb\r\x0b\x85\u2028c\ud800") == "a b c"
    written = tikz(Scene("two\nlines", 9, 9, alt="alt\n\\evil"), caption="caption\n\\evil")
    head = written.partition(r"\expandafter\ifx")[0].splitlines()
    assert all(each.startswith("%") for each in head)
    assert head[0] == "% two lines, drawn by Ogive: 0.12 by 0.12 inches."
    assert r"% Alt text: alt \evil" in head
    assert r"% \caption{caption $\backslash$evil}" in head


def test_same_text_every_time() -> None:
    assert tikz(scenes.of("inception")) == tikz(scenes.of("inception"))


def test_names_of_nodes_are_unique() -> None:
    marks = tuple(Mark(id, (i, 0), 5, 5) for i, id in enumerate(["a.b", "a,b", "a b", "网", "", "a.b.1"]))
    names = re.findall(r"\\node\[.*?\] \((.*?)\) at", tikz(Scene("x", 9, 9, marks=marks)))
    assert len(set(names)) == len(marks)
    assert all(re.fullmatch(r"ogive-[A-Za-z0-9-]+", name) for name in names)


def test_places_and_sizes_are_those_of_the_scene() -> None:
    scene = scenes.of("resnet50")
    written = tikz(scene)
    found = re.findall(r"\\node\[.*?ogive size=\{(\S+?)\}\{(\S+?)\}.*?\] \(\S+\) at \((\S+),(\S+)\)", written)
    places = sorted(tuple(map(float, each)) for each in found)
    marks = [(m.width, m.height, *m.centre) for m in scene.marks]
    frames = [
        (f.right - f.left, f.top - f.bottom, (f.left + f.right) / 2, (f.top + f.bottom) / 2)
        for f in scene.frames
    ]
    assert places == [pytest.approx(each, abs=0.0051) for each in sorted(_hundredths([*marks, *frames]))]


def _hundredths(places: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
    return [tuple(round(value, 2) for value in each) for each in places]


def test_scale_is_that_of_lengths_pens_and_type() -> None:
    marks = (Mark("a", (50, 40), 60, 20, (line("text"),), fill="#FFFFFF", stroke="#000000", pen=1.6),)
    written = tikz(Scene("x", 100, 80, marks=marks), scale=0.5)
    assert r"\paperwidth=50bp \paperheight=40bp" in written
    assert r"ogive size={30}{10}, line width=0.8bp] (ogive-a) at (25,20)" in written
    assert r"\ogiveline{0}{4}{text}" in written
    assert r"\csname ogive size 4\endcsname#1{\scalebox{0.8000}{\fontsize{5}{5}\selectfont#1}}" in written


def test_an_arrow_is_a_curve_and_a_triangle() -> None:
    curve = Arrow(((0, 0), (0, 10), (10, 20), (20, 20)), (25, 20), kind="skip", stroke=look.SKIP)
    plain = Arrow(straight((0, 0), (30, 0)), None)
    written = tikz(Scene("x", 30, 30, arrows=(curve, plain))).splitlines()
    assert (
        r"\draw[ogive skip] (0,0) .. controls (0,10) and (10,20) .. (20,20);"
        r" \fill[ogive skip] (25,20) -- (20,22.15) -- (20,17.85) -- cycle;"
    ) in written
    assert r"\draw[ogive flow] (0,0) -- (30,0);" in written


def test_equal_looks_have_one_style_and_others_another() -> None:
    looks = [("#B3D7F0", "#0072B2"), ("#B3D7F0", "#0072B2"), ("#B3D7F0", "#000000"), ("#123456", None)]
    marks = tuple(Mark(f"m{i}", (9, 9), 9, 9, fill=f, stroke=s) for i, (f, s) in enumerate(looks))
    written = tikz(Scene("x", 30, 30, marks=marks))
    styles = re.findall(r"\\node\[(ogive [a-z0-9 ]+)", written)
    assert styles == ["ogive conv", "ogive conv", "ogive box", "ogive box 2"]
    assert r"\definecolor{ogive123456}{HTML}{123456}" in written


def _balanced(text: str) -> bool:
    depth = 0
    for brace in re.findall(r"[{}]", _MACRO.sub("", text)):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0
