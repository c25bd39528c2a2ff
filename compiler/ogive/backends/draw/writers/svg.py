"""Graphviz's SVG as a figure for a page: an image with a name and a description, its parts with tooltips.

A few passes of regular expressions over the text; nothing is parsed, so that a thousand boxes cost nothing.
Whatever a program calls its parts is escaped.
"""

from __future__ import annotations

import html
import re

from ogive.backends.draw.colours import look
from ogive.backends.draw.scene import Scene

_FALLBACKS = "Verdana, sans-serif"
"""Where the font is not installed: one that is as wide, or any without serifs."""
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE[^>]*>\n?")
_TITLE = re.compile(r"<title>[^<]*</title>\n?")
_PART = re.compile(r'<g id="(mark|frame)-([^"]*)" class="(?:node|cluster)">\n')
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold (XML 1.0, section 2.2)."""


def finished(svg: str, scene: Scene) -> str:
    """Graphviz's SVG without its comments and the names that it gives, with ours.

    The root is an image (`role`) called after the scene (`aria-label`, `title`) and described by its `alt`;
    marks and frames that have something to tell get it as a `title`, which browsers show as a tooltip. Text
    stays text, in a font that readers have.

    Args:
        svg: what Graphviz made of `placed_dot(scene)`: its groups are called `mark-ID` and `frame-ID`.
        scene: that scene.
    """
    told = {("mark", mark.id): mark.about for mark in scene.marks}
    told |= {("frame", frame.id): frame.about for frame in scene.frames}

    def named(group: re.Match[str]) -> str:
        about = told.get((group[1], html.unescape(group[2])))
        return f"{group[0]}<title>{text(about.text)}</title>\n" if about and about.text else group[0]

    # it writes hyphens as character references for the sake of its comments
    svg = _TITLE.sub("", _DOCTYPE.sub("", _COMMENT.sub("", svg), count=1)).replace("&#45;", "-")
    svg = svg.replace(f'font-family="{look.FONT}"', f'font-family="{look.FONT}, {_FALLBACKS}"')
    head, root, body = svg.partition("<svg ")
    attributes, end, inside = body.partition(">")
    name = text(scene.name)
    label = f'role="img" aria-label="{name}"'
    about = f"\n<title>{name}</title>" + (f"\n<desc>{text(scene.alt)}</desc>" if scene.alt else "")
    return f"{head}{root}{label} {attributes}{end}{about}{_PART.sub(named, inside)}"


def text(words: str) -> str:
    """Words as XML has them in text and in attributes."""
    return html.escape(_FORBIDDEN.sub(" ", words), quote=True)
