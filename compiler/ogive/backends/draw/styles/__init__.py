"""Ways to draw nets that place everything themselves, each from subjects to a scene; `STYLES` is the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.scene import Scene
from ogive.backends.draw.subject import Subject

Room = tuple[float, float]
"""Points that a drawing may be wide and high at scale 1."""
Made = tuple[Scene, tuple[str, ...]]
"""A drawing, and what a user should know of it."""
Style = Callable[[Sequence[Subject], Colours, str | None, Room], Made]
"""Of the nets, what paints, the name of a part to draw alone, and the room."""


def _beside(subjects: Sequence[Subject], colours: Colours, _: str | None, room: Room) -> Made:
    from ogive.backends.draw.styles.beside import scene

    return scene(subjects, colours, fit=room)


def _tensors(subjects: Sequence[Subject], colours: Colours, _: str | None, room: Room) -> Made:
    from ogive.backends.draw.styles.tensors import notes, scene

    return scene(subjects[0], colours, fit=room), notes(subjects[0])


def _unfolded(subjects: Sequence[Subject], colours: Colours, block: str | None, room: Room) -> Made:
    from ogive.backends.draw.styles.unfolded import scene

    return scene(subjects[0], colours, block=block, fit=room), ()


def _ring(subjects: Sequence[Subject], colours: Colours, block: str | None, room: Room) -> Made:
    from ogive.backends.draw.styles.ring import ring_scene

    return ring_scene(subjects[0], colours, block=block, fit=room), ()


def _clique(subjects: Sequence[Subject], colours: Colours, block: str | None, room: Room) -> Made:
    from ogive.backends.draw.styles.ring import clique_figure

    return clique_figure(subjects[0], colours, block=block, fit=room), ()


def _chain(subjects: Sequence[Subject], colours: Colours, _: str | None, room: Room) -> Made:
    from ogive.backends.draw.styles.chain import scene

    return scene(subjects[0], colours, fit=room), ()


def _arcs(subjects: Sequence[Subject], colours: Colours, block: str | None, room: Room) -> Made:
    from ogive.backends.draw.styles.arcs import scene

    return scene(subjects[0], colours, block=block, fit=room), ()


STYLES: dict[str, Style] = {
    "beside": _beside, "tensors": _tensors, "unfolded": _unfolded, "ring": _ring, "clique": _clique,
    "arcs": _arcs, "chain": _chain,
}  # fmt: skip
"""By name; `beside` is that of several nets."""
