"""Build `tables.json` from `grammar/arch.lark`: `python -m ogive.syntax.build_tables`, in a checkout."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lark import Lark, Token
from lark.grammar import Rule
from lark.lexer import TerminalDef

from ogive.syntax.postlex import KEPT_BY_POSTLEX
from ogive.syntax.tables import TABLES

GRAMMAR = Path(__file__).parents[3] / "grammar" / "arch.lark"


class _Passes:
    """Keeps Lark from dropping the terminals that only the passes behind the lexer use."""

    always_accept = KEPT_BY_POSTLEX

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


def build(grammar: Path = GRAMMAR, *, strict: bool = False) -> Lark:
    """The parser made from the grammar itself.

    Args:
        grammar: where it is.
        strict: refuse conflicts between rules and collisions between terminals (needs `interegular`).

    Raises:
        lark.exceptions.LarkError: when the grammar is not LALR(1), or, if strict, not unambiguous.
    """
    return Lark(
        grammar.read_text(encoding="utf-8"),
        parser="lalr",
        lexer="basic",
        start=["file", "expression", "edits", "values"],
        keep_all_tokens=True,
        maybe_placeholders=False,
        postlex=_Passes(),
        strict=strict,
    )


def serialize(lark: Lark) -> str:
    """What `tables.parser` reads, as JSON. The same grammar gives the same text, whatever the hash seed."""
    data, memo = lark.memo_serialize([TerminalDef, Rule])
    data["options"].update(strict=False, postlex=None)
    data, memo = _with_canonical_memo(json.loads(json.dumps(data)), json.loads(json.dumps(memo)))
    _number_states(data["parser"]["parser"])
    return json.dumps({"data": data, "memo": memo}, separators=(",", ":"), sort_keys=True) + "\n"


def _with_canonical_memo(data: Any, memo: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Number rules and terminals by what they are, not by when Lark met them."""
    ordered = sorted(memo, key=lambda key: json.dumps(memo[key], sort_keys=True))
    numbers = {int(key): number for number, key in enumerate(ordered)}

    def renumber(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: numbers[v] if k == "@" else renumber(v) for k, v in value.items()}
        return [renumber(v) for v in value] if isinstance(value, list) else value

    return renumber(data), {str(number): memo[key] for number, key in enumerate(ordered)}


def _number_states(table: dict[str, Any]) -> None:
    """Number symbols by name, and states in the order in which a walk from the start finds them."""
    names = sorted(table["tokens"].values())
    symbols = {key: names.index(name) for key, name in table["tokens"].items()}
    found = [table["start_states"][start] for start in sorted(table["start_states"])]
    known = set(found)
    states: dict[int, dict[int, list[Any]]] = {}
    for state in found:  # grows while it is walked
        actions = sorted((symbols[key], action) for key, action in table["states"][str(state)].items())
        states[state] = dict(actions)
        for kind, target in states[state].values():
            if kind == 0 and target not in known:
                known.add(target)
                found.append(target)
    numbers = {state: number for number, state in enumerate(found)}
    table["tokens"] = dict(enumerate(names))
    table["states"] = {
        numbers[state]: {s: [kind, numbers[to] if kind == 0 else to] for s, (kind, to) in actions.items()}
        for state, actions in states.items()
    }
    for ends in ("start_states", "end_states"):
        table[ends] = {start: numbers[state] for start, state in table[ends].items()}


def main() -> None:
    """Write the tables beside and rename."""
    beside = TABLES.with_suffix(".tmp")
    beside.write_text(serialize(build()), encoding="utf-8")
    os.replace(beside, TABLES)


if __name__ == "__main__":
    main()
