r"""A scene as TikZ: boxes where our layout has them, text set by the fonts of the paper.

The file compiles alone, to a page as large as the drawing, and by `\input` in a paper. Lengths are PostScript
points (`bp`), as in all our formats. No library of TikZ is needed. Boxes are nodes, so that a paper can point
at them: `\draw (ogive-b3) -- …`.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from itertools import count

from ogive.backends.draw import measure
from ogive.backends.draw.colours import look
from ogive.backends.draw.scene import Arrow, Frame, Line, Mark, Point, Run, Scene
from ogive.backends.draw.writers import tikz_frame
from ogive.latex_text import CODE, comment, latex, paragraph

_ROOM = 3.0
"""Points between a border and text, but where our own font leaves less; half as many in a circle."""
_CORNER = 5.0
_LEADING, _PADDING = 1.2, 1.0
"""A line takes so many times its type, and in a box so many points more. It is so in Graphviz's labels."""
_BADGE_GAP = 4.0
_TITLE_LEFT, _TITLE_DOWN = 7.0, 8.0
"""Where a title is that says nothing about it: points from the corner of its frame."""
_HEAD, _HEAD_LENGTH = 0.43, 10 * look.ARROW
"""Half of the width of an arrow's head to its length, and the length in points that counts at most."""
_DASH = (3.0, 2.0)
_WRAPPED = 100


def tikz(scene: Scene, *, caption: str = "", scale: float = 1.0) -> str:
    """A file for LaTeX. The same scene gives the same text.

    Args:
        scene: what to draw.
        caption: what stands below it in a paper; in the file it is a comment.
        scale: the finished drawing's size to the scene's.
    """
    return _Writer(scene, scale).file(caption)


