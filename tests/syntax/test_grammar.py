"""The grammar is unambiguous, and the tables that ship are built from it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from lark.exceptions import LarkError

from ogive.syntax import build_tables, tables


def test_no_conflicts_and_no_collisions() -> None:
    assert build_tables.build(strict=True).rules  # a conflict raises


def test_a_conflict_would_be_noticed(tmp_path) -> None:
    grammar = build_tables.GRAMMAR.read_text(encoding="utf-8")
    ambiguous = tmp_path / "arch.lark"
    ambiguous.write_text(
        grammar.replace('flow: chain ("as"', 'flow: "(" chain ")" | chain ("as"'), encoding="utf-8"
    )
    with pytest.raises(LarkError):
        build_tables.build(ambiguous, strict=True)


def test_tables_are_current() -> None:
    assert tables.TABLES.read_text(encoding="utf-8") == build_tables.serialize(build_tables.build()), (
        "run python -m ogive.syntax.build_tables"
    )


@pytest.mark.parametrize("seed", ["1", "2"])
def test_tables_do_not_depend_on_the_hash_seed(seed: str) -> None:
    code = "from ogive.syntax import build_tables as b; print(b.serialize(b.build()), end='')"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == tables.TABLES.read_text(encoding="utf-8")


def test_parsing_builds_nothing() -> None:
    """At run time the grammar is neither read nor compiled, and torch stays away."""
    code = (
        "import sys, lark.load_grammar as g; g.load_grammar = None; g.Grammar.compile = None\n"
        "from ogive.source import SourceFile; from ogive.syntax.parser import parse\n"
        "assert parse(SourceFile('x', 'net N() { relu }'))[0]\n"
        "assert 'torch' not in sys.modules"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
