"""Signs that a drawing cannot print: that the packaged font lacks, or that LaTeX has no name for."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator

from ogive.backends.draw import measure
from ogive.backends.draw.scene import Run, Scene
from ogive.latex_text import unnamed

_SURE = frozenset(string.printable + "×·→…²−–⌈⌉⌊⌋")
"""What nearly all labels are made of. The font has it, and is not asked: reading it takes a while."""
_MOST = 8
"""So many signs are named."""


def letters(scene: Scene, format: str) -> Iterator[str]:  # noqa: A002 - the word of the command
    """What a user is told about signs that are not printed as they were written.

    Args:
        scene: the drawing.
        format: in which it is written: only for LaTeX does the font not matter.
    """
    runs = [run for item in (*scene.marks, *scene.frames) for line in item.lines for run in line]
    if format in {"tikz", "tex"}:
        if missing := _named(sign for run in runs for sign in unnamed(run.text)):
            yield (
                f"LaTeX has no name for {missing}: pdfLaTeX prints the number; LuaLaTeX and XeLaTeX print the"
                " sign where the font has it"
            )
    elif missing := _named(_lacking(runs)):
        what = {
            "svg": "a viewer takes it from another font, and its width may not fit",
            "dot": "Graphviz takes it from another font, or draws a box with its number",
        }.get(format, "a box with its number stands in its place")
        yield f"the font of drawings, DejaVu Sans, lacks {missing}: {what}"


def _lacking(runs: Iterable[Run]) -> Iterator[str]:
    for run in runs:
        strange = (sign for sign in run.text if sign not in _SURE and sign.isprintable())
        yield from (sign for sign in strange if not measure.has(sign, run.bold))


def _named(signs: Iterable[str]) -> str:
    """`中 (U+4E2D), 文 (U+6587) and 3 more`, each once."""
    found = list(dict.fromkeys(signs))
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return ", ".join(f"{sign} (U+{ord(sign):04X})" for sign in found[:_MOST]) + more
