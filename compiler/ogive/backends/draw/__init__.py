"""Drawings of networks, as papers have them.

    made = drawing([Subject(net.ir, net.unrolled)], "pdf")   # or svg, png, dot, tikz: bytes, notes, a caption
    text = svg(net.ir)                                       # for a notebook
    text = dot_text(net.ir)                                  # to change by hand

A net is folded until it fits a page; what is folded is defined once beside it. torch is never loaded.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ogive.backends.draw.choices import FORMATS
    from ogive.backends.draw.drawn import Drawing, dot_text, draw, drawing, require_format, svg
    from ogive.backends.draw.options import Options
    from ogive.backends.draw.subject import Subject

__all__ = ["FORMATS", "Drawing", "Options", "Subject", "dot_text", "draw", "drawing", "require_format", "svg"]

_HOMES = {"FORMATS": "choices", "Options": "options", "Subject": "subject"}
"""Where the names are, so that each is imported when it is asked for: Graphviz starts meanwhile."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'ogive.backends.draw' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"ogive.backends.draw.{_HOMES.get(name, 'drawn')}"), name)
    return value
