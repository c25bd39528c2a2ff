"""Every snippet of the pages that show sessions runs, in order, and prints what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import Golden
from tests.docs.snippets import agrees, run_page, snippets

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    "tutorial.md": {"arch", "console", "pycon"},
    "diagnostics.md": {"arch", "console"},
    "training.md": {"arch", "console", "python"},
    "figures.md": {"console"},
    "tables.md": {"console"},
}
"""The pages, with the kinds of snippets that they show."""


@pytest.mark.parametrize("page", [DOCS / name for name in PAGES], ids=lambda page: page.name)
def test_every_snippet_runs_and_prints_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Golden, update_golden: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    assert PAGES[page.name] <= {snippet.language for snippet in snippets(text)}
    updated, wrong = run_page(text)
    for picture in re.findall(r'src="(pictures/\w+\.svg)"', text):
        golden(Path(Path(picture).name).read_text(encoding="utf-8"), page.parent / picture)
    if update_golden:
        page.write_text(updated, encoding="utf-8")
        return
    assert not wrong, "\n\n".join(wrong)


def test_an_ellipsis_stands_for_anything_and_nothing_else() -> None:
    assert agrees("a … c\n…\nend\n", "a 1.5 s c\nx\ny\nend\n")
    assert agrees("a\n…\nb\n", "a\nb\n")
    assert not agrees("a\n", "a\nb\n")
    assert not agrees("a b\n", "a  b\n")


def test_where_numbers_may_differ_nothing_else_may() -> None:
    page, here = "epoch 2/3: loss 0.507  val  95.1%\n", "epoch 2/3: loss 1.6e-05  val 100.0%\n"
    assert agrees(page, here, loose=True)
    assert not agrees(page, here)
    assert not agrees(page, here.replace("val", "test"), loose=True)
    assert not agrees("a\n", "a 1\n", loose=True)
