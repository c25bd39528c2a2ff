"""Scene to bytes: svg, pdf, png, and texts for Graphviz and LaTeX."""

from __future__ import annotations

import math
import re
import struct
import zlib
from dataclasses import replace

from ogive.backends.draw.choices import LEAST_DPI
from ogive.backends.draw.fitting.space import PAD
from ogive.backends.draw.layout.process import Graphviz
from ogive.backends.draw.scene import Scene
from ogive.backends.draw.writers.dot import placed_dot
from ogive.backends.draw.writers.svg import finished
from ogive.diagnostics import ArchError, Diagnostic

_SIDE = 32_000
"""The most pixels on a side: Cairo's images have at most 32,767, and Graphviz rounds up."""
_PIXELS = 500_000_000
"""The most in all: an image has less than 2 GiB, four bytes each."""


def render_scene(
    scene: Scene,
    format: str,  # noqa: A002
    graphviz: Graphviz,
    dpi: int = 200,
    scale: float = 1.0,
    caption: str = "",
) -> bytes:
    """A file's bytes. The same scene gives the same bytes.

    Args:
        scene: what to draw; white is added around it.
        format: `svg`, `pdf`, `png`, `dot`, `tikz` or `tex`.
        graphviz: what renders; a text is not sent there.
        dpi: of a png.
        scale: the finished drawing's size to the scene's.
        caption: what stands below it in a paper; a comment in the text for LaTeX.

    Raises:
        TooSlow: the time limit was reached.
        ArchError: E511, pygraphviz is not installed; E512, Graphviz failed, or a png would be too large.
    """
    scene = padded(scene, PAD)
    if format in {"tikz", "tex"}:
        from ogive.backends.draw.writers.tikz import tikz

        return tikz(scene, caption=caption, scale=scale).encode()
    if format == "png":
        require_pixels(scene.width * scale, scene.height * scale, dpi)
    text = placed_dot(scene, (scene.width * scale, scene.height * scale))
    if format == "dot":
        return text.encode()
    data = graphviz.render(text, format, dpi)
    if format == "svg":
        return finished(data.decode(), scene).encode()
    if format == "png":
        return with_density(data, dpi)
    return _DATE.sub(_timeless, data)


def write_scene(scene: Scene, format: str, dpi: int = 200, scale: float = 1.0) -> bytes:  # noqa: A002
    """`render_scene` with a Graphviz of its own."""
    with Graphviz() as graphviz:
        return render_scene(scene, format, graphviz, dpi, scale)


def padded(scene: Scene, by: float) -> Scene:
    """The scene with white around it, in points."""
    return replace(scene.moved(by, by), width=scene.width + 2 * by, height=scene.height + 2 * by)


def require_pixels(width: float, height: float, dpi: int) -> None:
    """Refuses a PNG that Cairo cannot make; Graphviz would make a smaller one, and say so to nobody.

    Args:
        width: in points.
        height: in points.
        dpi: dots to the inch.

    Raises:
        ArchError: E512.
    """
    most = 72 * min(_SIDE / max(width, height), math.sqrt(_PIXELS / (width * height)))
    if dpi <= most:
        return
    across, down = (round(length * dpi / 72) for length in (width, height))
    message = f"at {dpi} dots to the inch this PNG would have {across:,} × {down:,} pixels, too many for one"
    help = "write it as .pdf or .svg, which have no dots"
    if most >= LEAST_DPI:
        help = f"`--dpi {int(most)}` is the most here; or {help}"
    raise ArchError([Diagnostic("E512", message, help=help)])


def with_density(png: bytes, dpi: int) -> bytes:
    """A PNG that says how many pixels a metre has (its `pHYs` chunk; PNG specification, section 11.3.4.3)."""
    at = 33  # behind the signature and IHDR, which are always that long
    while png[at + 4 : at + 8] not in (b"IDAT", b"pHYs"):
        at += 12 + struct.unpack(">I", png[at : at + 4])[0]
    old = 21 if png[at + 4 : at + 8] == b"pHYs" else 0
    chunk = b"pHYs" + struct.pack(">IIB", *[round(dpi / 0.0254)] * 2, 1)
    return png[:at] + struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[at + old :]


_DATE = re.compile(rb"(/CreationDate \(D:)([^)]*)(\))")
_EPOCH = b"19800101000000Z"


def _timeless(date: re.Match[bytes]) -> bytes:
    """The date of all drawings, as long as what Cairo wrote: what is behind it is found by its place."""
    said = date.group(2)
    return date.group(1) + _EPOCH[: len(said)] + b"0" * (len(said) - len(_EPOCH)) + date.group(3)
