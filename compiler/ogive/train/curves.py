"""The curves of a run: losses and metrics over the epochs, for the eye and for a paper. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ogive.files import write_atomically
from ogive.train.figures import (
    BLUE,
    GREY,
    VERMILION,
    as_bytes,
    count_whole,
    literal,
    new_figure,
    styled,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHARES = ("accuracy", "top5")
"""Metrics that are shares, 0 to 1, and shown in per cent."""
_NAMES = {"accuracy": "accuracy (%)", "top5": "top-5 accuracy (%)"}
_ORDER = ("loss", "accuracy", "top5")


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity, in training and in validation.

    Attributes:
        metric: its name without `train_` and `val_`.
        train, validation: its columns in metrics.csv, where there are such.
    """

    metric: str
    train: str | None
    validation: str | None

    @property
    def scale(self) -> float:
        """What a value is multiplied by to be shown."""
        return 100.0 if self.metric in SHARES else 1.0


def draw_curves(
    rows: Sequence[Mapping[str, Any]],
    best_epoch: int | None,
    title: str,
    files: Sequence[Path],
    test: Mapping[str, Any] | None = None,
) -> None:
    """Writes the curves to each of the files, in the format of its suffix (svg, pdf, png).

    Equal numbers give equal bytes. Without a row nothing is written.

    Args:
        rows: of metrics.csv, numbers or their texts; every column but `epoch`, `step`, `lr` and `seconds` is
            drawn, `train_NAME` and `val_NAME` in one panel. A value that is empty or not finite is a gap.
        best_epoch: whose weights are kept; marked.
        title: above the panels.
        files: where to.
        test: what the test data gave, by the names of the metrics; dashed lines.

    Raises:
        OSError: a file cannot be written.
    """
    with styled():
        figure = curves_figure(rows, best_epoch, title, test)
        if figure is None:
            return
        for path in files:
            write_atomically(path, as_bytes(figure, path.suffix.lstrip(".").lower()))


def curves_figure(
    rows: Sequence[Mapping[str, Any]],
    best_epoch: int | None,
    title: str,
    test: Mapping[str, Any] | None = None,
) -> Figure | None:
    """What `draw_curves` writes, within `figures.styled()`; None where there is nothing to draw."""
    panels = panels_of(rows)
    if not panels:
        return None
    columns = min(len(panels), 3)
    lines = math.ceil(len(panels) / columns)
    figure = new_figure(max(3.4 * columns, 4.0), 2.3 * lines + 0.7)
    _fill(figure, rows, panels, columns, best_epoch, title, test or {})
    return figure


def panels_of(rows: Sequence[Mapping[str, Any]]) -> list[Panel]:
    """What there is to draw: the loss first, then accuracies, then the user's metrics as they come."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    found: dict[str, dict[str, str]] = {}
    for column in columns:
        part, underscore, metric = column.partition("_")
        if underscore and part in ("train", "val") and metric:
            found.setdefault(metric, {})[part] = column
    first = [metric for metric in _ORDER if metric in found]
    others = [metric for metric in found if metric not in _ORDER]
    panels = [Panel(m, found[m].get("train"), found[m].get("val")) for m in (*first, *others)]
    return [panel for panel in panels if any(_has_values(rows, c) for c in (panel.train, panel.validation))]


def axis_name(metric: str) -> str:
    """What stands beside the axis of a metric."""
    return _NAMES.get(metric, metric)


def number(value: object) -> float:
    """A value of a row; NaN where it is none, or not finite."""
    try:
        got = float(value)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        return math.nan
    return got if math.isfinite(got) else math.nan


def _has_values(rows: Sequence[Mapping[str, Any]], column: str | None) -> bool:
    return column is not None and any(not math.isnan(number(row.get(column))) for row in rows)


def _fill(
    figure: Figure,
    rows: Sequence[Mapping[str, Any]],
    panels: Sequence[Panel],
    columns: int,
    best_epoch: int | None,
    title: str,
    test: Mapping[str, Any],
) -> None:
    heading = figure.suptitle(wrapped(title, figure.get_figwidth(), 9), fontsize=9, x=0.01, ha="left")
    grid: list[Axes] = list(figure.subplots(-(-len(panels) // columns), columns, squeeze=False).flat)
    for axes in grid[len(panels) :]:
        axes.remove()
    for axes, panel in zip(grid, panels, strict=False):
        _panel(axes, rows, panel, best_epoch, test)
    literal((heading, *(axes.yaxis.label for axes in grid)))
    handles = {label: handle for axes in grid for label, handle in _handles(axes)}
    figure.legend(list(handles.values()), list(handles), loc="outside lower left", ncols=len(handles))


def _handles(axes: Axes) -> Iterator[tuple[str, Any]]:
    for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
        yield label, handle


def _panel(
    axes: Axes,
    rows: Sequence[Mapping[str, Any]],
    panel: Panel,
    best_epoch: int | None,
    test: Mapping[str, Any],
) -> None:
    epochs = [number(row.get("epoch", place)) for place, row in enumerate(rows, 1)]
    said = ""
    highest = -math.inf
    lines = (panel.train, BLUE, "training", 2.0), (panel.validation, VERMILION, "validation", 2.1)
    best: tuple[float, str] | None = None
    for column, colour, label, order in lines:
        if column is None or not _has_values(rows, column):
            continue
        values = [panel.scale * number(row.get(column)) for row in rows]
        highest = max(highest, *(value for value in values if not math.isnan(value)))
        marker = "o" if _stands_alone(values) else None  # a line of one point shows nothing
        axes.plot(epochs, values, color=colour, marker=marker, label=label, zorder=order)
        for epoch, value in zip(epochs, values, strict=True):
            if epoch == best_epoch and not math.isnan(value):  # validation's where there is one
                best, said = (value, colour), f"{label} {_shown(value, panel)}"
    if best is not None and best_epoch is not None:
        _mark(axes, best_epoch, *best)
    tested = panel.scale * number(test.get(panel.metric))
    if not math.isnan(tested):
        axes.axhline(tested, color=GREY, linewidth=0.9, linestyle=(0, (4, 2)), label="test")
        said = ", ".join(filter(None, (said, f"test {_shown(tested, panel)}")))
    axes.set_title(said, color=GREY)
    axes.set_xlabel("epoch")
    axes.set_ylabel(axis_name(panel.metric))
    if panel.metric in SHARES:
        axes.set_ylim(top=100 if highest > 60 else None)
    elif panel.metric == "loss" and axes.get_ylim()[0] > 0:
        axes.set_ylim(bottom=0)
    count_whole(axes)


def _mark(axes: Axes, epoch: int, value: float, colour: str) -> None:
    """A ring around the epoch whose weights are kept."""
    axes.plot(
        [epoch],
        [value],
        linestyle="none",
        marker="o",
        color="white",
        markeredgecolor=colour,
        markeredgewidth=1.4,
        zorder=4,
        clip_on=False,
        label=f"best epoch, {epoch}",
    )


def _stands_alone(values: Sequence[float]) -> bool:
    """Whether no two values in a row are there, so that no line joins any."""
    return not any(not math.isnan(a) and not math.isnan(b) for a, b in pairwise(values))


def _shown(value: float, panel: Panel) -> str:
    return f"{value:.2f} %" if panel.metric in SHARES else f"{value:.4g}"
