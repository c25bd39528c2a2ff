"""A sweep as a figure: the curves with their bands, and what every run came to. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from ogive.train.compare import View, add_legend, fill_panel, usual_columns
from ogive.train.curves import SHARES
from ogive.train.figures import PALETTE, literal, new_figure, wrapped
from ogive.train.recorded import Recorded
from ogive.train.sweep import Sweep, groups_of
from ogive.train.told_apart import Group

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_sweep(sweep: Sweep) -> Figure | None:
    """Left the accuracy of validation over the epochs (or what there is), right that of the test data, a
    point for each run and a bar at the mean. None as long as no run has ended an epoch. To be drawn within
    `figures.styled()`.
    """
    groups: list[Group] = []
    for variant, runs in groups_of(sweep):
        read = [recorded for run in runs if (recorded := sweep.recorded(run)) is not None and recorded.rows]
        if read:
            groups.append(Group(sweep.grid.label(variant), tuple(read)))
    if not groups:
        return None
    column = _column([run for group in groups for run in group.runs])
    figure = new_figure(7.2, 2.7 + 0.17 * len(groups))
    curves, points = figure.subplots(1, 2, width_ratios=(3, 2))
    fill_panel(curves, groups, View(), column)
    _points(points, groups)
    add_legend(figure, groups, "range")
    return figure


def _column(runs: Sequence[Recorded]) -> str:
    """The accuracy of validation where all have it."""
    return usual_columns(runs)[-1]


def _points(axes: Axes, groups: Sequence[Group]) -> None:
    """What the test data gave, or validation where there are none; a row for each group, the first on top."""
    part, metric = _measure(groups)
    scale = 100.0 if metric in SHARES else 1.0
    for number, group in enumerate(groups):
        values = [scale * run.outcome(part)[metric] for run in group.runs if metric in run.outcome(part)]
        if not values:
            continue
        colour = PALETTE[number % len(PALETTE)]
        axes.plot(
            values, [number] * len(values), "o", color=colour, alpha=0.6, markeredgewidth=0, clip_on=False
        )
        axes.plot([fmean(values)] * 2, [number - 0.28, number + 0.28], color=colour, linewidth=2)
    axes.set_yticks(range(len(groups)), [wrapped(group.label, 1.3, 7) for group in groups])
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    shown = {"accuracy": "accuracy (%)", "top5": "top-5 accuracy (%)"}.get(metric, metric)
    axes.set_xlabel(f"{part} {shown}, a point for each run")
    literal((*axes.get_yticklabels(), axes.xaxis.label))


def _measure(groups: Sequence[Group]) -> tuple[str, str]:
    for part in ("test", "validation"):
        for metric in ("accuracy", "loss"):
            if any(metric in run.outcome(part) for group in groups for run in group.runs):
                return part, metric
    return "test", "accuracy"
