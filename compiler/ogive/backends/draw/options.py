"""What a user asks of a drawing."""

from __future__ import annotations

from dataclasses import dataclass

from ogive.backends.draw.choices import COLOURINGS, LEAST_DPI, MOST_DPI, STYLES, THEMES, USUAL_DPI, Style
from ogive.backends.draw.layout.process import TIME_LIMIT


@dataclass(frozen=True, slots=True)
class Options:
    """How a net is drawn.

    Attributes:
        style: `overview`, folded, with its blocks defined beside it; `full`, layer by layer; `tensors`, boxes
            are tensors; `unfolded`, a clique stage by stage; `ring`, a clique as a ring; `clique`, both;
            `arcs`, a dense block with every arc; `chain`, the whole net from left to right, its dense blocks
            and cliques with every arc.
        block: the name of a block or stage to draw alone, its channels symbolic.
        fit: width and height in inches that the drawing has; None: a page, and larger where that was asked
            for.
        depth: how many levels of stages and blocks are open; as many as fit unless given.
        expand: stages and blocks to open, by name; in the style `arcs` dense blocks, each with every layer.
        fold: stages and blocks to fold, by name.
        colour_by: what the colours mean: `kind`, `params`, `macs`, `memory`, `receptive-field`.
        theme: `paper` or `grey`.
        legend: whether the kinds of layers get a key; measures always have one.
        dpi: dots an inch, of a png: 36 to 2400.
        time_limit: seconds for all layouts of a drawing together; when they are over, more is folded.
    """

    style: Style = "overview"
    block: str | None = None
    fit: tuple[float, float] | None = None
    depth: int | None = None
    expand: tuple[str, ...] = ()
    fold: tuple[str, ...] = ()
    colour_by: str = "kind"
    theme: str = "paper"
    legend: bool = False
    dpi: int = USUAL_DPI
    time_limit: float = TIME_LIMIT

    def __post_init__(self) -> None:
        choices = (("style", STYLES), ("colour_by", COLOURINGS), ("theme", THEMES))
        for name, known in choices:
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is one of {', '.join(known)}, not {getattr(self, name)!r}")
        if self.depth is not None and self.depth < 0:
            raise ValueError(f"depth is at least 0, not {self.depth}")
        if not LEAST_DPI <= self.dpi <= MOST_DPI:
            raise ValueError(f"dpi is {LEAST_DPI} to {MOST_DPI}, not {self.dpi}")
        for name in ("expand", "fold"):
            given = getattr(self, name)
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given))
