"""The way from nets to a file: a style makes a scene, a legend goes below it, a writer makes the bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from ogive.backends.draw.choices import FORMATS, USUAL_DPI
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.amounts import Measure
from ogive.backends.draw.colours.colour import Colours, measured
from ogive.backends.draw.colours.legend import legend
from ogive.backends.draw.fitting import fit
from ogive.backends.draw.fitting.space import PAD, Space, roomy, smallest_type
from ogive.backends.draw.fold.picture import Picture
from ogive.backends.draw.fold.text import clip
from ogive.backends.draw.layout.dot import Writer
from ogive.backends.draw.layout.engine import Engine
from ogive.backends.draw.layout.process import Graphviz, TooSlow
from ogive.backends.draw.options import Options
from ogive.backends.draw.render import render_scene
from ogive.backends.draw.scene import About, Scene, joined
from ogive.backends.draw.styles import STYLES
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.about import about
from ogive.backends.draw.words.caption import caption
from ogive.backends.draw.words.description import alt_text
from ogive.backends.draw.words.letters import letters
from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.graph import Graph

_LEGEND_GAP = 10.0
"""Points above a legend."""
_TRIES = 3
"""So many times a drawing makes room for its legend."""
_ROOMY = (200.0, 200.0)
"""Inches: a space in which the boxes are seen that a legend tells of, where the given one has no room."""
_LAID_OUT = {"overview", "full"}
"""The styles that Graphviz lays out; with several nets both mean that these stand side by side."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A file, and what a user should know about it.

    Attributes:
        data: its bytes.
        notes: how far it was folded and what was left out, or that its type gets small.
        caption: a paragraph for below the figure.
        alt: the drawing in words, for those who cannot see it.
        size: width and height in inches.
        format: what kind of file it is: `svg`, `pdf`, `png`, `dot`, `tikz` or `tex`.
        flaws: what a reader of the finished figure will not be able to read.
        path: the file that it was written to, if it was.
        warnings: those of the notes that say that type is too small.
    """

    data: bytes = field(repr=False)
    notes: tuple[str, ...]
    caption: str
    alt: str
    size: tuple[float, float]
    format: str = ""
    flaws: tuple[str, ...] = ()
    path: Path | None = None
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        width, height = self.size
        where = f" in {str(self.path)!r}" if self.path else ""
        about = f"<{self.format} drawing{where}, {width:.2f} × {height:.2f} in>"
        return "\n".join([about, *(f"note: {note}" for note in self.notes)])

    def _repr_svg_(self) -> str | None:
        """The drawing, for notebooks."""
        return self.data.decode() if self.format == "svg" else None

    def _repr_png_(self) -> bytes | None:
        return self.data if self.format == "png" else None


@dataclass(frozen=True, slots=True)
class _Made:
    """A scene, how much smaller it is to be printed, and what is said about that."""

    scene: Scene
    colours: Colours
    scale: float = 1.0
    notes: tuple[str, ...] = ()
    picture: Picture | None = None
    warnings: tuple[str, ...] = ()


def drawing(
    subjects: Sequence[Subject],
    format: str,  # noqa: A002 - the word of the command
    options: Options | None = None,
    graphviz: Graphviz | None = None,
) -> Drawing:
    """Draws nets; equal nets give equal bytes.

    Args:
        subjects: one, or several to stand side by side.
        format: `svg`, `pdf`, `png`, `dot` or `tikz` (`tex` is the same).
        options: how.
        graphviz: what lays out and renders; one of its own unless given.

    Raises:
        ArchError: E513, no such format; E511, pygraphviz is not installed; E512, no layout was found; E514,
            there is nothing of a name that was given; E515, the style does not go with that; E589, several
            nets do not fit; E590 to E592, the net has nothing that the style shows.
    """
    options = _checked(options or Options(), len(subjects))
    require_format(format)
    with ExitStack() as stack:
        colours = Colours.of(subjects, options.colour_by, options.theme)
        graphviz = graphviz or stack.enter_context(Graphviz(options.time_limit))
        graphviz.begin()
        made = _unkeyed(subjects, options, colours, graphviz)
        below, key = 0.0, _key(made, subjects, options)
        for _ in range(_TRIES):  # what is folded further may have more to tell below it
            needed = made.scale * (key.height + _LEGEND_GAP) / 72 if key else 0.0
            if needed <= below:
                break
            below = needed
            made = _made(subjects, options, colours, graphviz, below)
            key = _key(made, subjects, options)
        scene = _above(made.scene, key) if key else made.scene
        words = caption(subjects, scene, options)
        scene = replace(scene, alt=alt_text(subjects, scene))
        if format == "dot" and made.picture is not None:
            data = Writer(colours=made.colours).whole(made.picture).source.encode()
        else:
            data = _rendered(scene, format, graphviz, options, made.scale, words)
        width, height = (made.scale * (size + 2 * PAD) / 72 for size in (scene.width, scene.height))
        strange = tuple(letters(scene, format))
        flaws = (*_small(scene, made.scale, options), *strange)
        return Drawing(
            data, (*made.notes, *strange), words, scene.alt, (width, height), format, flaws,
            warnings=made.warnings,
        )  # fmt: skip


def _small(scene: Scene, scale: float, options: Options) -> Iterator[str]:
    """Whether there is type that is hard to read, in the drawing as it is or as large as a page has room."""
    fitted = min(scale, Space(*(options.fit or look.PAGE)).scale(scene.width, scene.height))
    least = fitted * smallest_type([scene])
    if least < look.LEAST_TYPE - 0.01:
        where = "" if fitted == scale else ", where the drawing is to stand on a page"
        yield f"the smallest type is {least:.1f} pt{where}: under {look.LEAST_TYPE:g} pt is hard to read"


def _rendered(
    scene: Scene,
    format: str,  # noqa: A002
    graphviz: Graphviz,
    options: Options,
    scale: float,
    words: str,
) -> bytes:
    try:
        return render_scene(scene, format, graphviz, options.dpi, scale, words)
    except TooSlow as error:
        message = f"the drawing takes longer than {graphviz.time_limit:g} s to write"
        hint = "write it as .tex, which needs no Graphviz, or fold more of it"
        if format == "png" and options.dpi > USUAL_DPI:
            hint = f"ask for fewer dots, such as `--dpi {USUAL_DPI}`, or write it as .pdf or .svg"
        raise ArchError([Diagnostic("E512", message, help=hint)]) from error


def require_format(format: str) -> None:  # noqa: A002
    """Refuses what no drawing can be.

    Raises:
        ArchError: E513.
    """
    if not format:
        ends = ", ".join(f".{each}" for each in FORMATS[:-1])
        message = "the ending of its name says which kind a drawing is, and there is none"
        raise ArchError([Diagnostic("E513", message, help=f"end it in {ends} or .{FORMATS[-1]}")])
    if format not in FORMATS:
        choices = ", ".join(FORMATS)
        guess = did_you_mean(format, FORMATS)
        hint = f"did you mean `{guess}`? There are {choices}" if guess else f"one of {choices}"
        raise ArchError([Diagnostic("E513", f"no drawings in the format `{format}`", help=hint)])


def draw(graph: Graph, format: str, *, dpi: int = 200, depth: int | None = None) -> bytes:  # noqa: A002
    """The bytes of `drawing` of one net."""
    return drawing([_subject(graph)], format, Options(dpi=dpi, depth=depth)).data


def svg(graph: Graph, *, depth: int | None = None) -> str:
    """SVG text, with its text as text, for a notebook or a page."""
    return draw(graph, "svg", depth=depth).decode()


def dot_text(graph: Graph, *, depth: int | None = None) -> str:
    """DOT text for Graphviz's `dot`, to change by hand."""
    return draw(graph, "dot", depth=depth).decode()


