"""Matches two dataflows by structure.

Both graphs are coloured together: bottom-up a node's colour gathers its label and the colours of its operands
in order, top-down the colours and positions of its uses, until no class splits (Weisfeiler and Leman 1968; on
an ordered, labelled acyclic graph two or three rounds do). Classes that still have several members are
decided by individualising one member and refining again, as in canonical labelling (McKay 1981); if that
succeeds in two ways, the match is not unique.
"""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from enum import IntEnum

from ogive.transfer.dataflow import Dataflow, Edge, Hint

_BUDGET = 2000
"""Refinements before a match counts as undecided; only graphs made to be hard come near."""


class Detail(IntEnum):
    """How much of the contracted operations takes part in the colours."""

    NONE = 0
    KINDS = 1
    ALL = 2


@dataclass(frozen=True, slots=True)
class Match:
    """The one way in which the nodes of the source correspond to nodes of the target."""

    nodes: dict[int, int]


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """More than one way: state leaves of the source, and those of the target that each of them could go to.

    `undetermined` counts the state leaves that the structure alone does not place.
    """

    source: tuple[int, ...]
    target: tuple[int, ...]
    undetermined: int


class Undecided(Exception):
    """The budget of refinements is spent."""


Colours = tuple[list[int], list[int]]


def match(source: Dataflow, target: Dataflow) -> Match | Ambiguous | None:
    """The match, or the leaves that could be exchanged, or None where the dataflows differ.

    The finest detail in which the two agree decides: different activations or pooling then tell branches
    apart.

    Raises:
        Undecided: The graphs are too symmetrical to decide in bounded time.
    """
    for detail in sorted(Detail, reverse=True):
        search = _Search(source, target, detail)
        colours = search.refine(search.initial())
        mapping = search.first(colours)
        if mapping is not None:
            return search.exchangeable(colours, mapping) or Match(mapping)
    return None


def terms(source: Dataflow, target: Dataflow) -> Colours:
    """Bottom-up colours alone: two nodes agree where everything that leads to them does. State is all one."""
    table = _Table()
    coloured = [_terms_of(flow, table) for flow in (source, target)]
    return coloured[0], coloured[1]


def _terms_of(flow: Dataflow, table: "_Table") -> list[int]:
    colours: list[int] = []
    for node in flow.nodes:
        label = ("state",) if node.is_state_leaf else node.label
        operands = [colours[operand.node] for operand in node.operands]
        sizes = [
            flow.nodes[operand.node].label
            for operand in node.operands
            if flow.nodes[operand.node].is_state_leaf
        ]
        both = (sorted(operands), sorted(sizes)) if node.commutative else (operands, sizes)
        colours.append(table[label, tuple(both[0]), tuple(both[1])])
    return colours


class _Table:
    """Small integers for equal keys."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def __getitem__(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))


class _Search:
    def __init__(self, source: Dataflow, target: Dataflow, detail: Detail) -> None:
        self.flows = (source, target)
        self.leaves = (source.state_leaves(), target.state_leaves())
        self.detail = detail
        self.spent = 0
        self._hints: dict[tuple[Hint, ...], int] = {}
        self._hint_table = _Table()

    def initial(self) -> Colours:
        table = _Table()
        exact = self.detail is Detail.ALL
        coloured = [
            [table[node.label, node.args if exact else ()] for node in flow.nodes] for flow in self.flows
        ]
        return coloured[0], coloured[1]

    def refine(self, colours: Colours) -> Colours:
        """Splits classes until none splits any more."""
        self.spent += 1
        if self.spent > _BUDGET:
            raise Undecided
        classes = len(set(colours[0]) | set(colours[1]))
        while True:
            up, down = _Table(), _Table()
            colours = (self._upward(0, colours[0], up), self._upward(1, colours[1], up))
            colours = (self._downward(0, colours[0], down), self._downward(1, colours[1], down))
            now = len(set(colours[0]) | set(colours[1]))
            if now == classes:
                return colours
            classes = now

    def first(self, colours: Colours) -> dict[int, int] | None:
        """Any isomorphism that respects the stable `colours`, or None."""
        if Counter(colours[0]) != Counter(colours[1]):
            return None
        group = next(iter(self._groups(colours)), None)
        if group is None:
            # State leaves are told apart, equal nodes are one node: every other class has one member, too.
            places = {colour: index for index, colour in enumerate(colours[1])}
            return {index: places[colour] for index, colour in enumerate(colours[0])}
        sources, targets = group
        for candidate in targets:
            found = self.first(self._individualised(colours, sources[0], candidate))
            if found is not None:
                return found
        return None

    def exchangeable(self, colours: Colours, mapping: dict[int, int]) -> Ambiguous | None:
        """The first state leaves with several partners each; None if `mapping` is the only match."""
        back = {target: source for source, target in mapping.items()}
        groups = self._groups(colours)
        for sources, targets in groups:
            for source in sources:
                partners = [
                    target
                    for target in targets
                    if target == mapping[source]
                    or self.first(self._individualised(colours, source, target)) is not None
                ]
                if len(partners) > 1:
                    orbit = tuple(back[target] for target in partners)
                    return Ambiguous(orbit, tuple(partners), sum(len(group[0]) for group in groups))
        return None

    def _groups(self, colours: Colours) -> list[tuple[list[int], list[int]]]:
        """Classes of state leaves with several members, in the order of first use."""
        members: dict[int, tuple[list[int], list[int]]] = {}
        for side in (0, 1):
            for leaf in self.leaves[side]:
                members.setdefault(colours[side][leaf], ([], []))[side].append(leaf)
        return [group for group in members.values() if len(group[0]) > 1]

    def _individualised(self, colours: Colours, source: int, target: int) -> Colours:
        fresh = max(*colours[0], *colours[1]) + 1
        changed = (list(colours[0]), list(colours[1]))
        changed[0][source] = changed[1][target] = fresh
        return self.refine(changed)

    def _upward(self, side: int, colours: list[int], table: _Table) -> list[int]:
        result: list[int] = []
        for index, node in enumerate(self.flows[side].nodes):
            operands = [(result[operand.node], self._hint(operand)) for operand in node.operands]
            result.append(table[colours[index], tuple(sorted(operands) if node.commutative else operands)])
        return result

    def _downward(self, side: int, colours: list[int], table: _Table) -> list[int]:
        flow = self.flows[side]
        uses: list[list[tuple[int, int, int]]] = [[] for _ in flow.nodes]
        for position, output in enumerate(flow.outputs):
            uses[output.node].append((-1, position, self._hint(output)))
        result = [0] * len(flow.nodes)
        for index in range(len(flow.nodes) - 1, -1, -1):
            node = flow.nodes[index]
            result[index] = table[colours[index], tuple(sorted(uses[index]))]
            for position, operand in enumerate(node.operands):
                place = 0 if node.commutative else position
                uses[operand.node].append((result[index], place, self._hint(operand)))
        return result

    def _hint(self, edge: Edge) -> int:
        if not edge.hints or self.detail is Detail.NONE:
            return -1
        number = self._hints.get(edge.hints)
        if number is None:
            key: Hashable = edge.hints
            if self.detail is Detail.KINDS:
                key = frozenset(hint.kind for hint in edge.hints if not hint.minor) or None
            number = self._hints[edge.hints] = -1 if key is None else self._hint_table[key]
        return number
