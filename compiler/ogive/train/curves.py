"""The curves of a run: loss and accuracy over the epochs, for the eye and for a paper."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ogive.train.rundir import written_beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ogive.train.callbacks import Epoch

# blue and vermilion of Okabe & Ito's palette, which all eyes tell apart
_TRAINING, _VALIDATION, _TEST = "#0072B2", "#D55E00", "#333333"

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # matplotlib brings it along: the same picture on every machine
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "svg.hashsalt": "ogive",  # the identifiers in the SVG, which are random otherwise
    "svg.fonttype": "path",
}


def draw_curves(
    epochs: Sequence[Epoch],
    best: Epoch,
    title: str,
    files: Sequence[Path],
    test_accuracy: float | None = None,
) -> None:
    """Writes the curves to each of the files, in the format of its suffix. Equal numbers give equal bytes.

    `test_accuracy` is a share, 0 to 1.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(7.2, 2.9), layout="constrained")
        FigureCanvasAgg(figure)  # no window, whatever backend this machine prefers
        _fill(figure, epochs, best, title, test_accuracy)
        for path in files:
            with written_beside(path) as temporary:
                metadata = {"Date": None} if path.suffix == ".svg" else {}
                figure.savefig(temporary, dpi=160, metadata=metadata)


def _fill(
    figure: Figure, epochs: Sequence[Epoch], best: Epoch, title: str, test_accuracy: float | None
) -> None:
    numbers = [epoch.epoch for epoch in epochs]
    marker = "o" if len(epochs) == 1 else None  # a line of one point shows nothing
    loss, accuracy = figure.subplots(1, 2)
    figure.suptitle(title, fontsize=10)

    loss.plot(numbers, [e.train_loss for e in epochs], color=_TRAINING, marker=marker, label="training")
    loss.plot(numbers, [e.val_loss for e in epochs], color=_VALIDATION, marker=marker, label="validation")
    loss.set_ylabel("cross entropy (nats)")
    loss.set_ylim(bottom=0)
    loss.legend(frameon=False)

    for values, colour in (
        ([100 * e.train_accuracy for e in epochs], _TRAINING),
        ([100 * e.val_accuracy for e in epochs], _VALIDATION),
    ):
        accuracy.plot(numbers, values, color=colour, marker=marker)
    accuracy.set_ylabel("accuracy (%)")
    accuracy.plot(
        [best.epoch], [100 * best.val_accuracy], "o", color=_VALIDATION, clip_on=False,
        label=f"best, epoch {best.epoch}: {best.val_accuracy:.1%}",
    )  # fmt: skip
    if test_accuracy is not None:
        accuracy.axhline(
            100 * test_accuracy,
            color=_TEST,
            linewidth=0.8,
            linestyle="--",
            label=f"test: {test_accuracy:.2%}",
        )
    accuracy.set_ylim(top=100)
    accuracy.legend(frameon=False, loc="lower right")
    for axes in (loss, accuracy):
        _epochs_below(axes)


def _epochs_below(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