def _subject(graph: Graph) -> Subject:
    from ogive.passes.unroll import unroll_cliques

    return Subject(graph, unroll_cliques(graph))


def _checked(options: Options, nets: int) -> Options:
    """The options.

    Raises:
        ArchError: E515, some of them exclude each other.
    """
    one = "draw each net into a file of its own"
    asked = {"`--depth`": options.depth is not None, "`--expand`": options.expand, "`--fold`": options.fold}
    if nets > 1 and options.style not in _LAID_OUT:
        raise _unsuitable(f"the style `{options.style}` is drawn of one net, and {nets} are given", one)
    if nets > 1 and options.block is not None:
        raise _unsuitable(f"the block `{clip(options.block)}` is drawn of one net, and {nets} are given", one)
    arcs = options.style == "arcs"  # in which those are opened that have very many
    given = [name for name, is_given in asked.items() if is_given and not (arcs and name == "`--expand`")]
    if given and (nets > 1 or options.style != "overview"):
        out = f"leave {' and '.join(given)} out"
        if nets > 1:
            help = f"{out} (`--fit` says how much room there is to open them), or {one}"
            raise _unsuitable("a drawing of several nets is not folded by hand", help)
        help = f"{out}, or leave `--style {options.style}` out: the overview is folded by hand"
        raise _unsuitable(f"the style `{options.style}` is not folded by hand", help)
    if options.block is not None and options.style in {"tensors", "chain"}:
        help = f"draw `{clip(options.block)}` without `--style {options.style}`, or in `--style full`"
        raise _unsuitable(f"the style `{options.style}` shows a whole net, and no block of it", help)
    return options


def _unsuitable(message: str, help: str) -> ArchError:  # noqa: A002
    return ArchError([Diagnostic("E515", message, help=help)])


def _unkeyed(subjects: Sequence[Subject], options: Options, colours: Colours, graphviz: Graphviz) -> _Made:
    """The drawing as if no legend were to stand below it; an error about its space counts the legend in."""
    try:
        return _made(subjects, options, colours, graphviz)
    except ArchError:
        if len(subjects) > 1:
            roomy = _made(subjects, replace(options, fit=_ROOMY), colours, graphviz)
            if key := _key(roomy, subjects, options):
                _made(subjects, options, colours, graphviz, (key.height + _LEGEND_GAP) / 72)
        raise


