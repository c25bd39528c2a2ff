"""What a sweep came to: a line for each variant, mean and spread over its seeds. Imports no torch."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from ogive.render import visible
from ogive.report.units import short
from ogive.train.curves import SHARES
from ogive.train.grid import Variant, variant_to_json
from ogive.train.recorded import Recorded, is_number
from ogive.train.sweep import Run, Sweep, groups_of
from ogive.train.sweep_columns import Extra

if TYPE_CHECKING:
    from rich.table import Table as RichTable

NOTE = "mean ± standard deviation over the runs (n - 1); accuracies in %"
_NARROWEST = 14
"""Columns of a terminal that a text needs at least."""
_COUNTS = ("correct", "total")


@dataclass(frozen=True, slots=True)
class Spread:
    """Numbers of several runs. `values` are as the runs give them: shares are shares.

    Attributes:
        values: in the order of the runs.
        scale: what they are multiplied by to be shown.
    """

    values: tuple[float, ...]
    scale: float = 1.0

    @property
    def mean(self) -> float:
        """Their mean."""
        return fmean(self.values)

    @property
    def std(self) -> float | None:
        """The standard deviation, with n - 1; None of a single number."""
        return stdev(self.values) if len(self.values) > 1 and all(map(math.isfinite, self.values)) else None

    def text(self, places: int) -> str:
        """`98.61 ± 0.42`, `98.61`."""
        mean = f"{self.scale * self.mean:.{places}f}"
        return mean if self.std is None else f"{mean} ± {self.scale * self.std:.{places}f}"


@dataclass(frozen=True, slots=True)
class Line:
    """A variant and its runs.

    Attributes:
        variant: what was trained.
        factors: what tells it from the others, one text for each heading of the table.
        runs: each with what became of it: `finished`, `failed`, `waiting`, …
        recorded: those that are finished.
    """

    variant: Variant
    factors: tuple[str, ...]
    runs: tuple[tuple[Run, str], ...]
    recorded: tuple[Recorded, ...]

    def spread(self, part: str, metric: str) -> Spread | None:
        """A number of `validation` or `test`, over the finished runs that have it."""
        found = [run.outcome(part)[metric] for run in self.recorded if metric in run.outcome(part)]
        return Spread(tuple(found), 100.0 if metric in SHARES else 1.0) if found else None

    def extra(self, extra: Extra) -> Spread | None:
        """A column that was asked for, over the finished runs that have a number there."""
        found = tuple(number for run in self.recorded if (number := extra.of(run)) is not None)
        return Spread(found, 100.0 if extra.percent and not extra.sign else 1.0) if found else None

    def extra_text(self, extra: Extra) -> str:
        """`42 ± 5`; `42 ± 5 (2 of 3)` where the third never reached it; `never`."""
        spread = self.extra(extra)
        if spread is None:
            return "never" if extra.sign and self.recorded else ""
        text, n = spread.text(extra.places), len(spread.values)
        return text if n == len(self.recorded) else f"{text} ({n} of {len(self.recorded)})"

    @property
    def best_epoch(self) -> Spread | None:
        """The epoch whose weights were kept."""
        found = [run.record.get("best_epoch") for run in self.recorded]
        numbers = tuple(float(each) for each in found if is_number(each))  # pyright: ignore[reportArgumentType]
        return Spread(numbers) if numbers else None

    @property
    def parameters(self) -> int | None:
        """Of the network."""
        found = next((run.record.get("parameters") for run in self.recorded), None)
        return int(found) if is_number(found) else None  # pyright: ignore[reportArgumentType]

    @property
    def count(self) -> str:
        """`3`, `2 of 3, 1 failed`."""
        done, failed = len(self.recorded), sum(status == "failed" for _, status in self.runs)
        if done == len(self.runs):
            return str(done)
        return f"{done} of {len(self.runs)}" + (f", {failed} failed" if failed else "")


@dataclass(frozen=True, slots=True)
class SweepTable:
    """All lines of a sweep.

    Attributes:
        path: of its folder.
        headings: what differs between the lines.
        lines: one for each variant.
        metrics: pairs of a part (`test`, `validation`) and a metric: the columns with numbers.
        extras: columns that were asked for.
    """

    path: str
    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    metrics: tuple[tuple[str, str], ...]
    extras: tuple[Extra, ...] = ()

    def cells(self) -> list[tuple[str, ...]]:
        """The headings, then the lines, as text; a cell without a number is empty."""
        names = [f"{part} {'top-5' if metric == 'top5' else metric}" for part, metric in self.metrics]
        names += [extra.heading for extra in self.extras]
        found: list[tuple[str, ...]] = [(*self.headings, "n", *names, "best epoch", "parameters")]
        for line in self.lines:
            spreads = [line.spread(part, metric) for part, metric in self.metrics]
            texts = [s.text(2 if s.scale == 100 else 4) if s else "" for s in spreads]
            best, parameters = line.best_epoch, line.parameters
            found.append(
                (
                    *line.factors,
                    line.count,
                    *texts,
                    *(line.extra_text(extra) for extra in self.extras),
                    best.text(1) if best and best.std is not None else f"{best.mean:.0f}" if best else "",
                    short(parameters) if parameters is not None else "",
                )
            )
        return found


def table_of(sweep: Sweep) -> SweepTable:
    """Reads what the runs of a sweep have come to so far."""
    lines: list[Line] = []
    headings: tuple[str, ...] = ()
    for variant, runs in groups_of(sweep):
        factors = sweep.grid.factors(variant)
        headings = tuple(name for name, _ in factors)
        with_status = tuple((run, sweep.status(run)) for run in runs)
        read = [sweep.recorded(run) for run, status in with_status if status == "finished"]
        recorded = tuple(run for run in read if run is not None)
        lines.append(Line(variant, tuple(text for _, text in factors), with_status, recorded))
    extras = tuple(Extra.parse(text) for text in sweep.about.get("columns", ()))
    return SweepTable(str(sweep.path), headings, tuple(lines), _metrics(lines), extras)


def _metrics(lines: Sequence[Line]) -> tuple[tuple[str, str], ...]:
    """Accuracies where there are such, else losses; then the user's own."""
    found: list[tuple[str, str]] = []
    for part in ("test", "validation"):
        names = dict.fromkeys(m for line in lines for run in line.recorded for m in run.outcome(part))
        shares = [name for name in SHARES if name in names]
        others = [name for name in names if name not in (*SHARES, *_COUNTS, "loss")]
        found += [(part, name) for name in (shares or [n for n in ("loss",) if n in names]) + others]
    return tuple(found)


