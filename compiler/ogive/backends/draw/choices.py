"""The words that a user chooses from. It imports nothing, so that the command line can have them at once."""

from __future__ import annotations

from typing import Literal

Style = Literal["overview", "full", "tensors", "unfolded", "ring", "clique", "arcs", "chain"]
STYLES: tuple[Style, ...] = ("overview", "full", "tensors", "unfolded", "ring", "clique", "arcs", "chain")
FORMATS = ("svg", "pdf", "png", "dot", "tikz", "tex")
COLOURINGS = ("kind", "params", "macs", "memory", "receptive-field")
THEMES = ("paper", "grey")
LEAST_DPI, USUAL_DPI, MOST_DPI = 36, 200, 2400
