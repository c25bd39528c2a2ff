"""Programs written at random: every net has a table, in every form and format, with every parameter in it."""

from __future__ import annotations

import random

import pytest

from ogive.network import Network
from ogive.tables import FORMATS, Options, Subject, make, written
from tables.grids import csv_rows, html_rows, markdown_rows
from tests.programs.definitions import write_program
from tests.programs.judge import judge

BATCH = 12


@pytest.mark.parametrize(
    "batch", [*range(4), *(pytest.param(n, marks=pytest.mark.slow) for n in range(4, 60))]
)
def test_tables(batch: int):
    looked_at = 0
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        verdict = judge(write_program(random.Random(seed), reckless=0.01))
        for compiled in verdict.compiled if verdict.accepted else ():
            check(Subject(Network(compiled).unrolled))
            looked_at += 1
    assert looked_at


def check(subject: Subject) -> None:
    make([subject, subject])
    for rows in (None, "layers"):
        made = make([subject], Options(rows=rows))  # type: ignore[arg-type]
        texts = {format_: written(made, format_) for format_ in FORMATS}
        header, *body = csv_rows(texts["csv"])
        params = header.index("params")
        assert sum(int(row[params] or 0) for row in body[:-1]) == int(body[-1][params]) == subject.params
        assert len(markdown_rows(texts["markdown"])) == len(made.rows) + 1
        assert len(html_rows(texts["html"])) == len(made.rows) + 2
