"""How much of a net a space can show: what is open, what is defined beside it, where the parts stand.

    found = chosen(subject, engine.scenes, fit=(3.25, 9.0))

Candidates go from the most open to the most folded. Each that may fit, by an estimate, is laid out; the
choice is the one that shows most of the net's layers, in the overview or in a definition, with no type under
`look.LEAST_TYPE`, and of equals the most open.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from math import ceil

from ogive.backends.draw.colours import look
from ogive.backends.draw.fitting.estimate import estimated
from ogive.backends.draw.fitting.packing import Place
from ogive.backends.draw.fitting.search import Found, LayOut, Search
from ogive.backends.draw.fitting.sources import Block, BlockLayers, Layers, Net, Source
from ogive.backends.draw.fitting.space import PAD, Space, smallest_type
from ogive.backends.draw.fitting.worth import folded_stages
from ogive.backends.draw.fold.definitions import Definition
from ogive.backends.draw.fold.opening import called, is_one
from ogive.backends.draw.fold.picture import Picture
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import clip
from ogive.backends.draw.scene import Scene
from ogive.backends.draw.subject import Subject

_MOST_NAMES = 10
"""So many of the things that are left out are named."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A drawing in parts, and where they stand.

    Attributes:
        picture: the overview with the definitions beside it.
        scenes: the overview, then the definitions, each from (0, 0).
        places: the lower left corner of each in the whole, in points at scale 1.
        width: of the whole, in points at scale 1, without white around it.
        height: likewise.
        scale: what the finished drawing is shrunk by; never more than 1.
        notes: how far it is folded, whether it fits, what is defined beside it and what was left out.
        smallest: points: the smallest type of the finished drawing.
        warning: that of the notes which says that type is too small; empty: none is.
    """

    picture: Picture
    scenes: tuple[Scene, ...]
    places: tuple[Place, ...]
    width: float
    height: float
    scale: float
    notes: tuple[str, ...]
    smallest: float
    warning: str = ""


def chosen(
    subject: Subject,
    lay_out: LayOut,
    *,
    fit: tuple[float, float] | None = None,
    depth: int | None = None,
    expand: Sequence[str] = (),
    fold: Sequence[str] = (),
    block: str | None = None,
    full: bool = False,
    below: float = 0.0,
    beside: bool = True,
    is_late: Callable[[], bool] = lambda: False,
) -> Chosen:
    """The most that a space can show of a net.

    Args:
        subject: the net.
        lay_out: a picture to the scenes of its overview and its definitions.
        fit: width and height of the space in inches; None: a page, and as much as it takes where the depth
            was asked for or everything is drawn.
        depth: how many levels are open; as many as fit unless given.
        expand: names of what is open at any depth (see `opening`).
        fold: names of what is folded at any depth.
        block: the name of a block or stage to draw alone; with `full`, every layer of it.
        full: draw every layer in a box of its own.
        below: inches of the space's height that a key below the drawing takes.
        beside: whether definitions stand beside what is folded.
        is_late: whether the time for layouts is over: what was found by then is taken.

    Raises:
        ArchError: E514, there is nothing of a name that was given; E512, no picture was laid out in time.
    """
    space = Space(*(fit or look.PAGE), below)
    source: Source
    if full and block is not None:
        source, beside = BlockLayers(subject.structure, block), False
        depth = source.top
    elif full:
        source, beside, depth = Layers(subject.structure), False, 0
    elif block is not None:
        source = Block(subject.structure, block, expand, fold)
    else:
        source = Net(subject.structure, expand, fold)
    search = Search(source, lay_out, space, beside, is_late)
    found = search.at(depth) if depth is not None else search.best()
    idle = source.idle(found.candidate)
    # as large as it is, where what is open was asked for and has no room
    own_size = depth is not None or (bool(source.hand.asked) and not found.legible)
    scale = found.packing.scale if fit is not None or not own_size else 1.0
    asked = fit is not None or depth is not None or full
    plain = not asked and found.everything and scale == 1  # nothing was chosen that one would not expect
    plain = plain and found.legible
    said = "" if plain else _said(source, search, found, scale, own_size, idle)
    smallest = scale * smallest_type(found.scenes)
    return Chosen(
        found.picture, found.scenes, found.packing.places, found.packing.width, found.packing.height, scale,
        (*search.notes, *idle.values(), *([said] if said else [])), smallest,
        said if smallest < look.LEAST_TYPE - 1e-6 else "",
    )  # fmt: skip


def fitted(structure: Structure, depth: int | None = None) -> Picture:
    """The picture that is chosen for a page by estimates alone, without a layout."""
    subject = Subject(structure.graph, structure.graph)
    return chosen(subject, estimated, depth=depth).picture


def _said(
    source: Source, search: Search, found: Found, scale: float, own_size: bool, idle: Collection[str]
) -> str:
    """What a user is told about the choice.

    Args:
        source: what was searched.
        search: how.
        found: the choice.
        scale: what it is shrunk by.
        own_size: whether without a space it would be as large as it is.
        idle: the names that opened or folded nothing.
    """
    space = search.space
    type_size = found.packing.scale * smallest_type(found.scenes)
    opened = [name for name in dict.fromkeys(source.expand) if name not in idle]
    how = _depth(source, found, opened)
    if found.legible:
        parts = [f"{how}, fits {space} at {100 * scale:.0f} %: smallest type {type_size:.1f} pt"]
    else:
        width, height = ((size + 2 * PAD) / 72 for size in (found.packing.width, found.packing.height))
        natural = f"{width:.1f} × {height:.1f} in"
        hard = f"{type_size:.1f} pt, and under {look.LEAST_TYPE:g} pt it is hard to read"
        advice = _legible(source, search, found, opened)
        if scale < 1:
            own = f", without --fit it is {natural}" if own_size else ""
            parts = [f"{how}: fitted to {space}, its type is {hard}: {advice}{own}"]
        else:
            parts = [f"{how}: {natural}; on {space}, its type would be {hard}: {advice}"]
    if found.beside:
        parts.append(f"defined beside it: {_names(found.beside)}")
    if left := _left_out(source, found):
        parts.append(left)
    return "; ".join(parts)


def _left_out(source: Source, found: Found) -> str:
    """`left out: Inception, stem (--block NAME draws one alone)`: what is folded and drawn nowhere."""
    names_of = called(source.structure)
    keys = {_names([d]): names_of.get(min(d.regions), d.key) for d in found.left_out}
    known = {id for d in (*found.beside, *found.left_out) for id in d.regions}
    stages = folded_stages(source.structure, found.candidate.picture, known)
    paths = [names_of.get(stage.id, stage.path) for stage in stages]
    keys |= {path: path for path in paths if path not in keys}
    if not keys:
        return ""
    names = list(keys)[:_MOST_NAMES]
    more = f" and {len(keys) - len(names)} more" if len(keys) > len(names) else ""
    asked = list(dict.fromkeys(keys.values()))
    one = f"{shlex.quote(asked[0])} draws it alone" if len(asked) == 1 else "NAME draws one alone"
    how = f"--block {one}"
    if isinstance(source, Block):
        how = "a larger --fit has room for more"
    return f"left out: {', '.join(names)}{more} ({how})"


def _legible(source: Source, search: Search, found: Found, opened: Sequence[str]) -> str:
    """What would make the type large enough."""
    parts = found.scenes
    scale = look.LEAST_TYPE / smallest_type(parts)
    width, height = (ceil(10 * (scale * size + 2 * PAD) / 72) / 10 for size in _extent(found))
    larger = f"--fit {width:g}x{height:g}in has room for it"
    if isinstance(source, Layers | BlockLayers):
        return f"--style overview folds what does not fit, {larger}"
    for depth in range(found.candidate.depth - 1, -1, -1):
        if search.at(depth).legible:
            return f"--depth {depth} is legible here, {larger}"
    if len(opened) == 1 and isinstance(source, Net) and is_one(source.structure, opened[0]):
        return f"--block {shlex.quote(opened[0])} draws it alone, {larger}"
    return larger


def _extent(found: Found) -> tuple[float, float]:
    """Points: the room that the parts take at scale 1."""
    return found.packing.width, found.packing.height


def _depth(source: Source, found: Found, opened: Sequence[str]) -> str:
    """How far it is folded, but for what was opened by hand."""
    candidate = found.candidate
    said = "nothing is folded"
    if candidate.picture.hidden:
        said = f"folded to depth {candidate.depth} of {source.top}"
        if opened:
            more = f" and {len(opened) - _MOST_NAMES} more" if len(opened) > _MOST_NAMES else ""
            said += f" but for {', '.join(f'`{clip(name)}`' for name in opened[:_MOST_NAMES])}{more}"
    elif isinstance(source, Layers | BlockLayers):
        return candidate.summary or "every layer is a box"
    elif "one box" in candidate.summary:
        return candidate.summary
    return f"{said}, {candidate.summary}" if candidate.summary else said


def _names(definitions: Sequence[Definition]) -> str:
    """`Basic (first of a stage), Head`."""
    parted = [d.name.partition(", ") for d in definitions]
    return ", ".join(f"{name} ({rest})" if rest else name for name, _, rest in parted)
