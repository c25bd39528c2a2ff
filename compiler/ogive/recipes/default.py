"""The recipe of a run for which none is named: `default.arch`, beside this file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ogive.recipes.resolve import Recipe, read_back

NAME = "default"
"""How it is asked for."""
FILE = Path(__file__).with_name("default.arch")
"""Where it is written."""


@cache
def default() -> Recipe:
    """The recipe, which says all that a run needs."""
    return read_back(FILE.read_text(encoding="utf-8"), FILE.name)
