"""Budgets: whether the counts of a finished net, or of a part of it, keep what `assert` says about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ogive.diagnostics import Diagnostic
from ogive.elaborate.budgets import (
    Budget,
    Comparison,
    failing,
    judge,
    one_line,
    refuse,
    said,
    sides_in_words,
    values_of,
)
from ogive.elaborate.context import Binding, Context, Frame, Scope, Stop
from ogive.elaborate.names import walk
from ogive.elaborate.program import deep_recursion
from ogive.elaborate.values import Results, Tensor, is_number
from ogive.graph import Graph, Node, Ref, Region
from ogive.layers.base import Size
from ogive.layers.unknown import SizeExpr
from ogive.passes.unroll import unroll_cliques
from ogive.report import counts
from ogive.syntax import ast

_SHOWN = 5
"""The largest parts that a message shows."""
_WORDS = {"params": ("parameters", "parameter"), "macs": ("multiply-accumulates", "multiply-accumulate")}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A budget that was decided.

    Attributes:
        condition: as it was written, on one line.
        part: the path of the block use or stage that it is about; empty for the whole net.
        holds: whether it is kept.
        counts: what it asked for, by name: `params`, `macs`, and the shapes of `out`.
    """

    condition: str
    part: str
    holds: bool
    counts: tuple[tuple[str, object], ...]

    def to_json(self) -> dict[str, object]:
        """As values that `json.dumps` takes; an unknown size is the text of its expression."""
        return {
            "condition": self.condition,
            "part": self.part,
            "holds": self.holds,
            **{name: _known(value) for name, value in self.counts},
        }


def decide(
    budgets: Sequence[Budget], written: Graph, finished: Graph, new_context: Callable[[Graph], Context]
) -> tuple[tuple[Verdict, ...], tuple[Diagnostic, ...]]:
    """Decides every budget of a net.

    Args:
        budgets: in the order of the text.
        written: the graph as it was elaborated: what leaves each part.
        finished: the same pruned, with every bias decided: what is counted.
        new_context: makes the context in which conditions are evaluated, from a graph.

    Returns:
        What came of each, and the diagnostics of those that are not kept.
    """
    if not budgets:
        return (), ()
    ctx = new_context(written)
    parts = _Parts(written, finished)
    verdicts: list[Verdict] = []
    with deep_recursion():
        try:
            for budget in budgets:
                verdict = _decide(ctx, parts, budget)
                verdicts += [verdict] if verdict is not None else []
        except Stop:
            pass  # it said why
    return tuple(verdicts), tuple(ctx.diagnostics)


def _decide(ctx: Context, parts: _Parts, budget: Budget) -> Verdict | None:
    statement, frame = budget.statement, budget.frame
    region = parts.written.regions[budget.region]
    facts = parts.facts(budget, region)
    scope = Scope(frame.scope)
    scope.names.update({name: Binding(value, None) for name, value in facts.items()})
    frame.scope = scope
    unknown = {name: value for name, value in facts.items() if isinstance(value, SizeExpr)}
    if unknown:
        _depends(ctx, statement, frame, parts.title(region), unknown)
        return None
    holds = judge(ctx, statement, frame)
    if holds is None:
        return None
    if not holds and budget.counts & _WORDS.keys():
        _exceeded(ctx, parts, budget, region, facts)
    elif not holds:
        refuse(ctx, statement, frame)
    shown = tuple((name, _plain(value)) for name, value in facts.items())
    return Verdict(one_line(statement.condition), region.path, holds, shown)


def _known(value: object) -> object:
    match value:
        case list():
            return [_known(item) for item in value]
        case dict():
            return {name: _known(item) for name, item in value.items()}
        case int() | float():
            return value
        case _:
            return str(value)


def _plain(value: object) -> object:
    match value:
        case Tensor():
            return list(value.type.sizes)
        case Results():
            return {name: list(tensor.type.sizes) for name, tensor in value.named.items()}
        case _:
            return value


