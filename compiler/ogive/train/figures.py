"""How figures of runs look, and how they become bytes: the same for the same numbers. Imports no torch."""

from __future__ import annotations

import io
import warnings
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

FORMATS = ("svg", "pdf", "png")

BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#444444"
PALETTE = (BLUE, VERMILION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe & Ito (2008), which all eyes tell apart; without its yellow, too light for a line on white."""
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
"""Lines differ in their dashes as well, for those who print in grey."""

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # matplotlib brings it along: the same picture on every machine
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.linewidth": 0.7,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "svg.hashsalt": "ogive",  # the identifiers in an SVG, which are random otherwise
    "svg.fonttype": "path",  # letters are drawn: nothing depends on the reader's fonts
    "pdf.fonttype": 42,  # TrueType, embedded; journals refuse Type 3
}


@contextmanager
def styled() -> Generator[None]:
    """Matplotlib as its makers ship it, with the style of the house; the user's own settings come back."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches, that needs no window, whatever backend this machine prefers."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def as_bytes(figure: Figure, suffix: str) -> bytes:
    """The figure in one of `FORMATS`, without the date."""
    stream = io.BytesIO()
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)  # a box is drawn: that is seen
        figure.savefig(stream, format=suffix, dpi=200, metadata=dates.get(suffix))
    return stream.getvalue()


def literal(texts: Iterable[Text]) -> None:
    """Shows texts of a user as they are: a `$` in the name of a folder begins no formula."""
    for text in texts:
        text.set_parse_math(False)


def wrapped(text: str, width: float, size: float) -> str:
    """A text in lines of at most that width in inches, for letters of that size in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size)

    def fits(line: str) -> bool:
        # hinted letters, as a PNG has them, are a little wider
        return text_to_path.get_text_width_height_descent(line, font, ismath=False)[0] <= 0.93 * 72 * width

    lines: list[str] = []
    for word in text.split():
        if lines and fits(f"{lines[-1]} {word}"):
            lines[-1] += f" {word}"
            continue
        lines.append("")
        for letter in word:  # a word that is too long for a line is broken
            if lines[-1] and not fits(lines[-1] + letter):
                lines.append("")
            lines[-1] += letter
    return "\n".join(lines) or " "


def count_whole(axes: Axes) -> None:
    """Whole numbers below the axis."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
    left, right = axes.get_xlim()
    if right - left < 1:  # a single one
        axes.set_xlim(left - 0.5, right + 0.5)


def line_style(number: int) -> dict[str, Any]:
    """Colour and dashes of the line of that number, from 0; 28 differ."""
    return {"color": PALETTE[number % len(PALETTE)], "linestyle": DASHES[number % len(DASHES)]}
