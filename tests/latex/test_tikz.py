r"""Drawings as TikZ, compiled by a real LaTeX: alone, and by \input in papers of several kinds."""

from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path

import pytest

from backends.draw import nets, scenes
from backends.draw.scenes import SIGNS
from latex.latex import Compiled, compiled, plain
from ogive.backends.draw import measure
from ogive.backends.draw.scene import Mark, Scene, line
from ogive.backends.draw.writers.tikz import tikz

pytestmark = pytest.mark.slow

GOLDENS = sorted((Path(nets.__file__).parent / "golden").glob("*.tex"))
PAPER = r"""
\documentclass[twocolumn]{article}
\usepackage{tikz}
%s
\begin{document}
Some text before, of a paper in two columns.
\begin{figure*}
  \centering\scalebox{%.3f}{\input{net.tex}}
  \caption{A network.}
\end{figure*}
%s
And some behind. $a_b^c$
\end{document}
"""
WIDE = r"\newcommand\ogivefont{\fontfamily{cmss}\fontseries{bx}}"  # wider than what was measured


def in_paper(folder: Path, scene: Scene, before: str = "", behind: str = "", **more: str) -> Compiled:
    """A scene in a paper."""
    (folder / "net.tex").write_text(tikz(scene, caption="A network."), encoding="utf-8")
    return compiled(folder, PAPER % (before, min(450 / scene.width, 500 / scene.height), behind), **more)


def texts(scene: Scene) -> list[str]:
    """All that a scene says, line by line."""
    frames = [run.text for frame in scene.frames for title in frame.lines for run in title]
    marks = [run.text for mark in scene.marks for each in mark.lines for run in each]
    return [*frames, *marks, *(mark.badge for mark in scene.marks)]


def assert_clean(made: Compiled) -> None:
    assert made.status == 0, made.complaints
    assert not made.complaints


def assert_says_all(made: Compiled, scene: Scene) -> None:
    said = made.text
    for text in texts(scene):
        assert plain(text) in said, text


@pytest.mark.parametrize("path", GOLDENS, ids=[path.stem for path in GOLDENS])
def test_goldens(path: Path, tmp_path: Path) -> None:
    made = compiled(tmp_path, path.read_text(encoding="utf-8"))
    assert_clean(made)
    assert made.pages == 1


@pytest.mark.parametrize("name", nets.NETS)
def test_alone(name: str, tmp_path: Path) -> None:
    scene = scenes.of(name)
    made = compiled(tmp_path, tikz(scene))
    assert_clean(made)
    assert made.pages == 1
    assert made.size == pytest.approx((scene.width, scene.height), abs=0.02)
    assert_says_all(made, scene)


@pytest.mark.parametrize("name", nets.NETS)
def test_in_a_paper(name: str, tmp_path: Path) -> None:
    made = in_paper(tmp_path, scenes.of(name))
    assert_clean(made)
    assert_says_all(made, scenes.of(name))


@pytest.mark.parametrize(
    "font", [r"\renewcommand\familydefault{\sfdefault}", r"\newcommand\ogivefont{\ttfamily}", WIDE]
)
def test_in_another_font(font: str, tmp_path: Path) -> None:
    made = in_paper(tmp_path, scenes.of("inception"), font)
    assert_clean(made)
    assert_says_all(made, scenes.of("inception"))


@pytest.mark.parametrize("scale", [0.7, 1.25])
def test_scaled(scale: float, tmp_path: Path) -> None:
    scene = scenes.of("clique4")
    made = compiled(tmp_path, tikz(scene, scale=scale))
    assert_clean(made)
    assert made.size == pytest.approx((scale * scene.width, scale * scene.height), abs=0.02)
    assert_says_all(made, scene)


def test_every_shape(tmp_path: Path) -> None:
    made = compiled(tmp_path, tikz(scenes.shapes()))
    assert_clean(made)
    assert made.size == pytest.approx((280, 170), abs=0.02)
    assert_says_all(made, scenes.shapes())


@pytest.mark.parametrize("font", ["", WIDE, r"\newcommand\ogivefont{\ttfamily}"])
@pytest.mark.parametrize("name", ["resnet50", "unet", "clique6"])
def test_text_is_inside_its_box(name: str, font: str, tmp_path: Path) -> None:
    scene = scenes.of(name)
    made = compiled(tmp_path, tikz(scene).replace("\\begin{document}", f"{font}\\begin{{document}}"))
    assert_clean(made)
    boxes = [mark for mark in scene.marks if mark.shape != "bare"]
    seen = 0
    for word in made.words:
        x, y = (word.left + word.right) / 2, (word.bottom + word.top) / 2
        for box in boxes:
            if box.left < x < box.right and box.bottom < y < box.top:
                assert box.left + 1 < word.left, (word, box)
                assert word.right < box.right - 1, (word, box)
                seen += 1
    assert seen >= len(boxes)