class _Writer:
    """Writes one scene. Colours and styles get their names when they are first used."""

    def __init__(self, scene: Scene, scale: float) -> None:
        self.scene = scene
        self.scale = scale
        self.colours: dict[str, str] = {}
        self.styles: dict[str, str] = {}
        self.names: set[str] = set()
        self.sizes: set[float] = set()

    # ------------------------------------------------------------------ the file

    def file(self, caption: str) -> str:
        width, height = self.length(self.scene.width), self.length(self.scene.height)
        body = [
            f"\\path[use as bounding box] (0,0) rectangle ({width},{height});",
            *self.section("frames", map(self.frame, self.scene.frames)),
            *self.section("arrows", map(self.arrow, self.scene.arrows)),
            *self.section("boxes", map(self.mark, self.scene.marks)),
        ]
        codes = any(CODE in line for line in body)
        return "\n".join([
            *self.opening(caption),
            tikz_frame.alone(width, height) + tikz_frame.macros(self.sizes, codes) + self.picture(),
            *body,
            r"\end{tikzpicture}%",
            tikz_frame.END,
        ])  # fmt: skip

    def opening(self, caption: str) -> Iterator[str]:
        """What the file shows and how it is used."""
        scene = self.scene
        inches = " by ".join(f"{v * self.scale / 72:.2f}" for v in (scene.width, scene.height))
        yield f"% {comment(scene.name) or 'A network'}, drawn by Ogive: {inches} inches."
        yield "%"
        yield r"% Compile it alone, or \input it in a paper that has \usepackage{tikz}. Where it is too wide:"
        yield r"%   \resizebox{\columnwidth}{!}{\input{net.tex}}"
        yield r"% Text is sans-serif; \newcommand\ogivefont{\rmfamily} before \input chooses another family."
        if scene.alt.strip():
            yield "%"
            yield from _wrapped(f"Alt text: {comment(scene.alt)}")
        if caption.strip():
            yield "%"
            yield from _wrapped(f"\\caption{{{paragraph(caption)}}}")

    def picture(self) -> str:
        """The beginning of the picture: colours and styles."""
        lines = [f"\\definecolor{{{name}}}{{HTML}}{{{code}}}%" for code, name in self.colours.items()]
        none = "every picture/.style={}, every scope/.style={}, every path/.style={}, every node/.style={}"
        pen = self.length(look.PEN)
        lines += [
            f"\\tikzset{{{none}}}%",
            r"\begin{tikzpicture}[x=1bp, y=1bp, inner sep=0pt, outer sep=0pt,",
            f"  line width={pen}bp, line cap=butt, line join=miter,",
            "  ogive size/.style 2 args={minimum width=#1bp, minimum height=#2bp},",
            *(f"  {name}/.style={{{options}}}," for options, name in self.styles.items()),
            "]",
        ]
        return "\n".join(lines)

    def section(self, name: str, lines: Iterator[str]) -> Iterator[str]:
        """Lines under a heading, where there are any."""
        for i, line in enumerate(lines):
            if i == 0:
                yield f"% {name}"
            yield line

    # ------------------------------------------------------------------ names

    def length(self, points: float) -> str:
        """A length in points of the finished drawing."""
        text = f"{points * self.scale:.2f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text

    def at(self, point: Point) -> str:
        return f"({self.length(point[0])},{self.length(point[1])})"

    def size(self, points: float) -> str:
        """A size of type, and the macro for it."""
        found = round(points * self.scale, 2)
        self.sizes.add(found)
        return f"{found:g}"

    def colour(self, code: str) -> str:
        """The name of a colour."""
        digits = code.lstrip("#").upper()
        if digits not in self.colours:
            name = _KNOWN.get(digits, digits)
            self.colours[digits] = f"ogive{name}"
        return self.colours[digits]

    def style(self, name: str, *options: str) -> str:
        """The name of a style; a second one of the same name gets a number."""
        said = ", ".join(option for option in options if option)
        if said not in self.styles:
            taken = set(self.styles.values())
            plain = "".join(c if c.isascii() and c.isalnum() else " " for c in name)
            name = " ".join(["ogive", *plain.split()])
            tries = (name + (f" {i}" if i > 1 else "") for i in count(1))
            self.styles[said] = next(each for each in tries if each not in taken)
        return self.styles[said]

    def name(self, id: str) -> str:  # noqa: A002 - the scene's word
        """The name of a node: letters, digits and hyphens; TikZ gives a meaning to points and commas."""
        plain = "ogive-" + (
            "".join(c if c.isascii() and c.isalnum() else "-" for c in id).strip("-") or "box"
        )
        tries = (plain + (f"-{i}" if i > 1 else "") for i in count(1))
        found = next(each for each in tries if each not in self.names)
        self.names.add(found)
        return found

    # ------------------------------------------------------------------ what is drawn

    def frame(self, frame: Frame) -> str:
        paint = self.paint(frame.fill, frame.stroke, frame.ink, frame.dashed)
        width, height = frame.right - frame.left, frame.top - frame.bottom
        corners, less = self.corners(frame.rounded, width, height)
        options = [
            self.style("frame", *paint, corners),
            *less,
            self.dimensions(width, height),
            *self.pen(frame.pen),
        ]
        middle = (frame.left + frame.right) / 2, (frame.bottom + frame.top) / 2
        name = self.name(f"frame-{frame.id}")
        return f"\\node[{', '.join(options)}] ({name}) at {self.at(middle)} {{}};{self.title(frame)}"

    def title(self, frame: Frame) -> str:
        """The title of a frame: it begins where it would in our font; in the middle, it is centred."""
        if not frame.lines:
            return ""
        room = measure.widest(frame.lines)
        high = _heights(frame.lines, 0.0)
        at = frame.title_at or (
            frame.left + _TITLE_LEFT + room / 2,
            frame.top - _TITLE_DOWN - (sum(high) - high[0]) / 2,
        )
        central = abs(at[0] - (frame.left + frame.right) / 2) < 1
        text = self.text(frame.lines, room, padding=0.0, left=not central)
        style = self.style("title", f"text={self.colour(frame.ink)}")
        return f" \\node[{style}] at {self.at(at)} {{{text}}};"

    def mark(self, mark: Mark) -> str:
        if mark.shape == "bare":
            return self.node(mark, self.ink(mark))
        paint = self.paint(mark.fill, mark.stroke, mark.ink, mark.dashed)
        kind = _KINDS.get((mark.fill, mark.stroke), "box")
        if mark.shape == "circle":
            if abs(mark.width - mark.height) > 0.01:
                return f"{self.ellipse(mark, kind, paint)} {self.node(mark, self.ink(mark))}"
            kind = "merge" if kind == "input" else f"{kind} circle"
            return self.node(mark, self.style(kind, "circle", *paint))
        corners, less = self.corners(mark.shape == "round", mark.width, mark.height)
        return self.node(mark, self.style(kind, *paint, corners), *less)

    def ink(self, mark: Mark) -> str:
        """The style of text that stands on nothing."""
        return self.style("text", f"text={self.colour(mark.ink)}")

    def ellipse(self, mark: Mark, kind: str, paint: Sequence[str]) -> str:
        """An ellipse; TikZ itself has no node of that shape."""
        options = ", ".join([self.style(kind, *paint), *self.pen(mark.pen)])
        radii = f"x radius={self.length(mark.width / 2)}bp, y radius={self.length(mark.height / 2)}bp"
        return f"\\path[{options}] {self.at(mark.centre)} ellipse [{radii}];"

    def node(self, mark: Mark, *options: str) -> str:
        """A mark's node, with its text."""
        pen = self.pen(mark.pen) if mark.stroke else []
        said = ", ".join([*options, self.dimensions(mark.width, mark.height), *pen])
        text = self.text(mark.lines, self.room(mark), mark.badge, left=mark.align == "left")
        line = f"\\node[{said}] ({self.name(mark.id)}) at {self.at(mark.centre)} {{{text}}};"
        about = comment(mark.about.text) if mark.about else ""
        return f"{line} % {about}" if about else line

    def arrow(self, arrow: Arrow) -> str:
        options = [f"color={self.colour(arrow.stroke)}", self.dashes() if arrow.dashed else ""]
        style = ", ".join([self.style(arrow.kind, *options), *self.pen(arrow.pen)])
        line = f"\\draw[{style}] {self.curve(arrow.points)};"
        if arrow.tip is None:
            return line
        return f"{line} \\fill[{style}] {self.head(arrow.points[-1], arrow.tip)};"

    # ------------------------------------------------------------------ how

    def paint(self, fill: str | None, stroke: str | None, ink: str, dashed: bool) -> tuple[str, ...]:
        return (
            f"fill={self.colour(fill)}" if fill else "",
            f"draw={self.colour(stroke)}" if stroke else "",
            f"text={self.colour(ink)}",
            self.dashes() if dashed else "",
        )

    def dashes(self) -> str:
        on, off = map(self.length, _DASH)
        return f"dash pattern=on {on}bp off {off}bp"

    def corners(self, rounded: bool, width: float, height: float) -> tuple[str, list[str]]:
        """Round corners, for a style; and smaller ones, where a box is small."""
        least = min(width, height) / 3
        usual, less = (f"rounded corners={self.length(radius)}bp" for radius in (_CORNER, least))
        return (usual if rounded else ""), [less] if rounded and least < _CORNER else []

    def pen(self, width: float) -> list[str]:
        return [] if width == look.PEN else [f"line width={self.length(width)}bp"]

    def dimensions(self, width: float, height: float) -> str:
        return f"ogive size={{{self.length(width)}}}{{{self.length(height)}}}"

    def curve(self, points: Sequence[Point]) -> str:
        """A path; what is straight is written so."""
        path = self.at(points[0])
        for i in range(0, len(points) - 3, 3):
            a, b, c, d = points[i : i + 4]
            straight = _on_line(a, d, b) and _on_line(a, d, c)
            path += " --" if straight else f" .. controls {self.at(b)} and {self.at(c)} .."
            path += f" {self.at(d)}"
        return path

    def head(self, base: Point, tip: Point) -> str:
        """The triangle of an arrow."""
        length = math.dist(base, tip)
        part = _HEAD * min(1.0, _HEAD_LENGTH / length) if length else 0.0
        dx, dy = (tip[0] - base[0]) * part, (tip[1] - base[1]) * part
        corners = tip, (base[0] - dy, base[1] + dx), (base[0] + dy, base[1] - dx)
        return f"{' -- '.join(map(self.at, corners))} -- cycle"

    # ------------------------------------------------------------------ text

    def room(self, mark: Mark) -> float:
        """How wide the text of a mark may be: as it is in our font, and wider where the box leaves room."""
        badge = (Run(f" {mark.badge}", look.BADGE, bold=True),) if mark.badge else ()
        ours = measure.widest(mark.lines) + measure.line_width(badge)
        if not mark.stroke:
            return max(mark.width, ours if mark.fill is None else 0.0)
        room = mark.width - (_ROOM if mark.shape == "circle" else 2 * _ROOM)
        return ours if room < ours < mark.width - mark.pen else room

    def text(
        self,
        lines: Sequence[Line],
        room: float,
        badge: str = "",
        padding: float = _PADDING,
        left: bool = False,
    ) -> str:
        r"""`\ogivetext` for these lines, below one another, their middle at the middle of the node."""
        if not lines and not badge:
            return ""
        heights = _heights(lines, padding)
        written, top = "", sum(heights) / 2
        for line, height in zip(lines, heights, strict=True):
            written += self.line(line, top - height / 2)
            top -= height
        beside = ""
        if badge:
            gap = f"\\kern{self.length(_BADGE_GAP)}bp" if lines else ""
            beside = f"{gap}\\ogivebeside{{{self.size(look.BADGE)}}}{{{self.styled(Run(badge, bold=True))}}}"
        side = r"\ogiveleft" if left else ""
        return f"{side}\\ogivetext{{{self.length(room)}}}{{{written}}}{{{beside}}}"

    def line(self, line: Line, y: float) -> str:
        """A line whose middle is so high above that of the node."""
        if not any(run.text.strip() for run in line):
            return ""
        sizes = {run.size for run in line if run.text}
        size = self.size(max(sizes))
        if len(sizes) == 1:
            return f"\\ogiveline{{{self.length(y)}}}{{{size}}}{{{''.join(map(self.styled, line))}}}"
        runs = "".join(
            f"\\ogivesize{{{self.size(run.size)}}}{{{self.styled(run)}}}" for run in line if run.text
        )
        return f"\\ogiveruns{{{self.length(y)}}}{{{size}}}{{{runs}}}"

    def styled(self, run: Run) -> str:
        text = latex(run.text)
        if run.bold:
            text = f"\\ogivebold{{{text}}}"
        if run.italic:
            text = f"\\ogiveitalic{{{text}}}"
        return f"\\textcolor{{{self.colour(run.ink)}}}{{{text}}}" if run.ink and run.text.strip() else text


