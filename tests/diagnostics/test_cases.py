"""Every Markdown case gives the diagnostics that it shows."""

from __future__ import annotations

import re
from difflib import unified_diff
from pathlib import Path

import pytest

from diagnostics.cases import HERE, Case, all_cases, read, update

CASES = all_cases()
FILES = sorted({case.path for case in CASES})


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_case(case: Case, update_golden: bool):
    assert re.fullmatch(r"[EW]\d{3}", case.code), f"{case.id}: the heading does not begin with a code"
    assert case.sources, f"{case.id}: there is no block of arch"
    assert case.expected is not None, f"{case.id}: there is no block of diagnostics"
    if update_golden:
        return
    now = case.output()
    if now != case.expected:
        diff = unified_diff(case.expected.split("\n"), now.split("\n"), case.id, "now", lineterm="", n=3)
        pytest.fail("\n".join(diff), pytrace=False)
    shown = re.findall(r"^(?:error|warning)\[(\w+)\]", now, re.MULTILINE)
    assert case.code in shown, f"{case.id} is about {case.code} and shows {shown or 'nothing'}"


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(HERE)) for path in FILES])
def test_update(path: Path, update_golden: bool):
    """With --update-golden writes the file; without, asserts that reading it loses nothing."""
    if update_golden:
        update(path)
        return
    fences = re.findall(r"^```+arch", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(fences) == sum(len(case.sources) for case in read(path))