@pytest.mark.parametrize("wide", [30.0, 80.0])
def test_wide_text_is_shrunk_with_all_of_its_box(wide: float, tmp_path: Path) -> None:
    lines = (line("mmmmmmmmmmmmmmmmmmmm"), line("m", 6.5))
    mark = Mark("a", (100, 20), wide, 26, lines, "box", "#FFFFFF", "#000000", badge="×3")
    assert measure.widest(lines) > wide
    made = compiled(tmp_path, tikz(Scene("wide", 200, 40, marks=(mark,))))
    assert_clean(made)
    assert min(word.left for word in made.words) == pytest.approx(100 - wide / 2 + 3, abs=0.5)
    assert max(word.right for word in made.words) == pytest.approx(100 + wide / 2 - 3, abs=0.5)


def test_two_lines_are_in_the_middle_of_their_box(tmp_path: Path) -> None:
    marks = (
        Mark("one", (50, 70), 60, 16, (line("HHHH"),), "box", "#FFFFFF", "#000000"),
        Mark("two", (50, 30), 60, 26, (line("HH"), line("MMMM", 6.5)), "box", "#FFFFFF", "#000000"),
    )
    made = compiled(tmp_path, tikz(Scene("middle", 100, 100, marks=marks)))
    middle = {word.text: ((word.left + word.right) / 2, (word.bottom + word.top) / 2) for word in made.words}
    one, upper, lower = middle["HHHH"], middle["HH"], middle["MMMM"]
    assert [x for x, _ in (one, upper, lower)] == pytest.approx([50, 50, 50], abs=0.2)
    aside = (one[1] - 70) / 8  # what pdftotext calls the box of a word goes from descenders to accents
    assert abs(aside) < 0.15
    assert upper[1] - 8 * aside == pytest.approx(30 + 4.4, abs=0.2)
    assert lower[1] - 6.5 * aside == pytest.approx(30 - 5.3, abs=0.2)


@pytest.mark.parametrize("sign", range(len(SIGNS)))
def test_any_sign_anywhere(sign: int, tmp_path: Path) -> None:
    scene = scenes.of_texts([SIGNS[sign], "between", SIGNS[sign]])
    made = compiled(tmp_path, tikz(scene, caption=SIGNS[sign]))
    assert_clean(made)
    assert made.size == pytest.approx((scene.width, scene.height), abs=0.02)
    assert plain("between") in made.text
    if all(unicodedata.category(c) != "Lo" and ord(c) < 0x10000 for c in SIGNS[sign]):
        assert plain(SIGNS[sign].replace("½", "1/2").replace("\ud800", "U+D800")) in made.text
    else:
        assert "U+7F51" in made.text


def test_a_paper_is_afterwards_as_it_was(tmp_path: Path) -> None:
    before = r"""
\makeatletter
\def\state{\parindent\the\parindent,\textwidth\the\textwidth,\f@family,\f@size,\lineskip\the\lineskip}
\AtBeginDocument{\count@=0 \loop\ifnum\count@<128
  \expandafter\edef\csname was \the\count@\endcsname{\the\catcode\count@,\the\sfcode\count@}%
  \advance\count@ 1 \repeat
  \edef\was{\state}}
\def\checked{%
  \count@=0 \loop\ifnum\count@<128
    \edef\now{\the\catcode\count@,\the\sfcode\count@}%
    \expandafter\ifx\csname was \the\count@\endcsname\now\else\errmessage{category \the\count@}\fi
    \advance\count@ 1 \repeat
  \edef\now{\state}\ifx\now\was\else\errmessage{state}\fi
  \@for\each:=ogivefont,ogivetext,ogivesize,ogiveline,ogivealone,ogiveside,\string\color@ogiveconv,ogive size 8\do{%
    \expandafter\ifx\csname\each\endcsname\relax\else\errmessage{\each\space is left}\fi}%
  \pgfkeysifdefined{/tikz/ogive conv/.@cmd}{\errmessage{a style is left}}{}%
  \setbox0=\hbox{\tikz\node[inner sep=0pt] {};}\ifdim\ht0<3cm \errmessage{nodes: \the\ht0}\fi}
\tikzset{every node/.style={minimum height=3.1cm}}
\makeatother
"""
    made = in_paper(tmp_path, scenes.of("lenet"), before, r"\checked")
    assert_clean(made)
    assert_says_all(made, scenes.of("lenet"))


