"""The last resort where a figure of tensors is too wide: operations in the middle become one arrow.

First those in the middle of each level of resolution, so that all levels stay, then those in the middle of
the whole. Nothing is hidden: the arrow says how many it stands for, and a note what went with them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import groupby, pairwise

from ogive.backends.draw.styles.tensors_chain import Aside, Chain, Skip, Step, Tensor
from ogive.backends.draw.styles.tensors_operations import Operation
from ogive.backends.draw.styles.tensors_plan import levels

_FEWEST = 3
"""Tensors that are left at least: what enters, what leaves, and one between them."""


def by_level(chain: Chain, most: int) -> Chain:
    """The chain with at most so many tensors of each level of resolution; at least one."""
    kept: list[int] = []
    for _, run in groupby(enumerate(levels(chain)), key=lambda each: each[1]):
        kept += _ends([i for i, _ in run], most)
    return _only(chain, {0, *kept, len(chain.tensors) - 1})


def of_all(chain: Chain, most: int) -> Chain:
    """The chain with at most so many tensors; at least two."""
    return _only(chain, {0, *_ends(list(range(len(chain.tensors))), most), len(chain.tensors) - 1})


def shortened(chain: Chain) -> tuple[list[Chain], list[Chain]]:
    """Ever shorter forms of a chain, from the longest: those with all levels, then those without."""
    longest = max(len(list(run)) for _, run in groupby(levels(chain)))
    whole = len(chain.tensors)
    return (
        [by_level(chain, most) for most in range(longest - 1, 0, -1)],
        [of_all(chain, most) for most in range(whole - 1, _FEWEST - 1, -1)],
    )


def _ends(run: list[int], most: int) -> list[int]:
    """The first and the last of a run; the last where there is room for one."""
    if len(run) <= most:
        return run
    head, tail = most // 2, most - most // 2
    return [*run[:head], *run[-tail:]]


def _only(chain: Chain, kept: set[int]) -> Chain:
    """The chain with these tensors alone, and one arrow for what stood between two of them."""
    order = sorted(kept)
    at = {old: new for new, old in enumerate(order)}
    tensors = [chain.tensors[0]]
    steps: list[Step] = []
    gathered = 0
    asides: list[Aside] = []
    for before, after in pairwise(order):
        inside = chain.steps[before:after]
        if len(inside) == 1:
            steps.append(inside[0])
            tensors.append(chain.tensors[after])
            continue
        count = sum(step.count for step in inside)
        gathered += count
        kinds = Counter(step.operation.kind for step in inside)
        words = f"{count} operations"
        steps.append(Step(Operation(words, kinds.most_common(1)[0][0], (f"…{count}",), True, words)))
        made_by = tuple(name for i in range(before + 1, after + 1) for name in chain.tensors[i].made_by)
        tensors.append(replace(chain.tensors[after], made_by=made_by))
        asides += [_named(chain.tensors[i]) for i in range(before + 1, after) if chain.tensors[i].names]
    skips = [replace(s, start=at[s.start], end=at[s.end]) for s in chain.skips if {s.start, s.end} <= kept]
    lost = [skip for skip in chain.skips if not {skip.start, skip.end} <= kept]
    beside = (a if a.end is None else replace(a, end=_behind(order, a.end)) for a in chain.asides)
    return Chain(
        tuple(tensors), tuple(steps), tuple(skips), (*beside, *asides), gathered, _words(lost)
    )  # fmt: skip


def _behind(order: list[int], tensor: int) -> int:
    """The first of the tensors that are left that stands at or behind one."""
    return next(new for new, old in enumerate(order) if old >= tensor)


def _named(tensor: Tensor) -> Aside:
    """An output that has lost its box."""
    return Aside(", ".join(tensor.names), tensor.type, Operation(""))


def _words(lost: list[Skip]) -> tuple[str, ...]:
    """The arrows that began or ended at what is gathered, each kind with how many there were."""
    counted = Counter(skip.operation.text for skip in lost)
    return tuple(f"{count} × {text}" if count > 1 else text for text, count in counted.items())
