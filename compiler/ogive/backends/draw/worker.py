"""The process that lays out and renders, apart so that a time limit can end it: JSON in, bytes out.

Reads `{"parts": [DOT …], "rings": […], "skips": […], "format": …, "dpi": …, "scale": …}` and writes a line of
JSON with the width and height in points, then the file. pygraphviz is imported here and nowhere else.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import warnings
from typing import Any

from ogive.backends.draw.compose import compose
from ogive.backends.draw.dot import Writer

MISSING = 3
"""The exit status when pygraphviz cannot be imported."""

_WHITE = "#fffffffe"
"""Opaque to the eye. Were it wholly so, Cairo would write RGB or RGBA by whether the last pixels are cut."""


def work(job: dict[str, Any]) -> tuple[dict[str, float], bytes]:
    """Lays every part out with dot, puts them together, renders what came out as it stands."""
    import pygraphviz

    laid_out = (_drawn(pygraphviz.AGraph(string=text), "json0", "dot") for text in job["parts"])
    parts: list[dict[str, Any]] = [json.loads(part) for part in laid_out]
    writer = Writer(job["scale"], frames=True)
    text, width, height = compose(parts, job["rings"], [(a, b) for a, b in job["skips"]], writer)
    graph = pygraphviz.AGraph(string=text)
    # `size` in inches is the bound that Graphviz shrinks a drawing to: the way back to scale 1
    graph.graph_attr["size"] = f"{width / 72:.5f},{height / 72:.5f}"
    graph.graph_attr["margin"] = "0"  # else a PDF has half an inch of white around it
    if job["format"] == "png":
        graph.graph_attr["dpi"] = str(job["dpi"])
        graph.graph_attr["bgcolor"] = _WHITE
    return {"width": width, "height": height}, _drawn(graph, job["format"], "nop2")


def _drawn(graph: Any, format: str, layout: str) -> bytes:  # noqa: A002 - Graphviz's word
    data: bytes | None = graph.draw(format=format, prog=layout)
    return data or b""


def main() -> int:
    """One job."""
    if importlib.util.find_spec("pygraphviz") is None:
        return MISSING
    warnings.simplefilter("ignore")
    about, data = work(json.loads(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(json.dumps(about).encode() + b"\n" + data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
