"""Tables compile with a real LaTeX, without a complaint, and say there what they say elsewhere."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import pytest

import ogive
from latex.latex import Compiled, compiled, plain
from ogive.tables import LEGIBLE, page_of, written
from ogive.tables.model import Cell, Column, Row, Stack, Table
from tables.grids import table, text
from tables.test_formats import HOSTILE
from tables.test_papers import PAPERS

PAPER = r"""\documentclass[10pt%s]{article}
\usepackage[a4paper,margin=2cm]{geometry}
\usepackage{booktabs,graphicx}
\begin{document}
Some text.
%s
\end{document}
"""


def compile_all(folder: Path, *tables: str, columns: str = "") -> Compiled:
    pages = "\n\\clearpage\n".join(f"\\input{{table{n}}}" for n in range(len(tables)))
    for number, each in enumerate(tables):
        (folder / f"table{number}.tex").write_text(each, encoding="utf-8")
    return compiled(folder, PAPER % (columns, pages))


def complaints(done: Compiled) -> list[str]:
    return [said for said in done.complaints if "Rerun to get" not in said and "Label(s) may" not in said]


@pytest.mark.slow
@pytest.mark.parametrize("columns", ["", ",twocolumn"], ids=["one column", "two columns"])
def test_the_tables_of_papers(tmp_path: Path, columns: str):
    texts = [written(table(*names, compare=True), "latex") for names in PAPERS.values()]
    done = compile_all(tmp_path, *texts, columns=columns)
    assert (done.status, complaints(done)) == (0, [])
    for expected in (
        "1×1, 1024",
        "growth rate is k = 32",
        "dropout (40 %)",
        "3×3, 384, G=32",
        "Szegedy et al. 2015",
    ):
        assert plain(expected) in done.text


@pytest.mark.slow
def test_every_network_of_the_zoo(tmp_path: Path):
    texts = [written(table(name, compare=True), "latex") for name in ogive.list_models()]
    done = compile_all(tmp_path, *texts)
    assert (done.status, complaints(done)) == (0, [])


@pytest.mark.slow
def test_names_of_any_form(tmp_path: Path):
    done = compile_all(tmp_path, text(HOSTILE, format_="latex"))
    assert (done.status, complaints(done)) == (0, [])
    assert plain(r"50%&<b>_x_|$^") in done.text
    assert plain(r"#{}") in done.text
    assert plain(r"[x]\input") in done.text


TWO_COLUMNS = r"""\documentclass[10pt,twocolumn]{article}
\usepackage[letterpaper,textwidth=505pt,textheight=640pt]{geometry}
\setlength{\columnsep}{15pt}
\usepackage{booktabs,graphicx}
\begin{document}
\noindent\small layer
\clearpage
%s
\end{document}
"""
"""As most papers are; the word on its first page is as large as tables are before they are made smaller."""


@pytest.mark.slow
@pytest.mark.parametrize(("names", "rows"), [
    (("resnet18",), None), (("resnet18", "resnet34", "resnet50"), None), (("vgg16", "resnet18", "googlenet"), None),
    (("mobilenet_v3_large",), None), (("resnet50", "googlenet", "unet", "swin_t"), None), (("googlenet",), "layers"),
    (("densenet121",), "layers"), (("cifar_resnet1202",), "layers"),
])  # fmt: skip
def test_type_is_as_large_as_is_said(names: tuple[str, ...], rows: str | None, tmp_path: Path):
    """Measured in the PDF: the heading `layer` of every float, beside the same word in \\small."""
    made = table(*names, rows=rows)
    done = compiled(tmp_path, TWO_COLUMNS % written(made, "latex"))
    said = [each for each in complaints(done) if "Underfull" not in each]  # of long captions in a column
    assert (done.status, said) == (0, [])
    (reference, *_), *pages = done.words_by_page
    headings = [word for page in pages for word in page if word.text == reference.text]
    page = page_of(made)
    assert len(headings) == len(page.parts)
    sizes = [9 * (word.right - word.left) / (reference.right - reference.left) for word in headings]
    assert min(sizes) == pytest.approx(page.size, rel=0.12)
    assert (min(sizes) < LEGIBLE) == (page.size < LEGIBLE)


@pytest.mark.slow
def test_where_a_page_is_lower_the_table_still_stands_on_it(tmp_path: Path):
    low = TWO_COLUMNS.replace("textheight=640pt", "textheight=400pt")
    done = compiled(tmp_path, low % written(table("mobilenet_v3_large"), "latex"))
    assert (done.status, complaints(done)) == (0, [])


@pytest.mark.slow
def test_footnotes_are_not_made_smaller_with_their_table(tmp_path: Path):
    done = compiled(tmp_path, TWO_COLUMNS % written(table("mobilenet_v3_large"), "latex"))
    (reference, *_), page, *_ = done.words_by_page
    heading = next(word for word in page if word.text == reference.text)
    note = next(word for word in page if word.text == "multiplication")
    small = (heading.top - heading.bottom) / (reference.top - reference.bottom)
    assert small < 0.8
    assert (note.top - note.bottom) / (reference.top - reference.bottom) > 0.85


@pytest.mark.slow
def test_brackets_of_one_width_are_apart(tmp_path: Path):
    """Pixels: the column of the left brackets has one high run for each of them."""
    stack = Cell((Stack(("3×3, 64",) * 3, 2),) * 2)
    rows = (Row((stack,)), Row((stack,), begins=False), Row((stack,)))
    text = written(Table("", "", (Column("N"),), rows), "latex")
    done = compiled(tmp_path, PAPER.replace("Some text.", r"\pagestyle{empty}") % ("", text))
    assert (done.status, complaints(done)) == (0, [])
    found = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", picture := done.picture(144))
    assert found
    width, height = int(found[1]), int(found[2])
    pixels = picture[found.end() :]
    dark = [[pixels[y * width + x] < 200 for y in range(height)] for x in range(width)]
    first = next(x for x, column in enumerate(dark) if longest(column) > 40)
    bracket = [any(column) for column in zip(*dark[first : first + 3], strict=True)]
    runs = [len(list(run)) for inked, run in groupby(bracket) if inked]
    assert len([run for run in runs if run > 40]) == 6


def longest(column: list[bool]) -> int:
    return max((len(list(run)) for inked, run in groupby(column) if inked), default=0)
