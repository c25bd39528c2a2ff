"""Whether a scope is a class or a mere chain of modules, and the steps that it takes.

A stage, shortcut or head that only runs modules one after the other needs no class: it is written as
`named(conv1=…, bn1=…)`, or, when it repeats a block, as `numbered("basic", …)`, both an `nn.Sequential`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ogive.backends.pytorch.rows import Wires, number, split
from ogive.backends.pytorch.structure import Item, Op, Scope, Structure, Use
from ogive.graph import Ref

CHAINED = frozenset({"stage", "shortcut", "dense", "repeat", "aux"})
"""Kinds of regions that may be written as chains. A block or a net is always a class."""
LONGEST_CHAIN = 8


@dataclass(eq=False, repr=False, slots=True)
class Step:
    """One item of a scope, or several uses in a row.

    Attributes:
        items: an `Op`, or one or more uses.
        wires: for several uses, how each takes its inputs from the one before.
    """

    items: list[Item]
    wires: Wires | None = None

    @property
    def first(self) -> Item:
        """The item, or the first of them."""
        return self.items[0]

    @property
    def same(self) -> Use | None:
        """The use whose module is called every time, where the items share their weights."""
        return self.last.same if isinstance(self.last, Use) else None

    @property
    def last(self) -> Item:
        """The item, or the last of them."""
        return self.items[-1]


@dataclass(eq=False, repr=False)
class Forms:
    """For every scope its form, `class`, `chain` or `row`, and its steps.

    Attributes:
        structure: the scopes.
        of: the form of each.
        steps: the steps of each.
        consumers: how often each tensor is used in its scope, counting the border.
    """

    structure: Structure
    of: dict[Scope, str] = field(default_factory=dict)
    steps: dict[Scope, list[Step]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for scope in reversed(self.structure.scopes):
            self.steps[scope] = _steps(scope)
            self.of[scope] = self._form(scope)

    def _form(self, scope: Scope) -> str:
        if scope.kind not in CHAINED or scope.region.clique or not scope.items:
            return "class"
        if scope.borrowed or scope.numbered:
            return "class"
        if self._is_row(scope):
            return "row"
        if self._is_chain(scope):
            return "chain"
        return "class"

    def _is_row(self, scope: Scope) -> bool:
        """Whether it is one row of class instances, numbered from 1."""
        steps = self.steps[scope]
        uses = steps[0].items
        first, last = uses[0], uses[-1]
        if len(steps) != 1 or not isinstance(first, Use) or not isinstance(last, Use) or first.turn is None:
            return False
        if any(
            not isinstance(u, Use) or u.scope is None or self.of[u.scope] != "class" or u.same or u.held
            for u in uses
        ):
            return False
        if any(isinstance(u, Use) and u.scope is not None and u.scope.borrowed for u in uses):
            return False
        alone = len(uses) == 1 and len(scope.inputs) == len(scope.outputs) == 1
        fits = (
            first.operands == scope.inputs
            and last.outputs == scope.outputs
            and (steps[0].wires is not None or alone)
        )
        numbered = number(first.attr)
        simple = steps[0].wires is None or all(how == "carry" for how, _ in steps[0].wires)
        return fits and simple and numbered is not None and numbered[1] == 1

    def _is_chain(self, scope: Scope) -> bool:
        """Whether every item is a module that is called with the result of the one before."""
        if len(scope.items) > LONGEST_CHAIN or len(scope.inputs) != 1 or len(scope.outputs) != 1:
            return False
        flow = scope.inputs[0]
        for item in scope.items:
            if item.operands != [flow] or len(item.outputs) != 1:
                return False
            if isinstance(item, Op):
                if item.attr is None or item.torch.forward is not None or item.each:
                    return False
            elif (
                item.scope is None
                or item.joint
                or item.same
                or item.held
                or item.scope.numbered
                or item.scope.kind == "aux"
                or item.scope.borrowed
                or (self.of[item.scope] == "row" and len(item.operands) != 1)
            ):
                return False
            flow = item.outputs[0]
        return scope.outputs == [flow]


def count_consumers(scope: Scope) -> dict[Ref, int]:
    """How often each tensor is used in a scope, counting where it leaves."""
    counts: dict[Ref, int] = {}
    for item in scope.items:
        for ref in item.operands:
            counts[ref] = counts.get(ref, 0) + 1
    for ref in scope.outputs:
        counts[ref] = counts.get(ref, 0) + 1
    return counts


def _steps(scope: Scope) -> list[Step]:
    consumers = count_consumers(scope)
    steps: list[Step] = []
    pending: list[Use] = []

    def flush() -> None:
        for uses, how in split(pending, consumers):
            steps.append(Step(list(uses), how))
        pending.clear()

    for item in scope.items:
        if isinstance(item, Use) and item.scope is not None and item.joint is None and not _special(item):
            pending.append(item)
        else:
            flush()
            steps.append(Step([item]))
    flush()
    return steps


def _special(use: Use) -> bool:
    return use.scope is not None and (
        use.held
        or (use.scope.numbered is not None and use.same is None)
        or use.scope.kind == "aux"
        or (bool(use.scope.borrowed) and use.same is None)
    )
