"""Tables compile with a real LaTeX, without a complaint, and say there what they say elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

import ogive
from latex.latex import Compiled, compiled, plain
from ogive.tables import written
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
