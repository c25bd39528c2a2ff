"""`ogive.table`, which forms there are, and what cannot be made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import ogive
from ogive.diagnostics import ArchError
from ogive.render import render_text
from ogive.tables import FORMATS, ROWS, format_of, written
from ogive.tables.branches import has_modules
from ogive.tables.building import outline
from ogive.tabulate import subject_of
from tables.grids import csv_rows, network, table


def test_one_net_and_several():
    assert ogive.table("lenet5") == ogive.table(["lenet5"]) == ogive.table(ogive.load("lenet5"))
    several = ogive.table(("resnet18", network("resnet34")), format="csv")
    assert csv_rows(several)[0] == ["layer name", "output size", "resnet18", "resnet34"]


def test_a_file(tmp_path: Path):
    path = tmp_path / "net.arch"
    path.write_text("net Mine() { input x: 3x8x8\n conv(4, 1x1) }", encoding="utf-8")
    assert csv_rows(ogive.table(path, format="csv"))[0][2] == "Mine"


def test_options_reach_the_table():
    latex = ogive.table("googlenet", format="latex", rows="stages", compare=True, caption="C", label="tab:g")
    assert r"\caption{C}" in latex
    assert r"\label{tab:g}" in latex
    assert "layer name" in latex
    assert "Szegedy" in latex


def test_what_is_given_wrong():
    with pytest.raises(ValueError, match="holds no network"):
        ogive.table([])
    with pytest.raises(TypeError, match="a target is a Network"):
        ogive.table([3])  # type: ignore[list-item]
    with pytest.raises(ArchError, match="E502"):
        ogive.table("resnet5")


@pytest.mark.parametrize(("name", "rows"), [
    ("googlenet", "type"), ("inception_v3", "type"), ("bn_inception", "type"), ("inception_resnet_v2", "type"),
    ("squeezenet1_1", "type"), ("inception_v4", "type"),
    ("resnet50", "layer name"), ("unet", "layer name"), ("densenet121", "layer name"), ("alexnet_towers", "layer name"),
    ("shufflenet_v2_x1_0", "layer name"), ("fractalnet", "layer name"), ("seresnet50", "layer name"),
])  # fmt: skip
def test_what_a_net_is_made_of_decides(name: str, rows: str):
    assert table(name).columns[0].title == rows


def test_several_nets_of_branches_have_rows_that_are_stages():
    assert table("googlenet", "bn_inception").columns[0].title == "layer name"


def test_every_layer():
    rows = csv_rows(written(table("resnet18", rows="layers"), "csv"))
    assert rows[0] == ["layer", "operation", "output size", "params", "FLOPs"]
    assert rows[1] == ["conv1.conv1", "7×7, 64, stride 2", "112×112×64", "9536", "118013952"]
    convs = [row for row in rows if ".conv" in row[0]]
    assert len(convs) == 20  # with three projections
    assert sum(int(row[3] or 0) for row in rows[1:-1]) == network("resnet18").params


def refused(*names: str, **options: object) -> str:
    with pytest.raises(ArchError) as error:
        table(*names, **options)
    (diagnostic,) = error.value.diagnostics
    return render_text(diagnostic)


def test_what_cannot_stand_in_one_table():
    assert refused("googlenet", "resnet50", rows="branches") == (
        "error[E581]: a table whose rows are branches holds one net, and there are 2: googlenet, resnet50\n"
        "  = help: one net at a time, or `--rows stages`"
    )
    assert "rows are layers holds one net" in refused("lenet5", "lenet5", rows="layers")
    assert refused("resnet50", rows="branches") == (
        "error[E581]: resnet50 has no module of branches, so that a table of branches would have no columns\n"
        "  = help: `--rows stages`, or `--rows layers`"
    )


@pytest.mark.parametrize(
    ("given", "meant"),
    [("latx", "latex"), ("tex", "latex"), ("md", "markdown"), ("HTML", "html"), ("pdf", "")],
)
def test_formats_that_there_are_not(given: str, meant: str):
    with pytest.raises(ArchError) as error:
        written(table("lenet5"), given)
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "E580"
    assert diagnostic.notes == (("formats", "latex, markdown, html, csv"),)
    assert diagnostic.help == (f"did you mean `{meant}`?" if meant else None)


def test_endings():
    assert [format_of(name) for name in ("a.tex", "a.MD", "b.html", "c.csv", "d.txt", "tex", "")] == [
        "latex", "markdown", "html", "csv", None, None, None,
    ]  # fmt: skip


def test_torch_is_not_loaded():
    program = "import sys, ogive\nogive.table(['resnet18', 'dpn92'], format='latex', compare=True)\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.slow
@pytest.mark.parametrize("name", ogive.list_models())
def test_every_network_of_the_zoo(name: str):
    net = ogive.load(name)
    for rows in (None, *ROWS):
        if rows == "branches" and not has_modules(outline(subject_of(net))):
            assert "E581" in refused(name, rows=rows)
            continue
        made = table(name, rows=rows, compare=True)
        for row in made.rows:
            assert sum(cell.span for cell in row.cells) == len(made.columns)
        texts = {format_: written(made, format_) for format_ in FORMATS}
        header, *body = csv_rows(texts["csv"])
        params = header.index("params")
        assert sum(int(row[params] or 0) for row in body[:-1]) == int(body[-1][params]) == net.params


def test_options_that_there_are_not():
    with pytest.raises(ValueError, match="rows is one of stages, branches, layers"):
        ogive.table("resnet18", rows="x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="titles holds 1, for 2 networks"):
        ogive.table(["lenet5", "lenet5"], titles=["a"])


def test_columns_of_one_name_are_told_apart():
    edited = ogive.load("lenet5", edits=["replace tanh with relu"])
    heads = csv_rows(ogive.table(["lenet5", "lenet5", edited], format="csv"))[0][2:]
    assert heads == ["lenet5 (1)", "lenet5 (2)", "lenet5, edited"]
