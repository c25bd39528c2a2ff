"""What a run has written about itself so far: run.json, recipe.arch and metrics.csv. Imports no torch.

A run may be under way: each of the files is replaced whole, and what is read is of one moment.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ogive.diagnostics import ArchError, Diagnostic
from ogive.render import visible

FORMAT = 1
"""Of run.json."""

Row = Mapping[str, float]
"""An epoch: the columns of metrics.csv that say something there, NaN where training did not give a number."""


@dataclass(frozen=True)
class Recorded:
    """A run as its folder tells it.

    Attributes:
        path: the folder.
        record: run.json.
        columns: those of metrics.csv; none as long as no epoch has ended.
        rows: the epochs.
        recipe: the settings of recipe.arch, by name, as they are written there.
    """

    path: Path
    record: Mapping[str, Any]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    recipe: Mapping[str, str]

    @property
    def name(self) -> str:
        """The network's."""
        return str(self.record.get("name") or self.path.name)

    @property
    def status(self) -> str:
        """`running`, `finished`, `interrupted` or `failed`."""
        return str(self.record.get("status") or "running")

    @property
    def seed(self) -> int | None:
        """Of weights, order and augmentation."""
        found = self.record.get("seed")
        return found if isinstance(found, int) else None

    @cached_property
    def target(self) -> Mapping[str, Any]:
        """What was trained; empty for a module that came from Python."""
        target = self.record.get("target")
        return target if isinstance(target, Mapping) else {}

    def outcome(self, part: str) -> Mapping[str, float]:
        """The numbers of `validation` or `test`; empty as long as there are none."""
        found = self.record.get(part)
        return {k: float(v) for k, v in found.items() if is_number(v)} if isinstance(found, Mapping) else {}


def is_number(value: object) -> bool:
    """Whether a value of a record is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_run(path: Path) -> Recorded:
    """Reads a run's folder.

    Raises:
        ArchError: E570, it holds no run, or its files are damaged.
    """
    record = _read_record(path)
    metrics, recipe = _text(path / "metrics.csv"), _text(path / "recipe.arch")
    columns, rows = _read_metrics(path, metrics) if metrics is not None else ((), ())
    return Recorded(path, record, columns, rows, settings_of(recipe or ""))


def is_run(path: Path) -> bool:
    """Whether a folder holds a run."""
    return (path / "run.json").is_file()


def settings_of(recipe: str) -> dict[str, str]:
    """The settings of a recipe as Ogive prints it, one a line: `{"batch": "64", "seed": "0"}`."""
    found: dict[str, str] = {}
    for line in recipe.splitlines():
        said = _COMMENT.sub(lambda part: part[1] or "", line).strip()
        name, _, value = said.partition(" ")
        if line.startswith(" ") and name.isidentifier():
            found[name] = " ".join(value.split())
    return found


_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|#.*')  # a `#` in a string begins none


def _read_record(path: Path) -> Mapping[str, Any]:
    shown = visible(str(path))
    if not is_run(path):
        raise ArchError([Diagnostic("E570", f"`{shown}` holds no run", help=_where_runs_are(path))])
    try:
        record = json.loads((path / "run.json").read_text(encoding="utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ArchError([Diagnostic("E570", f"`{shown}/run.json` cannot be read: {reason}")]) from None
    except (ValueError, RecursionError) as error:
        raise ArchError([Diagnostic("E570", f"`{shown}/run.json` is damaged: {error}")]) from None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        found = record.get("format") if isinstance(record, dict) else None
        message = (
            f"`{shown}/run.json` has format {visible(repr(found))}, and this Ogive reads format {FORMAT}"
        )
        raise ArchError([Diagnostic("E570", message)])
    return record


def _where_runs_are(path: Path) -> str | None:
    """What may have been meant."""
    if not path.exists():
        near = sorted(each.parent for each in Path("runs").glob("*/run.json"))[:6]
        return f"there are {', '.join(visible(str(each)) for each in near)}" if near else "nothing is there"
    if not path.is_dir():
        return f"name its folder: `{visible(str(path.parent))}`" if is_run(path.parent) else None
    inner = sorted(each.parent for each in path.glob("*/run.json"))[:6]
    return f"it has {', '.join(visible(str(each)) for each in inner)}" if inner else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        message = f"`{visible(str(path))}` cannot be read: {visible(str(error))}"
        raise ArchError([Diagnostic("E570", message)]) from None


def _read_metrics(path: Path, text: str) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    """The columns and the rows of metrics.csv."""
    lines = list(_lines(path, text))
    if not lines:
        return (), ()
    columns = tuple(lines[0])
    rows: list[Row] = []
    for number, cells in enumerate(lines[1:], 2):
        try:
            if len(cells) != len(columns):
                raise ValueError(f"{len(cells)} cells under {len(columns)} columns")
            rows.append({c: float(cell) for c, cell in zip(columns, cells, strict=True) if cell})
        except ValueError as error:
            raise _damaged(path, number, error) from None
    return columns, tuple(rows)


def _lines(path: Path, text: str) -> Iterable[list[str]]:
    reader = csv.reader(io.StringIO(text))
    try:
        yield from (line for line in reader if line)
    except csv.Error as error:
        raise _damaged(path, reader.line_num, error) from None


def _damaged(path: Path, line: int, error: Exception) -> ArchError:
    message = f"`{visible(str(path / 'metrics.csv'))}` is damaged: line {line}: {visible(str(error))}"
    return ArchError([Diagnostic("E570", message)])


def finite(row: Row, column: str) -> float:
    """A cell, NaN where there is nothing to draw."""
    value = row.get(column, math.nan)
    return value if math.isfinite(value) else math.nan