def _wrapped(text: str) -> list[str]:
    """A comment in lines."""
    return textwrap.wrap(
        text,
        _WRAPPED,
        initial_indent="% ",
        subsequent_indent="%   ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _heights(lines: Sequence[Line], padding: float) -> list[float]:
    """Points that lines take, one below the other."""
    return [max((run.size for run in line), default=look.TYPE) * _LEADING + padding for line in lines]


def _on_line(start: Point, end: Point, point: Point) -> bool:
    """Whether a point is between two others, to a fiftieth of a point."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    if length < 0.02:
        return math.dist(start, point) < 0.02
    along = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / length
    aside = ((point[0] - start[0]) * dy - (point[1] - start[1]) * dx) / length
    return abs(aside) < 0.02 and -0.02 < along < length + 0.02


def _kinds() -> dict[tuple[str | None, str | None], str]:
    """The kinds of layers, by fill and border."""
    found: dict[tuple[str | None, str | None], str] = {}
    for kind, paint in (*look.PAINTS.items(), *look.GREYS.items()):
        found.setdefault((paint.fill, paint.stroke), kind)
    return {**found, (look.PLAIN.fill, look.PLAIN.stroke): "plain"}


def _known() -> dict[str, str]:
    """Names of colours that have one, by their digits."""
    found = {
        "#111111": "ink", look.INK_NOTE: "note", look.INK_FADED: "faded", "#FFFFFF": "white",
        look.FLOW: "flow", look.SKIP: "skip", look.CLUSTER_FILL: "frame", look.CLUSTER_STROKE: "frameline",
    }  # fmt: skip
    for kind, paint in look.PAINTS.items():
        found.setdefault(paint.fill, kind)
        found.setdefault(paint.stroke, f"{kind}line")
    return {code.lstrip("#").upper(): name for code, name in found.items()}


_KINDS = _kinds()
_KNOWN = _known()
