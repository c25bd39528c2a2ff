"""The cliques of a net, those that differ only in numbers once: as rings, stage by stage, or both."""

from __future__ import annotations

from typing import Literal

from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.scene import Scene
from ogive.backends.draw.styles import ring, unfolded
from ogive.backends.draw.styles.sketch import Sketch
from ogive.backends.draw.styles.wired import Clique, called, cliques
from ogive.backends.draw.subject import Subject

Shape = Literal["ring", "unfolded", "clique"]
_BETWEEN = {"ring": 24.0, "unfolded": 22.0, "clique": 24.0}
"""Points between two cliques."""


def scene(
    subject: Subject,
    colours: Colours,
    shape: Shape,
    *,
    block: str | None = None,
    fit: tuple[float, float] | None = None,
) -> Scene:
    """The cliques of a net: figure 1 of Yang et al. 2018.

    Args:
        subject: the net.
        colours: what paints.
        shape: `ring`, folded, beside each other; `unfolded`, stage by stage, below one another; `clique`,
            both, beside one another where there is room.
        block: the name or path of a clique or of a part that holds some; all of the net's unless given.
        fit: points that the figure may be wide and high.

    Raises:
        ArchError: E591, the net has no clique, or none there.
    """
    found = cliques(subject, block)
    whole = Sketch(colours)
    width = fit[0] if fit else unfolded.PAGE
    said: list[str] = []
    if shape != "unfolded":
        said.append(ring.alt(subject, found))
    if shape != "ring":
        said.append(unfolded.alt(subject, found))
    if shape == "ring":
        _rings(whole, subject, found, width)
    elif shape == "unfolded":
        _stages(whole, subject, found, fit)
    else:
        _both(whole, subject, found, width)
    return whole.scene(called(subject, found, block), " ".join(said))


def _rings(whole: Sketch, subject: Subject, found: list[Clique], width: float) -> None:
    """In rows."""
    at, row, depth = 0.0, 0.0, 0.0
    for number, clique in enumerate(found):
        one = ring.titled(subject, clique, whole.colours, f"r{number}", width)
        left, bottom, right, top = one.bounds()
        if at and at + right - left > width:
            at, row, depth = 0.0, row + depth + _BETWEEN["ring"], 0.0
        whole.add(one, at - left, -row - top)
        at += right - left + _BETWEEN["ring"]
        depth = max(depth, top - bottom)


def _stages(whole: Sketch, subject: Subject, found: list[Clique], fit: tuple[float, float] | None) -> None:
    at = 0.0
    for number, clique in enumerate(found):
        width = unfolded.width_for(clique, fit)
        one = unfolded.unfolded(subject, clique, whole.colours, width, f"c{number}")
        left, bottom, _, top = one.bounds()
        whole.add(one, -left, at - top)
        at -= top - bottom + _BETWEEN["unfolded"]


def _both(whole: Sketch, subject: Subject, found: list[Clique], width: float) -> None:
    """Beside one another or, where both do not fit so, below one another."""
    between, at = _BETWEEN["clique"], 0.0
    for number, clique in enumerate(found):
        one = ring.fitted(subject, clique, whole.colours, f"r{number}", width)
        ring.key(one, f"r{number}", clique.body)
        left, bottom, right, top = one.bounds()
        room = width - (right - left) - between
        beside = room >= unfolded.least_width(clique)
        own = min(room if beside else width, unfolded.width_for(clique, None))
        other = unfolded.unfolded(subject, clique, whole.colours, own, f"c{number}")
        other_left, other_bottom, other_right, other_top = other.bounds()
        high, other_high = top - bottom, other_top - other_bottom
        if beside:
            most = max(high, other_high)
            whole.add(one, -left, at - (most - high) / 2 - top)
            whole.add(other, right - left + between - other_left, at - (most - other_high) / 2 - other_top)
            at -= most + between
        else:
            aside = max(0.0, (other_right - other_left - (right - left)) / 2)
            whole.add(one, aside - left, at - top)
            whole.add(other, -other_left, at - high - between - other_top)
            at -= high + other_high + 2 * between
