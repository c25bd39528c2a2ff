"""The difference of two nets as one figure: the second net, in which only what is other is coloured.

What is the same is pale and folded, what is other is open, what only the first net has stands where it was.
Blocks in which something is other are folded where not all of them have room, and drawn once beside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.look import Paint, Stroke
from ogive.backends.draw.drawn import Drawing, require_format
from ogive.backends.draw.fitting.space import PAD, Space, smallest_type
from ogive.backends.draw.fold.picture import Box, Picture
from ogive.backends.draw.layout.dot import Writer
from ogive.backends.draw.layout.process import TIME_LIMIT, Graphviz
from ogive.backends.draw.measure import text_width
from ogive.backends.draw.render import render_scene
from ogive.backends.draw.scene import Mark, Scene, joined, line
from ogive.backends.draw.styles.difference_pieces import SIGNS, Status
from ogive.backends.draw.styles.difference_search import chosen
from ogive.report.difference import Difference
from ogive.report.difference.roll import Group
from ogive.report.difference.text import headline, signed, where

_LEGEND_GAP, _HEIGHT, _LEADING, _SWATCH, _NEAR, _BETWEEN = 10.0, 12.0, 4.0, 16.0, 4.0, 14.0
_LONGEST_NAME = 24
_CLAUSES = 6
"""Things that a caption tells; of the others how many they are."""


@dataclass(frozen=True, slots=True)
class Marking(Colours):
    """Colours that mean what happened, and nothing else."""

    def paint(self, kind: str, nodes: Iterable[str] = ()) -> Paint:
        """Of a box: `added`, `removed`, `changed`, `sized`; anything else is the same, and pale."""
        del nodes
        paints = look.CHANGES if self.theme == "paper" else look.GREY_CHANGES
        return paints.get(kind, paints["same"])

    def line(self, kind: str) -> Stroke:
        """Of an arrow: `removed`, or pale."""
        strokes = look.CHANGE_STROKES if self.theme == "paper" else look.GREY_CHANGE_STROKES
        return strokes.get(kind, strokes["flow"])


def difference_drawing(
    difference: Difference,
    format: str,  # noqa: A002 - the word of the command
    *,
    fit: tuple[float, float] | None = None,
    theme: str = "paper",
    dpi: int = 200,
    graphviz: Graphviz | None = None,
    time_limit: float = TIME_LIMIT,
) -> Drawing:
    """Draws what is different between two nets; equal differences give equal bytes.

    Args:
        difference: of the nets.
        format: `svg`, `pdf`, `png`, `dot` or `tikz` (`tex` is the same).
        fit: width and height in inches that the drawing has; None: those of a page.
        theme: `paper` or `grey`.
        dpi: dots an inch, of a png.
        graphviz: what lays out and renders; one of its own unless given.
        time_limit: seconds for one layout; when it is reached, more is folded.

    Raises:
        ArchError: E513, no such format; E511, pygraphviz is not installed; E512, no layout was found.
    """
    require_format(format)
    if graphviz is None:
        with Graphviz(time_limit) as own:
            return difference_drawing(difference, format, fit=fit, theme=theme, dpi=dpi, graphviz=own)
    placed = place(difference, graphviz, fit, theme)
    scene, words = placed.scene, caption(difference)
    if format == "dot":
        data = Writer(colours=Marking(theme)).whole(placed.picture).source.encode()
    else:
        data = render_scene(scene, format, graphviz, dpi, placed.scale, words)
    width, height = (placed.scale * (length + 2 * PAD) / 72 for length in (scene.width, scene.height))
    return Drawing(data, placed.notes, words, scene.alt, (width, height))


@dataclass(frozen=True, slots=True)
class Placed:
    """A difference with everything in its place.

    Attributes:
        picture: what is drawn.
        scene: where it is, with the legend.
        scale: what the finished drawing is shrunk by.
        notes: what was left out, and whether its type is too small.
    """

    picture: Picture
    scene: Scene
    scale: float
    notes: tuple[str, ...]


def place(
    difference: Difference, graphviz: Graphviz, fit: tuple[float, float] | None = None, theme: str = "paper"
) -> Placed:
    """Chooses how much is folded, and lays it out; the arguments are those of `difference_drawing`.

    Raises:
        ArchError: E511, pygraphviz is not installed; E512, no layout was found.
    """
    colours, space = Marking(theme), Space(*(fit or look.PAGE))
    wide, _ = space.room()
    below = _LEGEND_GAP + legend(difference, SIGNS, colours, wide).height
    laid, notes = chosen(difference, colours, graphviz, space, below)
    there = {
        box.kind
        for part in (laid.picture, *laid.picture.definitions)
        for box in part.boxes()
        if isinstance(box, Box) and box.symbol is None
    }
    key = legend(difference, there, colours, wide)
    width = max(laid.packing.width, key.width)
    left, lift = (width - laid.packing.width) / 2, key.height + _LEGEND_GAP
    parts = [
        scene.moved(x + left, y + lift)
        for scene, (x, y) in zip(laid.scenes, laid.packing.places, strict=True)
    ]
    parts.append(key.moved((width - key.width) / 2, 0.0))
    whole = joined(laid.picture.name, parts, width, laid.packing.height + lift)
    scene = replace(whole, alt=alt_text(difference, there))
    scale = space.scale(scene.width, scene.height)
    least = scale * smallest_type([scene])
    if least < look.LEAST_TYPE - 0.01:
        notes = (*notes, f"fitted to {space}, its smallest type is {least:.1f} pt")
    return Placed(laid.picture, scene, scale, notes)


# --------------------------------------------------------------------------- words


def legend(difference: Difference, there: Collection[str], colours: Colours, width: float) -> Scene:
    """What the colours and signs mean.

    Args:
        difference: that is drawn.
        there: the kinds of boxes that occur.
        colours: of the drawing.
        width: points; what does not stand in one row so wide stands below.
    """
    rows: list[list[Mark]] = [[]]
    at = widest = 0.0
    for status, text in _meanings(difference):
        if status not in there:
            continue
        long = _SWATCH + _NEAR + text_width(text, look.SMALL)
        if rows[-1] and at + _BETWEEN + long > width:
            rows.append([])
        at = at + _BETWEEN if rows[-1] else 0.0
        rows[-1] += _entry(status, text, at, colours.paint(status))
        at += long
        widest = max(widest, at)
    height = len(rows) * (_HEIGHT + _LEADING) - _LEADING
    lowered = [
        replace(mark, centre=(mark.centre[0], height - _HEIGHT / 2 - number * (_HEIGHT + _LEADING)))
        for number, row in enumerate(rows)
        for mark in row
    ]
    return Scene("legend", widest, height, marks=tuple(lowered))


def _meanings(difference: Difference) -> Iterator[tuple[Status, str]]:
    """What a box of each kind is."""
    long = max(len(difference.a), len(difference.b)) > _LONGEST_NAME
    yield "added", "added" if long else f"only in {difference.b}"
    yield "removed", "removed" if long else f"only in {difference.a}"
    yield "changed", "changed"
    yield "sized", "other sizes only"
    yield "same", "the same in both"


def _entry(status: Status, text: str, left: float, paint: Paint) -> tuple[Mark, Mark]:
    """A swatch with its sign, and a word."""
    sign = (line(SIGNS[status].strip(), look.SMALL, bold=True, ink=paint.ink),) if SIGNS[status] else ()
    swatch = Mark(f"legend.{status}", (left + _SWATCH / 2, 0.0), _SWATCH, _HEIGHT, sign)
    dashed = "dashed" in paint.style
    swatch = replace(swatch, fill=paint.fill, stroke=paint.stroke, ink=paint.ink, dashed=dashed)
    width = text_width(text, look.SMALL)
    centre = (left + _SWATCH + _NEAR + width / 2, 0.0)
    return swatch, Mark(f"legend.{status}.text", centre, width, _HEIGHT, (line(text, look.SMALL),), "bare")


def caption(difference: Difference) -> str:
    """A paragraph for below the figure."""
    text = f"From {difference.a} to {difference.b}: {clauses(difference)}."
    numbers = {total.name: total for total in difference.totals}
    more = [
        f"{signed(numbers[name].difference or 0)} {what}"
        for name, what in (("params", "parameters"), ("macs", "multiply-accumulates"))
        if numbers[name].difference
    ]
    if more:
        text += f" {difference.b} has {' and '.join(more)}."
    if difference.of("follows"):
        return f"{text} What is pale is the same in both, or (≈) has other sizes only, as a consequence."
    return f"{text} What is pale is the same in both."


def alt_text(difference: Difference, there: Collection[str] = ()) -> str:
    """What those are told who do not see the figure: both nets, how much is other, what it is and where, and
    what the signs mean.

    Args:
        difference: that is drawn.
        there: the kinds of boxes that occur.
    """
    told = (
        f"Architecture diagram of what is different. {headline(difference)}: {clauses(difference, at=True)}."
    )
    signs = [
        f"{SIGNS[kind].strip()} {word}"
        for kind, word in _meanings(difference)
        if SIGNS[kind] and kind in there
    ]
    return f"{told} Signs: {', '.join(signs)}; all other boxes are the same in both." if signs else told


def clauses(difference: Difference, *, at: bool = False) -> str:
    """`removed add ×16; changed relu → gelu ×49; and 3 more`: what happened, the first of it in words.

    Args:
        difference: that is drawn.
        at: whether it is said where: `changed relu → gelu ×49 (conv1, conv2 ×9)`.
    """
    groups = [group for group in difference.groups if group.kind not in {"follows", "renumbered"}]
    places = (f" ({where([each.item for each in group.changes])})" if at else "" for group in groups)
    told = [f"{_clause(group)}{place}" for group, place in zip(groups, places, strict=True)]
    if not told:
        return "no difference" if difference.same else "the same computation, under other names"
    more = [f"and {len(told) - _CLAUSES} more"] if len(told) > _CLAUSES else []
    return "; ".join((*told[:_CLAUSES], *more))


def _clause(group: Group) -> str:
    match group.kind:
        case "added" | "removed" if group.told:  # counted in a region: `conv4: 6 → 23 Bottleneck`
            return f"{group.kind} in {group.title}"
        case "regrouped":
            return group.title
        case _:
            return f"{group.kind} {group.title}"
