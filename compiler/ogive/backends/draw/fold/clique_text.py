"""What is said of a clique: what a layer of it does, how often, below its ring; and what it gives on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ogive.backends.draw.clique_ring import frame
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import FOLLOWERS, LEADS, clip, look
from ogive.graph import CliqueBody, Ref, Region

_WIDTH = 3.7
"""Points that a letter takes, where many letters stand together."""
_MOST = 5
"""Lines for the work."""
_LETTERS = "kmnpq"
_NUMBER = re.compile(r"\d+")


def clique_lines(body: CliqueBody) -> tuple[str, ...]:
    """`BN · ReLU · 1×1 conv, 40`, `BN · ReLU · 3×3 conv, 40`, `6 layers, 2 stages`."""
    longest = int(frame(body.layers)[0] / _WIDTH)
    lines = [part for line in _work(body) for part in _wrapped(line, longest)]
    if len(lines) > _MOST:
        lines = [*lines[: _MOST - 1], "…"]
    return (*lines, *(clip(line, longest) for line in _times(body)))


def as_one(uses: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], str]:
    """The lines of several cliques as one, and what its letters stand for: `(k = 40, 80, 160)`.

    The lines must differ in numbers only.
    """
    numbers = [[_NUMBER.findall(line) for line in lines] for lines in uses]
    letters: dict[tuple[str, ...], str] = {}
    told: list[str] = []
    for row, line in enumerate(uses[0]):
        columns = list(zip(*(found[row] for found in numbers), strict=True))
        words = []
        for column in columns:
            if len(set(column)) > 1 and column not in letters and len(letters) < len(_LETTERS):
                letters[column] = _LETTERS[len(letters)]
            words.append(letters.get(column, column[0]))
        between = _NUMBER.split(line)
        told.append("".join(a + b for a, b in zip(between, [*words, ""], strict=True)))
    notes = [f"{letter} = {', '.join(dict.fromkeys(column))}" for column, letter in letters.items()]
    return tuple(told), f"({'; '.join(notes)})" if notes else ""


def form(lines: Sequence[str]) -> tuple[str, ...]:
    """What the lines of two cliques share when `as_one` can say both."""
    return tuple(_NUMBER.sub("0", line) for line in lines)


def _work(body: CliqueBody) -> list[list[str]]:
    """The words of each line: what prepares a convolution stands with it, as in the boxes of a chain."""
    looks = [step.layer.look((body.source,)) for step in (*body.before, body.mix)]
    looks += [look(body.after, node) for node in body.after if node.name != "in"]
    leads = [place for place, each in enumerate(looks) if each.kind in LEADS]
    prepared = looks[0].kind in FOLLOWERS
    lines: list[list[str]] = [[]]
    led = False
    for place, each in enumerate(looks):
        goes_on = prepared and each.kind in FOLLOWERS and place < leads[-1]
        if led and (each.kind in LEADS or goes_on):
            lines.append([])
            led = False
        led = led or each.kind in LEADS
        lines[-1].append(each.label if each.kind in LEADS else each.short)
    return lines


def _wrapped(words: Sequence[str], longest: int) -> list[str]:
    """The words, joined, in lines no longer than that."""
    lines: list[str] = []
    for word in words:
        joined = f"{lines[-1]} · {word}" if lines else word
        if lines and len(joined) <= longest:
            lines[-1] = joined
        else:
            lines.append(clip(word, longest))
    return lines


def _times(body: CliqueBody) -> list[str]:
    if body.stages == 1:
        return [f"{body.layers} layers, 1 stage"]
    often = f"{body.layers} layers, {body.stages} stages"
    if body.updates == body.layers:
        return [often]
    later = "stage 2 updates" if body.stages == 2 else "later ones update"
    return [often, f"{later} X1" + (f" to X{body.updates}" if body.updates > 1 else "")]


def members_of(structure: Structure, region: Region) -> list[str]:
    """The layers X_1 … X_n of a clique."""
    return [n for n in structure.nodes[region.id] if structure.graph.node(n).layer.group == "clique"]


def given_on(structure: Structure, region: Region) -> list[tuple[str, str]]:
    """What a clique gives on, as far as it is used: a node, and what the program calls it. That is its layers
    (transit; stage1, as that left them), and X0 before them (features).
    """
    members = members_of(structure, region)
    newest = [Ref(m) for m in members]
    names = {tuple(newest): "transit", (*region.inputs, *newest): "features"}
    names[tuple(Ref(m, 1) for m in members)] = "stage1"
    merges = (
        n
        for n in structure.nodes[region.id]
        if look(structure.graph, structure.graph.node(n)).kind == "merge"
    )
    found = ((node, names.get(tuple(structure.graph.operands(node)), "")) for node in merges)
    return [(node, name) for node, name in found if name]