def test_settings_of_the_paper_do_not_reach_it(tmp_path: Path) -> None:
    """Its size is that of the drawing, whatever the paper says of all its pictures."""
    scene = scenes.of("lenet")
    (tmp_path / "net.tex").write_text(tikz(scene), encoding="utf-8")
    paper = r"""
\documentclass{article}
\usepackage{tikz}
\tikzset{every node/.style={draw=red, minimum width=7cm, yshift=1cm}, every picture/.style={scale=3}}
\begin{document}
\setbox0=\hbox{\input{net.tex}}\typeout{size: \the\wd0, \the\ht0, \the\dp0}\box0
\end{document}
"""
    made = compiled(tmp_path, paper)
    said = next(each for each in made.log.splitlines() if each.startswith("size: "))
    width, height, depth = (float(each.strip().removesuffix("pt")) for each in said[6:].split(","))
    assert (width, height, depth) == pytest.approx(
        (scene.width * 72.27 / 72, scene.height * 72.27 / 72, 0), abs=0.01
    )


def test_signs_that_languages_make_into_commands(tmp_path: Path) -> None:
    active = "".join(rf"\catcode`\{c}\active \def{c}{{\errmessage{{active}}}}" for c in "\"';:!?<>-+|/.,=")
    paper = rf"""
\documentclass{{article}}
\usepackage{{tikz}}
\begin{{document}}
\begingroup {active}%
\input net
\endgroup
\end{{document}}
"""
    (tmp_path / "net.tex").write_text(tikz(scenes.shapes(), caption="; : !"), encoding="utf-8")
    made = compiled(tmp_path, paper)
    assert_clean(made)
    assert_says_all(made, scenes.shapes())


def test_a_paper_without_tikz_is_told(tmp_path: Path) -> None:
    (tmp_path / "net.tex").write_text(tikz(scenes.of("lenet")), encoding="utf-8")
    paper = "\\documentclass{article}\\begin{document}before \\input{net.tex} behind\\end{document}"
    made = compiled(tmp_path, paper)
    assert r"! Package ogive Error: this drawing needs TikZ, write \usepackage{tikz} before" in made.log
    assert sum(each.startswith("!") for each in made.log.splitlines()) == 1
    assert made.text == "beforebehind1"


def test_several_in_a_paper_and_twice(tmp_path: Path) -> None:
    (tmp_path / "net.tex").write_text(tikz(scenes.of("lenet")), encoding="utf-8")
    (tmp_path / "other.tex").write_text(tikz(scenes.of("clique4")), encoding="utf-8")
    inputs = "".join(rf"\par\resizebox{{!}}{{5cm}}{{\input{{{name}}}}}" for name in ("net", "other", "net"))
    made = compiled(
        tmp_path, rf"\documentclass{{article}}\usepackage{{tikz}}\begin{{document}}{inputs}\end{{document}}"
    )
    assert_clean(made)
    assert made.text.count("image") == 3


def test_boxes_can_be_pointed_at(tmp_path: Path) -> None:
    scene = scenes.shapes()
    text = tikz(scene).replace(r"\end{tikzpicture}", "\\draw (ogive-a) -- (ogive-c);\n\\end{tikzpicture}")
    assert_clean(compiled(tmp_path, text))


@pytest.mark.parametrize("engine", ["xelatex", "lualatex"])
def test_by_another_engine(engine: str, tmp_path: Path) -> None:
    if not shutil.which(engine):
        pytest.skip(f"no {engine}")
    scene = scenes.of_texts(["3×3 conv → ⌈h/2⌉", "网络"])
    made = compiled(tmp_path, tikz(scene), engine=engine)
    assert made.status == 0
    assert not [each for each in made.complaints if "Font" not in each]  # it may have come without its own
    assert made.size == pytest.approx((scene.width, scene.height), abs=0.02)
    assert plain("3×3 conv →") in made.text
    paper = in_paper(tmp_path, scenes.of("inception"), engine=engine)
    assert paper.status == 0
    assert_says_all(paper, scenes.of("inception"))
