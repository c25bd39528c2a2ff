"""Drawings of networks, as papers have them.

    data = draw(graph, "pdf")      # svg, pdf, png or dot, as bytes
    text = svg(graph)              # for a notebook
    text = dot_text(graph)         # to change by hand

A net is folded until it fits a page; what is folded is defined once beside it. torch is never loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ogive.backends.draw import look
from ogive.backends.draw.collapse import deepest
from ogive.backends.draw.dot import Writer
from ogive.backends.draw.fit import fitted
from ogive.backends.draw.picture import Picture
from ogive.backends.draw.render import TIME_LIMIT, Rendered, TooSlow
from ogive.backends.draw.render import render as render_picture
from ogive.backends.draw.rolling import Structure
from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.graph import Graph

__all__ = ["FORMATS", "Drawing", "dot_text", "draw", "drawing", "svg"]

FORMATS = ("svg", "pdf", "png", "dot")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A file, and what a user should know about it.

    Attributes:
        data: its bytes.
        notes: that it was folded further than asked, or that its type gets small on a page.
    """

    data: bytes
    notes: tuple[str, ...] = ()


def drawing(
    graph: Graph,
    format: str,  # noqa: A002 - the word of the command
    *,
    dpi: int = 200,
    depth: int | None = None,
    time_limit: float = TIME_LIMIT,
) -> Drawing:
    """Draws a net; equal nets give equal bytes.

    Args:
        graph: the net, its cliques not unrolled.
        format: `svg`, `pdf`, `png` or `dot`.
        dpi: dots an inch, of a png.
        depth: how many levels of stages and blocks are open; as many as a page can show unless given.
        time_limit: seconds for the layout; when it is reached, more is folded.

    Raises:
        ArchError: E513, no such format; E511, pygraphviz is not installed; E512, no layout was found.
    """
    if format not in FORMATS:
        choices = ", ".join(FORMATS)
        guess = did_you_mean(format, FORMATS)
        hint = f"did you mean `{guess}`? There are {choices}" if guess else f"one of {choices}"
        raise ArchError([Diagnostic("E513", f"no drawings in the format `{format}`", help=hint)])
    structure = Structure(graph)
    if format == "dot":
        return Drawing(_text(fitted(structure, depth)).encode())
    notes: list[str] = []
    picture, done = _rendered(structure, format, dpi, depth, time_limit, notes)
    type_size = min(1.0, look.PAGE[0] * 72 / done.width, look.PAGE[1] * 72 / done.height) * look.TYPE
    if type_size < look.LEAST_TYPE:
        notes.append(
            f"fitted to a page of {look.PAGE[0]:g} × {look.PAGE[1]:g} inches, the type of {picture.name} is "
            f"{type_size:.1f} pt; a smaller depth folds more"
        )
    return Drawing(done.data, tuple(notes))


def _rendered(
    structure: Structure,
    format: str,  # noqa: A002
    dpi: int,
    depth: int | None,
    time_limit: float,
    notes: list[str],
) -> tuple[Picture, Rendered]:
    picture = fitted(structure, depth)
    level = min(deepest(structure), depth if depth is not None else deepest(structure))
    while True:
        try:
            return picture, render_picture(picture, format, dpi, time_limit)
        except TooSlow:
            before = picture.count
            while level > 0 and picture.count >= before:
                level -= 1
                picture = replace(fitted(structure, level), definitions=())
            if picture.count >= before:
                message = f"the layout takes longer than {time_limit:g} s, even with everything folded"
                hint = "write a .dot file and lay it out by hand"
                raise ArchError([Diagnostic("E512", message, help=hint)]) from None
            notes.append(f"the layout took longer than {time_limit:g} s; folded to depth {level}")


def draw(graph: Graph, format: str, *, dpi: int = 200, depth: int | None = None) -> bytes:  # noqa: A002
    """The bytes of `drawing`, without its notes."""
    return drawing(graph, format, dpi=dpi, depth=depth).data


def svg(graph: Graph, *, depth: int | None = None) -> str:
    """SVG text, with its text as text, for a notebook or a page."""
    return draw(graph, "svg", depth=depth).decode()


def dot_text(graph: Graph, *, depth: int | None = None) -> str:
    """DOT text for Graphviz's `dot`, to change by hand. Needs no pygraphviz."""
    return _text(fitted(Structure(graph), depth))


def _text(picture: Picture) -> str:
    return Writer().whole(picture).source
