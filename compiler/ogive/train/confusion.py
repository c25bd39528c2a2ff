"""The confusion matrix as a figure: which class was taken for which, for ten classes or a thousand.

Up to 20 classes every cell has its count. Beyond that a sheet of numbers says nothing any more: the matrix
shows the errors alone, by colour, and beside it stand the pairs that are confused most and the classes that
are recognised least, by their names. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ogive.train.figures import BLUE, GREY, VERMILION, as_bytes, literal, new_figure, styled

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]
    Shares = NDArray[np.float64]

COUNTED = 20
"""The most classes whose cells have their counts."""
NAMED = 100
"""The most classes whose names stand along the matrix."""
_LISTED = 15
_LONGEST = 26
_BLOCKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_MOST_CELLS = 125
"""Along a side, where a cell of 5 inches / 125 is 3 points wide."""


@dataclass(frozen=True, slots=True)
class Confused:
    """Two classes: `count` images of `true`, `share` of them all, were taken for `taken`; by their places."""

    true: int
    taken: int
    count: int
    share: float


def most_confused(counts: Any, most: int | None = None) -> list[Confused]:
    """The pairs of classes with the most images, most first; then in the order of the classes.

    Args:
        counts: [C, C], rows the true classes.
        most: how many pairs at most; all that were confused, unless given.
    """
    import numpy as np

    errors = _counts(counts)
    images = errors.sum(axis=1)
    np.fill_diagonal(errors, 0)
    true, taken = np.nonzero(errors)
    order = np.argsort(-errors[true, taken], kind="stable")[:most]
    return [
        Confused(int(t), int(p), int(errors[t, p]), float(errors[t, p] / images[t]))
        for t, p in zip(true[order], taken[order], strict=True)
    ]


def draw_confusion(
    counts: Any, classes: Sequence[str], title: str, formats: Sequence[str] = ("svg", "pdf", "png")
) -> dict[str, bytes]:
    """The figure in each of the formats; equal numbers give equal bytes.

    Args:
        counts: [C, C] whole numbers, a tensor on the CPU or lists: images of a class (row) that were taken
            for one (column).
        classes: C names.
        title: what stands above.
        formats: of `svg`, `pdf` and `png`.

    Raises:
        ValueError: the counts are no square with a name for each side.
    """
    matrix = _counts(counts)
    if matrix.ndim != 2 or matrix.shape != (len(classes), len(classes)) or not len(classes):
        raise ValueError(f"counts {matrix.shape} for {len(classes)} names of classes")
    with styled():
        figure = _with_counts(matrix, classes) if len(classes) <= COUNTED else _at_large(matrix, classes)
        literal([figure.suptitle(title, fontsize=10)])
        return {suffix: as_bytes(figure, suffix) for suffix in formats}


def _counts(counts: Any) -> Counts:
    import numpy as np

    return np.array(counts.tolist() if hasattr(counts, "tolist") else counts, dtype=np.int64)


def _shares(counts: Counts) -> Shares:
    """Of the images of each class; not a number for a class without images."""
    import numpy as np

    images = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, images, out=np.full(counts.shape, np.nan), where=images > 0)


def _short(name: str, longest: int = _LONGEST) -> str:
    name = " ".join(name.split())
    return name if len(name) <= longest else name[: longest - 1].rstrip(" ,") + "…"


# --------------------------------------------------------------------------- few classes


def _with_counts(counts: Counts, classes: Sequence[str]) -> Figure:
    """Every cell with its count, coloured by its share of the row, and a column of what was recognised."""
    number = len(classes)
    side = 0.40 if counts.max() < 10_000 else 0.52
    figure = new_figure(2.3 + side * (number + 1), 1.6 + side * number)
    axes, recall = figure.subplots(1, 2, width_ratios=[number, 1])
    shares = _shares(counts)
    size = min(8.0, 72 * side / (0.62 * (len(f"{counts.max()}") + 1)))
    _cells(axes, shares, [[f"{count or ''}" for count in row] for row in counts.tolist()], size)
    names = [_short(name, 18) for name in classes]
    slanted = any(len(name) > 4 for name in names)
    axes.set_xticks(range(number), names, rotation=45 if slanted else 0, ha="right" if slanted else "center")
    axes.set_yticks(range(number), names)
    literal([*axes.get_xticklabels(), *axes.get_yticklabels()])
    axes.set_xlabel("taken for")
    axes.set_ylabel("true class")

    right = shares.diagonal()[:, None]
    _cells(recall, right, [["–" if share != share else f"{100 * share:.0f}"] for share in right[:, 0]], size)
    recall.set_xticks([0], ["right, %"], rotation=45, ha="right")
    recall.set_yticks([])
    return figure


def _cells(axes: Axes, shares: Shares, texts: Sequence[Sequence[str]], size: float) -> None:
    """A table of coloured cells with texts; the middle of a cell is at its numbers, row 0 above."""
    import numpy as np

    rows, columns = shares.shape
    edges = np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5
    axes.pcolormesh(*edges, shares, cmap="Blues", vmin=0, vmax=1, edgecolors="#e6e6e6", linewidth=0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            colour = "white" if shares[row, column] > 0.55 else "black"
            axes.text(column, row, text, ha="center", va="center", fontsize=size, color=colour)


# --------------------------------------------------------------------------- many classes


def _at_large(counts: Counts, classes: Sequence[str]) -> Figure:
    """The errors by colour, the pairs that are confused most, the classes that are recognised least."""
    number = len(classes)
    side = max(5.4, 0.105 * number) if number <= NAMED else 5.4
    beside = 2.2 if number <= NAMED else 1.6  # names and colours
    figure = new_figure(side + beside + 4.4, side + 0.8)
    grid = figure.add_gridspec(2, 2, width_ratios=[side + beside, 4.4])
    _errors(figure, figure.add_subplot(grid[:, 0]), counts, classes)
    _pairs(figure.add_subplot(grid[0, 1]), counts, classes)
    _lowest(figure.add_subplot(grid[1, 1]), counts, classes)
    return figure


def _errors(figure: Figure, axes: Axes, counts: Counts, classes: Sequence[str]) -> None:
    """The matrix without its diagonal; of so many classes that a cell could not be seen, in squares of
    several classes each way, with their largest share.
    """
    import numpy as np
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap, LogNorm

    number = len(classes)
    shares = np.nan_to_num(_shares(counts))
    np.fill_diagonal(shares, 0)
    block = next(size for size in _BLOCKS if number <= size * _MOST_CELLS)
    padded = np.pad(shares, (0, -number % block))
    cells = padded.reshape(len(padded) // block, block, -1, block).max(axis=(1, 3))
    seen = cells[cells > 0]
    # one image of the largest class is the palest
    norm = LogNorm(min(seen.min(), 0.5), 1) if len(seen) else None
    # white where nothing was confused (the logarithm has no zero), and nowhere else
    colours = ListedColormap(colormaps["Blues"](np.linspace(0.2, 1, 256)))
    image = axes.imshow(
        np.ma.masked_less_equal(cells, 0), cmap=colours, norm=norm, interpolation="nearest",
        extent=(-0.5, len(padded) - 0.5, len(padded) - 0.5, -0.5),
    )  # fmt: skip
    axes.plot([-0.5, number - 0.5], [-0.5, number - 0.5], color="#bbbbbb", linewidth=0.4, zorder=0)
    axes.set_xlim(-0.5, number - 0.5)
    axes.set_ylim(number - 0.5, -0.5)
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    if number <= NAMED:
        size = 7.0 if number <= 50 else 5.4
        names = [_short(name, 18) for name in classes]
        axes.set_xticks(range(number), names, rotation=90, fontsize=size)
        axes.set_yticks(range(number), names, fontsize=size)
        axes.tick_params(length=0)
        literal([*axes.get_xticklabels(), *axes.get_yticklabels()])
    axes.set_xlabel("taken for" + ("" if number <= NAMED else ", number of the class"))
    axes.set_ylabel("true class" + ("" if number <= NAMED else ", number"))
    if len(seen):
        squares = "" if block == 1 else f"; largest in squares of {block} classes"
        bar = figure.colorbar(image, ax=axes, shrink=0.6, pad=0.02, format=_percent)
        bar.set_label(f"errors, share of the true class{squares}")
        bar.outline.set_visible(False)
        bar.minorticks_off()
    axes.set_title("errors" if len(seen) else "no errors")


def _pairs(axes: Axes, counts: Counts, classes: Sequence[str]) -> None:
    """The pairs that are confused most, as bars."""
    pairs = most_confused(counts, _LISTED)
    names = [f"{_short(classes[pair.true])} → {_short(classes[pair.taken])}" for pair in pairs]
    values = [f"{pair.count} ({pair.share:.0%})" for pair in pairs]
    _bars(axes, names, [pair.count for pair in pairs], values, VERMILION)
    axes.set_title("confused most: true class → taken for, images")


def _lowest(axes: Axes, counts: Counts, classes: Sequence[str]) -> None:
    """The classes that are recognised least, as bars."""
    import numpy as np

    images, shares = counts.sum(axis=1), _shares(counts).diagonal()
    order = [int(c) for c in np.argsort(shares, kind="stable")[:_LISTED] if images[c]]
    names = [_short(classes[c]) for c in order]
    values = [f"{shares[c]:.0%} ({counts[c, c]} of {images[c]})" for c in order]
    _bars(axes, names, [float(shares[c]) for c in order], values, BLUE)
    axes.set_title("recognised least: share of the class")


def _bars(
    axes: Axes, names: Sequence[str], lengths: Sequence[float], values: Sequence[str], colour: str
) -> None:
    """Horizontal bars, the first one above, with names before and values behind."""
    axes.barh(range(len(names)), lengths, color=colour, height=0.6, alpha=0.55)
    for place, (length, value) in enumerate(zip(lengths, values, strict=True)):
        axes.annotate(
            value, (length, place), (3, 0), textcoords="offset points", va="center", fontsize=6.5, color=GREY
        )
    axes.set_yticks(range(len(names)), names, fontsize=6.5)
    literal(axes.get_yticklabels())
    axes.set_ylim(max(len(names), 1) - 0.4, -0.6)
    axes.set_xlim(0, 1.35 * max([*lengths, 0]) or 1)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)


def _percent(value: float, _: int) -> str:
    return f"{100 * value:.3g} %"
