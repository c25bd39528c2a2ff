"""Graphs as a figure in a file, for Python: what `Network.draw` and `ogive.draw` have in common."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ogive.graph import Graph

if TYPE_CHECKING:
    from ogive.backends.draw import Drawing

Drawn = tuple[Graph, Graph, str]
"""A net as it was written, with its cliques unrolled, and what it is called (empty: its name)."""
_CALLER = 3
"""A warning is given in the name of whoever called the function that called `figure`."""


def figure(
    nets: Sequence[Drawn],
    path: str | PathLike[str] | None,
    *,
    fit: str | tuple[float, float] | None = None,
    **options: Any,
) -> Drawing:
    """Draws nets, writes the file if one is named, and warns of what will be hard to read.

    Args:
        nets: one, or several to stand side by side.
        path: the file, whose ending says how; None: an svg, which is not written.
        fit: the space that the figure has.
        options: the others of `ogive.backends.draw.Options`.

    Raises:
        ArchError: as `ogive.backends.draw.drawing`.
        ValueError: no such style, theme, colouring or space.
        OSError: the file cannot be written.
    """
    from ogive.backends.draw import Options, Subject, drawing
    from ogive.backends.draw.fitting.space import parse_fit
    from ogive.files import write_atomically

    target = Path(path) if path is not None else None
    kind = target.suffix.lstrip(".").lower() if target else "svg"
    space = parse_fit(fit) if isinstance(fit, str) else fit
    made = drawing([Subject(*net) for net in nets], kind, Options(fit=space, **options))
    if target:
        write_atomically(target, made.data)
    for flaw in made.flaws:
        warnings.warn(f"{target or 'drawing'}: {flaw}", stacklevel=_CALLER)
    return replace(made, path=target)
