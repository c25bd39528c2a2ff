"""How large a table is in LaTeX: what is said of it before it is set, and where it is parted."""

from __future__ import annotations

import pytest

from ogive.tables import LEGIBLE, page_of, written
from ogive.tables.model import Cell, Column, Note, Row, Stack, Table, text_cell
from ogive.tables.page import ABOVE, BETWEEN, gap_above, gap_between
from tables.grids import table

STACK = Stack(("1×1, 64", "3×3, 64"), 3)


def of_rows(count: int, text: str = "3×3, 64") -> Table:
    rows = tuple(Row((text_cell(f"conv{n}"), text_cell(text))) for n in range(count))
    return Table("Many.", "tab:many", (Column("layer", "left"), Column("N")), rows, (Note("A note."),))


def test_a_narrow_and_low_table_has_type_of_its_size():
    page = page_of(of_rows(5))
    assert (page.environment, page.size, len(page.parts)) == ("table", 9.0, 1)


@pytest.mark.parametrize(("letters", "environment", "legible"), [(20, "table", True), (90, "table*", True), (300, "table*", False)])  # fmt: skip
def test_width_makes_type_small(letters: int, environment: str, legible: bool):
    page = page_of(of_rows(5, "a" * letters))
    assert (page.environment, page.size >= LEGIBLE) == (environment, legible)


def test_wide_signs_are_wider():
    sizes = [page_of(of_rows(5, sign * 350)).size for sign in ("i", "a", "M")]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


def test_height_makes_type_small_and_then_parts():
    low, high, higher = (page_of(of_rows(count)) for count in (40, 60, 200))
    assert (low.size, len(low.parts)) == (9.0, 1)
    assert len(high.parts) == 1
    assert 6.5 <= high.size < 9
    assert (higher.size, len(higher.parts)) == (9.0, 5)


def test_footnotes_take_their_share():
    made = of_rows(40)
    noted = Table(made.caption, made.label, made.columns, made.rows, (Note("Word " * 100),))
    assert page_of(noted).size < page_of(made).size == 9.0


def test_parts_hold_every_row_once():
    made = table("cifar_resnet110", rows="layers")
    page = page_of(made)
    assert len(page.parts) > 2
    assert tuple(row for part in page.parts for row in part) == made.rows
    latex = written(made, "latex")
    assert latex.count(r"\begin{table*}[p]") == len(page.parts)
    assert latex.count(r"\toprule") == len(page.parts)
    assert latex.count(r"\label{") == 1
    assert latex.count(r"\addtocounter{table}{-1}\caption[]{") == len(page.parts) - 1
    assert latex.count("FLOPs are multiply-adds") == 1, "below the last"


def test_a_part_begins_where_something_begins_or_names_it_again():
    rows: list[Row] = []
    for stage, lines in enumerate((30, 30, 120)):
        rows += [
            Row((text_cell(f"stage{stage}" if not n else ""), text_cell("conv")), not n) for n in range(lines)
        ]
    made = Table("", "", (Column("layer"), Column("N")), tuple(rows))
    firsts = [part[0] for part in page_of(made).parts]
    assert len(firsts) > 3
    assert all(first.cells[0].parts for first in firsts)
    assert firsts[1].cells[0].parts == ("stage1",)
    assert firsts[1].begins
    assert {str(first.cells[0].parts[0]) for first in firsts[2:]} == {"stage2"}


def test_many_floats_are_printed_before_latex_has_too_many():
    latex = written(of_rows(1500), "latex")
    floats = latex.split(r"\clearpage")
    assert len(floats) > 2
    assert all(each.count(r"\begin{table") <= 16 for each in floats)


def test_one_row_higher_than_a_page_is_made_small_and_said_to_be():
    made = Table("", "", (Column("N"),), (Row((Cell((Stack(("3×3, 64",) * 90),)),)),) * 2)
    page = page_of(made)
    assert len(page.parts) == 2
    assert page.size < LEGIBLE


def test_brackets_never_touch():
    assert gap_between(STACK, STACK) == gap_between(STACK, "conv") == gap_between("conv", STACK) == BETWEEN
    assert gap_between("conv", "conv") == 0
    one, more, plain = Row((Cell((STACK,)),)), Row((Cell((STACK,)),), begins=False), Row((Cell(("conv",)),))
    assert [gap_above(*each) for each in ((None, one), (one, one), (one, more), (plain, plain))] == [0, ABOVE, BETWEEN, 0]  # fmt: skip
    made = Table("", "", (Column("N"),), (Row((Cell((STACK, STACK)),)), more))
    assert written(made, "latex").count(rf"\addlinespace[{BETWEEN}pt]") == 2
