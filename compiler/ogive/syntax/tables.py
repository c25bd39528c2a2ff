"""The parse tables that ship with the package, as the parser that runs them.

Lark builds them from `grammar/arch.lark` when the grammar changes (`build_tables`), which takes a quarter of
a second; reading them takes a few milliseconds. Nothing is cached in a place that others can write to.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark

from ogive.syntax.transform import Builder

TABLES = Path(__file__).with_name("tables.json")


@cache
def parser() -> Lark:
    """The parser, read once in a process. It holds no state between parses."""
    with TABLES.open(encoding="utf-8") as file:
        stored: dict[str, Any] = json.load(file)
    data = stored["data"]
    table = data["parser"]["parser"]
    # JSON has only strings for keys where Lark wants the numbers of states and symbols.
    table["tokens"] = _numbered(table["tokens"])
    table["states"] = {int(state): _numbered(actions) for state, actions in table["states"].items()}
    return Lark._load_from_dict(data, _numbered(stored["memo"]), transformer=Builder())  # pyright: ignore[reportPrivateUsage]


def lexer() -> Any:
    """The lexer of that parser, without the parse that Lark would set up for each piece of text."""
    return parser().parser.lexer  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def _numbered(mapping: dict[str, Any]) -> dict[int, Any]:
    return {int(key): value for key, value in mapping.items()}
