"""Ways to draw nets that place everything themselves, each from subjects to a scene; `STYLES` is the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.look import LEAST_TYPE, PAGE
from ogive.backends.draw.fitting.space import Space
from ogive.backends.draw.options import Options
from ogive.backends.draw.scene import Scene
from ogive.backends.draw.subject import Subject

Room = tuple[float, float]
"""Points that a drawing may be wide and high at scale 1."""
Made = tuple[Scene, tuple[str, ...]]
"""A drawing, and what a user should know of it."""
Style = Callable[[Sequence[Subject], Colours, Options, Room], Made]
"""Of the nets, what paints, what was asked for (the part to draw alone, those to open), and the room."""


def _beside(subjects: Sequence[Subject], colours: Colours, options: Options, room: Room) -> Made:
    from ogive.backends.draw.styles.beside import scene

    whole = Space(*(options.fit or PAGE)).room(LEAST_TYPE)
    return scene(subjects, colours, fit=room, key=whole[1] - room[1])


def _tensors(subjects: Sequence[Subject], colours: Colours, _: Options, room: Room) -> Made:
    from ogive.backends.draw.styles.tensors import drawn

    return drawn(subjects[0], colours, fit=room)


def _cliques(subjects: Sequence[Subject], colours: Colours, options: Options, room: Room) -> Made:
    from ogive.backends.draw.styles.clique_figures import Shape, scene

    shape = cast("Shape", options.style)
    return scene(subjects[0], colours, shape, block=options.block, fit=room), ()


def _chain(subjects: Sequence[Subject], colours: Colours, _: Options, room: Room) -> Made:
    from ogive.backends.draw.styles.chain import scene

    return scene(subjects[0], colours, fit=room), ()


def _arcs(subjects: Sequence[Subject], colours: Colours, options: Options, room: Room) -> Made:
    from ogive.backends.draw.styles.arcs import notes, scene

    block, expand = options.block, options.expand
    drawn = scene(subjects[0], colours, block=block, fit=room, expand=expand)
    return drawn, notes(subjects[0], block, expand)


STYLES: dict[str, Style] = {
    "beside": _beside, "tensors": _tensors, "unfolded": _cliques, "ring": _cliques, "clique": _cliques,
    "arcs": _arcs, "chain": _chain,
}  # fmt: skip
"""By name; `beside` is that of several nets."""
