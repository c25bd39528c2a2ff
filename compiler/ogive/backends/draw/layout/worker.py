"""The process that lays out and renders: DOT in, bytes out, as long as its standard input lasts.

A request is a line of JSON, `{"program": …, "format": …, "dpi": …, "length": N}`, and N bytes of DOT; an
answer is `{"length": N, "error": …}` and N bytes. pygraphviz is imported here and nowhere else.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import warnings
from typing import Any

MISSING = 3
"""The exit status when pygraphviz cannot be imported."""

_WHITE = "#fffffffe"
"""Opaque to the eye. Were it wholly so, Cairo would write RGB or RGBA by whether the last pixels are cut."""


def answer(request: dict[str, Any], dot: str) -> bytes:
    """What Graphviz makes of a text."""
    import pygraphviz

    graph = pygraphviz.AGraph(string=dot)
    if request["format"] == "png":
        graph.graph_attr["dpi"] = str(request["dpi"])
        graph.graph_attr["bgcolor"] = _WHITE
    data: bytes | None = graph.draw(format=request["format"], prog=request["program"])
    return data or b""


def main() -> int:
    """All requests."""
    if importlib.util.find_spec("pygraphviz") is None:
        return MISSING
    warnings.simplefilter("ignore")
    importlib.import_module("pygraphviz")  # before the first request comes

    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not come between
    while request := sys.stdin.buffer.readline():
        about = json.loads(request)
        dot = sys.stdin.buffer.read(about["length"]).decode()
        data, error = b"", ""
        try:
            data = answer(about, dot)
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
        out.write(json.dumps({"length": len(data), "error": error}).encode() + b"\n" + data)
        out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
