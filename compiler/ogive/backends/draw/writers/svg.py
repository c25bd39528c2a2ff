"""Graphviz's SVG as a figure for a page: a graphic with a name and a description, its parts with tooltips.

A few passes of regular expressions over the text; nothing is parsed, so that a thousand boxes cost nothing.
Whatever a program calls its parts is escaped.
"""

from __future__ import annotations

import html
import math
import re
from hashlib import blake2s

from ogive.backends.draw.colours import look
from ogive.backends.draw.measure import text_width
from ogive.backends.draw.scene import Frame, Mark, Scene
from ogive.backends.draw.writers.svg_font import font_faces

_FALLBACKS = f"{look.FONT}, Verdana, sans-serif"
"""For programs that read no fonts out of a drawing: the same, where it is installed; one that is as wide; any
without serifs."""
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE[^>]*>\n?")
_TITLE = re.compile(r"<title>[^<]*</title>\n?")
_PART = re.compile(r'(<g id="(mark|frame)-([^"]*)" class="(?:node|cluster)")>\n')
_TEXT = re.compile(r"<text ([^>]*)>([^<]*)</text>")
_LINE = re.compile(r"(?:<text [^>]*>[^<]*</text>\n?){2,}")
_PLACE = re.compile(r'(?<= )x="([^"]*)" y="([^"]*)"')
_SIZE = re.compile(r'font-size="([^"]*)"')
_BOLD = 'font-weight="bold"'
_SET_IN = f'font-family="{look.FONT}" '
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold (XML 1.0, section 2.2)."""


def finished(svg: str, scene: Scene) -> str:
    """Graphviz's SVG without its comments and the names that it gives, with ours.

    The root is a graphic whose parts can be read one by one (`role`; WAI-ARIA Graphics Module 1.0, section
    4), called after the scene (`aria-label`, `title`) and described by its `alt` (`desc`). Marks and frames
    that have something to tell get it as a `title`, which browsers show as a tooltip, and are read as what
    stands in them and that. Text stays text, and its font is in the drawing.

    Args:
        svg: what Graphviz made of `placed_dot(scene)`: its groups are called `mark-ID` and `frame-ID`.
        scene: that scene.
    """
    parts: dict[tuple[str, str], Mark | Frame] = {("mark", mark.id): mark for mark in scene.marks}
    parts |= {("frame", frame.id): frame for frame in scene.frames}

    def named(group: re.Match[str]) -> str:
        part = parts.get((group[2], html.unescape(group[3])))
        if part is None or part.about is None or not part.about.text:
            return group[0]
        label = f'role="graphics-symbol img" aria-label="{text(_read(part))}"'
        return f"{group[1]} {label}>\n<title>{text(part.about.text)}</title>\n"

    # it writes hyphens as character references for the sake of its comments
    svg = _TITLE.sub("", _DOCTYPE.sub("", _COMMENT.sub("", svg), count=1)).replace("&#45;", "-")
    svg = _LINE.sub(_joined, svg)
    family, style = font_faces(_signs(svg))
    head, root, body = svg.replace(_SET_IN, "").partition("<svg ")
    attributes, end, inside = body.partition(">")
    name = text(scene.name)
    # other drawings in the same page have other names for these
    own = blake2s(f"{scene.name}\n{scene.alt}\n{svg}".encode(errors="replace"), digest_size=4).hexdigest()
    label = f'role="graphics-document document" aria-label="{name}" aria-labelledby="ogive-{own}-title"'
    label += f' aria-describedby="ogive-{own}-desc"' if scene.alt else ""
    if family:
        # browsers round the widths of letters to pixels unless they are asked to be exact
        label += f' font-family="{family}, {_FALLBACKS}" text-rendering="geometricPrecision"'
    about = f'\n<title id="ogive-{own}-title">{name}</title>'
    about += f'\n<desc id="ogive-{own}-desc">{text(scene.alt)}</desc>' if scene.alt else ""
    if style:
        about += f'\n<style type="text/css">\n{html.escape(style, quote=False)}</style>'
    return f"{head}{root}{label} {attributes}{end}{about}{_PART.sub(named, inside)}"


def _read(part: Mark | Frame) -> str:
    """A part aloud: `3×3 conv, 64; BN · ReLU; ×2: conv2.1 · 64×56×56 · …`."""
    lines = ["".join(run.text for run in line).strip() for line in part.lines]
    lines += [part.badge] if isinstance(part, Mark) else []
    said = "; ".join(filter(None, lines))
    about = part.about.text if part.about else ""
    return f"{said}: {about}" if said else about


def _joined(texts: re.Match[str]) -> str:
    """Runs of a line, each beginning where the one before it ends.

    Graphviz rounds the widths of letters to pixels, by up to a twentieth, which a browser does not.
    """
    end, height = math.nan, ""  # of the run before

    def placed(run: re.Match[str]) -> str:
        nonlocal end, height
        attributes, words = run.groups()
        place, size = _PLACE.search(attributes), _SIZE.search(attributes)
        if not place or not size or 'text-anchor="start"' not in attributes:
            end = math.nan
            return run[0]
        type_size = float(size[1])
        x = float(place[1])
        if height == place[2] and abs(x - end) < type_size:
            x = end
        end = x + text_width(html.unescape(words), type_size, _BOLD in attributes)
        height = place[2]
        return f"<text {attributes[: place.start(1)]}{x:.2f}{attributes[place.end(1) :]}>{words}</text>"

    return _TEXT.sub(placed, texts[0])


def _signs(svg: str) -> dict[bool, set[str]]:
    """What is written upright or slanted, and what in bold."""
    found: dict[bool, set[str]] = {False: set(), True: set()}
    for attributes, words in _TEXT.findall(svg):
        found[_BOLD in attributes].update(html.unescape(words))
    return found


def text(words: str) -> str:
    """Words as XML has them in text and in attributes."""
    return html.escape(_FORBIDDEN.sub(" ", words), quote=True)