# --------------------------------------------------------------------------- counting


class _Parts:
    """The parts of a net: what leaves them and what they count. Nothing is counted before it is asked for."""

    def __init__(self, written: Graph, finished: Graph) -> None:
        self.written = written
        self.finished = finished
        self._totals: dict[tuple[int, str], Size] = {}

    @cached_property
    def unrolled(self) -> Graph:
        return unroll_cliques(self.finished)

    @cached_property
    def _nodes(self) -> dict[int, list[Node]]:
        """By region, the nodes that count: those of inference, and in auxiliary heads their own."""
        inference, training = counts.main_path(self.unrolled), counts.with_heads(self.unrolled)
        found: dict[int, list[Node]] = {id_: [] for id_ in self.unrolled.regions}
        for node in self.unrolled:
            if node.name not in training:
                continue
            for around in self.unrolled.ancestors(node.region):
                if node.name in inference or self._in_head(around):
                    found[around.id].append(node)
        return found

    def _in_head(self, region: Region) -> bool:
        return any(around.kind == "aux" for around in self.unrolled.ancestors(region.id))

    @cached_property
    def _items(self) -> dict[int, list[Node | Region]]:
        return self.unrolled.items()

    def total(self, region: int, what: str) -> Size:
        """`params` or `macs` of a part. Weights that it shares with another count in both."""
        key = region, what
        if key not in self._totals:
            self._totals[key] = self._count(self._nodes[region], what)
        return self._totals[key]

    def _count(self, nodes: Sequence[Node], what: str) -> Size:
        if what == "macs":
            return sum(counts.node_macs(self.unrolled, node) for node in nodes)
        return counts.distinct_params(self.unrolled, (node.name for node in nodes))

    def facts(self, budget: Budget, region: Region) -> dict[str, object]:
        """The values of the names that a budget asks for."""
        asked = [what for what in _WORDS if what in budget.counts]
        found: dict[str, object] = {what: self.total(region.id, what) for what in asked}
        if "out" in budget.counts:
            found["out"] = self._out(region, budget.frame)
        return found

    def _out(self, region: Region, frame: Frame) -> object:
        """The tensor that leaves a part, or all of them by name."""
        if region.id == 0:
            named = dict(self.written.outputs)
        elif region.kind == "block" and frame.outputs.named:
            named = {name: tensor.ref for name, tensor in frame.outputs.by_name().items()}
        else:
            named = {f"output{i}": ref for i, ref in enumerate(region.outputs, 1)}
        found = {name: self._tensor(ref) for name, ref in named.items()}
        return next(iter(found.values())) if len(found) == 1 else Results(found)

    def _tensor(self, ref: Ref) -> Tensor:
        return Tensor(ref, self.written.type(ref))

    def title(self, region: Region) -> str:
        """What a part is called in a message."""
        match region.kind:
            case "net":
                return f"`{self.written.name}`"
            case "stage":
                return f"stage `{region.path}`"
            case _:
                return f"`{region.block}` (`{region.path}`)"

    def largest(self, region: int, what: str) -> list[tuple[str, Size]]:
        """The parts that count most, the largest first; a part that is all there is is opened."""
        parts = sorted(self._counted(region, what), key=lambda part: -part[1])
        if len(parts) == 1 and parts[0][2] is not None:
            return self.largest(parts[0][2], what)
        return [(name, count) for name, count, _ in parts[:_SHOWN]]

    def _counted(self, region: int, what: str) -> Iterator[tuple[str, Size, int | None]]:
        counting = {node.name for node in self._nodes[region]}
        for item in self._items[region]:
            if isinstance(item, Region) and not item.name:
                yield from self._counted(item.id, what)
                continue
            inside = isinstance(item, Region)
            nodes = self._nodes[item.id] if inside else [item] if item.name in counting else []
            count = self._count(nodes, what)
            if count:
                yield item.name.rpartition(".")[2], count, item.id if inside else None


