"""Curves of several runs in one figure: runs that differ in their seed only are one line with a band.

Reads run.json, recipe.arch and metrics.csv. Imports no torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Literal

from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.render import visible
from ogive.train.curves import SHARES, axis_name
from ogive.train.figures import GREY, count_whole, line_style, literal, new_figure, wrapped
from ogive.train.recorded import Recorded, Row, is_run, read_run
from ogive.train.told_apart import Group

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Band = Literal["range", "std", "none"]
X = ("epoch", "step", "seconds")
BANDS: dict[Band, str] = {
    "range": "line: mean of the runs, band: their least and greatest",
    "std": "line: mean of the runs, band: one standard deviation (n - 1) to either side",
    "none": "line: mean of the runs",
}


@dataclass(frozen=True, slots=True)
class View:
    """What of the runs is drawn.

    Attributes:
        x: `epoch`, `step` or `seconds`.
        ys: columns of metrics.csv, a panel each; `val_error` is what `val_accuracy` lacks to 1.
        band: what is shown of the spread of runs that differ in their seed only.
        log_x, log_y: whether an axis is logarithmic.
        title: above the panels.
    """

    x: str = "epoch"
    ys: tuple[str, ...] = ()
    band: Band = "range"
    log_x: bool = False
    log_y: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A group's curve.

    Attributes:
        xs, means: the epochs that every run of the group has reached.
        lows, highs: the band; empty without one.
        tails: what single runs have beyond, from the last common epoch on.
    """

    xs: tuple[float, ...]
    means: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    tails: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]


# --------------------------------------------------------------------------- reading


def read_runs(paths: Iterable[Path]) -> tuple[list[Recorded], list[str]]:
    """The runs behind paths, each once: a run's folder, or a folder whose subfolders are runs.

    Returns the runs, and remarks on those of the second kind that were left out because no epoch has ended.

    Raises:
        ArchError: E570, a path leads to no run, a run's files are damaged, or none of its epochs has ended.
    """
    found: dict[Path, Recorded] = {}
    remarks: list[str] = []
    wrong: list[Diagnostic] = []
    for path in paths:
        inner = [] if is_run(path) else sorted(p.parent for p in path.glob("*/run.json"))
        for each in inner or [path]:
            try:
                run = read_run(each)
            except ArchError as error:
                wrong += error.diagnostics
                continue
            if run.rows:
                found.setdefault(each.resolve(), run)
            elif inner:
                remarks.append(f"`{visible(str(each))}` is left out: no epoch has ended")
            else:
                wrong.append(_without_epochs(run))
    if wrong:
        raise ArchError(wrong)
    if not found:
        raise ArchError([Diagnostic("E570", "no epoch of any of these runs has ended: nothing to draw")])
    return list(found.values()), remarks


def _without_epochs(run: Recorded) -> Diagnostic:
    shown = visible(str(run.path))
    waiting = {"running": "wait for the first one", "interrupted": f"ogive train --resume {shown}"}
    message = f"`{shown}` has no metrics yet: no epoch of it has ended (it is {visible(run.status)})"
    return Diagnostic("E570", message, help=waiting.get(run.status))


def usual_columns(runs: Sequence[Recorded]) -> tuple[str, ...]:
    """What is drawn unless asked for: loss and accuracy of validation, else of training, else what there is.

    Raises:
        ArchError: E571, the runs have no column in common.
    """
    common = [c for c in runs[0].columns if all(has_column(run, c) for run in runs) and c not in _NOT_DRAWN]
    for part in ("val", "train"):
        usual = tuple(c for c in (f"{part}_loss", f"{part}_accuracy") if c in common)
        if usual:
            return usual
    if not common:
        message = "the runs have no column in common that could be drawn"
        raise ArchError([Diagnostic("E571", message, notes=_columns_of(runs))])
    return tuple(common[:1])


_NOT_DRAWN = ("epoch", "step", "seconds", "lr")


