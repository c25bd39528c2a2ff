"""What the arrows of a tensor figure say: `conv 3×3, BN, ReLU`, `max pool 2×2`, `Bottleneck (1×1 · 3×3 ·
1×1)`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ogive.backends.draw.fold.folding import name_of
from ogive.backends.draw.fold.forms import letters
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import clip
from ogive.backends.draw.styles.tensors_parts import Looks, Part
from ogive.graph import Region
from ogive.layers.base import Look

KINDS = ("conv", "up", "pool", "linear", "attention", "other")
"""Of operations, by what they do to a tensor; each has a colour."""
SILENT = frozenset({"dropout"})
"""Looks of layers that are nothing to see in inference."""
_UNSAID = frozenset({"identity", "flatten", "concat", "chunk", "split", "permute", "map"})
"""Layers that the boxes show, or that only say how a tensor is laid out."""
_LONG_NUMBER = re.compile(r"\d+\.\d{3,}")
_WINDOWED = re.compile(r"(\d+(?:×\d+)*) (\w.*)")
_LONGEST = 46
_MOST_KERNELS = 4
_MOST_INITIALS = 3


@dataclass(frozen=True, slots=True)
class Operation:
    """What an arrow stands for.

    Attributes:
        text: what a legend calls it.
        kind: one of `KINDS`.
        tags: short, to tell it from others of its kind: `1×1`, `/2`.
        folded: whether it is a block, and not a layer with what goes with it.
        name: of a block; what it is called where there is little room.
    """

    text: str
    kind: str = "other"
    tags: tuple[str, ...] = ()
    folded: bool = False
    name: str = ""

    @property
    def label(self) -> str:
        """What an arrow says that is written at."""
        return self.name or self.text


def layer_text(look: Look) -> str:
    """`conv 3×3`, `conv 7×7 /2`, `max pool 2×2`: the window behind the name, and the step where it is another
    one.
    """
    found = _WINDOWED.fullmatch(look.short)
    window, name = found.groups() if found else ("", look.short)
    parts = look.label.split(", ")[1:]
    step = next((part for part in parts if re.fullmatch(r"[/×][\d×]+", part)), "")
    usual = "×".join([step[1:]] * (window.count("×") + 1))
    if window and (step == "" or ((look.kind == "pool" or step[0] == "×") and usual == window)):
        step = ""
    dilated = next((part for part in parts if part.startswith("dilated")), "")
    text = " ".join(part for part in (name, window, step, dilated) if part)
    return _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.3g}", text)


def initials(name: str) -> tuple[str, ...]:
    """`IA` of `InceptionA`: what a block is told from others by."""
    found = "".join(re.findall(r"[A-Z\d]", name))
    return (found,) if 0 < len(found) <= _MOST_INITIALS else ()


def tags(look: Look) -> tuple[str, ...]:
    """The window of a layer, and its step: `3×3`, `/2`; as far as it has them."""
    found = _WINDOWED.fullmatch(look.short)
    step = next((part for part in look.label.split(", ")[1:] if re.fullmatch(r"[/×][\d×]+", part)), "")
    return tuple(part for part in (found[1] if found else "", step) if part)


class Words:
    """What the layers and regions of a net are called."""

    def __init__(self, structure: Structure, looks: Looks) -> None:
        self.structure = structure
        self.graph = structure.graph
        self.looks = looks
        self._said: dict[str | None, str] = {}

    def part(self, part: Part, *, joins: bool = False) -> str:
        """What a part does; empty for what is not said. `joins`: whether it joins what is drawn beside it."""
        if part.region is not None:
            return self.region(part.region)
        layer, look = self.graph.node(part.last).layer, self.looks[part.last]
        if look.kind in SILENT or layer.kind in _UNSAID:
            return ""
        if look.kind == "merge":
            return layer.kind if joins and layer.kind != "add" else ""
        return layer_text(look)

    def parts(self, parts: Sequence[Part]) -> str:
        """What parts in a row do."""
        return clip(", ".join(text for text in map(self.part, parts) if text), _LONGEST)

    def name(self, region: Region) -> str:
        """A folded region in a word or two."""
        match region.kind:
            case "dense":
                return "dense layer"
            case "merge":
                branches = self._alike(region)
                nodes = self.structure.nodes[branches[0].id] if branches else ()
                first = next(filter(self.looks.leads, nodes), None)
                return f"{len(branches)} × {layer_text(self.looks[first])}" if first else ""
            case "stage" | "block" | "residual":
                return name_of(region)
            case _:
                return ""

    def region(self, region: Region) -> str:
        """A folded region: what a definition or a stage is called, and its convolutions where they stand in a
        row.
        """
        match region.kind:
            case "dense":
                turn = self.structure.children[region.id]
                return _with("dense layer", self._kernels(turn[0].id, joined=True) if turn else [])
            case "clique" if region.clique:
                return f"clique, {region.clique.layers} layers"
            case "merge":
                return self._branches(region)
            case "repeat" | "iteration" | "branch":
                return f"{sum(map(self.looks.leads, self.structure.nodes[region.id]))} layers"
            case "block":
                return clip(self._block(region), _LONGEST)
            case _:
                return clip(_with(name_of(region), self._kernels(region.id)), _LONGEST)

    def _block(self, region: Region) -> str:
        """A folded block: `Bottleneck (1×1 · 3×3 · 1×1)`, if that is true of all its uses; else
        `MBConv, in 3 forms`, as many as an overview has letters for.
        """
        if region.block not in self._said:
            uses = [r for r in self.graph.regions.values() if r.kind == "block" and r.block == region.block]
            uses = [use for use in uses if self.structure.nodes[use.id]]
            kernels = {tuple(self._kernels(use.id)) for use in uses}
            marks = letters(self.structure)
            forms = len({marks.get(use.id, "") for use in uses})
            name = name_of(region)
            if len(kernels) == 1 and (own := kernels.pop()):
                self._said[region.block] = _with(name, own)
            else:
                self._said[region.block] = f"{name}, in {forms} forms" if forms > 1 else name
        return self._said[region.block]

    def repeated(self, region: Region | None) -> int:
        """How often a folded region does what its arrow says: a dense block for each of its layers."""
        return len(self.structure.children[region.id]) or 1 if region and region.kind == "dense" else 1

    def _branches(self, region: Region) -> str:
        branches, word = self._alike(region), clip(region.block or "merge", 12)
        if branches:
            said = self.parts([Part((name,)) for name in self.structure.nodes[branches[0].id]])
            return clip(f"{len(branches)} × ({said}), {word}", _LONGEST)
        return f"{len(self._full(region))} branches, {word}"

    def _alike(self, region: Region) -> list[Region]:
        """The branches of a merge, if they are the same; else none."""
        branches = self._full(region)
        same = len({self.structure.signature(branch) for branch in branches}) == 1
        return branches if same and len(branches) > 1 else []

    def _full(self, region: Region) -> list[Region]:
        return [b for b in self.structure.children[region.id] if self.structure.nodes[b.id]]

    def _kernels(self, region: int, *, joined: bool = False) -> list[str]:
        """The windows of the convolutions of a region, if they stand in a row; `joined`: what enters it may
        be.
        """
        nodes = [self.graph.node(name) for name in self.structure.nodes[region]]
        around = [[r for r in self.graph.ancestors(n.region) if r.id > region] for n in nodes]
        if any(r.kind in {"merge", "branch", "clique", "dense"} for inner in around for r in inner):
            return []
        residual = any(
            r.kind == "residual" for r in (self.graph.regions[region], *(r for i in around for r in i))
        )
        allowed = {"concat"} if joined else {"add"} if residual else set[str]()
        if any(self.looks[n.name].kind == "merge" and n.layer.kind not in allowed for n in nodes):
            return []
        own = (n for n, inner in zip(nodes, around, strict=True) if all(r.kind != "shortcut" for r in inner))
        found = ["".join(tags(self.looks[n.name])[:1]) for n in own if self.looks[n.name].kind == "conv"]
        return found if 1 < len(found) <= _MOST_KERNELS and all(found) else []


def _with(name: str, kernels: Sequence[str]) -> str:
    return f"{name} ({' · '.join(kernels)})" if kernels else name
