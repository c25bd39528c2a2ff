"""Picture to bytes: svg, pdf, png."""

from __future__ import annotations

import html
import json
import re
import struct
import subprocess
import sys
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import ogive.resources
from ogive.backends.draw import fonts, look
from ogive.backends.draw.dot import Writer
from ogive.backends.draw.picture import Picture, Ring
from ogive.backends.draw.worker import MISSING
from ogive.diagnostics import ArchError, Diagnostic

SCALE = 2.0
TIME_LIMIT = 20.0
"""Seconds."""


class TooSlow(Exception):
    """The layout reached its time limit."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file's bytes, and the size of the drawing in points."""

    data: bytes
    width: float
    height: float


def render(picture: Picture, format: str, dpi: int = 200, time_limit: float = TIME_LIMIT) -> Rendered:  # noqa: A002
    """Lays a picture out in a process of its own and renders it. The same picture gives the same bytes.

    Args:
        picture: what to draw.
        format: `svg`, `pdf` or `png`.
        dpi: of a png.
        time_limit: seconds.

    Raises:
        TooSlow: the time limit was reached.
        ArchError: E511, pygraphviz is not installed; E512, Graphviz failed.
    """
    writer = Writer(SCALE, frames=True)
    rings = [
        {"id": b.id, "layers": b.body.layers, "lines": len(b.lines), "links": b.body.links()}
        for p in (picture, *picture.definitions)
        for b in p.boxes()
        if isinstance(b, Ring)
    ]
    parts = [g.source for g in writer.parts(picture)]
    skips = [(e.tail, e.head) for p in (picture, *picture.definitions) for e in p.edges if e.style == "skip"]
    job = {"parts": parts, "rings": rings, "skips": skips, "format": format, "dpi": dpi, "scale": SCALE}
    about, data = _run(json.dumps(job).encode(), time_limit)
    if format == "svg":
        data = accessible(data.decode(), picture.name).encode()
    if format == "png":
        data = with_density(data, dpi)
    if format == "pdf":
        data = _DATE.sub(rb"/CreationDate (D:19800101000000Z)", data)
    return Rendered(data, about["width"], about["height"])


def _run(job: bytes, time_limit: float) -> tuple[dict[str, float], bytes]:
    package = Path(ogive.resources.__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory(prefix="ogive-draw-") as folder:
        environment = {**fonts.environment(Path(folder)), "PYTHONPATH": str(package)}
        command = [sys.executable, "-P", "-m", "ogive.backends.draw.worker"]
        try:
            done = subprocess.run(
                command, input=job, capture_output=True, timeout=time_limit, env=environment, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise TooSlow from error
    if done.returncode == MISSING:
        message = "drawings need pygraphviz, which is not installed"
        raise ArchError([Diagnostic("E511", message, help="pip install pygraphviz")])
    first, _, data = done.stdout.partition(b"\n")
    if done.returncode or not data:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        notes = (("graphviz", said[-1][:200]),) if said else ()
        raise ArchError([Diagnostic("E512", "Graphviz could not lay the drawing out", notes=notes)])
    return json.loads(first), data


def with_density(png: bytes, dpi: int) -> bytes:
    """A PNG that says how many pixels a metre has (its `pHYs` chunk; PNG specification, section 11.3.4.3)."""
    at = 33  # behind the signature and IHDR, which are always that long
    while png[at + 4 : at + 8] not in (b"IDAT", b"pHYs"):
        at += 12 + struct.unpack(">I", png[at : at + 4])[0]
    old = 21 if png[at + 4 : at + 8] == b"pHYs" else 0
    chunk = b"pHYs" + struct.pack(">IIB", *[round(dpi / 0.0254)] * 2, 1)
    return png[:at] + struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[at + old :]


_DATE = re.compile(rb"/CreationDate \([^)]*\)")
_TITLE = re.compile(r"<title>[^<]*</title>\n?")
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)


def accessible(svg: str, name: str) -> str:
    """Graphviz's SVG as an image with a title, without its comments and the tooltips of its own ids."""
    svg = _COMMENT.sub("", _TITLE.sub("", svg))
    svg = svg.replace(f'font-family="{look.FONT}"', f'font-family="{look.FONT}, Verdana, sans-serif"')
    title = html.escape(name)
    start = svg.index("<svg ")
    end = svg.index(">", start)
    head = svg[start:end].replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
    return f"{svg[:start]}{head}>\n<title>{title}</title>{svg[end + 1 :]}"
