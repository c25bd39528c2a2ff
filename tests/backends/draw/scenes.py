"""Scenes: of the small nets, and made by hand, with every sign in every place."""

from __future__ import annotations

from functools import cache

from backends.draw import nets
from ogive.backends.draw.colours import look
from ogive.backends.draw.fitting import fit
from ogive.backends.draw.layout.engine import Engine
from ogive.backends.draw.layout.process import Graphviz
from ogive.backends.draw.render import PAD, padded
from ogive.backends.draw.scene import About, Arrow, Frame, Mark, Run, Scene, joined, line, straight
from ogive.backends.draw.subject import Subject

SIGNS = [
    r"\input{/etc/passwd}\end{document}", "a_b^c", "50%", "{", "}", "}}{{", "$x$", "#1", "~", "a & b &amp; c",
    "''`` -- ,, ?` !`", 'quote " inside', "ends with \\", "back\\slash \\N \\\\", "\\\n%\n\\fi", "^^41^^M",
    "new\nline\r\n", "%s {} \x00\x1b[31m", "", "   ", "[1] (2) <3> |4|", "-> { } ; // /* */", "port:w, a.b",
    "3×3 conv, 64·w → ⌈h/2⌉ ≤ ⌊w′⌋ − 5²…", "αβγδ ΓΔΘ Σσ μ", "Ångström naïve Ğ Çağ ½ ﬁ ＡＢ",
    "Ünïcödé 网络 😀", "é\u0301\u0302", "\ud800", "\u202eright to left", "x" * 500,
]  # fmt: skip
"""What must not trouble LaTeX, wherever it stands."""


@cache
def of(name: str) -> Scene:
    """One of the small nets as it is drawn on a page, with white around it."""
    graph = nets.NETS[name]()
    with Graphviz() as graphviz:
        chosen = fit.chosen(Subject(graph, graph), Engine(graphviz).scenes)
    parts = [part.moved(*place) for part, place in zip(chosen.scenes, chosen.places, strict=True)]
    return padded(joined(chosen.picture.name, parts, chosen.width, chosen.height), PAD)


def of_texts(texts: list[str], width: float = 120.0) -> Scene:
    """Boxes in a column, each with one text as its lines, badge, title of its frame, name and tooltip."""
    frames: list[Frame] = []
    marks: list[Mark] = []
    arrows: list[Arrow] = []
    for i, text in enumerate(reversed(texts)):
        y = 40 + 80.0 * i
        lines = (
            line(text),
            line(text, look.SMALL, bold=True),
            (Run(text, look.SMALL, italic=True, ink="#333333"),),
        )
        frames.append(Frame(text, 5, y - 35, width + 75, y + 35, line_of(text), (65, y + 27)))
        marks.append(
            Mark(text, (width / 2 + 15, y - 8), width, 36, lines, fill="#B3D7F0", stroke="#0072B2", badge=text[:3],
                 about=About(text, place=text))
        )  # fmt: skip
        arrows.append(Arrow(straight((width + 20, y - 20), (width + 60, y)), (width + 65, y + 3), kind=text))
    size = (width + 80, 80.0 * len(texts))
    return Scene(" ".join(texts), *size, tuple(frames), tuple(arrows), tuple(marks), alt=" ".join(texts))


def line_of(text: str) -> tuple[tuple[Run, ...], ...]:
    """A title in two sizes of type."""
    return ((Run(text, bold=True), Run("  "), Run(text, look.SMALL)),)


def shapes() -> Scene:
    """Every shape, border and way to align, and an arrow of each kind."""
    marks = (
        Mark("a", (40, 140), 60, 26, (line("round"), line("dashed", look.SMALL)), "round", "#B3D7F0", "#0072B2",
             dashed=True),
        Mark("b", (120, 140), 60, 26, (line("square"),), "box", "#76C7AA", "#00664B", pen=look.FOLDED_PEN),
        Mark("c", (180, 140), 14, 14, (line("+"),), "circle", "#FFFFFF", "#444444"),
        Mark("d", (225, 140), 50, 30, (line("ellipse"),), "circle", None, "#444444"),
        Mark("e", (40, 90), 60, 9, (line("on the left", look.SMALL),), "bare", align="left"),
        Mark("f", (120, 90), 60, 16, (line("left"),), "box", None, "#444444", align="left"),
        Mark("g", (200, 90), 60, 16, (), "round", "#FBDDA5", None),
        Mark("h", (250, 90), 30, 10, (), "round", "#FBDDA5", "#B37400", badge="×12"),
        Mark("i", (40, 50), 50, 26, (line("a line that is much wider than its box"), line("small", look.SMALL)),
             "round", "#B3D7F0", "#0072B2", badge="×3"),
    )  # fmt: skip
    arrows = (
        Arrow(straight((70, 140), (85, 140)), (90, 140)),
        Arrow(((150, 140), (155, 150), (160, 150), (168, 142)), (173, 140), kind="skip", stroke=look.SKIP),
        Arrow(straight((40, 120), (120, 110), (200, 120)), kind="projection", dashed=True),
        Arrow(straight((90, 50), (120, 50)), (125, 50), pen=2 * look.PEN),
    )
    frames = (
        Frame("outer", 3, 30, 277, 165, line_of("a title"), None),
        Frame("bare", 100, 32, 270, 70, line_of("in the middle"), (185, 60), None, "#999999", dashed=True,
              rounded=False),
    )  # fmt: skip
    return Scene("shapes", 280, 170, frames, arrows, marks, alt="Every shape.")
