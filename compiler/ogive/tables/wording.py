"""A layer in the words of a table.

What a layer says of itself in a drawing (`3×3 conv, 64, /2, 32 groups`) a table of a paper says a little
differently: `3×3, 64, stride 2, G=32`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ogive.layers.base import Look
from ogive.tables.prose import listed

_STRIDE = re.compile(r"/(\d[\d×]*)")
_GROUPS = re.compile(r"(\d+) groups")
_CONV = " conv"
_IN_PAPERS = {"avg pool": "average pool", "linear": "fc"}
"""What papers call otherwise than drawings do; a linear map only where it makes a vector."""
_JOINS = {
    "concat": "concatenation", "add": "sum", "sub": "difference", "mul": "product", "mean": "mean",
    "max": "maximum",
}  # fmt: skip
"""What becomes of several results."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A layer in words.

    Attributes:
        title: its name with its kernel: `3×3 conv`, `2×2 average pool`, `linear`.
        kind: the kind of its look.
        width: the channels that it makes, where it says so.
        stride: its step, where it has one.
        rest: what else there is to say: `G=32`, `12 heads`.
        added: how many channels are appended to others, while `width` are added to some (Chen et al. 2017).
        vector: whether it makes a vector.
    """

    title: str
    kind: str
    width: str = ""
    stride: str = ""
    rest: tuple[str, ...] = ()
    added: str = ""
    vector: bool = False

    @property
    def kernel(self) -> str:
        """The title of a convolution without that word: `3×3`, `3×3 dw`."""
        return self.title.removesuffix(_CONV)

    def text(self) -> str:
        """`3×3, 64, stride 2`, `1×1 conv` where there is no width to tell, `1000-d fc`."""
        if self.kind == "merge" and self.title in _JOINS and len(self.rest) > 1:
            return f"{_JOINS[self.title]} of {_span(self.rest)}"
        rest = (*((f"stride {self.stride}",) if self.stride else ()), *self.rest)
        if self.vector and self.title in _IN_PAPERS and self.width:
            return ", ".join((f"{self.width}-d {_IN_PAPERS[self.title]}", *rest))
        if not self.width:
            return ", ".join((self.title, *rest))
        width = f"{self.width} (+{self.added})" if self.added else self.width
        kernel = (
            self.kernel if self.kind == "conv" and "×" in self.kernel else self.title
        )  # a 1-d kernel is bare
        return ", ".join((kernel, width, *rest))

    def patch(self) -> str:
        """Kernel and stride: `7×7/2`; empty for a layer without a kernel."""
        kernel = re.match(r"\d+(×\d+)*(?= )", self.title)
        return f"{kernel[0]}/{self.stride or 1}" if kernel else ""

    def without(self, *, width: bool = False, stride: bool = False) -> Wording:
        """The same without its width, or its stride."""
        return replace(
            self,
            width="" if width else self.width,
            added="" if width else self.added,
            stride="" if stride else self.stride,
        )


def _span(names: Sequence[str]) -> str:
    """`head1 to head4` of names that count on, `a, b and c` of others."""
    base = names[0].rstrip("0123456789")
    first = names[0][len(base) :]
    if len(names) > 2 and first and list(names) == [f"{base}{int(first) + at}" for at in range(len(names))]:
        return f"{names[0]} to {names[-1]}"
    return listed(names)


def worded(look: Look, width: str, *, vector: bool) -> Wording:
    """A layer that looks so.

    Args:
        look: how it is drawn.
        width: the channels of what it makes.
        vector: whether that is a vector.
    """
    title, *details = look.label.split(" · ")[0].split(", ")
    stride, rest, own = "", [], ""
    for detail in details:
        if detail == width and not own:
            own = detail
        elif step := _STRIDE.fullmatch(detail):
            stride = step[1]
        elif groups := _GROUPS.fullmatch(detail):
            rest.append(f"G={groups[1]}")
        else:
            rest.append(detail)
    if look.kind == "pool":
        title = title.replace("avg pool", _IN_PAPERS["avg pool"])
    return Wording(title, look.kind, own, stride, tuple(rest), vector=vector)
