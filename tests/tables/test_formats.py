"""Every format says the same, in whole tables, whatever stands in names."""

from __future__ import annotations

import re

import pytest

import ogive
from ogive.tables import FORMATS, Options, Subject, make, written
from ogive.tables.latex import escaped
from ogive.tables.model import Cell, Column, Note, Number, Row, Stack, Table
from ogive.tabulate import subject_of
from tables.grids import csv_rows, html_rows, markdown_rows, network, table, text

TABLES = {
    "merged": ("resnet18", "resnet50"),
    "spans": ("resnet18", "googlenet", "unet"),
    "branches": ("inception_v3",),
    "unknown sizes": ("transformer_encoder",),
}
HOSTILE = """
net N(classes = 3) {
  input image: 3x16x16
  stage "50% & <b>_x_ |$^~#\\{\\}" { conv(4, 3x3, padding = 1) -> bn -> relu }
  stage "[x] \\\\input" { conv(4, 3x3, stride = 2, padding = 1) }
  stage "*y* `z`" { max_pool(2x2) -> conv(8, 3x3) }
  global_avg_pool -> flatten -> linear(classes)
}
"""


@pytest.mark.parametrize("names", TABLES.values(), ids=list(TABLES))
@pytest.mark.parametrize("compare", [False, True])
def test_markdown_and_html_show_the_same_cells(names: tuple[str, ...], compare: bool):
    made = table(*names, compare=compare)
    markdown = markdown_rows(written(made, "markdown"))
    html = html_rows(written(made, "html"))[: len(made.rows) + 1]  # without the footnotes
    assert len(markdown) == len(html) == len(made.rows) + 1
    for row, in_markdown, in_html in zip(made.rows, markdown[1:], html[1:], strict=True):
        assert len(in_markdown) == len(in_html) == len(made.columns)
        for at, (one, other) in enumerate(zip(in_markdown, in_html, strict=True)):
            spread = row.total or at == 0  # what spans there says so everywhere in HTML, and once in Markdown
            assert plain(one) == plain(other) or (spread and not one)


