"""What is wished of every box: its row, how the arrows turn, what is written where."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from ogive.backends.draw.styles.tensors_boxes import Body
from ogive.backends.draw.styles.tensors_chain import Chain, Skip, Tensor
from ogive.backends.draw.styles.tensors_operations import Operation
from ogive.backends.draw.styles.tensors_parts import octaves
from ogive.backends.draw.styles.tensors_place import SHORTEST, Turn, Wish

_LINE_LETTERS = 11
"""How long a line under an arrow may be."""
_LETTERS = (*ascii_lowercase, *(f"{a}{b}" for a in ascii_lowercase for b in ascii_lowercase))
"""Of operations that have no other sign: more than there are boxes."""
_MOST_LINES = 4
_FOLDED = 14.0
"""Points: the shortest arrow of a block, which is thick."""
_TIES, _TIED = re.compile(r" (?=[/×])|(?<=×) "), "\N{NO-BREAK SPACE}"
"""Spaces at which no line ends: before a step, around a factor."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wished of the boxes of a chain.

    Attributes:
        chain: the tensors.
        wishes: for each of them, then for each input beside them.
        tags: what tells operations apart, over their arrows; empty where nothing is needed.
        labelled: whether operations are written at their arrows.
        by_levels: whether the rows are levels of resolution.
    """

    chain: Chain
    wishes: tuple[Wish, ...]
    tags: Mapping[Operation, str]
    labelled: bool = False
    by_levels: bool = False


def levels(chain: Chain) -> list[int]:
    """By tensor: its level of resolution, from 0 for the finest; each halving of the sides leads one further
    down.
    """
    found = [0]
    for before, after in zip(chain.tensors, chain.tensors[1:], strict=False):
        found.append(found[-1] + octaves(before.type, after.type))
    ranks = {level: i for i, level in enumerate(sorted(set(found)))}
    return [ranks[level] for level in found]


def turns_up(levels: Sequence[int]) -> bool:
    """Whether resolution falls and rises again: an encoder and a decoder, whatever they are called."""
    finest = levels[0]
    for before, after in itertools.pairwise(levels):
        if after < before and finest < before:
            return True
        finest = min(finest, before)
    return False


def tags(chain: Chain) -> dict[Operation, str]:
    """What stands over the arrows of steps that look like others."""
    groups: dict[str, list[Operation]] = {}
    for step in chain.steps:
        groups.setdefault(step.operation.kind, []).append(step.operation)
    letters = _letters(names(chain))
    found: dict[Operation, str] = {}
    for group in groups.values():
        found.update(told_apart(group, letters))
        letters |= _letters(found.values())
    return found


def names(chain: Chain) -> list[str]:
    """What inputs and outputs are called: a letter among them is no sign."""
    return [*(name for tensor in chain.tensors for name in tensor.names), *(a.name for a in chain.asides)]


def skip_tags(skips: Sequence[Skip], given: Iterable[str]) -> dict[Skip, str]:
    """What stands over skips that look like others.

    Args:
        skips: all of them.
        given: what stands over the arrows of steps, and names of tensors: no letter among them gets a second
            meaning.
    """
    found: dict[Skip, str] = {}
    letters = _letters(given)
    for projection in (False, True):
        alike = [skip for skip in skips if skip.projection is projection]
        told = told_apart([skip.operation for skip in alike], letters)
        letters |= _letters(told.values())
        found.update({skip: told[skip.operation] for skip in alike})
    return found


def _letters(tags: Iterable[str]) -> set[str]:
    return {tag for tag in tags if tag in _LETTERS}


def told_apart(uses: Sequence[Operation], letters: Collection[str] = ()) -> dict[Operation, str]:
    """Nothing over the arrows of what is used most, `1×1`, `/2` or a letter over the rest.

    Args:
        uses: operations whose arrows look alike, each as often as it is used.
        letters: those that mean something else already.
    """
    if not uses:
        return {}
    often = Counter(uses)
    usual = max(often, key=lambda operation: often[operation])
    taken, found = set(usual.tags), {usual: ""}
    left = (letter for letter in _LETTERS if letter not in letters)
    for operation in often:
        if operation != usual:
            free = (tag for tag in operation.tags if tag not in taken)
            found[operation] = next(free, "") or next(left)
            taken.add(found[operation])
    return found


def in_levels(chain: Chain, bodies: Sequence[Body]) -> Plan:
    """A U: a row for each level of resolution."""
    rows = levels(chain)
    told = tags(chain)
    turns: list[Turn] = ["start"]
    for before, after in itertools.pairwise(rows):
        turns.append("right" if before == after else "down" if after > before else "up")
    return Plan(chain, _wishes(chain, bodies, rows, turns, told, hung=True), told, by_levels=True)


def in_rows(chain: Chain, bodies: Sequence[Body], rows: Sequence[int], *, labelled: bool) -> Plan:
    """Rows that go on from one another.

    Args:
        chain: the tensors.
        bodies: their boxes.
        rows: by tensor: its row.
        labelled: whether operations are written at their arrows, and not in a legend.
    """
    turns: list[Turn] = ["start"]
    for before, after in itertools.pairwise(rows):
        turns.append("right" if before == after else "wrap")
    told = dict.fromkeys(chain.operations(), "") if labelled else tags(chain)
    return Plan(chain, _wishes(chain, bodies, rows, turns, told, labelled=labelled), told, labelled)


def _wishes(
    chain: Chain,
    bodies: Sequence[Body],
    rows: Sequence[int],
    turns: Sequence[Turn],
    told: Mapping[Operation, str],
    *,
    labelled: bool = False,
    hung: bool = False,
) -> tuple[Wish, ...]:
    found: list[Wish] = []
    for i, (tensor, body) in enumerate(zip(chain.tensors, bodies, strict=False)):
        step = chain.steps[i - 1] if i else None
        going_on = 0 < i < len(chain.tensors) - 1 and turns[i] == "right"
        found.append(
            Wish(
                body, rows[i], turns[i], _next(turns, i),
                _FOLDED if step and step.operation.folded else SHORTEST,
                told[step.operation] if step else "", f"×{step.count}" if step and step.count > 1 else "",
                label_lines(step.operation) if labelled and step else (),
                _name(tensor),
                hung=hung and _hangs(turns, i),
                sized=not going_on or body.sizes != bodies[i - 1].sizes,
                counted=turns[i] != "down" or not body.sizes or body.channels != bodies[i - 1].channels,
            )
        )  # fmt: skip
    last = max(rows)
    asides = (aside for aside in chain.asides if aside.end is not None)
    for k, (aside, body) in enumerate(zip(asides, bodies[len(chain.tensors) :], strict=True)):
        found.append(Wish(body, last + 1 + k, "start", name=aside.name))
    return tuple(found)


def _next(turns: Sequence[Turn], i: int) -> Turn:
    """How the arrow behind a box turns."""
    return turns[i + 1] if i + 1 < len(turns) else "right"


def _hangs(turns: Sequence[Turn], i: int) -> bool:
    """Whether an arrow goes down somewhere to the right of a box in its row, or comes from below."""
    if turns[i] == "up":
        return True
    rest = (turn for turn in turns[i + 1 :] if turn != "right")
    return next(rest, "right") == "down"


def _name(tensor: Tensor) -> str:
    """The names of an input, or of outputs that have names of their own."""
    return ", ".join(name for name in tensor.names if name != "output")


def label_lines(operation: Operation) -> tuple[str, ...]:
    """What is written under an arrow: `conv 5×5`, and below it `tanh`; of a block, its name."""
    lines: list[str] = []
    for item in _TIES.sub(_TIED, operation.label).split(", "):
        if lines and len(lines[-1]) + len(item) + 2 <= _LINE_LETTERS:
            lines[-1] += f", {item}"
            continue
        lines += textwrap.wrap(item, _LINE_LETTERS, break_long_words=False)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1]} …"]
    return tuple(line.replace(_TIED, " ") for line in lines)
