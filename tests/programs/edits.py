"""Edits of what was written: `insert … before`, `remove`, `replace … with`, `set`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ogive.layers.base import Initializer, Layer
from tests.programs.arguments import FLOATS, written
from tests.programs.author import Author, Made

_LETTERS = re.compile(r"\b(here|in|[a-z]+\d+)\b")
"""Names that mean something only where they were written."""
_KEEPING = ("relu", "gelu", "dropout(0.1)", "identity", "scale(0.5)", "tanh", "abs", "relu -> dropout(0.2)")
_REMOVABLE = ("act", "norm", "dropout")
_GROUPS = ("conv", "act", "norm", "pool", "dropout")


def edit(author: Author, kinds: Sequence[Made]) -> str | None:
    """An edit that matches something among the given layers, or None where there are none."""
    if author.careless():
        return author.pick(
            ("remove lrn", "insert bn before act", "replace conv with linear(3)", 'remove act in "x*"')
        )
    if not kinds:
        return None
    made = author.pick(list(kinds))
    layer = made.layer
    target = layer.kind
    if layer.group in _GROUPS and author.chance(0.3):
        target = layer.group
    ways = ["insert", "insert"]
    if layer.group in _REMOVABLE:
        ways += ["remove", "replace"]
    if settable(layer):
        ways.append("set")
    if author.chance(0.15) and layer.arity[1] == 1 and not _LETTERS.search(made.text[len(layer.kind) :]):
        target = made.text  # with the arguments that it has
    way = author.pick(ways)
    author.use(f"edit {way}")
    return _written(author, made.layer, way, target) + _within(author)


def _within(author: Author) -> str:
    """The stages that it keeps to."""
    if "stage" in author.used and author.chance(0.1):
        author.use("edit in stages")
        return f' in "{author.pick(("s*", "*", "?[0-9]*", "a b *"))}"'
    return ""


def _written(author: Author, layer: Layer, way: str, target: str) -> str:
    """The edit, without the stages that it keeps to."""
    if way == "insert":
        inserted = author.pick(_KEEPING)
        return f"insert {inserted} {author.pick(('before', 'after'))} {target}"
    if way == "remove":
        return f"remove {target}"
    if way == "replace":
        same = [k.kind for k in author.library.layers() if k.group == layer.group and not _required(k)]
        return f"replace {target} with {author.pick(same or ['identity'])}"
    name, value = author.pick(settable(layer))
    return f"set {layer.kind}({name} = {value})"


def _required(kind: type[Layer]) -> bool:
    return any(spec.required for spec in kind.arguments())


def settable(layer: Layer) -> list[tuple[str, str]]:
    """Arguments of a layer, with values, that change no shape."""
    found: list[tuple[str, str]] = []
    for spec in layer.arguments():
        if spec.types == (float,) and spec.name != "scale_factor":
            low = spec.minimum if spec.minimum is not None else -1.0
            high = spec.maximum if spec.maximum is not None else 9.0
            found += [(spec.name, repr(v)) for v in FLOATS if low < v < high][:2]
        elif bool in spec.types and spec.name in ("bias", "affine"):
            found += [(spec.name, "true"), (spec.name, "false")]
        elif Initializer in spec.types:
            found.append((spec.name, written(Initializer("normal", (("std", 0.02),)))))
    return found
