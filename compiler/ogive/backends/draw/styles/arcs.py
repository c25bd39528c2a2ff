"""Dense blocks alone, large, with every arc; those that are alike once."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.scene import Scene
from ogive.backends.draw.styles.arcs_block import large
from ogive.backends.draw.styles.sketch import Sketch
from ogive.backends.draw.styles.wired import Dense, called, dense_blocks, distinct
from ogive.backends.draw.subject import Subject

PAGE = 462.0
"""Points: what a page has room for, without the white around a drawing."""
_BETWEEN = 22.0


def scene(
    subject: Subject, colours: Colours, *, block: str | None = None, fit: tuple[float, float] | None = None
) -> Scene:
    """The dense blocks of a net, one below the other. The whole net is drawn by `chain.scene`.

    Args:
        subject: the net.
        colours: what paints.
        block: the name or path of a dense block, or of a part that holds some; all of the net's unless given.
        fit: points that the figure may be wide and high; the width of a page unless given.

    Raises:
        ArchError: E592, the net has no dense block, or none there; E514, nothing is called that.
    """
    found = dense_blocks(subject, block)
    width = fit[0] if fit else PAGE
    whole = Sketch(colours)
    at = 0.0
    for number, alike in enumerate(distinct(found)):
        one = large(subject, alike, colours, width, f"d{number}")
        left, bottom, _, top = one.bounds()
        whole.add(one, -left, at - top)
        at -= top - bottom + _BETWEEN
    return whole.scene(called(subject, found, block), _alt(subject, found))


def _alt(subject: Subject, found: Sequence[Dense]) -> str:
    said = [
        f"{dense.name}: x0 and {len(dense.layers)} layers in a row; each takes x0 and the results of all "
        f"layers before it, {len(dense.links)} arrows, and adds {dense.growth} channels."
        for dense in found
    ]
    what = "A dense block" if len(found) == 1 else "Dense blocks"
    return f"{what} of {subject.name}. {' '.join(said)}"