def require_columns(runs: Sequence[Recorded], columns: Iterable[str]) -> None:
    """Makes sure that every run has the columns.

    Raises:
        ArchError: E571, one for each column that a run lacks.
    """
    wrong: list[Diagnostic] = []
    for column in columns:
        without = next((run for run in runs if not has_column(run, column)), None)
        if without is None:
            continue
        derived = [e for e, of in ((_as_error(c), c) for c in without.columns) if e != of]
        meant = did_you_mean(column, (*without.columns, *derived))
        help_ = f"did you mean `{visible(meant)}`?" if meant else None
        message = f"`{visible(str(without.path))}` has no column `{visible(column)}`"
        wrong.append(Diagnostic("E571", message, notes=_columns_of([without]), help=help_))
    if wrong:
        raise ArchError(wrong)


def _columns_of(runs: Sequence[Recorded]) -> tuple[tuple[str, str], ...]:
    if len(runs) == 1:
        return (("columns", visible(", ".join(runs[0].columns))),)
    return tuple((visible(str(run.path)), visible(", ".join(run.columns))) for run in runs[:6])


def has_column(run: Recorded, column: str) -> bool:
    """Whether a run has a column, or that from which it is worked out."""
    return column in run.columns or _accuracy_of(column) in run.columns


def _accuracy_of(column: str) -> str:
    """The accuracy behind an error: `val_accuracy` for `val_error`, `val_top5` for `val_top5_error`."""
    if column.endswith("_top5_error"):
        return column.removesuffix("_error")
    return f"{column.removesuffix('_error')}_accuracy" if column.endswith("_error") else column


def _as_error(column: str) -> str:
    """The other way round."""
    if column.endswith("_accuracy"):
        return f"{column.removesuffix('_accuracy')}_error"
    return f"{column}_error" if column.endswith("_top5") else column


# --------------------------------------------------------------------------- numbers


def is_share(run: Recorded, column: str) -> bool:
    """Whether a column is shown in per cent: accuracies, and the errors that are worked out from them."""
    return column.partition("_")[2] in SHARES or column not in run.columns


def value(run: Recorded, row: Row, column: str) -> float:
    """A cell as it is drawn, in per cent where it is a share; NaN where there is nothing to draw."""
    if column in run.columns:
        found = row.get(column, math.nan)
    else:
        found = 1 - row.get(_accuracy_of(column), math.nan)
    return (100 if is_share(run, column) else 1) * found if math.isfinite(found) else math.nan


def line_of(group: Group, x: str, y: str, band: Band) -> Line:
    """The mean of a group's runs, epoch by epoch, with its spread.

    Where runs differ in `x` at the same epoch, as they do in seconds, the mean of it is taken as well.
    """
    curves = [_points(run, x, y) for run in group.runs]
    common = sorted(set.intersection(*(set(curve) for curve in curves)))
    xs = [fmean(curve[epoch][0] for curve in curves) for epoch in common]
    ys = [[curve[epoch][1] for curve in curves] for epoch in common]
    means = [fmean(each) for each in ys]
    lows: list[float] = []
    highs: list[float] = []
    if len(curves) > 1 and band == "range":
        lows, highs = [min(each) for each in ys], [max(each) for each in ys]
    elif len(curves) > 1 and band == "std":
        spreads = [stdev(each) for each in ys]
        lows = [mean - spread for mean, spread in zip(means, spreads, strict=True)]
        highs = [mean + spread for mean, spread in zip(means, spreads, strict=True)]
    last = common[-1] if common else -math.inf
    tails: list[tuple[tuple[float, ...], tuple[float, ...]]] = []
    for curve in curves:
        beyond = [curve[epoch] for epoch in sorted(curve) if epoch >= last]
        if len(beyond) > 1 or (beyond and not common):
            tails.append((tuple(p[0] for p in beyond), tuple(p[1] for p in beyond)))
    return Line(tuple(xs), tuple(means), tuple(lows), tuple(highs), tuple(tails))


