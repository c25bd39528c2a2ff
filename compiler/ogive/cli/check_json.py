"""What `ogive check --json` prints: one document, whose form docs/check-json.md describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ogive.diagnostics import Diagnostic
from ogive.render import to_json
from ogive.version import __version__

if TYPE_CHECKING:
    from ogive.cli.check import Checked
    from ogive.fixing import Applied
    from ogive.layers.base import TensorType

VERSION = 1
"""Raised when a field changes its meaning or goes away; new fields do not raise it."""


def document(
    results: Sequence[Checked],
    diagnostics: Sequence[Diagnostic],
    key: Mapping[int, int],
    ok: bool,
    fixed: Mapping[Path, Sequence[Applied]] | None,
) -> dict[str, object]:
    """The whole document, as values that `json.dumps` takes.

    Args:
        results: one for each net that was checked.
        diagnostics: all of them, each once.
        key: the place in `diagnostics` of each diagnostic of a result, by its `id`.
        ok: whether the command succeeds.
        fixed: what `--fix` did to each file; None where it was not asked for.
    """
    return {
        "version": VERSION,
        "ogive": __version__,
        "positionEncoding": "utf-16",
        "ok": ok,
        "results": [_result(result, key) for result in results],
        "diagnostics": [to_json(diagnostic) for diagnostic in diagnostics],
        **({"fixed": [_file(path, done) for path, done in fixed.items()]} if fixed is not None else {}),
    }


def _result(result: Checked, key: Mapping[int, int]) -> dict[str, object]:
    network = result.network
    return {
        "target": result.target,
        "ok": all(d.severity != "error" for d in result.diagnostics),
        "needs": list(result.needs),
        "name": network.name if network else None,
        "params": _number(network.params) if network else None,
        "macs": _number(network.macs) if network else None,
        "inputs": [_tensor(name, type_) for name, type_ in network.inputs] if network else [],
        "outputs": [_tensor(name, type_) for name, type_ in network.outputs] if network else [],
        "budgets": [budget.to_json() for budget in network.budgets] if network else [],
        "diagnostics": sorted({key[id(diagnostic)] for diagnostic in result.diagnostics}),
    }


def _tensor(name: str, type_: TensorType) -> dict[str, object]:
    return {"name": name, "shape": [_number(size) for size in type_.sizes], "dtype": type_.dtype}


def _number(value: object) -> int | str:
    """A number, or the text of an expression of unknown sizes."""
    return value if isinstance(value, int) else str(value)


def _file(path: Path, applied: Sequence[Applied]) -> dict[str, object]:
    changes = [
        {
            "code": each.code,
            "message": each.message,
            "line": each.line - 1,
            "before": each.before,
            "after": each.after,
            "safe": each.safe,
        }
        for each in applied
    ]
    return {"file": str(path), "changes": changes}