# --------------------------------------------------------------------------- saying what is wrong


def _exceeded(ctx: Context, parts: _Parts, budget: Budget, region: Region, facts: dict[str, object]) -> None:
    """Reports counts that are not what they were to be."""
    statement, frame = budget.statement, budget.frame
    failed = failing(ctx, frame, statement.condition)
    what = _counted_in(failed, budget)
    title = parts.title(region)
    over = _over(failed)
    message = said(ctx, statement, frame)
    plain = f"{title} has {over}" if over else f"`{one_line(statement.condition)}` does not hold for {title}"
    notes = [(name, f"{value:,}") for name, value in facts.items() if name in _WORDS] if over is None else []
    if message and over:
        notes.append((what, over))
    if failed is None or _too_much(failed, what):
        largest, total = parts.largest(region.id, what), parts.total(region.id, what)
        width = max((len(f"{count:,}") for _, count in largest), default=0)
        notes += [(name, f"{count:>{width},}  {_percent(count, total)}") for name, count in largest]
    others = [n for n in values_of(ctx, frame, statement.condition, failed) if n[0] not in _WORDS]
    ctx.error(
        "E404",
        message or plain,
        statement.condition.span,
        sides_in_words(failed) if failed else "false",
        notes=(*notes, *others),
        frame=frame,
    )


def _counted_in(failed: Comparison | None, budget: Budget) -> str:
    """The count that the failed comparison speaks of."""
    sides = failed.sides if failed else (budget.statement.condition,)
    named = {node.id for side in sides for node in walk(side) if isinstance(node, ast.Name)}
    asked = [what for what in _WORDS if what in budget.counts]
    return next((what for what in asked if what in named), asked[0])


def _over(failed: Comparison | None) -> str | None:
    """`11,689,512 parameters, 10,189,512 (679 %) more than its budget of 1,500,000`."""
    if failed is None:
        return None
    for side, other in ((0, 1), (1, 0)):
        name, limit = failed.sides[side], failed.values[other]
        if isinstance(name, ast.Name) and name.id in _WORDS and is_number(limit):
            actual = failed.values[side]
            many, one = _WORDS[name.id]
            has = f"{actual:,} {one if actual == 1 else many}"
            budget = f"{limit:,.0f}" if float(limit).is_integer() else f"{limit:,}"
            if actual == limit:
                return f"{has}, exactly the {budget} that `{failed.op}` excludes"
            difference, than = abs(actual - limit), "more" if actual > limit else "fewer"
            share = f" ({_percent(difference, limit)})" if limit > 0 else ""
            return f"{has}, {difference:,.0f}{share} {than} than its budget of {budget}"
    return None


def _too_much(failed: Comparison, what: str) -> bool:
    """Whether less of it would do."""
    left = any(isinstance(node, ast.Name) and node.id == what for node in walk(failed.sides[0]))
    return failed.op in ("<", "<=") if left else failed.op in (">", ">=")


def _percent(part: Any, whole: Any) -> str:
    share = 100 * part / whole
    return f"{share:.1f} %" if share < 100 else f"{share:,.0f} %"


def _depends(
    ctx: Context, statement: ast.Assert, frame: Frame, title: str, unknown: dict[str, SizeExpr]
) -> None:
    """Reports counts that depend on sizes which nobody knows yet."""
    symbols = sorted({symbol for value in unknown.values() for symbol in value.symbols})
    what = " and ".join(f"`{name}`" for name in unknown)
    ctx.error(
        "E404",
        f"whether `{one_line(statement.condition)}` holds for {title} depends on {' and '.join(symbols)}",
        statement.condition.span,
        f"{what} depend{'s' * (len(unknown) == 1)} on the size of the input",
        notes=tuple((name, str(value)) for name, value in unknown.items()),
        help="check it at one size, `--input 3x224x224`; or give the input fixed sizes",
        frame=frame,
    )