def _points(run: Recorded, x: str, y: str) -> dict[float, tuple[float, float]]:
    """By epoch what is to be drawn, where both are numbers."""
    points: dict[float, tuple[float, float]] = {}
    for place, row in enumerate(run.rows, 1):
        at, of = value(run, row, x), value(run, row, y)
        if not math.isnan(at) and not math.isnan(of):
            points[row.get("epoch", place)] = at, of
    return points


# --------------------------------------------------------------------------- drawing


def draw_comparison(groups: Sequence[Group], view: View) -> Figure:
    """A panel for each column of the view, a line for each group; to be drawn within `figures.styled()`."""
    panels = len(view.ys)
    columns = min(panels, 3)
    rows = math.ceil(panels / columns)
    figure = new_figure(4.6 if panels == 1 else 3.4 * columns, 2.6 * rows + 0.5 + 0.17 * len(groups))
    if view.title:
        title = figure.suptitle(wrapped(view.title, figure.get_figwidth(), 9), fontsize=9, x=0.01, ha="left")
        literal([title])
    grid: list[Axes] = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in grid[panels:]:
        axes.remove()
    for axes, y in zip(grid, view.ys, strict=False):
        fill_panel(axes, groups, view, y)
    add_legend(figure, groups, view.band)
    return figure


def fill_panel(axes: Axes, groups: Sequence[Group], view: View, y: str) -> None:
    """Draws one column of all groups."""
    for number, group in enumerate(groups):
        style = line_style(number)
        line = line_of(group, view.x, y, view.band)
        if line.lows:
            axes.fill_between(line.xs, line.lows, line.highs, color=style["color"], alpha=0.18, linewidth=0)
        marker = "o" if len(line.xs) == 1 else None
        axes.plot(line.xs, line.means, marker=marker, zorder=2 + number / 100, **style)
        for xs, ys in line.tails:
            axes.plot(xs, ys, linewidth=0.7, alpha=0.7, marker="." if len(xs) == 1 else None, **style)
    axes.set_xlabel(view.x)
    axes.set_ylabel(_axis(y, groups[0].runs[0]))
    literal([axes.yaxis.label])
    if view.log_y:
        axes.set_yscale("log")
    if view.log_x:
        axes.set_xscale("log")
    elif view.x == "epoch":
        count_whole(axes)


def _axis(column: str, run: Recorded) -> str:
    part, _, metric = column.partition("_")
    whole = {"train": "training", "val": "validation"}.get(part)
    if whole is None or not metric:
        return column
    derived = {"error": "error (%)", "top5_error": "top-5 error (%)"} if is_share(run, column) else {}
    return f"{whole} {derived.get(metric) or axis_name(metric)}"


def add_legend(figure: Figure, groups: Sequence[Group], band: Band) -> None:
    """Names the lines below the panels, and says what the bands are."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], **line_style(number)) for number, _ in enumerate(groups)]
    width = figure.get_figwidth()
    labels = [wrapped(legend_text(group), width - 0.6, 8) for group in groups]
    longest = max(len(line) for label in labels for line in label.split("\n"))
    fitting = int(width * 72 / (0.58 * 8 * longest + 36))
    several = any(len(group.runs) > 1 for group in groups)
    legend = figure.legend(
        handles,
        # what begins with an underscore would be left out
        [f"\N{ZERO WIDTH SPACE}{label}" if label.startswith("_") else label for label in labels],
        loc="outside lower left",
        ncols=max(1, min(fitting, len(groups), 4)),
        title=wrapped(BANDS[band], width, 7) if several else None,
        title_fontsize=7,
        alignment="left",
    )
    legend.get_title().set_color(GREY)
    literal(legend.get_texts())


def legend_text(group: Group) -> str:
    """`lenet5 (3 seeds)`, `lenet5 (running)`."""
    running = "running" if any(run.status == "running" for run in group.runs) else ""
    remarks = ", ".join(filter(None, (group.count, running)))
    return f"{group.label} ({remarks})" if remarks else group.label
