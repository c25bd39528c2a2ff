"""Text is inside its box, as a reader sees it: in a finished SVG, by the widths of the font that it carries.

Nothing here asks what the layout took a text to be wide: a layout that measures wrongly is found out.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import pytest

import ogive
from backends.draw.svg import NS, NUMBER, SHAPES, advance, embedded
from ogive.backends.draw import Options, Subject, drawing
from ogive.backends.draw.styles.difference import difference_drawing

_CAPITAL, _DEPTH = 0.73, 0.2
"""What a line of type reaches above its base and below it, to its size."""
_BORDER = 1.0
"""Points between text and the side of its box, at least; a circle, or what has no border, may be filled."""
DRAWN: dict[str, tuple[str, Options]] = {
    "overview": ("resnet50", Options()),
    "narrow": ("googlenet", Options(fit=(3.25, 9.0))),
    "measured": ("densenet121", Options(colour_by="receptive-field")),
    "full": ("lenet5", Options("full", legend=True)),
    "beside": ("vgg16 resnet18 googlenet", Options()),
    "tensors": ("unet", Options("tensors")),
    "chain": ("densenet121", Options("chain")),
    "arcs": ("densenet121", Options("arcs")),
    "clique": ("cliquenet_k36_t12", Options("clique")),
    "unfolded": ("cliquenet_k36_t12", Options("unfolded")),
}
DIFFERENCES = {
    "edit": ("resnet50", "resnet50", "replace relu with gelu"),
    "unlike": ("vgg16", "resnet50", ""),
}


@dataclass(frozen=True)
class Rectangle:
    """In points from the upper left corner; `what` is written there."""

    what: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Part:
    """A mark or frame: its box, unless it is text alone, and what is written in it."""

    id: str
    box: Rectangle | None
    border: float
    texts: tuple[Rectangle, ...]


@cache
def svg(name: str) -> str:
    if name in DIFFERENCES:
        a, b, edit = DIFFERENCES[name]
        found = ogive.diff(ogive.load(a), ogive.load(b, edits=[edit] if edit else []))
        return difference_drawing(found, "svg").data.decode()
    targets, options = DRAWN[name]
    subjects = [Subject(net.ir, net.unrolled) for net in map(ogive.load, targets.split())]
    return drawing(subjects, "svg", options).data.decode()


@cache
def parts(name: str) -> tuple[list[Part], float, float]:
    """What is drawn, and the width and height of the drawing."""
    text = svg(name)
    root, fonts = ET.fromstring(text), embedded(text)
    width, height = (float(root.attrib[key].removesuffix("pt")) for key in ("width", "height"))
    graph = next(group for group in root.iter(f"{NS}g") if group.get("class") == "graph")
    scale = float(graph.attrib["transform"].split("scale(")[1].split()[0].rstrip(")"))
    dx, dy = map(float, graph.attrib["transform"].split("translate(")[1].rstrip(")").split())

    def placed(what: str, left: float, top: float, right: float, bottom: float) -> Rectangle:
        corners = (left + dx) * scale, (top + dy) * scale, (right + dx) * scale, (bottom + dy) * scale
        return Rectangle(what, *corners)

    def texts(group: ET.Element) -> Iterator[Rectangle]:
        for element in group.iter(f"{NS}text"):
            words, size = (element.text or ""), float(element.attrib["font-size"])
            bare = words.strip(" \N{NO-BREAK SPACE}")
            if not bare:
                continue
            bold = element.get("font-weight") == "bold"
            wide = advance(fonts, words, size, bold)
            anchor = element.get("text-anchor", "start")
            left = float(element.attrib["x"]) - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
            indent = advance(fonts, words[: words.index(bare)], size, bold)
            ink, base = advance(fonts, bare, size, bold), float(element.attrib["y"])
            left += indent
            yield placed(words, left, base - _CAPITAL * size, left + ink, base + _DEPTH * size)

    def box(group: ET.Element) -> tuple[Rectangle | None, float]:
        shape = next((each for each in group.iter() if each.tag in SHAPES), None)
        if shape is None:
            return None, 0.0
        if shape.tag == f"{NS}ellipse":
            x, y, rx, ry = (float(shape.attrib[key]) for key in ("cx", "cy", "rx", "ry"))
            return placed("", x - rx, y - ry, x + rx, y + ry), 0.0
        numbers = [float(number) for number in NUMBER.findall(shape.get("d") or shape.attrib["points"])]
        xs, ys = numbers[::2], numbers[1::2]
        bordered = shape.get("stroke") not in {None, "none", "transparent"}
        return placed("", min(xs), min(ys), max(xs), max(ys)), _BORDER if bordered else 0.0

    groups = [group for group in graph.iter(f"{NS}g") if group.get("class") in {"node", "cluster"}]
    return [Part(g.get("id", ""), *box(g), tuple(texts(g))) for g in groups], width, height


EVERY = [*DRAWN, *DIFFERENCES]


@pytest.mark.parametrize("name", EVERY)
def test_text_is_inside_its_box(name: str) -> None:
    written = 0
    for part in parts(name)[0]:
        written += len(part.texts)
        if part.box is None:
            continue
        for text in part.texts:
            assert part.box.left + part.border <= text.left, (part.id, text)
            assert text.right <= part.box.right - part.border, (part.id, text)
            assert part.box.top <= text.top, (part.id, text)
            assert text.bottom <= part.box.bottom + 0.1, (part.id, text)
    assert written > 8


@pytest.mark.parametrize("name", EVERY)
def test_no_text_lies_on_another_or_leaves_the_drawing(name: str) -> None:
    drawn, width, height = parts(name)
    texts = [text for part in drawn for text in part.texts]
    for text in texts:
        assert 0 <= text.left < text.right <= width, text
        assert 0 <= text.top < text.bottom <= height, text
    for a, b in combinations(texts, 2):
        across = min(a.right, b.right) - max(a.left, b.left)
        down = min(a.bottom, b.bottom) - max(a.top, b.top)
        assert across <= 0.1 or down <= 0.1, (a, b)
