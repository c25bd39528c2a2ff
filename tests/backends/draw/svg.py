"""Reads a drawing back: boxes, frames, texts with the extents that the font gives them, points of arrows."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fontTools.ttLib import TTFont
from matplotlib.ft2font import FT2Font, LoadFlags

from ogive.resources import fonts

NS = "{http://www.w3.org/2000/svg}"
SHAPES = {f"{NS}path", f"{NS}polygon", f"{NS}ellipse"}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@cache
def _font(bold: bool) -> FT2Font:
    font = FT2Font(str(fonts() / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")))
    font.set_size(100, 72)
    return font


def text_width(text: str, size: float, bold: bool) -> float:
    """In user units, unhinted."""
    font = _font(bold)
    font.set_text(text, 0.0, LoadFlags.NO_HINTING)
    return font.get_width_height()[0] / 64 * size / 100


@dataclass
class Box:
    left: float
    top: float
    right: float
    bottom: float
    fill: str
    text: list[str] = field(default_factory=list)


@dataclass
class Text:
    text: str
    left: float
    top: float
    right: float
    bottom: float
    box: tuple[float, float, float, float] | None
    size: float = 0.0
    """In points, as printed."""


def embedded(svg: str) -> dict[bool, Any]:
    """The fonts in a drawing: upright, and bold."""
    style = "".join(style.text or "" for style in ET.fromstring(svg).iter(f"{NS}style"))
    faces = re.findall(r"font-weight: (\w+); src: url\(data:font/ttf;base64,([^)]*)\)", style)
    return {weight == "bold": TTFont(io.BytesIO(base64.b64decode(data))) for weight, data in faces}


def advance(fonts: dict[bool, Any], text: str, size: float, bold: bool) -> float:
    """How far text goes in these fonts, which have all of its signs, in the unit of the size."""
    font = fonts[bold]
    codes, metrics = font.getBestCmap(), font["hmtx"].metrics
    return sum(metrics[codes[ord(sign)]][0] for sign in text) * size / font["head"].unitsPerEm


class Image:
    """An SVG, in points."""

    def __init__(self, svg: str) -> None:
        root = ET.fromstring(svg)
        self.width, self.height = (float(root.attrib[k].removesuffix("pt")) for k in ("width", "height"))
        drawing = root.find(f"{NS}g")
        assert drawing is not None
        transform = drawing.attrib["transform"]
        scale = float(transform.split("scale(")[1].split()[0].rstrip(")"))
        dx, dy = (float(v) for v in transform.split("translate(")[1].rstrip(")").split())
        self._place = lambda x, y: ((x + dx) * scale, (y + dy) * scale)
        self._scale = scale
        self.boxes: list[Box] = []
        self.frames: list[Box] = []
        self.texts: list[Text] = []
        self.titles: list[Text] = []
        self.points: list[tuple[float, float]] = []
        for group in drawing.iter(f"{NS}g"):
            match group.get("class"):
                case "node" if not any(e.tag in SHAPES for e in group):  # text alone: labels of arrows, notes
                    self._texts(group, None)
                case "node":
                    box = self._shape(group)
                    self.boxes.append(box)
                    self._texts(group, box)
                case "cluster":
                    self.frames.append(self._shape(group))
                    self.titles += self._texts(group, self.frames[-1])
                case "edge":
                    self._texts(group, None)
                    for path in group.findall(f"{NS}path"):
                        self.points += self._curve(path.attrib["d"])

    def _shape(self, group: ET.Element) -> Box:
        shape = next(e for e in group if e.tag in SHAPES)
        if shape.tag == f"{NS}ellipse":
            cx, cy, rx, ry = (float(shape.attrib[k]) for k in ("cx", "cy", "rx", "ry"))
            xs, ys = [cx - rx, cx + rx], [cy - ry, cy + ry]
        else:
            numbers = [float(n) for n in NUMBER.findall(shape.get("d") or shape.attrib["points"])]
            xs, ys = numbers[::2], numbers[1::2]
        left, top = self._place(min(xs), min(ys))
        right, bottom = self._place(max(xs), max(ys))
        return Box(left, top, right, bottom, shape.attrib["fill"])

    def _texts(self, group: ET.Element, box: Box | None) -> list[Text]:
        found: list[Text] = []
        for element in group.findall(f"{NS}text"):
            text = (element.text or "").replace("\xa0", " ")
            size = float(element.attrib["font-size"])
            width = text_width(text, size, element.get("font-weight") == "bold")
            x, y = float(element.attrib["x"]), float(element.attrib["y"])
            x -= {"start": 0.0, "middle": width / 2, "end": width}[element.get("text-anchor", "start")]
            left, top = self._place(x, y - 0.73 * size)  # the height of a capital
            right, bottom = self._place(x + width, y + 0.2 * size)
            bounds = (box.left, box.top, box.right, box.bottom) if box else None
            found.append(Text(text, left, top, right, bottom, bounds, size * self._scale))
            if box:
                box.text.append(text)
        self.texts += found
        return found

    def _curve(self, path: str) -> list[tuple[float, float]]:
        numbers = [float(n) for n in NUMBER.findall(path)]
        control = list(zip(numbers[::2], numbers[1::2], strict=True))
        points: list[tuple[float, float]] = []
        for i in range(0, len(control) - 3, 3):
            a, b, c, d = control[i : i + 4]
            for step in range(101):
                t = step / 100
                s = 1 - t
                weights = (s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t)
                terms = list(zip(weights, (a, b, c, d), strict=True))
                points.append(self._place(sum(w * p[0] for w, p in terms), sum(w * p[1] for w, p in terms)))
        return points