def plain(cell: str) -> str:
    """A cell without brackets and what stands between its lines."""
    return re.sub(r"[\[\];\s]", "", cell.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")))


@pytest.mark.parametrize("names", TABLES.values(), ids=list(TABLES))
def test_csv_is_whole_and_exact(names: tuple[str, ...]):
    made = table(*names)
    header, *rows = csv_rows(written(made, "csv"))
    assert [len(row) for row in rows] == [len(header)] * len(made.rows)
    assert all(row[0] for row in rows)
    nets = [network(name) for name in names]
    if len(nets) > 1:
        named = {row[0]: row[2:] for row in rows}
        assert named["params"] == [str(net.params) for net in nets]
        assert named["FLOPs"] == [str(net.macs) for net in nets]
    else:
        params, macs = header.index("params"), header.index("FLOPs")
        assert (rows[-1][params], rows[-1][macs]) == (str(nets[0].params), str(nets[0].macs))
        assert sum(int(row[params] or 0) for row in rows[:-1]) == nets[0].params


def test_names_of_any_form_stay_names():
    names = ["50% & <b>_x_ |$^~#{}", "[x] \\input", "*y* `z`"]
    assert [row[0] for row in csv_rows(text(HOSTILE))[1:]][:4] == [*names, names[-1]]
    for grid in (markdown_rows(text(HOSTILE, format_="markdown")), html_rows(text(HOSTILE, format_="html"))):
        assert [row[0] for row in grid[1:4]] == names
    latex = text(HOSTILE, format_="latex")
    assert r"50\% \& $<$b$>$\_x\_ $|$\$\^{}" in latex
    assert r"{[}x] $\backslash$input" in latex


def test_nothing_of_a_text_is_latex():
    assert not re.search(r"(?<!\\)[&%#_^~]", escaped("a & b % c # d _ e"))
    assert escaped("a\nb\tc\x07") == "a b c"
    assert escaped("α 中") == r"$\alpha$ U+4E2D"


def test_a_merged_cell_spans_in_latex_and_html_and_is_repeated_elsewhere():
    made = table("resnet18", "resnet50")
    assert r"\multicolumn{2}{c}{7$\times$7, 64, stride 2}" in written(made, "latex")
    assert '<td colspan="2">7×7, 64, stride 2</td>' in written(made, "html")
    assert written(made, "markdown").count("7×7, 64, stride 2 |") == 2


def test_nets_that_are_written_alike_and_connected_otherwise_do_not_share_a_cell():
    """`remove residual` leaves what stands in brackets as it was."""
    plain_net = ogive.load("resnet18", edits=["remove residual"])
    made = make([subject_of(plain_net), subject_of(network("resnet18"))], Options())
    conv2 = next(row for row in made.rows if row.cells[0].parts == ("conv2",))
    assert [cell.parts for cell in conv2.cells[2:]] == [(Stack(("3×3, 64", "3×3, 64"), 2),)] * 2


def test_headings_of_rows_and_columns_are_headings():
    html = written(table("resnet18", "resnet50"), "html")
    assert html.count('<th scope="col"') == 4
    assert '<th scope="row" rowspan="2" class="left">conv1</th>' in html
    assert html.count('<th scope="row"') == len(table("resnet18", "resnet50").rows) - 1


def test_caption_and_label():
    made = table("lenet5", caption="Ours & theirs", label="tab:ours")
    assert (made.caption, made.label) == ("Ours & theirs", "tab:ours")
    latex = written(made, "latex")
    assert r"\caption{Ours \& theirs}" in latex
    assert r"\label{tab:ours}" in latex
    assert '<table id="tab:ours">' in written(made, "html")
    assert r"\label{tab:a-b-}" in written(table("lenet5", label="tab:a}b%"), "latex")
    bare = table("lenet5", caption="", label="")
    assert "caption" not in written(bare, "latex")
    assert "label" not in written(bare, "latex")
    assert "<caption>" not in written(bare, "html")
    assert "<table>" in written(bare, "html"), "an empty id is none"
    assert written(bare, "markdown").startswith("| layer name |")


def test_labels_tell_tables_apart():
    labels = [
        table("lenet5").label, table("resnet18", "resnet50").label, table("resnet18", "vgg16").label,
        table("resnet18").label, table("resnet18", rows="layers").label, table("googlenet").label,
        table("googlenet", rows="stages").label,
    ]  # fmt: skip
    assert labels == [
        "tab:lenet5", "tab:resnet18-resnet50", "tab:resnet18-vgg16", "tab:resnet18", "tab:resnet18-layers",
        "tab:googlenet", "tab:googlenet-stages",
    ]  # fmt: skip
    assert table("resnet18", rows="stages").label == "tab:resnet18", "the rows it has anyway"


def test_numbers_are_written_as_each_format_has_them():
    row = Row((Cell(("a",)), Cell((Number(4_100_000_000, "4.1", 9),), mark="a")))
    made = Table("", "", (Column("x", "left"), Column("y")), (row,), (Note("Somewhere.", "a"),))
    assert r"4.1\,$\times$\,10\textsuperscript{9}\textsuperscript{a}" in written(made, "latex")
    assert "| 4.1 × 10⁹<sup>a</sup> |" in written(made, "markdown")
    assert "4.1&nbsp;×&nbsp;10<sup>9</sup><sup>a</sup>" in written(made, "html")
    assert csv_rows(written(made, "csv"))[1] == ["a", "4100000000"]


def test_a_file_is_the_same_every_time():
    for format_ in FORMATS:
        assert written(table("dpn92"), format_) == written(make([subject_of(ogive.load("dpn92"))]), format_)


def test_titles_are_the_nets_unless_given():
    net = network("lenet5")
    assert make([Subject(net.unrolled)]).columns[2].title == "lenet5"
    assert make([Subject(net.unrolled, "Ours")]).columns[2].title == "Ours"


def test_csv_holds_no_formula():
    assert csv_rows(text(HOSTILE.replace("*y*", "=1+1")))[3][0].startswith("'=1+1")
    header = csv_rows(written(table("cliquenet_k36_t12", compare=True), "csv"))[0]
    assert len(set(header)) == len(header)
    assert header[3:7] == ["params", "params_published", "params_published_value", "params_source"]


def test_html_reads_well_without_its_style():
    """Copied, listened to or shown by a site that strips styles, brackets are signs and parts have lines."""
    page = ogive.table("resnet18", format="html")
    table_alone = page[page.index("<table") : page.index("</table>")]
    plain_text = re.sub(r"<(?!/?(div|tr|p)\b)[^>]*>", "", table_alone).replace("&nbsp;", " ")
    assert "[3×3, 64; 3×3, 64] × 2" in plain_text
    swin = ogive.table("swin_t", format="html")
    assert '<div class="part">space to depth /2</div><div class="part">linear, 192</div>' in swin


def test_html_is_a_fragment_in_a_page():
    page = ogive.table("densenet121", format="html")
    fragment = page[page.index('<div class="ogive"') : page.index("</html>")]
    for tag in ("table", "caption", "thead", "tfoot"):
        assert fragment.count(f"<{tag}>") + fragment.count(f"<{tag} ") == fragment.count(f"</{tag}>") == 1
    assert fragment.count("<tbody") == fragment.count("</tbody>") == 2
    heads = re.findall(r"<th [^>]*>", fragment)
    assert heads
    assert all('scope="col"' in head or 'scope="row"' in head for head in heads)
    assert re.search(r'<div class="ogive" role="region" tabindex="0" aria-label="[^"]+">', fragment)
    assert "http" not in page, "nothing to load"
    # all rules hold inside the fragment alone, so that the page around it keeps its looks
    own = page[page.rindex("<style>") + 7 : page.rindex("</style>")]
    selectors = re.findall(r"^([^{}\n]+)\{", own, re.MULTILINE)
    assert len(selectors) > 15
    assert all(part.strip().startswith(".ogive") for each in selectors for part in each.split(","))


def test_ids_of_html_have_no_blanks():
    made = table("lenet5", label='my label "x"')
    assert '<table id="my-label-&quot;x&quot;">' in written(made, "html")
