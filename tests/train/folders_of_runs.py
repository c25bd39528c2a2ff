"""Folders of runs as a training leaves them, written at once."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RECIPE = """recipe {name} {{
  data       digits
  augment    affine(distort = 0.15), normalize   # from base, with a "#"
  batch      64
  epochs     {planned}                 # from --epochs
  optimizer  sgd(lr = {lr}, momentum = 0.9)  # lr from --lr
  seed       {seed}
}}
"""


def rows_of(epochs: int, *, top: float = 0.95, validation: bool = True) -> list[dict[str, float]]:
    """A training that goes well."""
    rows: list[dict[str, float]] = []
    for epoch in range(1, epochs + 1):
        share = math.exp(-epoch / 4)
        row: dict[str, float] = {"epoch": epoch, "step": 21 * epoch}
        row |= {"train_loss": 2.3 * share, "train_accuracy": top - 0.5 * share}
        if validation:
            row |= {"val_loss": 2.3 * share + 0.1, "val_accuracy": top - 0.6 * share}
        rows.append(row | {"lr": 0.1, "seconds": 1.5 * epoch})
    return rows


def write_metrics(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """metrics.csv, with the columns of all rows."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [",".join(columns), *(",".join(str(row.get(c, "")) for c in columns) for row in rows)]
    (path / "metrics.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_run(
    path: Path,
    *,
    name: str = "lenet5",
    seed: int = 0,
    arguments: Mapping[str, str] | None = None,
    edits: Sequence[str] = (),
    recipe: str = "base",
    lr: str = "0.1",
    planned: int = 6,
    epochs: int = 6,
    top: float = 0.95,
    status: str = "finished",
    rows: Sequence[Mapping[str, Any]] | None = None,
    **changes: Any,
) -> Path:
    """A run's run.json, recipe.arch and, from one epoch on, metrics.csv."""
    path.mkdir(parents=True)
    rows = rows_of(epochs, top=top) if rows is None else rows
    record: dict[str, Any] = {
        "format": 1,
        "id": f"{path.name}",
        "name": name,
        "status": status,
        "target": {
            "file": f"program/{name}.arch",
            "net": name,
            "set": dict(arguments or {}),
            "edits": list(edits),
            "input": None,
            "plugins": {},
            "sha256": {f"{name}.arch": "ab" * 32},
        },
        "recipe": recipe,
        "seed": seed,
        "init_from": None,
        "freeze": [],
        "monitor": None,
        "data": {
            "name": "digits",
            "classes": [str(digit) for digit in range(10)],
            "input": [1, 32, 32],
            "counts": {"train": 1293, "validation": 144, "test": 360},
            "statistics": {"mean": [0.1 + seed]},
            "skipped": [],
        },
        "machine": {"device": "cpu", "devices": 1, "nodes": 1, "strategy": "auto", "data_dir": None},
        "threads": 1,
        "parameters": 61706,
        "versions": {"ogive": "0.1.0", "torch": "2.11.0"},
    }
    if status == "finished":
        last = rows[-1]
        correct = round(360 * last.get("val_accuracy", top))
        record |= {
            "epochs": len(rows),
            "steps": last["step"],
            "best_epoch": len(rows),
            "validation": {k.removeprefix("val_"): v for k, v in last.items() if k.startswith("val_")},
            "test": {"loss": 0.2, "accuracy": correct / 360, "correct": correct, "total": 360},
            "seconds": last["seconds"],
        }
    (path / "run.json").write_text(json.dumps(record | changes), encoding="utf-8")
    text = RECIPE.format(name=recipe, planned=planned, lr=lr, seed=seed)
    (path / "recipe.arch").write_text(text, encoding="utf-8")
    if rows:
        write_metrics(path, rows)
    return path