# --------------------------------------------------------------------------- as text


def to_markdown(table: SweepTable) -> str:
    """The table for a lab book, with what its numbers are."""
    head, *body = [[_escaped(cell) for cell in line] for line in table.cells()]
    ruler = ["---"] * len(table.headings) + ["---:"] * (len(head) - len(table.headings))
    lines = ["| " + " | ".join(line) + " |" for line in (head, ruler, *body)]
    failed = [
        f"- {_escaped(run.folder)}: {run.error[0]}: {_escaped(run.error[1])}"
        for line in table.lines
        for run, status in line.runs
        if status == "failed" and run.error
    ]
    return (
        "\n".join(lines) + f"\n\n{NOTE}.\n" + ("\nFailed:\n\n" + "\n".join(failed) + "\n" if failed else "")
    )


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*")


def to_csv(table: SweepTable) -> str:
    """A line for each variant; mean, standard deviation and n of each number in columns of their own.

    Accuracies and errors are shares of 1.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    pairs = [f"{part}_{metric}" for part, metric in table.metrics]
    extras = [extra.name for extra in table.extras]
    numbers = [f"{name}_{what}" for name in (*pairs, *extras, "best_epoch") for what in ("mean", "std", "n")]
    writer.writerow([*table.headings, "runs", "finished", "failed", *numbers, "parameters"])
    for line in table.lines:
        failed = sum(status == "failed" for _, status in line.runs)
        spreads = [line.spread(part, metric) for part, metric in table.metrics]
        spreads += [*(line.extra(extra) for extra in table.extras), line.best_epoch]
        cells: list[object] = [*line.factors, len(line.runs), len(line.recorded), failed]
        for spread in spreads:
            cells += [f"{spread.mean:.6g}", "" if spread.std is None else f"{spread.std:.6g}",
                      len(spread.values)] if spread else ["", "", 0]  # fmt: skip
        writer.writerow([*cells, "" if line.parameters is None else line.parameters])
    return stream.getvalue()


def to_json(table: SweepTable) -> dict[str, Any]:
    """All that is known, as `json.dumps` takes it; accuracies and errors are shares of 1."""
    return {
        "sweep": table.path,
        "lines": [
            {
                **variant_to_json(line.variant),
                "parameters": line.parameters,
                **{part: _spreads(line, part, table) for part in ("test", "validation")},
                **({"columns": _extras(line, table)} if table.extras else {}),
                "best_epoch": _spread(line.best_epoch),
                "runs": [
                    {"folder": run.folder, "seed": run.seed, "status": status,
                     "error": list(run.error) if run.error and status == "failed" else None}
                    for run, status in line.runs
                ],
            }
            for line in table.lines
        ],
    }  # fmt: skip


def _spreads(line: Line, part: str, table: SweepTable) -> dict[str, Any]:
    names = [metric for of, metric in table.metrics if of == part]
    names += [] if "loss" in names else ["loss"]
    return {name: _spread(spread) for name in names if (spread := line.spread(part, name)) is not None}


def _extras(line: Line, table: SweepTable) -> dict[str, Any]:
    return {extra.name: _spread(line.extra(extra)) for extra in table.extras}


def _spread(spread: Spread | None) -> dict[str, Any] | None:
    if spread is None:
        return None
    values = [value if math.isfinite(value) else None for value in spread.values]
    mean = spread.mean if math.isfinite(spread.mean) else None
    return {"mean": mean, "std": spread.std, "n": len(values), "values": values}


def to_plain(table: SweepTable) -> str:
    """Columns two spaces or more apart."""
    cells = [[visible(" ".join(cell.split())) or "-" for cell in line] for line in table.cells()]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(f"{c:<{w}}" for c, w in zip(line, widths, strict=True)).rstrip() for line in cells)
    return "\n".join(lines)


def to_rich(table: SweepTable, width: int) -> RichTable | None:
    """For a terminal of so many columns; None where it is too narrow for the numbers."""
    from rich.table import Table
    from rich.text import Text

    head, *body = [[visible(" ".join(cell.split())) for cell in line] for line in table.cells()]
    factors = len(table.headings)
    head = [f"\n{name}" if " " not in name or place < factors else name.replace(" ", "\n", 1)
            for place, name in enumerate(head)]  # fmt: skip
    widths = [max(len(part) for cell in column for part in cell.split("\n"))
              for column in zip(head, *body, strict=True)]  # fmt: skip
    while sum(widths) + 2 * len(widths) > width:  # an edit may take several lines, a number may not
        place = max(range(factors), key=lambda place: widths[place])
        if widths[place] <= max(_NARROWEST, len(head[place]) - 1):
            return None
        widths[place] -= 1
    made = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, caption=NOTE, caption_justify="left")
    for place, (name, wide) in enumerate(zip(head, widths, strict=True)):
        justify = "left" if place < factors else "right"
        made.add_column(Text(name), justify=justify, width=wide, overflow="fold")
    for line in body:
        made.add_row(*map(Text, line))
    return made