def _key(made: _Made, subjects: Sequence[Subject], options: Options) -> Scene | None:
    """The legend, not wider than the space or, where none was given, the drawing."""
    room = (options.fit or look.PAGE)[0] * 72 / made.scale - 2 * PAD
    width = room if options.fit else max(room, made.scene.width)
    return legend(made.colours, subjects, made.scene, kinds=options.legend, width=width)


def _made(
    subjects: Sequence[Subject], options: Options, colours: Colours, graphviz: Graphviz, below: float = 0.0
) -> _Made:
    """The drawing without its legend, for which `below` inches are kept."""
    if len(subjects) == 1 and options.style in _LAID_OUT:
        return _laid_out(subjects[0], options, colours, graphviz, below)
    return _placed(subjects, options, colours, below)


def _laid_out(
    subject: Subject, options: Options, colours: Colours, graphviz: Graphviz, below: float
) -> _Made:
    """What Graphviz lays out: an overview with its definitions, a block alone, every layer."""

    def told(nodes: tuple[str, ...], region: int | None) -> About | None:
        return about(subject, nodes, region)

    engine = Engine(graphviz, colours, told)  # it remembers what it laid out

    def lay_out(picture: Picture) -> list[Scene]:
        return engine.scenes(measured(picture, colours)[0])  # colours move nothing

    chosen = fit.chosen(
        subject, lay_out, fit=options.fit, depth=options.depth, expand=options.expand, fold=options.fold,
        block=options.block, full=options.style == "full", below=below,
        is_late=graphviz.is_late,
    )  # fmt: skip
    picture, own = measured(chosen.picture, colours)
    scenes = chosen.scenes
    if own.measure is not None:  # painted before it was known which boxes there are to compare
        scenes = Engine(graphviz, own, told).scenes(picture)
    parts = [part.moved(*place) for part, place in zip(scenes, chosen.places, strict=True)]
    name = subject.name if chosen.picture.name == subject.graph.name else chosen.picture.name
    scene = joined(name, parts, chosen.width, chosen.height)
    notes = chosen.notes
    if own.measure is not None and own.scale is None:
        notes = (*notes, _bare(own.measure))
    warnings = (chosen.warning,) if chosen.warning else ()
    return _Made(scene, own, chosen.scale, notes, picture, warnings)


def _placed(subjects: Sequence[Subject], options: Options, colours: Colours, below: float) -> _Made:
    """What has places of its own. It is made twice where colours mean a measure: their scale is that of its
    boxes.
    """
    space = Space(*(options.fit or look.PAGE), below)
    room = space.room(look.LEAST_TYPE)
    make = STYLES[options.style if len(subjects) == 1 else "beside"]
    nothing = colours.scale is None
    if colours.measure is not None:
        watching = colours.watching()
        make(subjects, watching, options, room)
        colours = watching.settled()
    scene, notes = make(subjects, colours, options, room)
    if colours.measure is not None and colours.scale is None:
        of_style = f"nothing in this style shows {colours.measure.title}; its colours are its own"
        notes = (*notes, _bare(colours.measure) if nothing else of_style)
    scale = space.scale(scene.width, scene.height)
    least = scale * smallest_type([scene])
    said = f"fits {space} at {100 * scale:.0f} %: smallest type {least:.1f} pt"
    if least >= look.LEAST_TYPE - 0.01:
        return _Made(scene, colours, scale, (*notes, said) if options.fit else notes)

    def again(wider: Space) -> tuple[Scene, float]:
        asked = replace(options, fit=(wider.width, wider.height))
        larger, _ = make(subjects, colours, asked, wider.room(look.LEAST_TYPE))
        scale = replace(wider, below=0.0).scale(larger.width, larger.height)  # the key's own, at first
        key = _key(_Made(larger, colours, scale), subjects, asked)
        return larger, scale * (key.height + _LEGEND_GAP) / 72 if key else 0.0

    said = f"fitted to {space}, its smallest type is {least:.1f} pt"
    known = any("has room for it" in note for note in notes)
    if not known and (larger := roomy(scene, below, again)):
        said += f": --fit {larger.width:g}x{larger.height:g}in has room for it"
    return _Made(scene, colours, scale, (*notes, said), warnings=(said,))


def _bare(measure: Measure) -> str:
    """What is noted where nothing can be coloured."""
    return f"nothing here {measure.without}: no box is coloured"


def _above(scene: Scene, key: Scene) -> Scene:
    """The drawing with its legend below."""
    lift = key.height + _LEGEND_GAP
    width = max(scene.width, key.width)
    parts = [scene.moved((width - scene.width) / 2, lift), key.moved((width - key.width) / 2, 0.0)]
    return replace(joined(scene.name, parts, width, scene.height + lift), alt=scene.alt)
