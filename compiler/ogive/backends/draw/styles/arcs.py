"""Dense blocks alone, large, with every arc; those that are alike once."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.scene import Scene
from ogive.backends.draw.styles.arcs_block import large
from ogive.backends.draw.styles.sketch import Sketch
from ogive.backends.draw.styles.wired import Dense, called, dense_blocks, distinct
from ogive.backends.draw.subject import Subject

PAGE = 462.0
"""Points: what a page has room for, without the white around a drawing."""
MOST_LAYERS = 24
"""As many as the third block of DenseNet-121 has; of more, 300 and more arcs on a page are one grey cloud."""
_BETWEEN = 22.0


def scene(
    subject: Subject,
    colours: Colours,
    *,
    block: str | None = None,
    fit: tuple[float, float] | None = None,
    expand: Sequence[str] = (),
) -> Scene:
    """The dense blocks of a net, one below the other. The whole net is drawn by `chain.scene`.

    Args:
        subject: the net.
        colours: what paints.
        block: the name or path of a dense block, or of a part that holds some; all of the net's unless given.
        fit: points that the figure may be wide and high; the width of a page unless given.
        expand: names or paths of blocks that have every layer and arc, however many these are.

    Raises:
        ArchError: E592, the net has no dense block, or none there; E514, nothing is called that.
    """
    found = _blocks(subject, block, expand)
    width = fit[0] if fit else PAGE
    whole = Sketch(colours)
    at = 0.0
    for number, alike in enumerate(distinct(found)):
        one = large(subject, alike, colours, width, f"d{number}")
        left, bottom, _, top = one.bounds()
        whole.add(one, -left, at - top)
        at -= top - bottom + _BETWEEN
    return whole.scene(called(subject, found, block), _alt(subject, found))


def notes(subject: Subject, block: str | None = None, expand: Sequence[str] = ()) -> tuple[str, ...]:
    """Which layers are not drawn, and how they would be: a note for each of `distinct`."""
    found: list[str] = []
    for alike in distinct(_blocks(subject, block, expand)):
        if (gap := alike[0].omitted) is None:
            continue
        names = ", ".join(f"`{each.name}`" for each in alike)
        wanted = f"--expand {quote(alike[0].name) if len(alike) == 1 else 'dense'}"
        first, last = gap
        found.append(
            f"of the {len(alike[0].layers)} layers of {names}, {first} to {last} are not drawn; "
            f"`{wanted}` draws them all"
        )
    return tuple(found)


def _blocks(subject: Subject, block: str | None, expand: Sequence[str]) -> list[Dense]:
    return dense_blocks(subject, block, most=MOST_LAYERS, whole=expand)


def _alt(subject: Subject, found: Sequence[Dense]) -> str:
    said = [
        f"{dense.name}: x0 and {len(dense.layers)} layers in a row; each takes x0 and the results of all "
        f"layers before it, {_arrows(dense)}, and adds {dense.growth} channels."
        for dense in found
    ]
    what = "A dense block" if len(found) == 1 else "Dense blocks"
    return f"{what} of {subject.name}. {' '.join(said)}"


def _arrows(dense: Dense) -> str:
    """How many are drawn, and which layers are not."""
    text = f"{len(dense.links)} arrows"
    return (
        f"{text} (layers {dense.omitted[0]} to {dense.omitted[1]} are not drawn)" if dense.omitted else text
    )
